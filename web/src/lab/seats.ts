/*
 * Which USB socket is which seat, and the walk that finds it out: somebody goes from seat to
 * seat and plugs each cable in once; the socket in which something appears is that seat's.
 */
import { computed, signal } from '@preact/signals';
import { kits, socket as daemon } from '../state';
import type { RpcError } from '../wire';
import type { SeatTable } from './wire';

interface Pair {
	seat: string;
	socket: string;
}

/* A pair that was made, and those that went for it: a seat has one socket, a socket one seat. */
export interface Binding extends Pair {
	title: string; /* what was plugged in there */
	gone: Pair[];
}

export interface Walk {
	names: string[]; /* of the seats, in the order in which they are walked */
	steps: (Binding | null)[]; /* of the seats behind us; null: left out */
	again: Pair | null; /* what was plugged in last has its seat already */
}

export const table = signal<SeatTable | null>(null);
export const walk = signal<Walk | null>(null);
export const walkError = signal<RpcError | null>(null);
export const seatToAsk = computed(() => walk.value?.names[walk.value.steps.length] ?? null);

const byNumber = new Intl.Collator('en', { numeric: true });
export const bySeat = (a: string | null, b: string | null): number =>
	Number(a === null) - Number(b === null) || byNumber.compare(a ?? '', b ?? '');

export const sortedSeats = computed(() => [...table.value?.seats ?? []].sort((a, b) => bySeat(a.seat, b.seat)));

/* Where kits are now, by socket. */
const present = (): Map<string, string> =>
	new Map([...table.peek()?.seats ?? [], ...table.peek()?.unbound ?? []].flatMap(({ socket, kit }) => {
		const state = kit ? kits.peek().get(kit)?.row.peek().state : undefined;
		return kit && state !== 'absent' && state !== 'lost' ? [[socket, kit]] : [];
	}));

let before: Map<string, string> | null = null; /* where kits were */

export async function watchSeats(): Promise<void> {
	table.value = await daemon.request('seats.watch', {});
	before = present();
}

export function leaveSeats(): void {
	walk.value = null;
	before = null;
	daemon.request('seats.unwatch', {}).catch(() => undefined);
}

/* Kits came or went: the table shows it, and where one came, something was plugged in. */
export async function lookAgain(): Promise<void> {
	const old = before;
	await watchSeats();
	for (const [socket, kit] of old ? present() : []) {
		if (!old!.has(socket)) {
			queue = queue.then(() => take(socket, kit, false));
		}
	}
}

/* A seat of "" takes the socket's seat away. */
export async function bind(socket: string, seat: string, title = ''): Promise<Binding> {
	const gone = (table.peek()?.seats ?? []).filter((one) => one.socket === socket || seat !== '' && one.seat === seat);
	table.value = await daemon.request('seats.bind', { socket, seat });
	return { socket, seat, title, gone };
}

export async function undo({ socket, gone }: Binding): Promise<void> {
	if (!gone.some((one) => one.socket === socket)) {
		await bind(socket, '');
	}
	for (const one of gone) {
		await bind(one.socket, one.seat);
	}
}

/* ---- the walk ---- */

export function startWalk(names: string[], first = 0): void {
	walkError.value = null;
	walk.value = { names, steps: names.slice(0, first).map(() => null), again: null };
}

function step(binding: Binding | null): void {
	const now = walk.peek();
	if (now) {
		walk.value = { ...now, steps: [...now.steps, binding], again: null };
	}
}

export const skip = (): void => step(null);

export async function back(): Promise<void> {
	const now = walk.peek();
	const last = now?.steps[now.steps.length - 1];
	try {
		if (last) {
			await undo(last);
		}
		walkError.value = null;
		walk.value = now && { ...now, steps: now.steps.slice(0, -1), again: null };
	} catch (error) {
		walkError.value = error as RpcError;
	}
}

async function take(socket: string, title: string, isPlugged: boolean): Promise<void> {
	const now = walk.peek();
	const seat = seatToAsk.peek();
	if (!now || seat === null) {
		return;
	}
	const known = now.steps.find((one) => one?.socket === socket);
	if (known) {
		if (isPlugged) { /* else its kit has been recognised now */
			walk.value = { ...now, again: known };
		}
		return;
	}
	try {
		const binding = await bind(socket, seat, title);
		walkError.value = null;
		step(binding);
	} catch (error) {
		walkError.value = error as RpcError;
	}
}

let queue = Promise.resolve(); /* who plugs quickly is not lost */

daemon.on('seats.changed', ({ seats, unbound, plugged }) => {
	table.value = { seats, unbound };
	if (plugged) {
		queue = queue.then(() => take(plugged.socket, plugged.title, true));
	}
});

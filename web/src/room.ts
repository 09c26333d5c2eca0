/*
 * The all-stop: presses it by every way there is, and says only what the daemon's answer proves.
 *
 * A page whose socket is gone or mute, or that nobody is signed in on, can stop the room too:
 * then the same request goes by HTTP. An answer that does not come is said at once, because
 * whoever pressed must go and cut the power.
 */
import { signal } from '@preact/signals';
import { lang } from './prefs';
import { offline } from './socket';
import { isLive, socket, type Kit } from './state';
import { RpcError, type HoldLevel, type Reason, type RoomState, type Stop, type StopAnswer } from './wire';

export const room = signal<RoomState | null>(null); /* null: not known yet */

/* The stop that holds a kit: the room's, or its seat's. */
export function stopOf(kit: Kit): Stop | null {
	const { value: now } = room;
	const { seat } = kit.row.value;
	return now?.stopped ? now : now?.seats.find((stop) => stop.seat === seat) ?? null;
}

export type StopResult =
	| { kind: 'asking' }
	| { kind: 'silent' } /* nothing heard yet */
	| { kind: 'offline' } /* it did not get there */
	| { kind: 'failed'; hint: string }
	| { kind: 'stopped' } & StopAnswer;

export const stopResult = signal<StopResult | null>(null);
export const isSecondHarder = signal(false); /* a press now cuts the motors' power */

const SECOND_WITHIN_MS = 2000;
const OTHER_WAY_AFTER_MS = 400;
const SILENT_AFTER_MS = 800;
const CONNECT_MS = 2500;
const GIVE_UP_MS = 3000;
let presses = 0;
let harderTimer: ReturnType<typeof setTimeout> | undefined;

export async function pressStop(): Promise<void> {
	const mine = ++presses;
	const level = isSecondHarder.peek() ? 'kill' : 'hold';
	clearTimeout(harderTimer);
	isSecondHarder.value = true;
	harderTimer = setTimeout(() => { isSecondHarder.value = false; }, SECOND_WITHIN_MS);
	const show = (result: StopResult): void => {
		if (mine === presses) {
			stopResult.value = result;
		}
	};
	show({ kind: isLive.peek() ? 'asking' : 'silent' });
	const silence = setTimeout(() => show({ kind: 'silent' }), SILENT_AFTER_MS);
	try {
		show({ kind: 'stopped', ...await byAnyWay(level) });
	} catch (error) {
		const { reason, hint, message } = error as RpcError;
		show(reason === 'offline' ? { kind: 'offline' }
			: reason === 'timeout' ? { kind: 'silent' } /* it may have got there */
				: { kind: 'failed', hint: hint ?? message });
		if (mine === presses) {
			isSecondHarder.value = false; /* this one did not count: the next is a first */
		}
	} finally {
		clearTimeout(silence);
	}
}

/* The socket; and HTTP at once if that is not open, soon if it is mute. The first good answer counts. */
function byAnyWay(level: HoldLevel): Promise<StopAnswer> {
	return new Promise((resolve, reject) => {
		let failed: RpcError | null = null;
		let isPosted = false;
		const fail = (error: RpcError): void => {
			other();
			if (failed) {
				reject(failed.reason === 'offline' ? error : failed);
			}
			failed = error;
		};
		const other = (): void => {
			if (!isPosted) {
				isPosted = true;
				post(level).then(resolve, fail);
			}
		};
		const timer = setTimeout(other, OTHER_WAY_AFTER_MS);
		if (!isLive.peek()) {
			other();
		}
		patient(socket.reach('room.stop', { level }, CONNECT_MS)).then(resolve, fail).finally(() => clearTimeout(timer));
	});
}

const patient = <T>(answer: Promise<T>): Promise<T> =>
	Promise.race([answer, new Promise<never>((_, reject) => setTimeout(
		() => reject(new RpcError(0, 'no answer', 'timeout', null)), GIVE_UP_MS))]);

async function post(level: HoldLevel): Promise<StopAnswer> {
	const response = await patient(fetch('api/v1/room/stop', {
		method: 'POST',
		headers: { 'Content-Type': 'application/json', 'Accept-Language': lang.peek() },
		body: JSON.stringify({ level }),
		keepalive: true, /* also when the page is left at this moment */
	}).catch(() => { throw offline(); }));
	const answer = await response.json().catch(() => ({})) as StopAnswer & { reason?: Reason; hint?: string };
	if (!response.ok) {
		throw new RpcError(response.status, `HTTP ${response.status}`, answer.reason ?? 'internal', answer.hint ?? null);
	}
	return answer;
}

export async function resumeRoom(): Promise<void> {
	room.value = await socket.request('room.watch', {}).catch(() => null);
}

socket.on('room.changed', (state) => {
	room.value = state;
	if (!state.stopped && stopResult.peek()?.kind === 'stopped') {
		stopResult.value = null; /* what was said of a stop that is over */
	}
});

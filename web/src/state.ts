/*
 * What the pages know of the room: kits with their newest values and lately history.
 *
 * Snapshot, then differences: after every connection the daemon is asked for everything
 * anew, so a lost minute costs nothing but a gap in the charts. Values are drawn
 * once an animation frame. One watch at a time: of all kits on the room's page, of one kit on a bench.
 */
import { computed, signal, type Signal } from '@preact/signals';
import { draw } from './frame';
import { History } from './history';
import { t } from './i18n';
import { lang } from './prefs';
import { Socket, type SocketFactory } from './socket';
import type { Description, Property, Row, Value, Values } from './wire';

const EVENTS_KEPT = 8;
export const PLOT = 'plot.'; /* before the names that a script draws */
const WATCHED_MAX = 64; /* names in one watch; the daemon's limit */

export class Kit {
	readonly row: Signal<Row>;
	readonly description = signal<Description | null>(null);
	readonly history = new History();
	readonly sampleAt = signal(0); /* daemon's clock, ms; 0 = no value yet */
	readonly events = signal<{ event: string; value?: Value; at: number }[]>([]); /* the last ones */
	private plotter = ''; /* the run that drew last */
	private values = new Map<string, Signal<Value>>();
	private fresh: Values = {};
	private freshAt = 0;

	constructor(readonly id: string, row: Row) {
		this.row = signal(row);
	}

	value(name: string): Signal<Value> {
		let value = this.values.get(name);
		if (!value) {
			value = signal<Value>(null);
			this.values.set(name, value);
		}
		return value;
	}

	take(t: number, set: Values): void {
		this.history.add(t, set);
		Object.assign(this.fresh, set);
		this.freshAt = t;
		draw(this.show);
	}

	/* What another run has drawn is cleared away. */
	beginPlots(run: string): void {
		if (this.plotter !== run) {
			this.plotter = run;
			this.plots().forEach((name) => this.history.columns.delete(name));
		}
	}

	/* From here on nothing is drawn. */
	endPlots(t: number): void {
		this.history.gap(t, this.plots());
		this.plots().forEach((name) => { this.value(name).value = null; });
	}

	private plots(): string[] {
		return [...this.history.columns.keys()].filter((name) => name.startsWith(PLOT));
	}

	private show = (): void => {
		for (const name in this.fresh) {
			this.value(name).value = this.fresh[name]!;
		}
		this.fresh = {};
		this.sampleAt.value = this.freshAt;
	};
}

let factory: SocketFactory = () => {
	const url = new URL('ws', location.href);
	url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
	url.hash = '';
	return new WebSocket(url, 'kitlab.v1');
};
export function useFactory(other: SocketFactory): void {
	factory = other;
}
export const socket = new Socket(() => factory());

export const kits = signal<Map<string, Kit>>(new Map());
export const seats = signal<string[]>([]);
export const isLoaded = signal(false);
export const isLive = computed(() => socket.status.value.phase === 'open');
export const isStaff = computed(() => socket.role.value === 'teacher' || socket.role.value === 'admin');
export const second = signal(Date.now()); /* ticks, for ages and running times */
setInterval(() => {
	second.value = Date.now();
}, 1000);

/* Names of a kit's parts: what a room shows and a script calls by name; not its raw pins. */
export function partNames(description: Description | null, ...without: string[]): string[] {
	return Object.entries(description?.properties ?? {})
		.filter(([, property]) => property.kind !== 'pin' && !without.includes(property.kind))
		.map(([name]) => name);
}

/* Why a kit is in its state: the daemon's own words, else what the state means in general. */
export const whyText = (row: Row): string => row.why?.[lang.value] ?? t(`state.${row.state}.means`);

export const isNumeric = (property: Property): boolean =>
	property.type === 'number' || property.type === 'integer';

/* ---- rows and descriptions ---- */

export async function loadKits(): Promise<void> {
	const { kits: rows, seats: all } = await socket.request('kits.watch', {});
	const old = kits.peek();
	seats.value = (all ?? []).map(({ seat }) => seat);
	kits.value = new Map(rows.map((row) => [row.id, old.get(row.id) ?? new Kit(row.id, row)]));
	rows.forEach((row) => setRow(row, true));
	isLoaded.value = true;
}

function setRow(row: Row, describeAnyway: boolean): void {
	let kit = kits.peek().get(row.id);
	if (!kit) {
		kit = new Kit(row.id, row);
		kits.value = new Map(kits.peek()).set(row.id, kit);
	}
	const before = kit.row.peek();
	kit.row.value = row;
	const isHere = row.state === 'ready' || row.state === 'stale';
	if (isHere && (describeAnyway || !kit.description.peek() || before.description !== row.description)) {
		describe(kit);
	}
}

const toDescribe = new Set<Kit>();
let describing = 0;

/* A few at a time: sixty kits are described without a burst of requests. */
function describe(kit: Kit): void {
	toDescribe.add(kit);
	while (describing < 8 && toDescribe.size > 0) {
		const [next] = toDescribe;
		toDescribe.delete(next!);
		describing++;
		socket.request('kit.describe', { kit: next!.id })
			.then((description) => {
				next!.description.value = description;
			})
			.catch(() => undefined) /* the kit went away meanwhile; its row says so */
			.finally(() => {
				describing--;
				const [more] = toDescribe;
				if (more) {
					describe(more);
				}
			});
	}
}

socket.on('kits.changed', ({ kit, row }) => {
	if (row) {
		setRow(row, false);
	} else {
		const rest = new Map(kits.peek());
		rest.delete(kit);
		kits.value = rest;
	}
});

/* Titles come from the daemon in the reader's language. */
lang.subscribe((choice) => {
	socket.lang = choice;
	if (isLive.peek()) {
		void socket.hello().then(() => kits.peek().forEach(describe)).catch(() => undefined);
	}
});

/* ---- values ---- */

interface Watch {
	kit: string;
	properties: string[];
}

let wanted: Watch | null = null;
let watching: { watch: number | string; kit: string } | null = null;
let turn = 0; /* which wish is the newest: answers may come late */

export function watchValues(wish: Watch | null): void {
	if (JSON.stringify(wish) !== JSON.stringify(wanted)) {
		wanted = wish;
		void applyWatch();
	}
}

async function applyWatch(): Promise<void> {
	const mine = ++turn;
	if (!isLive.peek()) {
		return;
	}
	const old = watching;
	watching = null;
	const wish = wanted;
	if (wish && wish.properties.length > 0) {
		const answer = await socket.request('kit.watch', {
			kit: wish.kit, properties: wish.properties.slice(-WATCHED_MAX), rate: 20,
		}).catch(() => null);
		if (answer && mine !== turn) {
			socket.request('kit.unwatch', { watch: answer.watch }).catch(() => undefined);
		} else if (answer) {
			watching = { watch: answer.watch, kit: wish.kit };
			for (const [id, frame] of Object.entries(answer.kits)) {
				const kit = kits.peek().get(id);
				if (kit && old?.kit !== '*' && old?.kit !== id) {
					kit.history.gap(answer.t);
				}
				kit?.take(frame.t || answer.t, frame.set);
			}
		}
	}
	if (old) {
		socket.request('kit.unwatch', { watch: old.watch }).catch(() => undefined);
	}
}

socket.on('kit.values', ({ kits: frames }) => {
	for (const id in frames) {
		const frame = frames[id]!;
		kits.peek().get(id)?.take(frame.t, frame.set);
	}
});

socket.on('kit.event', ({ kit: id, event, value }) => {
	const kit = kits.peek().get(id);
	if (kit) {
		kit.events.value = [{ event, value, at: Date.now() }, ...kit.events.peek()].slice(0, EVENTS_KEPT);
	}
});

/* After every connection; the old watch died with the old one. */
export async function resumeState(): Promise<void> {
	watching = null;
	await loadKits();
	await applyWatch();
}

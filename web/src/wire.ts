/* The wire contract (docs/api.md) as types: what goes over the WebSocket, and nothing else. */

export type Value = boolean | number | string | number[] | null;
export type Values = Record<string, Value>;
export type Lang = 'zh' | 'en';

export type KitState =
	| 'absent' | 'opening' | 'probing' | 'ready' | 'stale' | 'lost' | 'refused';

export interface Row {
	id: string;
	label: string | null;
	model: string | null;
	driver: string | null;
	seat: string | null;
	state: KitState;
	port: string | null;
	wiring: string | null;
	run: string | null;
	holder: string | null;
	battery: number | null;
	program: string | null; /* firmware's name and version */
	description: number; /* counts descriptions: another number, another description */
	why: { reason: Reason; en: string; zh: string } | null; /* of stale, lost, refused */
}

export interface Property {
	type: 'bool' | 'integer' | 'number' | 'text' | 'vector' | 'null';
	unit?: string;
	min?: number;
	max?: number;
	writable: boolean;
	kind: string;
	class: 'signal' | 'motion';
	title: string;
}

export interface Argument {
	name: string;
	type: Property['type'];
	unit?: string;
	min?: number;
	max?: number;
	optional?: boolean;
	choices?: string; /* "input|output" */
	title: string;
}

export interface Action {
	args: Argument[];
	class: 'signal' | 'motion';
	title: string;
}

export interface Description {
	id: string;
	model: string | null;
	properties: Record<string, Property>;
	dead_man?: boolean; /* false: what moves is stopped by the daemon only */
	actions: Record<string, Action>;
	events: Record<string, { type?: string; title: string }>;
}

export interface Profile {
	id: string;
	title: string;
}

export interface KitFrame {
	state?: KitState;
	seq: number;
	t: number;
	set: Values;
}

export type RunState =
	| 'queued' | 'starting' | 'running' | 'stopping'
	| 'finished' | 'failed' | 'stopped' | 'killed';

export interface RunError {
	line?: number | null;
	message: string;
	hint?: string | null;
}

export interface Line {
	stream: 'out' | 'error';
	text: string;
}

export interface RunInfo {
	run: string;
	name: string;
	kits: string[];
	state: RunState;
	started: string | null;
	by?: string | null;
	error?: RunError | null;
	tail?: (string | Line)[];
}

export interface CaseInfo {
	id: string;
	title: string;
	summary?: string;
	subjects?: string[];
	stage?: string;
	area?: string;
	mode?: string;
	minutes?: number;
	needs?: string[];
	objectives?: string[];
}

export interface CaseText extends CaseInfo {
	guide: string;
	starter: string;
}

export interface WorldKit {
	light?: number;
	temperature?: number;
	button?: boolean;
	pot?: number;
	distance?: number;
	fault?: string | null;
	pose?: Pose;
	[name: string]: unknown;
}

/* The floor of virtual robots: metres, x to the right, y up; radians, positive to the left. */
export type Point = [number, number];
export type Pose = [number, number, number];

export interface KitPose {
	pose?: Pose;
	speed?: number;
	radius?: number;
	joints?: number[];
}

export interface FloorObject {
	id: string;
	type: 'room' | 'box' | 'circle' | 'line' | 'lamp';
	at?: Point;
	size?: Point;
	heading?: number;
	radius?: number;
	points?: Point[];
	closed?: boolean;
	width?: number;
	brightness?: number;
	reach?: number;
	daylight?: number;
}

/* In world.set: what is not said stays; type null takes the object away. */
export type ObjectChange = { id: string; type?: FloorObject['type'] | null } & Omit<Partial<FloorObject>, 'type'>;

export interface FloorState {
	kits: Record<string, KitPose>;
	objects: FloorObject[];
}

export type WorldNews = Partial<FloorState>;

export type HoldLevel = 'hold' | 'kill'; /* kill: motors without power, too */

export interface StopAnswer {
	confirmed: string[]; /* kits that said themselves that they are at rest */
	unconfirmed: string[];
}

export interface Stop {
	level: HoldLevel | null;
	by: string | null;
	at: string | null;
}

export interface RoomState extends Stop, StopAnswer {
	stopped: boolean; /* all of it; else maybe single seats */
	seats: (Stop & { seat: string })[];
}

interface Hello {
	server: string;
	version: number;
	role: 'admin' | 'teacher' | 'student' | 'display' | 'none';
	user: string | null;
	now: { mono_ms: number; utc: string };
	limits?: Record<string, number>;
}

/* Requests: method → [params, result]. */
export interface Requests {
	'hello': [{ lang?: Lang }, Hello];
	'kits.watch': [Record<string, never>, { kits: Row[]; seats?: { seat: string }[] }];
	'kit.describe': [{ kit: string }, Description];
	'kit.wiring': [
		{ kit: string; profile?: string | null },
		{ profile: string | null; profiles: Profile[] },
	];
	'kit.watch': [
		{ kit: string; properties?: string[]; rate?: number },
		{ watch: number | string; t: number; kits: Record<string, KitFrame> },
	];
	'kit.unwatch': [{ watch: number | string }, object];
	'kit.write': [{ kit: string; property: string; value: Value; lease?: string }, { t: number }];
	'kit.act': [
		{ kit: string; action: string; args?: Values; lease?: string },
		{ result: Value; t: number },
	];
	'kit.lease': [{ kit: string; ttl?: number; take?: boolean }, { lease: string; ttl: number }];
	'lease.feed': [{ lease: string }, object];
	'lease.release': [{ lease: string }, object];
	'script.run': [
		{ source: string; name?: string; kit?: string; case?: string; replace?: boolean },
		{ run: string },
	];
	'script.watch': [{ run: string }, RunInfo];
	'script.unwatch': [{ run: string }, object];
	'script.list': [Record<string, never>, { runs: RunInfo[] }];
	'script.stop': [{ run: string }, { state: RunState }];
	'case.list': [{ filter?: object }, { cases: CaseInfo[] }];
	'case.get': [{ case: string; lang?: Lang }, CaseText];
	'world.get': [Record<string, never>, { kits: Record<string, WorldKit> }];
	'world.set': [
		{ kits?: Record<string, WorldKit>; objects?: ObjectChange[] },
		{ kits?: Record<string, WorldKit> },
	];
	'world.watch': [Record<string, never>, FloorState];
	'world.unwatch': [Record<string, never>, object];
	'room.watch': [Record<string, never>, RoomState];
	'room.stop': [{ level: HoldLevel }, StopAnswer];
	'room.clear': [{ seat?: string }, object];
}

export type Method = keyof Requests;
export type Params<M extends Method> = Requests[M][0];
export type Result<M extends Method> = Requests[M][1];

export interface Notifications {
	'kit.values': { t: number; kits: Record<string, KitFrame> };
	'kit.event': { kit: string; t: number; event: string; value?: Value };
	'kits.changed': { kit: string; row: Row | null };
	'kits.alarm': { kits: string[]; why: NonNullable<Row['why']> }; /* lost together */
	'script.output': { run: string; stream: 'out' | 'error'; text: string; dropped?: number };
	'script.state': { run: string; state: RunState; error?: RunError | null };
	'script.plot': { run: string; t: number; set: Record<string, number> };
	'world.changed': WorldNews;
	'room.changed': RoomState;
	'lease.lost': { lease: string; kit: string; reason: string; by?: string; hint: string };
}

export type Reason =
	| 'invalid' | 'not_found' | 'forbidden' | 'busy' | 'lost' | 'refused' | 'limit'
	| 'timeout' | 'unsupported' | 'stopped' | 'conflict' | 'io' | 'internal'
	| 'offline'; /* ours: the question never reached the daemon */

/* An error answer: `hint` is for the person, `message` the technical text. */
export class RpcError extends Error {
	constructor(
		readonly code: number,
		message: string,
		readonly reason: Reason,
		readonly hint: string | null,
	) {
		super(message);
	}
}

export const runIsOver = (state: RunState): boolean =>
	state === 'finished' || state === 'failed' || state === 'stopped' || state === 'killed';

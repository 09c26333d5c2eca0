/*
 * The shape of every message of the wire contract, as JSON schemas. Clients of the
 * system tests hold each message that they get to these.
 *
 * The contract may grow: unknown fields are fine, missing ones and other types are not.
 */
import Ajv from 'ajv';

const orNull = (schema) => ({ anyOf: [schema, { type: 'null' }] });
const object = (properties, optional = []) => ({
	type: 'object',
	properties,
	required: Object.keys(properties).filter((name) => !optional.includes(name)),
});
const array = (items) => ({ type: 'array', items });
const map = (schema) => ({ type: 'object', additionalProperties: schema });
const oneOf = (...words) => ({ enum: words });

const text = { type: 'string' };
const number = { type: 'number' };
const integer = { type: 'integer' };
const bool = { type: 'boolean' };
const empty = object({});
const id = { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,31}$' };
const utc = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' };
const value = { anyOf: [{ type: 'null' }, bool, number, { type: 'string', maxLength: 1024 }, array(number)] };
const valueType = oneOf('bool', 'integer', 'number', 'text', 'vector');

const row = object({
	id, label: orNull(id), model: orNull(text), driver: orNull(text), seat: orNull(text),
	state: oneOf('absent', 'opening', 'probing', 'ready', 'stale', 'lost', 'refused'),
	port: orNull(text), wiring: orNull(text), run: orNull(text), holder: orNull(text), battery: orNull(number),
});
const set = map(value);
const safety = oneOf('signal', 'motion');
const title = { type: 'string', minLength: 1 };
const argument = object({ name: text, type: valueType, unit: text, min: number, max: number, optional: bool, title },
	['unit', 'min', 'max', 'optional']);
const description = object({
	id,
	model: orNull(text),
	dead_man: bool,
	properties: map(object({ type: valueType, unit: text, min: number, max: number, writable: bool,
		kind: oneOf('sensor', 'button', 'light', 'color', 'sound', 'motion', 'angle', 'compass', 'pin',
			'setting', 'status', 'data'),
		class: safety, title }, ['unit', 'min', 'max'])),
	actions: map(object({ args: array(argument), class: safety, title })),
	events: map(object({ type: valueType, title }, ['type'])),
});
const runState = oneOf('queued', 'starting', 'running', 'stopping', 'finished', 'failed', 'stopped', 'killed');
const scriptError = object({ line: orNull(integer), message: text, hint: orNull(text) }, ['line', 'hint']);
const outputLine = object({ stream: oneOf('out', 'error'), text });
const run = object({ run: text, name: text, kits: array(id), state: runState, started: orNull(utc),
	by: orNull(text), error: orNull(scriptError) }, ['error']);
const share = { type: 'number', minimum: 0, maximum: 1 };
const numbers = (count) => ({ type: 'array', items: number, minItems: count, maxItems: count });
const pose = numbers(3);
const joints = { type: 'array', items: number, minItems: 1, maxItems: 8 };
const worldKit = object({ light: share, temperature: number, button: bool, pot: share, distance: number, pose, joints,
	fault: orNull(oneOf('silence', 'noise', 'unplug', 'slow', 'garbage', 'reboot')) }, ['pose', 'joints']);
const place = numbers(2);
const objectOf = (type, properties) => object({ id, type: { const: type }, ...properties });
const worldObjects = array({ anyOf: [
	objectOf('room', { size: place, daylight: share, slip: share }),
	objectOf('box', { at: place, size: place, heading: number }),
	objectOf('circle', { at: place, radius: number }),
	objectOf('line', { points: { type: 'array', items: place, minItems: 2, maxItems: 128 }, closed: bool, width: number }),
	objectOf('lamp', { at: place, brightness: share, reach: number }),
] });
const world = object({ kits: map(worldKit), objects: worldObjects });
const worldView = object({ t: number, objects: worldObjects,
	kits: map({ anyOf: [object({ pose, speed: number, radius: number }), object({ joints })] }) });
const room = object({ stopped: bool, level: orNull(oneOf('hold', 'kill')), by: orNull(text), at: orNull(utc),
	confirmed: array(id), unconfirmed: array(id), seats: array(object({ seat: text,
		level: oneOf('hold', 'kill'), by: text, at: utc })) });
const stopped = object({ confirmed: array(id), unconfirmed: array(id) });
const lease = { type: 'string', pattern: '^[0-9a-f]{32}$' };
const check = object({ id: text, title, passed: bool, hint: text }, ['hint']);
const caseData = object({ id: text, title: { type: 'string', minLength: 1 } });

const flash = object({ kit: id, name: text, board: text, phase: oneOf('connecting', 'writing', 'verifying', 'done', 'failed'),
	share, error: object({ reason: text, hint: text }) }, ['error']);

const seats = object({ seats: array(object({ seat: text, socket: text, kit: orNull(id) })),
	unbound: array(object({ socket: text, kit: id })), plugged: object({ socket: text, title: text }) }, ['plugged']);

const health = object({ kit: id, at: utc, verdict: oneOf('ready', 'charge', 'repair'),
	steps: array(object({ id: text, title, passed: orNull(bool), hint: text, seen: map(value) }, ['hint', 'seen'])) });

const results = {
	hello: object({ server: text, version: { const: 1 }, role: oneOf('admin', 'teacher', 'student', 'display', 'none'),
		user: orNull(text), now: object({ mono_ms: number, utc }), limits: { type: 'object' } }),
	'kits.list': object({ kits: array(row) }),
	'kits.watch': object({ kits: array(row) }),
	'kits.unwatch': empty,
	'kit.describe': description,
	'kit.wiring': object({ profile: orNull(text), profiles: { type: 'array' } }),
	'kit.watch': object({ watch: { type: ['string', 'integer'] }, t: number,
		kits: map(object({ state: row.properties.state, seq: integer, t: orNull(number), set })) }),
	'kit.unwatch': empty,
	'kit.read': object({ value, t: orNull(number) }),
	'kit.write': object({ t: number }),
	'kit.act': object({ result: {}, t: number }),
	'health.check': health,
	'health.list': object({ reports: array(health) }),
	'health.history': object({ reports: array(health) }),
	'seats.list': seats,
	'seats.watch': seats,
	'seats.unwatch': empty,
	'seats.bind': seats,
	'kit.accept': empty,
	'kit.forget': empty,
	'kit.flash': empty,
	'flash.list': object({ flashes: array(flash) }),
	'kit.lease': object({ lease, ttl: integer }),
	'kit.checks': object({ checks: array(check) }),
	'lease.feed': empty,
	'lease.release': empty,
	'script.run': object({ run: text }),
	'script.watch': object({ run: text, name: text, kits: array(id), state: runState, started: orNull(utc),
		by: orNull(text), error: orNull(scriptError),
		tail: { type: 'array', maxItems: 200, items: { anyOf: [text, outputLine] } } }),
	'script.unwatch': empty,
	'script.list': object({ runs: array(run) }),
	'script.stop': object({ state: runState }),
	'case.list': object({ cases: array(caseData) }),
	'case.get': object({ id: text, guide: text, starter: text }),
	'world.get': world,
	'world.set': world,
	'world.watch': worldView,
	'world.unwatch': empty,
	'room.watch': room,
	'room.unwatch': empty,
	'room.stop': stopped,
	'room.clear': empty,
};

const notifications = {
	'kit.values': object({ t: number, kits: map(object({ seq: integer, t: number, set })) }),
	'kit.event': object({ kit: id, t: number, event: text, value }, ['value']),
	'kits.changed': object({ kit: id, row: orNull(row) }),
	'kits.alarm': object({ kits: array(id), why: object({ reason: text, en: text, zh: text }) }),
	'script.output': object({ run: text, stream: oneOf('out', 'error'), text, dropped: integer }, ['dropped']),
	'script.state': object({ run: text, state: runState, error: orNull(scriptError) }, ['error']),
	'script.plot': object({ run: text, t: number, set: map(orNull(number)) }),
	'world.changed': { ...worldView, required: ['t', 'kits'] },
	'lease.lost': object({ lease, kit: id, reason: oneOf('expired', 'taken', 'stopped', 'lost', 'unattended'),
		by: text, hint: text }, ['by']),
	'room.changed': room,
	'health.progress': object({ kit: id, step: text, share }),
	'flash.changed': flash,
	'seats.changed': seats,
};

const error = object({
	code: { enum: [-32700, -32600, -32601, -32602, -32000] },
	message: text,
	data: object({
		reason: oneOf('invalid', 'not_found', 'forbidden', 'busy', 'lost', 'refused', 'limit', 'timeout',
			'unsupported', 'stopped', 'conflict', 'io', 'internal'),
		hint: { type: 'string', minLength: 1 },
	}),
});

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const compile = (schemas) => Object.fromEntries(Object.entries(schemas)
	.map(([name, schema]) => [name, ajv.compile(schema)]));
const checks = { result: compile(results), notification: compile(notifications) };
const checkError = ajv.compile(error);

/* Throws if a message of this method is not what the contract says. */
export function contract(method, kind, message) {
	const check = kind === 'error' ? checkError : checks[kind][method];
	if (!check && kind === 'notification') {
		throw new Error(`the contract has no notification ${method}`);
	}
	if (check && !check(message)) {
		throw new Error(`${kind} of ${method} is not the contract: ${ajv.errorsText(check.errors)}\n`
			+ JSON.stringify(message, null, 1).slice(0, 2000));
	}
}

/*
 * The stop with robots of all kinds: the virtual classroom `robots`, all of them moving when the stop is
 * pressed. For each kind, from the press to its confirmation, as a page sees it (room.changed,
 * told every 20 ms); beyond 250 ms the page says "not confirmed" meanwhile. An arm that
 * tells nothing (OWI on a stream, where nobody but its far end has the bytes) stays so by design.
 */
import { connect, now, start, until } from '../system/daemon.mjs';

const LATE_MS = 3000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* Wheels spin on the spot, arms go to and fro. */
async function move(client, { id, actions }, turn) {
	const { lease } = await client.call('kit.lease', { kit: id, ttl: 1000 });
	const [action, args] = actions.turn
		? ['turn', { speed: 0.5 }]
		: ['move_joint', { joint: 1, speed: turn % 2 ? -0.3 : 0.3, duration: 1 }];
	client.call('kit.act', { kit: id, action, args, lease }).catch(() => {}); /* the stop ends it */
}

/* {times: {MODEL: [ms, Infinity where none came]}} */
export async function mixedStops(presses) {
	const daemon = await start({ args: ['--no-scan', '--virtual', 'robots'], timeout: 30000 });
	const client = await connect(daemon);
	const rows = async () => (await client.call('kits.list')).kits;
	await until(async () => (await rows()).every(({ state }) => state === 'ready') && (await rows()).length >= 12, 60000, 'all robots');
	const robots = await Promise.all((await rows()).map(({ id }) => client.call('kit.describe', { kit: id })));
	const times = Object.fromEntries(robots.map(({ model }) => [model, []]));
	const confirmed = new Map();
	client.on((params, method) => method === 'room.changed' && params.stopped &&
		params.confirmed.forEach((id) => confirmed.has(id) || confirmed.set(id, now())));
	await client.call('room.watch');
	for (let i = 0; i < presses; i++) {
		/* One that has not proved its rest may not drive: it is pressed standing, and counted like that. */
		await Promise.all(robots.map((robot) => move(client, robot, i).catch(() => {})));
		await pause(400 + Math.random() * 200);
		confirmed.clear();
		const pressed = now();
		client.call('room.stop', { level: 'hold' });
		await until(() => confirmed.size === robots.length, LATE_MS).catch(() => {});
		robots.forEach(({ id, model }) => times[model].push((confirmed.get(id) ?? Infinity) - pressed));
		await client.call('room.clear');
	}
	await client.close();
	await daemon.stop();
	return times;
}

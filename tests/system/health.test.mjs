/*
 * Check-ups of kits: the verdict that a lab admin reads, the motors only while a person
 * holds on, and the history.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { FirmataBoard } from './board.mjs';
import { connect, scratch, start, untilState } from './daemon.mjs';
import { lab } from './lab.mjs';
import { contract } from './schema.mjs';

const step = (report, id) => report.steps.find((one) => one.id === id);
const check = (client, params) => client.call('health.check', params);

async function robots(t, boards, args = []) {
	const state = scratch();
	const file = path.join(state, 'room.json');
	writeFileSync(file, JSON.stringify({ seats: ['1'], boards }));
	const daemon = await start({ args: ['--virtual', file, '--state', state, ...args] });
	t.after(() => daemon.status || daemon.stop());
	const client = await connect(daemon, { validate: contract });
	t.after(() => client.ws.terminate());
	for (const { label } of boards) {
		await untilState(client, label, 'ready');
	}
	return { daemon, client };
}

/* Holds on, as a finger on a button does, until the function is through. */
async function holding(client, kit, fn) {
	const { lease } = await client.call('kit.lease', { kit, ttl: 1000 });
	const timer = setInterval(() => client.call('lease.feed', { lease }).catch(() => {}), 200);
	try {
		return await fn(lease);
	} finally {
		clearInterval(timer);
		await client.call('lease.release', { lease }).catch(() => {});
	}
}

test('a sound robot is ready: it answers, measures, and its wheels turn', async (t) => {
	const { client } = await robots(t, [{ label: 'nxt-1', model: 'nxt', boot_ms: 10 }]);
	const shares = [];
	client.on((params, method) => method === 'health.progress' && shares.push(params.share));
	const report = await holding(client, 'nxt-1', (lease) => check(client, { kit: 'nxt-1', lease }));

	assert.equal(report.verdict, 'ready', JSON.stringify(report));
	assert.deepEqual(report.steps.map(({ id }) => id), ['answer', 'firmware', 'sensors', 'battery', 'motors']);
	assert.equal(step(report, 'motors').passed, true);
	assert.ok(step(report, 'sensors').seen.distance > 0);
	assert.ok(shares.length >= 2 && shares[0] < shares.at(-1));

	await t.test('and the history has it', async () => {
		const { reports } = await client.call('health.history', { kit: 'nxt-1' });
		assert.equal(reports.length, 1);
		assert.equal(reports[0].verdict, 'ready');
		assert.equal((await client.call('health.list')).reports[0].kit, 'nxt-1');
	});
});

test('without a hand on it, no motor is tried', async (t) => {
	const { client } = await robots(t, [{ label: 'nxt-1', model: 'nxt', boot_ms: 10 }]);
	await client.call('kit.watch', { kit: 'nxt-1', properties: ['turned.2'], rate: 20 });
	const report = await check(client, { kit: 'nxt-1' });
	assert.equal(step(report, 'motors').passed, null);
	assert.match(step(report, 'motors').hint, /in your hand/);
	const { value } = await client.call('kit.read', { kit: 'nxt-1', property: 'turned.2' });
	assert.ok(Math.abs(value) < 1, `it turned ${value} degrees`);
});

test('the hand lets go: the motors stop and are not judged', async (t) => {
	const { client } = await robots(t, [{ label: 'nxt-1', model: 'nxt', boot_ms: 10 }]);
	const { lease } = await client.call('kit.lease', { kit: 'nxt-1', ttl: 1000 });
	const timer = setInterval(() => client.call('lease.feed', { lease }).catch(() => {}), 200);
	client.on((params, method) => {
		if (method === 'health.progress' && params.step === 'motors') {
			clearInterval(timer);
		}
	});
	const report = await check(client, { kit: 'nxt-1', lease });
	assert.equal(step(report, 'motors').passed, null);
	assert.match(step(report, 'motors').hint, /let go/);
});

test('the hand lets go before the motors were tried: not judged, and no repair', async (t) => {
	const { client } = await robots(t, [{ label: 'nxt-1', model: 'nxt', boot_ms: 10 }]);
	const { lease } = await client.call('kit.lease', { kit: 'nxt-1' });
	const report = await check(client, { kit: 'nxt-1', lease });
	assert.equal(step(report, 'motors').passed, null);
	assert.match(step(report, 'motors').hint, /let go/);
	assert.equal(report.verdict, 'ready');
});

test('a board whose sensor reads nonsense needs repair', async (t) => {
	const board = {};
	const { client, b1 } = await lab(t, { b1: { ...board, keys: { wiring: 'starter' } } });
	const report = await check(client, { kit: 'b1' });
	assert.equal(step(report, 'answer').passed, true);
	assert.equal(report.verdict, 'ready', JSON.stringify(report.steps));
	b1.silent = true;
	const silent = await check(client, { kit: 'b1' }).catch((error) => error);
	assert.ok(silent.verdict === 'repair' || silent.reason === 'lost', JSON.stringify(silent));
});

test('one check-up of a kit at a time; a pupil asks for none; its client may go', async (t) => {
	const { client, connect: join } = await lab(t, { b1: {} });
	const first = check(client, { kit: 'b1' });
	await assert.rejects(check(client, { kit: 'b1' }), { reason: 'busy' });
	const other = await join();
	await first;
	const gone = check(other, { kit: 'b1' }).catch(() => {});
	await client.call('kits.list');
	other.ws.terminate();
	await gone;
	await check(client, { kit: 'b1' });
});

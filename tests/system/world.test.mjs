/*
 * The virtual classroom under the daemon: its process may die, hang or never
 * come, and its boards vanish together; the daemon goes on.
 */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { connect, program, run, scratch, start, until, untilState } from './daemon.mjs';
import { lab } from './lab.mjs';
import { childrenOf } from './runs.mjs';

const virtualOf = (daemon) => childrenOf(daemon, 'kitlab-virtual')[0] ?? null;

const allReady = (client, count) => until(async () => {
	const { kits } = await client.call('kits.list');
	return kits.length === count && kits.every((row) => row.state === 'ready') && kits;
}, 20000, `${count} kits ready`);

test('a virtual classroom that dies comes back, with the same kits', async (t) => {
	const { daemon, client } = await lab(t, {}, { args: ['--virtual', 'default'] });
	const before = await allReady(client, 6);
	const first = virtualOf(daemon);
	await client.call('kits.watch');
	process.kill(first, 'SIGKILL');
	await client.waitFor((p, m) => m === 'kits.changed' && p.kit === 'uno-2' && p.row.state === 'lost');
	await untilState(client, 'uno-2', 'ready');
	const after = await allReady(client, 6);
	assert.deepEqual(after.map(({ id, seat, wiring }) => [id, seat, wiring]),
		before.map(({ id, seat, wiring }) => [id, seat, wiring]));
	assert.notEqual(virtualOf(daemon), first);
	await client.call('world.set', { kits: { 'uno-1': { light: 0.75 } } });
	await until(async () => Math.abs((await client.call('kit.read', { kit: 'uno-1', property: 'light' })).value - 0.75) < 0.01);
});

test('who watches the floor sees it again when the virtual classroom came back', async (t) => {
	const { daemon, client } = await lab(t, {}, { args: ['--virtual', 'default'] });
	await allReady(client, 6);
	const { kits } = await client.call('world.watch');
	await client.call('world.set', { kits: { 'mbot-1': { pose: [2, 1, 1] } } });
	await client.waitFor((p, m) => m === 'world.changed' && p.kits['mbot-1']?.pose[0] === 2);
	process.kill(virtualOf(daemon), 'SIGKILL');
	await client.waitFor((p, m) => m === 'world.changed' && p.objects
		&& p.kits['mbot-1']?.pose[0] === kits['mbot-1'].pose[0]);
});

test('questions to a virtual classroom that hangs are answered `lost`, and it is replaced', async (t) => {
	const { daemon, client } = await lab(t, {}, { args: ['--virtual', 'default'] });
	await allReady(client, 6);
	const first = virtualOf(daemon);
	t.after(() => {
		try {
			process.kill(first, 'SIGKILL');
		} catch {
			/* as it should be */
		}
	});
	process.kill(first, 'SIGSTOP');
	const asked = Array.from({ length: 80 }, () => client.refusal('world.get'));
	const reasons = (await Promise.all(asked)).map(({ reason }) => reason);
	assert.equal(reasons.filter((reason) => reason === 'busy').length, 16);
	assert.equal(reasons.filter((reason) => reason === 'lost').length, 64);
	await until(() => ![null, first].includes(virtualOf(daemon)), 5000, 'another process');
	await allReady(client, 6);
	assert.equal(Object.keys((await client.call('world.get')).kits).length, 6);
});

test('the daemon ends its classroom and leaves nothing behind', async (t) => {
	const { daemon, client } = await lab(t, {}, { args: ['--virtual', 'default'] });
	await allReady(client, 6);
	const pid = virtualOf(daemon);
	assert.ok(existsSync(path.join(daemon.state, 'virtual/uno-1')));
	await daemon.stop();
	assert.equal(existsSync(`/proc/${pid}`), false);
	assert.equal(existsSync(path.join(daemon.state, 'virtual')), false);
	assert.equal(daemon.stdout.split('\n').length, 2, 'the ready line and no other');
});

test('fault_31 a daemon that is killed takes its classroom with it, and starts again', async (t) => {
	const state = scratch();
	const args = ['--no-scan', '--virtual', 'default', '--state', state];
	const first = await start({ args });
	const pid = virtualOf(first);
	await first.kill();
	await until(() => !existsSync(`/proc/${pid}`), 5000, 'the end of its kitlab-virtual');
	const { client } = await lab(t, {}, { args: args.slice(1) });
	await allReady(client, 6);
});

test('fault_05 thirty boards vanish together: all are lost within a second, and return', async (t) => {
	const file = path.join(scratch(), 'hub.json');
	writeFileSync(file, JSON.stringify({
		boards: Array.from({ length: 30 }, (_, i) => ({ label: `b-${i + 1}`, model: 'uno', wiring: 'starter' })),
	}));
	const { client } = await lab(t, {}, { args: ['--virtual', file] });
	await allReady(client, 30);
	const all = (fault) => client.call('world.set', {
		kits: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`b-${i + 1}`, { fault }])),
	});
	const begin = performance.now();
	await all('unplug');
	await until(async () => (await client.call('kits.list')).kits.every((row) => row.state === 'lost'), 5000, '30 lost');
	const took = performance.now() - begin;
	await all(null);
	await allReady(client, 30);
	t.diagnostic(`30 boards were lost after ${took.toFixed(0)} ms`);
});

test('an unknown classroom is exit code 2 with the names of those that there are', async () => {
	for (const name of ['nowhere', '/no/such/file.json']) {
		const daemon = run(program('kitlabd'), ['--listen', '127.0.0.1:0', '--open-lab', '--no-scan',
			'--state', scratch(), '--virtual', name]);
		assert.deepEqual(await daemon.waitExit(), { code: 2, signal: null });
		assert.match(daemon.stderr, new RegExp(name));
		assert.match(daemon.stderr, /default|No such file/);
		assert.equal(daemon.stdout, '');
	}
});

test('the state folder may be named from here, and be long', async (t) => {
	const state = path.relative(process.cwd(), path.join(scratch(), 'a folder with a name'.repeat(6)));
	const { client } = await lab(t, {}, { args: ['--virtual', 'default', '--state', state] });
	for (const row of await allReady(client, 6)) {
		assert.match(row.port, /^\/tmp\/kitlab-virtual-\w+\/(uno|mbot|nxt|arm)-/);
	}
});

test('a student may not touch the world', async (t) => {
	const daemon = await start({ args: ['--no-scan', '--virtual', 'default', '--open-lab=student'] });
	t.after(() => daemon.stop());
	const client = await connect(daemon);
	t.after(() => client.close());
	assert.equal((await client.refusal('world.get')).reason, 'forbidden');
	assert.equal((await client.refusal('world.set', { kits: {} })).reason, 'forbidden');
});

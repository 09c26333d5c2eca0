/* The command line and what moves: --for, stop, clear. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { now, program, run, until } from './daemon.mjs';
import { rovers, untilRest } from './rover.mjs';

test('kitlab drives, stops and clears', async (t) => {
	const { daemon, client, r1, r2 } = await rovers(t, ['r1', 'r2']);
	const begin = (...args) => run(program('kitlab'), args,
		{ env: { ...process.env, LC_ALL: 'C.UTF-8', KITLAB_SERVER: daemon.url } });
	const kitlab = async (...args) => {
		const child = begin(...args);
		const { code } = await child.waitExit(10000);
		return { code, stdout: child.stdout, stderr: child.stderr };
	};

	await t.test('safety_S1_writing_what_moves_needs_a_time', async () => {
		const { code, stderr } = await kitlab('write', 'r1', 'motor.1', '0.5');
		assert.equal(code, 1);
		assert.match(stderr, /lease/);
		assert.equal(r1.moves.length, 0);
	});

	await t.test('--for drives so long and then rests', async () => {
		const done = kitlab('write', 'r1', 'motor.1', '0.5', '--for', '1s');
		await until(() => r1.speed === 128);
		const start = now();
		const rest = await untilRest(r1, start);
		assert.ok(rest > 850 && rest < 1500, `drove ${rest} ms`);
		assert.deepEqual(await done, { code: 0, stdout: '', stderr: '' });
	});

	await t.test('safety_S2_a_killed_command_feeds_no_more', async () => {
		const child = begin('write', 'r1', 'motor.1', '0.5', '--for', '60s');
		await until(() => r1.speed === 128);
		const start = now();
		child.signal('SIGKILL');
		const rest = await untilRest(r1, start);
		assert.ok(rest < 300, `rest after ${rest} ms`);
	});

	await t.test('Ctrl-C gives the lease back', async () => {
		const child = begin('write', 'r1', 'motor.1', '0.5', '--for', '60s');
		await until(() => r1.speed === 128);
		child.signal('SIGINT');
		await untilRest(r1, now());
		await child.waitExit();
	});

	await t.test('a take-over is told and fails', async () => {
		const child = begin('write', 'r1', 'motor.1', '0.5', '--for', '60s');
		await until(() => r1.speed === 128);
		const { lease } = await client.call('kit.lease', { kit: 'r1', take: true });
		assert.equal((await child.waitExit()).code, 1);
		assert.match(child.stderr, /page-\d+ took over r1/);
		await client.call('lease.release', { lease });
	});

	await t.test('safety_S5_stop_and_clear', async () => {
		const child = begin('write', 'r1', 'motor.1', '0.5', '--for', '60s');
		await until(() => r1.speed === 128);
		/* On a busy machine a board may need a second press. */
		await until(async () => {
			const { code, stdout, stderr } = await kitlab('stop');
			return code === 0 && stdout === 'at rest: r1 r2\n' && stderr === '';
		});
		assert.equal(r1.speed, 0);
		assert.equal((await child.waitExit()).code, 1);
		assert.match(child.stderr, /stopped/);
		const refused = await kitlab('write', 'r1', 'led', 'on');
		assert.equal(refused.code, 1);
		assert.match(refused.stderr, /stopped by page-\d+/);
		assert.equal((await kitlab('clear')).code, 0);
		assert.equal((await kitlab('write', 'r1', 'led', 'on')).code, 0);
	});

	await t.test('safety_S6_kits_that_do_not_confirm_are_named_with_advice', async () => {
		r2.silent = true;
		const { code, stdout } = await kitlab('stop', '--seat', '2', '--kill');
		assert.equal(code, 1);
		assert.match(stdout, /^NOT CONFIRMED: r2$/m);
		assert.match(stdout, /cut their power/);
		r2.silent = false;
		const json = await kitlab('stop', '--json', '--seat', '2');
		assert.deepEqual(JSON.parse(json.stdout), { confirmed: ['r2'], unconfirmed: [] });
		assert.equal((await kitlab('clear', '--seat', '2')).code, 0);
	});
});

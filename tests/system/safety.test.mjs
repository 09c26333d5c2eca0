/*
 * SAFETY.md on the real daemon: leases over WebSocket, HTTP and scripts, limits; and the faults that
 * end motion: hangs, kills, stalls, lines and links that go. safety_stop.test.mjs has the stop.
 */
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { connect, growth, now, request, until, untilState } from './daemon.mjs';
import { frame } from './raw.mjs';
import { drive, feed, row, rovers, SOON, untilRest } from './rover.mjs';
import { ended, go, runners, said } from './runs.mjs';

const connectTo = connect; /* tests have a connect() of their own */
const lost = (client, kit) => client.next((p, m) => m === 'lease.lost' && p.kit === kit, 15000).then((n) => n.params);
const runnerOf = (daemon) => runners(daemon)[0];

/* The lease's time: with SOON less than the second after which a script that hangs is killed. */
const LEASE_MS = 300;

test('leases over WebSocket', async (t) => {
	const { client, connect, r1, daemon } = await rovers(t, ['r1', 'r2']);

	await t.test('safety_S1_no_lease_no_motion', async () => {
		const error = await client.refusal('kit.write', { kit: 'r1', property: 'motor.1', value: 0.5 });
		assert.equal(error.reason, 'refused');
		assert.equal(r1.moves.length, 0);
		await client.call('kit.write', { kit: 'r1', property: 'led', value: true });
	});

	await t.test('safety_S1_a_lease_drives_and_its_row_names_the_holder', async () => {
		const lease = await drive(client, 'r1');
		await until(() => r1.speed === 128);
		const { holder } = await row(client, 'r1');
		assert.match(holder, /^page-\d+$/);
		await client.call('lease.release', { lease });
		await until(() => r1.speed === 0);
		assert.equal((await row(client, 'r1')).holder, null);
		assert.equal((await client.refusal('lease.feed', { lease })).reason, 'lost');
	});

	await t.test('safety_S1_a_lease_that_is_not_fed_ends', async () => {
		const loss = lost(client, 'r1');
		const start = now();
		await drive(client, 'r1');
		const rest = await untilRest(r1, start);
		assert.ok(rest >= LEASE_MS - 5, `rest after ${rest} ms`);
		assert.ok(rest <= LEASE_MS + SOON, `rest after ${rest} ms`);
		assert.equal((await loss).reason, 'expired');
	});

	await t.test('safety_S1_feeding_keeps_it', async () => {
		const lease = await drive(client, 'r1');
		const stop = feed(client, lease);
		const start = now();
		await until(() => now() - start > 1000);
		assert.equal(r1.speed, 128);
		stop();
		await untilRest(r1, now());
	});

	await t.test('fault_55_two_people_drive_one_robot', async () => {
		const pupil = await connect();
		const lease = await drive(pupil, 'r1');
		const stop = feed(pupil, lease);
		const error = await client.refusal('kit.lease', { kit: 'r1' });
		assert.equal(error.reason, 'busy');
		assert.match(error.hint, /page-\d+/);
		const loss = lost(pupil, 'r1');
		const { lease: taken } = await client.call('kit.lease', { kit: 'r1', take: true });
		const { reason, by } = await loss;
		stop();
		assert.equal(reason, 'taken');
		assert.equal(by, (await row(client, 'r1')).holder);
		assert.equal((await pupil.refusal('kit.write', { kit: 'r1', property: 'motor.1', value: 1, lease })).reason, 'lost');
		assert.equal((await pupil.refusal('lease.feed', { lease: taken })).reason, 'forbidden');
		await client.call('lease.release', { lease: taken });
		await pupil.close();
	});

	await t.test('fault_44_a_connection_that_ends_stops_at_once', async () => {
		const other = await connect();
		await drive(other, 'r1');
		await until(() => r1.speed === 128);
		const start = now();
		other.ws.terminate();
		const rest = await untilRest(r1, start);
		assert.ok(rest < LEASE_MS - 100, `rest after ${rest} ms`);
	});

	await t.test('fault_44_a_network_that_goes_ends_the_lease_and_the_socket', async () => {
		const lines = [];
		const proxy = net.createServer((near) => {
			const far = net.connect(daemon.port, '127.0.0.1');
			near.on('error', () => {}).pipe(far).on('error', () => {}).pipe(near);
			far.on('close', () => near.destroy());
			lines.push([near, far]);
		});
		await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
		const far = await connectTo(`ws://127.0.0.1:${proxy.address().port}/ws`,
			{ headers: { Host: `127.0.0.1:${daemon.port}` } });
		const clients = async () => Number(/^kitlab_ws_clients (\d+)$/m.exec((await request(`${daemon.url}metrics`)).text)[1]);
		const before = await clients();
		const lease = await drive(far, 'r1');
		const stop = feed(far, lease); /* the finger stays down */
		await until(() => r1.speed === 128);
		const cut = now();
		lines.flat().forEach((socket) => socket.unpipe().pause()); /* neither bytes nor an end come through */
		const rest = await untilRest(r1, cut);
		assert.ok(rest <= LEASE_MS + SOON, `rest after ${rest} ms`);
		await until(async () => await clients() < before, 8000, 'the socket to be given up');
		assert.ok(now() - cut <= 5000 + SOON, `given up after ${now() - cut} ms`);
		lines.forEach(([near, away]) => near.pipe(away).pipe(near)); /* what waited comes now: too late */
		await until(() => far.closed, 5000, 'the end to come through');
		assert.equal(r1.speed, 0);
		stop();
		proxy.close();
	});

	await t.test('fault_44_a_line_that_brings_nothing_ends_by_age', async () => {
		const other = await connect();
		await drive(other, 'r1');
		const start = now(); /* open, and silent: a pulled cable */
		const rest = await untilRest(r1, start);
		assert.ok(rest <= LEASE_MS + SOON, `rest after ${rest} ms`);
		await other.close();
	});

	await t.test('safety_S10_checks_explain', async () => {
		const { checks } = await client.call('kit.checks', { kit: 'r2' });
		assert.deepEqual(checks.map(({ id }) => id), ['stop', 'ready', 'motion', 'free', 'battery', 'rest']);
		assert.ok(checks.every(({ passed }) => passed));
		assert.equal((await client.call('kit.describe', { kit: 'r2' })).dead_man, false);
	});

	await t.test('metrics count leases', async () => {
		const lease = await drive(client, 'r2');
		assert.match((await request(`${daemon.url}metrics`)).text, /^kitlab_leases 1$/m);
		await client.call('lease.release', { lease });
		assert.match((await request(`${daemon.url}metrics`)).text, /^kitlab_leases 0$/m);
	});
});

test('safety_S1_pupils_take_nothing_over', async (t) => {
	const { client, connect } = await rovers(t, ['r1'], { args: ['--open-lab=student'] });
	const other = await connect();
	const stop = feed(other, await drive(other, 'r1'));
	assert.equal((await client.refusal('kit.lease', { kit: 'r1', take: true })).reason, 'forbidden');
	assert.equal((await client.refusal('room.clear')).reason, 'forbidden');
	stop();
});

test('safety_S4_two_hundred_connections_do_not_hold_up_the_end_of_a_lease', async (t) => {
	const { client, daemon } = await rovers(t);
	const flood = await Promise.all(Array.from({ length: 200 }, () => connect(daemon)));
	const burst = Buffer.concat(Array.from({ length: 150 }, (_, id) => frame(1,
		JSON.stringify({ jsonrpc: '2.0', id, method: 'kit.describe', params: { kit: 'r1' } }))));
	const { rss } = daemon.usage();

	await client.call('kit.watch', { kit: 'r1', properties: ['motor.1'], rate: 0 });
	const { lease } = await client.call('kit.lease', { kit: 'r1' });
	const { t: began } = await client.call('kit.write', { kit: 'r1', property: 'motor.1', value: 0.5, lease });
	for (const { ws } of flood) {
		ws._socket.pause(); /* the daemon is to work, not this process */
		ws._socket.write(burst);
	}
	const { params } = await client.waitFor((p, m) => m === 'kit.values' && p.kits.r1?.set['motor.1'] === 0, 15000);
	const took = params.kits.r1.t - began; /* by the daemon's clock */
	assert.ok(took <= LEASE_MS + SOON, `rest after ${took} ms`);
	assert.ok(daemon.usage().rss < rss + growth(40), `${rss} -> ${daemon.usage().rss} MB`);
	flood.forEach((one) => one.ws.terminate());
});

test('leases over HTTP', async (t) => {
	const { client, daemon, r1 } = await rovers(t);
	const put = (value, lease) => request(`${daemon.url}things/r1/properties/motor.1`,
		{ method: 'PUT', body: value, headers: lease ? { 'kitlab-lease': lease } : {} });

	await t.test('safety_S1_a_motion_command_needs_the_header', async () => {
		assert.equal((await put(0.5)).status, 409);
		assert.equal((await put(0.5, 'x'.repeat(32))).status, 503);
		assert.equal(r1.moves.length, 0);
		const { lease } = await client.call('kit.lease', { kit: 'r1' });
		assert.equal((await put(0.5, lease)).status, 204);
		await until(() => r1.speed === 128);
		await client.call('lease.release', { lease });
	});

	await t.test('safety_S1_a_lease_of_a_program_ends_by_age', async () => {
		const taken = await request(`${daemon.url}api/v1/leases`, { method: 'POST', body: { kit: 'r1', ttl: 200 } });
		assert.equal(taken.status, 200);
		const { lease, ttl } = taken.json;
		assert.equal(ttl, 200);
		assert.equal((await put(1, lease)).status, 204);
		assert.equal((await request(`${daemon.url}api/v1/leases/${lease}/feed`, { method: 'POST' })).status, 204);
		await untilRest(r1, now());
		assert.equal((await request(`${daemon.url}api/v1/leases/${lease}/feed`, { method: 'POST' })).status, 503);
		const again = (await request(`${daemon.url}api/v1/leases`, { method: 'POST', body: { kit: 'r1' } })).json.lease;
		assert.equal((await request(`${daemon.url}api/v1/leases/${again}`, { method: 'DELETE' })).status, 204);
		assert.equal((await request(`${daemon.url}api/v1/leases`, { method: 'POST', body: { kit: 'r9' } })).status, 404);
		assert.equal((await request(`${daemon.url}api/v1/leases`, { method: 'POST', body: { kit: 'r1', ttl: 5000 } })).status, 400);
	});

	await t.test('fault_55_two_programs_do_not_share_a_lease', async () => {
		const api = (method, path, body) => request(`${daemon.url}api/v1/leases${path}`, { method, body });
		const { lease } = (await api('POST', '', { kit: 'r1', ttl: 1000 })).json;
		const second = await api('POST', '', { kit: 'r1', ttl: 1000 });
		assert.equal(second.status, 409);
		assert.equal(second.json.reason, 'busy');
		assert.equal((await api('POST', `/${lease}0/feed`)).status, 503);
		assert.equal((await api('DELETE', `/${lease}0`)).status, 503);
		assert.equal((await api('POST', `/${lease}/feed`)).status, 204, 'it lives on');
		assert.equal((await api('DELETE', `/${lease}`)).status, 204);
	});

	await t.test('safety_S5_the_stop_over_HTTP', async () => {
		const answer = await request(`${daemon.url}api/v1/room/stop`, { method: 'POST', body: { level: 'hold' } });
		assert.equal(answer.status, 200);
		assert.deepEqual([...answer.json.confirmed, ...answer.json.unconfirmed], ['r1']);
		assert.equal((await put(0.5)).status, 423);
		assert.equal((await request(`${daemon.url}things/r1/properties/led`, { method: 'PUT', body: true })).status, 423);
		assert.equal((await request(`${daemon.url}api/v1/room/stop`, { method: 'POST' })).status, 200);
		await client.call('room.clear');
	});
});

test('scripts that drive', async (t) => {
	const { client, connect, daemon, r1 } = await rovers(t, ['r1', 'r2']);

	await t.test('safety_S2_driving_goes_on_while_the_script_sleeps', async () => {
		const run = await go(client, `local r = require("kit").open()
			r.motor[1] = 0.5 sleep(1) r.motor[1] = 0`, { kit: 'r1' });
		await until(() => r1.speed === 128, 10000);
		const start = now();
		assert.equal((await ended(client, run)).state, 'finished');
		const rest = await untilRest(r1, start);
		assert.ok(rest > 800, `drove ${rest} ms`);
	});

	await t.test('safety_S1_a_script_that_ends_or_fails_stops', async () => {
		for (const end of ['', 'error("no")']) {
			const run = await go(client, `local r = require("kit").open() r.motor[1] = 0.5 sleep(0.3) print("end") ${end}`, { kit: 'r1' });
			await said(client, run, 'end');
			const start = now();
			await untilRest(r1, start - 100);
			assert.ok(now() - start < LEASE_MS, `rest after ${now() - start} ms`);
			await ended(client, run);
			assert.equal((await row(client, 'r1')).holder, null);
		}
	});

	await t.test('fault_22_an_endless_loop_stops_its_robot_and_is_killed', async () => {
		const run = await go(client, `local r = require("kit").open()
			print("hang") r.motor[1] = 0.5 while true do end`, { kit: 'r1' });
		await until(() => r1.speed === 128, 10000);
		const start = now();
		const rest = await untilRest(r1, start);
		assert.ok(rest <= LEASE_MS + SOON, `rest after ${rest} ms`);
		const end = await ended(client, run);
		assert.equal(end.state, 'killed');
		assert.match(end.error.message, /held a kit that moves/);
	});

	await t.test('fault_23_a_hang_inside_of_C_code_stops_its_robot', async () => {
		const run = await go(client, `local r = require("kit").open()
			r.motor[1] = 0.5
			string.find(string.rep("a", 100), string.rep("a?", 100) .. string.rep("a", 100))`, { kit: 'r1' });
		await until(() => r1.speed === 128, 10000);
		const rest = await untilRest(r1, now());
		assert.ok(rest <= LEASE_MS + SOON, `rest after ${rest} ms`);
		assert.equal((await ended(client, run)).state, 'killed');
	});

	await t.test('safety_S2_a_script_that_lives_again_drives_by_its_next_command_only', async () => {
		const run = await go(client, `local r = require("kit").open()
			r.motor[1] = 0.5 print("drives") sleep(1.5) print("again") r.motor[1] = 0.25 sleep(1000)`, { kit: 'r1' });
		await said(client, run, 'drives');
		await until(() => r1.speed === 128);
		const pid = runnerOf(daemon);
		process.kill(pid, 'SIGSTOP');
		await untilRest(r1, now());
		process.kill(pid, 'SIGCONT');
		assert.equal(r1.speed, 0);
		await said(client, run, 'again');
		await until(() => r1.speed === 64);
		await client.call('script.stop', { run });
	});

	await t.test('fault_29_a_killed_runner_ends_its_leases_now', async () => {
		for (let round = 0; round < 6; round++) { /* at any moment of its turns */
			const run = await go(client, `local r = require("kit").open()
				while true do r.motor[1] = 0.5 sleep(0.003) end`, { kit: 'r1' });
			await until(() => r1.speed === 128, 10000);
			const wait = now() + Math.random() * 30;
			while (now() < wait) {
				await new Promise((resolve) => setImmediate(resolve));
			}
			const start = now();
			process.kill(runnerOf(daemon), 'SIGKILL');
			const rest = await untilRest(r1, start);
			assert.ok(rest < LEASE_MS, `rest after ${rest} ms`);
			assert.equal((await ended(client, run)).state, 'killed');
		}
	});

	await t.test('fault_30_a_frozen_runner_expires_by_age_and_is_no_hang', async () => {
		const run = await go(client, `local r = require("kit").open() r.motor[1] = 0.5 sleep(1000)`, { kit: 'r1' });
		await until(() => r1.speed === 128, 10000);
		const pid = runnerOf(daemon);
		const start = now();
		process.kill(pid, 'SIGSTOP');
		const rest = await untilRest(r1, start);
		assert.ok(rest <= LEASE_MS + SOON, `rest after ${rest} ms`);
		await until(() => now() - start > 1500);
		process.kill(pid, 'SIGCONT');
		await until(async () => (await client.call('script.watch', { run })).state === 'running');
		assert.equal(r1.speed, 0, 'nothing is taken up again by itself');
		await client.call('script.stop', { run });
	});

	await t.test('fault_28_a_flood_of_motion_commands_costs_only_itself', async () => {
		const run = await go(client, `local r = require("kit").open()
			local n = 0
			while true do n = n + 1 r.motor[1] = n % 100 / 100 print(n) end`, { kit: 'r1' });
		await until(() => r1.moves.length > 500, 10000);
		const start = now();
		await client.call('kits.list');
		assert.ok(now() - start < 500, `an answer after ${now() - start} ms`);
		const other = await connect();
		const lease = await drive(other, 'r2');
		await other.call('lease.release', { lease });
		await client.call('script.stop', { run });
		await until(() => r1.speed === 0);
		await other.close();
	});

	await t.test('fault_55_a_script_whose_robot_was_taken_does_not_get_it_back', async () => {
		const run = await go(client, `local r = require("kit").open()
			local ok, e repeat r.motor[1] = 0.5 sleep(0.05) ok, e = pcall(function() r.motor[1] = 0.5 end) until not ok
			print(e.code) sleep(0.5)
			ok, e = pcall(function() r.motor[1] = 0.5 end) print(ok, e.code, e.message)`, { kit: 'r1' });
		await until(() => r1.speed === 128, 10000);
		const { lease } = await client.call('kit.lease', { kit: 'r1', take: true });
		await client.call('lease.release', { lease });
		await said(client, run, 'false\tlost');
		await ended(client, run);
		assert.equal(r1.speed, 0);
	});

	await t.test('safety_S7_after_a_lost_kit_the_script_moves_it_no_more', async () => {
		const run = await go(client, `local r = require("kit").open()
			r.motor[1] = 0.5
			local ok, e repeat sleep(0.05) ok, e = pcall(function() r.motor[1] = 0.5 end) until not ok
			print("first", e.code)
			repeat sleep(0.1) until pcall(function() r.led = true end)
			print("back", pcall(function() r.motor[1] = 0.5 end))`, { kit: 'r1' });
		await until(() => r1.speed === 128, 10000);
		r1.unplug();
		await said(client, run, 'first\tlost');
		await r1.listen(r1.file);
		await said(client, run, 'back\tfalse');
		assert.equal(r1.speed, 0);
		await ended(client, run);
	});

	await t.test('a motion method works as an action', async () => {
		const run = await go(client, `local r = require("kit").open()
			r["motor.2"] = 0.5 print(r["motor.2"], r.motor[2])`, { kit: 'r2' });
		await said(client, run, '0.5\t0.5');
		await ended(client, run);
	});
});

test('safety_S9_limits_of_the_configuration', async (t) => {
	const { client } = await rovers(t, ['r1'], { config: '[limits]\nmotor_max = 0.4\nunattended_s = 2\n[limits case:blink]\nmotor_max = 0.2\n' });

	await t.test('refuse what is over them by name', async () => {
		const { lease } = await client.call('kit.lease', { kit: 'r1' });
		const error = await client.refusal('kit.write', { kit: 'r1', property: 'motor.1', value: 0.5, lease });
		assert.equal(error.reason, 'limit');
		assert.match(error.hint, /motor\.1.*0\.4/);
		await client.call('kit.write', { kit: 'r1', property: 'motor.1', value: 0.4, lease });
		await client.call('lease.release', { lease });
	});
	await t.test('hold for scripts, those of a lesson too', async () => {
		const run = await go(client, `local r = require("kit").open()
			print(pcall(function() r.motor[1] = 0.3 end)) r.motor[1] = 0.2 print("well")`, { kit: 'r1', case: 'blink' });
		await said(client, run, 'false');
		await said(client, run, 'well');
		await ended(client, run);
	});
	await t.test('end motion that nobody attends', async () => {
		const run = await go(client, `local r = require("kit").open()
			while true do r.motor[1] = 0.2 sleep(0.05) end`, { kit: 'r1' });
		const end = await ended(client, run);
		assert.equal(end.state, 'failed');
		assert.match(end.error.message, /2 s/);
	});
});

test('the daemon itself', async (t) => {
	await t.test('fault_32_a_daemon_that_was_frozen_judges_leases_by_age', async (t2) => {
		const { client, daemon, r1 } = await rovers(t2);
		const lease = await drive(client, 'r1');
		const loss = lost(client, 'r1');
		daemon.signal('SIGSTOP');
		/* It waits in the socket, and is read before any timer: it must not renew. */
		const late = client.refusal('lease.feed', { lease });
		const more = client.refusal('kit.write', { kit: 'r1', property: 'motor.1', value: 1, lease });
		const start = now();
		await until(() => now() - start > 5000, 10000);
		daemon.signal('SIGCONT');
		assert.equal((await late).reason, 'lost');
		assert.equal((await more).reason, 'lost');
		assert.equal((await loss).reason, 'expired');
		await until(() => r1.speed === 0);
		assert.ok(!r1.moves.some(({ value }) => value === 255), 'no late command got through');
	});

	await t.test('fault_31_a_daemon_killed_again_and_again_starts_idle', async (t2) => {
		const { restart, r1, client: first } = await rovers(t2);
		let client = first;
		for (let round = 0; round < 5; round++) {
			await drive(client, 'r1');
			await until(() => r1.speed === 128);
			assert.equal((await client.call('kit.describe', { kit: 'r1' })).dead_man, false, 'said of a kit that drives on');
			const killed = now();
			({ client } = await restart());
			await untilState(client, 'r1', 'ready');
			assert.equal(r1.speed, 0, 'brought to rest when it is found');
			assert.ok(!r1.moves.some(({ t: at, value }) => at > killed && value > 0), 'nothing is taken up again');
			assert.equal((await row(client, 'r1')).holder, null);
			assert.deepEqual((await client.call('script.list')).runs, []);
			assert.equal((await client.call('room.watch')).stopped, false);
		}
	});

	await t.test('safety_S7_a_daemon_that_ends_holds_all', async (t2) => {
		const { client, daemon, r1 } = await rovers(t2);
		const stop = feed(client, await drive(client, 'r1'));
		await client.call('kit.write', { kit: 'r1', property: 'led', value: true });
		await until(() => r1.speed === 128 && r1.pins[13].value === 1);
		await daemon.stop();
		stop();
		assert.equal(r1.speed, 0);
		assert.equal(r1.pins[13].value, 0);
	});
});

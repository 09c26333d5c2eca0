/* The all-stop (SAFETY.md, S5 and S6) on the real daemon: scripts, kits, seats, storms. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, now, request, until, untilState } from './daemon.mjs';
import { drive, feed, row, rovers, SOON, untilRest, watchMotion } from './rover.mjs';
import { ended, go, said } from './runs.mjs';

/* Presses the stop: it answers in time, and these kits have confirmed then, or soon on a busy machine. */
async function stops(client, params, kits) {
	const start = now();
	const answer = await client.call('room.stop', params);
	assert.ok(now() - start < 250 + SOON, `answered after ${now() - start} ms`);
	assert.deepEqual([...answer.confirmed, ...answer.unconfirmed].sort(), kits);
	await until(async () => (await client.call('room.watch')).unconfirmed.length === 0, 3000, `${kits} to confirm`);
}

test('the stop', async (t) => {
	const { client, connect, r1, r2, daemon } = await rovers(t, ['r1', 'r2']);
	const rest = { stopped: false, level: null, by: null, at: null, confirmed: [], unconfirmed: [], seats: [] };

	await t.test('safety_S5_stops_all_scripts_and_kits_and_stays', async () => {
		const run = await go(client, `local r = require("kit").open() r.motor[1] = 0.5 sleep(1000)`, { kit: 'r1' });
		await until(() => r1.speed === 128, 10000);
		await drive(client, 'r2');
		await client.call('kit.write', { kit: 'r2', property: 'led', value: true });
		const watcher = await connect();
		assert.deepEqual(await watcher.call('room.watch'), rest);
		await stops(client, { level: 'hold' }, ['r1', 'r2']);
		assert.equal(r1.speed, 0);
		assert.equal(r2.speed, 0);
		assert.equal(r2.pins[13].value, 0, 'lamps too');
		assert.equal((await ended(client, run)).state, 'stopped');
		await said(client, run, 'stop was pressed', 'error');
		await watcher.waitFor((p, m) => m === 'room.changed' && p.stopped && p.unconfirmed.length === 0 && p.level === 'hold');
		for (const [method, params] of Object.entries({
			'kit.write': { kit: 'r1', property: 'led', value: true },
			'kit.act': { kit: 'r1', action: 'reset' },
			'kit.lease': { kit: 'r1' },
			'kit.wiring': { kit: 'r1', profile: null },
			'kit.flash': { kit: 'r1', hex: '' },
			'script.run': { source: '' },
		})) {
			assert.equal((await client.refusal(method, params)).reason, 'stopped', method);
		}
		await client.call('kit.read', { kit: 'r1', property: 'led' });
		await client.call('room.clear');
		await watcher.waitFor((p, m) => m === 'room.changed' && !p.stopped);
		const before = r1.moves.length;
		await client.call('kit.write', { kit: 'r1', property: 'led', value: true });
		await until(() => r1.pins[13].value === 1);
		assert.equal(r1.moves.length, before, 'nothing moves by itself');
		assert.match((await request(`${daemon.url}metrics`)).text, /^kitlab_stops_total 1$/m);
		await watcher.close();
	});

	await t.test('safety_S6_a_board_that_does_not_answer_is_not_confirmed', async () => {
		await drive(client, 'r1');
		r1.stopReading();
		const start = now();
		const answer = await client.call('room.stop', { level: 'hold' });
		assert.ok(now() - start < 250 + SOON, `answered after ${now() - start} ms`);
		assert.ok(answer.unconfirmed.includes('r1'));
		await until(async () => (await client.call('room.watch')).confirmed.includes('r2'));
		const room = await client.call('room.watch');
		assert.deepEqual(room.unconfirmed, ['r1']);
		r1.resumeReading();
		await client.waitFor((p, m) => m === 'room.changed' && p.stopped && p.confirmed.length === 2);
		await client.call('room.clear');
		await until(() => r1.speed === 0);
	});

	await t.test('safety_S5_a_seat_stops_alone', async () => {
		const lease = await drive(client, 'r2');
		const stop = feed(client, lease);
		await drive(client, 'r1');
		await stops(client, { level: 'hold', seat: '1' }, ['r1']);
		assert.equal((await client.refusal('kit.lease', { kit: 'r1' })).reason, 'stopped');
		await client.call('kit.write', { kit: 'r2', property: 'motor.1', value: 0.5, lease });
		const room = await client.call('room.watch');
		assert.equal(room.stopped, false);
		assert.deepEqual(room.seats.map(({ seat, level }) => [seat, level]), [['1', 'hold']]);
		assert.equal((await client.refusal('script.run', { source: '', kit: 'r1' })).reason, 'stopped');
		await client.call('room.clear', { seat: '1' });
		stop();
		await client.call('lease.release', { lease }).catch(() => {});
	});

	await t.test('safety_S5_a_seat_that_no_kit_can_have_is_the_room', async () => {
		const watcher = await connect();
		await watcher.call('room.watch');
		for (const seat of ['\u00e9'.repeat(40), '1'.repeat(32)]) {
			await stops(client, { level: 'hold', seat }, ['r1', 'r2']);
			const room = await watcher.call('room.watch');
			assert.equal(room.stopped, true);
			assert.deepEqual(room.seats, []);
			await client.call('room.clear');
		}
		await request(`${daemon.url}api/v1/room/stop`, { method: 'POST', body: { seat: '\u00e9'.repeat(40) } });
		assert.equal((await watcher.call('room.watch')).stopped, true);
		await client.call('room.clear');
		await watcher.close();
	});

	await t.test('safety_S5_a_kit_that_is_plugged_in_meanwhile_is_held', async () => {
		r2.unplug();
		await until(async () => (await row(client, 'r2')).state === 'lost');
		await stops(client, {}, ['r1']);
		await r2.listen(r2.file);
		watchMotion(r2);
		await untilState(client, 'r2', 'ready');
		await until(async () => (await client.call('room.watch')).confirmed.includes('r2'));
		await client.call('room.clear');
	});

	await t.test('safety_S5_kill_takes_pulses_from_servos', async () => {
		const { lease } = await client.call('kit.lease', { kit: 'r1' });
		await client.call('kit.write', { kit: 'r1', property: 'servo', value: 45, lease });
		await until(() => r1.pins[9].mode === 4);
		await stops(client, { level: 'hold' }, ['r1', 'r2']);
		assert.equal(r1.pins[9].mode, 4);
		await stops(client, { level: 'kill' }, ['r1', 'r2']);
		assert.equal(r1.pins[9].mode, 0);
		assert.equal((await client.call('room.watch')).level, 'kill');
		await client.call('room.clear');
	});

	await t.test('fault_56_a_stop_goes_through_a_storm', async () => {
		const lease = await drive(client, 'r1');
		const storm = await connect();
		let asked = 0;
		const began = now();
		const flood = setInterval(() => {
			while (asked < (now() - began) * 2) { /* 2,000 a second: the row asks for 1,000 */
				asked++;
				storm.call('kit.write', { kit: 'r2', property: 'led', value: asked % 2 === 0 }).catch(() => {});
			}
		}, 5);
		const stop = feed(client, lease);
		const other = await connect();
		await until(() => asked > 1000 && r2.log.length > 200);
		const pressed = now();
		await Promise.all([other, storm, other].map((one) => stops(one, {}, ['r1', 'r2'])));
		assert.ok(asked >= now() - began, `${asked} in ${now() - began} ms`);
		clearInterval(flood);
		const rested = await untilRest(r1, pressed);
		assert.ok(rested <= 250 + SOON, `rest after ${rested} ms`);
		assert.equal(r1.speed, 0);
		stop();
		await client.call('room.clear');
		await storm.close();
		await other.close();
	});
});

test('fault_56_a_pupil_over_the_rate_is_heard_when_pressing_stop', async (t) => {
	const { client, connect, r1 } = await rovers(t, ['r1'], { args: ['--open-lab=student'] });
	await drive(client, 'r1');
	const asked = Array.from({ length: 300 }, () => client.call('kits.list').catch((error) => error.reason));
	const answer = await client.call('room.stop', { level: 'kill' });
	assert.deepEqual([...answer.confirmed, ...answer.unconfirmed], ['r1']);
	await until(() => r1.speed === 0);
	assert.ok((await Promise.all(asked)).includes('limit'));
	const other = await connect();
	assert.equal((await other.call('room.watch')).level, 'hold', "a pupil's first press holds");
	await client.call('room.stop', { level: 'kill' });
	assert.equal((await other.call('room.watch')).level, 'kill');
});

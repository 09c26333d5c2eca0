/*
 * Robots on raw USB, all of it real but the wire: kitlabd with libusb, libudev and its drivers on
 * faked devices (fakeusb.c), whose bytes are those of kitlab-virtual's bricks.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { now, scratch, until, untilState } from '../system/daemon.mjs';
import { startBoard } from '../system/virtual.mjs';
import { FakeUsb } from './fakeusb.mjs';

const NODE = { nxt: '0694:0002', ev3: '0694:0005' };

async function brick(t, usb, model) {
	const far = path.join(scratch(), model);
	await startBoard(t, ['--board', model, '--listen', `unix:${far}`]);
	await usb.plug(model, model, far);
	return far;
}

const read = async (client, kit, property) => (await client.call('kit.read', { kit, property })).value;

/* Drives by a lease that a finger holds; resolves when a wheel has turned. */
async function drive(t, client, kit) {
	const { lease } = await client.call('kit.lease', { kit, ttl: 1000 });
	const finger = setInterval(() => client.call('lease.feed', { lease }).catch(() => {}), 100);
	t.after(() => clearInterval(finger));
	await client.call('kit.watch', { kit, properties: ['turned.2'] });
	const before = await read(client, kit, 'turned.2');
	await client.call('kit.act', { kit, action: 'drive', args: { left: 0.5, right: 0.5 }, lease });
	await until(async () => Math.abs(await read(client, kit, 'turned.2') - before) > 30, 10000, `${kit} to turn`);
	return lease;
}

/* Two readings, some telegrams apart, that are the same. */
async function rests(client, kit) {
	let last = null;
	await until(async () => {
		const angle = await read(client, kit, 'turned.2');
		const same = angle === last;
		last = angle;
		return same && await read(client, kit, 'moving') === false;
	}, 5000, `${kit} to rest`);
}

for (const model of ['nxt', 'ev3']) {
	test(`${model}: from plug to replug`, async (t) => {
		const usb = await FakeUsb.start(t);
		const { client } = await usb.daemon();
		const kit = `${model}-1`;
		let far, lease;

		await t.test('it is found by hot-plug, and says who it is', async () => {
			far = await brick(t, usb, model);
			const row = await untilState(client, kit, 'ready');
			assert.deepEqual([row.driver, row.port, row.seat], [model, `usb:${NODE[model]}`, '1-1.2']);
			assert.match(row.program, new RegExp(model, 'i'));
			assert.equal(await read(client, kit, 'moving'), false);
		});

		await t.test('with a lease it drives, and its wheels say so', async () => {
			lease = await drive(t, client, kit);
		});

		await t.test('safety_S5_the_stop_is_confirmed_by_its_own_answer', async () => {
			const began = now();
			/* Rolling out and asking twice may take longer than the 250 ms of one press. */
			await until(async () => {
				const { confirmed, unconfirmed } = await client.call('room.stop', {});
				assert.deepEqual([...confirmed, ...unconfirmed], [kit]);
				return confirmed.length === 1;
			}, 2000, 'the confirmation');
			t.diagnostic(`${model} confirmed after ${(now() - began).toFixed(1)} ms`);
			await rests(client, kit);
			await client.call('room.clear', {});
		});

		await t.test('fault_02_pulled_in_the_middle_of_a_transfer_it_is_lost_within_100_ms', async () => {
			lease = await drive(t, client, kit);
			await client.call('kits.watch');
			const lost = client.next((p, m) => m === 'kits.changed' && p.kit === kit && p.row?.state === 'lost',
				10000, 'the loss');
			const mark = usb.mark();
			await usb.command(`deaf ${model} 1`);
			await usb.saw(new RegExp(`^submitted ${model} 01$`), mark);
			const began = now();
			await usb.command(`pull ${model}`);
			await lost;
			const took = now() - began;
			t.diagnostic(`lost after ${took.toFixed(1)} ms`);
			assert.ok(took < 100, `took ${took} ms`);
			const error = await client.refusal('kit.act', { kit, action: 'drive', args: { left: 0, right: 0 }, lease });
			assert.equal(error.reason, 'lost');
			await usb.unplug(model);
		});

		await t.test('fault_03_safety_S7_replugged_it_is_the_same_kit_at_rest_and_the_lease_is_void', async () => {
			await usb.plug('again', model, far);
			await untilState(client, kit, 'ready');
			assert.equal((await client.call('kits.list')).kits.length, 1);
			await rests(client, kit);
			const error = await client.refusal('kit.act', { kit, action: 'drive', args: { left: 1, right: 1 }, lease });
			assert.equal(error.reason, 'lost');
			await drive(t, client, kit);
		});
	});
}

/*
 * Raw USB kits on the real daemon: real libudev, libusb and drivers on faked devices
 * (fakeusb.c). The far end is a socket of the test, or kitlab-virtual's machine.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { now, scratch, until, untilState } from '../system/daemon.mjs';
import { FakeUsb, farEnd } from './fakeusb.mjs';

const rows = async (client) => (await client.call('kits.list')).kits;
const lamp = (on) => (on ? '000001' : '000000');

/* An arm whose bytes the test sees: it begins with the stop. */
async function arm(t, usb, name, options) {
	const far = await farEnd(t);
	await usb.plug(name, 'owi', far.path, options);
	return far;
}

/* What the device has taken comes to the test through another program, a moment later. */
function hears(far, ...frames) {
	return until(() => far.heard.join('').endsWith(frames.join('')), 5000, `${frames} at the far end`)
		.catch((error) => {
			throw new Error(`${error.message}, which heard ${far.heard}`);
		});
}

test('an arm on raw USB, from plug to replug', async (t) => {
	const usb = await FakeUsb.start(t);
	const first = await arm(t, usb, 'arm', { seat: '1-1.2' });
	const { daemon, client } = await usb.daemon();
	let far = first;

	await t.test('that was plugged in before the start is found by its ids', async () => {
		const row = await untilState(client, 'owi-1', 'ready');
		assert.deepEqual([row.driver, row.model, row.seat, row.port],
			['owi', 'owi', '1-1.2', 'usb:1267:0000']);
		await hears(far, lamp(false)); /* everything starts at rest */
		assert.equal((await rows(client)).length, 1);
	});

	await t.test('a write arrives, and is answered when the device has it', async () => {
		await client.call('kit.write', { kit: 'owi-1', property: 'led', value: true });
		await hears(far, lamp(true));
		assert.equal(far.heard.join(''), lamp(false) + lamp(true));
		await usb.command('deaf arm 1');
		let answered = false;
		const write = client.call('kit.write', { kit: 'owi-1', property: 'led', value: false })
			.then(() => { answered = true; });
		await until(() => usb.lines.filter((line) => line === 'submitted arm 00').length === 3);
		assert.equal((await client.call('kit.read', { kit: 'owi-1', property: 'moving' })).value, false);
		assert.equal(answered, false, 'answered before the device took it');
		await usb.command('deaf arm 0');
		await write;
		await hears(far, lamp(true), lamp(false));
		assert.equal(far.heard.join(''), lamp(false) + lamp(true) + lamp(false));
	});

	await t.test('fault_01_unplugged_it_is_lost_within_100_ms', async (tt) => {
		await client.call('kits.watch');
		const lost = client.next((p, m) => m === 'kits.changed' && p.kit === 'owi-1' && p.row?.state === 'lost',
			10000, 'the loss');
		const began = now();
		await usb.unplug('arm');
		await lost;
		const took = now() - began;
		tt.diagnostic(`seen after ${took.toFixed(1)} ms`);
		assert.ok(took < 100, `took ${took} ms`);
	});

	await t.test('fault_03_replugged_under_another_name_it_is_the_same_kit_and_rests', async () => {
		far = await arm(t, usb, 'again', { seat: '1-1.2' });
		await untilState(client, 'owi-1', 'ready');
		assert.equal((await rows(client)).length, 1);
		await hears(far, lamp(false));
		assert.equal(far.heard.length, 1);
		await client.call('kit.write', { kit: 'owi-1', property: 'led', value: true });
		await hears(far, lamp(false), lamp(true));
	});

	await t.test('without a serial number another socket is another kit', async () => {
		const other = await arm(t, usb, 'second', { seat: '1-1.3' });
		const row = await untilState(client, 'owi-2', 'ready');
		assert.equal(row.seat, '1-1.3');
		await client.call('kit.write', { kit: 'owi-2', property: 'led', value: true });
		await hears(other, lamp(true));
		await usb.unplug('second');
		await untilState(client, 'owi-2', 'lost');
	});

	await t.test('the daemon ends with its last bytes out', async () => {
		await daemon.stop();
		await hears(far, lamp(true), lamp(false), lamp(false));
	});
});

test('hot-plug: kits that come while the daemon runs, and what is no kit', async (t) => {
	const usb = await FakeUsb.start(t);
	const { daemon, client } = await usb.daemon();
	await usb.plug('mouse', 'owi', '-', { ids: '046d:c077', product: 'USB_Optical_Mouse', seat: '1-4' });
	const far = await arm(t, usb, 'arm');
	await untilState(client, 'owi-1', 'ready');
	assert.equal((await rows(client)).length, 1);
	await hears(far, lamp(false));
	assert.ok(!usb.lines.includes('claimed mouse free'), 'opened a mouse');
	assert.ok(!daemon.stderr.includes('046d'), 'a mouse is no news');
});

test('a kit plugged and pulled 50 times leaves nothing behind', async (t) => {
	const usb = await FakeUsb.start(t);
	const { daemon, client } = await usb.daemon();
	const far = await farEnd(t);
	const cycle = async (i) => {
		await usb.plug(`arm${i}`, 'owi', far.path);
		await untilState(client, 'owi-1', 'ready');
		if (i % 2) {
			await usb.command(`deaf arm${i} 1`); /* pulled in the middle of a transfer */
			client.call('kit.write', { kit: 'owi-1', property: 'led', value: true }).catch(() => {});
			await until(() => usb.lines.filter((line) => line === `submitted arm${i} 00`).length === 2);
		}
		await usb.unplug(`arm${i}`);
		await untilState(client, 'owi-1', 'lost');
	};
	for (let i = 0; i < 10; i++) {
		await cycle(i);
	}
	const before = daemon.usage();
	for (let i = 10; i < 60; i++) {
		await cycle(i);
	}
	const after = daemon.usage();
	t.diagnostic(`${before.fds} files and ${before.rss} MB before, ${after.fds} and ${after.rss} after`);
	assert.equal(after.fds, before.fds);
	if (!process.env.BUILD?.endsWith('san')) { /* which keeps what was freed for a while */
		assert.ok(after.rss - before.rss < 1, `grew from ${before.rss} to ${after.rss} MB`);
	}
	assert.equal((await rows(client)).length, 1);
});

test('port SPECs of USB kits', async (t) => {
	const usb = await FakeUsb.start(t);
	const far = {
		a: await arm(t, usb, 'a', { seat: '1-1.1', serial: 'AAA' }),
		b: await arm(t, usb, 'b', { seat: '1-1.2', serial: 'BBB' }),
		c: await arm(t, usb, 'c', { seat: '1-1.3', serial: 'CCC' }),
	};
	const light = async (client, kit, end) => {
		await untilState(client, kit, 'ready');
		await client.call('kit.write', { kit, property: 'led', value: true });
		await hears(far[end], lamp(true));
	};

	await t.test('serial= and a socket as seat= take the kit that has them', async () => {
		const { daemon, client } = await usb.daemon(['--no-scan',
			'--port', 'usb:1267:0000?serial=BBB&label=by-number',
			'--port', 'usb:1267:0000?seat=1-1.3&label=by-socket',
			'--port', 'usb:1267:0000?seat=window&label=first',
			'--port', 'usb:1267:0000?label=none-left']);
		await light(client, 'by-number', 'b');
		await light(client, 'by-socket', 'c');
		await light(client, 'first', 'a');
		assert.equal((await rows(client)).find((row) => row.id === 'first').seat, 'window');
		await untilState(client, 'none-left', 'absent');
		await daemon.stop();
	});

	await t.test('with a scan the others are kits of their own, and one that comes is waited for', async () => {
		const { daemon, client } = await usb.daemon(['--port', 'usb:1267:0000?serial=DDD&label=late',
			'--port', 'usb:1267:0000?serial=BBB&label=mine']);
		await light(client, 'mine', 'b');
		await untilState(client, 'owi-2', 'ready');
		assert.deepEqual((await rows(client)).map((row) => [row.id, row.state]),
			[['late', 'absent'], ['mine', 'ready'], ['owi-1', 'ready'], ['owi-2', 'ready']]);
		far.d = await arm(t, usb, 'd', { seat: '1-1.4', serial: 'DDD' });
		await light(client, 'late', 'd');
		assert.equal((await rows(client)).length, 4);
		await usb.unplug('d');
		await untilState(client, 'late', 'lost');
		far.e = await arm(t, usb, 'e', { seat: '1-1.5', serial: 'DDD' });
		await light(client, 'late', 'e');
		assert.equal((await rows(client)).length, 4);
		await daemon.stop();
	});
});

test('a kit that may not be opened names the udev rule and where it is', async (t) => {
	const usb = await FakeUsb.start(t);
	await arm(t, usb, 'arm');
	/* The testbed is not what is forbidden. */
	execFileSync('chmod', ['-R', 'a+rwX', path.dirname(usb.root)]);
	await usb.command('mode arm 0');
	const state = path.join(scratch(), 'state');
	const isRoot = process.getuid() === 0;
	if (isRoot) {
		execFileSync('chmod', ['777', path.dirname(state)]);
	}
	const { daemon, client } = await usb.daemon(['--state', state],
		isRoot ? { wrapper: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] } : {});
	const row = await until(async () => (await rows(client)).find((one) => one.state === 'refused'),
		10000, 'the refusal');
	assert.equal(row.why.reason, 'io');
	assert.match(row.why.en, /permission denied.*packaging\/60-kitlab\.rules.*\/etc\/udev\/rules\.d/);
	assert.match(row.why.zh, /60-kitlab\.rules.*重新插上套件。$/); /* not cut off */
	assert.match(row.why.en, /plug the kit in again\.$/);
	assert.match(daemon.stderr, /usb:1267:0000: permission denied/);
	await usb.command('mode arm 666');
	await untilState(client, 'owi-1', 'ready', 15000);
});

test('fault_18_another_program_has_the_kit', async (t) => {
	const usb = await FakeUsb.start(t);
	const far = await arm(t, usb, 'arm');
	await usb.command('held arm 1');
	const { client } = await usb.daemon();
	const row = await until(async () => (await rows(client)).find((one) => one.state === 'refused'),
		10000, 'the refusal');
	assert.equal(row.why.reason, 'busy');
	assert.match(row.why.en, /in use by another program/);
	assert.deepEqual(far.heard, []);
	await usb.command('held arm 0');
	await untilState(client, 'owi-1', 'ready', 15000);
});

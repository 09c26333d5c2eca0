/*
 * A raw USB port of ours (port_usb.c: real libusb, real usbfs ioctls) on faked kits, without a
 * daemon around it: what usbport.c says is what port.h promises.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { now, until } from '../system/daemon.mjs';
import { FakeUsb, farEnd } from './fakeusb.mjs';

const echo = (bytes) => bytes;

async function open(t, usb, model, far = '-') {
	const node = await usb.plug('kit', model, far);
	const port = usb.port();
	port.write(`open ${model} ${node}`);
	await port.saw(/^opened$/);
	return { port, node };
}

test('bulk: a frame is a transfer, both ways', async (t) => {
	const usb = await FakeUsb.start(t);
	const far = await farEnd(t, echo);
	const { port } = await open(t, usb, 'nxt', far.path);
	await usb.saw(/^reset kit$/);
	await usb.saw(/^claimed kit free$/);
	port.write('send order 000b');
	await port.saw(/^sent yes 2$/); /* counted until the device has it */
	await port.saw(/^drained$/);
	await port.saw(/^heard 000b$/);
	assert.deepEqual(far.heard, ['0200000b']);
	for (let i = 0; i < 200; i++) {
		port.write(`send order 01${i.toString(16).padStart(2, '0')}`);
	}
	await port.saw(/^heard 01c7$/);
	const heard = port.lines.filter((line) => line.startsWith('heard ')).slice(1);
	assert.deepEqual(heard, Array.from({ length: 200 },
		(_, i) => `heard 01${i.toString(16).padStart(2, '0')}`));
});

test('interrupt: reports are filled up, and the kernel\'s driver is sent away', async (t) => {
	const usb = await FakeUsb.start(t);
	const far = await farEnd(t, echo);
	const { port } = await open(t, usb, 'ev3', far.path);
	await usb.saw(/^claimed kit detached$/);
	port.write('send order 0500010000a4ff');
	const [, heard] = await port.saw(/^heard (.*)$/);
	assert.equal(heard, '0500010000a4ff'.padEnd(2048, '0'));
	assert.deepEqual(far.heard, ['0500010000a4ff']);
});

test('control: bytes go by setups, nothing comes in', async (t) => {
	const usb = await FakeUsb.start(t);
	const far = await farEnd(t);
	const { port } = await open(t, usb, 'owi', far.path);
	port.write('send order 010001');
	port.write('send order 000000');
	await until(() => far.heard.join('') === '010001000000');
	await port.saw(/^drained$/);
	assert.ok(!usb.lines.some((line) => /^submitted kit 8/.test(line)), 'asked for bytes');
});

test('lanes: a hold passes what waits, and drops motion that waits', async (t) => {
	const usb = await FakeUsb.start(t);
	const far = await farEnd(t);
	const { port } = await open(t, usb, 'nxt', far.path);
	await usb.command('deaf kit 1');
	const mark = port.mark();
	port.write('send motion 80b1'); /* with the device: cannot be called back */
	port.write('send order 80a2');
	port.write('send motion 80b3');
	port.write('send first 80f4');
	port.write('send order 80a5');
	port.write('send motion 80b6');
	await port.saw(/^sent yes 10$/, mark);
	assert.equal(port.lines.filter((line) => line === 'drained').length, 0);
	await usb.command('deaf kit 0');
	await port.saw(/^drained$/, mark);
	assert.equal(far.heard.join(''), '020080b1020080f4020080a2020080a5020080b6');
});

test('fault_01_a_pulled_device_is_noticed_by_its_pending_transfer', async (t) => {
	const usb = await FakeUsb.start(t);
	const { port } = await open(t, usb, 'nxt');
	await usb.saw(/^submitted kit 82$/);
	const began = now();
	await usb.command('pull kit'); /* udev says nothing */
	const [, reason, text] = await port.saw(/^lost (\w+) (.*)$/);
	const took = now() - began;
	assert.ok(took < 100, `took ${took} ms`);
	assert.equal(reason, 'lost');
	assert.match(text, /unplugged or switched off/);
	t.diagnostic(`seen after ${took.toFixed(1)} ms`);
});

test('fault_02_unplugged_with_transfers_both_ways_pending', async (t) => {
	const usb = await FakeUsb.start(t);
	const { port } = await open(t, usb, 'nxt');
	await usb.command('deaf kit 1');
	for (let i = 0; i < 50; i++) {
		port.write('send order 0003');
	}
	await usb.saw(/^submitted kit 01$/);
	await usb.unplug('kit');
	await port.saw(/^lost lost /);
	port.write('send order 0004');
	await port.saw(/^sent no 0$/); /* and nothing of before waits */
	const node = await usb.plug('again', 'nxt');
	port.write(`open nxt ${node}`);
	await port.saw(/^opened$/, port.mark() - 1);
	port.write('send order 0b0b');
	await usb.saw(/^out again 0b0b$/);
	assert.equal(usb.lines.filter((line) => line.startsWith('out again')).length, 1);
});

test('fault_16_a_device_that_takes_nothing_is_lost_with_advice', async (t) => {
	const usb = await FakeUsb.start(t);
	const { port } = await open(t, usb, 'nxt');
	await usb.command('deaf kit 1');
	const began = now();
	port.write('send order 000b');
	const [, text] = await port.saw(/^lost lost (.*)$/);
	assert.ok(now() - began > 900, 'gave up too early');
	assert.match(text, /Switch it off and on/);
	/* And one that is deaf from the start does not hold up the loop. */
	const node = usb.lines.find((line) => line.startsWith('plugged kit')).split(' ')[2];
	const mark = port.mark();
	port.write(`open nxt ${node}`);
	await port.saw(/^lost lost .*Switch it off and on/, mark);
});

test('a queue has a ceiling, and a hold has room of its own', async (t) => {
	const usb = await FakeUsb.start(t);
	const { port } = await open(t, usb, 'nxt');
	await usb.command('deaf kit 1');
	const frame = '00'.repeat(64);
	for (let i = 0; i < 513; i++) {
		port.write(`send order ${frame}`);
	}
	await port.saw(/^sent no 32768$/);
	port.write('send first 8001');
	await port.saw(/^sent yes 32770$/);
});

test('a stall is cleared when the device is opened again', async (t) => {
	const usb = await FakeUsb.start(t);
	const { port, node } = await open(t, usb, 'nxt');
	for (const endpoint of ['01', '82']) {
		const mark = port.mark();
		await usb.command(`stall kit ${endpoint}`);
		port.write('send order 000b');
		const [, text] = await port.saw(/^lost lost (.*)$/, mark);
		assert.match(text, /refused a message/);
		port.write(`open nxt ${node}`);
		await usb.saw(new RegExp(`^cleared kit ${endpoint}$`));
		await port.saw(/^opened$/, mark);
	}
});

test('more bytes than a transfer holds are an error, not memory written', async (t) => {
	const usb = await FakeUsb.start(t);
	const { port } = await open(t, usb, 'nxt');
	await usb.command(`say kit ${'ab'.repeat(200)}`);
	await port.saw(/^lost lost .*more than its protocol allows/);
});

test('what cannot be opened says what to do', async (t) => {
	const usb = await FakeUsb.start(t);
	const node = await usb.plug('kit', 'nxt');
	const port = usb.port();
	const refused = async (line, pattern) => {
		const mark = port.mark();
		port.write(line);
		await port.saw(pattern, mark);
	};
	await refused('open nxt -', /^lost lost usb:0694:0002 is not there/);
	await refused('open nxt /dev/bus/usb/009/009', /^lost lost usb:0694:0002 is not there/);
	await refused(`open none ${node}`, /^lost unsupported .*driver=/);
	await usb.command('held kit 1');
	await refused(`open nxt ${node}`, /^lost busy .*in use by another program/);
	await usb.command('held kit 0');
	await refused(`open nxt ${node}`, /^opened$/);
});

test('opened and closed, also halfway, leaves no file behind', async (t) => {
	const usb = await FakeUsb.start(t);
	const node = await usb.plug('kit', 'nxt');
	const port = usb.port();
	const fds = async () => {
		const mark = port.mark();
		port.write('fds');
		return Number((await port.saw(/^fds (\d+)$/, mark))[1]);
	};
	const before = await fds();
	for (let i = 0; i < 50; i++) {
		const mark = port.mark();
		port.write(`open nxt ${node}`);
		if (i % 2) {
			await port.saw(/^opened$/, mark);
			port.write('send order 000b');
		}
		port.write('close');
		await port.saw(/^closed$/, mark);
	}
	await until(async () => await fds() === before, 5000, 'the files to be closed');
});

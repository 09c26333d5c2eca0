/*
 * An independent host, npm firmata-io, takes our virtual board for a board:
 * over a pty and over a UNIX socket, with firmware 2.5 and 2.4.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { until, within } from '../system/daemon.mjs';
import { openLine, VirtualClassroom } from '../system/virtual.mjs';

const { Firmata } = createRequire(import.meta.url)('firmata-io');

const near = (value, wanted, off) => Math.abs(value - wanted) <= off;

async function meet(t, { port = 'pty', firmware = '2.5', model = 'uno' } = {}) {
	const room = await VirtualClassroom.start(t, {
		seats: ['1'],
		boards: [{ label: 'b', model, wiring: 'starter', seat: '1', port, firmware }],
	});
	const line = await openLine(t, room.boards.b.port);
	const board = new Firmata(line);
	await within(new Promise((resolve) => { board.once('ready', resolve); }), 10000, 'ready');
	/* The state of a pin as the board tells it. */
	const pinState = (pin) => new Promise((resolve) => {
		board.queryPinState(pin, () => resolve(board.pins[pin]));
	});
	return { room, board, line, pinState, world: (values) => room.set({ b: values }) };
}

for (const port of ['pty', 'unix']) {
	test(`firmata-io meets a virtual uno over a ${port}`, async (t) => {
		const { board } = await meet(t, { port });
		assert.deepEqual(board.version, { major: 2, minor: 5 });
		assert.deepEqual(board.firmware, { name: 'StandardFirmata.ino', version: { major: 2, minor: 5 } });
		assert.equal(board.pins.length, 20);
		assert.deepEqual(board.analogPins, [14, 15, 16, 17, 18, 19]);
		assert.deepEqual(board.pins[3].supportedModes, [0, 1, 3, 4, 11]);
		assert.equal(board.RESOLUTION.ADC, 0x3FF);
		assert.equal(board.RESOLUTION.PWM, 0xFF);
	});
}

test('firmata-io meets the other boards', async (t) => {
	for (const [model, pins, analog] of [['mega', 70, 16], ['nano', 22, 8], ['leonardo', 30, 12]]) {
		const { board } = await meet(t, { model });
		assert.equal(board.pins.length, pins, model);
		assert.equal(board.analogPins.length, analog, model);
	}
});

test('firmata-io drives a virtual uno', async (t) => {
	const { board, pinState, world } = await meet(t);
	const { MODES } = board;

	await t.test('digital write', async () => {
		board.pinMode(13, MODES.OUTPUT);
		board.digitalWrite(13, 1);
		assert.equal((await pinState(13)).state, 1);
		board.digitalWrite(13, 0);
		assert.equal((await pinState(13)).state, 0);
	});
	await t.test('analog read follows the world', async () => {
		let value;
		await world({ light: 0.25 });
		board.pinMode(0, MODES.ANALOG);
		board.analogRead(0, (read) => { value = read; });
		await until(() => near(value, 256, 1), 5000, 'a quarter');
		await world({ light: 1 });
		await until(() => value === 1023, 5000, 'full light');
	});
	await t.test('a button with pull-up', async () => {
		const values = [];
		await world({ button: false });
		board.pinMode(2, MODES.PULLUP);
		board.digitalRead(2, (value) => values.push(value));
		await until(() => values.at(-1) === 1, 5000, 'released');
		await world({ button: true });
		await until(() => values.at(-1) === 0, 5000, 'pressed');
		assert.deepEqual(await pinState(2).then(({ mode, state }) => [mode, state]), [MODES.PULLUP, 1]);
	});
	await t.test('PWM and servo', async () => {
		board.pinMode(6, MODES.PWM);
		board.pwmWrite(6, 200);
		assert.equal((await pinState(6)).state, 200);
		board.servoConfig(9, 600, 2400);
		board.servoWrite(9, 135);
		const { mode, state } = await pinState(9);
		assert.deepEqual([mode, state], [MODES.SERVO, 135]);
	});
	await t.test('I2C memory, written and read', async () => {
		board.i2cConfig();
		board.i2cWrite(0x50, 0x20, [0xDE, 0xAD, 0xBE, 0xEF]);
		const bytes = await new Promise((resolve) => { board.i2cReadOnce(0x50, 0x20, 4, resolve); });
		assert.deepEqual(bytes, [0xDE, 0xAD, 0xBE, 0xEF]);
	});
	await t.test('I2C thermometer, read continuously', async () => {
		let celsius;
		await world({ temperature: 21.5 });
		board.i2cRead(0x48, 0, 2, ([high, low]) => { celsius = high + low / 256; });
		await until(() => celsius === 21.5, 5000, '21.5 degrees');
		await world({ temperature: 30 });
		await until(() => celsius === 30, 5000, '30 degrees');
		board.i2cStop(0x48);
	});
	await t.test('nobody at an I2C address: the text, then an empty reply', async () => {
		const text = new Promise((resolve) => { board.once('string', resolve); });
		const reply = new Promise((resolve) => { board.i2cReadOnce(0x21, 3, 2, resolve); });
		assert.equal(await text, 'I2C: Too few bytes received');
		assert.deepEqual(await reply, []);
	});
	await t.test('strings come back', async () => {
		const text = new Promise((resolve) => { board.once('string', resolve); });
		board.sendString('Hello');
		assert.equal(await text, 'Hello');
	});
	await t.test('an unknown pin mode is told', async () => {
		const text = new Promise((resolve) => { board.once('string', resolve); });
		board.pinMode(3, 0x20);
		assert.equal(await text, 'Unknown pin mode');
	});
	await t.test('the sampling interval is kept', async () => {
		let count = 0;
		board.on('analog-read-0', () => { count++; });
		/* Late samples come at once, up to 0.2 s of them: at least 0.5 of 0.7 s pass. */
		const seconds = async (samples) => {
			const from = count;
			const begin = performance.now();
			await until(() => count - from >= samples, 20000, `${samples} samples`);
			return (performance.now() - begin) / 1000;
		};
		board.setSamplingInterval(70);
		await seconds(2);
		const slow = await seconds(10);
		board.setSamplingInterval(7);
		await seconds(10);
		const fast = await seconds(100);
		assert.ok(slow >= 0.4, `10 samples at 70 ms in ${slow} s`);
		assert.ok(fast >= 0.4, `100 samples at 7 ms in ${fast} s`);
	});
	await t.test('a reset puts the pins back', async () => {
		board.reset();
		const { mode } = await pinState(9);
		assert.equal(mode, MODES.OUTPUT);
	});
});

test('firmata-io drives firmware 2.4, which has no pull-up mode', async (t) => {
	const { board, world } = await meet(t, { firmware: '2.4', port: 'unix' });
	const values = [];
	assert.deepEqual(board.pins[2].supportedModes, [0, 1, 4]);
	await world({ button: false });
	board.pinMode(2, board.MODES.INPUT);
	board.digitalWrite(2, 1); /* the old way */
	board.digitalRead(2, (value) => values.push(value));
	await until(() => values.at(-1) === 1, 5000, 'released');
	await world({ button: true });
	await until(() => values.at(-1) === 0, 5000, 'pressed');
});

test('firmata-io is told of a reboot in mid-session', async (t) => {
	const { board, room } = await meet(t);
	let banners = 0;
	board.on('reportversion', () => { banners++; });
	await room.set({ b: { fault: 'reboot' } });
	await until(() => banners === 1, 5000, 'the banner');
	await until(async () => (await room.ask({ get: true })).result.kits.b.fault === null);
});

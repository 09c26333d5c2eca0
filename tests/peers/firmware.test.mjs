/*
 * The real daemon drives real StandardFirmata, on a simulated Uno behind a pty. What the daemon
 * says is believed only where the MCU's own pins, timers and memory agree.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { connect, start, until, untilState } from '../system/daemon.mjs';
import { contract } from '../system/schema.mjs';
import { SimBoard } from './simboard.mjs';

const READY_MS = 60000; /* two seconds of the board's time, on a machine that may be busy */

/* A daemon with one simulated board, `real`. All ends with `t`. */
async function bench(t, version, keys = '') {
	const board = await SimBoard.start(version);
	t.after(() => board.stop());
	const daemon = await start({ args: ['--no-scan', '--port',
		`stream:${board.link}?driver=firmata&label=real${keys}`] });
	t.after(() => daemon.stop());
	const client = await connect(daemon, { validate: contract });
	t.after(() => {
		client.ws.terminate();
		if (client.wrong.length) {
			throw client.wrong[0];
		}
	});
	await untilState(client, 'real', 'ready', READY_MS);
	const self = {
		board, daemon, client,
		write: (property, value) => client.call('kit.write', { kit: 'real', property, value }),
		read: async (property) => (await client.call('kit.read', { kit: 'real', property })).value,
		act: async (action, args) => (await client.call('kit.act', { kit: 'real', action, args })).result,
		watch: (...properties) => client.call('kit.watch', { kit: 'real', properties, rate: 0 }),
		/* A kit.values message since now in which `property` has a value that fits. */
		sees: (property, fits) => client.next((p, method) => method === 'kit.values' &&
			property in (p.kits.real?.set ?? {}) && fits(p.kits.real.set[property]), 30000,
		`a message with a fitting ${property}`),
	};
	return self;
}

/* What both firmwares can do. */
async function common(t, { board, client, write, read, act, watch, sees }) {
	await t.test('a digital write changes the pin of the MCU', async () => {
		for (const value of [true, false, true]) {
			const mark = board.mark();
			await write('pin.13', value);
			await board.saw(new RegExp(`^pin 13 ${Number(value)} `), mark);
		}
		assert.deepEqual(await board.show(13), { ddr: 1, port: 1, pin: 1 });
		assert.equal(await read('pin.13'), true);
	});

	await t.test('a write leaves the other pins of its port alone', async () => {
		await write('pin.12', true);
		await until(async () => (await board.show(12)).port === 1, 30000);
		assert.deepEqual(await board.show(13), { ddr: 1, port: 1, pin: 1 });
		assert.equal((await board.show(11)).port, 0);
		await write('pin.12', false);
		await until(async () => (await board.show(12)).port === 0, 30000);
	});

	await t.test('an injected voltage arrives in a WebSocket message', async () => {
		await watch('pin.A2');
		for (const [millivolts, counts] of [[2500, 511], [1234, 252], [0, 0], [5000, 1023]]) {
			const seen = sees('pin.A2', (value) => Math.abs(value - counts) <= 1);
			board.command(`adc 2 ${millivolts}`);
			await seen;
		}
	});

	await t.test('a level on an input arrives in a WebSocket message', async () => {
		await watch('pin.4');
		for (const level of [1, 0, 1]) {
			const seen = sees('pin.4', (value) => value === Boolean(level));
			board.command(`pin 4 ${level}`);
			await seen;
		}
		assert.equal((await board.show(4)).ddr, 0);
	});

	await t.test('a servo gets pulses of the right width', async () => {
		await act('pin_mode', { pin: 9, mode: 'servo' });
		let mark = board.mark();
		await write('pin.9', 90);
		const [, width] = await board.saw(/^pulse 9 (14[67]\d)$/, mark); /* 544..2400 us */
		assert.ok(Math.abs(Number(width) - 1472) < 12, width);
		mark = board.mark();
		await act('servo_config', { pin: 9, min_us: 1000, max_us: 2000 });
		await write('pin.9', 180);
		const [, full] = await board.saw(/^pulse 9 ((?:19|20)\d\d)$/, mark);
		assert.ok(Math.abs(Number(full) - 2000) < 12, full);
	});

	await t.test('a PWM write sets the timer', async () => {
		await act('pin_mode', { pin: 5, mode: 'pwm' });
		const mark = board.mark();
		await write('pin.5', 0.25);
		const [, duty] = await board.saw(/^pwm 5 (6\d)$/, mark);
		assert.ok(Number(duty) === 63 || Number(duty) === 64, duty);
	});

	await t.test('an I2C memory keeps what is written and gives it back', async () => {
		await act('i2c_write', { address: 0x50, register: 16, data: [0xde, 0xad, 0xbe, 0xef] });
		await until(async () => (await board.eeprom())[19] === 0xef, 30000);
		assert.deepEqual((await board.eeprom()).slice(15, 21), [0xff, 0xde, 0xad, 0xbe, 0xef, 0xff]);
		const result = await act('i2c_read', { address: 0x50, register: 16, count: 4 });
		assert.deepEqual(result, [0xde, 0xad, 0xbe, 0xef]);
	});

	await t.test('an I2C address where nobody answers is an error', async () => {
		const error = await client.refusal('kit.act',
			{ kit: 'real', action: 'i2c_read', args: { address: 0x23, register: 0, count: 2 } });
		assert.ok(error.hint.length > 0);
		assert.equal((await act('i2c_read', { address: 0x50, register: 17, count: 1 }))[0], 0xad);
	});

	await t.test('a pull-up holds an input high until a button pulls it down', async () => {
		await act('pin_mode', { pin: 7, mode: 'pullup' });
		await until(async () => {
			const { ddr, port, pin } = await board.show(7);
			return ddr === 0 && port === 1 && pin === 1;
		}, 30000, 'the pull-up in the MCU');
		await watch('pin.7');
		let seen = sees('pin.7', (value) => value === false);
		board.command('pin 7 0');
		await seen;
		seen = sees('pin.7', (value) => value === true);
		board.command('pin 7 float');
		await seen;
	});

	await t.test('fault_08 a reset in mid-session is told, and the board works on', async () => {
		await write('pin.13', true);
		await until(async () => (await board.show(13)).port === 1, 30000);
		const told = client.next((p, method) => method === 'kit.event' && p.event === 'rebooted',
			READY_MS, 'the event rebooted');
		const values = sees('pin.A2', (value) => value >= 819 && value <= 821);
		board.command('reset');
		board.command('adc 2 4006');
		await told;
		await values; /* reported again, without being asked */
		await untilState(client, 'real', 'ready', READY_MS);
		assert.equal((await board.show(13)).port, 0, 'its outputs are at rest');
		const mark = board.mark();
		await write('pin.13', true);
		await board.saw(/^pin 13 1 /, mark);
	});

	await t.test('fault_01 unplugged it is lost, plugged in again it is the same kit', async () => {
		board.command('unplug');
		await untilState(client, 'real', 'lost', 30000);
		const error = await client.refusal('kit.write', { kit: 'real', property: 'pin.13', value: true });
		assert.equal(error.reason, 'lost');
		board.command('plug');
		await untilState(client, 'real', 'ready', READY_MS);
		assert.equal((await board.show(13)).port, 0, 'nothing is set again by itself');
		const mark = board.mark();
		await write('pin.13', true);
		await board.saw(/^pin 13 1 /, mark);
	});
}

test('StandardFirmata 2.4 on an Uno', async (t) => {
	const it = await bench(t, '2.4');

	await t.test('its firmware and its 20 pins are known', async () => {
		const { properties, actions } = await it.client.call('kit.describe', { kit: 'real' });
		const pins = Object.keys(properties).filter((name) => /^pin\.\d+$/.test(name));
		assert.equal(pins.length, 20);
		assert.ok(!properties['pin.0'].writable && properties['pin.2'].writable, '0 and 1 are the UART');
		for (let n = 0; n < 6; n++) {
			assert.ok(properties[`pin.A${n}`], `pin.A${n}`);
		}
		assert.ok(actions.i2c_read);
		assert.match(await it.read('firmware'), /StandardFirmata.*2\.4/);
	});
	await common(t, it);
});

test('a fork of Firmata 2.5 with a pin mode that nobody knows', async (t) => {
	const it = await bench(t, '2.5', '&sampling=10');

	await t.test('its firmware and its pins are known all the same', async () => {
		const { properties } = await it.client.call('kit.describe', { kit: 'real' });
		assert.equal(Object.keys(properties).filter((name) => /^pin\.\d+$/.test(name)).length, 20);
		assert.match(await it.read('firmware'), /node_pixel_firmata.*2\.5/);
		assert.equal(await it.read('sampling_ms'), 10);
		const { hint } = await it.client.refusal('kit.act',
			{ kit: 'real', action: 'pin_mode', args: { pin: 13, mode: 'analog' } });
		assert.match(hint, /\b81\b/, 'mode 0x51 is kept');
	});
	await common(t, it);
});

/*
 * API.md: kits.*, kit.*, "Raw boards", against a scripted board.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { MODE } from './board.mjs';
import { now, until, untilState } from './daemon.mjs';
import { lab } from './lab.mjs';

test('kits.list and kits.watch', async (t) => {
	const { client, b1, connect } = await lab(t, { b1: {}, b2: { keys: { seat: '2' } } });
	await t.test('a row tells all of a kit', async () => {
		const { kits } = await client.call('kits.list');
		assert.deepEqual(kits.map((row) => row.id), ['b1', 'b2']);
		const [one, two] = kits;
		assert.equal(one.state, 'ready');
		assert.equal(one.label, 'b1');
		assert.equal(one.driver, 'firmata');
		assert.ok(one.port.includes(b1.file));
		assert.equal(one.seat, null);
		assert.equal(two.seat, '2');
		for (const name of ['run', 'holder', 'battery', 'wiring']) {
			assert.equal(one[name], null, name);
		}
	});
	await t.test('kits.watch answers the rows, then tells changes', async () => {
		const watcher = await connect();
		const { kits } = await watcher.call('kits.watch');
		assert.equal(kits.length, 2);
		b1.unplug();
		await watcher.waitFor((p, m) => m === 'kits.changed' && p.kit === 'b1' && p.row.state === 'lost');
		await b1.listen(b1.file);
		await watcher.next((p, m) => m === 'kits.changed' && p.kit === 'b1' && p.row.state === 'ready', 8000);
		await watcher.call('kits.unwatch');
		const count = watcher.notifications.length;
		b1.unplug();
		await untilState(client, 'b1', 'lost');
		await watcher.call('hello');
		assert.equal(watcher.notifications.length, count, 'nothing after kits.unwatch');
		await b1.listen(b1.file);
		await untilState(client, 'b1', 'ready');
	});
	await t.test('who does not watch hears nothing', async () => {
		assert.equal(client.notifications.length, 0);
	});
});

test('kit.describe of a raw board', async (t) => {
	const { client, connect } = await lab(t);
	const description = await client.call('kit.describe', { kit: 'b1' });
	await t.test('every pin that can do something is a property', () => {
		assert.equal(description.id, 'b1');
		for (let pin = 2; pin < 20; pin++) {
			assert.ok(description.properties[`pin.${pin}`], `pin.${pin}`);
		}
		for (let channel = 0; channel < 6; channel++) {
			const property = description.properties[`pin.A${channel}`];
			assert.equal(property.type, 'integer');
			assert.equal(property.min, 0);
			assert.equal(property.max, 1023);
			assert.equal(property.writable, false);
			assert.equal(property.kind, 'pin');
		}
		assert.equal(description.properties['pin.A6'], undefined);
	});
	await t.test('raw pins are class signal', () => {
		for (const [name, property] of Object.entries(description.properties)) {
			assert.equal(property.class, 'signal', name);
		}
	});
	await t.test('sampling_ms is writable', () => {
		const property = description.properties.sampling_ms;
		assert.equal(property.writable, true);
		assert.equal(property.type, 'integer');
		assert.equal(property.unit, 'ms');
	});
	await t.test('the actions of raw boards are there with their arguments', () => {
		const args = Object.fromEntries(Object.entries(description.actions)
			.map(([name, action]) => [name, action.args.map((a) => a.name + (a.optional ? '?' : ''))]));
		for (const [name, wanted] of Object.entries({
			pin_mode: ['pin', 'mode'],
			i2c_write: ['address', 'data', 'register?'],
			i2c_read: ['address', 'count', 'register?', 'continuous?'],
			servo_config: ['pin', 'min_us', 'max_us'],
			send_string: ['text'],
			reset: [],
		})) {
			assert.ok(args[name], name);
			for (const arg of wanted) {
				assert.ok(args[name].includes(arg), `${name} has ${arg}: ${args[name]}`);
			}
		}
	});
	await t.test('titles come in the client\'s language', async () => {
		const zh = await connect({ lang: 'zh' });
		const other = await zh.call('kit.describe', { kit: 'b1' });
		assert.match(other.properties['pin.13'].title, /\p{Script=Han}/u);
		assert.doesNotMatch(description.properties['pin.13'].title, /\p{Script=Han}/u);
		assert.deepEqual(Object.keys(other.properties), Object.keys(description.properties));
	});
	await t.test('an unknown kit is not_found, and the hint lists the kits', async () => {
		const error = await client.refusal('kit.describe', { kit: 'b9' });
		assert.equal(error.reason, 'not_found');
		assert.ok(error.hint.includes('b1'));
	});
});

test('kit.write', async (t) => {
	const { client, b1 } = await lab(t);
	const write = (property, value) => client.call('kit.write', { kit: 'b1', property, value });
	const refusal = (property, value) => client.refusal('kit.write', { kit: 'b1', property, value });

	await t.test('writing an unset pin makes it an output', async () => {
		const { t: at } = await write('pin.13', true);
		assert.equal(typeof at, 'number');
		await until(() => b1.pins[13].mode === MODE.output && b1.pins[13].value === 1);
		await write('pin.13', false);
		await until(() => b1.pins[13].value === 0);
	});
	await t.test('0 and 1 are booleans too', async () => {
		await write('pin.12', 1);
		await until(() => b1.pins[12].value === 1);
		await write('pin.12', 0);
		await until(() => b1.pins[12].value === 0);
	});
	await t.test('what was written can be read', async () => {
		await write('pin.13', true);
		assert.equal((await client.call('kit.read', { kit: 'b1', property: 'pin.13' })).value, true);
	});
	await t.test('a value of the wrong type is invalid, never clamped', async () => {
		const before = b1.log.length;
		for (const value of [2, -1, 0.5, 'on', null, [1], { a: 1 }]) {
			const error = await refusal('pin.13', value);
			assert.equal(error.reason, 'invalid', JSON.stringify(value));
			assert.equal(error.code, -32602);
		}
		await client.call('kit.read', { kit: 'b1', property: 'pin.13' });
		assert.deepEqual(b1.log.slice(before).filter((m) => m.pin === 13), []);
	});
	await t.test('a missing value is invalid', async () => {
		assert.equal((await client.refusal('kit.write', { kit: 'b1', property: 'pin.13' })).reason, 'invalid');
	});
	await t.test('PWM is a number from 0 to 1', async () => {
		await client.call('kit.act', { kit: 'b1', action: 'pin_mode', args: { pin: 9, mode: 'pwm' } });
		await until(() => b1.pins[9].mode === MODE.pwm);
		await write('pin.9', 1);
		await until(() => b1.pins[9].value === 255);
		await write('pin.9', 0.5);
		await until(() => [127, 128].includes(b1.pins[9].value));
		for (const value of [1.001, -0.1, 1e308]) {
			assert.equal((await refusal('pin.9', value)).reason, 'invalid', String(value));
		}
		assert.ok([127, 128].includes(b1.pins[9].value));
	});
	await t.test('a servo is set in degrees', async () => {
		await client.call('kit.act', { kit: 'b1', action: 'pin_mode', args: { pin: 10, mode: 'servo' } });
		await write('pin.10', 90);
		await until(() => b1.pins[10].mode === MODE.servo && b1.pins[10].value === 90);
		assert.equal((await refusal('pin.10', 181)).reason, 'invalid');
		assert.equal((await refusal('pin.10', -1)).reason, 'invalid');
	});
	await t.test('sampling_ms goes to the board', async () => {
		await write('sampling_ms', 50);
		await until(() => b1.sampling === 50);
		for (const value of [0, 16384, 1.5, 'fast']) {
			assert.equal((await refusal('sampling_ms', value)).reason, 'invalid', String(value));
		}
	});
	await t.test('an analog input cannot be written', async () => {
		const error = await refusal('pin.A0', 5);
		assert.ok(['invalid', 'unsupported', 'refused'].includes(error.reason), error.reason);
	});
	await t.test('an unknown property is not_found, with a suggestion', async () => {
		const error = await refusal('pin.99', true);
		assert.equal(error.reason, 'not_found');
		assert.ok(error.hint.length > 10);
	});
	await t.test('an unknown kit is not_found', async () => {
		assert.equal((await client.refusal('kit.write', { kit: 'x', property: 'pin.13', value: true })).reason, 'not_found');
	});
	await t.test('every overtaken set-point is answered well, and the newest wins', async () => {
		await client.call('kit.act', { kit: 'b1', action: 'pin_mode', args: { pin: 9, mode: 'pwm' } });
		const values = Array.from({ length: 300 }, (_, i) => (i + 1) / 300);
		await Promise.all(values.map((value) => write('pin.9', value)));
		await until(() => b1.pins[9].value === 255);
	});
	await t.test('a lost kit is lost', async () => {
		b1.unplug();
		await untilState(client, 'b1', 'lost');
		assert.equal((await refusal('pin.13', true)).reason, 'lost');
		assert.equal((await client.refusal('kit.read', { kit: 'b1', property: 'pin.13' })).reason, 'lost');
		assert.equal((await client.refusal('kit.act', { kit: 'b1', action: 'reset' })).reason, 'lost');
	});
});

test('kit.read', async (t) => {
	const { client, b1 } = await lab(t);
	const read = (property) => client.call('kit.read', { kit: 'b1', property });
	await t.test('reading an analog pin makes the board report it', async () => {
		b1.setAnalog(0, 512);
		const value = await until(async () => (await read('pin.A0')).value, 3000);
		assert.equal(value, 512);
		assert.ok(b1.reportAnalog.has(0));
	});
	await t.test('reading a digital pin makes it an input and reports it', async () => {
		b1.pins[7].level = 1;
		await until(async () => (await read('pin.7')).value === true, 3000);
		assert.equal(b1.pins[7].mode, MODE.input);
		b1.setDigital(7, 0);
		await until(async () => (await read('pin.7')).value === false, 3000);
	});
	await t.test('t is the time of the sample on the clock of hello', async () => {
		const { now: clock } = await client.call('hello');
		const { t: at } = await until(async () => {
			const answer = await read('pin.A0');
			return answer.t > clock.mono_ms && answer;
		});
		const after = (await client.call('hello')).now.mono_ms;
		assert.ok(at <= after, `${clock.mono_ms} < ${at} <= ${after}`);
	});
	await t.test('an unknown property is not_found', async () => {
		assert.equal((await client.refusal('kit.read', { kit: 'b1', property: 'wings' })).reason, 'not_found');
	});
});

test('kit.act', async (t) => {
	const { client, b1 } = await lab(t);
	const act = (action, args) => client.call('kit.act', { kit: 'b1', action, args });
	const refusal = (action, args) => client.refusal('kit.act', { kit: 'b1', action, args });

	await t.test('pin_mode sets all modes', async () => {
		for (const mode of ['input', 'pullup', 'output', 'servo', 'pwm']) {
			await act('pin_mode', { pin: 9, mode });
			await until(() => b1.pins[9].mode === MODE[mode], 3000, mode);
		}
		await act('pin_mode', { pin: 14, mode: 'analog' });
		await until(() => b1.pins[14].mode === MODE.analog);
	});
	await t.test('a mode that the pin cannot do is refused', async () => {
		const error = await refusal('pin_mode', { pin: 13, mode: 'analog' });
		assert.ok(['invalid', 'unsupported', 'refused'].includes(error.reason), error.reason);
		assert.equal((await refusal('pin_mode', { pin: 9, mode: 'rocket' })).reason, 'invalid');
		assert.ok(['invalid', 'not_found'].includes((await refusal('pin_mode', { pin: 99, mode: 'input' })).reason));
	});
	await t.test('i2c_write and i2c_read with a register', async () => {
		b1.i2c.set(0x50, new Uint8Array(256));
		await act('i2c_write', { address: 0x50, register: 16, data: [1, 2, 250, 255] });
		await until(() => b1.i2c.get(0x50)[19] === 255);
		const { result } = await act('i2c_read', { address: 0x50, register: 16, count: 4 });
		assert.deepEqual(result, [1, 2, 250, 255]);
	});
	await t.test('an I2C address without a device is an error', async () => {
		const error = await refusal('i2c_read', { address: 0x33, register: 0, count: 4 });
		assert.ok(['io', 'refused', 'not_found', 'timeout'].includes(error.reason), error.reason);
	});
	await t.test('bytes outside 0 to 255 are invalid', async () => {
		for (const data of [[256], [-1], [1.5], ['a'], 'abc', [null]]) {
			assert.equal((await refusal('i2c_write', { address: 0x50, data })).reason, 'invalid', JSON.stringify(data));
		}
	});
	await t.test('servo_config and send_string and reset reach the board', async () => {
		await act('servo_config', { pin: 10, min_us: 600, max_us: 2400 });
		const config = await b1.saw({ type: 'sysex', id: 0x70 });
		assert.deepEqual(config.data, [10, 600 & 0x7f, 600 >> 7, 2400 & 0x7f, 2400 >> 7]);
		await act('send_string', { text: 'hé' });
		const string = await b1.saw({ type: 'sysex', id: 0x71 });
		assert.deepEqual(string.data, [...Buffer.from('hé')].flatMap((b) => [b & 0x7f, b >> 7]));
		b1.log = [];
		await act('reset');
		await b1.saw({ type: 'reset' });
	});
	await t.test('wrong arguments are invalid', async () => {
		assert.equal((await refusal('pin_mode', { pin: 9 })).reason, 'invalid');
		assert.equal((await refusal('pin_mode', { pin: '9', mode: 'input' })).reason, 'invalid');
		assert.equal((await refusal('pin_mode', { pin: 9, mode: 'input', speed: 3 })).reason, 'invalid');
		assert.equal((await refusal('pin_mode', [9, 'input'])).reason, 'invalid');
	});
	await t.test('an unknown action is not_found', async () => {
		assert.equal((await refusal('fly', {})).reason, 'not_found');
	});
	await t.test('timeout after 5 s when the kit does not acknowledge', async () => {
		b1.i2cRequest = () => {};
		const began = now();
		const error = await refusal('i2c_read', { address: 0x50, register: 0, count: 2 });
		assert.equal(error.reason, 'timeout');
		assert.ok(now() - began > 4500, `${now() - began} ms`);
	});
});

test('kit.wiring', async (t) => {
	const { client, b1, daemon } = await lab(t, { b1: { over: 'unix' } });
	const first = await client.call('kit.wiring', { kit: 'b1' });
	const profile = first.profiles.map((p) => p.id ?? p).find((id) => /bench/.test(id)) ?? (first.profiles[0].id ?? first.profiles[0]);
	await t.test('without a profile a board has raw pins only', async () => {
		assert.equal(first.profile, null);
		const { properties } = await client.call('kit.describe', { kit: 'b1' });
		for (const name of Object.keys(properties)) {
			assert.match(name, /^(pin\.A?\d+|sampling_ms|firmware|message)$/);
		}
	});
	await t.test('a profile gives names, and the raw pins stay', async () => {
		await client.call('kits.watch');
		assert.equal((await client.call('kit.wiring', { kit: 'b1', profile })).profile, profile);
		await client.waitFor((p, m) => m === 'kits.changed' && p.row?.wiring === profile);
		const { properties } = await client.call('kit.describe', { kit: 'b1' });
		assert.ok(properties['pin.13']);
		assert.ok(Object.keys(properties).some((name) => !/^(pin\.A?\d+|sampling_ms|firmware|message)$/.test(name)));
	});
	await t.test('an unknown profile is not_found', async () => {
		for (const unknown of ['spaghetti', '', '../starter']) {
			assert.equal((await client.refusal('kit.wiring', { kit: 'b1', profile: unknown })).reason, 'not_found');
		}
	});
	await t.test('it is kept over an unplug', async () => {
		b1.unplug();
		await untilState(client, 'b1', 'lost');
		await b1.listen(b1.file);
		await untilState(client, 'b1', 'ready');
		assert.equal((await client.call('kit.wiring', { kit: 'b1' })).profile, profile);
	});
	await t.test('it is remembered over a restart', async (s) => {
		await daemon.stop();
		const again = await lab(s, {}, { args: ['--state', daemon.state, '--port', b1.spec({ label: 'b1' })] });
		await untilState(again.client, 'b1', 'ready');
		assert.equal((await again.client.call('kit.wiring', { kit: 'b1' })).profile, profile);
		assert.equal((await again.client.call('kit.wiring', { kit: 'b1', profile: null })).profile, null);
	});
});

test('events', async (t) => {
	const { client, b1 } = await lab(t);
	await client.call('kit.watch', { kit: 'b1', rate: 1 });
	await t.test('are never merged and come in order', async () => {
		const texts = Array.from({ length: 200 }, (_, i) => `line ${i}`);
		texts.forEach((text) => b1.sendString(text));
		await client.waitFor((p, m) => m === 'kit.event' && p.value === 'line 199');
		const heard = client.notifications.filter((n) => n.method === 'kit.event' && n.params.event === 'string')
			.map((n) => n.params.value);
		assert.deepEqual(heard, texts);
	});
	await t.test('a board that restarts tells rebooted', async () => {
		b1.reboot();
		await client.waitFor((p, m) => m === 'kit.event' && p.event === 'rebooted');
		await untilState(client, 'b1', 'ready');
	});
});

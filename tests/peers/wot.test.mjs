/*
 * An independent Web of Things client (Eclipse Thingweb's node-wot) consumes our kits: what
 * it finds in the thing descriptions must be enough for everything.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { until, within } from '../system/daemon.mjs';
import { lab } from '../system/lab.mjs';

const require = createRequire(import.meta.url);
const { Servient } = require('@node-wot/core');
const { HttpClientFactory } = require('@node-wot/binding-http');

async function consume(t, url) {
	const servient = new Servient();
	servient.addClientFactory(new HttpClientFactory());
	const wot = await servient.start();
	t.after(() => servient.shutdown());
	const td = await (await fetch(url)).json();
	return { td, thing: await wot.consume(td) };
}

test('node-wot', async (t) => {
	const { daemon, client, b1 } = await lab(t, { b1: { keys: { sampling: '10' } } });
	const { td, thing } = await consume(t, `${daemon.url}things/b1`);

	await t.test('takes the thing description of a kit', () => {
		assert.equal(thing.getThingDescription().title, td.title);
	});
	await t.test('takes the thing description of the directory, and reads all things from it', async (s) => {
		const directory = await consume(s, `${daemon.url}.well-known/wot`);
		const name = Object.keys(directory.td.properties)[0];
		const things = await (await directory.thing.readProperty(name)).value();
		assert.ok(Array.isArray(things) && things.some((one) => one.title === td.title));
	});
	await t.test('reads a property', async () => {
		b1.setAnalog(0, 640);
		await until(async () => await (await thing.readProperty('pin.A0')).value() === 640, 5000, 'A0');
	});
	await t.test('writes a property', async () => {
		await thing.writeProperty('pin.13', true);
		await until(() => b1.pins[13].value === 1);
		await thing.writeProperty('pin.13', false);
		await until(() => b1.pins[13].value === 0);
	});
	await t.test('is refused a wrong value', async () => {
		await assert.rejects(within(thing.writeProperty('sampling_ms', 99999), 5000, 'a refusal'));
	});
	await t.test('observes a property', async () => {
		const seen = [];
		const subscription = await thing.observeProperty('pin.A1', async (output) => seen.push(await output.value()));
		await b1.saw({ type: 'report_analog', channel: 1, on: true });
		for (const value of [11, 22, 33]) {
			b1.setAnalog(1, value);
			await until(() => seen.includes(value), 5000, `${value} to be observed`);
		}
		await subscription.stop();
	});
	await t.test('subscribes to an event', async () => {
		const seen = [];
		const subscription = await thing.subscribeEvent('string', async (output) => seen.push(await output.value()));
		await until(() => {
			b1.sendString('ding');
			return seen.includes('ding');
		}, 5000, 'an event');
		await subscription.stop();
	});
	await t.test('invokes an action', async () => {
		await thing.invokeAction('pin_mode', { pin: 9, mode: 'pwm' });
		await until(() => b1.pins[9].mode === 3);
		b1.i2c.set(0x50, new Uint8Array(256).fill(7));
		const output = await thing.invokeAction('i2c_read', { address: 0x50, register: 1, count: 3 });
		assert.deepEqual(await output.value(), [7, 7, 7]);
	});
	await t.test('and a WebSocket client saw the same values', async () => {
		assert.equal((await client.call('kit.read', { kit: 'b1', property: 'pin.A1' })).value, 33);
	});
});

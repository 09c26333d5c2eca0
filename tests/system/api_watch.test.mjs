/*
 * API.md: kit.watch and kit.values: snapshots, rates, every sample, equal bytes.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { now, until, untilState } from './daemon.mjs';
import { lab } from './lab.mjs';

const ANALOG = ['pin.A0', 'pin.A1', 'pin.A2', 'pin.A3', 'pin.A4', 'pin.A5'];
const isValues = (p, m) => m === 'kit.values';
const frames = (client, kit = 'b1') => client.notifications
	.filter((n) => n.method === 'kit.values' && n.params.kits[kit]).map((n) => n.params);

/* Changes all analog inputs at every sample of the board. */
function vary(board) {
	const sample = board.sample.bind(board);
	let count = 0;
	board.sample = () => {
		count++;
		board.analog.forEach((_, channel) => board.setAnalog(channel, (count + channel) % 1024));
		sample();
	};
	board.restartSampling(board.sampling);
}

test('a watch', async (t) => {
	const { client, b1, connect } = await lab(t, { b1: { keys: { sampling: '10' } }, b2: {} });
	await t.test('answers a snapshot with state, seq, t and values', async () => {
		const answer = await client.call('kit.watch', { kit: 'b1', properties: ['pin.A0', 'sampling_ms'] });
		assert.deepEqual(Object.keys(answer.kits), ['b1']);
		assert.equal(answer.kits.b1.state, 'ready');
		assert.equal(answer.kits.b1.set.sampling_ms, 10);
		assert.deepEqual(Object.keys(answer.kits.b1.set).sort(), ['pin.A0', 'sampling_ms']);
		await client.call('kit.unwatch', { watch: answer.watch });
	});
	await t.test('makes the board report the pins named, and only those', async () => {
		const { watch } = await client.call('kit.watch', { kit: 'b1', properties: ['pin.A2', 'pin.4'] });
		await until(() => b1.reportAnalog.has(2) && b1.reportDigital.has(0), 3000);
		assert.ok(!b1.reportAnalog.has(5));
		await client.call('kit.unwatch', { watch });
		await until(() => !b1.reportAnalog.has(2), 3000, 'reporting to end with its last watcher');
	});
	await t.test('brings what changed, and only that', async () => {
		const { watch } = await client.call('kit.watch', { kit: 'b1', properties: ['pin.A0', 'pin.A1'], rate: 50 });
		b1.setAnalog(0, 100);
		b1.setAnalog(1, 7);
		await client.waitFor((p, m) => isValues(p, m) && p.kits.b1?.set['pin.A0'] === 100);
		await until(() => frames(client).some((f) => f.kits.b1.set['pin.A1'] === 7));
		client.notifications.length = 0;
		b1.setAnalog(0, 101);
		const { params } = await client.waitFor(isValues);
		assert.deepEqual(params.kits.b1.set, { 'pin.A0': 101 });
		await client.call('kit.unwatch', { watch });
	});
	await t.test('after kit.unwatch nothing comes', async () => {
		client.notifications.length = 0;
		const analog = await connect();
		await analog.call('kit.watch', { kit: 'b1', properties: ['pin.A0'], rate: 0 });
		b1.setAnalog(0, 300);
		await analog.waitFor((p, m) => isValues(p, m) && p.kits.b1.set['pin.A0'] === 300);
		await client.call('hello');
		assert.deepEqual(frames(client), []);
		await analog.close();
	});
	await t.test('a watch of another client cannot be ended', async () => {
		const other = await connect();
		const { watch } = await client.call('kit.watch', { kit: 'b1', properties: ['pin.A0'] });
		assert.equal((await other.refusal('kit.unwatch', { watch: 987654 })).reason, 'not_found');
		await client.call('kit.unwatch', { watch });
		assert.equal((await client.refusal('kit.unwatch', { watch })).reason, 'not_found');
	});
	await t.test('wrong parameters are refused', async () => {
		assert.equal((await client.refusal('kit.watch', { kit: 'nobody' })).reason, 'not_found');
		assert.equal((await client.refusal('kit.watch', { kit: 'b1', properties: ['wings'] })).reason, 'not_found');
		for (const bad of [{ rate: -1 }, { rate: 'fast' }, { properties: 'pin.A0' }, { properties: [5] }]) {
			assert.equal((await client.refusal('kit.watch', { kit: 'b1', ...bad })).reason, 'invalid', JSON.stringify(bad));
		}
	});
	await t.test('the end of a client ends its watches', async () => {
		const other = await connect();
		await other.call('kit.watch', { kit: 'b1', properties: ['pin.A3'] });
		await until(() => b1.reportAnalog.has(3), 3000);
		await other.close();
		await until(() => !b1.reportAnalog.has(3), 3000);
	});
});

test('rates', async (t) => {
	const { client, b1, connect } = await lab(t, { b1: { keys: { sampling: '5' } } });
	vary(b1);
	await t.test('the default is 20 frames a second, with the newest values', async () => {
		await client.call('kit.watch', { kit: 'b1', properties: ANALOG });
		await client.waitFor(isValues);
		client.notifications.length = 0;
		const began = now();
		await until(() => now() - began >= 2000, 4000);
		const count = frames(client).length;
		assert.ok(count >= 30 && count <= 44, `${count} frames in 2 s`);
		const [a, b] = frames(client).slice(-2);
		assert.ok(b.kits.b1.seq > a.kits.b1.seq);
		assert.ok(b.t > a.t);
		assert.ok(b.kits.b1.t <= b.t);
	});
	await t.test('each client has its own rate', async () => {
		const slow = await connect();
		const fast = await connect();
		await slow.call('kit.watch', { kit: 'b1', properties: ANALOG, rate: 2 });
		await fast.call('kit.watch', { kit: 'b1', properties: ANALOG, rate: 50 });
		await until(() => frames(slow).length >= 4, 5000);
		const ratio = frames(fast).length / frames(slow).length;
		assert.ok(ratio > 8, `${frames(fast).length} against ${frames(slow).length}`);
		await slow.close();
		await fast.close();
	});
	await t.test('rate 0 brings every sample, changed or not, without a gap', async () => {
		const every = await connect();
		const { kits } = await every.call('kit.watch', { kit: 'b1', properties: ['pin.A0', 'pin.A1'], rate: 0 });
		await until(() => frames(every).length >= 200, 8000);
		let expected = kits.b1.seq;
		const values = [];
		for (const frame of frames(every)) {
			expected++;
			assert.equal(frame.kits.b1.seq, expected);
			values.push(frame.kits.b1.set['pin.A0']);
			assert.deepEqual(Object.keys(frame.kits.b1.set), ['pin.A0', 'pin.A1']);
		}
		/* Also when a read comes late and brings two scans at once. */
		const jumps = values.slice(1).filter((v, i) => (v - values[i] + 1024) % 1024 !== 1);
		assert.equal(jumps.length, 0, 'the counter in A0 never jumps');
		await every.close();
	});
	await t.test('rate 0 brings samples without a watched property too: a gap in seq means loss', async () => {
		const every = await connect();
		const { kits } = await every.call('kit.watch', { kit: 'b1', properties: ['pin.A0'], rate: 0 });
		for (let i = 0; i < 20; i++) {
			await client.call('kit.write', { kit: 'b1', property: 'pin.13', value: i % 2 });
		}
		await until(() => frames(every).length >= 60);
		const seqs = frames(every).map((f) => f.kits.b1.seq);
		assert.deepEqual(seqs, seqs.map((_, i) => kits.b1.seq + 1 + i));
		assert.ok(frames(every).some((f) => !('pin.A0' in f.kits.b1.set)), 'the writes are among them');
		await every.close();
	});
	await t.test('rate 0 brings samples that did not change', async () => {
		const still = await connect();
		b1.sample = Object.getPrototypeOf(b1).sample.bind(b1);
		b1.restartSampling(10);
		await still.call('kit.watch', { kit: 'b1', properties: ['pin.A0'], rate: 0 });
		await until(() => frames(still).length >= 20);
		const values = new Set(frames(still).slice(-10).map((f) => f.kits.b1.set['pin.A0']));
		assert.equal(values.size, 1);
		await still.close();
	});
});

test('all kits', async (t) => {
	const { client, daemon, connect, ...boards } = await lab(t,
		{ b1: { keys: { sampling: '10' } }, b2: { keys: { sampling: '10' } }, b3: { keys: { sampling: '10' } } });
	for (const name of ['b1', 'b2', 'b3']) {
		vary(boards[name]);
	}
	await t.test('"*" watches all kits in one message a frame', async () => {
		const all = await connect();
		const { kits } = await all.call('kit.watch', { kit: '*', properties: ANALOG });
		assert.deepEqual(Object.keys(kits).sort(), ['b1', 'b2', 'b3']);
		await all.waitFor((p, m) => isValues(p, m) && ['b1', 'b2', 'b3'].every((id) => p.kits[id]));
		all.notifications.length = 0;
		const began = now();
		await until(() => now() - began >= 1500, 4000);
		const count = all.notifications.filter((n) => n.method === 'kit.values').length;
		assert.ok(count <= 33, `${count} messages in 1.5 s`);
	});
	await t.test('two watches of one rate are one message a frame', async () => {
		const two = await connect();
		await two.call('kit.watch', { kit: 'b1', properties: ANALOG, rate: 10 });
		await two.call('kit.watch', { kit: 'b2', properties: ANALOG, rate: 10 });
		await two.waitFor((p, m) => isValues(p, m) && p.kits.b1 && p.kits.b2);
		two.notifications.length = 0;
		const began = now();
		await until(() => now() - began >= 1500, 4000);
		const count = two.notifications.filter((n) => n.method === 'kit.values').length;
		assert.ok(count <= 17, `${count} messages in 1.5 s`);
	});
	await t.test('equal watches give equal bytes', async () => {
		const pair = [await connect(), await connect()];
		for (const one of pair) {
			one.keep = true;
			await one.call('kit.watch', { kit: '*', properties: ANALOG, rate: 20 });
		}
		const values = (one) => one.messages.filter((text) => text.includes('"kit.values"'));
		await until(() => values(pair[1]).length >= 20);
		const first = new Set(values(pair[0]));
		const shared = values(pair[1]).filter((text) => first.has(text)).length;
		assert.ok(shared >= values(pair[1]).length - 3, `${shared} of ${values(pair[1]).length} are the same`);
	});
	await t.test('times have three decimals', async () => {
		const one = await connect();
		one.keep = true;
		await one.call('kit.watch', { kit: 'b1', properties: ANALOG, rate: 0 });
		await until(() => one.messages.filter((text) => text.includes('"kit.values"')).length >= 5);
		for (const text of one.messages.filter((m) => m.includes('"kit.values"'))) {
			for (const [, time] of text.matchAll(/"t":([^,}]*)/g)) {
				assert.match(time, /^\d+\.\d{3}$/);
			}
		}
	});
	await t.test('a kit that comes later is watched too', async () => {
		const late = await connect();
		boards.b3.unplug();
		await untilState(client, 'b3', 'lost');
		await late.call('kit.watch', { kit: '*', properties: ANALOG, rate: 20 });
		await boards.b3.listen(boards.b3.file);
		await late.waitFor((p, m) => isValues(p, m) && p.kits.b3, 8000);
	});
	await t.test('properties that a kit has not are left out with "*"', async () => {
		const some = await connect();
		const { kits } = await some.call('kit.watch', { kit: '*', properties: ['pin.A0', 'light'] });
		assert.deepEqual(Object.keys(kits.b1.set), ['pin.A0']);
	});
});

test('a watch goes on over an unplug', async (t) => {
	const { client, b1 } = await lab(t, { b1: { keys: { sampling: '10' } } });
	vary(b1);
	await client.call('kit.watch', { kit: 'b1', properties: ANALOG, rate: 20 });
	await client.waitFor(isValues);
	b1.unplug();
	await untilState(client, 'b1', 'lost');
	client.notifications.length = 0;
	await b1.listen(b1.file);
	await client.waitFor((p, m) => isValues(p, m) && typeof p.kits.b1?.set['pin.A0'] === 'number', 8000);
});

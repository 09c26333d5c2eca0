/*
 * Scripts and their kits: which one kit.open gives, events and samples, descriptions that
 * change, floods.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { root, untilState } from './daemon.mjs';
import { lab } from './lab.mjs';
import { ended, forRun, go, output, said } from './runs.mjs';

const HEAD = 'local kit = require "kit"\n';

async function prints(client, source, expected, more) {
	const run = await go(client, source, more);
	const { state, error } = await ended(client, run);
	assert.equal(state, 'finished', JSON.stringify(error));
	assert.equal(output(client, run), expected);
}

test('kit.open', async (t) => {
	const { client, connect } = await lab(t, { b1: { keys: { wiring: 'starter' } }, b2: { keys: { wiring: 'traffic-light' } }, b3: {} });
	const open = 'local ok, k = pcall(kit.open, ARG) print(ok and k.id or k.code)';
	const opens = (arg, expected, more) => prints(client, HEAD + open.replace('ARG', arg), `${expected}\n`, more);

	await t.test('gives the run\'s kit', () => opens('nil', 'b2', { kit: 'b2' }));
	await t.test('gives the first of several', () => opens('nil', 'b3', { kits: ['b3', 'b1'] }));
	await t.test('asks which one when several are ready, and lists them', async () => {
		const run = await go(client, `${HEAD}kit.open()`);
		const { state, error } = await ended(client, run);
		assert.equal(state, 'failed');
		assert.match(error.message, /b1, b2, b3/);
		assert.equal(error.line, 2);
	});
	await t.test('by name gives any free kit to a run that was started for none', () => opens('"b3"', 'b3'));
	await t.test('of an unknown name tells those there are', async () => {
		const { error } = await ended(client, await go(client, `${HEAD}kit.open "b9"`));
		assert.match(error.message, /"b9".*b1, b2, b3/);
	});
	await t.test('by needs gives the first free one that fits', async () => {
		await opens('{needs = {"light", "led"}}', 'b1');
		await opens('{needs = {"light", "red"}}', 'b2');
		await opens('{needs = {"tone"}}', 'b1');
		await opens('{needs = "wheels"}', 'not_found');
	});
	await t.test('by needs leaves out what others use', async () => {
		const other = await go(client, 'sleep(100)', { kit: 'b1' });
		await opens('{needs = {"light"}}', 'b2');
		await opens('{needs = {"led"}}', 'busy');
		await opens('"b1"', 'busy');
		await client.call('script.stop', { run: other });
	});
	await t.test('by needs twice gives two kits', () => prints(client,
		`${HEAD}print(kit.open{needs = "light"}.id, kit.open{needs = "light"}.id, kit.open{needs = "light"}.id)`, 'b1\tb2\tb1\n'));
	await t.test('by needs keeps to the kits that the run was started for', () =>
		opens('{needs = "led"}', 'not_found', { kit: 'b2' }));
	await t.test('takes the kit: its row names the run, and script.watch the kit', async () => {
		await client.call('kits.watch');
		const run = await go(client, `${HEAD}kit.open "b3" sleep(100)`);
		await client.waitFor((p, m) => m === 'kits.changed' && p.kit === 'b3' && p.row?.run === run);
		assert.deepEqual((await client.call('script.watch', { run })).kits, ['b3']);
		assert.equal((await client.refusal('script.run', { source: '', kit: 'b3' })).reason, 'busy');
		await client.call('script.stop', { run });
		await client.call('kits.unwatch');
	});
	await t.test('of a run that has ended is free at once', async () => {
		for (let i = 0; i < 20; i++) {
			await ended(client, await go(client, `${HEAD}kit.open().pin[13] = 1`, { kit: 'b3' }));
		}
	});
	await t.test('replaced: only its owner or a teacher; the new run waits for the old one\'s end', async () => {
		const first = await go(client, 'sleep(100)', { kit: 'b1' });
		const run = await go(client, `${HEAD}print(kit.open().id)`, { kit: 'b1', replace: true });
		assert.equal((await ended(client, run)).state, 'finished');
		const order = client.notifications.filter((n) => n.method === 'script.state').map((n) => `${n.params.run} ${n.params.state}`);
		assert.ok(order.indexOf(`${first} stopped`) < order.indexOf(`${run} starting`));
		assert.ok(connect);
	});
});

test('kit.open waits for a kit that is being probed', async (t) => {
	const { client, b1 } = await lab(t, { b1: { bannerDelay: 1500 } }, { ready: false });
	const run = await go(client, `${HEAD}print(kit.open().id)`);
	assert.equal((await ended(client, run)).state, 'finished');
	assert.equal(output(client, run), 'b1\n');
	b1.unplug();
	await untilState(client, 'b1', 'lost');
	const { error } = await ended(client, await go(client, `${HEAD}kit.open "b1"`));
	assert.match(error.message, /b1 is not connected/);
});

test('events and samples', async (t) => {
	const { client, b1 } = await lab(t, { b1: { keys: { wiring: 'starter', sampling: '20' } } });

	await t.test('a handler gets every sample, changed or not', async () => {
		const run = await go(client, `${HEAD}local b, n = kit.open(), 0 local h
			h = b:on("pin.A5", function(v, at) n = n + 1 if n == 20 then print(v, at > 0) h:stop() end end)`, { kit: 'b1' });
		assert.equal((await ended(client, run)).state, 'finished');
		assert.equal(output(client, run), '0\ttrue\n');
	});
	await t.test('a value that was never there is waited for', async () => {
		b1.setAnalog(4, 321);
		await prints(client, `${HEAD}print(kit.open().pin.A4)`, '321\n', { kit: 'b1' });
	});
	await t.test('presses arrive in order, each as it is', async () => {
		b1.setDigital(2, 1); /* the button connects to ground: high is released */
		const run = await go(client, `${HEAD}local b, n = kit.open(), 0 print("at first", b.button) local h
			h = b:on("button", function(v) n = n + 1 print(n, v) if n == 4 then h:stop() end end) print "listening"`, { kit: 'b1' });
		await said(client, run, 'listening');
		for (const [i, level] of [0, 1, 0, 1].entries()) {
			b1.setDigital(2, level);
			await said(client, run, `${i + 1}\t`);
		}
		assert.equal((await ended(client, run)).state, 'finished');
		assert.equal(output(client, run), 'at first\tfalse\nlistening\n1\ttrue\n2\tfalse\n3\ttrue\n4\tfalse\n');
	});
	await t.test('a text of the board is an event', async () => {
		const run = await go(client, `${HEAD}local b = kit.open()
			spawn(function() print("got", b:wait("string", 10)) end) sleep(0.1) print "ready"`, { kit: 'b1' });
		await said(client, run, 'ready');
		b1.sendString('hello there');
		await ended(client, run);
		assert.match(output(client, run), /got\thello there\n/);
	});
	await t.test('actions give their answer, others go on meanwhile', async () => {
		b1.i2c.set(80, Object.assign(new Uint8Array(256), { 3: 7, 4: 8 }));
		await prints(client, `${HEAD}local b = kit.open() local r = b:i2c_read{address = 80, register = 3, count = 2}
			print(r[#r - 1], r[#r])`, '7.0\t8.0\n', { kit: 'b1' });
	});
	await t.test('what is wrong is refused with the reason', async () => {
		const run = await go(client, `${HEAD}local b = kit.open()
			for _, f in ipairs{function() b.servo = 500 end, function() b.led = "on" end, function() b.light = 1 end,
				function() b:i2c_read{addres = 80, count = 1} end, function() b:i2c_read{address = 80} end, function() b.wheel = 1 end} do
				local ok, e = pcall(f) print(e.code, e.message) end`, { kit: 'b1' });
		await ended(client, run);
		const lines = output(client, run).trim().split('\n');
		assert.deepEqual(lines.map((line) => line.split('\t')[0]),
			['invalid', 'invalid', 'refused', 'invalid', 'invalid', 'not_found'].map((c, i) => (i === 2 ? lines[2].split('\t')[0] : c)));
		assert.match(lines[0], /0.*180/);
		assert.match(lines[3], /addres/);
		assert.match(lines[4], /count/);
	});
	await t.test('a handler goes on when its kit is back', async () => {
		const run = await go(client, `${HEAD}local b, n = kit.open(), 0
			b:on("light", function(v) n = n + 1 end)
			local function more() local at = n return wait(function() return n > at + 3 end) end
			more() print "before" wait(function() return not pcall(function() return b.light end) end) print "lost"
			wait(function() return pcall(function() return b.light end) end) more() print "after" error("enough")`, { kit: 'b1' });
		await said(client, run, 'before');
		b1.unplug();
		await said(client, run, 'lost');
		await b1.listen(b1.file);
		await said(client, run, 'after');
		await ended(client, run);
	});
	await t.test('a new wiring gives the script new names', async () => {
		const run = await go(client, `${HEAD}local b = kit.open() print(b.led)
			while not pcall(function() return b.red end) do sleep(0.02) end b.red = true print(b.red, pcall(function() return b.led end))`,
		{ kit: 'b1' });
		await said(client, run, 'false');
		await client.call('kit.wiring', { kit: 'b1', profile: 'traffic-light' });
		assert.equal((await ended(client, run)).state, 'finished');
		assert.match(output(client, run), /^false\ntrue\tfalse\t.*"led"/);
		await client.call('kit.wiring', { kit: 'b1', profile: 'starter' });
	});
});

test('fault_28: a flood of commands slows its script, not the daemon, and the newest wins', async (t) => {
	const { client, b1 } = await lab(t, { b1: {} });
	const run = await go(client, `${HEAD}local b = kit.open() local n = 0 local began = now()
		while now() - began < 2 do n = n + 1 b.pin[13] = n % 2 end b.pin[13] = 1 print(n)`, { kit: 'b1' });
	const began = performance.now();
	let asked = 0;
	const done = ended(client, run);
	let isDone = false;
	done.then(() => { isDone = true; });
	while (!isDone) {
		await client.call('hello');
		asked++;
	}
	assert.equal((await done).state, 'finished');
	const commands = Number(output(client, run));
	t.diagnostic(`${commands} rounds in 2 s; ${asked} hellos in ${(performance.now() - began).toFixed(0)} ms`);
	assert.ok(commands < 10000 && asked > 20);
	await b1.saw((m) => m === b1.log.at(-1));
	assert.equal(b1.pins[13].value, 1);
});

test('a script that computes too long misses samples and is told so, others miss none', async (t) => {
	const { client } = await lab(t, { b1: { keys: { sampling: '1' } }, b2: { keys: { sampling: '20' } } });
	const listen = 'local b = kit.open() local n = 0 for i = 0, 5 do b:on("pin.A" .. i, function() n = n + 1 end) end ';
	const busy = await go(client, `${HEAD}${listen} sleep(0.2) local x = 0
		while n >= 0 do for i = 1, 1e7 do x = x + i end kit.log("") end`, { kit: 'b1' });
	const calm = await go(client, `${HEAD}${listen} wait(function() return n > 60 end) print "calm"`, { kit: 'b2' });
	await said(client, calm, 'calm');
	await client.waitFor((p, m) => forRun(busy, 'script.output')(p, m) && /left out/.test(p.text), 30000);
	await client.call('script.stop', { run: busy });
	await client.call('script.stop', { run: calm });
	assert.equal(output(client, calm), 'calm\n');
});

test('the examples of the Lua manual are Lua', async (t) => {
	const { client } = await lab(t, {});
	for (const file of ['lua.en.md', 'lua.zh.md']) {
		const text = readFileSync(path.join(root, 'docs', file), 'utf8');
		const blocks = [...text.matchAll(/^```lua\n([\s\S]*?)^```/gm)].map(([, code]) => code);
		assert.ok(blocks.length >= 5);
		for (const code of blocks) {
			await prints(client, `assert(load([==[${code}]==]))`, '');
		}
	}
});

/*
 * API.md: script.*: lives, outputs and errors of runs, and who hears of them.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { now, until } from './daemon.mjs';
import { lab } from './lab.mjs';
import { ENDS, ended, forRun, output } from './runs.mjs';

test('a run', async (t) => {
	const { client, b1, connect, daemon } = await lab(t, { b1: { keys: { sampling: '10' } }, b2: {} });
	const go = async (source, more = {}) => (await client.call('script.run', { source, kit: 'b1', ...more })).run;

	await t.test('goes through its states and ends finished', async () => {
		const run = await go('print("hello", 1 + 1)');
		await ended(client, run);
		const states = client.notifications.filter((n) => forRun(run, 'script.state')(n.params, n.method))
			.map((n) => n.params.state);
		assert.equal(states.at(-1), 'finished');
		const order = ['queued', 'starting', 'running', 'stopping', 'finished'];
		assert.deepEqual(states, [...states].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
		assert.equal(output(client, run), 'hello\t2\n');
	});
	await t.test('ids are texts and unique for ever, also over a restart', async () => {
		const runs = [];
		for (let i = 0; i < 5; i++) {
			const run = await go('');
			assert.equal(typeof run, 'string');
			runs.push(run);
			await ended(client, run);
		}
		assert.equal(new Set(runs).size, 5);
	});
	await t.test('drives the kit', async () => {
		const run = await go('local kit = require "kit"\nlocal bench = kit.open()\nbench.pin[13] = 1\nprint(bench.pin.A0 ~= nil)');
		const end = await ended(client, run);
		assert.equal(end.state, 'finished', JSON.stringify(end.error));
		await until(() => b1.log.some((m) => m.pin === 13 && m.value === 1) || b1.log.some((m) => m.type === 'port'));
	});
	await t.test('an error in the script names line, cause and what to do', async () => {
		const run = await go('local x = 1\nlocal y = nil\nprint(y.z)');
		const { state, error } = await ended(client, run);
		assert.equal(state, 'failed');
		assert.equal(error.line, 3);
		assert.match(error.message, /nil/);
		assert.ok(error.hint.length > 10);
	});
	await t.test('a syntax error names its line', async () => {
		const run = await go('print("a")\nif then\n');
		const { state, error } = await ended(client, run);
		assert.equal(state, 'failed');
		assert.equal(error.line, 2);
	});
	await t.test('script.stop answers when the run has ended', async () => {
		const run = await go('while true do sleep(0.05) end');
		await client.waitFor((p, m) => forRun(run, 'script.state')(p, m) && p.state === 'running');
		const { state } = await client.call('script.stop', { run });
		assert.ok(['stopped', 'killed'].includes(state), state);
		assert.equal((await client.call('script.watch', { run })).state, state);
	});
	await t.test('stopping a run that has ended tells its state', async () => {
		const run = await go('');
		await ended(client, run);
		assert.equal((await client.call('script.stop', { run })).state, 'finished');
	});
	await t.test('one run at a time on a kit, else busy; replace takes its place', async () => {
		const first = await go('while true do sleep(0.05) end');
		await client.waitFor((p, m) => forRun(first, 'script.state')(p, m) && p.state === 'running');
		const error = await client.refusal('script.run', { source: '', kit: 'b1' });
		assert.equal(error.reason, 'busy');
		const second = await go('print("second")', { replace: true });
		assert.ok(['stopped', 'killed'].includes((await ended(client, first)).state));
		assert.equal((await ended(client, second)).state, 'finished');
		assert.equal(output(client, second), 'second\n');
		const news = client.notifications.filter((n) => n.method === 'script.state')
			.map(({ params: { run, state } }) => `${run === first ? 'first' : run === second ? 'second' : run} ${state}`);
		const at = (entry) => news.indexOf(entry);
		assert.ok(at('second queued') >= 0 && at('second queued') === news.lastIndexOf('second queued'), 'told once');
		assert.ok(at('second queued') < news.findLastIndex((entry) => /^first (stopped|killed)$/.test(entry)), news.join());
		assert.ok(at('second starting') > news.findLastIndex((entry) => entry.startsWith('first ')), news.join());
	});
	await t.test('the kit\'s row names its run', async () => {
		await client.call('kits.watch');
		const run = await go('sleep(30)');
		await client.waitFor((p, m) => m === 'kits.changed' && p.kit === 'b1' && p.row.run === run);
		await client.call('script.stop', { run });
		await client.waitFor((p, m) => m === 'kits.changed' && p.kit === 'b1' && p.row.run === null);
		await client.call('kits.unwatch');
	});
	await t.test('runs on different kits go side by side', async () => {
		const runs = [await go('sleep(30)'), await go('sleep(30)', { kit: 'b2' })];
		const { runs: list } = await client.call('script.list', {});
		for (const run of runs) {
			assert.ok(['starting', 'running'].includes(list.find((r) => r.run === run).state));
		}
		await Promise.all(runs.map((run) => client.call('script.stop', { run })));
	});
	await t.test('who starts a run hears it; others only after script.watch', async () => {
		const other = await connect();
		const run = await go('print("one") sleep(0.3) print("two") sleep(30)');
		await client.waitFor((p, m) => forRun(run, 'script.output')(p, m) && p.text.includes('one'));
		assert.equal(other.notifications.length, 0);
		const seen = await other.call('script.watch', { run });
		assert.equal(seen.run, run);
		assert.deepEqual(seen.kits, ['b1']);
		assert.equal(seen.state, 'running');
		assert.ok(JSON.stringify(seen.tail).includes('one'));
		await other.waitFor((p, m) => forRun(run, 'script.output')(p, m) && p.text.includes('two'));
		await other.call('script.unwatch', { run });
		await client.call('script.stop', { run });
		await other.call('hello');
		assert.ok(!other.notifications.some((n) => forRun(run, 'script.state')(n.params, n.method) && ENDS.includes(n.params.state)));
	});
	await t.test('a run outlives its client', async () => {
		const starter = await connect();
		const { run } = await starter.call('script.run', { source: 'sleep(0.5) print("still here")', kit: 'b1' });
		starter.ws.terminate();
		await client.call('script.watch', { run });
		assert.equal((await ended(client, run)).state, 'finished');
		assert.equal(output(client, run), 'still here\n');
	});
	await t.test('the tail holds the last 200 lines', async () => {
		const run = await go('for i = 1, 500 do print(i) end');
		await ended(client, run);
		const { tail } = await client.call('script.watch', { run });
		const text = tail.map((line) => (line.text ?? line).trimEnd());
		assert.equal(text.length, 200);
		assert.equal(text.at(-1), '500');
		assert.equal(text[0], '301');
	});
	await t.test('more than 1 MB of output fails with limit', async () => {
		const run = await go('local s = ("x"):rep(1000)\nwhile true do print(s) end');
		const { state, error } = await ended(client, run);
		assert.equal(state, 'failed');
		assert.match(`${error.message} ${error.hint}`, /1 MB|limit/i);
		assert.ok(output(client, run).length <= 1.1e6);
	});
	await t.test('plot sends script.plot', async () => {
		const run = await go('plot{speed = 1.5, height = 2}');
		const { params } = await client.waitFor(forRun(run, 'script.plot'));
		assert.deepEqual(params.set, { speed: 1.5, height: 2 });
		await ended(client, run);
	});
	await t.test('a seed makes random numbers repeat', async () => {
		const numbers = [];
		for (let i = 0; i < 2; i++) {
			const run = await go('print(math.random(1, 1e9), math.random())', { seed: 42 });
			await ended(client, run);
			numbers.push(output(client, run));
		}
		assert.equal(numbers[0], numbers[1]);
		const run = await go('print(math.random(1, 1e9), math.random())', { seed: 43 });
		await ended(client, run);
		assert.notEqual(output(client, run), numbers[0]);
	});
	await t.test('a name is kept', async () => {
		const run = await go('', { name: '交通灯 <b>' });
		assert.equal((await client.call('script.watch', { run })).name, '交通灯 <b>');
		await ended(client, run);
	});
	await t.test('other kits are forbidden to a script, unless kits names them', async () => {
		const source = 'local kit = require "kit"\nlocal ok, e = pcall(kit.open, "b2")\nprint(ok and "opened" or e.code)';
		const alone = await go(source);
		await ended(client, alone);
		assert.equal(output(client, alone), 'forbidden\n');
		const both = await go(source, { kits: ['b1', 'b2'] });
		await ended(client, both);
		assert.equal(output(client, both), 'opened\n');
	});
	await t.test('a script hears of a lost kit, and its handle works again', async () => {
		const run = await go('local kit = require "kit"\nlocal b = kit.open()\nlocal lost = false\nprint("open", b.pin.A0)\n'
			+ 'while true do\n  local ok, e = pcall(function() return b.pin.A0 end)\n'
			+ '  if not ok and not lost then lost = true print(e.code) end\n'
			+ '  if ok and lost then print("back") break end\n  sleep(0.02)\nend');
		await client.waitFor((p, m) => forRun(run, 'script.output')(p, m) && p.text.includes('open'));
		b1.unplug();
		await client.waitFor((p, m) => forRun(run, 'script.output')(p, m) && p.text.includes('lost'));
		await b1.listen(b1.file);
		assert.equal((await ended(client, run)).state, 'finished');
		assert.match(output(client, run), /^open\t\d+\nlost\nback\n$/);
	});
	await t.test('wrong parameters are refused', async () => {
		assert.equal((await client.refusal('script.run', { kit: 'b1' })).reason, 'invalid');
		assert.equal((await client.refusal('script.run', { source: 5, kit: 'b1' })).reason, 'invalid');
		assert.equal((await client.refusal('script.run', { source: '', kit: 'b9' })).reason, 'not_found');
		assert.equal((await client.refusal('script.run', { source: '', kit: 'b1', case: 'nothing' })).reason, 'not_found');
		for (const method of ['script.watch', 'script.stop', 'script.unwatch']) {
			assert.equal((await client.refusal(method, { run: 'nope' })).reason, 'not_found', method);
		}
	});
	await t.test('a daemon that ends ends its runs, and new ids differ', async (s) => {
		const run = await go('while true do sleep(1) end');
		await client.waitFor((p, m) => forRun(run, 'script.state')(p, m) && p.state === 'running');
		const { runs } = await client.call('script.list', {});
		const before = runs.map((r) => r.run);
		await daemon.stop();
		const again = await lab(s, {}, { args: ['--state', daemon.state] });
		const { run: fresh } = await again.client.call('script.run', { source: '' });
		assert.ok(!before.includes(fresh), `${fresh} was used before`);
	});
});

test('the first host call comes soon after script.run', async (t) => {
	const { client, b1 } = await lab(t);
	const began = now();
	await client.call('script.run', { source: 'require "kit".open().pin[12] = 1', kit: 'b1' });
	await b1.saw((m) => m.pin === 12);
	assert.ok(now() - began < 2000, 'no timing, only that it does not wait for something');
});

/*
 * The processes of scripts: what they may, how they end, and what the daemon
 * makes of it.
 */
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { connect, program, run as launch, scratch, until } from './daemon.mjs';
import { lab } from './lab.mjs';
import { moving, rovers } from './rover.mjs';
import { ended, go, procStat, runners, running } from './runs.mjs';

const status = (pid, key) => new RegExp(`^${key}:[ \\t]*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1];
const isGone = (pid) => {
	try {
		return procStat(pid)[0] === 'Z';
	} catch {
		return true;
	}
};

async function one(client, daemon, source, more) {
	const before = runners(daemon);
	const run = await go(client, source, more);
	await running(client, run);
	const [pid, ...others] = runners(daemon).filter((p) => !before.includes(p));
	assert.deepEqual(others, []);
	return { run, pid };
}

test('the process of a script', async (t) => {
	const { client, daemon, connect } = await rovers(t);

	await t.test('has no rights, no files, and waits behind the daemon', async () => {
		const { run, pid } = await one(client, daemon, 'sleep(1000)');
		assert.equal(status(pid, 'NoNewPrivs'), '1');
		const isSan = process.env.BUILD?.endsWith('san'); /* no filter then, and a place to complain */
		assert.equal(status(pid, 'Seccomp'), isSan ? '0' : '2');
		assert.equal(procStat(pid)[16], '10', 'nice');
		if (process.getuid() === 0) {
			assert.equal(status(pid, 'Uid').split('\t')[1], '65534');
			assert.equal(status(pid, 'Groups').trim(), '');
			assert.match(status(pid, 'CapEff'), /^0+$/);
			const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
			assert.equal(open.length, 4);
			assert.equal(open.filter((name) => name === '/dev/null').length, isSan ? 2 : 3);
		}
		assert.equal(readFileSync(`/proc/${pid}/environ`, 'utf8').replace(/\0/g, ''), '');
		await client.call('script.stop', { run });
		await until(() => isGone(pid));
	});
	await t.test('that is killed from outside is told, and its kit is free again', async () => {
		const { run, pid } = await one(client, daemon, 'while true do end');
		process.kill(Number(pid), 'SIGKILL');
		const { state, error } = await ended(client, run);
		assert.equal(state, 'killed');
		assert.match(error.message, /SIGKILL/);
		assert.ok(error.hint);
		assert.equal(daemon.status, null);
	});
	await t.test('that the system stops is no hang: it goes on when it can', async () => {
		const { run, pid } = await one(client, daemon,
			moving('local t = every(0.02, function() end) sleep(2.5) t:stop() print "on"'), { kit: 'r1' });
		process.kill(Number(pid), 'SIGSTOP');
		const before = Number(procStat(pid)[11]) + Number(procStat(pid)[12]);
		await new Promise((resolve) => setTimeout(resolve, 2000)); /* longer than a script with a lease may be silent */
		assert.equal(Number(procStat(pid)[11]) + Number(procStat(pid)[12]), before);
		process.kill(Number(pid), 'SIGCONT');
		assert.equal((await ended(client, run)).state, 'finished');
	});
	await t.test('that computes long but answers is no hang', async () => {
		const run = await go(client, moving('local t = now() while now() - t < 3 do for i = 1, 1e5 do end end'), { kit: 'r1' });
		assert.equal((await ended(client, run)).state, 'finished');
	});
	await t.test('fault_22: a hang is told in each watcher\'s language, with its line', async () => {
		const chinese = await connect({ lang: 'zh' });
		const run = await go(client, moving('print "x"\nwhile true do\nend'), { kit: 'r1' });
		await chinese.call('script.watch', { run });
		const [english, other] = await Promise.all([ended(client, run), ended(chinese, run)]);
		assert.equal(english.state, 'killed');
		assert.ok([2, 3].includes(english.error.line), String(english.error.line));
		assert.match(english.error.hint, /sleep\(0\)/);
		assert.match(other.error.hint, /sleep\(0\)/);
		assert.match(other.error.message, /\p{Script=Han}/u);
		assert.doesNotMatch(english.error.message, /\p{Script=Han}/u);
	});
	await t.test('fault_27: errors come in the language of whoever watches', async () => {
		const chinese = await connect({ lang: 'zh' });
		const run = await go(chinese, 'local kit = require "kit"\nlocal ok, e = pcall(kit.open, "nothing")\nprint(e.message)\nerror(e)');
		const { error } = await ended(chinese, run);
		assert.match(error.message, /\p{Script=Han}/u);
		const { runs } = await client.call('script.list');
		assert.match(runs.find((r) => r.run === run).error.message, /There is no kit "nothing"/);
	});
	await t.test('queued, started and stopped in one breath ends stopped', async () => {
		const runs = await Promise.all(Array.from({ length: 8 }, () => go(client, 'while true do end')));
		const states = await Promise.all(runs.map((run) => client.call('script.stop', { run })));
		assert.deepEqual(states.map(({ state }) => state), Array(8).fill('stopped'));
		await until(() => runners(daemon).length === 0);
	});
	await t.test('more runs than the lab allows are refused with limit', async () => {
		const runs = [];
		for (let i = 0; i < 64; i++) {
			runs.push(await go(client, 'sleep(1000)'));
		}
		assert.equal((await client.refusal('script.run', { source: '' })).reason, 'limit');
		await Promise.all(runs.map((run) => client.call('script.stop', { run })));
	});
	await t.test('a source of 256 KiB runs, a longer one is refused', async () => {
		const run = await go(client, `print(#[[${'x'.repeat(250 * 1024)}]])`);
		assert.equal((await ended(client, run)).state, 'finished');
		assert.equal((await client.refusal('script.run', { source: ' '.repeat(256 * 1024 + 1) })).reason, 'limit');
	});
});

test('without its program a script fails and says so', async (t) => {
	const folder = scratch();
	copyFileSync(program('kitlabd'), path.join(folder, 'kitlabd'));
	const daemon = launch(path.join(folder, 'kitlabd'), ['--open-lab', '--no-scan', '--listen', '127.0.0.1:0', '--state', scratch()]);
	const url = await until(() => /ready (\S+)/.exec(daemon.stdout)?.[1]);
	const client = await connect(url);
	for (let i = 0; i < 20; i++) {
		const { state, error } = await ended(client, await go(client, 'print(1)'));
		assert.equal(state, 'failed');
		assert.match(error.message, /No such file/);
	}
	client.ws.terminate();
	daemon.signal('SIGTERM');
	assert.equal((await daemon.waitExit()).code, 0);
});

test('runners die with a daemon that is killed, also those that hang', async (t) => {
	const { client, daemon } = await lab(t, {});
	const sources = ['while true do end', 'sleep(1000)', 'string.find(("a"):rep(200), (".-"):rep(30) .. "b")'];
	for (const source of sources) {
		await running(client, await go(client, source));
	}
	const pids = runners(daemon);
	assert.equal(pids.length, 3);
	daemon.signal('SIGKILL');
	await daemon.waitExit();
	await until(() => pids.every(isGone), 5000, 'the end of the runners');
});

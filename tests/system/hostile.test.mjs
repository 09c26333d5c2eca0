/*
 * Scripts that try everything (hostile/*.lua), through the real daemon, several at a
 * time, each with and without a robot that it drives. Each must end as its header
 * says; meanwhile the daemon answers, and an innocent script ticks on.
 *
 * Header: `-- fault: N` the row that it belongs to; `-- ends: STATE|STATE` how it ends; `stopped` are those that go on until they are
 * stopped, because they do answer. `-- says: REGEX` on its error, `-- prints: REGEX` on its
 * output (JSON escapes). `-- plain`: a hang that is also run without a robot, until
 * script_busy_s ends it; the other hangs are run with one only, to spare time.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { root, until } from './daemon.mjs';
import { moving, rovers } from './rover.mjs';
import { ENDS } from './runs.mjs';

const WORKERS = 6;
const BUSY_S = 1; /* instead of 10: many scripts share few cores here */
const folder = path.join(root, 'tests/system/hostile');

const scripts = readdirSync(folder).filter((name) => name.endsWith('.lua')).map((name) => {
	const source = readFileSync(path.join(folder, name), 'utf8');
	const header = (key) => source.match(new RegExp(`^-- ${key}(?:: (.*))?$`, 'm'));
	const text = (key) => header(key)?.[1] && JSON.parse(`"${header(key)[1].replace(/\\(?!u)/g, '\\\\').replace(/"/g, '\\"')}"`);
	return {
		name,
		title: `fault_${text('fault')}_${name.replace('.lua', '')}`,
		source,
		ends: header('ends')[1].split('|'),
		says: new RegExp(text('says') ?? '', 'i'),
		prints: text('prints') && new RegExp(text('prints')),
		plain: Boolean(header('plain')),
	};
});

const jobs = scripts.flatMap((script) => {
	const hangs = script.ends.includes('killed');
	const modes = hangs && !script.plain ? [true] : [false, true];
	return modes.map((drives) => ({ ...script, drives, hangs }));
});
/* The long ones first, so that the others fill the gaps. */
jobs.sort((a, b) => (b.hangs && !b.drives) - (a.hangs && !a.drives));

function probe(url) {
	const child = spawn('nice', ['-n', '-15', process.execPath, path.join(root, 'tests/system/probe.mjs'),
		`${url.replace(/^http/, 'ws')}ws`], { stdio: ['pipe', 'pipe', 'ignore'] });
	let out = '';
	child.stdout.on('data', (text) => { out += text; });
	return () => new Promise((resolve) => {
		child.on('close', () => resolve(JSON.parse(out)));
		child.stdin.end();
	});
}

/* Seconds of computing: of all cores, of them idle, and of the daemon with its scripts. */
function computing(daemon) {
	const all = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).slice(1, 9).map(Number);
	const own = readFileSync(`/proc/${daemon.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 15).map(Number);
	const sum = (list) => list.reduce((a, b) => a + b, 0) / 100;
	const { user, system } = process.cpuUsage();
	return { all: sum(all), idle: sum(all.slice(3, 5)), ours: sum(own) + (user + system) / 1e6 };
}

async function play(client, kit, board, job) {
	const { run } = await client.call('script.run',
		{ source: job.drives ? moving(job.source) : job.source, name: job.name, kit, seed: 1 });
	const of = (method) => client.notifications.filter((n) => n.method === method && n.params.run === run)
		.map((n) => n.params);
	const end = () => of('script.state').find((p) => ENDS.includes(p.state));
	if (job.ends.includes('stopped')) {
		await new Promise((resolve) => setTimeout(resolve, 1500)); /* it must last so long */
		assert.equal(end(), undefined, `${job.name} ended by itself: ${JSON.stringify(end())}`);
		await client.call('script.stop', { run });
	}
	const { state, error } = await until(end, 150000, `the end of ${job.name}`);
	const told = `${job.name}${job.drives ? ' with a robot' : ''}: ${state} ${JSON.stringify(error)}`;
	assert.ok(job.ends.includes(state), told);
	if (state === 'failed' || (state === 'killed' && !job.drives)) {
		assert.match(`${error.message} ${error.hint ?? ''}`, job.says, told);
	}
	if (job.prints) {
		assert.match(of('script.output').map((p) => p.text).join(''), job.prints, told);
	}
	await until(() => board.speed === 0, 5000, `the robot to rest after ${job.name}`);
	return { run, state };
}

test('hostile scripts end as they should and nobody else notices', { timeout: 240000, concurrency: WORKERS }, async (t) => {
	assert.ok(scripts.length >= 40);
	for (let row = 22; row <= 28; row++) {
		assert.ok(scripts.some((script) => script.title.startsWith(`fault_${row}_`)), `row ${row}`);
	}
	const labels = ['calm', ...Array(WORKERS).keys()].map((n) => `b${n}`);
	const { client, daemon, boards } = await rovers(t, labels, { config: `[scripts]\nscript_busy_s = ${BUSY_S}\n` });
	const innocent = await client.call('script.run', { kit: 'bcalm', source: `
		local worst, ticks, last = 0, 0, now()
		every(0.1, function()
			local t = now()
			worst, last, ticks = math.max(worst, t - last), t, ticks + 1
			if ticks % 5 == 0 then print(ticks, worst) end
		end)` });
	const finishProbe = probe(daemon.url);
	const before = computing(daemon);
	const began = performance.now();
	const queue = [...jobs];
	const failures = [];
	await Promise.all([...Array(WORKERS).keys()].map(async (worker) => {
		for (let job = queue.shift(); job; job = queue.shift()) {
			await t.test(`${job.title}${job.drives ? ', with a robot' : ''}`, () => play(client, `b${worker}`, boards[`b${worker}`], job))
				.catch((error) => failures.push(error));
		}
	}));
	const seconds = (performance.now() - began) / 1000;
	const after = computing(daemon);
	const seen = await finishProbe();
	const of = (key) => after[key] - before[key];
	/* What other programs took of this PC's computing. If that is much, they delay everybody,
	 * and the bounds say only that nothing stood still. */
	const others = (of('all') - of('idle') - of('ours') - seen.cpu) / of('all');
	const slack = others > 0.15 ? 5 : 1;

	await t.test('the daemon answered within 100 ms all the while', () => {
		t.diagnostic(`${seen.count} hellos: worst ${seen.worst.toFixed(1)} ms, p99 ${seen.p99.toFixed(1)} ms;`
			+ ` ${seen.stalled} not counted; ${seconds.toFixed(0)} s; other programs took ${(others * 100).toFixed(0)} %`);
		assert.ok(seen.count > 20 * seconds / slack && seen.count > seen.stalled, JSON.stringify(seen));
		assert.ok(seen.worst < 100 * slack && seen.p99 < 100, JSON.stringify(seen));
	});
	await t.test('an innocent script ticked on', async () => {
		const { state, tail } = await client.call('script.watch', { run: innocent.run });
		const [ticks, worst] = tail.at(-1).split('\t').map(Number);
		t.diagnostic(`${ticks} ticks of ${(seconds * 10).toFixed(0)}, worst gap ${(worst * 1000).toFixed(0)} ms`);
		assert.equal(state, 'running');
		assert.ok(ticks > seconds * 10 * (slack > 1 ? 0.5 : 0.9), `${ticks} ticks in ${seconds} s`);
		assert.ok(worst < slack, `a gap of ${worst} s`);
	});
	await t.test('nothing is left of them', async () => {
		const { runs } = await client.call('script.list');
		assert.deepEqual(runs.filter((r) => !ENDS.includes(r.state)).map((r) => r.run), [innocent.run]);
	});
});

/*
 * Runs the test suites named on the command line, in that order, and says how
 * many tests passed and failed: `node tests/run.mjs unit system ...`.
 *
 * Whatever a test program is (cmocka, node:test, a fuzzer), it ends up as lines
 * of TAP, which are counted here. Each program runs in a process group of its own
 * with a time limit; what is left of the group is killed at its end. Programs of a
 * suite run side by side, as two cores allow; those that measure time run alone.
 *
 * BUILD names the folder of the programs ("build", "build/san").
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const tests = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(tests);
const build = path.resolve(root, process.env.BUILD || 'build');
const isSan = build.endsWith('san');
const logs = path.join(build, 'test-logs');
const FUZZ_SECONDS = Number(process.env.FUZZ_SECONDS || 10);
const FILE_LIMIT_S = Number(process.env.TEST_LIMIT || (isSan ? 1200 : 600));
const SHOWN_LINES = 60;

const list = (dir, pattern) => (existsSync(dir) ? readdirSync(dir) : [])
	.filter((name) => pattern.test(name)).sort();

/* ---- suites: lists of jobs {name, command, args, count, env?, limit?} ---- */

const suites = {
	unit: () => list(path.join(tests, 'unit'), /^test_.*\.c$/).map((file) => {
		const name = file.slice(0, -2);
		return { name, command: path.join(build, 'tests', name), count: countTap,
			env: { CMOCKA_MESSAGE_OUTPUT: 'TAP' } };
	}),
	replay: () => list(path.join(tests, 'replay'), /\.c$/).filter((file) => file !== 'vectors.c')
		.map((file) => ({ name: file.slice(0, -2), command: path.join(build, 'replay', file.slice(0, -2)),
			count: countTap, env: { CMOCKA_MESSAGE_OUTPUT: 'TAP' } })),
	vectors: () => {
		const file = process.env.VECTORS || path.join(root, '../shared/vectors.json');
		if (!existsSync(file)) {
			return [{ name: 'vectors', skip: `${file} is not here` }];
		}
		return [{ name: 'vectors', command: path.join(build, 'replay/vectors'), args: [file],
			count: countSummary }];
	},
	fuzz: () => list(path.join(tests, 'fuzz'), /^fuzz_.*\.c$/).map((file) => {
		const name = file.slice(5, -2);
		const seeds = path.join(tests, 'fuzz/seeds', name);
		const corpus = path.join(root, 'build/fuzz/run', name);
		mkdirSync(corpus, { recursive: true });
		return { name: `fuzz_${name}`, command: path.join(root, 'build/fuzz', `fuzz_${name}`),
			args: [`-max_total_time=${FUZZ_SECONDS}`, '-seed=1', '-timeout=5', '-rss_limit_mb=1024',
				`-artifact_prefix=${root}/build/fuzz/`, corpus, ...(existsSync(seeds) ? [seeds] : [])],
			count: countFuzz, limit: FUZZ_SECONDS + 120 };
	}),
	system: () => nodeTests('system'),
	peers: () => nodeTests('peers'),
	usb: () => {
		if (isSan || !existsSync(path.join(build, 'guest/initramfs'))) {
			return [{ name: 'guest', skip: isSan ? 'it measures time and memory' : 'there is no QEMU' }];
		}
		return nodeTests('usb');
	},
	browser: () => nodeTests('browser'),
};
/* The files of `system` wait for kits nearly all their time. */
const PARALLEL = { unit: 2, fuzz: 2, system: 4, peers: 2, browser: 2 };
/* They measure how promptly others are served, how soon a loss is seen, how smoothly pages are drawn;
 * robots have leases of 0.3 s, which a busy machine ends. */
const ALONE = ['system/hostile', 'system/robots', 'system/safety', 'system/safety_stop', 'peers/usb', 'peers/usb_port',
	'peers/usb_robots', 'browser/speed', 'browser/stop', 'browser/robots'];

/* Before 18.15 there is no choice of reporter, and TAP is what it says. */
const [major, minor] = process.versions.node.split('.').map(Number);
const REPORTER = major === 18 && minor < 15 ? [] : ['--test-reporter', 'tap'];

function nodeTests(suite) {
	return list(path.join(tests, suite), /\.test\.mjs$/).map((file) => ({
		name: file.replace('.test.mjs', ''),
		command: process.execPath,
		args: ['--test', ...REPORTER, path.join(tests, suite, file)],
		count: countTap,
	}));
}

/* ---- counting: output and exit status -> {passed, failed, skipped, names} ---- */

/*
 * TAP: the tests that have no subtests count. node:test wraps a file's tests in
 * one of the file's name, and Node 18 and 20 indent differently.
 */
function countTap(text, ok) {
	const result = { passed: 0, failed: 0, skipped: 0, names: [] };
	let deeper = -1; /* indentation of the last test line: a shallower one closes its group */
	let stopped = false;
	for (const line of text.split('\n')) {
		const test = /^(\s*)(not )?ok \d+(?: -)? ?(.*)$/.exec(line);
		if (!test) {
			continue;
		}
		const depth = test[1].length;
		const isGroup = depth < deeper;
		deeper = depth;
		const [, , not, rest] = test;
		const [, name, directive] = /^(.*?)(?:\s+# (SKIP|TODO)\b.*)?$/i.exec(rest);
		if (isGroup) {
			stopped ||= Boolean(not) && result.failed === 0;
		} else if (not && directive?.toUpperCase() !== 'TODO') {
			result.failed++;
			result.names.push(name);
		} else if (directive) {
			result.skipped++;
		} else {
			result.passed++;
		}
	}
	/* A crash, a time limit, a failing group: not to be lost because no test says so. */
	if ((!ok || stopped) && result.failed === 0) {
		result.failed++;
		result.names.push('the program itself');
	}
	return result;
}

function countSummary(text, ok) {
	const [, passed, failed, skipped] = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/.exec(text) ?? [];
	const result = { passed: Number(passed ?? 0), failed: Number(failed ?? 0),
		skipped: Number(skipped ?? 0), names: [] };
	if (!ok && result.failed === 0) {
		result.failed = 1;
	}
	return result;
}

function countFuzz(text, ok) {
	const runs = /DONE.*|Done (\d+) runs/.exec(text);
	const passed = ok && runs ? 1 : 0;
	return { passed, failed: 1 - passed, skipped: 0, names: passed ? [] : ['found something'] };
}

/* ---- one program ---- */

function runJob(suite, job) {
	if (job.skip) {
		return Promise.resolve({ passed: 0, failed: 0, skipped: 1, names: [], note: job.skip });
	}
	return new Promise((resolve) => {
		const limit = job.limit ?? FILE_LIMIT_S;
		let text = '';
		const child = spawn(job.command, job.args ?? [], {
			cwd: root,
			env: { ...process.env, BUILD: build, ...job.env },
			stdio: ['ignore', 'pipe', 'pipe'],
			detached: true, /* a process group of its own */
		});
		const endGroup = () => {
			try {
				process.kill(-child.pid, 'SIGKILL');
			} catch {
				/* nobody is left of it */
			}
		};
		let isLate = false;
		const timer = setTimeout(() => {
			isLate = true;
			endGroup();
		}, limit * 1000);
		child.stdout.on('data', (part) => { text += part; });
		child.stderr.on('data', (part) => { text += part; });
		child.on('error', (error) => {
			text += `${error}\n`;
		});
		child.on('exit', () => setTimeout(endGroup, 50)); /* pipes held open by what it left behind */
		child.on('close', (code, signal) => {
			clearTimeout(timer);
			if (isLate) {
				text += `\ntook longer than ${limit} s: killed\n`;
			} else if (signal) {
				text += `\nended by ${signal}\n`;
			}
			mkdirSync(logs, { recursive: true });
			writeFileSync(path.join(logs, `${suite}-${job.name}.log`), text);
			resolve({ ...job.count(text, code === 0), text });
		});
	});
}

/* The failing tests' part of the output: from each "not ok", else the end. */
function failureText(text) {
	const lines = text.split('\n');
	const out = [];
	lines.forEach((line, i) => {
		if (/^\s*not ok /.test(line)) {
			out.push(...lines.slice(Math.max(0, i - 2), i + 25), '...');
		}
	});
	return (out.length ? [...out.slice(0, 2 * SHOWN_LINES), '... the end of the output:'] : [])
		.concat(lines.slice(-SHOWN_LINES)).map((line) => `    | ${line}`).join('\n');
}

async function runSuite(name) {
	let jobs = suites[name]();
	const total = { name, passed: 0, failed: 0, skipped: 0, seconds: 0 };
	const started = performance.now();
	const worker = async () => {
		for (let job = jobs.shift(); job; job = jobs.shift()) {
			const began = performance.now();
			const result = await runJob(name, job);
			const seconds = ((performance.now() - began) / 1000).toFixed(1);
			for (const key of ['passed', 'failed', 'skipped']) {
				total[key] += result[key];
			}
			console.log(`  ${result.failed ? 'FAIL' : 'ok  '} ${name}/${job.name}: ${result.passed} passed`
				+ `${result.failed ? `, ${result.failed} failed` : ''}`
				+ `${result.skipped ? `, ${result.skipped} skipped` : ''}`
				+ `${result.note ? ` (${result.note})` : ''}, ${seconds} s`);
			if (result.failed) {
				result.names.forEach((test) => console.log(`    failed: ${test}`));
				console.log(failureText(result.text));
			}
		}
	};
	const alone = jobs.filter((job) => ALONE.includes(`${name}/${job.name}`));
	jobs = jobs.filter((job) => !alone.includes(job));
	await Promise.all(Array.from({ length: PARALLEL[name] ?? 1 }, worker));
	jobs = alone;
	await worker();
	total.seconds = (performance.now() - started) / 1000;
	return total;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites[name]);
if (unknown.length || !wanted.length) {
	console.error(`usage: node tests/run.mjs SUITE...   suites: ${Object.keys(suites).join(' ')}`);
	process.exit(2);
}
const totals = [];
for (const name of wanted) {
	console.log(`${name}:`);
	totals.push(await runSuite(name));
}
const sum = { passed: 0, failed: 0, skipped: 0 };
console.log(`\n${'suite'.padEnd(10)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'skipped'.padStart(9)}`
	+ `${'seconds'.padStart(9)}`);
for (const suite of totals) {
	const isEmpty = suite.passed + suite.failed + suite.skipped === 0;
	console.log(`${suite.name.padEnd(10)}${String(suite.passed).padStart(8)}${String(suite.failed).padStart(8)}`
		+ `${String(suite.skipped).padStart(9)}${suite.seconds.toFixed(1).padStart(9)}`
		+ `${isEmpty ? '   no test ran' : ''}`);
	for (const key of Object.keys(sum)) {
		sum[key] += suite[key];
	}
	sum.failed += isEmpty ? 1 : 0;
}
console.log(`\n${sum.passed} passed, ${sum.failed} failed${sum.skipped ? `, ${sum.skipped} skipped` : ''}`);
process.exitCode = sum.failed ? 1 : 0;

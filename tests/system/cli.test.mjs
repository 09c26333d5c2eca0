/* The command line: every command against the real daemon and its virtual classroom. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { connect, program, run, scratch, start, until, untilState } from './daemon.mjs';

let daemon, client;
const folder = scratch();

before(async () => {
	daemon = await start({ args: ['--virtual', 'default'] });
	client = await connect(daemon);
	for (const kit of ['uno-1', 'uno-2', 'uno-3']) {
		await untilState(client, kit, 'ready');
	}
});
after(async () => {
	await client?.close();
	await daemon?.stop();
});

const begin = (args, env = {}) => run(program('kitlab'), args, {
	env: { ...process.env, LC_ALL: 'C.UTF-8', KITLAB_SERVER: daemon.url, ...env },
});

/* Runs a command to its end: {code, stdout, stderr}. */
async function kitlab(...args) {
	const child = begin(args);
	const { code } = await child.waitExit(10000);
	return { code, stdout: child.stdout, stderr: child.stderr };
}

/* The output of a command that has to succeed. */
async function output(...args) {
	const { code, stdout, stderr } = await kitlab(...args);
	assert.equal(code, 0, `kitlab ${args.join(' ')}: ${stderr}`);
	assert.equal(stderr, '');
	return stdout;
}

/* What a command that has to fail says. */
async function failure(code, ...args) {
	const result = await kitlab(...args);
	assert.equal(result.code, code, `kitlab ${args.join(' ')}: ${result.stdout}${result.stderr}`);
	assert.notEqual(result.stderr, '');
	return result.stderr;
}

function script(name, source) {
	const file = path.join(folder, name);
	writeFileSync(file, source);
	return file;
}

const led = async (kit) => (await client.call('kit.read', { kit, property: 'led' })).value;

test('kits shows the room', async () => {
	const text = await output('kits');
	assert.match(text, /^KIT +STATE +MODEL/);
	assert.match(text, /^uno-1 +ready +uno +1 +starter /m);
	assert.match(text, /^uno-3 +ready +uno +3 +traffic-light /m);
	assert.match(await output('kits', '--lang', 'zh'), /^uno-1 +就绪 /m);
	const { kits } = JSON.parse(await output('--json', 'kits'));
	assert.deepEqual(kits, (await client.call('kits.list')).kits);
});

test('the language is that of the environment', async () => {
	const child = begin(['kits'], { LC_ALL: '', LC_MESSAGES: '', LANG: 'zh_CN.UTF-8' });
	assert.equal((await child.waitExit()).code, 0);
	assert.match(child.stdout, /^套件/);
});

test('read prints the value alone, or with its time', async () => {
	await output('world', 'uno-1', 'light=0.75');
	await until(async () => Math.abs(Number(await output('read', 'uno-1', 'light')) - 0.75) < 0.01);
	const answer = JSON.parse(await output('read', 'uno-1', 'light', '--json'));
	assert.ok(Math.abs(answer.value - 0.75) < 0.01 && answer.t > 0);
});

test('write sets a property', async () => {
	assert.equal(await output('write', 'uno-1', 'led', 'on'), '');
	assert.equal(await led('uno-1'), true);
	await output('write', 'uno-1', 'led', 'false');
	assert.equal(await led('uno-1'), false);
	assert.ok(JSON.parse(await output('write', 'uno-1', 'servo', '90', '--json')).t > 0);
});

test('a negative number is a value, not an option', async () => {
	assert.match(await failure(1, 'write', 'uno-1', 'servo', '-5'), /-5/);
});

test('act does an action with typed arguments', async () => {
	await output('act', 'uno-1', 'pin_mode', 'pin=7', 'mode=output');
	assert.match(await failure(1, 'act', 'uno-1', 'pin_mode', 'pin=7', 'mode=dancing'), /dancing/);
	assert.match(await failure(2, 'act', 'uno-1', 'pin_mode', 'pin7'), /NAME=VALUE/);
});

test('watch prints values as they come, until Ctrl-C', async () => {
	await output('world', 'uno-1', 'light=0.2');
	const watch = begin(['watch', 'uno-1', 'light']);
	await until(() => /^ +\d+\.\d{3} {2}uno-1 {2}light {2}0\.\d/m.test(watch.stdout));
	await output('world', 'uno-1', 'light=0.9');
	await until(() => / {2}uno-1 {2}light {2}0\.(9|89)\d*$/m.test(watch.stdout));
	assert.doesNotMatch(watch.stdout, /led|uno-2/);
	watch.signal('SIGINT');
	assert.equal((await watch.waitExit()).code, 0);
	assert.equal(watch.stderr, '');
});

test('watch all with --json gives the wire\'s notifications as lines', async () => {
	const watch = begin(['watch', 'all', '--json', '--rate', '0']);
	await output('world', 'uno-2', 'light=0.6');
	const lines = () => watch.stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line));
	await until(() => lines().some(({ method, params }) =>
		method === 'kit.values' && 'light' in (params.kits['uno-2']?.set ?? {})));
	assert.ok(lines()[0].kits['uno-3']);
	watch.signal('SIGINT');
	assert.equal((await watch.waitExit()).code, 0);
});

test('watch says when a kit goes and comes back', async () => {
	const watch = begin(['watch', 'uno-2', 'led']);
	await until(() => watch.stdout.includes('led'));
	await output('world', 'uno-2', 'fault=unplug');
	await until(() => /^ +uno-2 +(lost|absent|opening)$/m.test(watch.stdout));
	await output('world', 'uno-2', 'fault=none');
	await until(() => /^ +uno-2 +ready$/m.test(watch.stdout), 15000);
	watch.signal('SIGINT');
	assert.equal((await watch.waitExit()).code, 0);
});

test('watch ends when nobody reads any more', async () => {
	const watch = spawn(program('kitlab'), ['watch', 'all', '--server', daemon.url],
		{ stdio: ['ignore', 'pipe', 'ignore'] });
	const ended = new Promise((resolve) => watch.on('exit', resolve));
	watch.stdout.destroy();
	let light = 0;
	await until(async () => {
		light = (light + 0.1) % 1;
		await client.call('world.set', { kits: { 'uno-1': { light } } });
		return watch.exitCode !== null || watch.signalCode !== null;
	});
	await ended;
});

test('run shows output and plots, and ends with 0', async () => {
	const file = script('hello.lua', `
local kit = require "kit"
local bench = kit.open()
print("hello", bench.id)
bench.led = true
plot { answer = 42 }
`);
	const text = await output('run', file, '--kit', 'uno-2');
	assert.match(text, /^hello\s+uno-2$/m);
	assert.match(text, /^answer=42$/m);
	assert.equal(await led('uno-2'), true);
});

test('run names file and line of an error in the reader\'s language, and ends with 1', async () => {
	const file = script('wrong.lua', `local kit = require "kit"
local bench = kit.open "uno-1"
print(bench.ligth)
`);
	const said = await failure(1, 'run', file, '--kit', 'uno-1');
	assert.match(said, /^wrong\.lua:3: /);
	assert.match(said, /"light"/);
	const zh = await failure(1, 'run', file, '--kit', 'uno-1', '--lang', 'zh');
	assert.match(zh, /^wrong\.lua:3: /);
	assert.match(zh, /[\u4e00-\u9fff]/);
	assert.match(await failure(1, 'run', script('bad.lua', 'x = = 1\n'), '--kit', 'uno-1'), /^bad\.lua:1: /);
});

test('Ctrl-C stops the run', async () => {
	const file = script('forever.lua', 'print "up"\nwhile true do sleep(0.05) end\n');
	const child = begin(['run', file, '--kit', 'uno-1']);
	await until(() => child.stdout.includes('up'));
	child.signal('SIGINT');
	assert.equal((await child.waitExit()).code, 1);
	assert.match(child.stderr, /^forever\.lua: stopped$/m);
	const { runs } = await client.call('script.list');
	assert.ok(runs.filter((r) => r.name === 'forever.lua').every((r) => r.state === 'stopped'));
});

test('run with --json gives lines, and --seed repeats the dice', async () => {
	const file = script('dice.lua', 'print(math.random(1, 1000000), math.random(1, 1000000))\n');
	const lines = (await output('run', file, '--kit', 'uno-1', '--json', '--seed', '7')).trim().split('\n')
		.map((line) => JSON.parse(line));
	assert.match(lines[0].run, /./);
	assert.equal(lines.at(-1).params.state, 'finished');
	const dice = lines.find(({ method }) => method === 'script.output').params.text;
	assert.equal(await output('run', file, '--kit', 'uno-1', '--seed', '7'), dice);
	assert.notEqual(await output('run', file, '--kit', 'uno-1', '--seed', '8'), dice);
});

test('run takes a script from standard input, and refuses what is none', async () => {
	const child = spawn(program('kitlab'), ['run', '-', '--kit', 'uno-1', '--server', daemon.url]);
	let text = '';
	child.stdout.on('data', (part) => { text += part; });
	child.stdin.end('print "from a pipe"\n');
	assert.equal(await new Promise((resolve) => { child.on('close', resolve); }), 0);
	assert.equal(text, 'from a pipe\n');
	assert.match(await failure(1, 'run', path.join(folder, 'nothing.lua')), /nothing\.lua/);
	assert.match(await failure(1, 'run', script('zero.lua', 'print(1)\0')), /text/);
	assert.match(await failure(1, 'run', script('long.lua', '-'.repeat(300 * 1024))), /256 KiB/);
	assert.match(await failure(1, 'run', folder), /cannot be read/);
});

test('what a script prints cannot steer the terminal', async () => {
	const file = script('colour.lua', 'print("\\27[31mred\\u{9b}1m")\n');
	assert.equal(await output('run', file, '--kit', 'uno-1'), '\\x1b[31mred\\x9b1m\n');
});

test('stop ends one run, or all', async () => {
	const source = 'while true do sleep(0.05) end\n';
	const runs = [];
	for (const kit of ['uno-1', 'uno-2', 'uno-3']) {
		runs.push((await client.call('script.run', { source, kit })).run);
	}
	const state = async (id) => (await client.call('script.list')).runs.find((r) => r.run === id).state;
	assert.equal(await output('stop', runs[0]), '');
	assert.equal(await state(runs[0]), 'stopped');
	assert.notEqual(await state(runs[1]), 'stopped');
	await output('stop', '--all');
	assert.equal(await state(runs[1]), 'stopped');
	assert.equal(await state(runs[2]), 'stopped');
	assert.match(await failure(1, 'stop', 'no-such-run'), /no-such-run/);
});

test('world shows and sets what is around the virtual kits', async () => {
	await output('world', 'uno-1', 'temperature=31', 'button=true');
	const text = await output('world', 'uno-1');
	assert.match(text, /^uno-1 .* temperature=31/);
	assert.match(text, /button=true/);
	assert.doesNotMatch(text, /uno-2/);
	assert.match(await output('world'), /^uno-2 /m);
	assert.equal(JSON.parse(await output('world', '--json')).kits['uno-1'].button, true);
	await output('world', 'uno-1', 'button=false');
	assert.match(await failure(1, 'world', 'uno-9'), /uno-9/);
	assert.match(await failure(2, 'world', 'uno-1', 'dark'), /NAME=VALUE/);
});

test('cases lists the course cases and prints their texts', async () => {
	assert.match(await output('cases'), /^blink +A lamp that blinks +primary +40 +led$/m);
	assert.match(await output('cases', '--lang', 'zh'), /^blink +会眨眼的灯 +小学 /m);
	const found = await output('cases', '--search', 'stage:junior light');
	assert.match(found, /^light-lamp /m);
	assert.doesNotMatch(found, /^blink /m);
	assert.match(await output('cases', 'blink'), /^# A lamp that blinks\n/);
	assert.match(await output('cases', 'blink', '--lang', 'zh'), /^# 会眨眼的灯\n/);
	assert.match(await output('cases', 'blink', '--starter'), /kit\.open\(\)/);
	assert.match(await output('cases', 'blink', '--solution'), /while true do/);
	assert.equal(JSON.parse(await output('cases', 'blink', '--json')).id, 'blink');
	assert.match(await failure(1, 'cases', 'nothing'), /nothing/);
});

test('pupils do not get solutions', async () => {
	const school = await start({ args: ['--open-lab=student', '--virtual', 'none', '--no-scan'] });
	assert.match(await failure(1, 'cases', 'blink', '--solution', '--server', school.url), /teachers/);
	assert.match(await output('cases', 'blink', '--starter', '--server', school.url), /kit\.open/);
	assert.match(await output('kits', '--server', school.url), /^No kits\./);
	await school.stop();
});

test('an unknown kit, property or action is answered with what there is', async () => {
	assert.match(await failure(1, 'read', 'uno-9', 'light'), /uno-9.*uno-1.*uno-2/);
	assert.match(await failure(1, 'read', 'uno-1', 'ligth'), /light/);
	assert.match(await failure(1, 'act', 'uno-1', 'danse'), /danse/);
	const said = JSON.parse(await failure(1, '--json', 'read', 'uno-9', 'light'));
	assert.equal(said.error.reason, 'not_found');
});

test('without a daemon it says how to start one', async () => {
	const said = await failure(1, 'kits', '--server', 'http://127.0.0.1:1');
	assert.match(said, /kitlabd --open-lab/);
	assert.match(said, /127\.0\.0\.1:1/);
	assert.match(await failure(1, 'kits', '-s', 'http://127.0.0.1:1', '--lang', 'zh'), /请启动/);
	assert.equal(JSON.parse(await failure(1, 'kits', '-j', '-s', 'http://127.0.0.1:1')).error.reason, 'io');
});

test('something else on the port is not taken for a daemon', async () => {
	const other = http.createServer((request, response) => response.end('hello'));
	await new Promise((resolve) => { other.listen(0, '127.0.0.1', resolve); });
	await failure(1, 'kits', '--server', `http://127.0.0.1:${other.address().port}`);
	other.closeAllConnections();
	other.close();
});

test('wrong arguments end with 2 and the way it is written', async () => {
	assert.match(await failure(2), /kitlab --help/);
	assert.match(await failure(2, 'dance'), /dance/);
	assert.match(await failure(2, 'read', 'uno-1'), /kitlab read KIT PROPERTY/);
	assert.match(await failure(2, 'kits', 'uno-1'), /kitlab kits/);
	assert.match(await failure(2, 'stop', 'x', '--all'), /kitlab stop \[RUN/);
	assert.match(await failure(2, 'write', 'uno-1', 'led', 'on', '--for', 'ever'), /ever/);
	assert.match(await failure(2, '--no-such-option', 'kits'), /no-such-option/);
	assert.match(await failure(2, 'kits', '--server', 'nowhere'), /nowhere/);
});

test('health checks a kit up, and lists what was found', async () => {
	assert.match(await output('health'), /No kit has been checked/);
	const report = await output('health', 'uno-1');
	assert.match(report, /^uno-1  ready  \d{4}-/);
	assert.match(report, /^ {2}\+ sensors$/m);
	assert.match(await output('health'), /^uno-1  ready/);
	assert.match(await output('--lang', 'zh', 'health', 'uno-1', '--all'), /^uno-1 {2}正常[^]*传感器/);
	assert.equal(JSON.parse(await output('--json', 'health', 'uno-1')).verdict, 'ready');
	assert.match(await failure(1, 'health', 'uno-9'), /uno-9/);
});

test('seats binds USB sockets and lists them', async () => {
	assert.match(await output('seats', '1-1.2', '3'), /^3 +1-1\.2/m);
	assert.match(await output('seats'), /^SEAT +SOCKET +KIT\n3 +1-1\.2/);
	assert.match(await failure(1, 'seats', 'ttyUSB0', '3'), /1-1\.2/);
	assert.doesNotMatch(await output('seats', '1-1.2', ''), /1-1\.2/);
});

test('accept and forget say why they do nothing', async () => {
	assert.match(await failure(1, 'accept', 'uno-1'), /does not wait/);
	assert.match(await failure(1, 'forget', 'uno-1'), /plugged in/);
});

test('help names every command in both languages', async () => {
	for (const lang of ['en', 'zh']) {
		const text = await output('--lang', lang, '--help');
		for (const command of ['kits', 'watch', 'read', 'write', 'act', 'run', 'stop', 'flash', 'health', 'seats',
			'accept', 'forget', 'world', 'cases']) {
			assert.match(text, new RegExp(`^  ${command} `, 'm'));
		}
		assert.equal(/[\u4e00-\u9fff]/.test(text), lang === 'zh');
	}
	assert.match(await output('--version'), /^kitlab \d/);
});

test('a daemon that ends is told, and watching fails', async () => {
	const other = await start({ args: ['--virtual', 'none', '--no-scan'] });
	const watch = begin(['watch', 'all', '--json', '--server', other.url]);
	await until(() => watch.stdout.includes('watch'));
	await other.stop();
	assert.equal((await watch.waitExit()).code, 1);
	assert.match(watch.stderr, /"reason":"io"/);
});

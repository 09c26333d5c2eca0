/* The program kitlab-virtual: its arguments, its lines, its control line, its end. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { program, run, scratch, until } from './daemon.mjs';
import { openLine, startBoard, VirtualClassroom } from './virtual.mjs';

/* A line whose bytes are gathered as hex. */
async function host(t, name) {
	const line = await openLine(t, name);
	let bytes = Buffer.alloc(0);
	line.on('data', (data) => { bytes = Buffer.concat([bytes, data]); });
	return {
		line,
		get heard() { return bytes.toString('hex'); },
		forget() { bytes = Buffer.alloc(0); },
		say: (hex) => line.write(Buffer.from(hex, 'hex')),
		hears(hex) { return until(() => this.heard.includes(hex), 5000, `${hex} in ${this.heard}`); },
	};
}
const banner = (minor) => `f9020${minor}f079020${minor}5300740061`;

test('one board prints one line, the path of its pty, and says its banner when it is opened', async (t) => {
	const board = await startBoard(t, ['--board', 'uno']);
	assert.match(board.name, /^\/dev\/pts\/\d+$/);
	const h = await host(t, board.name);
	await h.hears(banner(5));
	board.signal('SIGTERM');
	assert.deepEqual(await board.waitExit(), { code: 0, signal: null });
	assert.equal(board.stdout, `${board.name}\n`);
	assert.equal(board.stderr, '');
});

test('--link makes a symlink, replaces an old one, and takes it away at the end', async (t) => {
	const link = path.join(scratch(), 'my board');
	const first = await startBoard(t, ['--board', 'nano', '--link', link]);
	assert.equal(first.name, link);
	first.signal('SIGKILL');
	await first.waitExit();
	assert.ok(lstatSync(link).isSymbolicLink());
	const board = await startBoard(t, ['--board', 'nano', '--link', link, '--firmware', '2.4']);
	assert.match(readlinkSync(link), /^\/dev\/pts\/\d+$/);
	await (await host(t, link)).hears(banner(4));
	board.signal('SIGINT');
	assert.equal((await board.waitExit()).code, 0);
	assert.equal(existsSync(link), false);
});

test('--link and --listen never replace a file', async () => {
	const file = path.join(scratch(), 'homework');
	writeFileSync(file, 'keep me');
	for (const args of [['--link', file], ['--listen', `unix:${file}`]]) {
		const board = run(program('kitlab-virtual'), ['--board', 'uno', ...args]);
		assert.equal((await board.waitExit()).code, 2);
		assert.match(board.stderr, /homework/);
		assert.ok(lstatSync(file).isFile());
	}
});

test('--listen takes hosts over a UNIX or a TCP socket, one at a time', async (t) => {
	const socket = path.join(scratch(), 'board');
	const free = net.createServer().listen(0, '127.0.0.1');
	await new Promise((resolve) => { free.on('listening', resolve); });
	const { port } = free.address();
	await new Promise((resolve) => { free.close(resolve); });
	for (const name of [`unix:${socket}`, `tcp:127.0.0.1:${port}`]) {
		const board = await startBoard(t, ['--board', 'mega', '--listen', name]);
		assert.equal(board.name, name);
		const h = await host(t, name);
		await h.hears(banner(5));
		const second = await openLine(t, name);
		let closed = false;
		second.on('close', () => { closed = true; }).resume();
		await until(() => closed, 5000, 'the second host to be sent away');
		h.forget();
		h.say('f9');
		await h.hears('f90205');
		h.line.destroy();
		await (await host(t, name)).hears(banner(5));
	}
});

test('the boot time is that of --boot-ms, and nothing is heard before', async (t) => {
	const board = await startBoard(t, ['--board', 'uno', '--boot-ms', '700']);
	const begin = performance.now();
	const h = await host(t, board.name);
	h.say('f9');
	await h.hears('f9');
	assert.ok(performance.now() - begin >= 650);
	assert.ok(h.heard.startsWith(banner(5)), h.heard);
});

test('--fault and --wiring are there from the start', async (t) => {
	const garbage = await host(t, (await startBoard(t, ['--board', 'uno', '--fault', 'garbage'])).name);
	await until(() => garbage.heard.length > 400);
	assert.ok(!garbage.heard.includes(banner(5)));
	/* Button of the starter bench: pulled up high, or nothing there: the same; A0 tells. */
	for (const [wiring, isDark] of [['starter', false], ['none', true]]) {
		const h = await host(t, (await startBoard(t, ['--board', 'uno', '--wiring', wiring])).name);
		await h.hears(banner(5));
		h.forget();
		h.say('c001');
		await until(() => h.heard.length >= 6);
		assert.equal(h.heard.startsWith('e00000'), isDark, h.heard);
	}
});

test('wrong arguments end with code 2 and say what is wrong', async () => {
	for (const [args, word] of [
		[[], /--classroom/],
		[['--board', 'due'], /uno, mega, nano, leonardo/],
		[['--board', 'uno', '--firmware', '3'], /no "3"/],
		[['--board', 'uno', '--wiring', 'none-such'], /none-such/],
		[['--board', 'uno', '--listen', 'serial:/dev/ttyS0'], /unix:PATH or tcp/],
		[['--board', 'uno', '--listen', 'unix:relative'], /unix:relative/],
		[['--board', 'uno', '--boot-ms', '-1'], /-1/],
		[['--board', 'uno', '--fault', 'fire'], /silence/],
		[['--board', 'uno', '--classroom', 'default'], /--control/],
		[['--classroom', 'default'], /--control/],
		[['--classroom', 'default', '--control', 'unix:/nowhere/at/all'], /No such file/],
		[['--board', 'uno', 'more'], /more/],
		[['--wrong'], /--wrong/],
	]) {
		const board = run(program('kitlab-virtual'), args);
		assert.equal((await board.waitExit()).code, 2, args.join(' '));
		assert.match(board.stderr, word);
		assert.equal(board.stdout, '');
	}
	const help = run(program('kitlab-virtual'), ['--help']);
	assert.equal((await help.waitExit()).code, 0);
	for (const option of ['board', 'link', 'listen', 'firmware', 'classroom', 'control']) {
		assert.match(help.stdout, new RegExp(`--${option}=`));
	}
});

test('a classroom announces seats and boards, then answers questions in order', async (t) => {
	const room = await VirtualClassroom.start(t, 'default');
	assert.deepEqual(room.lines[0], { classroom: 'default', seats: ['1', '2', '3', '4', '5', '6'] });
	assert.deepEqual(room.lines.at(-1), { ready: true });
	assert.deepEqual(Object.keys(room.boards), ['uno-1', 'uno-2', 'uno-3', 'mbot-1', 'nxt-1', 'arm-1']);
	assert.deepEqual(room.boards['uno-3'], {
		label: 'uno-3', seat: '3', model: 'uno', wiring: 'traffic-light',
		port: `stream:${room.dir}/uno-3?driver=firmata&label=uno-3&seat=3&wiring=traffic-light&baud=57600`,
	});
	const asked = [];
	for (let i = 0; i < 50; i++) {
		asked.push(room.ask(i % 2 ? { get: true } : { set: { kits: { 'uno-1': { pot: i / 100 } } } }));
	}
	const answers = await Promise.all(asked);
	answers.forEach(({ result }, i) => assert.equal(result.kits['uno-1'].pot, (i - i % 2) / 100));
	const ids = room.lines.filter((line) => line.id).map((line) => line.id);
	assert.deepEqual(ids, [...ids].sort((a, b) => a - b));
	const { error } = await room.ask({ set: { kits: { 'uno-1': { pot: 2 } } } });
	assert.equal(error.reason, 'invalid');
	assert.match(error.text[0], /pot/);
	assert.match(error.text[1], /\p{Script=Han}/u);
});

test('a classroom that does not exist is refused with the names of those that do', async (t) => {
	const room = await VirtualClassroom.start(t, 'nowhere');
	assert.equal((await room.process.waitExit()).code, 2);
	await until(() => room.lines.length);
	assert.equal(room.lines[0].error.reason, 'not_found');
	assert.match(room.lines[0].error.text[0], /default/);
});

test('seats and folders with odd characters make valid port SPECs', async (t) => {
	const room = await VirtualClassroom.start(t, {
		seats: ['窗 1&2'],
		boards: [{ label: 'a', model: 'leonardo', seat: '窗 1&2', port: 'unix' }],
	});
	const { port } = room.boards.a;
	assert.match(port, /^unix:\/[^ ]*\/a\?/);
	assert.equal(decodeURIComponent(/&seat=([^&]*)/.exec(port)[1]), '窗 1&2');
	await (await host(t, port)).hears(banner(5));
});

test('a classroom ends with its control line, or with what started it', async (t) => {
	const room = await VirtualClassroom.start(t, 'default');
	room.socket.destroy();
	assert.equal((await room.process.waitExit()).code, 0);
	assert.equal(existsSync(path.join(room.dir, 'uno-1')), false);

	/* The line stays open here, but the parent is killed. */
	const dir = scratch();
	const server = net.createServer((socket) => socket.resume().on('error', () => {}));
	let closed = false;
	server.on('connection', (socket) => socket.on('close', () => { closed = true; }));
	await new Promise((resolve) => { server.listen(path.join(dir, 'control'), resolve); });
	t.after(() => server.close());
	const parent = spawn('/bin/sh', ['-c', '"$0" --classroom default --control "unix:$1" & wait',
		program('kitlab-virtual'), path.join(dir, 'control')], { stdio: 'ignore' });
	t.after(() => parent.kill('SIGKILL'));
	await until(() => existsSync(path.join(dir, 'uno-3')), 5000, 'the boards');
	parent.kill('SIGKILL');
	await until(() => closed, 5000, 'the end of the orphan');
	await until(() => !existsSync(path.join(dir, 'uno-1')));
});

/*
 * How soon motion ends, measured on the real daemon:
 *
 *   1. from the last valid feed of a lease to the stop's bytes on the board's line, over many random
 *      ends of its holder: a runner killed, hung or frozen, a connection closed or silent. For a
 *      board that is pulled, from the pull to the end of the lease.
 *   2. from a press of the stop to the confirmation of every kit, with 64 kits, 60 pages and 8
 *      spinning scripts.
 *   3. the same press with robots of all kinds (mixed.mjs).
 *
 * Ends during which the machine itself stood still (this program or the daemon got no turn for 100 ms, by
 * a probe that asks hello) are counted apart: there it is not Kitlab that is late.
 *
 *   make bench-safety                              300 ends, 60 presses: about a minute
 *   make bench-safety BENCH_ARGS="--ends=10000 --presses=500"
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { connect, now, program, scratch, start, until } from '../system/daemon.mjs';
import { rovers, ROVER, watchMotion } from '../system/rover.mjs';
import { mixedStops } from './mixed.mjs';

const option = (name, otherwise) => Number(process.argv.map((arg) => new RegExp(`^--${name}=(\\d+)$`).exec(arg)?.[1])
	.find(Boolean) ?? otherwise);
const ENDS = option('ends', 300);
const PRESSES = option('presses', 60);
const KITS = 64, PAGES = 60, SCRIPTS = 8;
const DRIVERS = 3, RUNS = 3; /* at a time: people, and scripts */
const LIMIT_MS = 500, STALL_MS = 100;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const random = (from, to) => from + Math.random() * (to - from);

/* Where it may: what measures must not be what is late. */
try {
	os.setPriority(0, -15);
} catch {
	/* not root: all run alike */
}

/* When nobody got a turn: [{from, to}], kept by a client that asks again and again. */
class Probe {
	async start(daemon) {
		this.stalls = [];
		this.client = await connect(daemon);
		this.timer = setInterval(() => this.ask(), 20);
		this.last = now();
	}

	ask() {
		const asked = now();
		this.note(this.last + 20, asked);
		this.last = asked;
		this.client.call('hello').then(() => this.note(asked, now()), () => {});
	}

	note(from, to) {
		if (to - from > STALL_MS) {
			this.stalls.push({ from, to });
		}
	}

	/* Did the machine stand still in this time? */
	saw(from, to) {
		return this.stalls.some((stall) => stall.from < to && stall.to > from);
	}

	stop() {
		clearInterval(this.timer);
		this.client.ws.terminate();
	}
}
const probe = new Probe();
let stalled = 0;

/* Keeps a time, once the probe knows of all that was meanwhile. */
async function keep(times, from, to) {
	await pause(2 * STALL_MS);
	if (probe.saw(from, to)) {
		stalled++;
	} else {
		times.push(to - from);
	}
}

function spread(list) {
	const sorted = [...list].sort((a, b) => a - b);
	const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
	return { count: sorted.length, p50: at(0.5), p99: at(0.99), worst: sorted.at(-1) };
}

function line(what, list, target = '') {
	if (list.length > 0) {
		const { count, p50, p99, worst } = spread(list);
		console.log(`  ${what.padEnd(34)}${String(count).padStart(7)}${[p50, p99, worst].map((x) => (Number.isFinite(x) ? x.toFixed(1) : '> 250').padStart(9)).join('')}   ${target}`);
	}
}

/* ---- 1. ends of holders ---- */

/* Makes the ends come to their test's end in order. */
class Ends {
	constructor() {
		this.after = [];
	}

	/* As node:test's t.after, for lab(). */
	get t() {
		return { after: (fn) => this.after.push(fn) };
	}

	async finish() {
		for (const fn of this.after.reverse()) {
			await fn();
		}
	}
}

const untilRest = (board, since) => until(() => board.moves.find((m) => m.t >= since && m.value === 0), 3000, 'the stop');

/* A person drives and feeds for a while, then goes in one way or another. */
async function person(room, label, kind, times) {
	const board = room.boards[label];
	const client = await room.connect({ validate: undefined });
	const { lease } = await until(() => client.call('kit.lease', { kit: label }), 20000, `a lease of ${label}`);
	await client.call('kit.write', { kit: label, property: 'motor.1', value: 0.5, lease });
	const end = now() + random(0, 250);
	let fed = now();
	while (now() < end) {
		const sent = now();
		if (await client.call('lease.feed', { lease }).catch(() => null) === null) {
			break; /* it expired while the machine stood still */
		}
		fed = sent;
		await pause(random(5, 80));
	}
	if (kind === 'pull') {
		const feeds = setInterval(() => client.call('lease.feed', { lease }).catch(() => clearInterval(feeds)), 50);
		const pulled = now();
		board.unplug();
		const { params } = await client.waitFor((p, m) => m === 'lease.lost');
		const lost = now();
		clearInterval(feeds);
		await board.listen(board.file);
		watchMotion(board);
		if (params.reason === 'lost') { /* else it had expired while the machine stood still */
			await keep(times, pulled, lost);
		}
	} else {
		if (kind === 'close') {
			client.ws.terminate();
		}
		await keep(times, fed, (await untilRest(board, fed)).t);
	}
	client.ws.terminate();
}

const runnersOf = (daemon) => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
	try {
		return readFileSync(`/proc/${pid}/comm`, 'utf8') === 'kitlab-runner\n' &&
			Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1]) === daemon.pid;
	} catch {
		return false;
	}
}).map(Number);

/* Its lamp blinks with each turn of the scheduler: what the board last saw of that is no later than
 * the last feed by more than a turn, and never after it. */
const driver = (hangs) => `local r = require("kit").open()
	r.motor[1] = 0.5
	local on, n = false, 0
	while true do
		on, n = not on, n + 1
		r.led = on
		${hangs ? 'if n > math.random(2, 15) then while true do end end' : ''}
		sleep(0.01)
	end`;

async function script(room, label, kind, times, pids) {
	const board = room.boards[label];
	const { client, daemon } = room;
	const began = now();
	let blink = 0;
	const note = board.onMessage;
	board.onMessage = (entry) => {
		note(entry);
		if (entry.type === 'digital' && entry.pin === 13) {
			blink = board.speed > 0 ? now() : blink;
		}
	};
	const before = new Set([...runnersOf(daemon), ...pids.values()]);
	const { run } = await client.call('script.run', { source: driver(kind === 'hang'), kit: label });
	const { t: driving } = await until(() => board.moves.find((m) => m.t >= began && m.value > 0), 20000, `a script to drive ${label}`);
	const state = async () => (await client.call('script.watch', { run })).state;
	if (kind !== 'hang') {
		/* The kits of scripts start one after the other (a lock), so the new process is this one's. */
		const pid = runnersOf(daemon).find((p) => !before.has(p));
		pids.set(label, pid);
		script.unlock();
		await pause(random(0, 200));
		process.kill(pid, kind === 'kill' ? 'SIGKILL' : 'SIGSTOP');
		const rest = await untilRest(board, driving);
		await keep(times, blink, rest.t);
		if (kind === 'freeze') {
			process.kill(pid, 'SIGKILL');
		}
	} else {
		script.unlock();
		const rest = await untilRest(board, driving);
		await keep(times, blink, rest.t);
	}
	board.onMessage = note;
	await until(async () => !['queued', 'starting', 'running', 'stopping'].includes(await state()), 20000, 'the end of a script');
	pids.delete(label);
}

async function ends() {
	const labels = [...Array(DRIVERS + RUNS).keys()].map((n) => `r${n}`);
	const scope = new Ends();
	const room = await rovers(scope.t, labels, { config: '[scripts]\nscript_busy_s = 1\n' });
	const kinds = { close: [], silent: [], pull: [], kill: [], freeze: [], hang: [] };
	const pids = new Map();
	await probe.start(room.daemon);
	let left = ENDS, lock = Promise.resolve(), failures = 0;
	const work = async (label, names, play) => {
		for (; left > 0 && failures < 5;) {
			left--;
			await until(async () => (await room.client.call('kits.list')).kits.some((row) =>
				row.id === label && row.state === 'ready' && !row.run && !row.holder), 60000, `${label} to be free`);
			const kind = names[Math.floor(Math.random() * names.length)];
			await play(label, kind).catch((error) => {
				failures++;
				console.log(`  ${kind} on ${label}: ${error.message.split('\n')[0]}`);
			});
		}
	};
	await Promise.all(labels.map((label, i) => (i < DRIVERS
		? work(label, ['close', 'silent', 'silent', 'pull'], (l, kind) => person(room, l, kind, kinds[kind]))
		: work(label, ['kill', 'kill', 'freeze', 'hang'], async (l, kind) => {
			const turn = lock;
			let open;
			lock = new Promise((resolve) => { open = resolve; });
			await turn;
			script.unlock = open;
			try {
				await script(room, l, kind, kinds[kind], pids);
			} finally {
				open();
			}
		}))));
	probe.stop();
	await scope.finish();
	return { kinds, failures };
}

/* ---- 2. the stop ---- */

async function pages(port) {
	const child = spawn(program('bench/load'), { stdio: ['pipe', 'pipe', 'inherit'] });
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	child.stdin.write(`clients ${port} ${PAGES} 20\n`);
	await lines.next();
	return child;
}

async function stops() {
	const [dir, wirings] = [scratch(), scratch()];
	const file = (folder, name, text) => {
		writeFileSync(path.join(folder, name), text);
		return path.join(folder, name);
	};
	const boards = [...Array(KITS).keys()].map((n) => ({ label: `k${n}`, seat: String(n + 1), model: 'uno' }));
	file(wirings, 'rover.json', JSON.stringify(ROVER));
	const room = file(dir, 'room.json', JSON.stringify({ seats: boards.map(({ seat }) => seat), boards }));
	const config = file(dir, 'kitlabd.conf', `[folders]\nwiring_dir = ${wirings}\n`);
	const daemon = await start({ args: ['--no-scan', '--virtual', room, '--config', config], timeout: 30000 });
	const client = await connect(daemon);
	await until(async () => (await client.call('kits.list')).kits.filter(({ state }) => state === 'ready').length === KITS, 60000, 'all kits');
	for (const { label } of boards) {
		await client.call('kit.wiring', { kit: label, profile: 'rover' });
	}
	const child = await pages(daemon.port);
	const times = [];
	let unconfirmed = 0;
	for (let i = 0; i < PRESSES; i++) {
		const runs = await Promise.all([...Array(SCRIPTS).keys()].map((n) => client.call('script.run', { kit: `k${n}`, replace: true,
			source: 'local r = require("kit").open() r.motor[1] = 0.5 while true do sleep(0) end' })));
		const leases = await Promise.all([...Array(KITS - SCRIPTS).keys()].map((n) =>
			client.call('kit.lease', { kit: `k${n + SCRIPTS}`, ttl: 1000 })));
		await Promise.all(leases.map(({ lease }, n) =>
			client.call('kit.write', { kit: `k${n + SCRIPTS}`, property: 'motor.1', value: 0.5, lease })));
		await until(async () => (await client.call('script.list')).runs.filter(({ state }) => state === 'running').length === SCRIPTS, 20000);
		await pause(random(50, 150));
		const pressed = now();
		const answer = await client.call('room.stop', { level: 'hold' });
		if (answer.unconfirmed.length === 0) {
			times.push(now() - pressed);
		} else {
			unconfirmed++;
			times.push(Infinity);
		}
		await until(async () => (await client.call('script.list')).runs.every(({ state }) => !['running', 'stopping'].includes(state)), 20000);
		await client.call('room.clear');
		void runs;
	}
	child.kill();
	await client.close();
	await daemon.stop();
	return { times, unconfirmed };
}

console.log(`${os.cpus().length} cores (${os.cpus()[0].model.trim()}), Linux ${os.release()}, Node ${process.version};`
	+ ` load ${os.loadavg()[0].toFixed(1)} at the start`);
console.log(`\n  ${''.padEnd(34)}${'count'.padStart(7)}${['p50', 'p99', 'worst'].map((x) => x.padStart(9)).join('')}   ms`);
const { kinds, failures } = await ends();
console.log('last valid feed to the stop on the line');
line('connection closed', kinds.close);
line('connection silent', kinds.silent);
line('runner killed', kinds.kill);
line('runner frozen', kinds.freeze);
line('script hangs', kinds.hang);
const all = ['close', 'silent', 'kill', 'freeze', 'hang'].flatMap((kind) => kinds[kind]);
line('all', all, `none over ${LIMIT_MS}: ${all.every((ms) => ms <= LIMIT_MS) ? 'true' : 'FALSE'}`);
console.log(`  ${stalled} more while the machine itself stood still`);
line('board pulled, to the lease\'s end', kinds.pull, '<= 100');
const { times, unconfirmed } = await stops();
console.log(`press of the stop to all ${KITS} confirmations, ${PAGES} pages, ${SCRIPTS} spinning scripts`);
line('all kits confirmed', times, 'p50 <= 20, p99 <= 100, worst <= 250');
console.log(`  presses without all confirmations in 250 ms: ${unconfirmed}; load ${os.loadavg()[0].toFixed(1)} at the end`);
console.log('press of the stop to the confirmation of a robot that moves');
for (const [model, list] of Object.entries(await mixedStops(Math.min(PRESSES, 30)))) {
	const late = list.filter((ms) => ms > 250).length;
	line(model, list, `not confirmed in 250 ms: ${late}${list.every((ms) => ms === Infinity) ? ', and never: by design' : ''}`);
}
process.exit(failures > 0 ? 1 : 0);

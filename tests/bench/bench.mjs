/*
 * Speed and memory of kitlabd, and of what a user would write today (peer.mjs), measured by
 * the same load: 64 boards on ptys, six analog channels each at 100 Hz. Prints a table;
 * judges nothing, because the machine may be busy: it also prints what others used, and
 * measures a window again (x) when the host of a virtual machine took the cores away.
 *
 *   make bench                   five windows of 10 s each, about 7 minutes
 *   make bench BENCH_ARGS=--quick   three windows of 3 s
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connect, program, scratch, start, until } from '../system/daemon.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const isQuick = process.argv.includes('--quick');
const WINDOWS = Number(process.env.BENCH_WINDOWS || (isQuick ? 3 : 5));
const WINDOW_S = Number(process.env.BENCH_SECONDS || (isQuick ? 3 : 10));
const BOARDS = 64;
const CLIENTS = 60;
const HZ = 100;
const TICKS = 100; /* of /proc a second */
const STOLEN_MAX = 0.01; /* of a core: a window in which the host took more says nothing */
const TRIES = 4;         /* windows measured for one that counts, at most */

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const fixed = (digits) => (x) => (Number.isFinite(x) ? x.toFixed(digits) : '-');

/* ---- what /proc knows ---- */

function cpuOf(pid) {
	const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
	return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function cpuOfAll() {
	const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8').split('\n')[0]
		.split(/\s+/).slice(1).map(Number);
	return (user + nice + system + irq + softirq) / TICKS;
}

/* What the host of a virtual machine gave to others meanwhile. */
const stolen = () => Number(readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/)[8]) / TICKS;

const rssOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

/* Where it may: the load must not be what is late, and both servers get what kitlabd takes. */
function setPriority(pid, priority) {
	try {
		os.setPriority(pid, priority);
	} catch {
		/* not root: all run alike */
	}
}

/* ---- the load generator ---- */

class Load {
	constructor() {
		this.child = spawn(program('bench/load'), { stdio: ['pipe', 'pipe', 'inherit'] });
		setPriority(this.child.pid, -10);
		this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
	}

	async ask(command) {
		this.child.stdin.write(`${command}\n`);
		const { value, done } = await this.lines.next();
		if (done) {
			throw new Error(`the load generator ended at "${command}"`);
		}
		return JSON.parse(value);
	}

	end() {
		this.child.stdin.end();
	}
}

/* ---- the two servers ---- */

async function startKitlab(paths) {
	const ports = paths.flatMap((file, i) => ['--port', `stream:${file}?driver=firmata&label=b${i}&sampling=10`]);
	const daemon = await start({ args: ['--no-scan', ...ports], timeout: 30000 });
	const client = await connect(daemon);
	await until(async () => (await client.call('kits.list')).kits.every((row) => row.state === 'ready'), 30000, 'all kits');
	await client.close();
	return { pid: daemon.pid, port: daemon.port, stop: () => daemon.stop() };
}

async function startPeer(paths) {
	const child = spawn(process.execPath, [path.join(here, 'peer.mjs'), ...paths], { stdio: ['ignore', 'pipe', 'inherit'] });
	setPriority(child.pid, -5);
	for await (const line of createInterface({ input: child.stdout })) {
		const port = /:(\d+)\/$/.exec(line)?.[1];
		if (port) {
			return { pid: child.pid, port, stop: () => child.kill() };
		}
	}
	throw new Error('the peer ended');
}

/* One window of a scenario, with what everybody used. */
async function measure(server, load, command) {
	const pids = [server.pid, load.child.pid, process.pid];
	const before = pids.map(cpuOf);
	const all = cpuOfAll();
	const lost = stolen();
	const began = performance.now();
	const got = await load.ask(command);
	const seconds = (performance.now() - began) / 1000;
	const used = pids.map((pid, i) => (cpuOf(pid) - before[i]) / seconds);
	return { ...got, seconds, cpu: used[0], rss: rssOf(server.pid), load: used[1],
		stolen: (stolen() - lost) / seconds,
		others: Math.max(0, (cpuOfAll() - all) / seconds - used.reduce((a, b) => a + b)) };
}

/* The windows from which the host stole least. */
async function windows(server, load, command) {
	const list = [];
	const good = () => list.filter((w) => w.stolen <= STOLEN_MAX).length;
	while (list.length < WINDOWS * TRIES && good() < WINDOWS) {
		list.push(await measure(server, load, command));
		process.stdout.write(list.at(-1).stolen <= STOLEN_MAX ? '.' : 'x');
	}
	return list.sort((a, b) => a.stolen - b.stolen).slice(0, WINDOWS);
}

const middle = (list, fn) => median(list.map(fn));
const latencies = (list) => Object.fromEntries(['p50', 'p95', 'p99'].map((name) =>
	[name, middle(list, (w) => w.latency[name])]));
const common = (list) => ({ cpu: middle(list, (w) => w.cpu), rss: middle(list, (w) => w.rss),
	load: middle(list, (w) => w.load), others: middle(list, (w) => w.others), stolen: middle(list, (w) => w.stolen) });

async function scenarios(name, startServer) {
	process.stdout.write(`${name} `);
	const load = new Load();
	const { paths } = await load.ask(`boards ${BOARDS}`);
	const server = await startServer(paths);
	const ms = WINDOW_S * 1000;
	const out = {};

	await load.ask(`clients ${server.port} ${CLIENTS} 20`);
	await load.ask('measure 2000');
	const all = await windows(server, load, `measure ${ms}`);
	out.all = { ...common(all), ...latencies(all),
		share: middle(all, (w) => w.kits / (CLIENTS * BOARDS * 20 * w.seconds)) };
	await load.ask('leave');

	await load.ask(`clients ${server.port} 1 0`);
	await load.ask('measure 1000');
	const every = await windows(server, load, `measure ${ms}`);
	out.every = { ...common(every), ...latencies(every), share: middle(every, (w) => w.kits / w.written),
		streamed: middle(every, (w) => w.written / (BOARDS * HZ * w.seconds)) };
	await load.ask('leave');

	await load.ask(`clients ${server.port} 1 20`);
	await load.ask('write 1000');
	const write = await windows(server, load, `write ${ms}`);
	out.write = { ...common(write), ...latencies(write), share: middle(write, (w) => w.latency.count / (w.latency.count + w.lost)) };
	await load.ask('leave');
	await server.stop();
	load.end();
	process.stdout.write('\n');
	return out;
}

/* ---- of our own ---- */

async function startTimes() {
	const state = scratch();
	const times = [];
	for (let i = 0; i < (isQuick ? 5 : 11); i++) {
		const began = performance.now();
		const daemon = spawn(program('kitlabd'), ['--open-lab', '--listen', '127.0.0.1:0', '--state', state],
			{ stdio: ['ignore', 'pipe', 'ignore'] });
		await new Promise((resolve) => daemon.stdout.once('data', resolve));
		times.push(performance.now() - began);
		daemon.kill('SIGTERM');
		await new Promise((resolve) => daemon.once('close', resolve));
	}
	return median(times.slice(1)); /* the first made the folder */
}

async function runners() {
	const load = new Load();
	const { paths } = await load.ask(`boards ${BOARDS}`);
	const server = await startKitlab(paths);
	await load.ask(`clients ${server.port} 1 20`);
	const firstCall = await load.ask(`script ${isQuick ? 16 : CLIENTS}`);
	await load.ask('leave');
	const client = await connect(`ws://127.0.0.1:${server.port}/ws`);
	let running = 0;
	client.on((params, method) => {
		running += method === 'script.state' && params.state === 'running' ? 1 : 0;
	});
	for (let i = 0; i < CLIENTS; i++) {
		await client.call('script.run', { kit: `b${i}`, source: 'while true do sleep(60) end' });
	}
	await until(() => running === CLIENTS, 30000, 'all scripts to run');
	const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
		try {
			return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(server.pid)
				&& readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('kitlab-runner'.slice(0, 15));
		} catch {
			return false; /* it has ended */
		}
	});
	const pss = pids.reduce((sum, pid) => sum
		+ Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024, 0);
	await client.close();
	await server.stop();
	load.end();
	return { pss, count: pids.length, firstCall: firstCall.latency };
}

/* ---- the table ---- */

function row(what, ours, peer, format, target) {
	const ratio = peer > 0 && ours > 0 ? `${(peer / ours).toFixed(1)}x` : '';
	console.log(`${what.padEnd(44)}${format(ours).padStart(10)}${peer === undefined ? ''.padStart(10) : format(peer).padStart(10)}`
		+ `${ratio.padStart(8)}   ${target}`);
}

function block(title, ours, peer, targets) {
	console.log(`\n${title}`);
	row('  CPU, share of one core', ours.cpu, peer.cpu, fixed(3), targets.cpu ?? '');
	row('  resident memory, MB', ours.rss, peer.rss, fixed(1), targets.rss ?? '');
	for (const name of ['p50', 'p95', 'p99']) {
		row(`  latency ${name}, ms`, ours[name], peer[name], fixed(2), targets[name] ?? '');
	}
	row('  share delivered', ours.share, peer.share, fixed(4), targets.share ?? '');
	row('  CPU of the load generator', ours.load, peer.load, fixed(3), '');
	row('  CPU of all others', ours.others, peer.others, fixed(3), '');
	row('  taken by the host', ours.stolen, peer.stolen, fixed(3), '');
}

console.log(`${os.cpus().length} cores (${os.cpus()[0].model.trim()}), Linux ${os.release()}, Node ${process.version}`);
console.log(`${BOARDS} boards x 6 channels x ${HZ} Hz; median of ${WINDOWS} windows of ${WINDOW_S} s`);
const ours = await scenarios('kitlabd', startKitlab);
const peer = await scenarios('peer   ', startPeer);
const startMs = await startTimes();
const { pss, count, firstCall } = await runners();

console.log(`\n${''.padEnd(44)}${'kitlabd'.padStart(10)}${'peer'.padStart(10)}${'ratio'.padStart(8)}   target`);
block(`${CLIENTS} clients, each watches all kits at 20 Hz`, ours.all, peer.all,
	{ cpu: '>= 5x less', rss: '<= 16', p99: '<= the peer\'s' });
block('one client, every sample of all kits', ours.every, peer.every,
	{ cpu: '<= 0.20 and >= 4x less', p99: '<= the peer\'s', share: '1' });
block('kit.write to the byte on the pty, boards streaming', ours.write, peer.write, { p99: '<= the peer\'s' });
console.log('\nkitlabd alone');
row('  start to the ready line, ms', startMs, undefined, fixed(1), '<= 150');
row(`  ${count} idle runners, PSS in all, MB`, pss, undefined, fixed(1), '<= 20');
row('  script.run to the first byte it sends, p50 ms', firstCall.p50, undefined, fixed(2), '<= 10');
row('  script.run to the first byte it sends, p99 ms', firstCall.p99, undefined, fixed(2), '');
console.log(`\nboards wrote ${fixed(4)(ours.every.streamed)} and ${fixed(4)(peer.every.streamed)} of their samples in time`);

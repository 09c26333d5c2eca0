/*
 * Asks a daemon `hello` again and again and measures how long each answer takes:
 *   nice -n -15 node probe.mjs ws://127.0.0.1:PORT/ws
 * until its standard input closes; then prints {count, stalled, worst, p99} in ms and the `cpu`
 * that it used, in s. Samples in which this process itself did not run for a while say nothing about the daemon: `stalled`.
 */
import WebSocket from 'ws';

const PERIOD = 20;
const STALL = 15;
const ws = new WebSocket(process.argv[2], 'kitlab.v1');
const answers = [];
let stalled = 0;
let asked = 0;
let ownGap = 0;
let last = performance.now();
let id = 0;

setInterval(() => {
	const now = performance.now();
	ownGap = Math.max(ownGap, now - last - 5);
	last = now;
}, 5);

function ask() {
	ownGap = 0;
	last = asked = performance.now();
	ws.send(JSON.stringify({ jsonrpc: '2.0', id: ++id, method: 'hello', params: {} }));
}

ws.on('open', ask);
ws.on('message', () => {
	const took = performance.now() - asked;
	ownGap = Math.max(ownGap, performance.now() - last - 5);
	if (ownGap > STALL) {
		stalled++;
	} else {
		answers.push(took);
	}
	setTimeout(ask, PERIOD);
});
ws.on('close', () => process.exit(1));
process.stdin.resume().on('end', () => {
	answers.sort((a, b) => a - b);
	console.log(JSON.stringify({
		count: answers.length,
		stalled,
		worst: answers.at(-1),
		p99: answers[Math.floor(answers.length * 0.99)],
		cpu: (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
	}));
	process.exit(0);
});

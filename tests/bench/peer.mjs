/*
 * What a user would write today, to be measured beside kitlabd: npm's firmata-io on
 * the boards' ttys and npm's ws towards the browsers. 20 times a second each client gets what
 * is new since its last frame; at rate 0 it gets each value when firmata-io tells it. It
 * speaks the part of the wire contract that the load generator uses, and nothing else: no
 * descriptions, no rights, no scripts, no log.
 *
 *   node peer.mjs TTY...      the boards are b0, b1, ... in that order
 */
import { EventEmitter } from 'node:events';
import { constants, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import tty from 'node:tty';
import { WebSocketServer } from 'ws';

const { Firmata } = createRequire(import.meta.url)('firmata-io');
const CHANNELS = [0, 1, 2, 3, 4, 5];
const LED = 13;
const watching = new Map();    /* sockets that watch at 20 Hz -> what they were told of each kit */
const everySample = new Set(); /* sockets that watch at rate 0 */

class Line extends EventEmitter {
	constructor(path) {
		super();
		const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;
		this.input = new tty.ReadStream(openSync(path, flags));
		this.input.setRawMode(true);
		this.output = new tty.WriteStream(openSync(path, flags));
		this.input.on('data', (data) => this.emit('data', data));
	}

	write(data, done) {
		this.output.write(data, done);
	}
}

function send(socket, kits) {
	const params = { t: performance.now(), kits };
	socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'kit.values', params }));
}

function open(path, number) {
	const id = `b${number}`;
	const kit = { id, seq: 0, set: {}, t: 0 };
	return new Promise((resolve) => {
		kit.board = new Firmata(new Line(path), { reportVersionTimeout: 100, samplingInterval: 10 });
		kit.board.on('ready', () => {
			kit.board.pinMode(LED, kit.board.MODES.OUTPUT);
			for (const channel of CHANNELS) {
				kit.board.analogRead(channel, (value) => {
					kit.set[`pin.A${channel}`] = value;
					kit.seq++;
					kit.t = performance.now();
					for (const socket of everySample) {
						send(socket, { [id]: { seq: kit.seq, t: kit.t, set: { [`pin.A${channel}`]: value } } });
					}
				});
			}
			resolve(kit);
		});
	});
}

const kits = await Promise.all(process.argv.slice(2).map(open));
setInterval(() => {
	for (const [socket, told] of watching) {
		const news = {};
		for (const { id, seq, t, set } of kits) {
			if (seq > (told.get(id) ?? 0)) {
				news[id] = { seq, t, set };
				told.set(id, seq);
			}
		}
		send(socket, news);
	}
}, 50);

const methods = {
	'kit.watch': ({ rate }, socket) => {
		if (rate > 0) {
			watching.set(socket, new Map());
		} else {
			everySample.add(socket);
		}
		return { watch: 1, kits: {} };
	},
	'kit.write': ({ kit, value }) => {
		kits[Number(kit.slice(1))].board.digitalWrite(LED, value ? 1 : 0);
		return { t: performance.now() };
	},
};
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/ws', perMessageDeflate: false });
server.on('connection', (socket) => {
	socket.on('message', (text) => {
		const { id, method, params } = JSON.parse(text);
		socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: methods[method](params, socket) }));
	});
	socket.on('close', () => {
		everySample.delete(socket);
		watching.delete(socket);
	});
});
server.on('listening', () => console.log(`peer ready http://127.0.0.1:${server.address().port}/`));
process.on('SIGTERM', () => process.exit(0));

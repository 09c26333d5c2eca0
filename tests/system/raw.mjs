/*
 * HTTP and WebSocket by hand, byte for byte: for what no decent client would send.
 */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { until } from './daemon.mjs';

/* A TCP connection that gathers what comes: {socket, text, bytes, isClosed}. */
export async function dial(port) {
	const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: false });
	const line = { socket, bytes: Buffer.alloc(0), isClosed: false,
		get text() { return line.bytes.toString('latin1'); } };
	socket.on('data', (part) => { line.bytes = Buffer.concat([line.bytes, part]); });
	socket.on('close', () => { line.isClosed = true; });
	socket.on('error', () => {});
	await new Promise((resolve, reject) => {
		socket.once('connect', resolve);
		socket.once('error', reject);
	});
	socket.unref();
	return line;
}

/* Sends raw HTTP and waits for an answer or the end: {status or null, text, isClosed}. */
export async function http(port, text, timeout = 8000) {
	const line = await dial(port);
	line.socket.write(text);
	await until(() => line.isClosed || /^HTTP\/1\.1 \d{3} /.test(line.text), timeout, `an answer to ${text.slice(0, 60)}`)
		.finally(() => line.socket.destroy());
	return { status: Number(line.text.split(' ')[1]) || null, text: line.text, isClosed: line.isClosed };
}

/* One frame of a client, masked. `head` replaces the length bytes after the second. */
export function frame(opcode, payload = Buffer.alloc(0), { fin = true, rsv = 0, masked = true, head } = {}) {
	const body = Buffer.from(payload);
	const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
	const flag = masked ? 0x80 : 0;
	let length;
	if (head) {
		length = Buffer.from(head);
	} else if (body.length < 126) {
		length = Buffer.from([flag | body.length]);
	} else if (body.length < 65536) {
		length = Buffer.from([flag | 126, body.length >> 8, body.length & 0xff]);
	} else {
		length = Buffer.alloc(9);
		length[0] = flag | 127;
		length.writeBigUInt64BE(BigInt(body.length), 1);
	}
	if (!masked) {
		return Buffer.concat([Buffer.from([first]), length, body]);
	}
	const mask = randomBytes(4);
	return Buffer.concat([Buffer.from([first]), length, mask, body.map((b, i) => b ^ mask[i & 3])]);
}

/* A WebSocket after its upgrade: {send, frames(), closeCode()}. */
export async function websocket(port) {
	const line = await dial(port);
	line.socket.write(`GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
		+ `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n`
		+ 'Sec-WebSocket-Protocol: kitlab.v1\r\n\r\n');
	await until(() => line.text.includes('\r\n\r\n') || line.isClosed, 5000, 'the upgrade');
	if (!line.text.startsWith('HTTP/1.1 101')) {
		throw new Error(line.text);
	}
	const start = line.bytes.indexOf('\r\n\r\n') + 4;
	const frames = () => {
		const out = [];
		let at = start;
		while (line.bytes.length >= at + 2) {
			let size = line.bytes[at + 1] & 0x7f;
			let head = 2;
			if (size === 126) {
				size = line.bytes.length >= at + 4 ? line.bytes.readUInt16BE(at + 2) : Infinity;
				head = 4;
			} else if (size === 127) {
				size = line.bytes.length >= at + 10 ? Number(line.bytes.readBigUInt64BE(at + 2)) : Infinity;
				head = 10;
			}
			if (line.bytes.length < at + head + size) {
				break;
			}
			out.push({ opcode: line.bytes[at] & 0x0f, payload: line.bytes.subarray(at + head, at + head + size) });
			at += head + size;
		}
		return out;
	};
	return {
		line,
		send: (bytes) => line.socket.write(bytes),
		frames,
		texts: () => frames().filter((f) => f.opcode === 1).map((f) => f.payload.toString()),
		/* The code of the close frame; 1006 when it ended without one. */
		async closeCode(timeout = 6000) {
			const closing = () => frames().find((f) => f.opcode === 8);
			await until(() => closing() || line.isClosed, timeout, 'the close');
			return closing()?.payload.length >= 2 ? closing().payload.readUInt16BE(0) : 1006;
		},
	};
}

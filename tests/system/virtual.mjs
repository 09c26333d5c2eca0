/* kitlab-virtual by itself: its classroom's control line, and what a host needs of a board. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tty from 'node:tty';
import { program, run, scratch, until, within } from './daemon.mjs';

/* Starts one board; answers what a host opens, as kitlab-virtual prints it. */
export async function startBoard(t, args) {
	const board = run(program('kitlab-virtual'), args);
	t.after(() => board.signal('SIGKILL'));
	await until(() => board.stdout.endsWith('\n') || board.status, 5000, 'the line with the path');
	if (board.status) {
		throw new Error(`kitlab-virtual ended: ${board.stderr}`);
	}
	return Object.assign(board, { name: board.stdout.trimEnd() });
}

/* A stream to "/dev/pts/5", "unix:/path" or "tcp:HOST:PORT", as a host opens it. */
export async function openLine(t, name) {
	const [, scheme, target] = /^(unix|tcp|stream):([^?]*)/.exec(name) ?? [null, 'stream', name];
	let line;
	if (scheme === 'stream') {
		line = new tty.ReadStream(fs.openSync(decodeURIComponent(target), fs.constants.O_RDWR | fs.constants.O_NOCTTY));
	} else if (scheme === 'unix') {
		line = net.connect({ path: decodeURIComponent(target) });
	} else {
		const [host, port] = target.split(':');
		line = net.connect({ host, port: Number(port) });
	}
	line.on('error', () => {});
	t.after(() => line.destroy());
	return line;
}

/* Plays the daemon: kitlab-virtual --classroom, with its control line. */
export class VirtualClassroom {
	static async start(t, classroom) {
		const room = new VirtualClassroom();
		room.dir = scratch();
		room.lines = [];
		room.ended = false;
		const server = net.createServer((socket) => {
			let rest = '';
			room.socket = socket;
			socket.on('error', () => {});
			socket.on('close', () => { room.ended = true; });
			socket.setEncoding('utf8').on('data', (text) => {
				const lines = (rest + text).split('\n');
				rest = lines.pop();
				room.lines.push(...lines.map((line) => JSON.parse(line)));
			});
		});
		const control = path.join(room.dir, 'control');
		await new Promise((resolve) => { server.listen(control, resolve); });
		let name = classroom;
		if (typeof classroom === 'object') {
			name = path.join(room.dir, 'classroom.json');
			fs.writeFileSync(name, JSON.stringify(classroom));
		}
		room.process = run(program('kitlab-virtual'), ['--classroom', name, '--control', `unix:${control}`]);
		t.after(() => {
			room.process.signal('SIGKILL');
			server.close();
			room.socket?.destroy();
		});
		await until(() => room.lines.some((line) => line.ready || line.error) || room.process.status,
			5000, 'the announcement');
		room.nextId = 1;
		room.boards = Object.fromEntries(room.lines.filter((line) => line.board)
			.map(({ board }) => [board.label, board]));
		return room;
	}

	send(line) {
		this.socket.write(`${line}\n`);
	}

	/* {result} or {error} of one question. */
	async ask(question) {
		const id = this.nextId++;
		this.send(JSON.stringify({ id, ...question }));
		return within(until(() => this.lines.find((line) => line.id === id)), 5000, 'an answer');
	}

	async set(kits) {
		const { result, error } = await this.ask({ set: { kits } });
		if (error) {
			throw new Error(error.text[0]);
		}
		return result;
	}
}

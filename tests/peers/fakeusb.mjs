/* Faked raw USB kits (fakeusb.c) from a test, and the programs that see them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { build, connect, run, scratch, start, until, within } from '../system/daemon.mjs';
import { contract } from '../system/schema.mjs';

const PRELOAD = 'libumockdev-preload.so.0';
const libasan = () => execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
const preload = () => (build.endsWith('san') ? `${libasan()} ${PRELOAD}` : PRELOAD);

/* A program that is told lines and says lines. */
class Talker {
	constructor(name, program, env) {
		this.name = name;
		this.lines = [];
		this.process = run(program, [], { stdio: ['pipe', 'pipe', 'pipe'], env });
		let rest = '';
		this.process.child.stdout.on('data', (text) => {
			const lines = (rest + text).split('\n');
			rest = lines.pop();
			this.lines.push(...lines);
		});
		this.process.child.stdin.on('error', () => {});
	}

	mark() {
		return this.lines.length;
	}

	saw(pattern, mark = 0) {
		return until(() => {
			const found = this.lines.slice(mark).map((line) => pattern.exec(line)).find(Boolean);
			if (!found && this.process.status) {
				throw new Error(`${this.name} ended: ${this.process.stderr}`);
			}
			return found;
		}, 10000, `${this.name} to say ${pattern}`).catch((error) => {
			throw new Error(`${error.message}; it said:\n${this.lines.slice(mark).join('\n')}\n${this.process.stderr}`);
		});
	}

	write(line) {
		this.process.child.stdin.write(`${line}\n`);
	}

	async stop() {
		this.process.child.stdin.end();
		const status = await within(this.process.waitExit(), 10000, `the end of ${this.name}`);
		if (status.code !== 0) {
			throw new Error(`${this.name} ended (${status.signal || status.code}): ${this.process.stderr}`);
		}
	}
}

export const KITS = {
	nxt: { ids: '0694:0002', serial: '0016530912AB', maker: 'LEGO', product: 'LEGO_NXT' },
	ev3: { ids: '0694:0005', serial: '00165340F2C1', maker: 'LEGO_Group', product: 'EV3' },
	owi: { ids: '1267:0000', serial: '-', maker: 'OWI', product: 'Robot_Arm' },
};

export class FakeUsb extends Talker {
	static async start(t) {
		const usb = Object.assign(new FakeUsb('fakeusb', path.join(build, 'peers/fakeusb'),
			{ ...process.env, LD_PRELOAD: PRELOAD, TMPDIR: scratch() }), { users: [] });
		t.after(async () => {
			/* First who uses it: the preloaded library aborts a program whose testbed is gone. */
			for (const stop of usb.users.reverse()) {
				await stop();
			}
			await usb.stop();
		});
		[, usb.root] = await usb.saw(/^root (.+)$/);
		return usb;
	}

	async command(line) {
		const mark = this.mark();
		this.write(line);
		await this.saw(/^(done|unknown) /, mark);
		const said = this.lines.slice(mark);
		if (said.some((one) => /^(unknown|failed) /.test(one))) {
			throw new Error(`${line}: ${said.join('; ')}`);
		}
		return said;
	}

	/* `far` is the path of the socket where the kit's bytes come from. Returns its node. */
	async plug(name, model, far = '-', options = {}) {
		const { seat, ids, serial, maker, product } = { seat: '1-1.2', ...KITS[model], ...options };
		const said = await this.command(
			`plug ${name} ${model} ${seat} ${ids} ${serial} ${maker} ${product} ${far}`);
		return said.find((line) => line.startsWith('plugged ')).split(' ')[2];
	}

	unplug(name) {
		return this.command(`unplug ${name}`);
	}

	/* A port of ours without a daemon around it: tests/peers/usbport.c. */
	port() {
		const port = new Talker('usbport', path.join(build, 'peers/usbport'),
			{ ...process.env, LD_PRELOAD: preload(), UMOCKDEV_DIR: this.root });
		this.users.push(() => port.stop());
		return port;
	}

	/* The unmodified daemon that sees these kits, with a client: {daemon, client}. */
	async daemon(args = [], options = {}) {
		const daemon = await start({ args: ['--virtual', 'none', ...args],
			env: { LD_PRELOAD: preload(), UMOCKDEV_DIR: this.root }, ...options });
		this.users.push(() => daemon.status || daemon.stop());
		const client = await connect(daemon, { validate: contract });
		this.users.push(() => {
			client.ws.terminate();
			if (client.wrong.length) {
				throw client.wrong[0];
			}
		});
		return { daemon, client };
	}
}

/* Far ends in the test: a socket on which a kit answers. `reply(bytes)` -> bytes or undefined. */
export function farEnd(t, reply) {
	const file = path.join(mkdtempSync(path.join(scratch(), 'far-')), 'kit');
	const far = { path: file, heard: [], sockets: new Set() };
	const server = net.createServer((socket) => {
		far.sockets.add(socket);
		socket.on('data', (bytes) => {
			far.heard.push(bytes.toString('hex'));
			const answer = reply?.(bytes);
			if (answer) {
				socket.write(answer);
			}
		});
		socket.on('error', () => {});
		socket.on('close', () => far.sockets.delete(socket));
		socket.unref();
	});
	t.after(() => {
		for (const socket of far.sockets) {
			socket.destroy();
		}
		server.close();
	});
	server.unref();
	return new Promise((resolve) => {
		server.listen(file, () => resolve(far));
	});
}

/* Faked USB serial ports (fakeserial.c) from a test, and the daemon that sees them. */
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { build, connect, run, scratch, start, until, within } from '../system/daemon.mjs';
import { contract } from '../system/schema.mjs';

const PRELOAD = 'libumockdev-preload.so.0';
const libasan = () => execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();

export class FakeUsb {
	static async start(t) {
		const usb = new FakeUsb();
		usb.lines = [];
		usb.process = run(path.join(build, 'peers/fakeserial'), [],
			{ stdio: ['pipe', 'pipe', 'pipe'],
				env: { ...process.env, LD_PRELOAD: PRELOAD, TMPDIR: scratch() } });
		let rest = '';
		usb.process.child.stdout.on('data', (text) => {
			const lines = (rest + text).split('\n');
			rest = lines.pop();
			usb.lines.push(...lines);
		});
		usb.process.child.stdin.on('error', () => {});
		t.after(() => usb.stop());
		[, usb.root] = await usb.saw(/^root (.+)$/);
		return usb;
	}

	mark() {
		return this.lines.length;
	}

	saw(pattern, mark = 0) {
		return until(() => {
			if (this.process.status) {
				throw new Error(`fakeserial ended: ${this.process.stderr}`);
			}
			return this.lines.slice(mark).map((line) => pattern.exec(line)).find(Boolean);
		}, 10000, `fakeserial to say ${pattern}`).catch((error) => {
			throw new Error(`${error.message}; it said:\n${this.lines.slice(mark).join('\n')}`);
		});
	}

	command(line, answer) {
		const mark = this.mark();
		this.process.child.stdin.write(`${line}\n`);
		return this.saw(answer, mark);
	}

	/* `board` has a link to its pty and a pid that SIGUSR1 resets (or none). */
	plug(name, board, { seat = '1-1.2', ids = '2341:0043', serial = '7573' } = {}) {
		return this.command(`plug ${name} ${seat} ${ids} ${serial} ${readlinkSync(board.link)} ${board.pid ?? 0}`,
			new RegExp(`^plugged ${name}$`));
	}

	unplug(name) {
		return this.command(`unplug ${name}`, new RegExp(`^unplugged ${name}$`));
	}

	hold(name) {
		return this.command(`hold ${name}`, new RegExp(`^held ${name}$`));
	}

	release(name) {
		return this.command(`release ${name}`, new RegExp(`^released ${name}$`));
	}

	/* The unmodified daemon among these ports, with a client: {daemon, client}. */
	async daemon(t, args = [], options = {}) {
		const preload = build.endsWith('san') ? `${libasan()} ${PRELOAD}` : PRELOAD;
		const daemon = await start({ args: ['--virtual', 'none', ...args],
			env: { LD_PRELOAD: preload, UMOCKDEV_DIR: this.root }, ...options });
		t.after(() => daemon.status || daemon.stop());
		const client = await connect(daemon, { validate: contract });
		t.after(() => {
			client.ws.terminate();
			if (client.wrong.length) {
				throw client.wrong[0];
			}
		});
		return { daemon, client };
	}

	async stop() {
		this.process.child.stdin.end();
		await within(this.process.waitExit(), 10000, 'the end of fakeserial');
	}
}

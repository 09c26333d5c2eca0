/* The simulated board (simboard.c) from a test: its commands, and what it says. */
import path from 'node:path';
import { build, root, run, scratch, until, within } from '../system/daemon.mjs';

export const firmware = (version) => path.join(root, `build/firmware/uno-${version}.hex`);

export class SimBoard {
	/* `version` of the firmware: '2.4' or '2.5'; `boot`: the hex file of a boot loader. */
	static async start(version, { boot } = {}) {
		const board = new SimBoard();
		board.link = path.join(scratch(), 'board');
		board.lines = [];
		board.process = run(path.join(build, 'peers/simboard'),
			['-l', board.link, ...(boot ? ['-b', boot] : []), firmware(version)], { stdio: ['pipe', 'pipe', 'pipe'] });
		let rest = '';
		board.process.child.stdout.on('data', (text) => {
			const lines = (rest + text).split('\n');
			rest = lines.pop();
			board.lines.push(...lines);
		});
		board.process.child.stdin.on('error', () => {});
		await board.saw(/^ready /);
		return board;
	}

	get pid() {
		return this.process.pid;
	}

	command(line) {
		this.process.child.stdin.write(`${line}\n`);
	}

	/* Remembers this moment: saw() may look from here on only. */
	mark() {
		return this.lines.length;
	}

	/* Waits for a line since `mark`, past or to come, and returns its match. */
	saw(pattern, mark = 0, timeout = 30000) {
		return until(() => {
			if (this.process.status) {
				throw new Error(`simboard ended: ${this.process.stderr}`);
			}
			for (const line of this.lines.slice(mark)) {
				const match = pattern.exec(line);
				if (match) {
					return match;
				}
			}
			return null;
		}, timeout, `the board to say ${pattern}`).catch((error) => {
			throw new Error(`${error.message}; it said:\n${this.lines.slice(mark).slice(-20).join('\n')}`);
		});
	}

	/* Gives a command and waits for its answer. */
	ask(line, pattern) {
		const mark = this.mark();
		this.command(line);
		return this.saw(pattern, mark);
	}

	/* {ddr, port, pin}: the MCU's own registers. */
	async show(pin) {
		const [, ddr, port, level] = await this.ask(`show ${pin}`,
			new RegExp(`^show ${pin} ddr (\\d) port (\\d) pin (\\d)`));
		return { ddr: Number(ddr), port: Number(port), pin: Number(level) };
	}

	async eeprom() {
		const [, hex] = await this.ask('eeprom', /^eeprom (\w+)/);
		return [...Buffer.from(hex, 'hex')];
	}

	async stop() {
		this.process.child.stdin.end();
		await within(this.process.waitExit(), 10000, 'the end of simboard');
	}
}

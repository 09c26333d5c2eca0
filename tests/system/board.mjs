/*
 * A scripted StandardFirmata board: the far end of a port, with a test's hands on it.
 *
 * It speaks the protocol's bytes as the real firmware does (written from the
 * protocol's description, not from our codec) over a UNIX socket, where the
 * daemon connects, or over a pty. Each test turns the knobs that it needs:
 * silent, slow, other firmware, reboot, noise, not reading, gone.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { build, scratch, until } from './daemon.mjs';

const MODE = { input: 0, output: 1, analog: 2, pwm: 3, servo: 4, i2c: 6, pullup: 11 };
const PWM_PINS = [3, 5, 6, 9, 10, 11];

/* What each pin of an Uno can do: {mode: resolution}. */
function uno() {
	return Array.from({ length: 20 }, (_, pin) => {
		if (pin < 2) {
			return {};
		}
		const modes = { [MODE.input]: 1, [MODE.output]: 1, [MODE.pullup]: 1, [MODE.servo]: 14 };
		if (pin >= 14) {
			modes[MODE.analog] = 10;
		}
		if (PWM_PINS.includes(pin)) {
			modes[MODE.pwm] = 8;
		}
		if (pin >= 18) {
			modes[MODE.i2c] = 1;
		}
		return modes;
	});
}

export const pairs = (bytes) => [...bytes].flatMap((b) => [b & 0x7f, b >> 7]);
const unpair = (bytes) => {
	const out = [];
	for (let i = 0; i + 1 < bytes.length; i += 2) {
		out.push(bytes[i] | (bytes[i + 1] << 7));
	}
	return out;
};

export class FirmataBoard {
	/*
	 * firmware: text or raw bytes; version: of protocol and firmware;
	 * bannerDelay ms after the port was opened, in which it answers nothing;
	 * silent: answers nothing at all; capabilities: as uno().
	 */
	constructor(options = {}) {
		Object.assign(this, {
			firmware: 'StandardFirmata.ino',
			version: [2, 5],
			banner: true,
			bannerDelay: 0,
			silent: false,
			transform: (bytes) => bytes,
			capabilities: uno(),
		}, options);
		this.pins = this.capabilities.map(() => ({ mode: 0, value: 0, level: 0 }));
		this.analogPins = this.pins.map((_, pin) => pin)
			.filter((pin) => MODE.analog in this.capabilities[pin]);
		this.analog = this.analogPins.map(() => 0);
		this.i2c = new Map(); /* address -> 256 bytes */
		this.log = [];        /* every message of the host: {type, ...} */
		this.bytesIn = 0;
		this.opened = 0;
		this.booting = false;
		this.stream = null;
		this.clear();
	}

	clear() {
		this.reportAnalog = new Set();
		this.reportDigital = new Set();
		for (const pin of this.pins) {
			Object.assign(pin, { mode: 0, value: 0 });
		}
		this.buffer = [];
	}

	/* ---- the line ---- */

	/* Waits for the daemon on a UNIX socket; `spec` is the port then. */
	async listen(file = path.join(scratch(), 'board')) {
		this.file = file;
		this.server = net.createServer((socket) => {
			this.stream?.destroy();
			this.attach(socket, socket);
		}).unref();
		rmSync(file, { force: true });
		await new Promise((resolve) => this.server.listen(file, resolve));
		this.target = `unix:${file}`;
		return this;
	}

	/* The same over TCP. */
	async listenTcp() {
		this.server = net.createServer((socket) => this.attach(socket, socket)).unref();
		await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
		this.target = `tcp:127.0.0.1:${this.server.address().port}`;
		return this;
	}

	/* Hangs on a pty; `link` is a symlink to it. The board lives from now on. */
	async pty(link = path.join(scratch(), 'board')) {
		this.file = link;
		this.child = spawn(path.join(build, 'bench/ptypipe'), [link],
			{ stdio: ['pipe', 'pipe', 'pipe'] });
		let said = '';
		this.child.stderr.on('data', (text) => { said += text; });
		await until(() => said.includes('\n'), 5000, 'the pty');
		this.device = said.trim();
		this.child.stdin.on('error', () => {});
		[this.child, this.child.stdin, this.child.stdout, this.child.stderr].forEach((it) => it.unref());
		this.target = `stream:${link}`;
		this.attach(this.child.stdin, this.child.stdout);
		return this;
	}

	spec(keys = {}) {
		return `${this.target}?${new URLSearchParams({ driver: 'firmata', ...keys })}`;
	}

	attach(out, input) {
		this.stream = out;
		this.input = input;
		input.unref();
		this.opened++;
		out.on('error', () => {});
		out.on('close', () => {
			if (this.stream === out) {
				this.stream = null;
				clearInterval(this.timer);
			}
		});
		input.on('data', (bytes) => this.receive(bytes));
		this.boot();
	}

	/* As after power-up: everything at rest, then the banner. */
	boot() {
		this.clear();
		this.restartSampling(19);
		this.booting = true;
		const start = () => {
			this.booting = false;
			if (this.banner && !this.silent) {
				this.sendVersion();
				this.sendFirmware();
			}
		};
		clearTimeout(this.bootTimer);
		if (this.bannerDelay) {
			this.bootTimer = setTimeout(start, this.bannerDelay);
		} else {
			start();
		}
	}

	reboot() {
		this.boot();
	}

	/* The cable is pulled. listen() or pty() plugs it in again. */
	unplug() {
		clearInterval(this.timer);
		clearTimeout(this.bootTimer);
		this.server?.close();
		this.server = null;
		if (this.file && this.target?.startsWith('unix:')) {
			rmSync(this.file, { force: true });
		}
		this.stream?.destroy();
		this.stream = null;
		this.child?.kill('SIGKILL');
		this.child = null;
	}

	stopReading() {
		if (this.child) {
			this.child.kill('SIGUSR1');
		} else {
			this.input.pause();
		}
	}

	resumeReading() {
		if (this.child) {
			this.child.kill('SIGUSR2');
		} else {
			this.input.resume();
		}
	}

	send(bytes) {
		if (this.stream?.writable) {
			this.stream.write(this.transform(Buffer.from(bytes)));
		}
	}

	/* ---- what it measures ---- */

	setAnalog(channel, value) {
		this.analog[channel] = value;
	}

	/* A level on an input pin, told at once if it is reported. */
	setDigital(pin, level) {
		this.pins[pin].level = level ? 1 : 0;
		if (this.reportDigital.has(pin >> 3)) {
			this.sendPort(pin >> 3);
		}
	}

	sendString(text) {
		this.send([0xf0, 0x71, ...pairs(Buffer.from(text)), 0xf7]);
	}

	restartSampling(ms) {
		this.sampling = ms;
		clearInterval(this.timer);
		this.timer = setInterval(() => this.sample(), ms);
		this.timer.unref();
	}

	sample() {
		if (this.silent || this.booting || !this.stream) {
			return;
		}
		const bytes = [];
		for (const channel of [...this.reportAnalog].sort()) {
			const value = this.analog[channel];
			bytes.push(0xe0 | channel, value & 0x7f, (value >> 7) & 0x7f);
		}
		if (bytes.length) {
			this.send(bytes);
		}
	}

	sendVersion() {
		this.send([0xf9, ...this.version]);
	}

	sendFirmware() {
		const name = typeof this.firmware === 'string' ? Buffer.from(this.firmware) : this.firmware;
		this.send([0xf0, 0x79, ...this.version, ...pairs(name), 0xf7]);
	}

	sendPort(port) {
		let bits = 0;
		for (let i = 0; i < 8; i++) {
			const pin = this.pins[port * 8 + i];
			if (pin && (pin.mode === MODE.input || pin.mode === MODE.pullup) && pin.level) {
				bits |= 1 << i;
			}
		}
		this.send([0x90 | port, bits & 0x7f, bits >> 7]);
	}

	/* ---- what the host says ---- */

	receive(bytes) {
		this.bytesIn += bytes.length;
		if (this.booting) {
			return;
		}
		for (const byte of bytes) {
			this.buffer.push(byte);
			const first = this.buffer[0];
			if (first < 0x80) {
				this.note({ type: 'stray', byte });
				this.buffer = [];
			} else if (first === 0xf0) {
				if (byte === 0xf7) {
					const [, id, ...data] = this.buffer.slice(0, -1);
					this.buffer = [];
					this.sysex(id, data);
				} else if (byte >= 0x80 && this.buffer.length > 1) {
					this.note({ type: 'stray', byte });
					this.buffer = [byte];
				}
			} else if (this.buffer.length === FirmataBoard.size(first)) {
				const message = this.buffer;
				this.buffer = [];
				this.message(first, message[1], message[2]);
			}
		}
	}

	static size(command) {
		const high = command < 0xf0 ? command & 0xf0 : command;
		return { 0xe0: 3, 0x90: 3, 0xc0: 2, 0xd0: 2, 0xf4: 3, 0xf5: 3 }[high] ?? 1;
	}

	note(entry) {
		this.log.push(entry);
		this.onMessage?.(entry);
	}

	message(command, a, b) {
		const high = command < 0xf0 ? command & 0xf0 : command;
		const low = command & 0x0f;
		if (high === 0xe0) {
			this.write(low, a | (b << 7), 'analog');
		} else if (high === 0x90) {
			const bits = a | (b << 7);
			this.note({ type: 'port', port: low, bits });
			for (let i = 0; i < 8; i++) {
				const pin = this.pins[low * 8 + i];
				if (pin?.mode === MODE.output) {
					pin.value = (bits >> i) & 1;
				}
			}
		} else if (high === 0xc0) {
			this.note({ type: 'report_analog', channel: low, on: a === 1 });
			this.reportAnalog[a ? 'add' : 'delete'](low);
			if (a) {
				this.sample();
			}
		} else if (high === 0xd0) {
			this.note({ type: 'report_digital', port: low, on: a === 1 });
			this.reportDigital[a ? 'add' : 'delete'](low);
			if (a && !this.silent) {
				this.sendPort(low);
			}
		} else if (command === 0xf4) {
			this.note({ type: 'mode', pin: a, mode: b });
			if (this.pins[a]) {
				this.pins[a].mode = b;
			}
		} else if (command === 0xf5) {
			this.write(a, b, 'digital');
		} else if (command === 0xf9) {
			this.note({ type: 'version' });
			this.answer(() => this.sendVersion());
		} else if (command === 0xff) {
			this.note({ type: 'reset' });
			this.clear();
		} else {
			this.note({ type: 'unknown', command });
		}
	}

	write(pin, value, type) {
		this.note({ type, pin, value });
		if (this.pins[pin]) {
			this.pins[pin].value = value;
		}
	}

	answer(fn) {
		if (!this.silent) {
			fn();
		}
	}

	sysex(id, data) {
		this.note({ type: 'sysex', id, data });
		if (id === 0x79) {
			this.answer(() => this.sendFirmware());
		} else if (id === 0x6b) {
			const list = this.capabilities.flatMap((modes) => [
				...Object.entries(modes).flatMap(([mode, bits]) => [Number(mode), bits]), 0x7f]);
			this.answer(() => this.send([0xf0, 0x6c, ...list, 0xf7]));
		} else if (id === 0x69) {
			const list = this.pins.map((_, pin) => {
				const channel = this.analogPins.indexOf(pin);
				return channel < 0 ? 0x7f : channel;
			});
			this.answer(() => this.send([0xf0, 0x6a, ...list, 0xf7]));
		} else if (id === 0x6d) {
			const pin = this.pins[data[0]];
			const state = pin ? [pin.mode, pin.value & 0x7f, (pin.value >> 7) & 0x7f] : [];
			this.answer(() => this.send([0xf0, 0x6e, data[0], ...state, 0xf7]));
		} else if (id === 0x6f) {
			this.write(data[0], data.slice(1).reduce((sum, b, i) => sum | (b << (7 * i)), 0), 'analog');
		} else if (id === 0x70) {
			this.pins[data[0]].mode = MODE.servo;
		} else if (id === 0x76) {
			this.i2cRequest(data);
		} else if (id === 0x7a) {
			this.restartSampling(Math.max(1, data[0] | (data[1] << 7)));
		}
	}

	i2cRequest([address, control, ...rest]) {
		const data = unpair(rest);
		const memory = this.i2c.get(address);
		const kind = (control >> 3) & 3;
		if (!memory) {
			this.answer(() => this.sendString('I2C: Too few bytes received'));
			this.answer(() => this.send([0xf0, 0x77, address, 0, 0, 0, 0xf7]));
		} else if (kind === 0) {
			memory.pointer = data[0] ?? 0;
			data.slice(1).forEach((b, i) => { memory[(memory.pointer + i) & 0xff] = b; });
		} else if (kind === 1) {
			const register = data.length > 1 ? data[0] : 0;
			const from = data.length > 1 ? data[0] : memory.pointer ?? 0;
			const bytes = Array.from({ length: data.at(-1) }, (_, i) => memory[(from + i) & 0xff]);
			this.answer(() => this.send([0xf0, 0x77, address & 0x7f, address >> 7,
				register & 0x7f, register >> 7, ...pairs(bytes), 0xf7]));
		}
	}

	/* Waits for a message of the host, past or to come. */
	saw(match, timeout = 5000) {
		const fits = typeof match === 'function' ? match
			: (m) => Object.entries(match).every(([key, value]) => m[key] === value);
		return until(() => this.log.find(fits), timeout,
			`the board to see ${typeof match === 'function' ? match : JSON.stringify(match)}`);
	}
}

export { MODE };

/*
 * A guest with a kernel of its own (QEMU, TCG: no hardware, no privileges) in which the real kitlabd
 * runs: `sh` for commands in the guest, `qmp` for its machine, `daemon` for a kitlabd
 * with a client.
 */
import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { build, connect, run, scratch, until, within } from '../system/daemon.mjs';
import { contract } from '../system/schema.mjs';

const folder = path.join(build, 'guest');

function freePort() {
	return new Promise((resolve) => {
		const server = net.createServer().listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

/* Everything that comes over a socket until it ends. */
function exchange(port, text, timeout) {
	return within(new Promise((resolve, reject) => {
		const socket = net.connect(port, '127.0.0.1');
		let all = '';
		socket.setEncoding('utf8').on('data', (part) => { all += part; });
		socket.on('close', () => resolve(all));
		socket.on('error', reject);
		socket.write(text);
	}), timeout, `the guest to do ${text}`);
}

export class Guest {
	/* `devices`: more arguments of QEMU. */
	static async start(t, devices = []) {
		const guest = new Guest();
		guest.shell = await freePort();
		guest.web = await freePort();
		guest.qmpPath = path.join(scratch(), 'qmp');
		guest.process = run('qemu-system-x86_64', ['-accel', 'tcg,thread=multi', '-M', 'q35', '-m', '512', '-smp', '2',
			'-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-no-reboot', '-nodefaults',
			'-kernel', path.join(folder, 'vmlinux'), '-initrd', path.join(folder, 'initramfs'),
			'-append', 'console=ttyS0 quiet panic=-1 no_timer_check tsc=reliable mitigations=off apparmor=0 audit=0',
			'-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${guest.shell}-10.0.2.15:9001`
				+ `,hostfwd=tcp:127.0.0.1:${guest.web}-10.0.2.15:9000`,
			'-device', 'virtio-net-pci,netdev=net,romfile=', '-device', 'qemu-xhci,id=usb',
			'-qmp', `unix:${guest.qmpPath},server=on,wait=off`, ...devices]);
		t.after(async () => {
			guest.socket?.destroy();
			guest.process.signal('SIGKILL');
			await guest.process.waitExit();
		});
		await until(() => {
			if (guest.process.status) {
				throw new Error(`QEMU ended: ${guest.process.stderr}`);
			}
			return guest.process.stdout.includes('guest ready');
		}, 120000, 'the guest to boot').catch((error) => {
			throw new Error(`${error.message}\n${guest.process.stdout}\n${guest.process.stderr}`);
		});
		await until(() => guest.sh('echo up').then((text) => text === 'up', () => false), 30000, 'its shell');
		await guest.openQmp();
		return guest;
	}

	/* What commands print in the guest (as root). */
	async sh(commands, timeout = 30000) {
		return (await exchange(this.shell, `{ ${commands}\n} 2>&1\nexit\n`, timeout)).trimEnd();
	}

	async openQmp() {
		const socket = net.connect(this.qmpPath);
		let rest = '';
		this.socket = socket;
		this.events = [];
		this.answers = [];
		socket.unref();
		socket.setEncoding('utf8').on('data', (text) => {
			const lines = (rest + text).split('\n');
			rest = lines.pop();
			for (const line of lines.filter(Boolean).map((one) => JSON.parse(one))) {
				if (line.event) {
					this.events.push(line);
				} else if (!line.QMP) {
					this.answers.shift()(line);
				}
			}
		});
		await this.qmp('qmp_capabilities');
	}

	async qmp(execute, args = {}) {
		const answer = new Promise((resolve) => { this.answers.push(resolve); });
		this.socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
		const { error, return: result } = await within(answer, 10000, `QEMU to do ${execute}`);
		assert.equal(error, undefined, JSON.stringify(error));
		return result;
	}

	/*
	 * The real kitlabd, as a user who is in the group dialout and has no other rights: what it opens,
	 * the udev rules have opened to it.
	 */
	async daemon(args = []) {
		await this.sh(`mkdir -p /tmp/state; chown kitlab:kitlab /tmp/state
			printf '#!/bin/sh\\nexec nc 127.0.0.1 ${this.web}\\n' > /run/relay; chmod 755 /run/relay
			su kitlab -s /bin/sh -c 'exec /kitlab/kitlabd --open-lab --virtual none --state /tmp/state \
				--listen 127.0.0.1:${this.web} ${args.join(' ')}' > /run/kitlabd.out 2> /run/kitlabd.log < /dev/null &
			nc -ll -p 9000 -e /run/relay > /dev/null 2>&1 < /dev/null &`);
		await until(async () => (await this.sh('cat /run/kitlabd.out')).includes('kitlabd ready'), 30000, 'kitlabd')
			.catch(async (error) => {
				throw new Error(`${error.message}\n${await this.sh('cat /run/kitlabd.log')}`);
			});
		const client = await connect(`ws://127.0.0.1:${this.web}/ws`, { validate: contract });
		this.pid = Number(await this.sh('pidof kitlabd'));
		return client;
	}

	log() {
		return this.sh('cat /run/kitlabd.log');
	}

	/* {fds, rss in MB} of kitlabd. */
	async usage() {
		const [fds, rss] = (await this.sh(`ls /proc/${this.pid}/fd | wc -l; grep VmRSS /proc/${this.pid}/status`))
			.split('\n');
		return { fds: Number(fds), rss: Number(/(\d+)/.exec(rss)[1]) / 1024 };
	}
}

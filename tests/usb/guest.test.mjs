/*
 * The real kitlabd on a real kernel: Debian's, in a guest (guest.mjs), with Debian's udevd and our
 * rules, as a user with no rights but the group dialout. The kits are USB devices of QEMU (an FTDI
 * chip, plugged and pulled by QMP) and of ours on vhci-hcd (usbipdev.c: NXT bricks, Unos with
 * cdc_acm), with kitlab-virtual as their far ends.
 */
import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { now, scratch, until } from '../system/daemon.mjs';
import { startBoard } from '../system/virtual.mjs';
import { Guest } from './guest.mjs';

const ROUNDS = Number(process.env.USB_ROUNDS || 29); /* of seven kits: over 200 pulls */
const HOSTS = 8;
const READY_MS = 60000;

/* A device on a host controller of vhci-hcd, and its far end in the guest. */
class Device {
	constructor(guest, model, host, serial) {
		Object.assign(this, { guest, model, host, serial, name: `${model}${host}` });
	}

	static farEnds(devices) {
		return devices[0].guest.sh(devices.map(({ name, model }) => `/kitlab/kitlab-virtual --board ${model} \
			--listen unix:/run/${name} > /run/${name}.far 2>&1 < /dev/null &`).join('\n')
			+ `\nwhile ! ls ${devices.map(({ name }) => `/run/${name}`).join(' ')} > /dev/null 2>&1; do sleep 0.1; done`);
	}

	/* `shift`: so many sockets further. */
	static plug(devices, shift = 0) {
		return devices[0].guest.sh(devices.map((device) => {
			const host = (device.host + shift) % HOSTS;
			device.seat = `${3 + host * 2}-1`; /* two buses a host, after the two of QEMU's xHCI */
			return `/kitlab/usbipdev ${device.model} ${host} ${device.serial} /run/${device.name} \
				> /run/${device.name}.out 2>&1 < /dev/null &
				echo $! > /run/${device.name}.pid`;
		}).join('\n'));
	}

	/* At once, or in the middle of the transfers that `poke` makes. */
	static async pull(devices, poke) {
		const [{ guest }] = devices;
		const pids = `$(cat ${devices.map(({ name }) => `/run/${name}.pid`).join(' ')})`;
		await guest.sh(`kill -${poke ? 'USR1' : 'TERM'} ${pids}`);
		await poke?.();
		const out = await guest.sh(`for pid in ${pids}; do while kill -0 $pid 2> /dev/null; do sleep 0.05; done; done
			${devices.map(({ name }) => `tail -n 1 /run/${name}.out`).join('\n')}`);
		const lines = out.split('\n').filter((line) => /^pulled \d+$/.test(line));
		if (lines.length !== devices.length) {
			throw new Error(`${out}\n${await guest.sh('dmesg | tail -n 40')}`);
		}
		devices.forEach((device, i) => { device.pulledAt = Number(lines[i].split(' ')[1]); });
	}
}

/*
 * How long after its pull kitlabd wrote that each kit is gone, in ms: both by the guest's clock.
 * `pulls`: of [id, time].
 */
async function losses(guest, pulls) {
	const log = await guest.log();
	const told = [...log.matchAll(/^(\S+) \w+: (\S+): (?:lost:|.* is unplugged)/gm)]
		.map(([, time, id]) => ({ id, at: Date.parse(time) }));
	return pulls.map(([id, pulledAt]) => {
		const loss = told.find((one) => one.id === id && one.at >= pulledAt - 1);
		assert.ok(loss, `${id} is not told to be lost:\n${log.split('\n').slice(-30).join('\n')}`);
		return loss.at - pulledAt;
	});
}

const rank = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/*
 * The rows of the kits as the daemon tells of them: asking again and again would take the guest
 * the time that it needs.
 */
class Rows {
	static async watch(client) {
		const rows = new Rows();
		rows.byId = new Map();
		client.on((params, method) => {
			if (method === 'kits.changed' && params.row) {
				rows.byId.set(params.kit, params.row);
			} else if (method === 'kits.changed') {
				rows.byId.delete(params.kit);
			}
		});
		for (const row of (await client.call('kits.watch')).kits) {
			rows.byId.set(row.id, row);
		}
		return rows;
	}

	all(state) {
		return [...this.byId.values()].filter((row) => row.state === state);
	}

	until(fn, what) {
		return until(() => fn(this), READY_MS, what).catch((error) => {
			const states = [...this.byId.values()].map((row) => `${row.id} ${row.state} ${row.why?.en ?? ''}`);
			throw new Error(`${error.message}:\n${states.join('\n')}`);
		});
	}

	has(id, state) {
		return this.until(({ byId }) => byId.get(id)?.state === state && byId.get(id), `${id} ${state}`);
	}
}

test('kits on a real kernel', { timeout: 590000 }, async (t) => {
	const board = path.join(scratch(), 'board');
	await startBoard(t, ['--board', 'uno', '--listen', `unix:${board}`]);
	const guest = await Guest.start(t);
	const client = await guest.daemon();
	t.after(() => client.ws.terminate());
	const rows = await Rows.watch(client);
	const nxts = [0, 1, 2, 3].map((host) => new Device(guest, 'nxt', host, `00165309120${host}`));
	const unos = [4, 5, 6].map((host) => new Device(guest, 'uno', host, `7573530303${host}`));
	const all = [...nxts, ...unos];
	const [brick] = nxts;
	const [uno] = unos;
	const lost = [];
	await Device.farEnds(all);

	/* Something for a kit to do, which can be asked of it again. */
	const poke = async (id, lease) => client.call(...lease
		? ['kit.act', { kit: id, action: 'drive', args: { left: 0.5, right: 0.5 }, lease }]
		: ['kit.write', { kit: id, property: 'pin.13', value: true }]);
	const drive = async ({ id, driver }) => {
		const lease = driver === 'nxt' ? (await client.call('kit.lease', { kit: id, ttl: 1000 })).lease : null;
		await poke(id, lease);
		return () => poke(id, lease).catch(() => {}); /* refused, when it is pulled meanwhile */
	};

	await t.test('an NXT is opened by who is in the group dialout, because our rule says so', async () => {
		await Device.plug([brick]);
		const row = await rows.has('nxt-1', 'ready');
		assert.deepEqual([row.driver, row.port], ['nxt', 'usb:0694:0002']);
		const nodes = await guest.sh('ls -l /dev/bus/usb/*/*');
		assert.match(nodes, /crw-rw----\s+1 root\s+dialout/);
		assert.match(await guest.sh(`grep Uid /proc/${guest.pid}/status`), /1000/);
	});

	await t.test('it drives, and is pulled in the middle of a transfer', async (tt) => {
		const { lease } = await client.call('kit.lease', { kit: 'nxt-1', ttl: 1000 });
		const finger = setInterval(() => client.call('lease.feed', { lease }).catch(() => {}), 100);
		tt.after(() => clearInterval(finger));
		await poke('nxt-1', lease);
		await until(async () => (await client.call('kit.read', { kit: 'nxt-1', property: 'turned.2' })).value > 20,
			20000, 'the wheel to turn');
		await Device.pull([brick], () => poke('nxt-1', lease).catch(() => {}));
		await rows.has('nxt-1', 'lost');
		lost.push(['nxt-1', brick.pulledAt]);
		assert.equal((await client.refusal('kit.act',
			{ kit: 'nxt-1', action: 'drive', args: { left: 1, right: 1 }, lease })).reason, 'lost');
	});

	await t.test('fault_03_in_another_socket_it_is_the_same_kit_at_rest', async () => {
		await Device.plug([brick], 7);
		await rows.has('nxt-1', 'ready');
		assert.equal(rows.byId.size, 1);
		await until(async () => (await client.call('kit.read', { kit: 'nxt-1', property: 'moving' })).value === false,
			20000, 'the brick to rest');
		await Device.pull([brick]);
		await rows.has('nxt-1', 'lost');
	});

	await t.test('fault_07_an_uno_on_cdc_acm_is_reset_by_dtr_and_answers', async () => {
		await Device.plug([uno]);
		const row = await rows.has('uno-1', 'ready');
		assert.match(row.port, /^\/dev\/ttyACM\d$/);
		assert.match(await guest.sh(`cat /run/${uno.name}.out`), /^dtr 1$/m);
		await client.call('kit.write', { kit: 'uno-1', property: 'pin.13', value: true });
		assert.equal((await client.call('kit.read', { kit: 'uno-1', property: 'pin.13' })).value, true);
		assert.match(await guest.sh('udevadm info /dev/ttyACM0'), /ID_MM_DEVICE_IGNORE=1/);
	});

	await t.test('fault_03_pulled_and_replugged_while_its_port_is_held_it_has_another_name', async () => {
		await guest.sh('sleep 1000 < /dev/ttyACM0 > /dev/null 2>&1 &');
		await Device.pull([uno]);
		await rows.has('uno-1', 'lost');
		lost.push(['uno-1', uno.pulledAt]);
		await Device.plug([uno]);
		const row = await rows.has('uno-1', 'ready');
		assert.equal(row.port, '/dev/ttyACM1');
		await guest.sh('kill $(pidof sleep)');
		await Device.pull([uno]);
		await rows.has('uno-1', 'lost');
	});

	await t.test('fault_01_a_pull_is_noticed_within_100_ms', async (tt) => {
		for (let i = 0; i < 6; i++) {
			for (const [id, device] of [['nxt-1', brick], ['uno-1', uno]]) {
				await Device.plug([device]);
				const pokeIt = await drive(await rows.has(id, 'ready'));
				await Device.pull([device], i % 2 === 1 ? pokeIt : null);
				await rows.has(id, 'lost');
				lost.push([id, device.pulledAt]);
			}
		}
		const took = await losses(guest, lost);
		tt.diagnostic(`${took.length} pulls: median ${rank(took, 0.5)} ms, worst ${Math.max(...took)} ms`);
		/* A guest that gets no core notices nothing: on a busy machine the median counts. */
		const isBusy = os.loadavg()[0] > os.cpus().length * 1.5;
		assert.ok(rank(took, isBusy ? 0.5 : 0.9) <= 100, `${took}, load ${os.loadavg()[0]}`);
	});

	await t.test('an FTDI chip is plugged and pulled by the machine', async (tt) => {
		await guest.qmp('chardev-add', { id: 'board', backend: { type: 'socket',
			data: { addr: { type: 'unix', data: { path: board } }, server: false, reconnect: 1 } } });
		const plug = () => guest.qmp('device_add', { driver: 'usb-serial', id: 'ftdi', chardev: 'board',
			bus: 'usb.0', port: '1' });
		await plug();
		const row = await rows.until(() => rows.all('ready').find(({ port }) => port === '/dev/ttyUSB0'),
			'the board behind the chip');
		assert.equal(row.driver, 'firmata');
		const gone = client.next((p, m) => m === 'kits.changed' && p.kit === row.id && p.row?.state === 'lost',
			20000, 'the loss');
		const began = now();
		await guest.qmp('device_del', { id: 'ftdi' });
		await gone;
		tt.diagnostic(`lost after ${(now() - began).toFixed(0)} ms, through QMP and the guest's network`);
		await until(() => guest.events.some(({ event }) => event === 'DEVICE_DELETED'), 10000, 'QEMU to let go');
		await plug();
		await rows.has(row.id, 'ready');
		await guest.qmp('device_del', { id: 'ftdi' });
		await rows.has(row.id, 'lost');
	});

	await t.test(`fault_05_fault_06_plugged_and_pulled_${ROUNDS * all.length}_times_nothing_is_left_behind`, async (tt) => {
		const pulls = [];
		let before, ids;
		for (let round = 0; round < ROUNDS; round++) {
			await Device.plug(all, round);
			const kits = await rows.until(() => rows.all('ready').length === all.length && rows.all('ready'), 'all to be ready');
			ids ??= kits.map(({ id }) => id).sort();
			assert.deepEqual(kits.map(({ id }) => id).sort(), ids, `round ${round}`);
			const pokes = await Promise.all(kits.map(drive));
			await Device.pull(all, () => Promise.all(pokes.map((pokeIt) => pokeIt())));
			await rows.until(() => rows.all('lost').length === rows.byId.size, 'all to be lost');
			pulls.push(...kits.map(({ id, seat }) => [id, all.find((device) => device.seat === seat).pulledAt]));
			if (round === Math.min(4, ROUNDS - 2)) {
				before = await guest.usage();
			}
		}
		/* What was closed last is closed by a thread, a moment later. */
		const after = await until(async () => {
			const usage = await guest.usage();
			return usage.fds <= before.fds && usage;
		}, 10000, `no more than ${before.fds} files`);
		const took = await losses(guest, pulls);
		tt.diagnostic(`${took.length} pulls, seven at once: median ${rank(took, 0.5)} ms, worst ${Math.max(...took)} ms`);
		assert.ok(rank(took, 0.9) <= 1000, `${took}`);
		tt.diagnostic(`${before.fds} files, ${before.rss.toFixed(1)} MB before; ${after.fds}, ${after.rss.toFixed(1)} after`);
		assert.ok(after.rss - before.rss < 1, `grew from ${before.rss} to ${after.rss} MB`);
	});
});

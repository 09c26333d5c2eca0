/*
 * The real daemon with real serial code (libserialport, libudev) on faked USB ports. The far end
 * is the simulated board with real firmware, or a scripted board where its bytes do not matter.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { FirmataBoard } from '../system/board.mjs';
import { now, scratch, until, untilState } from '../system/daemon.mjs';
import { startBoard } from '../system/virtual.mjs';
import { FakeUsb } from './fakeserial.mjs';
import { SimBoard } from './simboard.mjs';

const READY_MS = 60000; /* two seconds of the board's time, on a machine that may be busy */
const rows = async (client) => (await client.call('kits.list')).kits;
const isQuestion = /^(f9|f07[9b]f7)*$/; /* version, firmware: nothing that a bootloader obeys */

async function simBoard(t) {
	const board = await SimBoard.start('2.4');
	t.after(() => board.stop());
	return board;
}

/* A scripted board that answers at once, for what is about ports and not about firmware. */
async function scripted(t, options) {
	const board = await new FirmataBoard(options).pty();
	t.after(() => board.unplug());
	return { board, link: board.file };
}

test('a board on a USB serial port, from plug to replug', async (t) => {
	const usb = await FakeUsb.start(t);
	const board = await simBoard(t);
	await usb.plug('ttyACM0', board);
	const state = scratch();
	const { daemon, client } = await usb.daemon(t, ['--state', state]);

	await t.test('fault_07_dtr_resets_the_board_and_its_banner_is_waited_for', async () => {
		await usb.saw(/^dtr ttyACM0 1$/);
		await board.saw(/^reset$/);
		const [, heard] = await board.saw(/^spoke (\w*)$/);
		assert.match(heard, isQuestion);
		const row = (await rows(client)).find((one) => one.port === '/dev/ttyACM0');
		assert.ok(['probing', 'ready'].includes(row.state), row.state);
	});

	await t.test('its ids make it uno-1, its socket is its seat', async () => {
		const row = await untilState(client, 'uno-1', 'ready', READY_MS);
		assert.equal(row.model, 'uno');
		assert.equal(row.driver, 'firmata');
		assert.equal(row.seat, '1-1.2');
		assert.equal(row.port, '/dev/ttyACM0');
		assert.equal((await rows(client)).length, 1);
	});

	await t.test('a write comes out of the MCU', async () => {
		const mark = board.mark();
		await client.call('kit.write', { kit: 'uno-1', property: 'pin.13', value: true });
		await board.saw(/^pin 13 1 /, mark);
	});

	await t.test('fault_01_a_pulled_cable_is_noticed_by_the_line_itself', async (tt) => {
		await client.call('kits.watch');
		await client.call('kit.watch', { kit: 'uno-1', properties: ['pin.A0'], rate: 0 });
		const { fds } = daemon.usage();
		const lost = client.next((p, m) => m === 'kits.changed' && p.kit === 'uno-1' && p.row?.state === 'lost',
			10000, 'the loss');
		const pulled = now();
		board.command('unplug'); /* udev says nothing yet */
		await lost;
		tt.diagnostic(`seen after ${(now() - pulled).toFixed(1)} ms`);
		await usb.unplug('ttyACM0');
		const cpu = daemon.usage().cpu;
		const began = now();
		await until(() => now() - began > 1000); /* the time in which it must not spin */
		assert.ok(daemon.usage().cpu - cpu < 0.2, `used ${daemon.usage().cpu - cpu} s of a second`);
		assert.ok(daemon.usage().fds <= fds - 1, `${daemon.usage().fds} files, ${fds} before`);
		const error = await client.refusal('kit.read', { kit: 'uno-1', property: 'pin.A0' });
		assert.equal(error.reason, 'lost');
	});

	await t.test('fault_03_replugged_as_ttyACM1_it_is_the_same_kit', async () => {
		board.command('plug');
		await board.saw(/^ready /, board.lines.findLastIndex((line) => line === 'unplugged'));
		await usb.plug('ttyACM1', board);
		const row = await untilState(client, 'uno-1', 'ready', READY_MS);
		assert.equal(row.port, '/dev/ttyACM1');
		assert.equal((await rows(client)).length, 1);
		assert.equal((await board.show(13)).port, 0, 'what was set before is not set again by itself');
		const mark = board.mark();
		await client.call('kit.write', { kit: 'uno-1', property: 'pin.13', value: true });
		await board.saw(/^pin 13 1 /, mark);
	});

	await t.test('in another socket it is the same kit on another seat', async () => {
		board.command('unplug');
		await usb.unplug('ttyACM1');
		await untilState(client, 'uno-1', 'lost');
		const mark = board.mark();
		board.command('plug');
		await board.saw(/^ready /, mark);
		await usb.plug('ttyACM0', board, { seat: '1-1.4' });
		const row = await untilState(client, 'uno-1', 'ready', READY_MS);
		assert.equal(row.seat, '1-1.4');
	});

	await t.test('a daemon that starts anew knows it again', async (tt) => {
		await daemon.stop();
		const again = await usb.daemon(tt, ['--state', state]);
		const row = await untilState(again.client, 'uno-1', 'ready', READY_MS);
		assert.equal(row.port, '/dev/ttyACM0');
		assert.equal((await rows(again.client)).length, 1);
	});
});

test('several ports', async (t) => {
	const usb = await FakeUsb.start(t);
	const { daemon, client } = await usb.daemon(t);

	await t.test('boards that come while it runs are numbered, others are left alone', async () => {
		const mark = usb.mark();
		const [a, b, modem] = [await scripted(t), await scripted(t), await scripted(t)];
		await usb.plug('ttyUSB7', modem, { ids: '1199:9071', seat: '1-2', serial: 'modem' });
		await usb.plug('ttyACM0', a, { serial: 'aaa', seat: '1-1.1' });
		await untilState(client, 'uno-1', 'ready');
		await usb.plug('ttyACM1', b, { serial: 'bbb', seat: '1-1.2', ids: '2341:0042' });
		const row = await untilState(client, 'mega-1', 'ready');
		assert.equal(row.seat, '1-1.2');
		assert.equal((await rows(client)).length, 2);
		assert.ok(!usb.lines.slice(mark).some((line) => /^dtr ttyUSB7/.test(line)), 'opened a modem');
	});

	await t.test('a bridge chip that many kits have is told apart by what it says', async () => {
		const clone = await scripted(t, { bannerDelay: 300 });
		await usb.plug('ttyUSB0', clone, { ids: '1a86:7523', serial: 'ccc', seat: '1-1.3' });
		const row = await until(async () => (await rows(client))
			.find((one) => one.port === '/dev/ttyUSB0' && one.state === 'ready'), 10000, 'the clone');
		assert.equal(row.driver, 'firmata');
	});

	await t.test('an mBot behind the same chip is found at its own speed', async (tt) => {
		const file = path.join(scratch(), 'mbot');
		await startBoard(tt, ['--board', 'mbot', '--link', file, '--boot-ms', '1360']);
		const mark = usb.mark();
		await usb.plug('ttyUSB1', { link: file }, { ids: '1a86:7523', serial: 'ddd', seat: '1-1.4' });
		const row = await until(async () => (await rows(client))
			.find((one) => one.port === '/dev/ttyUSB1' && one.state === 'ready'), 15000, 'the mBot');
		assert.equal(row.driver, 'makeblock');
		assert.equal(row.id, 'mbot-1');
		const opened = usb.lines.slice(mark).filter((line) => line === 'dtr ttyUSB1 1');
		assert.equal(opened.length, 2, 'opened at 57600, then at 115200');
		/* Before its pty ends, whose number the next board gets. */
		await usb.unplug('ttyUSB1');
		await untilState(client, 'mbot-1', 'lost');
	});

	await t.test('fault_03_back_in_another_socket_before_udev_tells_of_the_pull_it_stays', async () => {
		const [before, again] = [await scripted(t), await scripted(t)];
		await usb.plug('ttyACM2', before, { serial: 'moved', seat: '1-3.1' });
		const { id } = await until(async () => (await rows(client)).find((r) => r.seat === '1-3.1' && r.state === 'ready'));
		await before.board.unplug();
		await untilState(client, id, 'lost');
		await usb.plug('ttyACM3', again, { serial: 'moved', seat: '1-3.2' });
		assert.equal((await untilState(client, id, 'ready')).port, '/dev/ttyACM3');
		await usb.unplug('ttyACM2');
		await usb.plug('ttyUSB8', again, { ids: '1199:9071', seat: '1-5', serial: 'modem' });
		await until(() => daemon.stderr.includes('/dev/ttyUSB8'), 5000, 'what udev tells of next');
		assert.equal((await rows(client)).find((r) => r.id === id).state, 'ready');
		await client.call('kit.write', { kit: id, property: 'pin.13', value: true });
	});

	await t.test('boards with the same serial number are two kits', async () => {
		const [d, e] = [await scripted(t), await scripted(t)];
		await usb.plug('ttyACM4', d, { serial: 'same', seat: '1-4.1' });
		await until(async () => (await rows(client)).some((r) => r.seat === '1-4.1' && r.state === 'ready'));
		await usb.plug('ttyACM5', e, { serial: 'same', seat: '1-4.2' });
		await until(async () => (await rows(client)).some((r) => r.seat === '1-4.2' && r.state === 'ready'));
		const ids = (await rows(client)).filter((r) => r.seat?.startsWith('1-4.')).map((r) => r.id);
		assert.equal(new Set(ids).size, 2);
		d.board.setAnalog(0, 111);
		e.board.setAnalog(0, 222);
		const values = [];
		for (const id of ids) {
			const read = async () => (await client.call('kit.read', { kit: id, property: 'pin.A0' })).value;
			values.push(await until(read, 5000, `${id} to measure`));
		}
		assert.deepEqual(values.sort(), [111, 222]);
	});
});

test('port SPECs of serial lines', async (t) => {
	const usb = await FakeUsb.start(t);
	const board = await scripted(t);
	await usb.plug('ttyACM0', board, { serial: '7573' });

	await t.test('dtr=0 leaves the line low', async (tt) => {
		const mark = usb.mark();
		const { client } = await usb.daemon(tt, ['--port', 'serial:/dev/ttyACM0?driver=firmata&label=low&dtr=0']);
		await untilState(client, 'low', 'ready');
		const dtr = usb.lines.slice(mark).filter((line) => line.startsWith('dtr ')).at(-1);
		assert.equal(dtr, 'dtr ttyACM0 0');
	});

	await t.test('serial= takes the board with that number and no other', async (tt) => {
		const { client } = await usb.daemon(tt, [
			'--port', 'serial:/dev/ttyACM0?driver=firmata&label=other&serial=1234']);
		await untilState(client, 'other', 'refused');
		const error = await client.refusal('kit.read', { kit: 'other', property: 'pin.13' });
		assert.match(error.hint, /7573.*1234/);
		const right = await usb.daemon(tt, [
			'--port', 'serial:/dev/ttyACM0?driver=firmata&label=mine&serial=7573']);
		await untilState(right.client, 'mine', 'ready');
	});

	await t.test('a port that comes later is opened when it is there', async (tt) => {
		const late = await scripted(tt);
		const { client } = await usb.daemon(tt, ['--port', 'serial:/dev/ttyACM9?driver=firmata&label=late']);
		await untilState(client, 'late', 'absent');
		await usb.plug('ttyACM9', late, { seat: '1-3', serial: 'late' });
		const row = await untilState(client, 'late', 'ready', 10000);
		assert.equal(row.seat, '1-3');
		await usb.unplug('ttyACM9');
	});
});

/* Another program opens the line first, then lets go. Answers what the person is told. */
async function taken(t, check) {
	const usb = await FakeUsb.start(t);
	const { board, link } = await scripted(t);
	await usb.plug('ttyACM0', { link });
	await usb.hold('ttyACM0');
	const { daemon, client } = await usb.daemon(t);
	const row = await until(async () => (await rows(client)).find((one) => one.state === 'refused'),
		10000, 'the refusal');
	const { hint } = await client.refusal('kit.read', { kit: row.id, property: 'pin.13' });
	check(hint, row);
	await until(() => /ttyACM0 is in use by/.test(daemon.stderr), 5000, 'the log');
	assert.equal(board.bytesIn, 0, 'nothing was sent into the other one\'s session');
	await usb.release('ttyACM0');
	await untilState(client, 'uno-1', 'ready', 15000);

	/* And we hold it as well. */
	const second = await usb.daemon(t, ['--port', 'serial:/dev/ttyACM0?driver=firmata&label=second']);
	await untilState(second.client, 'second', 'refused');
	assert.equal((await rows(client))[0].state, 'ready');
	/* A program that asks nobody, of somebody else (root is let in by the kernel in any case). */
	chmodSync(board.device, 0o666);
	const rude = ['sh', '-c', `exec 3<>${board.device}`];
	const { status, stderr } = process.getuid() === 0
		? spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', ...rude], { encoding: 'utf8' })
		: spawnSync(rude[0], rude.slice(1), { encoding: 'utf8' });
	assert.ok(status !== 0 && /busy/i.test(stderr), `${status} ${stderr}`);
}

/* (That the program is named where it can be seen: test_port_holder; umockdev hides it.) */
test('fault_18_another_program_has_the_port', (t) => taken(t, (hint, row) => {
	assert.match(hint, /ttyACM0 is in use by another program: a serial monitor, avrdude/);
	assert.deepEqual([row.why.reason, row.why.en], ['busy', hint]);
}));

test('fault_19_modemmanager_or_brltty_has_the_port', (t) => taken(t, (hint) => {
	assert.match(hint, /brltty \(it can be removed\)/);
	assert.match(hint, /ModemManager, which Kitlab's udev rule keeps away/);
}));

test('a port that may not be opened names the group and the rule', async (t) => {
	const usb = await FakeUsb.start(t);
	const board = await scripted(t);
	await usb.plug('ttyACM0', board);
	/* The testbed is not what is forbidden. */
	execFileSync('chmod', ['-R', 'a+rwX', path.dirname(usb.root)]);
	chmodSync(board.board.device, 0);
	const state = path.join(scratch(), 'state');
	const isRoot = process.getuid() === 0;
	if (isRoot) {
		chmodSync(path.dirname(state), 0o777);
	}
	const { client } = await usb.daemon(t, ['--state', state],
		isRoot ? { wrapper: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] } : {});
	const row = await until(async () => (await rows(client)).find((one) => one.state === 'refused'),
		10000, 'the refusal');
	const error = await client.refusal('kit.read', { kit: row.id, property: 'pin.13' });
	assert.match(error.hint, /permission denied.*dialout.*udev rule/);
	chmodSync(board.board.device, 0o666);
	await untilState(client, 'uno-1', 'ready', 15000);
});

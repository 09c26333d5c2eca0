/*
 * Firmware is written to a real boot loader: optiboot in the simulated board, behind a faked
 * USB serial port, by the real avrdude, through the real daemon and the command line.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { program, run, scratch, until, untilState } from '../system/daemon.mjs';
import { FakeUsb } from './fakeserial.mjs';
import { firmware, SimBoard } from './simboard.mjs';

const OPTIBOOT = '/usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot/optiboot_atmega328.hex';
const READY_MS = 60000;
const FLASH_MS = 120000; /* avrdude's ten tries, on a machine that may be busy */

/* A hex file whose table has as many jumps as an ATmega2560 has vectors. */
function megaFile() {
	const lines = Array.from({ length: 57 }, (_, i) => {
		const bytes = [4, (i * 4) >> 8, (i * 4) & 0xff, 0, 0x0c, 0x94, 0x74, 0x00];
		return [...bytes, -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff];
	});
	return [...lines, [0, 0, 0, 1, 0xff]]
		.map((bytes) => `:${Buffer.from(bytes).toString('hex').toUpperCase()}\n`).join('');
}

async function bench(t, options) {
	const usb = await FakeUsb.start(t);
	const board = await SimBoard.start('2.4', options);
	t.after(() => board.stop());
	await usb.plug('ttyACM0', board);
	const state = scratch();
	const { daemon, client } = await usb.daemon(t, ['--state', state]);
	await untilState(client, 'uno-1', 'ready', READY_MS);
	return { usb, board, state, daemon, client };
}

const programOf = async (client) => (await client.call('kits.list')).kits[0].program;

test('firmware is written through the boot loader, and the kit comes back', async (t) => {
	const { usb, state, daemon, client } = await bench(t, { boot: OPTIBOOT });
	const kitlab = async (...args) => {
		const child = run(program('kitlab'), ['--server', daemon.url, ...args]);
		await child.waitExit(FLASH_MS);
		return { code: child.status.code, out: child.stdout, error: child.stderr };
	};

	await t.test('a file for another board is refused before a byte is written', async () => {
		const file = path.join(state, 'mega.hex');
		const mark = usb.mark();
		writeFileSync(file, megaFile());
		const { code, error } = await kitlab('flash', 'uno-1', file);
		assert.equal(code, 1);
		assert.match(error, /built for another board \(mega\), not for uno/);
		assert.deepEqual(usb.lines.slice(mark), []); /* its line was not even touched */
		await untilState(client, 'uno-1', 'ready', 1000);
	});

	await t.test('a damaged file is refused with its line', async () => {
		const file = path.join(state, 'damaged.hex');
		writeFileSync(file, readFileSync(firmware('2.5'), 'utf8').replace('0C945D00', '0C945E00'));
		const { code, error } = await kitlab('flash', 'uno-1', file);
		assert.equal(code, 1);
		assert.match(error, /damaged\.hex:1: the checksum is wrong/);
	});

	await t.test('without a file it says where to get one', async () => {
		const { code, error } = await kitlab('flash', 'uno-1');
		assert.equal(code, 1);
		assert.match(error, /Export Compiled Binary/);
		assert.ok(error.includes(path.join(state, 'firmware/uno.hex')), error);
	});

	await t.test('a file is written and verified, with progress', async () => {
		const phases = [];
		client.on((params, method) => {
			if (method === 'flash.changed') {
				phases.push(params);
			}
		});
		await client.call('kits.watch');
		assert.match(await programOf(client), /2\.4/);
		const done = kitlab('flash', 'uno-1', firmware('2.5'));
		await until(() => phases.length > 0, 10000, 'the beginning');
		const [row] = (await client.call('kits.list')).kits;
		assert.equal(row.state, 'refused');
		assert.match(row.why.en, /Firmware is being written/);
		const busy = await client.call('kit.flash', { kit: 'uno-1', hex: readFileSync(firmware('2.4'), 'utf8') })
			.then(() => null, (error) => error);
		assert.equal(busy.reason, 'busy');
		const { code, out, error } = await done;
		assert.equal(code, 0, error);
		assert.match(out, /written and verified/);
		const names = [...new Set(phases.map((one) => one.phase))];
		assert.deepEqual(names, ['connecting', 'writing', 'verifying', 'done']);
		const shares = phases.map((one) => one.share);
		assert.deepEqual(shares, [...shares].sort((a, b) => a - b));
		assert.equal(shares.at(-1), 1);
		await untilState(client, 'uno-1', 'ready', READY_MS);
		assert.match(await programOf(client), /2\.5/);
	});

	await t.test('the stored file of its model is written back', async () => {
		mkdirSync(path.join(state, 'firmware'));
		copyFileSync(firmware('2.4'), path.join(state, 'firmware/uno.hex'));
		const { code, error } = await kitlab('flash', 'uno-1');
		assert.equal(code, 0, error);
		await untilState(client, 'uno-1', 'ready', READY_MS);
		assert.match(await programOf(client), /2\.4/);
	});
});

test('a board whose boot loader does not answer keeps its program and comes back', async (t) => {
	const { client } = await bench(t, {});
	const ends = [];
	client.on((params, method) => {
		if (method === 'flash.changed' && ['done', 'failed'].includes(params.phase)) {
			ends.push(params);
		}
	});
	await client.call('kits.watch');
	await client.call('kit.flash', { kit: 'uno-1', name: 'lamp.hex', hex: readFileSync(firmware('2.5'), 'utf8') });
	await until(() => ends.length > 0, FLASH_MS, 'the end');
	assert.equal(ends[0].phase, 'failed');
	assert.match(ends[0].error.hint, /boot loader of uno-1 does not answer/);
	await untilState(client, 'uno-1', 'ready', READY_MS);
	assert.match(await programOf(client), /2\.4/);
	const { flashes } = await client.call('flash.list');
	assert.equal(flashes[0].phase, 'failed');
});

/*
 * Who a kit is: what it says of itself is remembered, and when another one hangs on its port
 * it is refused until a teacher accepts it. Kits that are gone can be forgotten.
 */
import assert from 'node:assert/strict';
import { renameSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { FirmataBoard } from './board.mjs';
import { connect, scratch, start, until, untilState } from './daemon.mjs';
import { contract } from './schema.mjs';

const rowOf = async (client, id) => (await client.call('kits.list')).kits.find((row) => row.id === id);

/* Two ptys behind links that can be swapped, as two cables can. */
async function twoBoards(t) {
	const dir = scratch();
	const boards = await Promise.all(['lamp.ino', 'fan.ino'].map((firmware) => new FirmataBoard({ firmware }).pty()));
	const links = ['left', 'right'].map((name) => path.join(dir, name));
	const plug = (order) => links.forEach((link, i) => {
		symlinkSync(boards[order[i]].file, `${link}.new`);
		renameSync(`${link}.new`, link);
	});
	t.after(() => boards.forEach((board) => board.unplug()));
	return { boards, links, plug };
}

async function daemonWith(t, links, state, role = '') {
	const daemon = await start({ args: ['--no-scan', '--state', state, `--open-lab${role}`,
		...links.flatMap((link, i) => ['--port', `stream:${link}?driver=firmata&label=bench-${i + 1}`])] });
	t.after(() => daemon.status || daemon.stop());
	const client = await connect(daemon, { validate: contract });
	t.after(() => client.ws.terminate());
	return { daemon, client };
}

test('fault_04_two_boards_swapped_are_refused_until_a_teacher_accepts_them', async (t) => {
	const { links, plug } = await twoBoards(t);
	const state = scratch();

	plug([0, 1]);
	const first = await daemonWith(t, links, state);
	await untilState(first.client, 'bench-1', 'ready');
	await untilState(first.client, 'bench-2', 'ready');
	await first.daemon.stop();

	await t.test('the same boards on the same ports are welcome', async (u) => {
		const { daemon, client } = await daemonWith(u, links, state);
		await untilState(client, 'bench-1', 'ready');
		await untilState(client, 'bench-2', 'ready');
		await daemon.stop();
	});

	plug([1, 0]);
	const { daemon, client } = await daemonWith(t, links, state);

	await t.test('swapped, both are refused, and say who was expected', async () => {
		const row = await untilState(client, 'bench-1', 'refused');
		await untilState(client, 'bench-2', 'refused');
		assert.match(row.why.en, /it was "lamp [^"]*", and now it says "fan /);
		assert.match(row.why.zh, /lamp.*fan/);
		assert.equal(row.why.reason, 'conflict', 'for pages: this one can be accepted');
	});

	await t.test('a refused kit obeys nobody', async () => {
		await assert.rejects(client.call('kit.write', { kit: 'bench-1', property: 'pin.13', value: true }),
			{ reason: 'refused' });
	});

	await t.test('a pupil cannot accept it', async (u) => {
		await daemon.stop();
		const pupil = await daemonWith(u, links, state, '=student');
		await untilState(pupil.client, 'bench-1', 'refused');
		await assert.rejects(pupil.client.call('kit.accept', { kit: 'bench-1' }), { reason: 'forbidden' });
		await pupil.daemon.stop();
	});

	await t.test('a teacher accepts one; it is ready, and remembered', async (u) => {
		const teacher = await daemonWith(u, links, state);
		await untilState(teacher.client, 'bench-1', 'refused');
		await untilState(teacher.client, 'bench-2', 'refused'); /* it is, as long as bench-1 is */
		await teacher.client.call('kit.accept', { kit: 'bench-1' });
		await untilState(teacher.client, 'bench-1', 'ready');
		assert.equal((await rowOf(teacher.client, 'bench-2')).state, 'refused');
		await assert.rejects(teacher.client.call('kit.accept', { kit: 'bench-1' }), { reason: 'refused' });
		await teacher.daemon.stop();
		const again = await daemonWith(u, links, state);
		await untilState(again.client, 'bench-1', 'ready');
		await untilState(again.client, 'bench-2', 'ready'); /* its program is nobody else's now */
		await again.daemon.stop();
	});

	await t.test('swapped back, that is another swap', async (u) => {
		plug([0, 1]);
		const last = await daemonWith(u, links, state);
		await untilState(last.client, 'bench-2', 'refused');
		await untilState(last.client, 'bench-1', 'refused');
		await last.daemon.stop();
	});
});

test('a board with a new program of its own is the same board', async (t) => {
	const { boards, links, plug } = await twoBoards(t);

	plug([0, 1]);
	const { client } = await daemonWith(t, links, scratch());
	await untilState(client, 'bench-1', 'ready');
	await untilState(client, 'bench-2', 'ready');
	boards[0].unplug();
	boards[0].firmware = 'horn.ino';
	await boards[0].pty(boards[0].file);
	await until(async () => /horn/.test((await rowOf(client, 'bench-1')).program), 8000, 'the new program');
	await untilState(client, 'bench-1', 'ready');
});

test('fault_04_swapped_under_a_running_daemon_too', async (t) => {
	const { boards, links, plug } = await twoBoards(t);

	plug([0, 1]);
	const { client } = await daemonWith(t, links, scratch());
	await untilState(client, 'bench-1', 'ready');
	await untilState(client, 'bench-2', 'ready');
	plug([1, 0]);
	boards.forEach((board) => board.unplug()); /* both cables are out, and in again the other way */
	await Promise.all(boards.map((board) => board.pty(board.file)));
	await untilState(client, 'bench-1', 'refused');
	await untilState(client, 'bench-2', 'refused');
});

test('seats are bound to USB sockets, and kept', async (t) => {
	const state = scratch();
	const { daemon, client } = await daemonWith(t, [], state);
	const changes = [];

	client.on((params, method) => method === 'seats.changed' && changes.push(params));
	assert.deepEqual(await client.call('seats.watch'), { seats: [], unbound: [] });
	await client.call('seats.bind', { socket: '1-1.2', seat: '3' });
	await client.call('seats.bind', { socket: '1-1.4', seat: '窗边' });
	await client.call('seats.bind', { socket: '1-1.1', seat: '3' });
	await until(() => changes.length === 3, 3000, 'three changes');
	assert.deepEqual(changes.at(-1).seats.map(({ seat, socket }) => [seat, socket]).sort(),
		[['3', '1-1.1'], ['窗边', '1-1.4']]);
	await assert.rejects(client.call('seats.bind', { socket: 'ttyUSB0', seat: '1' }), { reason: 'invalid' });
	await assert.rejects(client.call('seats.bind', { socket: '1-1', seat: 'a b' }), { reason: 'invalid' });
	await assert.rejects(client.call('seats.bind', { socket: '1-1', seat: 'x'.repeat(32) }), { reason: 'invalid' });
	await daemon.stop();

	const again = await daemonWith(t, [], state);
	const { seats } = await again.client.call('seats.list');
	assert.deepEqual(seats.map(({ seat }) => seat).sort(), ['3', '窗边']);
	await again.client.call('seats.bind', { socket: '1-1.4', seat: '' });
	assert.equal((await again.client.call('seats.list')).seats.length, 1);
});

/*
 * Faults of cables and boards (the rows 1-3, 5-12, 14, 16, 17, 20, 21 of the fault list): each
 * hits one kit, and another one beside it must not notice.
 */
import assert from 'node:assert/strict';
import { renameSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { FirmataBoard } from './board.mjs';
import { growth, now, request, scratch, until, untilState } from './daemon.mjs';
import { lab } from './lab.mjs';
import { drive, feed, rovers } from './rover.mjs';

/* Repeatable noise. */
function* random(seed) {
	let x = seed >>> 0 || 1;
	for (;;) {
		x ^= x << 13;
		x >>>= 0;
		x ^= x >>> 17;
		x ^= x << 5;
		x >>>= 0;
		yield x & 0xff;
	}
}
const noise = (seed, count) => {
	const bytes = random(seed);
	return Buffer.from(Array.from({ length: count }, () => bytes.next().value));
};
const ms = (time) => new Promise((resolve) => setTimeout(resolve, time));
const read = async (client, kit, property) => (await client.call('kit.read', { kit, property })).value;
const ANALOG = ['pin.A0', 'pin.A1', 'pin.A2', 'pin.A3', 'pin.A4', 'pin.A5'];
const analog = (channel, value) => [0xe0 | channel, value & 0x7f, value >> 7];

/* The kit beside: still ready, still measuring, still obeying. */
async function untouched(client, board, kit = 'ok') {
	const value = 1 + Math.floor(Math.random() * 1000);
	board.setAnalog(3, value);
	await until(async () => await read(client, kit, 'pin.A3') === value, 3000, 'the kit beside to measure');
	await client.call('kit.write', { kit, property: 'pin.8', value: true });
	await until(() => board.pins[8].value === 1, 3000, 'the kit beside to obey');
	await client.call('kit.write', { kit, property: 'pin.8', value: false });
	const { kits } = await client.call('kits.list');
	assert.equal(kits.find((row) => row.id === kit).state, 'ready');
}
const two = (b1 = {}) => ({ b1, ok: { keys: { sampling: '10' } } });

test('fault_01_cable_pulled_during_read', async (t) => {
	const { client, daemon, b1, ok } = await lab(t, two({ over: 'pty', keys: { sampling: '2' } }));
	await client.call('kits.watch');
	await client.call('kit.watch', { kit: 'b1', properties: ANALOG, rate: 0 });
	await client.waitFor((p, m) => m === 'kit.values' && p.kits.b1);
	const before = daemon.usage();
	const pulled = now();
	b1.unplug();
	await client.waitFor((p, m) => m === 'kits.changed' && p.kit === 'b1' && p.row?.state === 'lost');
	const seen = now() - pulled;
	assert.ok(seen < 1000, `seen after ${seen.toFixed(0)} ms`); /* aim: 100 ms; the machine may be busy */
	t.diagnostic(`seen after ${seen.toFixed(1)} ms`);
	assert.equal(daemon.usage().fds, before.fds - 1, 'the file is closed');
	const cpu = daemon.usage().cpu;
	await ms(1000); /* the time in which it must not spin */
	assert.ok(daemon.usage().cpu - cpu < 0.2, `used ${daemon.usage().cpu - cpu} s of a second`);
	await untouched(client, ok);
});

test('fault_02_cable_pulled_during_write', async (t) => {
	const { client, b1, ok } = await lab(t, two({ over: 'pty' }));
	b1.stopReading();
	const acts = Array.from({ length: 200 }, (_, i) => client.call('kit.act',
		{ kit: 'b1', action: 'send_string', args: { text: `old command ${i} ${'x'.repeat(8)}` } })
		.then(() => 'done', (error) => error.reason));
	const write = client.call('kit.write', { kit: 'b1', property: 'pin.13', value: true })
		.then(() => 'done', (error) => error.reason);
	await client.call('kits.list');
	const link = b1.file;
	b1.unplug();
	await untilState(client, 'b1', 'lost');
	for (const answer of [...await Promise.all(acts), await write]) {
		assert.ok(['done', 'lost', 'limit', 'busy'].includes(answer), answer);
	}
	const fresh = await new FirmataBoard().pty(link);
	t.after(() => fresh.unplug());
	await untilState(client, 'b1', 'ready');
	await client.call('kit.act', { kit: 'b1', action: 'send_string', args: { text: 'new' } });
	await fresh.saw({ type: 'sysex', id: 0x71 });
	const strings = fresh.log.filter((m) => m.type === 'sysex' && m.id === 0x71);
	assert.equal(strings.length, 1, 'nothing old is replayed');
	assert.equal(fresh.pins[13].value, 0);
	await untouched(client, ok);
});

test('fault_03_replugged_under_another_name', async (t) => {
	const link = path.join(scratch(), 'board');
	const first = await new FirmataBoard().pty();
	symlinkSync(first.device, link);
	const { client, ok } = await lab(t, { ok: { keys: { sampling: '10' } } },
		{ args: ['--port', `stream:${link}?driver=firmata&label=b1`] });
	await untilState(client, 'b1', 'ready');
	await client.call('kit.write', { kit: 'b1', property: 'pin.13', value: true });
	const second = await new FirmataBoard().pty();
	t.after(() => second.unplug());
	assert.notEqual(first.device, second.device);
	symlinkSync(second.device, `${link}.new`);
	renameSync(`${link}.new`, link);
	first.unplug();
	await second.saw({ type: 'sysex', id: 0x69 });
	await untilState(client, 'b1', 'ready');
	await client.call('kit.write', { kit: 'b1', property: 'pin.12', value: true });
	await until(() => second.pins[12].value === 1);
	assert.equal(second.pins[13].value, 0, 'what was set before is not set again by itself');
	await untouched(client, ok);
});

test('fault_05_thirty_boards_vanish_together', async (t) => {
	const labels = Array.from({ length: 30 }, (_, i) => `r${i}`);
	const { client, daemon, boards, connect } = await rovers(t, [...labels, 'ok'], { boards: { keys: { sampling: '100' } } });
	const leases = await Promise.all(labels.map((label) => drive(client, label)));
	leases.forEach((lease) => t.after(feed(client, lease)));
	await client.call('kits.watch');
	const ended = new Set();
	client.on((p, m) => m === 'lease.lost' && ended.add(`${p.kit} ${p.reason}`));
	const alarm = client.next((p, m) => m === 'kits.alarm');
	const pulled = now();
	labels.forEach((label) => boards[label].unplug());
	const { params } = await alarm;
	const told = now() - pulled;
	t.diagnostic(`alarm after ${told.toFixed(0)} ms`);
	assert.ok(told <= 1000, `alarm after ${told} ms`);
	assert.deepEqual([...params.kits].sort(), [...labels].sort());
	assert.equal(params.why.reason, 'lost');
	assert.match(params.why.en, /^30 kits/);
	const { kits } = await client.call('kits.list');
	assert.ok(kits.every(({ id, state, holder }) => id === 'ok' || (state === 'lost' && holder === null)));
	assert.deepEqual([...ended].sort(), labels.map((label) => `${label} lost`).sort());

	await Promise.all(labels.map((label) => boards[label].listen(boards[label].file)));
	for (const label of labels) {
		await untilState(client, label, 'ready', 15000);
		assert.ok(!boards[label].moves.some(({ t: at, value }) => at > pulled && value > 0), `${label} drives by itself`);
	}
	boards.r0.unplug();
	boards.r1.unplug(); /* these are two faults */
	await untilState(client, 'r0', 'lost');
	await untilState(client, 'r1', 'lost');
	const from = now();
	await until(() => now() - from > 400); /* an alarm's window */
	assert.equal(client.notifications.filter(({ method }) => method === 'kits.alarm').length, 1, 'one alarm');
	assert.equal(daemon.stderr.match(/kits vanished/g).length, 1, 'one line in the log');
	await drive(await connect(), 'ok');
	await until(() => boards.ok.speed > 0, 3000, 'the kit beside to obey');
});

test('fault_06_flapping_contact', async (t) => {
	const { client, daemon, b1, ok } = await lab(t, two());
	const before = daemon.usage();
	const opened = b1.opened;
	const flap = async (seconds) => {
		for (const end = now() + seconds * 1000; now() < end;) {
			await b1.listen(b1.file);
			await ms(50);
			b1.unplug();
			await ms(50);
		}
	};
	await flap(5);
	const opens = b1.opened - opened;
	assert.ok(opens <= 20, `opened ${opens} times in 50 flaps`);
	assert.ok(daemon.usage().fds <= before.fds + 1, `${before.fds} -> ${daemon.usage().fds} files`);
	assert.ok(daemon.usage().rss < before.rss + growth(4), `${before.rss} -> ${daemon.usage().rss} MB`);
	assert.ok(daemon.stderr.split('\n').length < 100, 'the log is not flooded');
	await untouched(client, ok);
	await b1.listen(b1.file);
	await untilState(client, 'b1', 'ready', 12000);
});

test('fault_07_reset_on_open_waits_for_the_banner', async (t) => {
	const { client, b1, ok } = await lab(t, two({ bannerDelay: 1800 }), { ready: false });
	await untilState(client, 'ok', 'ready');
	const error = await client.refusal('kit.write', { kit: 'b1', property: 'pin.13', value: true });
	assert.ok(['lost', 'busy', 'not_found', 'refused'].includes(error.reason), error.reason);
	await untilState(client, 'b1', 'ready');
	const commands = b1.log.findIndex((m) => ['mode', 'digital', 'analog', 'port'].includes(m.type));
	const identity = b1.log.findIndex((m) => m.type === 'sysex' && [0x79, 0x6b].includes(m.id));
	assert.ok(commands === -1 || commands > identity, 'no command before identity');
	assert.equal(b1.pins[13].value, 0);
	await untouched(client, ok);
});

test('fault_08_board_reboots_in_mid_session', async (t) => {
	const { client, b1, ok } = await lab(t, two({ bannerDelay: 300, keys: { sampling: '10' } }));
	await client.call('kit.watch', { kit: 'b1', properties: ['pin.A0'], rate: 20 });
	await client.call('kit.write', { kit: 'b1', property: 'pin.13', value: true });
	const { run } = await client.call('script.run', { kit: 'b1', source:
		'local b = require "kit".open()\nb:on("rebooted", function() print("rebooted") end)\nsleep(5)' });
	await client.waitFor((p, m) => m === 'script.state' && p.run === run && p.state === 'running');
	await b1.saw({ type: 'report_analog', channel: 0, on: true });
	b1.reboot();
	await client.waitFor((p, m) => m === 'kit.event' && p.kit === 'b1' && p.event === 'rebooted', 8000);
	await client.waitFor((p, m) => m === 'script.output' && p.text.includes('rebooted'), 8000, 'the script to hear it');
	await untilState(client, 'b1', 'ready');
	b1.setAnalog(0, 777);
	await client.waitFor((p, m) => m === 'kit.values' && p.kits.b1?.set['pin.A0'] === 777, 8000,
		'the watched pin to be reported again');
	assert.equal(b1.pins[13].value, 0, 'outputs stay at rest');
	assert.equal(b1.sampling, 10, 'the sampling interval is set again');
	await untouched(client, ok);
});

test('fault_09_silent_board_is_stale', async (t) => {
	const { client, b1, ok } = await lab(t, two({ keys: { sampling: '10' } }));
	b1.setAnalog(0, 5);
	await until(async () => await read(client, 'b1', 'pin.A0') === 5);
	await client.call('kits.watch');
	b1.silent = true;
	await client.waitFor((p, m) => m === 'kits.changed' && p.kit === 'b1' && p.row.state === 'stale', 10000);
	await untouched(client, ok);
	b1.silent = false;
	await client.next((p, m) => m === 'kits.changed' && p.kit === 'b1' && p.row.state === 'ready', 10000);
	b1.setAnalog(0, 6);
	await until(async () => await read(client, 'b1', 'pin.A0') === 6);
});

test('fault_10_board_floods', async (t) => {
	const { client, daemon, b1, ok } = await lab(t, two());
	await client.call('kit.watch', { kit: 'b1', properties: ANALOG, rate: 20 });
	await client.call('kit.watch', { kit: 'ok', properties: ['pin.A0'], rate: 0 });
	await client.waitFor((p, m) => m === 'kit.values' && p.kits.ok);
	const before = daemon.usage();
	const flood = Buffer.concat([Buffer.from('y\n'.repeat(200)), ...Array.from({ length: 1400 },
		(_, i) => Buffer.from([...analog(i % 6, i % 1024), 0x90, i & 0x7f, 0]))]);
	let sent = 0;
	const began = now();
	let last = null;
	let gaps = 0;
	clearInterval(ok.timer);
	const said = new Map();
	const delays = []; /* from our write to the daemon's read: the same clock, another zero */
	client.on((p, m) => {
		if (m === 'kit.values' && p.kits.ok) {
			gaps += last !== null && p.kits.ok.seq !== last + 1 ? 1 : 0;
			last = p.kits.ok.seq;
			const value = p.kits.ok.set['pin.A0'];
			if (said.has(value)) {
				delays.push(p.kits.ok.t - said.get(value));
				said.delete(value);
			}
		}
	});
	let value = 0, next = began;
	while (now() - began < 3000) { /* about 1 MB a second */
		if (now() >= next) {
			next += 10;
			value = (value + 1) % 1024;
			said.set(value, now());
			ok.send(analog(0, value));
		}
		if (sent < (now() - began) * 1000 && b1.stream.writableLength < 1e6) {
			b1.send(flood);
			sent += flood.length;
		}
		await ms(2);
	}
	assert.ok(sent > 1e6, `${sent} bytes`);
	await until(() => delays.length > 100, 3000, 'the calm kit to be heard');
	const jitter = delays.map((delay) => delay - Math.min(...delays)).sort((a, b) => a - b);
	const of = (share) => jitter[Math.floor((jitter.length - 1) * share)];
	t.diagnostic(`jitter of the kit beside: p50 ${of(0.5).toFixed(1)} ms, p95 ${of(0.95).toFixed(1)} ms, worst ${of(1).toFixed(1)} ms`);
	assert.ok(of(0.95) < 20, `p95 ${of(0.95)} ms`); /* the rest may be the machine's */
	await untouched(client, ok);
	assert.ok(last !== null);
	assert.equal(gaps, 0, 'the kit beside lost nothing');
	await client.call('kit.write', { kit: 'b1', property: 'pin.13', value: true });
	await until(() => b1.pins[13].value === 1, 8000, 'the flooding kit to obey');
	assert.ok(daemon.usage().rss < before.rss + growth(8), `${before.rss} -> ${daemon.usage().rss} MB`);
	assert.ok(daemon.stderr.length < 20_000, 'the log is not flooded');
});

test('fault_11_random_bytes', async (t) => {
	const { client, daemon, b1, ok } = await lab(t, two());
	await client.call('kit.watch', { kit: 'b1', properties: ['pin.A0'], rate: 0 });
	await b1.saw({ type: 'report_analog', channel: 0, on: true });
	clearInterval(b1.timer);
	const before = daemon.usage();
	for (let round = 1; round <= 60; round++) {
		b1.send(noise(round, 8192));
		/* an unfinished message may swallow its rest, but no more than that */
		b1.send([...analog(0, round), ...analog(0, round), ...analog(0, round)]);
	}
	await client.waitFor((p, m) => m === 'kit.values' && p.kits.b1?.set['pin.A0'] === 60, 15000, 'the last value');
	const seen = new Set(client.notifications.filter((n) => n.method === 'kit.values' && n.params.kits.b1)
		.map((n) => n.params.kits.b1.set['pin.A0']));
	assert.ok(seen.has(60));
	await untilState(client, 'b1', 'ready', 15000);
	assert.ok(daemon.stderr.length < 30_000, `${daemon.stderr.length} bytes of log`);
	assert.ok(daemon.usage().rss < before.rss + growth(8));
	assert.ok(daemon.usage().fds <= before.fds);
	await untouched(client, ok);
});

test('fault_12_flipped_truncated_and_joined_bytes', async (t) => {
	const { client, b1, ok } = await lab(t, two({ keys: { sampling: '5' } }));
	await client.call('kit.watch', { kit: 'b1', properties: ANALOG, rate: 0 });
	const dice = random(12);
	b1.transform = (bytes) => {
		const out = [];
		for (const byte of bytes) {
			const roll = dice.next().value;
			if (roll < 4) {
				out.push(byte ^ (1 << (roll * 2)));
			} else if (roll < 8) {
				out.push(byte, byte);
			} else if (roll >= 12) {
				out.push(byte);
			}
		}
		return Buffer.from(out);
	};
	const began = client.notifications.length;
	for (let i = 0; i < 200; i++) {
		b1.analog.forEach((_, channel) => b1.setAnalog(channel, 256 + (i % 4)));
		await ms(5);
	}
	assert.ok(client.notifications.length > began);
	for (const { params, method } of client.notifications) {
		for (const value of method === 'kit.values' ? Object.entries(params.kits.b1?.set ?? {}) : []) {
			if (value[0].startsWith('pin.A') && value[1] !== null) {
				assert.ok(value[1] >= 0 && value[1] <= 1023, `${value} is in its range`);
			}
		}
	}
	b1.transform = (bytes) => bytes;
	await untilState(client, 'b1', 'ready', 15000);
	b1.setAnalog(0, 99);
	await until(async () => await read(client, 'b1', 'pin.A0') === 99, 5000);
	await untouched(client, ok);
});

test('fault_14_lengths_that_lie', async (t) => {
	const { client, daemon, b1, ok } = await lab(t, two());
	const before = daemon.usage();
	await t.test('a sysex without an end', async () => {
		b1.send([0xf0, 0x71]);
		for (let i = 0; i < 64; i++) {
			b1.send(Buffer.alloc(65536, 0x55));
		}
		b1.send([0xf7]);
		b1.sendString('after');
		await client.call('kit.watch', { kit: 'b1', rate: 1 });
		await until(() => {
			b1.sendString('after');
			return client.notifications.some((n) => n.method === 'kit.event' && n.params.value === 'after');
		}, 8000);
		assert.ok(daemon.usage().rss < before.rss + growth(4), `${before.rss} -> ${daemon.usage().rss} MB`);
	});
	await t.test('empty and odd sysex', async () => {
		for (const id of [0x60, 0x61, 0x62, 0x64, 0x69, 0x6a, 0x6c, 0x6e, 0x6f, 0x71, 0x72, 0x73, 0x77, 0x79, 0x7a, 0x7b, 0x7f, 0]) {
			b1.send([0xf0, id, 0xf7]);
			b1.send([0xf0, id, 0x7f, 0xf7]);
			b1.send([0xf0, id, 0, 0, 0x7f, 0xf7]);
		}
		b1.send([0xf0, 0xf7, 0xf7, 0xf0, 0xf0, 0xf7]);
		b1.sendString('odd');
		await client.waitFor((p, m) => m === 'kit.event' && p.value === 'odd', 8000);
	});
	await t.test('boards with no pin, with 128 pins, with thousands', async () => {
		for (const pins of [0, 1, 127, 128, 129, 5000]) {
			const strange = await new FirmataBoard({ capabilities: Array.from({ length: pins },
				() => ({ 0: 1, 1: 1, 2: 14, 3: 14, 0x51: 7 })) }).listen();
			b1.unplug();
			renameSync(strange.file, b1.file);
			await until(() => strange.log.some((m) => m.id === 0x6b), 12000, `a question to ${pins} pins`);
			await until(async () => {
				const { kits } = await client.call('kits.list');
				return ['ready', 'refused', 'lost', 'probing'].includes(kits.find((row) => row.id === 'b1').state);
			});
			await untouched(client, ok);
			strange.unplug();
		}
		assert.ok(daemon.usage().rss < before.rss + growth(12), `${before.rss} -> ${daemon.usage().rss} MB`);
	});
});

test('fault_16_board_that_never_reads', async (t) => {
	const { client, daemon, b1, ok } = await lab(t, two({ over: 'pty' }));
	const before = daemon.usage();
	await client.call('kit.act', { kit: 'b1', action: 'pin_mode', args: { pin: 9, mode: 'pwm' } });
	b1.stopReading();
	let refused = 0;
	for (let i = 0; i < 2000; i++) {
		client.call('kit.act', { kit: 'b1', action: 'send_string', args: { text: 'x'.repeat(25) } })
			.catch((error) => { refused += ['limit', 'busy', 'io'].includes(error.reason) ? 1 : 0; });
	}
	await until(() => refused > 0, 5000, 'a refusal');
	const points = Array.from({ length: 200 }, (_, i) => client.call('kit.write',
		{ kit: 'b1', property: 'pin.9', value: i / 199 }).then(() => true, (error) => error.reason));
	await untouched(client, ok);
	assert.ok(daemon.usage().rss < before.rss + growth(4), `${before.rss} -> ${daemon.usage().rss} MB`);
	const cpu = daemon.usage().cpu;
	await ms(500); /* the time in which it must not spin */
	assert.ok(daemon.usage().cpu - cpu < 0.15, 'it does not spin');
	b1.resumeReading();
	for (const answer of await Promise.all(points)) {
		assert.ok(answer === true || ['limit', 'busy', 'timeout'].includes(answer), String(answer));
	}
	if ((await Promise.all(points)).at(-1) === true) {
		await until(() => b1.pins[9].value === 255, 5000, 'the newest set-point');
	}
	b1.stopReading();
	Array.from({ length: 1000 }, () => client.call('kit.act', { kit: 'b1', action: 'send_string', args: { text: 'x'.repeat(25) } })
		.catch(() => {}));
	await client.call('hello');
	await daemon.stop(3000);
});

test('fault_17_wrong_baud_or_firmware', async (t) => {
	const { client, daemon, b1, b2, ok } = await lab(t, {
		b1: { silent: true }, b2: { silent: true }, ok: { keys: { sampling: '10' } } }, { ready: false });
	await untilState(client, 'ok', 'ready');
	/* b1 says framing noise, b2 is another program's text */
	const hiss = setInterval(() => b1.send(noise(Math.floor(now()), 40)), 20).unref();
	const text = setInterval(() => b2.send(Buffer.from('T=21.5 H=40\r\n')), 50).unref();
	t.after(() => [hiss, text].forEach(clearInterval));
	for (const kit of ['b1', 'b2']) {
		await untilState(client, kit, 'refused', 20000);
		const error = await client.refusal('kit.read', { kit, property: 'pin.13' });
		assert.ok(['lost', 'refused'].includes(error.reason), error.reason);
		assert.match(error.hint, /firmata|driver|sketch|firmware/i);
	}
	assert.ok(![...b1.log, ...b2.log].some((m) => ['digital', 'analog', 'mode', 'port'].includes(m.type)), 'no command was sent');
	assert.ok(daemon.stderr.split('\n').length < 60);
	await untouched(client, ok);
});

test('fault_17_unknown_port_is_refused_with_advice_to_choose_a_driver', async (t) => {
	const board = await new FirmataBoard({ silent: true }).listen();
	t.after(() => board.unplug());
	const { client } = await lab(t, {}, { args: ['--port', `unix:${board.file}?label=b1`] });
	await untilState(client, 'b1', 'refused', 20000);
	const error = await client.refusal('kit.read', { kit: 'b1', property: 'pin.13' });
	assert.match(error.hint, /driver/i);
});

test('fault_20_text_of_a_device_is_only_text', async (t) => {
	const nasty = {
		html: '<img src=x onerror=alert(1)><script>alert(2)</script>',
		ansi: '\u001b[2J\u001b]0;pwned\u0007\u001b[31m',
		control: 'a\u0001\u0008\r\nkitlabd: all is well\n',
		quotes: '"}],"x":{"\\u0000',
		bidi: '\u202e\u2066gnihton',
	};
	const bytes = {
		nul: [0x61, 0, 0x62],
		badUtf8: [0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf8],
		cut: [0xe4, 0xb8],
	};
	const corpus = [...Object.values(nasty).map((text) => [...Buffer.from(text)]), ...Object.values(bytes)];
	const boards = Object.fromEntries(corpus.map((firmware, i) => [`n${i}`, { firmware: Buffer.from(firmware) }]));
	const { client, daemon, ...made } = await lab(t, boards);
	await client.call('kit.watch', { kit: '*', rate: 1 });
	for (let i = 0; i < corpus.length; i++) {
		const board = made[`n${i}`];
		board.send([0xf0, 0x71, ...corpus[i].flatMap((b) => [b & 0x7f, b >> 7]), 0xf7]);
		const { params } = await client.waitFor((p, m) => m === 'kit.event' && p.kit === `n${i}` && p.event === 'string');
		assert.equal(typeof params.value, 'string');
		if (i < Object.keys(nasty).length) {
			assert.equal(params.value, Object.values(nasty)[i]);
		} else {
			assert.ok(!params.value.includes('\u0000'));
		}
		const read = await client.call('kit.read', { kit: `n${i}`, property: 'firmware' }).catch(() => null);
		assert.ok(!read || typeof read.value === 'string');
	}
	await client.call('kits.list');
	const metrics = await request(`${daemon.url}metrics`);
	assert.doesNotMatch(metrics.text, /[\u0000-\u0009\u000b-\u001f]/);
	assert.doesNotMatch(daemon.stderr, /[\u0000-\u0008\u000b-\u001f\u007f]/, 'the log has no control characters');
	assert.doesNotMatch(daemon.stderr, /^kitlabd: all is well/m, 'no forged log lines');
});

test('fault_21_numbers_that_are_none', async (t) => {
	const { client, connect, b1 } = await lab(t);
	const text = await connect();
	text.keep = true;
	for (const number of ['0/0', '1/0', '-1/0']) {
		const { run } = await text.call('script.run', { kit: 'b1', source: `plot{a = ${number}}` });
		const { params } = await text.waitFor((p, m) => m === 'script.state' && p.run === run && p.state === 'failed');
		assert.equal(params.error.line, 1);
		assert.match(params.error.hint, /0/);
	}
	const { run } = await text.call('script.run', { kit: 'b1', source: 'plot{d = 1e308, e = -0.0, f = -1e-308}' });
	const { params } = await text.waitFor((p, m) => m === 'script.plot' && p.run === run);
	assert.deepEqual({ ...params.set, e: 0 }, { d: 1e308, e: 0, f: -1e-308 });
	await client.call('kit.act', { kit: 'b1', action: 'pin_mode', args: { pin: 9, mode: 'pwm' } });
	const before = b1.log.length;
	for (const number of ['1e999', '-1e999', '1e308', '-1e308']) {
		client.raw(`{"jsonrpc":"2.0","id":"n","method":"kit.write","params":{"kit":"b1","property":"pin.9","value":${number}}}`);
	}
	await client.call('kit.read', { kit: 'b1', property: 'pin.9' });
	assert.deepEqual(b1.log.slice(before), [], 'nothing was written');
	await client.call('kit.write', { kit: 'b1', property: 'pin.9', value: -0 });
	await client.call('kit.write', { kit: 'b1', property: 'pin.9', value: 1 });
	await until(() => b1.pins[9].value === 255);
	assert.ok(text.messages.every((message) => JSON.parse(message)));
});

/*
 * Faults of browsers, programs and attackers (the rows 35 and 46-50 of the fault list). All the
 * while an honest client beside is served.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { connect, growth, now, request, until, within } from './daemon.mjs';
import { lab } from './lab.mjs';
import { dial, frame, http, websocket } from './raw.mjs';

const rounds = async (client) => {
	const began = now();
	await client.call('kits.list');
	return now() - began;
};
/* It still serves the honest client, a new one, and HTTP. */
async function serves(daemon, client) {
	await rounds(client);
	const fresh = await connect(daemon);
	await fresh.call('hello');
	await fresh.close();
	assert.equal((await request(`${daemon.url}healthz`)).status, 200);
}

test('fault_35_out_of_file_descriptors', async (t) => {
	const { daemon, client, b1, connect: join } = await lab(t, { b1: {} },
		{ wrapper: ['prlimit', '--nofile=48:48'], args: ['--open-lab=student'] });
	const held = [];
	let refused = 0;
	for (let i = 0; i < 80; i++) {
		await connect(daemon).then((one) => held.push(one), () => { refused++; });
	}
	assert.ok(refused > 0, 'there is a limit');
	assert.ok(held.length >= 5, `${held.length} came in`);
	for (const one of held) { /* no setting of security is lost with the files */
		assert.equal((await one.call('hello')).role, 'student');
		assert.equal((await one.refusal('room.clear')).reason, 'forbidden');
	}
	const forged = await connect(daemon, { headers: { Origin: 'http://elsewhere.example' } }).then(() => 'let in', (error) => error);
	assert.notEqual(forged, 'let in');
	await client.call('kit.write', { kit: 'b1', property: 'pin.13', value: true });
	await until(() => b1.pins[13].value === 1);
	const cpu = daemon.usage().cpu;
	await new Promise((resolve) => setTimeout(resolve, 1000)); /* the time in which it must not spin */
	assert.ok(daemon.usage().cpu - cpu < 0.3, `used ${daemon.usage().cpu - cpu} s of a second`);
	const error = await client.call('script.run', { source: '', kit: 'b1' }).then(() => null, (e) => e);
	assert.ok(!error || ['limit', 'io', 'busy', 'internal'].includes(error.reason), String(error?.reason));
	b1.unplug();
	await b1.listen(b1.file);
	for (const one of held) {
		one.ws.terminate();
	}
	await until(async () => {
		const again = await join();
		return (await again.call('hello')).role === 'student';
	}, 8000, 'to be served again');
	await until(async () => {
		const { kits } = await client.call('kits.list');
		return kits[0].state === 'ready';
	}, 12000, 'the kit to return');
	const { run } = await client.call('script.run', { source: 'print(1)', kit: 'b1' });
	await client.waitFor((p, m) => m === 'script.state' && p.run === run && p.state === 'finished');
	assert.ok(daemon.stderr.split('\n').length < 200, 'the log is not flooded');
});

test('fault_46_browser_that_does_not_read', async (t) => {
	const { daemon, client, b1, connect: join } = await lab(t, { b1: { keys: { sampling: '10' } } });
	const before = daemon.usage();
	const lazy = await connect(daemon);
	await lazy.call('kit.watch', { kit: 'b1', properties: ['pin.A0'], rate: 0 });
	await lazy.waitFor((p, m) => m === 'kit.values');
	lazy.ws._socket.pause();
	const honest = await join();
	await honest.call('kit.watch', { kit: 'b1', rate: 0 });
	const text = 'x'.repeat(900);
	let sent = 0;
	const dropped = async () => Number(/^kitlab_\w*dropped\w* (\d+)/m.exec((await request(`${daemon.url}metrics`)).text)?.[1]);
	await until(async () => {
		for (let i = 0; i < 50; i++) {
			b1.sendString(`${sent++} ${text}`);
		}
		await honest.waitFor((p, m) => m === 'kit.event' && p.value?.startsWith(`${sent - 1} `));
		return await dropped() >= 1;
	}, 30000, 'the lazy client to be dropped');
	assert.ok(daemon.usage().rss < before.rss + growth(6), `${before.rss} -> ${daemon.usage().rss} MB`);
	const heard = honest.notifications.filter((n) => n.method === 'kit.event').length;
	assert.equal(heard, sent, 'the client beside lost no event');
	lazy.ws._socket.resume();
	assert.equal((await lazy.waitClose(8000)).code, 1013);
	const back = await join();
	const { kits } = await back.call('kit.watch', { kit: 'b1', rate: 0 });
	assert.equal(kits.b1.state, 'ready', 'it returns and gets a snapshot');
	await serves(daemon, client);
});

test('fault_46_much_at_once_is_no_reason_to_close_who_reads', async (t) => {
	const { connect: join } = await lab(t);
	const page = await join();
	await page.call('kit.watch', { kit: '*', rate: 0 });
	const { length } = JSON.stringify(await page.call('kit.describe', { kit: 'b1' }));
	const many = Math.ceil(600 * 1024 / length); /* as a page that opens on a full classroom */
	await Promise.all(Array.from({ length: many }, () => page.call('kit.describe', { kit: 'b1' })));
	assert.equal(page.closed, null);
});

test('fault_46_thousands_of_watches_do_not_stop_the_loop', async (t) => {
	const { daemon, client, connect: join } = await lab(t, { b1: {}, b2: {}, b3: {} });
	const properties = Array.from({ length: 64 }, (_, pin) => `pin.${pin}`);
	const pages = await Promise.all(Array.from({ length: 20 }, () => join()));
	const began = daemon.usage().cpu;
	for (const page of pages) {
		await Promise.all(Array.from({ length: 90 }, (_, i) =>
			page.call('kit.watch', { kit: '*', rate: 1 + i % 8, properties })));
	}
	const spent = daemon.usage().cpu - began; /* before: 7 to 9 s, and pages lost, at 1300 */
	t.diagnostic(`${spent.toFixed(2)} s for 1800 watches`);
	assert.ok(spent < 4, `${spent} s of computing`);
	const { reason } = await pages[0].refusal('kit.watch', { kit: 'b1', rate: 99 });
	assert.equal(reason, 'limit', 'a ninth rate');
	pages.forEach((page) => page.ws.terminate());
	await serves(daemon, client);
});

test('fault_46_nothing_could_be_written_for_5_s', async (t) => {
	const { daemon, client, b1 } = await lab(t);
	const lazy = await websocket(daemon.port);
	lazy.send(frame(1, '{"jsonrpc":"2.0","id":1,"method":"kit.watch","params":{"kit":"b1","rate":0}}'));
	await until(() => lazy.texts().length > 0);
	lazy.line.socket.pause();
	/* enough for the kernel's buffers, less than 256 KiB beyond them: answered pings do not help */
	const began = now();
	const pump = setInterval(() => b1.sendString('y'.repeat(900)), 2).unref();
	await until(async () => !/kitlab_ws_clients 2/.test((await request(`${daemon.url}metrics`)).text), 40000,
		'the client that takes nothing to be gone');
	clearInterval(pump);
	t.diagnostic(`gone after ${Math.round(now() - began)} ms`);
	await serves(daemon, client);
});

test('fault_47_slow_headers_and_half_open_connections', async (t) => {
	const { daemon, client } = await lab(t, {});
	const before = daemon.usage();
	await t.test('a header that does not end is cut off after 5 s', async () => {
		const line = await dial(daemon.port);
		line.socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n');
		const began = now();
		const drip = setInterval(() => line.socket.write('X-A: b\r\n'), 500).unref();
		await until(() => line.isClosed || line.text, 9000, 'the end of a slow header');
		clearInterval(drip);
		assert.ok(now() - began > 3000);
		if (line.text) {
			assert.match(line.text, /^HTTP\/1\.1 408 /);
		}
	});
	await t.test('500 half-open connections keep nobody out for long, and go', async () => {
		const lines = [];
		for (let i = 0; i < 500; i++) {
			lines.push(await dial(daemon.port).catch(() => null));
			lines.at(-1)?.socket.write('GET / HT');
		}
		assert.ok(await rounds(client) < 2000);
		assert.ok(daemon.usage().rss < before.rss + growth(16), `${before.rss} -> ${daemon.usage().rss} MB`);
		await until(() => serves(daemon, client).then(() => true), 15000, 'to be served');
		await until(() => lines.every((line) => !line || line.isClosed), 15000, 'the half-open ones to be closed');
		await until(() => daemon.usage().fds <= before.fds + 3, 5000, 'their files to be closed');
	});
	await t.test('a body that does not come is cut off', async () => {
		const answer = await http(daemon.port, `PUT /things/x/properties/y HTTP/1.1\r\nHost: 127.0.0.1:${daemon.port}\r\n`
			+ 'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a"', 15000);
		assert.ok(answer.isClosed || answer.status >= 400);
	});
});

test('fault_48_websocket_violations', async (t) => {
	const { daemon, client } = await lab(t, {});
	const ask = (id) => `{"jsonrpc":"2.0","id":${id},"method":"hello"}`;
	const closes = {
		'RSV1 without an extension': [[frame(1, ask(1), { rsv: 4 })], [1002]],
		'RSV2': [[frame(1, ask(1), { rsv: 2 })], [1002]],
		'RSV3': [[frame(1, ask(1), { rsv: 1 })], [1002]],
		'opcode 3': [[frame(3, 'x')], [1002]],
		'opcode 7': [[frame(7, 'x')], [1002]],
		'opcode 11': [[frame(11, 'x')], [1002]],
		'opcode 15': [[frame(15, 'x')], [1002]],
		'a ping of over 125 bytes': [[frame(9, 'x'.repeat(126))], [1002]],
		'a fragmented ping': [[frame(9, 'x', { fin: false })], [1002]],
		'a continuation of nothing': [[frame(0, 'x')], [1002]],
		'a new message inside a fragmented one': [[frame(1, '{', { fin: false }), frame(1, '}')], [1002]],
		'a close of one byte': [[frame(8, [3])], [1002]],
		'a close code that is not allowed': [[frame(8, [0x03, 0xed])], [1002]],
		'a length of 2^63 and more': [[frame(1, '', { head: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] })], [1002, 1009]],
		'a length of 2^62': [[frame(1, '', { head: [0xff, 0x40, 0, 0, 0, 0, 0, 0, 0] }), Buffer.alloc(20000)], [1009]],
		'a length of 2 GB': [[frame(1, '', { head: [0xff, 0, 0, 0, 0, 0x80, 0, 0, 0] }), Buffer.alloc(20000)], [1009]],
		'a binary message': [[frame(2, ask(1))], [1002, 1003, 1007]],
		'bad UTF-8': [[frame(1, Buffer.from([0x22, 0xc3, 0x28, 0x22]))], [1007]],
		'overlong UTF-8': [[frame(1, Buffer.from([0x22, 0xc0, 0x80, 0x22]))], [1007]],
		'a surrogate in UTF-8': [[frame(1, Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))], [1007]],
		'bad UTF-8 over two fragments': [[frame(1, Buffer.from([0x22, 0xe4]), { fin: false }), frame(0, Buffer.from([0x22]))], [1007]],
		'fragments that are together over 512 KiB': [[frame(1, 'x'.repeat(300_000), { fin: false }), frame(0, 'x'.repeat(300_000))], [1009]],
	};
	for (const [name, [frames, codes]] of Object.entries(closes)) {
		await t.test(name, async () => {
			const ws = await websocket(daemon.port);
			frames.forEach((bytes) => ws.send(bytes));
			const code = await ws.closeCode();
			assert.ok(codes.includes(code), `closed with ${code}`);
			assert.ok(!ws.texts().some((text) => text.includes('"result"')), 'it was not served');
		});
	}
	await t.test('unmasked frames do no harm', async () => {
		const ws = await websocket(daemon.port);
		ws.send(frame(1, ask(5), { masked: false }));
		ws.send(frame(8, [0x03, 0xe8], { masked: false }));
		await ws.closeCode().catch(() => 0);
		await serves(daemon, client);
	});
	await t.test('a UTF-8 letter cut between two fragments is fine', async () => {
		const ws = await websocket(daemon.port);
		const text = Buffer.from('{"jsonrpc":"2.0","id":"文","method":"hello"}');
		const cut = text.indexOf(Buffer.from('文')) + 1;
		ws.send(frame(1, text.subarray(0, cut), { fin: false }));
		ws.send(frame(9, 'a ping between'));
		ws.send(frame(0, text.subarray(cut)));
		await until(() => ws.texts().some((t2) => t2.includes('"文"')));
		assert.ok(ws.frames().some((f) => f.opcode === 10 && f.payload.toString() === 'a ping between'));
	});
	await t.test('a message byte by byte is fine', async () => {
		const ws = await websocket(daemon.port);
		for (const byte of frame(1, ask(6))) {
			ws.send(Buffer.from([byte]));
			await new Promise((resolve) => setImmediate(resolve));
		}
		await until(() => ws.texts().some((text) => text.includes('"id":6')));
	});
	await t.test('endless empty fragments are bounded', async () => {
		const before = daemon.usage();
		const ws = await websocket(daemon.port);
		ws.send(frame(1, '"', { fin: false }));
		const many = Buffer.concat(Array.from({ length: 2000 }, () => frame(0, '', { fin: false })));
		for (let i = 0; i < 50; i++) {
			ws.send(many);
		}
		await serves(daemon, client);
		assert.ok(daemon.usage().rss < before.rss + growth(8));
		ws.line.socket.destroy();
	});
	await t.test('a flood of pings is bounded', async () => {
		const before = daemon.usage();
		const ws = await websocket(daemon.port);
		ws.line.socket.pause();
		const many = Buffer.concat(Array.from({ length: 1000 }, () => frame(9, 'x'.repeat(125))));
		for (let i = 0; i < 100 && ws.line.socket.writableLength < 4e6; i++) {
			ws.send(many);
		}
		assert.ok(await rounds(client) < 2000);
		await serves(daemon, client);
		assert.ok(daemon.usage().rss < before.rss + growth(8), `${before.rss} -> ${daemon.usage().rss} MB`);
		ws.line.socket.destroy();
	});
	await t.test('the daemon answers a close with a close', async () => {
		const ws = await websocket(daemon.port);
		ws.send(frame(8, [0x03, 0xe8]));
		assert.equal(await ws.closeCode(), 1000);
		await until(() => ws.line.isClosed, 5000);
	});
});

test('fault_49_http_that_smuggles', async (t) => {
	const { daemon, client } = await lab(t, {});
	const host = `Host: 127.0.0.1:${daemon.port}`;
	const refused = {
		'two Hosts': `GET / HTTP/1.1\r\n${host}\r\n${host}\r\n\r\n`,
		'no Host': 'GET / HTTP/1.1\r\n\r\n',
		'two Content-Lengths': `PUT /things/x HTTP/1.1\r\n${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
		'Content-Length and Transfer-Encoding': `PUT /things/x HTTP/1.1\r\n${host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
		'a negative Content-Length': `PUT /things/x HTTP/1.1\r\n${host}\r\nContent-Length: -5\r\n\r\n`,
		'a hexadecimal Content-Length': `PUT /things/x HTTP/1.1\r\n${host}\r\nContent-Length: 0x5\r\n\r\nabcde`,
		'a huge Content-Length': `PUT /things/x HTTP/1.1\r\n${host}\r\nContent-Length: 99999999999999999999\r\n\r\n`,
		'a space before the colon': `GET / HTTP/1.1\r\n${host}\r\nContent-Length : 3\r\n\r\nabc`,
		'a folded header': `GET / HTTP/1.1\r\n${host}\r\nX-A: b\r\n c\r\n\r\n`,
		'a header without a colon': `GET / HTTP/1.1\r\n${host}\r\nnonsense\r\n\r\n`,
		'NUL in a header': `GET / HTTP/1.1\r\n${host}\r\nX-A: a\0b\r\n\r\n`,
		'NUL in the path': `GET /a\0b HTTP/1.1\r\n${host}\r\n\r\n`,
		'an encoded NUL': `GET /a%00b HTTP/1.1\r\n${host}\r\n\r\n`,
		'a broken percent code': `GET /%zz HTTP/1.1\r\n${host}\r\n\r\n`,
		'a bare LF as line end': `GET / HTTP/1.1\n${host}\n\n`,
		'a bare CR in a header': `GET / HTTP/1.1\r\n${host}\r\nX-A: a\rX-B: b\r\n\r\n`,
		'no version': `GET /\r\n${host}\r\n\r\n`,
		'a strange version': `GET / HTTP/7.1\r\n${host}\r\n\r\n`,
		'a path without a slash': `GET index.html HTTP/1.1\r\n${host}\r\n\r\n`,
		'a request line of spaces': `GET  /  HTTP/1.1\r\n${host}\r\n\r\n`,
	};
	for (const [name, text] of Object.entries(refused)) {
		await t.test(name, async () => {
			const answer = await http(daemon.port, text);
			assert.ok(answer.isClosed && !answer.status || [400, 411, 413, 501, 505].includes(answer.status),
				`answered ${answer.status}`);
		});
	}
	await t.test('a header of 64 KB', async () => {
		const answer = await http(daemon.port, `GET / HTTP/1.1\r\n${host}\r\nX-A: ${'a'.repeat(65536)}\r\n\r\n`);
		assert.ok(answer.isClosed && !answer.status || [400, 413, 431].includes(answer.status), `answered ${answer.status}`);
	});
	await t.test('2000 headers', async () => {
		const many = Array.from({ length: 2000 }, (_, i) => `X-${i}: ${i}\r\n`).join('');
		const answer = await http(daemon.port, `GET / HTTP/1.1\r\n${host}\r\n${many}\r\n`);
		assert.ok(answer.isClosed && !answer.status || [400, 413, 431].includes(answer.status), `answered ${answer.status}`);
	});
	await t.test('a path of 20 KB', async () => {
		const answer = await http(daemon.port, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n\r\n`);
		assert.ok(answer.isClosed && !answer.status || [400, 404, 413, 414, 431].includes(answer.status), `answered ${answer.status}`);
	});
	await t.test('no path leads out of the pages', async () => {
		for (const path of ['/../../../../etc/passwd', '/..%2f..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd',
			'/assets/../../etc/passwd', '//etc/passwd', '/.git/config', '/..\\..\\etc\\passwd', '/%252e%252e/etc/passwd']) {
			const answer = await http(daemon.port, `GET ${path} HTTP/1.1\r\n${host}\r\n\r\n`);
			assert.ok(!answer.text.includes('root:'), path);
			assert.ok([400, 404, 301, 308].includes(answer.status), `${path}: ${answer.status}`);
		}
	});
	await t.test('a second request hidden in a body is not served', async () => {
		const hidden = `GET /healthz HTTP/1.1\r\n${host}\r\n\r\n`;
		const line = await dial(daemon.port);
		line.socket.write(`GET /things HTTP/1.1\r\n${host}\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`);
		await until(() => line.isClosed || line.text.includes('\r\n\r\n'), 5000);
		await until(() => line.isClosed, 8000).catch(() => {});
		assert.ok((line.text.match(/HTTP\/1\.1 /g) ?? []).length <= 1, line.text);
		line.socket.destroy();
	});
	await t.test('the honest client is served', () => serves(daemon, client));
});

test('fault_50_what_is_no_request_counts_too_by_its_size', async (t) => {
	const { client, connect: join } = await lab(t, {}, { args: ['--open-lab=student'] });
	const flood = await connect(client.ws.url);
	const answers = [];
	flood.ws.on('message', (data) => answers.push(JSON.parse(data.toString()).error));
	const garbage = `[${'[],'.repeat(150000)}`;
	for (let i = 0; i < 12; i++) {
		flood.raw(garbage);
	}
	const small = flood.refusal('hello', {});
	await until(() => answers.length === 13, 20000, 'thirteen answers');
	const reasons = answers.map((error) => error.data.reason);
	assert.equal(reasons[0], 'invalid');
	assert.ok(reasons.filter((reason) => reason === 'limit').length >= 4, reasons.join());
	assert.equal((await small).reason, 'limit', 'small ones are answered by id');
	await (await join()).call('hello', {});
	flood.ws.terminate();
});

test('fault_50_json_that_is_none', async (t) => {
	const { daemon, client, connect: join } = await lab(t);
	const call = (params) => `{"jsonrpc":"2.0","id":"odd","method":"kit.write","params":${params}}`;
	const bad = {
		'depth 100000': '['.repeat(100_000),
		'objects of depth 20000': '{"a":'.repeat(20_000),
		'depth 100000 in the parameters': call(`${'['.repeat(20_000)}${']'.repeat(20_000)}`),
		'a number of 1000 digits': call(`{"kit":"b1","property":"pin.13","value":${'9'.repeat(1000)}}`),
		'an exponent of 10^6': call('{"kit":"b1","property":"pin.13","value":1e1000000}'),
		'a number with a leading zero': call('{"kit":"b1","property":"pin.13","value":01}'),
		'a plus sign': call('{"kit":"b1","property":"pin.13","value":+1}'),
		'NaN': call('{"kit":"b1","property":"pin.13","value":NaN}'),
		'a comment': call('{"kit":"b1","property":"pin.13","value":1/* yes */}'),
		'a trailing comma': call('{"kit":"b1","property":"pin.13","value":1,}'),
		'single quotes': call("{'kit':'b1'}"),
		'a raw line break in a text': call('{"kit":"b\n1","property":"pin.13","value":1}'),
		'a broken escape': call('{"kit":"b1\\q","property":"pin.13","value":1}'),
		'half a surrogate': call('{"kit":"\\ud800","property":"pin.13","value":1}'),
		'an escaped NUL': call('{"kit":"b1\\u0000","property":"pin.13","value":1}'),
		'garbage after the end': `${call('{"kit":"b1","property":"pin.13","value":1}')} x`,
		'nothing': '',
		'a NUL byte': '\0',
	};
	for (const [name, text] of Object.entries(bad)) {
		await t.test(name, async () => {
			const other = await join();
			const answer = new Promise((resolve) => other.ws.once('message', (data) => resolve(JSON.parse(data.toString()))));
			other.raw(text);
			other.raw('{"jsonrpc":"2.0","id":"next","method":"hello"}');
			const message = await within(answer, 5000, 'an answer');
			assert.ok(message.error, JSON.stringify(message));
			assert.ok([-32700, -32600, -32602, -32000].includes(message.error.code), JSON.stringify(message));
			await other.call('hello');
		});
	}
	await t.test('keys given twice do no harm', async () => {
		client.raw(call('{"kit":"nobody","kit":"b1","property":"pin.13","value":1,"value":"x"}'));
		await rounds(client);
	});
	await t.test('bad JSON over HTTP is 400', async () => {
		for (const body of ['['.repeat(50_000), '{', '', 'NaN', '1e999', '"\\ud800"', '"\u0001"']) {
			const answer = await request(`${daemon.url}things/b1/properties/pin.13`, { method: 'PUT', body });
			assert.equal(answer.status, 400, body.slice(0, 20));
		}
	});
	await t.test('the honest client is served', () => serves(daemon, client));
});

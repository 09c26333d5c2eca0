/*
 * API.md "WebSocket": JSON-RPC, hello, reasons, limits, close codes, access.
 */
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { connect, now, request, until, within } from './daemon.mjs';
import { lab } from './lab.mjs';

const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);

/* Sends text and resolves with the first answer that has `id`. */
async function ask(client, text, id = null) {
	const answer = new Promise((resolve) => {
		const listener = (data) => {
			const message = JSON.parse(data.toString());
			if (!message.method && message.id === id) {
				client.ws.off('message', listener);
				resolve(message);
			}
		};
		client.ws.on('message', listener);
	});
	client.raw(text);
	return within(answer, 3000, `the answer to ${text.slice(0, 80)}`);
}

test('JSON-RPC', async (t) => {
	const { client, daemon } = await lab(t, {});
	const refused = {
		'what is not JSON is -32700': ['{', -32700],
		'two values in a message are -32700': ['{} {}', -32700],
		'text is not a request': ['"hello"', -32600],
		'a number is not a request': ['7', -32600],
		'null is not a request': ['null', -32600],
		'a batch is refused': ['[{"jsonrpc":"2.0","id":1,"method":"hello"}]', -32600],
		'an empty batch is refused': ['[]', -32600],
		'a request without a version is refused': ['{"id":8,"method":"hello"}', -32600, 8],
		'another version is refused': ['{"jsonrpc":"1.0","id":8,"method":"hello"}', -32600, 8],
		'a request without a method is refused': ['{"jsonrpc":"2.0","id":8}', -32600, 8],
		'a method that is no text is refused': ['{"jsonrpc":"2.0","id":8,"method":5}', -32600, 8],
		'an id that is a fraction is refused': ['{"jsonrpc":"2.0","id":1.5,"method":"hello"}', -32600],
		'an id that is an object is refused': ['{"jsonrpc":"2.0","id":{},"method":"hello"}', -32600],
		'an unknown method is -32601': ['{"jsonrpc":"2.0","id":"x","method":"kit.fly"}', -32601, 'x'],
		'parameters that are an array are -32602': ['{"jsonrpc":"2.0","id":8,"method":"kit.read","params":[1]}', -32602, 8],
		'parameters that are a text are -32602': ['{"jsonrpc":"2.0","id":8,"method":"kit.read","params":"x"}', -32602, 8],
		'a missing parameter is -32602': ['{"jsonrpc":"2.0","id":8,"method":"kit.read","params":{"property":"x"}}', -32602, 8],
		'a parameter of a wrong type is -32602': ['{"jsonrpc":"2.0","id":8,"method":"kit.read","params":{"kit":5,"property":"x"}}', -32602, 8],
	};
	for (const [name, [text, code, id = null]] of Object.entries(refused)) {
		await t.test(name, async () => {
			const { error } = await ask(client, text, id);
			assert.equal(error.code, code);
			assert.equal(typeof error.message, 'string');
			assert.equal(error.data.reason, code === -32601 ? 'unsupported' : 'invalid');
			assert.ok(error.data.hint.length > 5);
		});
	}
	await t.test('all else that fails is -32000', async () => {
		const error = await client.refusal('kit.read', { kit: 'nobody', property: 'light' });
		assert.equal(error.code, -32000);
		assert.equal(error.reason, 'not_found');
	});
	await t.test('an id may be text or an integer, and comes back unchanged', async () => {
		for (const id of ['', 'a "quoted" 文', 'x'.repeat(60), 0, -3, 9007199254740991]) {
			const { result } = await ask(client, JSON.stringify({ jsonrpc: '2.0', id, method: 'hello' }), id);
			assert.equal(result.version, 1);
		}
	});
	await t.test('unknown fields are ignored', async () => {
		const { result } = await ask(client, '{"jsonrpc":"2.0","id":5,"method":"hello","params":{"mood":"good"},"extra":[1]}', 5);
		assert.equal(result.version, 1);
	});
	await t.test('a request may stand with spaces and escapes', async () => {
		const { result } = await ask(client, ' {\n"jsonrpc" : "2.0" , "id":6, "m\\u0065thod":"hello"}\n', 6);
		assert.equal(result.version, 1);
	});
	await t.test('depth 16 is allowed, more is refused', async () => {
		const ok = await ask(client, `{"jsonrpc":"2.0","id":7,"method":"hello","params":{"x":${nested(14)}}}`, 7);
		assert.equal(ok.result?.version, 1);
		const refusal = await Promise.race([
			ask(client, `{"jsonrpc":"2.0","id":8,"method":"hello","params":{"x":${nested(20)}}}`, 8),
			ask(client, ' ', null).then(() => null, () => null), /* the error may have no id */
		]).catch(() => null);
		assert.ok(!refusal?.result, 'no answer to a request of depth 22');
		assert.equal((await client.call('hello')).version, 1);
	});
	await t.test('what is JSON but cannot be taken is answered under its id', async () => {
		const request = (params, id = 8) => `{"jsonrpc":"2.0","method":"kit.read","params":${params},"id":${id}}`;
		for (const text of [request('{"kit":"b1\\u0000","property":"x"}'), request('{"kit":"\\ud800","property":"x"}'),
			request(`{"kit":${nested(20)}}`), request('{"kit":"b1","kit":"b2","property":"x"}')]) {
			const { error } = await ask(client, text, 8);
			assert.equal(error.code, -32602, text);
			assert.equal(error.data.reason, 'invalid');
		}
		assert.equal((await ask(client, request('{"kit":"\\u0000"}', '"\\u0000"'))).error.code, -32600);
	});
	await t.test('parts that are not built answer unsupported', async () => {
		for (const [method, params] of Object.entries({
			'case.check': { case: 'x', source: '' },
		})) {
			const error = await client.refusal(method, params);
			assert.equal(error.reason, 'unsupported', method);
		}
	});
	await t.test('answers of one client never reach another', async () => {
		const other = await connect(daemon);
		await Promise.all([client.call('hello'), client.call('kits.list')]);
		assert.equal(other.notifications.length, 0);
		await other.close();
	});
});

test('hello', async (t) => {
	const { daemon, connect: join } = await lab(t, {});
	await t.test('tells server, version, role, user, time and limits', async () => {
		const client = await join();
		const hello = await client.call('hello', {});
		assert.equal(hello.version, 1);
		assert.equal(hello.role, 'teacher');
		assert.match(hello.server, /kitlab/i);
		assert.ok(Math.abs(Date.parse(hello.now.utc) - Date.now()) < 5000);
		assert.ok(hello.now.mono_ms > 0);
	});
	await t.test('now.mono_ms is a clock that goes on', async () => {
		const client = await join();
		const a = await client.call('hello');
		const before = now();
		await until(() => now() - before > 50);
		const b = await client.call('hello');
		assert.ok(b.now.mono_ms - a.now.mono_ms >= 45, `${b.now.mono_ms - a.now.mono_ms}`);
	});
	await t.test('hints come in the client\'s language', async () => {
		const zh = await join({ lang: 'zh' });
		const en = await join({ lang: 'en' });
		assert.match((await zh.refusal('kit.read', { kit: 'x', property: 'y' })).hint, /\p{Script=Han}/u);
		assert.doesNotMatch((await en.refusal('kit.read', { kit: 'x', property: 'y' })).hint, /\p{Script=Han}/u);
	});
	await t.test('a language tag with a region is understood, an unknown one is English', async () => {
		const zh = await join({ lang: 'zh-CN' });
		assert.match((await zh.refusal('kit.read', { kit: 'x', property: 'y' })).hint, /\p{Script=Han}/u);
		const fr = await join({ lang: 'fr' });
		assert.doesNotMatch((await fr.refusal('kit.read', { kit: 'x', property: 'y' })).hint, /\p{Script=Han}/u);
	});
	await t.test('requests work without hello', async () => {
		const client = await join();
		assert.deepEqual((await client.call('kits.list')).kits, []);
	});
	await t.test('there is no compression', async () => {
		const client = await connect(daemon, { options: { perMessageDeflate: true } });
		assert.equal(client.ws.extensions, '');
		await client.close();
	});
});

test('roles', async (t) => {
	const { connect: join } = await lab(t, {}, { args: ['--open-lab=student'] });
	await t.test('--open-lab=student makes everybody a student', async () => {
		const client = await join();
		assert.equal((await client.call('hello')).role, 'student');
	});
	await t.test('what is for teachers is forbidden to students', async () => {
		const client = await join();
		assert.equal((await client.refusal('world.set', { kits: {} })).reason, 'forbidden');
	});
	await t.test('a student has 50 requests a second, with a burst of 100', async () => {
		const client = await join();
		const began = now();
		const answers = await Promise.allSettled(Array.from({ length: 400 }, () => client.call('kits.list')));
		const passed = answers.filter((a) => a.status === 'fulfilled').length;
		const refused = answers.filter((a) => a.reason?.reason === 'limit').length;
		const room = 100 + 50 * (now() - began) / 1000;
		assert.equal(passed + refused, 400);
		assert.ok(passed >= 100 && passed <= room + 2, `${passed} of at most ${room}`);
		await until(() => client.call('kits.list').then(() => true, () => false), 3000, 'to be served again');
	});
	await t.test('each connection has its own count', async () => {
		const greedy = await join();
		await Promise.allSettled(Array.from({ length: 200 }, () => greedy.call('kits.list')));
		const other = await join();
		await other.call('kits.list');
	});
});

test('limits', async (t) => {
	const { client, connect: join, daemon } = await lab(t);
	await t.test('a teacher may ask often', async () => {
		await Promise.all(Array.from({ length: 500 }, () => client.call('kits.list')));
	});
	await t.test('a request over 64 KiB is refused with limit', async () => {
		const error = await client.refusal('kit.write', { kit: 'b1', property: 'pin.13', value: 'x'.repeat(70_000) });
		assert.equal(error.reason, 'limit');
		assert.equal((await client.call('hello')).version, 1);
	});
	await t.test('a script of 250 KiB is taken, one over 256 KiB is refused with limit', async () => {
		const comment = (size) => `--${'x'.repeat(size)}\n`;
		const { run } = await client.call('script.run', { source: comment(250 * 1024), kit: 'b1' });
		await client.waitFor((p, m) => m === 'script.state' && p.run === run && p.state === 'finished');
		const error = await client.refusal('script.run', { source: comment(257 * 1024), kit: 'b1' });
		assert.equal(error.reason, 'limit');
	});
	await t.test('a frame over 512 KiB closes with 1009', async () => {
		const big = await join();
		big.raw(`"${'x'.repeat(600 * 1024)}"`);
		assert.equal((await big.waitClose()).code, 1009);
	});
	await t.test('a text value over 1 KiB is invalid', async () => {
		const error = await client.refusal('kit.act', { kit: 'b1', action: 'send_string', args: { text: 'x'.repeat(1100) } });
		assert.ok(['invalid', 'limit'].includes(error.reason), error.reason);
	});
	await t.test('the daemon pings every 2 s', async () => {
		const pinged = await join();
		let pings = 0;
		pinged.ws.on('ping', () => { pings++; });
		await until(() => pings >= 2, 6000, 'two pings');
	});
	await t.test('a client that is silent for 4 s after a ping is gone', async () => {
		const socket = net.connect(daemon.port, '127.0.0.1');
		socket.write('GET /ws HTTP/1.1\r\n'
			+ `Host: 127.0.0.1:${daemon.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
			+ 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
			+ 'Sec-WebSocket-Protocol: kitlab.v1\r\n\r\n');
		let isGone = false;
		let text = '';
		socket.on('data', (data) => { text += data.toString('latin1'); });
		socket.on('close', () => { isGone = true; });
		socket.on('end', () => socket.end());
		socket.on('error', () => {});
		await until(() => text.includes('101'), 3000, 'the upgrade');
		const began = now();
		await until(() => isGone, 9000, 'the end of a silent client');
		assert.ok(now() - began > 3500, `gone after ${now() - began} ms`);
	});
	await t.test('shutting down closes with 1001', async () => {
		const last = await join();
		await daemon.stop();
		assert.equal((await last.waitClose()).code, 1001);
	});
});

test('who may come in', async (t) => {
	const { daemon } = await lab(t, {});
	const status = async (headers, protocol = 'kitlab.v1') => {
		const socket = net.connect(daemon.port, '127.0.0.1');
		const lines = { Host: `127.0.0.1:${daemon.port}`, Upgrade: 'websocket', Connection: 'Upgrade',
			'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
			...(protocol ? { 'Sec-WebSocket-Protocol': protocol } : {}), ...headers };
		socket.write(`GET /ws HTTP/1.1\r\n${Object.entries(lines).map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`);
		let text = '';
		socket.on('data', (data) => { text += data.toString('latin1'); });
		socket.on('error', () => {});
		await until(() => text.includes('\r\n'), 3000, 'a status line').finally(() => socket.destroy());
		return Number(text.split(' ')[1]);
	};
	const self = () => `127.0.0.1:${daemon.port}`;
	await t.test('a program without Origin', async () => assert.equal(await status({}), 101));
	await t.test('a page of the daemon itself', async () => {
		assert.equal(await status({ Origin: `http://${self()}` }), 101);
		assert.equal(await status({ Host: `localhost:${daemon.port}`, Origin: `http://localhost:${daemon.port}` }), 101);
	});
	await t.test('a page from elsewhere gets 403', async () => {
		for (const Origin of ['http://evil.example', `http://evil.example:${daemon.port}`, 'null',
			`http://${self()}.evil.example`, `http://127.0.0.1.evil.example:${daemon.port}`, 'file://']) {
			assert.equal(await status({ Origin }), 403, Origin);
		}
	});
	await t.test('a foreign Host (DNS rebinding) gets 403', async () => {
		for (const Host of ['evil.example', `evil.example:${daemon.port}`, `127.0.0.1.evil.example:${daemon.port}`]) {
			assert.equal(await status({ Host }), 403, Host);
			assert.equal(await status({ Host, Origin: `http://${Host}` }), 403, Host);
		}
	});
	await t.test('a foreign Host gets 403 for HTTP too', async () => {
		for (const target of ['/', '/things', '/api/v1/cases']) {
			const answer = await request(daemon.url.slice(0, -1) + target, { headers: { host: 'evil.example' } });
			assert.equal(answer.status, 403, target);
		}
	});
	await t.test('a missing subprotocol gets 400', async () => assert.equal(await status({}, ''), 400));
	await t.test('another subprotocol does not come in', async () => {
		assert.notEqual(await status({}, 'chat').catch(() => 0), 101);
	});
	await t.test('kitlab.v1 among several subprotocols comes in', async () => {
		assert.equal(await status({}, 'chat, kitlab.v1'), 101);
	});
});

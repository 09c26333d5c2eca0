/*
 * API.md "HTTP": pages, /healthz, /metrics, /api/v1, and kits as W3C Web of Things things.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { request, until } from './daemon.mjs';
import { lab } from './lab.mjs';

/* A stream of server-sent events: {headers, messages, close()}. */
function sse(url) {
	return new Promise((resolve, reject) => {
		const stream = { messages: [], text: '', isOpen: true };
		const req = http.get(url, { headers: { accept: 'text/event-stream' }, agent: false }, (res) => {
			stream.status = res.statusCode;
			stream.headers = res.headers;
			res.socket.unref();
			res.setEncoding('utf8').on('data', (text) => {
				stream.text += text;
				const parts = stream.text.split('\n\n');
				stream.text = parts.pop();
				for (const part of parts) {
					if (part.startsWith('data: ')) {
						stream.messages.push(JSON.parse(part.slice(6)));
					} else if (!part.startsWith(':')) {
						stream.strange = part;
					}
				}
			});
			res.on('close', () => { stream.isOpen = false; });
			res.on('error', () => {});
			resolve(stream);
		});
		stream.close = () => req.destroy();
		req.on('error', reject);
	});
}

test('HTTP', async (t) => {
	const { daemon, client, b1, connect } = await lab(t, { b1: { keys: { sampling: '10' } } });
	const base = daemon.url.slice(0, -1);
	const get = (path, options) => request(base + path, options);

	await t.test('/ is the dashboard', async () => {
		const page = await get('/', { headers: { 'accept-encoding': 'gzip' } });
		assert.equal(page.status, 200);
		assert.match(page.headers['content-type'], /text\/html/);
		assert.equal(page.headers['content-encoding'], 'gzip');
		assert.match(gunzipSync(page.bytes).toString(), /<script/);
		assert.ok(page.headers['content-security-policy']);
		assert.equal(page.headers['x-content-type-options'], 'nosniff');
	});
	await t.test('what the page names is there, and nothing comes from elsewhere', async () => {
		const page = await get('/', { headers: { 'accept-encoding': 'gzip' } });
		const html = gunzipSync(page.bytes).toString();
		const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((m) => m[1]);
		assert.ok(links.length > 0);
		for (const link of links.filter((l) => !l.startsWith('data:'))) {
			assert.doesNotMatch(link, /^(https?:)?\/\//);
			const answer = await get(new URL(link, daemon.url).pathname);
			assert.equal(answer.status, 200, link);
		}
	});
	await t.test('a known etag answers 304', async () => {
		const first = await get('/', { headers: { 'accept-encoding': 'gzip' } });
		const again = await get('/', { headers: { 'accept-encoding': 'gzip', 'if-none-match': first.headers.etag } });
		assert.equal(again.status, 304);
		assert.equal(again.bytes.length, 0);
	});
	await t.test('HEAD has the head of GET and no body', async () => {
		const head = await get('/healthz', { method: 'HEAD' });
		assert.equal(head.status, 200);
		assert.equal(head.bytes.length, 0);
	});
	await t.test('/healthz is 200', async () => assert.equal((await get('/healthz')).status, 200));
	await t.test('/metrics is Prometheus text with the promised names', async () => {
		const { run } = await client.call('script.run', { source: 'while true do sleep(1) end', kit: 'b1' });
		await client.waitFor((p, m) => m === 'script.state' && p.run === run && p.state === 'running');
		const answer = await get('/metrics');
		assert.equal(answer.status, 200);
		assert.match(answer.headers['content-type'], /^text\/plain/);
		const values = {};
		for (const line of answer.text.trimEnd().split('\n')) {
			if (line.startsWith('#')) {
				assert.match(line, /^# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* /);
				continue;
			}
			const parts = /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[^}]*\})?) (-?[\d.]+(?:e[+-]?\d+)?|NaN|[+-]Inf)$/.exec(line);
			assert.ok(parts, line);
			values[parts[1]] = Number(parts[2]);
		}
		assert.equal(values['kitlab_kits{state="ready"}'], 1);
		assert.equal(values.kitlab_ws_clients, 1);
		assert.equal(values['kitlab_runs{state="running"}'], 1);
		assert.equal(typeof values.kitlab_samples_total, 'number');
		await client.call('script.stop', { run });
	});
	await t.test('kitlab_samples_total counts', async () => {
		const samples = async () => Number(/^kitlab_samples_total (\d+)/m.exec((await get('/metrics')).text)[1]);
		const before = await samples();
		await client.call('kit.watch', { kit: 'b1', properties: ['pin.A0'], rate: 1 });
		await until(async () => await samples() > before + 10);
	});
	await t.test('what is not there is 404 with the same reasons', async () => {
		for (const path of ['/nothing', '/api/v1/nothing', '/things/nobody', '/things/b1/properties/wings', '/things/b1/actions/fly']) {
			const answer = await get(path, { headers: { accept: 'application/json' } });
			assert.equal(answer.status, 404, path);
		}
		const answer = await get('/things/nobody');
		assert.equal(answer.json.reason ?? answer.json.data?.reason ?? answer.json.error?.data?.reason, 'not_found');
	});
	await t.test('a method that does not fit is 405', async () => {
		assert.equal((await get('/healthz', { method: 'POST', body: {} })).status, 405);
		assert.equal((await get('/things/b1', { method: 'DELETE' })).status, 405);
	});
	await t.test('hints come by Accept-Language', async () => {
		const zh = await get('/things/nobody', { headers: { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' } });
		const en = await get('/things/nobody', { headers: { 'accept-language': 'en' } });
		assert.match(zh.text, /\p{Script=Han}/u);
		assert.doesNotMatch(en.text, /\p{Script=Han}/u);
	});

	/* ---- Web of Things ---- */

	await t.test('/.well-known/wot describes the directory', async () => {
		const td = (await get('/.well-known/wot')).json;
		assert.ok([td['@context']].flat().includes('https://www.w3.org/2022/wot/td/v1.1'));
		assert.ok(td.title && td.security && td.securityDefinitions);
		assert.ok(JSON.stringify(td).includes('things'));
	});
	await t.test('/things is an array of thing descriptions', async () => {
		const things = (await get('/things')).json;
		assert.deepEqual(things.map((td) => td.title || td.id).length, 1);
		assert.deepEqual(things[0], (await get('/things/b1')).json);
	});
	const td = (await get('/things/b1', { headers: { 'accept-language': 'en' } })).json;
	await t.test('a thing has all of kit.describe', async () => {
		const description = await client.call('kit.describe', { kit: 'b1' });
		assert.match((await get('/things/b1')).headers['content-type'], /^application\/td\+json/);
		assert.deepEqual(Object.keys(td.properties).sort(), Object.keys(description.properties).sort());
		assert.deepEqual(Object.keys(td.actions).sort(), Object.keys(description.actions).sort());
		assert.deepEqual(Object.keys(td.events).sort(), Object.keys(description.events).sort());
		assert.match(td.id, /^[a-z][a-z0-9+.-]*:/i);
		const a0 = td.properties['pin.A0'];
		assert.equal(a0.type, 'integer');
		assert.equal(a0.maximum, 1023);
		assert.equal(a0.readOnly, true);
		assert.equal(a0.observable, true);
	});
	await t.test('observing has one href with subprotocol sse', () => {
		const forms = td.properties['pin.A0'].forms.filter((f) => [f.op].flat().includes('observeproperty'));
		assert.equal(forms.length, 1);
		assert.equal(forms[0].subprotocol, 'sse');
		assert.match(forms[0].href, /\/things\/b1\/properties\/pin\.A0\/observe$/);
		const events = Object.values(td.events)[0].forms;
		assert.equal(events.length, 1);
		assert.equal(events[0].subprotocol, 'sse');
	});
	await t.test('a property is read with GET', async () => {
		b1.setAnalog(1, 321);
		await until(async () => (await get('/things/b1/properties/pin.A1')).json === 321);
		const answer = await get('/things/b1/properties/pin.A1');
		assert.match(answer.headers['content-type'], /^application\/json/);
	});
	await t.test('a property is written with PUT', async () => {
		const answer = await get('/things/b1/properties/pin.13', { method: 'PUT', body: 'true' });
		assert.ok([200, 204].includes(answer.status), String(answer.status));
		await until(() => b1.pins[13].value === 1);
	});
	await t.test('a wrong value is 400, and nothing is written', async () => {
		for (const body of ['5', '"on"', 'null', '[1]']) {
			assert.equal((await get('/things/b1/properties/pin.13', { method: 'PUT', body })).status, 400, body);
		}
		assert.equal((await get('/things/b1/properties/pin.13', { method: 'PUT', body: '{' })).status, 400);
		assert.equal(b1.pins[13].value, 1);
	});
	await t.test('a body that is not application/json is refused', async () => {
		const answer = await get('/things/b1/properties/pin.13', { method: 'PUT', body: 'false',
			headers: { 'content-type': 'text/plain' } });
		assert.ok(answer.status >= 400 && answer.status < 500, String(answer.status));
		assert.equal(b1.pins[13].value, 1);
	});
	await t.test('a body over 64 KiB is refused', async () => {
		const answer = await get('/things/b1/properties/pin.13', { method: 'PUT', body: `"${'x'.repeat(100_000)}"` });
		assert.equal(answer.status, 413);
	});
	await t.test('an action is called with POST', async () => {
		const answer = await get('/things/b1/actions/pin_mode', { method: 'POST', body: { pin: 12, mode: 'output' } });
		assert.ok([200, 201, 204].includes(answer.status), `${answer.status} ${answer.text}`);
		await until(() => b1.pins[12].mode === 1);
		b1.i2c.set(0x50, new Uint8Array(256).fill(9));
		const read = await get('/things/b1/actions/i2c_read', { method: 'POST', body: { address: 0x50, register: 0, count: 2 } });
		assert.equal(read.status, 200);
		assert.deepEqual(read.json, [9, 9]);
		const reset = await get('/things/b1/actions/reset', { method: 'POST' });
		assert.ok([200, 201, 204].includes(reset.status), String(reset.status));
	});
	await t.test('wrong arguments of an action are 400', async () => {
		assert.equal((await get('/things/b1/actions/pin_mode', { method: 'POST', body: { pin: 'x' } })).status, 400);
	});
	await t.test('observe sends a message for each sample', async () => {
		const stream = await sse(`${base}/things/b1/properties/pin.A2/observe`);
		assert.equal(stream.status, 200);
		assert.match(stream.headers['content-type'], /^text\/event-stream/);
		b1.setAnalog(2, 111);
		await until(() => stream.messages.includes(111));
		b1.setAnalog(2, 222);
		await until(() => stream.messages.includes(222));
		assert.equal(stream.strange, undefined);
		stream.close();
	});
	await t.test('events come as a stream', async () => {
		const stream = await sse(`${base}/things/b1/events/string`);
		b1.sendString('first');
		b1.sendString('second');
		await until(() => stream.messages.includes('second'));
		assert.deepEqual(stream.messages, ['first', 'second']);
		stream.close();
	});
	await t.test('a stream that is closed ends the reporting', async () => {
		const stream = await sse(`${base}/things/b1/properties/pin.A4/observe`);
		await until(() => b1.reportAnalog.has(4));
		stream.close();
		await until(() => !b1.reportAnalog.has(4), 20000, 'the end of reporting');
	});
	await t.test('a lost kit answers 503 or the like, and its stream goes on after its return', async () => {
		b1.unplug();
		await until(async () => (await get('/things/b1/properties/pin.A1')).status >= 500);
		await b1.listen(b1.file);
		await until(async () => (await get('/things/b1/properties/pin.A1')).status === 200);
	});
	await t.test('SSE streams end at shut-down and do not delay it', async () => {
		const stream = await sse(`${base}/things/b1/properties/pin.A2/observe`);
		await connect();
		await daemon.stop(2500);
		await until(() => !stream.isOpen);
	});
});

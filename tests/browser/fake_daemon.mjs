/*
 * A stand-in for kitlabd that speaks the wire contract as far as the pages use it, so that
 * every state of the pages can be made at will and looks the same each time. The real
 * daemon has its own test of the pages (real.test.mjs).
 */
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { FakeLab, labMethods } from './fake_lab.mjs';
import { describeRobot, Leases, ROBOTS } from './fake_robots.mjs';
import { FakeFloor } from './fake_world.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const pages = path.join(root, 'build/web');
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
export const CALM = { stopped: false, level: null, by: null, at: null, confirmed: [], unconfirmed: [], seats: [] };
const HISTORY_MS = 30_000;
const FRAME_MS = 50;

/* Parts of a wired bench, as the daemon describes them: [type, kind, writable, zh, en, unit, min, max]. */
const PARTS = {
	led: ['bool', 'light', true, 'LED 灯', 'LED'],
	lamp: ['number', 'light', true, '调光灯', 'dimmable lamp', '1', 0, 1],
	button: ['bool', 'button', false, '按钮', 'button'],
	servo: ['number', 'angle', true, '舵机', 'servo', 'deg', 0, 180],
	light: ['number', 'sensor', false, '光线传感器', 'light sensor', '1', 0, 1],
	pot: ['number', 'sensor', false, '旋钮（电位器）', 'knob (potentiometer)', '1', 0, 1],
	temperature: ['number', 'sensor', false, '温度传感器', 'temperature sensor', 'Cel', -55, 150],
	distance: ['number', 'sensor', false, '超声波测距', 'distance sensor', 'cm', 0, 400],
	sampling_ms: ['integer', 'setting', true, '采样间隔', 'sampling interval', 'ms', 1, 16383],
	firmware: ['text', 'status', false, '固件', 'firmware'],
};
const PROFILES = {
	starter: { zh: '入门实验板', en: 'Starter bench' },
	'traffic-light': { zh: '交通信号灯', en: 'Traffic light' },
};

const started = performance.now();
export const monoMs = () => 5_000_000 + performance.now() - started;

/* What sensor n shows at a time: slow waves, different on every bench. */
function wave(name, n, t) {
	const s = t / 1000 + n * 7;
	switch (name) {
	case 'light': return 0.5 + 0.32 * Math.sin(s / 4) + 0.06 * Math.sin(s * 2.1);
	case 'pot': return 0.5 + 0.4 * Math.sin(s / 11);
	case 'temperature': return 22.4 + n % 3 + 0.8 * Math.sin(s / 9) + 0.1 * Math.sin(s * 3);
	case 'distance': return 82 + 60 * Math.sin(s / 6);
	case 'button': return Math.floor(s / 3) % 5 === 0;
	default: return undefined;
	}
}

function property(name, lang) {
	const [type, kind, writable, zh, en, unit, min, max] = PARTS[name];
	return { type, kind, writable, class: 'signal', title: lang === 'zh' ? zh : en,
		...(unit && { unit }), ...(min !== undefined && { min, max }) };
}

export class FakeDaemon {
	constructor({ kits = 3, seats = 6, cases = true, role = 'teacher', hasHttpStop = true } = {}) {
		this.options = { role, hasHttpStop };
		this.seats = Array.from({ length: seats }, (_, i) => ({ seat: String(i + 1) }));
		this.kits = new Map();
		for (let n = 1; n <= kits; n++) {
			this.addKit(`uno-${n}`, { seat: String(n) });
		}
		this.cases = cases ? readCases() : [];
		this.runs = new Map();
		this.room = { ...CALM };
		this.clients = new Set();
		this.requests = []; /* all that the pages asked */
		this.broken = new Map(); /* method -> error */
		this.isMute = false; /* takes requests, says nothing */
		this.leases = new Leases(this, fail);
		this.lab = new FakeLab(this, fail);
		this.deaf = new Set(); /* kits that confirm no stop */
		this.stops = []; /* the levels of the stops that came */
		this.nextClient = 1;
		this.refusesSockets = false;
		this.frameMs = FRAME_MS;
		this.hasHistory = true; /* a watch begins with the half minute before it */
		this.nextWatch = 1;
	}

	addKit(id, row = {}, parts = Object.keys(PARTS)) {
		const n = this.kits.size + 1;
		this.kits.set(id, {
			n, parts,
			row: { id, label: null, model: 'uno', driver: 'firmata', seat: null, state: 'ready',
				port: `/dev/ttyACM${n - 1}`, wiring: parts.length ? 'starter' : null, run: null, holder: null,
				battery: null, program: 'StandardFirmata 2.5', description: 1, why: null, ...row },
			set: { led: false, lamp: 0.3, servo: 90, sampling_ms: 19, firmware: 'StandardFirmata 2.5' },
			world: { light: 0.6, temperature: 22.5, button: false, pot: 0.4, distance: 120, fault: null },
		});
	}

	addRobot(id, model, row = {}) {
		this.addKit(id, { model, driver: model, wiring: null, program: null, battery: ROBOTS[model].properties.battery ? 76 : null, ...row },
			Object.keys(ROBOTS[model].properties));
		const kit = this.kits.get(id);
		Object.assign(kit, { isRobot: true, set: { battery: kit.row.battery, ...ROBOTS[model].set } });
	}

	/* A virtual classroom: robots on a floor, on seats of their own. */
	addFloor(robots = 3) {
		this.floor = new FakeFloor(this);
		for (let n = 1; n <= robots; n++) {
			this.addRobot(`mbot-${n}`, 'mbot', { seat: String(this.kits.size + 1) });
			const angle = n / robots * 2 * Math.PI;
			this.floor.add(`mbot-${n}`, [1.5 + 1.1 * Math.cos(angle), 1 + 0.6 * Math.sin(angle), angle + Math.PI / 2]);
		}
	}

	async start(port = 0) {
		this.server = http.createServer((request, response) => this.serve(request, response));
		this.sockets = new WebSocketServer({ server: this.server, path: '/ws', handleProtocols: () => 'kitlab.v1',
			verifyClient: () => !this.refusesSockets });
		this.sockets.on('connection', (socket) => this.accept(socket));
		await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
		this.port = this.server.address().port;
		this.url = `http://127.0.0.1:${this.port}/`;
		this.timer = setInterval(() => this.frame(), this.frameMs);
		return this;
	}

	async stop(code = 1001) {
		clearInterval(this.timer);
		this.leases.close();
		for (const client of this.clients) {
			client.socket.close(code);
			client.socket.terminate();
		}
		this.sockets.close();
		this.server.closeAllConnections?.();
		await new Promise((resolve) => this.server.close(resolve));
	}

	serve(request, response) {
		if (request.method === 'POST') {
			this.serveStop(request, response);
			return;
		}
		const name = new URL(request.url, 'http://x').pathname.slice(1) || 'index.html';
		const file = path.join(pages, name);
		if (!file.startsWith(pages) || !existsSync(file)) {
			response.writeHead(404).end();
			return;
		}
		response.writeHead(200, { 'content-type': types[path.extname(file)] ?? 'application/octet-stream' });
		createReadStream(file).pipe(response);
	}

	async serveStop(request, response) {
		const parts = [];
		for await (const part of request) {
			parts.push(part);
		}
		const params = JSON.parse(Buffer.concat(parts));
		this.requests.push({ method: `POST ${request.url}`, params });
		if (!this.options.hasHttpStop) {
			request.socket.destroy();
			return;
		}
		const isRight = request.url === '/api/v1/room/stop' && request.headers['content-type'] === 'application/json';
		response.writeHead(isRight ? 200 : 404, { 'content-type': 'application/json' })
			.end(JSON.stringify(isRight ? this.leases.stop(params, 'HTTP') : { reason: 'not_found', hint: 'no such path' }));
	}

	accept(socket) {
		const client = { socket, lang: 'en', watches: new Map(), name: `seat ${this.nextClient++}`, role: this.options.role };
		this.clients.add(client);
		socket.on('close', () => {
			this.clients.delete(client);
			this.leases.leave(client);
		});
		socket.on('message', async (text) => {
			const { id, method, params } = JSON.parse(text);
			this.requests.push({ method, params });
			if (this.isMute) {
				return;
			}
			const answer = await this.answer(client, method, params);
			this.send(client, { jsonrpc: '2.0', id, ...answer });
			if (method === 'kit.watch' && client.watches.size === 1 && this.hasHistory) {
				this.sendHistory(client, answer.result.watch);
			}
		});
	}

	async answer(client, method, params) {
		const broken = this.broken.get(method);
		const handler = methods[method] ?? labMethods[method];
		if (client.role === 'none' && !FOR_ALL.includes(method)) {
			return { error: { code: -32000, message: 'forbidden', data: { reason: 'forbidden', hint: 'Sign in first.' } } };
		}
		if (broken || !handler) {
			return { error: broken ?? { code: -32601, message: `unknown method ${method}`,
				data: { reason: 'unsupported', hint: null } } };
		}
		try {
			return { result: await handler(this, client, params) };
		} catch (error) {
			return { error: { code: -32000, message: error.message, data: { reason: error.reason ?? 'internal',
				hint: error.hint ?? error.message } } };
		}
	}

	send(client, message) {
		client.socket.send(JSON.stringify(message));
	}

	notify(method, params) {
		for (const client of this.isMute ? [] : this.clients) {
			this.send(client, { jsonrpc: '2.0', method, params });
		}
	}

	/* A hub without power. */
	vanish(kits) {
		kits.forEach((id) => this.setRow(id, { state: 'lost' }));
		this.notify('kits.alarm', { kits, why: { reason: 'lost', en: `${kits.length} kits vanished at the same moment.`,
			zh: `${kits.length} 个套件同时断开。` } });
	}

	notifyRoom() {
		this.notify('room.changed', this.room);
	}

	/* ---- what tests do to the room ---- */

	setRow(id, change) {
		const kit = this.kits.get(id);
		Object.assign(kit.row, change);
		this.notify('kits.changed', { kit: id, row: kit.row });
	}

	startRun(kit, name, extra = {}) {
		const run = { run: `r${this.runs.size + 1}`, name, kits: [kit], state: 'running', by: '',
			started: new Date(Date.now() - 12_000).toISOString(), error: null, tail: [], ...extra };
		this.runs.set(run.run, run);
		this.setRow(kit, { run: run.run });
		return run;
	}

	print(run, text, stream = 'out') {
		run.tail.push({ stream, text });
		this.notify('script.output', { run: run.run, stream, text: `${text}\n` });
	}

	endRun(run, state, error = null) {
		Object.assign(run, { state, error });
		run.kits.forEach((kit) => this.setRow(kit, { run: null }));
		this.notify('script.state', { run: run.run, state, ...(error && { error }) });
	}

	/* ---- values ---- */

	valuesOf(kit, names, t) {
		const set = {};
		for (const name of names) {
			const value = (kit.isRobot ? undefined : wave(name, kit.n, t)) ?? kit.set[name];
			if (value !== undefined && (kit.parts.includes(name) || name.startsWith('pin.'))) {
				set[name] = value;
			}
		}
		return set;
	}

	snapshot(watch, t) {
		const frames = {};
		for (const [id, kit] of this.kits) {
			if ((watch.kit === '*' || watch.kit === id) && kit.row.state === 'ready') {
				frames[id] = { seq: Math.floor(t / FRAME_MS), t,
					set: this.valuesOf(kit, watch.properties ?? kit.parts, t) };
			}
		}
		return frames;
	}

	frame() {
		this.floor?.step(this.frameMs / 1000);
		const t = monoMs();
		for (const client of this.clients) {
			for (const watch of client.watches.values()) {
				if (!this.isMute) {
					this.send(client, { jsonrpc: '2.0', method: 'kit.values', params: { t, kits: this.snapshot(watch, t) } });
				}
			}
		}
	}

	sendHistory(client, number) {
		const now = monoMs();
		for (let t = now - HISTORY_MS; t < now; t += FRAME_MS * 2) {
			const kits = this.snapshot(client.watches.get(number), t);
			this.send(client, { jsonrpc: '2.0', method: 'kit.values', params: { t, kits } });
		}
	}
}

function fail(reason, hint) {
	throw Object.assign(new Error(hint), { reason, hint });
}

function readCases() {
	const folder = path.join(root, 'examples');
	return readdirSync(folder).filter((id) => existsSync(path.join(folder, id, 'case.json'))).map((id) => {
		const read = (name) => readFileSync(path.join(folder, id, name), 'utf8');
		return { meta: JSON.parse(read('case.json')), starter: read('starter.lua'),
			guide: { zh: read('guide.zh.md'), en: read('guide.en.md') } };
	});
}

const localized = ({ title, summary, objectives, ...rest }, lang) =>
	({ ...rest, title: title[lang], summary: summary[lang], objectives: objectives[lang] });

/* What a socket may ask that is not signed in. */
const FOR_ALL = ['hello', 'room.watch', 'room.unwatch', 'room.stop'];

const methods = {
	hello: (_daemon, client, { lang }) => {
		client.lang = lang ?? client.lang;
		return { server: 'fake', version: 1, role: client.role, user: null,
			now: { mono_ms: monoMs(), utc: new Date().toISOString() }, limits: {} };
	},
	'kits.watch': (daemon) => ({ kits: [...daemon.kits.values()].map(({ row }) => row), seats: daemon.seats }),
	'kit.describe': (daemon, { lang }, { kit: id }) => {
		const kit = daemon.kits.get(id) ?? fail('not_found', `There is no kit "${id}".`);
		if (kit.isRobot) {
			return describeRobot(id, kit.row.model, lang);
		}
		const pins = Object.fromEntries([2, 6, 9, 13].map((pin) => [`pin.${pin}`,
			{ type: 'bool', writable: true, kind: 'pin', class: 'signal', title: lang === 'zh' ? '引脚' : 'pin' }]));
		return { id, model: kit.row.model,
			properties: { ...pins, ...Object.fromEntries(kit.parts.map((name) => [name, property(name, lang)])) },
			actions: {
				tone: { class: 'signal', title: lang === 'zh' ? '发声' : 'play a tone', args: [
					{ name: 'frequency', type: 'number', unit: 'Hz', min: 20, max: 20000, title: lang === 'zh' ? '频率' : 'frequency' },
					{ name: 'duration', type: 'number', unit: 's', min: 0, max: 10, optional: true, title: lang === 'zh' ? '时长' : 'duration' }] },
				pin_mode: { class: 'signal', title: lang === 'zh' ? '设置引脚模式' : 'set pin mode', args: [
					{ name: 'pin', type: 'integer', min: 0, max: 127, title: lang === 'zh' ? '引脚' : 'pin' },
					{ name: 'mode', type: 'text', choices: 'input|pullup|output|analog|pwm|servo', title: lang === 'zh' ? '模式' : 'mode' }] },
			},
			events: { string: { type: 'text', title: lang === 'zh' ? '收到字符串' : 'text received' } } };
	},
	'kit.wiring': (daemon, { lang }, { kit: id, profile }) => {
		const kit = daemon.kits.get(id);
		if (kit.isRobot) {
			fail('unsupported', 'This kit has no wiring.');
		}
		if (profile !== undefined) {
			daemon.setRow(id, { wiring: profile, description: kit.row.description + 1 });
		}
		return { profile: kit.row.wiring,
			profiles: Object.entries(PROFILES).map(([key, title]) => ({ id: key, title: title[lang] })) };
	},
	'kit.watch': (daemon, client, { kit, properties }) => {
		const watch = { kit, properties };
		const number = daemon.nextWatch++;
		client.watches.set(number, watch);
		const isOlder = daemon.hasHistory && client.watches.size === 1;
		const t = monoMs() - (isOlder ? HISTORY_MS : 0);
		return { watch: number, t, kits: daemon.snapshot(watch, t) };
	},
	'kit.unwatch': (_daemon, client, { watch }) => {
		client.watches.delete(watch);
		return {};
	},
	'kit.write': (daemon, client, params) => {
		daemon.leases.write(client, params);
		return { t: monoMs() };
	},
	'kit.act': (daemon, client, params) => ({ ...daemon.leases.act(client, params), t: monoMs() }),
	'kit.lease': ({ leases }, client, params) => leases.take(client, params),
	'lease.feed': ({ leases }, client, { lease }) => {
		leases.feed(client, lease);
		return {};
	},
	'lease.release': ({ leases }, client, { lease }) => {
		leases.end(leases.feed(client, lease), null);
		return {};
	},
	'script.list': ({ runs }) => ({ runs: [...runs.values()] }),
	'script.run': (daemon, _client, { kit, name, replace }) => {
		const held = daemon.runs.get(daemon.kits.get(kit).row.run);
		if (held && !replace) {
			fail('busy', `${kit} is used by ${held.name}.`);
		}
		if (held) {
			daemon.endRun(held, 'stopped');
		}
		return { run: daemon.startRun(kit, name, { started: new Date().toISOString() }).run };
	},
	'script.watch': ({ runs }, _client, { run }) => runs.get(run) ?? fail('not_found', 'no such run'),
	'script.unwatch': () => ({}),
	'script.stop': (daemon, _client, { run }) => {
		daemon.endRun(daemon.runs.get(run), 'stopped');
		return { state: 'stopped' };
	},
	'case.list': ({ cases }, { lang }) => ({ cases: cases.map(({ meta }) => localized(meta, lang)) }),
	'case.get': ({ cases }, client, { case: id, lang = client.lang }) => {
		const found = cases.find(({ meta }) => meta.id === id) ?? fail('not_found', `There is no case "${id}".`);
		return { ...localized(found.meta, lang), guide: found.guide[lang], starter: found.starter };
	},
	'world.watch': ({ floor }, client) => {
		client.watchesWorld = true;
		return floor?.state() ?? fail('unsupported', 'There is no virtual classroom.');
	},
	'world.unwatch': (_daemon, client) => {
		client.watchesWorld = false;
		return {};
	},
	'world.get': ({ kits }) => ({ kits: Object.fromEntries([...kits].map(([id, { world }]) => [id, world])) }),
	'world.set': (daemon, _client, params) => {
		daemon.floor?.set(params);
		for (const [id, change] of Object.entries(params.kits ?? {})) {
			Object.assign(daemon.kits.get(id).world, change);
		}
		return {};
	},
	'room.watch': ({ room }) => room,
	'room.stop': ({ leases }, client, params) => leases.stop(params, client.name),
	'room.clear': (daemon) => {
		daemon.room = { ...CALM };
		daemon.notifyRoom();
		return {};
	},
};

/*
 * The real daemon under test: starts it, speaks its wire contract to it, ends it.
 *
 * Every daemon gets a port and a state folder of its own, so that test files can
 * run side by side. Whatever a test forgets is killed when its file ends: children and
 * sockets do not keep the process alive (unref), only waiting with a time limit does.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/* BUILD says which programs: "build" or "build/san". */
export const build = path.resolve(root, process.env.BUILD || 'build');
export const program = (name) => path.join(build, name);
/* Sanitizers make everything slower: waits are for conditions, this is when to give up. */
const isSan = build.endsWith('san');
const patience = Number(process.env.PATIENCE || 1) * (isSan ? 4 : 1);
/* What memory may grow by, in MB: they also keep what was freed for a while. */
export const growth = (mb) => mb * (isSan ? 8 : 1);

const leftovers = new Set();
const folders = new Set();
process.on('exit', () => {
	for (const child of leftovers) {
		child.kill('SIGKILL');
	}
	for (const dir of folders) {
		rmSync(dir, { recursive: true, force: true });
	}
});

/* An empty folder that goes away with the test file. */
export function scratch(prefix = 'kitlab-test-') {
	const dir = mkdtempSync(path.join(tmpdir(), prefix));
	folders.add(dir);
	return dir;
}

export const now = () => performance.now();

/*
 * Calls fn (which may be async) until it answers something true, and returns
 * that. Throws after `timeout` ms with `what` and the last error.
 */
export async function until(fn, timeout = 5000, what = fn.toString()) {
	const end = now() + timeout * patience;
	let failure;
	for (;;) {
		try {
			const answer = await fn();
			if (answer) {
				return answer;
			}
			failure = undefined;
		} catch (error) {
			failure = error;
		}
		if (now() > end) {
			throw new Error(`waited ${timeout} ms for: ${what}${failure ? `\n${failure.stack}` : ''}`);
		}
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

/* Resolves like `promise`, or fails after `timeout` ms. */
export function within(promise, timeout, what) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`waited ${timeout} ms for: ${what}`)),
			timeout * patience);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/*
 * A child process with gathered output. `status` is {code, signal} when it has
 * ended; waitExit() waits for that.
 */
export function run(command, args, options = {}) {
	const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
	const out = { stdout: '', stderr: '' };
	leftovers.add(child);
	child.unref();
	for (const name of ['stdout', 'stderr']) {
		child[name]?.setEncoding('utf8').on('data', (text) => {
			out[name] += text;
		});
		child[name]?.unref();
	}
	const ended = new Promise((resolve) => {
		child.on('error', (error) => {
			out.stderr += `${error}\n`;
			resolve({ code: 127, signal: null });
		});
		child.on('close', (code, signal) => resolve({ code, signal }));
	});
	const self = {
		child,
		pid: child.pid,
		status: null,
		get stdout() { return out.stdout; },
		get stderr() { return out.stderr; },
		signal: (name) => child.kill(name),
		waitExit: (timeout = 5000) => within(ended, timeout, `the end of ${command}`),
	};
	ended.then((status) => {
		self.status = status;
		leftovers.delete(child);
	});
	return self;
}

/*
 * Starts kitlabd and waits for its ready line.
 *   args     more arguments; --listen, --state and --open-lab are added when they are missing
 *   env      more environment
 *   wrapper  a command in front: ["umockdev-wrapper"]
 */
export async function start({ args = [], env = {}, wrapper = [], timeout = 10000 } = {}) {
	const has = (name) => args.some((arg) => arg === name || arg.startsWith(`${name}=`));
	const all = [...args];
	let state = all[all.indexOf('--state') + 1];
	if (!has('--state')) {
		state = scratch();
		all.push('--state', state);
	}
	if (!has('--listen')) {
		all.push('--listen', '127.0.0.1:0');
	}
	if (!has('--open-lab')) {
		all.push('--open-lab');
	}
	const [command, ...rest] = [...wrapper, program('kitlabd'), ...all];
	const daemon = run(command, rest, { env: { ...process.env, ...env } });
	const ready = () => /^kitlabd ready (http:\/\/\S+:(\d+)\/)\n/m.exec(daemon.stdout);
	await until(() => ready() || daemon.status, timeout, 'the ready line').catch((error) => {
		daemon.signal('SIGKILL');
		throw new Error(`${error.message}\nkitlabd said:\n${daemon.stderr}`);
	});
	if (!ready()) {
		const { code, signal } = daemon.status;
		throw Object.assign(new Error(`kitlabd ended (${signal || code}):\n${daemon.stderr}`),
			{ code, stderr: daemon.stderr });
	}
	const [, url, port] = ready();
	return Object.assign(daemon, {
		url,
		state,
		port: Number(port),
		wsUrl: `ws://127.0.0.1:${port}/ws`,
		/* Asks it to end, and tells how it ended. */
		async stop(end = 5000) {
			daemon.signal('SIGTERM');
			const status = await daemon.waitExit(end);
			if (status.code !== 0) {
				throw new Error(`kitlabd ended (${status.signal || status.code}):\n${daemon.stderr}`);
			}
			return status;
		},
		async kill() {
			daemon.signal('SIGKILL');
			await daemon.waitExit();
		},
		/* utime + stime in seconds, resident set in MB, open files. */
		usage: () => usage(daemon.pid),
	});
}

export function usage(pid) {
	const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	return {
		cpu: (Number(stat[11]) + Number(stat[12])) / 100,
		rss: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024,
		fds: readdirSync(`/proc/${pid}/fd`).length,
	};
}

/* An error that the daemon answered: `reason`, `hint`, and the JSON-RPC `code`. */
export class RpcError extends Error {
	constructor(method, error) {
		super(`${method}: ${error.data?.reason} (${error.code}): ${error.data?.hint ?? error.message}`);
		Object.assign(this, { code: error.code, reason: error.data?.reason, hint: error.data?.hint, error });
	}
}

/*
 * A WebSocket client of the daemon. `lang` says hello in that language first.
 * Notifications are kept in `notifications` and given to waitFor(). `validate(method, kind,
 * value)` is called for each result, notification and error, and throws if it is wrong.
 */
export async function connect(target, { lang, headers, validate, options = {} } = {}) {
	const url = typeof target === 'string' ? target : target.wsUrl;
	const ws = new WebSocket(url.replace(/^http/, 'ws').replace(/\/$/, '/ws').replace(/\/ws\/ws$/, '/ws'),
		'kitlab.v1', { headers, perMessageDeflate: false, ...options });
	const waiting = new Map();
	const listeners = new Set();
	const client = {
		ws,
		notifications: [],
		messages: [], /* every message, as text: only with keep = true */
		keep: false,
		wrong: [], /* what validate() threw: checked by close() */
		closed: null, /* {code, reason} */
		nextId: 1,
		/* Sends a request, resolves with its result, rejects with RpcError. */
		call(method, params) {
			const id = client.nextId++;
			const answer = new Promise((resolve, reject) => {
				waiting.set(id, { resolve, reject, method });
			});
			if (client.closed) {
				return Promise.reject(new Error(`${method}: closed ${client.closed.code}`));
			}
			ws.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
			return within(answer, 15000, `the answer to ${method}`);
		},
		/* As call(), but resolves with the RpcError and fails on a result. */
		async refusal(method, params) {
			try {
				const result = await client.call(method, params);
				throw new Error(`${method} answered ${JSON.stringify(result)}`);
			} catch (error) {
				if (error instanceof RpcError) {
					return error;
				}
				throw error;
			}
		},
		/* Sends text as it is. */
		raw: (text) => ws.send(text),
		/* The first notification, past or to come, for which predicate(params, method) is true. */
		waitFor(predicate, timeout = 5000, what = predicate.toString()) {
			const past = client.notifications.find((n) => predicate(n.params, n.method));
			if (past) {
				return Promise.resolve(past);
			}
			return client.next(predicate, timeout, what);
		},
		/* The same, but only those to come. */
		next(predicate, timeout = 5000, what = predicate.toString()) {
			let listener;
			const found = new Promise((resolve, reject) => {
				listener = (n) => {
					if (!n) {
						reject(new Error(`closed ${client.closed.code} before: ${what}`));
					} else if (predicate(n.params, n.method)) {
						resolve(n);
					}
				};
				listeners.add(listener);
			});
			return within(found, timeout, what).finally(() => listeners.delete(listener));
		},
		/* Calls fn(params, method) for each notification from now on. */
		on(fn) {
			const listener = (n) => n && fn(n.params, n.method);
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		async close(code = 1000) {
			if (client.wrong.length) {
				throw client.wrong[0];
			}
			ws.close(code);
			await until(() => client.closed, 3000, 'the close').catch(() => ws.terminate());
		},
		/* {code, reason} of the close that the daemon makes. */
		async waitClose(timeout = 5000) {
			return until(() => client.closed, timeout, 'the close');
		},
	};
	ws.on('message', (data, isBinary) => {
		const text = data.toString();
		if (client.keep) {
			client.messages.push(text);
		}
		const message = JSON.parse(text);
		if (isBinary || message.jsonrpc !== '2.0') {
			throw new Error(`not the contract: ${text}`);
		}
		const method = message.method ?? waiting.get(message.id)?.method;
		const kind = message.method ? 'notification' : message.error ? 'error' : 'result';
		try {
			validate?.(method, kind, message.params ?? message.error ?? message.result);
		} catch (error) {
			client.wrong.push(error);
		}
		if (message.method) {
			client.notifications.push(message);
			for (const listener of [...listeners]) {
				listener(message);
			}
			return;
		}
		const request = waiting.get(message.id);
		waiting.delete(message.id);
		if (message.error) {
			request?.reject(new RpcError(request.method, message.error));
		} else {
			request?.resolve(message.result);
		}
	});
	ws.on('close', (code, reason) => {
		client.closed = { code, reason: reason.toString() };
		for (const { reject, method } of waiting.values()) {
			reject(new Error(`${method}: closed ${code}`));
		}
		for (const listener of [...listeners]) {
			listener(null);
		}
	});
	await within(new Promise((resolve, reject) => {
		ws.on('open', () => {
			ws._socket.unref();
			resolve();
		});
		ws.on('unexpected-response', (request, response) => {
			reject(Object.assign(new Error(`HTTP ${response.statusCode}`), { status: response.statusCode }));
		});
		ws.on('error', reject);
	}), 5000, 'the connection');
	ws.on('error', () => {});
	if (lang) {
		client.hello = await client.call('hello', { lang });
	}
	return client;
}

/* An HTTP request: {status, headers, text, json}. `body` other than text is sent as JSON. */
export function request(url, { method = 'GET', headers = {}, body } = {}) {
	const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
	const all = { ...headers };
	if (text !== undefined) {
		all['content-type'] ??= 'application/json';
		all['content-length'] ??= Buffer.byteLength(text);
	}
	const answer = new Promise((resolve, reject) => {
		const req = http.request(url, { method, headers: all, agent: false }, (res) => {
			const parts = [];
			res.on('data', (part) => parts.push(part));
			res.on('error', reject);
			res.on('end', () => {
				const bytes = Buffer.concat(parts);
				resolve({
					status: res.statusCode,
					headers: res.headers,
					bytes,
					get text() { return bytes.toString(); },
					get json() { return JSON.parse(bytes.toString()); },
				});
			});
		});
		req.on('error', reject);
		req.end(text);
	});
	return within(answer, 5000, `${method} ${url}`);
}

/* Waits until a kit's row has a state, and returns the row. */
export function untilState(client, kit, state, timeout = 8000) {
	return until(async () => {
		const { kits } = await client.call('kits.list');
		return kits.find((row) => row.id === kit && row.state === state);
	}, timeout, `${kit} ${state}`);
}

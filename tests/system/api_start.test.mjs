/*
 * API.md "Starting": options, the ready line, exit codes, port SPECs, ids.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { FirmataBoard } from './board.mjs';
import { connect, program, run, scratch, start, until, untilState } from './daemon.mjs';
import { lab } from './lab.mjs';

/* Runs kitlabd until it ends by itself: {code, stdout, stderr}. */
async function ended(args, timeout = 5000) {
	const daemon = run(program('kitlabd'), args);
	try {
		const { code } = await daemon.waitExit(timeout);
		return { code, stdout: daemon.stdout, stderr: daemon.stderr };
	} catch (error) {
		daemon.signal('SIGKILL');
		throw new Error(`${error.message}\n${daemon.stderr}`);
	}
}
const common = () => ['--open-lab', '--no-scan', '--listen', '127.0.0.1:0', '--state', scratch()];

test('standard output gets the ready line and nothing else', async () => {
	const daemon = await start({ args: ['--no-scan'] });
	const client = await connect(daemon);
	await client.call('kits.list');
	await client.close();
	await daemon.stop();
	assert.match(daemon.stdout, /^kitlabd ready http:\/\/127\.0\.0\.1:\d+\/\n$/);
	assert.notEqual(daemon.port, 0);
});

test('help is printed and the exit code is 0', async () => {
	const { code, stdout, stderr } = await ended(['--help']);
	assert.equal(code, 0);
	for (const option of ['--config', '--state', '--listen', '--open-lab', '--virtual', '--port', '--no-scan', '--cases']) {
		assert.ok((stdout + stderr).includes(option), `help tells of ${option}`);
	}
});

test('SIGTERM with kits and a script ends with exit code 0 within 2 s', async (t) => {
	const { daemon, client, b1 } = await lab(t);
	await client.call('kit.write', { kit: 'b1', property: 'pin.13', value: true });
	await client.call('script.run', { source: 'while true do sleep(1) end', kit: 'b1' });
	await client.waitFor((p, m) => m === 'script.state' && p.state === 'running');
	const began = performance.now();
	await daemon.stop();
	assert.ok(performance.now() - began < 2000, `took ${performance.now() - began} ms`);
	assert.equal((await client.waitClose()).code, 1001);
	await until(() => b1.pins[13].value === 0 || b1.log.at(-1)?.type === 'reset', 1000, 'the safe state');
});

test('SIGINT ends like SIGTERM', async () => {
	const daemon = await start({ args: ['--no-scan'] });
	daemon.signal('SIGINT');
	assert.equal((await daemon.waitExit(2500)).code, 0);
});

test('wrong arguments end with exit code 2 and a reason', async (t) => {
	const cases = {
		'an unknown option': ['--wheels'],
		'a port without a number': ['--listen', '127.0.0.1:many'],
		'a port number over 65535': ['--listen', '127.0.0.1:70000'],
		'an unknown role': ['--open-lab=king'],
		'an unknown scheme': ['--port', 'rocket:/dev/null'],
		'a SPEC without a target': ['--port', 'serial:'],
		'an unknown key': ['--port', 'stream:/dev/null?colour=red'],
		'an unknown driver': ['--port', 'stream:/dev/null?driver=teleport'],
		'a label with a capital': ['--port', 'stream:/dev/null?label=Bench'],
		'a label over 32 characters': ['--port', `stream:/dev/null?label=${'a'.repeat(33)}`],
		'a label that begins with a dash': ['--port', 'stream:/dev/null?label=-a'],
		'a label given twice': ['--port', 'stream:/a?label=x', '--port', 'stream:/b?label=x'],
		'a sampling interval of 0': ['--port', 'stream:/dev/null?sampling=0'],
		'a baud rate that is no number': ['--port', 'stream:/dev/null?baud=fast'],
		'a broken percent code': ['--port', 'stream:/dev/%zz'],
		'a classroom that does not exist': ['--virtual', 'atlantis'],
		'a configuration file that does not exist': ['--config', '/nonexistent/kitlab.ini'],
		'a further word': ['surplus'],
	};
	for (const [name, args] of Object.entries(cases)) {
		await t.test(name, async () => {
			const all = ['--open-lab', '--listen', '127.0.0.1:0', '--state', scratch(),
				...(args[0] === '--virtual' ? [] : ['--no-scan']), ...args];
			const { code, stdout, stderr } = await ended(all);
			assert.equal(code, 2, stderr);
			assert.equal(stdout, '');
			assert.ok(stderr.trim().length > 10, 'says why');
		});
	}
});

test('without people the daemon asks for --open-lab and ends with exit code 2', async () => {
	const { code, stderr } = await ended(['--no-scan', '--listen', '127.0.0.1:0', '--state', scratch()]);
	assert.equal(code, 2);
	assert.match(stderr, /--open-lab/);
});

test('--open-lab is refused on an address that is not loopback', async () => {
	const { code, stderr } = await ended(['--open-lab', '--no-scan', '--listen', '0.0.0.0:0', '--state', scratch()]);
	assert.equal(code, 2);
	assert.match(stderr, /loopback|127\.0\.0\.1/);
});

test('the configuration file', async (t) => {
	const config = (text) => {
		const file = path.join(scratch(), 'kitlab.ini');
		writeFileSync(file, text);
		return file;
	};
	await t.test('an unknown key is an error with file and line', async () => {
		const file = config('[server]\nlisten = 127.0.0.1:0\n\nwheels = 4\n');
		const { code, stderr } = await ended([...common(), '--config', file]);
		assert.equal(code, 2);
		assert.ok(stderr.includes(`${file}:4`), stderr);
	});
	await t.test('an unknown section is an error', async () => {
		const file = config('[garden]\ntrees = 4\n');
		const { code, stderr } = await ended([...common(), '--config', file]);
		assert.equal(code, 2);
		assert.ok(stderr.includes(file), stderr);
	});
	await t.test('a line that is no setting is an error with its line', async () => {
		const file = config('[server]\nlisten = 127.0.0.1:0\nhello world\n');
		const { code, stderr } = await ended([...common(), '--config', file]);
		assert.equal(code, 2);
		assert.ok(stderr.includes(`${file}:3`), stderr);
	});
	await t.test('a line of over 200 bytes is an error, not cut silently', async () => {
		const file = config(`[folders]\nstate = /tmp/${'x'.repeat(300)}\n`);
		const { code, stderr } = await ended([...common(), '--config', file]);
		assert.equal(code, 2, stderr);
	});
});

test('the configuration file is obeyed, and the command line is above it', async (t) => {
	const boards = [await new FirmataBoard().listen(), await new FirmataBoard().listen()];
	t.after(() => boards.forEach((board) => board.unplug()));
	const dir = scratch();
	const file = path.join(dir, 'kitlab.ini');
	writeFileSync(file, `[server]\nlisten = 127.0.0.1:1\n\n[folders]\nstate = ${dir}/state\n\n`
		+ `[kits]\nport = ${boards[0].spec({ label: 'b1' })}\nport = ${boards[1].spec({ label: 'b2' })}\n`);
	const daemon = run(program('kitlabd'), ['--config', file, '--open-lab=student', '--no-scan', '--listen', '127.0.0.1:0']);
	const [, url] = await until(() => /ready (\S+)\n/.exec(daemon.stdout), 5000, 'the ready line');
	const client = await connect(url);
	await untilState(client, 'b1', 'ready');
	await untilState(client, 'b2', 'ready');
	assert.equal((await client.call('hello')).role, 'student');
	assert.ok(existsSync(path.join(dir, 'state')));
	daemon.signal('SIGTERM');
	assert.equal((await daemon.waitExit()).code, 0);
});

test('the state folder is $XDG_STATE_HOME/kitlab when nothing is said', async () => {
	const home = scratch();
	const daemon = run(program('kitlabd'), ['--open-lab', '--no-scan', '--listen', '127.0.0.1:0'],
		{ env: { ...process.env, XDG_STATE_HOME: home } });
	await until(() => daemon.stdout.includes('ready'), 5000, 'the ready line');
	daemon.signal('SIGTERM');
	assert.equal((await daemon.waitExit()).code, 0);
	assert.ok(existsSync(path.join(home, 'kitlab')));
});

test('an address in use ends with exit code 3', async () => {
	const server = net.createServer();
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address();
	const { code, stderr } = await ended(['--open-lab', '--no-scan', '--state', scratch(),
		'--listen', `127.0.0.1:${port}`]);
	server.close();
	assert.equal(code, 3, stderr);
	assert.ok(stderr.includes(String(port)), stderr);
});

test('a state folder that cannot be used ends with exit code 4', async (t) => {
	await t.test('it is a file', async () => {
		const file = path.join(scratch(), 'file');
		writeFileSync(file, 'not a folder');
		const { code, stderr } = await ended([...common().slice(0, -1), file]);
		assert.equal(code, 4, stderr);
		assert.ok(stderr.includes(file));
	});
	await t.test('its parent is a file', async () => {
		const file = path.join(scratch(), 'file');
		writeFileSync(file, '');
		const { code, stderr } = await ended([...common().slice(0, -1), `${file}/state`]);
		assert.equal(code, 4, stderr);
	});
	await t.test('another daemon uses it', async (s) => {
		const { daemon } = await lab(s, {});
		const { code, stderr } = await ended([...common().slice(0, -1), daemon.state]);
		assert.equal(code, 4, stderr);
		assert.ok(stderr.includes(daemon.state));
	});
	await t.test('a folder stands where the database should', async () => {
		const dir = scratch();
		mkdirSync(path.join(dir, 'kitlab.db'));
		mkdirSync(path.join(dir, 'kitlab.sqlite'));
		mkdirSync(path.join(dir, 'kitlab.sqlite3'));
		const { code, stderr } = await ended([...common().slice(0, -1), dir]);
		assert.equal(code, 4, stderr);
	});
});

test('a state folder that is not there is made, with its parents', async () => {
	const dir = path.join(scratch(), 'a/b');
	const daemon = await start({ args: ['--no-scan', '--state', dir] });
	await daemon.stop();
});

test('when nothing is said and no kit is found, the classroom default starts', async () => {
	const daemon = await start();
	const client = await connect(daemon);
	await until(async () => {
		const { kits } = await client.call('kits.list');
		return kits.filter((row) => row.state === 'ready').length >= 3;
	}, 10000, 'three virtual kits');
	await client.close();
	await daemon.stop();
});

for (const [name, args] of Object.entries({
	'--no-scan': ['--no-scan'], '--virtual none': ['--virtual', 'none'],
})) {
	test(`${name} starts without a virtual classroom`, async () => {
		const daemon = await start({ args });
		const client = await connect(daemon);
		assert.deepEqual((await client.call('kits.list')).kits, []);
		await client.close();
		await daemon.stop();
	});
}

test('--virtual beside --no-scan starts the classroom', async () => {
	const daemon = await start({ args: ['--no-scan', '--virtual', 'default'] });
	const client = await connect(daemon);
	await until(async () => (await client.call('kits.list')).kits.length >= 3, 10000);
	await client.close();
	await daemon.stop();
});

test('port SPECs', async (t) => {
	await t.test('unix: connects, and percent codes are decoded', async (s) => {
		const dir = scratch();
		const board = await new FirmataBoard().listen(path.join(dir, 'a board?'));
		const daemon = await start({ args: ['--no-scan', '--port',
			`unix:${dir}/a%20board%3F?driver=firmata&label=b1`] });
		const client = await connect(daemon);
		const row = await untilState(client, 'b1', 'ready');
		assert.equal(row.driver, 'firmata');
		assert.equal(row.label, 'b1');
		s.after(() => board.unplug());
		await daemon.stop();
	});
	await t.test('tcp: connects', async (s) => {
		const { client } = await lab(s, { b1: { over: 'tcp' } });
		assert.equal((await untilState(client, 'b1', 'ready')).state, 'ready');
	});
	await t.test('stream: opens a pty, and follows a symlink anew at each open', async (s) => {
		const link = path.join(scratch(), 'link');
		const first = await new FirmataBoard().pty();
		const second = await new FirmataBoard({ firmware: 'Second.ino' }).pty();
		symlinkSync(first.device, link);
		const daemon = await start({ args: ['--no-scan', '--port', `stream:${link}?driver=firmata&label=b1`] });
		const client = await connect(daemon);
		await untilState(client, 'b1', 'ready');
		symlinkSync(second.device, `${link}.new`);
		renameSync(`${link}.new`, link);
		first.unplug();
		await second.saw({ type: 'sysex', id: 0x6b });
		await untilState(client, 'b1', 'ready');
		s.after(() => second.unplug());
		await daemon.stop();
	});
	await t.test('seat, wiring and sampling reach the kit', async (s) => {
		const { client, b1 } = await lab(s, { b1: { keys: { seat: '7', sampling: '25' } } });
		const row = await untilState(client, 'b1', 'ready');
		assert.equal(row.seat, '7');
		await b1.saw((m) => m.type === 'sysex' && m.id === 0x7a && (m.data[0] | (m.data[1] << 7)) === 25);
		assert.equal((await client.call('kit.read', { kit: 'b1', property: 'sampling_ms' })).value, 25);
	});
	await t.test('sampling is 19 ms when nothing is said', async (s) => {
		const { client } = await lab(s);
		assert.equal((await client.call('kit.read', { kit: 'b1', property: 'sampling_ms' })).value, 19);
	});
	await t.test('any --port means no virtual classroom', async (s) => {
		const board = await new FirmataBoard().listen();
		s.after(() => board.unplug());
		const daemon = await start({ args: ['--port', board.spec({ label: 'b1' })] });
		const client = await connect(daemon);
		await untilState(client, 'b1', 'ready');
		assert.deepEqual((await client.call('kits.list')).kits.map((row) => row.id), ['b1']);
		await daemon.stop();
	});
	await t.test('udp: is understood, and refused until its drivers are there; usb: waits for its kit', async (s) => {
		const { client } = await lab(s, {}, { args: ['--port', 'usb:0694:0002?label=nxt',
			'--port', 'udp:127.0.0.1:9000?label=out', '--port', 'udp::9001?label=in'] });
		for (const kit of ['out', 'in']) {
			await untilState(client, kit, 'refused');
		}
		await untilState(client, 'nxt', 'absent');
	});
	await t.test('a missing port is retried until it is there', async (s) => {
		const dir = scratch();
		const file = path.join(dir, 'later');
		const daemon = await start({ args: ['--no-scan', '--port', `unix:${file}?driver=firmata&label=b1`] });
		const client = await connect(daemon);
		const { kits } = await client.call('kits.list');
		assert.equal(kits[0].id, 'b1');
		assert.ok(['absent', 'opening', 'lost'].includes(kits[0].state), kits[0].state);
		const board = await new FirmataBoard().listen(file);
		await untilState(client, 'b1', 'ready');
		s.after(() => board.unplug());
		await daemon.stop();
	});
});

test('ids', async (t) => {
	await t.test('a kit without a label gets the smallest free number of its model, and keeps it', async (s) => {
		const state = scratch();
		const boards = [await new FirmataBoard().listen(), await new FirmataBoard().listen()];
		s.after(() => boards.forEach((board) => board.unplug()));
		const ids = async () => {
			const daemon = await start({ args: ['--no-scan', '--state', state,
				...boards.flatMap((board) => ['--port', board.spec()])] });
			const client = await connect(daemon);
			const kits = await until(async () => {
				const list = (await client.call('kits.list')).kits;
				return list.filter((row) => row.state === 'ready').length === 2 && list;
			});
			await client.close();
			await daemon.stop();
			return kits.map((row) => row.id).sort();
		};
		const first = await ids();
		assert.equal(new Set(first).size, 2);
		for (const id of first) {
			assert.match(id, /^[a-z0-9-]+-[12]$/);
		}
		assert.deepEqual(await ids(), first);
	});
	await t.test('before a kit is known its row is port-N', async (s) => {
		const board = await new FirmataBoard({ silent: true }).listen();
		s.after(() => board.unplug());
		const daemon = await start({ args: ['--no-scan', '--port', `unix:${board.file}`] });
		const client = await connect(daemon);
		const { kits } = await client.call('kits.list');
		assert.equal(kits[0].id, 'port-1');
		await daemon.stop();
	});
	await t.test('port-N goes when the kit has its id', async (s) => {
		const board = await new FirmataBoard({ bannerDelay: 1500 }).listen();
		s.after(() => board.unplug());
		const { client } = await lab(s, {}, { args: ['--port', `unix:${board.file}`] });
		const { kits } = await client.call('kits.watch');
		assert.deepEqual(kits.map((row) => row.id), ['port-1']);
		await client.waitFor((p, m) => m === 'kits.changed' && p.kit === 'port-1' && p.row === null, 10000);
		const { params } = await client.waitFor((p, m) => m === 'kits.changed' && p.row?.state === 'ready', 10000);
		assert.match(params.kit, /-1$/);
		assert.equal(params.row.id, params.kit);
		assert.deepEqual((await client.call('kits.list')).kits.map((row) => row.id), [params.kit]);
	});
	await t.test('a port that says what it is needs no driver key', async (s) => {
		const board = await new FirmataBoard().listen();
		s.after(() => board.unplug());
		const daemon = await start({ args: ['--no-scan', '--port', `unix:${board.file}?label=b1`] });
		const client = await connect(daemon);
		const row = await untilState(client, 'b1', 'ready');
		assert.equal(row.driver, 'firmata');
		await daemon.stop();
	});
});

test('--cases names the folder of the course cases', async () => {
	const daemon = await start({ args: ['--no-scan', '--cases', scratch()] });
	const client = await connect(daemon);
	assert.deepEqual(await client.call('case.list', {}), { cases: [] });
	await client.close();
	await daemon.stop();
});

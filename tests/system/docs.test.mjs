/* What the documents promise: man pages, options, settings, exit codes, dependencies, links. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { program, root } from './daemon.mjs';

const read = (file) => readFileSync(path.join(root, file), 'utf8');
const manPages = readdirSync(path.join(root, 'docs/man')).map((name) => `docs/man/${name}`);

test('every program for people has a man page, and man finds no fault in any', () => {
	for (const name of ['kitlab.1', 'kitlabd.1', 'kitlab-virtual.1', 'kitlabd.conf.5']) {
		assert.ok(manPages.includes(`docs/man/${name}`), name);
	}
	for (const page of manPages) {
		const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', page],
			{ cwd: root, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '100' } });
		assert.equal(status, 0, page);
		assert.equal(stderr, '', page);
		assert.match(stdout, /^NAME$/m, page);
	}
});

/* "--open-lab" of a man page: Fl -open-lab. */
const manOptions = (page) => new Set([...read(page).matchAll(/\bFl (?:\S+ , )?-([a-z][a-z-]+)/g)]
	.map(([, name]) => name));

for (const name of ['kitlab', 'kitlabd', 'kitlab-virtual']) {
	test(`the man page of ${name} has the options that it has, and no other`, () => {
		const help = execFileSync(program(name), ['--help'],
			{ encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
		const real = new Set([...help.matchAll(/--([a-z][a-z-]+)/g)].map(([, option]) => option));
		assert.deepEqual([...manOptions(`docs/man/${name}.1`)].sort(), [...real].sort());
	});
}

test('operations.md and kitlabd.conf.5 have every setting, and no other', () => {
	const source = read('daemon/config_keys.c');
	const table = /config_keys\[\] = \{([\s\S]*?)\n\};/.exec(source)[1];
	const keys = [...table.matchAll(/\{"(\w+)", "(\w+)"/g)].map(([, section, key]) => `${section}.${key}`);
	assert.ok(keys.length > 5);

	let section;
	const rows = read('docs/operations.md').split('\n').flatMap((line) => {
		const [, inSection, key] = /^\| (?:`\[(\w+)\]`)? ?\| `(\w+)` \|/.exec(line) ?? [];
		section = inSection ?? section;
		return key && section ? [`${section}.${key}`] : [];
	});
	assert.deepEqual(rows.sort(), [...keys].sort());

	const man = read('docs/man/kitlabd.conf.5').split('\n').flatMap((line) => {
		section = /^\.Ss \[(\w+)\]/.exec(line)?.[1] ?? section;
		const key = /^\.It Cm (\w+) =/.exec(line)?.[1];
		return key ? [`${section}.${key}`] : [];
	});
	assert.deepEqual(man.sort(), [...keys].sort());
});

test('operations.md has the exit codes of the daemon', () => {
	const codes = [...read('daemon/main.c').matchAll(/^\tEXIT_\w+ = (\d+),/gm)].map(([, code]) => code);
	const told = [...read('docs/operations.md').matchAll(/^\| (\d+) \|/gm)].map(([, code]) => code);
	assert.ok(codes.length > 3);
	assert.deepEqual(told, codes);
});

test('dependencies.md gives a reason for every package', () => {
	const text = read('docs/dependencies.md');
	const makefile = read('Makefile').replace(/\\\n/g, ' ');
	const debian = [...makefile.matchAll(/^PACKAGES_\w+ := (.*)$/gm)].flatMap(([, list]) => list.trim().split(/\s+/));
	assert.ok(debian.length > 10);
	for (const name of debian) {
		assert.match(text, new RegExp(`^\\|.*\`${name.replace(/[.+]/g, '\\$&')}\``, 'm'), name);
	}
	for (const file of ['web/package.json', 'tests/package.json']) {
		const { dependencies, devDependencies } = JSON.parse(read(file));
		for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
			assert.match(version, /^\d+\.\d+\.\d+$/, `${name} is pinned`);
			if (!/^@codemirror\//.test(name)) {
				assert.ok(text.includes(`\`${name}\``), name);
				assert.ok(text.includes(version), `${name} ${version}`);
			}
		}
	}
});

test('api.md has every method with its role, and every metric', () => {
	const api = read('docs/api.md');
	const rows = [...api.matchAll(/^\| ((?:`[\w.]+`(?:, )?)+) \| (\w+)/gm)]
		.flatMap(([, names, role]) => names.replaceAll('`', '').split(', ').map((name) => `${name} ${role}`));
	const methods = readdirSync(path.join(root, 'daemon')).filter((name) => /^rpc_.*\.c$/.test(name))
		.flatMap((name) => [...read(`daemon/${name}`).matchAll(/^\t\{"([\w.]+)", ROLE_(\w+), \w+\},/gm)])
		.map(([, name, role]) => `${name} ${role.toLowerCase()}`);
	assert.ok(methods.length > 15);
	for (const method of methods) {
		assert.ok(rows.includes(method), method);
	}
	for (const [, name] of read('daemon/metrics.c').matchAll(/"((?:kitlab|process)_[a-z_]+)"/g)) {
		assert.ok(api.includes(`\`${name}`), name);
	}
});

test('faults.md has every fault and rule, and each test that it names is there', () => {
	const rows = [...read('docs/faults.md').matchAll(/^\| (S?\d+) \| [^|]+ \| (.+) \|$/gm)];
	const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
	assert.deepEqual(rows.map(([, id]) => id), [...range(1, 33), '35', '44', ...range(46, 50), ...range(54, 56),
		...range(1, 10).map((n) => `S${n}`)]);
	for (const [, id, cell] of rows) {
		const mark = id.startsWith('S') ? `safety_${id}` : `fault_${id.padStart(2, '0')}`;
		for (const part of cell.split('; ')) {
			const [, file, names] = /^([\w/.]+): (.+)$/.exec(part);
			for (const [, name] of names.matchAll(/`([^`]+)`/g)) {
				const script = `tests/system/hostile/${name.replace(/^fault_\d+_/, '')}.lua`;
				const isThere = file === 'system/hostile.test.mjs'
					? new RegExp(`^-- fault: ${id}$`, 'm').test(read(script))
					: new RegExp(`test\\([\`']${name.replace(/[.()?+$]/g, '\\$&')}|^static void ${name}\\(`, 'm').test(read(`tests/${file}`));
				assert.ok(isThere, `${file}: ${name}`);
				assert.match(name, new RegExp(`(^|[_ ])${mark}(?!\\d)`), name);
			}
		}
	}
});

test('fault_33_the_service_is_killed_and_started_anew_when_its_loop_stands_still', () => {
	const unit = Object.fromEntries(read('packaging/kitlabd.service').split('\n')
		.flatMap((line) => (/^\w+=/.test(line) ? [line.split(/=(.*)/).slice(0, 2)] : [])));
	assert.equal(unit.Type, 'notify');
	assert.equal(unit.WatchdogSec, '2');
	assert.equal(unit.WatchdogSignal, 'SIGKILL');
	assert.equal(unit.Restart, 'on-failure', 'which a missed watchdog is');
});

test('links between the documents lead somewhere', () => {
	const files = ['README.md', ...readdirSync(path.join(root, 'docs'))
		.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
	for (const file of files) {
		for (const [, target] of read(file).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
			if (!/^https?:/.test(target)) {
				assert.ok(existsSync(path.join(root, path.dirname(file), target)), `${file}: ${target}`);
			}
		}
	}
});

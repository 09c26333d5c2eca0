/*
 * The shape of the source: which part may include which, what C code never
 * calls, how long things may get. Looks at all files but what the build makes.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { mutants } from '../mutants/mutants.mjs';
import { root } from './daemon.mjs';

const MADE = ['.git', 'build', 'node_modules'];
function walk(dir) {
	return readdirSync(path.join(root, dir), { withFileTypes: true })
		.filter(({ name }) => !MADE.includes(name))
		.flatMap((entry) => {
			const file = path.posix.join(dir, entry.name);
			return entry.isDirectory() ? walk(file) : [file];
		});
}
const files = walk('');
const read = (file) => readFileSync(path.join(root, file), 'utf8');
const isC = (file) => /\.[ch]$/.test(file);
const ofPart = (...parts) => files.filter((file) =>
	isC(file) && parts.some((part) => file.startsWith(`${part}/`)));
const program = ofPart('daemon', 'devices', 'lua');

/* C without comments, texts and characters; lines stay where they are. */
function bare(text) {
	return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g,
		(part) => part.replace(/[^\n]/g, ' '));
}

/* Where a call or an include stands: "daemon/bus.c:12". */
function places(files, pattern, prepare = bare) {
	return files.flatMap((file) => prepare(read(file)).split('\n')
		.flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])));
}

/* Made by the build: tables and texts, which all parts may have of their own. */
const isMade = (name) => /^(messages|names|lua_texts)\.(h|inc)$/.test(name);
const searched = (file) => [path.dirname(file), 'devices', 'daemon', 'lua'];

function includes(file) {
	return [...read(file).matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)].map(([, name]) => {
		const folder = searched(file).find((dir) => existsSync(path.join(root, dir, name)));
		return { file, name, target: folder && path.posix.join(folder, name) };
	});
}

function arrows(part, mayInclude) {
	return ofPart(part).flatMap(includes)
		.filter(({ name, target }) => !isMade(name) && !(target && mayInclude.test(target)))
		.map(({ file, name, target }) => `${file} includes ${target ?? name}`);
}

test('devices includes nothing of the others', () => {
	assert.deepEqual(arrows('devices', /^devices\//), []);
});

test('lua includes nothing but its own', () => {
	assert.deepEqual(arrows('lua', /^lua\//), []);
});

test('daemon includes devices, and of lua only wire.h', () => {
	assert.deepEqual(arrows('daemon', /^(daemon|devices)\/|^lua\/wire\.h$/), []);
});

test('what runs with real kits includes nothing of the virtual ones', () => {
	const files = program.filter((file) => !file.startsWith('devices/virtual/'));
	assert.deepEqual(files.flatMap(includes)
		.filter(({ target }) => target?.startsWith('devices/virtual/'))
		.filter(({ target }) => target !== 'devices/virtual/control.h')
		.map(({ file, target }) => `${file} includes ${target}`), []);
});

test('motion passes one gate: only the safety gate may command it', () => {
	assert.deepEqual(program.flatMap(includes)
		.filter(({ name }) => name === 'kit_motion.h')
		.map(({ file }) => file)
		.filter((file) => !/^daemon\/safety\w*\.c$|^devices\/kit_command\.c$/.test(file)), []);
});

test('each mutation of make test-mutants finds its place, once', () => {
	assert.deepEqual(mutants.filter(({ file, from }) => read(file).split(from).length !== 2).map(({ name }) => name), []);
});

test('nobody includes a main, or any other .c', () => {
	assert.deepEqual(places(files.filter(isC), /^\s*#\s*include\s+"([^"]*main\.h|[^"]*\.c)"/,
		(text) => text), []);
});

test('banned functions are not called', () => {
	const banned = /\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|gets|sleep|usleep|system)\s*\(/;
	assert.match('x = atoi(text);', banned);
	assert.doesNotMatch('snprintf(a, b); fgets(c); run_system(d);', banned);
	assert.deepEqual(places(files.filter(isC), banned), []);
});

test('only loop.c sees ev.h', () => {
	assert.deepEqual(places(files.filter((file) => isC(file) && file !== 'devices/loop.c'),
		/#\s*include\s*<(libev\/)?ev(\+\+)?\.h>/, (text) => text), []);
});

test('only clock.c reads time', () => {
	const reads = /\b(clock_gettime|gettimeofday|time|clock|ev_now|ev_time|timespec_get)\s*\(/;
	assert.match('t = time(NULL);', reads);
	assert.deepEqual(places(program.filter((file) => file !== 'devices/clock.c'), reads), []);
});

test('C is written in ASCII', () => {
	assert.deepEqual(files.filter(isC).filter((file) => /[^\t\n\x20-\x7e]/.test(read(file))), []);
});

test('every C file begins by saying what it is for', () => {
	assert.deepEqual(program.filter((file) => !read(file).startsWith('/*')), []);
});

test('files stay under 600 lines and functions of the programs under 60', () => {
	const long = [];
	for (const file of files.filter(isC)) {
		const lines = bare(read(file)).split('\n');
		/* A longer one may say in its top comment why it is still one file. */
		const isExplained = /^\/\*[^/]*\bone file\b/.test(read(file));
		if (lines.length > 601 && !isExplained) {
			long.push(`${file}: ${lines.length} lines`);
		}
		lines.forEach((line, i) => {
			if (line === '{' && program.includes(file)) {
				const length = lines.indexOf('}', i) - i + 1;
				if (length > 62) {
					long.push(`${file}:${i}: a function of ${length - 2} lines`);
				}
			}
		});
	}
	assert.deepEqual(long, []);
});

test('no notes to oneself are left in the code', () => {
	const note = /(\/\/|\/\*|^\s*\*|--|#)\s*(TODO|FIXME|XXX|HACK)\b/;
	const code = files.filter((file) => /\.(c|h|lua|mjs|ts|tsx|sh|css)$|^Makefile$/.test(file));
	assert.deepEqual(places(code, note, (text) => text), []);
});

test('the top level is fixed', () => {
	const allowed = ['daemon', 'devices', 'lua', 'web', 'examples', 'tests', 'docs', 'packaging', '.ci',
		'Makefile', 'README.md', '.clang-format', '.editorconfig', '.gitignore'];
	const found = [...new Set(files.map((file) => file.split('/')[0]))];
	assert.deepEqual(found.filter((name) => !allowed.includes(name)), []);
});

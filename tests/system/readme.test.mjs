/* README stays true: the two commands, and the way of one byte. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root } from './daemon.mjs';

const read = (file) => readFileSync(path.join(root, file), 'utf8');
const readme = read('README.md');

test('the two commands are targets of the Makefile, and CI runs the second', () => {
	const commands = [...readme.matchAll(/^```\n(make \w+)\n```$/gm)].map(([, command]) => command);
	assert.deepEqual(commands, ['make run', 'make test']);
	for (const command of commands) {
		assert.match(read('Makefile'), new RegExp(`^${command.slice(5)}:`, 'm'));
	}
	const ran = read('.ci/run').split('\n').filter((line) => /\bmake\b/.test(line) && !line.startsWith('#'));
	assert.equal(ran.length, 1);
	assert.match(ran[0], /^exec make test( CI=1)?$/);
});

/* "`daemon/bus.c: bus_sample`" in the section, in order. */
const section = /^## Follow one byte\n([\s\S]*?)^## /m.exec(readme)[1];
const steps = [...section.matchAll(/`([\w./-]+): (\w+)`/g)].map(([, file, name]) => ({ file, name }));

/* Where a function's body begins, or -1. */
function definition(file, name) {
	const forms = file.endsWith('.c')
		? [new RegExp(`^\\w[\\w \\t*]*\\b${name}\\([^;{]*\\)\\n\\{`, 'm')]
		: [new RegExp(`\\bfunction ${name}\\b[^;]*?\\{`), new RegExp(`\\bconst ${name}\\b[^;=]*=`),
			new RegExp(`^\\t(?:private |async )*${name}\\([^;]*?\\{`, 'm')];
	return Math.max(...forms.map((form) => read(file).search(form)));
}

test('a search for a definition finds it, and nothing else', () => {
	assert.ok(definition('devices/err.c', 'why_fill') >= 0);
	assert.equal(definition('devices/err.c', 'strlen'), -1);
	assert.equal(definition('devices/err.c', 'why'), -1);
});

test('Follow one byte names about ten functions, and each stands in its file', () => {
	assert.ok(steps.length >= 8 && steps.length <= 14, `${steps.length} steps`);
	for (const { file, name } of steps) {
		assert.ok(existsSync(path.join(root, file)), file);
		assert.ok(definition(file, name) >= 0, `${file} does not define ${name}`);
	}
});

test('the way leads from the port over driver, kit and bus to the page', () => {
	const parts = steps.map(({ file }) => file);
	assert.equal(parts[0], 'devices/port_fd.c');
	for (const part of [/^devices\/firmata\//, /^devices\/kit/, /^daemon\/bus/, /^daemon\/ws\.c/, /^web\/src\/socket\.ts$/,
		/^web\/src\/state\.ts$/]) {
		assert.ok(parts.some((file) => part.test(file)), String(part));
	}
	assert.match(parts.at(-1), /^web\/src\/.*\.tsx$/);
});

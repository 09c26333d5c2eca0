/* The course cases that Kitlab ships: their form, their guides, and that each solution does its job. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import Ajv from 'ajv/dist/2020.js';
import { root } from './daemon.mjs';

const folder = path.join(root, 'examples');
const read = (...parts) => readFileSync(path.join(folder, ...parts), 'utf8');
const ids = readdirSync(folder, { withFileTypes: true }).filter((e) => e.isDirectory())
	.map((e) => e.name).sort();
const meta = (id) => JSON.parse(read(id, 'case.json'));

test('the five first cases are there', () => {
	for (const id of ['blink', 'light-lamp', 'reaction-game', 'temperature-logger', 'traffic-light']) {
		assert.ok(ids.includes(id), id);
	}
});

test('every case.json fits the schema and is named like its folder', () => {
	const validate = new Ajv({ allErrors: true }).compile(JSON.parse(read('case.schema.json')));
	for (const id of ids) {
		const data = meta(id);
		assert.ok(validate(data), `${id}: ${JSON.stringify(validate.errors)}`);
		assert.equal(data.id, id);
	}
	assert.ok(!validate({ ...meta('blink'), stage: 'nursery' }), 'the schema refuses what is wrong');
});

test('every need is in the vocabulary and in the wiring profile that the case names', () => {
	const names = readFileSync(path.join(root, 'devices/NAMES.md'), 'utf8');
	for (const id of ids) {
		const { needs, wiring } = meta(id);
		const profile = JSON.parse(readFileSync(path.join(root, `devices/wiring/${wiring}.json`), 'utf8'));
		for (const need of needs) {
			assert.match(names, new RegExp(`^\\| ${need} \\|`, 'm'), `${id}: ${need}`);
			assert.ok(need in profile.parts, `${id}: ${wiring} has no ${need}`);
		}
	}
});

test('both guides of a case have the same sections, tables and code', () => {
	const shape = (text) => text.split('\n').filter((line) => /^(#+ |```)/.test(line))
		.map((line) => /^(#+|```\w*)/.exec(line)[1]);
	const tables = (text) => text.split('\n').filter((line) => line.startsWith('|')).length;
	for (const id of ids) {
		const zh = read(id, 'guide.zh.md');
		const en = read(id, 'guide.en.md');
		assert.deepEqual(shape(zh), shape(en), id);
		assert.equal(tables(zh), tables(en), id);
		assert.ok(zh.startsWith(`# ${meta(id).title.zh}\n`), `${id}: title zh`);
		assert.ok(en.startsWith(`# ${meta(id).title.en}\n`), `${id}: title en`);
		assert.ok(zh.match(/[\u4e00-\u9fff]/g).length > 400, `${id}: Chinese`);
		assert.doesNotMatch(en, /[\u4e00-\u9fff]/, `${id}: English`);
	}
});

test('the pins in the guides are those of the wiring profiles', () => {
	/* What a pupil reads as a pin: "pin 13" and "13 号引脚"; analog ones by name. */
	for (const id of ids) {
		const { needs, wiring } = meta(id);
		const { parts } = JSON.parse(readFileSync(path.join(root, `devices/wiring/${wiring}.json`), 'utf8'));
		for (const need of needs) {
			const { pin } = parts[need];
			const isAnalog = String(pin).startsWith('A');
			assert.match(read(id, 'guide.en.md'), new RegExp(isAnalog ? `to ${pin}\\b` : `pin ${pin}\\b`),
				`${id}: ${need} en`);
			assert.match(read(id, 'guide.zh.md'), new RegExp(isAnalog ? `接 ${pin}\\b` : `${pin} 号引脚`),
				`${id}: ${need} zh`);
		}
	}
});

test('starter and solution differ and are there', () => {
	for (const id of ids) {
		for (const file of ['starter.lua', 'solution.lua', 'guide.zh.md', 'guide.en.md']) {
			assert.ok(existsSync(path.join(folder, id, file)), `${id}/${file}`);
		}
		assert.notEqual(read(id, 'starter.lua'), read(id, 'solution.lua'));
	}
});

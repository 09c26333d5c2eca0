/*
 * packaging/60-kitlab.rules, read by a small udev of our own: its syntax, and what it gives to
 * each device in the drivers' tables, to each kit of the field, and to a mouse. (Debian 12's
 * udevadm cannot verify a file.)
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { root } from './daemon.mjs';

const text = readFileSync(path.join(root, 'packaging/60-kitlab.rules'), 'utf8');

/* What a rule may compare and what it may set (man udev). */
const MATCHES = /^(ACTION|SUBSYSTEM|SUBSYSTEMS|ENV\{\w+\}|ATTRS?\{\w+\})$/;
const SETS = /^(GOTO|LABEL|MODE|GROUP|ENV\{\w+\}|TAG)$/;

/* [{line, parts: [{key, op, value}]}] */
const rules = text.split('\n').flatMap((line, i) => {
	if (line.trim() === '' || line.startsWith('#')) {
		return [];
	}
	const parts = line.split(/,\s*/).map((part) => {
		const found = /^(\w+(?:\{\w+\})?)(==|!=|\+=|=)"([^"]*)"$/.exec(part);
		assert.ok(found, `line ${i + 1}: ${part}`);
		return { key: found[1], op: found[2], value: found[3] };
	});
	return [{ line: i + 1, parts }];
});

/* What udev would do with a device: {MODE, GROUP, TAG: [], env: {}}. */
function apply(device) {
	const result = { tags: [], env: {} };
	const look = (key) => {
		const [, name] = /\{(\w+)\}/.exec(key) ?? [];
		return key === 'ACTION' ? device.action
			: key === 'SUBSYSTEM' ? device.subsystem
				: key === 'SUBSYSTEMS' ? 'usb'
					: key.startsWith('ENV') ? device.env?.[name]
						: key.startsWith('ATTRS') || device.subsystem === 'usb' ? device.attributes[name]
							: undefined;
	};
	let until = null;
	for (const { parts } of rules) {
		const label = parts.find((part) => part.key === 'LABEL')?.value;
		if (until && label !== until) {
			continue;
		}
		until = null;
		const fits = parts.filter(({ op }) => op === '==' || op === '!=')
			.every(({ key, op, value }) => value.split('|').includes(look(key)) === (op === '=='));
		if (!fits) {
			continue;
		}
		for (const { key, op, value } of parts) {
			if (op === '+=') {
				result.tags.push(value);
			} else if (op === '=' && key === 'GOTO') {
				until = value;
			} else if (op === '=' && key.startsWith('ENV')) {
				result.env[key.slice(4, -1)] = value;
			} else if (op === '=' && key !== 'LABEL') {
				result[key] = value;
			}
		}
	}
	assert.equal(until, null);
	return result;
}

const raw = (ids, attributes = {}) => apply({ action: 'add', subsystem: 'usb', env: { DEVTYPE: 'usb_device' },
	attributes: { idVendor: ids.slice(0, 4), idProduct: ids.slice(5), ...attributes } });
const tty = (ids) => apply({ action: 'add', subsystem: 'tty',
	attributes: { idVendor: ids.slice(0, 4), idProduct: ids.slice(5) } });

function openToUsers(result, what) {
	assert.equal(result.MODE, '0660', what);
	assert.equal(result.GROUP, 'dialout', what);
	assert.deepEqual(result.tags, ['uaccess'], what);
	assert.equal(result.env.ID_MM_DEVICE_IGNORE, '1', what);
}

/* {driver, isRaw, ids: ["2341:0043"]} of every driver that has a table of USB ids. */
const drivers = readdirSync(path.join(root, 'devices'), { withFileTypes: true })
	.filter((entry) => entry.isDirectory() && entry.name !== 'virtual')
	.map(({ name }) => {
		const dir = path.join(root, 'devices', name);
		const source = readdirSync(dir).filter((file) => file.endsWith('.c'))
			.map((file) => readFileSync(path.join(dir, file), 'utf8')).join('\n');
		const tables = [...source.matchAll(/struct usb_match \w+\[\] = \{([^;]*)\};/g)].map((m) => m[1]).join();
		return { driver: name, isRaw: /\.usb_io = /.test(source),
			ids: [...tables.matchAll(/\{0x(\w{4}), 0x(\w{4}),/g)].map((m) => `${m[1]}:${m[2]}`) };
	}).filter(({ ids }) => ids.length > 0);

test('every line is a rule that udev knows', () => {
	for (const { line, parts } of rules) {
		for (const { key, op, value } of parts) {
			const known = op === '==' || op === '!=' ? MATCHES : SETS;
			assert.match(key, known, `line ${line}`);
			assert.equal(op === '+=', key === 'TAG', `line ${line}`);
			if (/idVendor|idProduct/.test(key)) {
				assert.match(value, /^[0-9a-f]{4}(\|[0-9a-f]{4})*$/, `line ${line}`);
			}
			if (/^ATTR/.test(key)) { /* a device and its parents have their own names for these */
				assert.equal(key.startsWith('ATTRS'), line > text.slice(0,
					text.indexOf('LABEL="kitlab_tty"')).split('\n').length, `line ${line}`);
			}
		}
	}
});

test('every GOTO leads forward to one LABEL', () => {
	const labels = new Map();
	for (const { line, parts } of rules) {
		for (const { key, value } of parts.filter((part) => part.key === 'LABEL')) {
			assert.ok(!labels.has(value), `${key} ${value} twice`);
			labels.set(value, line);
		}
	}
	for (const { line, parts } of rules) {
		for (const { value } of parts.filter((part) => part.key === 'GOTO')) {
			assert.ok(labels.get(value) > line, `line ${line}: ${value}`);
		}
	}
});

test('fault_19_every_id_in_the_drivers_tables_has_a_rule', () => {
	assert.ok(drivers.some(({ driver, isRaw }) => driver === 'firmata' && !isRaw));
	assert.ok(drivers.some(({ driver, isRaw }) => driver === 'nxt' && isRaw));
	for (const { driver, isRaw, ids } of drivers) {
		for (const id of ids) {
			openToUsers(isRaw ? raw(id) : tty(id), `${driver} ${id}`);
			assert.equal(raw(id).env.ID_MM_DEVICE_IGNORE, '1', `${driver} ${id}`);
			if (!isRaw) {
				assert.equal(tty(id).env.ID_MM_PORT_IGNORE, '1', `${driver} ${id}`);
				assert.equal(raw(id).MODE, undefined, `${driver} ${id}: its USB device is the kernel driver's`);
			}
		}
	}
});

test('kits whose drivers are to come have rules, too', () => {
	for (const id of ['2e8a:0005', '303a:1001', '303a:4001', 'f055:9800', '0d28:0204', '1a86:55d3', '1a86:55d4',
		'26ac:0011', '26ac:0032', '3162:004b', '3162:0050', '3185:0038', '2dae:1016', '3163:004c',
		'1b8c:0036', '3643:001d', '1209:5740', '1209:5741', '0483:5740', '0403:6014', '10c4:ea70']) {
		openToUsers(tty(id), id);
		assert.equal(raw(id).env.ID_MM_DEVICE_IGNORE, '1', id);
	}
	for (const id of ['0694:0006', '03eb:6124', '1915:7777', '1915:0101']) {
		openToUsers(raw(id), id);
	}
	openToUsers(raw('0483:5740', { manufacturer: 'Bitcraze AB' }), 'a Crazyflie');
	assert.equal(raw('0483:5740', { manufacturer: 'ArduPilot' }).MODE, undefined);
});

test('what is no kit is left alone, and so is what goes', () => {
	for (const result of [raw('046d:c077'), tty('1199:9071'), raw('03eb:2ff4'),
		apply({ action: 'remove', subsystem: 'tty', attributes: { idVendor: '2341', idProduct: '0043' } }),
		apply({ action: 'add', subsystem: 'block', attributes: { idVendor: '0694', idProduct: '0002' } })]) {
		assert.deepEqual(result, { tags: [], env: {} });
	}
});

/* A lab of boards that drive: motors and a servo on pins whose wiring declares them motion. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { now, scratch, until } from './daemon.mjs';
import { lab } from './lab.mjs';

const LEFT = 5, RIGHT = 6;

export const ROVER = {
	id: 'rover',
	title: { zh: '\u5c0f\u8f66', en: 'rover' },
	models: ['uno'],
	parts: {
		'motor.1': { pin: LEFT, mode: 'pwm' },
		'motor.2': { pin: RIGHT, mode: 'pwm' },
		servo: { pin: 9, mode: 'servo', class: 'motion' },
		led: { pin: 13, mode: 'output' },
		light: { pin: 'A0', mode: 'analog' },
	},
};

/*
 * As lab(), for labels at seats "1", "2", ...; `config` is more of the configuration file.
 */
export async function rovers(t, labels = ['r1'], { config = '', args = [], boards = {}, ...more } = {}) {
	const dir = scratch();
	const file = path.join(dir, 'kitlabd.conf');
	writeFileSync(path.join(dir, 'rover.json'), JSON.stringify(ROVER));
	writeFileSync(file, `[folders]\nwiring_dir = ${dir}\n${config}`);
	const room = await lab(t, Object.fromEntries(labels.map((label, i) => [label,
		{ ...boards, keys: { wiring: 'rover', seat: String(i + 1), ...boards.keys } }])),
	{ args: ['--config', file, ...args], ...more });
	for (const board of Object.values(room.boards)) {
		watchMotion(board);
	}
	return room;
}

/* The board's `speed` is what its left motor does now; `moves` are its changes, with times. */
export function watchMotion(board) {
	board.moves = [];
	board.onMessage = ({ type, pin, value }) => {
		if ((type === 'analog' || type === 'digital') && (pin === LEFT || pin === RIGHT)) {
			board.moves.push({ pin, value, t: now() });
		}
		if (type === 'reset') {
			board.moves.push({ pin: LEFT, value: 0, t: now() });
		}
	};
	Object.defineProperty(board, 'speed', {
		configurable: true, get: () => board.pins[LEFT].value,
	});
}

/* A script that holds a lease from its first line on. */
export const moving = (source) => `require("kit").open()["motor.1"] = 0.1 ${source}`;

/* Takes a lease of the kit, and its left motor turns. */
export async function drive(client, kit, value = 0.5) {
	const { lease } = await client.call('kit.lease', { kit });
	await client.call('kit.write', { kit, property: 'motor.1', value, lease });
	return lease;
}

/* Feeds every 100 ms until it is told to stop; answers a function that does. */
export function feed(client, lease, every = 100) {
	const timer = setInterval(() => client.call('lease.feed', { lease }).catch(() => clearInterval(timer)), every);
	return () => clearInterval(timer);
}

/* When the board's left motor came to rest, ms after `since`. */
export async function untilRest(board, since, timeout = 5000) {
	const move = await until(() => board.moves.find((m) => m.t >= since && m.pin === LEFT && m.value === 0),
		timeout, 'the motor to rest');
	return move.t - since;
}

/* What a busy machine needs on top of a bound: make bench-safety measures. */
export const SOON = 600;

export const row = async (client, kit) => (await client.call('kits.list')).kits.find(({ id }) => id === kit);

/*
 * The lab admin's part of the stand-in for kitlabd: seats and their USB sockets, check-ups, firmware,
 * kits that are accepted or forgotten. Tests say how each of them goes on.
 */
export const ANOTHER = {
	reason: 'conflict',
	en: 'uno-2 is another kit than before: it was "7573", and now it says "8812". Were two kits swapped? Swap them back, or a teacher accepts it.',
	zh: 'uno-2 换成了另一个套件：以前是“7573”，现在是“8812”。是不是两个套件插反了？请换回来，或由教师确认。',
};
const TITLES = {
	answer: { en: 'answers', zh: '应答' }, firmware: { en: 'firmware', zh: '固件' }, sensors: { en: 'sensors', zh: '传感器' },
	battery: { en: 'battery', zh: '电量' }, motors: { en: 'motors', zh: '电机' },
};
const HINTS = {
	battery: { en: 'The battery is at 12 %: charge it.', zh: '电量只剩 12 %，请充电。' },
	sensors: { en: 'No plausible value: light. Look at plugs and wires.', zh: '读数不可信：light。请检查插头和导线。' },
	motors: { en: 'The motors were not tried. Hold the kit in your hand and press the button for it.',
		zh: '没有测试电机。请拿起套件，按住按钮进行测试。' },
	'let-go': { en: 'The button was let go, so the motors stopped: not judged.', zh: '按钮已松开，电机停止，未作判断。' },
};

export class FakeLab {
	constructor(daemon, fail) {
		Object.assign(this, { daemon, fail });
		this.seats = new Map(); /* seat -> socket */
		this.sockets = new Map(); /* kit -> socket */
		this.watchers = new Set();
		this.reports = []; /* newest first */
		this.checks = new Map(); /* kit -> how to end the check-up under way */
		this.troubles = new Map(); /* kit -> steps that fail */
		this.flashes = new Map();
	}

	table() {
		const kitAt = (socket) => [...this.sockets].find(([, where]) => where === socket)?.[0] ?? null;
		const bound = new Set(this.seats.values());
		return {
			seats: [...this.seats].map(([seat, socket]) => ({ seat, socket, kit: kitAt(socket) })),
			unbound: [...this.sockets].filter(([, socket]) => !bound.has(socket)).map(([kit, socket]) => ({ socket, kit })),
		};
	}

	tell(more) {
		this.watchers.forEach((client) => this.daemon.send(client, { jsonrpc: '2.0', method: 'seats.changed',
			params: { ...this.table(), ...more } }));
	}

	plug(socket, title = 'Arduino Uno') {
		this.tell({ plugged: { socket, title } });
	}

	/* A check-up as it was earlier, or as it ends now. */
	report(kit, { fails = this.troubles.get(kit) ?? [], motors = 'motors', at = new Date().toISOString() } = {}) {
		const isRobot = this.daemon.kits.get(kit)?.isRobot;
		const ids = Object.keys(TITLES).filter((id) => id !== 'motors' && (id !== 'battery' || isRobot));
		const steps = ids.map((id) => ({ id, passed: !fails.includes(id), ...(fails.includes(id) && { hint: id }) }));
		if (isRobot) {
			steps.push(motors === 'passed' ? { id: 'motors', passed: true } : { id: 'motors', passed: null, hint: motors });
		}
		const verdict = fails.some((id) => id !== 'battery') ? 'repair' : fails.length > 0 ? 'charge' : 'ready';
		this.reports.unshift({ kit, at, verdict, steps });
		return this.reports[0];
	}

	flash(kit, change) {
		this.flashes.set(kit, { ...this.flashes.get(kit), ...change });
		this.daemon.notify('flash.changed', this.flashes.get(kit));
	}

	/* What avrdude's end does to the kit. */
	flashed(kit) {
		this.flash(kit, { phase: 'done', share: 1 });
		this.daemon.setRow(kit, { state: 'ready', why: null });
	}
}

const localized = (report, { lang }) => ({ ...report, steps: report.steps.map((step) => ({ ...step,
	title: TITLES[step.id][lang], ...(step.hint && { hint: HINTS[step.hint][lang] }) })) });

export const labMethods = {
	'seats.watch': ({ lab }, client) => {
		lab.watchers.add(client);
		client.socket.once('close', () => lab.watchers.delete(client));
		return lab.table();
	},
	'seats.unwatch': ({ lab }, client) => {
		lab.watchers.delete(client);
		return {};
	},
	'seats.bind': ({ lab }, _client, { socket, seat }) => {
		if (/[ /]/.test(seat)) {
			lab.fail('invalid', `"${seat}" is no name of a seat: letters, digits and - only.`);
		}
		[...lab.seats].filter((pair) => pair[0] === seat || pair[1] === socket).forEach(([old]) => lab.seats.delete(old));
		if (seat) {
			lab.seats.set(seat, socket);
		}
		lab.tell();
		return lab.table();
	},
	'kit.accept': ({ lab, kits }, _client, { kit }) => {
		const { row } = kits.get(kit);
		if (row.why?.en !== ANOTHER.en) {
			lab.fail('refused', `${kit} does not wait for being accepted.`);
		}
		lab.daemon.setRow(kit, { state: 'ready', why: null });
		return {};
	},
	'kit.forget': ({ lab, kits }, _client, { kit }) => {
		if (!['absent', 'lost'].includes(kits.get(kit).row.state)) {
			lab.fail('refused', `${kit} is here.`);
		}
		kits.delete(kit);
		lab.daemon.notify('kits.changed', { kit, row: null });
		return {};
	},
	'health.check': ({ lab, leases }, client, { kit, lease }) => new Promise((resolve) => {
		const say = (step, share) => lab.daemon.send(client, { jsonrpc: '2.0', method: 'health.progress', params: { kit, step, share } });
		const end = (how) => {
			clearInterval(timer);
			lab.checks.delete(kit);
			resolve(localized(lab.report(kit, how), client));
		};
		const timer = setInterval(() => {
			if (lease && !leases.all.has(lease)) {
				end({ motors: 'let-go' });
			}
		}, 10);
		client.socket.once('close', () => clearInterval(timer));
		lab.checks.set(kit, { end, move: () => say('motors', 0.6) });
		say('sensors', 0.1);
	}),
	'health.list': ({ lab }, client) => {
		const newest = new Map([...lab.reports].reverse().map((report) => [report.kit, report]));
		return { reports: [...newest.values()].map((report) => localized(report, client)) };
	},
	'health.history': ({ lab }, client, { kit }) =>
		({ reports: lab.reports.filter((report) => report.kit === kit).map((report) => localized(report, client)) }),
	'kit.flash': ({ lab, kits }, client, { kit, hex, name, board }) => {
		const model = board ?? kits.get(kit).row.model;
		if (hex && !hex.startsWith(':')) {
			lab.fail('invalid', client.lang === 'zh' ? `${name}：第 1 行不是 Intel HEX 格式。请选择 Arduino IDE 导出的 .hex 文件。`
				: `${name}:1: this is no line of an Intel HEX file. Choose the .hex file that the Arduino IDE exports.`);
		}
		lab.flash(kit, { kit, name: name ?? `/var/lib/kitlab/firmware/${model}.hex`, board: model, phase: 'connecting', share: 0 });
		lab.daemon.setRow(kit, { state: 'refused', why: { reason: 'refused', en: 'Firmware is being written to this kit.', zh: '正在为该套件烧录固件。' } });
		return {};
	},
	'flash.list': ({ lab }) => ({ flashes: [...lab.flashes.values()] }),
};

/*
 * The robots of the stand-in for kitlabd: their descriptions, the leases that let them move, and
 * the all-stop. As SAFETY says: motion without a lease is refused, a lease that nobody feeds
 * ends, and with it the motion.
 */
const EXPIRE_MS = 20;

const number = (kind, zh, en, unit, min, max, more) => ({ type: 'number', kind, class: 'signal', writable: false,
	title: { zh, en }, unit, min, max, ...more });
const moves = { class: 'motion', writable: true };
const motor = (n) => [`motor.${n}`, number('motion', '电机', 'motor', '1', -1, 1, moves)];
const joint = (n, min, max) => [`joint.${n}`, number('angle', '关节', 'joint', 'deg', min, max, moves)];
const share = (name, zh, en, min = -1) => ({ name, type: 'number', unit: '1', min, max: 1, title: { zh, en } });
const seconds = { name: 'duration', type: 'number', unit: 's', min: 0, max: 10, title: { zh: '时长', en: 'duration' } };
const bool = (kind, zh, en, writable = false) => ({ type: 'bool', kind, class: 'signal', writable, title: { zh, en } });
const stop = { class: 'signal', args: [], title: { zh: '停止', en: 'stop' } };
const battery = ['battery', number('status', '电量', 'battery', '%', 0, 100)];

const wheels = {
	drive: { class: 'motion', title: { zh: '行驶', en: 'drive' },
		args: [share('left', '左轮速度', 'left speed'), share('right', '右轮速度', 'right speed')] },
	turn: { class: 'motion', title: { zh: '原地转向', en: 'turn' }, args: [share('speed', '速度', 'speed')] },
	stop,
};

export const ROBOTS = {
	mbot: {
		dead_man: false,
		properties: Object.fromEntries([motor(1), motor(2),
			['distance', number('sensor', '超声波测距', 'distance sensor', 'cm', 0, 400)],
			['line', number('sensor', '巡线传感器', 'line sensor', '1', 0, 1)],
			['line.1', bool('sensor', '巡线探头', 'line sensor probe')],
			['line.2', bool('sensor', '巡线探头', 'line sensor probe')],
			['rgb', { type: 'vector', kind: 'color', class: 'signal', writable: true, unit: '1', min: 0, max: 1,
				title: { zh: '彩灯', en: 'colour light' } }],
			['button', bool('button', '按钮', 'button')], battery]),
		actions: wheels,
		set: { 'motor.1': 0, 'motor.2': 0, distance: 41, line: 0, 'line.1': false, 'line.2': true, rgb: [0, 0.6, 0.2], button: false },
	},
	ev3: {
		dead_man: false,
		properties: Object.fromEntries([motor(1), motor(2), motor(3),
			['turned.1', number('angle', '电机转角', 'motor angle', 'deg')],
			['heading', number('compass', '航向角', 'heading', 'deg', -180, 180)],
			['touch', bool('button', '触碰传感器', 'touch sensor')], battery]),
		actions: wheels,
		set: { 'motor.1': 0, 'motor.2': 0, 'motor.3': 0, 'turned.1': 725, heading: 62, touch: false },
	},
	arm: {
		dead_man: true,
		properties: Object.fromEntries([joint(1, -150, 150), joint(2, -90, 90), joint(3, -100, 100), joint(4, -120, 120),
			['grip', number('angle', '夹爪', 'gripper', '1', 0, 1, moves)],
			['load.2', number('sensor', '关节负载', 'joint load', '1', -1, 1)],
			['temperature.2', number('sensor', '关节温度', 'joint temperature', 'Cel', -40, 150)]]),
		actions: { stop, relax: { class: 'signal', args: [], title: { zh: '放松', en: 'relax' } },
			pose: { class: 'motion', title: { zh: '摆姿势', en: 'pose' },
				args: [{ name: 'angles', type: 'vector', unit: 'deg', title: { zh: '各关节角度', en: 'angles' } }] } },
		set: { 'joint.1': 12, 'joint.2': -35, 'joint.3': 60, 'joint.4': 0, grip: 0.4, 'load.2': 0.22, 'temperature.2': 38 },
	},
	owi: {
		dead_man: false,
		properties: { led: bool('light', 'LED 灯', 'LED', true) },
		actions: {
			move_joint: { class: 'motion', title: { zh: '转动关节', en: 'move a joint' }, args: [
				{ name: 'joint', type: 'integer', min: 1, max: 4, title: { zh: '关节号', en: 'joint' } },
				share('speed', '速度', 'speed'), seconds] },
			move_grip: { class: 'motion', title: { zh: '开合夹爪', en: 'move the gripper' },
				args: [share('speed', '速度', 'speed'), seconds] },
			stop,
		},
		set: { led: false },
	},
};

function localized(thing, lang) {
	return { ...thing, title: thing.title[lang], ...(thing.args && { args: thing.args.map((one) => localized(one, lang)) }) };
}

export function describeRobot(id, model, lang) {
	const { properties, actions, dead_man } = ROBOTS[model];
	const all = (things) => Object.fromEntries(Object.entries(things).map(([name, one]) => [name, localized(one, lang)]));
	return { id, model, dead_man, properties: all(properties), actions: all(actions), events: {} };
}

/* ---- leases ---- */

export class Leases {
	constructor(daemon, fail) {
		Object.assign(this, { daemon, fail, all: new Map(), next: 1, fed: 0, patience: 1, stepMax: 2, speedMax: 1 });
		this.timer = setInterval(() => {
			for (const lease of this.all.values()) {
				if (performance.now() - lease.fedAt > lease.ttl * this.patience) {
					this.end(lease, 'expired');
				}
			}
		}, EXPIRE_MS);
	}

	close() {
		clearInterval(this.timer);
	}

	of(kit) {
		return [...this.all.values()].find((lease) => lease.kit === kit);
	}

	take(client, { kit, ttl = 300, take = false }) {
		const held = this.of(kit);
		if (this.daemon.room.stopped) {
			this.fail('stopped', 'The room is stopped.');
		}
		if (held && !take) {
			this.fail('busy', `${kit} is driven by ${held.by}.`);
		}
		if (held) {
			this.end(held, 'taken', client.name);
		}
		const lease = { lease: `l${this.next++}`, kit, ttl, client, by: client.name, fedAt: performance.now() };
		this.all.set(lease.lease, lease);
		this.daemon.setRow(kit, { holder: lease.by });
		return { lease: lease.lease, ttl };
	}

	feed(client, name) {
		const lease = this.all.get(name);
		if (lease?.client !== client) {
			this.fail('lost', 'This lease is over.');
		}
		lease.fedAt = performance.now();
		this.fed++;
		return lease;
	}

	end(lease, reason, by = null) {
		this.all.delete(lease.lease);
		this.rest(lease.kit);
		this.daemon.setRow(lease.kit, { holder: null });
		if (reason && lease.client.socket.readyState === 1) {
			this.daemon.send(lease.client, { jsonrpc: '2.0', method: 'lease.lost', params: { lease: lease.lease, kit: lease.kit, reason, ...(by && { by }),
				hint: by ? `${by} took over ${lease.kit}.` : `The lease of ${lease.kit} ended: ${reason}.` } });
		}
	}

	rest(id) {
		const kit = this.daemon.kits.get(id);
		for (const name of Object.keys(kit.set).filter((one) => one.startsWith('motor.'))) {
			kit.set[name] = 0;
		}
		kit.restedAt = performance.now();
	}

	/* The connection is gone: so are its leases. */
	leave(client) {
		[...this.all.values()].filter((lease) => lease.client === client).forEach((lease) => this.end(lease, null));
	}

	/* What moves: with the right lease only. */
	check(client, kit, lease) {
		if (lease === undefined) {
			this.fail('refused', 'What moves needs a lease.');
		}
		if (this.feed(client, lease).kit !== kit) {
			this.fail('refused', 'A lease of another kit.');
		}
	}

	act(client, { kit: id, action, args = {}, lease }) {
		const kit = this.daemon.kits.get(id);
		if (ROBOTS[kit.row.model]?.actions[action]?.class === 'motion') {
			this.check(client, id, lease);
		}
		if (action === 'stop') {
			this.rest(id);
		}
		const [left, right] = action === 'drive' ? [args.left, args.right] : action === 'turn' ? [-args.speed, args.speed] : [];
		const far = Math.max(Math.abs(left - kit.set['motor.1']), Math.abs(right - kit.set['motor.2']));
		if (left !== 0 && (far > this.stepMax || Math.abs(left) > this.speedMax)) {
			this.fail('limit', `left ${left} is over the limit.`);
		}
		if (left !== undefined) {
			Object.assign(kit.set, { 'motor.1': left, 'motor.2': right });
		}
		return { result: null, t: 0 };
	}

	write(client, { kit: id, property, value, lease }) {
		const kit = this.daemon.kits.get(id);
		if (ROBOTS[kit.row.model]?.properties[property]?.class === 'motion') {
			this.check(client, id, lease);
		}
		kit.set[property] = value;
	}

	/* The all-stop, for whoever asks, however. */
	stop({ level = 'hold' }, by) {
		const { daemon } = this;
		[...this.all.values()].forEach((lease) => this.end(lease, 'stopped', by));
		[...daemon.runs.values()].filter(({ state }) => state === 'running').forEach((run) => daemon.endRun(run, 'stopped'));
		const here = [...daemon.kits.values()].filter(({ row }) => row.state === 'ready').map(({ row }) => row.id);
		const unconfirmed = here.filter((id) => daemon.deaf.has(id));
		const confirmed = here.filter((id) => !daemon.deaf.has(id));
		const first = daemon.room.stopped ? daemon.room : { by, at: new Date().toISOString() };
		daemon.stops.push(level);
		daemon.room = { stopped: true, level, by: first.by, at: first.at, confirmed, unconfirmed, seats: [] };
		daemon.notifyRoom();
		return { confirmed, unconfirmed };
	}
}

/*
 * The floor of the stand-in for kitlabd: robots that roll as their motors say, things that stay
 * where they are put. Shapes as docs/api.md has them.
 */
const TOP_SPEED = 0.35;
const WHEEL_BASE = 0.115;

export const OBJECTS = [
	{ id: 'room', type: 'room', size: [3, 2], daylight: 0.6, slip: 0 },
	{ id: 'line-1', type: 'line', width: 0.03, closed: true, points: Array.from({ length: 40 }, (_, i) => {
		const angle = i / 40 * 2 * Math.PI;
		return [1.5 + 1.1 * Math.cos(angle), 1 + 0.6 * Math.sin(angle) + 0.12 * Math.sin(2 * angle)];
	}) },
	{ id: 'box-1', type: 'box', at: [1.5, 1.05], size: [0.5, 0.22], heading: 0.4 },
	{ id: 'circle-1', type: 'circle', at: [0.5, 1.6], radius: 0.13 },
	{ id: 'lamp-1', type: 'lamp', at: [2.5, 1.6], brightness: 0.9, reach: 0.4 },
];

export class FakeFloor {
	constructor(daemon, objects = OBJECTS) {
		Object.assign(this, { daemon, bodies: new Map(), objects: structuredClone(objects) });
	}

	add(id, pose) {
		this.bodies.set(id, { pose, speed: 0, radius: 0.085 });
	}

	state() {
		return { t: 0, kits: Object.fromEntries(this.bodies), objects: this.objects };
	}

	tell(news) {
		for (const client of this.daemon.clients) {
			if (client.watchesWorld) {
				this.daemon.send(client, { jsonrpc: '2.0', method: 'world.changed', params: { t: 0, ...news } });
			}
		}
	}

	/* Moves everything on by `seconds` and tells what moved. */
	step(seconds) {
		const moved = {};
		for (const [id, body] of this.bodies) {
			const { 'motor.1': left = 0, 'motor.2': right = 0 } = this.daemon.kits.get(id)?.set ?? {};
			body.speed = (left + right) / 2 * TOP_SPEED;
			if (left !== 0 || right !== 0) {
				const [x, y, heading] = body.pose;
				const within = (at, size) => Math.min(size - body.radius, Math.max(body.radius, at));
				body.pose = [within(x + body.speed * seconds * Math.cos(heading), 3),
					within(y + body.speed * seconds * Math.sin(heading), 2),
					heading + (right - left) * TOP_SPEED / WHEEL_BASE * seconds];
				moved[id] = body;
			}
		}
		if (Object.keys(moved).length > 0) {
			this.tell({ kits: moved });
		}
	}

	set({ kits = {}, objects = [] }) {
		for (const [id, { pose }] of Object.entries(kits)) {
			if (pose) {
				this.bodies.get(id).pose = pose;
				this.tell({ kits: { [id]: this.bodies.get(id) } });
			}
		}
		for (const change of objects) {
			const known = this.objects.find(({ id }) => id === change.id);
			if (change.type === null) {
				this.objects = this.objects.filter((one) => one !== known);
			} else if (known) {
				Object.assign(known, change);
			} else {
				this.objects.push(change);
			}
		}
		if (objects.length > 0) {
			this.tell({ objects: this.objects });
		}
	}
}

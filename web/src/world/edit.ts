/*
 * What a teacher does to the floor: drags, turns, adds and takes away. It is seen at once and told to
 * the daemon as fast as that answers; when that knows all and no finger is down, its word counts.
 */
import type { Task } from '../parts/problem';
import { newest } from '../parts/problem';
import { socket } from '../state';
import type { FloorObject, ObjectChange, Point, Pose, WorldKit } from '../wire';
import type { Scene } from './scene';

interface Changes {
	kits: Record<string, WorldKit>;
	objects: Record<string, ObjectChange>;
}

const OVAL_POINTS = 32;

export class Edit {
	private queue;
	private finger = false;
	private count = 0; /* changes made: who awaited something sees whether there is a newer one */

	constructor(private readonly scene: Scene, task: Task) {
		this.queue = newest(async (changes: Changes) => {
			const { count } = this;
			const set = { kits: changes.kits, objects: Object.values(changes.objects) };
			await task.run(() => socket.request('world.set', set));
			if (count === this.count && !this.finger) {
				await this.settle();
			}
		}, (waiting, { kits, objects }) => {
			for (const id in objects) {
				waiting.objects[id] = { ...waiting.objects[id], ...objects[id]! };
			}
			return { kits: { ...waiting.kits, ...kits }, objects: waiting.objects };
		});
	}

	object(id: string): FloorObject | undefined {
		return this.scene.objects.peek().find((one) => one.id === id);
	}

	at(id: string): Point | undefined {
		const body = this.scene.bodies.get(id);
		return body ? [body.pose[0], body.pose[1]] : this.object(id)?.at;
	}

	move(id: string, [x, y]: Point): void {
		const [width, height] = this.scene.room.size;
		const within = (value: number, size: number): number => Math.round(Math.min(size, Math.max(0, value)) * 1000) / 1000;
		const to: Point = [within(x, width), within(y, height)];
		const body = this.scene.bodies.get(id);
		if (body) {
			this.pose(id, [...to, body.pose[2]]);
		} else {
			this.change({ id, at: to });
		}
	}

	turn(id: string, radians: number): void {
		const body = this.scene.bodies.get(id);
		if (body) {
			const heading = body.pose[2] + radians;
			this.pose(id, [body.pose[0], body.pose[1], Math.atan2(Math.sin(heading), Math.cos(heading))]);
		} else {
			this.change({ id, heading: (this.object(id)?.heading ?? 0) + radians });
		}
	}

	scale(id: string, factor: number): void {
		const object = this.object(id);
		const sized = (metres: number): number => Math.round(Math.min(2, Math.max(0.04, metres * factor)) * 1000) / 1000;
		if (object?.size) {
			this.change({ id, size: [sized(object.size[0]), sized(object.size[1])] });
		} else if (object?.radius !== undefined) {
			this.change({ id, radius: sized(object.radius) });
		}
	}

	change(change: ObjectChange): void {
		const { objects } = this.scene;
		objects.value = objects.peek().map((one) => (one.id === change.id ? { ...one, ...change } as FloorObject : one));
		this.tell(change.id, { kits: {}, objects: { [change.id]: change } });
	}

	/* Something new in the middle of the floor; its id. */
	add(type: 'box' | 'circle' | 'lamp' | 'line'): string {
		const taken = new Set(this.scene.objects.peek().map(({ id }) => id));
		let n = 1;
		while (taken.has(`${type}-${n}`)) {
			n++;
		}
		const [width, height] = this.scene.room.size;
		const at: Point = [width / 2, height / 2];
		const id = `${type}-${n}`;
		const shape = {
			box: { at, size: [0.3, 0.2] as Point, heading: 0 },
			circle: { at, radius: 0.12 },
			lamp: { at, brightness: 1, reach: 0.5 },
			line: { points: oval(at, width * 0.35, height * 0.35), closed: true, width: 0.03 },
		}[type];
		this.restore({ id, type, ...shape });
		return id;
	}

	restore(object: FloorObject): void {
		this.scene.objects.value = [...this.scene.objects.peek(), object];
		this.tell(object.id, { kits: {}, objects: { [object.id]: object } });
	}

	remove(id: string): FloorObject | undefined {
		const gone = this.object(id);
		this.scene.objects.value = this.scene.objects.peek().filter((one) => one.id !== id);
		this.tell(id, { kits: {}, objects: { [id]: { id, type: null } } });
		return gone;
	}

	hold(id: string): void {
		this.finger = true;
		this.scene.held.add(id);
	}

	drop(): void {
		this.finger = false;
		if (!this.queue.isBusy()) {
			void this.settle();
		}
	}

	/* Now the daemon says where things are: one may have been pushed aside, or refused. */
	private async settle(): Promise<void> {
		const { count } = this;
		const floor = await socket.request('world.watch', {}).catch(() => null);
		if (floor && count === this.count && !this.finger) {
			this.scene.held.clear();
			this.scene.change(floor);
		}
	}

	private pose(id: string, pose: Pose): void {
		this.scene.show(id, pose);
		this.tell(id, { kits: { [id]: { pose } }, objects: {} });
	}

	private tell(id: string, changes: Changes): void {
		this.count++;
		this.scene.held.add(id);
		this.queue.send(changes);
	}
}

function oval([x, y]: Point, width: number, height: number): Point[] {
	return Array.from({ length: OVAL_POINTS }, (_, i): Point => {
		const angle = i / OVAL_POINTS * 2 * Math.PI;
		const round = (metres: number): number => Math.round(metres * 1000) / 1000;
		return [round(x + width * Math.cos(angle)), round(y + height * Math.sin(angle))];
	});
}

/*
 * The floor as a top view shows it: where the robots are and were, and what stands there.
 * Changes come up to 30 times a second and are drawn once an animation frame.
 */
import { signal } from '@preact/signals';
import type { FloorObject, FloorState, KitPose, Point, Pose, WorldNews } from '../wire';

const TRAIL_POINTS = 400;
const TRAIL_STEP_M = 0.01;

export interface Body {
	pose: Pose;
	radius: number;
	isMoving: boolean;
	trail: Point[];
}

export class Scene {
	readonly objects = signal<FloorObject[]>([]);
	readonly ids = signal<string[]>([]); /* of the robots */
	readonly bodies = new Map<string, Body>();
	readonly held = new Set<string>(); /* under a finger, or changed and not yet told: older news of them is ignored */

	constructor(private readonly redraw: () => void) {}

	begin({ kits, objects }: FloorState): void {
		this.bodies.clear();
		this.held.clear();
		this.change({ kits, objects });
		this.ids.value = [...this.bodies.keys()];
	}

	change({ kits, objects }: WorldNews): void {
		for (const id in kits) {
			if (!this.held.has(id)) {
				this.move(id, kits[id]!);
			}
		}
		if (objects) {
			const mine = new Map(this.objects.peek().filter(({ id }) => this.held.has(id)).map((one) => [one.id, one]));
			const known = objects.filter(({ id }) => !this.held.has(id) || mine.has(id)).map((one) => mine.get(one.id) ?? one);
			this.objects.value = [...new Set([...known, ...mine.values()])];
		}
		if (this.bodies.size !== this.ids.peek().length) {
			this.ids.value = [...this.bodies.keys()];
		}
		this.redraw();
	}

	get room(): { size: Point; daylight: number } {
		const room = this.objects.value.find(({ type }) => type === 'room');
		return { size: room?.size ?? [3, 2], daylight: room?.daylight ?? 1 };
	}

	clearTrails(): void {
		this.bodies.forEach((body) => { body.trail = []; });
		this.redraw();
	}

	/* Put there by hand: no trail leads to it. */
	show(id: string, pose: Pose): void {
		const body = this.bodies.get(id);
		if (body) {
			Object.assign(body, { pose, trail: [] });
			this.redraw();
		}
	}

	private move(id: string, { pose, speed, radius }: KitPose): void {
		if (!pose) {
			return; /* an arm: it stands on its table */
		}
		const body = this.bodies.get(id) ?? { pose, radius: 0.085, isMoving: false, trail: [] };
		const [x, y] = pose;
		const [lastX, lastY] = body.trail[body.trail.length - 1] ?? [Infinity, Infinity];
		if (Math.hypot(x - lastX, y - lastY) >= TRAIL_STEP_M) {
			body.trail.push([x, y]);
			if (body.trail.length > TRAIL_POINTS) {
				body.trail.splice(0, TRAIL_POINTS >> 2);
			}
		}
		this.bodies.set(id, Object.assign(body, { pose, radius: radius ?? body.radius, isMoving: Math.abs(speed ?? 0) > 0.001 }));
	}
}

/* What is under a place: robots above obstacles, lamps above all; null: the floor. */
export function thingAt(scene: Scene, [x, y]: Point, reach: number): string | null {
	const near = (at: Point | undefined, radius: number): boolean =>
		at !== undefined && Math.hypot(at[0] - x, at[1] - y) <= Math.max(radius, reach);
	const objects = [...scene.objects.peek()].reverse();
	const lamp = objects.find(({ type, at }) => type === 'lamp' && near(at, 0));
	if (lamp) {
		return lamp.id;
	}
	for (const [id, { pose, radius }] of scene.bodies) {
		if (near([pose[0], pose[1]], radius)) {
			return id;
		}
	}
	return objects.find((thing) => isInside(thing, [x, y], reach))?.id ?? null;
}

function isInside({ type, at, size, radius, heading = 0 }: FloorObject, [x, y]: Point, reach: number): boolean {
	if (!at) {
		return false;
	}
	const [dx, dy] = [x - at[0], y - at[1]];
	if (type === 'circle') {
		return Math.hypot(dx, dy) <= Math.max(radius ?? 0, reach);
	}
	const along = Math.abs(dx * Math.cos(heading) + dy * Math.sin(heading));
	const across = Math.abs(dy * Math.cos(heading) - dx * Math.sin(heading));
	return type === 'box' && size !== undefined
		&& along <= Math.max(size[0] / 2, reach) && across <= Math.max(size[1] / 2, reach);
}

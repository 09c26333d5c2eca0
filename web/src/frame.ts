/*
 * Drawing once an animation frame: messages mark things dirty as they come, and all that is
 * dirty is drawn together before the next frame. A hidden tab draws nothing.
 */
import { batch } from '@preact/signals';

const dirty = new Set<() => void>();
let isAsked = false;

/* Runs `draw` before the next frame, once however often it is asked. */
export function draw(task: () => void): void {
	dirty.add(task);
	if (!isAsked) {
		isAsked = true;
		requestAnimationFrame(run);
	}
}

function run(): void {
	isAsked = false;
	const tasks = [...dirty];
	dirty.clear();
	batch(() => tasks.forEach((task) => task()));
}

/*
 * Is there a floor with virtual robots, and who looks at it: asked after every connection, then
 * watched only while a top view is open (world/).
 */
import { signal } from '@preact/signals';
import { isLive, socket } from './state';
import type { FloorState, WorldNews } from './wire';

export const onFloor = signal<ReadonlySet<string>>(new Set()); /* kits */

interface Viewer {
	begin(world: FloorState): void;
	change(news: WorldNews): void;
}
const viewers = new Set<Viewer>();

export async function resumeFloor(): Promise<void> {
	const world = await socket.request('world.watch', {}).catch(() => null);
	onFloor.value = new Set(Object.keys(world?.kits ?? {}).filter((id) => world!.kits[id]!.pose));
	if (world && viewers.size > 0) {
		viewers.forEach((viewer) => viewer.begin(world));
	} else if (world) {
		unwatch();
	}
}

const unwatch = (): void => {
	socket.request('world.unwatch', {}).catch(() => undefined);
};

/* Returns what ends it. */
export function watchFloor(viewer: Viewer): () => void {
	viewers.add(viewer);
	if (isLive.peek()) {
		void resumeFloor();
	}
	return () => {
		viewers.delete(viewer);
		if (viewers.size === 0 && isLive.peek()) {
			unwatch();
		}
	};
}

socket.on('world.changed', (news) => viewers.forEach((viewer) => viewer.change(news)));

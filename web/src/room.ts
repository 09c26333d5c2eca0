/*
 * The red button: stops the room, and says only what the daemon's answer proves.
 *
 * A daemon whose version has no room stop answers `unsupported`; then every running script is
 * stopped one by one, and the page says that outputs stay as they are.
 */
import { signal } from '@preact/signals';
import { isLive, socket } from './state';
import { RpcError, runIsOver, type RoomState } from './wire';

export const room = signal<RoomState | null>(null); /* null: this daemon has no room stop */

export type StopResult =
	| { kind: 'asking' }
	| { kind: 'offline' }
	| { kind: 'failed'; hint: string }
	| { kind: 'stopped'; confirmed: string[]; unconfirmed: string[] }
	| { kind: 'scripts'; stopped: string[]; failed: string[] };

export const stopResult = signal<StopResult | null>(null);

const KILL_WITHIN_MS = 2000;
let pressedAt = -Infinity;

export async function pressStop(): Promise<void> {
	if (!isLive.peek()) {
		stopResult.value = { kind: 'offline' };
		return;
	}
	const isSecond = performance.now() - pressedAt < KILL_WITHIN_MS;
	pressedAt = performance.now();
	stopResult.value = { kind: 'asking' };
	try {
		const answer = await socket.request('room.stop', { level: isSecond ? 'kill' : 'hold' });
		stopResult.value = { kind: 'stopped', ...answer };
	} catch (error) {
		stopResult.value = await stopAfter(error as RpcError);
	}
}

async function stopAfter(error: RpcError): Promise<StopResult> {
	if (error.reason === 'offline') {
		return { kind: 'offline' };
	}
	if (error.reason !== 'unsupported') {
		return { kind: 'failed', hint: error.hint ?? error.message };
	}
	try {
		const { runs } = await socket.request('script.list', {});
		const stopped: string[] = [];
		const failed: string[] = [];
		await Promise.all(runs.filter((run) => !runIsOver(run.state)).map((run) =>
			socket.request('script.stop', { run: run.run }).then(
				() => stopped.push(run.name), () => failed.push(run.name))));
		return { kind: 'scripts', stopped, failed };
	} catch {
		return { kind: 'offline' };
	}
}

export const clearRoom = (): void => {
	socket.request('room.clear', {}).catch((error: RpcError) => {
		stopResult.value = { kind: 'failed', hint: error.hint ?? error.message };
	});
};

export async function resumeRoom(): Promise<void> {
	room.value = await socket.request('room.watch', {}).catch(() => null);
}

socket.on('room.changed', (state) => {
	room.value = state;
});

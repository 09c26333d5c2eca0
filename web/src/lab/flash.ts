/* Firmware that is being written to kits, and how the last writing of each kit ended. */
import { signal } from '@preact/signals';
import { socket } from '../state';
import type { Flash } from './wire';

export const BOARDS = ['uno', 'nano', 'mega', 'mbot'] as const;
export const QUESTION_MAX = 500 * 1024; /* the daemon takes a little more */

export const flashes = signal<Map<string, Flash>>(new Map());

export const isOver = ({ phase }: Flash): boolean => phase === 'done' || phase === 'failed';

export async function loadFlashes(): Promise<void> {
	const { flashes: list } = await socket.request('flash.list', {});
	flashes.value = new Map(list.map((flash) => [flash.kit, flash]));
}

socket.on('flash.changed', (flash) => {
	flashes.value = new Map(flashes.peek()).set(flash.kit, flash);
});

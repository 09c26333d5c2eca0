/* Check-ups of kits: the newest result of each, those under way, and one after the other of all. */
import { signal } from '@preact/signals';
import { socket } from '../state';
import type { RpcError } from '../wire';
import type { Report, StepId } from './wire';

export interface Course {
	step: StepId;
	share: number;
}

export const reports = signal<Map<string, Report>>(new Map());
export const courses = signal<Map<string, Course>>(new Map()); /* by kit */
export const failures = signal<Map<string, RpcError>>(new Map()); /* why the last one came to no result */
export const batch = signal<{ kits: string[]; at: number; isEnding: boolean } | null>(null);

const put = <T>(map: Map<string, T>, key: string, value: T | null): Map<string, T> => {
	const copy = new Map(map);
	copy.delete(key);
	return value === null ? copy : copy.set(key, value);
};

export async function loadReports(): Promise<void> {
	const { reports: list } = await socket.request('health.list', {});
	reports.value = new Map(list.map((report) => [report.kit, report]));
}

export async function checkUp(kit: string, lease?: string): Promise<void> {
	courses.value = put(courses.peek(), kit, { step: 'answer', share: 0 });
	failures.value = put(failures.peek(), kit, null);
	try {
		const report = await socket.request('health.check', { kit, ...(lease && { lease }) });
		reports.value = put(reports.peek(), kit, report);
	} catch (error) {
		failures.value = put(failures.peek(), kit, error as RpcError);
	}
	courses.value = put(courses.peek(), kit, null);
}

export async function checkAll(kits: string[]): Promise<void> {
	batch.value = { kits, at: 0, isEnding: false };
	for (let at = 0; at < kits.length && !batch.peek()!.isEnding; at++) {
		batch.value = { ...batch.peek()!, at };
		await checkUp(kits[at]!);
	}
	batch.value = null;
}

export function endBatch(): void {
	batch.value = batch.peek() && { ...batch.peek()!, isEnding: true };
}

socket.on('health.progress', ({ kit, step, share }) => {
	if (courses.peek().has(kit)) {
		courses.value = put(courses.peek(), kit, { step, share });
	}
});

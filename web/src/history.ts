/*
 * What a kit measured lately, for sparklines and charts: columns over one time axis.
 *
 * Messages bring only what changed, so a row repeats the last value of the others (a
 * stair, which is what happened). Old rows are cut off in large steps, so that adding
 * costs the same always.
 */
import type { Values } from './wire';

const KEEP_MS = 125_000;
const ROWS_MAX = 5000;

export type Column = (number | null)[];

export class History {
	times: number[] = []; /* daemon's clock, ms, rising */
	columns = new Map<string, Column>();

	add(t: number, set: Values): void {
		const row = this.times.length;
		const last = this.times[row - 1];
		this.times.push(last !== undefined && last > t ? last : t);
		for (const name in set) {
			const value = set[name];
			const number = typeof value === 'number' ? value
				: typeof value === 'boolean' ? Number(value) : null;
			if (number !== null && !this.columns.has(name)) {
				this.columns.set(name, new Array<number | null>(row).fill(null));
			}
			this.columns.get(name)?.push(number);
		}
		for (const column of this.columns.values()) {
			if (column.length === row) {
				column.push(column[row - 1] ?? null);
			}
		}
		if (row >= ROWS_MAX) {
			this.cut(this.from(Math.max(t - KEEP_MS, this.times[ROWS_MAX >> 1]!)));
		}
	}

	/* From here on nothing is known: a gap in every line, not a bridge. */
	gap(t: number, names: Iterable<string> = this.columns.keys()): void {
		this.add(t, Object.fromEntries([...names].map((name) => [name, null])));
	}

	/* Index of the first row at or after t. */
	from(t: number): number {
		let low = 0;
		let high = this.times.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.times[middle]! < t) {
				low = middle + 1;
			} else {
				high = middle;
			}
		}
		return low;
	}

	private cut(row: number): void {
		this.times = this.times.slice(row);
		for (const [name, column] of this.columns) {
			this.columns.set(name, column.slice(row));
		}
	}
}

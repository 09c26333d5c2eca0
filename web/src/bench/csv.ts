/* What the chart shows as a table for a spreadsheet. */
import { unitText } from '../format';
import type { Property } from '../wire';

interface Table {
	times: number[];
	columns: (number | null)[][];
}

export function csvText(names: string[], properties: Record<string, Property>, { times, columns }: Table): string {
	const head = ['time (s)', ...names.map((name) => {
		const unit = unitText(properties[name]?.unit);
		return unit ? `${name} (${unit})` : name;
	})];
	/* Where the connection was gone nothing is known: no row. */
	const known = times.map((_time, i) => i).filter((i) => columns.some((column) => column[i] != null));
	const start = times[known[0] ?? 0] ?? 0;
	const rows = known.map((i) =>
		[(times[i]! - start).toFixed(3), ...columns.map((column) => column[i] ?? '')].join(','));
	return [head.map(quoted).join(','), ...rows, ''].join('\r\n');
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

/* 2026-09-01T101530 on the clock of the room, for the name of a file. */
const localTime = (at: Date): string =>
	new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace(/:/g, '');

export function saveCsv(
	kit: string, names: string[], properties: Record<string, Property>, table: Table,
): void {
	/* The mark at the front makes spreadsheets read UTF-8. */
	const blob = new Blob(['\ufeff', csvText(names, properties, table)], { type: 'text/csv' });
	const anchor = document.createElement('a');
	anchor.href = URL.createObjectURL(blob);
	anchor.download = `${kit}-${localTime(new Date())}.csv`;
	anchor.click();
	URL.revokeObjectURL(anchor.href);
}

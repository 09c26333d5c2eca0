/*
 * Texts in the reader's language. Reading lang's signal makes a view redraw when it changes.
 *
 * The first page brings only its own texts; those of other pages (bench.ts, pages.ts) come with
 * their code, and their `t` knows both.
 */
import { lang } from '../prefs';
import { en, type Key } from './en';
import { zh } from './zh';

export type { Key } from './en';
type Table = Record<string, string>;
export const tables: { en: Table; zh: Table } = { en: { ...en }, zh: { ...zh } };

export function add(more: { en: Table; zh: Table }): void {
	Object.assign(tables.en, more.en);
	Object.assign(tables.zh, more.zh);
}

export function t(key: Key, filling?: Record<string, string | number>): string {
	const text = tables[lang.value][key]!;
	return filling
		? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(filling[name] ?? whole))
		: text;
}

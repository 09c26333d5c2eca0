/* Texts of course cases and help. */
import { add, t as first, type Key } from '.';
import { en, type PagesKey } from './pages.en';
import { zh } from './pages.zh';

add({ en, zh });
export type PageKey = Key | PagesKey;
export const t = first as (key: PageKey, filling?: Record<string, string | number>) => string;

/* For words that come from data (a subject, a stage): the word itself if we have no text. */
export function word(group: 'subject' | 'stage' | 'area' | 'mode', name: string): string {
	const key = `${group}.${name}`;
	return key in en ? t(key as PagesKey) : name;
}

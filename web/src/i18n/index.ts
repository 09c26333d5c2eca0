/* Texts in the reader's language. Reading lang's signal makes a view redraw when it changes. */
import { lang } from '../prefs';
import { en, phrases as enPhrases, type Key } from './en';
import { phrases as zhPhrases, zh } from './zh';

export type { Key } from './en';
const tables = { en, zh };

export function t(key: Key, filling?: Record<string, string | number>): string {
	const text = tables[lang.value][key];
	return filling
		? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(filling[name] ?? whole))
		: text;
}

/* For words that come from data (a subject, a stage): the word itself if we have no text. */
export function word(group: 'subject' | 'stage' | 'area' | 'mode', name: string): string {
	const key = `${group}.${name}`;
	return key in en ? t(key as Key) : name;
}

export const phrases = (): Record<string, string> => (lang.value === 'zh' ? zhPhrases : enPhrases);

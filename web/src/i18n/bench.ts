/* Texts of a bench, and the editor's own words. */
import { lang } from '../prefs';
import { add, t as first, type Key } from '.';
import { en, type BenchKey } from './bench.en';
import { phrases as chinese, zh } from './bench.zh';

add({ en, zh });
export const t = first as (key: Key | BenchKey, filling?: Record<string, string | number>) => string;

/* The editor's own words are English already. */
export const phrases = (): Record<string, string> => (lang.value === 'zh' ? chinese : {});

/* Numbers, units, ages and times as people read them, in the reader's language. */
import { t } from './i18n';
import { lang } from './prefs';
import type { Property, Value } from './wire';

const UNITS: Record<string, string> = { '1': '', 'Cel': '°C', 'deg': '°', 'us': 'µs' };
export const unitText = (unit: string | undefined): string =>
	unit === undefined ? '' : UNITS[unit] ?? unit;

const DIGITS: Record<string, number> = { 'Cel': 1, 'deg': 0 };

const formats = new Map<string, Intl.NumberFormat>();

function fixed(value: number, digits: number): string {
	const key = `${lang.value}${digits}`;
	let format = formats.get(key);
	if (!format) {
		format = new Intl.NumberFormat(lang.value, {
			minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false,
		});
		formats.set(key, format);
	}
	return format.format(value);
}

/* As many digits as the range deserves, always the same number, so that nothing jumps about. */
export function digitsOf(property: Property | undefined): number {
	if (property?.type === 'integer') {
		return 0;
	}
	const range = (property?.max ?? NaN) - (property?.min ?? NaN);
	return DIGITS[property?.unit ?? ''] ?? (range <= 10 ? 2 : range > 1000 ? 0 : 1);
}

export function numberText(value: number, property?: Property): string {
	return fixed(value, property ? digitsOf(property) : Number.isInteger(value) ? 0 : 2);
}

export function valueText(value: Value, property?: Property): string {
	if (value === null || value === undefined) {
		return '–';
	}
	if (typeof value === 'number') {
		return numberText(value, property);
	}
	return Array.isArray(value) ? value.map((part) => numberText(part)).join(', ') : String(value);
}

/* "12 s", "3 min", "2 h" in the reader's language. */
export function ageText(ms: number): string {
	const seconds = Math.max(1, Math.round(ms / 1000));
	const [value, unit] = seconds < 90 ? [seconds, 'second']
		: seconds < 5400 ? [Math.round(seconds / 60), 'minute']
			: [Math.round(seconds / 3600), 'hour'];
	return new Intl.NumberFormat(lang.value, {
		style: 'unit', unit: unit as string, unitDisplay: 'short',
	}).format(value as number);
}

/* A running time: 00:12, 1:02:03. */
export function durationText(ms: number): string {
	const all = Math.max(0, Math.floor(ms / 1000));
	const two = (n: number): string => String(n).padStart(2, '0');
	const hours = Math.floor(all / 3600);
	const rest = `${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
	return hours > 0 ? `${hours}:${rest}` : rest;
}

/* Somebody without a name is a screen to the daemon: "page-7". */
export function whoText(name: string): string {
	const [, page] = /^page-(\d+)$/.exec(name) ?? [];
	return page ? t('who.page', { n: page }) : name === 'http' ? t('who.program') : name;
}

/* The same within a sentence of the daemon. */
export const peopleText = (text: string): string => text.replace(/\bpage-\d+\b/g, whoText);

export const timeText = (at: number | string): string =>
	new Intl.DateTimeFormat(lang.value, { timeStyle: 'medium', hourCycle: 'h23' }).format(new Date(at));

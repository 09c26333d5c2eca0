/* A colour as shares of red, green and blue, and as the browser writes it. */
import type { Value } from '../wire';

/* [1, 0.5, 0] is #ff8000; black while it is not known. */
export const hexOf = (value: Value): string =>
	`#${[0, 1, 2].map((i) => Math.round(Math.min(1, Math.max(0, Array.isArray(value) ? value[i] ?? 0 : 0)) * 255)
		.toString(16).padStart(2, '0')).join('')}`;

export const sharesOf = (hex: string): number[] =>
	[1, 3, 5].map((at) => Math.round(parseInt(hex.slice(at, at + 2), 16) / 255 * 1000) / 1000);

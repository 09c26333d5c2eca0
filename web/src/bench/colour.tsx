/* A colour of three shares, as a field: what it is, and the browser's own chooser to set it. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { t } from '../i18n/bench';
import { newest } from '../parts/problem';
import type { Value } from '../wire';
import { reachable, type WidgetProps } from './widgets';

/* [1, 0.5, 0] is #ff8000; black while it is not known. */
export const hexOf = (value: Value): string =>
	`#${[0, 1, 2].map((i) => Math.round(Math.min(1, Math.max(0, Array.isArray(value) ? value[i] ?? 0 : 0)) * 255)
		.toString(16).padStart(2, '0')).join('')}`;

export const sharesOf = (hex: string): number[] =>
	[1, 3, 5].map((at) => Math.round(parseInt(hex.slice(at, at + 2), 16) / 255 * 1000) / 1000);

const isDark = (hex: string): boolean => sharesOf(hex).every((share) => share === 0);

export function Colour({ value }: Pick<WidgetProps, 'value'>): JSX.Element {
	const hex = hexOf(value.value);
	return (
		<span class="state-word">
			<span class="swatch-field" style={`background: ${hex}`} />
			{value.value === null ? t('part.unknown') : isDark(hex) ? t('part.off') : hex}
		</span>
	);
}

/* What was chosen is shown until the kit reports what it made of it. */
export function ColourField({ kit, name, property, value, write }: WidgetProps): JSX.Element {
	const held = useSignal<string | null>(null);
	const queue = useMemo(() => newest(async (hex: string) => {
		if (!await write(sharesOf(hex))) {
			held.value = null;
		}
	}), []);
	useSignalEffect(() => {
		value.value;
		if (!queue.isBusy()) {
			held.value = null;
		}
	});
	const hex = held.value ?? hexOf(value.value);
	const set = (wish: string): void => {
		held.value = wish;
		queue.send(wish);
	};
	return (
		<span class="state-word">
			<input type="color" value={hex} aria-label={`${name} ${property.title}`} disabled={!reachable(kit)}
				onInput={(event) => set(event.currentTarget.value)} />
			<button class="button" disabled={!reachable(kit) || isDark(hex)} onClick={() => set('#000000')}>
				{t('part.off')}
			</button>
		</span>
	);
}

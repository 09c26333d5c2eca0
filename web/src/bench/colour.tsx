/* A colour of three shares, as a field: what it is, and the browser's own chooser to set it. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { t } from '../i18n/bench';
import { newest } from '../parts/problem';
import { hexOf, sharesOf } from './shares';
import { reachable, type WidgetProps } from './widgets';

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

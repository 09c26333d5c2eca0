/* A kit's battery: icon and percent. Nothing where the kit does not tell. */
import type { JSX } from 'preact';
import { t } from '../i18n';
import { Icon } from '../icons';

const LOW = 20;

export function Battery({ percent }: { percent: number | null }): JSX.Element | null {
	if (percent === null) {
		return null;
	}
	const isLow = percent < LOW;
	return (
		<span class={isLow ? 'battery tone-bad' : 'battery'} title={t('battery')}>
			<Icon name={isLow ? 'battery.low' : percent < 60 ? 'battery.half' : 'battery'} />
			<span class="hidden">{t('battery')}</span> <span class="number">{Math.round(percent)}<small class="unit">%</small></span>
		</span>
	);
}

/* Many kits that vanished together: said once, until they are back or somebody has read it. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from './i18n';
import { Icon } from './icons';
import { lang } from './prefs';
import { kits, socket } from './state';
import type { Notifications } from './wire';

const alarm = signal<Notifications['kits.alarm'] | null>(null);

socket.on('kits.alarm', (params) => {
	alarm.value = params;
});

const isGone = (id: string): boolean => kits.value.get(id)?.row.value.state === 'lost';

export function AlarmBanner(): JSX.Element | null {
	const told = alarm.value;
	if (!told?.kits.some(isGone)) {
		return null;
	}
	return (
		<div class="banner bad" role="alert" data-test="alarm">
			<Icon name="warning" size={22} />
			<div>
				<strong>{told.why[lang.value]}</strong>
				<div>{told.kits.filter(isGone).join(', ')}</div>
			</div>
			<div class="banner-act">
				<button class="button" onClick={() => { alarm.value = null; }}>{t('close')}</button>
			</div>
		</div>
	);
}

/* How a raw board is wired: the profile that gives its pins names. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n/bench';
import { Problem, useTask } from '../parts/problem';
import { lang } from '../prefs';
import { isLive, socket, type Kit } from '../state';
import type { Profile } from '../wire';

export function Wiring({ kit }: { kit: Kit }): JSX.Element | null {
	const profiles = useSignal<Profile[]>([]);
	const task = useTask();
	useSignalEffect(() => {
		const { model, state } = kit.row.value;
		lang.value;
		if (isLive.value && model && state === 'ready') {
			socket.request('kit.wiring', { kit: kit.id })
				.then((answer) => { profiles.value = answer.profiles; })
				.catch(() => undefined); /* kits that are no raw boards have no wiring */
		}
	});
	if (profiles.value.length === 0) {
		return null;
	}
	const choose = (profile: string): void => {
		void task.run(() => socket.request('kit.wiring', { kit: kit.id, profile: profile || null }));
	};
	return (
		<label class="field">
			<span>{t('wiring')}</span>
			<select value={kit.row.value.wiring ?? ''} disabled={!isLive.value || task.isBusy.value}
				onChange={(event) => choose(event.currentTarget.value)}>
				<option value="">{t('wiring.none')}</option>
				{profiles.value.map(({ id, title }) => <option key={id} value={id}>{title}</option>)}
			</select>
			{task.error.value && <Problem error={task.error.value} />}
		</label>
	);
}

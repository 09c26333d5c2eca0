/* Kits that somebody has to decide about: another one than before, or gone for good. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n/lab';
import { Icon, type IconName } from '../icons';
import { Problem, useTask } from '../parts/problem';
import { socket, whyText, type Kit } from '../state';
import type { Row } from '../wire';
import { KitName, sortedKits } from './name';

const isAnother = ({ state, why }: Row): boolean => state === 'refused' && why?.reason === 'conflict';
const isGone = ({ state }: Row): boolean => state === 'absent' || state === 'lost';

export function Decisions(): JSX.Element | null {
	const waiting = sortedKits().filter((kit) => isAnother(kit.row.value));
	if (waiting.length === 0) {
		return null;
	}
	return (
		<section class="panel lab-panel" data-test="decisions">
			<h2><Icon name="warning" /> {t('decide.title')}</h2>
			<ul class="lab-list">
				{waiting.map((kit) => <Choice key={kit.id} kit={kit} act="accept" icon="ready"
					text={t('decide.accept')} failed={t('decide.failed')} />)}
			</ul>
		</section>
	);
}

interface ChoiceProps {
	kit: Kit;
	act: 'accept' | 'forget';
	text: string;
	failed: string;
	icon?: IconName;
	isQuiet?: boolean;
}

/* A kit, what is with it, and the button that decides about it. */
function Choice({ kit, act, text, failed, icon, isQuiet }: ChoiceProps): JSX.Element {
	const task = useTask();
	return (
		<li data-kit={kit.id}>
			<KitName kit={kit} />
			<p class={isQuiet ? 'muted' : undefined}>{whyText(kit.row.value)}</p>
			<button class="button" data-test={act} disabled={task.isBusy.value} aria-label={`${text}: ${kit.id}`}
				onClick={() => void task.run(() => socket.request(`kit.${act}`, { kit: kit.id }))}>
				{icon && <Icon name={icon} />} {text}
			</button>
			{task.error.value && <Problem error={task.error.value} what={failed} />}
		</li>
	);
}

export function GoneKits(): JSX.Element | null {
	const gone = sortedKits().filter((kit) => isGone(kit.row.value));
	const isOpen = useSignal(false);
	if (gone.length === 0) {
		return null;
	}
	return (
		<details class="panel fold lab-panel" open={isOpen.value} data-test="gone"
			onToggle={(event) => { isOpen.value = event.currentTarget.open; }}>
			<summary><h2>{t('gone.title', { count: gone.length })}</h2></summary>
			<p class="muted">{t('gone.what')}</p>
			<ul class="lab-list">
				{gone.map((kit) => <Choice key={kit.id} kit={kit} act="forget" isQuiet
					text={t('gone.forget')} failed={t('gone.failed')} />)}
			</ul>
		</details>
	);
}

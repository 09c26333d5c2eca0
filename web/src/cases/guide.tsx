/* A case's text, fetched when it is looked at; and its guide beside the script on a bench. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n/pages';
import { lang } from '../prefs';
import { isLive } from '../state';
import type { CaseText, RpcError } from '../wire';
import { Markdown, withoutTitle } from './markdown';
import { loadCase } from './store';
import '../styles/cases.css';

export function useCase(id: string): { text: CaseText | null; error: RpcError | null } {
	const text = useSignal<CaseText | null>(null);
	const error = useSignal<RpcError | null>(null);
	useSignalEffect(() => {
		lang.value;
		if (isLive.value) {
			loadCase(id).then(
				(found) => {
					text.value = found;
					error.value = null;
				},
				(problem: RpcError) => { error.value = problem; });
		}
	});
	return { text: text.value, error: error.value };
}

export function Guide({ id }: { id: string }): JSX.Element | null {
	const { text } = useCase(id);
	return text && (
		<details class="panel fold guide" open>
			<summary><h2>{t('cases.guide')} · {text.title}</h2></summary>
			<div class="prose guide-text" tabIndex={0} role="region" aria-label={t('cases.guide')}><Markdown text={withoutTitle(text.guide)} /></div>
		</details>
	);
}

/* All course cases, filtered by subject and stage. */
import { signal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t, word } from '../i18n/pages';
import { Icon } from '../icons';
import { Problem } from '../parts/problem';
import { link } from '../router';
import type { CaseInfo } from '../wire';
import { allCases, casesError, loadCases } from './store';

const subject = signal('');
const stage = signal('');

export function CasesPage(): JSX.Element {
	useEffect(loadCases, []);
	return (
		<>
			<div class="room-head"><h1>{t('cases.title')}</h1></div>
			<List />
		</>
	);
}

function List(): JSX.Element {
	const cases = allCases.value;
	if (!cases) {
		return casesError.value ? (
			<div class="empty">
				<Problem error={casesError.value} what={t('cases.failed')} />
				<button class="button" onClick={loadCases}>{t('cases.again')}</button>
			</div>
		) : <p class="muted" role="status">{t('cases.loading')}</p>;
	}
	if (cases.length === 0) {
		return (
			<div class="empty">
				<Icon name="cases" size={40} />
				<h2>{t('cases.empty')}</h2>
				<p>{t('cases.empty.do')}</p>
			</div>
		);
	}
	const fitting = cases.filter((one) =>
		(!subject.value || one.subjects?.includes(subject.value)) && (!stage.value || one.stage === stage.value));
	return (
		<>
			<div class="filters">
				<Choice group="subject" label={t('cases.subject')} chosen={subject}
					words={cases.flatMap((one) => one.subjects ?? [])} />
				<Choice group="stage" label={t('cases.stage')} chosen={stage}
					words={cases.flatMap((one) => one.stage ?? [])} />
			</div>
			{fitting.length === 0 && <p class="muted">{t('cases.nomatch')}</p>}
			<ul class="case-list">
				{fitting.map((one) => <Card key={one.id} one={one} />)}
			</ul>
		</>
	);
}

interface ChoiceProps {
	group: 'subject' | 'stage';
	label: string;
	chosen: Signal<string>;
	words: string[];
}

function Choice({ group, label, chosen, words }: ChoiceProps): JSX.Element {
	return (
		<label class="field row">
			<span>{label}</span>
			<select value={chosen.value} onChange={(event) => { chosen.value = event.currentTarget.value; }}>
				<option value="">{t('cases.any')}</option>
				{[...new Set(words)].map((name) => <option key={name} value={name}>{word(group, name)}</option>)}
			</select>
		</label>
	);
}

function Card({ one }: { one: CaseInfo }): JSX.Element {
	return (
		<li>
			<a class="case-card" href={link.case(one.id)}>
				<strong class="case-title">{one.title}</strong>
				{one.summary && <span class="case-summary">{one.summary}</span>}
				<CaseFacts one={one} />
			</a>
		</li>
	);
}

export function CaseFacts({ one }: { one: CaseInfo }): JSX.Element {
	const facts = [
		...(one.subjects ?? []).map((name) => word('subject', name)),
		one.stage && word('stage', one.stage),
		one.area && word('area', one.area),
		one.mode && word('mode', one.mode),
		one.minutes && t('cases.minutes', { n: one.minutes }),
	].filter(Boolean);
	return (
		<span class="facts">
			<span class="muted">{facts.join(' · ')}</span>
			{(one.needs ?? []).map((need) => <span key={need} class="need">{need}</span>)}
		</span>
	);
}

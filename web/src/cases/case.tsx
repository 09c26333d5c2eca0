/* One case: what it is about, its guide, its starter, and the benches that can do it. */
import type { JSX } from 'preact';
import { t } from '../i18n/pages';
import { Icon } from '../icons';
import { activeRun } from '../parts/badge';
import { Problem } from '../parts/problem';
import { link } from '../router';
import type { CaseText } from '../wire';
import { CaseFacts } from './cases';
import { useCase } from './guide';
import { Markdown, withoutTitle } from './markdown';
import { kitsFor } from './store';

export function CasePage({ id }: { id: string }): JSX.Element {
	const { text, error } = useCase(id);
	if (text) {
		return <Case text={text} />;
	}
	if (!error) {
		return <p class="muted" role="status">{t('cases.loading')}</p>;
	}
	return (
		<div class="empty">
			{error.reason === 'not_found'
				? <h1>{t('cases.missing', { case: id })}</h1>
				: <Problem error={error} what={t('cases.failed')} />}
			<a class="button" href={link.cases}>{t('cases.back')}</a>
		</div>
	);
}

function Case({ text }: { text: CaseText }): JSX.Element {
	return (
		<div class="case">
			<header class="prose case-head">
				<a class="back" href={link.cases}><Icon name="back" /> {t('cases.back')}</a>
				<h1>{text.title}</h1>
				<CaseFacts one={text} />
			</header>
			<article class="prose">
				<Markdown text={withoutTitle(text.guide)} />
			</article>
			<aside>
				<OpenAt text={text} />
				{text.objectives && text.objectives.length > 0 && (
					<section class="panel">
						<h2>{t('cases.objectives')}</h2>
						<ul class="objectives">{text.objectives.map((one) => <li key={one}>{one}</li>)}</ul>
					</section>
				)}
				<section class="panel">
					<h2>{t('cases.starter')}</h2>
					<pre class="source" tabIndex={0}><code>{text.starter}</code></pre>
				</section>
			</aside>
		</div>
	);
}

function OpenAt({ text }: { text: CaseText }): JSX.Element {
	const needs = text.needs ?? [];
	const kits = kitsFor(needs);
	return (
		<section class="panel open-at">
			<h2>{t('cases.open')}</h2>
			{kits.length === 0 && (
				<p class="muted">{t('cases.open.none', { needs: needs.join(', ') || t('cases.needs.none') })}</p>
			)}
			<ul class="benches">
				{kits.map((kit) => (
					<li key={kit.id}>
						<a class="button" href={link.bench(kit.id, text.id)}>
							{kit.row.value.seat && <span class="seat">{kit.row.value.seat}</span>}
							{kit.row.value.label || kit.id}
							{activeRun(kit) && <small class="muted">{t('cases.open.running')}</small>}
						</a>
					</li>
				))}
			</ul>
		</section>
	);
}

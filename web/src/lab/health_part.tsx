/* Check-ups: every kit with its newest result, for a lab admin who has to charge and to repair. */
import { signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n/lab';
import { Icon, type IconName } from '../icons';
import { Problem, useTask } from '../parts/problem';
import type { Tone } from '../parts/badge';
import { lang } from '../prefs';
import { socket, whyText, type Kit } from '../state';
import { batch, checkAll, checkUp, courses, endBatch, failures, reports } from './health';
import { Motors, motorsOf } from './motors';
import { KitName, sortedKits } from './name';
import type { Report, Verdict } from './wire';

const looks: Record<Verdict, [IconName, Tone]> = {
	ready: ['ready', 'good'],
	charge: ['battery.low', 'warn'],
	repair: ['wrench', 'bad'],
};

const openHistory = signal<string | null>(null);

const isHere = (kit: Kit): boolean => kit.row.value.state === 'ready' || kit.row.value.state === 'stale';

export function HealthPart(): JSX.Element {
	useEffect(() => endBatch, []);
	const all = sortedKits();
	if (all.length === 0) {
		return (
			<div class="empty" data-test="no-kits">
				<Icon name="plug" size={40} />
				<h2>{t('health.empty')}</h2>
				<p>{t('health.empty.do')}</p>
				<p class="muted">{t('health.needs')}</p>
			</div>
		);
	}
	return (
		<>
			<p class="muted lab-needs">{t('health.needs')}</p>
			<Batch here={all.filter(isHere).map(({ id }) => id)} />
			<ul class="lab-cards">{all.map((kit) => <CheckUp key={kit.id} kit={kit} />)}</ul>
		</>
	);
}

function Batch({ here }: { here: string[] }): JSX.Element {
	const now = batch.value;
	if (!now) {
		return (
			<div class="lab-bar">
				<button class="button" data-test="check-all" disabled={here.length === 0} onClick={() => void checkAll(here)}>
					<Icon name="play" /> {here.length > 0 ? t('health.all', { count: here.length }) : t('health.all.none')}
				</button>
			</div>
		);
	}
	const place = t('health.all.at', { at: now.at + 1, all: now.kits.length, kit: now.kits[now.at]! });
	return (
		<div class="lab-bar" data-test="batch">
			<progress aria-label={t('health.running')} max={now.kits.length} value={now.at} />
			<span role="status">{place}</span>
			<button class="button" data-test="check-end" disabled={now.isEnding} onClick={endBatch}>
				{t(now.isEnding ? 'health.all.ending' : 'health.all.end')}
			</button>
		</div>
	);
}

function CheckUp({ kit }: { kit: Kit }): JSX.Element {
	const { id } = kit;
	const report = reports.value.get(id);
	const failure = failures.value.get(id);
	const isOpen = openHistory.value === id;
	const motors = motorsOf(kit.description.value);
	return (
		<li class="panel lab-card" data-kit={id}>
			<div class="lab-card-head">
				<KitName kit={kit} />
				<span class="push" />
				{report ? <><span class="muted">{t('health.result')}</span> <VerdictBadge verdict={report.verdict} /></>
					: <span class="muted" data-test="never"><Icon name="unknown" size={16} /> {t('health.never')}</span>}
				{report && <DateOf at={report.at} />}
			</div>
			<Course kit={kit} />
			{failure && <Problem error={failure} what={t('health.failed')} />}
			{report && <Reasons report={report} />}
			<div class="lab-bar">
				<button class="button" data-test="check" disabled={!isHere(kit) || courses.value.has(id)}
					aria-label={`${t('health.check')}: ${id}`} onClick={() => void checkUp(id)}>
					<Icon name="play" /> {t('health.check')}
				</button>
				{motors && isHere(kit) && <Motors kit={kit} />}
				<span class="push" />
				<button class="button" data-test="history" aria-expanded={isOpen} aria-label={`${t('health.history')}: ${id}`}
					onClick={() => { openHistory.value = isOpen ? null : id; }}>
					{t('health.history')}
				</button>
			</div>
			{isOpen && <History id={id} />}
		</li>
	);
}

function Course({ kit }: { kit: Kit }): JSX.Element | null {
	const course = courses.value.get(kit.id);
	if (!course) {
		return isHere(kit) ? null : <p class="muted">{whyText(kit.row.value)}</p>;
	}
	return (
		<div class="lab-bar" role="status" data-test="course">
			<progress aria-label={t('health.running')} max="1" value={course.share} />
			<span>{t('health.running')} {t(`step.${course.step}`)}</span>
		</div>
	);
}

function VerdictBadge({ verdict }: { verdict: Verdict }): JSX.Element {
	const [icon, tone] = looks[verdict];
	return <span class={`badge tone-${tone}`} data-verdict={verdict}><Icon name={icon} /> {t(`health.${verdict}`)}</span>;
}

function DateOf({ at }: { at: string }): JSX.Element {
	const text = new Intl.DateTimeFormat(lang.value, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' }).format(new Date(at));
	return <time class="muted number" dateTime={at}>{text}</time>;
}

/* What was not well, and what could not be judged; of the rest that it is well. */
function Reasons({ report: { steps } }: { report: Report }): JSX.Element {
	const said = steps.filter(({ passed }) => passed !== true);
	if (said.length === 0) {
		return <p class="muted">{t('health.fine')}</p>;
	}
	return (
		<ul class="lab-reasons">
			{said.map(({ id, title, passed, hint }) => (
				<li key={id} class={passed === null ? 'muted' : 'tone-bad'}>
					<Icon name={passed === null ? 'unknown' : 'failed'} size={16} />
					<span><strong>{t(passed === null ? 'step.unknown' : 'step.not', { title })}</strong> {hint}</span>
				</li>
			))}
		</ul>
	);
}

/* Below its kit and not over the page: the red stop stays in reach. */
function History({ id }: { id: string }): JSX.Element {
	const list = useSignal<Report[] | null>(null);
	const task = useTask();
	const newest = reports.value.get(id)?.at;
	const language = lang.value;
	useEffect(() => {
		void task.run(async () => { list.value = (await socket.request('health.history', { kit: id })).reports; });
	}, [id, newest, language]);
	if (task.error.value) {
		return <Problem error={task.error.value} what={t('lab.failed')} />;
	}
	if (!list.value) {
		return <p class="muted" role="status">{t('lab.loading')}</p>;
	}
	return list.value.length === 0 ? <p class="muted">{t('health.history.none')}</p> : (
		<ol class="lab-history" tabIndex={0} aria-label={t('health.history.label', { kit: id })} data-test="history-list">
			{list.value.map((report) => (
				<li key={report.at}>
					<DateOf at={report.at} /> <VerdictBadge verdict={report.verdict} />
					<span class="muted">{report.steps.filter(({ passed }) => passed === false).map(({ title, hint }) => hint ?? title).join(' ')}</span>
				</li>
			))}
		</ol>
	);
}

/* "Plug each seat once": how many seats there are and what they are called, then the walk. */
import { computed, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n/lab';
import { Icon } from '../icons';
import { Problem, useTask } from '../parts/problem';
import { back, bySeat, seatToAsk, skip, sortedSeats, startWalk, walk, walkError, type Walk } from './seats';

const SEATS_MAX = 128;
const SEATS_AT_FIRST = 12;

const wishes = signal<string[] | null>(null); /* names that somebody has written */

/* The names in use first, then numbers that are free. */
function namesOf(count: number, used: string[]): string[] {
	const names = used.slice(0, count);
	for (let n = 1; names.length < count; n++) {
		if (!names.includes(String(n))) {
			names.push(String(n));
		}
	}
	return names.sort(bySeat);
}

const names = computed(() => {
	const used = sortedSeats.value.map(({ seat }) => seat);
	return wishes.value ?? namesOf(used.length || SEATS_AT_FIRST, used);
});

/* All seats that a kit could be given. */
export const seatNames = (): string[] =>
	[...new Set([...sortedSeats.value.map(({ seat }) => seat), ...names.value.map((name) => name.trim())])].filter(Boolean).sort(bySeat);

export function WalkPanel(): JSX.Element {
	const now = walk.value;
	return (
		<section class="panel lab-panel" data-test="walk">
			<h2>{t('walk.title')}</h2>
			{!now ? <Plan /> : seatToAsk.value === null ? <Over walk={now} /> : <Ask walk={now} seat={seatToAsk.value} />}
		</section>
	);
}

function Plan(): JSX.Element {
	const plan = names.value.map((name) => name.trim());
	const isGood = plan.length > 0 && plan.every(Boolean) && new Set(plan).size === plan.length;
	const bound = new Set(sortedSeats.value.map(({ seat }) => seat));
	const next = plan.findIndex((name) => !bound.has(name));
	const resize = (count: number): void => {
		if (count >= 1 && count <= SEATS_MAX) {
			wishes.value = count <= names.value.length ? names.value.slice(0, count) : namesOf(count, names.value);
		}
	};
	return (
		<>
			<div class="lab-bar">
				<label class="field row">
					<span>{t('walk.count')}</span>
					<input type="number" min="1" max={SEATS_MAX} value={plan.length} data-test="count"
						onInput={(event) => resize(event.currentTarget.valueAsNumber)} />
				</label>
				<button class="button run" disabled={!isGood} data-test="walk-start" onClick={() => startWalk(plan)}>
					<Icon name="play" /> {t('walk.start', { seat: plan[0] ?? '' })}
				</button>
				{isGood && next > 0 && (
					<button class="button" data-test="walk-on" onClick={() => startWalk(plan, next)}>
						{t('walk.on', { seat: plan[next]! })}
					</button>
				)}
			</div>
			{!isGood && <p class="tone-bad" role="alert">{t('walk.names.bad')}</p>}
			<details class="fold">
				<summary>{t('walk.names')}</summary>
				<div class="lab-names">
					{names.value.map((name, i) => (
						<input key={i} value={name} aria-label={t('walk.name', { n: i + 1 })} maxLength={15}
							onInput={(event) => {
								wishes.value = names.value.map((old, at) => (at === i ? event.currentTarget.value : old));
							}} />
					))}
				</div>
			</details>
		</>
	);
}

function Ask({ walk: now, seat }: { walk: Walk; seat: string }): JSX.Element {
	const { names: all, steps, again } = now;
	return (
		<>
			<div class="walk-now" role="status">
				<span class="muted">{t('walk.of', { at: steps.length + 1, all: all.length })}</span>
				<strong class="walk-big" data-test="walk-now"><Icon name="plug" size={40} /> {t('walk.now', { seat })}</strong>
				<span>{t('walk.how')}</span>
				{again && <span class="tone-warn" data-test="walk-again"><Icon name="warning" /> {t('walk.again', { ...again })}</span>}
			</div>
			{walkError.value && <Problem error={walkError.value} what={t('walk.failed')} />}
			<Keys skipped={seat} />
			<Steps walk={now} />
		</>
	);
}

function Keys({ skipped }: { skipped: string | null }): JSX.Element {
	const task = useTask();
	return (
		<div class="lab-bar">
			<button class="button" data-test="walk-back" disabled={walk.value!.steps.length === 0 || task.isBusy.value}
				onClick={() => void task.run(back)}>
				<Icon name="back" /> {t('walk.back')}
			</button>
			{skipped !== null && <button class="button" data-test="walk-skip" onClick={skip}>{t('walk.skip', { seat: skipped })}</button>}
			<button class="button" data-test="walk-stop" onClick={() => { walk.value = null; }}>
				<Icon name={skipped === null ? 'ready' : 'close'} /> {t(skipped === null ? 'walk.close' : 'walk.stop')}
			</button>
		</div>
	);
}

function Steps({ walk: { names: all, steps } }: { walk: Walk }): JSX.Element {
	return (
		<ol class="walk-steps">
			{all.map((name, i) => {
				const done = steps[i];
				return (
					<li key={i} data-step={name} class={done ? 'tone-good' : i === steps.length ? 'walk-here' : 'muted'}>
						<span class="seat">{name}</span>
						{done ? <><Icon name="ready" /> <span><code>{done.socket}</code> {done.title}</span></>
							: t(i < steps.length ? 'walk.skipped' : 'walk.waiting')}
					</li>
				);
			})}
		</ol>
	);
}

function Over({ walk: now }: { walk: Walk }): JSX.Element {
	const bound = now.steps.filter(Boolean).length;
	return (
		<>
			<div class="walk-now" role="status">
				<strong class="walk-big tone-good" data-test="walk-over"><Icon name="ready" size={40} /> {t('walk.over')}</strong>
				<span>{t('walk.over.do', { bound, all: now.names.length })}</span>
			</div>
			<Keys skipped={null} />
			<Steps walk={now} />
		</>
	);
}

/* One bench: the script left, the kit right, the console below. */
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n/bench';
import { Icon } from '../icons';
import { Guide } from '../cases/guide';
import { signOf, StateBadge } from '../parts/badge';
import { onFloor } from '../floor';
import { lazy } from '../lazy';
import { Battery } from '../parts/battery';
import { OldNote } from '../parts/old';
import { link, route } from '../router';
import { isLoaded, isNumeric, kits, partNames, watchValues, whyText, type Kit } from '../state';
import { Actions } from './actions';
import { Chart } from './chart';
import { Code } from './code';
import { Motion } from './motion';
import { Parts, quietCount } from './parts';
import { Pins } from './pins';
import { Wiring } from './wiring';
import { useWorld, World } from './world';
import '../styles/bench.css';

const floor = lazy(async () => (await import('../world/floor')).FloorPanel);
const SERIES_FIRST = 2;

export function BenchPage({ id }: { id: string }): JSX.Element {
	const kit = kits.value.get(id);
	if (!isLoaded.value) {
		return <p class="muted" role="status">{t('room.loading')}</p>;
	}
	if (!kit) {
		return (
			<div class="empty">
				<Icon name="lost" size={40} />
				<h1>{t('bench.missing', { kit: id })}</h1>
				<p>{t('bench.missing.do')}</p>
				<a class="button" href={link.room}>{t('bench.back')}</a>
			</div>
		);
	}
	return <Bench kit={kit} />;
}

function Bench({ kit }: { kit: Kit }): JSX.Element {
	const pins = useSignal<string[]>([]); /* raw pins that somebody wants to read */
	const chosen = useSignal<string[] | null>(null); /* series of the chart; null: by themselves */
	const series = useComputed(() => chosen.value ?? firstSeries(kit));
	const world = useWorld(kit);
	const caseId = route.value.query.get('case');
	useSignalEffect(() => {
		const names = [...partNames(kit.description.value), ...pins.value];
		watchValues({ kit: kit.id, properties: names });
	});
	useEffect(() => () => watchValues(null), []);
	const toggle = (name: string): void => {
		const now = series.peek();
		chosen.value = now.includes(name) ? now.filter((other) => other !== name) : [...now, name];
	};
	return (
		<>
			<BenchHead kit={kit} />
			<div class="bench">
				<Code kit={kit} caseId={caseId} />
				<div class="bench-kit">
					{caseId && <Guide id={caseId} />}
					<Motion kit={kit} />
					{onFloor.value.has(kit.id) && <floor.page id={kit.id} />}
					<section class="panel" aria-labelledby="parts-title">
						<h2 id="parts-title">{t('bench.parts')}</h2>
						<Parts kit={kit} world={world} series={series} toggle={toggle} />
					</section>
					<Chart kit={kit} series={series} />
					<World kit={kit} world={world} />
					<Actions kit={kit} />
					{quietCount(kit) > 0 && (
						<details class="panel fold">
							<summary><h2>{t('bench.more', { count: quietCount(kit) })}</h2></summary>
							<Parts kit={kit} isQuiet series={series} toggle={toggle} />
						</details>
					)}
					<Pins kit={kit} reading={pins} />
				</div>
			</div>
		</>
	);
}

function firstSeries(kit: Kit): string[] {
	const description = kit.description.value;
	return partNames(description)
		.filter((name) => description!.properties[name]!.kind === 'sensor'
			&& isNumeric(description!.properties[name]!))
		.slice(0, SERIES_FIRST);
}

function BenchHead({ kit }: { kit: Kit }): JSX.Element {
	const row = kit.row.value;
	return (
		<div class="bench-head">
			<a class="button quiet" href={link.room} aria-label={t('bench.back')} title={t('bench.back')}>
				<Icon name="back" />
			</a>
			{row.seat && <span class="seat" title={t('room.seat', { seat: row.seat })}>{row.seat}</span>}
			<h1>{row.label || kit.id}</h1>
			<StateBadge sign={signOf(kit)} />
			<Battery percent={row.battery} />
			<OldNote kit={kit} />
			<span class="muted clip bench-port">
				{[row.program ?? row.model, row.port && t('bench.port', { port: row.port })].filter(Boolean).join(' · ')}
			</span>
			<Wiring kit={kit} />
			{row.state !== 'ready' && (
				<p class="bench-why">
					<Icon name="warning" size={18} /> {whyText(row)}
				</p>
			)}
		</div>
	);
}

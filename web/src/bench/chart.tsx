/*
 * The last seconds of chosen parts and of what the script plots: pause, zoom by dragging or by
 * keys, a cursor that reads out, CSV.
 */
import { useComputed, useSignal, useSignalEffect, type ReadonlySignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { numberText, unitText } from '../format';
import { t } from '../i18n/bench';
import { Icon } from '../icons';
import { Unit } from '../parts/unit';
import { isDark } from '../prefs';
import { isLive, PLOT, socket, type Kit } from '../state';
import type { Property } from '../wire';
import { saveCsv } from './csv';
import type { Plot } from './plot';

const WINDOWS_S = [10, 30, 120];
const HEIGHT = 200;
const ZOOM_MIN_S = 0.5;

interface View {
	from: number;
	to: number;
}

export function Chart({ kit, series }: { kit: Kit; series: ReadonlySignal<string[]> }): JSX.Element {
	const place = useRef<HTMLDivElement>(null);
	const plot = useRef<Plot | null>(null);
	const seconds = useSignal(30);
	const frozen = useSignal<View | null>(null); /* paused or zoomed: what is shown; null: live */
	const cursor = useSignal<number | null>(null); /* moment under the pointer, s */
	const width = useSignal(0);
	const shown = useRef<{ times: number[]; columns: (number | null)[][] }>({ times: [], columns: [] });
	/* What the script plots is shown without being asked for. */
	const plotted = useComputed(() => {
		kit.sampleAt.value;
		return [...kit.history.columns.keys()].filter((name) => name.startsWith(PLOT)).join('\n');
	});
	const names = useComputed(() => [...series.value, ...plotted.value.split('\n').filter(Boolean)]);

	const liveView = (): View => {
		const to = isLive.peek() && kit.row.peek().state === 'ready' ? socket.now() : kit.sampleAt.peek();
		return { from: to / 1000 - seconds.peek(), to: to / 1000 };
	};
	const draw = (): void => {
		const { from, to } = frozen.peek() ?? liveView();
		const { history } = kit;
		const first = Math.max(0, history.from(from * 1000) - 1);
		const times = history.times.slice(first).map((time) => time / 1000);
		const columns = names.peek().map((name) => history.columns.get(name)?.slice(first) ?? times.map(() => null));
		if (!frozen.peek() && times.length > 0) {
			times.push(Math.max(to, times[times.length - 1]!));
			columns.forEach((column) => column.push(column[column.length - 1] ?? null));
		}
		shown.current = { times, columns };
		plot.current?.draw(times, columns, from, to, to);
	};

	useEffect(() => {
		const observer = new ResizeObserver(([entry]) => { width.value = Math.floor(entry!.contentRect.width); });
		observer.observe(place.current!);
		return () => observer.disconnect();
	}, []);
	useSignalEffect(() => {
		const list = names.value;
		const properties = kit.description.value?.properties ?? {};
		const parent = place.current!;
		isDark();
		const style = getComputedStyle(document.documentElement);
		let isGone = false;
		if (width.value > 0 && list.length > 0) {
			void import('./plot').then(({ createPlot }) => {
				if (isGone) {
					return;
				}
				plot.current = createPlot({
					parent,
					width: width.peek(),
					height: HEIGHT,
					ink: style.getPropertyValue('--text-2'),
					grid: style.getPropertyValue('--line'),
					now: t('chart.now'),
					series: list.map((name, i) => ({
						name,
						unit: unitText(properties[name]?.unit),
						color: style.getPropertyValue(`--s${i % 6 + 1}`),
						range: rangeOf(properties[name]),
						isStair: properties[name]?.type === 'bool',
					})),
					onCursor: (index) => { cursor.value = index; },
					onZoom: (from, to) => { frozen.value = { from, to }; },
					onReset: () => { frozen.value = null; },
				});
				draw();
			});
		}
		return () => {
			isGone = true;
			plot.current?.destroy();
			plot.current = null;
		};
	});
	useSignalEffect(() => {
		kit.sampleAt.value;
		seconds.value;
		if (!frozen.value || !plot.current) {
			draw();
		}
	});
	useSignalEffect(() => {
		if (frozen.value) {
			draw();
		}
	});

	/* Around what the cursor is on, else with the newest at the right. */
	const zoom = (factor: number): void => {
		const { from, to } = frozen.peek() ?? liveView();
		const width = Math.max(ZOOM_MIN_S, (to - from) * factor);
		if (width >= seconds.peek()) {
			frozen.value = null;
			return;
		}
		const at = shown.current.times[cursor.peek() ?? -1];
		const share = at === undefined ? 1 : (at - from) / (to - from);
		const left = (at ?? to) - share * width;
		frozen.value = { from: left, to: left + width };
	};
	const properties = kit.description.value?.properties ?? {};
	return (
		<section class="panel chart" aria-label={t('chart')}>
			<div class="chart-bar">
				<h2>{t('chart')}</h2>
				<span class="push" />
				<select aria-label={t('chart.window')} value={seconds.value}
					onChange={(event) => {
						seconds.value = Number(event.currentTarget.value);
						frozen.value = null;
					}}>
					{WINDOWS_S.map((n) => (
						<option key={n} value={n}>
							{n < 60 ? t('chart.seconds', { n }) : t('chart.minutes', { n: n / 60 })}
						</option>
					))}
				</select>
				<ZoomKey label={t('chart.out')} text="−" isOff={!frozen.value} act={() => zoom(2)} />
				<ZoomKey label={t('chart.in')} text="+" isOff={names.value.length === 0} act={() => zoom(0.5)} />
				<button class="button" onClick={() => { frozen.value = frozen.value ? null : liveView(); }}
					aria-pressed={frozen.value !== null}>
					<Icon name={frozen.value ? 'play' : 'pause'} /> {t(frozen.value ? 'chart.resume' : 'chart.pause')}
				</button>
				<button class="button" aria-label={t('chart.csv')} title={t('chart.csv')} disabled={names.value.length === 0}
					onClick={() => saveCsv(kit.id, names.value, properties, shown.current)}>
					<Icon name="download" /> CSV
				</button>
			</div>
			{names.value.length === 0 && <p class="muted">{t('chart.empty')}</p>}
			<div class={names.value.length > 0 ? 'plot' : 'plot plot-empty'} ref={place} title={t('chart.hint')} />
			<ul class="legend">
				{names.value.map((name, i) => (
					<LegendItem key={name} kit={kit} name={name} label={labelOf(name, names.value)} place={i}
						property={properties[name]} at={cursor} frozen={frozen} shown={() => shown.current.columns[i] ?? []} />
				))}
			</ul>
		</section>
	);
}

function ZoomKey({ label, text, isOff, act }: { label: string; text: string; isOff: boolean; act: () => void }): JSX.Element {
	return <button class="button zoom" aria-label={label} title={label} disabled={isOff} onClick={act}>{text}</button>;
}

interface LegendProps {
	kit: Kit;
	name: string;
	label: string;
	property: Property | undefined;
	place: number;
	at: ReadonlySignal<number | null>;
	frozen: ReadonlySignal<View | null>;
	shown: () => (number | null)[];
}

/* What a script plots has its own name there, unless a part has the same. */
function labelOf(name: string, names: string[]): string {
	const own = name.startsWith(PLOT) ? name.slice(PLOT.length) : name;
	return names.includes(own) ? name : own;
}

/* The value under the cursor, else the newest. */
function LegendItem({ kit, name, label, property, place, at, frozen, shown }: LegendProps): JSX.Element {
	const text = useComputed(() => {
		kit.sampleAt.value;
		const column = shown();
		const now = kit.value(name).value;
		const value = at.value === null && !frozen.value ? now : column[at.value ?? column.length - 1];
		return value === null || value === undefined ? '–' : numberText(Number(value), property);
	});
	return (
		<li style={`--series: var(--s${place % 6 + 1})`}>
			<span class="swatch" aria-hidden="true" />
			<span class="part-name">{label}</span>
			<span class="number">{text}<Unit of={property?.unit} /></span>
		</li>
	);
}

/* Ratios and switches keep their whole scale; the rest is drawn as measured. */
function rangeOf(property: Property | undefined): [number, number] | null {
	if (property?.type === 'bool') {
		return [-0.05, 1.05];
	}
	const { min, max } = property ?? {};
	return min !== undefined && max !== undefined && max - min <= 1 ? [min, max] : null;
}

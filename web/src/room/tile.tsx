/* One bench in the room: which kit, alive or not, what it does now, is help needed. */
import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { durationText, valueText, whoText } from '../format';
import { t } from '../i18n';
import { Icon } from '../icons';
import { needsHelp, signOf, StateBadge, toneOf } from '../parts/badge';
import { Battery } from '../parts/battery';
import { OldNote } from '../parts/old';
import { Sparkline } from '../parts/sparkline';
import { Unit } from '../parts/unit';
import { link } from '../router';
import { runsByKit } from '../runs';
import { isNumeric, partNames, second, socket, whyText, type Kit } from '../state';
import { runIsOver, type Description, type Property } from '../wire';

const SMALL_VALUES = 4;

export function Tile({ kit }: { kit: Kit }): JSX.Element {
	const row = kit.row.value;
	const description = kit.description.value;
	const sign = signOf(kit);
	const isHere = row.state === 'ready' || row.state === 'stale';
	return (
		<li>
			<a class={`tile tone-${toneOf(sign)}${needsHelp(kit) ? ' tile-help' : ''}`} href={link.bench(kit.id)}
				data-kit={kit.id} data-sign={sign}>
				<div class="tile-head">
					{row.seat && <span class="seat" title={t('room.seat', { seat: row.seat })}>{row.seat}</span>}
					<span class="tile-name">{row.label || kit.id}</span>
					{isHere && <Battery percent={row.battery} />}
					<StateBadge sign={sign} />
				</div>
				{isHere && <RunLine kit={kit} />}
				{sign === 'unconfirmed' ? <p class="tile-why tone-bad">{t('state.unconfirmed.means')}</p>
					: (!isHere || row.why) && <p class="tile-why">{whyText(row)}</p>}
				{isHere && <Values kit={kit} description={description} />}
				<OldNote kit={kit} />
			</a>
		</li>
	);
}

function RunLine({ kit }: { kit: Kit }): JSX.Element {
	const run = runsByKit.value.get(kit.id);
	const { holder } = kit.row.value;
	if (holder && (!run || runIsOver(run.state))) {
		return (
			<div class="tile-run tone-run">
				<Icon name="hand" size={16} /> <span class="clip">{t('tile.driven', { who: whoText(holder) })}</span>
			</div>
		);
	}
	if (!run) {
		return <div class="tile-run muted">{t('run.none')}</div>;
	}
	if (runIsOver(run.state)) {
		return (
			<div class={run.state === 'failed' ? 'tile-run tone-bad' : 'tile-run muted'}>
				{run.state === 'failed' && <Icon name="failed" size={16} />}
				<span class="clip">{run.name}</span>
				<span>{t(`run.${run.state}`)}{run.error?.line ? ` · ${t('console.line', { line: run.error.line })}` : ''}</span>
			</div>
		);
	}
	second.value;
	return (
		<div class="tile-run tone-run">
			<Icon name="play" size={16} />
			<span class="clip">{run.name}</span>
			<span class="number">
				{run.started && run.state === 'running'
					? durationText(socket.utc() - Date.parse(run.started)) : t(`run.${run.state}`)}
			</span>
		</div>
	);
}

function Values({ kit, description }: { kit: Kit; description: Description | null }): JSX.Element {
	const names = partNames(description, 'setting', 'status', 'data');
	if (!description || names.length === 0) {
		return <p class="tile-why">{t(description ? 'room.noparts' : 'room.novalues')}</p>;
	}
	const { properties } = description;
	const main = names.find((name) => properties[name]!.kind === 'sensor' && isNumeric(properties[name]!))
		?? names.find((name) => isNumeric(properties[name]!));
	const isLamp = (name: string): boolean => properties[name]!.type === 'bool';
	const others = names.filter((name) => name !== main)
		.sort((a, b) => Number(isLamp(b)) - Number(isLamp(a))).slice(0, SMALL_VALUES);
	return (
		<>
			{main && (
				<div class="tile-main">
					<span class="part-name">{main}</span>
					<Sparkline key={main} kit={kit} name={main} property={properties[main]!} />
					<Reading kit={kit} name={main} property={properties[main]!} />
				</div>
			)}
			<div class="tile-values">
				{others.map((name) => <Small key={name} kit={kit} name={name} property={properties[name]!} />)}
			</div>
		</>
	);
}

function Reading({ kit, name, property }: { kit: Kit; name: string; property: Property }): JSX.Element {
	const text = useComputed(() => valueText(kit.value(name).value, property));
	const isKnown = useComputed(() => kit.value(name).value !== null);
	return <span class="number">{text}{isKnown.value && <Unit of={property.unit} />}</span>;
}

/* A lamp or button as a dot with its word for those who do not see colours; else the number. */
function Small({ kit, name, property }: { kit: Kit; name: string; property: Property }): JSX.Element {
	const isBool = property.type === 'bool';
	const isOn = isBool && kit.value(name).value === true;
	return (
		<span class="small">
			{isBool && <span class={isOn ? 'dot on' : 'dot'} />}
			<span class="part-name">{name}</span>
			{isBool
				? <span class="hidden">{t(isOn ? 'part.yes' : 'part.no')}</span>
				: <Reading kit={kit} name={name} property={property} />}
		</span>
	);
}

export function FreeSeat({ seat }: { seat: string }): JSX.Element {
	return (
		<li>
			<div class="tile tile-free">
				<div class="tile-head">
					<span class="seat">{seat}</span>
					<span class="tile-name">{t('room.free')}</span>
				</div>
				<p class="tile-why"><Icon name="plug" size={16} /> {t('room.free.do')}</p>
			</div>
		</li>
	);
}

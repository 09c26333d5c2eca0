/* All parts of a kit, each a row: its name in scripts, its widget, the key that puts it in the chart. */
import type { ReadonlySignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n/bench';
import { Icon } from '../icons';
import { isOld } from '../parts/old';
import { Problem, useTask } from '../parts/problem';
import { isLive, partNames, socket, type Kit } from '../state';
import type { Property, Value } from '../wire';
import { levers } from './motion';
import { widgetOf } from './widgets';
import { PressKey, type KitWorld } from './world';

const QUIET = ['setting', 'status', 'data'];

interface Props {
	kit: Kit;
	world?: KitWorld;
	isQuiet?: boolean; /* settings and what the kit says of itself, instead of its sensors and lamps */
	series: ReadonlySignal<string[]>;
	toggle: (name: string) => void;
}

/* What is moved has a lever of its own (motion.tsx). */
function partsOf(kit: Kit, isQuiet: boolean): string[] {
	const description = kit.description.value;
	const moved = levers(description);
	return partNames(description).filter((name) =>
		QUIET.includes(description!.properties[name]!.kind) === isQuiet && !moved.includes(name));
}

export const quietCount = (kit: Kit): number => partsOf(kit, true).length;

export function Parts({ kit, world, isQuiet = false, series, toggle }: Props): JSX.Element {
	const description = kit.description.value;
	const names = partsOf(kit, isQuiet);
	if (!description || names.length === 0) {
		return <p class="muted">{t(description ? 'bench.noparts' : 'bench.waiting')}</p>;
	}
	return (
		<ul class={isOld(kit) ? 'parts parts-old' : 'parts'}>
			{names.map((name) => (
				<Part key={name} kit={kit} world={world} name={name} property={description.properties[name]!}
					place={series.value.indexOf(name)} toggle={toggle} />
			))}
		</ul>
	);
}

interface PartProps {
	kit: Kit;
	world: KitWorld | undefined;
	name: string;
	property: Property;
	place: number; /* among the chart's series; -1: not drawn */
	toggle: (name: string) => void;
}

function Part({ kit, world, name, property, place, toggle }: PartProps): JSX.Element {
	const task = useTask();
	const write = (value: Value): Promise<boolean> =>
		task.run(() => socket.request('kit.write', { kit: kit.id, property: name, value }));
	const Widget = widgetOf(property);
	const isDrawn = place >= 0;
	return (
		<li class="part" data-part={name}>
			<div class="part-what">
				<span class="part-name">{name}</span>
				<span class="part-title">{property.title}</span>
			</div>
			<div class="part-widget">
				<Widget kit={kit} name={name} property={property} value={kit.value(name)} write={write} />
				{/* What a finger presses on a virtual kit is pressed where it is seen. */}
				{(name === 'button' || name === 'touch') && world?.now.value?.button !== undefined && (
					<PressKey isDown={world.now.value.button} isOff={!isLive.value}
						press={(button) => world.change({ button })} />
				)}
			</div>
			{property.type === 'text' || property.type === 'vector' ? <span /> : (
				<button class="button quiet chart-key" aria-pressed={isDrawn} aria-label={t('part.chart', { name })}
					title={t('part.chart', { name })} style={isDrawn ? `--series: var(--s${place % 6 + 1})` : ''}
					onClick={() => toggle(name)}>
					<Icon name="chart" />
				</button>
			)}
			{task.error.value && <Problem error={task.error.value} what={t('part.failed', { name })} />}
		</li>
	);
}

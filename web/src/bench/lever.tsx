/*
 * A lever: the set-point of a motor, a joint or a grip, while it is pressed. A motor's springs
 * back to the middle; a joint goes towards the finger and stays where it is when that is lifted.
 */
import { useComputed, useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { numberText } from '../format';
import { t } from '../i18n/bench';
import type { Command, Drive } from '../lease';
import { Unit } from '../parts/unit';
import type { Kit } from '../state';
import type { Property } from '../wire';
import { useFinger } from './finger';

const MORE = ['ArrowRight', 'ArrowUp'];
const LESS = ['ArrowLeft', 'ArrowDown'];
const KEY_STEPS = 60; /* presses of a key from one end of a joint to the other */

interface Props {
	kit: Kit;
	drive: Drive;
	name: string;
	property: Property;
	isOff: boolean;
	speed: Signal<number>; /* of a motor by keys */
}

export function Lever({ kit, drive, name, property, isOff, speed }: Props): JSX.Element {
	const { min = -180, max = 180 } = property;
	const springs = property.kind === 'motion';
	const wish = useSignal<number | null>(null); /* null: nobody presses */
	const digits = max - min <= 10 ? 100 : 1;
	const measured = useComputed(() => {
		const value = kit.value(name).value;
		return typeof value === 'number' ? value : null;
	});
	const go = (value: number): Command => {
		wish.value = Math.round(Math.min(max, Math.max(min, value)) * digits) / digits;
		return { property: name, value: wish.value };
	};
	const finger = useFinger(drive, isOff, {
		start: measured.value === null ? null : { property: name, value: measured.value },
		rest: springs ? { property: name, value: 0 } : null,
		keys: [...MORE, ...LESS],
		onPoint: (across) => go(min + across * (max - min)),
		onKeys: (down) => {
			const way = Number(MORE.some((key) => down.has(key))) - Number(LESS.some((key) => down.has(key)));
			if (springs) {
				return go(way * speed.peek());
			}
			const from = wish.peek() ?? measured.peek();
			return from === null ? null : go(from + way * (max - min) / KEY_STEPS);
		},
		onEnd: () => { wish.value = null; },
	});
	const place = (value: number): string => `${((value - min) / (max - min) * 100).toFixed(1)}%`;
	const shown = wish.value ?? measured.value;
	return (
		<div class="lever-row" data-lever={name}>
			<span class="part-what">
				<span class="part-name">{name}</span>
				<span class="part-title">{property.title}</span>
			</span>
			<div class={isOff ? 'lever lever-off' : 'lever'} role="slider" tabIndex={0}
				aria-label={t('motion.lever', { name: `${name} ${property.title}` })} aria-disabled={isOff}
				aria-valuemin={min} aria-valuemax={max} aria-valuenow={shown ?? undefined}
				aria-valuetext={shown === null ? t('part.unknown') : numberText(shown, property)} {...finger}>
				<span class="lever-track" />
				{springs && <span class="lever-middle" />}
				{measured.value !== null && <span class="lever-now" style={`left: ${place(measured.value)}`} />}
				<span class={wish.value === null ? 'lever-thumb' : 'lever-thumb held'}
					style={`left: ${place(shown ?? (springs ? 0 : min))}`} />
			</div>
			<span class="number reading">
				{shown === null ? '–' : numberText(shown, property)}
				{shown !== null && <Unit of={property.unit} />}
			</span>
		</div>
	);
}

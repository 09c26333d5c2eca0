/*
 * The widget of a property, by its kind and type from the kit's description: a lamp for a light,
 * a bar for a ratio, a dial for an angle, a number with its line for the rest.
 */
import { useComputed, useSignal, useSignalEffect, type ReadonlySignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { digitsOf, numberText, valueText } from '../format';
import { t } from '../i18n/bench';
import { Icon } from '../icons';
import { newest } from '../parts/problem';
import { Sparkline } from '../parts/sparkline';
import { Unit } from '../parts/unit';
import { isLive, type Kit } from '../state';
import type { Property, Value } from '../wire';
import { Colour, ColourField } from './colour';

export interface WidgetProps {
	kit: Kit;
	name: string;
	property: Property;
	value: ReadonlySignal<Value>;
	write: (value: Value) => Promise<boolean>;
}
type Widget = (props: WidgetProps) => JSX.Element;

export function widgetOf(property: Property): Widget {
	const { type, kind, writable, min, max } = property;
	const canWrite = writable && property.class === 'signal';
	if (type === 'bool') {
		return canWrite ? Switch : kind === 'button' ? ButtonState : BoolState;
	}
	if (kind === 'color' && type === 'vector') {
		return canWrite ? ColourField : Colour;
	}
	if (type === 'number' || type === 'integer') {
		if (kind === 'compass') {
			return Compass;
		}
		const isBounded = min !== undefined && max !== undefined;
		if (kind === 'angle' && isBounded) {
			return canWrite ? DialSlider : Dial;
		}
		if (canWrite) {
			return isBounded && kind !== 'setting' ? Slider : NumberField;
		}
		return isBounded && (property.unit === '1' || property.unit === '%') ? Bar : Line;
	}
	return Text;
}

export const reachable = (kit: Kit): boolean => isLive.value && kit.row.value.state === 'ready';

function Reading({ property, value }: Pick<WidgetProps, 'property' | 'value'>): JSX.Element {
	const text = useComputed(() => valueText(value.value, property));
	const isKnown = useComputed(() => value.value !== null);
	return <span class="number reading">{text}{isKnown.value && <Unit of={property.unit} />}</span>;
}

function Switch({ kit, name, property, value, write }: WidgetProps): JSX.Element {
	const isOn = value.value === true;
	return (
		<button class={isOn ? 'switch on' : 'switch'} role="switch" aria-checked={isOn} data-kind={property.kind}
			aria-label={`${name} ${property.title}`} disabled={!reachable(kit)} onClick={() => void write(!isOn)}>
			<Icon name={property.kind === 'light' ? 'lamp' : 'bolt'} size={22} />
			{value.value === null ? t('part.unknown') : t(isOn ? 'part.on' : 'part.off')}
		</button>
	);
}

function ButtonState({ value }: WidgetProps): JSX.Element {
	const isOn = value.value === true;
	return (
		<span class="state-word">
			<span class={isOn ? 'dot big on' : 'dot big'} />
			{value.value === null ? t('part.unknown') : t(isOn ? 'part.pressed' : 'part.released')}
		</span>
	);
}

function BoolState({ value }: WidgetProps): JSX.Element {
	const isOn = value.value === true;
	return (
		<span class="state-word">
			<span class={isOn ? 'dot big on' : 'dot big'} />
			{value.value === null ? t('part.unknown') : t(isOn ? 'part.yes' : 'part.no')}
		</span>
	);
}

const share = (value: Value, { min = 0, max = 1 }: Property): number =>
	typeof value === 'number' ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 0;

function Bar({ property, value }: WidgetProps): JSX.Element {
	const style = useComputed(() => `transform: scaleX(${share(value.value, property).toFixed(3)})`);
	return (
		<>
			<span class="bar-row" aria-hidden="true">
				<small>{property.min}</small>
				<span class="bar"><span class="bar-fill" style={style} /></span>
				<small>{property.max}</small>
			</span>
			<Reading property={property} value={value} />
		</>
	);
}

function Line({ kit, name, property, value }: WidgetProps): JSX.Element {
	return (
		<>
			<Sparkline kit={kit} name={name} property={property} />
			<Reading property={property} value={value} />
		</>
	);
}

/* What was set is shown until the kit reports what it made of it. */
function Slider({ kit, name, property, value, write }: WidgetProps): JSX.Element {
	const held = useSignal<number | null>(null);
	const queue = useMemo(() => newest(async (wish: number) => {
		if (!await write(wish)) {
			held.value = null;
		}
	}), []);
	useSignalEffect(() => {
		value.value;
		if (!queue.isBusy()) {
			held.value = null;
		}
	});
	const { min = 0, max = 1 } = property;
	const isKnown = held.value !== null || typeof value.value === 'number';
	const shown = held.value ?? (typeof value.value === 'number' ? value.value : min);
	return (
		<>
			<span class="bar-row">
				<small aria-hidden="true">{min}</small>
				<input type="range" min={min} max={max} step={10 ** -digitsOf(property)}
					value={shown} aria-label={`${name} ${property.title}`} disabled={!reachable(kit)}
					onInput={(event) => {
						held.value = Number(event.currentTarget.value);
						queue.send(held.value);
					}} />
				<small aria-hidden="true">{max}</small>
			</span>
			<span class="number reading">
				{isKnown ? numberText(shown, property) : '–'}
				{isKnown && <Unit of={property.unit} />}
			</span>
		</>
	);
}

function Dial({ property, value }: WidgetProps): JSX.Element {
	const turn = useComputed(() => `rotate(${(share(value.value, property) * 180 - 180).toFixed(1)} 24 24)`);
	return (
		<>
			<svg class="dial" width="48" height="28" viewBox="0 0 48 28" aria-hidden="true">
				<path d="M4 24a20 20 0 0 1 40 0" fill="none" stroke="var(--line-strong)" stroke-width="3" />
				<line x1="24" y1="24" x2="41" y2="24" stroke="var(--accent)" stroke-width="3" stroke-linecap="round"
					transform={turn} />
				<circle cx="24" cy="24" r="3" fill="var(--accent)" />
			</svg>
			<Reading property={property} value={value} />
		</>
	);
}

/* North is where the kit looked at its start; degrees count to the left. */
function Compass({ property, value }: WidgetProps): JSX.Element {
	const turn = useComputed(() => `rotate(${typeof value.value === 'number' ? -value.value : 0} 24 24)`);
	return (
		<>
			<svg class="dial" width="48" height="48" viewBox="0 0 48 48" aria-hidden="true">
				<circle cx="24" cy="24" r="20" fill="none" stroke="var(--line-strong)" stroke-width="3" />
				<path d="M24 1v7M24 40v7M1 24h7M40 24h7" stroke="var(--line-strong)" stroke-width="3" />
				<path d="M24 8l7 26-7-5-7 5z" fill="var(--accent)" transform={turn} />
			</svg>
			<Reading property={property} value={value} />
		</>
	);
}

function DialSlider(props: WidgetProps): JSX.Element {
	return (
		<>
			<Dial {...props} />
			<Slider {...props} />
		</>
	);
}

function NumberField({ kit, name, property, value, write }: WidgetProps): JSX.Element {
	const text = useSignal<string | null>(null);
	const submit = (event: Event): void => {
		event.preventDefault();
		if (text.value !== null && text.value !== '') {
			void write(Number(text.value)).then((isDone) => {
				text.value = isDone ? null : text.value;
			});
		}
	};
	return (
		<form class="inline" onSubmit={submit}>
			<input type="number" min={property.min} max={property.max} step={property.type === 'integer' ? 1 : 'any'}
				aria-label={`${name} ${property.title}`} disabled={!reachable(kit)}
				value={text.value ?? (value.value === null ? '' : String(value.value))}
				onInput={(event) => { text.value = event.currentTarget.value; }} />
			<Unit of={property.unit} />
			<button class="button" disabled={!reachable(kit) || text.value === null}>{t('part.set')}</button>
		</form>
	);
}

function Text({ property, value }: WidgetProps): JSX.Element {
	return <span class="text-value">{valueText(value.value, property)}</span>;
}

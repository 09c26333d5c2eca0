/* Raw pins, folded away: each is read only if somebody asks, because reading changes its use. */
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { valueText } from '../format';
import { t } from '../i18n/bench';
import { Problem, useTask } from '../parts/problem';
import { isLive, socket, type Kit } from '../state';
import type { Property, Value } from '../wire';

export function Pins({ kit, reading }: { kit: Kit; reading: Signal<string[]> }): JSX.Element | null {
	const pins = Object.entries(kit.description.value?.properties ?? {})
		.filter(([, property]) => property.kind === 'pin');
	if (pins.length === 0) {
		return null;
	}
	const toggle = (name: string): void => {
		reading.value = reading.value.includes(name)
			? reading.value.filter((other) => other !== name) : [...reading.value, name];
	};
	return (
		<details class="panel fold">
			<summary><h2>{t('pins', { count: pins.length })}</h2></summary>
			<p class="muted">{t('pins.note')}</p>
			<table class="pins">
				<thead>
					<tr>
						<th scope="col">{t('pins.name')}</th>
						<th scope="col">{t('pins.read')}</th>
						<th scope="col">{t('pins.value')}</th>
						<th scope="col">{t('pins.write')}</th>
					</tr>
				</thead>
				<tbody>
					{pins.map(([name, property]) => (
						<Pin key={name} kit={kit} name={name} property={property}
							isRead={reading.value.includes(name)} toggle={toggle} />
					))}
				</tbody>
			</table>
		</details>
	);
}

interface PinProps {
	kit: Kit;
	name: string;
	property: Property;
	isRead: boolean;
	toggle: (name: string) => void;
}

function Pin({ kit, name, property, isRead, toggle }: PinProps): JSX.Element {
	const task = useTask();
	const isOff = !isLive.value || kit.row.value.state !== 'ready';
	return (
		<tr>
			<th scope="row" class="part-name">{name}</th>
			<td>
				<input type="checkbox" checked={isRead} disabled={isOff} aria-label={`${t('pins.read')} ${name}`}
					onChange={() => toggle(name)} />
			</td>
			<td class="number">{valueText(kit.value(name).value)}</td>
			<td>
				{property.writable && (
					<form class="inline" onSubmit={(event) => {
						event.preventDefault();
						const field = event.currentTarget.elements.namedItem('value') as HTMLInputElement;
						void task.run(() => socket.request('kit.write', {
							kit: kit.id, property: name, value: pinValue(field.value, property),
						}));
					}}>
						<input name="value" inputMode="decimal" size={5} required disabled={isOff}
							aria-label={`${t('pins.write')} ${name}`} />
						<button class="button" disabled={isOff}>{t('part.set')}</button>
					</form>
				)}
				{task.error.value && <Problem error={task.error.value} what={t('part.failed', { name })} />}
			</td>
		</tr>
	);
}

/* A pin takes what its mode takes: 0 and 1, 0..1, degrees; the daemon judges. */
function pinValue(text: string, property: Property): Value {
	const number = Number(text);
	return property.type === 'bool' && (number === 0 || number === 1) ? number === 1
		: Number.isNaN(number) ? text : number;
}

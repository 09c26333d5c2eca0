/* What a kit can do, each with a form made from its description; and what the kit told by itself. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { timeText, unitText, valueText } from '../format';
import { t } from '../i18n/bench';
import { Icon } from '../icons';
import { driveOf } from '../lease';
import { Problem, useTask } from '../parts/problem';
import { isLive, socket, type Kit } from '../state';
import type { Action, Argument, Value, Values } from '../wire';
import { HoldKey } from './hold_key';
import { DRIVEN, isAtRest } from './motion';

export function Actions({ kit }: { kit: Kit }): JSX.Element | null {
	const actions = Object.entries(kit.description.value?.actions ?? {}).filter(([name]) => !DRIVEN.includes(name));
	if (actions.length === 0) {
		return null;
	}
	return (
		<details class="panel fold">
			<summary><h2>{t('actions', { count: actions.length })}</h2></summary>
			{actions.map(([name, action]) => <ActionForm key={name} kit={kit} name={name} action={action} />)}
			<h3>{t('events')}</h3>
			{kit.events.value.length === 0 && <p class="muted">{t('events.none')}</p>}
			<ul class="events">
				{kit.events.value.map(({ event, value, at }) => (
					<li key={at}>
						<small class="number">{timeText(at)}</small> <span class="part-name">{event}</span>{' '}
						{value !== undefined && valueText(value)}
					</li>
				))}
			</ul>
		</details>
	);
}

function ActionForm({ kit, name, action }: { kit: Kit; name: string; action: Action }): JSX.Element {
	const task = useTask();
	const answer = useSignal<{ result: Value } | null>(null);
	const form = useRef<HTMLFormElement>(null);
	const moves = action.class === 'motion';
	const isOff = moves ? isAtRest(kit) : !isLive.value || kit.row.value.state !== 'ready';
	const submit = (event: Event): void => {
		event.preventDefault();
		if (moves) { /* Enter in a field is no finger on a key */
			return;
		}
		const fields = new FormData(form.current!);
		answer.value = null;
		void task.run(async () => {
			answer.value = await socket.request('kit.act', {
				kit: kit.id, action: name, args: argumentsOf(action, fields),
			});
		});
	};
	return (
		<form class="action" ref={form} onSubmit={submit} data-action={name}>
			<div class="part-what">
				<span class="part-name">{name}</span>
				<span class="part-title">{action.title}</span>
			</div>
			<div class="action-fields">
				{action.args.map((argument) => <Field key={argument.name} argument={argument} isOff={isOff} />)}
				{moves ? (
					<HoldKey drive={driveOf(kit.id)} isOff={isOff} label={`${name}: ${t('actions.hold')}`} text={t('actions.hold')}
						command={() => (form.current!.reportValidity()
							? { action: name, args: argumentsOf(action, new FormData(form.current!)) } : null)} />
				) : <button class="button" disabled={isOff || task.isBusy.value}>{t('actions.do')}</button>}
				{answer.value && (
					<span class="done" role="status">
						<Icon name="ready" size={16} />{' '}
						{answer.value.result === null
							? t('actions.done') : t('actions.result', { result: valueText(answer.value.result) })}
					</span>
				)}
			</div>
			{task.error.value && <Problem error={task.error.value} what={t('actions.failed')} />}
		</form>
	);
}

function Field({ argument, isOff }: { argument: Argument; isOff: boolean }): JSX.Element {
	const { name, type, unit, min, max, optional, choices } = argument;
	const shared = { name, disabled: isOff, required: !optional };
	return (
		<label class="field">
			<span>{argument.title}{unit ? ` (${unitText(unit)})` : ''}</span>
			{choices ? (
				<select {...shared}>
					{optional && <option value="" />}
					{choices.split('|').map((choice) => <option key={choice}>{choice}</option>)}
				</select>
			) : type === 'bool' ? (
				<input type="checkbox" name={name} disabled={isOff} />
			) : type === 'number' || type === 'integer' ? (
				<input type="number" {...shared} min={min} max={max} step={type === 'integer' ? 1 : 'any'} />
			) : type === 'vector' ? (
				<input type="text" {...shared} pattern="[\-+.\deE\s,，、]+"
					placeholder={t(max === 255 ? 'actions.bytes' : 'actions.numbers')} title={t('actions.numbers')} />
			) : (
				<input type="text" {...shared} />
			)}
		</label>
	);
}

function argumentsOf(action: Action, fields: FormData): Values {
	const values: Values = {};
	for (const { name, type } of action.args) {
		const text = String(fields.get(name) ?? '');
		if (type === 'bool') {
			values[name] = fields.has(name);
		} else if (text !== '') {
			values[name] = type === 'number' || type === 'integer' ? Number(text)
				: type === 'vector' ? text.trim().split(/[\s,，、]+/).map(Number) : text;
		}
	}
	return values;
}

/*
 * Keys for an arm that does not know its angles: a joint turns while its key is held, for a
 * chosen time at most.
 */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { numberText } from '../format';
import { t } from '../i18n/bench';
import type { Drive } from '../lease';
import type { Description, Values } from '../wire';
import { HoldKey } from './hold_key';

const TIMES_S = [0.2, 0.5, 1, 2, 5];
const JOINTS_MAX = 8;

export function Joggers({ drive, description, isOff }: {
	drive: Drive;
	description: Description;
	isOff: boolean;
}): JSX.Element | null {
	const time = useSignal(1);
	const joint = description.actions['move_joint'];
	const grip = description.actions['move_grip'];
	const joints = joint ? Math.min(JOINTS_MAX, joint.args.find(({ name }) => name === 'joint')?.max ?? 1) : 0;
	if (!joint && !grip) {
		return null;
	}
	const row = (action: string, title: string, args: Values, less: string, more: string): JSX.Element => (
		<div class="lever-row" key={title} data-jog={title}>
			<span class="part-what">{title}</span>
			<span class="jog">
				{([[-1, less], [1, more]] as const).map(([speed, text]) => (
					<HoldKey key={speed} drive={drive} isOff={isOff} label={`${title} ${text}`} text={text}
						command={() => ({ action, args: { ...args, speed, duration: time.peek() } })} />
				))}
			</span>
		</div>
	);
	return (
		<>
			<label class="lever-row">
				<span class="part-what">{t('motion.time')}</span>
				<select value={time.value} onChange={(event) => { time.value = Number(event.currentTarget.value); }}>
					{TIMES_S.map((seconds) => (
						<option key={seconds} value={seconds}>{t('chart.seconds', { n: numberText(seconds) })}</option>
					))}
				</select>
			</label>
			{Array.from({ length: joints }, (_, i) =>
				row('move_joint', t('motion.joint', { n: i + 1 }), { joint: i + 1 }, '−', '+'))}
			{grip && row('move_grip', grip.title, {}, t('motion.open'), t('motion.close'))}
		</>
	);
}


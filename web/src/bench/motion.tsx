/*
 * What moves, and who moves it: the drive pad, a lever for each motor and joint, keys for arms
 * that do not know their angles. All of them are pressed and held, and release by themselves.
 */
import { useComputed, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { peopleText, whoText } from '../format';
import { t } from '../i18n/bench';
import { Icon } from '../icons';
import { driveOf, type Drive } from '../lease';
import { Problem, useTask } from '../parts/problem';
import { stopOf } from '../room';
import { isLive, isStaff, socket, type Kit } from '../state';
import type { Description } from '../wire';
import { Joggers } from './jog';
import { Lever } from './lever';
import { Pad } from './pad';

/* Actions that have a control of their own here, and need no form. */
export const DRIVEN = ['drive', 'turn', 'stop', 'move_joint', 'move_grip'];

/* Properties that have one. */
export const levers = (description: Description | null): string[] =>
	Object.entries(description?.properties ?? {})
		.filter(([, property]) => property.class === 'motion' && property.writable).map(([name]) => name);

const canMove = (description: Description | null): boolean =>
	levers(description).length > 0
	|| Object.values(description?.actions ?? {}).some((action) => action.class === 'motion');

export const isAtRest = (kit: Kit): boolean =>
	!isLive.value || kit.row.value.state !== 'ready' || stopOf(kit) !== null;

export function Motion({ kit }: { kit: Kit }): JSX.Element | null {
	const description = kit.description.value;
	const drive = driveOf(kit.id);
	const speed = useSignal(0.5);
	const isOff = useComputed(() => isAtRest(kit)).value;
	if (!description || !canMove(description)) {
		return null;
	}
	const names = levers(description);
	const hasPad = 'drive' in description.actions;
	return (
		<section class="panel motion" aria-labelledby="motion-title">
			<div class="motion-head">
				<h2 id="motion-title">{t('motion')}</h2>
				<Driver kit={kit} drive={drive} />
				{'stop' in description.actions && <StopKit kit={kit} />}
			</div>
			<Trouble drive={drive} />
			{stopOf(kit) && <p class="motion-off">{t('motion.stopped')}</p>}
			<div class="motion-grid">
				{hasPad && <Pad drive={drive} isOff={isOff} speed={speed} />}
				<div class="levers">
					{hasPad && (
						<label class="lever-row">
							<span class="part-what">{t('motion.speed')}</span>
							<input type="range" min="0.1" max="1" step="0.05" value={speed.value}
								onInput={(event) => { speed.value = Number(event.currentTarget.value); }} />
							<span class="number reading">{Math.round(speed.value * 100)} <small>%</small></span>
						</label>
					)}
					{names.map((name) => (
						<Lever key={name} kit={kit} drive={drive} name={name} property={description.properties[name]!}
							isOff={isOff} speed={speed} />
					))}
					<Joggers drive={drive} description={description} isOff={isOff} />
				</div>
			</div>
			<p class="muted motion-hint">{t(hasPad ? 'motion.hint.pad' : 'motion.hint')}</p>
			{description.dead_man === false && (
				<details class="dead-man">
					<summary><Icon name="warning" size={16} /> {t('motion.deadman')}</summary>
					<p>{t('motion.deadman.why')}</p>
				</details>
			)}
		</section>
	);
}

/* Who drives now, in one line. */
function Driver({ kit, drive }: { kit: Kit; drive: Drive }): JSX.Element | null {
	const { holder } = kit.row.value;
	if (drive.isDriving.value) {
		return <span class="driver tone-run" data-test="driver"><Icon name="hand" size={16} /> {t('motion.you')}</span>;
	}
	if (!holder) {
		return <span class="driver muted" data-test="driver">{t('motion.free')}</span>;
	}
	return (
		<span class="driver" data-test="driver">
			<Icon name="hand" size={16} /> {t('motion.by', { who: whoText(holder) })}
			{isStaff.value && (
				<button class="button" disabled={!isLive.value} data-test="take" onClick={() => void drive.takeOver()}>
					{t('motion.take')}
				</button>
			)}
		</span>
	);
}

/* Stops this kit whoever drives it; nobody needs leave to stop. */
function StopKit({ kit }: { kit: Kit }): JSX.Element {
	const task = useTask();
	return (
		<>
			<button class="button stop-kit" data-test="stop-kit" disabled={!isLive.value}
				onClick={() => {
					driveOf(kit.id).end();
					void task.run(() => socket.request('kit.act', { kit: kit.id, action: 'stop' }));
				}}>
				<Icon name="stop" /> {t('motion.stop')}
			</button>
			{task.error.value && <Problem error={task.error.value} what={t('motion.stop.failed')} />}
		</>
	);
}

/* Why the kit does not follow the finger any more. */
function Trouble({ drive }: { drive: Drive }): JSX.Element | null {
	const { value: lost } = drive.lost;
	const { value: error } = drive.error;
	if (lost) {
		return (
			<p class="motion-lost" role="alert" data-test="lease-lost">
				<Icon name="warning" /> {peopleText(lost)}
			</p>
		);
	}
	return error && <Problem error={error} what={error.reason === 'limit' ? undefined : t('motion.refused')} />;
}

/*
 * The motors' part of a check-up: somebody holds the kit in one hand, and with a finger of the
 * other the key that keeps the lease alive. When the finger goes, lease and motors end.
 */
import { untracked, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useFinger } from '../bench/finger';
import { t } from '../i18n/lab';
import { Icon } from '../icons';
import { Problem } from '../parts/problem';
import { driveOf, type Drive } from '../lease';
import type { Kit } from '../state';
import type { Description } from '../wire';
import { checkUp, courses } from './health';

export const motorsOf = (description: Description | null): boolean => description !== null
	&& [...Object.values(description.properties), ...Object.values(description.actions)].some((one) => one.class === 'motion');

export function Motors({ kit }: { kit: Kit }): JSX.Element {
	const drive = driveOf(kit.id);
	const isDown = useSignal(false);
	const isOver = useSignal(false);
	const isMine = useComputed(() => isDown.value && drive.isDriving.value);
	const course = courses.value.get(kit.id);
	const isOff = !isDown.value && course !== undefined;
	const begin = (): null => {
		isDown.value = true;
		return null;
	};
	const finger = useFinger(drive, isOff, {
		start: null, rest: null, keys: ['Space', 'Enter'], onPoint: begin, onKeys: begin,
		onEnd: () => { isDown.value = isOver.value = false; },
	});
	useSignalEffect(() => {
		if (isMine.value) {
			untracked(() => void tryMotors(kit.id, drive, () => { isOver.value = isDown.peek(); }));
		}
	});
	return (
		<>
			<button class="button press lab-hold" data-test="motors" aria-pressed={isDown.value} disabled={isOff} {...finger}>
				<Icon name="hand" size={24} />
				<span>
					<strong>{t('health.motors')} <span class="hidden">{kit.id}</span></strong>
					<small>
						{isOver.value ? t('health.motors.over')
							: isDown.value && course ? t('health.motors.hold', { step: t(`step.${course.step}`) }) : t('health.motors.how')}
					</small>
				</span>
			</button>
			{drive.error.value && <Problem error={drive.error.value} what={t('health.motors.failed')} />}
			{drive.lost.value && <p class="tone-warn" role="status">{drive.lost.value}</p>}
		</>
	);
}

/* `onOver` comes only while the lease of this press is still there; a finger that stays moves nothing more. */
async function tryMotors(kit: string, drive: Drive, onOver: () => void): Promise<void> {
	const { lease } = drive;
	await checkUp(kit, lease!);
	if (drive.lease === lease) {
		onOver();
	}
}

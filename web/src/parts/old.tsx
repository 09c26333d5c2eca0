/* The age of values that are not live: nothing pretends. */
import type { JSX } from 'preact';
import { ageText } from '../format';
import { t } from '../i18n';
import { isLive, second, socket, type Kit } from '../state';

export const isOld = (kit: Kit): boolean => !isLive.value || kit.row.value.state !== 'ready';

export function OldNote({ kit }: { kit: Kit }): JSX.Element | null {
	if (!isOld(kit) || kit.sampleAt.value === 0) {
		return null;
	}
	second.value;
	return (
		<p class="old-note">
			{t('bench.old', { age: ageText(socket.now() - kit.sampleAt.value) })}
		</p>
	);
}

/* A kit's state as icon and word: never by colour alone. */
import type { JSX } from 'preact';
import { t } from '../i18n';
import { Icon, type IconName } from '../icons';
import { isLive, type Kit } from '../state';
import { runsByKit } from '../runs';
import { runIsOver, type KitState, type RunInfo } from '../wire';

export type Sign = KitState | 'running' | 'unknown';
export type Tone = 'good' | 'run' | 'wait' | 'warn' | 'bad' | 'idle';

const looks: Record<Sign, [IconName, Tone]> = {
	ready: ['ready', 'good'],
	running: ['play', 'run'],
	opening: ['opening', 'wait'],
	probing: ['probing', 'wait'],
	absent: ['absent', 'idle'],
	stale: ['stale', 'warn'],
	lost: ['lost', 'bad'],
	refused: ['refused', 'bad'],
	unknown: ['unknown', 'idle'],
};

export const toneOf = (sign: Sign): Tone => looks[sign][1];

export const activeRun = (kit: Kit): RunInfo | null => {
	const run = runsByKit.value.get(kit.id);
	return run && !runIsOver(run.state) ? run : null;
};

export function signOf(kit: Kit): Sign {
	const { state } = kit.row.value;
	if (!isLive.value) {
		return 'unknown';
	}
	return state === 'ready' && activeRun(kit) ? 'running' : state;
}

/* Somebody should go there: the kit is in trouble, or its last script failed. */
export function needsHelp(kit: Kit): boolean {
	const tone = toneOf(kit.row.value.state);
	return tone === 'warn' || tone === 'bad' || runsByKit.value.get(kit.id)?.state === 'failed';
}

export function StateBadge({ sign }: { sign: Sign }): JSX.Element {
	const [icon, tone] = looks[sign];
	return (
		<span class={`badge tone-${tone}`} data-state={sign}>
			<Icon name={icon} size={16} /> {t(`state.${sign}`)}
		</span>
	);
}

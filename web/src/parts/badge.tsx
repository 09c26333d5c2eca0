/* A kit's state as icon and word: never by colour alone. */
import type { JSX } from 'preact';
import { t } from '../i18n';
import { Icon, type IconName } from '../icons';
import { room, stopOf } from '../room';
import { isLive, type Kit } from '../state';
import { runsByKit } from '../runs';
import { runIsOver, type KitState, type RunInfo } from '../wire';

export type Sign = KitState | 'running' | 'stopped' | 'unconfirmed' | 'unknown';
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
	stopped: ['stop', 'warn'],
	unconfirmed: ['warning', 'bad'],
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
	if (isUnconfirmed(kit)) {
		return 'unconfirmed';
	}
	if (state === 'ready' && stopOf(kit)) {
		return 'stopped';
	}
	return state === 'ready' && activeRun(kit) ? 'running' : state;
}

/* It was stopped, and this kit has not proved that it is at rest. */
const isUnconfirmed = (kit: Kit): boolean =>
	stopOf(kit) !== null && room.value!.unconfirmed.includes(kit.id);

/* Somebody should go there: the kit is in trouble, or its last script failed. */
export function needsHelp(kit: Kit): boolean {
	if (isUnconfirmed(kit)) {
		return true;
	}
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

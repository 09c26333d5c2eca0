/* A kit in the lists of the Lab page: seat, name, state. */
import type { JSX } from 'preact';
import { signOf, StateBadge } from '../parts/badge';
import { link } from '../router';
import { kits, type Kit } from '../state';
import { bySeat } from './seats';

export const sortedKits = (): Kit[] => [...kits.value.values()].sort((a, b) =>
	bySeat(a.row.value.seat, b.row.value.seat) || bySeat(a.id, b.id));

export function KitName({ kit, hasSeat = true }: { kit: Kit; hasSeat?: boolean }): JSX.Element {
	const { seat, label } = kit.row.value;
	return (
		<span class="lab-kit">
			{hasSeat && seat && <span class="seat">{seat}</span>}
			<a class="lab-name" href={link.bench(kit.id)}>{label || kit.id}</a>
			<StateBadge sign={signOf(kit)} />
		</span>
	);
}

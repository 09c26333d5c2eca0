/* How far the scale of one unit goes: all of a ratio or a switch, the rest as measured. */
export type Range = [number, number];

/* Room above and below, and never a flat scale. */
function around(low: number, high: number): Range {
	const room = Math.max((high - low) * 0.1, Math.abs(high) * 0.01, 0.05);
	return [low - room, high + room];
}

/* For curves whose ranges are known or not (null), measured from `low` to `high`; null: nothing yet. */
export function scaleOf(ranges: (Range | null)[], low: number | null, high: number | null): Range {
	const known = ranges.filter((range) => range !== null);
	const least = Math.min(...known.map(([from]) => from));
	const most = Math.max(...known.map(([, to]) => to));
	if (low === null || high === null) {
		return known.length > 0 ? [least, most] : [0, 1];
	}
	return low >= least && high <= most ? [least, most] : around(Math.min(low, least), Math.max(high, most));
}

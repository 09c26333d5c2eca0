/* Stick to wheels: x to the right, y ahead, both -1..1. */
export function wheels(x: number, y: number): { left: number; right: number } {
	const reach = Math.max(1, Math.abs(x) + Math.abs(y));
	const round = (share: number): number => Math.round(share / reach * 100) / 100;
	return { left: round(y + x), right: round(y - x) };
}

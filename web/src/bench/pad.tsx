/* The drive pad: a stick that springs back, for a finger, a mouse, or the arrows and W A S D. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n/bench';
import type { Command, Drive } from '../lease';
import { useFinger } from './finger';
import { wheels } from './mixing';

const CENTRE = 0.1; /* nearer than that is rest: a finger trembles */
const KEY_TURN = 0.5; /* how sharp a turn is by keys, of what the stick can */
const KEYS: Record<string, readonly [number, number]> = {
	ArrowUp: [0, 1], KeyW: [0, 1],
	ArrowDown: [0, -1], KeyS: [0, -1],
	ArrowLeft: [-1, 0], KeyA: [-1, 0],
	ArrowRight: [1, 0], KeyD: [1, 0],
};
const REST: Command = { action: 'drive', args: { left: 0, right: 0 } };

export function Pad({ drive, isOff, speed }: { drive: Drive; isOff: boolean; speed: Signal<number> }): JSX.Element {
	const stick = useSignal<readonly [number, number]>([0, 0]);
	const go = (x: number, y: number): Command => {
		stick.value = [x, y];
		return { action: 'drive', args: wheels(x * speed.peek(), y * speed.peek()) };
	};
	const finger = useFinger(drive, isOff, {
		start: REST,
		rest: REST,
		keys: Object.keys(KEYS),
		onPoint: (across, down) => {
			const x = across * 2 - 1;
			const y = 1 - down * 2;
			const far = Math.hypot(x, y);
			return far < CENTRE ? go(0, 0) : go(x / Math.max(1, far), y / Math.max(1, far));
		},
		onKeys: (down) => {
			const sum = (axis: 0 | 1): number =>
				Math.sign([...down].reduce((total, key) => total + KEYS[key]![axis], 0));
			return go(sum(0) * KEY_TURN, sum(1));
		},
		onEnd: () => { stick.value = [0, 0]; },
	});
	const [x, y] = stick.value;
	return (
		<div class={isOff ? 'pad pad-off' : 'pad'} role="application" tabIndex={0} data-test="pad"
			aria-label={t('motion.pad')} aria-disabled={isOff} {...finger}>
			<svg viewBox="-100 -100 200 200" aria-hidden="true">
				<circle r="97" class="pad-ring" />
				<path d="M0 -84l11 15h-22zM0 84l11 -15h-22zM-84 0l15 11v-22zM84 0l-15 11v-22z" class="pad-arrows" />
				<line x2={x * 62} y2={y * -62} class="pad-line" />
				<circle cx={x * 62} cy={y * -62} r="30" class="pad-stick" />
			</svg>
		</div>
	);
}

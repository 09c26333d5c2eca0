/* A key that is held while the kit moves: its command goes once a press. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Command, Drive } from '../lease';
import { useFinger } from './finger';

export function HoldKey({ drive, isOff, label, text, command }: {
	drive: Drive;
	isOff: boolean;
	label: string;
	text: string;
	command: () => Command | null;
}): JSX.Element {
	const isDown = useSignal(false);
	const go = (): Command | null => {
		if (isDown.peek()) {
			return null;
		}
		isDown.value = true;
		return command();
	};
	const finger = useFinger(drive, isOff, {
		start: null, rest: null, keys: ['Space', 'Enter'], onPoint: go, onKeys: go, onEnd: () => { isDown.value = false; },
	});
	return (
		<button type="button" class="button press" aria-label={label} aria-pressed={isDown.value} disabled={isOff} {...finger}>
			{text}
		</button>
	);
}

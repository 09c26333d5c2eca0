/*
 * A finger on a control: the pointer that the control has captured, or keys that are held down on it.
 *
 * A captured pointer can be asked whether it is still there. A key cannot: some systems swallow
 * its release (a Mac while Command is down), so a key counts only as long as the keyboard says
 * something, which a held one does by repeating itself.
 */
import type { DOMAttributes } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { Command, Control, Drive } from '../lease';

const KEY_SILENT_MS = 1200; /* the longest wait before the first repetition is a second */

export interface Hold extends Pick<Control, 'start' | 'rest'> {
	keys?: readonly string[]; /* KeyboardEvent.code */
	/* Where the finger is, 0..1 from the left top corner. */
	onPoint?: (x: number, y: number) => Command | null;
	/* Which keys are down; called again while they repeat. */
	onKeys?: (down: ReadonlySet<string>) => Command | null;
	onEnd: () => void;
}

export type HoldProps = Pick<DOMAttributes<HTMLElement>, 'onPointerDown' | 'onPointerMove' | 'onPointerUp' | 'onPointerCancel'
	| 'onLostPointerCapture' | 'onKeyDown' | 'onKeyUp' | 'onBlur' | 'onContextMenu'>;

class Finger implements Control {
	hold!: Hold;
	isOff = false;
	private element: HTMLElement | null = null;
	private pointer: number | null = null;
	private keys = new Set<string>();
	private keyAt = 0;

	constructor(private readonly drive: Drive) {}

	get start(): Command | null {
		return this.hold.start;
	}

	get rest(): Command | null {
		return this.hold.rest;
	}

	isHeld(): boolean {
		const { element, pointer } = this;
		if (!element?.isConnected || this.isOff) {
			return false;
		}
		return pointer !== null ? element.hasPointerCapture(pointer)
			: this.keys.size > 0 && document.activeElement === element && performance.now() - this.keyAt < KEY_SILENT_MS;
	}

	onEnd(): void {
		this.pointer = null;
		this.keys.clear();
		this.hold.onEnd();
	}

	lift = (): void => this.drive.lift(this);

	private press(element: HTMLElement): void {
		this.element = element;
		this.drive.press(this);
	}

	private wish(command: Command | null | undefined): void {
		if (command) {
			this.drive.wish(this, command);
		}
	}

	private point(event: PointerEvent): void {
		const box = this.element!.getBoundingClientRect();
		const part = (at: number, size: number): number => Math.min(1, Math.max(0, at / size));
		this.wish(this.hold.onPoint?.(
			part(event.clientX - box.left, box.width), part(event.clientY - box.top, box.height)));
	}

	readonly props: HoldProps = {
		onPointerDown: (event) => {
			if (this.isOff || event.button !== 0 || this.pointer !== null || this.keys.size > 0) {
				return;
			}
			const element = event.currentTarget as HTMLElement;
			event.preventDefault(); /* no selecting of text */
			element.focus({ preventScroll: true });
			element.setPointerCapture(event.pointerId);
			this.pointer = event.pointerId;
			this.press(element);
			this.point(event);
		},
		onPointerMove: (event) => {
			if (event.pointerId !== this.pointer) {
				return;
			}
			if (event.buttons === 0) { /* lifted where nobody saw it */
				this.lift();
			} else {
				this.point(event);
			}
		},
		onPointerUp: (event) => this.leave(event),
		onPointerCancel: (event) => this.leave(event),
		onLostPointerCapture: (event) => this.leave(event),
		onKeyDown: (event) => {
			if (!this.hold.keys?.includes(event.code) || this.isOff || this.pointer !== null) {
				return;
			}
			if (event.ctrlKey || event.metaKey || event.altKey) {
				this.lift();
				return;
			}
			event.preventDefault();
			const isFirst = this.keys.size === 0;
			if (isFirst && event.repeat) { /* of a press that is over */
				return;
			}
			this.keys.add(event.code);
			this.keyAt = performance.now();
			if (isFirst) {
				this.press(event.currentTarget as HTMLElement);
			}
			this.wish(this.hold.onKeys?.(this.keys));
		},
		onKeyUp: (event) => {
			if (!this.keys.delete(event.code)) {
				return;
			}
			this.keyAt = performance.now();
			if (this.keys.size === 0) {
				this.lift();
			} else {
				this.wish(this.hold.onKeys?.(this.keys));
			}
		},
		onBlur: () => { /* another finger may have the focus; keys go there with it */
			if (this.pointer === null) {
				this.lift();
			}
		},
		onContextMenu: (event) => event.preventDefault(),
	};

	private leave(event: PointerEvent): void {
		if (event.pointerId === this.pointer) {
			this.lift();
		}
	}
}

/* What an element needs that is to be pressed and held. */
export function useFinger(drive: Drive, isOff: boolean, hold: Hold): HoldProps {
	const finger = useMemo(() => new Finger(drive), [drive]);
	finger.hold = hold;
	finger.isOff = isOff;
	useEffect(() => finger.lift, [finger]);
	return finger.props;
}

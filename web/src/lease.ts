/*
 * Leave to move a kit, held only while a finger is on one of its controls (SAFETY S2).
 *
 * The first finger on a kit asks for a lease, the last one that is lifted gives it back, and the
 * kit comes to rest. In between, every TICK_MS each control is asked whether its finger is
 * really there (finger.ts), on a page that is seen and has the keyboard; only that answer feeds the lease.
 * What takes the finger, the page or the connection away ends it at once, and nothing goes on
 * by itself: the control must be pressed anew. The real stop is the daemon's, when nobody feeds.
 *
 * A set-point that the daemon's limits refuse is approached in steps, as far as they allow, and the
 * person is told of the limit.
 */
import { signal } from '@preact/signals';
import { isLive, socket } from './state';
import type { RpcError, Values, Value } from './wire';

export type Command = { property: string; value: Value } | { action: string; args: Values };

export interface Control {
	isHeld(): boolean; /* is the finger there now? */
	start: Command | null; /* where its set-points begin, if they may go there in steps */
	rest: Command | null; /* what brings only this control to rest; null: all of the kit must rest */
	onEnd(): void; /* it does not move the kit any more */
}

const TTL_MS = 300;
const TICK_MS = 80; /* a student may ask 50 times a second */
const FEEDS_MAX = 3; /* on their way: a stuck line must not fill up with feeds */

const STEP_MIN = 1 / 32;

/* How far a control's set-point has come. */
interface Aim {
	wish: Command;
	at: Command | null; /* the last one that was taken */
	share: number; /* of the way from there to the wish that is tried next */
	isSending: boolean;
	isThere: boolean;
}

const driving = new Set<Drive>();
const drives = new Map<string, Drive>();

export function driveOf(kit: string): Drive {
	let drive = drives.get(kit);
	if (!drive) {
		drive = new Drive(kit);
		drives.set(kit, drive);
	}
	return drive;
}

export class Drive {
	readonly isDriving = signal(false);
	readonly error = signal<RpcError | null>(null);
	readonly lost = signal<string | null>(null); /* why, in the daemon's words */
	lease: string | null = null;
	private isAsking = false;
	private controls = new Set<Control>();
	private aims = new Map<Control, Aim>();
	private feeds = 0;

	constructor(private readonly kit: string) {}

	press(control: Control): void {
		this.error.value = null;
		this.lost.value = null;
		this.controls.add(control);
		driving.add(this);
		if (!this.lease && !this.isAsking) {
			void this.ask();
		}
	}

	/* What the kit shall do while the finger is on the control; sent with the next tick. */
	wish(control: Control, command: Command): void {
		const aim = this.aims.get(control);
		if (aim) {
			Object.assign(aim, { wish: command, isThere: false });
		} else {
			this.aims.set(control, { wish: command, at: control.start, share: 1, isSending: false, isThere: false });
		}
	}

	lift(control: Control): void {
		if (!this.controls.delete(control)) {
			return;
		}
		this.aims.delete(control);
		control.onEnd();
		if (this.controls.size === 0 || !control.rest) {
			this.end();
		} else if (this.lease) {
			const { lease } = this;
			this.command(lease, control.rest).catch((error: RpcError) => this.fail(lease, error));
		}
	}

	/* Every finger counts as lifted; the lease goes back if it is still ours. */
	end(): void {
		const { lease } = this;
		this.lease = null;
		this.isDriving.value = false;
		driving.delete(this);
		const controls = [...this.controls];
		this.controls.clear();
		this.aims.clear();
		controls.forEach((control) => control.onEnd());
		if (lease && isLive.peek()) {
			socket.request('lease.release', { lease }).catch(() => undefined); /* it ended before */
		}
	}

	lose(why: string): void {
		this.lease = null; /* nothing to give back */
		this.lost.value = why;
		this.end();
	}

	/* A teacher takes the kit from whoever drives it; it rests until somebody presses. */
	async takeOver(): Promise<void> {
		try {
			const { lease } = await socket.request('kit.lease', { kit: this.kit, ttl: TTL_MS, take: true });
			await socket.request('lease.release', { lease });
			this.error.value = null;
		} catch (error) {
			this.error.value = error as RpcError;
		}
	}

	tick(): void {
		const isSeen = document.visibilityState === 'visible' && document.hasFocus();
		for (const control of [...this.controls]) {
			if (!isSeen || !control.isHeld()) {
				this.lift(control);
			}
		}
		const { lease } = this;
		if (!lease) {
			return;
		}
		let isFed = false;
		for (const aim of this.aims.values()) {
			if (!aim.isSending && !aim.isThere) {
				void this.approach(lease, aim);
				isFed = true;
			}
		}
		if (!isFed && this.feeds < FEEDS_MAX) {
			this.feeds++;
			socket.request('lease.feed', { lease }).catch((error: RpcError) => this.fail(lease, error))
				.finally(() => { this.feeds--; });
		}
	}

	private async ask(): Promise<void> {
		this.isAsking = true;
		try {
			const { lease } = await socket.request('kit.lease', { kit: this.kit, ttl: TTL_MS });
			if (this.controls.size === 0) {
				await socket.request('lease.release', { lease });
				return;
			}
			this.lease = lease;
			this.isDriving.value = true;
			this.tick();
		} catch (error) {
			if (this.controls.size > 0) {
				this.error.value = error as RpcError;
				this.end();
			}
		} finally {
			this.isAsking = false;
			if (this.controls.size > 0 && !this.lease) { /* pressed anew meanwhile */
				void this.ask();
			}
		}
	}

	private async approach(lease: string, aim: Aim): Promise<void> {
		const { wish, at, share } = aim;
		const command = at ? between(at, wish, share) : wish;
		Object.assign(aim, { isSending: true, isThere: true }); /* until a newer wish says no */
		try {
			await this.command(lease, command);
			const isThere = share === 1;
			if (isThere) {
				this.error.value = null;
			}
			Object.assign(aim, { at: at && command, share: Math.min(1, share * 2), isThere: aim.isThere && isThere });
		} catch (error) {
			if ((error as RpcError).reason !== 'limit' || !at || this.lease !== lease) {
				this.fail(lease, error as RpcError);
				return;
			}
			this.error.value = error as RpcError;
			Object.assign(aim, { share: share / 2, isThere: aim.isThere && share <= STEP_MIN });
		} finally {
			aim.isSending = false;
		}
	}

	private command(lease: string, command: Command): Promise<unknown> {
		const about = { kit: this.kit, lease };
		return 'action' in command
			? socket.request('kit.act', { ...about, ...command })
			: socket.request('kit.write', { ...about, ...command });
	}

	/* What fails after the finger was lifted was to be expected. */
	private fail(lease: string, error: RpcError): void {
		if (this.lease === lease) {
			this.error.value = error;
			this.end();
		}
	}
}

/* A set-point on the way from one to the other. */
function between(from: Command, to: Command, share: number): Command {
	const mix = (a: Value | undefined, b: Value): Value =>
		(typeof a === 'number' && typeof b === 'number' ? a + (b - a) * share : b);
	if ('action' in from && 'action' in to) {
		return { ...to, args: Object.fromEntries(Object.entries(to.args).map(([name, b]) => [name, mix(from.args[name], b)])) };
	}
	return 'property' in from && 'property' in to ? { ...to, value: mix(from.value, to.value) } : to;
}

const endAll = (): void => [...driving].forEach((drive) => drive.end());

setInterval(() => driving.forEach((drive) => drive.tick()), TICK_MS);
addEventListener('blur', endAll);
addEventListener('pagehide', endAll);
document.addEventListener('freeze', endAll);
document.addEventListener('visibilitychange', () => {
	if (document.visibilityState === 'hidden') {
		endAll();
	}
});
isLive.subscribe((live) => {
	if (!live) {
		endAll();
	}
});
socket.on('lease.lost', ({ lease, hint }) => {
	[...driving].find((drive) => drive.lease === lease)?.lose(hint);
});

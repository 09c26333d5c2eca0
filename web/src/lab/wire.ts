/* What only the Lab page says and hears (docs/api.md), added to the wire contract of wire.ts. */
import type { Reason } from '../wire';

export interface Plug {
	socket: string; /* "1-1.2": bus, and the ports on the way */
	kit: string | null;
}

export interface SeatTable {
	seats: (Plug & { seat: string })[];
	unbound: Plug[];
}

export type Verdict = 'ready' | 'charge' | 'repair';
export type StepId = 'answer' | 'firmware' | 'sensors' | 'battery' | 'motors';

export interface Report {
	kit: string;
	at: string;
	verdict: Verdict;
	steps: { id: StepId; title: string; passed: boolean | null; hint?: string; seen?: string }[];
}

export type FlashPhase = 'connecting' | 'writing' | 'verifying' | 'done' | 'failed';

export interface Flash {
	kit: string;
	name: string;
	board: string;
	phase: FlashPhase;
	share: number;
	error?: { reason: Reason; hint: string };
}

declare module '../wire' {
	interface Requests {
		'seats.watch': [Record<string, never>, SeatTable];
		'seats.unwatch': [Record<string, never>, object];
		'seats.bind': [{ socket: string; seat: string }, SeatTable];
		'kit.accept': [{ kit: string }, object];
		'kit.forget': [{ kit: string }, object];
		'health.check': [{ kit: string; lease?: string }, Report];
		'health.list': [Record<string, never>, { reports: Report[] }];
		'health.history': [{ kit: string }, { reports: Report[] }];
		'kit.flash': [{ kit: string; hex?: string; name?: string; board?: string }, object];
		'flash.list': [Record<string, never>, { flashes: Flash[] }];
	}
	interface Notifications {
		'seats.changed': SeatTable & { plugged?: { socket: string; title: string } };
		'health.progress': { kit: string; step: StepId; share: number };
		'flash.changed': Flash;
	}
}

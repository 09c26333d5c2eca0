/*
 * Running scripts: the room knows each kit's newest run by name and state; a bench follows one
 * run line by line. A run outlives its page, so a page that comes late finds it here.
 */
import { effect, signal, type Signal } from '@preact/signals';
import { draw } from './frame';
import { t } from './i18n';
import { lang } from './prefs';
import { isLive, kits, PLOT, socket } from './state';
import { runIsOver, type Line, type RunInfo } from './wire';

const LINES_MAX = 1000;
const AGAIN_MS = 1000;
let again: ReturnType<typeof setTimeout> | undefined;

/* ---- all runs, newest of each kit ---- */

export const runsByKit = signal<Map<string, RunInfo>>(new Map());

export async function loadRuns(): Promise<void> {
	const { runs } = await socket.request('script.list', {});
	const newest = new Map<string, RunInfo>();
	for (const run of runs) {
		for (const kit of run.kits) {
			const other = newest.get(kit);
			if (!other || (run.started ?? '') >= (other.started ?? '')) {
				newest.set(kit, run);
			}
		}
	}
	runsByKit.value = newest;
	/* Only the starter of a run hears of its state: the others look again while it is on its way. */
	clearTimeout(again);
	if (runs.some(({ state }) => state !== 'running' && !runIsOver(state))) {
		again = setTimeout(reload, AGAIN_MS);
	}
}

/* Rows tell that a run came or went; the list tells which. Many rows at once make one question. */
const reload = (): void => {
	loadRuns().catch(() => undefined);
};
let runsOfRows = '';
effect(() => {
	const now = [...kits.value.values()].map((kit) => kit.row.value.run ?? '').join();
	if (now !== runsOfRows) {
		runsOfRows = now;
		if (isLive.peek()) {
			draw(reload);
		}
	}
});

/* ---- one run, followed ---- */

export class Run {
	readonly info: Signal<RunInfo>;
	readonly lines = signal<Line[]>([]);
	private fresh: Line[] = [];

	constructor(readonly id: string, name: string, kit: string, readonly isMine: boolean) {
		this.info = signal({ run: id, name, kits: [kit], state: 'starting', started: null });
	}

	add(line: Line): void {
		this.fresh.push(line);
		draw(this.show);
	}

	take(info: RunInfo): void {
		this.fresh = [];
		this.lines.value = (info.tail ?? []).map((line) =>
			typeof line === 'string' ? { stream: 'out', text: line } : line);
		this.info.value = { ...info, tail: undefined };
	}

	private show = (): void => {
		const fresh = this.fresh.splice(0);
		this.lines.value = [...this.lines.peek(), ...fresh].slice(-LINES_MAX);
	};
}

export const followed = signal<Run | null>(null);

/*
 * Shows a run that is already there; not before what was started here is over, which may be waiting
 * for that one's end. An effect that calls this comes again then: it reads the signals.
 */
export async function follow(id: string, kit: string): Promise<void> {
	const { value: now } = followed;
	if (now?.id !== id && !(now?.isMine && !runIsOver(now.info.value.state))) {
		await show(new Run(id, '', kit, false), kit);
	}
}

async function show(run: Run, kit: string): Promise<void> {
	leave();
	kits.peek().get(kit)?.beginPlots(run.id);
	followed.value = run;
	await refollow();
}

/* Starts a script and follows it. The starter watches from the start. */
export async function start(
	kit: string, source: string, name: string, caseId: string | null, replace: boolean,
): Promise<void> {
	const { run: id } = await socket.request('script.run', {
		source, name, kit, ...(caseId ? { case: caseId } : {}), ...(replace ? { replace } : {}),
	});
	await show(new Run(id, name, kit, true), kit);
}

export function leave(): void {
	const run = followed.peek();
	followed.value = null;
	if (run && isLive.peek()) {
		socket.request('script.unwatch', { run: run.id }).catch(() => undefined);
	}
}

/* After a start and after every connection: the state and the last lines, then what comes. */
export async function refollow(): Promise<void> {
	const run = followed.peek();
	if (run) {
		run.take(await socket.request('script.watch', { run: run.id }));
	}
}

/* What went wrong, in the other language; the daemon was told of it before (state.ts). */
lang.subscribe(() => {
	const run = followed.peek();
	if (run?.info.peek().error && isLive.peek()) {
		socket.request('script.watch', { run: run.id })
			.then(({ error }) => { run.info.value = { ...run.info.peek(), error }; })
			.catch(() => undefined);
	}
});

socket.on('script.output', ({ run, stream, text, dropped }) => {
	const now = followed.peek();
	if (now?.id === run) {
		text.replace(/\n$/, '').split('\n').forEach((line) => now.add({ stream, text: line }));
		if (dropped) {
			now.add({ stream: 'error', text: t('console.dropped', { count: dropped }) });
		}
	}
});

socket.on('script.state', ({ run, state, error }) => {
	const now = followed.peek();
	if (now?.id === run) {
		const info = now.info.peek();
		now.info.value = { ...info, state, error: error ?? info.error };
		if (runIsOver(state)) {
			info.kits.forEach((kit) => kits.peek().get(kit)?.endPlots(socket.now()));
		}
	}
	if (runIsOver(state)) {
		draw(reload);
	}
});

socket.on('script.plot', ({ run, t: at, set }) => {
	const now = followed.peek();
	if (now?.id === run) {
		const named = Object.fromEntries(Object.entries(set).map(([name, y]) => [PLOT + name, y]));
		now.info.peek().kits.forEach((kit) => kits.peek().get(kit)?.take(at, named));
	}
});

/* What the script printed, and its error with the way to the line. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { durationText, peopleText } from '../format';
import { t } from '../i18n/bench';
import { Icon } from '../icons';
import { followed, type Run } from '../runs';
import { second, socket } from '../state';
import { runIsOver } from '../wire';

export function Console({ jump }: { jump: (line: number) => void }): JSX.Element {
	const run = followed.value;
	return (
		<div class="console" role="region" aria-label={t('console')}>
			<div class="console-bar">
				<h2>{t('console')}</h2>
				{run && <RunNote run={run} />}
				<span class="push" />
				{run && run.lines.value.length > 0 && (
					<button class="button quiet" onClick={() => { run.lines.value = []; }}>
						<Icon name="clear" /> {t('console.clear')}
					</button>
				)}
			</div>
			{run ? <Lines run={run} jump={jump} /> : <p class="console-lines muted">{t('console.empty')}</p>}
		</div>
	);
}

function RunNote({ run }: { run: Run }): JSX.Element {
	const { name, state, started } = run.info.value;
	if (state === 'running') {
		second.value;
	}
	const tone = state === 'failed' || state === 'killed' ? 'bad' : runIsOver(state) ? 'idle' : 'run';
	return (
		<span class={`run-note tone-${tone}`} data-test="run-state" data-state={state}>
			<span class="clip">{name}</span> · {t(`run.${state}`)}
			{state === 'running' && started && (
				<span class="number"> {durationText(socket.utc() - Date.parse(started))}</span>
			)}
		</span>
	);
}

/* Keeps the newest line in sight, unless somebody scrolled up to read. */
function Lines({ run, jump }: { run: Run; jump: (line: number) => void }): JSX.Element {
	const box = useRef<HTMLDivElement>(null);
	const isAtEnd = useRef(true);
	const lastTop = useRef(0);
	const lines = run.lines.value;
	const { error, state } = run.info.value;
	useLayoutEffect(() => {
		if (isAtEnd.current && box.current) {
			box.current.scrollTop = box.current.scrollHeight;
		}
	}, [lines, error]);
	return (
		<div class="console-lines" ref={box} tabIndex={0} role="log" aria-label={t('console')}
			onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
				/* Only a person scrolls up; more lines alone must not look like it. */
				isAtEnd.current = scrollTop + clientHeight > scrollHeight - 24
					|| isAtEnd.current && scrollTop >= lastTop.current;
				lastTop.current = scrollTop;
			}}>
			{state === 'queued' && <p class="muted">{t('console.queued')}</p>}
			{lines.map((line, i) => (
				<div key={i} class={line.stream === 'error' ? 'line-error' : undefined}>{line.text || ' '}</div>
			))}
			{error && (
				<div class="run-error" data-test="run-error">
					<Icon name="failed" size={18} />
					<div>
						{error.line ? (
							<button class="link" onClick={() => jump(error.line!)} aria-label={t('console.jump', { line: error.line })}>
								{t('console.line', { line: error.line })}
							</button>
						) : null}{' '}
						<span>{peopleText(error.message)}</span>
						{error.hint && <div class="hint">{error.hint}</div>}
					</div>
				</div>
			)}
		</div>
	);
}

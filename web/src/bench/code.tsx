/* The script of a bench: editor, starters, run and stop, the draft, and the console below. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { allCases, loadCases } from '../cases/store';
import { ageText } from '../format';
import { phrases, t } from '../i18n/bench';
import { Icon } from '../icons';
import { Problem, useTask } from '../parts/problem';
import { lang } from '../prefs';
import { stopOf } from '../room';
import { follow, followed, leave, start } from '../runs';
import { isLive, partNames, second, socket, type Kit } from '../state';
import { runIsOver } from '../wire';
import { Console } from './console';
import { loadDraft, saveDraft, scriptName, type Draft } from './draft';
import type { Editor } from './editor';

const SAVE_AFTER_MS = 500;

export function Code({ kit, caseId }: { kit: Kit; caseId: string | null }): JSX.Element {
	const place = useRef<HTMLDivElement>(null);
	const editor = useRef<Editor | null>(null);
	const phase = useSignal<'loading' | 'ready' | 'failed'>('loading');
	const draft = useSignal<Draft>(useMemo(() => loadDraft(kit.id, t('code.first')), []));
	const isSaved = useSignal(true);
	const starting = useTask();
	const run = followed.value;
	const isActive = run !== null && !runIsOver(run.info.value.state);

	const runScript = (replace: boolean): void => {
		const source = editor.current?.text();
		if (source !== undefined && isLive.peek()) {
			editor.current!.unmark();
			const id = draft.peek().caseId;
			void starting.run(() => start(kit.id, source, scriptName(id), id, replace));
		}
	};
	const takeStarter = (id: string): Promise<boolean> => starting.run(async () => {
		const { starter } = await socket.request('case.get', { case: id, lang: lang.peek() });
		draft.value = { ...draft.peek(), caseId: id };
		editor.current?.replace(starter);
	});

	useEffect(() => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		let isGone = false;
		const save = (): void => {
			clearTimeout(timer);
			timer = undefined;
			draft.value = { ...draft.peek(), source: editor.current!.text(), at: Date.now() };
			isSaved.value = saveDraft(kit.id, draft.peek());
		};
		import('./editor').then(({ createEditor }) => {
			if (isGone) {
				return;
			}
			editor.current = createEditor({
				parent: place.current!,
				source: draft.peek().source,
				label: t('code.label'),
				phrases: phrases(),
				onChange: () => {
					clearTimeout(timer);
					timer = setTimeout(save, SAVE_AFTER_MS);
				},
				onRun: () => runScript(false),
				names: () => namesOf(kit),
			});
			phase.value = 'ready';
			if (caseId && draft.peek().caseId !== caseId) {
				void takeStarter(caseId);
			}
		}, () => { phase.value = 'failed'; });
		loadCases();
		return () => {
			isGone = true;
			if (timer !== undefined) {
				save();
			}
			editor.current?.destroy();
			editor.current = null;
			leave();
		};
	}, []);

	useSignalEffect(() => {
		const label = t('code.label');
		if (phase.value === 'ready') {
			editor.current?.localize(label, phrases());
		}
	});
	useSignalEffect(() => {
		if (!stopOf(kit) && starting.error.peek()?.reason === 'stopped') {
			starting.error.value = null; /* it was cleared */
		}
	});
	/* Whatever runs on this kit is shown, whoever started it. */
	useSignalEffect(() => {
		const id = kit.row.value.run;
		if (id && isLive.value) {
			follow(id, kit.id).catch(() => undefined);
		}
	});
	useSignalEffect(() => {
		const error = followed.value?.info.value.error;
		if (error?.line && phase.value === 'ready') {
			editor.current?.mark(error.line, [error.message, error.hint].filter(Boolean).join('\n'));
		}
	});

	const error = starting.error.value;
	return (
		<section class="panel code" aria-label={t('bench.code')}>
			<div class="code-bar">
				<select class="starter" aria-label={t('code.starter')} value="" disabled={phase.value !== 'ready' || !isLive.value}
					onChange={(event) => {
						void takeStarter(event.currentTarget.value);
						event.currentTarget.value = '';
					}}>
					<option value="" disabled>{t('code.starter')}</option>
					{(allCases.value ?? []).map(({ id, title }) => <option key={id} value={id}>{title}</option>)}
				</select>
				<button class="button run" aria-label={t('code.run.label')} title={t('code.run.label')} data-test="run"
					disabled={phase.value !== 'ready' || !isLive.value || isActive || starting.isBusy.value}
					onClick={() => runScript(false)}>
					<Icon name="play" /> {t('code.run')}
				</button>
				<button class="button" aria-label={t('code.stop.label')} title={t('code.stop.label')} data-test="stop-script"
					disabled={!isActive || !isLive.value}
					onClick={() => void starting.run(() => socket.request('script.stop', { run: run!.id }))}>
					<Icon name="square" /> {t('code.stop')}
				</button>
				<SavedNote draft={draft.value} isSaved={isSaved.value} />
			</div>
			{error && (
				<div class="code-problem">
					<Problem error={error} what={t(error.reason === 'busy' ? 'code.busy' : 'code.norun')} />
					{error.reason === 'busy' && (
						<button class="button" onClick={() => runScript(true)}>{t('code.replace')}</button>
					)}
				</div>
			)}
			<div class="editor" ref={place}>
				{phase.value !== 'ready' && (
					<p class="muted" role="status">{t(phase.value === 'failed' ? 'code.failed' : 'code.loading')}</p>
				)}
			</div>
			<Console jump={(line) => editor.current?.jump(line)} />
		</section>
	);
}

function SavedNote({ draft, isSaved }: { draft: Draft; isSaved: boolean }): JSX.Element {
	if (!isSaved) {
		return <span class="saved tone-warn">{t('code.unsaved')}</span>;
	}
	if (draft.at === null) {
		return <span class="saved muted">{t('code.new')}</span>;
	}
	const age = second.value - draft.at;
	return (
		<span class="saved muted">
			{age < 2000 ? t('code.saved.now') : t('code.saved', { age: ageText(age) })}
		</span>
	);
}

function namesOf(kit: Kit): ReturnType<Parameters<typeof import('./editor').createEditor>[0]['names']> {
	const description = kit.description.peek();
	return {
		properties: partNames(description).map((label) =>
			({ label, detail: description!.properties[label]!.title, type: 'property' })),
		actions: [
			{ label: 'on', detail: '(name, function)', type: 'function' },
			...Object.entries(description?.actions ?? {}).map(([label, { args, title }]) =>
				({ label, detail: `(${args.map(({ name }) => name).join(', ')}) ${title}`, type: 'function' })),
		],
	};
}

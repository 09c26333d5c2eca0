/* Firmware for boards with an AVR chip: which file, a warning, and how the writing goes. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/lab';
import { Icon } from '../icons';
import { Problem, useTask } from '../parts/problem';
import { lang } from '../prefs';
import { socket, type Kit } from '../state';
import { RpcError, type Row } from '../wire';
import { BOARDS, flashes, isOver, QUESTION_MAX } from './flash';
import { KitName, sortedKits } from './name';
import type { Flash } from './wire';

interface HexFile {
	name: string;
	size: number;
	hex: string;
}

const isBoard = (model: string | null): boolean => BOARDS.some((one) => one === model);
const takesFirmware = ({ state, model, port }: Row): boolean =>
	state !== 'absent' && state !== 'lost' && (isBoard(model) || model === null && port !== null);

export function FirmwarePart(): JSX.Element {
	const boards = sortedKits().filter((kit) => takesFirmware(kit.row.value) || flashes.value.has(kit.id));
	if (boards.length === 0) {
		return (
			<div class="empty" data-test="no-boards">
				<Icon name="chip" size={40} />
				<h2>{t('firmware.empty')}</h2>
				<p>{t('firmware.empty.do')}</p>
				<p class="muted">{t('firmware.needs')}</p>
			</div>
		);
	}
	return (
		<>
			<p class="muted lab-needs">{t('firmware.needs')}</p>
			<ul class="lab-cards">{boards.map((kit) => <Board key={kit.id} kit={kit} />)}</ul>
		</>
	);
}

function Board({ kit }: { kit: Kit }): JSX.Element {
	const flash = flashes.value.get(kit.id);
	const isWriting = flash !== undefined && !isOver(flash);
	return (
		<li class="panel lab-card" data-kit={kit.id}>
			<div class="lab-card-head">
				<KitName kit={kit} />
				<span class="push" />
				<span class="muted">{kit.row.value.program}</span>
			</div>
			{flash && <Progress flash={flash} />}
			{!isWriting && <Choice kit={kit} />}
		</li>
	);
}

function Progress({ flash }: { flash: Flash }): JSX.Element {
	const { phase, share, name, error } = flash;
	const what = t('firmware.share', { name, phase: t(`phase.${phase}`) });
	if (phase === 'failed') {
		const { reason, hint } = error ?? { reason: 'io', hint: null };
		return <Problem error={new RpcError(0, name, reason, hint)} what={t('firmware.last.failed', { name })} />;
	}
	if (phase === 'done') {
		return <p class="tone-good" role="status" data-test="written"><Icon name="ready" /> {t('firmware.last.done', { name })}</p>;
	}
	return (
		<div class="lab-bar" data-test="writing" data-phase={phase}>
			<progress aria-label={what} max="1" value={share} />
			<span class="number">{new Intl.NumberFormat(lang.value, { style: 'percent' }).format(share)}</span>
			<span role="status">{what}</span>
		</div>
	);
}

function Choice({ kit }: { kit: Kit }): JSX.Element {
	const { model } = kit.row.value;
	const board = useSignal(isBoard(model) ? model! : '');
	const file = useSignal<HexFile | null>(null);
	const isOwn = useSignal(false);
	const isAsking = useSignal(false);
	const task = useTask();
	const write = (): Promise<boolean> => task.run(async () => {
		isAsking.value = false;
		await socket.request('kit.flash', {
			kit: kit.id,
			...(board.value !== model && { board: board.value }),
			...(file.value && { hex: file.value.hex, name: file.value.name }),
		});
	});
	return (
		<>
			<div class="lab-bar lab-choice">
				<label class="field">
					<span>{t('firmware.board')}</span>
					<select value={board.value} data-test="board" onChange={(event) => { board.value = event.currentTarget.value; }}>
						{!isBoard(model) && <option value="">{t('firmware.board.none')}</option>}
						{BOARDS.map((one) => <option key={one} value={one}>{t(`board.${one}`)}</option>)}
					</select>
				</label>
				<Source id={kit.id} file={file} isOwn={isOwn} />
				<span class="push" />
				<button class="button" data-test="write" disabled={!board.value || isOwn.value && !file.value || isAsking.value || task.isBusy.value}
					aria-label={`${t('firmware.write')} ${kit.id}`} onClick={() => { isAsking.value = true; }}>
					<Icon name="chip" /> {t('firmware.write')}
				</button>
			</div>
			{isAsking.value && (
				<Sure kit={kit.id} name={file.value?.name ?? t('firmware.sure.stored')} onYes={() => void write()}
					onNo={() => { isAsking.value = false; }} />
			)}
			{task.error.value && <Problem error={task.error.value} what={t('firmware.refused')} />}
		</>
	);
}

/* The one question of the page: what is replaced cannot be brought back. */
function Sure({ kit, name, onYes, onNo }: { kit: string; name: string; onYes: () => void; onNo: () => void }): JSX.Element {
	const no = useRef<HTMLButtonElement>(null);
	useEffect(() => no.current!.focus(), []); /* the key that asked is off now */
	return (
		<div class="lab-sure" role="group" aria-label={`${t('firmware.write')} ${kit}`}>
			<p><Icon name="warning" /> <strong>{t('firmware.sure', { kit })}</strong> {t('firmware.sure.do')}</p>
			<div class="lab-bar">
				<button class="button" data-test="sure" onClick={onYes}>{t('firmware.sure.write', { name })}</button>
				<button class="button" data-test="cancel" ref={no} onClick={onNo}>{t('lab.cancel')}</button>
			</div>
		</div>
	);
}

/* The stored firmware, or a file of the reader's. */
function Source({ id, file, isOwn }: {
	id: string;
	file: Signal<HexFile | null>;
	isOwn: Signal<boolean>;
}): JSX.Element {
	const problem = useSignal<{ key: 'firmware.toobig' | 'firmware.unreadable'; name: string } | null>(null);
	const choose = async (chosen: File | undefined): Promise<void> => {
		if (!chosen) {
			return;
		}
		file.value = null;
		problem.value = null;
		const { name, size } = chosen;
		const hex = await (size > QUESTION_MAX ? null : chosen.text().catch(() => undefined));
		if (hex === undefined) {
			problem.value = { key: 'firmware.unreadable', name };
		} else if (hex === null || JSON.stringify(hex).length > QUESTION_MAX) {
			problem.value = { key: 'firmware.toobig', name };
		} else {
			file.value = { name, size, hex };
		}
	};
	return (
		<fieldset class="lab-source">
			<legend>{t('firmware.source')}</legend>
			<label><input type="radio" name={`source ${id}`} checked={!isOwn.value} data-test="stored"
				onChange={() => {
					isOwn.value = false;
					file.value = null;
					problem.value = null;
				}} /> {t('firmware.stored')}</label>
			<label><input type="radio" name={`source ${id}`} checked={isOwn.value} data-test="own"
				onChange={() => { isOwn.value = true; }} /> {t('firmware.file')}</label>
			{isOwn.value && (
				<label class="button lab-file">
					<input type="file" accept=".hex" data-test="file"
						onChange={(event) => void choose(event.currentTarget.files?.[0])} />
					{file.value ? t('firmware.chosen', { name: file.value.name, size: sizeText(file.value.size) }) : t('firmware.choose')}
				</label>
			)}
			{problem.value && <p class="tone-bad" role="alert">{t(problem.value.key, { name: problem.value.name })}</p>}
		</fieldset>
	);
}

const sizeText = (bytes: number): string => new Intl.NumberFormat(lang.value, {
	style: 'unit', unit: bytes < 1000 ? 'byte' : 'kilobyte', unitDisplay: 'short', maximumFractionDigits: 1,
}).format(bytes < 1000 ? bytes : bytes / 1000);

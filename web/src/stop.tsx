/* The red button and what became of pressing it: here, and on any other screen of the room. */
import type { JSX } from 'preact';
import { timeText, whoText } from './format';
import { t } from './i18n';
import { Icon } from './icons';
import { Problem, useTask } from './parts/problem';
import { lang } from './prefs';
import { isSecondHarder, pressStop, room, stopResult, type StopResult } from './room';
import { isLive, isStaff, kits, socket } from './state';
import type { RoomState, Stop, StopAnswer } from './wire';

const NAMES_SHOWN = 8;

/* Acts when the finger comes down: one that slips off has meant it, too. */
export function StopButton(): JSX.Element {
	const reaches = isLive.value;
	const note = !reaches ? t('stop.unreachable') : isSecondHarder.value ? t('stop.harder') : null;
	const label = t(!reaches ? 'stop.label.offline' : isSecondHarder.value ? 'stop.label.harder' : 'stop.label');
	return (
		<button class={reaches ? 'stop' : 'stop stop-off'} data-test="stop" aria-keyshortcuts="Escape Escape"
			title={label}
			onPointerDown={(event) => {
				if (event.button === 0) {
					void pressStop();
				}
			}}
			onClick={(event) => {
				if (event.detail === 0) { /* by keyboard, or by what reads the screen aloud */
					void pressStop();
				}
			}}>
			<Icon name={reaches ? 'stop' : 'offline'} size={24} />
			<span>{t('stop')}{note && <small> {note}</small>}</span>
		</button>
	);
}

export function StopPanel(): JSX.Element {
	const result = stopResult.value;
	const isLatched = room.value?.stopped === true;
	/* What the room says of its stop is newer than what the press was answered. */
	const isToldByRoom = result?.kind === 'stopped' && isLatched && isLive.value;
	return (
		<div role="alert">
			{result && !isToldByRoom && (
				<div class={`banner ${toneOf(result)}`} data-test="stop-result">
					<Icon name={toneOf(result) === 'bad' ? 'warning' : 'stop'} size={22} />
					<div><Outcome result={result} /></div>
					<button class="button quiet" aria-label={t('close')} onClick={() => { stopResult.value = null; }}>
						<Icon name="close" />
					</button>
				</div>
			)}
			{isLatched ? <Latched />
				: room.value?.seats.map((stop) => <StoppedSeat key={stop.seat} stop={stop} />)}
		</div>
	);
}

const toneOf = (result: StopResult): 'bad' | 'warn' =>
	(result.kind === 'asking' || result.kind === 'stopped' && result.unconfirmed.length === 0 ? 'warn' : 'bad');

function Outcome({ result }: { result: StopResult }): JSX.Element {
	switch (result.kind) {
	case 'asking':
		return <strong>{t('stop.asking')}</strong>;
	case 'silent':
		return <><strong>{t('stop.silent')}</strong> {t('stop.silent.do')}</>;
	case 'offline':
		return <><strong>{t('stop.offline')}</strong> {t('stop.offline.do')}</>;
	case 'failed':
		return <><strong>{t('stop.failed')}</strong> {result.hint} {t('stop.failed.do')}</>;
	case 'stopped':
		return <><strong>{t('stop.arrived')}</strong><Kits {...result} /></>;
	}
}

/* Those that nobody can vouch for come first, each by name. */
function Kits({ confirmed, unconfirmed }: StopAnswer): JSX.Element {
	const names = (ids: string[]): string => ids.join(lang.value === 'zh' ? '、' : ', ');
	return (
		<>
			{unconfirmed.length > 0 && (
				<div class="unconfirmed" data-test="unconfirmed">
					<Icon name="bolt" /> <strong>{t('stop.unconfirmed', { names: names(unconfirmed) })}</strong>{' '}
					{t('stop.unconfirmed.do')}
				</div>
			)}
			<div data-test="confirmed">
				{confirmed.length === 0 ? unconfirmed.length === 0 && t('stop.confirmed.none')
					: confirmed.length <= NAMES_SHOWN ? t('stop.confirmed', { names: names(confirmed) })
						: t('stop.confirmed.many', { count: confirmed.length })}
			</div>
		</>
	);
}

function Latched(): JSX.Element {
	const now = room.value!;
	return (
		<div class={`banner ${now.unconfirmed.length > 0 ? 'bad' : 'warn'}`} data-test="latched">
			<Icon name="stop" size={22} />
			<div>
				<strong>{stopText(now)}</strong>
				<Kits {...now} />
				<div>{t('stop.latched.do')}</div>
			</div>
			<Clear />
		</div>
	);
}

/* Seats that are stopped while the rest of the room goes on. */
function StoppedSeat({ stop }: { stop: RoomState['seats'][number] }): JSX.Element {
	const ids = [...kits.value.values()].filter((kit) => kit.row.value.seat === stop.seat).map(({ id }) => id);
	const unconfirmed = room.value!.unconfirmed.filter((id) => ids.includes(id));
	const confirmed = room.value!.confirmed.filter((id) => ids.includes(id));
	return (
		<div class={`banner ${unconfirmed.length > 0 ? 'bad' : 'warn'}`} data-test="latched-seat">
			<Icon name="stop" size={22} />
			<div>
				<strong>{t('stop.seat', { seat: stop.seat })} {stopText(stop)}</strong>
				<Kits confirmed={confirmed} unconfirmed={unconfirmed} />
			</div>
			<Clear seat={stop.seat} />
		</div>
	);
}

function stopText({ at, by, level }: Stop): string {
	const time = at ? timeText(at) : '?';
	const text = by ? t('stop.latched.by', { time, who: whoText(by) }) : t('stop.latched', { time });
	return level === 'kill' ? `${text} ${t('stop.killed')}` : text;
}

function Clear({ seat }: { seat?: string }): JSX.Element | null {
	const task = useTask();
	return isStaff.value ? (
		<div class="banner-act">
			<button class="button" disabled={!isLive.value || task.isBusy.value} data-test="clear"
				onClick={() => void task.run(() => socket.request('room.clear', seat ? { seat } : {}))}>
				{t('stop.clear')}
			</button>
			{task.error.value && <Problem error={task.error.value} what={t('stop.clear.failed')} />}
		</div>
	) : null;
}

/* The red button and what became of pressing it. */
import type { JSX } from 'preact';
import { timeText } from './format';
import { t } from './i18n';
import { Icon } from './icons';
import { clearRoom, pressStop, room, stopResult, type StopResult } from './room';
import { isLive, socket } from './state';

export function StopButton(): JSX.Element {
	const reaches = isLive.value;
	return (
		<button class={reaches ? 'stop' : 'stop stop-off'} data-test="stop" aria-keyshortcuts="Escape Escape"
			aria-label={t(reaches ? 'stop.label' : 'stop.label.offline')}
			title={t(reaches ? 'stop.label' : 'stop.label.offline')} onClick={() => void pressStop()}>
			<Icon name={reaches ? 'stop' : 'offline'} size={24} />
			<span>{t(reaches ? 'stop' : 'stop.unreachable')}</span>
		</button>
	);
}

export function StopPanel(): JSX.Element {
	const result = stopResult.value;
	return (
		<div role="alert">
			{result && (
				<div class={`banner ${isGood(result) ? 'good' : 'bad'}`} data-test="stop-result">
					<Icon name={isGood(result) ? 'ready' : 'warning'} size={22} />
					<div><Outcome result={result} /></div>
					<button class="button quiet" aria-label={t('close')}
						onClick={() => { stopResult.value = null; }}>
						<Icon name="close" />
					</button>
				</div>
			)}
			{room.value?.stopped && <Latched />}
		</div>
	);
}

function isGood(result: StopResult): boolean {
	return result.kind === 'asking'
		|| result.kind === 'stopped' && result.unconfirmed.length === 0
		|| result.kind === 'scripts' && result.failed.length === 0;
}

function Outcome({ result }: { result: StopResult }): JSX.Element {
	switch (result.kind) {
	case 'asking':
		return <>{t('stop.asking')}</>;
	case 'offline':
		return <><strong>{t('stop.offline')}</strong> {t('stop.offline.do')}</>;
	case 'failed':
		return <><strong>{t('stop.failed')}</strong> {result.hint} {t('stop.failed.do')}</>;
	case 'stopped':
		return (
			<>
				{result.unconfirmed.length > 0 && (
					<div><strong>{t('stop.unconfirmed', { names: result.unconfirmed.join(', ') })}</strong></div>
				)}
				{result.confirmed.length > 0
					? t('stop.done', { count: result.confirmed.length, names: result.confirmed.join(', ') })
					: result.unconfirmed.length === 0 && t('stop.done.none')}
			</>
		);
	case 'scripts':
		return (
			<>
				{result.failed.length > 0 && (
					<div><strong>{t('stop.scripts.failed', { names: result.failed.join(', ') })}</strong></div>
				)}
				<strong>
					{result.stopped.length > 0
						? t('stop.scripts', { count: result.stopped.length, names: result.stopped.join(', ') })
						: result.failed.length === 0 && t('stop.scripts.none')}
				</strong>
				<div>{t('stop.scripts.note')}</div>
			</>
		);
	}
}

function Latched(): JSX.Element {
	const { at, by, unconfirmed } = room.value!;
	const role = socket.role.value;
	return (
		<div class="banner bad">
			<Icon name="stop" size={22} />
			<div>
				<strong>
					{t('stop.latched', { time: at ? timeText(at) : '?', by: by ? t('stop.by', { who: by }) : '' })}
				</strong>
				<div>{t('stop.latched.do')}</div>
				{unconfirmed.length > 0 && (
					<div><strong>{t('stop.unconfirmed', { names: unconfirmed.join(', ') })}</strong></div>
				)}
			</div>
			{(role === 'teacher' || role === 'admin') && (
				<button class="button" onClick={clearRoom}>{t('stop.clear')}</button>
			)}
		</div>
	);
}

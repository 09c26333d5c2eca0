/* What is said while there is no connection: what happened, what it means, what to do. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { timeText } from './format';
import { t, type Key } from './i18n';
import { Icon } from './icons';
import { CODE_SILENT } from './socket';
import { socket } from './state';

const causes: Record<number, Key> = {
	[CODE_SILENT]: 'link.why.silent',
	1001: 'link.why.shutdown',
	1013: 'link.why.slow',
	4001: 'link.why.revoked',
};

export function LinkBanner(): JSX.Element | null {
	const status = socket.status.value;
	if (status.phase !== 'lost') {
		return null;
	}
	return (
		<div class="banner bad" role="alert" data-test="lost">
			<Icon name="offline" size={22} />
			<div>
				<strong>{t('link.lost', { time: timeText(status.since) })}</strong>{' '}
				{t(causes[status.code] ?? 'link.why')}
				<div>{t('link.do')}</div>
			</div>
			<Retry at={status.retryAt} />
		</div>
	);
}

/* Counts down on its own, outside the alert's sentence, so that it is not read aloud again and again. */
function Retry({ at }: { at: number }): JSX.Element {
	const [now, setNow] = useState(Date.now());
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), 250);
		return () => clearInterval(timer);
	}, []);
	const seconds = Math.ceil((at - now) / 1000);
	return (
		<div class="retry">
			<span aria-hidden="true">{seconds > 0 ? t('link.retry', { seconds }) : t('link.connecting')}</span>
			<button class="button" onClick={() => socket.retryNow()}>{t('link.now')}</button>
		</div>
	);
}

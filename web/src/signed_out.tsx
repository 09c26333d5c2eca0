/* What somebody sees who is not signed in: how little that is, and that STOP works all the same. */
import type { JSX } from 'preact';
import { t } from './i18n';
import { Icon } from './icons';
import { link } from './router';

export function SignedOut(): JSX.Element {
	return (
		<div class="empty" data-test="signed-out">
			<Icon name="refused" size={40} />
			<h1>{t('signed.out')}</h1>
			<p>{t('signed.out.do')}</p>
			<a class="button" href={link.help}>{t('help')}</a>
		</div>
	);
}

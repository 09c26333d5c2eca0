/* A page whose code is fetched when it is first wanted, so that the room is there at once. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from './i18n';

type Page = (props: { id: string }) => JSX.Element;

export function lazy(load: () => Promise<Page>): { page: Page; prefetch: () => void } {
	const found = signal<Page | null>(null);
	const isFailed = signal(false);
	let isAsked = false;
	const prefetch = (): void => {
		if (!isAsked) {
			isAsked = true;
			load().then(
				(page) => { found.value = page; },
				() => {
					isFailed.value = true;
					isAsked = false;
				});
		}
	};
	const page: Page = (props) => {
		const Found = found.value;
		if (Found) {
			return <Found {...props} />;
		}
		prefetch();
		return <p class="muted" role="status">{t(isFailed.value ? 'page.failed' : 'page.loading')}</p>;
	};
	return { page, prefetch };
}

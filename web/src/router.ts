/* Pages by hash, so that any server which gives index.html will do: #/bench/uno-1?case=blink */
import { computed, signal } from '@preact/signals';

const hash = signal(location.hash);
addEventListener('hashchange', () => {
	hash.value = location.hash;
});

export interface Route {
	page: string;
	id: string;
	query: URLSearchParams;
}

export const route = computed<Route>(() => {
	const [path = '', query = ''] = hash.value.replace(/^#\/?/, '').split('?');
	const [page = '', id = ''] = path.split('/');
	return { page: page || 'room', id: decodeURIComponent(id), query: new URLSearchParams(query) };
});

export const link = {
	room: '#/',
	cases: '#/cases',
	help: '#/help',
	bench: (kit: string, caseId?: string): string =>
		`#/bench/${encodeURIComponent(kit)}${caseId ? `?case=${encodeURIComponent(caseId)}` : ''}`,
	case: (id: string): string => `#/cases/${encodeURIComponent(id)}`,
};

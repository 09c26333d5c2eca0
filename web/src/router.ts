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
	return { page: page || 'room', id: decoded(id), query: new URLSearchParams(query) };
});

/* An address that was cut off in the middle of a character names no kit, but breaks nothing. */
function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

export const link = {
	room: '#/',
	cases: '#/cases',
	help: '#/help',
	lab: (part: string): string => `#/lab?part=${part}`,
	bench: (kit: string, caseId?: string): string =>
		`#/bench/${encodeURIComponent(kit)}${caseId ? `?case=${encodeURIComponent(caseId)}` : ''}`,
	case: (id: string): string => `#/cases/${encodeURIComponent(id)}`,
};

/* Course cases as the daemon lists them, in the reader's language. */
import { effect, signal } from '@preact/signals';
import { lang } from '../prefs';
import { isLive, kits, socket, type Kit } from '../state';
import type { CaseInfo, CaseText, RpcError } from '../wire';

export const allCases = signal<CaseInfo[] | null>(null);
export const casesError = signal<RpcError | null>(null);
let isWanted = false;

export function loadCases(): void {
	isWanted = true;
	if (isLive.peek()) {
		socket.request('case.list', {}).then(({ cases }) => {
			allCases.value = cases;
			casesError.value = null;
		}, (error: RpcError) => { casesError.value = error; });
	}
}

effect(() => {
	lang.value;
	if (isLive.value && isWanted) {
		setTimeout(loadCases); /* after the daemon was told the language */
	}
});

export const loadCase = (id: string): Promise<CaseText> =>
	socket.request('case.get', { case: id, lang: lang.peek() });

/* Kits that have every part which a case needs, the ready ones only. */
export const kitsFor = (needs: string[]): Kit[] =>
	[...kits.value.values()].filter((kit) => {
		const properties = kit.description.value?.properties ?? {};
		const actions = kit.description.value?.actions ?? {};
		return kit.row.value.state === 'ready' && needs.every((need) => need in properties || need in actions);
	});

/* The script of a bench as this browser remembers it. */
import { remember, remembered } from '../prefs';

export interface Draft {
	source: string;
	caseId: string | null; /* the case that it began with */
	at: number | null; /* when it was saved; null: never */
}

export function loadDraft(kit: string, first: string): Draft {
	try {
		const saved = JSON.parse(remembered(`draft.${kit}`) ?? '') as Partial<Draft>;
		if (typeof saved.source === 'string') {
			return { source: saved.source, caseId: saved.caseId ?? null, at: saved.at ?? null };
		}
	} catch {
		/* nothing saved, or not by us */
	}
	return { source: first, caseId: null, at: null };
}

export const saveDraft = (kit: string, draft: Draft): boolean =>
	remember(`draft.${kit}`, JSON.stringify(draft));

export const scriptName = (caseId: string | null): string => `${caseId ?? 'script'}.lua`;

/* The pages of course cases: all of them, or one. */
import type { JSX } from 'preact';
import { CasePage } from './case';
import { CasesPage } from './cases';

export function CasePages({ id }: { id: string }): JSX.Element {
	return id ? <CasePage id={id} /> : <CasesPage />;
}

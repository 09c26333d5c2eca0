/* A unit beside its number, in a lighter tone; the degree sign stands close. */
import type { JSX } from 'preact';
import { unitText } from '../format';

export function Unit({ of }: { of: string | undefined }): JSX.Element | null {
	const text = unitText(of);
	return text ? <small class={text === '°' ? undefined : 'unit'}>{text}</small> : null;
}

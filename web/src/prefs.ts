/* What this browser remembers: language, light or dark. A browser that remembers nothing works too. */
import { effect, signal } from '@preact/signals';
import type { Lang } from './wire';

export type Theme = 'system' | 'light' | 'dark';

export function remembered(key: string): string | null {
	try {
		return localStorage.getItem(`kitlab.${key}`);
	} catch {
		return null;
	}
}

/* False: this browser refuses (private window, full). */
export function remember(key: string, value: string): boolean {
	try {
		localStorage.setItem(`kitlab.${key}`, value);
		return true;
	} catch {
		return false;
	}
}

const browserLang = (): Lang =>
	(navigator.languages ?? [navigator.language]).find((tag) => /^(zh|en)/i.test(tag))
		?.toLowerCase().startsWith('zh') ? 'zh' : 'en';

const savedLang = remembered('lang');
const savedTheme = remembered('theme');
export const lang = signal<Lang>(savedLang === 'zh' || savedLang === 'en' ? savedLang : browserLang());
export const theme = signal<Theme>(
	savedTheme === 'light' || savedTheme === 'dark' ? savedTheme : 'system');

const system = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(system.matches);
system.addEventListener('change', (event) => {
	systemIsDark.value = event.matches;
});

export const isDark = (): boolean =>
	theme.value === 'dark' || (theme.value === 'system' && systemIsDark.value);

export function chooseLang(choice: Lang): void {
	lang.value = choice;
	remember('lang', choice);
}

export function chooseTheme(choice: Theme): void {
	theme.value = choice;
	remember('theme', choice);
}

effect(() => {
	document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
	document.documentElement.lang = lang.value === 'zh' ? 'zh-CN' : 'en';
});

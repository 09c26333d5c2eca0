/* The frame of every page: header with the red button, what is wrong with the connection, the page. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { t, type Key } from './i18n';
import { Icon, type IconName } from './icons';
import { AlarmBanner } from './alarm';
import { LinkBanner } from './banner';
import { lazy } from './lazy';
import { chooseLang, chooseTheme, lang, theme, type Theme } from './prefs';
import { RoomPage } from './room/room';
import { link, route } from './router';
import { isLive, isStaff, socket } from './state';
import { SignedOut } from './signed_out';
import { StopButton, StopPanel } from './stop';

const bench = lazy(async () => (await import('./bench/bench')).BenchPage);
const cases = lazy(async () => (await import('./cases/pages')).CasePages);
const lab = lazy(async () => (await import('./lab/lab')).LabPage);
const help = lazy(async () => (await import('./help')).HelpPage);

const pages: Record<string, (props: { id: string }) => JSX.Element> = {
	room: RoomPage,
	bench: bench.page,
	cases: cases.page,
	lab: lab.page,
	help: help.page,
};

/* The other pages come while the first is read: later they are there even if the lab PC is not. */
export const prefetchPages = (): void => [bench, cases, help, ...(isStaff.peek() ? [lab] : [])].forEach(({ prefetch }) => prefetch());

export function App(): JSX.Element {
	const { page, id } = route.value;
	const isGuest = socket.role.value === 'none' && isLive.value && page !== 'help';
	const Page = isGuest ? SignedOut : pages[page] ?? Missing;
	useEffect(() => {
		document.title = id ? `${id} · Kitlab` : `${t(page in pages ? titles[page]! : 'title')} · Kitlab`;
	});
	useLayoutEffect(() => scrollTo(0, 0), [page, id]);
	return (
		<div class={isLive.value ? 'app' : 'app app-old'}>
			<a class="skip" href="#main" onClick={skip}>{t('skip')}</a>
			<Header page={page} />
			<StopPanel />
			<LinkBanner />
			<AlarmBanner />
			<main id="main" tabIndex={-1} class={`page page-${page}`}>
				<Page key={`${page}/${id}`} id={id} />
			</main>
		</div>
	);
}

const titles: Record<string, Key> = { room: 'room', bench: 'bench.kit', cases: 'cases', lab: 'lab', help: 'help' };

function skip(event: Event): void {
	event.preventDefault();
	document.getElementById('main')?.focus();
}

function Header({ page }: { page: string }): JSX.Element {
	return (
		<header class="header">
			<a class="brand" href={link.room} aria-label={t('title')}>
				<img src="./icon.svg" alt="" width="28" height="28" />
				<span>Kitlab</span>
			</a>
			<nav class="nav" aria-label={t('nav')}>
				<NavLink href={link.room} icon="room" text="room" isHere={page === 'room' || page === 'bench'} />
				<NavLink href={link.cases} icon="cases" text="cases" isHere={page === 'cases'} />
				{isStaff.value && <NavLink href={link.lab('seats')} icon="lab" text="lab" isHere={page === 'lab'} />}
				<NavLink href={link.help} icon="help" text="help" isHere={page === 'help'} />
			</nav>
			<Latency />
			<button class="button quiet" lang={lang.value === 'zh' ? 'en' : 'zh-CN'} aria-label={t('lang.switch')}
				onClick={() => chooseLang(lang.value === 'zh' ? 'en' : 'zh')}>
				<Icon name="lang" /> <span class="wide">{t('lang.other')}</span>
			</button>
			<ThemeButton />
			<StopButton />
		</header>
	);
}

function NavLink(props: { href: string; icon: IconName; text: Key; isHere: boolean }): JSX.Element {
	return (
		<a href={props.href} aria-current={props.isHere ? 'page' : undefined}>
			<Icon name={props.icon} /> <span>{t(props.text)}</span>
		</a>
	);
}

function Latency(): JSX.Element {
	const ms = socket.latency.value;
	return (
		<span class="latency" title={t('latency')}>
			{ms === null ? '' : t('latency.value', { ms: Math.max(1, Math.round(ms)) })}
		</span>
	);
}

const nextTheme: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };

function ThemeButton(): JSX.Element {
	const label = t('theme.next', { now: t(`theme.${theme.value}`) });
	return (
		<button class="button quiet" aria-label={label} title={label}
			onClick={() => chooseTheme(nextTheme[theme.value])}>
			<Icon name={theme.value} />
		</button>
	);
}

function Missing(): JSX.Element {
	return (
		<div class="empty">
			<h1>{t('page.missing')}</h1>
			<a class="button" href={link.room}>{t('bench.back')}</a>
		</div>
	);
}

/* Help: the first steps, what the signs mean, the keys, what the red button is not. */
import type { JSX } from 'preact';
import { t, type PageKey } from './i18n/pages';
import { socket } from './state';
import { StateBadge, type Sign } from './parts/badge';
import './styles/cases.css';

const signs: Sign[] = [
	'ready', 'running', 'opening', 'probing', 'absent', 'stale', 'lost', 'refused', 'stopped', 'unconfirmed',
	'unknown',
];
const lines: [string, PageKey][] = [
	['local bench = kit.open()', 'lua.open'],
	['bench.led = true', 'lua.set'],
	['if bench.light < 0.3 then … end', 'lua.if'],
	['while true do … sleep(0.1) end', 'lua.while'],
	['print(bench.light)', 'lua.print'],
	['plot { light = bench.light }', 'lua.plot'],
	['bench:on("button", function(down) … end)', 'lua.on'],
	['every(1, function() … end)', 'lua.every'],
	['bench:drive(0.3, 0.3)', 'lua.drive'],
	['bench:stop()', 'lua.stop'],
];
const keys: [string, PageKey][] = [
	['Esc Esc', 'key.stop'],
	['Esc Esc Esc Esc', 'key.kill'],
	['↑ ↓ ← →', 'key.drive'],
	['Ctrl + Enter', 'key.run'],
	['Ctrl + Z', 'key.undo'],
	['Ctrl + Space', 'key.complete'],
	['Ctrl + M', 'key.tab'],
	['Ctrl + F', 'key.find'],
];

export function HelpPage(): JSX.Element {
	return (
		<div class="prose help">
			<h1>{t('help.title')}</h1>
			<section>
				<h2>{t('help.start')}</h2>
				<ol>
					<li>{t('help.start.1')}</li>
					<li>{t('help.start.2')}</li>
					<li>{t('help.start.3')}</li>
				</ol>
			</section>
			<section>
				<h2>{t('help.script')}</h2>
				<p>{t('help.script.text')}</p>
				<dl class="keys">
					{lines.map(([line, meaning]) => (
						<div key={line}>
							<dt><code>{line}</code></dt>
							<dd>{t(meaning)}</dd>
						</div>
					))}
				</dl>
			</section>
			<section>
				<h2>{t('help.states')}</h2>
				<dl class="signs">
					{signs.map((sign) => (
						<div key={sign}>
							<dt><StateBadge sign={sign} /></dt>
							<dd>{t(`state.${sign}.means`)}</dd>
						</div>
					))}
				</dl>
			</section>
			<section>
				<h2>{t('help.keys')}</h2>
				<dl class="keys">
					{keys.map(([key, meaning]) => (
						<div key={key}>
							<dt>{key.split(' ').map((part) => (part === '+' ? ' + ' : <kbd>{part}</kbd>))}</dt>
							<dd>{t(meaning)}</dd>
						</div>
					))}
				</dl>
			</section>
			<section>
				<h2>{t('help.safety')}</h2>
				<p>{t('help.safety.text')}</p>
			</section>
			<section>
				<h2>{t('help.about')}</h2>
				<p>{t('help.about.text')}</p>
				<p class="muted">{t('help.role', { role: t(`role.${socket.role.value}`) })}</p>
			</section>
		</div>
	);
}

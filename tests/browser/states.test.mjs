/*
 * Every page in every state, in both languages and at two widths: it shows what it should, axe
 * finds nothing serious, nothing is wider than the screen, and a screenshot is left in
 * build/screenshots for people to judge.
 */
import { after, before, test } from 'node:test';
import { check, launch, open, shoot, until } from './browser.mjs';
import { FakeDaemon } from './fake_daemon.mjs';

const OFFLINE = { code: -32000, message: 'no folder', data: { reason: 'io', hint: null } };
const MISSPELT = {
	zh: { line: 4, message: 'uno-1 没有属性“ligth”。你是不是想写“light”？', hint: '把 ligth 改成 light，再运行一次。' },
	en: { line: 4, message: 'uno-1 has no property "ligth". Did you mean "light"?', hint: 'Change ligth to light and run again.' },
};
const why = (en, zh, reason) => ({ reason, en, zh });

/* How each state comes about: the daemon before, the address, what must be there, what is done then. */
const states = {
	'room-live': {
		arrange: (daemon) => daemon.startRun('uno-2', 'light-lamp.lua'),
		see: '.tile .spark',
	},
	'room-loading': { arrange: (daemon) => { daemon.broken.set('kits.watch', OFFLINE); }, see: '.tile-wait' },
	'room-alarm': {
		options: { kits: 4 },
		see: '.tile .spark',
		act: (page, daemon) => daemon.vanish(['uno-1', 'uno-2', 'uno-3', 'uno-4']),
		then: '[data-test=alarm] >> text=uno-1, uno-2, uno-3, uno-4',
	},
	'room-empty': { options: { kits: 0, seats: 0 }, see: '.empty pre' },
	'room-troubles': {
		arrange: (daemon) => {
			daemon.addKit('nano-1', { seat: '4' });
			daemon.addKit('mega-1', { seat: '5', state: 'probing', model: null, program: null });
			daemon.addKit('uno-4', { seat: '6', wiring: null }, []);
			daemon.addKit('mbot-1', { state: 'absent', model: 'mbot' });
			daemon.addKit('port-7', { state: 'refused', why: why(
				'Nobody here knows this kit. Choose its driver in the settings of the lab PC.',
				'没有驱动认识这个套件。请在主机的设置里为它选择驱动。', 'refused') });
			daemon.setRow('uno-1', { state: 'lost', why: why('The cable of uno-1 was pulled. Plug it in again.',
				'uno-1 的数据线被拔掉了，请重新插好。', 'lost') });
			daemon.setRow('uno-2', { state: 'stale' });
			daemon.endRun(daemon.startRun('uno-3', 'lamp.lua'), 'failed', MISSPELT.en);
		},
		see: '.tile-help[data-kit="uno-3"] .tone-bad',
	},
	'room-stopped': {
		options: { kits: 4 },
		arrange: (daemon) => {
			daemon.addRobot('mbot-1', 'mbot', { seat: '5' });
			daemon.startRun('uno-2', 'light-lamp.lua');
		},
		see: '[data-kit="uno-2"] [data-state="running"]',
		act: (page) => page.click('[data-test=stop]'),
		then: '[data-kit="uno-2"] [data-state="stopped"]',
	},
	'room-unconfirmed': {
		options: { role: 'student' },
		arrange: (daemon) => {
			daemon.addRobot('mbot-1', 'mbot', { seat: '4' });
			daemon.addRobot('owi-1', 'owi', { seat: '5' });
			daemon.room = { stopped: true, level: 'kill', by: 'seat 2', at: '2026-03-02T02:15:00Z', confirmed: ['uno-1', 'uno-2', 'uno-3', 'mbot-1'],
				unconfirmed: ['owi-1'], seats: [] };
		},
		see: '[data-kit="owi-1"] [data-state="unconfirmed"]',
	},
	'room-stop-not-sent': {
		see: '.tile .spark',
		act: async (page, daemon) => {
			await lose(page, daemon);
			await page.waitForSelector('[data-test=lost]');
			await page.click('[data-test=stop]');
			await page.waitForSelector('text=/NOT sent|没有发出去/');
		},
	},
	'room-stop-failed': {
		arrange: (daemon) => {
			daemon.broken.set('room.stop', OFFLINE);
			daemon.options.hasHttpStop = false;
		},
		see: '.tile .spark',
		act: (page) => page.click('[data-test=stop]'),
		then: '[data-test=stop-result].bad >> text=no folder',
	},
	'signed-out': { options: { role: 'none' }, see: '[data-test=signed-out]' },
	'signed-out-stopped': {
		options: { role: 'none' },
		see: '[data-test=signed-out]',
		act: (page) => page.click('[data-test=stop]'),
		then: '[data-test=latched]',
	},
	'room-floor': {
		options: { kits: 0, seats: 12 },
		arrange: (daemon) => {
			daemon.addFloor(8);
			roll(daemon);
		},
		see: '[data-test=floor-key]',
		act: async (page, daemon) => {
			await page.click('[data-test=floor-key]');
			await page.waitForSelector('[data-test=floor]');
			await until(() => daemon.rolled > 60, 'trails');
			await page.selectOption('.floor-bar select', 'box-1');
		},
		then: '[data-test=remove]',
	},
	'room-floor-student': {
		options: { kits: 0, seats: 12, role: 'student' },
		arrange: (daemon) => daemon.addFloor(12),
		see: '[data-test=floor-key]',
		act: (page) => page.click('[data-test=floor-key]'),
		then: '[data-test=floor]',
	},
	'bench-floor': {
		path: '#/bench/mbot-2',
		arrange: (daemon) => {
			daemon.addFloor(3);
			roll(daemon);
		},
		see: '[data-test=floor]',
		and: '.cm-content',
		act: (_page, daemon) => until(() => daemon.rolled > 60, 'trails'),
	},
	'room-64': {
		options: { kits: 64, seats: 64 },
		arrange: (daemon) => {
			for (let n = 1; n <= 64; n += 5) {
				daemon.startRun(`uno-${n}`, 'light-lamp.lua');
			}
		},
		see: '[data-kit="uno-64"] .spark',
	},
	'room-lost': { see: '.tile .spark', act: lose, then: '[data-test=lost]' },
	'bench-live': { path: '#/bench/uno-1', see: '.uplot canvas', and: '.cm-content' },
	'bench-running': {
		path: '#/bench/uno-1?case=light-lamp',
		arrange: (daemon) => {
			const run = daemon.startRun('uno-1', 'light-lamp.lua');
			for (let i = 0; i < 5; i++) {
				daemon.print(run, `light ${(0.3 + i / 50).toFixed(2)}`);
			}
		},
		see: '[data-test=run-state][data-state=running]',
		and: '.guide-text table',
	},
	'bench-error': {
		path: '#/bench/uno-1',
		see: '.cm-content',
		act: async (page, daemon, lang) => {
			await page.click('[data-test=run]');
			await page.waitForSelector('[data-state=running]');
			daemon.endRun([...daemon.runs.values()][0], 'failed', MISSPELT[lang]);
		},
		then: '.cm-error-text',
	},
	'bench-busy': {
		path: '#/bench/uno-1',
		see: '.cm-content',
		act: async (page, daemon) => {
			daemon.broken.set('script.run', { code: -32000, message: 'busy',
				data: { reason: 'busy', hint: 'uno-1: blink.lua' } });
			await page.click('[data-test=run]');
		},
		then: '.code-problem',
	},
	'bench-stale': {
		path: '#/bench/uno-1',
		see: '.uplot canvas',
		act: (page, daemon) => daemon.setRow('uno-1', { state: 'stale' }),
		then: '.bench-why',
	},
	'bench-raw': {
		path: '#/bench/uno-4',
		arrange: (daemon) => daemon.addKit('uno-4', { seat: '4', wiring: null }, []),
		see: '.cm-content',
		act: async (page) => {
			for (const summary of await page.$$('.fold summary')) {
				await summary.click();
			}
		},
		then: '.pins input',
	},
	'bench-mbot': {
		path: '#/bench/mbot-1',
		arrange: (daemon) => daemon.addRobot('mbot-1', 'mbot', { seat: '4' }),
		see: '[data-test=pad]',
		and: '.cm-content',
		act: async (page) => {
			await page.click('.dead-man summary');
			await hold(page, '[data-test=pad]', 0.7, 0.2);
		},
		then: '[data-test=driver].tone-run',
	},
	'bench-driven': {
		path: '#/bench/ev3-1',
		arrange: (daemon) => daemon.addRobot('ev3-1', 'ev3', { seat: '4', holder: 'seat 7', battery: 12 }),
		see: '[data-test=take]',
		and: '.cm-content',
	},
	'bench-arm': {
		path: '#/bench/arm-1',
		arrange: (daemon) => daemon.addRobot('arm-1', 'arm', { seat: '4' }),
		see: '[data-lever="joint.4"]',
		and: '.cm-content',
		act: (page) => hold(page, '[data-lever="joint.2"] .lever', 0.7, 0.5),
		then: '.lever-thumb.held',
	},
	'bench-owi': {
		path: '#/bench/owi-1',
		arrange: (daemon) => daemon.addRobot('owi-1', 'owi', { seat: '4' }),
		see: '.jog .press',
		and: '.cm-content',
	},
	'bench-taken': {
		path: '#/bench/mbot-1',
		options: { role: 'student' },
		arrange: (daemon) => daemon.addRobot('mbot-1', 'mbot', { seat: '4' }),
		see: '[data-test=pad]',
		and: '.cm-content',
		act: async (page, daemon) => {
			await hold(page, '[data-test=pad]', 0.5, 0.1);
			await page.waitForSelector('[data-test=driver].tone-run');
			daemon.leases.take({ name: 'seat 1', socket: {} }, { kit: 'mbot-1', take: true, ttl: 1e6 });
		},
		then: '[data-test=lease-lost]',
	},
	'bench-stopped': {
		path: '#/bench/mbot-1',
		arrange: (daemon) => daemon.addRobot('mbot-1', 'mbot', { seat: '4' }),
		see: '[data-test=pad]',
		and: '.cm-content',
		act: (page) => page.click('[data-test=stop]'),
		then: '.pad-off',
	},
	'bench-missing': { path: '#/bench/uno-99', see: '.empty h1' },
	'bench-lost': { path: '#/bench/uno-1', see: '.uplot canvas', and: '.cm-content', act: lose, then: '[data-test=lost]' },
	'cases-list': { path: '#/cases', see: '.case-card' },
	'cases-empty': { path: '#/cases', options: { cases: false }, see: '.empty h2' },
	'cases-failed': {
		path: '#/cases',
		arrange: (daemon) => { daemon.broken.set('case.list', OFFLINE); },
		see: '.empty .problem',
	},
	'case-one': { path: '#/cases/light-lamp', see: '.benches .button' },
	'case-missing': { path: '#/cases/nothing', see: '.empty h1' },
	help: { path: '#/help', see: 'kbd' },
	'page-missing': { path: '#/nowhere', see: '.empty h1' },
};

/* All robots of the floor go in circles. */
function roll(daemon) {
	daemon.rolled = 0;
	const step = daemon.floor.step.bind(daemon.floor);
	daemon.floor.step = (seconds) => {
		daemon.rolled++;
		step(seconds);
	};
	daemon.floor.bodies.forEach((_body, id) =>
		Object.assign(daemon.kits.get(id).set, { 'motor.1': 0.42, 'motor.2': 0.5 }));
}

/* Presses a control at a place of it (0..1) and stays there. */
async function hold(page, selector, x, y) {
	await page.locator(selector).scrollIntoViewIfNeeded();
	const box = await page.locator(selector).boundingBox();
	await page.mouse.move(box.x + box.width * x, box.y + box.height * y);
	await page.mouse.down();
}

async function lose(_page, daemon) {
	await daemon.stop();
	daemon.isStopped = true;
}

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const [name, state] of Object.entries(states)) {
	test(`${name} is right in both languages and widths`, async () => {
		await Promise.all(['zh', 'en'].flatMap((lang) => [1280, 768].map((width) =>
			show(name, state, lang, width, 'light'))));
	});
}

for (const name of ['room-live', 'room-troubles', 'room-unconfirmed', 'room-floor', 'bench-mbot', 'bench-arm', 'bench-error', 'case-one', 'help']) {
	test(`${name} is right in the dark`, () => show(name, states[name], 'zh', 1280, 'dark'));
}

async function show(name, state, lang, width, theme) {
	const daemon = await new FakeDaemon(state.options).start();
	daemon.leases.patience = 100; /* taking a picture takes longer than a lease lasts */
	try {
		state.arrange?.(daemon);
		const page = await open(browser, daemon.url + (state.path ?? ''), { lang, width, theme });
		await page.waitForSelector(state.see);
		if (state.and) {
			await page.waitForSelector(state.and);
		}
		await state.act?.(page, daemon, lang);
		if (state.then) {
			await page.waitForSelector(state.then);
		}
		const what = `${name}.${lang}.${width}${theme === 'dark' ? '.dark' : ''}`;
		await shoot(page, what);
		await check(page, what, { withAxe: (lang === 'zh') === (width === 1280) });
		await page.context().close();
	} finally {
		if (!daemon.isStopped) {
			await daemon.stop();
		}
	}
}

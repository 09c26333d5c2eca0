/*
 * The pages with the real daemon and its classroom of virtual robots: driving, letting go, the
 * all-stop, the floor. What moves is asked of the world, not of the page.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { connect, start, until } from '../system/daemon.mjs';
import { check, launch, open, shoot } from './browser.mjs';

const ROBOTS = ['mbot-1', 'mbot-2', 'mbot-3', 'mbot-4', 'nxt-1', 'nxt-2', 'nxt-3', 'nxt-4', 'ev3-1', 'ev3-2'];

let browser, daemon, teacher, page;
const motion = new Map(); /* kit -> {pose, speed} as the world tells it */

async function begin() {
	daemon = await start({ args: ['--virtual', 'robots'] });
	teacher = await connect(daemon, { lang: 'en' });
	const take = ({ kits = {} }) => Object.entries(kits).forEach(([id, now]) => motion.set(id, { ...motion.get(id), ...now }));
	teacher.on((params, method) => method === 'world.changed' && take(params));
	take(await teacher.call('world.watch', {}));
	await until(async () => (await teacher.call('kits.list')).kits.filter(({ state }) => state === 'ready').length >= 12, 20_000, '12 kits');
}
before(async () => {
	browser = await launch();
	await begin();
});
after(async () => {
	await browser.close();
	await daemon.stop();
});
afterEach(async () => {
	await page?.context().close();
	page = null;
	await teacher.call('room.clear', {});
	await until(allRest, 5000, 'all at rest');
});

const text = (selector) => page.locator(selector).innerText();
const seen = (selector) => page.locator(selector).waitFor();
const speed = (id) => Math.abs(motion.get(id)?.speed ?? 0);
const allRest = () => [...motion.keys()].every((id) => speed(id) === 0);
const room = () => teacher.call('room.watch', {});

async function bench(id, options) {
	page = await open(browser, `${daemon.url}#/bench/${id}`, options);
	await seen('.motion');
	await seen('.badge[data-state=ready]');
	await seen('.cm-content');
	await page.locator('.motion').scrollIntoViewIfNeeded();
}

/* Presses a control at a place of it; on a busy machine the lease may end before it is seen. */
async function press(on, selector, x, y, isThere) {
	await until(async () => {
		await on.mouse.up();
		const box = await on.locator(selector).boundingBox();
		await on.mouse.move(box.x + box.width * x, box.y + box.height * y);
		await on.mouse.down();
		return until(isThere, 1500).catch(() => false);
	}, 15_000, `pressing ${selector}`);
}

const drive = () => press(page, '[data-test=pad]', 0.5, 0.1, () => speed('mbot-1') > 0.05);

async function script(kit, source) {
	const { run: id } = await teacher.call('script.run', { kit, name: 'circle.lua', source, replace: true });
	await until(() => speed(kit) > 0.03, 8000, `${kit} moves`);
	return id;
}
const circle = (kit) => script(kit, 'local robot = require("kit").open()\nwhile true do robot:drive(0.4, 0.3) sleep(0.1) end\n');

test('every robot of the classroom has its controls, and nothing is wrong with the page', async () => {
	for (const [id, selector] of [['mbot-1', '[data-test=pad]'], ['nxt-1', '[data-test=pad]'], ['ev3-1', '[data-part=heading] .dial'],
		['arm-1', '[data-lever="joint.1"]'], ['arm-2', '.jog >> nth=0']]) {
		await bench(id);
		await seen(selector);
		await shoot(page, `real-bench-${id}.en.1280`);
		await check(page, `the bench of ${id}`);
		await page.context().close();
	}
	page = null;
});

test('safety_S1 safety_S2 the pad drives a robot while it is pressed, and it rests when it is lifted', async () => {
	await bench('mbot-1');
	await drive();
	const [x, y] = motion.get('mbot-1').pose;
	await until(() => Math.hypot(motion.get('mbot-1').pose[0] - x, motion.get('mbot-1').pose[1] - y) > 0.03, 5000, 'it goes');
	await page.mouse.up();
	await until(allRest, 3000, 'rest');
	await seen('[data-test=driver] >> text=Nobody has the controls');
});

test('fault_54 a tab that is closed while it drives leaves its robot at rest', async () => {
	await bench('mbot-1');
	await drive();
	const since = performance.now();
	await page.context().close();
	page = null;
	await until(() => speed('mbot-1') === 0, 2000, 'rest');
	console.log(`tab closed to robot at rest: ${(performance.now() - since).toFixed(0)} ms`);
});

test('fault_54 a page that hangs while it drives loses its lease by age', async () => {
	await bench('mbot-1');
	await drive();
	const hang = page.evaluate(() => { for (const end = performance.now() + 2500; performance.now() < end;); });
	hang.catch(() => undefined);
	await until(() => speed('mbot-1') === 0, 2000, 'rest while the page hangs');
	await hang;
	await seen('[data-test=lease-lost]');
	assert.ok(allRest());
});

test('fault_55 two screens on one robot: busy names the first, a teacher takes over, the loser is told by whom', async () => {
	const other = await open(browser, `${daemon.url}#/bench/mbot-1`, { lang: 'zh' });
	await other.waitForSelector('.cm-content');
	await bench('mbot-1');
	await drive();
	await other.waitForSelector('[data-test=take]');
	assert.match(await other.locator('[data-test=driver]').innerText(), /\d+ 号屏幕 正在操控/);
	await press(other, '[data-test=pad]', 0.5, 0.9, async () => await other.locator('.motion .problem').count() === 1);
	await other.mouse.up();
	await other.click('[data-test=take]');
	await seen('[data-test=lease-lost]');
	assert.match(await text('[data-test=lease-lost]'), /took over mbot-1/);
	await until(() => speed('mbot-1') === 0, 2000, 'rest');
	await other.context().close();
});

test('safety_S5 Escape Escape stops scripts and robots, all confirm, and after the clearing nothing moves', async () => {
	const runs = await Promise.all(['mbot-2', 'nxt-2', 'ev3-2'].map(circle));
	page = await open(browser, `${daemon.url}#/help`);
	await seen('.stop:not(.stop-off)');
	await page.keyboard.press('Escape');
	await page.keyboard.press('Escape');
	await seen('[data-test=latched]');
	await until(allRest, 2000, 'rest');
	for (const id of runs) {
		const run = await teacher.call('script.watch', { run: id });
		assert.match(run.state, /stopped|killed|stopping/, JSON.stringify(run));
	}
	await until(async () => {
		const { confirmed } = await room();
		return ROBOTS.every((id) => confirmed.includes(id));
	}, 3000, 'all robots confirm');
	await page.goto(daemon.url);
	await seen('[data-kit="mbot-2"] [data-state="stopped"]');
	await shoot(page, 'real-room-stopped.en.1280');
	await page.click('[data-test=clear]');
	await page.locator('[data-test=latched]').waitFor({ state: 'detached' });
	assert.ok(allRest());
	await seen('[data-kit="mbot-2"] [data-state="ready"]');
	assert.ok(allRest());
});

test('a second press cuts the motors', async () => {
	page = await open(browser, daemon.url);
	await seen('.stop:not(.stop-off)');
	await page.click('[data-test=stop]');
	await page.click('[data-test=stop]');
	await until(async () => (await room()).level === 'kill', 3000, 'kill');
	await seen('[data-test=latched] >> text=motors lose their power');
});

test('safety_S6 what did not confirm is told as the daemon tells it', async () => {
	await teacher.call('world.set', { kits: { 'mbot-3': { fault: 'silence' } } });
	page = await open(browser, daemon.url);
	await seen('.stop:not(.stop-off)');
	await page.click('[data-test=stop]');
	await seen('[data-test=unconfirmed] >> text=mbot-3');
	await seen('[data-kit="mbot-3"] [data-state="unconfirmed"]');
	await shoot(page, 'real-room-unconfirmed.en.1280');
	await teacher.call('world.set', { kits: { 'mbot-3': { fault: null } } });
	await seen('[data-kit="mbot-3"] [data-state="stopped"]'); /* it has answered since */
	await seen('[data-test=confirmed] >> text=kits are at rest');
});

test('safety_S5 without a WebSocket the stop goes by HTTP', async () => {
	await circle('mbot-2');
	const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 860 } });
	page = await context.newPage();
	await page.routeWebSocket(/\/ws$/, (socket) => socket.close());
	await page.goto(daemon.url);
	await seen('.stop-off');
	await page.click('[data-test=stop]');
	await seen('[data-test=stop-result] >> text=The stop has reached the lab PC.');
	assert.equal((await room()).stopped, true);
	await until(allRest, 2000, 'rest');
});

test('safety_S6 a frozen daemon: that there is no answer is told at once, and what came of it when it thaws', async () => {
	page = await open(browser, daemon.url);
	await seen('.stop:not(.stop-off)');
	daemon.signal('SIGSTOP');
	try {
		await page.click('[data-test=stop]');
		await seen('[data-test=stop-result].bad >> text=No answer yet');
	} finally {
		daemon.signal('SIGCONT');
	}
	await seen('[data-test=latched]');
	await until(async () => (await room()).stopped);
});

test('a joint of the arm goes towards the finger, and stands when it is lifted', async () => {
	await bench('arm-1');
	const joints = async () => (await teacher.call('world.get')).kits['arm-1'].joints;
	const [before] = await joints();
	await press(page, '[data-lever="joint.1"] .lever', before > 0 ? 0.2 : 0.8, 0.5, async () => Math.abs((await joints())[0] - before) > 3);
	await page.mouse.up();
	await seen('[data-test=driver] >> text=Nobody has the controls');
	const [rested] = await until(async () => {
		const [one] = await joints();
		await new Promise((resolve) => setTimeout(resolve, 100));
		const again = await joints();
		return Math.abs(one - again[0]) < 0.05 && again;
	}, 5000, 'the joint stands');
	assert.ok(Math.abs(rested - before) > 3);
});

test('a robot is dragged over the floor', async () => {
	page = await open(browser, daemon.url);
	await page.click('[data-test=floor-key]');
	await seen('[data-test=floor]');
	await until(async () => (await page.locator('[data-test=floor]').boundingBox()).width > 300);
	const at = async ([x, y]) => {
		const box = await page.locator('[data-test=floor]').boundingBox();
		return [box.x + x / 4 * box.width, box.y + (1 - y / 3) * box.height];
	};
	await page.mouse.move(...await at(motion.get('nxt-3').pose));
	await page.mouse.down();
	await page.mouse.move(...await at([1.2, 0.7]));
	await page.mouse.move(...await at([0.9, 0.8]));
	await page.mouse.up();
	await until(() => Math.hypot(motion.get('nxt-3').pose[0] - 0.9, motion.get('nxt-3').pose[1] - 0.8) < 0.03, 3000, 'it is there');
	await circle('mbot-2');
	const [x, y] = motion.get('mbot-2').pose;
	await until(() => Math.hypot(motion.get('mbot-2').pose[0] - x, motion.get('mbot-2').pose[1] - y) > 0.25, 20_000, 'a trail');
	await shoot(page, 'real-floor.en.1280');
	await check(page, 'the real floor');
	await page.click('[data-test=stop]');
});

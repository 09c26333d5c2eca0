/* The room, and what every page has: language, light and dark, the red button, the connection. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch, open, until } from './browser.mjs';
import { FakeDaemon } from './fake_daemon.mjs';

let browser, daemon, page;
before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(async () => { daemon = await new FakeDaemon().start(); });
afterEach(async () => {
	await page?.context().close();
	await daemon.stop();
});

const asked = (method) => daemon.requests.filter((request) => request.method === method);
const text = (selector) => page.locator(selector).innerText();

test('a tile shows the newest value and a new kit appears by itself', async () => {
	daemon.hasHistory = false;
	page = await open(browser, daemon.url);
	const value = page.locator('[data-kit=uno-1] .tile-main .number');
	await until(async () => /^0\.\d\d$/.test(await value.innerText()), 'a value');
	const first = await value.innerText();
	await until(async () => await value.innerText() !== first, 'another value');
	daemon.addKit('nano-1', { seat: '5' });
	daemon.setRow('nano-1', {});
	await page.waitForSelector('[data-kit=nano-1] .spark');
});

test('the room watches parts, never raw pins', async () => {
	page = await open(browser, daemon.url);
	await page.waitForSelector('.spark');
	const [{ params }] = asked('kit.watch');
	assert.equal(params.kit, '*');
	assert.ok(params.properties.includes('light'));
	assert.ok(params.properties.every((name) => !name.startsWith('pin.')));
});

test('tiles stand in the order of the seats, free seats among them', async () => {
	daemon.setRow('uno-1', { seat: '5' });
	page = await open(browser, daemon.url);
	await page.waitForSelector('.spark');
	const seats = await page.locator('.tiles .seat').allInnerTexts();
	assert.deepEqual(seats, ['1', '2', '3', '4', '5', '6']);
	assert.equal(await text('.tiles > li:nth-child(1) .tile-name'), 'Free seat');
	assert.equal(await text('.tiles > li:nth-child(5) .tile-name'), 'uno-1');
});

test('"Needs help" leaves only benches in trouble', async () => {
	daemon.setRow('uno-2', { state: 'lost' });
	daemon.endRun(daemon.startRun('uno-3', 'lamp.lua'), 'failed', { line: 1, message: 'x' });
	page = await open(browser, daemon.url);
	await page.getByRole('button', { name: 'Needs help 2' }).click();
	const names = await page.locator('.tile-name').allInnerTexts();
	assert.deepEqual(names, ['uno-2', 'uno-3']);
});

test('a run that was starting is shown as running soon after', async () => {
	const run = daemon.startRun('uno-1', 'lamp.lua', { state: 'starting' });
	page = await open(browser, daemon.url);
	await page.waitForSelector('[data-kit=uno-1] .tile-run >> text=starting');
	run.state = 'running'; /* told to its starter only */
	await page.waitForSelector('[data-kit=uno-1] .tile-run >> text=/\\d\\d:\\d\\d/');
});

test('a device that names itself in HTML is shown as text', async () => {
	daemon.addKit('odd', { label: '<img src=x onerror=alert(1)>', seat: '4' });
	page = await open(browser, daemon.url);
	await page.waitForSelector('[data-kit=odd]');
	assert.equal(await text('[data-kit=odd] .tile-name'), '<img src=x onerror=alert(1)>');
	assert.equal(await page.locator('[data-kit=odd] img').count(), 0);
});

test('the language is the browser\'s, can be switched, and is remembered', async () => {
	page = await open(browser, daemon.url, { lang: 'zh' });
	await page.waitForSelector('.spark');
	assert.equal(await text('h1'), '教室');
	await page.getByRole('button', { name: 'Switch to English' }).click();
	assert.equal(await text('h1'), 'The room');
	await until(() => asked('hello').some(({ params }) => params.lang === 'en'), 'the daemon to know');
	await page.reload();
	await page.waitForSelector('.spark');
	assert.equal(await text('h1'), 'The room');
	assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
});

test('an address that was cut off in the middle names no kit, and the page says so', async () => {
	page = await open(browser, `${daemon.url}#/bench/%E5%A5`);
	await page.waitForSelector('text=There is no kit');
});

test('a link from the end of a long page leads to the start of the next', async () => {
	page = await open(browser, `${daemon.url}#/cases/blink`, { width: 768 });
	await page.waitForSelector('.open-at a');
	const top = (selector) => page.locator(selector).evaluate((element) => element.getBoundingClientRect().top);
	assert.ok(await top('.open-at') < await top('.case article'), 'the benches come before the guide');
	await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
	await page.evaluate(() => document.querySelector('.open-at a').click());
	await page.waitForSelector('.cm-content');
	assert.equal(await page.evaluate(() => scrollY), 0);
});

test('light and dark follow the system until somebody chooses', async () => {
	page = await open(browser, daemon.url, { theme: 'dark' });
	const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
	assert.equal(await theme(), 'dark');
	await page.getByRole('button', { name: 'as the system' }).click();
	assert.equal(await theme(), 'light');
	await page.reload();
	assert.equal(await theme(), 'light');
});

test('the keyboard reaches everything: skip link, tiles, the red button', async () => {
	page = await open(browser, daemon.url);
	await page.waitForSelector('.spark');
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
	await page.keyboard.press('Enter');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.dataset.kit), 'uno-1');
	await page.keyboard.press('Enter');
	await page.waitForSelector('.bench');
	assert.match(page.url(), /#\/bench\/uno-1$/);
});

test('every control is at least 44 px for fingers, the red button 48', async () => {
	page = await open(browser, `${daemon.url}#/bench/uno-1`, { width: 768 });
	await page.waitForSelector('.uplot');
	await page.waitForSelector('.cm-content');
	const small = await page.evaluate(() => [...document.querySelectorAll('button, select, input, summary, .nav a')]
		.filter((one) => one.getClientRects().length > 0 && !one.closest('.cm-editor'))
		.map((one) => ({ box: one.getBoundingClientRect(), what: one.outerHTML.slice(0, 80), label: one.type === 'checkbox' }))
		.filter(({ box, label }) => box.height < (label ? 24 : 43.5)).map(({ what, box }) => `${what} ${box.height}`));
	assert.deepEqual(small, []);
	const stop = await page.locator('[data-test=stop]').boundingBox();
	assert.ok(stop.height >= 48 && stop.width >= 48);
});

/* The connection: lost, honest, regained without a reload. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch, open, until } from './browser.mjs';
import { FakeDaemon } from './fake_daemon.mjs';

let browser, page, daemon;
before(async () => { browser = await launch(); });
after(() => browser.close());
afterEach(async () => {
	await page.context().close();
	await daemon.stop();
});

const text = (selector) => page.locator(selector).innerText();
const value = () => text('[data-kit=uno-1] .tile-main .number');

test('a daemon that goes is named as lost, values turn old, and all returns with it', async () => {
	daemon = await new FakeDaemon().start();
	page = await open(browser, daemon.url);
	await page.waitForSelector('.spark');
	await page.evaluate(() => { window.isSamePage = true; });
	const { port } = daemon;
	await daemon.stop(1001);
	await page.waitForSelector('[data-test=lost]');
	assert.match(await text('[data-test=lost]'), /No connection to the lab PC since .* was shut down/s);
	assert.match(await text('[data-kit=uno-1]'), /unknown/);
	await page.waitForSelector('.old-note >> text=Values are');
	assert.match(await text('.stop'), /STOP\s+No link/);
	await page.click('.stop');
	await page.waitForSelector('[data-test=stop-result] >> text=/NOT sent.*Cut the power/');
	const old = await value();

	daemon = await new FakeDaemon({ kits: 4 }).start(port);
	await page.waitForSelector('[data-test=lost]', { state: 'detached' });
	await until(async () => await value() !== old, 'live values');
	await page.waitForSelector('[data-kit=uno-4]');
	assert.equal(await page.evaluate(() => window.isSamePage), true);
	assert.deepEqual(page.problems, []);
});

test('a daemon that is connected but silent is noticed and given up', async () => {
	daemon = await new FakeDaemon().start();
	page = await open(browser, daemon.url);
	await page.waitForSelector('.spark');
	daemon.isMute = true;
	const since = Date.now();
	await page.waitForSelector('[data-test=lost]', { timeout: 12_000 });
	assert.ok(Date.now() - since < 10_000);
	assert.match(await text('[data-test=lost]'), /stopped answering/);
	daemon.isMute = false;
	await page.waitForSelector('[data-test=lost]', { state: 'detached' });
});

test('a page that opened before the daemon was there says so and comes alive', async () => {
	daemon = await new FakeDaemon().start();
	const { port, url } = daemon;
	page = await open(browser, url);
	await page.route('**/*', (route) => route.continue());
	await daemon.stop();
	await page.waitForSelector('[data-test=lost]');
	await page.click('text=Try now');
	await page.waitForSelector('[data-test=lost]');
	daemon = await new FakeDaemon().start(port);
	await page.waitForSelector('[data-test=lost]', { state: 'detached' });
	await page.waitForSelector('.spark');
});

test('a bench returns with its script\'s output', async () => {
	daemon = await new FakeDaemon().start();
	const { port } = daemon;
	const run = daemon.startRun('uno-1', 'lamp.lua');
	daemon.print(run, 'before');
	page = await open(browser, `${daemon.url}#/bench/uno-1`);
	await page.waitForSelector('.console-lines >> text=before');
	await daemon.stop();
	await page.waitForSelector('[data-test=lost]');
	assert.equal(await page.locator('[data-test=run]').isDisabled(), true);
	daemon = await new FakeDaemon();
	daemon.runs.set(run.run, run);
	daemon.kits.get('uno-1').row.run = run.run;
	run.tail.push({ stream: 'out', text: 'meanwhile' });
	await daemon.start(port);
	await page.waitForSelector('.console-lines >> text=meanwhile');
	daemon.print(run, 'after');
	await page.waitForSelector('.console-lines >> text=after');
	assert.deepEqual(await page.locator('.console-lines > div').allInnerTexts(), ['before', 'meanwhile', 'after']);
});

test('fault_05 kits that vanish together are told once, until they are back or it was read', async () => {
	daemon = await new FakeDaemon({ kits: 4 }).start();
	page = await open(browser, daemon.url);
	await page.waitForSelector('.spark');
	const all = ['uno-1', 'uno-2', 'uno-3', 'uno-4'];
	daemon.vanish(all);
	await page.waitForSelector('[data-test=alarm] >> text=4 kits vanished');
	daemon.setRow('uno-2', { state: 'ready' });
	await page.waitForSelector('[data-test=alarm] >> text=uno-1, uno-3, uno-4');
	['uno-1', 'uno-3', 'uno-4'].forEach((id) => daemon.setRow(id, { state: 'ready' }));
	await page.waitForSelector('[data-test=alarm]', { state: 'detached' });
	daemon.vanish(all);
	await page.click('[data-test=alarm] button');
	await page.waitForSelector('[data-test=alarm]', { state: 'detached' });
});

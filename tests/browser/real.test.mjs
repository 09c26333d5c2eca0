/*
 * The pages with the real daemon, a virtual classroom, real Lua: what a newcomer does first. With
 * UPDATE_DOCS=1 it also makes the pictures of the documentation.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { connect, start, until } from '../system/daemon.mjs';
import { check, launch, open, shoot } from './browser.mjs';
import { root } from './fake_daemon.mjs';

let browser, daemon, page;
before(async () => {
	browser = await launch();
	daemon = await start({ args: ['--virtual', 'default'] });
});
after(async () => {
	await browser.close();
	await daemon.stop();
});
afterEach(() => page?.context().close());

const text = (selector) => page.locator(selector).innerText();

async function bench(kit, options) {
	page = await open(browser, `${daemon.url}#/bench/${kit}`, options);
	await page.waitForSelector('.cm-content');
	await page.waitForSelector('[data-part=light]');
	await page.waitForSelector('.badge[data-state=ready]');
}

async function run(lua) {
	await page.click('.cm-content');
	await page.keyboard.press('Control+A');
	await page.keyboard.insertText(lua);
	await page.click('[data-test=run]:enabled');
}

test('the room shows the classroom alive, and free seats', async () => {
	page = await open(browser, daemon.url);
	await page.waitForSelector('[data-kit=uno-3] .badge[data-state=ready]');
	const value = page.locator('[data-kit=uno-1] .tile-main .number');
	await until(async () => /^\d\.\d\d$/.test(await value.innerText()));
	const client = await connect(daemon);
	for (const light of [0.1, 0.9]) {
		await client.call('world.set', { kits: { 'uno-1': { light } } });
		await until(async () => Math.abs(Number(await value.innerText()) - light) < 0.15, 5000, `light ${light}`);
	}
	await client.close();
	assert.equal(await page.locator('.tile-free').count(), 0);
	await shoot(page, 'real-room.en.1280');
	await check(page, 'the real room');
});

test('a script that is written in the browser lights the lamp', async () => {
	await bench('uno-1');
	const lamp = page.getByRole('switch', { name: /^led/ });
	assert.equal(await lamp.getAttribute('aria-checked') ?? 'false', 'false');
	await run('local kit = require "kit"\nlocal bench = kit.open()\nbench.led = true\nprint("lit", bench.led)\nsleep(60)\n');
	await page.waitForSelector('.console-lines >> text=lit');
	await until(async () => await lamp.getAttribute('aria-checked') === 'true', 5000, 'the lamp');
	await page.click('[data-test=stop-script]');
	await page.waitForSelector('[data-test=run-state][data-state=stopped]');
	await page.waitForSelector('[data-test=run]:enabled');
	await lamp.click();
	await until(async () => await lamp.getAttribute('aria-checked') === 'false', 5000, 'the lamp');
	await check(page, 'the real bench');
});

test('a wrong name is found at its line, with the right one, in the reader\'s language', async () => {
	for (const [lang, advice] of [['en', /Did you mean "light"\?/], ['zh', /你是不是想写“light”/]]) {
		await bench('uno-1', { lang });
		await run('local bench = require("kit").open()\n\nprint(bench.ligth)\n');
		await page.waitForSelector('[data-test=run-error]');
		assert.match(await text('[data-test=run-error]'), advice);
		assert.match(await text('.cm-error-text'), advice);
		assert.equal(await text('.cm-error-line'), 'print(bench.ligth)');
		await page.click('[data-test=run-error] button');
		assert.equal(await page.evaluate(() => getSelection().anchorNode.parentElement.closest('.cm-line').textContent),
			'print(bench.ligth)');
		await page.context().close();
	}
	page = null;
});

test('what a script plots is drawn, and a reload finds the running script again', async () => {
	await bench('uno-2');
	await run('local bench = require("kit").open()\nevery(0.1, function() plot{ twice = bench.light * 2 } end)\nprint("plotting")\n');
	await page.waitForSelector('.legend >> text=twice');
	await page.reload();
	await page.waitForSelector('[data-test=run-state][data-state=running]');
	await page.waitForSelector('.console-lines >> text=plotting');
	await page.waitForSelector('.legend >> text=twice');
	await page.click('[data-test=stop]');
	await page.waitForSelector('[data-test=latched]');
	await page.waitForSelector('[data-test=run-state][data-state=stopped]');
	await page.click('[data-test=clear]');
	await page.waitForSelector('[data-test=latched]', { state: 'detached' });
});

test('a traffic light: the wiring is changed on the page and its lamps get names', async () => {
	await bench('uno-1');
	await page.selectOption('.bench-head select', 'traffic-light');
	await page.getByRole('switch', { name: /^yellow/ }).click();
	await page.waitForSelector('[data-part=yellow] [aria-checked=true]');
	await page.selectOption('.bench-head select', 'starter');
	await page.waitForSelector('[data-part=lamp]');
});

test('the virtual world moves the kit, and a pulled cable is seen and mended', async () => {
	await bench('uno-3');
	await page.selectOption('.bench-head select', 'starter');
	await page.fill('.world input[type=range] >> nth=0', '0.05');
	const light = page.locator('[data-part=light] .reading');
	await until(async () => Number(await light.innerText()) < 0.2, 5000, 'darkness');
	await page.selectOption('.world select', 'unplug');
	await page.waitForSelector('.badge[data-state=lost]');
	await page.waitForSelector('.bench-why');
	await page.selectOption('.world select', '');
	await page.waitForSelector('.badge[data-state=ready]');
	await until(async () => Number(await light.innerText()) < 0.2, 5000, 'darkness again');
});

test('a daemon that freezes and one that is killed are noticed, and the page returns by itself', async () => {
	const other = await start({ args: ['--virtual', 'default'] });
	page = await open(browser, other.url);
	await page.waitForSelector('[data-kit=uno-1] .badge[data-state=ready]');
	other.signal('SIGSTOP');
	await page.waitForSelector('[data-test=lost]');
	assert.match(await text('[data-kit=uno-1]'), /unknown/);
	other.signal('SIGCONT');
	await page.waitForSelector('[data-test=lost]', { state: 'detached' });
	await page.waitForSelector('[data-kit=uno-1] .badge[data-state=ready]');
	await other.kill();
	await page.waitForSelector('[data-test=lost]');
	const again = await start({ args: ['--virtual', 'default', '--listen', `127.0.0.1:${other.port}`, '--state', other.state] });
	await page.waitForSelector('[data-test=lost]', { state: 'detached' });
	await page.waitForSelector('[data-kit=uno-1] .badge[data-state=ready]');
	await again.stop();
});

test('pictures for the documentation', { skip: !process.env.UPDATE_DOCS }, async () => {
	const lab = await start({ args: ['--virtual', 'default', '--state', '/tmp/kitlab'] });
	const client = await connect(lab);
	await until(async () => (await client.call('kits.list')).kits.filter(({ state }) => state === 'ready').length === 6);
	await client.call('script.run', { kit: 'uno-3', name: 'traffic-light.lua', source: `
		local b = require("kit").open()
		while true do
			b.red, b.green = true, false sleep(2)
			b.red, b.green = false, true sleep(2)
		end` });
	let angle = 0;
	const world = setInterval(() => {
		angle += 0.025;
		const wave = (shift) => 0.5 + 0.35 * Math.sin(angle + shift) + 0.05 * Math.sin(angle * 5 + shift);
		client.call('world.set', { kits: {
			'uno-1': { light: wave(0), pot: wave(2), temperature: 22 + wave(1) },
			'uno-2': { light: wave(3), pot: wave(1), distance: 100 * wave(4) }, 'uno-3': { light: wave(4.4) },
		} }).catch(() => {});
	}, 50);
	const shot = (name, height) => page.screenshot({
		path: path.join(root, 'docs', name), clip: { x: 0, y: 0, width: 1280, height },
	});
	const halfMinute = () => page.waitForFunction((end) => performance.now() > end, 33_000, { timeout: 60_000 });

	page = await open(browser, `${lab.url}#/bench/uno-2`, { lang: 'zh', viewport: { width: 1280, height: 1000 } });
	await page.waitForSelector('.cm-content');
	await page.waitForSelector('[data-part=light]');
	await run(`local kit = require "kit"
local bench = kit.open()

-- 天黑开灯，天亮关灯；两个阈值之间保持原样
while true do
  local light = bench.light
  if light < 0.4 then
    bench.led = true
  elseif light > 0.5 then
    bench.led = false
  end
  print(string.format("光线 %.2f", light))
  sleep(0.5)
end
`);
	await page.fill('[data-part=servo] input', '60');
	await halfMinute();
	await shot('bench.zh.png', 1000);
	await page.context().close();

	page = await open(browser, lab.url);
	await page.waitForSelector('.spark');
	await halfMinute();
	await shot('room.en.png', 524);
	clearInterval(world);
	await client.close();
	await lab.stop();
});

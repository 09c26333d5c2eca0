/* One bench: script, console, parts, chart, wiring, actions, the virtual world. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch, open, until } from './browser.mjs';
import { FakeDaemon, monoMs } from './fake_daemon.mjs';

let browser, daemon, page;
before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(async () => {
	daemon = await new FakeDaemon().start();
	page = await open(browser, `${daemon.url}#/bench/uno-1`);
	await page.waitForSelector('.cm-content');
	await page.waitForSelector('.uplot');
});
afterEach(async () => {
	assert.deepEqual(page.problems, []);
	await page.context().close();
	await daemon.stop();
});

const asked = (method) => daemon.requests.filter((request) => request.method === method);
const text = (selector) => page.locator(selector).innerText();
const source = () => page.evaluate(() => [...document.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n'));
const lastRun = () => [...daemon.runs.values()].pop();

async function write(lua) {
	await page.click('.cm-content');
	await page.keyboard.press('Control+A');
	await page.keyboard.insertText(lua);
}

test('a script is written, run with Ctrl+Enter, prints, and is stopped', async () => {
	await write('print("hello")');
	await page.keyboard.press('Control+Enter');
	const { params } = await until(() => asked('script.run')[0]);
	assert.equal(params.source, 'print("hello")');
	assert.equal(params.kit, 'uno-1');
	await page.waitForSelector('[data-state=running]');
	daemon.print(lastRun(), 'hello');
	await page.waitForSelector('.console-lines >> text=hello');
	assert.equal(await page.locator('[data-test=run]').isDisabled(), true);
	await page.click('[data-test=stop-script]');
	await page.waitForSelector('[data-test=run-state][data-state=stopped]');
	assert.equal(await page.locator('[data-test=run]').isDisabled(), false);
});

test('an error marks its line, says why there, and its link jumps to it', async () => {
	await write(`${'-- line\n'.repeat(40)}bench.ligth = 1\n${'-- more\n'.repeat(40)}`);
	await page.click('[data-test=run]');
	await page.waitForSelector('[data-state=running]');
	daemon.endRun(lastRun(), 'failed', { line: 41, message: 'no property "ligth"', hint: 'Write light.' });
	await page.waitForSelector('.cm-error-text');
	assert.equal(await text('.cm-error-line'), 'bench.ligth = 1');
	assert.match(await text('.cm-error-text'), /no property "ligth"\s+Write light\./);
	await page.click('.cm-line >> nth=0');
	await page.click('text=Line 41');
	const line = await page.evaluate(() => getSelection().anchorNode.parentElement.closest('.cm-line').textContent);
	assert.equal(line, 'bench.ligth = 1');
	await page.click('[data-test=run]');
	await page.waitForSelector('.cm-error-text', { state: 'detached' });
});

test('an error that is shown is told in the other language, too, and its text stays in the editor', async () => {
	await write('bench.ligth = 1');
	await page.click('[data-test=run]');
	await page.waitForSelector('[data-state=running]');
	daemon.endRun(lastRun(), 'failed', { line: 1, message: 'no property "ligth"', hint: 'light, '.repeat(40) });
	await page.waitForSelector('.cm-error-text');
	const inside = await page.evaluate(() => document.querySelector('.cm-error-text').getBoundingClientRect().right
		- document.querySelector('.editor').getBoundingClientRect().right);
	assert.ok(inside <= 0, `the text is ${inside} px too wide`);
	lastRun().error = { line: 1, message: '没有名为“ligth”的属性', hint: null };
	await page.getByRole('button', { name: '切换到中文' }).click();
	await page.waitForSelector('[data-test=run-error] >> text=没有名为');
});

test('a script is kept in this browser over a reload', async () => {
	await write('-- mine');
	await page.waitForSelector('text=Saved in this browser');
	await page.reload();
	await page.waitForSelector('.cm-content >> text=-- mine');
});

test('a starter replaces the script and Ctrl+Z brings the old one back', async () => {
	await write('-- mine');
	await page.selectOption('.starter', 'blink');
	await until(async () => (await source()).includes('A lamp that blinks'), 'the starter');
	await page.click('.cm-content');
	await page.keyboard.press('Control+Z');
	assert.equal(await source(), '-- mine');
});

test('the names of the kit\'s parts are offered after a dot', async () => {
	await write('');
	await page.keyboard.type('bench.li');
	await page.waitForSelector('.cm-tooltip-autocomplete >> text=light sensor');
	await page.keyboard.press('Escape');
	await page.waitForSelector('.cm-tooltip-autocomplete', { state: 'detached' });
	await page.keyboard.press('Escape');
	assert.equal(await page.locator('[data-test=stop-result]').count(), 0, 'the first Escape only closed the list');
});

test('a busy kit offers to replace the other script', async () => {
	daemon.broken.set('script.run', { code: -32000, message: 'busy', data: { reason: 'busy', hint: 'uno-1 is used.' } });
	await page.click('[data-test=run]');
	await page.waitForSelector('text=Another script is using this kit.');
	daemon.broken.clear();
	await page.click('text=Stop it and run mine');
	await page.waitForSelector('[data-test=run-state][data-state=running]');
	assert.equal(asked('script.run').pop().params.replace, true);
});

test('a flood of output keeps the newest thousand lines in sight', async () => {
	await page.click('[data-test=run]');
	await page.waitForSelector('[data-state=running]');
	for (let i = 0; i < 3000; i++) {
		daemon.print(lastRun(), `n ${i}`);
	}
	await page.waitForSelector('.console-lines >> text="n 2999"');
	assert.equal(await page.locator('.console-lines > div').count(), 1000);
	assert.equal(await page.locator('.console-lines >> text="n 2999"').isVisible(), true);
	await until(() => page.evaluate(() => {
		const box = document.querySelector('.console-lines');
		return box.scrollTop + box.clientHeight >= box.scrollHeight - 2;
	}), 'the end in sight');
});

test('the lamp is switched and shows what the kit reports', async () => {
	const lamp = page.getByRole('switch', { name: /^led/ });
	assert.equal(await lamp.getAttribute('aria-checked'), 'false');
	await lamp.click();
	await until(async () => await lamp.getAttribute('aria-checked') === 'true');
	assert.deepEqual(asked('kit.write').map(({ params }) => params),
		[{ kit: 'uno-1', property: 'led', value: true }]);
});

test('a refused write says so beside the part, with the technical text a click away', async () => {
	daemon.broken.set('kit.write', { code: -32000, message: 'EIO 5', data: { reason: 'io', hint: 'The cable failed.' } });
	await page.getByRole('switch', { name: /^led/ }).click();
	await page.waitForSelector('[data-part=led] .problem >> text=The cable failed.');
	assert.equal(await page.locator('text=EIO 5').isVisible(), false);
	await page.click('[data-part=led] summary');
	assert.equal(await page.locator('text=EIO 5').isVisible(), true);
});

test('a slider sends the newest value and never more than one at a time', async () => {
	let most = 0;
	let now = 0;
	const release = [];
	const answer = daemon.answer.bind(daemon);
	daemon.answer = async (client, method, params) => {
		if (method === 'kit.write') {
			most = Math.max(most, ++now);
			await new Promise((resolve) => release.push(resolve));
			now--;
		}
		return answer(client, method, params);
	};
	const slider = page.locator('[data-part=servo] input');
	await slider.focus();
	for (let i = 0; i < 5; i++) {
		await page.keyboard.press('ArrowRight');
	}
	const shown = Number(await slider.inputValue());
	const pump = setInterval(() => release.splice(0).forEach((resolve) => resolve()), 20);
	await until(() => asked('kit.write').pop().params.value === shown, 'the newest value');
	clearInterval(pump);
	release.splice(0).forEach((resolve) => resolve());
	assert.equal(most, 1);
});

test('the wiring is chosen and the kit described anew', async () => {
	await page.selectOption('.bench-head select', 'traffic-light');
	await until(() => daemon.kits.get('uno-1').row.wiring === 'traffic-light');
	await until(() => asked('kit.describe').filter(({ params }) => params.kit === 'uno-1').length >= 2);
});

test('an action\'s form sends typed arguments and shows the end', async () => {
	await page.click('text=Actions (2)');
	await page.fill('[data-action=tone] [name=frequency]', '440');
	await page.click('[data-action=tone] button');
	await page.waitForSelector('[data-action=tone] .done');
	assert.deepEqual(asked('kit.act')[0].params, { kit: 'uno-1', action: 'tone', args: { frequency: 440 } });
	await page.selectOption('[data-action=pin_mode] [name=mode]', 'pullup');
	assert.equal(await page.locator('[data-action=pin_mode] option').count(), 6);
});

test('a raw pin is watched only when asked for, and written as its type', async () => {
	await page.click('text=Raw pins (4)');
	assert.ok(!asked('kit.watch').some(({ params }) => params.properties.includes('pin.9')));
	await page.check('[aria-label="Read pin.9"]');
	await until(() => asked('kit.watch').some(({ params }) => params.properties.includes('pin.9')));
	await page.fill('[aria-label="Write pin.13"]', '1');
	await page.keyboard.press('Enter');
	const { params } = await until(() => asked('kit.write')[0]);
	assert.deepEqual(params, { kit: 'uno-1', property: 'pin.13', value: true });
});

test('the chart draws what is chosen, pauses, zooms by dragging, and is saved as CSV', async () => {
	assert.deepEqual(await page.locator('.legend .part-name').allInnerTexts(), ['light', 'pot']);
	await page.click('[data-part=temperature] .chart-key');
	await page.waitForSelector('.legend >> text=temperature');
	const box = await page.locator('.u-over').boundingBox();
	await page.mouse.move(box.x + box.width * 0.3, box.y + 50);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * 0.6, box.y + 50, { steps: 4 });
	await page.mouse.up();
	await page.waitForSelector('.chart >> text=Go on');
	const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=CSV')]);
	const csv = await readFile(await download.path(), 'utf8');
	assert.match(csv, /^\ufefftime \(s\),light,pot,temperature \(°C\)\r\n0\.000,/);
	assert.ok(csv.split('\r\n').length > 40, csv);
	assert.doesNotMatch(csv, /\n[^,\r]+,+\r/, 'a row without any value');
	await page.click('.chart >> text=Go on');
	await page.waitForSelector('.chart >> text=Pause');
});

test('the chart is zoomed by keys, too, as far as nothing is left to zoom', async () => {
	const key = (name) => page.getByRole('button', { name, exact: true });
	const ticks = async () => { /* uPlot writes on its canvas: what is shown is what is saved */
		const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=CSV')]);
		return (await readFile(await download.path(), 'utf8')).trim().split('\r\n').slice(1).map((row) => parseFloat(row));
	};
	assert.equal(await key('Zoom out').isDisabled(), true);
	const whole = (await ticks()).pop();
	await key('Zoom in').click();
	await page.waitForSelector('.chart >> text=Go on');
	await key('Zoom in').click();
	await until(async () => {
		const part = (await ticks()).pop();
		return part < whole / 2 && part > whole / 8;
	});
	await key('Zoom out').click();
	await key('Zoom out').click();
	await page.waitForSelector('.chart >> text=Pause');
	assert.equal(await key('Zoom out').isDisabled(), true);
});

test('the legend knows a value that was there before the chart and does not change', async () => {
	await page.click('[data-part=lamp] .chart-key');
	await until(async () => await page.locator('.legend li:has-text("lamp") .number').innerText() === '0.30');
	daemon.addRobot('ev3-1', 'ev3');
	clearInterval(daemon.timer); /* nothing comes but what a watch begins with */
	daemon.hasHistory = false;
	await page.goto(`${daemon.url}#/bench/ev3-1`);
	await page.reload();
	await page.click('[data-part=heading] .chart-key');
	await until(async () => /^62/.test(await page.locator('.legend li:has-text("heading") .number').innerText()));
});

test('the curves of a script end with it, and go when the next one starts', async () => {
	const shown = () => page.locator('.legend li:has-text("score") .number').innerText();
	await page.click('[data-test=run]');
	await page.waitForSelector('[data-state=running]');
	daemon.notify('script.plot', { run: lastRun().run, t: monoMs(), set: { score: 7 } });
	await until(async () => await shown() === '7');
	daemon.endRun(lastRun(), 'finished');
	await until(async () => await shown() === '–', 'nothing is drawn any more');
	await page.click('[data-test=run]');
	await page.waitForSelector('.legend >> text=score', { state: 'detached' });
});

test('a script that waits for the end of another stays on the page and says so', async () => {
	const other = daemon.startRun('uno-1', 'other.lua');
	await page.waitForSelector('.run-note >> text=other.lua');
	const mine = { run: 'mine', name: 'script.lua', kits: ['uno-1'], state: 'queued', started: null, error: null, tail: [] };
	const answer = daemon.answer.bind(daemon);
	daemon.answer = (client, method, params) => {
		if (method === 'script.run') {
			daemon.runs.set('mine', mine);
			other.state = 'stopping';
			return { result: { run: 'mine' } };
		}
		return answer(client, method, params);
	};
	await page.click('.cm-content');
	await page.keyboard.press('Control+Enter');
	await page.waitForSelector('[data-test=run-state][data-state=queued]');
	await page.waitForSelector('.console-lines >> text=The script before it is ending');
	daemon.setRow('uno-1', { battery: 50 }); /* a row that still names the other one */
	daemon.setRow('uno-1', { battery: null });
	daemon.endRun(other, 'stopped');
	mine.state = 'running';
	daemon.setRow('uno-1', { run: 'mine' });
	daemon.notify('script.state', { run: 'mine', state: 'running' });
	await page.waitForSelector('[data-test=run-state][data-state=running] >> text=script.lua');
	assert.equal(asked('script.watch').filter(({ params }) => params.run === other.run).length, 1, 'it never left the page');
	daemon.endRun(mine, 'finished');
	await page.waitForSelector('[data-test=run-state][data-state=finished]');
	daemon.startRun('uno-1', 'third.lua');
	await page.waitForSelector('.run-note >> text=third.lua');
});

test('what was refused because the room was stopped is forgotten when that is over, and screens have words', async () => {
	Object.assign(daemon.room, { stopped: true, level: 'hold', by: 'page-7', at: new Date().toISOString() });
	daemon.notifyRoom();
	await page.waitForSelector('[data-test=latched]');
	daemon.broken.set('script.run', { code: -32000, message: 'x',
		data: { reason: 'stopped', hint: 'The room was stopped by page-7.' } });
	await page.click('[data-test=run]');
	await page.waitForSelector('.code-problem >> text=The room was stopped by screen 7.');
	Object.assign(daemon.room, { stopped: false });
	daemon.notifyRoom();
	await page.waitForSelector('.code-problem', { state: 'detached' });
});

test('the actions are offered after a colon, with what they take', async () => {
	await write('');
	await page.keyboard.type('bench:to');
	await page.waitForSelector('.cm-tooltip-autocomplete >> text=(frequency, duration) play a tone');
});

test('a long line is wrapped, so that nobody scrolls sideways to read it', async () => {
	await write(`-- ${'word '.repeat(60)}`);
	const wide = await page.evaluate(() => {
		const box = document.querySelector('.cm-scroller');
		return box.scrollWidth - box.clientWidth;
	});
	assert.ok(wide <= 1, `${wide} px to scroll`);
});

test('what a script plots is drawn without being asked for', async () => {
	await page.click('[data-test=run]');
	await page.waitForSelector('[data-state=running]');
	daemon.notify('script.plot', { run: lastRun().run, t: 5_000_000 + 1, set: { score: 7 } });
	await page.waitForSelector('.legend >> text=score');
	daemon.notify('script.plot', { run: lastRun().run, t: 5_000_000 + 2, set: { light: 0.5 } });
	await page.waitForSelector('.legend >> text=plot.light');
});

test('output that came too fast is counted in words', async () => {
	await page.click('[data-test=run]');
	await page.waitForSelector('[data-state=running]');
	daemon.notify('script.output', { run: lastRun().run, stream: 'out', text: 'x\n', dropped: 2150 });
	await page.waitForSelector('.console-lines >> text=2150 more lines came too fast');
});

test('the virtual world: daylight, a button that is held, a fault', async () => {
	const world = () => daemon.kits.get('uno-1').world;
	await page.fill('.world input[type=range] >> nth=0', '0.1');
	await until(() => world().light === 0.1);
	const key = page.locator('[data-part=button] .press'); /* beside what it changes */
	await key.scrollIntoViewIfNeeded();
	const box = await key.boundingBox();
	await page.mouse.move(box.x + 10, box.y + 10);
	await page.mouse.down();
	await until(() => world().button === true);
	await page.mouse.up();
	await until(() => world().button === false);
	await page.selectOption('.world select', 'silence');
	await until(() => world().fault === 'silence');
});

test('the virtual world has what the kit feels: nothing more, and on the floor that is in the top view', async () => {
	const sliders = () => page.locator('.world input[type=range]').count();
	assert.equal(await sliders(), 4);
	daemon.addRobot('arm-1', 'owi');
	daemon.addRobot('ev3-1', 'ev3');
	daemon.addRobot('mbot-1', 'mbot');
	daemon.addRobot('mbot-2', 'mbot');
	daemon.kits.get('mbot-2').world.pose = [1, 1, 0];
	for (const [id, count] of [['arm-1', 0], ['mbot-1', 1], ['mbot-2', 0]]) {
		await page.goto(`${daemon.url}#/bench/${id}`);
		await page.reload();
		await page.waitForSelector('.world select');
		await until(async () => await sliders() === count, `${id}: ${count}`);
		assert.equal(await page.locator('.world >> text=top view').count(), id === 'mbot-2' ? 1 : 0);
	}
	await page.goto(`${daemon.url}#/bench/ev3-1`);
	await page.reload();
	await page.waitForSelector('[data-part=touch] .press'); /* beside what it changes */
	assert.equal(await page.locator('.world .press').count(), 0);
});

test('a kit without a virtual world has no world to set', async () => {
	await page.waitForSelector('.world');
	daemon.broken.set('world.get', { code: -32601, message: 'no', data: { reason: 'unsupported', hint: null } });
	await page.reload();
	await page.waitForSelector('.uplot');
	assert.equal(await page.locator('.world').count(), 0);
});

test('a case opens at a bench with its starter and guide', async () => {
	await page.goto(`${daemon.url}#/cases`);
	await page.click('text=A lamp that blinks');
	await page.click('.benches a >> nth=1');
	await page.waitForSelector('.guide-text');
	assert.match(page.url(), /#\/bench\/uno-2\?case=blink$/);
	await until(async () => (await source()).includes('A lamp that blinks'), 'the starter');
});

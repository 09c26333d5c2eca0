/* The all-stop as people meet it: the red button on every page, and what is said of it afterwards. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch, open, until } from './browser.mjs';
import { FakeDaemon } from './fake_daemon.mjs';

let browser, daemon, page, isGone;
before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(async () => {
	isGone = false;
	daemon = await new FakeDaemon().start();
});
afterEach(async () => {
	await page?.context().close();
	if (!isGone) {
		await daemon.stop();
	}
});

const asked = (method) => daemon.requests.filter((request) => request.method === method);
const posted = () => asked('POST /api/v1/room/stop');
const text = (selector) => page.locator(selector).innerText();
const seen = (selector) => page.locator(selector).waitFor();

async function show(hash = '', options) {
	page = await open(browser, daemon.url + hash, options);
	await seen('.stop:not(.stop-off)');
}

async function loseDaemon() {
	isGone = true;
	await daemon.stop();
	await seen('.stop-off');
}

async function escapeTwice() {
	await page.keyboard.press('Escape');
	await page.keyboard.press('Escape');
}

for (const hash of ['', '#/bench/uno-1', '#/cases', '#/cases/blink', '#/help', '#/nowhere']) {
	test(`safety_S5 the red button stops the room from ${hash || 'the room'}, with one press and no question`, async () => {
		daemon.startRun('uno-2', 'blink.lua');
		await show(hash);
		const box = await page.locator('[data-test=stop]').boundingBox();
		assert.ok(box.height >= 48 && box.width >= 48 && box.x + box.width > 1200 && box.y < 20, JSON.stringify(box));
		await page.click('[data-test=stop]');
		await seen('[data-test=latched]');
		assert.deepEqual(asked('room.stop').map(({ params }) => params), [{ level: 'hold' }]);
		assert.match(await text('[data-test=latched]'), /STOP was pressed at [\d:]+ by seat 1\./);
		assert.match(await text('[data-test=confirmed]'), /uno-1, uno-2, uno-3/);
		assert.equal(await page.locator('[data-test=unconfirmed]').count(), 0);
	});
}

test('safety_S5 Escape Escape stops, a single Escape and two far apart do not', async () => {
	await show('#/help');
	await page.keyboard.press('Escape');
	await page.waitForTimeout(1100); /* the time within which they count together */
	await page.keyboard.press('Escape');
	assert.equal(asked('room.stop').length, 0);
	await page.keyboard.press('Escape');
	await until(() => asked('room.stop').length === 1);
});

test('safety_S5 an Escape that is held down is one Escape', async () => {
	await show('#/help');
	for (let i = 0; i < 5; i++) {
		await page.keyboard.down('Escape'); /* repeats */
	}
	await page.keyboard.up('Escape');
	assert.equal(asked('room.stop').length, 0);
});

test('safety_S5 Escape Escape works while somebody writes a script', async () => {
	await show('#/bench/uno-1');
	await page.click('.cm-content');
	await escapeTwice();
	await until(() => asked('room.stop').length === 1);
});

test('safety_S5 a touch stops when the finger comes down, and counts once', async () => {
	await show('', { width: 768 });
	await page.touchscreen.tap(...await middle('[data-test=stop]'));
	await seen('[data-test=latched]');
	assert.equal(asked('room.stop').length, 1);
	await page.locator('[data-test=clear]').tap();
	await page.locator('[data-test=latched]').waitFor({ state: 'detached' });
	await page.mouse.move(...await middle('[data-test=stop]'));
	await page.mouse.down();
	await until(() => daemon.stops.length === 2);
	await page.mouse.move(300, 500); /* slipped off */
	await page.mouse.up();
	assert.equal(daemon.stops.length, 2);
});

async function middle(selector) {
	const { x, y, width, height } = await page.locator(selector).boundingBox();
	return [x + width / 2, y + height / 2];
}

test('a second press within two seconds cuts the motors, and the button says so before', async () => {
	await show();
	await page.click('[data-test=stop]');
	assert.match(await text('[data-test=stop]'), /STOP\s+again: cut motors/);
	await page.click('[data-test=stop]');
	await until(() => daemon.stops.length === 2);
	assert.deepEqual(daemon.stops, ['hold', 'kill']);
	await seen('[data-test=latched] >> text=motors lose their power');
	await until(async () => await text('[data-test=stop]') === 'STOP', 'the button is itself again', 4000);
	await page.click('[data-test=stop]');
	await until(() => daemon.stops.length === 3);
	assert.equal(daemon.stops[2], 'hold');
});

test('Escape four times is both presses', async () => {
	await show('#/help');
	await escapeTwice();
	await escapeTwice();
	await until(() => daemon.stops.length === 2);
	assert.deepEqual(daemon.stops, ['hold', 'kill']);
});

test('safety_S6 kits that did not confirm are named, with what to do, on every screen', async () => {
	daemon.deaf.add('uno-2');
	await show();
	const other = await open(browser, `${daemon.url}#/help`, { lang: 'zh' });
	await other.waitForSelector('.stop:not(.stop-off)');
	await page.click('[data-test=stop]');
	await seen('[data-test=latched].bad');
	assert.match(await text('[data-test=unconfirmed]'), /NOT CONFIRMED: uno-2\. Cut their power\./);
	assert.match(await text('[data-test=confirmed]'), /uno-1, uno-3\.$/);
	await seen('[data-kit="uno-2"] [data-state="unconfirmed"]');
	await seen('[data-kit="uno-1"] [data-state="stopped"]');
	await other.waitForSelector('[data-test=unconfirmed] >> text=未确认停下：uno-2');
	/* It confirms later. */
	daemon.room = { ...daemon.room, confirmed: ['uno-1', 'uno-2', 'uno-3'], unconfirmed: [] };
	daemon.notifyRoom();
	await seen('[data-test=latched].warn');
	await other.waitForSelector('[data-kit="uno-2"] [data-state="unconfirmed"]', { state: 'detached' });
	await other.context().close();
});

test('only teachers clear a stop, and everybody sees it cleared', async () => {
	await show();
	daemon.options.role = 'student';
	const pupil = await open(browser, daemon.url);
	await pupil.waitForSelector('.stop:not(.stop-off)');
	await pupil.click('[data-test=stop]');
	await pupil.waitForSelector('[data-test=latched]');
	assert.equal(await pupil.locator('[data-test=clear]').count(), 0);
	await page.click('[data-test=clear]');
	await pupil.waitForSelector('[data-test=latched]', { state: 'detached' });
	assert.equal(await pupil.locator('[data-test=stop-result]').count(), 0);
	await pupil.context().close();
});

test('a clearing that fails says so beside its key', async () => {
	daemon.broken.set('room.clear', { code: -32000, message: 'x', data: { reason: 'internal', hint: 'The store is full.' } });
	await show();
	await page.click('[data-test=stop]');
	await page.click('[data-test=clear]');
	await seen('[data-test=latched] >> text=The stop was not cleared. The store is full.');
});

test('a single seat that is stopped is told apart from the room, and cleared alone', async () => {
	await show();
	daemon.room = { ...daemon.room, confirmed: ['uno-2'], seats: [{ seat: '2', level: 'hold', by: 'page-7', at: new Date().toISOString() }] };
	daemon.notifyRoom();
	await seen('[data-test=latched-seat]');
	assert.match(await text('[data-test=latched-seat]'), /Seat 2: STOP was pressed at [\d:]+ by screen 7\.\s.*uno-2/s);
	await seen('[data-kit="uno-2"] [data-state="stopped"]');
	await seen('[data-kit="uno-1"] [data-state="ready"]');
	await page.click('[data-test=clear]');
	await until(() => asked('room.clear')[0]?.params.seat === '2');
});

test('safety_S5 a page that nobody is signed in on stops the room', async () => {
	daemon.options.role = 'none';
	await show();
	await seen('[data-test=signed-out]');
	await escapeTwice();
	await seen('[data-test=latched]');
	assert.deepEqual(daemon.stops, ['hold']);
	assert.equal(await page.locator('[data-test=clear]').count(), 0);
});

test('safety_S5 a socket that is mute is not waited for: the stop goes by HTTP', async () => {
	await show();
	daemon.isMute = true;
	await page.click('[data-test=stop]');
	await until(() => posted().length === 1);
	await seen('[data-test=stop-result] >> text=The stop has reached the lab PC.');
	assert.match(await text('[data-test=confirmed]'), /uno-1, uno-2, uno-3/);
});

test('safety_S5 while the socket is being regained, the stop goes by HTTP and by a new socket', async () => {
	await show();
	for (const client of daemon.clients) {
		client.socket.terminate();
	}
	daemon.refusesSockets = true;
	await seen('.stop-off');
	await page.click('[data-test=stop]');
	await until(() => posted().length === 1);
	await seen('[data-test=stop-result] >> text=The stop has reached the lab PC.');
	daemon.refusesSockets = false;
	daemon.options.hasHttpStop = false;
	await seen('.stop:not(.stop-off)');
	for (const client of daemon.clients) {
		client.socket.terminate();
	}
	const before = asked('room.stop').length;
	await seen('.stop-off');
	await page.click('[data-test=stop]');
	await until(() => asked('room.stop').length > before, 'the stop by a new socket');
});

test('safety_S6 a stop that could not be sent says so in red, and the next press is a first one', async () => {
	await show();
	const { port } = daemon;
	await loseDaemon();
	assert.match(await text('[data-test=stop]'), /STOP\s+No link/);
	await page.click('[data-test=stop]');
	await seen('[data-test=stop-result].bad >> text=NOT sent');
	assert.match(await text('[data-test=stop-result]'), /Cut the power at the bench/);
	daemon = await new FakeDaemon().start(port);
	isGone = false;
	await page.click('[data-test=stop]');
	await until(() => daemon.stops.length > 0);
	assert.equal(daemon.stops[0], 'hold');
	await seen('[data-test=latched]');
});

test('safety_S6 a stop without an answer says so within a second, and that the power is to be cut', async () => {
	await show();
	daemon.isMute = true;
	await page.route('**/api/v1/**', () => undefined); /* never answered */
	const since = Date.now();
	await page.click('[data-test=stop]');
	await seen('[data-test=stop-result].bad >> text=No answer yet. If something moves, cut its power now.');
	assert.ok(Date.now() - since < 2500, `${Date.now() - since} ms`);
	await page.waitForTimeout(3000); /* as long as it is waited for */
	assert.match(await text('[data-test=stop-result]'), /No answer yet/, 'it may have got there: nobody knows');
	daemon.isMute = false;
	await page.click('[data-test=stop]');
	await seen('[data-test=latched]');
	assert.equal(asked('room.stop').pop().params.level, 'hold', 'the one before did not count');
});

test('safety_S6 a stop that is refused gives the reason', async () => {
	daemon.broken.set('room.stop', { code: -32000, message: 'x', data: { reason: 'internal', hint: 'Out of memory.' } });
	daemon.options.hasHttpStop = false;
	await show();
	await page.click('[data-test=stop]');
	await seen('[data-test=stop-result].bad >> text=NOT stopped: the lab PC refused. Out of memory. Cut the power at the bench.');
});

test('safety_S5 a stop that the socket refuses is tried by HTTP', async () => {
	daemon.broken.set('room.stop', { code: -32000, message: 'x', data: { reason: 'internal', hint: 'x' } });
	await show();
	await page.click('[data-test=stop]');
	await seen('[data-test=latched]');
	assert.deepEqual(daemon.stops, ['hold']);
});

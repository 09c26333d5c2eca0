/* Moving a kit from its bench: a lease only while a finger is on a control, and whatever takes it away. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch, open, until } from './browser.mjs';
import { FakeDaemon } from './fake_daemon.mjs';

let browser, tabbed, daemon, page;
before(async () => { browser = await launch(); });
after(async () => {
	await browser.close();
	await tabbed?.close();
});
beforeEach(async () => {
	daemon = await new FakeDaemon({ kits: 0, role: 'student' }).start();
	daemon.leases.patience = 4; /* the machine may be busy; a real lease is judged in real.test.mjs */
	daemon.addRobot('mbot-1', 'mbot', { seat: '1' });
	daemon.addRobot('arm-1', 'arm', { seat: '2' });
	daemon.addRobot('owi-1', 'owi', { seat: '3' });
});
afterEach(async () => {
	assert.deepEqual(page.problems, []);
	await page.context().close();
	await daemon.stop();
});

const asked = (method) => daemon.requests.filter((request) => request.method === method);
const text = (selector) => page.locator(selector).innerText();
const seen = (selector) => page.locator(selector).waitFor();
const motors = (id = 'mbot-1') => ['motor.1', 'motor.2'].map((name) => daemon.kits.get(id).set[name]);
const isDriven = (id = 'mbot-1') => daemon.leases.of(id) !== undefined;
const atRest = (id = 'mbot-1') => until(() => !isDriven(id) && motors(id).every((speed) => speed === 0), 'rest');

async function bench(id, { on = browser, ...options } = {}) {
	page = await open(on, `${daemon.url}#/bench/${id}`, options);
	await seen('.motion');
	await seen('.badge[data-state=ready]');
	await seen('.cm-content'); /* nothing moves about any more */
}

/* Where a share of a control is on the screen. */
async function at(selector, x, y) {
	await page.locator(selector).scrollIntoViewIfNeeded();
	const box = await page.locator(selector).boundingBox();
	return [box.x + box.width * x, box.y + box.height * y];
}

async function press(selector, x, y) {
	await page.mouse.move(...await at(selector, x, y));
	await page.mouse.down();
}

async function drive(options) {
	await bench('mbot-1', options);
	await press('[data-test=pad]', 0.5, 0.05);
	await until(() => motors()[0] > 0.4, 'driving');
}

test('safety_S2 the pad drives while it is pressed and not a moment longer', async () => {
	await drive();
	assert.deepEqual(motors(), [0.45, 0.45]);
	await seen('[data-test=driver] >> text=You have the controls');
	await page.mouse.move(...await at('[data-test=pad]', 0.95, 0.5));
	await until(() => motors()[0] > 0.3 && motors()[1] < -0.3, 'a turn to the right');
	const fed = daemon.leases.fed;
	await until(() => daemon.leases.fed > fed + 5, 'feeding');
	await page.mouse.up();
	await until(() => asked('lease.release').length === 1);
	await atRest();
	const all = daemon.requests.length;
	await page.waitForTimeout(500); /* nobody feeds in it */
	const later = daemon.requests.slice(all).filter(({ method }) => /^lease|kit\.(act|write)/.test(method));
	assert.deepEqual(later, []);
	assert.equal(await text('[data-test=driver]'), 'Nobody has the controls');
});

test('the pad asks for no more than a pupil may', async () => {
	await drive();
	const begin = performance.now();
	const all = daemon.requests.length;
	for (let i = 0; i < 60; i++) {
		await page.mouse.move(...await at('[data-test=pad]', 0.5 + 0.4 * Math.sin(i / 5), 0.1));
	}
	await page.mouse.up();
	const rate = (daemon.requests.length - all) * 1000 / (performance.now() - begin);
	console.log(`driving asks ${rate.toFixed(0)} times a second`);
	assert.ok(rate < 40, `${rate} requests a second`);
});

test('safety_S2 a press that ends before the lease is there leaves nothing behind', async () => {
	await bench('mbot-1');
	const answer = daemon.answer.bind(daemon);
	let go;
	daemon.answer = async (client, method, params) => {
		if (method === 'kit.lease') {
			await new Promise((resolve) => { go = resolve; });
		}
		return answer(client, method, params);
	};
	await press('[data-test=pad]', 0.5, 0.05);
	await until(() => go);
	await page.mouse.up();
	go();
	await until(() => asked('lease.release').length === 1);
	await atRest();
	assert.equal(asked('kit.act').length, 0);
});

test('fault_54 a tab that loses the focus releases', async () => {
	tabbed = await launch({ hasTabs: true });
	await drive({ on: tabbed });
	const devtools = await page.context().newCDPSession(page);
	await devtools.send('Emulation.setFocusEmulationEnabled', { enabled: false });
	const other = await page.context().newPage();
	await other.bringToFront();
	await until(() => asked('lease.release').length === 1);
	await atRest();
});

for (const [what, happen] of Object.entries({
	'a window that is left': () => dispatchEvent(new Event('blur')),
	'a page that goes': () => dispatchEvent(new Event('pagehide')),
	'a tab that freezes': () => document.dispatchEvent(new Event('freeze')),
	'a tab that is hidden': () => {
		Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
		document.dispatchEvent(new Event('visibilitychange'));
	},
	'a tab that is hidden without a word': () => Object.defineProperty(document, 'visibilityState', { value: 'hidden' }),
	'a focus that is gone without a word': () => { document.hasFocus = () => false; },
	'a touch that the system takes': () => {
		document.querySelector('[data-test=pad]').dispatchEvent(new PointerEvent('pointercancel', { pointerId: 1 }));
	},
	'a pointer that is not ours any more': () => document.querySelector('[data-test=pad]').releasePointerCapture(1),
	'a control that is taken off the page': () => document.querySelector('[data-test=pad]').remove(),
})) {
	test(`fault_54 ${what} releases, and the finger that is still there moves nothing`, async () => {
		await drive();
		await page.evaluate(happen);
		await until(() => asked('lease.release').length === 1);
		await atRest();
		await page.mouse.move(...await at('.motion', 0.3, 0.5));
		assert.equal(asked('kit.lease').length, 1);
	});
}

test('fault_54 a tab that is closed ends its lease with its connection', async () => {
	await drive();
	await page.goto('about:blank');
	await atRest();
});

test('fault_54 a page that hangs feeds nothing', async () => {
	daemon.leases.patience = 1;
	await drive();
	const hang = page.evaluate(() => { for (const end = performance.now() + 2000; performance.now() < end;); });
	await until(() => motors().every((speed) => speed === 0), 'rest while the page hangs', 1500);
	assert.equal(daemon.leases.all.size, 0);
	await hang;
	assert.equal(daemon.leases.all.size, 0);
});

test('safety_S2 a leave that was not told by the mouse is seen at its next move', async () => {
	await drive();
	await page.evaluate(() => document.querySelector('[data-test=pad]').dispatchEvent(
		new PointerEvent('pointermove', { pointerId: 1, buttons: 0 })));
	await atRest();
});

test('safety_S2 the keys drive while they repeat, and one that says nothing any more is let go', async () => {
	await bench('mbot-1');
	await page.focus('[data-test=pad]');
	await page.keyboard.down('w');
	await until(() => motors()[0] === 0.5 && motors()[1] === 0.5);
	await page.keyboard.down('ArrowRight');
	await until(() => motors()[0] > motors()[1] && motors()[1] > 0, 'a curve');
	for (let i = 0; i < 8; i++) {
		await page.waitForTimeout(200); /* as a keyboard repeats */
		await page.keyboard.down('ArrowRight');
	}
	assert.ok(isDriven());
	await page.keyboard.up('ArrowRight');
	await page.keyboard.up('w');
	await atRest();
	await page.keyboard.down('w');
	await until(() => isDriven());
	await page.evaluate(() => document.activeElement.blur());
	await atRest();
	await page.keyboard.up('w');
	await page.focus('[data-test=pad]');
	await page.keyboard.down('w');
	await until(() => isDriven());
	await atRest(); /* its release was swallowed: nothing more is heard of it */
	await page.keyboard.down('w'); /* and what it repeats later is no new press */
	assert.ok(!isDriven());
});

test('safety_S2 keys that are pressed with Control or Command are no driving', async () => {
	await bench('mbot-1');
	await page.focus('[data-test=pad]');
	await page.keyboard.press('Control+a');
	await page.keyboard.down('w');
	await until(() => isDriven());
	await page.keyboard.down('Meta');
	await page.keyboard.down('s');
	await atRest();
	assert.equal(asked('kit.lease').length, 1);
});

test('a script that is written does not drive', async () => {
	await bench('mbot-1');
	await page.click('.cm-content');
	await page.keyboard.type('was wasd');
	assert.equal(asked('kit.lease').length, 0);
});

test('a motor\'s lever springs back, and two fingers move two motors', async () => {
	await bench('mbot-1', { width: 768 });
	const devtools = await page.context().newCDPSession(page);
	const touch = (type, points) => devtools.send('Input.dispatchTouchEvent', { type,
		touchPoints: points.map(([x, y, id]) => ({ x, y, id })) });
	await page.locator('[data-lever="motor.2"]').scrollIntoViewIfNeeded();
	const left = [...await at('[data-lever="motor.1"] .lever', 0.9, 0.5), 0];
	const right = [...await at('[data-lever="motor.2"] .lever', 0.2, 0.5), 1];
	await touch('touchStart', [left]);
	await until(() => motors()[0] > 0.7);
	await touch('touchStart', [left, right]);
	await until(() => motors()[1] < -0.5);
	assert.ok(motors()[0] > 0.7);
	assert.equal(asked('kit.lease').length, 1, 'one lease for both');
	await touch('touchEnd', [right]);
	await until(() => motors()[1] === 0, 'the lifted one rests');
	assert.ok(motors()[0] > 0.7 && isDriven());
	await touch('touchEnd', [left]);
	await atRest();
});

test('safety_S9 a limit of change is approached in steps', async () => {
	daemon.leases.stepMax = 0.15;
	await bench('mbot-1');
	await press('[data-test=pad]', 0.5, 0.05);
	await until(() => motors()[0] === 0.45);
	const speeds = asked('kit.act').map(({ params }) => params.args.left);
	assert.equal(speeds[0], 0.45, 'the whole way first');
	assert.ok(speeds.some((speed) => speed > 0 && speed < 0.4), `${speeds}`);
	await until(async () => await page.locator('.motion .problem').count() === 0, 'the limit is not told any more');
	await page.mouse.up();
	await atRest();
});

test('safety_S9 a limit of speed is gone up to and told, and the robot goes on', async () => {
	daemon.leases.speedMax = 0.3;
	await bench('mbot-1');
	await press('[data-test=pad]', 0.5, 0.05);
	await until(() => motors()[0] > 0.25);
	await seen('.motion .problem:has-text("is over the limit")');
	assert.ok(motors()[0] <= 0.3 && isDriven());
	await page.mouse.up();
	await atRest();
});

test('a joint goes towards the finger and stays where it is', async () => {
	await bench('arm-1');
	const { set } = daemon.kits.get('arm-1');
	await press('[data-lever="joint.2"] .lever', 0.75, 0.5);
	await until(() => set['joint.2'] === 45);
	await page.mouse.up();
	await until(() => !isDriven('arm-1'));
	assert.equal(set['joint.2'], 45);
	await page.focus('[data-lever="grip"] .lever');
	const grip = set.grip;
	await page.keyboard.press('ArrowRight', { delay: 200 });
	await until(() => set.grip > grip);
	await until(() => !isDriven('arm-1'));
	assert.equal(await page.locator('.dead-man').count(), 0, 'this arm stops by itself');
});

test('an arm that does not know its angles is moved by keys, for a time at most', async () => {
	await bench('owi-1');
	await page.selectOption('.motion select', '0.5');
	const key = page.getByRole('button', { name: 'Joint 2 +' });
	await key.scrollIntoViewIfNeeded();
	await key.hover();
	await page.mouse.down();
	const { params } = await until(() => asked('kit.act')[0]);
	assert.deepEqual(params.args, { joint: 2, speed: 1, duration: 0.5 });
	assert.equal(params.action, 'move_joint');
	await until(() => daemon.leases.fed > 4);
	assert.equal(asked('kit.act').length, 1, 'once a press');
	await page.mouse.up();
	await until(() => !isDriven('owi-1'));
});

test('a motion action has a key that is held, not a form that is sent', async () => {
	await bench('arm-1');
	await page.click('text=Actions (2)');
	const angles = page.locator('[data-action=pose] [name=angles]');
	assert.equal(await angles.getAttribute('placeholder'), 'numbers, like 0 45 -30', 'angles are no bytes');
	const key = page.locator('[data-action=pose] .press');
	await key.scrollIntoViewIfNeeded();
	await angles.fill('left');
	await key.hover();
	await page.mouse.down();
	await page.mouse.up();
	await angles.fill('10，20');
	await page.keyboard.press('Enter');
	assert.equal(asked('kit.act').length, 0);
	await key.hover();
	await page.mouse.down();
	const { params } = await until(() => asked('kit.act')[0]);
	assert.deepEqual(params.args, { angles: [10, 20] });
	assert.ok(params.lease);
	await page.mouse.up();
	await until(() => !isDriven('arm-1'));
});

test('fault_55 two people: the second is told who drives, and a teacher takes over from whoever it is', async () => {
	await drive();
	daemon.options.role = 'teacher';
	const teacher = await open(browser, `${daemon.url}#/bench/mbot-1`);
	await teacher.waitForSelector('[data-test=driver] >> text=seat 1 has the controls');
	await teacher.waitForSelector('.cm-content');
	const pad = teacher.locator('[data-test=pad]');
	await pad.scrollIntoViewIfNeeded();
	const box = await pad.boundingBox();
	await teacher.mouse.move(box.x + 100, box.y + 10);
	await teacher.mouse.down();
	await teacher.waitForSelector('.motion .problem:has-text("mbot-1 is driven by seat 1.")');
	await teacher.mouse.up();
	assert.ok(motors()[0] > 0, 'the first goes on');
	assert.equal(await page.locator('[data-test=take]').count(), 0, 'a pupil takes nobody\'s kit');
	await teacher.click('[data-test=take]');
	await seen('[data-test=lease-lost] >> text=seat 2 took over mbot-1.');
	await atRest();
	await page.mouse.move(...await at('[data-test=pad]', 0.4, 0.2)); /* the finger is still there */
	assert.equal(asked('kit.lease').filter(({ params }) => !params.take).length, 2);
	await teacher.context().close();
});

test('the room shows who drives', async () => {
	await drive();
	const room = await open(browser, daemon.url);
	await room.waitForSelector('[data-kit="mbot-1"] >> text=seat 1 has the controls');
	await page.mouse.up();
	await room.waitForSelector('[data-kit="mbot-1"] >> text=no script');
	await room.context().close();
});

test('safety_S7 after a stop and its clearing nothing moves until it is pressed anew', async () => {
	await drive();
	await page.keyboard.press('Escape');
	await page.keyboard.press('Escape');
	await seen('.motion-off');
	await atRest();
	await page.mouse.move(...await at('[data-test=pad]', 0.5, 0.2));
	assert.equal(asked('kit.lease').length, 1, 'a stopped pad takes no press');
	daemon.room = { ...daemon.room, stopped: false, seats: [] };
	daemon.notifyRoom();
	await page.locator('.motion-off').waitFor({ state: 'detached' });
	await page.mouse.move(...await at('[data-test=pad]', 0.5, 0.1));
	assert.ok(!isDriven());
	await page.mouse.up();
	await press('[data-test=pad]', 0.5, 0.05);
	await until(() => isDriven());
});

test('"Stop this kit" stops it whoever drives', async () => {
	await bench('mbot-1');
	daemon.leases.take({ name: 'seat 9', socket: {} }, { kit: 'mbot-1', ttl: 1e6 });
	daemon.kits.get('mbot-1').set['motor.1'] = 1;
	await page.click('[data-test=stop-kit]');
	await until(() => motors()[0] === 0);
	assert.deepEqual(asked('kit.act')[0].params, { kit: 'mbot-1', action: 'stop' });
});

test('a kit without a dead-man is labelled, and says what that means', async () => {
	await bench('mbot-1');
	await page.click('text=no dead-man');
	await seen('.dead-man >> text=only Kitlab stops it');
});

test('a lost connection ends the driving here, too', async () => {
	await drive();
	for (const client of daemon.clients) {
		client.socket.terminate();
	}
	await seen('.pad-off');
	await atRest();
	await seen('.pad:not(.pad-off)');
	assert.equal(asked('kit.lease').length, 1);
});

test('a colour is chosen as one sees it', async () => {
	await bench('mbot-1');
	await page.fill('[data-part=rgb] input', '#ff8000');
	await until(() => asked('kit.write').length > 0);
	assert.deepEqual(asked('kit.write')[0].params, { kit: 'mbot-1', property: 'rgb', value: [1, 0.502, 0] });
	await page.click('[data-part=rgb] button');
	await until(() => daemon.kits.get('mbot-1').set.rgb.every((share) => share === 0));
});

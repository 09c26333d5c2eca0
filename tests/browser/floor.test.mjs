/* The top view of the virtual robots' floor: everybody looks, teachers move things. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { check, launch, open, until } from './browser.mjs';
import { FakeDaemon } from './fake_daemon.mjs';

let browser, daemon, page;
before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(async () => {
	daemon = await new FakeDaemon({ kits: 0 }).start();
	daemon.addFloor(3);
});
afterEach(async () => {
	assert.deepEqual(page.problems, []);
	await page.context().close();
	await daemon.stop();
});

const asked = (method) => daemon.requests.filter((request) => request.method === method);
const floor = '[data-test=floor]';
const object = (id) => daemon.floor.objects.find((one) => one.id === id);
const near = (a, b) => Math.abs(a - b) < 0.02;

async function show(options) {
	page = await open(browser, daemon.url, options);
	await page.click('[data-test=floor-key]');
	await page.waitForSelector(floor);
	await until(async () => (await page.locator(floor).boundingBox()).width > 300);
}

/* Where metres of the room are on the screen. */
async function at([x, y]) {
	const box = await page.locator(floor).boundingBox();
	return [box.x + x / 3 * box.width, box.y + (1 - y / 2) * box.height];
}

async function drag(from, to) {
	await page.mouse.move(...await at(from));
	await page.mouse.down();
	const middle = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
	await page.mouse.move(...await at(middle));
	await page.mouse.move(...await at(to));
	await page.mouse.up();
}

/* The colour on the canvas at a place of the room: [red, green, blue]. */
const colour = ([x, y]) => page.locator(floor).evaluate((canvas, [across, up]) => {
	const pixel = canvas.getContext('2d').getImageData(Math.round(across * canvas.width), Math.round((1 - up) * canvas.height), 1, 1);
	return [...pixel.data].slice(0, 3);
}, [x / 3, y / 2]);

test('the floor is watched only while somebody looks at it, and remembered as open', async () => {
	page = await open(browser, daemon.url);
	await page.waitForSelector('[data-test=floor-key]');
	await until(() => asked('world.unwatch').length === 1);
	await page.click('[data-test=floor-key]');
	await page.waitForSelector(floor);
	await until(() => [...daemon.clients][0].watchesWorld);
	await page.reload();
	await page.waitForSelector(floor);
	await page.click('[data-test=floor-key]');
	await until(() => ![...daemon.clients][0].watchesWorld);
});

test('a room without virtual robots has no floor to show', async () => {
	daemon.floor = null;
	page = await open(browser, daemon.url);
	await page.waitForSelector('.tile .spark');
	await until(() => asked('world.watch').length === 1);
	assert.equal(await page.locator('[data-test=floor-key]').count(), 0);
});

test('what is on the floor is where it stands: line, box, lamp, and a robot that moves', async () => {
	daemon.floor.bodies.get('mbot-1').pose = [1, 0.3, 0];
	await show();
	const [ground, line, box, lamp] = [[0.2, 0.2], object('line-1').points[10], object('box-1').at, object('lamp-1').at];
	await until(async () => (await colour(line))[0] < 80, 'the line is dark');
	assert.ok((await colour(ground))[0] > 200);
	const [red, , blue] = await colour(box);
	assert.ok(red > blue + 40, 'the box is brown');
	const glow = await colour([lamp[0], lamp[1] - 0.15]);
	assert.ok(glow[0] > glow[2] + 40, 'it is yellow under the lamp');
	/* The robot goes, its trail stays. */
	const wheel = [1, 0.38];
	assert.ok((await colour(wheel))[0] < 80, 'a wheel');
	Object.assign(daemon.kits.get('mbot-1').set, { 'motor.1': 0.5, 'motor.2': 0.5 });
	await until(() => daemon.floor.bodies.get('mbot-1').pose[0] > 1.5);
	await until(async () => (await colour(wheel))[0] > 200, 'it is gone from there');
	const [tr, , tb] = await colour([1.3, 0.3]);
	assert.ok(tb > tr + 20, 'a trail');
	await page.click('text=Clear trails');
	await until(async () => (await colour([1.05, 0.3]))[0] > 200, 'no trail');
});

test('a robot, a box and a lamp are dragged with the mouse', async () => {
	await show();
	const [x, y] = daemon.floor.bodies.get('mbot-3').pose;
	await drag([x, y], [0.6, 0.5]);
	await until(() => near(daemon.floor.bodies.get('mbot-3').pose[0], 0.6) && near(daemon.floor.bodies.get('mbot-3').pose[1], 0.5));
	await drag([1.5, 1.05], [0.9, 1.2]);
	await until(() => near(object('box-1').at[0], 0.9) && near(object('box-1').at[1], 1.2));
	await drag([2.5, 1.6], [0.4, 1.0]);
	await until(() => near(object('lamp-1').at[0], 0.4));
	assert.deepEqual(object('circle-1').at, [0.5, 1.6], 'nothing else moved');
	await drag([0.2, 0.2], [1, 1]); /* the floor itself */
	assert.deepEqual(object('circle-1').at, [0.5, 1.6]);
});

test('what is put into something is seen where the daemon puts it', async () => {
	await show();
	const set = daemon.floor.set.bind(daemon.floor);
	daemon.floor.set = (params) => {
		set(params);
		if (params.kits?.['mbot-1']) {
			daemon.floor.bodies.get('mbot-1').pose = [0.2, 0.2, 0]; /* pushed aside */
		}
	};
	const [x, y] = daemon.floor.bodies.get('mbot-1').pose;
	const before = await colour([0.2, 0.24]);
	await drag([x, y], [1.5, 1.05]);
	await until(async () => String(await colour([0.2, 0.24])) !== String(before), 'the robot in the corner');
});

test('a touch drags, too, and does not scroll the page', async () => {
	await show({ width: 768 });
	const devtools = await page.context().newCDPSession(page);
	const touch = (type, points) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y]) => ({ x, y })) });
	const [begin, middle, end] = [await at([0.5, 1.6]), await at([0.5, 1.2]), await at([0.5, 0.4])];
	await touch('touchStart', [begin]);
	await touch('touchMove', [middle]);
	await touch('touchMove', [end]);
	await touch('touchEnd', []);
	await until(() => near(object('circle-1').at[1], 0.4));
	assert.equal(await page.evaluate(() => scrollY), 0);
});

test('news from before a change do not take it back', async () => {
	await show();
	const tell = daemon.floor.tell.bind(daemon.floor);
	const old = structuredClone(daemon.floor.objects);
	daemon.floor.tell = () => tell({ objects: old });
	await page.selectOption('.floor-bar select', 'box-1');
	await page.focus(floor);
	for (let i = 0; i < 4; i++) {
		await page.keyboard.press('ArrowRight');
		await until(() => near(object('box-1').at[0], 1.55 + i * 0.05));
	}
});

test('by keys: what is chosen is moved and turned', async () => {
	await show();
	await page.selectOption('.floor-bar select', 'box-1');
	await page.focus(floor);
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press('ArrowUp');
	await page.keyboard.press('Shift+ArrowUp');
	await page.keyboard.press('q');
	await until(() => near(object('box-1').heading, 0.4 + Math.PI / 12));
	assert.ok(near(object('box-1').at[0], 1.55) && near(object('box-1').at[1], 1.11), `${object('box-1').at}`);
	await page.selectOption('.floor-bar select', 'mbot-1');
	const [x, , heading] = daemon.floor.bodies.get('mbot-1').pose;
	await page.focus(floor);
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('e');
	await until(() => near(daemon.floor.bodies.get('mbot-1').pose[0], x - 0.05));
	await until(() => !near(daemon.floor.bodies.get('mbot-1').pose[2], heading));
});

test('things are added, changed, taken away, and that is undone', async () => {
	await show();
	await page.click('[data-add=lamp]');
	await until(() => object('lamp-2'));
	await page.fill('.floor-slider >> nth=0 >> input', '0.25');
	await until(() => object('lamp-2').brightness === 0.25);
	await page.click('[data-add=box]');
	await until(() => object('box-2'));
	await page.getByRole('button', { name: 'Larger' }).click();
	await until(() => near(object('box-2').size[0], 0.375));
	await page.click('[data-test=remove]');
	await until(() => !object('box-2'));
	await page.click('[data-test=undo]');
	await until(() => object('box-2') && near(object('box-2').size[0], 0.375));
	await page.click('[data-add=line]');
	await until(() => object('line-2')?.points.length > 10);
	await page.fill('.floor-slider:has-text("Daylight") input', '0.1');
	await until(() => object('room').daylight === 0.1);
	await check(page, 'the floor being changed');
});

test('a change that is refused says so', async () => {
	await show();
	daemon.broken.set('world.set', { code: -32000, message: 'x', data: { reason: 'limit', hint: 'A room takes 64 objects.' } });
	await page.click('[data-add=box]');
	await page.waitForSelector('.floor .problem:has-text("A room takes 64 objects.")');
	await until(async () => !(await page.locator('.floor-bar option').allTextContents()).some((name) => name.includes('box-2')),
		'what was refused is taken back');
});

test('pupils look and move nothing', async () => {
	daemon.options.role = 'student';
	await show();
	assert.equal(await page.locator('[data-add=box]').count(), 0);
	await drag([1.5, 1.05], [0.9, 1.2]);
	await page.selectOption('.floor-bar select', 'box-1');
	assert.equal(asked('world.set').length, 0);
	assert.equal(await page.locator('[data-test=remove]').count(), 0);
});

test('a bench shows its robot on the floor', async () => {
	page = await open(browser, `${daemon.url}#/bench/mbot-2`);
	await page.waitForSelector(floor);
	assert.equal(await page.locator('.floor-bar select').inputValue(), 'mbot-2');
	assert.equal(await page.locator('[data-add=box]').count(), 0);
});

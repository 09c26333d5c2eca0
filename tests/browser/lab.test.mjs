/* The Lab page as a teacher or lab admin meets it: seats, check-ups, firmware, decisions. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { check, launch, open, shoot, until } from './browser.mjs';
import { FakeDaemon } from './fake_daemon.mjs';
import { ANOTHER } from './fake_lab.mjs';

const HEX = ':100000000C9434000C943E000C943E000C943E0082\n:00000001FF\n';

let browser, daemon, page;
before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(async () => { daemon = await new FakeDaemon().start(); });
afterEach(async () => {
	await page?.context().close();
	await daemon.stop();
});

const asked = (method) => daemon.requests.filter((request) => request.method === method).map(({ params }) => params);
const seen = (selector) => page.locator(selector).waitFor();
const gone = (selector) => page.locator(selector).waitFor({ state: 'detached' });
const text = (selector) => page.locator(selector).innerText();
const card = (kit) => `.lab-card[data-kit="${kit}"]`;

async function show(part, options) {
	page = await open(browser, `${daemon.url}#/lab?part=${part}`, options);
	await seen(`[data-part=${part}][aria-current]`);
}

async function press(selector) {
	await page.locator(selector).scrollIntoViewIfNeeded();
	const box = await page.locator(selector).boundingBox();
	await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
	await page.mouse.down();
}

/* ---- who ---- */

test('only staff is led to the Lab page, and others are told who it is for', async () => {
	await show('seats');
	await seen('.nav a[href^="#/lab"][aria-current]');
	daemon.options.role = 'student';
	const pupil = await open(browser, `${daemon.url}#/lab`);
	await pupil.waitForSelector('[data-test=no-staff]');
	assert.equal(await pupil.locator('.nav a[href^="#/lab"]').count(), 0);
	await pupil.context().close();
});

/* ---- seats ---- */

test('the seat walk binds each socket in which something is plugged to the seat that it asks for', async () => {
	await show('seats');
	await seen('[data-test=no-seats]');
	await page.fill('[data-test=count]', '3');
	await page.click('[data-test=walk-start]');
	assert.match(await text('[data-test=walk-now]'), /Plug the cable of seat 1 in now/);
	daemon.lab.plug('1-1.1');
	await seen('[data-step="1"].tone-good >> text=1-1.1 Arduino Uno');
	await seen('[data-test=walk-now] >> text=seat 2');
	daemon.lab.plug('1-1.1'); /* the same cable once more */
	await seen('[data-test=walk-again]');
	daemon.lab.plug('1-1.2');
	await seen('[data-test=walk-now] >> text=seat 3');
	assert.equal(await page.locator('[data-test=walk-again]').count(), 0);
	daemon.lab.plug('1-1.3');
	await seen('[data-test=walk-over]');
	assert.deepEqual(asked('seats.bind'), [1, 2, 3].map((n) => ({ socket: `1-1.${n}`, seat: String(n) })));
	await page.click('[data-test=walk-stop]');
	daemon.lab.plug('1-1.4'); /* nobody asked for it */
	await seen('[data-test=walk-start]');
	assert.equal(asked('seats.bind').length, 3);
});

test('cables that are plugged in quickly are all taken', async () => {
	await show('seats');
	await page.fill('[data-test=count]', '4');
	await page.click('[data-test=walk-start]');
	[1, 2, 3, 4].forEach((n) => daemon.lab.plug(`2-${n}`));
	await seen('[data-test=walk-over]');
	assert.deepEqual([...daemon.lab.seats], [['1', '2-1'], ['2', '2-2'], ['3', '2-3'], ['4', '2-4']]);
});

test('a seat can be left out, and Back gives back what the last step took', async () => {
	daemon.lab.seats.set('old', '1-1.1').set('1', '1-1.9');
	await show('seats');
	await page.fill('[data-test=count]', '3');
	await page.locator('[data-test=walk] summary').click();
	await page.click('[data-test=walk-start]');
	daemon.lab.plug('1-1.1');
	await seen('[data-step="1"].tone-good');
	assert.deepEqual([...daemon.lab.seats], [['1', '1-1.1']]);
	await page.click('[data-test=walk-back]');
	await seen('[data-test=walk-now] >> text=seat 1');
	assert.deepEqual([...daemon.lab.seats].sort(), [['1', '1-1.9'], ['old', '1-1.1']]);
	await page.click('[data-test=walk-skip]');
	await seen('[data-step="1"] >> text=left out');
	daemon.lab.plug('1-1.5');
	await until(() => daemon.lab.seats.get('2') === '1-1.5');
	assert.equal(daemon.lab.seats.get('1'), '1-1.9');
});

test('a kit that appears on a socket counts as plugged in, one that is there already does not', async () => {
	daemon.lab.sockets.set('uno-1', '1-2');
	daemon.setRow('uno-2', { state: 'lost' });
	daemon.lab.sockets.set('uno-2', '1-3');
	await show('seats');
	await page.click('[data-test=walk-start]');
	daemon.setRow('uno-2', { state: 'ready' });
	await seen('[data-step="1"].tone-good');
	assert.deepEqual(asked('seats.bind'), [{ socket: '1-3', seat: '1' }]);
});

test('a name that the daemon refuses is said, and the walk stays at its seat', async () => {
	await show('seats');
	await page.fill('[data-test=count]', '2');
	await page.locator('[data-test=walk] summary').click();
	await page.fill('.lab-names input >> nth=0', '2');
	await seen('[data-test=walk] [role=alert]');
	assert.ok(await page.locator('[data-test=walk-start]').isDisabled());
	await page.fill('.lab-names input >> nth=0', 'a b');
	await page.click('[data-test=walk-start]');
	daemon.lab.plug('1-1');
	await seen('[data-test=walk] .problem:has-text("letters, digits and - only")');
	assert.match(await text('[data-test=walk-now]'), /seat a b/);
});

test('a seat is unbound and a kit without a seat bound by a button, and both can be undone', async () => {
	daemon.lab.seats.set('1', '1-2').set('2', '1-4');
	daemon.lab.sockets.set('uno-1', '1-2').set('uno-3', '1-7');
	await show('seats');
	await seen('[data-seat="1"] >> text=uno-1');
	await seen('[data-seat="2"] >> text=no kit');
	await page.click('[data-seat="1"] [data-test=unbind]');
	await gone('[data-seat="1"]');
	await seen('[data-socket="1-2"]');
	await page.click('[data-test=undo]');
	await seen('[data-seat="1"] >> text=uno-1');
	await page.selectOption('[data-socket="1-7"] select', '2');
	await page.click('[data-socket="1-7"] [data-test=bind]');
	await seen('[data-seat="2"] >> text=uno-3');
	await page.click('[data-test=undo]');
	await seen('[data-seat="2"] >> text=1-4');
	assert.deepEqual([...daemon.lab.seats].sort(), [['1', '1-2'], ['2', '1-4']]);
});

test('the table follows kits that come and go', async () => {
	daemon.lab.seats.set('1', '1-2');
	await show('seats');
	await seen('[data-seat="1"] >> text=no kit');
	daemon.lab.sockets.set('uno-1', '1-2');
	daemon.setRow('uno-1', { state: 'probing' });
	await seen('[data-seat="1"] >> text=uno-1');
	assert.equal(asked('seats.bind').length, 0);
});

/* ---- check-ups ---- */

test('a check-up shows its progress and then the verdict with its reasons', async () => {
	daemon.lab.troubles.set('uno-1', ['sensors']);
	await show('health');
	await seen(`${card('uno-1')} [data-test=never]`);
	await page.click(`${card('uno-1')} [data-test=check]`);
	await seen(`${card('uno-1')} [data-test=course]`);
	assert.ok(await page.locator(`${card('uno-1')} [data-test=check]`).isDisabled());
	daemon.lab.checks.get('uno-1').end();
	await seen(`${card('uno-1')} [data-verdict=repair] >> text=repair it`);
	assert.match(await text(`${card('uno-1')} .lab-reasons`), /sensors: not well\.\s+No plausible value: light/);
	await page.click('[lang="zh-CN"]');
	await seen(`${card('uno-1')} >> text=读数不可信`);
});

test('all kits are checked one after the other, and it can be ended', async () => {
	await show('health');
	await page.click('[data-test=check-all]');
	for (const [i, kit] of ['uno-1', 'uno-2'].entries()) {
		await until(() => daemon.lab.checks.has(kit));
		assert.equal(daemon.lab.checks.size, 1);
		await seen(`[data-test=batch] >> text=${i + 1} of 3: ${kit}`);
		if (i === 1) {
			await page.click('[data-test=check-end]');
		}
		daemon.lab.checks.get(kit).end();
	}
	await seen('[data-test=check-all]');
	assert.deepEqual(asked('health.check'), [{ kit: 'uno-1' }, { kit: 'uno-2' }]);
	await page.click(`${card('uno-1')} [data-test=history]`);
	await seen('[data-test=history-list] [data-verdict=ready]');
});

test('safety_S2 motors are tried while a finger is on the key, and the lease ends with it', async () => {
	daemon.addRobot('mbot-1', 'mbot', { seat: '4' });
	await show('health');
	const key = `${card('mbot-1')} [data-test=motors]`;
	await seen(key);
	assert.equal(await page.locator('[data-test=motors]').count(), 1); /* an Uno has no motors */
	await press(key);
	await until(() => daemon.lab.checks.has('mbot-1'));
	assert.deepEqual(asked('health.check'), [{ kit: 'mbot-1', lease: daemon.leases.of('mbot-1').lease }]);
	const fed = daemon.leases.fed;
	await until(() => daemon.leases.fed > fed + 5, 'feeds while it is held');
	daemon.lab.checks.get('mbot-1').move();
	await seen(`${key} >> text=motors are moving`);
	await page.mouse.up();
	await until(() => !daemon.leases.of('mbot-1'), 'the lease is given back');
	assert.equal(asked('lease.release').length, 1);
	await seen(`${card('mbot-1')} >> text=The button was let go`);
	assert.equal(asked('kit.lease').length, 1);
});

test('safety_S2 the lease of the motors ends when the page loses the keyboard', async () => {
	daemon.addRobot('mbot-1', 'mbot', { seat: '4' });
	await show('health');
	await press(`${card('mbot-1')} [data-test=motors]`);
	await until(() => daemon.lab.checks.has('mbot-1'));
	await page.evaluate(() => dispatchEvent(new Event('blur')));
	await until(() => !daemon.leases.of('mbot-1'));
	await seen(`${card('mbot-1')} >> text=The button was let go`);
});

test('motors that were tried to the end are judged, and the key says to let go', async () => {
	daemon.addRobot('mbot-1', 'mbot', { seat: '4' });
	await show('health');
	const key = `${card('mbot-1')} [data-test=motors]`;
	await page.focus(key);
	await page.keyboard.down('Space');
	await until(() => daemon.lab.checks.has('mbot-1'));
	daemon.lab.checks.get('mbot-1').end({ motors: 'passed' });
	await seen(`${card('mbot-1')} >> text=Everything that was looked at is well.`);
	await seen(`${key} >> text=Over. Let go.`);
	await page.keyboard.up('Space');
	await until(() => !daemon.leases.of('mbot-1'));
	await seen(`${key} >> text=keep this pressed`);
});

test('motors of a kit that somebody drives are not tried, and who it is is said', async () => {
	daemon.addRobot('mbot-1', 'mbot', { seat: '4' });
	await show('health');
	daemon.leases.take({ name: 'seat 7', socket: {} }, { kit: 'mbot-1', ttl: 1e6 });
	await press(`${card('mbot-1')} [data-test=motors]`);
	await seen(`${card('mbot-1')} .problem:has-text("driven by seat 7")`);
	assert.equal(asked('health.check').length, 0);
	await page.mouse.up();
});

/* ---- firmware ---- */

async function choose(kit, name, content) {
	await page.click(`${card(kit)} [data-test=own]`);
	await page.setInputFiles(`${card(kit)} [data-test=file]`, { name, mimeType: 'text/plain', buffer: Buffer.from(content) });
}

test('a file is written after a warning, and its phases and end are shown', async () => {
	await show('firmware');
	await page.click(`${card('uno-1')} [data-test=own]`);
	assert.ok(await page.locator(`${card('uno-1')} [data-test=write]`).isDisabled()); /* no file yet */
	await choose('uno-1', 'lamp.hex', HEX);
	await seen(`${card('uno-1')} >> text=lamp.hex, ${HEX.length} byte`);
	await page.click(`${card('uno-1')} [data-test=write]`);
	assert.match(await text(`${card('uno-1')} .lab-sure`), /This replaces the program on uno-1/);
	await page.click(`${card('uno-1')} [data-test=cancel]`);
	assert.equal(asked('kit.flash').length, 0);
	await page.click(`${card('uno-1')} [data-test=write]`);
	await page.click(`${card('uno-1')} [data-test=sure]`);
	await seen('[data-phase=connecting]');
	assert.deepEqual(asked('kit.flash'), [{ kit: 'uno-1', hex: HEX, name: 'lamp.hex' }]);
	daemon.lab.flash('uno-1', { phase: 'writing', share: 0.42 });
	await seen('[data-phase=writing] >> text=42%');
	assert.equal(await page.locator(`${card('uno-1')} [data-test=write]`).count(), 0);
	/* Another one meanwhile, from the stored file. */
	await page.click(`${card('uno-2')} [data-test=write]`);
	await page.click(`${card('uno-2')} [data-test=sure]`);
	await until(() => daemon.lab.flashes.size === 2);
	assert.deepEqual(asked('kit.flash')[1], { kit: 'uno-2' });
	daemon.lab.flashed('uno-1');
	await seen(`${card('uno-1')} [data-test=written] >> text=lamp.hex is written and verified`);
	daemon.lab.flash('uno-2', { phase: 'failed', error: { reason: 'timeout', hint: 'The boot loader of uno-2 does not answer.' } });
	await seen(`${card('uno-2')} .problem:has-text("The boot loader of uno-2 does not answer.")`);
});

test('a file that the daemon refuses gives its hint, and one that is too big is not sent', async () => {
	await show('firmware');
	await choose('uno-1', 'notes.hex', 'milk, bread');
	await page.click(`${card('uno-1')} [data-test=write]`);
	await page.click(`${card('uno-1')} [data-test=sure]`);
	await seen(`${card('uno-1')} .problem:has-text("notes.hex:1: this is no line of an Intel HEX file")`);
	assert.equal(daemon.lab.flashes.size, 0);
	await choose('uno-1', 'huge.hex', ':'.repeat(600_000));
	await seen(`${card('uno-1')} >> text=huge.hex is too big`);
	assert.ok(await page.locator(`${card('uno-1')} [data-test=write]`).isDisabled());
});

test('a board that nobody recognised is written after its model was chosen', async () => {
	daemon.addKit('port-7', { state: 'refused', model: null, program: null });
	daemon.addRobot('ev3-1', 'ev3');
	await show('firmware');
	await seen(card('port-7'));
	assert.equal(await page.locator(card('ev3-1')).count(), 0);
	assert.ok(await page.locator(`${card('port-7')} [data-test=write]`).isDisabled());
	await page.selectOption(`${card('port-7')} [data-test=board]`, 'mega');
	await page.click(`${card('port-7')} [data-test=write]`);
	await page.click(`${card('port-7')} [data-test=sure]`);
	await until(() => asked('kit.flash').length === 1);
	assert.deepEqual(asked('kit.flash'), [{ kit: 'port-7', board: 'mega' }]);
});

/* ---- decisions ---- */

test('a kit that is another one than before is accepted from any part of the page', async () => {
	await show('firmware');
	await seen(card('uno-2'));
	assert.equal(await page.locator('[data-test=decisions]').count(), 0);
	daemon.addKit('port-7', { state: 'refused', why: { reason: 'refused', en: 'Nobody knows it.', zh: '不认识。' } });
	daemon.setRow('port-7', {});
	daemon.setRow('uno-2', { state: 'refused', why: ANOTHER });
	await seen('[data-test=decisions] [data-kit="uno-2"] >> text=another kit than before');
	assert.equal(await page.locator('[data-test=decisions] li').count(), 1);
	await page.click('[data-test=accept]');
	await gone('[data-test=decisions]');
	assert.deepEqual(asked('kit.accept'), [{ kit: 'uno-2' }]);
});

test('a kit that is gone for good is forgotten', async () => {
	daemon.setRow('uno-2', { state: 'absent' });
	daemon.setRow('uno-3', { state: 'lost' });
	await show('seats');
	await page.locator('[data-test=gone] summary').click();
	assert.match(await text('[data-test=gone]'), /only removes the row/);
	await page.click('[data-test=gone] [data-kit="uno-2"] [data-test=forget]');
	await gone('[data-kit="uno-2"]');
	assert.deepEqual(asked('kit.forget'), [{ kit: 'uno-2' }]);
	await seen('[data-test=gone] [data-kit="uno-3"]');
});

/* ---- pictures ---- */

function furnish() {
	const { lab } = daemon;
	daemon.addRobot('mbot-1', 'mbot', { seat: '4' });
	daemon.addKit('uno-4', { seat: '5', state: 'absent' });
	daemon.addKit('nano-1', { model: 'nano' });
	daemon.addKit('port-9', { state: 'refused', model: null, program: null,
		why: { reason: 'refused', en: 'Nobody here knows this kit.', zh: '没有驱动认识这个套件。' } });
	daemon.setRow('uno-2', { state: 'refused', why: ANOTHER });
	['uno-1', 'uno-2', 'uno-3', 'mbot-1'].forEach((kit, i) => {
		lab.seats.set(String(i + 1), `1-1.${i + 1}`);
		lab.sockets.set(kit, `1-1.${i + 1}`);
	});
	lab.seats.set('5', '1-1.5');
	lab.sockets.set('nano-1', '1-4.2');
	lab.report('uno-1', { at: '2026-03-02T01:12:00Z' });
	lab.report('uno-3', { at: '2026-02-26T08:30:00Z' });
	lab.report('uno-3', { fails: ['sensors'], at: '2026-03-02T01:13:00Z' });
	lab.report('mbot-1', { fails: ['battery'], at: '2026-03-02T01:14:00Z' });
	lab.flashes.set('uno-1', { kit: 'uno-1', name: 'lamp.hex', board: 'uno', phase: 'writing', share: 0.42 });
	lab.flashes.set('uno-3', { kit: 'uno-3', name: 'motor.hex', board: 'uno', phase: 'done', share: 1 });
}

const states = {
	'lab-seats': { part: 'seats', arrange: furnish, see: '[data-test=seats]',
		act: async () => {
			await page.click('[data-seat="5"] [data-test=unbind]');
			await page.locator('[data-test=gone] summary').click();
		}, then: '[data-test=undo]' },
	'lab-seats-empty': { part: 'seats', see: '[data-test=no-seats]',
		act: () => page.locator('[data-test=walk] summary').click(), then: '.lab-names input >> nth=0' },
	'lab-walk': { part: 'seats', see: '[data-test=walk-start]',
		act: async () => {
			await page.click('[data-test=walk-start]');
			daemon.lab.plug('1-1.1');
			await seen('[data-step="1"].tone-good');
			await page.click('[data-test=walk-skip]');
			daemon.lab.plug('1-1.3', 'USB Serial');
			await seen('[data-step="3"].tone-good');
			daemon.lab.plug('1-1.3', 'USB Serial');
		}, then: '[data-test=walk-again]' },
	'lab-health': { part: 'health', arrange: furnish, see: '[data-verdict=charge]',
		act: async () => {
			await page.click(`${card('uno-3')} [data-test=history]`);
			await seen('[data-test=history-list]');
			await page.click(`${card('nano-1')} [data-test=check]`);
		}, then: '[data-test=course]' },
	'lab-health-held': { part: 'health', arrange: furnish, see: '[data-test=motors]',
		act: async () => {
			daemon.leases.patience = 100;
			await press(`${card('mbot-1')} [data-test=motors]`);
			await until(() => daemon.lab.checks.has('mbot-1'));
			daemon.lab.checks.get('mbot-1').move();
		}, then: '[data-test=motors][aria-pressed=true] >> text=/moving|转动中/' },
	'lab-health-empty': { part: 'health', arrange: () => daemon.kits.clear(), see: '[data-test=no-kits]' },
	'lab-firmware': { part: 'firmware', arrange: furnish, see: '[data-test=writing]',
		act: async () => {
			await choose('nano-1', 'a-very-long-name-of-a-traffic-light-program.ino.hex', HEX);
			await page.click(`${card('nano-1')} [data-test=write]`);
			await choose('uno-3', 'notes.hex', 'milk');
			await page.click(`${card('uno-3')} [data-test=write]`);
			await page.click(`${card('uno-3')} [data-test=sure]`);
		}, then: `${card('uno-3')} .problem` },
	'lab-firmware-empty': { part: 'firmware', arrange: () => daemon.kits.clear(), see: '[data-test=no-boards]' },
};

for (const [name, { part, arrange, see, act, then }] of Object.entries(states)) {
	for (const lang of ['zh', 'en']) {
		for (const width of [1280, 768]) {
			test(`${name} is right in ${lang} at ${width}`, async () => {
				arrange?.();
				await show(part, { lang, width });
				await seen(see);
				await act?.();
				await (then && seen(then));
				await shoot(page, `${name}.${lang}.${width}`);
				await check(page, name);
			});
		}
	}
}

test('the Lab page is right in the dark', async () => {
	furnish();
	await show('health', { lang: 'zh', theme: 'dark' });
	await seen('[data-verdict=charge]');
	await shoot(page, 'lab-health.zh.1280.dark');
	await check(page, 'dark');
});

/*
 * API.md: world.*, case.*, room.watch, with the virtual classroom that is shipped.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { until, untilState } from './daemon.mjs';
import { lab } from './lab.mjs';

test('the virtual classroom', async (t) => {
	const { client, connect } = await lab(t, {}, { args: ['--virtual', 'default'] });
	const { kits } = await until(async () => {
		const list = await client.call('kits.list');
		return list.kits.every((row) => row.state === 'ready') && list;
	}, 10000, 'all kits ready');
	const boards = kits.filter((row) => row.wiring);
	const kit = boards[0].id;
	const value = async (property) => (await client.call('kit.read', { kit, property })).value;

	await t.test('has three benches with wired parts, two robots and an arm, each at a seat', async () => {
		assert.ok(kits.every((row) => row.seat));
		assert.equal(boards.length, 3);
		assert.deepEqual(kits.map((row) => row.model).sort(), ['lx16a-arm', 'mbot', 'nxt', 'uno', 'uno', 'uno']);
		const { properties } = await client.call('kit.describe', { kit });
		for (const name of ['light', 'led', 'button']) {
			assert.ok(properties[name], name);
			assert.ok(properties[name].title);
		}
	});
	await t.test('world.get shows every virtual kit', async () => {
		const world = await client.call('world.get', {});
		assert.deepEqual(Object.keys(world.kits).sort(), kits.map((row) => row.id).sort());
		assert.equal(world.objects[0].id, 'room');
		for (const state of Object.values(world.kits)) {
			assert.equal(state.fault, null);
		}
	});
	await t.test('world.set merges, and the kit measures it', async () => {
		/* What is set does not vary by itself any more, so that worlds can be compared. */
		const still = { light: 0.5, temperature: 21, pot: 0.5, distance: 50, button: false };
		await client.call('world.set', { kits: Object.fromEntries(kits.map(({ id }) => [id, still])) });
		const before = (await client.call('world.get')).kits[kit];
		await client.call('world.set', { kits: { [kit]: { light: 0.25 } } });
		await until(async () => Math.abs(await value('light') - 0.25) < 0.03, 4000, 'light 0.25');
		const after = (await client.call('world.get')).kits[kit];
		assert.equal(after.light, 0.25);
		assert.equal(after.temperature, before.temperature);
		await client.call('world.set', { kits: { [kit]: { light: 0.9, button: true } } });
		await until(async () => Math.abs(await value('light') - 0.9) < 0.03 && await value('button') === true, 4000);
		await client.call('world.set', { kits: { [kit]: { button: false } } });
		await until(async () => await value('button') === false, 4000);
	});
	await t.test('a wrong world changes nothing', async () => {
		const before = await client.call('world.get');
		for (const bad of [
			{ kits: { [kit]: { light: 1.5 } } }, { kits: { [kit]: { light: 'bright' } } },
			{ kits: { [kit]: { button: 3 } } }, { kits: { [kit]: { fault: 'earthquake' } } },
			{ kits: { [kit]: { light: 0.5, pot: 7 } } }, { kits: 5 }, { kits: [1] },
		]) {
			assert.equal((await client.refusal('world.set', bad)).reason, 'invalid', JSON.stringify(bad));
		}
		assert.ok(['not_found', 'invalid'].includes(
			(await client.refusal('world.set', { kits: { nobody: { light: 1 } } })).reason));
		assert.deepEqual(await client.call('world.get'), before);
	});
	for (const fault of ['silence', 'noise', 'unplug', 'slow', 'garbage', 'reboot']) {
		await t.test(`fault ${fault} disturbs one kit, and ends`, async () => {
			const others = kits.filter((row) => row.id !== kit && row.state === 'ready').map((row) => row.id);
			const watcher = await connect();
			await watcher.call('kits.watch');
			await watcher.call('kit.watch', { kit, rate: 20 });
			await client.call('world.set', { kits: { [kit]: { fault } } });
			const expected = {
				silence: () => untilState(client, kit, 'stale'),
				unplug: () => untilState(client, kit, 'lost'),
				reboot: () => watcher.waitFor((p, m) => m === 'kit.event' && p.event === 'rebooted', 8000),
			}[fault];
			await expected?.();
			if (fault !== 'reboot') {
				assert.equal((await client.call('world.get')).kits[kit].fault, fault);
				await client.call('world.set', { kits: { [kit]: { fault: null } } });
			}
			await untilState(client, kit, 'ready', 12000);
			const disturbed = watcher.notifications.filter((n) => n.method === 'kits.changed'
				&& others.includes(n.params.kit) && n.params.row.state !== 'ready');
			assert.deepEqual(disturbed, []);
			await client.call('world.set', { kits: { [kit]: { fault: null, light: 0.6 } } });
			await until(async () => Math.abs(await value('light') - 0.6) < 0.03, 6000, 'light 0.6 after the fault');
			await client.call('world.set', { kits: { [kit]: { light: 0.2 } } });
			await until(async () => Math.abs(await value('light') - 0.2) < 0.03, 6000, 'light 0.2 after the fault');
			await watcher.close();
		});
	}
});

test('without a classroom there is no world', async (t) => {
	const { client } = await lab(t, {});
	assert.ok(['unsupported', 'not_found'].includes((await client.refusal('world.get', {})).reason));
});

test('course cases', async (t) => {
	const { client, connect } = await lab(t, {});
	const { cases } = await client.call('case.list', {});
	await t.test('five are shipped, with their metadata', () => {
		assert.ok(cases.length >= 5);
		for (const one of cases) {
			for (const name of ['id', 'title', 'subjects', 'stage', 'area', 'mode', 'minutes', 'needs', 'objectives']) {
				assert.notEqual(one[name], undefined, `${one.id}: ${name}`);
			}
		}
	});
	await t.test('titles come in the client\'s language', async () => {
		const zh = await connect({ lang: 'zh' });
		const { cases: others } = await zh.call('case.list', {});
		assert.deepEqual(others.map((one) => one.id), cases.map((one) => one.id));
		assert.match(others[0].title, /\p{Script=Han}/u);
		assert.doesNotMatch(cases[0].title, /\p{Script=Han}/u);
	});
	await t.test('a filter leaves those that fit', async () => {
		const { cases: some } = await client.call('case.list', { filter: 'blink' });
		assert.ok(some.length >= 1 && some.length < cases.length);
		assert.deepEqual((await client.call('case.list', { filter: 'zzzzqqq' })).cases, []);
	});
	await t.test('case.get gives guide and starter in a language', async () => {
		for (const { id } of cases) {
			const zh = await client.call('case.get', { case: id, lang: 'zh' });
			const en = await client.call('case.get', { case: id, lang: 'en' });
			assert.match(zh.guide, /\p{Script=Han}/u);
			assert.notEqual(zh.guide, en.guide);
			assert.equal(zh.starter, en.starter);
			assert.ok(en.starter.length > 20);
		}
	});
	await t.test('an unknown case is not_found, also with a path for a name', async () => {
		for (const name of ['nothing', '../blink', 'blink/..', '', '.']) {
			assert.equal((await client.refusal('case.get', { case: name })).reason, 'not_found', name);
		}
		assert.equal((await client.refusal('case.get', {})).reason, 'invalid');
	});
});

test('room.watch tells that nothing is stopped', async (t) => {
	const { client } = await lab(t, {});
	assert.deepEqual(await client.call('room.watch'), { stopped: false, level: null, by: null, at: null,
		confirmed: [], unconfirmed: [], seats: [] });
	await client.call('room.unwatch');
});

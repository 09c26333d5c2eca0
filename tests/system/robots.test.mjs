/*
 * Virtual robots under the daemon: one floor for all, a live view of it, and the same
 * lesson on different robots.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { root, scratch, until } from './daemon.mjs';
import { lab } from './lab.mjs';

const lesson = (name, file = 'solution.lua') =>
	readFileSync(path.join(root, 'examples', name, file), 'utf8');

/* A closed line, anticlockwise, with round corners; the right edge is outside. */
const corner = (x, y, from) => [0, 1, 2, 3, 4].map((i) => {
	const angle = from + i * Math.PI / 8;
	return [x + 0.35 * Math.cos(angle), y + 0.35 * Math.sin(angle)];
});
const track = { id: 'track', type: 'line', closed: true, width: 0.03, points: [
	...corner(2.25, 0.65, -Math.PI / 2), ...corner(2.25, 1.35, 0),
	...corner(0.75, 1.35, Math.PI / 2), ...corner(0.75, 0.65, Math.PI),
].map((point) => point.map((x) => Math.round(x * 1000) / 1000)) };

async function room(t, boards, objects = []) {
	const file = path.join(scratch(), 'room.json');
	writeFileSync(file, JSON.stringify({ boards, objects }));
	const it = await lab(t, {}, { args: ['--virtual', file] });
	await until(async () => (await it.client.call('kits.list')).kits.filter(({ state }) => state === 'ready').length
		=== boards.length, 20000, 'all kits ready');
	return it;
}
const mbot = (label, pose) => ({ label, model: 'mbot', pose });

/* Places of robots, as world.watch and world.changed tell them. */
async function watchFloor(client) {
	const floor = { frames: 0, kits: {}, objects: [] };
	client.on((params, method) => {
		if (method === 'world.changed') {
			floor.frames++;
			Object.assign(floor.kits, params.kits);
			floor.objects = params.objects ?? floor.objects;
			floor.onFrame?.(params);
		}
	});
	const first = await client.call('world.watch');
	Object.assign(floor, { kits: { ...first.kits }, objects: first.objects });
	return floor;
}

test('world.get and world.set know poses and objects, and a wrong one changes nothing', async (t) => {
	const { client } = await room(t, [mbot('m-1', [0.5, 0.5, 0]), mbot('m-2', [1, 1, 1])],
		[{ id: 'box', type: 'box', at: [2, 1], size: [0.4, 0.2] }]);
	const before = await client.call('world.get');
	assert.deepEqual(before.kits['m-1'].pose, [0.5, 0.5, 0]);
	assert.deepEqual(before.kits['m-2'].pose, [1, 1, 1]);
	assert.deepEqual(before.objects.map(({ id }) => id), ['room', 'box']);
	for (const bad of [
		{ kits: { 'm-1': { pose: [9, 0, 0] } } }, { kits: { 'm-1': { pose: [1, 1] } } },
		{ kits: { 'm-1': { pose: null } } }, { kits: { 'm-1': { joints: [1] } } },
		{ kits: { 'm-1': { pose: [1, 0.5, 0] }, 'm-2': { pose: 'here' } } },
		{ objects: [{ id: 'box', at: [1, 1] }, { id: 'lamp', type: 'lamp' }] },
		{ objects: [{ id: 'box', type: null }], kits: { 'm-1': { light: 2 } } },
		{ objects: { box: null } },
	]) {
		assert.equal((await client.refusal('world.set', bad)).reason, 'invalid', JSON.stringify(bad));
	}
	assert.deepEqual(await client.call('world.get'), before);
	const after = await client.call('world.set', {
		kits: { 'm-1': { pose: [2, 1, 0.5] } },
		objects: [{ id: 'box', type: null }, { id: 'lamp', type: 'lamp', at: [2, 1], brightness: 0.5 }],
	});
	assert.deepEqual(after.kits['m-1'].pose, [2, 1, 0.5]);
	assert.deepEqual(after.objects.map(({ id }) => id), ['room', 'lamp']);
	assert.ok(after.kits['m-1'].light > after.kits['m-2'].light);
	assert.deepEqual(await client.call('world.get'), after);
});

test('a robot measures what is before it, until it is told otherwise', async (t) => {
	const { client } = await room(t, [mbot('m-1', [1, 1, 0])],
		[{ id: 'box', type: 'box', at: [2, 1], size: [0.2, 0.4] }]);
	const reads = (property, wanted, by) => until(async () =>
		Math.abs((await client.call('kit.read', { kit: 'm-1', property })).value - wanted) <= by, 8000, `${property} ${wanted}`);
	await reads('distance', 81.5, 1.5);
	await client.call('world.set', { objects: [{ id: 'box', at: [1.5, 1] }] });
	await reads('distance', 31.5, 1.5);
	await client.call('world.set', { kits: { 'm-1': { distance: 200 } } });
	await reads('distance', 200, 2);
	await client.call('world.set', { kits: { 'm-1': { distance: null } } });
	await reads('distance', 31.5, 1.5);
	await client.call('world.set', { objects: [{ id: 'room', daylight: 0.1 }] });
	await reads('light', 0.1, 0.02);
	await client.call('world.set', { objects: [{ id: 'lamp', type: 'lamp', at: [1, 1], brightness: 0.8 }] });
	await reads('light', 0.89, 0.05);
});

test('who watches the floor sees what moves, and nothing while all stand', async (t) => {
	const { client, connect } = await room(t, [mbot('m-1', [0.5, 0.5, 0]), mbot('m-2', [1, 1, 0])]);
	const floor = await watchFloor(client);
	assert.deepEqual(floor.kits['m-1'].pose, [0.5, 0.5, 0]);
	assert.equal(floor.kits['m-1'].speed, 0);
	assert.equal(floor.objects[0].type, 'room');
	await client.call('world.set', { kits: { 'm-2': { pose: [1.5, 1, 0] } } });
	await until(() => floor.kits['m-2'].pose[0] === 1.5);
	await client.call('world.set', { objects: [{ id: 'post', type: 'circle', at: [2, 1], radius: 0.1 }] });
	await until(() => floor.objects.some(({ id }) => id === 'post'));
	const { frames } = floor;
	const second = await watchFloor(await connect());
	assert.deepEqual(second.kits, floor.kits);
	await client.call('world.unwatch');
	await client.call('world.set', { kits: { 'm-1': { pose: [0.6, 0.5, 0] } } });
	await until(() => second.kits['m-1'].pose[0] === 0.6);
	assert.equal(floor.frames, frames, 'no frame while nothing moved, and none after world.unwatch');
});

test('a pupil may look at the floor and not touch it', async (t) => {
	const { client } = await lab(t, {}, { args: ['--virtual', 'default', '--open-lab=student'] });
	await client.call('world.watch');
	assert.equal((await client.refusal('world.get')).reason, 'forbidden');
});

test('without a virtual classroom there is no floor', async (t) => {
	const { client } = await lab(t, {});
	assert.equal((await client.refusal('world.watch')).reason, 'unsupported');
});

/* How far a place is from the line, in metres. */
function distanceToTrack([x, y]) {
	const { points } = track;
	return Math.min(...points.map(([ax, ay], i) => {
		const [bx, by] = points[(i + 1) % points.length];
		const [dx, dy] = [bx - ax, by - ay];
		const share = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
		return Math.hypot(x - ax - share * dx, y - ay - share * dy);
	}));
}

for (const model of ['mbot', 'nxt']) {
	test(`the same line follower drives a ${model} once round`, async (t) => {
		const start = [1, 0.3 - 0.015, 0];
		const { client } = await room(t, [{ label: 'robot', model, pose: start }], [track]);
		const floor = await watchFloor(client);
		let farthest = 0;
		let turned = 0;
		let before = 0;
		floor.onFrame = ({ kits }) => {
			const { pose } = kits.robot ?? floor.kits.robot;
			farthest = Math.max(farthest, distanceToTrack(pose));
			const angle = Math.atan2(pose[1] - 1, pose[0] - 1.5);
			turned += Math.atan2(Math.sin(angle - before), Math.cos(angle - before));
			before = angle;
		};
		before = Math.atan2(start[1] - 1, start[0] - 1.5);
		const { run } = await client.call('script.run', { source: lesson('line-follower'), name: 'line.lua', kit: 'robot' });
		await until(async () => {
			const { state, error } = await client.call('script.watch', { run });
			assert.equal(error, null, JSON.stringify(error));
			assert.equal(state, 'running');
			return turned > 2 * Math.PI;
		}, 120000, 'a round');
		assert.ok(farthest < 0.12, `it was ${farthest.toFixed(3)} m from the line`);
		await client.call('script.stop', { run });
		await until(() => floor.kits.robot.speed === 0, 5000, 'the robot to stand');
		t.diagnostic(`${model}: at most ${(farthest * 100).toFixed(1)} cm from the line`);
	});
}

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
import { childrenOf, go, runners } from './runs.mjs';

const lesson = (name, file = 'solution.lua') =>
	readFileSync(path.join(root, 'examples', name, file), 'utf8');

/* A closed line around a place, anticlockwise, 2.8 m long, with round corners. */
function track(id, x, y) {
	const corner = (side, up, from) => [0, 1, 2, 3, 4].map((i) => {
		const angle = from + i * Math.PI / 8;
		return [x + side * 0.15 + 0.25 * Math.cos(angle), y + up * 0.15 + 0.25 * Math.sin(angle)];
	});
	return { id, type: 'line', closed: true, width: 0.03, points: [
		...corner(1, -1, -Math.PI / 2), ...corner(1, 1, 0), ...corner(-1, 1, Math.PI / 2), ...corner(-1, -1, Math.PI),
	] };
}

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
	const still = { temperature: 22 }; /* else it wanders */
	const before = await client.call('world.set', { kits: { 'm-1': still, 'm-2': still } });
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
	await client.call('world.get');
	assert.equal(floor.frames, 0);
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

/* How far a place is from a line, in metres. */
function distanceTo({ points }, [x, y]) {
	return Math.min(...points.map(([ax, ay], i) => {
		const [bx, by] = points[(i + 1) % points.length];
		const [dx, dy] = [bx - ax, by - ay];
		const share = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
		return Math.hypot(x - ax - share * dx, y - ay - share * dy);
	}));
}

/*
 * Keeps a script running on a kit until something is true, then stops it. A busy test machine
 * may keep it from feeding its lease for 300 ms: the robot stops, as it must, and is sent on.
 */
async function drive(client, kit, source, done) {
	const start = async () => (await client.call('script.run', { source, name: 'lesson.lua', kit })).run;
	let run = await start();
	let starts = 1;
	await until(async () => {
		const { state, error } = await client.call('script.watch', { run });
		if (state === 'failed' && /lease/.test(error.message) && starts < 10) {
			starts++;
			run = await start();
		} else if (!['queued', 'starting', 'running'].includes(state)) {
			throw new Error(`${kit}: ${state}: ${JSON.stringify(error)}`);
		}
		return done();
	}, 60000, `${kit} to get there`);
	await client.call('script.stop', { run });
	return starts;
}

test('the same line follower drives an mBot and an NXT round their lines', async (t) => {
	const source = lesson('line-follower');
	const robots = [
		{ model: 'mbot', line: track('left', 0.75, 1), middle: [0.75, 1] },
		{ model: 'nxt', line: track('right', 2.25, 1), middle: [2.25, 1] },
	];
	const { client } = await room(t, robots.map(({ model, middle: [x, y] }) =>
		({ label: model, model, pose: [x - 0.1, y - 0.415, 0] })), robots.map(({ line }) => line));
	const floor = await watchFloor(client);
	const angleOf = ({ model, middle: [x, y] }) => {
		const { pose } = floor.kits[model];
		return Math.atan2(pose[1] - y, pose[0] - x);
	};
	for (const robot of robots) {
		Object.assign(robot, { turned: 0, farthest: 0, angle: angleOf(robot) });
	}
	floor.onFrame = () => robots.forEach((robot) => {
		const angle = angleOf(robot);
		robot.turned += Math.atan2(Math.sin(angle - robot.angle), Math.cos(angle - robot.angle));
		robot.angle = angle;
		robot.farthest = Math.max(robot.farthest, distanceTo(robot.line, floor.kits[robot.model].pose));
	});
	await Promise.all(robots.map(async (robot) => {
		const starts = await drive(client, robot.model, source, () => robot.turned > 2 * Math.PI);
		await until(() => floor.kits[robot.model].speed === 0, 5000, 'the robot to stand');
		t.diagnostic(`${robot.model}: at most ${(robot.farthest * 100).toFixed(1)} cm from the line, started ${starts} times`);
		assert.ok(robot.farthest < 0.12);
	}));
});

test('safety_S2 a drive that is under way when the lease expires ends with it, and the script drives on', async (t) => {
	const { client, daemon } = await room(t, [mbot('m-1', [0.5, 0.5, 0])]);
	const floor = await watchFloor(client);
	const moves = () => floor.kits['m-1'].speed > 0.03;
	const run = await go(client, 'local r = require("kit").open() while true do r:drive(0.2, 0.2) sleep(0.02) end', { kit: 'm-1' });
	await until(moves, 8000, 'it drives');
	const [robots] = childrenOf(daemon, 'kitlab-virtual');
	const [runner] = runners(daemon);
	const start = Date.now();
	process.kill(robots, 'SIGSTOP'); /* so a drive stays without its answer */
	await until(() => Date.now() - start > 150);
	process.kill(runner, 'SIGSTOP'); /* and nobody feeds */
	const row = async () => (await client.call('kits.list')).kits[0];
	await until(async () => (await row()).holder === null, 3000, 'the end of the lease');
	process.kill(robots, 'SIGCONT');
	await until(async () => (await client.call('kit.checks', { kit: 'm-1' })).checks.every(({ passed }) => passed), 3000, 'rest');
	await until(() => !moves(), 3000, 'rest to be seen');
	process.kill(runner, 'SIGCONT');
	await until(moves, 3000, 'it drives on');
	const now = await client.call('script.watch', { run });
	assert.equal(now.state, 'running', JSON.stringify(now));
	await client.call('script.stop', { run });
});

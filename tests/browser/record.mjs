/*
 * Makes web/dev/recording.json, against which `make web-dev` shows the pages without a daemon:
 * starts the real one with its virtual robots, asks what the pages ask, and keeps the answers
 * and some of what came by itself.
 *
 *   node tests/browser/record.mjs
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect, root, start, until } from '../system/daemon.mjs';

const LENGTH_MS = 20_000;
const RATE = 5;

const daemon = await start({ args: ['--virtual', 'robots'] });
const client = await connect(daemon);
const answers = {};
const ask = async (method, params = {}) => {
	const result = await client.call(method, params);
	const { lang, ...rest } = params;
	answers[[method, lang, JSON.stringify(rest)].filter(Boolean).join(' ')] = result;
	return result;
};

await until(async () => (await client.call('kits.list')).kits.filter(({ state }) => state === 'ready').length === 12, 20_000);
for (const [kit, left, right] of [['mbot-2', 0.5, 0.4], ['nxt-3', 0.3, 0.5], ['ev3-2', 0.4, 0.3]]) {
	await client.call('script.run', { kit, name: 'circle.lua', source: `
		local robot = require("kit").open()
		every(1, function() print("light", robot.light) end)
		every(0.2, function() robot:drive(${left}, ${right}) end)` });
}
const { kits } = await ask('kits.watch');
const names = new Set();
for (const lang of ['zh', 'en']) {
	await client.call('hello', { lang });
	for (const { id } of kits) {
		const description = await ask('kit.describe', { kit: id });
		answers[`kit.describe ${lang} ${JSON.stringify({ kit: id })}`] = description;
		answers[`kit.wiring ${lang} ${JSON.stringify({ kit: id })}`] = await client.call('kit.wiring', { kit: id });
		Object.entries(description.properties).filter(([, { kind }]) => kind !== 'pin').forEach(([name]) => names.add(name));
	}
	answers[`case.list ${lang} {}`] = await client.call('case.list', {});
	for (const { id } of answers[`case.list ${lang} {}`].cases) {
		await ask('case.get', { case: id, lang });
	}
}
await ask('world.get');
await ask('world.watch');
await ask('room.watch');
const { runs } = await ask('script.list');
for (const { run } of runs) {
	await ask('script.watch', { run });
}

const hello = await ask('hello', {});
const begin = hello.now.mono_ms;
const messages = [];
let pictures = 0;
client.on((params, method) => {
	if (method !== 'world.changed' || pictures++ % 3 === 0) { /* ten a second will do */
		messages.push({ method, params });
	}
});
answers['kit.watch'] = await client.call('kit.watch', { kit: '*', properties: [...names], rate: RATE });
await until(() => messages[messages.length - 1]?.params.t > begin + LENGTH_MS, LENGTH_MS + 5000, 'enough');

const short = (key, value) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(3)) : value);
writeFileSync(path.join(root, 'web/dev/recording.json'),
	`${JSON.stringify({ begin, length: LENGTH_MS, answers, messages }, short).replaceAll(daemon.state, '/var/lib/kitlab')}\n`);
await client.close();
await daemon.stop();

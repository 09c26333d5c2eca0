/*
 * Makes web/dev/recording.json, against which `make web-dev` shows the pages without a daemon:
 * starts the real one with its virtual classroom, asks what the pages ask, and keeps the answers
 * and half a minute of what came by itself.
 *
 *   node tests/browser/record.mjs
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect, root, start, until } from '../system/daemon.mjs';

const LENGTH_MS = 30_000;
const RATE = 5;

const daemon = await start({ args: ['--virtual', 'default'] });
const client = await connect(daemon);
const answers = {};
const ask = async (method, params = {}) => {
	const result = await client.call(method, params);
	const { lang, ...rest } = params;
	answers[[method, lang, JSON.stringify(rest)].filter(Boolean).join(' ')] = result;
	return result;
};

await until(async () => (await client.call('kits.list')).kits.filter(({ state }) => state === 'ready').length === 6);
await client.call('script.run', { kit: 'uno-2', name: 'light-lamp.lua', source: `
	local bench = require("kit").open()
	every(1, function() print("light", bench.light) end)
	every(0.2, function() bench.led = bench.light < 0.4 end)` });
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
await ask('room.watch');
const { runs } = await ask('script.list');
await ask('script.watch', { run: runs[0].run });

const hello = await ask('hello', {});
const begin = hello.now.mono_ms;
const messages = [];
client.on((params, method) => messages.push({ method, params }));
answers['kit.watch'] = await client.call('kit.watch', { kit: '*', properties: [...names], rate: RATE });
let angle = 0;
const world = setInterval(() => {
	angle += 2 * Math.PI * 100 / LENGTH_MS;
	const wave = (times, shift) => 0.5 + 0.4 * Math.sin(angle * times + shift);
	client.call('world.set', { kits: Object.fromEntries(kits.map(({ id }, n) => [id, {
		light: wave(3, n), pot: wave(1, n), temperature: 22 + 2 * wave(2, n), distance: 200 * wave(2, n + 1),
		button: wave(4, n) > 0.8 }])) }).catch(() => {});
}, 100);
await until(() => messages[messages.length - 1]?.params.t > begin + LENGTH_MS, LENGTH_MS + 5000, 'half a minute');
clearInterval(world);

const short = (key, value) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(3)) : value);
writeFileSync(path.join(root, 'web/dev/recording.json'),
	`${JSON.stringify({ begin, length: LENGTH_MS, answers, messages }, short).replaceAll(daemon.state, '/var/lib/kitlab')}\n`);
await client.close();
await daemon.stop();

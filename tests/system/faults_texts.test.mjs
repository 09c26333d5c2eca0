/*
 * Texts that pupils and boards can make: whatever bytes are in them, nobody
 * else's connection may end for it.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { lab } from './lab.mjs';
import { ENDS } from './runs.mjs';

test('fault_20: an error of bytes that are no text ends nobody\'s connection', async (t) => {
	const { client, connect } = await lab(t, {});
	const sources = ['error("\\255")', 'error{message = "\\xE4\\xB8"}', '_G["\\255x"]()',
		'require("kit").open "\\255"', 'error("a\\0b", 0)', 'print("\\255") error("\\xED\\xA0\\x80")'];
	for (const source of sources) {
		const watcher = await connect();
		const { run } = await watcher.call('script.run', { source });
		const end = await watcher.waitFor((p, m) => m === 'script.state' && p.run === run
			&& ENDS.includes(p.state));
		assert.equal(end.params.state, 'failed', source);
		await watcher.close();
	}
	const { runs } = await client.call('script.list');
	assert.equal(runs.length, sources.length);
	assert.equal(runs.at(-1).error.message, '\uFFFD');
});

test('fault_28: a burst of what JSON makes longer is cut, and who reads it stays', async (t) => {
	const { client, connect } = await lab(t, {});
	const watcher = await connect();
	const { run } = await watcher.call('script.run', {
		source: 'for i = 1, 8 do print(("\\1"):rep(15000)) end sleep(60)',
	});
	await watcher.waitFor((p, m) => m === 'script.output' && p.run === run && p.dropped > 0);
	const { state } = await client.call('script.stop', { run });
	assert.equal(state, 'stopped');
	assert.equal(watcher.closed, null);
	await watcher.close();
});

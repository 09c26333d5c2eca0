/* `make web-dev` shows the pages alive without a daemon. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { launch, open, until } from './browser.mjs';
import { root } from './fake_daemon.mjs';

let browser, server;
before(async () => {
	const web = path.join(root, 'web');
	const { createServer } = await import(pathToFileURL(path.join(web, 'node_modules/vite/dist/node/index.js')));
	server = await createServer({ root: web, logLevel: 'error', server: { port: 0, host: '127.0.0.1' }, cacheDir: path.join(root, 'build/vite') });
	await server.listen();
	browser = await launch();
});
after(async () => {
	await browser.close();
	await server.close();
});

test('the recording plays in the room and on a bench', async () => {
	const page = await open(browser, `http://127.0.0.1:${server.httpServer.address().port}/`);
	page.setDefaultTimeout(60_000); /* the first time everything is translated */
	await page.click('[data-test=floor-key]');
	await page.waitForSelector('[data-test=floor]');
	await page.click('[data-kit=ev3-2]');
	const value = page.locator('[data-part=heading] .reading');
	await value.waitFor();
	const first = await value.innerText();
	await until(async () => await value.innerText() !== first, 'another value');
	await page.waitForSelector('[data-test=pad]');
	await page.waitForSelector('.cm-content');
	await page.waitForSelector('.console-lines >> text=light');
	assert.deepEqual(page.problems, []);
});

/* Chromium for the tests of the pages: start, pages, screenshots, accessibility. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { root } from './fake_daemon.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const shots = path.join(root, 'build/screenshots');
mkdirSync(shots, { recursive: true });

/* The shell draws with half the work, but its pages are no tabs of one window. */
export const launch = ({ hasTabs = false } = {}) => chromium.launch({
	executablePath: process.env.CHROMIUM ?? `/usr/bin/chromium${hasTabs ? '' : '-headless-shell'}`,
	args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
		'--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

export const SIZES = { 1280: { width: 1280, height: 860 }, 768: { width: 768, height: 1024 } };

/* A page of its own, with its own storage. Errors in the page fail the test that calls `check`. */
export async function open(browser, url, { lang = 'en', width = 1280, theme = 'light', ...more } = {}) {
	const context = await browser.newContext({
		locale: lang === 'zh' ? 'zh-CN' : 'en-GB', viewport: SIZES[width], colorScheme: theme,
		hasTouch: width === 768, reducedMotion: 'reduce', timezoneId: 'Asia/Shanghai', ...more,
	});
	const page = await context.newPage();
	page.setDefaultTimeout(15_000);
	page.problems = [];
	page.on('pageerror', (error) => page.problems.push(error.stack));
	page.on('console', (message) => {
		if (message.type() === 'error' && !/WebSocket|resource: net::/.test(message.text())) {
			page.problems.push(message.text());
		}
	});
	await page.goto(url);
	return page;
}

export async function shoot(page, name) {
	await page.evaluate(() => scrollTo(0, 0));
	await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
}

/* No error in the page, nothing serious for people with other eyes, hands and ears, nothing cut off. */
export async function check(page, what, { withAxe = true } = {}) {
	assert.deepEqual(page.problems, [], what);
	assert.deepEqual(withAxe ? await violations(page) : [], [], what);
	const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	assert.ok(overflow <= 0, `${what}: the page is ${overflow} px too wide`);
}

async function violations(page) {
	await page.evaluate(axe);
	const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
	return found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
		.map(({ id, nodes }) => [id, ...nodes.slice(0, 4).map((node) =>
			`${node.html.slice(0, 160)} ${node.failureSummary}`)].join('\n  '));
}

/* Waits until fn, run here, says yes: for what is seen at the daemon's end. */
export async function until(fn, what = String(fn), timeout = 10_000) {
	for (const end = Date.now() + timeout; ;) {
		const answer = await fn();
		if (answer) {
			return answer;
		}
		assert.ok(Date.now() < end, `waited ${timeout} ms for: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

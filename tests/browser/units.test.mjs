/* The parts of the pages that need no browser: connection, history, Markdown, CSV, numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './bundle.mjs';

const { Socket, CODE_SILENT, History, Markdown, csvText, scaleOf, valueText, durationText, tables,
	wheels, hexOf, sharesOf, thingAt, whoText } = await load('units', `
	export { Socket, CODE_SILENT } from './socket';
	export { History } from './history';
	export { Markdown } from './cases/markdown';
	export { csvText } from './bench/csv';
	export { scaleOf } from './bench/scale';
	export { valueText, durationText, whoText } from './format';
	export { tables } from './i18n';
	export { wheels } from './bench/mixing';
	export { hexOf, sharesOf } from './bench/shares';
	export { thingAt } from './world/scene';
	import './i18n/bench';
	import './i18n/pages';
`);

/* ---- the connection ---- */

class FakeSocket {
	sent = [];
	send(text) { this.sent.push(JSON.parse(text)); }
	close() { this.isClosed = true; }
	answer(result = {}, id = this.sent[this.sent.length - 1].id) { this.receive({ id, result }); }
	receive(message) { this.onmessage({ data: JSON.stringify({ jsonrpc: '2.0', ...message }) }); }
}

const HELLO = { server: 'x', version: 1, role: 'student', user: null,
	now: { mono_ms: 1e6, utc: '2026-01-01T00:00:00Z' }, limits: {} };
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function connected() {
	const made = [];
	const socket = new Socket(() => {
		made.push(new FakeSocket());
		return made[made.length - 1];
	});
	let opened = 0;
	socket.onOpen = () => { opened++; };
	socket.start();
	made[0].onopen();
	made[0].answer(HELLO);
	await turn();
	return { made, socket, opens: () => opened };
}

const setPerformance = (value) =>
	Object.defineProperty(globalThis, 'performance', { value, configurable: true, writable: true });

/* Time of the test's own: pass(ms) lets it go on. (Node 18 has no timers to mock like this.) */
function withClock(body) {
	return async () => {
		const real = { setTimeout, setInterval, clearTimeout, performance };
		let now = 1000;
		let timers = [];
		const add = (every) => (run, ms) => {
			const timer = { run, at: now + ms, ms, every };
			timers.push(timer);
			return timer;
		};
		const pass = (ms) => {
			for (const end = now + ms; now < end;) {
				now += 50;
				for (const timer of timers.filter(({ at }) => at <= now)) {
					timer.at += timer.ms;
					timers = timers.filter((other) => other !== timer || timer.every);
					timer.run();
				}
			}
		};
		globalThis.setTimeout = add(false);
		globalThis.setInterval = add(true);
		globalThis.clearTimeout = (timer) => { timers = timers.filter((other) => other !== timer); };
		setPerformance({ now: () => now });
		try {
			await body(pass);
		} finally {
			setPerformance(real.performance);
			Object.assign(globalThis, { setTimeout: real.setTimeout, setInterval: real.setInterval, clearTimeout: real.clearTimeout });
		}
	};
}

test('socket_says_hello_then_subscribes', withClock(async () => {
	const { made, socket, opens } = await connected();
	assert.equal(made[0].sent[0].method, 'hello');
	assert.equal(opens(), 1);
	assert.equal(socket.status.value.phase, 'open');
	assert.equal(socket.role.value, 'student');
	assert.ok(Math.abs(socket.now() - 1e6) < 1000);
}));

test('socket_gives_answers_to_their_questions_in_any_order', withClock(async () => {
	const { made, socket } = await connected();
	const first = socket.request('case.list', {});
	const second = socket.request('world.get', {});
	const [, a, b] = made[0].sent;
	made[0].answer('world', b.id);
	made[0].answer('cases', a.id);
	assert.deepEqual(await Promise.all([first, second]), ['cases', 'world']);
}));

test('socket_turns_errors_into_reason_and_hint', withClock(async () => {
	const { made, socket } = await connected();
	const question = socket.request('case.list', {});
	made[0].receive({ id: made[0].sent[1].id, error: { code: -32000, message: 'm', data: { reason: 'busy', hint: 'h' } } });
	await assert.rejects(question, { code: -32000, message: 'm', reason: 'busy', hint: 'h' });
	const other = socket.request('case.list', {});
	made[0].receive({ id: made[0].sent[2].id, error: { code: -32601, message: 'm' } });
	await assert.rejects(other, { reason: 'unsupported' });
}));

test('socket_fails_what_waits_when_the_line_breaks_and_returns_with_growing_pauses', withClock(async (pass) => {
	const { made, socket, opens } = await connected();
	const question = socket.request('case.list', {});
	made[0].onclose({ code: 1006 });
	await assert.rejects(question, { reason: 'offline' });
	await assert.rejects(socket.request('case.list', {}), { reason: 'offline' });
	assert.equal(socket.status.value.phase, 'lost');
	const pauses = [];
	for (let i = 1; i < 7; i++) {
		let waited = 0;
		while (made.length === i && waited < 10_000) {
			pass(50);
			waited += 50;
		}
		pauses.push(waited);
		made[i].onclose({ code: 1006 });
	}
	assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 4000]);
	socket.retryNow();
	made[7].onopen();
	made[7].answer(HELLO);
	await turn();
	assert.equal(socket.status.value.phase, 'open');
	assert.equal(opens(), 2);
}));

test('socket_asks_a_quiet_line_and_gives_it_up', withClock(async (pass) => {
	const { made, socket } = await connected();
	pass(3000);
	assert.deepEqual(made[0].sent.map(({ method }) => method), ['hello', 'hello']);
	made[0].answer(HELLO);
	await turn();
	pass(1000);
	assert.equal(socket.status.value.phase, 'open');
	pass(8000);
	assert.equal(socket.status.value.phase, 'lost');
	assert.equal(socket.status.value.code, CODE_SILENT);
	assert.equal(made[0].isClosed, true);
}));

test('socket_that_never_opens_is_given_up', withClock(async (pass) => {
	const made = [];
	const socket = new Socket(() => {
		made.push(new FakeSocket());
		return made[made.length - 1];
	});
	socket.start();
	pass(5000);
	assert.ok(made.length >= 2);
	assert.equal(socket.status.value.phase, 'lost');
}));

/* ---- history ---- */

test('history_repeats_what_did_not_change', () => {
	const history = new History();
	history.add(1, { light: 0.5, led: true, name: 'x' });
	history.add(2, { light: 0.6 });
	history.add(3, { pot: 1 });
	assert.deepEqual(history.times, [1, 2, 3]);
	assert.deepEqual([...history.columns], [['light', [0.5, 0.6, 0.6]], ['led', [1, 1, 1]], ['pot', [null, null, 1]]]);
});

test('history_shows_a_gap_as_a_gap_and_time_never_runs_back', () => {
	const history = new History();
	history.add(5, { light: 1 });
	history.gap(7);
	history.add(6, { light: 2 });
	assert.deepEqual(history.times, [5, 7, 7]);
	assert.deepEqual(history.columns.get('light'), [1, null, 2]);
});

test('history_is_bounded', () => {
	const history = new History();
	for (let t = 0; t < 30_000; t++) {
		history.add(t, { light: t });
	}
	assert.ok(history.times.length <= 5001);
	assert.equal(history.columns.get('light').length, history.times.length);
	assert.equal(history.times[history.from(29_990)], 29_990);
});

/* ---- Markdown ---- */

/* A tree of elements as text: p(one strong(two)). */
function drawn(node) {
	if (Array.isArray(node)) {
		return node.map(drawn).join('');
	}
	if (node === null || node === undefined || typeof node !== 'object') {
		return String(node ?? '');
	}
	const { type, props } = node;
	if (typeof type === 'function') {
		return drawn(props.children);
	}
	return `${type}${props.href ? `[${props.href}]` : ''}(${drawn(props.children)})`;
}
const markdown = (text) => drawn(Markdown({ text }));

test('markdown_draws_headings_paragraphs_and_marks', () => {
	assert.equal(markdown('## A\n\none **two** `x*y`\nthree *four*'), 'h2(A)p(one strong(two) code(x*y) three em(four))');
	assert.equal(markdown('第一行\n第二行'), 'p(第一行第二行)');
});

test('markdown_draws_lists_code_quotes_and_tables', () => {
	assert.equal(markdown('- a\n- b\n  1. c\n  2. d\n\n- e'), 'ul(li(a)li(bol(li(c)li(d)))li(e))');
	assert.equal(markdown('```lua\na = "<b>"\n# no\n```\nx'), 'pre(code(a = "<b>"\n# no))p(x)');
	assert.equal(markdown('> q\n> r'), 'blockquote(p(q r))');
	assert.match(markdown('| a | b |\n|---|:-:|\n| 1 | `2` |'),
		/table\(thead\(tr\(th\(a\)th\(b\)\)\)tbody\(tr\(td\(1\)td\(code\(2\)\)\)\)\)/);
});

test('markdown_makes_no_html_and_no_script_links', () => {
	assert.equal(markdown('<img src=x onerror=alert(1)>'), 'p(<img src=x onerror=alert(1)>)');
	assert.equal(markdown('[x](javascript:alert(1)) [y](#/help)'), 'p(x) a[#/help](y))');
});

test('markdown_survives_anything', () => {
	for (const text of ['', '```', '- ', '|', '|-|', '**', '[', '> ', '#', '1. a\n\n\n', '- a\n\n  b\n\n- c', `${'- '.repeat(200)}x`]) {
		markdown(text);
	}
});

/* ---- numbers and tables ---- */

test('numbers_have_the_digits_that_their_range_deserves', () => {
	assert.equal(valueText(0.5, { type: 'number', unit: '1', min: 0, max: 1 }), '0.50');
	assert.equal(valueText(90, { type: 'number', unit: 'deg', min: 0, max: 180 }), '90');
	assert.equal(valueText(21.44, { type: 'number', unit: 'Cel', min: -55, max: 150 }), '21.4');
	assert.equal(valueText(7, { type: 'integer' }), '7');
	assert.equal(valueText(null, { type: 'number' }), '–');
	assert.equal(durationText(3_723_000), '1:02:03');
	assert.equal(durationText(12_300), '00:12');
});

test('csv_is_what_spreadsheets_read', () => {
	const text = csvText(['a,b', 'c'], { c: { unit: 'Cel' } }, { times: [10, 10.5], columns: [[1, null], [2, 3]] });
	assert.equal(text, 'time (s),"a,b",c (°C)\r\n0.000,1,2\r\n0.500,,3\r\n');
});

test('csv_has_no_row_for_a_time_when_nothing_was_known', () => {
	const text = csvText(['a'], {}, { times: [9, 10, 11, 12], columns: [[null, 1, null, 0]] });
	assert.equal(text, 'time (s),a\r\n0.000,1\r\n2.000,0\r\n');
});

test('a_scale_shows_whole_ratios_and_widens_for_what_a_script_plots_beside_them', () => {
	assert.deepEqual(scaleOf([[0, 1]], 0.4, 0.6), [0, 1]);
	assert.deepEqual(scaleOf([[0, 1], null], 0.4, 0.6), [0, 1]);
	assert.deepEqual(scaleOf([[0, 1], null], null, null), [0, 1]);
	assert.deepEqual(scaleOf([null], null, null), [0, 1]);
	const [low, high] = scaleOf([[0, 1], null], -1, 250);
	assert.ok(low < -1 && high > 250, `${low} to ${high}`);
	const [least, most] = scaleOf([null], 20, 20);
	assert.ok(least < 20 && least > 19 && most > 20 && most < 21, `${least} to ${most}`);
});

/* ---- robots ---- */

test('the_stick_mixes_to_wheels_that_never_go_over_full_speed', () => {
	assert.deepEqual(wheels(0, 0), { left: 0, right: 0 });
	assert.deepEqual(wheels(0, 1), { left: 1, right: 1 });
	assert.deepEqual(wheels(0, -0.5), { left: -0.5, right: -0.5 });
	assert.deepEqual(wheels(-0.4, 0), { left: -0.4, right: 0.4 });
	assert.deepEqual(wheels(1, 1), { left: 1, right: 0 });
	for (let angle = 0; angle < 7; angle += 0.1) {
		const { left, right } = wheels(Math.cos(angle), Math.sin(angle));
		assert.ok(Math.abs(left) <= 1 && Math.abs(right) <= 1, `${left} ${right}`);
	}
});

test('colours_are_shares_and_back', () => {
	assert.equal(hexOf([1, 0.5, 0]), '#ff8000');
	assert.equal(hexOf(null), '#000000');
	assert.equal(hexOf([2, -1]), '#ff0000');
	assert.deepEqual(sharesOf('#ff0080'), [1, 0, 0.502]);
});

test('a_finger_on_the_floor_finds_what_lies_on_top', () => {
	const scene = { objects: { peek: () => [{ id: 'room', type: 'room', size: [3, 2] },
		{ id: 'box', type: 'box', at: [1, 1], size: [0.8, 0.2], heading: Math.PI / 2 },
		{ id: 'post', type: 'circle', at: [2, 1], radius: 0.1 }, { id: 'lamp', type: 'lamp', at: [1, 1.3] }] },
	bodies: new Map([['mbot-1', { pose: [1, 0.8, 0], radius: 0.085 }]]) };
	assert.equal(thingAt(scene, [1, 1.3], 0.02), 'lamp');
	assert.equal(thingAt(scene, [1.05, 0.82], 0.02), 'mbot-1');
	assert.equal(thingAt(scene, [1, 1.1], 0.02), 'box');
	assert.equal(thingAt(scene, [1.2, 1.1], 0.02), null, 'it stands upright');
	assert.equal(thingAt(scene, [2.05, 1.05], 0.02), 'post');
	assert.equal(thingAt(scene, [0.3, 0.3], 0.02), null);
});

test('a_screen_without_a_name_is_called_a_screen', () => {
	assert.equal(whoText('page-12'), 'screen 12');
	assert.equal(whoText('lamp.lua'), 'lamp.lua');
});

test('both_languages_fill_in_the_same_blanks', () => {
	const blanks = (text) => [...text.matchAll(/\{\w+\}/g)].map(([blank]) => blank).sort().join();
	const { en, zh } = tables;
	assert.ok(Object.keys(en).length > 250, 'all tables');
	for (const key of Object.keys(en)) {
		assert.equal(blanks(zh[key]), blanks(en[key]), key);
		assert.ok(zh[key].trim() !== '', key);
	}
});

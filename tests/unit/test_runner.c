/* What scripts can do: the real kitlab-runner against a scripted daemon. */
#include "runner_play.h"

static void print_writes_lines_with_tabs(void **state)
{
	(void)state;
	prints("print('a', 1, 2.5, true, nil, {} ~= nil) print()",
		"a\t1\t2.5\ttrue\tnil\ttrue\n\n");
}

static void long_lines_arrive_whole(void **state)
{
	(void)state;
	prints("print(#('x'):rep(9000)) print(('x'):rep(9000) == ('x'):rep(9000))", "9000\ntrue\n");
	memset(&fake, 0, sizeof(fake));
	fake_run(&fake, "print(('\\u{6587}'):rep(12000))");
	assert_int_equal(strlen(fake.out), sizeof(fake.out) - 1); /* as much as it holds */
}

static void log_goes_to_the_error_stream(void **state)
{
	(void)state;
	prints("require 'kit'.log('note', 1)", "");
	assert_string_equal(fake.error, "note\t1\n");
}

static void sleep_waits_and_now_tells_the_time(void **state)
{
	(void)state;
	prints("local a = now() sleep(2.5) print(math.floor((now() - a) * 10 + 0.5))", "25\n");
}

static void sleep_counts_from_now_not_from_the_last_packet(void **state)
{
	(void)state;
	/* The fake clock moves a little with each packet only: what counts is that it asks. */
	prints("sleep(1) sleep(1) print(now() >= 2)", "true\n");
}

static void sleep_zero_lets_others_run(void **state)
{
	(void)state;
	prints("spawn(function() print('other') end) sleep(0) print('main')", "other\nmain\n");
}

static void every_calls_until_stopped(void **state)
{
	(void)state;
	prints("local n = 0\nlocal t\nt = every(0.5, function() n = n + 1 print(n, "
	       "math.floor(now() * 2 + 0.1))"
	       " if n == 3 then t:stop() end end)",
		"1\t1\n2\t2\n3\t3\n");
}

static void every_skips_and_never_piles_up(void **state)
{
	(void)state;
	prints("local n, busy = 0, 0\nlocal t = every(1, function() busy = busy + 1 assert(busy == "
	       "1)"
	       " n = n + 1 sleep(2.5) busy = busy - 1 end)\nsleep(9.2) t:stop() print(n)",
		"3\n");
}

static void after_calls_once(void **state)
{
	(void)state;
	prints("after(1, function() print('b') end) print('a')", "a\nb\n");
}

static void after_can_be_called_off(void **state)
{
	(void)state;
	prints("local t = after(1, function() print('never') end) t:stop() sleep(2) print('end')",
		"end\n");
}

static void timers_run_in_the_order_of_their_time(void **state)
{
	(void)state;
	prints("after(3, function() print(3) end) after(1, function() print(1) end)"
	       " after(2, function() print(2) end)",
		"1\n2\n3\n");
}

static void spawn_runs_tasks_side_by_side(void **state)
{
	(void)state;
	prints("for i = 1, 3 do spawn(function(name) for n = 1, 2 do sleep(1) print(name, n) end "
	       "end,"
	       " 'task' .. i) end",
		"task1\t1\ntask2\t1\ntask3\t1\ntask1\t2\ntask2\t2\ntask3\t2\n");
}

static void stopped_task_ends_and_closes_what_it_has_open(void **state)
{
	(void)state;
	prints("local t = spawn(function() local x <close> = setmetatable({}, {__close = function()"
	       " print('closed') end}) while true do sleep(1) print('tick') end end)"
	       " sleep(2.5) t:stop() t:stop() sleep(5) print('end')",
		"tick\ntick\nclosed\nend\n");
}

static void wait_asks_its_condition(void **state)
{
	(void)state;
	prints("local x after(1, function() x = 'there' end) print(wait(function() return x end))"
	       " print(wait(function() return false end, 0.5), math.floor(now() * 10))",
		"there\nfalse\t15\n");
}

static void condition_of_wait_may_wait_itself(void **state)
{
	(void)state;
	prints("local n = 0 print(wait(function() sleep(1) n = n + 1 return n > 2 and n end))",
		"3\n");
}

static void fields_read_and_write_properties(void **state)
{
	(void)state;
	prints(KIT "print(bench, bench.id, bench.model, bench.light) bench.led = bench.light < 0.3"
		   " bench.led = 0 bench.pin[13] = 1 bench.pin[13.0] = 0 print(bench.pin.A0, "
		   "bench.pin['A0'])"
		   " bench.light = {1, 2, 3} bench.light = 'text'",
		"uno-1\tuno-1\tuno\t0.25\n512\t512\n");
	assert_string_equal(fake.log,
		"open ; read light; read light; write led true; write led 0; write pin.13 1; "
		"write pin.13 0; read pin.A0; read pin.A0; write light [3 numbers]; write light "
		"'text'; ");
}

static void field_access_works_where_nothing_can_wait(void **state)
{
	(void)state;
	prints(KIT
		"local t = {3, 1, 2} table.sort(t, function(a, b) bench.led = true return "
		"bench.light"
		" and a < b end) print(t[1]) print((('ab'):gsub('.', function() return "
		"bench.pin.A0 end)))"
		" local g = coroutine.wrap(function() coroutine.yield(bench.light) end) print(g())"
		" print(setmetatable({}, {__index = function() return bench.light end}).x)",
		"1\n512512\n0.25\n0.25\n");
}

static void actions_take_arguments_by_place_and_by_name(void **state)
{
	(void)state;
	prints(KIT
		"bench:tone(440, 0.5) bench:tone{frequency = 440} bench:tone(nil, 2) bench:reset()"
		" bench:reset{} print(bench:tone{frequency = 1, duration = 2}[3])",
		"3.0\n");
	assert_non_null(strstr(fake.log,
		"act tone frequency=440 duration=0.5; act tone frequency=440; "
		"act tone duration=2; act reset; act reset; act tone"));
}

static void actions_wait_and_others_go_on(void **state)
{
	(void)state;
	prints(KIT "spawn(function() print('other') end) bench:tone(440) print('main')",
		"other\nmain\n");
}

static void handles_are_the_same_object(void **state)
{
	(void)state;
	prints(KIT "print(bench == kit.open(), bench.pin == bench.pin, bench.tone == bench.tone)",
		"true\ttrue\ttrue\n");
}

static void open_says_what_it_needs(void **state)
{
	(void)state;
	prints("local kit = require 'kit' kit.open 'uno-2' kit.open{needs = {'light', 'led'}}"
	       " kit.open{needs = 'light'}",
		"");
	assert_string_equal(fake.log, "open uno-2; open +light+led; open +light; ");
}

/* ---- events ---- */

static void send_three(struct fake *from)
{
	for (int i = 1; from->idles == 1 && i <= 3; i++) {
		fake_event(from, "button", i);
	}
}

static void handler_gets_every_event_in_order(void **state)
{
	(void)state;
	plays(KIT "local h h = bench:on('button', function(v, t) print(v, t > 0) if v == 3 then "
		  "h:stop()"
		  " end end) after(60, function() print('late') end)",
		send_three, "1.0\ttrue\n2.0\ttrue\n3.0\ttrue\nlate\n");
	assert_non_null(strstr(fake.log, "on button; off button; "));
}

static void handler_that_sleeps_gets_its_events_one_after_the_other(void **state)
{
	(void)state;
	plays(KIT "local busy = false local h h = bench:on('button', function(v) assert(not busy) "
		  "busy = true"
		  " sleep(5) busy = false print(v) if v == 3 then h:stop() end end) every(50, "
		  "function() end)"
		  ":stop() sleep(1)",
		send_three, "1.0\n2.0\n3.0\n");
}

static void send_flood(struct fake *from)
{
	for (int i = 1; from->idles == 1 && i <= 400; i++) {
		fake_event(from, "light", i);
	}
}

static void handler_that_is_too_slow_keeps_the_newest_and_says_so(void **state)
{
	(void)state;
	plays(KIT "local n, h = 0 h = bench:on('light', function(v) n = n + 1 sleep(0.01) if v == "
		  "400 then"
		  " h:stop() print(n > 200 and n < 300) end end) sleep(0.001)",
		send_flood, "true\n");
	assert_non_null(strstr(fake.error, "light"));
	assert_null(strstr(strchr(fake.error, '\n') + 1, "light")); /* once, not 144 times */
}

static void send_one(struct fake *from)
{
	if (from->idles == 1) {
		fake_event(from, "light", 7);
	}
}

static void wait_of_a_kit_gives_the_next_value_or_nil(void **state)
{
	(void)state;
	plays(KIT
		"print(bench:wait('light', 10)) print(bench:wait('light', 10)) print(now() >= 10)",
		send_one, "7.0\nnil\ntrue\n");
	assert_string_equal(fake.log, "open ; on light; off light; on light; off light; ");
}

static void pings_are_answered_while_every_task_waits(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.idle = ping_once;
	fake_start(&fake, "sleep(1000)", FAKE_EN, 32 << 20);
	while (fake.pongs == 0 && fake_step(&fake)) {
	}
	assert_int_equal(fake.pongs, 1);
	assert_false(fake.has_ended);
	fake_finish(&fake);
}

/* ---- coroutines ---- */

static void sleep_passes_through_coroutines(void **state)
{
	(void)state;
	prints("spawn(function() sleep(1.5) print('other') end)\n"
	       "local function gen() for i = 1, 3 do sleep(1) coroutine.yield(i) end return 'done' "
	       "end\n"
	       "local outer = coroutine.wrap(function() local inner = coroutine.wrap(gen)\n"
	       "while true do local v = inner() if v == 'done' then return 'end' end "
	       "coroutine.yield(v) end end)\n"
	       "print(outer()) print(outer()) print(outer()) print(outer())",
		"1\nother\n2\n3\nend\n");
}

static void sleep_works_in_pcall_iterators_and_metamethods(void **state)
{
	(void)state;
	prints("print(pcall(function() sleep(1) error('x', 0) end))"
	       " print(select('#', pcall(function() sleep(1) return 1, nil, 3 end)))"
	       " print(xpcall(function() sleep(1) error('y', 0) end, function(m) return m .. '!' "
	       "end))"
	       " for v in function(_, c) sleep(1) return (c or 0) < 2 and (c or 0) + 1 or nil end "
	       "do print(v) end"
	       " print(setmetatable({}, {__index = function(_, k) sleep(1) return k end}).field)"
	       " print(setmetatable({}, {__add = function() sleep(1) return 'sum' end}) + 1)",
		"false\tx\n4\nfalse\ty!\n1\n2\nfield\nsum\n");
}

static void coroutines_are_as_in_lua(void **state)
{
	(void)state;
	prints("local co = coroutine.create(function(a, b) print(a, b) local c = coroutine.yield(a "
	       "+ b)"
	       " print(c) return 'r' end)\n"
	       "print(coroutine.status(co), coroutine.resume(co, 1, 2))\n"
	       "print(coroutine.status(co), coroutine.resume(co, 'c'))\n"
	       "print(coroutine.status(co), coroutine.resume(co))\n"
	       "print(coroutine.resume(coroutine.create(function() error({}) end)) == false)\n"
	       "print(pcall(coroutine.wrap(function() error('oops', 0) end)))\n"
	       "print(coroutine.isyieldable(), select(2, coroutine.running()), "
	       "type(coroutine.running()))\n"
	       "print(pcall(coroutine.yield, 1))\n"
	       "local c2 = coroutine.create(function() local x <close> = setmetatable({}, {__close "
	       "="
	       " function() print('closed') end}) coroutine.yield() end) coroutine.resume(c2)\n"
	       "print(coroutine.close(c2), coroutine.status(c2))\n"
	       "print(coroutine.wrap(function() return coroutine.isyieldable() end)())",
		"1\t2\nsuspended\ttrue\t3\nc\nsuspended\ttrue\tr\n"
		"dead\tfalse\tcannot resume dead coroutine\ntrue\nfalse\toops\n"
		"false\ttrue\tthread\nfalse\tattempt to yield from outside a coroutine\nclosed\n"
		"true\tdead\ntrue\n");
}

static void coroutine_that_sleeps_belongs_to_its_task(void **state)
{
	(void)state;
	prints("local co = coroutine.create(function() sleep(2) return 'slept' end)\n"
	       "spawn(function() print(coroutine.resume(co)) end) sleep(1)\n"
	       "print(coroutine.status(co), select(2, pcall(coroutine.resume, co)).code)\n"
	       "print(pcall(coroutine.close, co)) sleep(3) print(coroutine.status(co))",
		"normal\tinvalid\nfalse\tcannot close a normal coroutine\ntrue\tslept\ndead\n");
}

/* ---- errors ---- */

static void errors_are_tables_that_tell(void **state)
{
	(void)state;
	prints(KIT "\nlocal ok, e = pcall(function()\nreturn bench.ligth end)\n"
		   "print(ok, type(e), e.code, e.line) print(e.message) print(tostring(e) == "
		   "'test.lua:3: '"
		   " .. e.message) print(getmetatable(e))",
		"false\ttable\tnot_found\t3\nuno-1 has no property or action \"ligth\". "
		"Did you mean \"light\"?\ntrue\nfalse\n");
}

static void come_back(struct fake *from)
{
	from->is_lost = from->now_us > 1500000 && from->now_us < 4500000;
}

static void lost_kit_raises_lost_and_works_again(void **state)
{
	(void)state;
	plays(KIT "for i = 1, 7 do sleep(1) local ok, e = pcall(function() bench.led = true end)"
		  " print(ok or e.code) end",
		come_back, "true\ntrue\nlost\nlost\nlost\ntrue\ntrue\n");
}

static void error_in_any_task_fails_the_run_with_its_line(void **state)
{
	(void)state;
	fails("spawn(function()\nsleep(1)\nerror('boom') end)\nsleep(100)", 3, "boom");
	fails("every(1, function()\nerror('boom') end)", 2, "boom");
	fails("local co = coroutine.wrap(function()\nsleep(1)\nlocal x = nil + 1 end)\nco()", 3,
		"nil");
	fails(KIT "bench:on('light', f)", 1, "on needs a function");
	fails("\n\nerror({code = 'mine', message = 'my own'})", 3, "my own");
	fails("\nerror()", 2, "error was called with nil");
}

static void uncaught_fault_keeps_its_line_through_rethrow(void **state)
{
	(void)state;
	fails(KIT "\nlocal ok, e = pcall(function()\nbench.nothing = 1 end)\n\nerror(e)", 3,
		"nothing");
}

static void numbers_are_the_same_for_the_same_seed(void **state)
{
	char first[64];

	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake_run(&fake, "print(math.random(1, 1000000000), math.random()) math.randomseed()");
	memcpy(first, fake.out, sizeof(first));
	memset(&fake, 0, sizeof(fake));
	fake_run(&fake, "print(math.random(1, 1000000000), math.random()) math.randomseed()");
	assert_memory_equal(first, fake.out, strlen(first));
	prints("math.randomseed(7) local a = math.random(1000) math.randomseed(7)"
	       " print(a == math.random(1000))",
		"true\n");
}

static void plot_takes_numbers_by_name(void **state)
{
	(void)state;
	prints("plot{light = 0.5} plot{on = true}", "");
	assert_string_equal(fake.log, "plot light=0.5; plot on=1; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_writes_lines_with_tabs),
		cmocka_unit_test(long_lines_arrive_whole),
		cmocka_unit_test(log_goes_to_the_error_stream),
		cmocka_unit_test(sleep_waits_and_now_tells_the_time),
		cmocka_unit_test(sleep_counts_from_now_not_from_the_last_packet),
		cmocka_unit_test(sleep_zero_lets_others_run),
		cmocka_unit_test(every_calls_until_stopped),
		cmocka_unit_test(every_skips_and_never_piles_up),
		cmocka_unit_test(after_calls_once),
		cmocka_unit_test(after_can_be_called_off),
		cmocka_unit_test(timers_run_in_the_order_of_their_time),
		cmocka_unit_test(spawn_runs_tasks_side_by_side),
		cmocka_unit_test(stopped_task_ends_and_closes_what_it_has_open),
		cmocka_unit_test(wait_asks_its_condition),
		cmocka_unit_test(condition_of_wait_may_wait_itself),
		cmocka_unit_test(fields_read_and_write_properties),
		cmocka_unit_test(field_access_works_where_nothing_can_wait),
		cmocka_unit_test(actions_take_arguments_by_place_and_by_name),
		cmocka_unit_test(actions_wait_and_others_go_on),
		cmocka_unit_test(handles_are_the_same_object),
		cmocka_unit_test(open_says_what_it_needs),
		cmocka_unit_test(handler_gets_every_event_in_order),
		cmocka_unit_test(handler_that_sleeps_gets_its_events_one_after_the_other),
		cmocka_unit_test(handler_that_is_too_slow_keeps_the_newest_and_says_so),
		cmocka_unit_test(wait_of_a_kit_gives_the_next_value_or_nil),
		cmocka_unit_test(pings_are_answered_while_every_task_waits),
		cmocka_unit_test(sleep_passes_through_coroutines),
		cmocka_unit_test(sleep_works_in_pcall_iterators_and_metamethods),
		cmocka_unit_test(coroutines_are_as_in_lua),
		cmocka_unit_test(coroutine_that_sleeps_belongs_to_its_task),
		cmocka_unit_test(errors_are_tables_that_tell),
		cmocka_unit_test(lost_kit_raises_lost_and_works_again),
		cmocka_unit_test(error_in_any_task_fails_the_run_with_its_line),
		cmocka_unit_test(uncaught_fault_keeps_its_line_through_rethrow),
		cmocka_unit_test(numbers_are_the_same_for_the_same_seed),
		cmocka_unit_test(plot_takes_numbers_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What scripts cannot do, and how they are ended: the bounds inside kitlab-runner. */
#include "runner_play.h"

static void only_the_whitelist_is_there(void **state)
{
	(void)state;
	prints("local names = {} for k in pairs(_G) do names[#names + 1] = k end table.sort(names)"
	       " print(table.concat(names, ' ')) print(string.dump, os, io, debug, package, dofile,"
	       " loadfile, collectgarbage) print(getmetatable('')) print(pcall(require, 'os'))",
		"_G _VERSION after assert coroutine error every getmetatable ipairs load math next "
		"now pairs "
		"pcall plot print rawequal rawget rawlen rawset require select setmetatable sleep "
		"spawn string "
		"table tonumber tostring type utf8 wait xpcall\n"
		"nil\tnil\tnil\tnil\tnil\tnil\tnil\tnil\nfalse\nfalse\ttest.lua:1: There is no "
		"module \"os\". "
		"A script can use: require \"kit\".\n");
}

static void load_takes_text_only(void **state)
{
	(void)state;
	prints("print(load('return 1 + 1')()) print(load('\\27Lua', 'x', 'b')) print(load('x x'))"
	       " print(load('return y', 'c', 't', {y = 5})()) print(pcall(load, print))",
		"2\nnil\tattempt to load a binary chunk (mode is 't')\n"
		"nil\tload:1: syntax error near 'x'\n5\n"
		"false\ttest.lua:1: load takes Lua text; it got a function.\n");
}

static void memory_has_a_limit_that_can_be_survived(void **state)
{
	(void)state;
	prints("local ok, e = pcall(string.rep, 'x', 1 << 30) print(ok, e)"
	       " local ok = pcall(function() local t = {} while true do t[#t + 1] = {} end end) "
	       "print(ok)"
	       " print('still here')",
		"false\tnot enough memory\nfalse\nstill here\n");
	fails("local s = 'x'\nwhile true do\ns = s .. s end", 3, "memory");
}

static void fails_on_stop(const char *source)
{
	memset(&fake, 0, sizeof(fake));
	fake_start(&fake, source, FAKE_EN, 32 << 20);
	while (!strstr(fake.out, "go") && fake_step(&fake)) {
	}
	kill(fake.pid, SIGUSR1);
	fake_play(&fake);
	assert_true(fake.has_ended);
	assert_string_equal(fake.code, "stopped");
	/* The line is not known when every task waited. */
	assert_true(fake.line == 1 || (fake.line == 0 && strstr(source, "sleep")));
}

static void stop_by_signal_ends_loops_and_sleeps(void **state)
{
	(void)state;
	fails_on_stop("print 'go' while true do end");
	fails_on_stop("print 'go' while true do pcall(function() while true do end end) end");
	fails_on_stop("print 'go' while true do pcall(pcall, error, pcall) end");
	fails_on_stop("print 'go' local function f() xpcall(f, f) return f() end f()");
	fails_on_stop(
		"print 'go' while true do coroutine.wrap(function() while true do end end)() end");
	fails_on_stop(
		"print 'go' while true do local co = coroutine.create(function() while true do end"
		" end) coroutine.resume(co) end");
	fails_on_stop(
		"print 'go' local x <close> = setmetatable({}, {__close = function() while true do"
		" end end}) while true do end");
	fails_on_stop("print 'go' while true do pcall(sleep, 0.001) end");
}

static void stop_while_sleeping_ends_at_once(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.idle = ping_once;
	fake_start(&fake, "while true do pcall(sleep, 1e6) end", FAKE_EN, 32 << 20);
	while (fake.pongs == 0 && fake_step(&fake)) {
	}
	kill(fake.pid, SIGUSR1);
	fake_play(&fake);
	assert_string_equal(fake.code, "stopped");
}

static void runner_ends_with_its_daemon(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.idle = ping_once;
	fake_start(&fake, "while true do pcall(sleep, 1e6) end", FAKE_EN, 32 << 20);
	while (fake.pongs == 0 && fake_step(&fake)) {
	}
	fake_finish(&fake); /* waits for its end */
	assert_true(WIFEXITED(fake.status));
}

static void runner_by_hand_says_what_it_is(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake_spawn(&fake);
	close(fake.fd);
	waitpid(fake.pid, &fake.status, 0);
	assert_true(WIFEXITED(fake.status) && WEXITSTATUS(fake.status) == 1);
}

static void finalizers_may_use_the_library(void **state)
{
	(void)state;
	prints(KIT "local n = 0 for i = 1, 2000 do setmetatable({}, {__gc = function() n = n +"
		   " bench.pin.A0 / 512 pcall(sleep, 1) spawn(function() end) end}) local s = "
		   "('x'):rep(1000)"
		   " .. i end sleep(1) print(n > 0)",
		"true\n");
}

static void too_many_tasks_are_refused(void **state)
{
	(void)state;
	fails("while true do\nspawn(sleep, 1) end", 2, "More than 1000 tasks");
	prints("for i = 1, 900 do spawn(sleep, 1) end sleep(2) for i = 1, 900 do spawn(sleep, 1) "
	       "end",
		"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_whitelist_is_there),
		cmocka_unit_test(load_takes_text_only),
		cmocka_unit_test(memory_has_a_limit_that_can_be_survived),
		cmocka_unit_test(stop_by_signal_ends_loops_and_sleeps),
		cmocka_unit_test(stop_while_sleeping_ends_at_once),
		cmocka_unit_test(runner_ends_with_its_daemon),
		cmocka_unit_test(runner_by_hand_says_what_it_is),
		cmocka_unit_test(finalizers_may_use_the_library),
		cmocka_unit_test(too_many_tasks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

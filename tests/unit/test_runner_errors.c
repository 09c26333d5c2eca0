/* What pupils are told when a script goes wrong: line, cause and what to do, in both languages. */
#include "fake_daemon.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fake fake;

struct telling {
	const char *source;
	int line;
	const char *english; /* in the message */
	const char *hint;    /* in the English hint; "" = none needed */
};

static bool has_chinese(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0xE4 && (unsigned char)*text <= 0xE9) {
			return true;
		}
	}
	return false;
}

static bool tells(const struct telling *telling)
{
	memset(&fake, 0, sizeof(fake));
	fake_run(&fake, telling->source);
	if (!fake.has_ended || !strstr(fake.message[FAKE_EN], telling->english) ||
		!strstr(fake.hint[FAKE_EN], telling->hint) || fake.line != telling->line ||
		!has_chinese(fake.message[FAKE_ZH]) ||
		(fake.hint[FAKE_EN][0] != 0) != (fake.hint[FAKE_ZH][0] != 0)) {
		print_error("%s\n  line %d: %s | %s\n  %s | %s\n", telling->source, fake.line,
			fake.message[FAKE_EN], fake.hint[FAKE_EN], fake.message[FAKE_ZH],
			fake.hint[FAKE_ZH]);
		return false;
	}
	return true;
}

/* Shows all that are wrong before it fails. */
static void check_all(const struct telling *list, size_t count)
{
	size_t wrong = 0;

	for (size_t i = 0; i < count; i++) {
		wrong += !tells(&list[i]);
	}
	assert_int_equal(wrong, 0);
}

#define CHECK_ALL(list) check_all(list, sizeof(list) / sizeof(list[0]))
#define KIT "local bench = require 'kit'.open() "

static void chinese_punctuation_is_named(void **state)
{
	static const struct telling list[] = {
		{"print\xEF\xBC\x88'hi'\xEF\xBC\x89", 1, "Chinese punctuation mark \xEF\xBC\x88",
			"input method"},
		{"x = 1\ny = \xE2\x80\x9Chi\xE2\x80\x9D", 2, "English \"", "input method"},
		{"print('a'\xEF\xBC\x8C'b')", 1, "English ,", "input method"},
		{"-- \xEF\xBC\x8C\nx = '\xEF\xBC\x8C' y = 1\xEF\xBC\x9B", 2, "English ;",
			"input method"},
		{"--[[ \n\xEF\xBC\x88 ]] x = [[\n\xEF\xBC\x88]] x = 3 \xEF\xBC\x8B 4", 3,
			"English +", ""},
		{"print(\"hi\xE2\x80\x9D)", 1, "ends with the Chinese quote \xE2\x80\x9D",
			"English quote"},
		{"x =\xE3\x80\x80"
		 "1",
			1, "wide (Chinese) space", "normal space"},
		{"x = \xEF\xBC\x91", 1, "full-width character", "half-width"},
		{"local \xE6\xB8\xA9\xE5\xBA\xA6 = 1", 1, "character \xE6\xB8\xA9", "a-z"},
		{"if x \xE2\x89\xA0 1 then end", 1, "English ~=", ""},
	};

	(void)state;
	CHECK_ALL(list);
	assert_non_null(strstr(fake.message[FAKE_ZH], "\xE2\x89\xA0"));
}

static void chinese_in_texts_and_notes_is_no_error(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake_run(&fake,
		"\xEF\xBB\xBF-- "
		"\xE6\xB3\xA8\xEF\xBC\x9A\nprint('\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x81')");
	assert_string_equal(fake.out, "\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x81\n");
	assert_string_equal(fake.code, "");
}

static void what_other_languages_write_is_told(void **state)
{
	static const struct telling list[] = {
		{"x = 1\nif x != 1 then end", 2, "", "~="},
		{"x = 1\nx += 1", 2, "no +=", "x = x + 1"},
		{"i = 0 i++", 1, "++", ""},
		{"if a && b then end", 1, "&&", "and"},
		{"if a || b then end", 1, "||", "or"},
		{"// note", 1, "//", "--"},
		{"# note", 1, "#", "--"},
		{"if x = 1 then end", 1, "==", "compare"},
		{"while x = 1 do end", 1, "==", "compare"},
		{"function f() {\n}", 1, "{", ""},
	};

	(void)state;
	CHECK_ALL(list);
}

static void missing_parts_are_told_with_the_line_that_opened(void **state)
{
	static const struct telling list[] = {
		{"for i = 1, 3 do\nprint(i)\n", 3, "\"for\" of line 1", "elseif"},
		{"if a then b() else if c then d() end\n\n", 3, "\"if\" of line 1", "elseif"},
		{"while true do", 1, "end", ""},
		{"print('a'\nprint('b')", 2, "( of line 1", ""},
		{"x = {1, 2", 1, "}", ""},
		{"repeat x = 1\nend", 2, "\"repeat\" of line 1", ""},
		{"end", 1, "one \"end\" too many", "Count"},
		{"x = 'abc", 1, "no closing quote", "quotes"},
		{"x = [[abc", 1, "]]", ""},
		{"if x == 1\nprint(1) end", 2, "then is missing before print", "line with if"},
		{"for i = 1, 3 print(i) end", 1, "do is missing before print", "line with while"},
		{"while true {\n}", 1, "do is missing before {", "while true do"},
		{"local function = 1", 1, "name is missing", ""},
		{"local end = 1", 1, "name is missing", "Lua"},
		{"x = 3x", 1, "3x is not a number", "digit"},
		{"x = '\\q'", 1, "\\q", "backslash"},
		{"break", 1, "outside a loop", ""},
		{"goto nowhere", 1, "::nowhere::", ""},
		{"x =", 1, "middle", "complete"},
		{"foo bar", 1, "not a complete command", "x = 1"},
		{"foo", 1, "not a complete command", ""},
		{"sleep 1", 1, "not a complete command", "brackets of sleep(1)"},
		{"x.led == true", 1, "only compares", "one ="},
		{"local x <const> = 1 x = 2", 1, "x is a constant", ""},
		{"x = = 1", 1, "= does not belong here", ""},
	};

	(void)state;
	CHECK_ALL(list);
}

static void mistakes_at_run_time_are_told_in_plain_words(void **state)
{
	static const struct telling list[] = {
		{"\nprnt(1)", 2, "no function \"prnt\"", "\"print\""},
		{"slep(1)", 1, "slep", "\"sleep\""},
		{"math.sqr(4)", 1, "no function \"sqr\"", "\"sqrt\""},
		{"local t t.x = 1", 1, "\"t\" is nil", "value"},
		{"print(wibble.x)", 1, "\"wibble\" has no value", "spelled"},
		{"strng.rep('a', 2)", 1, "strng", "\"string\""},
		{"local t = {} print(t.a.b)", 1, "\"a\" is nil", ""},
		{"local n = 5 print(n.x)", 1, "\"n\" is a number", ""},
		{"local n = 5 n()", 1, "\"n\" is a number, not a function", ""},
		{"x = nil + 1", 1, "calculate with nil", ""},
		{"local t = {} x = t.a * 2", 1, "\"a\" is nil", "reading"},
		{"x = {} + 1", 1, "calculate with a table", ""},
		{"x = 'abc' + 1", 1, "text", ""},
		{"x = 'a' .. nil", 1, "joined", "tostring"},
		{"local f = true x = 'a' .. f", 1, "\"f\" is true or false", "tostring"},
		{"if nil < 1 then end", 1, "left is nil", "reading"},
		{"if 1 < nil then end", 1, "right is nil", ""},
		{"if 1 < 'a' then end", 1, "A number and a text", "tonumber"},
		{"if {} < {} then end", 1, "Two values", ""},
		{"x = #nil", 1, "length", ""},
		{"x = 1 // 0", 1, "Division by 0", ""},
		{"x = 1 % 0", 1, "Division by 0", ""},
		{"x = 1.5 | 1", 1, "whole number", "floor"},
		{"for i = 1, 'x' do end", 1, "for needs numbers", ""},
		{"for i = 1, 2, 0 do end", 1, "step", ""},
		{"local t = {} t[nil] = 1", 1, "key", ""},
		{"local function f() return f() + 1 end\nf()", 1, "too often", "ends it"},
		{"string.rep()", 1, "rep needs a text", ""},
		{"math.floor('x')", 1, "floor needs a number", ""},
		{"table.insert(nil, 1)", 1, "insert needs a table", ""},
		{"math.random(5, 1)", 1, "second number", ""},
		{"('x'):rep(-1, 2, 3):bad()", 1, "no function \"bad\"", ""},
		{"string.find('a', '[')", 1, "pattern", "%"},
		{"table.sort({3, 1, 2, 5, 4}, function() return true end)", 1, "contradicts",
			"a < b"},
		{"assert(false)", 1, "assert", ""},
		{"local s = 'x' while true do s = s .. s end", 1, "memory", "loop"},
		{"ipairs()", 1, "ipairs needs argument 1", ""},
		{"setmetatable(1, {})", 1, "table", ""},
		{"tostring()", 1, "tostring needs argument 1", ""},
		{"coroutine.yield()", 1, "inside a coroutine", "sleep"},
		{"string.format('%d', 0.5)", 1, "whole number", "%.1f"},
		{"kit.open()", 1, "\"kit\" is not there", "require \"kit\""},
		{"bench.led = true", 1, "\"bench\" is not there", "kit.open()"},
		{"delay(1000)", 1, "\"delay\"", "sleep(seconds)"},
		{"local f = true x = f * 2", 1, "\"f\" is true or false", "(f and 1 or 0)"},
		{"select(0)", 1, "Argument 1 of select", ""},
	};

	(void)state;
	CHECK_ALL(list);
}

static void mistakes_with_the_library_are_told(void **state)
{
	static const struct telling list[] = {
		{"sleep()", 1, "sleep needs a time in seconds, 0 or more; it got nothing", "0.5"},
		{"sleep('1')", 1, "it got a text", ""},
		{"sleep(-1)", 1, "it got -1", ""},
		{"sleep(0/0)", 1, "nan", ""},
		{"every(0, print)", 1, "at least 0.001", ""},
		{"every(1, print())", 1, "every needs a function; it got nothing",
			"without brackets"},
		{"after(print, 1)", 1, "after needs a time", ""},
		{"spawn(1)", 1, "spawn needs a function; it got a number", ""},
		{"wait(true)", 1, "wait needs a function", "is_dark"},
		{"table.sort({1, 2, 3}, function(a, b) sleep(1) return a < b end)", 1,
			"sleep cannot wait", "table.sort"},
		{"('x'):gsub('x', function() coroutine.wrap(function() sleep(1) end)() end)", 1,
			"cannot wait", "gsub"},
		{KIT ";('x'):gsub('x', function() bench:tone(1) end)", 1, "tone cannot wait", ""},
		{KIT "print(bench.ligth)", 1,
			"uno-1 has no property or action \"ligth\". Did you mean \"light\"?", ""},
		{KIT "print(bench.wibble)", 1, "no property or action \"wibble\"",
			"light, led, button, tone"},
		{KIT "bench.red = true", 1, "no property or action \"red\".", "another wiring"},
		{KIT "bench.led()", 1, "\"led\" is true or false", "bench.led = true"},
		{KIT "bench.light()", 1, "\"light\" is a number", "without brackets"},
		{KIT "bench:ton(1)", 1, "Did you mean \"tone\"?", ""},
		{KIT "bench.pin[99] = 1", 1, "\"pin.99\"", ""},
		{KIT "bench.tone = 1", 1, "\"tone\" is an action", "colon"},
		{KIT "bench.tone(440)", 1, "called with a dot", "bench:tone"},
		{KIT "bench:led(true)", 1, "\"led\" is a property", "bench.led = value"},
		{KIT "bench[1] = 2", 1, "A kit has names, not a number", "bench.pin[13]"},
		{KIT "bench:tone(1, 2, 3)", 1, "at most 2 arguments; it got 3",
			"frequency, duration"},
		{KIT "bench:tone{[true] = 2}", 1, "true or false for a name", "name = value"},
		{KIT "bench.led = nil", 1, "\"led\" got nil", "spelled"},
		{KIT "bench.led = print", 1, "cannot take a function", "true or false"},
		{KIT "bench.led = {1, 'a'}", 1, "only numbers, at most 64", ""},
		{KIT "bench.led = 1/0", 1, "infinite", "divided by 0"},
		{KIT "bench.led = ('x'):rep(2000)", 1, "longer than 1024", ""},
		{KIT "bench:on(5, print)", 1, "name in quotes", "bench:on"},
		{KIT "bench:on('button')", 1, "on needs a function", ""},
		{KIT "bench.on('button', print)", 1, "called with a dot", "bench:on"},
		{KIT "bench:on('buton', print)", 1, "Did you mean \"button\"?", ""},
		{KIT "bench:wait()", 1, "name in quotes", ""},
		{"require 'kit'.open(5)", 1, "kit.open takes", "needs"},
		{"require 'kit'.open{needs = {}}", 1, "kit.open takes", ""},
		{"require 'robot'", 1, "no module \"robot\"", "kit"},
		{"plot(5)", 1, "plot needs names and numbers", "light"},
		{"plot{x = 'a'}", 1, "\"x\" is a text", "value"},
		{"plot{5}", 1, "plot needs names", ""},
		{"local t = {} for i = 1, 9 do t['c' .. i] = i end plot(t)", 1, "at most 8", ""},
	};

	(void)state;
	CHECK_ALL(list);
}

static void chinese_scripts_get_chinese_errors(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake_start(&fake,
		KIT "local _, e = pcall(function() return bench.ligth end) print(e.message)"
		    " print(e) error(e)",
		FAKE_ZH, 32 << 20);
	fake_play(&fake);
	assert_true(has_chinese(fake.out));
	assert_non_null(strstr(fake.message[FAKE_EN], "Did you mean"));
	assert_true(has_chinese(fake.message[FAKE_ZH]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chinese_punctuation_is_named),
		cmocka_unit_test(chinese_in_texts_and_notes_is_no_error),
		cmocka_unit_test(what_other_languages_write_is_told),
		cmocka_unit_test(missing_parts_are_told_with_the_line_that_opened),
		cmocka_unit_test(mistakes_at_run_time_are_told_in_plain_words),
		cmocka_unit_test(mistakes_with_the_library_are_told),
		cmocka_unit_test(chinese_scripts_get_chinese_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

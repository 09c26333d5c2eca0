/* Values, errors and names: the ground everything stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "err.h"
#include "names.h"
#include "value.h"

#include <math.h>
#include <string.h>

static void numbers_that_are_not_finite_become_null(void **state)
{
	(void)state;
	assert_int_equal(value_number(NAN).type, VALUE_NULL);
	assert_int_equal(value_number(HUGE_VAL).type, VALUE_NULL);
	assert_int_equal(value_number(-HUGE_VAL).type, VALUE_NULL);
	assert_int_equal(value_number(1e308).type, VALUE_NUMBER);
}

static void minus_zero_is_zero(void **state)
{
	(void)state;
	assert_false(signbit(value_number(-0.0).number));
}

static void zero_and_one_read_as_bool_and_two_does_not(void **state)
{
	struct value given = value_int(1), out;

	(void)state;
	assert_true(value_as(&given, VALUE_BOOL, &out));
	assert_true(out.boolean);
	given = value_number(0);
	assert_true(value_as(&given, VALUE_BOOL, &out));
	assert_false(out.boolean);
	given = value_int(2);
	assert_false(value_as(&given, VALUE_BOOL, &out));
}

static void whole_numbers_read_as_integers_and_others_do_not(void **state)
{
	struct value given = value_number(90), out;

	(void)state;
	assert_true(value_as(&given, VALUE_INT, &out));
	assert_int_equal(out.integer, 90);
	given = value_number(90.5);
	assert_false(value_as(&given, VALUE_INT, &out));
	given = value_number(1e300);
	assert_false(value_as(&given, VALUE_INT, &out));
	given = value_bool(true);
	assert_false(value_as(&given, VALUE_NUMBER, &out));
}

static void copies_outlive_what_they_copied(void **state)
{
	char text[] = "light";
	double vector[] = {1, 2, 3};
	struct value borrowed = value_text(text, 5);
	struct value copy = value_copy(&borrowed);
	struct value numbers = value_vector(vector, 3);
	struct value numbers_copy = value_copy(&numbers);

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	vector[0] = 9;
	assert_string_equal(copy.text, "light");
	assert_true(numbers_copy.vector[0] == 1);
	assert_false(value_equal(&numbers, &numbers_copy));
	value_release(&copy);
	value_release(&numbers_copy);
	assert_int_equal(copy.type, VALUE_NULL);
}

static void utf8_is_told_from_what_only_looks_like_it(void **state)
{
	static const char *const good[] = {"", "a", "\xc3\xa9", "\xe5\x85\x89", "\xf0\x9f\x9a\x80"};
	static const char *const bad[] = {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
		"\xf5\x80\x80\x80", "\xe5\x85", "\xff", "\xf4\x90\x80\x80", "a\xc3"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(utf8_is_valid(good[i], strlen(good[i])));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(utf8_is_valid(bad[i], strlen(bad[i])));
	}
	assert_false(utf8_is_valid("a\0b", 3));
}

static void reasons_survive_their_way_over_the_wire(void **state)
{
	(void)state;
	for (enum err code = ERR_INVALID; code <= ERR_INTERNAL; code++) {
		assert_int_equal(err_from_name(err_name(code)), code);
	}
	assert_int_equal(err_from_name("no such reason"), ERR_INTERNAL);
}

static void a_reason_is_said_in_both_languages_and_never_cut_in_a_character(void **state)
{
	struct why why;
	char longest[400];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(why_set(&why, ERR_LOST, MSG_KIT_LOST, "uno-1"), ERR_LOST);
	assert_non_null(strstr(why_text(&why, LANG_EN), "uno-1"));
	assert_non_null(strstr(why_text(&why, LANG_ZH), "uno-1"));
	for (size_t length = 200; length < sizeof(longest); length++) {
		longest[length - 1] = '\0';
		why_set(&why, ERR_LOST, MSG_KIT_LOST, longest);
		assert_true(utf8_is_valid(why.text[LANG_ZH], strlen(why.text[LANG_ZH])));
		longest[length - 1] = 'x';
	}
}

/* The conversions of a printf format: "%s %d" -> "sd". */
static void conversions(const char *format, char *out)
{
	for (; *format; format++) {
		if (*format != '%') {
			continue;
		}
		format++;
		format += strspn(format, "-+ #0123456789.$");
		while (*format && strchr("hlzjtL", *format)) {
			*out++ = *format++;
		}
		if (*format && *format != '%') {
			*out++ = *format;
		}
		if (!*format) {
			break;
		}
	}
	*out = '\0';
}

static void every_message_takes_the_same_arguments_in_both_languages(void **state)
{
	static const char *const formats[MSG_COUNT][2] = {
#include "messages.inc"
	};
	char en[64], zh[64];

	(void)state;
	for (size_t i = 1; i < MSG_COUNT; i++) {
		assert_non_null(formats[i][LANG_EN]);
		conversions(formats[i][LANG_EN], en);
		conversions(formats[i][LANG_ZH], zh);
		assert_string_equal(en, zh);
		assert_true(formats[i][LANG_ZH][0] != '\0');
		assert_true(utf8_is_valid(formats[i][LANG_ZH], strlen(formats[i][LANG_ZH])));
	}
}

static void numbered_names_are_found_by_their_stem(void **state)
{
	(void)state;
	assert_ptr_equal(name_find("pin.13"), name_find("pin.N"));
	assert_ptr_equal(name_find("pin.A0"), name_find("pin.AN"));
	assert_non_null(name_find("button2"));
	assert_null(name_find("13"));
	assert_null(name_find("nonsense"));
	assert_string_equal(name_find("temperature")->unit, "Cel");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_that_are_not_finite_become_null),
		cmocka_unit_test(minus_zero_is_zero),
		cmocka_unit_test(zero_and_one_read_as_bool_and_two_does_not),
		cmocka_unit_test(whole_numbers_read_as_integers_and_others_do_not),
		cmocka_unit_test(copies_outlive_what_they_copied),
		cmocka_unit_test(utf8_is_told_from_what_only_looks_like_it),
		cmocka_unit_test(reasons_survive_their_way_over_the_wire),
		cmocka_unit_test(a_reason_is_said_in_both_languages_and_never_cut_in_a_character),
		cmocka_unit_test(every_message_takes_the_same_arguments_in_both_languages),
		cmocka_unit_test(numbered_names_are_found_by_their_stem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

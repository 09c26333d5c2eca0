/* The telemetry writer and the checked reader of JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jsonout.h"
#include "jsonscan.h"
#include "jsonvalue.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *written(struct jsonout *out)
{
	json_bytes(out, "", 1);
	out->length--;
	return out->text;
}

static void numbers_are_short_and_read_back_to_the_same_double(void **state)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {{0, "0"}, {-0.0, "0"}, {1, "1"}, {-42, "-42"}, {0.5, "0.5"}, {0.1, "0.1"},
		{-0.25, "-0.25"}, {21.375, "21.375"}, {1e6, "1000000"}, {-0.000001, "-0.000001"}};
	static const double others[] = {1.0 / 3, 511.0 / 1023, 1e21, -1e-9, DBL_MAX, DBL_MIN,
		123456.789012, 9007199254740991.0, 0.1 + 0.2, 1e12 + 0.5};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jsonout out = {0};

		json_number(&out, cases[i].number);
		assert_string_equal(written(&out), cases[i].text);
		json_finish(&out);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct jsonout out = {0};

		json_number(&out, others[i]);
		assert_true(strtod(written(&out), NULL) == others[i]);
		json_finish(&out);
	}
}

static void what_is_not_finite_is_null(void **state)
{
	struct jsonout out = {0};

	(void)state;
	json_number(&out, NAN);
	json_raw(&out, " ");
	json_number(&out, -HUGE_VAL);
	assert_string_equal(written(&out), "null null");
	json_finish(&out);
}

static void times_have_three_decimals(void **state)
{
	struct jsonout out = {0};

	(void)state;
	json_ms(&out, 1234567);
	json_raw(&out, " ");
	json_ms(&out, 5000);
	assert_string_equal(written(&out), "1234.567 5.000");
	json_finish(&out);
}

static void every_byte_of_a_text_survives_a_parser(void **state)
{
	char text[128];
	struct jsonout out = {0};

	(void)state;
	for (int i = 1; i < 128; i++) {
		text[i - 1] = (char)i;
	}
	text[127] = '\0';
	json_text(&out, text, strlen(text));
	cJSON *json = cJSON_Parse(written(&out));

	assert_non_null(json);
	assert_string_equal(json->valuestring, text);
	cJSON_Delete(json);
	json_finish(&out);
}

static void bytes_that_are_no_text_become_replacement_characters(void **state)
{
	static const char text[] = "a\xFF" "b\xE4\xB8" "c\xED\xA0\x80\0d\xE4\xB8\xAD\xF0\x9F\x98";
	struct jsonout out = {0};

	(void)state;
	json_text(&out, text, sizeof(text) - 1);
	assert_true(utf8_is_valid(written(&out), out.length));
	assert_string_equal(written(&out), "\"a\uFFFD" "b\uFFFD\uFFFD" "c\uFFFD\uFFFD\uFFFD\uFFFD"
		"d\u4E2D\uFFFD\uFFFD\uFFFD\"");
	json_finish(&out);
}

static enum err parse_error(const char *text, size_t length)
{
	struct why why = {.code = ERR_NONE};
	cJSON *json = json_parse(text, length, &why);

	cJSON_Delete(json);
	return json ? ERR_NONE : why.code;
}

static void deep_json_is_refused_without_recursion(void **state)
{
	char *deep = malloc(200001);
	char sixteen[] = "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", seventeen[] =
		"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]";

	(void)state;
	memset(deep, '[', 100000);
	memset(deep + 100000, ']', 100000);
	assert_int_equal(parse_error(deep, 200000), ERR_INVALID);
	assert_int_equal(parse_error(deep, 100000), ERR_INVALID);
	assert_int_equal(parse_error(sixteen, strlen(sixteen)), ERR_NONE);
	assert_int_equal(parse_error(seventeen, strlen(seventeen)), ERR_INVALID);
	free(deep);
}

static void brackets_inside_of_texts_are_no_depth(void **state)
{
	const char *text = "{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\"}";

	(void)state;
	assert_int_equal(parse_error(text, strlen(text)), ERR_NONE);
}

static void a_key_that_stands_twice_is_refused(void **state)
{
	const char *flat = "{\"a\":1,\"b\":2,\"a\":3}", *nested = "{\"x\":[{\"k\":1,\"k\":2}]}";

	(void)state;
	assert_int_equal(parse_error(flat, strlen(flat)), ERR_INVALID);
	assert_int_equal(parse_error(nested, strlen(nested)), ERR_INVALID);
}

static void what_is_no_json_is_told_from_what_is(void **state)
{
	static const char *const bad[] = {"", "{", "{\"a\":1}x", "nul", "\"\xff\"", "[1,]"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse_error(bad[i], strlen(bad[i])), ERR_PROTOCOL);
	}
	assert_int_equal(parse_error("1\0 ", 3), ERR_PROTOCOL);
	assert_int_equal(parse_error(" {} \n", 5), ERR_NONE);
}

static void json_is_read_to_the_letter(void **state)
{
	static const char *const bad[] = {"01", "-", "1.", ".5", "+1", "1e", "0x1", "NaN",
		"\"a\nb\"", "\"\\q\"", "\"\\u12\"", "\"\\ud83d\\u12\"", "\"", "{1:2}", "{\"a\" 1}", "[1 2]", "{\"a\":1,}", "[,]", "'a'",
		"/**/1", "True"};
	static const char *const good[] = {"0", "-0", "1.5e+3", "0E-1", "\"\\ud83d\\ude00\"",
		"\"\\\"\\\\\\/\\b\"", "[ ]", "{ }", "[1 , {\"\" : null}]", "\"\x7f\""};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse_error(bad[i], strlen(bad[i])), ERR_PROTOCOL);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse_error(good[i], strlen(good[i])), ERR_NONE);
	}
}

static void json_with_texts_that_no_c_text_can_be_is_refused(void **state)
{
	static const char *const odd[] = {"\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"",
		"\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"", "{\"a\\u0000\":1}", "[\"\\udbff\\n\"]"};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_int_equal(parse_error(odd[i], strlen(odd[i])), ERR_INVALID);
	}
}

static void a_refused_object_tells_its_id(void **state)
{
	static const char *const texts[] = {"{\"id\":7,\"x\":\"\\u0000\"}",
		"{\"x\":[[[[[[[[[[[[[[[[[[\"]\"]]]]]]]]]]]]]]]]]],\"id\" : 7 }",
		"{\"x\":{\"id\":8},\"id\":7,\"a\":1,\"a\":2}"};
	static const char *const none[] = {"[{\"id\":7}]", "{\"x\":{\"id\":7}}", "{\"id\":\"\\u0000\"}",
		"{\"x\":\"id\"}", "\"id\"", "{\"id\":"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cJSON *id = json_id(texts[i], strlen(texts[i]));

		assert_int_equal(parse_error(texts[i], strlen(texts[i])), ERR_INVALID);
		assert_true(cJSON_IsNumber(id) && id->valueint == 7);
		cJSON_Delete(id);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_null(json_id(none[i], strlen(none[i])));
	}
}

static void values_survive_json_and_back(void **state)
{
	static const char *const texts[] = {"true", "42", "-0.5", "\"led\"", "[1,2.5,-3]", "null"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct json_room room;
		struct value value;
		cJSON *json = cJSON_Parse(texts[i]);
		struct jsonout out = {0};

		assert_true(json_to_value(json, &room, &value));
		json_value(&out, &value);
		assert_string_equal(written(&out), texts[i]);
		json_finish(&out);
		cJSON_Delete(json);
	}
}

static void what_no_kit_knows_is_no_value(void **state)
{
	static const char *const texts[] = {"{}", "[true]", "[[1]]", "1e999", "[1e999]"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct json_room room;
		struct value value;
		cJSON *json = cJSON_Parse(texts[i]);

		assert_non_null(json);
		assert_false(json_to_value(json, &room, &value));
		cJSON_Delete(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_short_and_read_back_to_the_same_double),
		cmocka_unit_test(what_is_not_finite_is_null),
		cmocka_unit_test(times_have_three_decimals),
		cmocka_unit_test(every_byte_of_a_text_survives_a_parser),
		cmocka_unit_test(bytes_that_are_no_text_become_replacement_characters),
		cmocka_unit_test(deep_json_is_refused_without_recursion),
		cmocka_unit_test(brackets_inside_of_texts_are_no_depth),
		cmocka_unit_test(a_key_that_stands_twice_is_refused),
		cmocka_unit_test(what_is_no_json_is_told_from_what_is),
		cmocka_unit_test(json_is_read_to_the_letter),
		cmocka_unit_test(json_with_texts_that_no_c_text_can_be_is_refused),
		cmocka_unit_test(a_refused_object_tells_its_id),
		cmocka_unit_test(values_survive_json_and_back),
		cmocka_unit_test(what_no_kit_knows_is_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Course cases: what is read, what is left out, what a search finds. */
#include "cases.h"
#include "log.h"
#include "xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char meta_form[] =
	"{\"id\":\"%s\",\"title\":{\"zh\":\"\xe7\x81\xaf\",\"en\":\"A Lamp\"},"
	"\"summary\":{\"zh\":\"z\",\"en\":\"about darkness\"},\"subjects\":[\"physics\"],"
	"\"stage\":\"%s\",\"layer\":\"compulsory\",\"area\":\"iot\",\"mode\":\"inquiry\","
	"\"minutes\":%d,\"ages\":[8,10],\"wiring\":\"starter\",\"needs\":[\"light\",\"led\"],"
	"\"objectives\":{\"zh\":[\"z\"],\"en\":[\"e\"]}}";

static char dir[64];

static void put(const char *id, const char *file, const char *text, size_t length)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, id);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s/%s", dir, id, file);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, length, out), length);
	assert_int_equal(fclose(out), 0);
}

static void put_text(const char *id, const char *file, const char *text)
{
	put(id, file, text, strlen(text));
}

static void put_case(const char *id, const char *stage, int minutes)
{
	char meta[1024];

	snprintf(meta, sizeof(meta), meta_form, id, stage, minutes);
	put_text(id, "case.json", meta);
	put_text(id, "guide.zh.md", "guide zh");
	put_text(id, "guide.en.md", "guide en");
	put_text(id, "starter.lua", "-- starter");
	put_text(id, "solution.lua", "-- solution");
}

static int setup(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	snprintf(dir, sizeof(dir), "/tmp/kitlab-cases-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_tree(void **state)
{
	static const char *const files[] = {
		"case.json", "guide.zh.md", "guide.en.md", "starter.lua", "solution.lua"};
	static const char *const ids[] = {"good", "a", "b", "c", "bad", "Bad", "out"};
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
			snprintf(path, sizeof(path), "%s/%s/%s", dir, ids[i], files[f]);
			remove(path);
		}
		snprintf(path, sizeof(path), "%s/%s", dir, ids[i]);
		remove(path);
	}
	return remove(dir);
}

/* Reads the folder; the good case beside the bad one must always be there. */
static size_t count_beside_good(void)
{
	put_case("good", "primary", 40);
	struct cases *cases = cases_create(dir);
	size_t count = cases_count(cases);

	assert_non_null(cases_find_meta(cases, "good"));
	cases_destroy(cases);
	return count - 1;
}

static void cases_give_metadata_guides_and_sources(void **state)
{
	(void)state;
	put_case("good", "primary", 40);
	struct cases *cases = cases_create(dir);

	assert_int_equal(cases_count(cases), 1);
	assert_string_equal(cases_guide(cases, "good", LANG_ZH), "guide zh");
	assert_string_equal(cases_guide(cases, "good", LANG_EN), "guide en");
	assert_string_equal(cases_source(cases, "good", false), "-- starter");
	assert_string_equal(cases_source(cases, "good", true), "-- solution");
	assert_null(cases_guide(cases, "none", LANG_EN));
	assert_null(cases_source(cases, "../good", false));
	assert_null(cases_find_meta(cases, ""));
	cases_destroy(cases);
}

static void cases_come_by_stage_then_minutes_then_id(void **state)
{
	(void)state;
	put_case("a", "senior", 10);
	put_case("c", "primary", 45);
	put_case("b", "primary", 45);
	put_case("good", "primary", 90);
	struct cases *cases = cases_create(dir);
	static const char *const order[] = {"b", "c", "good", "a"};

	assert_int_equal(cases_count(cases), 4);
	for (size_t i = 0; i < 4; i++) {
		const cJSON *id = cJSON_GetObjectItem(cases_meta(cases, i), "id");

		assert_string_equal(id->valuestring, order[i]);
	}
	cases_destroy(cases);
}

static void a_folder_that_is_not_there_gives_no_cases(void **state)
{
	(void)state;
	struct cases *cases = cases_create("/nonexistent/kitlab");

	assert_int_equal(cases_count(cases), 0);
	cases_destroy(cases);
	cases_destroy(NULL);
}

static void every_wrong_field_leaves_the_case_out(void **state)
{
	/* What is replaced in good metadata, and by what. */
	static const char *const changes[][2] = {
		{"\"id\":\"bad\"", "\"id\":\"other\""},
		{"\"en\":\"A Lamp\"", "\"en\":\"\""},
		{"\"en\":\"A Lamp\"", "\"xx\":\"A Lamp\""},
		{"\"summary\"", "\"resume\""},
		{"[\"physics\"]", "[\"magic\"]"},
		{"[\"physics\"]", "[]"},
		{"[\"physics\"]", "\"physics\""},
		{"\"primary\"", "\"nursery\""},
		{"\"compulsory\"", "7"},
		{"\"iot\"", "\"cooking\""},
		{"\"inquiry\"", "null"},
		{"\"minutes\":40", "\"minutes\":4"},
		{"\"minutes\":40", "\"minutes\":40.5"},
		{"\"minutes\":40", "\"minutes\":\"40\""},
		{"\"minutes\":40", "\"minutes\":1e300"},
		{"\"light\",\"led\"", "\"light\",\"warp\""},
		{"\"zh\":[\"z\"]", "\"zh\":\"z\""},
		{"[8,10]", "[10,8]"},
		{"[8,10]", "[8]"},
		{"[8,10]", "[8,99]"},
		{"\"starter\"", "3"},
		{"}}", "}"},
		{"}}", "}} x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char meta[1024], changed[1024];

		put_case("bad", "primary", 40);
		assert_int_equal(count_beside_good(), 1);
		snprintf(meta, sizeof(meta), meta_form, "bad", "primary", 40);
		char *at = strstr(meta, changes[i][0]);

		assert_non_null(at);
		snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - meta), meta,
			changes[i][1], at + strlen(changes[i][0]));
		put_text("bad", "case.json", changed);
		if (count_beside_good() != 0) {
			fail_msg("taken: %s", changed);
		}
	}
}

static void a_missing_empty_long_or_binary_file_leaves_the_case_out(void **state)
{
	static const char *const files[] = {
		"case.json", "guide.zh.md", "guide.en.md", "starter.lua", "solution.lua"};
	size_t size = 70 * 1024;
	char *long_text = xcalloc(1, size);
	char path[256];

	(void)state;
	memset(long_text, ' ', size);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		put_case("bad", "primary", 40);
		put("bad", files[i], long_text, size);
		assert_int_equal(count_beside_good(), 0);
		put("bad", files[i], "\xff\xfe", 2);
		assert_int_equal(count_beside_good(), 0);
		put("bad", files[i], "", 0);
		assert_int_equal(count_beside_good(), 0);
		snprintf(path, sizeof(path), "%s/bad/%s", dir, files[i]);
		assert_int_equal(remove(path), 0);
		assert_int_equal(count_beside_good(), 0);
	}
	free(long_text);
}

static void links_out_of_the_folder_are_not_followed(void **state)
{
	char path[256], target[256];

	(void)state;
	put_case("good", "primary", 40);
	put_case("bad", "primary", 40);
	snprintf(path, sizeof(path), "%s/bad/guide.en.md", dir);
	assert_int_equal(remove(path), 0);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	snprintf(path, sizeof(path), "%s/out", dir);
	snprintf(target, sizeof(target), "%s/good", dir);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(count_beside_good(), 0);
}

static void a_pipe_in_place_of_a_file_does_not_hang(void **state)
{
	char path[256];

	(void)state;
	put_case("bad", "primary", 40);
	snprintf(path, sizeof(path), "%s/bad/starter.lua", dir);
	assert_int_equal(remove(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(count_beside_good(), 0);
}

static void a_folder_with_capital_letters_is_left_out(void **state)
{
	(void)state;
	put_case("Bad", "primary", 40);
	assert_int_equal(count_beside_good(), 0);
}

static void a_search_needs_every_word_and_heeds_fields(void **state)
{
	char meta[1024];

	(void)state;
	snprintf(meta, sizeof(meta), meta_form, "good", "primary", 40);
	cJSON *json = cJSON_Parse(meta);

	assert_true(cases_match(json, ""));
	assert_true(cases_match(json, "  lamp  "));
	assert_true(cases_match(json, "LAMP darkness"));
	assert_true(cases_match(json, "\xe7\x81\xaf"));
	assert_true(cases_match(json, "subject:physics stage:primary needs:light"));
	assert_true(cases_match(json, "mode:inq area:iot"));
	assert_false(cases_match(json, "lamp music"));
	assert_false(cases_match(json, "stage:physics"));
	assert_false(cases_match(json, "colour:red"));
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, remove_tree)
		TEST(cases_give_metadata_guides_and_sources),
		TEST(cases_come_by_stage_then_minutes_then_id),
		TEST(a_folder_that_is_not_there_gives_no_cases),
		TEST(every_wrong_field_leaves_the_case_out),
		TEST(a_missing_empty_long_or_binary_file_leaves_the_case_out),
		TEST(links_out_of_the_folder_are_not_followed),
		TEST(a_pipe_in_place_of_a_file_does_not_hang),
		TEST(a_folder_with_capital_letters_is_left_out),
		TEST(a_search_needs_every_word_and_heeds_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

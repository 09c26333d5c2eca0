/* Wiring profiles: the shipped ones, the lab's own, what is left out. */
#include "log.h"
#include "wirings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static void put(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void drop(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

static int setup(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	snprintf(dir, sizeof(dir), "/tmp/kitlab-wirings-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void shipped_profiles_are_read_and_found(void **state)
{
	(void)state;
	struct wirings *wirings = wirings_create("");
	const struct wiring *starter = wirings_find(wirings, "starter");

	assert_non_null(starter);
	assert_true(starter->part_count > 5);
	assert_null(wirings_find(wirings, "start"));
	wirings_destroy(wirings);
}

static void own_profiles_come_in_order_for_their_models(void **state)
{
	(void)state;
	put("b.json", "{\"id\":\"a-any\",\"title\":{\"zh\":\"z\",\"en\":\"e\"},"
		"\"parts\":{\"led\":{\"pin\":13,\"mode\":\"output\"}}}");
	put("a.json", "{\"id\":\"zz-due\",\"title\":{\"zh\":\"z\",\"en\":\"e\"},\"models\":[\"due\"],"
		"\"parts\":{\"led\":{\"pin\":13,\"mode\":\"output\"}}}");
	struct wirings *wirings = wirings_create(dir);
	const struct wiring *first = wirings_next(wirings, "due", NULL);

	assert_string_equal(first->id, "a-any");
	assert_string_equal(wirings_next(wirings, "due", first)->id, "zz-due");
	assert_null(wirings_next(wirings, "due", wirings_next(wirings, "due", first)));

	const struct wiring *last = NULL;

	for (const struct wiring *at = wirings_next(wirings, "uno", NULL); at;
		at = wirings_next(wirings, "uno", at)) {
		assert_string_not_equal(at->id, "zz-due");
		assert_true(!last || strcmp(last->id, at->id) < 0);
		last = at;
	}
	assert_non_null(last);
	/* Half a model's name is no model. */
	assert_null(wirings_next(wirings, "du", first));
	wirings_destroy(wirings);
	drop("a.json");
	drop("b.json");
}

static void wrong_files_are_left_out_and_others_stay(void **state)
{
	(void)state;
	put("broken.json", "{\"id\":");
	put("empty.json", "");
	put("twice.json", "{\"id\":\"starter\",\"title\":{\"zh\":\"z\",\"en\":\"e\"},"
		"\"parts\":{\"led\":{\"pin\":12,\"mode\":\"output\"}}}");
	put("good.json", "{\"id\":\"good\",\"title\":{\"zh\":\"z\",\"en\":\"e\"},"
		"\"parts\":{\"led\":{\"pin\":12,\"mode\":\"output\"}}}");
	put("note.txt", "not a profile");
	struct wirings *wirings = wirings_create(dir);

	assert_non_null(wirings_find(wirings, "good"));
	assert_true(wirings_find(wirings, "starter")->part_count > 1);
	wirings_destroy(wirings);
	drop("broken.json");
	drop("empty.json");
	drop("twice.json");
	drop("good.json");
	drop("note.txt");
}

static void a_missing_folder_leaves_the_shipped_profiles(void **state)
{
	(void)state;
	struct wirings *wirings = wirings_create("/nonexistent/kitlab");

	assert_non_null(wirings_find(wirings, "starter"));
	wirings_destroy(wirings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_profiles_are_read_and_found),
		cmocka_unit_test(own_profiles_come_in_order_for_their_models),
		cmocka_unit_test(wrong_files_are_left_out_and_others_stay),
		cmocka_unit_test(a_missing_folder_leaves_the_shipped_profiles),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* A classroom of robots: where they stand, what is told of them, how they are moved by hand. */
#include "virtual/classroom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;
static struct far_hub *hub;
static struct classroom *classroom;
static char folder[] = "/tmp/kitlab-robots-XXXXXX";

static int make(void **state)
{
	struct why why;

	(void)state;
	classroom = classroom_create(loop, hub, "robots", folder, &why);
	return classroom ? 0 : -1;
}

static int unmake(void **state)
{
	(void)state;
	classroom_destroy(classroom);
	return 0;
}

static enum err set(const char *json, struct why *why)
{
	cJSON *world = cJSON_Parse(json);
	enum err err = classroom_set(classroom, world, why);

	assert_non_null(world);
	cJSON_Delete(world);
	return err;
}

static void must_set(const char *json)
{
	struct why why;

	assert_int_equal(set(json, &why), ERR_NONE);
}

static void the_classroom_of_robots_has_room_for_all_of_them(void **state)
{
	size_t arms = 0;

	(void)state;
	assert_int_equal(classroom->bench_count, 12);
	assert_int_equal(classroom->floor->body_count, 10);
	for (size_t i = 0; i < classroom->bench_count; i++) {
		struct bench *bench = classroom->benches[i];
		struct body *body = bench->world.body;

		arms += bench->world.arm != NULL;
		if (body) { /* it stands where the file says: nothing is in its way */
			double x = body->x, y = body->y;

			floor_place(body, x, y, body->heading);
			assert_true(body->x == x && body->y == y && !body_is_bumped(body));
		}
	}
	assert_int_equal(arms, 2);
}

static size_t view_size(struct classroom_seen *seen, const char *kit)
{
	cJSON *view = classroom_view(classroom, seen);
	cJSON *kits = cJSON_GetObjectItem(view, "kits");
	size_t size = view ? (size_t)cJSON_GetArraySize(kits) + 100 * cJSON_HasObjectItem(view, "objects")
			   : 0;

	assert_true(!kit || cJSON_HasObjectItem(kits, kit));
	cJSON_Delete(view);
	return size;
}

static void a_view_tells_everything_once_and_then_what_moved(void **state)
{
	static struct classroom_seen seen;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(view_size(NULL, "arm-1"), 112);
	view_size(&seen, NULL);
	assert_int_equal(view_size(&seen, NULL), 0);
	must_set("{\"kits\":{\"mbot-1\":{\"pose\":[2,0.8,0]}}}");
	assert_int_equal(view_size(&seen, "mbot-1"), 1);
	must_set("{\"kits\":{\"arm-2\":{\"joints\":[10,0,0,0,0]}}}");
	assert_int_equal(view_size(&seen, "arm-2"), 1);
	must_set("{\"objects\":[{\"id\":\"lamp-1\",\"brightness\":0.1}]}");
	assert_int_equal(view_size(&seen, NULL), 100);
	assert_int_equal(view_size(&seen, NULL), 0);
	assert_int_equal(view_size(NULL, "mbot-1"), 112);
}

static void a_robot_is_moved_only_where_it_can_be(void **state)
{
	static const struct {
		const char *world, *word;
	} wrong[] = {
		{"{\"kits\":{\"mbot-1\":{\"pose\":[4.1,1,0]}}}", "4 m x 3 m"},
		{"{\"kits\":{\"mbot-1\":{\"pose\":[1,1]}}}", "[x, y, heading]"},
		{"{\"kits\":{\"mbot-1\":{\"pose\":null}}}", "[x, y, heading]"},
		{"{\"kits\":{\"mbot-1\":{\"joints\":[1]}}}", "no \"joints\""},
		{"{\"kits\":{\"arm-2\":{\"pose\":[1,1,1]}}}", "no \"pose\""},
		{"{\"kits\":{\"arm-2\":{\"joints\":[0,0,0,0]}}}", "5 angles"},
		{"{\"kits\":{\"arm-2\":{\"joints\":[0,0,900,0,0]}}}", "joint 3"},
		{"{\"objects\":[{\"id\":\"room\",\"size\":[2,2]}],"
		 "\"kits\":{\"mbot-1\":{\"pose\":[3,1,0]}}}", "2 m x 2 m"},
	};
	struct why why;
	cJSON *before, *after;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		before = classroom_view(classroom, NULL);
		assert_int_equal(set(wrong[i].world, &why), ERR_INVALID);
		assert_non_null(strstr(why_text(&why, LANG_EN), wrong[i].word));
		after = classroom_view(classroom, NULL);
		assert_true(cJSON_Compare(before, after, true));
		cJSON_Delete(before);
		cJSON_Delete(after);
	}
	must_set("{\"objects\":[{\"id\":\"room\",\"size\":[2,2]}]}"); /* walls push them in */
	for (size_t i = 0; i < classroom->floor->body_count; i++) {
		assert_true(classroom->floor->bodies[i]->x <= 2 - BODY_RADIUS);
	}
}

static int set_up(void **state)
{
	(void)state;
	loop = loop_create();
	hub = far_hub_create(loop);
	return mkdtemp(folder) && hub ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	far_hub_destroy(hub);
	loop_destroy(loop);
	return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_classroom_of_robots_has_room_for_all_of_them),
		TEST(a_view_tells_everything_once_and_then_what_moved),
		TEST(a_robot_is_moved_only_where_it_can_be),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("virtual_robots", tests, set_up, tear_down);
}

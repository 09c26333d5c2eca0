/* Limits of motion: range, rate of change, which sections hold (SAFETY S9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver.h"
#include "motion_limits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct kit *kit;
static struct limits limits;
static struct limit_traces traces;
static int64_t now_us;
static struct why why;

static void describe(struct kit *k, int64_t t_us)
{
	(void)t_us;
	kit_describe_begin(k);
	kit_describe_property(k, "motor.1", VALUE_NUMBER, true, true, 0);
	kit_describe_property(k, "joint.1", VALUE_NUMBER, true, true, 0);
	kit_describe_property(k, "joint.2", VALUE_NUMBER, true, true, 0);
	kit_describe_property(k, "grip", VALUE_NUMBER, true, true, 0);
	struct action *drive = kit_describe_action(k, "drive", 0);

	kit_describe_arg(drive, "left", VALUE_NUMBER, -1, 1, false, NULL);
	kit_describe_arg(drive, "right", VALUE_NUMBER, -1, 1, false, NULL);
	kit_describe_arg(kit_describe_action(k, "turn", 0), "speed", VALUE_NUMBER, -1, 1, false,
		NULL);
	struct action *move = kit_describe_action(k, "move_joint", 0);

	kit_describe_arg(move, "joint", VALUE_INT, 1, 5, false, NULL);
	kit_describe_arg(move, "speed", VALUE_NUMBER, -1, 1, false, NULL);
	kit_describe_arg(kit_describe_action(k, "pose", 0), "angles", VALUE_VECTOR, NAN, NAN, false,
		NULL);
	kit_describe_end(k);
}

static const struct driver fake = {.name = "fake", .start = describe};

static int begin(void **state)
{
	(void)state;
	kit = kit_create("a");
	kit_start(kit, &fake, 1);
	limits_none(&limits);
	memset(&traces, 0, sizeof(traces));
	now_us = 1000000;
	return 0;
}

static int end(void **state)
{
	(void)state;
	kit_destroy(kit);
	return 0;
}

static enum err writes(const char *name, double number)
{
	struct value value = value_number(number);

	return limits_write(&limits, &traces, &kit->properties[kit_find_property(kit, name)], &value,
		now_us, &why);
}

static enum err acts(const char *name, struct value a, struct value b)
{
	struct value args[KIT_ARGS_MAX] = {a, b};

	return limits_act(&limits, &traces, kit, &kit->actions[kit_find_action(kit, name)], args,
		now_us, &why);
}

static enum err drives(double left, double right)
{
	return acts("drive", value_number(left), value_number(right));
}

static void waits_ms(int ms)
{
	now_us += (int64_t)ms * 1000;
}

static void safety_S9_without_limits_all_goes(void **state)
{
	(void)state;
	assert_int_equal(drives(1, -1), ERR_NONE);
	assert_int_equal(writes("motor.1", -1), ERR_NONE);
	assert_int_equal(writes("joint.1", 179), ERR_NONE);
}

static void safety_S9_a_speed_over_its_limit_is_refused_by_name(void **state)
{
	(void)state;
	limits.drive_max = 0.5;
	limits.turn_max = 0.3;
	limits.motor_max = 0.4;
	limits.joint_speed_max = 0.2;
	assert_int_equal(drives(0.5, -0.5), ERR_NONE);
	assert_int_equal(drives(0.5, -0.51), ERR_LIMIT);
	assert_non_null(strstr(why.text[LANG_EN], "right"));
	assert_non_null(strstr(why.text[LANG_EN], "0.51"));
	assert_int_equal(acts("turn", value_number(-0.31), value_null()), ERR_LIMIT);
	assert_int_equal(acts("turn", value_int(-1), value_null()), ERR_LIMIT);
	assert_int_equal(acts("turn", value_number(0.3), value_null()), ERR_NONE);
	assert_int_equal(writes("motor.1", 0.41), ERR_LIMIT);
	assert_int_equal(acts("move_joint", value_int(5), value_number(0.3)), ERR_LIMIT);
	assert_int_equal(acts("move_joint", value_int(5), value_number(-0.2)), ERR_NONE);
	assert_int_equal(writes("grip", 1), ERR_NONE); /* a place, no speed */
}

static void safety_S9_an_angle_stays_in_its_range(void **state)
{
	double angles[] = {10, 95};

	(void)state;
	limits.joint_min = -45;
	limits.joint_max = 90;
	assert_int_equal(writes("joint.1", 90), ERR_NONE);
	assert_int_equal(writes("joint.1", 90.1), ERR_LIMIT);
	assert_int_equal(writes("joint.1", -46), ERR_LIMIT);
	assert_int_equal(acts("pose", value_vector(angles, 2), value_null()), ERR_LIMIT);
	assert_non_null(strstr(why.text[LANG_EN], "joint.2"));
	angles[1] = 80;
	assert_int_equal(acts("pose", value_vector(angles, 2), value_null()), ERR_NONE);
}

static void safety_S9_a_leap_is_refused_and_a_ramp_goes(void **state)
{
	(void)state;
	limits.step_max = 0.3;
	assert_int_equal(drives(0.4, 0.4), ERR_LIMIT);
	assert_non_null(strstr(why.text[LANG_EN], "0.3"));
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(drives(0.3 * i, 0.3 * i), ERR_NONE);
		waits_ms(100);
	}
	assert_int_equal(drives(0.9, 0.9), ERR_NONE);
}

static void safety_S9_many_small_steps_at_once_are_a_leap(void **state)
{
	(void)state;
	limits.step_max = 0.3;
	assert_int_equal(writes("motor.1", 0.2), ERR_NONE);
	waits_ms(10);
	assert_int_equal(writes("motor.1", 0.3), ERR_NONE);
	waits_ms(10);
	assert_int_equal(writes("motor.1", 0.4), ERR_LIMIT);
	waits_ms(80);
	assert_int_equal(writes("motor.1", 0.4), ERR_NONE);
}

static void safety_S9_a_pause_allows_no_leap(void **state)
{
	(void)state;
	limits.step_max = 0.3;
	assert_int_equal(writes("motor.1", 0.3), ERR_NONE);
	waits_ms(60000);
	assert_int_equal(writes("motor.1", 1), ERR_LIMIT);
}

static void safety_S9_slowing_down_is_always_allowed(void **state)
{
	(void)state;
	limits.step_max = 0.3;
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(writes("motor.1", 0.3 * i), ERR_NONE);
		waits_ms(100);
	}
	assert_int_equal(writes("motor.1", 0.1), ERR_NONE);
	assert_int_equal(writes("motor.1", 0), ERR_NONE);
	assert_int_equal(writes("motor.1", -0.4), ERR_LIMIT);
}

static void safety_S9_reversing_at_once_is_a_leap(void **state)
{
	(void)state;
	limits.step_max = 0.5;
	assert_int_equal(drives(0.5, 0.5), ERR_NONE);
	waits_ms(100);
	assert_int_equal(drives(-0.5, 0.5), ERR_LIMIT);
	assert_int_equal(acts("turn", value_number(0.5), value_null()), ERR_LIMIT);
	assert_int_equal(drives(0, 0), ERR_NONE);
	waits_ms(100);
	assert_int_equal(acts("turn", value_number(0.5), value_null()), ERR_NONE);
}

static void safety_S9_an_angle_begins_where_the_joint_is(void **state)
{
	struct value angle = value_number(80);

	(void)state;
	limits.joint_step_max = 10;
	kit_set(kit, kit_find_property(kit, "joint.1"), &angle);
	assert_int_equal(writes("joint.1", 0), ERR_LIMIT);
	assert_int_equal(writes("joint.1", 90), ERR_NONE);
	waits_ms(100);
	assert_int_equal(writes("joint.1", 79), ERR_LIMIT);
	assert_int_equal(writes("joint.1", 80), ERR_NONE);
	/* Where it is, is not known: then the first angle goes. */
	assert_int_equal(writes("joint.2", 150), ERR_NONE);
	assert_int_equal(writes("joint.2", 130), ERR_LIMIT);
}

static void safety_S8_the_strictest_of_all_sections_holds(void **state)
{
	struct limit_section sections[4] = {
		{.scope = ""}, {.scope = "mbot"}, {.scope = "case:line"}, {.scope = "nxt"}};

	(void)state;
	for (int i = 0; i < 4; i++) {
		limits_none(&sections[i].limits);
	}
	sections[0].limits.drive_max = 0.5;
	sections[1].limits.drive_max = 0.8;
	sections[1].limits.joint_min = -90;
	sections[2].limits.drive_max = 0.3;
	sections[2].limits.joint_min = -45;
	sections[3].limits.drive_max = 0.1;
	limits_merge(sections, 4, "mbot", NULL, &limits);
	assert_true(limits.drive_max == 0.5 && limits.joint_min == -90);
	assert_true(isnan(limits.turn_max));
	limits_merge(sections, 4, "mbot", "line", &limits);
	assert_true(limits.drive_max == 0.3 && limits.joint_min == -45);
	assert_true(limits.unattended_s == 600);
	sections[0].limits.unattended_s = 3600;
	limits_merge(sections, 4, "owi", NULL, &limits);
	assert_true(limits.unattended_s == 3600);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(safety_S9_without_limits_all_goes),
		TEST(safety_S9_a_speed_over_its_limit_is_refused_by_name),
		TEST(safety_S9_an_angle_stays_in_its_range),
		TEST(safety_S9_a_leap_is_refused_and_a_ramp_goes),
		TEST(safety_S9_many_small_steps_at_once_are_a_leap),
		TEST(safety_S9_a_pause_allows_no_leap),
		TEST(safety_S9_slowing_down_is_always_allowed),
		TEST(safety_S9_reversing_at_once_is_a_leap),
		TEST(safety_S9_an_angle_begins_where_the_joint_is),
		TEST(safety_S8_the_strictest_of_all_sections_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

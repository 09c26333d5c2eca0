/* The joints of a virtual arm: how they move, stop, hold, and what they feel. */
#include "virtual/arm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define assert_near(value, wanted, by) assert_true(fabs((value) - (wanted)) <= (by))

static struct arm arm;

static int set_up(void **state)
{
	(void)state;
	arm_init(&arm, 3, 7 * SECOND);
	return 0;
}

static void a_joint_goes_to_its_angle_with_the_speed_that_was_asked_for(void **state)
{
	(void)state;
	arm_go(&arm, 1, 60, 30, 7 * SECOND);
	assert_true(arm_is_moving(&arm, 1) && !arm_is_moving(&arm, 0));
	arm_step(&arm, 8 * SECOND);
	assert_near(arm.joints[1].angle, 30, 1e-9);
	assert_true(arm_load(&arm, 1) > 0.2);
	arm_step(&arm, 20 * SECOND);
	assert_true(arm.joints[1].angle == 60);
	assert_false(arm_is_moving(&arm, 1));
	assert_true(arm.joints[0].angle == 0 && arm.joints[2].angle == 0);
	arm_go(&arm, 1, -1000, 1e9, 20 * SECOND);
	arm_step(&arm, 21 * SECOND);
	assert_near(arm.joints[1].angle, 60 - 90, 1e-9); /* its own top speed */
	arm_step(&arm, 30 * SECOND);
	assert_true(arm.joints[1].angle == arm.joints[1].min);
}

static void a_spinning_joint_turns_until_it_is_told_or_meets_its_stop(void **state)
{
	(void)state;
	arm_spin(&arm, 0, -0.5, 7 * SECOND);
	arm_step(&arm, 8 * SECOND);
	assert_near(arm.joints[0].angle, -45, 1e-9);
	arm_halt(&arm, 0, 8 * SECOND);
	arm_step(&arm, 9 * SECOND);
	assert_near(arm.joints[0].angle, -45, 1e-9);
	arm_spin(&arm, 0, 1, 9 * SECOND);
	arm_step(&arm, 12 * SECOND);
	assert_true(arm.joints[0].angle == arm.joints[0].max);
	assert_false(arm_is_moving(&arm, 0));
	assert_true(arm_load(&arm, 0) == 1); /* its motor stalls */
	arm_step(&arm, 60 * SECOND);
	assert_true(arm.joints[0].temperature > 40);
}

static void commands_take_effect_at_their_own_time(void **state)
{
	(void)state;
	arm_spin(&arm, 0, 1, 7 * SECOND);
	arm_halt(&arm, 0, 8 * SECOND); /* nobody asked between */
	assert_near(arm.joints[0].angle, 90, 1e-9);
}

static void a_relaxed_joint_feels_nothing_and_stays_where_a_hand_leaves_it(void **state)
{
	(void)state;
	arm_go(&arm, 2, 90, 0, 7 * SECOND);
	arm_step(&arm, 9 * SECOND);
	assert_true(arm_load(&arm, 2) > 0.1); /* stretched out */
	arm_relax(&arm, 2, true, 9 * SECOND);
	assert_true(arm_load(&arm, 2) == 0 && arm.joints[2].is_limp);
	arm.joints[2].angle = 20;
	arm_step(&arm, 12 * SECOND);
	assert_true(arm.joints[2].angle == 20);
	arm_relax(&arm, 2, false, 12 * SECOND);
	arm_step(&arm, 13 * SECOND);
	assert_true(arm.joints[2].angle == 20 && !arm.joints[2].is_limp);
	arm.joints[2].angle = 50; /* a hand against its torque */
	arm_step(&arm, 20 * SECOND);
	assert_true(arm.joints[2].angle == 20);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_joint_goes_to_its_angle_with_the_speed_that_was_asked_for),
		TEST(a_spinning_joint_turns_until_it_is_told_or_meets_its_stop),
		TEST(commands_take_effect_at_their_own_time),
		TEST(a_relaxed_joint_feels_nothing_and_stays_where_a_hand_leaves_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("arm", tests, NULL, NULL);
}

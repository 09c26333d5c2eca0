/* Chains of bus servos as an arm: what is found, described and shown, and how it moves. */
#include "busservo_rig.h"

enum { JOINTS = 6 };

static double speeds[JOINTS]; /* fastest that was seen, deg/s */

/* Waits, and looks how fast the joints turn. */
static void wait_watching_ms(int ms)
{
	for (int i = 0; i < ms; i++) {
		double before[JOINTS];

		for (unsigned j = 0; j < JOINTS; j++) {
			before[j] = arm.joints[j].angle;
		}
		wait_ms(1);
		arm_step(&arm, rig.now_us);
		for (unsigned j = 0; j < JOINTS; j++) {
			speeds[j] = fmax(speeds[j], fabs(arm.joints[j].angle - before[j]) / 1e-3);
		}
	}
}

static double angle(unsigned joint)
{
	arm_step(&arm, rig.now_us);
	return arm.joints[joint - 1].angle;
}

static enum err poses(const double *angles, size_t count, struct value duration)
{
	return acts("pose", value_vector(angles, count), duration);
}

/* ---- what it is ---- */

static void servos_are_found_and_described_as_joints(void **state)
{
	(void)state;
	BOTH(which)
	{
		bool has_load = which->driver == &dynamixel_driver;

		open_arm(which);
		for (int i = 1; i <= JOINTS; i++) {
			char name[24];

			snprintf(name, sizeof(name), "joint.%d", i);
			const struct property *joint = described(name);

			assert_true(joint->readable && joint->writable);
			assert_int_equal(joint->safety, CLASS_MOTION);
			assert_near(joint->min, i == JOINTS ? joint->min : -120, 0.3);
			assert_near(joint->max, i == JOINTS ? joint->max : 120, 0.3);
			snprintf(name, sizeof(name), "load.%d", i);
			assert_int_equal(kit_find_property(rig.kit, name) >= 0, has_load);
			snprintf(name, sizeof(name), "temperature.%d", i);
			assert_false(described(name)->writable);
		}
		assert_true(kit_find_property(rig.kit, "joint.7") < 0);
		assert_true(described("joint.6")->max < 70);
		assert_int_equal(described("grip")->safety, CLASS_MOTION);
		assert_true(kit_has_motion(rig.kit));
		assert_int_equal(
			rig.kit->actions[kit_find_action(rig.kit, "pose")].safety, CLASS_MOTION);
		assert_int_equal(
			rig.kit->actions[kit_find_action(rig.kit, "stop")].safety, CLASS_SIGNAL);
		assert_string_equal(rig.kit->model, which->class->model);
		assert_string_equal(rig.kit->program,
			has_load ? "6 servos of model 1060, firmware 45" : "6 servos");
	}
}

static void a_short_chain_with_gaps_is_numbered_by_ascending_id(void **state)
{
	(void)state;
	BOTH(which)
	{
		plug(which, "plain");
		for (unsigned i = 0; i < JOINTS; i++) {
			servos_unplug(&rig.machine, i, i != 1 && i != 4);
		}
		arm.joints[1].angle = 12;
		arm.joints[4].angle = -24;
		WAIT_UNTIL(rig.kit->state == KIT_READY, 3000);
		WAIT_UNTIL(described("joint.2")->value.type == VALUE_NUMBER, 500);
		assert_near(number_of("joint.1"), 12, which->off_deg);
		assert_near(number_of("joint.2"), -24, which->off_deg);
		assert_true(kit_find_property(rig.kit, "joint.3") < 0);
		assert_true(kit_find_property(rig.kit, "grip") < 0);
	}
}

static void the_values_of_the_servos_are_told(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		arm.joints[2].angle = 33;
		arm.joints[2].temperature = 41;
		WAIT_UNTIL(fabs(number_of("joint.3") - 33) < 0.3, 500);
		WAIT_UNTIL(fabs(number_of("temperature.3") - 41) < 1, 2500);
		assert_near(
			number_of("voltage"), which->driver == &dynamixel_driver ? 12 : 7.4, 0.01);
		WAIT_UNTIL(number_of("moving") == 0, 500);
		assert_int_equal(writes("joint.1", value_number(90)), ERR_NONE);
		if (which->driver == &dynamixel_driver) {
			WAIT_UNTIL(number_of("load.1") > 0.1, 1000);
		}
		WAIT_UNTIL(number_of("moving") == 1, 1000);
		WAIT_UNTIL(number_of("moving") == 0, 4000);
		assert_near(angle(1), 90, which->off_deg);
	}
}

/* ---- rest at the start ---- */

static void safety_S7_nothing_moves_and_no_torque_comes_on_when_it_is_found(void **state)
{
	(void)state;
	BOTH(which)
	{
		plug(which, "plain");
		for (unsigned i = 0; i < JOINTS; i++) {
			arm.joints[i].angle = 5.0 * i - 7;
		}
		memset(speeds, 0, sizeof(speeds));
		for (int i = 0; i < 40; i++) {
			wait_watching_ms(100);
		}
		assert_int_equal(rig.kit->state, KIT_READY);
		for (unsigned i = 0; i < JOINTS; i++) {
			assert_near(speeds[i], 0, 0);
			assert_true(arm.joints[i].is_limp);
		}
	}
}

/* The daemon was killed in a move: the arm still obeys the old goal, until it is found. */
static void safety_S7_a_move_of_an_earlier_daemon_is_stopped(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		writes("joint.1", value_number(110));
		WAIT_UNTIL(angle(1) > 10, 2000);
		kit_start(rig.kit, which->driver, rig.now_us);
		WAIT_UNTIL(rig.kit->state == KIT_READY, 3000);
		wait_ms(300);
		double there = angle(1);

		assert_true(there < 100);
		wait_ms(1000);
		assert_near(angle(1), there, which->off_deg);
		assert_false(arm.joints[0].is_limp);
	}
}

static void safety_S7_torque_comes_on_without_a_jump(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		arm.joints[1].angle = 40; /* somebody moved the limp arm by hand */
		arm.joints[2].angle = -70;
		memset(speeds, 0, sizeof(speeds));
		assert_int_equal(writes("joint.1", value_number(30)), ERR_NONE);
		wait_watching_ms(2000);
		assert_near(angle(1), 30, which->off_deg);
		assert_near(angle(2), 40, which->off_deg);
		assert_near(angle(3), -70, which->off_deg);
		for (unsigned i = 0; i < JOINTS; i++) {
			assert_false(arm.joints[i].is_limp);
			assert_true(speeds[i] < 50); /* gently */
		}
	}
}

/* ---- commands ---- */

static void angles_out_of_range_are_refused(void **state)
{
	(void)state;
	BOTH(which)
	{
		const double few[] = {0, 0, 0}, wide[] = {0, 0, 130, 0, 0, 0},
			     odd[] = {0, 0, (double)NAN, 0, 0, 0};

		open_arm(which);
		assert_int_equal(writes("joint.1", value_number(121)), ERR_INVALID);
		assert_int_equal(writes("joint.6", value_number(80)), ERR_INVALID);
		assert_int_equal(writes("grip", value_number(1.1)), ERR_INVALID);
		assert_int_equal(poses(few, 3, value_null()), ERR_INVALID);
		assert_non_null(strstr(rig.hint, "6 angles"));
		assert_int_equal(poses(wide, JOINTS, value_null()), ERR_INVALID);
		assert_non_null(strstr(rig.hint, "joint.3"));
		assert_int_equal(poses(odd, JOINTS, value_null()), ERR_INVALID);
		wait_ms(500);
		for (unsigned i = 0; i < JOINTS; i++) {
			assert_true(arm.joints[i].is_limp);
		}
	}
}

static void a_pose_brings_all_joints_there_together(void **state)
{
	(void)state;
	BOTH(which)
	{
		const double there[] = {60, -30, 15, 0, -5, 20};

		open_arm(which);
		assert_int_equal(poses(there, JOINTS, value_number(2)), ERR_NONE);
		WAIT_UNTIL(rig.answers == 1, 1000);
		assert_int_equal(rig.error, ERR_NONE);
		WAIT_UNTIL(angle(1) > 30, 2000);
		assert_near(angle(2) / angle(1), -0.5, 0.1);
		assert_near(angle(3) / angle(1), 0.25, 0.1);
		assert_true(number_of("moving") == 1);
		WAIT_UNTIL(number_of("moving") == 0, 3000);
		for (unsigned i = 0; i < JOINTS; i++) {
			assert_near(angle(i + 1), there[i], which->off_deg);
		}
	}
}

/* Without a time: the longest way at the gentle speed. With one that is too short: fast, but
 * not faster than is let. */
static void a_pose_has_a_gentle_speed_of_its_own(void **state)
{
	(void)state;
	BOTH(which)
	{
		const double there[] = {90, 45, 0, 0, 0, 0}, back[JOINTS] = {0};

		open_arm(which);
		memset(speeds, 0, sizeof(speeds));
		assert_int_equal(poses(there, JOINTS, value_null()), ERR_NONE);
		wait_watching_ms(2500);
		assert_near(angle(1), 90, which->off_deg);
		assert_near(speeds[0], 45, 2);
		assert_near(speeds[1], 22.5, 2);
		arm.joints[0].speed_max = 1000;
		memset(speeds, 0, sizeof(speeds));
		assert_int_equal(poses(back, JOINTS, value_number(0)), ERR_NONE);
		wait_watching_ms(1500);
		assert_near(angle(1), 0, which->off_deg);
		assert_true(speeds[0] < 190);
	}
}

static void the_gripper_opens_at_0_and_closes_at_1(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		const struct property *joint = described("joint.6");

		assert_int_equal(writes("grip", value_number(1)), ERR_NONE);
		WAIT_UNTIL(fabs(number_of("grip") - 1) < 0.01, 4000);
		assert_near(angle(6), joint->max, 0.3);
		assert_int_equal(writes("grip", value_int(0)), ERR_NONE);
		WAIT_UNTIL(fabs(number_of("grip")) < 0.01, 4000);
		assert_near(angle(6), joint->min, 0.3);
		assert_near(number_of("joint.6"), joint->min, 0.3);
	}
}

static void of_many_set_points_the_newest_wins(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		for (int i = 0; i <= 200; i++) {
			assert_int_equal(writes("joint.2", value_number(i / 10.0)), ERR_NONE);
			wait_ms(1);
		}
		assert_true(rig.to_machine.count < 200); /* they did not pile up */
		WAIT_UNTIL(fabs(angle(2) - 20) < which->off_deg, 1500);
	}
}

static void relax_lets_go_and_is_answered_when_the_torque_is_off(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		writes("joint.2", value_number(10));
		WAIT_UNTIL(fabs(angle(2) - 10) < which->off_deg, 2000);
		assert_int_equal(acts("relax", value_null()), ERR_NONE);
		assert_int_equal(rig.answers, 0);
		WAIT_UNTIL(rig.answers == 1, 500);
		assert_int_equal(rig.error, ERR_NONE);
		for (unsigned i = 0; i < JOINTS; i++) {
			assert_true(arm.joints[i].is_limp);
		}
		wait_ms(3000);
		assert_int_equal(rig.kit->state, KIT_READY);
		assert_true(arm.joints[1].is_limp);
		/* And on again, by the next goal. */
		arm.joints[1].angle = 55;
		writes("joint.1", value_number(-10));
		WAIT_UNTIL(fabs(angle(1) + 10) < which->off_deg, 2000);
		assert_near(angle(2), 55, which->off_deg);
	}
}

static void stop_stands_still_and_a_pose_under_way_says_so(void **state)
{
	(void)state;
	BOTH(which)
	{
		const double there[] = {100, 0, 0, 0, 0, 0};

		open_arm(which);
		poses(there, JOINTS, value_null());
		acts("stop", value_null());
		WAIT_UNTIL(rig.answers == 2, 1000);
		wait_ms(1000);
		assert_near(angle(1), 0, which->off_deg);
		poses(there, JOINTS, value_null());
		WAIT_UNTIL(angle(1) > 20, 2000);
		acts("stop", value_null());
		WAIT_UNTIL(rig.answers == 4, 1000);
		double where = angle(1);

		assert_true(where < 40);
		wait_ms(1000);
		assert_near(angle(1), where, which->off_deg);
		assert_false(arm.joints[0].is_limp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servos_are_found_and_described_as_joints),
		cmocka_unit_test(a_short_chain_with_gaps_is_numbered_by_ascending_id),
		cmocka_unit_test(the_values_of_the_servos_are_told),
		cmocka_unit_test(safety_S7_nothing_moves_and_no_torque_comes_on_when_it_is_found),
		cmocka_unit_test(safety_S7_a_move_of_an_earlier_daemon_is_stopped),
		cmocka_unit_test(safety_S7_torque_comes_on_without_a_jump),
		cmocka_unit_test(angles_out_of_range_are_refused),
		cmocka_unit_test(a_pose_brings_all_joints_there_together),
		cmocka_unit_test(a_pose_has_a_gentle_speed_of_its_own),
		cmocka_unit_test(the_gripper_opens_at_0_and_closes_at_1),
		cmocka_unit_test(of_many_set_points_the_newest_wins),
		cmocka_unit_test(relax_lets_go_and_is_answered_when_the_torque_is_off),
		cmocka_unit_test(stop_stands_still_and_a_pose_under_way_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

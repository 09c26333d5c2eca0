/* Arms of bus servos at rest: at once, and said only when the servos prove it. */
#include "busservo_rig.h"

#include "busservo/lx16a.h"

enum { JOINTS = 6 };

static double angle(unsigned joint)
{
	arm_step(&arm, rig.now_us);
	return arm.joints[joint - 1].angle;
}

static bool is_held(void)
{
	return kit_is_held(rig.kit);
}

/* An arm whose first joint is on its way to 110 degrees. */
static void open_moving(const struct tongue *which)
{
	open_arm(which);
	assert_int_equal(writes("joint.1", value_number(110)), ERR_NONE);
	WAIT_UNTIL(angle(1) > 15, 2000);
	forget_sent();
	rig.firsts = 0;
}

/* ---- frames that get lost ---- */

static bool is_deaf; /* what stops or relaxes is lost on its way */
static unsigned deaf_count;

static bool says_rest(const uint8_t *bytes, size_t count)
{
	bool is_dynamixel = count > 9 && bytes[0] == 0xFF;

	return is_dynamixel ? bytes[7] == 0x83 || bytes[7] == 0x03
			    : bytes[4] == LX16A_STOP || bytes[4] == LX16A_SET_TORQUE;
}

static bool deaf_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	if (is_deaf && says_rest(bytes, count)) {
		deaf_count++;
		return true;
	}
	return rig_on_send(data, bytes, count, lane);
}

static const struct kit_owner deaf_owner = {deaf_send, rig_on_backlog, rig_on_changed, rig_on_held};

/* ---- */

static void a_hold_stops_the_arm_where_it_is_and_keeps_its_torque(void **state)
{
	(void)state;
	for (int level = HOLD_MOTION; level <= HOLD_ALL; level++) {
		BOTH(which)
		{
			open_moving(which);
			double before = angle(1);

			holds((enum hold_level)level);
			assert_false(is_held());
			/* At once, or behind the answer that is on the wire. */
			WAIT_UNTIL(rig.firsts > 0, 50);
			WAIT_UNTIL(is_held(), 200);
			double there = angle(1);

			assert_near(there, before, 5);
			wait_ms(2000);
			assert_near(angle(1), there, which->off_deg);
			assert_false(arm.joints[0].is_limp);
			assert_int_equal(rig.held, 1);
		}
	}
}

static void a_kill_takes_the_torque_of_all_joints(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_moving(which);
		holds(HOLD_KILL);
		WAIT_UNTIL(rig.firsts > 0, 50);
		WAIT_UNTIL(is_held(), 250);
		for (unsigned i = 0; i < JOINTS; i++) {
			assert_true(arm.joints[i].is_limp);
		}
		/* A weaker hold behind it gives no torque back. */
		holds(HOLD_MOTION);
		WAIT_UNTIL(is_held(), 500);
		wait_ms(1000);
		assert_true(arm.joints[0].is_limp);
	}
}

static void three_holds_20_ms_apart_are_proved_in_250_ms(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_moving(which);
		for (int i = 0; i < 3; i++) {
			holds(HOLD_ALL);
			wait_ms(i < 2 ? 20 : 0);
		}
		assert_false(is_held());
		WAIT_UNTIL(is_held(), 150);
	}
}

static void safety_S6_without_answers_nothing_is_proved(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_moving(which);
		rig.lose_back = 100000;
		holds(HOLD_ALL);
		wait_ms(3000);
		assert_false(is_held());
		rig.lose_back = 0;
		WAIT_UNTIL(is_held(), 2500);
	}
}

static void safety_S6_an_arm_that_did_not_hear_the_stop_is_not_at_rest(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_moving(which);
		rig.kit->owner = &deaf_owner;
		is_deaf = true;
		deaf_count = 0;
		holds(HOLD_MOTION);
		wait_ms(500);
		assert_false(is_held());
		assert_true(deaf_count >= 3); /* it is told again and again */
		is_deaf = false;
		WAIT_UNTIL(is_held(), 300);
		assert_true(angle(1) < 60);
	}
}

/* A crawl shows no difference between two readings that follow each other at once. */
static void safety_S6_a_slow_move_that_goes_on_is_not_taken_for_rest(void **state)
{
	(void)state;
	BOTH(which)
	{
		const double there[] = {20, 0, 0, 0, 0, 0};

		open_arm(which);
		acts("pose", value_vector(there, JOINTS), value_number(10));
		WAIT_UNTIL(angle(1) > 2, 3000);
		rig.kit->owner = &deaf_owner;
		is_deaf = true;
		holds(HOLD_MOTION);
		WAIT_UNTIL(is_held() || angle(1) > 6, 4000);
		assert_false(is_held());
		is_deaf = false;
		WAIT_UNTIL(is_held(), 1000);
		assert_true(angle(1) < 10);
	}
}

/* Torque is off, and the question for that is on its way when the hold comes. Its answer
 * comes before the hold was told, or after that; either way it is older. */
static void safety_S6_an_answer_to_an_older_question_is_no_proof(void **state)
{
	(void)state;
	for (int late_ms = 4; late_ms <= 16; late_ms += 12) {
		BOTH(which)
		{
			uint8_t bytes[256];
			size_t count;

			open_single(which);
			assert_true(arm.joints[0].is_limp);
			WAIT_UNTIL(asks(64, LX16A_READ_TORQUE), 2000);
			/* The question arrives, nothing behind it. */
			count = rig_pop(&rig.to_machine, bytes);
			which->class->feed(&rig.machine, bytes, count, rig.now_us);
			holds(HOLD_KILL);
			rig.lose = 100000;
			count = keep_answers_back(late_ms, bytes);
			assert_true(count > 0);
			kit_feed(rig.kit, bytes, count, rig.now_us);
			assert_false(is_held());
			rig.lose = 0;
			WAIT_UNTIL(is_held(), 500);
		}
	}
}

static void a_limp_arm_that_is_moved_by_hand_is_at_rest(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		holds(HOLD_MOTION);
		for (int i = 0; i < 400 && !is_held(); i++) {
			arm.joints[3].angle += 0.1;
			wait_ms(1);
		}
		assert_true(is_held());
	}
}

static void what_was_asked_for_before_a_hold_never_moves(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		/* In the wire's pauses, in the port's queue, and between torque and goal. */
		for (int pause_ms = 0; pause_ms < 120; pause_ms += 7) {
			const double there[] = {50, 50, 50, 50, 50, 50};

			forget_sent();
			acts("relax", value_null());
			WAIT_UNTIL(arm.joints[0].is_limp && is_held() == (pause_ms > 0), 1000);
			wait_ms(100);
			acts("pose", value_vector(there, JOINTS), value_number(10));
			wait_ms(pause_ms);
			holds(HOLD_MOTION);
			WAIT_UNTIL(is_held(), 1500);
			double where = angle(1);

			wait_ms(400);
			assert_near(angle(1), where, which->off_deg);
			assert_true(where < 20);
		}
	}
}

static void motion_waits_until_the_rest_is_proved(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_moving(which);
		holds(HOLD_MOTION);
		writes("joint.2", value_number(30));
		wait_ms(5);
		assert_near(angle(2), 0, which->off_deg);
		WAIT_UNTIL(is_held(), 250);
		WAIT_UNTIL(fabs(angle(2) - 30) < which->off_deg, 2000);
	}
}

/* A person may press stop while it is still being found out what hangs there. */
static void a_kill_during_the_search_is_said_at_once_and_proved_after_it(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_moving(which);
		kit_start(rig.kit, which->driver, rig.now_us);
		wait_ms(30);
		holds(HOLD_KILL);
		wait_ms(60);
		WAIT_UNTIL(arm.joints[0].is_limp, 500);
		assert_false(is_held());
		WAIT_UNTIL(is_held(), 3000);
	}
}

static void safety_S6_an_arm_with_a_missing_servo_is_never_confirmed(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_moving(which);
		servos_unplug(&rig.machine, 2, true);
		holds(HOLD_ALL);
		wait_ms(3000);
		assert_false(is_held());
		servos_unplug(&rig.machine, 2, false);
		WAIT_UNTIL(is_held(), 2500);
	}
}

static void fault_16_a_hold_that_found_no_room_is_said_when_there_is_some(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_moving(which);
		rig.is_blocked = true;
		holds(HOLD_MOTION);
		wait_ms(100);
		assert_false(is_held());
		rig.is_blocked = false;
		WAIT_UNTIL(is_held(), 400);
		assert_true(angle(1) < 60);
	}
}

static void at_the_end_all_torque_is_off(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_moving(which);
		holds(HOLD_ALL);
		WAIT_UNTIL(is_held(), 250);
		kit_stop(rig.kit, rig.now_us);
		rig.kit->owner = NULL;
		for (int i = 0; i < 20; i++) {
			rig.now_us += 1000;
			rig.machine.class->tick(&rig.machine, rig.now_us);
			rig_pump();
		}
		rig.kit->owner = &rig_owner;
		for (unsigned i = 0; i < JOINTS; i++) {
			assert_true(arm.joints[i].is_limp);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hold_stops_the_arm_where_it_is_and_keeps_its_torque),
		cmocka_unit_test(a_kill_takes_the_torque_of_all_joints),
		cmocka_unit_test(three_holds_20_ms_apart_are_proved_in_250_ms),
		cmocka_unit_test(safety_S6_without_answers_nothing_is_proved),
		cmocka_unit_test(safety_S6_an_arm_that_did_not_hear_the_stop_is_not_at_rest),
		cmocka_unit_test(safety_S6_a_slow_move_that_goes_on_is_not_taken_for_rest),
		cmocka_unit_test(safety_S6_an_answer_to_an_older_question_is_no_proof),
		cmocka_unit_test(a_limp_arm_that_is_moved_by_hand_is_at_rest),
		cmocka_unit_test(what_was_asked_for_before_a_hold_never_moves),
		cmocka_unit_test(motion_waits_until_the_rest_is_proved),
		cmocka_unit_test(a_kill_during_the_search_is_said_at_once_and_proved_after_it),
		cmocka_unit_test(safety_S6_an_arm_with_a_missing_servo_is_never_confirmed),
		cmocka_unit_test(fault_16_a_hold_that_found_no_room_is_said_when_there_is_some),
		cmocka_unit_test(at_the_end_all_torque_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* EV3: being brought to rest, the proof of it, and answers that are lost, late or bad. */
#include "ev3_rig.h"

static void run_wheels(bool is_packet)
{
	open_brick(is_packet);
	watch_motion();
	drives(1, 1);
	WAIT_UNTIL(number_of("moving") == 1, 1000);
	wait_ms(200);
	WAIT_UNTIL(rig.to_machine.count + rig.to_kit.count == 0, 1000);
	forget_sent();
	rig.answers = 0;
}

static void fault_16_a_hold_goes_ahead_and_is_proved_when_the_motors_stand(void **state)
{
	(void)state;
	run_wheels(true);
	holds(HOLD_MOTION);
	assert_int_equal(rig.lane, LANE_FIRST);
	assert_true(has_sent("0201a3000f01"));
	assert_false(has_sent("9400"));
	assert_int_equal(number_of("motor.2"), 0);
	while (!kit_is_held(rig.kit)) {
		assert_true(rig.now_us < 10 * 1000000);
		wait_ms(1);
	}
	assert_true(stands());
	assert_int_equal(rig.held, 1);
	/* Braked: within a tenth of a second. */
	assert_true(rig.kit->held_us - rig.kit->hold_us < 150 * 1000);
	wait_ms(40);
	assert_false(turns("turned.2"));
}

static void a_kill_lets_the_motors_go_and_waits_until_they_stand(void **state)
{
	(void)state;
	run_wheels(true);
	holds(HOLD_KILL);
	assert_true(has_sent("a3000f00"));
	wait_ms(100);
	assert_false(kit_is_held(rig.kit));
	assert_false(stands());
	/* It is asked about other things meanwhile. */
	forget_sent();
	wait_ms(100);
	assert_true(has_sent("b30001"));
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
	assert_true(stands());
}

static void a_kit_that_stands_proves_it_in_two_answers(void **state)
{
	(void)state;
	open_brick(true);
	WAIT_UNTIL(rig.to_machine.count + rig.to_kit.count == 0, 1000);
	holds(HOLD_ALL);
	wait_ms(1);
	assert_false(kit_is_held(rig.kit));
	wait_ms(4);
	assert_true(kit_is_held(rig.kit));
}

static void an_all_stop_ends_lamp_and_tone_a_lease_that_ended_does_not(void **state)
{
	(void)state;
	open_brick(true);
	writes("led", value_bool(true));
	wait_ms(20);
	holds(HOLD_MOTION);
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
	assert_int_equal(number_of("led"), 1);
	forget_sent();
	holds(HOLD_ALL);
	assert_true(has_sent("9400821b00"));
	assert_int_equal(number_of("led"), 0);
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
}

static void safety_S6_answers_to_older_commands_prove_nothing(void **state)
{
	(void)state;
	run_wheels(true);
	/* A stop that was answered, but whose answer is on its way when the next one comes. */
	holds(HOLD_MOTION);
	uint8_t bytes[RIG_QUEUE_MAX];
	size_t count = rig_pop(&rig.to_machine, bytes);

	rig.machine.class->feed(&rig.machine, bytes, count, rig.now_us);
	kit_drained(rig.kit, rig.now_us);
	assert_int_equal(rig.to_kit.frame_count, 1);
	rig.is_slow = true;
	holds(HOLD_MOTION);
	forget_sent();
	wait_ms(300);
	assert_true(stands());
	assert_false(kit_is_held(rig.kit));
	assert_true(has_sent("0201a3000f01")); /* it is told again: nobody has answered */
	rig.is_slow = false;
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
}

static void a_stop_is_told_again_until_it_is_answered(void **state)
{
	(void)state;
	run_wheels(true);
	rig.lose = 3;
	holds(HOLD_ALL);
	wait_ms(100);
	assert_false(stands());
	assert_in_range(rig.frames, 3, 4);
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
	assert_true(stands());
	/* Its answers are lost: it stands, but nobody knows. */
	drives(1, 1);
	wait_ms(100);
	rig.lose_back = 5;
	holds(HOLD_ALL);
	wait_ms(150);
	assert_true(stands());
	assert_false(kit_is_held(rig.kit));
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
}

static void a_stop_that_fails_is_told_again(void **state)
{
	(void)state;
	run_wheels(true);
	holds(HOLD_ALL);
	uint8_t bytes[RIG_QUEUE_MAX];

	/* The brick was busy, it says: as c_com.c does. */
	rig_pop(&rig.to_machine, bytes);
	const uint8_t failed[] = {3, 0, bytes[2], bytes[3], EV3_DIRECT_FAILED};

	kit_drained(rig.kit, rig.now_us);
	kit_feed(rig.kit, failed, sizeof(failed), rig.now_us);
	assert_false(kit_is_held(rig.kit));
	wait_ms(20);
	assert_in_range(rig.frames, 2, 4);
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
	assert_true(stands());
}

static void what_was_asked_before_a_hold_is_forgotten(void **state)
{
	(void)state;
	open_brick(true);
	wait_ms(20);
	/* One set-point under way, two waiting behind it. */
	rig.is_slow = true;
	writes("motor.2", value_number(1));
	rig.to_machine.count = rig.to_machine.frame_count = 0;
	writes("motor.3", value_number(1));
	drives(0.5, 0.5);
	holds(HOLD_MOTION);
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_STOPPED);
	rig.is_slow = false;
	forget_sent();
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
	wait_ms(1000);
	assert_false(has_sent("a600"));
	assert_false(has_sent("a500"));
	assert_true(stands());
}

static void safety_S7_it_moves_again_only_after_the_stop_was_answered(void **state)
{
	(void)state;
	run_wheels(true);
	rig.lose = 2;
	holds(HOLD_MOTION);
	wait_ms(1);
	forget_sent();
	drives(0.5, 0.5);
	wait_ms(30);
	assert_false(has_sent("a600"));
	WAIT_UNTIL(has_sent("a60006"), 1000);
	wait_ms(200);
	/* It runs: nobody may say that it stands. */
	assert_false(kit_is_held(rig.kit));
	assert_false(stands());
}

static void the_action_stop_is_answered_when_it_stands(void **state)
{
	(void)state;
	run_wheels(true);
	acts("stop", value_null());
	WAIT_UNTIL(rig.answers == 1, 1000);
	assert_int_equal(rig.error, ERR_NONE);
	assert_true(stands());
	/* Told to move before it stood. */
	drives(1, 1);
	wait_ms(300);
	acts("stop", value_null());
	wait_ms(4);
	rig.answers = 0;
	drives(1, 1);
	WAIT_UNTIL(rig.answers == 2, 1000);
	wait_ms(100);
	assert_false(stands());
}

static void fault_15_a_lost_answer_makes_an_order_be_given_again(void **state)
{
	(void)state;
	open_brick(true);
	WAIT_UNTIL(rig.to_machine.count + rig.to_kit.count == 0, 1000);
	rig.lose_back = 1;
	forget_sent();
	acts("tone", value_number(440), value_number(0.1));
	wait_ms(100);
	assert_int_equal(rig.answers, 0);
	WAIT_UNTIL(rig.answers == 1, 1000);
	assert_int_equal(rig.error, ERR_NONE);
	assert_int_equal(rig.kit->state, KIT_READY);
}

static void fault_09_a_silent_brick_is_stale_and_forgets_what_it_was_told(void **state)
{
	(void)state;
	open_brick(true);
	watches("distance");
	wait_ms(50);
	rig.lose = 100000;
	drives(1, 1);
	acts("tone", value_number(440), value_number(0.1));
	WAIT_UNTIL(rig.kit->state == KIT_STALE, 1000);
	assert_int_equal(rig.answers, 2);
	assert_int_equal(rig.error, ERR_TIMEOUT);
	assert_int_equal(described("motor.2")->value.type, VALUE_NULL);
	wait_ms(2000);
	rig.lose = 0;
	WAIT_UNTIL(rig.kit->state == KIT_READY, 1000);
	wait_ms(200);
	assert_true(stands());
}

static void a_hold_under_way_keeps_no_tokens_of_a_silent_brick(void **state)
{
	(void)state;
	open_brick(true);
	rig.lose = 1000000;
	holds(HOLD_MOTION);
	for (int i = 1; i <= 40; i++) {
		drives(1, 1);
		WAIT_UNTIL(rig.answers == (unsigned)i, 1000);
		assert_int_equal(rig.error, ERR_TIMEOUT);
	}
	assert_int_equal(rig.kit->state, KIT_STALE);
	rig.lose = 0;
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
	assert_true(stands());
}

static void an_order_that_fails_three_times_is_refused(void **state)
{
	(void)state;
	open_brick(true);
	wait_ms(20);
	acts("tone", value_number(440), value_number(0.1));
	for (int i = 0; i < 400 && rig.answers == 0; i++) {
		if (rig.to_machine.frame_count > 0) {
			uint8_t bytes[RIG_QUEUE_MAX];

			rig_pop(&rig.to_machine, bytes);
			const uint8_t failed[] = {3, 0, bytes[2], bytes[3], EV3_DIRECT_FAILED};

			kit_drained(rig.kit, rig.now_us);
			kit_feed(rig.kit, failed, sizeof(failed), rig.now_us);
		}
		rig.now_us += 1000;
		kit_tick(rig.kit, rig.now_us);
	}
	assert_int_equal(rig.error, ERR_REFUSED);
	assert_string_equal(rig.hint, "kit-1 could not do that.");
	wait_ms(100);
	assert_int_equal(rig.kit->state, KIT_READY);
}

static void fault_17_a_brick_that_never_answers_is_refused_and_asked_on(void **state)
{
	(void)state;
	rig.world.body = NULL;
	rig_open(&ev3_driver, &machine_ev3, true);
	rig.lose = 1000000;
	wait_ms(2900);
	assert_int_equal(rig.kit->state, KIT_PROBING);
	wait_ms(200);
	assert_int_equal(rig.kit->state, KIT_REFUSED);
	wait_ms(10000);
	rig.lose = 0;
	wait_ms(3000);
	assert_int_equal(rig.kit->state, KIT_READY);
}

static void safety_S7_after_a_loss_it_begins_at_rest(void **state)
{
	(void)state;
	struct why why;

	run_wheels(true);
	why_set(&why, ERR_LOST, MSG_PORT_GONE, "port");
	kit_lose(rig.kit, KIT_LOST, &why, rig.now_us);
	rig.to_machine.count = rig.to_machine.frame_count = 0;
	rig.to_kit.count = rig.to_kit.frame_count = 0;
	/* It has a battery of its own: it runs on. */
	rig.now_us += 500000;
	ev3_parts_step(parts(), rig.now_us);
	assert_false(stands());
	kit_start(rig.kit, &ev3_driver, rig.now_us);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 1000);
	wait_ms(100);
	assert_true(stands());
	assert_int_equal(number_of("motor.2"), 0);
}

static void the_last_bytes_stop_it(void **state)
{
	(void)state;
	run_wheels(true);
	kit_stop(rig.kit, rig.now_us);
	wait_ms(200);
	assert_true(stands());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fault_16_a_hold_goes_ahead_and_is_proved_when_the_motors_stand),
		TEST(a_kill_lets_the_motors_go_and_waits_until_they_stand),
		TEST(a_kit_that_stands_proves_it_in_two_answers),
		TEST(an_all_stop_ends_lamp_and_tone_a_lease_that_ended_does_not),
		TEST(safety_S6_answers_to_older_commands_prove_nothing),
		TEST(a_stop_is_told_again_until_it_is_answered),
		TEST(a_stop_that_fails_is_told_again),
		TEST(what_was_asked_before_a_hold_is_forgotten),
		TEST(safety_S7_it_moves_again_only_after_the_stop_was_answered),
		TEST(the_action_stop_is_answered_when_it_stands),
		TEST(fault_15_a_lost_answer_makes_an_order_be_given_again),
		TEST(fault_09_a_silent_brick_is_stale_and_forgets_what_it_was_told),
		TEST(a_hold_under_way_keeps_no_tokens_of_a_silent_brick),
		TEST(an_order_that_fails_three_times_is_refused),
		TEST(fault_17_a_brick_that_never_answers_is_refused_and_asked_on),
		TEST(safety_S7_after_a_loss_it_begins_at_rest),
		TEST(the_last_bytes_stop_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

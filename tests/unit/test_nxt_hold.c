/* The NXT driver brings its brick to rest, and says so only when the brick has proved it. */
#include "nxt_rig.h"

static void drives_on(void)
{
	ready();
	wait_ms(50); /* the stop of the start is proved */
	drives(1, 1);
	writes("motor.1", value_number(-1));
	wait_ms(400);
	memset(wire.sent, 0, sizeof(wire.sent));
	rig.firsts = 0;
	rig.answers = 0;
}

static void hold_stops_all_motors_at_once_ahead_of_everything(void **state)
{
	(void)state;
	drives_on();
	watches("distance");
	watches("moving");
	wait_ms(5); /* a question is under way */
	rig.firsts = 0;
	holds(HOLD_MOTION);
	assert_int_equal(rig.firsts, 3);
	for (int i = 0; i < NXT_MOTORS; i++) {
		assert_int_equal(wire.output[i].power, 0);
		assert_int_equal(wire.output[i].mode, NXT_ON | NXT_BRAKE);
	}
	assert_true(number_of("motor.1") == 0 && number_of("motor.2") == 0);
}

static void safety_S6_hold_is_proved_when_the_motors_stand(void **state)
{
	(void)state;
	drives_on();
	holds(HOLD_ALL);
	assert_false(kit_is_held(rig.kit));
	WAIT_UNTIL(rig.held > 0, 250);
	assert_true(kit_is_held(rig.kit));
	assert_true(is_standing());
	assert_true(brick()->motors[0].set.power == 0);
}

static void hold_of_a_standing_brick_is_proved_within_20_ms(void **state)
{
	(void)state;
	ready();
	wait_ms(300);
	int64_t begin_us = rig.now_us;

	holds(HOLD_ALL);
	WAIT_UNTIL(rig.held > 0, 25);
	assert_true(rig.kit->held_us - begin_us <= 20 * 1000);
}

static void safety_S6_motor_that_still_turns_is_no_proof(void **state)
{
	(void)state;
	drives_on();
	brick()->motors[1].turned = 0;
	holds(HOLD_MOTION);
	/* Somebody pushes the robot: braked, power 0, and yet it turns. */
	for (int i = 0; i < 500; i++) {
		brick()->motors[1].turned += 0.4;
		wait_ms(1);
	}
	assert_int_equal(rig.held, 0);
	assert_false(kit_is_held(rig.kit));
	WAIT_UNTIL(rig.held > 0, 300); /* put down */
}

static void safety_S6_bytes_sent_are_no_proof(void **state)
{
	(void)state;
	drives_on();
	rig.out.is_cut = true;
	holds(HOLD_ALL);
	wait_ms(3000);
	assert_true(wire.sent[NXT_SET_OUTPUT] >= 3);
	assert_int_equal(rig.held, 0);
}

static void safety_S6_answers_to_older_questions_are_no_proof(void **state)
{
	struct nxt_telegram old = {.kind = NXT_REPLY, .op = NXT_GET_OUTPUT};
	uint8_t bytes[NXT_FRAME_MAX];

	(void)state;
	ready();
	watches("moving");
	wait_ms(200);
	assert_false(value_of("moving")->boolean);
	/* Three questions go unanswered; their answers, of a brick at rest, come after the
	 * hold. */
	rig.is_off = true;
	wait_ms(1400);
	holds(HOLD_MOTION);
	for (int round = 0; round < 2; round++) {
		for (uint8_t i = 0; i < NXT_MOTORS; i++) {
			old.port = i;
			rig_feed_kit(bytes, nxt_encode_framed(&old, bytes, sizeof(bytes)));
			rig.now_us += 11000;
		}
	}
	assert_int_equal(rig.held, 0);
}

/* A wheel is turned by hand, a degree each 3 ms. */
static void push_ms(unsigned motor, int ms)
{
	for (int i = 0; i < ms; i++) {
		brick()->motors[motor].turned += 1 / 3.0;
		wait_ms(1);
	}
}

static void safety_S6_late_answer_does_not_prove_a_later_hold(void **state)
{
	(void)state;
	ready();
	watches("turned.2");
	wait_ms(200);
	/* An answer of the standing motor is on its way for long. */
	wire.keep_op = NXT_GET_OUTPUT;
	WAIT_UNTIL(wire.kept_count > 0, 100);
	assert_int_equal(wire.kept[5], 1);
	unwatches("turned.2");
	wait_ms(700);
	holds(HOLD_MOTION);
	WAIT_UNTIL(wire.last.op == NXT_GET_OUTPUT && wire.last.port == 1, 20);
	let_go();
	push_ms(1, 500);
	assert_int_equal(rig.held, 0);
	WAIT_UNTIL(rig.held > 0, 300);
}

static void safety_S6_powered_motor_that_is_stuck_is_no_proof(void **state)
{
	(void)state;
	ready();
	wait_ms(300);
	holds(HOLD_ALL);
	for (int i = 0; i < 500; i++) {
		brick()->motors[2].set = (struct nxt_output){.power = 30, .mode = NXT_ON};
		wait_ms(1);
	}
	assert_int_equal(rig.held, 0);
	WAIT_UNTIL(rig.held > 0, 300); /* and it was told again */
	assert_int_equal(brick()->motors[2].set.power, 0);
}

static void safety_S6_wheel_that_comes_by_its_old_angle_is_no_proof(void **state)
{
	(void)state;
	ready();
	wait_ms(300);
	holds(HOLD_MOTION);
	WAIT_UNTIL(rig.held > 0, 50);
	double angle = brick()->motors[1].turned;

	drives(1, 1);
	wait_ms(100);
	holds(HOLD_MOTION);
	for (int i = 0; i < 20; i++) {
		brick()->motors[1].turned = angle;
		brick()->motors[1].speed = 0;
		wait_ms(1);
	}
	push_ms(1, 300);
	assert_int_equal(rig.held, 1);
}

static void kill_takes_the_power_from_the_motors(void **state)
{
	(void)state;
	drives_on();
	holds(HOLD_KILL);
	for (int i = 0; i < NXT_MOTORS; i++) {
		assert_int_equal(wire.output[i].mode, 0);
		assert_int_equal(wire.output[i].run, NXT_IDLE);
	}
	WAIT_UNTIL(rig.held > 0, 3000);
	assert_true(is_standing());
	/* A lease that ends later does not brake again: that would give power back. */
	holds(HOLD_MOTION);
	WAIT_UNTIL(rig.held > 1, 100);
	assert_int_equal(wire.output[0].mode, 0);
	drives(0.5, 0.5);
	WAIT_UNTIL(brick()->motors[1].set.power == 50, 50);
	holds(HOLD_MOTION);
	assert_int_equal(wire.output[0].mode, NXT_ON | NXT_BRAKE);
}

static void all_stop_silences_and_a_lease_that_ends_does_not(void **state)
{
	(void)state;
	ready();
	assert_int_equal(acts("tone", value_number(440), value_number(5)), ERR_NONE);
	WAIT_UNTIL(rig.answers == 1, 50);
	holds(HOLD_MOTION);
	WAIT_UNTIL(rig.held > 0, 100);
	assert_true(brick()->sound_us > rig.now_us);
	holds(HOLD_ALL);
	WAIT_UNTIL(rig.held > 1, 100);
	assert_int_equal(brick()->sound_us, 0);
}

static void tone_that_waits_is_dropped_by_an_all_stop(void **state)
{
	(void)state;
	ready();
	watches("moving");
	wait_ms(100);
	for (int i = 0; i < 5; i++) {
		acts("tone", value_number(440), value_number(5));
	}
	holds(HOLD_ALL);
	assert_int_equal(rig.answers, 5);
	assert_int_equal(rig.error, ERR_STOPPED);
	WAIT_UNTIL(rig.held > 0, 100);
	wait_ms(50);
	assert_int_equal(brick()->sound_us, 0);
}

static void hold_three_times_is_proved_after_the_last(void **state)
{
	(void)state;
	drives_on();
	holds(HOLD_ALL);
	wait_ms(20);
	holds(HOLD_ALL);
	wait_ms(20);
	holds(HOLD_ALL);
	assert_false(kit_is_held(rig.kit));
	WAIT_UNTIL(kit_is_held(rig.kit), 250);
	assert_true(is_standing());
}

static void hold_with_a_request_under_way_does_not_wait_for_it(void **state)
{
	(void)state;
	drives_on();
	watches("touch");
	wire.keep_op = NXT_GET_INPUT;
	WAIT_UNTIL(wire.kept_count > 0, 100);
	holds(HOLD_ALL);
	WAIT_UNTIL(rig.held > 0, 250);
}

static void set_point_that_waits_never_goes_out_after_a_hold(void **state)
{
	(void)state;
	drives_on();
	wire.keep_op = NXT_SET_OUTPUT;
	writes("motor.1", value_number(0.5)); /* under way */
	wait_ms(5);
	writes("motor.1", value_number(0.9)); /* waits */
	drives(0.9, 0.9);
	holds(HOLD_MOTION);
	assert_int_equal(rig.error, ERR_STOPPED);
	WAIT_UNTIL(rig.held > 0, 800);
	wait_ms(1000);
	assert_true(is_standing());
	assert_int_equal(wire.output[0].power, 0);
}

static void program_on_the_brick_is_ended_by_a_hold(void **state)
{
	struct nxt_telegram start = {.op = NXT_START_PROGRAM, .name = "Dance.rxe"};
	uint8_t bytes[NXT_FRAME_MAX];

	(void)state;
	ready();
	wait_ms(100);
	machine_nxt.feed(
		&rig.machine, bytes, nxt_encode_framed(&start, bytes, sizeof(bytes)), rig.now_us);
	WAIT_UNTIL(brick()->motors[1].speed > 300, 200);
	holds(HOLD_MOTION);
	WAIT_UNTIL(rig.held > 0, 1000);
	assert_int_equal(brick()->program_us, 0);
	assert_true(is_standing());
	/* Its end resets the motors; then they are told again. */
	assert_int_equal(wire.sent[NXT_SET_OUTPUT], 6);
	assert_int_equal(brick()->motors[1].set.mode, NXT_ON | NXT_BRAKE);
}

static void stop_is_answered_when_it_stands(void **state)
{
	(void)state;
	drives_on();
	assert_int_equal(acts("stop", value_null()), ERR_NONE);
	assert_int_equal(rig.answers, 0);
	WAIT_UNTIL(rig.answers == 1, 250);
	assert_int_equal(rig.error, ERR_NONE);
	assert_true(is_standing());
	assert_int_equal(rig.held, 0); /* nobody held it */
}

static void stop_that_is_overtaken_by_a_motion_says_so(void **state)
{
	(void)state;
	drives_on();
	acts("stop", value_null());
	wait_ms(5);
	writes("motor.1", value_number(0.5));
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_CONFLICT);
	WAIT_UNTIL(brick()->motors[0].set.power == 50, 50);
}

static void hold_before_the_brick_has_answered_is_done_when_it_does(void **state)
{
	(void)state;
	open_kit(false);
	rig.is_off = true;
	holds(HOLD_ALL);
	wait_ms(100);
	assert_int_equal(wire.sent[NXT_SET_OUTPUT], 0); /* who knows what hangs there */
	assert_int_equal(rig.held, 0);
	rig.is_off = false;
	WAIT_UNTIL(rig.held > 0, 1000);
	assert_int_equal(wire.sent[NXT_STOP_SOUND], 1);
}

static void hold_goes_out_as_soon_as_a_full_port_has_room(void **state)
{
	(void)state;
	drives_on();
	rig.is_blocked = true;
	holds(HOLD_ALL);
	wait_ms(100);
	assert_int_equal(rig.held, 0);
	rig.is_blocked = false;
	WAIT_UNTIL(rig.held > 0, 300);
	assert_true(is_standing());
}

static void brick_that_refuses_to_stop_is_told_again_but_not_flooded(void **state)
{
	(void)state;
	drives_on();
	wire.override_op = NXT_SET_OUTPUT;
	wire.override_status = NXT_FAILED;
	holds(HOLD_ALL);
	wait_ms(3000);
	assert_int_equal(rig.held, 0);
	assert_true(wire.sent[NXT_SET_OUTPUT] < 600);
	wire.override_op = -1;
	WAIT_UNTIL(rig.held > 0, 400);
}

static void lost_answers_delay_the_proof_only(void **state)
{
	static const uint8_t ops[] = {
		NXT_SET_OUTPUT, NXT_STOP_PROGRAM, NXT_STOP_SOUND, NXT_GET_OUTPUT};

	(void)state;
	for (size_t i = 0; i < sizeof(ops); i++) {
		drives_on();
		wire.lose_op = ops[i];
		wire.lose_count = 2;
		holds(HOLD_ALL);
		WAIT_UNTIL(rig.held > 0, 2500);
		assert_true(is_standing());
		if (i + 1 < sizeof(ops)) {
			close_kit(NULL);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hold_stops_all_motors_at_once_ahead_of_everything),
		TEST(safety_S6_hold_is_proved_when_the_motors_stand),
		TEST(hold_of_a_standing_brick_is_proved_within_20_ms),
		TEST(safety_S6_motor_that_still_turns_is_no_proof),
		TEST(safety_S6_bytes_sent_are_no_proof),
		TEST(safety_S6_answers_to_older_questions_are_no_proof),
		TEST(safety_S6_late_answer_does_not_prove_a_later_hold),
		TEST(safety_S6_powered_motor_that_is_stuck_is_no_proof),
		TEST(safety_S6_wheel_that_comes_by_its_old_angle_is_no_proof),
		TEST(kill_takes_the_power_from_the_motors),
		TEST(all_stop_silences_and_a_lease_that_ends_does_not),
		TEST(tone_that_waits_is_dropped_by_an_all_stop),
		TEST(hold_three_times_is_proved_after_the_last),
		TEST(hold_with_a_request_under_way_does_not_wait_for_it),
		TEST(set_point_that_waits_never_goes_out_after_a_hold),
		TEST(program_on_the_brick_is_ended_by_a_hold),
		TEST(stop_is_answered_when_it_stands),
		TEST(stop_that_is_overtaken_by_a_motion_says_so),
		TEST(hold_before_the_brick_has_answered_is_done_when_it_does),
		TEST(hold_goes_out_as_soon_as_a_full_port_has_room),
		TEST(brick_that_refuses_to_stop_is_told_again_but_not_flooded),
		TEST(lost_answers_delay_the_proof_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Arms of bus servos on bad wires: noise, lost answers, echo, a servo gone, a servo too hot. */
#include "busservo_rig.h"

#include "busservo/dynamixel.h"
#include "busservo/lx16a.h"

enum { JOINTS = 6 };

static double angle(unsigned joint)
{
	arm_step(&arm, rig.now_us);
	return arm.joints[joint - 1].angle;
}

static bool is_at(unsigned joint, double there)
{
	return fabs(angle(joint) - there) < tongue->off_deg;
}

static void open_listened(const struct tongue *which)
{
	open_arm(which);
	rig.events[0] = '\0';
}

/* ---- noise ---- */

static double least, most;

static void see_the_range(void)
{
	for (unsigned i = 0; i < JOINTS; i++) {
		arm_step(&arm, rig.now_us);
		if (arm.joints[i].is_driven) {
			least = fmin(least, arm.joints[i].target);
			most = fmax(most, arm.joints[i].target);
		}
	}
}

/* A flipped bit: one of about every second frame of Dynamixel's. All goals that the servos
 * ever take are such that were given; and what is asked for is done in the end. */
static void fault_12_with_flipped_bits_no_servo_goes_elsewhere(void **state)
{
	(void)state;
	BOTH(which)
	{
		const double a[] = {20, 20, 20, 20, 20, 20}, b[JOINTS] = {0};

		open_arm(which);
		least = most = 0;
		rig.out.flip = rig.in.flip = 60;
		for (int round = 0; round < 8; round++) {
			forget_sent();
			acts("pose", value_vector(round % 2 ? b : a, JOINTS));
			for (int ms = 0; ms < 1500; ms++) {
				wait_ms(1);
				see_the_range();
				forget_sent();
			}
			assert_true(number_of("joint.1") > -1 && number_of("joint.1") < 21);
		}
		assert_true(rig.flipped > 100);
		assert_true(rig.kit->bad_frames > 100);
		assert_true(least > -1 && most < 21);
		rig.out.flip = rig.in.flip = 0;
		wait_ms(1500);
		assert_int_equal(rig.kit->state, KIT_READY);
		acts("pose", value_vector(a, JOINTS));
		WAIT_UNTIL(is_at(1, 20) && is_at(6, 20), 3000);
	}
}

static void fault_11_random_bytes_leave_an_arm_that_answers(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		rig.out.flip = rig.in.flip = 1;
		for (int i = 0; i < 5000; i++) {
			uint8_t bytes[8];

			for (size_t n = 0; n < sizeof(bytes); n++) {
				bytes[n] = (uint8_t)(dice() >> 33);
			}
			rig.now_us += 1000;
			kit_feed(rig.kit, bytes, sizeof(bytes), rig.now_us);
			kit_tick(rig.kit, rig.now_us);
			rig.to_machine.count = rig.to_machine.frame_count = 0;
			forget_sent();
		}
		assert_int_equal(rig.kit->state, KIT_STALE);
		assert_true(rig.kit->bad_frames > 20000);
		rig.out.flip = rig.in.flip = 0;
		WAIT_UNTIL(rig.kit->state == KIT_READY, 3000);
		writes("joint.1", value_number(10));
		WAIT_UNTIL(is_at(1, 10), 2000);
	}
}

static void fault_17_noise_only_is_refused_in_three_seconds_with_advice(void **state)
{
	(void)state;
	BOTH(which)
	{
		plug(which, "plain");
		for (unsigned i = 0; i < JOINTS; i++) {
			servos_unplug(&rig.machine, i, true);
		}
		WAIT_UNTIL(rig.kit->state == KIT_REFUSED, 3000);
		assert_non_null(strstr(rig.kit->why.text[LANG_EN], "power"));
		/* Its power supply is switched on: it begins by itself. */
		for (unsigned i = 0; i < JOINTS; i++) {
			servos_unplug(&rig.machine, i, false);
		}
		WAIT_UNTIL(rig.kit->state == KIT_READY, 5000);
	}
}

static void fault_15_lost_questions_and_answers_are_asked_again(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		writes("joint.1", value_number(40));
		for (int i = 0; i < 4000; i++) {
			/* One frame of ten, and pieces of about as many answers. */
			dice();
			rig.lose = rig.to_machine.frame_count > 0 && rig.random % 10 == 0;
			rig.lose_back = rig.to_kit.frame_count > 0 && rig.random % 64 == 1;
			wait_ms(1);
			forget_sent();
			assert_int_equal(rig.kit->state, KIT_READY);
		}
		assert_true(is_at(1, 40));
		assert_near(number_of("joint.1"), 40, which->off_deg);
	}
}

static bool is_goal_next(void)
{
	const struct rig_line *line = &rig.to_machine;

	return line->count > 40 &&
		(line->bytes[0] == 0xFF ? line->bytes[8] == DYNAMIXEL_PROFILE_VELOCITY
					: line->bytes[4] == LX16A_MOVE);
}

/* Dynamixel's goals are read back; an LX-16A has not arrived in time. */
static void fault_15_a_goal_that_was_lost_on_the_wire_is_sent_again(void **state)
{
	(void)state;
	BOTH(which)
	{
		const double there[] = {30, 30, 30, 30, 30, 30};
		unsigned lost = 0;

		open_arm(which);
		writes("joint.1", value_number(5));
		WAIT_UNTIL(is_at(1, 5), 2000);
		wait_ms(500);
		acts("pose", value_vector(there, JOINTS));
		for (int i = 0; i < 200 && lost == 0; i++) {
			rig.lose = lost = is_goal_next();
			wait_ms(1);
		}
		assert_int_equal(lost, 1);
		WAIT_UNTIL(rig.answers == 1, 1000);
		assert_int_equal(rig.error, ERR_NONE);
		WAIT_UNTIL(is_at(1, 30) && is_at(5, 30), 3000);
	}
}

static void fault_13_doubled_answers_change_nothing(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		writes("joint.1", value_number(60));
		for (int i = 0; i < 2500; i++) {
			if (rig.to_kit.frame_count == 1 && i % 3 == 0) {
				uint8_t bytes[RIG_QUEUE_MAX];
				size_t count = rig_pop(&rig.to_kit, bytes);

				rig_push(&rig.to_kit, bytes, count);
				rig_push(&rig.to_kit, bytes, count);
			}
			wait_ms(1);
			forget_sent();
		}
		assert_true(is_at(1, 60));
		assert_near(number_of("joint.1"), 60, which->off_deg);
		assert_int_equal(rig.kit->state, KIT_READY);
	}
}

/* Twice in one piece: the second is no answer to the question that the first lets go. */
static void fault_13_an_answer_that_comes_twice_at_once_counts_once(void **state)
{
	(void)state;
	BOTH(which)
	{
		uint8_t bytes[256];
		size_t count;

		open_single(which);
		writes("joint.1", value_number(90)); /* so that it is asked all the time */
		WAIT_UNTIL(angle(1) > 5, 2000);
		holds(HOLD_MOTION);
		WAIT_UNTIL(asks(126, LX16A_READ_POSITION), 500);
		count = rig_pop(&rig.to_machine, bytes);
		which->class->feed(&rig.machine, bytes, count, rig.now_us);
		count = keep_answers_back(8, bytes);
		memcpy(bytes + count, bytes, count);
		forget_sent();
		kit_feed(rig.kit, bytes, 2 * count, rig.now_us);
		assert_int_equal(rig.frames, 1);
	}
}

/* Dynamixel's answers tell by their length to which question they belong. */
static void fault_13_an_old_answer_does_not_answer_a_new_question(void **state)
{
	uint8_t old[256], bytes[256];
	size_t old_count = 0, count;

	(void)state;
	open_single(&tongues[0]);
	for (int round = 0; round < 8; round++) {
		WAIT_UNTIL(asks(126, 0), 500);
		count = rig_pop(&rig.to_machine, bytes);
		tongue->class->feed(&rig.machine, bytes, count, rig.now_us);
		rig.now_us += 1000;
		uint64_t seq = described("joint.1")->seq;

		if (old_count > 0) {
			kit_feed(rig.kit, old, old_count, rig.now_us);
		}
		assert_int_equal(described("joint.1")->seq, seq);
		count = keep_answers_back(10, bytes);
		kit_feed(rig.kit, bytes, count, rig.now_us);
		assert_int_not_equal(described("joint.1")->seq, seq);
		old_count = count;
		memcpy(old, bytes, count);
		wait_ms(20);
	}
	close_kit(NULL);
}

/* ---- adapters ---- */

static void an_adapter_that_echoes_is_no_other_arm(void **state)
{
	(void)state;
	BOTH(which)
	{
		plug(which, "echo");
		WAIT_UNTIL(rig.kit->state == KIT_READY, 3000);
		arm.joints[3].angle = 15;
		writes("joint.2", value_number(-25));
		WAIT_UNTIL(is_at(2, -25), 2500);
		WAIT_UNTIL(fabs(number_of("joint.2") + 25) < 0.3, 500);
		assert_near(number_of("joint.4"), 15, which->off_deg);
		assert_int_equal(rig.kit->bad_frames, 0);
		holds(HOLD_KILL);
		WAIT_UNTIL(kit_is_held(rig.kit), 500);
	}
}

static void however_the_wire_is_cut_the_arm_does_the_same(void **state)
{
	(void)state;
	BOTH(which)
	{
		for (size_t cut = 1; cut < 8; cut += 3) {
			plug(which, "plain");
			rig.cut = cut;
			WAIT_UNTIL(rig.kit->state == KIT_READY, 3000);
			writes("joint.5", value_number(30));
			WAIT_UNTIL(is_at(5, 30), 2500);
			assert_int_equal(rig.kit->bad_frames, 0);
			close_kit(NULL);
		}
		plug(which, "plain"); /* for BOTH to close */
	}
}

/* ---- servos that go ---- */

static void fault_09_a_servo_that_goes_is_named_and_the_others_stand_still(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_listened(which);
		writes("joint.1", value_number(100));
		WAIT_UNTIL(angle(1) > 10, 2000);
		servos_unplug(&rig.machine, 2, true);
		WAIT_UNTIL(rig.kit->state == KIT_STALE, 1500);
		assert_non_null(strstr(rig.kit->why.text[LANG_EN], "Joint 3"));
		wait_ms(400);
		double there = angle(1);

		WAIT_UNTIL(rig.to_machine.count == 0, 100); /* else it waits in the kit */
		assert_int_equal(writes("joint.1", value_number(0)), ERR_LOST);
		assert_non_null(strstr(rig.hint, "Joint 3"));
		wait_ms(2000);
		assert_near(angle(1), there, which->off_deg);
		/* The others are still asked. */
		arm.joints[4].angle = arm.joints[4].target = 7;
		WAIT_UNTIL(fabs(number_of("joint.5") - 7) < 0.3, 1000);
		assert_string_equal(rig.events, "");
		forget_sent();
		servos_unplug(&rig.machine, 2, false);
		WAIT_UNTIL(rig.kit->state == KIT_READY, 2500);
		assert_string_equal(rig.events, "rebooted;");
		wait_ms(1500);
		assert_near(angle(1), there, which->off_deg); /* S7: nothing goes on */
		assert_int_equal(writes("joint.1", value_number(0)), ERR_NONE);
		WAIT_UNTIL(is_at(1, 0), 4000);
	}
}

static void fault_08_servos_that_restart_go_limp_and_are_noticed(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_listened(which);
		writes("joint.2", value_number(40));
		WAIT_UNTIL(is_at(2, 40), 3000);
		which->class->reset(&rig.machine, rig.now_us);
		WAIT_UNTIL(strcmp(rig.events, "") != 0, 1500);
		wait_ms(1000);
		assert_true(arm.joints[1].is_limp);
		assert_int_equal(rig.kit->state, KIT_READY);
		arm.joints[1].angle = 10; /* it sank */
		writes("joint.1", value_number(20));
		WAIT_UNTIL(is_at(1, 20), 3000);
		assert_near(angle(2), 10, which->off_deg); /* and does not jump back */
	}
}

static void a_hot_servo_is_named_and_nothing_moves_until_it_is_cool(void **state)
{
	(void)state;
	BOTH(which)
	{
		bool latches = which->driver == &dynamixel_driver;

		open_listened(which);
		writes("joint.1", value_number(100));
		WAIT_UNTIL(angle(1) > 10, 2000);
		arm.joints[3].temperature = 90;
		WAIT_UNTIL(rig.kit->state == KIT_REFUSED, 1500);
		assert_non_null(strstr(rig.kit->why.text[LANG_EN], "Joint 4"));
		assert_non_null(strstr(rig.kit->why.text[LANG_ZH], "4"));
		WAIT_UNTIL(strstr(rig.kit->why.text[LANG_EN], "hot"), 500);
		wait_ms(500);
		double there = angle(1);

		WAIT_UNTIL(rig.to_machine.count == 0, 100);
		assert_int_equal(writes("joint.1", value_number(0)), ERR_REFUSED);
		wait_ms(1000);
		assert_near(angle(1), there, which->off_deg);
		arm.joints[3].temperature = 30;
		wait_ms(2500);
		assert_int_equal(rig.kit->state, latches ? KIT_REFUSED : KIT_READY);
		which->class->reset(&rig.machine, rig.now_us); /* power off and on */
		WAIT_UNTIL(rig.kit->state == KIT_READY, 2500);
	}
}

static size_t dynamixel_wheel(uint8_t *bytes)
{
	struct dynamixel_message message;

	dynamixel_begin(&message, 2, DYNAMIXEL_WRITE);
	dynamixel_add(&message, 2, DYNAMIXEL_MODE);
	dynamixel_add(&message, 1, 1);
	return dynamixel_encode(&message, bytes, 32);
}

static size_t lx16a_wheel(uint8_t *bytes)
{
	const struct lx16a_message message = {
		.id = 2, .command = LX16A_SET_MODE, .count = 4, .params = {1, 0, 0xF4, 1}};

	return lx16a_encode(&message, bytes, 32);
}

static void a_servo_in_wheel_mode_is_refused_and_let_go(void **state)
{
	(void)state;
	BOTH(which)
	{
		uint8_t bytes[32];

		plug(which, "plain");
		size_t count = which->driver == &dynamixel_driver ? dynamixel_wheel(bytes)
								  : lx16a_wheel(bytes);

		which->class->feed(&rig.machine, bytes, count, rig.now_us);
		rig.to_kit.count = rig.to_kit.frame_count = 0;
		WAIT_UNTIL(rig.kit->state == KIT_REFUSED, 3000);
		assert_non_null(strstr(rig.kit->why.text[LANG_EN], "Servo 2"));
		wait_ms(100);
		assert_true(arm.joints[1].is_limp);
	}
}

static void fault_16_a_port_without_room_loses_nothing(void **state)
{
	(void)state;
	BOTH(which)
	{
		open_arm(which);
		wait_ms(800);
		rig.is_blocked = true;
		writes("joint.1", value_number(25));
		wait_ms(300);
		assert_near(angle(1), 0, which->off_deg);
		rig.is_blocked = false;
		WAIT_UNTIL(is_at(1, 25), 2500);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fault_12_with_flipped_bits_no_servo_goes_elsewhere),
		cmocka_unit_test(fault_11_random_bytes_leave_an_arm_that_answers),
		cmocka_unit_test(fault_17_noise_only_is_refused_in_three_seconds_with_advice),
		cmocka_unit_test(fault_15_lost_questions_and_answers_are_asked_again),
		cmocka_unit_test(fault_15_a_goal_that_was_lost_on_the_wire_is_sent_again),
		cmocka_unit_test(fault_13_doubled_answers_change_nothing),
		cmocka_unit_test(fault_13_an_answer_that_comes_twice_at_once_counts_once),
		cmocka_unit_test(fault_13_an_old_answer_does_not_answer_a_new_question),
		cmocka_unit_test(an_adapter_that_echoes_is_no_other_arm),
		cmocka_unit_test(however_the_wire_is_cut_the_arm_does_the_same),
		cmocka_unit_test(fault_09_a_servo_that_goes_is_named_and_the_others_stand_still),
		cmocka_unit_test(fault_08_servos_that_restart_go_limp_and_are_noticed),
		cmocka_unit_test(a_hot_servo_is_named_and_nothing_moves_until_it_is_cool),
		cmocka_unit_test(a_servo_in_wheel_mode_is_refused_and_let_go),
		cmocka_unit_test(fault_16_a_port_without_room_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The NXT driver in daily use, with the virtual brick. */
#include "nxt_rig.h"

/* ---- greeting ---- */

static void brick_is_greeted_and_ready(void **state)
{
	(void)state;
	open_kit(false);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 100);
	assert_string_equal(rig.kit->program, "NXT 1.31 (NXT, 00:16:53:01:02:03)");
	assert_string_equal(rig.kit->model, "nxt");
	assert_string_equal(value_of("firmware")->text, rig.kit->program);
	assert_true(fabs(number_of("voltage") - 7.85) < 1e-9);
	assert_true(number_of("battery") == 81 || number_of("battery") == 82 ||
		number_of("battery") == 83);
}

static void brick_speaks_in_transfers_without_lengths_over_usb(void **state)
{
	(void)state;
	open_kit(true);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 100);
	drives(0.5, 0.5);
	WAIT_UNTIL(rig.answers == 1, 50);
	assert_int_equal(rig.error, ERR_NONE);
	assert_int_equal(rig.kit->bad_frames, 0);
}

static void motors_are_stopped_as_soon_as_the_brick_answers(void **state)
{
	(void)state;
	open_kit(false);
	brick()->motors[1].set =
		(struct nxt_output){.power = 80, .mode = NXT_ON, .run = NXT_RUNNING};
	WAIT_UNTIL(wire.sent[NXT_SET_OUTPUT] == 3, 50);
	assert_int_equal(wire.sent[NXT_VERSIONS], 0); /* first things first */
	WAIT_UNTIL(rig.kit->state == KIT_READY, 1000);
	WAIT_UNTIL(is_standing(), 300);
}

static void sensor_ports_get_legos_layout(void **state)
{
	(void)state;
	ready();
	assert_int_equal(brick()->ports[0].type, NXT_SWITCH);
	assert_int_equal(brick()->ports[1].type, NXT_SOUND);
	assert_int_equal(brick()->ports[2].type, NXT_LIGHT_ON);
	assert_int_equal(brick()->ports[3].type, NXT_LOW_SPEED_9V);
}

static void name_with_strange_bytes_is_shown_as_text(void **state)
{
	(void)state;
	open_kit(false);
	memcpy(brick()->name, "<b>\x1b\xff", 6);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 100);
	assert_string_equal(rig.kit->program, "NXT 1.31 (<b>??, 00:16:53:01:02:03)");
}

static void no_motion_is_offered_as_a_signal(void **state)
{
	(void)state;
	ready();
	struct value one = value_number(1);
	struct why why;

	assert_int_equal(
		kit_write(rig.kit, property("motor.1"), &one, rig.now_us, NULL, NULL, &why),
		ERR_REFUSED);
	assert_false(nxt_driver.has_dead_man);
	assert_true(kit_has_motion(rig.kit));
}

/* ---- motors ---- */

static void drive_turns_motors_b_and_c_regulated(void **state)
{
	(void)state;
	ready();
	drives(0.75, -0.5);
	WAIT_UNTIL(rig.answers == 1, 50);
	assert_int_equal(rig.error, ERR_NONE);
	const struct nxt_output *left = &wire.output[1], *right = &wire.output[2];

	assert_int_equal(left->power, 75);
	assert_int_equal(right->power, -50);
	assert_int_equal(left->mode, NXT_ON | NXT_BRAKE | NXT_REGULATED);
	assert_int_equal(left->regulation, NXT_SPEED);
	assert_int_equal(left->run, NXT_RUNNING);
	assert_int_equal(left->limit, 0);
	assert_true(number_of("motor.2") == 0.75 && number_of("motor.3") == -0.5);
	assert_false(wire.has_motion_in_order);
}

static void turn_spins_to_the_left(void **state)
{
	(void)state;
	ready();
	assert_int_equal(acts("turn", value_number(1)), ERR_NONE);
	WAIT_UNTIL(rig.answers == 1, 50);
	assert_int_equal(wire.output[1].power, -100);
	assert_int_equal(wire.output[2].power, 100);
}

static void speed_zero_brakes(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	wait_ms(300);
	drives(0, 0);
	WAIT_UNTIL(is_standing(), 200);
	assert_int_equal(wire.output[1].mode, NXT_ON | NXT_BRAKE);
}

static void newest_set_point_wins_and_all_are_answered(void **state)
{
	(void)state;
	ready();
	for (int i = 1; i <= 10; i++) {
		drives(i / 10.0, i / 10.0);
	}
	WAIT_UNTIL(rig.answers == 10, 50);
	assert_int_equal(rig.error, ERR_NONE);
	assert_int_equal(wire.output[1].power, 100);
	assert_true(wire.sent[NXT_SET_OUTPUT] <= 4);
}

static void flood_of_set_points_leaves_room_for_sensors(void **state)
{
	(void)state;
	ready();
	watches("touch");
	for (int i = 0; i < 500; i++) {
		writes("motor.1", value_number(i % 2 ? 0.5 : 0.6));
		wait_ms(1);
	}
	assert_true(wire.sent[NXT_GET_INPUT] >= 15);
	assert_true(wire.sent[NXT_SET_OUTPUT] >= 150);
}

static void angles_are_counted_and_reset(void **state)
{
	(void)state;
	ready();
	watches("turned.1");
	writes("motor.1", value_number(1));
	wait_ms(500);
	assert_true(number_of("turned.1") > 300 && number_of("turned.1") < 460);
	writes("motor.1", value_number(0));
	wait_ms(200);
	assert_int_equal(acts("reset_angle", value_int(1)), ERR_NONE);
	WAIT_UNTIL(rig.answers == 1, 50);
	WAIT_UNTIL(number_of("turned.1") == 0, 100);
	assert_int_equal(acts("reset_angle", value_null()), ERR_NONE);
	WAIT_UNTIL(rig.answers == 2, 50);
	assert_int_equal(wire.sent[NXT_RESET_POSITION], 4);
}

static void a_wheel_that_settles_is_not_moving_and_one_that_is_pushed_is(void **state)
{
	(void)state;
	ready();
	watches("moving");
	WAIT_UNTIL(value_of("moving")->type == VALUE_BOOL && !value_of("moving")->boolean, 200);
	brick()->motors[1].turned += 2;
	for (int i = 0; i < 200; i++) {
		wait_ms(1);
		assert_false(value_of("moving")->boolean);
	}
	for (int i = 0; i < 200; i++) { /* slowly, so that some looks see no change */
		brick()->motors[1].turned += 0.05;
		wait_ms(1);
	}
	assert_true(value_of("moving")->boolean);
	WAIT_UNTIL(!value_of("moving")->boolean, 200);
}

static void moving_is_true_while_something_moves(void **state)
{
	(void)state;
	ready();
	watches("moving");
	WAIT_UNTIL(value_of("moving")->type == VALUE_BOOL && !value_of("moving")->boolean, 200);
	writes("motor.3", value_number(-0.3));
	WAIT_UNTIL(value_of("moving")->boolean, 100);
	writes("motor.3", value_number(0));
	WAIT_UNTIL(!value_of("moving")->boolean, 300);
}

static void program_on_the_brick_is_ended_before_the_first_motion(void **state)
{
	struct nxt_telegram start = {.op = NXT_START_PROGRAM, .name = "Dance.rxe"};
	uint8_t bytes[NXT_FRAME_MAX];

	(void)state;
	ready();
	machine_nxt.feed(
		&rig.machine, bytes, nxt_encode_framed(&start, bytes, sizeof(bytes)), rig.now_us);
	WAIT_UNTIL(brick()->program_us != 0, 20);
	drives(0.5, 0.5);
	WAIT_UNTIL(rig.answers == 1, 50);
	assert_int_equal(wire.sent[NXT_STOP_PROGRAM], 1);
	assert_int_equal(brick()->program_us, 0);
	assert_int_equal(brick()->motors[2].set.power, 50);
	/* The brick resets its ports and motors once more: both are told again. */
	wait_ms(2500);
	assert_int_equal(brick()->ports[0].type, NXT_SWITCH);
	assert_int_equal(brick()->ports[3].type, NXT_LOW_SPEED_9V);
	assert_int_equal(brick()->motors[2].set.power, 50);
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_string_equal(rig.events, "");
	/* While it drives, nobody looks for programs. */
	unsigned asked = wire.sent[NXT_GET_PROGRAM];

	drives(0.7, 0.7);
	wait_ms(20);
	assert_int_equal(wire.sent[NXT_GET_PROGRAM], asked);
}

/* ---- sensors ---- */

static void touch_light_and_sound_are_read_while_watched(void **state)
{
	(void)state;
	ready();
	wait_ms(500);
	assert_true(wire.sent[NXT_GET_INPUT] <= 1); /* nobody watches: a beat */
	watches("touch");
	watches("sound");
	watches("light");
	watches("line");
	WAIT_UNTIL(value_of("touch")->type == VALUE_BOOL &&
			value_of("light")->type == VALUE_NUMBER &&
			value_of("sound")->type == VALUE_NUMBER,
		100);
	assert_false(value_of("touch")->boolean);
	assert_true(is_near("light", 0.65));
	assert_true(number_of("line") < 0.01);
	rig.scene[SCENE_BUTTON] = 1;
	WAIT_UNTIL(value_of("touch")->boolean, 60);
	unwatches("touch");
	unwatches("sound");
	unwatches("light");
	unwatches("line");
	wait_ms(50);
	unsigned asked = wire.sent[NXT_GET_INPUT];

	wait_ms(500);
	assert_true(wire.sent[NXT_GET_INPUT] <= asked + 1);
}

static void lamp_of_the_light_sensor_goes_off_and_on(void **state)
{
	(void)state;
	ready();
	watches("light");
	watches("line");
	assert_true(value_of("led")->boolean);
	writes("led", value_bool(false));
	WAIT_UNTIL(brick()->ports[2].type == NXT_LIGHT_OFF, 20);
	WAIT_UNTIL(is_near("light", 0.5), 100);
	assert_int_equal(value_of("line")->type, VALUE_NULL);
	writes("led", value_bool(true));
	WAIT_UNTIL(is_near("light", 0.65), 100);
	assert_int_equal(value_of("line")->type, VALUE_NUMBER);
}

static void sonar_measures_and_says_400_without_an_echo(void **state)
{
	(void)state;
	ready();
	watches("distance");
	WAIT_UNTIL(is_near("distance", 50), 400);
	rig.scene[SCENE_DISTANCE] = 27.4;
	WAIT_UNTIL(is_near("distance", 27), 150);
	rig.scene[SCENE_DISTANCE] = 400;
	WAIT_UNTIL(is_near("distance", 400), 150);
	assert_true(wire.sent[NXT_LS_READ] >= wire.sent[NXT_LS_WRITE] - 1); /* always read out */
	/* Never asked too early: the sensor would not answer, and be left alone for a while. */
	unsigned read = wire.sent[NXT_LS_READ];

	wait_ms(500);
	assert_true(wire.sent[NXT_LS_READ] - read >= 15);
	assert_int_equal(brick()->sonar[0x41], 2);
}

static void sonar_that_is_not_there_is_null_and_found_when_it_comes(void **state)
{
	(void)state;
	ready();
	assert_int_equal(acts("set_sensor", value_int(4), value_text("none", 4)), ERR_NONE);
	WAIT_UNTIL(rig.answers == 1, 50);
	assert_int_equal(kit_find_property(rig.kit, "distance"), -1);
	assert_int_equal(acts("set_sensor", value_int(1), value_text("ultrasonic", 10)), ERR_NONE);
	WAIT_UNTIL(rig.answers == 2, 50);
	assert_int_equal(kit_find_property(rig.kit, "touch"), -1);
	watches("distance");
	wait_ms(1500);
	assert_int_equal(value_of("distance")->type, VALUE_NULL);
	assert_true(wire.sent[NXT_LS_WRITE] <= 6); /* not hammered */
	assert_int_equal(rig.kit->state, KIT_READY);
}

static void other_layouts_are_described_anew(void **state)
{
	(void)state;
	ready();
	watches("sensor.1");
	WAIT_UNTIL(value_of("sensor.1")->type == VALUE_NUMBER, 100);
	assert_true(number_of("sensor.1") == 0);
	assert_int_equal(acts("set_sensor", value_int(1), value_text("temperature", 11)), ERR_NONE);
	WAIT_UNTIL(rig.answers == 1, 50);
	assert_true(kit_find_property(rig.kit, "temperature") >= 0);
	watches("temperature");
	WAIT_UNTIL(value_of("temperature")->type == VALUE_NUMBER, 100);
	assert_true(number_of("temperature") == 70); /* an open line */
	assert_true(number_of("sensor.1") == 70);
	assert_int_equal(acts("set_sensor", value_int(1), value_text("gyro", 4)), ERR_INVALID);
}

/* ---- the rest ---- */

static void tone_sounds_and_ends(void **state)
{
	(void)state;
	ready();
	watches("sound");
	WAIT_UNTIL(value_of("sound")->type == VALUE_NUMBER, 100);
	double quiet = number_of("sound");

	assert_int_equal(acts("tone", value_number(440), value_number(2)), ERR_NONE);
	WAIT_UNTIL(rig.answers == 1, 50);
	WAIT_UNTIL(number_of("sound") > quiet + 0.3, 100);
	assert_int_equal(acts("tone", value_number(440), value_number(0)), ERR_NONE);
	WAIT_UNTIL(number_of("sound") == quiet, 100);
	assert_int_equal(wire.sent[NXT_STOP_SOUND], 1);
}

static void brick_is_kept_awake(void **state)
{
	(void)state;
	ready();
	wait_ms(130 * 1000);
	assert_in_range(wire.sent[NXT_KEEP_ALIVE], 2, 3);
	wait_ms(11 * 60 * 1000);
	assert_true(brick()->is_on);
	assert_int_equal(rig.kit->state, KIT_READY);
}

static void battery_is_looked_at_each_second(void **state)
{
	(void)state;
	ready();
	wait_ms(5000);
	assert_in_range(wire.sent[NXT_GET_BATTERY], 3, 6);
	drives(1, 1);
	WAIT_UNTIL(fabs(number_of("voltage") - 7.61) < 1e-9, 2500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(brick_is_greeted_and_ready),
		TEST(brick_speaks_in_transfers_without_lengths_over_usb),
		TEST(motors_are_stopped_as_soon_as_the_brick_answers),
		TEST(sensor_ports_get_legos_layout),
		TEST(name_with_strange_bytes_is_shown_as_text),
		TEST(no_motion_is_offered_as_a_signal),
		TEST(drive_turns_motors_b_and_c_regulated),
		TEST(turn_spins_to_the_left),
		TEST(speed_zero_brakes),
		TEST(newest_set_point_wins_and_all_are_answered),
		TEST(flood_of_set_points_leaves_room_for_sensors),
		TEST(angles_are_counted_and_reset),
		TEST(a_wheel_that_settles_is_not_moving_and_one_that_is_pushed_is),
		TEST(moving_is_true_while_something_moves),
		TEST(program_on_the_brick_is_ended_before_the_first_motion),
		TEST(touch_light_and_sound_are_read_while_watched),
		TEST(lamp_of_the_light_sensor_goes_off_and_on),
		TEST(sonar_measures_and_says_400_without_an_echo),
		TEST(sonar_that_is_not_there_is_null_and_found_when_it_comes),
		TEST(other_layouts_are_described_anew),
		TEST(tone_sounds_and_ends),
		TEST(brick_is_kept_awake),
		TEST(battery_is_looked_at_each_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

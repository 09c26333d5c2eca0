/*
 * The virtual board against what real StandardFirmata answered (captured from
 * firmware 2.5.7 and 2.4 on a simulated ATmega328P). Time is the test's own.
 */
#include "virtual/board.h"
#include "virtual/i2c.h"

#include "hex.h"

#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000)

enum { BOOT_US = 250000, SAID_MAX = 64 * 1024 };

/* A board, what it said since the last look, and the voltages at its pins. */
struct rig {
	struct board board;
	struct i2c_bus i2c;
	int64_t now_us;
	unsigned analog[MODEL_ANALOG_MAX];
	bool pressed[MODEL_PINS_MAX]; /* a switch to ground */
	size_t said_count;
	uint8_t said[SAID_MAX];
};

static void on_send(void *data, const uint8_t *bytes, size_t count)
{
	struct rig *rig = data;

	assert_true(count > 0 && rig->said_count + count <= SAID_MAX);
	memcpy(rig->said + rig->said_count, bytes, count);
	rig->said_count += count;
}

static unsigned on_analog(void *data, unsigned channel)
{
	return ((struct rig *)data)->analog[channel];
}

static bool on_digital(void *data, unsigned pin, bool is_pulled_up)
{
	return is_pulled_up && !((struct rig *)data)->pressed[pin];
}

static bool on_i2c_write(void *data, uint8_t address, const uint8_t *bytes, size_t count)
{
	return i2c_bus_write(&((struct rig *)data)->i2c, address, bytes, count);
}

static bool on_i2c_read(void *data, uint8_t address, uint8_t *bytes, size_t count)
{
	return i2c_bus_read(&((struct rig *)data)->i2c, address, bytes, count);
}

static const struct board_world world = {
	.send = on_send,
	.analog = on_analog,
	.digital = on_digital,
	.i2c_write = on_i2c_write,
	.i2c_read = on_i2c_read,
};

static struct rig rig;

static void run_for(int64_t us)
{
	int64_t until_us = rig.now_us + us;
	int64_t due_us;

	while ((due_us = board_tick(&rig.board, rig.now_us)) <= until_us) {
		rig.now_us = due_us > rig.now_us ? due_us : rig.now_us;
	}
	rig.now_us = until_us;
}

static void forget(void)
{
	rig.said_count = 0;
}

/* A board that has just said its banner. */
static void start(const char *model, int minor)
{
	memset(&rig, 0, sizeof(rig));
	rig.now_us = 77 * MS;
	i2c_bus_init(&rig.i2c);
	board_init(&rig.board, model_find(model), minor, BOOT_US, &world, &rig);
	board_line_opened(&rig.board, rig.now_us);
	run_for(BOOT_US);
	forget();
}

static void feed(const char *hex)
{
	uint8_t bytes[512];
	size_t count = from_hex(hex, bytes);

	board_feed(&rig.board, bytes, count, rig.now_us);
}

static const char *said(void)
{
	static char hex[2 * SAID_MAX + 1];

	for (size_t i = 0; i < rig.said_count; i++) {
		snprintf(hex + 2 * i, 3, "%02x", rig.said[i]);
	}
	hex[2 * rig.said_count] = '\0';
	forget();
	return hex;
}

static void expect(const char *request, const char *reply)
{
	feed(request);
	assert_string_equal(said(), reply);
}

static unsigned count_of(const char *hex, const char *part)
{
	unsigned count = 0;

	for (const char *at = strstr(hex, part); at; at = strstr(at + 2, part)) {
		count++;
	}
	return count;
}

#define TOO_FEW                                                                                    \
	"f0714900320043003a00200054006f006f00200066006500770020006200790074006500730020007200650063" \
	"0065006900760065006400f7"
#define UNKNOWN_MODE                                                                               \
	"f07155006e006b006e006f0077006e002000700069006e0020006d006f0064006500f7"
#define NAME "5300740061006e0064006100720064004600690072006d006100740061002e0069006e006f00"

/* ---- start ---- */

static void a_board_is_silent_and_deaf_until_its_boot_time_is_over(void **state)
{
	(void)state;
	start("uno", 5);
	board_reset(&rig.board, rig.now_us);
	run_for(BOOT_US - 1);
	feed("f9");
	assert_string_equal(said(), "");
	run_for(1);
	assert_string_equal(said(), "f90205f0790205" NAME "f7");
	expect("f9", "f90205");
}

static void version_and_firmware_of_2_4_are_its_own(void **state)
{
	(void)state;
	start("uno", 4);
	board_reset(&rig.board, rig.now_us);
	run_for(BOOT_US);
	assert_string_equal(said(), "f90204f0790204" NAME "f7");
	expect("f079f7", "f0790204" NAME "f7");
}

static void an_open_resets_boards_with_a_bridge_chip_and_no_others(void **state)
{
	(void)state;
	start("uno", 5);
	feed("f40d01f50d01");
	board_line_opened(&rig.board, rig.now_us);
	assert_true(rig.board.is_booting);
	start("leonardo", 5);
	feed("f40d01f50d01");
	board_line_opened(&rig.board, rig.now_us);
	assert_false(rig.board.is_booting);
	expect("f06d0df7", "f06e0d0101f7");
}

/* ---- queries ---- */

static void capabilities_of_an_uno_are_those_of_the_real_firmware(void **state)
{
	(void)state;
	start("uno", 5);
	expect("f06bf7",
		"f06c7f7f00010b010101040e7f00010b0101010308040e7f00010b010101040e7f00010b010101030804"
		"0e7f00010b0101010308040e7f00010b010101040e7f00010b010101040e7f00010b0101010308040e7f"
		"00010b0101010308040e7f00010b0101010308040e7f00010b010101040e7f00010b010101040e7f0001"
		"0b010101020a040e7f00010b010101020a040e7f00010b010101020a040e7f00010b010101020a040e7f"
		"00010b010101020a040e06017f00010b010101020a040e06017ff7");
	start("uno", 4);
	expect("f06bf7",
		"f06c7f7f00010101040e7f000101010308040e7f00010101040e7f000101010308040e7f000101010308"
		"040e7f00010101040e7f00010101040e7f000101010308040e7f000101010308040e7f00010101030804"
		"0e7f00010101040e7f00010101040e7f00010101020a040e7f00010101020a040e7f00010101020a040e"
		"7f00010101020a040e7f00010101020a040e06017f00010101020a040e06017ff7");
}

static void analog_maps_fit_each_board(void **state)
{
	(void)state;
	start("uno", 5);
	expect("f069f7", "f06a7f7f7f7f7f7f7f7f7f7f7f7f7f7f000102030405f7");
	start("nano", 5);
	expect("f069f7", "f06a7f7f7f7f7f7f7f7f7f7f7f7f7f7f0001020304050607f7");
	start("leonardo", 5);
	expect("f069f7",
		"f06a7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f000102030405060708090a0bf7");
	start("mega", 5);
	feed("f069f7");
	assert_int_equal(rig.said_count, 3 + 70);
	assert_int_equal(rig.said[2 + 53], 0x7F);
	assert_int_equal(rig.said[2 + 69], 15);
}

static void pin_states_tell_mode_and_value_in_as_many_groups_as_needed(void **state)
{
	(void)state;
	start("uno", 5);
	expect("f06d0df7", "f06e0d0100f7"); /* after reset: output, low */
	expect("f06d0ef7", "f06e0e0200f7"); /* A0: analog */
	expect("f06d00f7", "f06e000000f7"); /* the serial line */
	expect("f06d14f7", "f06e14f7");     /* no such pin */
	expect("f40303e37f01f06d03f7", "f06e03037f01f7");
	expect("f4020bf06d02f7", "f06e020b01f7");
	expect("f06df7", "");
}

static void what_the_firmware_does_not_know_stays_unanswered(void **state)
{
	(void)state;
	start("uno", 5);
	expect("f07cf7", "");
	expect("f0630102f7", "");
	expect("f0f7", "");
	expect("f40320", UNKNOWN_MODE);
	start("uno", 4);
	expect("f4020b", UNKNOWN_MODE);
}

static void strings_are_sent_back(void **state)
{
	(void)state;
	start("uno", 5);
	expect("f0714f006b006901f7", "f0714f006b006901f7");
}

/* ---- digital ---- */

static void a_port_is_reported_at_once_and_then_when_it_changes(void **state)
{
	(void)state;
	start("uno", 5);
	feed("f4020b");
	expect("d001", "900400");
	run_for(500 * MS);
	assert_string_equal(said(), "");
	rig.pressed[2] = true;
	run_for(20 * MS);
	assert_string_equal(said(), "900000");
	rig.pressed[2] = false;
	run_for(20 * MS);
	assert_string_equal(said(), "900400");
	feed("d000");
	rig.pressed[2] = true;
	run_for(100 * MS);
	assert_string_equal(said(), "");
	expect("d301", ""); /* no such port */
}

static void outputs_follow_ports_and_single_writes(void **state)
{
	(void)state;
	start("uno", 5);
	feed("f40d01912000");
	assert_int_equal(rig.board.pins[13].state, 1);
	feed("910000");
	assert_int_equal(rig.board.pins[13].state, 0);
	feed("f50d01");
	assert_int_equal(rig.board.pins[13].state, 1);
	feed("f40d00f50d00"); /* not an output any more */
	assert_int_equal(rig.board.pins[13].state, 0);
	feed("f40303e36400910000900000"); /* PWM is left alone by port writes */
	assert_int_equal(rig.board.pins[3].state, 100);
	start("uno", 4);
	feed("f40d01f50d01"); /* 2.4 does not know F5 */
	assert_int_equal(rig.board.pins[13].state, 0);
}

static void the_old_way_to_a_pull_up_works(void **state)
{
	(void)state;
	start("uno", 4);
	feed("f40200900400");
	expect("d001", "900400");
	expect("900000", "900000");
	start("uno", 5);
	feed("f40200900400");
	expect("d001", "900400");
}

/* ---- analog, PWM, servo ---- */

static void analog_values_come_at_once_and_at_each_interval(void **state)
{
	(void)state;
	start("uno", 5);
	rig.analog[0] = 102;
	expect("c001", "e06600");
	run_for(1000 * MS);
	assert_in_range(count_of(said(), "e06600"), 51, 54); /* 1000 / 19 */
	feed("f07a0a00f7"); /* 10 ms */
	run_for(20 * MS);
	forget();
	run_for(1000 * MS);
	assert_in_range(count_of(said(), "e06600"), 99, 101);
	rig.analog[0] = 998;
	run_for(11 * MS);
	assert_non_null(strstr(said(), "e06607"));
	feed("c000");
	run_for(100 * MS);
	assert_string_equal(said(), "");
}

static void samples_do_not_pile_up_while_the_process_is_stopped(void **state)
{
	(void)state;
	start("uno", 5);
	feed("c001");
	forget();
	rig.now_us += 3600000 * MS;
	run_for(1);
	assert_in_range(rig.said_count, 1, 3 * 12);
}

static void samples_do_not_outrun_the_serial_line(void **state)
{
	(void)state;
	start("uno", 5);
	feed("f07a0100f7c001c101c201c301c401c501");
	forget();
	run_for(1000 * MS);
	assert_in_range(rig.said_count, 5600, 5800); /* 57600 baud */
	start("leonardo", 5);
	feed("f07a0100f7c001c101c201c301c401c501");
	forget();
	run_for(1000 * MS);
	assert_in_range(rig.said_count, 17900, 18100);
}

static void a_reset_message_clears_pins_and_reports_but_not_the_interval(void **state)
{
	(void)state;
	start("uno", 5);
	feed("f07a6400f7f40d01f50d01c001d001f0780000f7");
	forget();
	feed("ff");
	run_for(500 * MS);
	assert_string_equal(said(), "");
	expect("f06d0df7", "f06e0d0100f7");
	expect("f06d12f7", "f06e120200f7"); /* A4 is analog again */
	feed("c001");
	forget();
	run_for(1000 * MS);
	assert_in_range(rig.said_count, 9 * 3, 11 * 3); /* 100 ms */
}

static void servos_take_pulses_angles_and_a_limit(void **state)
{
	(void)state;
	start("uno", 5);
	feed("f0700920046012f7e95a00");
	expect("f06d09f7", "f06e09045af7");
	assert_int_equal(rig.board.pins[9].min_us, 544);
	assert_int_equal(rig.board.pins[9].max_us, 2400);
	expect("f06f095c0bf7f06d09f7", "f06e09045c0bf7"); /* extended: 1500 us */
	feed("f40901");
	assert_false(rig.board.pins[9].has_servo);
	for (unsigned pin = 2; pin < 14; pin++) {
		char hex[8];

		snprintf(hex, sizeof(hex), "f4%02x04", pin);
		expect(hex, "");
	}
	feed("f40e04");
	assert_memory_equal(rig.said, "\xf0\x71M\0a\0x\0 \0s\0e\0r\0v\0", 18);
}

/* ---- I2C ---- */

static void i2c_memory_keeps_what_is_written(void **state)
{
	(void)state;
	start("uno", 5);
	feed("f0780000f7");
	expect("f06d12f7f06d13f7", "f06e120600f7f06e130600f7");
	expect("f0765000020025012401270126010000f7", "");
	expect("f076500802000400f7", "f077500002002501240127012601f7");
	expect("f07650000200f7", "");                           /* sets the pointer */
	expect("f07650080200f7", "f0775000000025012401f7");     /* reads on from there */
	expect("f076500802002000f7f06d12f7", "f0775000020025012401270126010000"
		"7f017f017f017f017f017f017f017f017f017f017f017f017f017f017f017f017f017f017f017f01"
		"7f017f017f017f017f017f017f01f7f06e120600f7");
}

static void an_address_without_a_device_is_told_as_the_firmware_does(void **state)
{
	(void)state;
	start("uno", 5);
	feed("f0780000f7");
	expect("f076200802000400f7", TOO_FEW "f07720000200f7");
	expect("f07620000100f7", ""); /* writes go into the void */
	start("uno", 4);
	feed("f0780000f7");
	expect("f076200802000400f7", TOO_FEW "f077200002000000000000000000f7");
}

static void continuous_reads_come_at_the_interval_until_they_are_stopped(void **state)
{
	(void)state;
	start("uno", 5);
	feed("f0780000f7");
	expect("f076501000000200f7", "");
	run_for(1000 * MS);
	assert_in_range(count_of(said(), "f077500000007f017f01f7"), 51, 54);
	for (int i = 0; i < 7; i++) {
		expect("f076481000000200f7", "");
	}
	feed("f076481000000200f7");
	assert_memory_equal(rig.said, "\xf0\x71t\0o\0o\0 \0m\0a\0n\0y\0", 18);
	forget();
	feed("f0765018f7"); /* the first is that of the memory */
	run_for(100 * MS);
	assert_int_equal(count_of(said(), "f07750"), 0);
	for (int i = 0; i < 7; i++) {
		feed("f0766f18f7"); /* whatever the address */
	}
	run_for(100 * MS);
	forget();
	run_for(100 * MS);
	assert_string_equal(said(), "");
	expect("f076502802000400f7",
		"f071310030002d006200690074002000610064006400720065007300730069006e00670020006e006f00"
		"7400200073007500700070006f007200740065006400f7");
}

static void the_lm75_tells_half_degrees_also_below_zero(void **state)
{
	(void)state;
	start("uno", 5);
	feed("f0780000f7");
	rig.i2c.temperature = 22.5;
	expect("f076480800000200f7", "f0774800000016000001f7");
	rig.i2c.temperature = -0.5;
	expect("f076480800000200f7", "f077480000007f010001f7");
	expect("f076480803000200f7", "f0774800030050000000f7"); /* TOS: 80 degrees */
}

/* ---- tones, garbage ---- */

static void tones_sound_as_long_as_they_were_told_to(void **state)
{
	unsigned pin = 0;

	(void)state;
	start("uno", 5);
	assert_int_equal(board_tone(&rig.board, rig.now_us, &pin), 0);
	feed("f05f000838036401f7"); /* pin 8, 440 Hz, 228 ms */
	assert_int_equal(board_tone(&rig.board, rig.now_us + 227 * MS, &pin), 440);
	assert_int_equal(pin, 8);
	assert_int_equal(board_tone(&rig.board, rig.now_us + 228 * MS, &pin), 0);
	feed("f05f000838030000f7"); /* until it is told to stop */
	assert_int_equal(board_tone(&rig.board, rig.now_us + 3600000 * MS, &pin), 440);
	feed("f05f0108f7");
	assert_int_equal(board_tone(&rig.board, rig.now_us, &pin), 0);
}

static void fault_11_garbage_leaves_a_board_that_answers(void **state)
{
	(void)state;
	srand(11);
	for (int round = 0; round < 200; round++) {
		start("uno", 5);
		for (int i = 0; i < 2000; i++) {
			uint8_t byte = (uint8_t)(rand() >> 7);

			board_feed(&rig.board, &byte, 1, rig.now_us);
			forget();
		}
		feed("f7ff"); /* ends a sysex that may be open */
		forget();
		expect("f9", "f90205");
		expect("f06d0df7", "f06e0d0100f7");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_board_is_silent_and_deaf_until_its_boot_time_is_over),
		cmocka_unit_test(version_and_firmware_of_2_4_are_its_own),
		cmocka_unit_test(an_open_resets_boards_with_a_bridge_chip_and_no_others),
		cmocka_unit_test(capabilities_of_an_uno_are_those_of_the_real_firmware),
		cmocka_unit_test(analog_maps_fit_each_board),
		cmocka_unit_test(pin_states_tell_mode_and_value_in_as_many_groups_as_needed),
		cmocka_unit_test(what_the_firmware_does_not_know_stays_unanswered),
		cmocka_unit_test(strings_are_sent_back),
		cmocka_unit_test(a_port_is_reported_at_once_and_then_when_it_changes),
		cmocka_unit_test(outputs_follow_ports_and_single_writes),
		cmocka_unit_test(the_old_way_to_a_pull_up_works),
		cmocka_unit_test(analog_values_come_at_once_and_at_each_interval),
		cmocka_unit_test(samples_do_not_pile_up_while_the_process_is_stopped),
		cmocka_unit_test(samples_do_not_outrun_the_serial_line),
		cmocka_unit_test(a_reset_message_clears_pins_and_reports_but_not_the_interval),
		cmocka_unit_test(servos_take_pulses_angles_and_a_limit),
		cmocka_unit_test(i2c_memory_keeps_what_is_written),
		cmocka_unit_test(an_address_without_a_device_is_told_as_the_firmware_does),
		cmocka_unit_test(continuous_reads_come_at_the_interval_until_they_are_stopped),
		cmocka_unit_test(the_lm75_tells_half_degrees_also_below_zero),
		cmocka_unit_test(tones_sound_as_long_as_they_were_told_to),
		cmocka_unit_test(fault_11_garbage_leaves_a_board_that_answers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("virtual_board", tests, NULL, NULL);
}

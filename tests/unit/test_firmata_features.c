/* Firmata's optional features: encoders, steppers, 1-Wire, serial ports, scheduler. */
#include "firmata_hex.h"

static void encoders_have_a_direction(void **state)
{
	const struct firmata_message *m =
		decoded(TO_HOST, "f0 61 40 2c 02 00 00 01 01 00 00 00 f7");

	(void)state;
	assert_int_equal(m->type, FIRMATA_ENCODER_POSITIONS);
	assert_int_equal(m->count, 2);
	assert_int_equal(m->encoders[0].device, 0);
	assert_true(m->encoders[0].is_negative);
	assert_int_equal(m->encoders[0].steps, 300);
	assert_int_equal(m->encoders[1].device, 1);
	assert_false(m->encoders[1].is_negative);
	m = decoded(TO_BOARD, "f0 61 00 01 02 03 f7");
	assert_int_equal(m->type, FIRMATA_ENCODER_ATTACH);
	assert_int_equal(m->encoder_pins[1], 3);
	assert_int_equal(decoded(TO_BOARD, "f0 61 01 01 f7")->type, FIRMATA_ENCODER_REPORT);
	assert_int_equal(decoded(TO_BOARD, "f0 61 02 f7")->type, FIRMATA_ENCODER_REPORT_ALL);
	assert_int_equal(decoded(TO_BOARD, "f0 61 03 01 f7")->type, FIRMATA_ENCODER_ZERO);
	assert_int_equal(decoded(TO_BOARD, "f0 61 04 01 f7")->type, FIRMATA_ENCODER_AUTO);
	assert_int_equal(decoded(TO_BOARD, "f0 61 05 01 f7")->type, FIRMATA_ENCODER_DETACH);
}

static void stepper_positions_have_a_sign_flag(void **state)
{
	const struct firmata_message *m = decoded(TO_BOARD, "f0 62 02 00 50 0f 00 00 00 f7");

	(void)state;
	assert_int_equal(m->type, FIRMATA_STEPPER_STEP);
	assert_int_equal(m->positions[0], 2000);
	m = decoded(TO_BOARD, "f0 62 03 00 48 01 00 00 08 f7");
	assert_int_equal(m->type, FIRMATA_STEPPER_TO);
	assert_int_equal(m->positions[0], -200);
	m = decoded(TO_HOST, "f0 62 0a 03 7f 7f 7f 7f 0f f7");
	assert_int_equal(m->type, FIRMATA_STEPPER_DONE);
	assert_int_equal(m->positions[0], -INT32_MAX);
	m = decoded(TO_BOARD, "f0 62 21 01 01 00 00 00 00 01 00 00 00 08 f7");
	assert_int_equal(m->type, FIRMATA_GROUP_TO);
	assert_int_equal(m->count, 2);
	assert_int_equal(m->positions[0], 1);
	assert_int_equal(m->positions[1], -1);
	assert_int_equal(decoded(TO_BOARD, "f0 62 06 01 f7")->type, FIRMATA_STEPPER_QUERY);
	m = decoded(TO_HOST, "f0 62 06 01 01 00 00 00 00 f7");
	assert_int_equal(m->type, FIRMATA_STEPPER_POSITION);
	m = decoded(TO_BOARD, "f0 62 00 00 11 02 03 04 01 f7");
	assert_int_equal(m->type, FIRMATA_STEPPER_CONFIG);
	assert_int_equal(m->interface, 0x11);
	assert_data(m, "02 03 04 01");
	assert_int_equal(decoded(TO_BOARD, "f0 62 01 00 f7")->type, FIRMATA_STEPPER_ZERO);
	assert_int_equal(decoded(TO_BOARD, "f0 62 04 00 01 f7")->type, FIRMATA_STEPPER_ENABLE);
	assert_int_equal(decoded(TO_BOARD, "f0 62 05 00 f7")->type, FIRMATA_STEPPER_STOP);
	assert_int_equal(
		decoded(TO_BOARD, "f0 62 07 00 02 01 03 00 f7")->type, FIRMATA_STEPPER_LIMIT);
	assert_int_equal(decoded(TO_BOARD, "f0 62 20 00 01 02 f7")->type, FIRMATA_GROUP_CONFIG);
	assert_int_equal(decoded(TO_BOARD, "f0 62 23 00 f7")->type, FIRMATA_GROUP_STOP);
	assert_int_equal(decoded(TO_HOST, "f0 62 24 00 f7")->type, FIRMATA_GROUP_DONE);
}

static void stepper_speeds_are_decimal_floats(void **state)
{
	const struct firmata_message *m = decoded(TO_BOARD, "f0 62 09 00 01 00 00 34 f7");

	(void)state;
	assert_int_equal(m->type, FIRMATA_STEPPER_SPEED);
	assert_true(firmata_float_value(&m->speed) == 100);
	m = decoded(TO_BOARD, "f0 62 08 00 31 45 29 05 f7");
	assert_int_equal(m->type, FIRMATA_STEPPER_ACCELERATION);
	assert_float_equal(firmata_float_value(&m->speed), 1.0 / 3600, 1e-9);
}

static void numbers_survive_the_float_format(void **state)
{
	static const double numbers[] = {
		0, 1, -1, 100, 0.1, 1000.5, 8388607, -0.000277777, 12345e4, 83886070000.0};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct firmata_float f = firmata_float_from(numbers[i]);

		assert_true(fabs(firmata_float_value(&f) - numbers[i]) <= fabs(numbers[i]) * 1e-6);
		assert_true(f.mantissa < 1 << 23);
	}
	struct firmata_float hundred = firmata_float_from(100);

	/* As npm firmata-io and the protocol's worked example write it. */
	assert_int_equal(hundred.mantissa, 1);
	assert_int_equal(hundred.exponent, 2);
	struct firmata_float most = firmata_float_from(1e300);

	assert_int_equal(most.mantissa, (1 << 23) - 1);
	assert_int_equal(most.exponent, 4);
}

static void legacy_steppers_are_told_apart_by_direction(void **state)
{
	const struct firmata_message *m = decoded(TO_BOARD, "f0 72 01 00 01 10 03 00 68 07 f7");

	(void)state;
	assert_int_equal(m->type, FIRMATA_LEGACY_STEPPER_STEP);
	assert_int_equal(m->legacy.direction, 1);
	assert_int_equal(m->legacy.steps, 400);
	assert_int_equal(m->legacy.speed, 1000);
	assert_false(m->legacy.has_ramps);
	m = decoded(TO_BOARD, "f0 72 01 00 01 10 03 00 68 07 01 00 02 00 f7");
	assert_true(m->legacy.has_ramps);
	assert_int_equal(m->legacy.deceleration, 2);
	m = decoded(TO_BOARD, "f0 72 00 00 02 48 01 02 03 f7");
	assert_int_equal(m->type, FIRMATA_LEGACY_STEPPER_CONFIG);
	assert_int_equal(m->value, 200);
	assert_data(m, "02 03");
	assert_int_equal(decoded(TO_HOST, "f0 72 01 f7")->type, FIRMATA_LEGACY_STEPPER_DONE);
}

static void onewire_data_are_packed(void **state)
{
	const struct firmata_message *m =
		decoded(TO_HOST, "f0 73 42 0a 28 02 08 18 40 20 01 03 07 00 f7");

	(void)state;
	assert_int_equal(m->type, FIRMATA_ONEWIRE_SEARCH_REPLY);
	assert_int_equal(m->pin, 10);
	assert_data(m, "28 01 02 03 04 05 06 07");
	assert_int_equal(decoded(TO_BOARD, "f0 73 40 0a f7")->type, FIRMATA_ONEWIRE_SEARCH);
	m = decoded(TO_BOARD, "f0 73 41 0a 01 f7");
	assert_int_equal(m->type, FIRMATA_ONEWIRE_CONFIG);
	assert_int_equal(m->on, 1);
	assert_int_equal(decoded(TO_BOARD, "f0 73 44 0a f7")->type, FIRMATA_ONEWIRE_ALARM);
	m = decoded(TO_BOARD, "f0 73 01 0a f7");
	assert_int_equal(m->type, FIRMATA_ONEWIRE_COMMAND);
	assert_int_equal(m->onewire.flags, FIRMATA_ONEWIRE_RESET);
}

static void onewire_commands_carry_what_their_flags_say(void **state)
{
	struct firmata_message out = {.type = FIRMATA_ONEWIRE_COMMAND, .pin = 10, .count = 2};
	uint8_t bytes[64];
	size_t used;

	(void)state;
	out.onewire.flags = FIRMATA_ONEWIRE_SELECT | FIRMATA_ONEWIRE_READ | FIRMATA_ONEWIRE_DELAY |
		FIRMATA_ONEWIRE_WRITE;
	memcpy(out.onewire.rom, "\x28\x01\x02\x03\x04\x05\x06\x07", 8);
	out.onewire.read_count = 9;
	out.onewire.correlation = 0x1234;
	out.onewire.delay_ms = 750;
	memcpy(out.data, "\x44\xBE", 2);
	size_t count = firmata_encode(TO_BOARD, &out, bytes, sizeof(bytes));

	/* F0 73 flags pin, 18 bytes packed to 21, F7 */
	assert_int_equal(count, 4 + 21 + 1);
	assert_int_equal(firmata_decode(TO_BOARD, bytes, count, &used, &message), ERR_NONE);
	assert_int_equal(message.type, FIRMATA_ONEWIRE_COMMAND);
	assert_memory_equal(message.onewire.rom, out.onewire.rom, 8);
	assert_int_equal(message.onewire.read_count, 9);
	assert_int_equal(message.onewire.correlation, 0x1234);
	assert_int_equal(message.onewire.delay_ms, 750);
	assert_data(&message, "44 be");
	/* The flags promise a ROM that is not there. */
	assert_int_equal(decoded(TO_BOARD, "f0 73 04 0a 01 f7")->type, FIRMATA_SYSEX);
}

static void serial_ports_are_in_the_command_byte(void **state)
{
	const struct firmata_message *m = decoded(TO_BOARD, "f0 60 18 00 4b 00 0a 0b f7");

	(void)state;
	assert_int_equal(m->type, FIRMATA_SERIAL_CONFIG);
	assert_int_equal(m->port, 8);
	assert_int_equal(m->serial.baud, 9600);
	assert_true(m->serial.has_pins);
	assert_int_equal(m->serial.tx, 11);
	m = decoded(TO_BOARD, "f0 60 21 55 00 7f 01 f7");
	assert_int_equal(m->type, FIRMATA_SERIAL_WRITE);
	assert_int_equal(m->port, 1);
	assert_data(m, "55 ff");
	m = decoded(TO_BOARD, "f0 60 31 00 10 00 f7");
	assert_int_equal(m->type, FIRMATA_SERIAL_READ);
	assert_true(m->serial.has_max);
	assert_int_equal(m->serial.max_bytes, 16);
	assert_int_equal(decoded(TO_HOST, "f0 60 41 55 00 f7")->type, FIRMATA_SERIAL_REPLY);
	assert_int_equal(decoded(TO_BOARD, "f0 60 51 f7")->type, FIRMATA_SERIAL_CLOSE);
	assert_int_equal(decoded(TO_BOARD, "f0 60 61 f7")->type, FIRMATA_SERIAL_FLUSH);
	assert_int_equal(decoded(TO_BOARD, "f0 60 71 f7")->type, FIRMATA_SERIAL_LISTEN);
}

static void scheduler_messages_have_their_fields(void **state)
{
	const struct firmata_message *m = decoded(TO_BOARD, "f0 7b 02 01 75 1b 04 00 f7");

	(void)state;
	assert_int_equal(m->type, FIRMATA_TASK_ADD);
	assert_data(m, "f5 0d 01");
	m = decoded(TO_BOARD, "f0 7b 00 01 09 00 f7");
	assert_int_equal(m->type, FIRMATA_TASK_CREATE);
	assert_int_equal(m->value, 9);
	m = decoded(TO_BOARD, "f0 7b 03 7f 7f 7f 7f 0f f7");
	assert_int_equal(m->type, FIRMATA_TASK_DELAY);
	assert_int_equal(m->value, UINT32_MAX);
	m = decoded(TO_BOARD, "f0 7b 04 01 68 07 00 00 00 f7");
	assert_int_equal(m->type, FIRMATA_TASK_SCHEDULE);
	assert_int_equal(m->value, 1000);
	m = decoded(TO_HOST, "f0 7b 09 01 02 f7");
	assert_int_equal(m->type, FIRMATA_TASK_LIST);
	assert_data(m, "01 02");
	/* time 1000, length 3, position 1, one byte 0x81 */
	m = decoded(TO_HOST, "f0 7b 0a 01 68 07 00 00 30 00 00 01 00 02 02 f7");
	assert_int_equal(m->type, FIRMATA_TASK_STATE);
	assert_true(m->schedule.is_known);
	assert_int_equal(m->schedule.time_ms, 1000);
	assert_int_equal(m->schedule.length, 3);
	m = decoded(TO_HOST, "f0 7b 08 01 f7");
	assert_int_equal(m->type, FIRMATA_TASK_ERROR);
	assert_false(m->schedule.is_known);
	assert_int_equal(decoded(TO_BOARD, "f0 7b 01 01 f7")->type, FIRMATA_TASK_DELETE);
	assert_int_equal(decoded(TO_BOARD, "f0 7b 05 f7")->type, FIRMATA_TASK_LIST_QUERY);
	assert_int_equal(decoded(TO_BOARD, "f0 7b 06 01 f7")->type, FIRMATA_TASK_QUERY);
	assert_int_equal(decoded(TO_BOARD, "f0 7b 07 f7")->type, FIRMATA_TASK_RESET);
}

static void packing_is_a_stream_of_bits(void **state)
{
	uint8_t bytes[300], packed[400], again[300];

	(void)state;
	for (size_t count = 0; count <= sizeof(bytes); count++) {
		for (size_t i = 0; i < count; i++) {
			bytes[i] = (uint8_t)(i * 37 + count);
		}
		size_t length = firmata_pack(bytes, count, packed, sizeof(packed));

		assert_int_equal(length, (count * 8 + 6) / 7);
		assert_int_equal(firmata_unpack(packed, length, again, sizeof(again)), count);
		assert_memory_equal(bytes, again, count);
	}
	assert_int_equal(firmata_pack(bytes, 8, packed, 9), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoders_have_a_direction),
		cmocka_unit_test(stepper_positions_have_a_sign_flag),
		cmocka_unit_test(stepper_speeds_are_decimal_floats),
		cmocka_unit_test(numbers_survive_the_float_format),
		cmocka_unit_test(legacy_steppers_are_told_apart_by_direction),
		cmocka_unit_test(onewire_data_are_packed),
		cmocka_unit_test(onewire_commands_carry_what_their_flags_say),
		cmocka_unit_test(serial_ports_are_in_the_command_byte),
		cmocka_unit_test(scheduler_messages_have_their_fields),
		cmocka_unit_test(packing_is_a_stream_of_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

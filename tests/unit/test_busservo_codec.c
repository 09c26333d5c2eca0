/* The codecs of Dynamixel Protocol 2.0 and LX-16A: frames, stuffing, cuts, damage. */
#include "hex.h"

#include "busservo/dynamixel.h"
#include "busservo/lx16a.h"

#include <string.h>

/* From PROTOCOLS' vectors. */
static const char *const dynamixel_frames[] = {
	"fffffd0001060003400001db66",
	"fffffd000104005500a10c",
	"fffffd00010900037400000800004289",
	"fffffd0001070002840004001d15",
	"fffffd000108005500a60000008cc0",
	"fffffd00fe11008374000400019600000002aa0000008287",
	"fffffd00fe090082840004000102cefa",
	"fffffd00010a00037400fffffdfd0021e7",
};
static const char *const lx16a_frames[] = {
	"5555010701f401e80316",
	"555501030cef",
	"555501041f01da",
	"555501071d01000cfecf",
	"555501031be0",
	"555501051b601d61",
	"555501041a20c0",
	"5555fe030ef0",
};

enum { DYNAMIXEL_FRAMES = 8, LX16A_FRAMES = 8, TAIL = 40 };

/* A decoder of either language, as a test sees it: the id of the frame, or -1. */
typedef int decode_fn(const uint8_t *bytes, size_t count, size_t *used);

static int decode_dynamixel(const uint8_t *bytes, size_t count, size_t *used)
{
	static struct dynamixel_message message;
	enum err err = dynamixel_decode(bytes, count, used, &message);

	return err || *used == 0 ? -1 : message.id;
}

static int decode_lx16a(const uint8_t *bytes, size_t count, size_t *used)
{
	static struct lx16a_message message;
	enum err err = lx16a_decode(bytes, count, used, &message);

	return err || *used == 0 ? -1 : message.id;
}

/* ---- Dynamixel ---- */

static void a_status_has_its_error_apart_from_its_parameters(void **state)
{
	struct dynamixel_message message;
	uint8_t bytes[64];
	size_t used, count = from_hex("fffffd000108005500a60000008cc0", bytes);

	(void)state;
	assert_int_equal(dynamixel_decode(bytes, count, &used, &message), ERR_NONE);
	assert_int_equal(used, count);
	assert_int_equal(message.instruction, DYNAMIXEL_STATUS);
	assert_int_equal(message.error, 0);
	assert_int_equal(message.count, 4);
	assert_int_equal(message.params[0], 166);
}

/* Every place of a mark in the body comes back, also one at its very end. */
static void marks_in_parameters_are_stuffed_and_unstuffed(void **state)
{
	static const char *const params[] = {"fffffd", "fffffdfd", "fffffdfffffd", "fffffffd",
		"00fffffd", "fffd", "fffffdfdfdfd", "fffffd00fffffd"};

	(void)state;
	for (int status = 0; status < 2; status++) {
		for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
			struct dynamixel_message message, again;
			uint8_t bytes[64];
			size_t used;

			dynamixel_begin(&message, 7, status ? DYNAMIXEL_STATUS : DYNAMIXEL_WRITE);
			message.count = (uint16_t)from_hex(params[i], message.params);
			size_t count = dynamixel_encode(&message, bytes, sizeof(bytes));

			assert_true(count > 0);
			assert_int_equal(dynamixel_decode(bytes, count, &used, &again), ERR_NONE);
			assert_int_equal(used, count);
			assert_int_equal(again.count, message.count);
			assert_memory_equal(again.params, message.params, message.count);
		}
	}
	struct dynamixel_message message = {
		.id = 1, .instruction = DYNAMIXEL_STATUS, .error = 0xFF};
	uint8_t bytes[64];

	message.count = (uint16_t)from_hex("fffd", message.params);
	assert_int_equal(dynamixel_encode(&message, bytes, sizeof(bytes)), 14); /* 55 FF FF FD FD */
}

static void a_mark_without_stuffing_is_no_frame(void **state)
{
	struct dynamixel_message message;
	uint8_t bytes[64];
	size_t used, count = from_hex("fffffd00010900037400fffffd00c907", bytes);

	(void)state;
	assert_int_equal(dynamixel_decode(bytes, count, &used, &message), ERR_PROTOCOL);
	assert_int_equal(used, 1);
}

static void what_does_not_fit_is_not_encoded(void **state)
{
	static struct dynamixel_message message;
	uint8_t bytes[DYNAMIXEL_FRAME_MAX];

	(void)state;
	dynamixel_begin(&message, 1, DYNAMIXEL_WRITE);
	dynamixel_add(&message, 4, 0x12345678);
	for (size_t room = 0; room < 14; room++) {
		assert_int_equal(dynamixel_encode(&message, bytes, room), 0);
	}
	message.id = 0xFF;
	assert_int_equal(dynamixel_encode(&message, bytes, sizeof(bytes)), 0);
	message.id = 1;
	for (int i = 0; i < DYNAMIXEL_PARAMS_MAX; i++) {
		dynamixel_add(&message, 2, 0xFDFF);
	}
	assert_int_equal(dynamixel_encode(&message, bytes, sizeof(bytes)), 0);
	const struct lx16a_message move = {.id = 1, .command = LX16A_MOVE, .count = 3};

	assert_int_equal(lx16a_encode(&move, bytes, sizeof(bytes)), 0);
}

/* ---- LX-16A ---- */

static void a_command_has_its_number_of_parameters_or_is_no_frame(void **state)
{
	struct lx16a_message message;
	uint8_t bytes[16];
	size_t used, count;

	(void)state;
	count = from_hex("5555010601f401e800", bytes);
	bytes[8] = (uint8_t) ~(0x01 + 0x06 + 0x01 + 0xF4 + 0x01 + 0xE8);
	assert_int_equal(lx16a_decode(bytes, count, &used, &message), ERR_PROTOCOL);
	count = from_hex("5555010601f401e8", bytes); /* seen before its end is there */
	assert_int_equal(lx16a_decode(bytes, count, &used, &message), ERR_PROTOCOL);
	assert_int_equal(lx16a_answer_count(LX16A_READ_POSITION), 2);
	assert_int_equal(lx16a_answer_count(LX16A_MOVE), 0);
	assert_int_equal(lx16a_answer_count(0xFF), 0);
}

static void unknown_commands_are_kept(void **state)
{
	struct lx16a_message message = {.id = 9, .command = 0x77, .count = 2, .params = {1, 2}};
	uint8_t bytes[16], again[16];
	size_t used, count = lx16a_encode(&message, bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(count, 8);
	assert_int_equal(lx16a_decode(bytes, count, &used, &message), ERR_NONE);
	assert_int_equal(used, count);
	assert_int_equal(lx16a_encode(&message, again, sizeof(again)), count);
	assert_memory_equal(again, bytes, count);
}

/* ---- both ---- */

static void fault_14_lengths_that_cannot_be_are_no_frames(void **state)
{
	static const char *const wrong[] = {"fffffd00010000", "fffffd00010200", "fffffd0001ffff",
		"fffffd0001ff01", "fffffd00fd", "fffffd00ff"};
	static const char *const wrong_lx[] = {
		"55550100", "55550102", "5555010b", "555501ff", "5555ff"};
	uint8_t bytes[64];
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct dynamixel_message message;

		assert_int_equal(
			dynamixel_decode(bytes, from_hex(wrong[i], bytes), &used, &message),
			ERR_PROTOCOL);
		assert_int_equal(used, 1);
	}
	for (size_t i = 0; i < sizeof(wrong_lx) / sizeof(wrong_lx[0]); i++) {
		struct lx16a_message message;

		assert_int_equal(lx16a_decode(bytes, from_hex(wrong_lx[i], bytes), &used, &message),
			ERR_PROTOCOL);
		assert_int_equal(used, 1);
	}
}

/* Is any frame of at least `least` bytes in there? What follows it is 0. */
static bool has_frame(decode_fn *decode, const uint8_t *bytes, size_t count, size_t least)
{
	uint8_t padded[160] = {0};
	size_t used;

	memcpy(padded, bytes, count);
	for (size_t at = 0; at < count; at += used) {
		if (decode(padded + at, count + TAIL - at, &used) >= 0 && used >= least) {
			return true;
		}
		if (used == 0) {
			return false;
		}
	}
	return false;
}

static void flip(uint8_t *bytes, size_t bit)
{
	bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
}

static void fault_12_no_flipped_bit_makes_another_frame(void **state)
{
	uint8_t bytes[64];

	(void)state;
	for (int i = 0; i < DYNAMIXEL_FRAMES; i++) {
		size_t count = from_hex(dynamixel_frames[i], bytes), bits = 8 * count;

		assert_true(has_frame(decode_dynamixel, bytes, count, 1));
		for (size_t a = 0; a < bits; a++) {
			flip(bytes, a);
			assert_false(has_frame(decode_dynamixel, bytes, count, 1));
			/* Two flips, too: the CRC finds them. */
			for (size_t b = a + 1; b < bits; b++) {
				flip(bytes, b);
				assert_false(has_frame(decode_dynamixel, bytes, count, 1));
				flip(bytes, b);
			}
			flip(bytes, a);
		}
	}
	for (int i = 0; i < LX16A_FRAMES; i++) {
		size_t count = from_hex(lx16a_frames[i], bytes);

		assert_true(has_frame(decode_lx16a, bytes, count, 1));
		for (size_t a = 0; a < 8 * count; a++) {
			flip(bytes, a);
			assert_false(has_frame(decode_lx16a, bytes, count, 1));
			flip(bytes, a);
		}
	}
}

/* Frames one behind the other with garbage between, fed in pieces of `step` bytes. */
static void take_stream(
	decode_fn *decode, const uint8_t *bytes, size_t count, size_t step, char *log)
{
	size_t at = 0, used;

	log[0] = '\0';
	for (size_t there = step < count ? step : count;;) {
		int id = decode(bytes + at, there - at, &used);

		if (used > 0) {
			snprintf(log + strlen(log), 32, id < 0 ? "x" : "[%d:%zu]", id, used);
			at += used;
		}
		if (used == 0 || at == there) {
			if (there == count) {
				return;
			}
			there = there + step < count ? there + step : count;
		}
	}
}

static void check_stream(
	decode_fn *decode, const char *const *frames, int frame_count, const char *garbage)
{
	uint8_t bytes[1024];
	size_t count = 0;
	char whole[2048], cut[2048];
	int found = 0;

	for (int i = 0; i < frame_count; i++) {
		count += from_hex(garbage, bytes + count);
		count += from_hex(frames[i], bytes + count);
	}
	take_stream(decode, bytes, count, count, whole);
	for (const char *c = whole; *c; c++) {
		found += *c == '[';
	}
	assert_int_equal(found, frame_count);
	for (size_t step = 1; step < count; step++) {
		take_stream(decode, bytes, count, step, cut);
		assert_string_equal(cut, whole);
	}
}

static void fault_11_frames_are_found_between_garbage_however_they_are_cut(void **state)
{
	(void)state;
	check_stream(decode_dynamixel, dynamixel_frames, DYNAMIXEL_FRAMES, "");
	check_stream(decode_dynamixel, dynamixel_frames, DYNAMIXEL_FRAMES, "00fffffd");
	check_stream(decode_dynamixel, dynamixel_frames, DYNAMIXEL_FRAMES, "fffffd0001050013ff");
	check_stream(decode_lx16a, lx16a_frames, LX16A_FRAMES, "");
	check_stream(decode_lx16a, lx16a_frames, LX16A_FRAMES, "5500");
	check_stream(decode_lx16a, lx16a_frames, LX16A_FRAMES, "55555555");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_has_its_error_apart_from_its_parameters),
		cmocka_unit_test(marks_in_parameters_are_stuffed_and_unstuffed),
		cmocka_unit_test(a_mark_without_stuffing_is_no_frame),
		cmocka_unit_test(what_does_not_fit_is_not_encoded),
		cmocka_unit_test(a_command_has_its_number_of_parameters_or_is_no_frame),
		cmocka_unit_test(unknown_commands_are_kept),
		cmocka_unit_test(fault_14_lengths_that_cannot_be_are_no_frames),
		cmocka_unit_test(fault_12_no_flipped_bit_makes_another_frame),
		cmocka_unit_test(fault_11_frames_are_found_between_garbage_however_they_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Makeblock's codec: every frame either way, however it is cut, and what is no frame. */
#include "hex.h"

#include "makeblock/protocol.h"

#include <math.h>
#include <string.h>

struct stream {
	uint8_t bytes[1024];
	size_t count;
};

static struct stream from(const char *hex)
{
	struct stream stream;

	stream.count = from_hex(hex, stream.bytes);
	return stream;
}

/* What comes out, in words: "ack", "5=30.25", "1:06.01.107", "banner ...", "?" for garbage. */
static void read_all(
	const struct stream *stream, enum makeblock_direction direction, size_t step, char *out)
{
	struct makeblock_parser parser = {.count = 0};
	struct makeblock_message m;
	double number;

	*out = '\0';
	for (size_t at = 0; at < stream->count; at += step) {
		const uint8_t *bytes = stream->bytes + at;
		size_t count = stream->count - at < step ? stream->count - at : step;
		enum makeblock_next next;

		while ((next = makeblock_next(&parser, direction, &bytes, &count, &m)) !=
			MAKEBLOCK_MORE) {
			out += strlen(out);
			if (next == MAKEBLOCK_GARBAGE) {
				snprintf(out, 8, "?");
			} else if (m.type == MAKEBLOCK_ACK) {
				snprintf(out, 8, "ack ");
			} else if (m.type == MAKEBLOCK_BANNER) {
				snprintf(out, 64, "banner %.*s ", m.count, (char *)m.data);
			} else if (m.type == MAKEBLOCK_COMMAND) {
				snprintf(out, 64, "%d.%d+%d ", m.index, m.action, m.count);
			} else if (makeblock_number(&m, &number)) {
				snprintf(out, 64, "%d=%g ", m.index, number);
			} else {
				snprintf(out, 64, "%d:%.*s ", m.index, m.count, (char *)m.data);
			}
		}
	}
}

static void assert_reads(enum makeblock_direction direction, const char *hex, const char *wanted)
{
	struct stream stream = from(hex);
	char out[2048];

	for (size_t step = stream.count; step > 0; step--) {
		read_all(&stream, direction, step, out);
		assert_string_equal(out, wanted);
	}
}

static void each_kind_of_answer_is_read(void **state)
{
	(void)state;
	assert_reads(MAKEBLOCK_TO_HOST,
		"ff550d0a ff5505020000f2410d0a ff558001010d0a ff550b0d0a ff550c03320100000d0a",
		"ack 5=30.25 128=1 11: 12=306 ");
	assert_reads(MAKEBLOCK_TO_HOST, "ff550205 0000c84300000000 0d0a", "2=400 ");
	assert_reads(
		MAKEBLOCK_TO_HOST, "56657273696f6e3a2030362e30312e3130370d0a", "banner 06.01.107 ");
	assert_reads(MAKEBLOCK_TO_HOST, "ff5501040930362e30312e3130370d0a", "1:06.01.107 ");
}

static void an_end_of_line_inside_a_value_ends_nothing(void **state)
{
	(void)state;
	assert_reads(MAKEBLOCK_TO_HOST,
		"ff5505010d0d0a ff5506020d0a0d0a0d0a ff550d0d0a ff550d010a0d0a",
		"5=13 6=6.79079e-33 13: 13=10 ");
}

static void each_kind_of_command_is_read(void **state)
{
	(void)state;
	assert_reads(MAKEBLOCK_TO_KIT, "ff5503010100 ff5507000205 9cff6400 ff55020004",
		"1.1+1 0.2+5 0.4+0 ");
}

static void garbage_is_dropped_byte_by_byte(void **state)
{
	(void)state;
	assert_reads(MAKEBLOCK_TO_HOST, "00ff ff550d0a", "??ack ");
	/* A torn answer: the frame inside what was taken for its value is not lost. */
	assert_reads(MAKEBLOCK_TO_HOST, "ff55050200 ff550d0a ff550d0a", "?????ack ack ");
	assert_reads(MAKEBLOCK_TO_HOST, "566572 ff550d0a", "???ack ");
	assert_reads(MAKEBLOCK_TO_HOST, "ff550506 0d0a", "??????");
}

static void fault_14_lengths_are_bounded(void **state)
{
	(void)state;
	assert_reads(
		MAKEBLOCK_TO_KIT, "ff5500 ff5501 ff5531 ff55ff ff55020004", "????????????0.4+0 ");
	assert_reads(MAKEBLOCK_TO_HOST, "ff55010400 0d0a", "1: ");
	char hex[2 * 300] = "ff550104ff", wanted[300] = "1:";

	for (int i = 0; i < 255; i++) {
		strncat(hex, "61", 3);
	}
	strncat(hex, "0d0a", 5);
	memset(wanted + 2, 'a', 61); /* what read_all() has room for */
	struct stream stream = from(hex);
	char out[2048];

	read_all(&stream, MAKEBLOCK_TO_HOST, 1, out);
	assert_string_equal(out, wanted);
	/* A version that does not end is none. */
	assert_reads(MAKEBLOCK_TO_HOST,
		"56657273696f6e3a20 "
		"6161616161616161616161616161616161616161616161616161616161616161",
		"?????????????????????????????????????????");
}

static void what_is_no_message_is_not_written(void **state)
{
	uint8_t out[MAKEBLOCK_FRAME_MAX];
	struct makeblock_message m = {.type = MAKEBLOCK_COMMAND, .count = MAKEBLOCK_COMMAND_MAX};

	(void)state;
	assert_int_equal(makeblock_encode(MAKEBLOCK_TO_KIT, &m, out, sizeof(out)), 51);
	assert_int_equal(makeblock_encode(MAKEBLOCK_TO_KIT, &m, out, 50), 0);
	assert_int_equal(makeblock_encode(MAKEBLOCK_TO_HOST, &m, out, sizeof(out)), 0);
	m.count++;
	assert_int_equal(makeblock_encode(MAKEBLOCK_TO_KIT, &m, out, sizeof(out)), 0);
	m = (struct makeblock_message){
		.type = MAKEBLOCK_ANSWER, .value = MAKEBLOCK_FLOAT, .count = 3};
	assert_int_equal(makeblock_encode(MAKEBLOCK_TO_HOST, &m, out, sizeof(out)), 0);
	m.type = MAKEBLOCK_BANNER;
	m.count = 0;
	assert_int_equal(makeblock_encode(MAKEBLOCK_TO_HOST, &m, out, sizeof(out)), 0);
	m.type = MAKEBLOCK_ACK;
	assert_int_equal(makeblock_encode(MAKEBLOCK_TO_KIT, &m, out, sizeof(out)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_answer_is_read),
		cmocka_unit_test(an_end_of_line_inside_a_value_ends_nothing),
		cmocka_unit_test(each_kind_of_command_is_read),
		cmocka_unit_test(garbage_is_dropped_byte_by_byte),
		cmocka_unit_test(fault_14_lengths_are_bounded),
		cmocka_unit_test(what_is_no_message_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

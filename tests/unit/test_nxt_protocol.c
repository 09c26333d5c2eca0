/* NXT telegrams: bytes to structs and back, alone and in streams. */
#include "hex.h"

#include "nxt/protocol.h"

#include <string.h>

/* Each opcode's request, and its reply when all is well. */
static const struct {
	const char *request, *reply;
} pairs[] = {
	{"000044616e63652e7278650000000000000000000000", "020000"},
	{"0001", "020100"},
	{"0003b801f401", "020300"},
	{"000401ce0701002068010000", "020400"},
	{"0005030b00", "020500"},
	{"000600", "020600004b0701002000000000680100006801000068010000"},
	{"000700", "0207000001000120ff03ff0300000000"},
	{"000803", "020800"},
	{"0009020548656c6c00", "020900"},
	{"000a0001", "020a00"},
	{"000b", "020b00aa1e"},
	{"000c", "020c00"},
	{"000d", "020d00c0270900"},
	{"000e03", "020e0001"},
	{"000f0302010242", "020f00"},
	{"001003", "021000011e000000000000000000000000000000"},
	{"0011", "02110044616e63652e7278650000000000000000000000"},
	{"00130a0001",
		"02130000024100000000000000000000000000000000000000000000000000000000000000000000"
		"000000000000000000000000000000000000000000000000"},
	{"0188", "0288007c011f01"},
	{"01984e585400000000000000000000000000", "029800"},
	{"019b", "029b004e5854000000000000000000000000001653010203000000000000500000"},
};

static void assert_same_again(enum nxt_direction direction, const char *hex)
{
	uint8_t bytes[128] = {0}, again[128];
	size_t count = from_hex(hex, bytes), used;
	struct nxt_telegram telegram;

	assert_true(nxt_decode(direction, bytes, count, &telegram));
	assert_int_equal(nxt_encode(&telegram, again, sizeof(again)), count);
	assert_memory_equal(again, bytes, count);
	assert_int_equal(nxt_encode(&telegram, again, count - 1), 0); /* no room */
	/* By its opcode alone, too, and not before it is whole. */
	for (size_t part = 0; part < count; part++) {
		assert_int_equal(nxt_scan(direction, bytes, part, &used, &telegram), ERR_NONE);
		assert_int_equal(used, 0);
		assert_true(!nxt_decode(direction, bytes, part, &telegram));
	}
	assert_int_equal(nxt_scan(direction, bytes, count, &used, &telegram), ERR_NONE);
	assert_int_equal(used, count);
	bytes[count] = 0;
	assert_false(nxt_decode(direction, bytes, count + 1, &telegram));
}

static void every_opcode_says_the_same_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_same_again(NXT_TO_BRICK, pairs[i].request);
		assert_same_again(NXT_TO_HOST, pairs[i].reply);
	}
}

static void fields_are_where_they_belong(void **state)
{
	struct nxt_telegram t;
	uint8_t bytes[64];

	(void)state;
	assert_true(
		nxt_decode(NXT_TO_BRICK, bytes, from_hex("800401ce0701e520680100ff", bytes), &t));
	assert_int_equal(t.kind, NXT_DIRECT | NXT_NO_REPLY);
	assert_int_equal(t.port, 1);
	assert_int_equal(t.output.power, -50);
	assert_int_equal(t.output.mode, NXT_ON | NXT_BRAKE | NXT_REGULATED);
	assert_int_equal(t.output.turn, -27);
	assert_int_equal(t.output.limit, 0xFF000168);
	assert_true(nxt_decode(NXT_TO_HOST, bytes,
		from_hex("0206000238070100200000000001000000feffffff0000ff7f", bytes), &t));
	assert_int_equal(t.output.tacho, 1);
	assert_int_equal(t.output.block, -2);
	assert_int_equal(t.output.rotation, 0x7FFF0000);
	assert_true(nxt_decode(
		NXT_TO_HOST, bytes, from_hex("02070001010002a0ff010002f1ff0000", bytes), &t));
	assert_int_equal(t.input.raw, 0x01FF);
	assert_int_equal(t.input.normalized, 0x0200);
	assert_int_equal(t.input.scaled, -15);
}

static void kind_and_opcode_must_fit(void **state)
{
	static const char *const wrong[] = {
		"010b", "0088", "020b", "0302", "0002", "0014", "0190", "810d", "7f0b"};
	struct nxt_telegram t;
	uint8_t bytes[64];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(nxt_decode(NXT_TO_BRICK, bytes, from_hex(wrong[i], bytes), &t));
	}
	assert_false(nxt_decode(NXT_TO_HOST, bytes, from_hex("000b00aa1e", bytes), &t));
	assert_false(nxt_decode(NXT_TO_HOST, bytes, from_hex("021400", bytes), &t));
}

static void fault_14_lengths_inside_are_bounded(void **state)
{
	struct nxt_telegram t;
	uint8_t bytes[128] = {0};
	size_t used;

	(void)state;
	/* LS_WRITE of 17 bytes, and of none that wants 255. */
	from_hex("000f031100", bytes);
	assert_int_equal(nxt_scan(NXT_TO_BRICK, bytes, 64, &used, &t), ERR_PROTOCOL);
	assert_int_equal(used, 1);
	assert_false(nxt_decode(NXT_TO_BRICK, bytes, from_hex("000f0300ff", bytes), &t));
	/* MESSAGE_WRITE of 60, LS_READ that says 17. */
	from_hex("0009003c", bytes);
	assert_false(nxt_decode(NXT_TO_BRICK, bytes, 64, &t));
	from_hex("02100011", bytes);
	assert_false(nxt_decode(NXT_TO_HOST, bytes, 20, &t));
}

static void bad_replies_may_end_with_their_status(void **state)
{
	struct nxt_telegram t;
	uint8_t bytes[64], again[64];
	size_t used;

	(void)state;
	/* LEGO's firmware: unknown opcode; a low-speed port that is none. */
	static const char *const bare[] = {"0214be", "020ec0", "0210c0", "0277be"};

	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
		assert_int_equal(nxt_scan(NXT_TO_HOST, bytes, from_hex(bare[i], bytes), &used, &t),
			ERR_NONE);
		assert_int_equal(used, 3);
		assert_true(t.is_bare);
		assert_int_equal(nxt_encode(&t, again, sizeof(again)), 3);
		assert_memory_equal(again, bytes, 3);
	}
	/* With a length, any may; and what has its data has it. */
	assert_true(nxt_decode(NXT_TO_HOST, bytes, from_hex("0206dd", bytes), &t));
	assert_true(t.is_bare);
	assert_false(nxt_decode(NXT_TO_HOST, bytes, from_hex("020600", bytes), &t));
	assert_true(nxt_decode(NXT_TO_HOST, bytes, from_hex("020e2000", bytes), &t));
	assert_false(t.is_bare);
}

/* ---- streams ---- */

static size_t frame(const char *hex, uint8_t *out)
{
	size_t count = from_hex(hex, out + 2);

	out[0] = (uint8_t)count;
	out[1] = 0;
	return count + 2;
}

static void stream_gives_the_same_frames_however_it_is_cut(void **state)
{
	uint8_t stream[512];
	size_t count = 0, frames = sizeof(pairs) / sizeof(pairs[0]);

	(void)state;
	for (size_t i = 0; i < frames; i++) {
		count += frame(pairs[i].reply, stream + count);
	}
	for (size_t step = 1; step <= count; step++) {
		struct nxt_parser parser = {.count = 0};
		struct nxt_telegram t;
		size_t seen = 0;

		for (size_t at = 0; at < count; at += step) {
			const uint8_t *bytes = stream + at;
			size_t left = at + step < count ? step : count - at;
			enum nxt_answer answer;

			while ((answer = nxt_next(&parser, &bytes, &left, &t)) != NXT_MORE) {
				assert_int_equal(answer, NXT_FRAME);
				seen++;
			}
		}
		assert_int_equal(seen, frames);
		assert_int_equal(parser.count, 0);
	}
}

static void fault_11_garbage_costs_no_more_than_itself(void **state)
{
	static const char *const garbage[] = {"ff", "00", "0300", "030002", "4000020600",
		"0f0002ee", "0500020b", "190002060000", "ffffffffffff", "03000204"};
	struct nxt_telegram t;

	(void)state;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		struct nxt_parser parser = {.count = 0};
		uint8_t stream[512];
		size_t count = from_hex(garbage[i], stream), seen = 0;

		/* A piece that looks like a beginning may take the frame after it along. */
		for (int j = 0; j < 3; j++) {
			count += frame(pairs[5].reply, stream + count);
		}
		const uint8_t *bytes = stream;
		enum nxt_answer answer;

		while ((answer = nxt_next(&parser, &bytes, &count, &t)) != NXT_MORE) {
			seen += answer == NXT_FRAME && t.op == NXT_GET_OUTPUT &&
				t.output.power == 75 && t.output.rotation == 360;
		}
		assert_true(seen >= 2);
	}
}

static void fault_14_lengths_of_frames_are_bounded(void **state)
{
	static const char *const wrong[] = {"0000", "0100", "0200", "4100", "ff00", "0301", "03ff"};
	struct nxt_telegram t;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct nxt_parser parser = {.count = 0};
		uint8_t stream[8];
		size_t count = from_hex(wrong[i], stream);
		const uint8_t *bytes = stream;

		assert_int_equal(nxt_next(&parser, &bytes, &count, &t), NXT_GARBAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_opcode_says_the_same_again),
		cmocka_unit_test(fields_are_where_they_belong),
		cmocka_unit_test(kind_and_opcode_must_fit),
		cmocka_unit_test(fault_14_lengths_inside_are_bounded),
		cmocka_unit_test(bad_replies_may_end_with_their_status),
		cmocka_unit_test(stream_gives_the_same_frames_however_it_is_cut),
		cmocka_unit_test(fault_11_garbage_costs_no_more_than_itself),
		cmocka_unit_test(fault_14_lengths_of_frames_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

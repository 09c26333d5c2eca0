/* EV3: the codec, and the driver on a stream that is cut, noisy, or says nonsense. */
#include "ev3_rig.h"

/* ---- the codec ---- */

static uint64_t seed;

static unsigned draw(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 20) % below;
}

static void every_operand_has_its_shortest_form(void **state)
{
	(void)state;
	static const struct {
		int32_t value;
		const char *hex;
	} known[] = {{0, "a60000"}, {31, "a6001f"}, {-1, "a6003f"}, {-32, "a60020"},
		{32, "a6008120"}, {-33, "a60081df"}, {127, "a600817f"}, {-128, "a6008180"},
		{128, "a600828000"}, {-129, "a600827fff"}, {32767, "a60082ff7f"},
		{32768, "a6008300800000"}, {INT32_MIN, "a6008300000080"}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct ev3_op op = {EV3_OUTPUT_START, 2, {ev3_value(0), ev3_value(known[i].value)}},
			      back;
		uint8_t bytes[16];
		size_t count = ev3_encode_op(&op, bytes, sizeof(bytes)), used;
		char hex[40] = "";

		for (size_t at = 0; at < count; at++) {
			snprintf(hex + 2 * at, 3, "%02x", bytes[at]);
		}
		assert_string_equal(hex, known[i].hex);
		assert_true(ev3_decode_op(bytes, count, &used, &back) && used == count);
		assert_int_equal(back.params[1].value, known[i].value);
		for (size_t room = 0; room < count; room++) {
			assert_int_equal(ev3_encode_op(&op, bytes, room), 0);
		}
		for (size_t cut = 0; cut < count; cut++) {
			assert_false(ev3_decode_op(bytes, cut, &used, &back));
		}
	}
	assert_int_equal(ev3_global(31).width, 0);
	assert_int_equal(ev3_global(32).width, 1);
	assert_int_equal(ev3_global(256).width, 2);
}

static void byte_code_that_is_none_is_refused(void **state)
{
	(void)state;
	static const struct {
		uint8_t bytes[16];
		size_t count;
	} bad[] = {
		{{0x00}, 1},				   /* no such operation */
		{{0x81, 0x05, 0x60}, 3},		   /* no such command */
		{{0x81, 0x60, 0x60}, 3},		   /* a variable for a command */
		{{0xA6, 0x00, 0x80}, 3},		   /* a long operand without bytes */
		{{0xA6, 0x00, 0xA1, 0x00}, 4},		   /* a label */
		{{0x02, 0x84, 'a', 'b'}, 4},		   /* a text without end */
		{{0x99, 0x1D, 0, 0, 0, 0, 0x81, 100}, 8},  /* a hundred values */
		{{0x99, 0x1D, 0, 0, 0, 0, 0x3F}, 7},	   /* minus one value */
		{{0x99, 0x1D, 0, 0, 0, 0, 0x61, 0x60}, 8}, /* as many as a variable says */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ev3_op op;
		size_t used;

		assert_false(ev3_decode_op(bad[i].bytes, bad[i].count, &used, &op));
	}
}

static void reports_that_are_filled_up_are_a_stream_too(void **state)
{
	(void)state;
	/* Of even and of odd size. */
	static const uint8_t nop[] = {6, 0, 1, 0, 0, 0, 0, 1};
	static const uint8_t stop[] = {7, 0, 2, 0, 0, 0, 0, 2, 1};
	struct ev3_parser parser = {.count = 0};

	for (int i = 0; i < 10; i++) {
		uint8_t report[EV3_FRAME_MAX] = {0};
		const uint8_t *bytes = report;
		size_t count = sizeof(report);
		unsigned frames = 0;
		struct ev3_message message;
		enum ev3_next next;

		memcpy(report, i % 3 ? stop : nop, i % 3 ? sizeof(stop) : sizeof(nop));
		while ((next = ev3_next(&parser, EV3_TO_KIT, &bytes, &count, &message)) !=
			EV3_MORE) {
			frames += next == EV3_FRAME && message.counter == (i % 3 ? 2 : 1);
		}
		assert_int_equal(frames, 1);
		assert_int_equal(count, 0);
	}
}

/* What a parser makes of a stream in pieces of `step` bytes, as text. */
static void parse(const uint8_t *stream, size_t count, size_t step, char *out, size_t room)
{
	static struct ev3_parser parser;
	size_t used = 0;

	memset(&parser, 0, sizeof(parser));
	for (size_t at = 0; at < count; at += step) {
		const uint8_t *bytes = stream + at;
		size_t left = count - at < step ? count - at : step;
		struct ev3_message message;
		enum ev3_next next;

		while ((next = ev3_next(&parser, EV3_TO_HOST, &bytes, &left, &message)) !=
			EV3_MORE) {
			used += (size_t)(next == EV3_FRAME
					? snprintf(out + used, room - used, "%u:%u:%zu ",
						  message.counter, message.type, message.count)
					: snprintf(out + used, room - used, "x"));
			assert_true(used < room);
		}
	}
}

static void noise_is_dropped_and_gives_the_same_however_it_is_cut(void **state)
{
	(void)state;
	static char whole[8192], cut[8192];
	unsigned frames = 0;

	seed = 7;
	for (int round = 0; round < 300; round++) {
		uint8_t stream[600];
		size_t count = 0;

		while (count < 500) {
			uint8_t body[40] = {0};
			struct ev3_message message = {
				.counter = (uint16_t)draw(65536),
				.type = EV3_DIRECT_DONE,
				.body = body,
				.count = draw(40),
			};

			if (draw(3)) {
				count += ev3_encode(&message, stream + count, 60);
			} else {
				for (unsigned i = draw(12); i > 0; i--) {
					stream[count++] = (uint8_t)draw(256);
				}
			}
		}
		whole[0] = '\0';
		parse(stream, count, count, whole, sizeof(whole));
		frames += strchr(whole, ':') != NULL;
		for (size_t step = 1; step < 20; step += 3) {
			cut[0] = '\0';
			parse(stream, count, step, cut, sizeof(cut));
			assert_string_equal(whole, cut);
		}
	}
	assert_true(frames > 250);
}

/* ---- the driver ---- */

static void over_a_stream_it_does_the_same_in_any_pieces(void **state)
{
	(void)state;
	for (size_t cut = 0; cut < 8; cut++) {
		open_brick(false);
		rig.cut = cut;
		watch_motion();
		watches("distance");
		drives(0.5, 0.5);
		WAIT_UNTIL(number_of("moving") == 1, 1000);
		assert_true(turns("turned.2"));
		assert_true(fabs(number_of("distance") - 42.5) < 0.01);
		holds(HOLD_ALL);
		WAIT_UNTIL(kit_is_held(rig.kit), 1000);
		assert_true(stands());
		assert_int_equal(rig.kit->bad_frames, 0);
		if (cut < 7) {
			close_kit(NULL);
		}
	}
}

static void fault_11_noise_costs_answers_and_no_more(void **state)
{
	(void)state;
	open_brick(false);
	watches("distance");
	seed = 42;
	for (int i = 0; i < 2000; i++) {
		uint8_t noise[16];

		for (size_t at = 0; at < sizeof(noise); at++) {
			noise[at] = (uint8_t)draw(256);
		}
		kit_feed(rig.kit, noise, draw(sizeof(noise)), rig.now_us);
		wait_ms(1);
	}
	assert_true(rig.kit->bad_frames > 100);
	assert_false(kit_is_held(rig.kit));
	/* Half a message is given up when nothing of it comes any more. */
	WAIT_UNTIL(rig.kit->state == KIT_READY, 1000);
	rig.scene[SCENE_DISTANCE] = 17;
	WAIT_UNTIL(number_of("distance") == 17, 1000);
	holds(HOLD_ALL);
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
}

static void fault_13_old_doubled_and_foreign_answers_are_ignored(void **state)
{
	(void)state;
	open_brick(true);
	watches("distance");
	wait_ms(40);
	rig.is_slow = true;
	holds(HOLD_ALL);
	wait_ms(1);
	for (unsigned counter = 0; counter < 65536; counter += 7) {
		uint8_t done[5 + 56] = {
			59, 0, (uint8_t)counter, (uint8_t)(counter >> 8), EV3_DIRECT_DONE};

		/* A counter that nobody waits for, or an answer of the wrong size. */
		if (counter > 1000) {
			kit_feed(rig.kit, done, sizeof(done), rig.now_us);
		}
		done[0] = 3;
		kit_feed(rig.kit, done, 5, rig.now_us);
	}
	assert_false(kit_is_held(rig.kit));
	rig.is_slow = false;
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
}

static void fault_21_what_is_no_number_is_not_known(void **state)
{
	(void)state;
	static const uint32_t odd[] = {0x7FC00000, 0x7F800000, 0xFF800000, 0xFFFFFFFF};

	open_brick(true);
	watches("distance");
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		wait_ms(100);
		assert_true(number_of("distance") == 42.5);
		WAIT_UNTIL(rig.to_kit.frame_count == 0 && rig.to_machine.frame_count > 0, 1000);
		uint8_t bytes[RIG_QUEUE_MAX], answer[5 + 92] = {0};

		rig_pop(&rig.to_machine, bytes);
		/* As many globals as it asked for. */
		answer[0] = (uint8_t)(bytes[5] + 3);
		memcpy(answer + 2, bytes + 2, 2);
		answer[4] = EV3_DIRECT_DONE;
		memcpy(answer + 5 + 12, &odd[i], 4); /* the sensor at port 4 */
		kit_drained(rig.kit, rig.now_us);
		kit_feed(rig.kit, answer, answer[0] + 2U, rig.now_us);
		assert_int_equal(described("distance")->value.type, VALUE_NULL);
	}
	assert_int_equal(rig.kit->bad_values, 0);
}

/* ---- the far end ---- */

static void the_far_end_waits_for_a_sensor_and_reads_nothing_meanwhile(void **state)
{
	(void)state;
	/* READY_SI of port 3 in mode 1, then a stop. */
	static const uint8_t ready[] = {13, 0, 7, 0, 0, 4, 0, 0x99, 0x1D, 0, 2, 29, 1, 1, 0x60};
	static const uint8_t stop[] = {9, 0, 8, 0, 0, 0, 0, 0xA3, 0, 15, 1};

	open_brick(true);
	wait_ms(20);
	WAIT_UNTIL(rig.to_machine.count + rig.to_kit.count == 0, 1000);
	machine_ev3.feed(&rig.machine, ready, sizeof(ready), rig.now_us);
	machine_ev3.feed(&rig.machine, stop, sizeof(stop), rig.now_us);
	assert_int_equal(rig.to_kit.frame_count, 0);
	for (int i = 0; i < 60 && rig.to_kit.frame_count < 2; i++) {
		rig.now_us += 1000;
		machine_ev3.tick(&rig.machine, rig.now_us);
	}
	static const uint8_t answers[] = {7, 0, 7, 0, 2, 0, 0, 0x48, 0x42, 3, 0, 8, 0, 2};

	assert_int_equal(rig.to_kit.count, sizeof(answers));
	assert_memory_equal(rig.to_kit.bytes, answers, sizeof(answers));
}

static void the_far_end_fails_what_it_cannot_do(void **state)
{
	(void)state;
	static const struct {
		uint8_t bytes[24];
		size_t count;
	} bad[] = {
		{{5, 0, 1, 0, 0, 0, 0}, 7},		       /* nothing to do */
		{{6, 0, 1, 0, 0, 0, 0, 0xFF}, 8},	       /* no operation */
		{{7, 0, 1, 0, 0, 3, 0, 0x90, 0x64}, 9},	       /* an answer beyond its room */
		{{9, 0, 1, 0, 0, 3, 0, 0xB3, 0, 0, 0x60}, 11}, /* likewise, of 4 bytes */
		{{9, 0, 1, 0, 0, 8, 0, 0xB3, 0, 9, 0x60}, 11}, /* motor 10 */
		{{8, 0, 1, 0, 0, 4, 0, 0x90, 0x81, 5}, 10},    /* an answer into a constant */
		{{8, 0, 1, 0, 0, 0, 0, 0xAA, 0, 15}, 10},      /* waits for a move with an end */
	};

	open_brick(true);
	WAIT_UNTIL(rig.to_machine.count + rig.to_kit.count == 0, 1000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		machine_ev3.feed(&rig.machine, bad[i].bytes, bad[i].count, rig.now_us);
		assert_int_equal(rig.to_kit.frame_count, 1);
		assert_int_equal(rig.to_kit.bytes[4], EV3_DIRECT_FAILED);
		rig.to_kit.count = rig.to_kit.frame_count = 0;
	}
}

static void the_far_end_outlives_a_flood(void **state)
{
	(void)state;
	static const uint8_t ready[] = {13, 0, 7, 0, 0, 4, 0, 0x99, 0x1D, 0, 2, 29, 1, 1, 0x60};
	static const uint8_t nop[] = {6, 0, 1, 0, 0, 0, 0, 1};
	uint8_t flood[3000];

	open_brick(true);
	memset(flood, 0xA5, sizeof(flood));
	machine_ev3.feed(&rig.machine, ready, sizeof(ready), rig.now_us);
	machine_ev3.feed(&rig.machine, flood, sizeof(flood), rig.now_us);
	rig.now_us += 60000;
	machine_ev3.tick(&rig.machine, rig.now_us);
	rig.to_kit.count = rig.to_kit.frame_count = 0;
	machine_ev3.feed(&rig.machine, nop, sizeof(nop), rig.now_us);
	assert_int_equal(rig.to_kit.count, 5);
}

/* Commands as a drunken host would write them; each that is whole is answered. */
static void the_far_end_survives_any_command(void **state)
{
	(void)state;
	static const uint8_t codes[] = {0x01, 0x02, 0x81, 0x82, 0x90, 0x94, 0x99, 0x9D, 0xA3, 0xA4,
		0xA5, 0xA6, 0xA8, 0xA9, 0xAA, 0xAE, 0xB2, 0xB3, 0x05, 0x1D, 0x0A, 0x12, 0x60, 0xE1,
		0xE2, 0x81, 0x82, 0x83, 0x84, 0x00};
	unsigned done = 0, failed = 0;

	open_brick(true);
	seed = 99;
	for (int i = 0; i < 20000; i++) {
		uint8_t code[60], frame[80];
		struct ev3_message message = {
			.type = draw(8) ? EV3_DIRECT : EV3_DIRECT_NO_REPLY,
			.globals = (uint16_t)draw(1024),
			.locals = (uint16_t)draw(64),
			.body = code,
			.count = draw(2) ? draw(4) : draw(sizeof(code)),
		};

		for (size_t at = 0; at < sizeof(code); at++) {
			code[at] = draw(2) ? codes[draw(sizeof(codes))] : (uint8_t)draw(256);
		}
		if (draw(2)) {
			memcpy(code, (const uint8_t[]){EV3_KEEP_ALIVE, 0x60}, 2);
		}
		size_t count = ev3_encode(&message, frame, sizeof(frame));

		machine_ev3.feed(&rig.machine, frame, count, rig.now_us);
		rig.now_us += 50000; /* nothing waits for longer */
		machine_ev3.tick(&rig.machine, rig.now_us);
		if (message.type == EV3_DIRECT) {
			assert_int_equal(rig.to_kit.frame_count, 1);
			done += rig.to_kit.bytes[4] == EV3_DIRECT_DONE;
			failed += rig.to_kit.bytes[4] == EV3_DIRECT_FAILED;
		} else {
			assert_int_equal(rig.to_kit.frame_count, 0);
		}
		rig.to_kit.count = rig.to_kit.frame_count = 0;
	}
	assert_true(done > 100 && failed > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operand_has_its_shortest_form),
		cmocka_unit_test(byte_code_that_is_none_is_refused),
		cmocka_unit_test(reports_that_are_filled_up_are_a_stream_too),
		cmocka_unit_test(noise_is_dropped_and_gives_the_same_however_it_is_cut),
		TEST(over_a_stream_it_does_the_same_in_any_pieces),
		TEST(fault_11_noise_costs_answers_and_no_more),
		TEST(fault_13_old_doubled_and_foreign_answers_are_ignored),
		TEST(fault_21_what_is_no_number_is_not_known),
		TEST(the_far_end_waits_for_a_sensor_and_reads_nothing_meanwhile),
		TEST(the_far_end_fails_what_it_cannot_do),
		TEST(the_far_end_outlives_a_flood),
		TEST(the_far_end_survives_any_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

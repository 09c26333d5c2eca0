/* From the first byte of a Firmata board to ready; beats, noise and reboots. */
#include "firmata_rig.h"

static void fault_07_nothing_is_sent_to_a_board_in_its_bootloader(void **state)
{
	(void)state;
	open_kit(NULL);
	wait_ms(1480);
	assert_sent("");
	wait_ms(20);
	assert_sent("f9 f079f7");
	wait_ms(1000);
	assert_sent("f9 f079f7");
	assert_int_equal(rig.kit->state, KIT_PROBING);
	hears(BANNER_2_5);
	assert_sent(QUIET);
	wait_ms(40);
	assert_sent("");
	wait_ms(20);
	assert_sent("f06bf7 f069f7");
	hears(UNO_2_5);
	hears(UNO_MAP);
	assert_sent("f07a1300f7");
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_string_equal(rig.kit->program, "Stdino 2.5");
	assert_string_equal(rig.kit->model, "uno");
}

static void a_banner_is_enough_and_the_sketch_suffix_goes(void **state)
{
	(void)state;
	open_board(BANNER_2_4, UNO_2_4, NULL);
	assert_string_equal(rig.kit->program, "StandardFirmata 2.4");
	assert_string_equal(described("firmware")->value.text, "StandardFirmata 2.4");
	assert_int("sampling_ms", 19);
	assert_true(kit_find_property(rig.kit, "pin.19") >= 0);
	assert_true(kit_find_property(rig.kit, "pin.A5") >= 0);
	assert_true(kit_find_property(rig.kit, "pin.20") < 0);
	assert_true(kit_find_property(rig.kit, "pin.A6") < 0);
}

static void what_was_on_its_way_for_an_earlier_program_is_dropped(void **state)
{
	(void)state;
	open_kit(NULL);
	hears("e00102 900100 f90205");
	hears("e0010290010042");
	wait_ms(60);
	hears("f0770000000000f7 e00102");
	hears(UNO_2_5 UNO_MAP);
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_int_equal(described("pin.A0")->seq, 0);
}

static void the_sampling_interval_of_the_port_is_set(void **state)
{
	(void)state;
	open_kit(NULL);
	rig.kit->sampling_ms = 10;
	kit_start(rig.kit, &firmata_driver, rig.now_us);
	hears(BANNER_2_5);
	wait_ms(60);
	forget_sent();
	hears(UNO_2_5 UNO_MAP);
	assert_sent("f07a0a00f7");
	assert_int_equal(writes("sampling_ms", value_int(1000)), ERR_NONE);
	assert_sent("f07a6807f7");
	assert_int("sampling_ms", 1000);
	assert_int_equal(writes("sampling_ms", value_int(0)), ERR_INVALID);
	assert_sent("");
}

static void lost_answers_are_asked_for_again(void **state)
{
	(void)state;
	open_kit(NULL);
	hears("f90205");
	wait_ms(60);
	assert_sent(QUIET "f079f7 f06bf7 f069f7");
	wait_ms(1000);
	assert_sent("f079f7 f06bf7 f069f7");
	hears(UNO_MAP UNO_2_5);
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_string_equal(rig.kit->program, "Firmata 2.5");
}

static void fault_17_noise_is_refused_in_three_seconds_with_advice(void **state)
{
	(void)state;
	open_kit(NULL);
	for (int i = 0; i < 31; i++) {
		hears("00fe7f8013");
		wait_ms(99);
	}
	assert_int_equal(rig.kit->state, KIT_REFUSED);
	assert_non_null(strstr(rig.kit->why.text[LANG_EN], "57600"));
	assert_true(rig.kit->bad_frames >= 31 * 5);
	/* Somebody flashes the right firmware: it begins by itself. */
	hears(BANNER_2_5);
	wait_ms(60);
	hears(UNO_2_5 UNO_MAP);
	assert_int_equal(rig.kit->state, KIT_READY);
}

static void a_glitch_before_the_banner_is_no_noise(void **state)
{
	(void)state;
	open_kit(NULL);
	hears("00ff7f80");
	wait_ms(3900);
	assert_int_equal(rig.kit->state, KIT_PROBING);
	hears(BANNER_2_5);
	wait_ms(60);
	hears(UNO_2_5 UNO_MAP);
	assert_int_equal(rig.kit->state, KIT_READY);
}

static void a_silent_board_is_refused_with_what_to_flash(void **state)
{
	(void)state;
	open_kit(NULL);
	wait_ms(9900);
	assert_int_equal(rig.kit->state, KIT_PROBING);
	wait_ms(200);
	assert_int_equal(rig.kit->state, KIT_REFUSED);
	assert_non_null(strstr(rig.kit->why.text[LANG_EN], "StandardFirmata"));
	forget_sent();
	wait_ms(6000);
	assert_sent("f9 f079f7");
}

static void a_firmware_without_pin_lists_is_refused(void **state)
{
	(void)state;
	open_kit(NULL);
	hears(BANNER_2_5);
	wait_ms(3200);
	assert_int_equal(rig.kit->state, KIT_REFUSED);
	assert_non_null(strstr(rig.kit->why.text[LANG_EN], "pins"));
}

static void another_major_version_is_refused(void **state)
{
	(void)state;
	open_kit(NULL);
	hears("f90300");
	assert_int_equal(rig.kit->state, KIT_REFUSED);
	assert_non_null(strstr(rig.kit->why.text[LANG_EN], "3.0"));
}

static void fault_20_a_hostile_firmware_name_is_text(void **state)
{
	(void)state;
	open_kit(NULL);
	/* <b>, ESC, NUL, a lone FF, half of a character */
	hears("f90205 f07902053c0062003e001b0000007f010e016501f7");
	wait_ms(60);
	hears(UNO_2_5 UNO_MAP);
	assert_true(utf8_is_valid(rig.kit->program, strlen(rig.kit->program)));
	assert_non_null(strstr(rig.kit->program, "<b>\x1B\xEF\xBF\xBD"));
	char text[16];

	assert_int_equal(rig.kit->state, KIT_READY);
	hears("f0716801690100006100f7");
	snprintf(text, sizeof(text), "%s", described("message")->value.text);
	assert_string_equal(text,
		"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
		"a");
}

static void every_cut_of_the_handshake_leads_to_the_same_kit(void **state)
{
	uint8_t bytes[1024];
	size_t count = 0;
	static const char hex[] = UNO_2_5 UNO_MAP "e00102";

	(void)state;
	for (size_t i = 0; hex[2 * i]; i++) {
		unsigned byte;

		sscanf(hex + 2 * i, "%2x", &byte);
		bytes[count++] = (uint8_t)byte;
	}
	for (size_t cut = 0; cut <= count; cut++) {
		open_kit(&bench);
		hears(BANNER_2_5);
		wait_ms(60);
		forget_sent();
		kit_feed(rig.kit, bytes, cut, rig.now_us);
		kit_feed(rig.kit, bytes + cut, count - cut, rig.now_us);
		assert_int_equal(rig.kit->state, KIT_READY);
		assert_int_equal(rig.kit->property_count, 6 + 20 + 6 + 3);
		assert_sent("f07a1300f7 f4020b f40603 f40801 f40d01 f40e02 c000 f41002 c200");
		if (cut < count) {
			close_kit(NULL);
		}
	}
}

static void a_silent_board_is_asked_every_second(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	wait_ms(960);
	assert_sent("");
	wait_ms(60);
	assert_sent("f9");
	hears("f90205");
	wait_ms(980);
	assert_sent("");
	/* One that talks is not asked. */
	for (int i = 0; i < 30; i++) {
		hears("e00000");
		wait_ms(100);
	}
	assert_sent("");
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_string_equal(rig.events, "");
}

static void fault_09_three_missed_beats_are_stale_and_an_answer_is_ready(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	wait_ms(3900);
	assert_sent("f9f9f9");
	assert_int_equal(rig.kit->state, KIT_READY);
	wait_ms(200);
	assert_int_equal(rig.kit->state, KIT_STALE);
	assert_non_null(strstr(rig.kit->why.text[LANG_EN], "4 s"));
	wait_ms(3000);
	/* All that it was asked comes at once: it was stopped, not restarted. */
	hears("f90205f90205f90205f90205");
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_string_equal(rig.events, "");
	wait_ms(5000);
	assert_int_equal(rig.kit->state, KIT_STALE);
	hears("e00000");
	assert_int_equal(rig.kit->state, KIT_READY);
}

static void fault_12_after_noise_only_an_answered_beat_is_proof(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	watches("pin.A0");
	hears("e00100");
	/* Noise with frames in it, for ever. */
	for (int i = 0; i < 45; i++) {
		hears("42 e07f07 13 fe");
		wait_ms(99);
	}
	assert_int_equal(rig.kit->state, KIT_STALE);
	uint64_t seq = described("pin.A0")->seq;

	hears("e00101");
	assert_int_equal(described("pin.A0")->seq, seq);
	hears("f90205");
	assert_int_equal(rig.kit->state, KIT_READY);
	hears("e00200");
	assert_int("pin.A0", 2);
}

static void one_flipped_bit_is_forgotten_with_the_next_beat(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	watches("pin.A0");
	forget_sent();
	hears("e08100");
	hears("e00300");
	assert_int("pin.A0", 3);
	wait_ms(1000);
	assert_sent("f9");
	hears("f90205");
	wait_ms(900);
	hears("e00400");
	wait_ms(900);
	assert_sent("");
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_int_equal(rig.kit->bad_frames, 3);
}

static void fault_08_a_banner_in_mid_session_is_a_reboot(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	watches("light");
	watches("button");
	sets_mode(4, "pullup");
	writes("led", value_bool(true));
	forget_sent();
	hears(BANNER_2_5);
	assert_string_equal(rig.events, "rebooted;");
	assert_int_equal(rig.kit->state, KIT_PROBING);
	assert_sent(QUIET);
	struct why why;
	struct value on = value_bool(true);

	assert_int_equal(
		kit_write(rig.kit, property("led"), &on, rig.now_us, NULL, NULL, &why), ERR_BUSY);
	wait_ms(60);
	assert_sent("f06bf7f069f7");
	hears(UNO_2_5 UNO_MAP);
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_sent("f07a1300f7 f4020b d001 f4040b f40603 f40801 f40d01 f40e02 c001 f41002 c200");
	/* Nothing moves or lights by itself. */
	assert_bool("led", false);
	hears("900000 e07f07");
	assert_bool("button", true);
	assert_number("light", 1);
	assert_string_equal(rig.events, "rebooted;");
}

static void a_firmware_report_alone_is_a_reboot_too(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	wait_ms(1100);
	/* The version answers the beat; the name was not asked for. */
	hears("f90205");
	assert_string_equal(rig.events, "");
	hears("f07902055800f7");
	assert_string_equal(rig.events, "rebooted;");
	assert_string_equal(rig.kit->program, "X 2.5");
}

static enum evidence heard(const char *text, size_t count)
{
	return firmata_driver.hear((const uint8_t *)text, count);
}

static void a_banner_is_evidence_and_other_talk_is_not(void **state)
{
	(void)state;
	assert_int_equal(heard("\xF9\x02\x05\xF0\x79\x02\x05S\x00\xF7", 10), EVIDENCE_YES);
	assert_int_equal(heard("\x13\xF9\x02\x05\xF0\x79\x02\x05S\x00\xF7", 11), EVIDENCE_YES);
	assert_int_equal(heard("\xF9\x02\x05", 3), EVIDENCE_MAYBE);
	assert_int_equal(heard("\x07\xE0\x01\x02\xE1\x01\x02\xE2", 8), EVIDENCE_MAYBE);
	assert_int_equal(heard("Version: 06.01.107\r\n", 20), EVIDENCE_NO);
	assert_int_equal(heard("\xFE\x09\x00\x01\x01\x00\x00\x00\x00\x00", 10), EVIDENCE_NO);
	assert_int_equal(heard("\xFF\x55\x05\x01\x04\x09\x30\x0D\x0A", 9), EVIDENCE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fault_07_nothing_is_sent_to_a_board_in_its_bootloader),
		TEST(a_banner_is_enough_and_the_sketch_suffix_goes),
		TEST(what_was_on_its_way_for_an_earlier_program_is_dropped),
		TEST(the_sampling_interval_of_the_port_is_set),
		TEST(lost_answers_are_asked_for_again),
		TEST(fault_17_noise_is_refused_in_three_seconds_with_advice),
		TEST(a_glitch_before_the_banner_is_no_noise),
		TEST(a_silent_board_is_refused_with_what_to_flash),
		TEST(a_firmware_without_pin_lists_is_refused),
		TEST(another_major_version_is_refused),
		TEST(fault_20_a_hostile_firmware_name_is_text),
		TEST(every_cut_of_the_handshake_leads_to_the_same_kit),
		TEST(a_silent_board_is_asked_every_second),
		TEST(fault_09_three_missed_beats_are_stale_and_an_answer_is_ready),
		TEST(fault_12_after_noise_only_an_answered_beat_is_proof),
		TEST(one_flipped_bit_is_forgotten_with_the_next_beat),
		TEST(fault_08_a_banner_in_mid_session_is_a_reboot),
		TEST(a_firmware_report_alone_is_a_reboot_too),
		TEST(a_banner_is_evidence_and_other_talk_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

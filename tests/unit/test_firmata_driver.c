/*
 * The Firmata driver between a scripted board and a user: bytes in and out as hex,
 * time by hand. What the board says is from recordings of real firmware (2.5.7, 2.4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firmata/firmata.h"
#include "firmata/protocol.h"
#include "wiring.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a kit on a table ---- */

static struct {
	struct kit *kit;
	int64_t now_us;
	char sent[8192]; /* as hex, since the last look */
	bool is_blocked;
	char events[1024];
	unsigned samples;
	enum err error; /* of the last command */
	char hint[240];
	struct value result;
	double vector[VALUE_VECTOR_MAX];
	unsigned answers;
} rig;

static bool on_send(void *data, const uint8_t *bytes, size_t count)
{
	(void)data;
	if (rig.is_blocked) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(rig.sent);

		assert_true(used + 3 < sizeof(rig.sent));
		snprintf(rig.sent + used, 3, "%02x", bytes[i]);
	}
	return true;
}

static size_t on_backlog(void *data)
{
	(void)data;
	return 0;
}

static void on_changed(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
}

static void on_sample(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
	rig.samples++;
}

static void on_event(void *data, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us)
{
	size_t used = strlen(rig.events);

	(void)data;
	(void)kit;
	(void)t_us;
	used += (size_t)snprintf(rig.events + used, sizeof(rig.events) - used, "%s", event->name);
	if (value->type == VALUE_TEXT) {
		snprintf(rig.events + used, sizeof(rig.events) - used, "=%s", value->text);
	}
	for (size_t i = 0; value->type == VALUE_VECTOR && i < value->count; i++) {
		used += (size_t)snprintf(rig.events + used, sizeof(rig.events) - used, " %g",
			value->vector[i]);
	}
	strncat(rig.events, ";", sizeof(rig.events) - strlen(rig.events) - 1);
}

static const struct kit_owner owner = {on_send, on_backlog, on_changed};
static const struct kit_listener listener = {on_sample, on_event};

static void on_done(void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	(void)data;
	(void)t_us;
	rig.answers++;
	rig.error = why->code;
	snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(why, LANG_EN));
	rig.result = result ? *result : value_null();
	if (rig.result.type == VALUE_VECTOR) {
		memcpy(rig.vector, result->vector, result->count * sizeof(double));
		rig.result.vector = rig.vector;
	}
}

static void wait_ms(int ms)
{
	/* As the lab does: at least every 20 ms. */
	for (int64_t until = rig.now_us + (int64_t)ms * 1000; rig.now_us < until;) {
		rig.now_us = rig.now_us + 20000 < until ? rig.now_us + 20000 : until;
		kit_tick(rig.kit, rig.now_us);
	}
}

static void hears(const char *hex)
{
	static uint8_t bytes[4096];
	size_t count = 0;

	for (const char *c = hex; *c; c++) {
		unsigned byte;

		if (*c != ' ') {
			assert_int_equal(sscanf(c, "%2x", &byte), 1);
			bytes[count++] = (uint8_t)byte;
			c++;
		}
	}
	rig.now_us += 1000;
	kit_feed(rig.kit, bytes, count, rig.now_us);
}

static void assert_sent(const char *hex)
{
	char wanted[8192];
	size_t used = 0;

	for (const char *c = hex; *c; c++) {
		if (*c != ' ') {
			wanted[used++] = *c;
		}
	}
	wanted[used] = '\0';
	assert_string_equal(rig.sent, wanted);
	rig.sent[0] = '\0';
}

static void forget_sent(void)
{
	rig.sent[0] = '\0';
}

static bool has_sent(const char *hex)
{
	return strstr(rig.sent, hex) != NULL;
}

/* ---- boards ---- */

#define BANNER_2_5 "f90205 f079020553007400640069006e006f00f7"
#define BANNER_2_4 "f90204 f07902045300740061006e0064006100720064004600690072006d0061007400" \
		   "61002e0069006e006f00f7"
#define UNO_2_5 "f06c7f7f00010b010101040e7f00010b0101010308040e7f00010b010101040e7f00010b01010" \
		"10308040e7f00010b0101010308040e7f00010b010101040e7f00010b010101040e7f00010b01" \
		"01010308040e7f00010b0101010308040e7f00010b0101010308040e7f00010b010101040e7f0" \
		"0010b010101040e7f00010b010101020a040e7f00010b010101020a040e7f00010b010101020a" \
		"040e7f00010b010101020a040e7f00010b010101020a040e06017f00010b010101020a040e060" \
		"17ff7"
#define UNO_2_4 "f06c7f7f00010101040e7f000101010308040e7f00010101040e7f000101010308040e7f00010" \
		"1010308040e7f00010101040e7f00010101040e7f000101010308040e7f000101010308040e7f" \
		"000101010308040e7f00010101040e7f00010101040e7f00010101020a040e7f00010101020a0" \
		"40e7f00010101020a040e7f00010101020a040e7f00010101020a040e06017f00010101020a04" \
		"0e06017ff7"
#define UNO_MAP "f06a7f7f7f7f7f7f7f7f7f7f7f7f7f7f000102030405f7"
#define QUIET "ffc000d000c100d100c200d200c300d300c400d400c500d500c600d600c700d700c800d800c900" \
	      "d900ca00da00cb00db00cc00dc00cd00dd00ce00de00cf00df00"

static void open_kit(const struct wiring *profile)
{
	rig.kit = kit_create("uno-1");
	rig.now_us = 1000000;
	rig.sent[0] = rig.events[0] = '\0';
	rig.samples = rig.answers = 0;
	rig.is_blocked = false;
	rig.kit->owner = &owner;
	rig.kit->listener = &listener;
	rig.kit->profile = profile;
	kit_start(rig.kit, &firmata_driver, rig.now_us);
}

static void open_board(const char *banner, const char *capability, const struct wiring *profile)
{
	open_kit(profile);
	hears(banner);
	wait_ms(60);
	hears(capability);
	hears(UNO_MAP);
	assert_int_equal(rig.kit->state, KIT_READY);
}

static void ready(const char *banner, const char *capability, const struct wiring *profile)
{
	open_board(banner, capability, profile);
	forget_sent();
	rig.events[0] = '\0';
}

static int close_kit(void **state)
{
	(void)state;
	kit_destroy(rig.kit);
	rig.kit = NULL;
	return 0;
}

/* ---- the user ---- */

static int property(const char *name)
{
	int index = kit_find_property(rig.kit, name);

	if (index < 0) {
		fail_msg("no property %s", name);
	}
	return index;
}

static const struct property *described(const char *name)
{
	return &rig.kit->properties[property(name)];
}

static enum err writes(const char *name, struct value value)
{
	struct why why = {.code = ERR_NONE};
	enum err err = kit_write(rig.kit, property(name), &value, rig.now_us, NULL, NULL, &why);

	snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(&why, LANG_EN));
	return err;
}

static void watches(const char *name)
{
	kit_watch(rig.kit, property(name), rig.now_us);
}

static void unwatches(const char *name)
{
	kit_unwatch(rig.kit, property(name), rig.now_us);
}

static enum err acts(const char *name, struct value a, struct value b, struct value c,
	struct value d)
{
	struct value args[KIT_ARGS_MAX] = {a, b, c, d};
	struct why why = {.code = ERR_NONE};
	int index = kit_find_action(rig.kit, name);

	assert_true(index >= 0);
	enum err err = kit_act(rig.kit, index, args, rig.now_us, on_done, NULL, &why);

	if (err) {
		snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(&why, LANG_EN));
	}
	return err;
}

static enum err sets_mode(int pin, const char *mode)
{
	return acts("pin_mode", value_int(pin), value_text(mode, strlen(mode)), value_null(),
		value_null());
}

static void assert_bool(const char *name, bool wanted)
{
	assert_int_equal(described(name)->value.type, VALUE_BOOL);
	assert_int_equal(described(name)->value.boolean, wanted);
}

static void assert_number(const char *name, double wanted)
{
	assert_int_equal(described(name)->value.type, VALUE_NUMBER);
	assert_true(fabs(described(name)->value.number - wanted) < 1e-9);
}

static void assert_int(const char *name, int wanted)
{
	assert_int_equal(described(name)->value.type, VALUE_INT);
	assert_int_equal(described(name)->value.integer, wanted);
}

static const struct wiring bench = {
	.id = "bench",
	.part_count = 7,
	.parts = {
		{.name = "led", .mode = WIRING_OUTPUT, .pin = 13, .scale = 1, .min = NAN, .max = NAN},
		{.name = "lamp", .mode = WIRING_PWM, .pin = 6, .scale = 1, .min = NAN, .max = NAN},
		{.name = "button", .mode = WIRING_PULLUP, .pin = 2, .invert = true, .scale = 1,
			.min = NAN, .max = NAN},
		{.name = "servo", .mode = WIRING_SERVO, .pin = 9, .scale = 1, .min = 10, .max = 170},
		{.name = "light", .mode = WIRING_ANALOG, .analog = true, .pin = 0, .scale = 1,
			.min = NAN, .max = NAN},
		{.name = "temperature", .mode = WIRING_ANALOG, .analog = true, .pin = 2,
			.scale = 500, .offset = -50, .min = NAN, .max = NAN},
		{.name = "tone", .mode = WIRING_TONE, .pin = 8, .scale = 1, .min = NAN, .max = NAN},
	},
};

/* ---- the handshake ---- */

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
	assert_string_equal(text, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
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

/* ---- pins ---- */

static void writing_an_unset_pin_makes_it_an_output(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(writes("pin.13", value_int(1)), ERR_NONE);
	assert_sent("f40d01 f50d01");
	assert_bool("pin.13", true);
	assert_int_equal(writes("pin.13", value_bool(false)), ERR_NONE);
	assert_sent("f50d00");
	assert_int_equal(writes("pin.13", value_int(2)), ERR_INVALID);
	/* Pins of the serial line can do nothing. */
	assert_false(described("pin.0")->writable);
	assert_sent("");
}

static void before_2_5_a_port_is_written(void **state)
{
	(void)state;
	ready(BANNER_2_4, UNO_2_4, NULL);
	writes("pin.13", value_bool(true));
	assert_sent("f40d01 912000");
	writes("pin.8", value_bool(true));
	assert_sent("f40801 912100");
	writes("pin.13", value_bool(false));
	assert_sent("910100");
	assert_int_equal(sets_mode(9, "pullup"), ERR_NONE);
	assert_sent("f40900 910300");
	writes("pin.8", value_bool(false));
	assert_sent("910200");
	sets_mode(9, "input");
	assert_sent("f40900");
	writes("pin.8", value_bool(true));
	assert_sent("910100");
}

static void from_2_5_a_pull_up_is_a_mode(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(sets_mode(2, "pullup"), ERR_NONE);
	assert_sent("f4020b");
	assert_int_equal(rig.answers, 1);
	watches("pin.2");
	assert_sent("d001");
	hears("900400");
	assert_bool("pin.2", true);
	assert_false(described("pin.2")->writable);
}

static void watching_makes_an_input_and_reports_it(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	watches("pin.2");
	assert_sent("f40200 d001");
	watches("pin.3");
	assert_sent("f40300 d001");
	hears("900c00");
	assert_bool("pin.2", true);
	assert_bool("pin.3", true);
	assert_int_equal(described("pin.4")->seq, 0);
	unwatches("pin.2");
	assert_sent("");
	unwatches("pin.3");
	assert_sent("d000");
	/* A pin that is only read may still become an output. */
	assert_int_equal(writes("pin.2", value_bool(true)), ERR_NONE);
	assert_sent("f40201 f50201");
}

static void analog_channels_are_reported_while_watched(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(described("pin.A0")->max, 1023);
	assert_false(described("pin.A0")->writable);
	watches("pin.A0");
	assert_sent("f40e02 c001");
	hears("e06607 e10100");
	assert_int("pin.A0", 998);
	assert_int_equal(described("pin.A1")->seq, 0);
	assert_int_equal(rig.samples, 2);
	wait_ms(20);
	/* The same pin by its number has the type of its mode now. */
	assert_int_equal(described("pin.14")->type, VALUE_INT);
	watches("pin.14");
	hears("e00100");
	assert_int("pin.14", 1);
	unwatches("pin.14");
	forget_sent();
	unwatches("pin.A0");
	assert_sent("c000");
}

static void a_channel_over_15_is_asked_for_by_sysex(void **state)
{
	char capability[1024] = "f06c", map[256] = "f06a";
	size_t capability_length = strlen(capability), map_length = strlen(map);

	(void)state;
	for (int i = 0; i < 20; i++) {
		bool is_last = i == 19;

		capability_length += (size_t)snprintf(capability + capability_length,
			sizeof(capability) - capability_length, "020c7f%s", is_last ? "f7" : "");
		map_length += (size_t)snprintf(map + map_length, sizeof(map) - map_length, "%02x%s", i,
			is_last ? "f7" : "");
	}
	open_kit(NULL);
	hears(BANNER_2_5);
	wait_ms(60);
	hears(capability);
	hears(map);
	forget_sent();
	watches("pin.A18");
	assert_sent("f41202 f0641201f7");
	hears("f06f127f1ff7");
	assert_int("pin.A18", 4095);
	assert_string_equal(rig.kit->model, "uno");
}

static void an_output_that_is_watched_tells_what_was_written(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	writes("pin.13", value_bool(true));
	unsigned before = rig.samples;

	watches("pin.13");
	assert_int_equal(rig.samples, before + 1);
	assert_bool("pin.13", true);
	watches("firmware");
	assert_int_equal(rig.samples, before + 2);
}

static void pwm_is_a_number_to_one(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(sets_mode(3, "pwm"), ERR_NONE);
	assert_sent("f40303");
	assert_int_equal(described("pin.3")->type, VALUE_NUMBER);
	assert_int_equal(described("pin.3")->max, 1);
	assert_int_equal(writes("pin.3", value_number(1)), ERR_NONE);
	assert_sent("e37f01");
	writes("pin.3", value_number(0.5));
	assert_sent("e30001");
	assert_number("pin.3", 0.5);
	assert_int_equal(writes("pin.3", value_number(1.01)), ERR_INVALID);
	assert_int_equal(sets_mode(2, "pwm"), ERR_UNSUPPORTED);
	assert_non_null(strstr(rig.hint, "Pin 2"));
	assert_non_null(strstr(rig.hint, "pwm"));
	assert_non_null(strstr(rig.hint, "input, output, servo, pullup"));
}

static void high_pins_are_written_by_extended_analog(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	sets_mode(16, "servo");
	forget_sent();
	writes("pin.16", value_number(90));
	assert_sent("f06f105a00f7");
}

static void a_servo_takes_degrees_and_its_own_pulses(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(acts("servo_config", value_int(9), value_int(544), value_int(2400),
				 value_null()),
		ERR_NONE);
	assert_sent("f0700920046012f7");
	assert_int_equal(described("pin.9")->type, VALUE_NUMBER);
	assert_string_equal(described("pin.9")->unit, "deg");
	writes("pin.9", value_int(90));
	assert_sent("e95a00");
	assert_int_equal(writes("pin.9", value_int(181)), ERR_INVALID);
	assert_int_equal(acts("servo_config", value_int(9), value_int(2400), value_int(544),
				 value_null()),
		ERR_INVALID);
	assert_int_equal(acts("servo_config", value_int(0), value_int(1), value_int(2), value_null()),
		ERR_UNSUPPORTED);
}

static void a_pin_that_the_board_does_not_have_is_invalid(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(sets_mode(20, "output"), ERR_INVALID);
	assert_int_equal(sets_mode(-1, "output"), ERR_INVALID);
	assert_int_equal(sets_mode(3, "fly"), ERR_INVALID);
	assert_int_equal(sets_mode(14, "analog"), ERR_NONE);
	assert_int_equal(described("pin.14")->type, VALUE_INT);
	/* StandardFirmata reports at once what nobody asked for. */
	assert_sent("f40e02 c000");
}

static void unknown_modes_of_a_pin_are_kept(void **state)
{
	(void)state;
	open_kit(NULL);
	hears(BANNER_2_5);
	wait_ms(60);
	hears("f06c 000101015101 7f f7 f06a7ff7");
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_string_equal(rig.kit->model, "firmata");
	assert_int_equal(sets_mode(0, "pwm"), ERR_UNSUPPORTED);
	assert_non_null(strstr(rig.hint, "mode 81"));
}

static void before_2_4_a_port_that_says_nothing_is_as_it_was(void **state)
{
	(void)state;
	ready("f90203 f07902034600f7", UNO_2_4, NULL);
	watches("pin.2");
	assert_int_equal(described("pin.2")->seq, 0);
	wait_ms(120);
	assert_bool("pin.2", false);
	hears("900400");
	assert_bool("pin.2", true);
}

static void a_full_port_refuses_the_write(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	rig.is_blocked = true;
	assert_int_equal(writes("pin.13", value_bool(true)), ERR_BUSY);
	assert_int_equal(acts("reset", value_null(), value_null(), value_null(), value_null()),
		ERR_BUSY);
}

/* ---- texts, reset, beats ---- */

static void texts_go_both_ways(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	hears("f0714f006b00f7");
	assert_string_equal(rig.events, "string=Ok;");
	assert_string_equal(described("message")->value.text, "Ok");
	assert_int_equal(acts("send_string", value_text("h\xC3\xA9", 3), value_null(), value_null(),
				 value_null()),
		ERR_NONE);
	assert_sent("f071680043012901f7");
	assert_int_equal(acts("send_string", value_text("0123456789012345678901234567890", 31),
				 value_null(), value_null(), value_null()),
		ERR_INVALID);
}

static void reset_unsets_pins_and_keeps_wiring_and_watches(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	sets_mode(3, "pwm");
	writes("pin.3", value_number(1));
	writes("led", value_bool(true));
	watches("pin.4");
	watches("light");
	forget_sent();
	assert_int_equal(acts("reset", value_null(), value_null(), value_null(), value_null()),
		ERR_NONE);
	assert_sent("ff f4020b f40603 f40801 f40d01 f40e02 c001 f41002 c200 f40400 d001");
	assert_bool("led", false);
	assert_int_equal(described("pin.3")->type, VALUE_BOOL);
	assert_int_equal(described("pin.3")->value.type, VALUE_NULL);
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

	assert_int_equal(kit_write(rig.kit, property("led"), &on, rig.now_us, NULL, NULL, &why),
		ERR_BUSY);
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

static void hold_brings_outputs_to_rest_and_stop_resets(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	writes("led", value_bool(true));
	writes("lamp", value_number(1));
	writes("servo", value_number(90));
	writes("pin.4", value_bool(true));
	forget_sent();
	kit_hold(rig.kit, rig.now_us);
	assert_sent("f50400 e60000 f50800 f50d00");
	assert_bool("led", false);
	assert_number("lamp", 0);
	assert_number("servo", 90);
	kit_stop(rig.kit, rig.now_us);
	assert_sent("ff");
}

/* ---- wiring ---- */

static void a_profile_gives_capabilities_in_their_units(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	assert_int_equal(described("led")->type, VALUE_BOOL);
	assert_int_equal(described("lamp")->type, VALUE_NUMBER);
	assert_false(described("button")->writable);
	assert_false(described("light")->writable);
	assert_int_equal(described("servo")->min, 10);
	assert_int_equal(described("servo")->max, 170);
	assert_true(kit_find_property(rig.kit, "tone") < 0);
	assert_true(kit_find_action(rig.kit, "tone") >= 0);
	assert_string_equal(rig.kit->wiring, "bench");
	watches("temperature");
	watches("light");
	watches("button");
	hears("e23300 e07f07 900400");
	assert_number("temperature", -25.0733); /* -50 + 500 * 51 / 1023 */
	assert_number("light", 1);
	assert_bool("button", false);
	hears("900000");
	assert_bool("button", true);
	forget_sent();
	writes("led", value_bool(true));
	assert_sent("f50d01");
	assert_bool("led", true);
	assert_bool("pin.13", true);
	writes("lamp", value_number(0.25));
	assert_sent("e64000");
}

static void a_servo_part_is_still_until_its_first_angle(void **state)
{
	(void)state;
	open_board(BANNER_2_5, UNO_2_5, &bench);
	assert_false(has_sent("f40904"));
	assert_int_equal(described("servo")->value.type, VALUE_NULL);
	forget_sent();
	writes("servo", value_number(45));
	assert_sent("f40904 e92d00");
	assert_number("servo", 45);
	assert_int_equal(writes("servo", value_number(5)), ERR_INVALID);
}

static void a_tone_without_tone_mode_is_the_pin_for_its_time(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	assert_int_equal(acts("tone", value_number(440), value_number(0.5), value_null(),
				 value_null()),
		ERR_NONE);
	assert_sent("f50801");
	wait_ms(480);
	assert_sent("");
	wait_ms(40);
	assert_sent("f50800");
	assert_int_equal(acts("tone", value_number(5), value_number(1), value_null(), value_null()),
		ERR_INVALID);
}

static void a_tone_on_a_board_with_tones_is_its_own(void **state)
{
	static const struct wiring sounder = {
		.id = "sounder",
		.part_count = 1,
		.parts = {{.name = "tone", .mode = WIRING_TONE, .pin = 0, .scale = 1}},
	};

	(void)state;
	open_kit(&sounder);
	hears(BANNER_2_5);
	wait_ms(60);
	forget_sent();
	hears("f06c 000101010e01 7f f7 f06a7ff7");
	assert_sent("f07a1300f7 f4000e");
	acts("tone", value_number(440), value_number(0.5), value_null(), value_null());
	assert_sent("f05f000038037403f7");
	acts("tone", value_number(440), value_number(0), value_null(), value_null());
	assert_sent("f05f0100f7");
}

static void another_profile_takes_the_place_of_the_first(void **state)
{
	static const struct wiring other = {
		.id = "other",
		.part_count = 2,
		.parts = {
			{.name = "light", .mode = WIRING_ANALOG, .analog = true, .pin = 1, .scale = 1,
				.min = NAN, .max = NAN},
			{.name = "led", .mode = WIRING_OUTPUT, .pin = 12, .invert = true, .scale = 1},
		},
	};
	struct why why;

	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	watches("light");
	writes("led", value_bool(true));
	forget_sent();
	assert_int_equal(kit_set_wiring(rig.kit, &other, rig.now_us, &why), ERR_NONE);
	/* What lit is dark; an inverted lamp is dark when high; light moves to A1. */
	assert_sent("e60000 f50800 f50d00 c000 f40c01 f50c01 f40f02 c101");
	assert_string_equal(rig.kit->wiring, "other");
	assert_bool("led", false);
	assert_true(kit_find_property(rig.kit, "button") < 0);
	assert_true(kit_find_action(rig.kit, "tone") < 0);
	hears("e07f07 e10000");
	assert_number("light", 0);
	writes("led", value_bool(true));
	assert_sent("f50c00");
	assert_int_equal(kit_set_wiring(rig.kit, NULL, rig.now_us, &why), ERR_NONE);
	assert_true(kit_find_property(rig.kit, "led") < 0);
}

static void a_profile_that_the_board_cannot_have_is_refused_with_its_pin(void **state)
{
	static const struct wiring bad[] = {
		{.id = "a", .part_count = 1,
			.parts = {{.name = "lamp", .mode = WIRING_PWM, .pin = 2, .scale = 1}}},
		{.id = "b", .part_count = 1,
			.parts = {{.name = "led", .mode = WIRING_OUTPUT, .pin = 40, .scale = 1}}},
		{.id = "c", .part_count = 1,
			.parts = {{.name = "light", .mode = WIRING_ANALOG, .analog = true, .pin = 7,
				.scale = 1}}},
		{.id = "d", .part_count = 1,
			.parts = {{.name = "firmware", .mode = WIRING_OUTPUT, .pin = 13, .scale = 1}}},
		{.id = "e", .part_count = 2,
			.parts = {{.name = "light", .mode = WIRING_ANALOG, .analog = true, .scale = 1},
				{.name = "led", .mode = WIRING_OUTPUT, .pin = 14, .scale = 1}}},
	};
	static const char *const words[][2] = {{"pin 2", "pwm"}, {"pin 40", "\"led\""},
		{"pin A7", "\"light\""}, {"firmware", "name"}, {"same pin", "\"led\""}};
	struct why why;

	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(kit_set_wiring(rig.kit, &bad[i], rig.now_us, &why), ERR_REFUSED);
		assert_non_null(strstr(why.text[LANG_EN], words[i][0]));
		assert_non_null(strstr(why.text[LANG_EN], words[i][1]));
		assert_string_equal(rig.kit->wiring, "bench");
	}
	assert_sent("");
	assert_true(kit_find_property(rig.kit, "button") >= 0);
}

static void parts_that_a_board_cannot_have_are_left_out_at_start(void **state)
{
	static const struct wiring half = {
		.id = "half",
		.part_count = 2,
		.parts = {
			{.name = "lamp", .mode = WIRING_PWM, .pin = 2, .scale = 1},
			{.name = "led", .mode = WIRING_OUTPUT, .pin = 13, .scale = 1},
		},
	};

	(void)state;
	ready(BANNER_2_5, UNO_2_5, &half);
	assert_true(kit_find_property(rig.kit, "lamp") < 0);
	assert_true(kit_find_property(rig.kit, "led") >= 0);
}

static void a_wired_pin_keeps_its_mode_and_its_class(void **state)
{
	static const struct wiring robot = {
		.id = "robot",
		.part_count = 1,
		.parts = {{.name = "lamp", .mode = WIRING_PWM, .pin = 3, .scale = 1, .min = NAN,
			.max = NAN, .safety = CLASS_MOTION}},
	};

	(void)state;
	ready(BANNER_2_5, UNO_2_5, &robot);
	forget_sent();
	assert_int_equal(sets_mode(3, "output"), ERR_CONFLICT);
	assert_non_null(strstr(rig.hint, "lamp"));
	/* No way around the safety gate by the raw pin. */
	assert_int_equal(described("lamp")->safety, CLASS_MOTION);
	assert_int_equal(described("pin.3")->safety, CLASS_MOTION);
	assert_int_equal(writes("pin.3", value_number(1)), ERR_UNSUPPORTED);
	assert_int_equal(acts("servo_config", value_int(3), value_int(1000), value_int(2000),
				 value_null()),
		ERR_UNSUPPORTED);
	assert_sent("");
}

static void watches_outlive_a_lost_port(void **state)
{
	struct why why;

	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	watches("light");
	why_set(&why, ERR_LOST, MSG_PORT_GONE, "port");
	kit_lose(rig.kit, KIT_LOST, &why, rig.now_us);
	wait_ms(100);
	forget_sent();
	kit_start(rig.kit, &firmata_driver, rig.now_us);
	hears(BANNER_2_5);
	wait_ms(60);
	forget_sent();
	hears(UNO_2_5 UNO_MAP);
	assert_true(has_sent("c001"));
	assert_int_equal(rig.kit->state, KIT_READY);
}

/* ---- I2C ---- */

static enum err reads_i2c(int address, int count, struct value reg, struct value continuous)
{
	return acts("i2c_read", value_int(address), value_int(count), reg, continuous);
}

static void i2c_reads_a_register(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(reads_i2c(0x50, 4, value_int(2), value_null()), ERR_NONE);
	assert_sent("f0780000f7 f076500802000400f7");
	assert_int_equal(rig.answers, 0);
	hears("f077500002002501240127012601f7");
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_NONE);
	assert_int_equal(rig.result.count, 4);
	assert_true(rig.vector[0] == 0xA5 && rig.vector[3] == 0xA6);
	reads_i2c(0x50, 1, value_null(), value_null());
	assert_sent("f07650080100f7");
	hears("f07750007f012501f7");
	assert_int_equal(rig.answers, 2);
	assert_int_equal(rig.result.count, 1);
}

static void i2c_reads_wait_for_each_other(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	reads_i2c(0x50, 1, value_int(1), value_null());
	reads_i2c(0x51, 1, value_int(2), value_null());
	assert_sent("f0780000f7 f076500801000100f7");
	hears("f0775000010005 00f7");
	assert_sent("f076510802000100f7");
	/* Not its answer. */
	hears("f0775000010005 00f7");
	assert_int_equal(rig.answers, 1);
	hears("f07751000200 0600f7");
	assert_int_equal(rig.answers, 2);
	assert_true(rig.vector[0] == 6);
}

static void i2c_without_a_device_is_refused_with_its_address(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	reads_i2c(0x20, 4, value_int(2), value_null());
	forget_sent();
	hears("f0714900320043003a00200054006f006f002000660065007700200062007900740065007300200072"
	      "0065006300650069007600650064 00f7 f07720000200f7");
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_REFUSED);
	assert_non_null(strstr(rig.hint, "0x20"));
	assert_string_equal(rig.events, "");
	/* 2.4 sends as many zeros as were asked for. */
	reads_i2c(0x20, 1, value_int(2), value_null());
	hears("f0714900320043003a00200054006f006f002000660065007700200062007900740065007300f7"
	      "f077200002000000f7");
	assert_int_equal(rig.error, ERR_REFUSED);
	/* The next one is well again. */
	reads_i2c(0x50, 1, value_int(2), value_null());
	hears("f077500002000000f7");
	assert_int_equal(rig.error, ERR_NONE);
	assert_int_equal(rig.answers, 3);
}

static void i2c_without_an_answer_times_out_and_lets_the_next_go(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	reads_i2c(0x50, 1, value_int(1), value_null());
	hears("e00000");
	wait_ms(1000);
	reads_i2c(0x51, 1, value_int(1), value_null());
	forget_sent();
	wait_ms(3900);
	assert_int_equal(rig.answers, 0);
	assert_false(has_sent("f0"));
	wait_ms(200);
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_TIMEOUT);
	assert_true(has_sent("f076510801000100f7"));
	hears("f0775100010000 00f7");
	assert_int_equal(rig.answers, 2);
	assert_int_equal(rig.error, ERR_NONE);
}

static void i2c_reads_continuously_until_it_is_stopped(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(reads_i2c(0x50, 2, value_int(0), value_bool(true)), ERR_NONE);
	assert_sent("f0780000f7 f076501000000200f7");
	hears("f0775000000025012401f7");
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.result.count, 2);
	hears("f0775000000001000200f7");
	assert_string_equal(rig.events, "i2c_data 80 0 165 164;i2c_data 80 0 1 2;");
	assert_int_equal(acts("i2c_stop", value_int(0x51), value_null(), value_null(), value_null()),
		ERR_NOT_FOUND);
	assert_sent("");
	assert_int_equal(acts("i2c_stop", value_int(0x50), value_null(), value_null(), value_null()),
		ERR_NONE);
	assert_sent("f0765018f7");
	hears("f0775000000001000200f7");
	assert_string_equal(rig.events, "i2c_data 80 0 165 164;i2c_data 80 0 1 2;");
}

static void i2c_has_room_for_eight_readers(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(reads_i2c(0x50 + i, 1, value_int(0), value_bool(true)), ERR_NONE);
	}
	assert_int_equal(reads_i2c(0x60, 1, value_int(0), value_bool(true)), ERR_LIMIT);
}

static void i2c_writes_bytes_and_checks_them(void **state)
{
	double bytes[31] = {0}, wake[] = {0}, bad[] = {256}, half[] = {0.5};

	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(wake, 1), value_int(0x6B),
				 value_null()),
		ERR_NONE);
	assert_sent("f0780000f7 f07668006b000000f7");
	assert_int_equal(rig.answers, 1);
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(bad, 1), value_null(),
				 value_null()),
		ERR_INVALID);
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(half, 1), value_null(),
				 value_null()),
		ERR_INVALID);
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(bytes, 31), value_null(),
				 value_null()),
		ERR_INVALID);
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(bytes, 30), value_int(1),
				 value_null()),
		ERR_INVALID);
	assert_sent("");
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(bytes, 29), value_int(1),
				 value_null()),
		ERR_NONE);
	assert_int_equal(strlen(rig.sent) / 2, 2 + 63); /* the board's buffer is full */
}

static void i2c_needs_its_pins(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	writes("pin.18", value_bool(true));
	assert_int_equal(reads_i2c(0x50, 1, value_null(), value_null()), ERR_CONFLICT);
	assert_non_null(strstr(rig.hint, "A4"));
	close_kit(NULL);
	open_kit(NULL);
	hears(BANNER_2_5);
	wait_ms(60);
	hears("f06c 00010101 7f f7 f06a7ff7");
	assert_int_equal(reads_i2c(0x50, 1, value_null(), value_null()), ERR_UNSUPPORTED);
}

static void i2c_with_ten_bits_is_for_other_firmwares(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	reads_i2c(0x3FF, 1, value_null(), value_null());
	assert_sent("f0780000f7 f0767f2f0100f7");
	hears("f07131003000 2d0062006900740020006100640064007200650073007300 69006e006700f7");
	assert_int_equal(rig.error, ERR_UNSUPPORTED);
}

static void i2c_under_way_is_lost_with_a_reboot(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	reads_i2c(0x50, 1, value_int(1), value_null());
	hears(BANNER_2_5);
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_LOST);
	wait_ms(60);
	hears(UNO_2_5 UNO_MAP);
	forget_sent();
	reads_i2c(0x50, 1, value_int(1), value_null());
	assert_sent("f0780000f7 f076500801000100f7");
}

/* ---- evidence ---- */

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

#define TEST(name) cmocka_unit_test_teardown(name, close_kit)

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
		TEST(writing_an_unset_pin_makes_it_an_output),
		TEST(before_2_5_a_port_is_written),
		TEST(from_2_5_a_pull_up_is_a_mode),
		TEST(watching_makes_an_input_and_reports_it),
		TEST(analog_channels_are_reported_while_watched),
		TEST(a_channel_over_15_is_asked_for_by_sysex),
		TEST(an_output_that_is_watched_tells_what_was_written),
		TEST(pwm_is_a_number_to_one),
		TEST(high_pins_are_written_by_extended_analog),
		TEST(a_servo_takes_degrees_and_its_own_pulses),
		TEST(a_pin_that_the_board_does_not_have_is_invalid),
		TEST(unknown_modes_of_a_pin_are_kept),
		TEST(before_2_4_a_port_that_says_nothing_is_as_it_was),
		TEST(a_full_port_refuses_the_write),
		TEST(texts_go_both_ways),
		TEST(reset_unsets_pins_and_keeps_wiring_and_watches),
		TEST(a_silent_board_is_asked_every_second),
		TEST(fault_09_three_missed_beats_are_stale_and_an_answer_is_ready),
		TEST(fault_12_after_noise_only_an_answered_beat_is_proof),
		TEST(one_flipped_bit_is_forgotten_with_the_next_beat),
		TEST(fault_08_a_banner_in_mid_session_is_a_reboot),
		TEST(a_firmware_report_alone_is_a_reboot_too),
		TEST(hold_brings_outputs_to_rest_and_stop_resets),
		TEST(a_profile_gives_capabilities_in_their_units),
		TEST(a_servo_part_is_still_until_its_first_angle),
		TEST(a_tone_without_tone_mode_is_the_pin_for_its_time),
		TEST(a_tone_on_a_board_with_tones_is_its_own),
		TEST(another_profile_takes_the_place_of_the_first),
		TEST(a_profile_that_the_board_cannot_have_is_refused_with_its_pin),
		TEST(parts_that_a_board_cannot_have_are_left_out_at_start),
		TEST(a_wired_pin_keeps_its_mode_and_its_class),
		TEST(watches_outlive_a_lost_port),
		TEST(i2c_reads_a_register),
		TEST(i2c_reads_wait_for_each_other),
		TEST(i2c_without_a_device_is_refused_with_its_address),
		TEST(i2c_without_an_answer_times_out_and_lets_the_next_go),
		TEST(i2c_reads_continuously_until_it_is_stopped),
		TEST(i2c_has_room_for_eight_readers),
		TEST(i2c_writes_bytes_and_checks_them),
		TEST(i2c_needs_its_pins),
		TEST(i2c_with_ten_bits_is_for_other_firmwares),
		TEST(i2c_under_way_is_lost_with_a_reboot),
		cmocka_unit_test(a_banner_is_evidence_and_other_talk_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The Firmata driver on a table, for the unit tests: a scripted board on one side, a user
 * on the other, bytes as hex, time by hand. What the board says is from recordings of real
 * firmware (2.5.7, 2.4). One kit at a time.
 */
#pragma once

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

static inline bool on_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	(void)lane;
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

static inline size_t on_backlog(void *data)
{
	(void)data;
	return 0;
}

static inline void on_changed(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
}

static inline void on_sample(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
	rig.samples++;
}

static inline void on_event(void *data, struct kit *kit, const struct event *event,
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
		used += (size_t)snprintf(
			rig.events + used, sizeof(rig.events) - used, " %g", value->vector[i]);
	}
	strncat(rig.events, ";", sizeof(rig.events) - strlen(rig.events) - 1);
}

static const struct kit_owner owner = {on_send, on_backlog, on_changed, NULL};
static const struct kit_listener listener = {on_sample, on_event};

static inline void on_done(
	void *data, const struct value *result, const struct why *why, int64_t t_us)
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

static inline void wait_ms(int ms)
{
	/* As the lab does: at least every 20 ms. */
	for (int64_t until = rig.now_us + (int64_t)ms * 1000; rig.now_us < until;) {
		rig.now_us = rig.now_us + 20000 < until ? rig.now_us + 20000 : until;
		kit_tick(rig.kit, rig.now_us);
	}
}

static inline void hears(const char *hex)
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

static inline void assert_sent(const char *hex)
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

static inline void forget_sent(void)
{
	rig.sent[0] = '\0';
}

static inline bool has_sent(const char *hex)
{
	return strstr(rig.sent, hex) != NULL;
}

/* ---- boards ---- */

#define BANNER_2_5 "f90205 f079020553007400640069006e006f00f7"
#define BANNER_2_4                                                                                 \
	"f90204 f07902045300740061006e0064006100720064004600690072006d0061007400"                  \
	"61002e0069006e006f00f7"
#define UNO_2_5                                                                                    \
	"f06c7f7f00010b010101040e7f00010b0101010308040e7f00010b010101040e7f00010b01010"            \
	"10308040e7f00010b0101010308040e7f00010b010101040e7f00010b010101040e7f00010b01"            \
	"01010308040e7f00010b0101010308040e7f00010b0101010308040e7f00010b010101040e7f0"            \
	"0010b010101040e7f00010b010101020a040e7f00010b010101020a040e7f00010b010101020a"            \
	"040e7f00010b010101020a040e7f00010b010101020a040e06017f00010b010101020a040e060"            \
	"17ff7"
#define UNO_2_4                                                                                    \
	"f06c7f7f00010101040e7f000101010308040e7f00010101040e7f000101010308040e7f00010"            \
	"1010308040e7f00010101040e7f00010101040e7f000101010308040e7f000101010308040e7f"            \
	"000101010308040e7f00010101040e7f00010101040e7f00010101020a040e7f00010101020a0"            \
	"40e7f00010101020a040e7f00010101020a040e7f00010101020a040e06017f00010101020a04"            \
	"0e06017ff7"
#define UNO_MAP "f06a7f7f7f7f7f7f7f7f7f7f7f7f7f7f000102030405f7"
#define QUIET                                                                                      \
	"ffc000d000c100d100c200d200c300d300c400d400c500d500c600d600c700d700c800d800c900"           \
	"d900ca00da00cb00db00cc00dc00cd00dd00ce00de00cf00df00"

static inline void open_kit(const struct wiring *profile)
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

static inline void open_board(
	const char *banner, const char *capability, const struct wiring *profile)
{
	open_kit(profile);
	hears(banner);
	wait_ms(60);
	hears(capability);
	hears(UNO_MAP);
	assert_int_equal(rig.kit->state, KIT_READY);
}

static inline void ready(const char *banner, const char *capability, const struct wiring *profile)
{
	open_board(banner, capability, profile);
	forget_sent();
	rig.events[0] = '\0';
}

static inline int close_kit(void **state)
{
	(void)state;
	kit_destroy(rig.kit);
	rig.kit = NULL;
	return 0;
}

/* ---- the user ---- */

static inline int property(const char *name)
{
	int index = kit_find_property(rig.kit, name);

	if (index < 0) {
		fail_msg("no property %s", name);
	}
	return index;
}

static inline const struct property *described(const char *name)
{
	return &rig.kit->properties[property(name)];
}

static inline enum err writes(const char *name, struct value value)
{
	struct why why = {.code = ERR_NONE};
	enum err err = kit_write(rig.kit, property(name), &value, rig.now_us, NULL, NULL, &why);

	snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(&why, LANG_EN));
	return err;
}

static inline void watches(const char *name)
{
	kit_watch(rig.kit, property(name), rig.now_us);
}

static inline void unwatches(const char *name)
{
	kit_unwatch(rig.kit, property(name), rig.now_us);
}

static inline enum err acts(
	const char *name, struct value a, struct value b, struct value c, struct value d)
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

static inline enum err sets_mode(int pin, const char *mode)
{
	return acts("pin_mode", value_int(pin), value_text(mode, strlen(mode)), value_null(),
		value_null());
}

static inline void assert_bool(const char *name, bool wanted)
{
	assert_int_equal(described(name)->value.type, VALUE_BOOL);
	assert_int_equal(described(name)->value.boolean, wanted);
}

static inline void assert_number(const char *name, double wanted)
{
	assert_int_equal(described(name)->value.type, VALUE_NUMBER);
	assert_true(fabs(described(name)->value.number - wanted) < 1e-9);
}

static inline void assert_int(const char *name, int wanted)
{
	assert_int_equal(described(name)->value.type, VALUE_INT);
	assert_int_equal(described(name)->value.integer, wanted);
}

static const struct wiring bench __attribute__((unused)) = {
	.id = "bench",
	.part_count = 7,
	.parts =
		{
			{.name = "led",
				.mode = WIRING_OUTPUT,
				.pin = 13,
				.scale = 1,
				.min = NAN,
				.max = NAN},
			{.name = "lamp",
				.mode = WIRING_PWM,
				.pin = 6,
				.scale = 1,
				.min = NAN,
				.max = NAN},
			{.name = "button",
				.mode = WIRING_PULLUP,
				.pin = 2,
				.invert = true,
				.scale = 1,
				.min = NAN,
				.max = NAN},
			{.name = "servo",
				.mode = WIRING_SERVO,
				.pin = 9,
				.scale = 1,
				.min = 10,
				.max = 170},
			{.name = "light",
				.mode = WIRING_ANALOG,
				.analog = true,
				.pin = 0,
				.scale = 1,
				.min = NAN,
				.max = NAN},
			{.name = "temperature",
				.mode = WIRING_ANALOG,
				.analog = true,
				.pin = 2,
				.scale = 500,
				.offset = -50,
				.min = NAN,
				.max = NAN},
			{.name = "tone",
				.mode = WIRING_TONE,
				.pin = 8,
				.scale = 1,
				.min = NAN,
				.max = NAN},
		},
};

#define TEST(name) cmocka_unit_test_teardown(name, close_kit)

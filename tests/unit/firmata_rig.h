/*
 * The Firmata driver on a table; see machine_rig.h. The far end is the test: what the board says
 * is from recordings of real firmware (2.5.7, 2.4).
 */
#pragma once

#include "machine_rig.h"

#include "firmata/firmata.h"
#include "firmata/protocol.h"
#include "wiring.h"

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
	rig_place(NULL);
	rig.gap = "";
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
	forget_sent();
}

static inline enum err sets_mode(int pin, const char *mode)
{
	return acts("pin_mode", value_int(pin), value_text(mode, strlen(mode)), value_null(),
		value_null());
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

/*
 * Firmata's parser and driver as libFuzzer sees fit. The input is a small program: a board
 * that talks, a user who writes, acts, watches and rewires, time, a port that is pulled.
 *
 * Two kits live through it, one fed as the bytes come, one byte by byte: what they send,
 * answer and show must be equal. Every frame must encode back to its bytes.
 */
#include "driver.h"
#include "firmata/firmata.h"
#include "firmata/protocol.h"
#include "log.h"
#include "wiring.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* What came out of a kit, as a running hash. */
struct side {
	struct kit *kit;
	uint64_t hash;
	bool is_blocked, is_plugged;
};

static void mix(struct side *side, const void *bytes, size_t count)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < count; i++) {
		side->hash = (side->hash ^ byte[i]) * UINT64_C(1099511628211);
	}
}

static void mix_value(struct side *side, const struct value *value)
{
	mix(side, &value->type, sizeof(value->type));
	if (value->type == VALUE_TEXT) {
		if (value->count > VALUE_TEXT_MAX || !utf8_is_valid(value->text, value->count)) {
			abort();
		}
		mix(side, value->text, value->count);
	} else if (value->type == VALUE_VECTOR) {
		mix(side, value->vector, value->count * sizeof(double));
	} else if (value->type == VALUE_BOOL) {
		mix(side, &value->boolean, sizeof(value->boolean));
	} else if (value->type != VALUE_NULL) {
		if (value->type == VALUE_NUMBER && !isfinite(value->number)) {
			abort();
		}
		mix(side, &value->integer, sizeof(value->integer));
	}
}

static bool on_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	(void)lane;
	struct side *side = data;
	struct firmata_message message;
	size_t used = 0;

	/* The driver itself only says what a board understands, and no more than fits. */
	if (count > FIRMATA_BOARD_SYSEX_MAX + 2 ||
		firmata_decode(FIRMATA_TO_BOARD, bytes, count, &used, &message) || used != count) {
		abort();
	}
	if (!side->is_blocked) {
		mix(side, bytes, count);
	}
	return !side->is_blocked;
}

static size_t on_backlog(void *data)
{
	return ((struct side *)data)->is_blocked;
}

static void on_changed(void *data, struct kit *kit)
{
	mix(data, &kit->state, sizeof(kit->state));
}

static void on_sample(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
}

static void on_event(void *data, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us)
{
	(void)kit;
	(void)t_us;
	mix(data, event->name, strlen(event->name));
	mix_value(data, value);
}

static void on_done(void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	(void)t_us;
	mix(data, &why->code, sizeof(why->code));
	if (result) {
		mix_value(data, result);
	}
}

static const struct kit_owner owner = {.send = on_send, .backlog = on_backlog, .changed = on_changed};
static const struct kit_listener listener = {on_sample, on_event};

static const struct wiring wirings[] = {
	{.id = "bench",
		.part_count = 6,
		.parts =
			{
				{.name = "led",
					.mode = WIRING_OUTPUT,
					.pin = 3,
					.invert = true,
					.scale = 1},
				{.name = "button", .mode = WIRING_PULLUP, .pin = 2, .scale = 1},
				{.name = "lamp",
					.mode = WIRING_PWM,
					.pin = 1,
					.scale = 0.5,
					.offset = 0.2},
				{.name = "servo",
					.mode = WIRING_SERVO,
					.pin = 4,
					.scale = -1,
					.offset = 180},
				{.name = "light",
					.mode = WIRING_ANALOG,
					.analog = true,
					.scale = 1e300},
				{.name = "tone", .mode = WIRING_TONE, .pin = 6, .scale = 1},
			}},
	{.id = "other",
		.part_count = 2,
		.parts =
			{
				{.name = "light",
					.mode = WIRING_ANALOG,
					.analog = true,
					.pin = 1,
					.scale = -5},
				{.name = "led", .mode = WIRING_OUTPUT, .pin = 2, .scale = 1},
			}},
};

/* Two bytes of version; eight pins that can all there is, two of them analog and I2C. */
static const uint8_t banner[] = {0xF9, 2, 5, 0xF0, 0x79, 2, 5, 'F', 0, 0xF7};
static const uint8_t pins[] = {0xF0, 0x6C, 0x7F, 0, 1, 1, 1, 3, 8, 0x7F, 0, 1, 1, 1, 0x0B, 1, 0x7F,
	0, 1, 1, 1, 0x51, 3, 0x7F, 0, 1, 1, 1, 4, 14, 0x7F, 2, 10, 0, 1, 6, 1, 0x7F, 1, 1, 0x0E, 1,
	0x7F, 2, 14, 6, 1, 0x7F, 0xF7, 0xF0, 0x6A, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0, 0x7F, 1, 0xF7};

/* ---- the program ---- */

struct program {
	const uint8_t *at, *end;
	int64_t now_us;
	struct side sides[2];
};

static unsigned take(struct program *program)
{
	return program->at < program->end ? *program->at++ : 0;
}

static void feed(struct program *program, const uint8_t *bytes, size_t count)
{
	if (!program->sides[0].is_plugged || count == 0) {
		return; /* a port never brings nothing */
	}
	kit_feed(program->sides[0].kit, bytes, count, program->now_us);
	for (size_t i = 0; i < count; i++) {
		kit_feed(program->sides[1].kit, bytes + i, 1, program->now_us);
	}
}

static void wait_ms(struct program *program, int64_t ms)
{
	int64_t until_us = program->now_us + ms * 1000;

	while (program->now_us < until_us) {
		program->now_us += 20000;
		for (int i = 0; i < 2 && program->sides[i].is_plugged; i++) {
			kit_tick(program->sides[i].kit, program->now_us);
		}
	}
}

static struct value value_from(unsigned what, double *numbers)
{
	static const char *const words[] = {
		"input", "pullup", "output", "analog", "pwm", "servo", "", "hello"};

	for (unsigned i = 0; i < 33; i++) {
		numbers[i] = what + i;
	}
	switch (what % 5) {
	case 0:
		return value_bool(what & 8);
	case 1:
		return value_int((int)what - 20);
	case 2:
		return value_number(what / 64.0);
	case 3:
		return value_text(words[what % 8], strlen(words[what % 8]));
	default:
		return value_vector(numbers, what % 33);
	}
}

static void command(
	struct side *side, unsigned op, unsigned which, const unsigned *given, int64_t now_us)
{
	struct kit *kit = side->kit;
	double numbers[4][VALUE_VECTOR_MAX];
	struct value args[KIT_ARGS_MAX] = {{0}};
	struct why why;
	enum err err = ERR_NONE;

	for (unsigned i = 0; i < 4; i++) {
		args[i] = given[i] ? value_from(given[i], numbers[i]) : value_null();
	}
	if (op == 2 && which < kit->property_count) {
		err = kit_write(kit, (int)which, &args[0], now_us, on_done, side, &why);
	} else if (op == 3 && which < kit->action_count) {
		err = kit_act(kit, (int)which, args, now_us, on_done, side, &why);
	} else if (op == 4 && which < kit->property_count) {
		kit_watch(kit, (int)which, now_us);
	} else if (op == 5 && which < kit->property_count) {
		kit_unwatch(kit, (int)which, now_us);
	} else if (op == 6) {
		err = kit_set_wiring(kit, which % 3 ? &wirings[which % 3 - 1] : NULL, now_us, &why);
	} else if (op == 7) {
		side->is_blocked = which & 1;
		if (!side->is_blocked) {
			kit_drained(kit, now_us);
		}
	}
	mix(side, &err, sizeof(err));
}

static const struct why hold_why = {.code = ERR_STOPPED};

static void replug(struct program *program, bool plug)
{
	for (int i = 0; i < 2; i++) {
		struct side *side = &program->sides[i];
		struct why why;

		why_set(&why, ERR_LOST, MSG_PORT_GONE, "port");
		if (plug && !side->is_plugged) {
			kit_start(side->kit, &firmata_driver, program->now_us);
		} else if (!plug && side->is_plugged) {
			kit_hold(side->kit, HOLD_ALL, &hold_why, program->now_us);
			kit_stop(side->kit, program->now_us);
			kit_lose(side->kit, KIT_LOST, &why, program->now_us);
		}
		side->is_plugged = plug;
	}
}

static void compare(const struct program *program)
{
	struct side a = program->sides[0], b = program->sides[1];

	if (a.kit->property_count != b.kit->property_count) {
		abort();
	}
	for (size_t i = 0; i < a.kit->property_count; i++) {
		mix_value(&a, &a.kit->properties[i].value);
		mix_value(&b, &b.kit->properties[i].value);
	}
	if (a.hash != b.hash || a.kit->bad_frames != b.kit->bad_frames) {
		abort();
	}
}

static void step(struct program *program)
{
	unsigned head = take(program), op = head & 7;

	program->now_us += 1000;
	if (op <= 1) {
		size_t left = (size_t)(program->end - program->at), count = head >> 3;

		count = count < left ? count : left;
		feed(program, program->at, count);
		program->at += count;
	} else if (head == 0xFE || head == 0xFF) {
		replug(program, head & 1);
	} else if (head == 0xF7) {
		wait_ms(program, 10 * take(program));
	} else {
		unsigned which = take(program), given[4] = {0};

		for (unsigned i = 0; i < 4 && (op == 2 || op == 3) && i < (op == 2 ? 1 : head >> 6);
			i++) {
			given[i] = take(program);
		}
		for (int i = 0; i < 2; i++) {
			command(&program->sides[i], op, which, given, program->now_us);
		}
	}
	compare(program);
}

/* ---- the codec alone ---- */

static void check_frames(enum firmata_direction direction, const uint8_t *bytes, size_t count)
{
	static struct firmata_message message;
	static uint8_t again[FIRMATA_FRAME_MAX];
	size_t used;

	while (count > 0) {
		enum err err = firmata_decode(direction, bytes, count, &used, &message);

		if (used == 0) {
			return;
		}
		if (!err &&
			(firmata_encode(direction, &message, again, sizeof(again)) != used ||
				memcmp(again, bytes, used) != 0)) {
			abort();
		}
		bytes += used;
		count -= used;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct program program = {.at = bytes, .end = bytes + count, .now_us = 1000000};

	log_set_level(LOG_ERROR);
	check_frames(FIRMATA_TO_BOARD, bytes, count);
	check_frames(FIRMATA_TO_HOST, bytes, count);
	firmata_driver.hear(bytes, count);
	unsigned begin = take(&program);

	for (int i = 0; i < 2; i++) {
		struct side *side = &program.sides[i];

		side->kit = kit_create("kit-1");
		side->kit->owner = &owner;
		side->kit->listener = &listener;
		side->kit->owner_data = side->kit->listener_data = side;
		side->kit->profile = begin & 2 ? &wirings[0] : NULL;
	}
	replug(&program, true);
	if (begin & 1) {
		uint8_t start[sizeof(banner)];

		memcpy(start, banner, sizeof(banner));
		start[2] = 3 + (begin >> 2 & 3); /* 2.3 to 2.6 */
		feed(&program, start, sizeof(start));
		wait_ms(&program, 60);
		feed(&program, pins, sizeof(pins));
	}
	while (program.at < program.end) {
		step(&program);
	}
	for (int i = 0; i < 2; i++) {
		kit_destroy(program.sides[i].kit);
	}
	return 0;
}

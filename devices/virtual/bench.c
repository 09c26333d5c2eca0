/* A board in its world; see bench.h. */
#include "virtual/bench.h"

#include "clock.h"
#include "xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	ADC_MAX = 1023,
	NOISE_ONE_IN = 40,       /* bytes */
	SLOW_PERIOD_US = 100000,
	SLOW_BYTES = 16,
	GARBAGE_PERIOD_US = 10000,
	GARBAGE_BYTES = 57,      /* a line of 57600 baud, full */
	GRID_US = 1000,          /* boards are served together, on a millisecond grid */
};

static const char *const fault_words[FAULT_COUNT] = {
	[FAULT_SILENCE] = "silence",
	[FAULT_NOISE] = "noise",
	[FAULT_UNPLUG] = "unplug",
	[FAULT_SLOW] = "slow",
	[FAULT_GARBAGE] = "garbage",
	[FAULT_REBOOT] = "reboot",
};

const char *fault_word(enum fault fault)
{
	return fault_words[fault];
}

enum fault fault_find(const char *word)
{
	for (int fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++) {
		if (strcmp(fault_words[fault], word) == 0) {
			return (enum fault)fault;
		}
	}
	return FAULT_COUNT;
}

/* ---- what the board's pins feel ---- */

static const struct wiring_part *part_at(const struct bench *bench, unsigned pin, bool is_analog)
{
	for (unsigned i = 0; i < bench->spec.wiring.part_count; i++) {
		const struct wiring_part *part = &bench->spec.wiring.parts[i];

		if ((unsigned)part->pin == pin && part->analog == is_analog) {
			return part;
		}
	}
	return NULL;
}

/* A channel with no sensor on it reads 0. */
static unsigned feel_analog(void *data, unsigned channel)
{
	struct bench *bench = data;
	const struct wiring_part *part = part_at(bench, channel, true);
	enum scene_field field = part ? scene_find(part->name) : SCENE_FIELDS;

	if (field == SCENE_FIELDS) {
		return 0;
	}
	double value = scene_get(&bench->scene, field, bench->board.now_us);
	double share = (value - part->offset) / part->scale;

	return (unsigned)lround(fmin(fmax(share, 0), 1) * ADC_MAX);
}

/* A switch to ground (mode pullup) is high only by the pull-up; others drive their pin. */
static bool feel_digital(void *data, unsigned pin, bool is_pulled_up)
{
	struct bench *bench = data;
	const struct wiring_part *part = part_at(bench, pin, false);
	enum scene_field field = part ? scene_find(part->name) : SCENE_FIELDS;

	if (model_is_analog(bench->spec.model, pin)) {
		unsigned channel = pin - bench->spec.model->first_analog;

		return part_at(bench, channel, true) ? feel_analog(bench, channel) > ADC_MAX / 2
						     : is_pulled_up;
	}
	if (field == SCENE_FIELDS) {
		return is_pulled_up;
	}
	bool level = (scene_get(&bench->scene, field, bench->board.now_us) != 0) != part->invert;

	return level && (part->mode != WIRING_PULLUP || is_pulled_up);
}

static bool write_i2c(void *data, uint8_t address, const uint8_t *bytes, size_t count)
{
	return i2c_bus_write(&((struct bench *)data)->i2c, address, bytes, count);
}

static bool read_i2c(void *data, uint8_t address, uint8_t *bytes, size_t count)
{
	struct bench *bench = data;

	bench->i2c.temperature =
		scene_get(&bench->scene, SCENE_TEMPERATURE, bench->board.now_us);
	return i2c_bus_read(&bench->i2c, address, bytes, count);
}

/* ---- the line ---- */

/* xorshift64: the same noise for the same seed. */
static uint64_t draw(struct bench *bench)
{
	bench->random ^= bench->random << 13;
	bench->random ^= bench->random >> 7;
	bench->random ^= bench->random << 17;
	return bench->random;
}

static void send_noisy(struct bench *bench, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t dice = draw(bench);
		uint8_t byte = bytes[i];
		const uint8_t twice[] = {byte, byte};

		if (dice % NOISE_ONE_IN) {
			far_end_send(bench->far, &byte, 1);
		} else if (dice >> 60 < 8) {
			byte ^= (uint8_t)(1U << (dice >> 32 & 7));
			far_end_send(bench->far, &byte, 1);
		} else if (dice >> 60 < 12) {
			far_end_send(bench->far, twice, sizeof(twice));
		} /* else it is lost */
	}
}

static void send_line(void *data, const uint8_t *bytes, size_t count)
{
	struct bench *bench = data;

	if (bench->fault == FAULT_NOISE) {
		send_noisy(bench, bytes, count);
	} else if (bench->fault != FAULT_SILENCE && bench->fault != FAULT_GARBAGE) {
		far_end_send(bench->far, bytes, count);
	}
}

static const struct board_world world = {
	.send = send_line,
	.analog = feel_analog,
	.digital = feel_digital,
	.i2c_write = write_i2c,
	.i2c_read = read_i2c,
};

/* Lets the board do what is due and sets the timer for what comes next. */
static void run_board(struct bench *bench)
{
	int64_t now_us = clock_now_us(), due_us;

	do {
		due_us = board_tick(&bench->board, now_us);
	} while (due_us <= now_us);
	if (bench->fault == FAULT_REBOOT && !bench->board.is_booting) {
		bench->fault = FAULT_NONE;
	}
	far_end_flush(bench->far);
	if (due_us == INT64_MAX) {
		loop_timer_stop(bench->timer);
	} else {
		due_us += GRID_US - due_us % GRID_US;
		loop_timer_start(bench->timer, due_us - now_us, 0);
	}
}

static void on_timer(void *data)
{
	run_board(data);
}

static void on_opened(void *data)
{
	struct bench *bench = data;

	board_line_opened(&bench->board, clock_now_us());
	far_end_set_reading(bench->far, bench->fault != FAULT_SLOW);
	run_board(bench);
}

static void on_closed(void *data)
{
	(void)data; /* the board runs on, as one on USB power does */
}

static void on_received(void *data, const uint8_t *bytes, size_t count)
{
	struct bench *bench = data;

	if (bench->fault != FAULT_SILENCE) {
		board_feed(&bench->board, bytes, count, clock_now_us());
	}
	run_board(bench);
}

static const struct far_events far_events = {
	.opened = on_opened,
	.closed = on_closed,
	.received = on_received,
};

/* ---- faults ---- */

static void on_fault_timer(void *data)
{
	struct bench *bench = data;
	uint8_t bytes[GARBAGE_BYTES];

	if (bench->fault == FAULT_SLOW) {
		far_end_read(bench->far, SLOW_BYTES);
	} else {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			bytes[i] = (uint8_t)(draw(bench) >> 24);
		}
		far_end_send(bench->far, bytes, sizeof(bytes));
		far_end_flush(bench->far);
	}
}

enum err bench_set_fault(struct bench *bench, enum fault fault, struct why *why)
{
	if (fault != FAULT_UNPLUG) {
		enum err err = far_end_plug(bench->far, why); /* nothing if it is plugged in */

		if (err != ERR_NONE) {
			return err;
		}
	}
	bench->fault = fault;
	loop_timer_stop(bench->fault_timer);
	far_end_set_reading(bench->far, fault != FAULT_SLOW);
	switch (fault) {
	case FAULT_UNPLUG:
		far_end_unplug(bench->far);
		board_power_off(&bench->board);
		break;
	case FAULT_SLOW:
		loop_timer_start(bench->fault_timer, SLOW_PERIOD_US, SLOW_PERIOD_US);
		break;
	case FAULT_GARBAGE:
		loop_timer_start(bench->fault_timer, GARBAGE_PERIOD_US, GARBAGE_PERIOD_US);
		break;
	case FAULT_REBOOT:
		board_reset(&bench->board, clock_now_us());
		break;
	case FAULT_NONE:
	case FAULT_SILENCE:
	case FAULT_NOISE:
	case FAULT_COUNT:
		break;
	}
	run_board(bench);
	return ERR_NONE;
}

/* ---- life ---- */

void bench_set(struct bench *bench, enum scene_field field, double value)
{
	scene_set(&bench->scene, field, value);
	run_board(bench); /* the board looks at its inputs all the time */
}

struct bench *bench_create(struct loop *loop, struct far_hub *hub, const struct bench_spec *spec,
	struct why *why)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));

	bench->spec = *spec;
	bench->random = UINT64_C(0x9E3779B97F4A7C15) ^ spec->seed;
	board_init(&bench->board, spec->model, spec->minor, spec->boot_us, &world, bench);
	scene_init(&bench->scene, spec->seed, clock_now_us());
	i2c_bus_init(&bench->i2c);
	bench->timer = loop_timer_add(loop, on_timer, bench);
	bench->fault_timer = loop_timer_add(loop, on_fault_timer, bench);
	bench->far = far_end_create(hub, &spec->far, &far_events, bench);
	if (far_end_plug(bench->far, why) != ERR_NONE) {
		bench_destroy(bench);
		return NULL;
	}
	return bench;
}

void bench_destroy(struct bench *bench)
{
	if (bench) {
		loop_timer_remove(bench->timer);
		loop_timer_remove(bench->fault_timer);
		far_end_destroy(bench->far);
		free(bench);
	}
}

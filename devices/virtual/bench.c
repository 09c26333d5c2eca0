/* A machine in its world; see bench.h. */
#include "virtual/bench.h"

#include "clock.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

enum {
	NOISE_ONE_IN = 40,       /* bytes */
	SLOW_PERIOD_US = 100000,
	SLOW_BYTES = 16,
	GARBAGE_PERIOD_US = 10000,
	GARBAGE_BYTES = 57,      /* a line of 57600 baud, full */
	GRID_US = 1000,          /* machines are served together, on a millisecond grid */
	MOVING_PERIOD_US = 20000, /* how often one that moves looks around by itself */
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

/* ---- what it feels ---- */

double bench_feel(const struct bench *bench, enum scene_field field, int64_t now_us)
{
	const struct body *body = bench->world.body;

	if (body && field == SCENE_LIGHT) {
		return body_light(body);
	}
	if (body && field == SCENE_DISTANCE) {
		return body_distance_cm(body);
	}
	return scene_get(&bench->scene, field, now_us);
}

static double feel_scene(void *data, enum scene_field field)
{
	return bench_feel(data, field, clock_now_us());
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

/* The lab clock, with the floor moved up to now. */
static int64_t look_around(struct bench *bench)
{
	int64_t now_us = clock_now_us();

	if (bench->world.body) {
		floor_step(bench->world.body->floor, now_us);
	}
	return now_us;
}

/* Lets the machine do what is due and sets the timer for what comes next. */
static void run_machine(struct bench *bench)
{
	const struct machine_class *class = bench->machine.class;
	int64_t now_us = look_around(bench), due_us = INT64_MAX;

	do {
		due_us = bench->is_powered ? class->tick(&bench->machine, now_us) : INT64_MAX;
	} while (due_us <= now_us);
	if (bench->world.body && body_is_moving(bench->world.body) &&
		due_us > now_us + MOVING_PERIOD_US) {
		due_us = now_us + MOVING_PERIOD_US;
	}
	if (bench->fault == FAULT_REBOOT && now_us >= bench->booted_us) {
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

static void reset_machine(struct bench *bench, int64_t now_us)
{
	bench->is_powered = true;
	bench->booted_us = now_us + bench->machine.boot_us;
	bench->machine.class->reset(&bench->machine, now_us);
}

static void on_timer(void *data)
{
	run_machine(data);
}

/* The first host is also who switches it on. */
static void on_opened(void *data)
{
	struct bench *bench = data;
	int64_t now_us = look_around(bench);

	if (!bench->is_powered) {
		reset_machine(bench, now_us);
	}
	if (bench->machine.class->opened) {
		bench->machine.class->opened(&bench->machine, now_us);
	}
	far_end_set_reading(bench->far, bench->fault != FAULT_SLOW);
	run_machine(bench);
}

static void on_closed(void *data)
{
	(void)data; /* the machine runs on, as one on USB power does */
}

static void on_received(void *data, const uint8_t *bytes, size_t count)
{
	struct bench *bench = data;

	if (bench->fault != FAULT_SILENCE) {
		bench->machine.class->feed(&bench->machine, bytes, count, look_around(bench));
	}
	run_machine(bench);
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
		if (bench->machine.class->power_off) {
			bench->machine.class->power_off(&bench->machine);
			bench->is_powered = false;
		}
		break;
	case FAULT_SLOW:
		loop_timer_start(bench->fault_timer, SLOW_PERIOD_US, SLOW_PERIOD_US);
		break;
	case FAULT_GARBAGE:
		loop_timer_start(bench->fault_timer, GARBAGE_PERIOD_US, GARBAGE_PERIOD_US);
		break;
	case FAULT_REBOOT:
		reset_machine(bench, look_around(bench));
		break;
	case FAULT_NONE:
	case FAULT_SILENCE:
	case FAULT_NOISE:
	case FAULT_COUNT:
		break;
	}
	run_machine(bench);
	return ERR_NONE;
}

/* ---- life ---- */

void bench_set(struct bench *bench, enum scene_field field, double value)
{
	struct body *body = bench->world.body;

	if (body && field == SCENE_LIGHT) {
		body->light_set = value;
	} else if (body && field == SCENE_DISTANCE) {
		body->distance_set = value;
	} else {
		scene_set(&bench->scene, field, value);
	}
	run_machine(bench); /* it looks at its inputs all the time */
}

struct bench *bench_create(struct loop *loop, struct far_hub *hub, const struct bench_spec *spec,
	struct why *why)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));

	bench->spec = *spec;
	bench->random = UINT64_C(0x9E3779B97F4A7C15) ^ spec->seed;
	bench->world = (struct machine_world){
		.send = send_line,
		.scene = feel_scene,
		.data = bench,
		.wiring = &bench->spec.wiring,
	};
	bench->machine = (struct machine){
		.class = spec->class,
		.world = &bench->world,
		.boot_us = spec->boot_us,
		.seed = spec->seed,
		.firmware = spec->firmware,
		.state = xcalloc(1, spec->class->state_size),
	};
	if (spec->class->has_body) {
		bench->world.body = floor_add_body(spec->floor, spec->seed);
	}
	if (spec->class->joints) {
		bench->world.arm = &bench->arm;
		arm_init(&bench->arm, spec->class->joints, clock_now_us());
	}
	scene_init(&bench->scene, spec->seed, clock_now_us());
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
		free(bench->machine.state);
		free(bench);
	}
}

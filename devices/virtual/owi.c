/*
 * An OWI-535 arm: three bytes say what its five motors do from then on (owi/protocol.h).
 * It knows no angles; at its mechanical stops the gears rattle on the spot.
 *
 * On USB the three bytes are one transfer. On a stream nothing marks where they begin: a
 * piece that stays alone for GAP_US is forgotten, so that a lost byte spoils one command
 * and not all that follow.
 */
#include "virtual/machines.h"

#include "owi/protocol.h"

#include <math.h>
#include <string.h>

enum { GAP_US = 50 * 1000 };

struct owi_arm {
	uint8_t bytes[OWI_BYTES];
	size_t count;
	int64_t heard_us;
};

/* The maker's figures: how far each joint goes, and about how fast. */
static const struct {
	double min, max, deg_per_s;
} joints[OWI_MOTORS] = {
	[OWI_BASE] = {-135, 135, 22},
	[OWI_SHOULDER] = {-90, 90, 20},
	[OWI_ELBOW] = {-150, 150, 25},
	[OWI_WRIST] = {-60, 60, 24},
	[OWI_GRIP] = {0, 60, 35}, /* 0 open, 60 closed */
};

static void halt(struct machine *machine, int64_t now_us)
{
	for (unsigned i = 0; i < OWI_MOTORS; i++) {
		arm_halt(machine->world->arm, i, now_us);
	}
}

static void reset(struct machine *machine, int64_t now_us)
{
	struct arm *arm = machine->world->arm;

	memset(machine->state, 0, sizeof(struct owi_arm));
	for (unsigned i = 0; i < OWI_MOTORS; i++) {
		arm->joints[i].min = joints[i].min;
		arm->joints[i].max = joints[i].max;
		arm->joints[i].speed_max = joints[i].deg_per_s;
	}
	halt(machine, now_us);
}

static void obey(struct machine *machine, const uint8_t bytes[OWI_BYTES], int64_t now_us)
{
	struct owi_state state;

	if (!owi_decode(bytes, &state)) {
		return;
	}
	for (unsigned i = 0; i < OWI_MOTORS; i++) {
		if (state.motors[i]) {
			arm_spin(machine->world->arm, i, state.motors[i], now_us);
		} else {
			arm_halt(machine->world->arm, i, now_us);
		}
	}
}

static void feed(struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct owi_arm *owi = machine->state;

	if (now_us - owi->heard_us > GAP_US) {
		owi->count = 0;
	}
	owi->heard_us = now_us;
	for (size_t i = 0; i < count; i++) {
		owi->bytes[owi->count++] = bytes[i];
		if (owi->count == OWI_BYTES) {
			owi->count = 0;
			obey(machine, owi->bytes, now_us);
		}
	}
}

static int64_t tick(struct machine *machine, int64_t now_us)
{
	arm_step(machine->world->arm, now_us);
	return INT64_MAX;
}

const struct machine_class machine_owi = {
	.model = "owi",
	.driver = "owi",
	.joints = OWI_MOTORS,
	.state_size = sizeof(struct owi_arm),
	.reset = reset,
	.feed = feed,
	.tick = tick,
};

/*
 * Chains of bus servos on a table: the driver, the virtual arm, and a line between them that
 * may flip bits. See machine_rig.h.
 */
#pragma once

#include "machine_rig.h"

#include "busservo/busservo.h"
#include "virtual/busservo.h"

static struct arm arm;

/* One language of the two: driver, arm, and how far its readings may be off. */
struct tongue {
	const char *name;
	const struct driver *driver;
	const struct machine_class *class;
	double off_deg;
};

static const struct tongue tongues[] = {
	{"dynamixel", &dynamixel_driver, &machine_dynamixel_arm, 0.1},
	{"lx16a", &lx16a_driver, &machine_lx16a_arm, 0.25},
};

static const struct tongue *tongue;

/* Bits of every so many-th byte are flipped, by a fixed dice. 0 = none. */
static struct {
	unsigned one_in;
	uint64_t random;
	unsigned flipped;
} noise;

static inline uint8_t noisy(uint8_t byte)
{
	noise.random ^= noise.random << 13;
	noise.random ^= noise.random >> 7;
	noise.random ^= noise.random << 17;
	if (noise.one_in == 0 || noise.random % noise.one_in) {
		return byte;
	}
	noise.flipped++;
	return (uint8_t)(byte ^ 1U << (noise.random >> 40 & 7));
}

static inline void noisy_machine_send(void *data, const uint8_t *bytes, size_t count)
{
	uint8_t copy[RIG_QUEUE_MAX];

	for (size_t i = 0; i < count; i++) {
		copy[i] = noisy(bytes[i]);
	}
	rig_on_machine_send(data, copy, count);
}

static unsigned firsts; /* frames that went ahead of all others */

static inline bool noisy_kit_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	uint8_t copy[RIG_QUEUE_MAX];

	firsts += lane == LANE_FIRST;
	for (size_t i = 0; i < count; i++) {
		copy[i] = noisy(bytes[i]);
	}
	return rig_on_send(data, copy, count, lane);
}

static const struct kit_owner noisy_owner = {
	noisy_kit_send, rig_on_backlog, rig_on_changed, rig_on_held};

/* Plugged in, nobody has answered yet. */
static inline void plug(const struct tongue *which, const char *firmware)
{
	tongue = which;
	noise.one_in = noise.flipped = firsts = 0;
	noise.random = UINT64_C(0x9E3779B97F4A7C15);
	rig_world_step = NULL;
	arm_init(&arm, which->class->joints, 1000000);
	rig.world.arm = &arm;
	rig_open(which->driver, which->class, false);
	rig.world.send = noisy_machine_send;
	rig.kit->owner = &noisy_owner;
	rig.machine.firmware = firmware;
}

/* Waits for a condition; `ms` only bounds a failure. */
#define WAIT_UNTIL(condition, ms)                                                                  \
	do {                                                                                       \
		int left_ms = (ms);                                                                \
                                                                                                   \
		while (!(condition) && left_ms-- > 0) {                                            \
			rig_wait_ms(1);                                                            \
		}                                                                                  \
		if (!(condition)) {                                                                \
			fail_msg("%s: in %d ms not: %s", tongue->name, (int)(ms), #condition);     \
		}                                                                                  \
	} while (0)

static inline void open_arm(const struct tongue *which)
{
	plug(which, "plain");
	WAIT_UNTIL(rig.kit->state == KIT_READY, 3000);
	rig_forget_sent();
}

/* A test that both languages pass. */
#define BOTH(which)                                                                                \
	for (const struct tongue *which = tongues; which < tongues + 2; rig_close(NULL), which++)

static inline void assert_near(double a, double b, double off)
{
	if (!(fabs(a - b) <= off)) {
		fail_msg("%s: %g is not %g", tongue->name, a, b);
	}
}

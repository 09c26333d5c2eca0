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

/* An arm of one servo. */
static inline void open_single(const struct tongue *which)
{
	plug(which, "plain");
	for (unsigned i = 1; i < which->class->joints; i++) {
		servos_unplug(&rig.machine, i, true);
	}
	WAIT_UNTIL(rig.kit->state == KIT_READY, 4000);
	rig_wait_ms(1500); /* its rest at the start is proved */
	rig_forget_sent();
}

/* Time passes; what the servos answer is kept back. Returns its bytes. */
static inline size_t keep_answers_back(int ms, uint8_t *late)
{
	size_t count = 0;

	for (int i = 0; i < ms; i++) {
		rig.now_us += 1000;
		rig.machine.class->tick(&rig.machine, rig.now_us);
		while (rig.to_kit.frame_count > 0) {
			count += rig_pop(&rig.to_kit, late + count);
		}
		kit_tick(rig.kit, rig.now_us);
	}
	return count;
}

/* Does the next frame to the servos ask so? */
static inline bool asks(unsigned dynamixel_address, uint8_t lx16a_command)
{
	const struct rig_line *line = &rig.to_machine;

	return line->count > 0 &&
		(line->bytes[0] == 0xFF ? line->bytes[7] == 0x02 &&
					line->bytes[8] + 4U > dynamixel_address &&
					line->bytes[8] <= dynamixel_address
					: line->bytes[4] == lx16a_command && line->bytes[3] == 3);
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

/*
 * Chains of bus servos on a table, in both languages: the driver and the virtual arm; see
 * machine_rig.h.
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

/* Plugged in, nobody has answered yet. */
static inline void plug(const struct tongue *which, const char *firmware)
{
	tongue = which;
	rig_world_step = NULL;
	arm_init(&arm, which->class->joints, 1000000);
	rig.world.arm = &arm;
	rig_open(which->driver, which->class, false);
	rig.machine.firmware = firmware;
}

static inline void open_arm(const struct tongue *which)
{
	plug(which, "plain");
	WAIT_UNTIL(rig.kit->state == KIT_READY, 3000);
	forget_sent();
}

/* An arm of one servo. */
static inline void open_single(const struct tongue *which)
{
	plug(which, "plain");
	for (unsigned i = 1; i < which->class->joints; i++) {
		servos_unplug(&rig.machine, i, true);
	}
	WAIT_UNTIL(rig.kit->state == KIT_READY, 4000);
	wait_ms(1500); /* its rest at the start is proved */
	forget_sent();
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
	for (const struct tongue *which = tongues; which < tongues + 2; close_kit(NULL), which++)

static inline void assert_near(double a, double b, double off)
{
	if (!(fabs(a - b) <= off)) {
		fail_msg("%s: %g is not %g", tongue->name, a, b);
	}
}

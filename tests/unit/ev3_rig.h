/* The EV3 driver and its far end on a table; see machine_rig.h. */
#pragma once

#include "machine_rig.h"

#include "ev3/ev3.h"
#include "ev3/protocol.h"
#include "virtual/ev3_parts.h"

static inline struct ev3_parts *parts(void)
{
	return rig.machine.state;
}

/* Do its motors stand, whatever the driver believes? */
static inline bool stands(void)
{
	ev3_parts_step(parts(), rig.now_us);
	return ev3_parts_speed(parts(), 0) == 0 && ev3_parts_speed(parts(), 1) == 0 &&
		ev3_parts_speed(parts(), 2) == 0;
}

/* Its motors turn freely, it has no body. */
static inline void open_brick(bool is_packet)
{
	rig.world.body = NULL;
	rig.scene[SCENE_LIGHT] = 0.5;
	rig.scene[SCENE_DISTANCE] = 42.5;
	rig.scene[SCENE_BUTTON] = 0;
	rig_open(&ev3_driver, &machine_ev3, is_packet);
	rig_wait_ms(100);
	assert_int_equal(rig.kit->state, KIT_READY);
	rig_forget_sent();
}

/* Waits until it is so; fails after a second. */
#define WAIT_UNTIL(condition)                                                                      \
	do {                                                                                       \
		for (int ms = 0; !(condition); ms++) {                                             \
			if (ms > 1000) {                                                           \
				fail_msg("not within a second: %s", #condition);                   \
			}                                                                          \
			rig_wait_ms(1);                                                            \
		}                                                                                  \
	} while (0)

/* Bytes that went to the brick since the last look contain these. */
static inline bool has_sent(const char *hex)
{
	return strstr(rig.sent, hex) != NULL;
}

static inline enum err drive(double left, double right)
{
	return rig_act("drive", value_number(left), value_number(right), value_null());
}

static inline bool turns(const char *name)
{
	double before = rig_number(name);

	rig_wait_ms(60);
	return fabs(rig_number(name) - before) > 0.5;
}

static inline void watch_motion(void)
{
	rig_watch("turned.2");
	rig_watch("turned.3");
	rig_watch("moving");
}

static inline struct value text(const char *word)
{
	return value_text(word, strlen(word));
}

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
	wait_ms(100);
	assert_int_equal(rig.kit->state, KIT_READY);
	forget_sent();
}

static inline bool turns(const char *name)
{
	double before = number_of(name);

	wait_ms(60);
	return fabs(number_of(name) - before) > 0.5;
}

static inline void watch_motion(void)
{
	watches("turned.2");
	watches("turned.3");
	watches("moving");
}

static inline struct value text(const char *word)
{
	return value_text(word, strlen(word));
}

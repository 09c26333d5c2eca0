/* The makeblock driver and the virtual mBot on a table; see machine_rig.h. */
#pragma once

#include "machine_rig.h"

#include "makeblock/makeblock.h"
#include "makeblock/protocol.h"
#include "virtual/mbot.h"

static inline struct mbot *mbot(void)
{
	return rig.machine.state;
}

/* The port opens: the board is reset, unless the line has no DTR. */
static inline void open_kit(bool has_dtr)
{
	memset(rig.scene, 0, sizeof(rig.scene));
	rig.scene[SCENE_LIGHT] = 0.5;
	rig.scene[SCENE_DISTANCE] = 30;
	rig_place(&machine_mbot);
	rig.tick_us = 20000;
	rig.machine.boot_us = 1360 * 1000;
	machine_mbot.reset(&rig.machine, has_dtr ? rig.now_us : rig.now_us - 5000000);
	if (has_dtr) {
		machine_mbot.opened(&rig.machine, rig.now_us);
	} else {
		machine_mbot.tick(&rig.machine, rig.now_us);
		rig.to_kit.count = rig.to_kit.frame_count = 0; /* its banner was long ago */
	}
	kit_start(rig.kit, &makeblock_driver, rig.now_us);
}

static inline void forget(void)
{
	forget_sent();
	rig.events[0] = '\0';
	rig.answers = rig.samples = rig.held = 0;
	rig.worst = KIT_READY;
}

static inline void ready(void)
{
	open_kit(true);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 3000);
	wait_ms(50); /* its button, its lamps */
	forget();
}

static inline void assert_motors(int m1, int m2)
{
	assert_int_equal(mbot()->motors[0], m1);
	assert_int_equal(mbot()->motors[1], m2);
}

static inline void assert_stands(void)
{
	assert_motors(0, 0);
}

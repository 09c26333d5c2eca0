/* Lanes of a port's queue; see port.h. Set by kit.c, so drivers need not know. */
#pragma once

/* In what order bytes go out; what began to go out is never cut. */
enum lane {
	LANE_ORDER,  /* one after the other */
	LANE_MOTION, /* likewise; a hold drops those that did not begin yet */
	LANE_FIRST,  /* a hold's: ahead of all that waits */
};

/*
 * "Did you mean": finds the nearest of the names that are offered to it.
 */
#pragma once

struct near {
	const char *wanted; /* borrowed */
	char best[64];	    /* "" = none near enough */
	int distance;
};

void near_begin(struct near *near, const char *wanted);
void near_offer(struct near *near, const char *name);

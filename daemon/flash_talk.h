/*
 * What avrdude says while it works (7.1's words on standard error), read piece by piece:
 * which phase it is in, how far, and what went wrong.
 *
 *   avrdude: AVR device initialized ...      connecting
 *   Writing | ##########     |               one # for 2 % of the phase
 *   avrdude: verifying flash memory ...      then Reading | ###
 */
#pragma once

#include "flash.h"

#include <stddef.h>

struct flash_talk {
	enum flash_phase phase;
	unsigned marks; /* '#' of the bar under way: 50 are all */
	bool is_bar;    /* the line under way is a bar */
	char line[256]; /* the line under way */
	size_t length;
	char complaint[256]; /* the first line that says what is wrong; "" = none */
};

/* True: phase or marks have changed. */
bool flash_talk_hear(struct flash_talk *talk, const char *text, size_t length);
/* 0..1 of the whole: writing takes most of the time. */
double flash_talk_share(const struct flash_talk *talk);
/* Why avrdude failed, for people. `kit` is its id. */
void flash_talk_why(const struct flash_talk *talk, const char *kit, struct why *why);

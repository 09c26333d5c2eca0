/*
 * A virtual mBot: the far end of Makeblock's protocol, as mbot_firmware 06.01.107 behaves,
 * its faults included. The kit as it comes from its box: line follower on port 2,
 * ultrasonic sensor on port 3. The struct is open for unit tests.
 */
#pragma once

#include "virtual/machine.h"

#include "makeblock/protocol.h"

enum {
	MBOT_BUFFER = 52, /* the firmware's, for a frame */
	MBOT_RING = 63,	  /* the UART's: what comes while it is full is lost */
	MBOT_LINE = 1024, /* bytes on their way at 115200 baud */
};

struct mbot {
	int64_t now_us;
	bool is_booting;
	int64_t ready_us; /* end of the boot */
	int64_t loop_us;  /* next turn of the firmware's loop(); later while it is blocked */

	/* bytes in */
	uint8_t line[MBOT_LINE], ring[MBOT_RING];
	size_t line_count, ring_count;
	int64_t line_us;     /* when the first byte of the line arrives */
	int64_t deaf_us;     /* until then interrupts are off */
	unsigned deaf_bytes; /* that came meanwhile */
	unsigned lost;	     /* bytes for which there was no room */

	/* the firmware's parser: what a frame did not bring is left from the one before */
	uint8_t buffer[MBOT_BUFFER];
	uint8_t index, data_left, previous;
	bool is_started;
	bool is_busy; /* with the frame in the buffer, until loop_us */

	/* what it does */
	int motors[2]; /* M1, M2: -255..255; forward is M1 negative, M2 positive */
	uint8_t lamps[2][3];
	int servo;	 /* degrees, -1 = no pulse yet */
	bool is_pressed; /* the button, as last seen */
	int64_t echo_us; /* when the distance was last measured, 0 = never */
	double echo_cm;
	unsigned frames; /* that it took for whole */
};

/* mbot_modules.c */
/* How long the frame in the buffer blocks the board. */
int64_t mbot_duration(const struct machine *machine);
bool mbot_is_deaf(const struct machine *machine); /* meanwhile */
/* Does it and answers. */
void mbot_run(struct machine *machine);
void mbot_set_motors(struct machine *machine, int m1, int m2);

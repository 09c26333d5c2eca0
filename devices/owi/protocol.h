/*
 * What an OWI-535 "Robotic Arm Edge" hears: three bytes that say what each motor does from
 * now on, and the lamp. It says nothing. PROTOCOLS: notbrainsurgery LiveJournal 38622, npm
 * owi-robot-arm 0.0.1.
 *
 *   byte  bits  meaning (01 and 10 are the two directions, 00 stands, 11 means nothing)
 *   0     0-1   grip: 01 closes, 10 opens
 *   0     2-3   wrist: 01 up, 10 down
 *   0     4-5   elbow, likewise
 *   0     6-7   shoulder, likewise
 *   1     0-1   base: 01 clockwise, 10 counter-clockwise (seen from above)
 *   2     0     lamp
 *
 * Over USB they are the data of a control transfer, OWI_REQUEST_TYPE and so on. The motors
 * have one speed, run until the next three bytes, and know neither angles nor stops.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	OWI_REQUEST_TYPE = 0x40,
	OWI_REQUEST = 6,
	OWI_VALUE = 0x0100,
	OWI_INDEX = 0,
	OWI_BYTES = 3,
};

enum owi_motor { OWI_BASE, OWI_SHOULDER, OWI_ELBOW, OWI_WRIST, OWI_GRIP, OWI_MOTORS };

struct owi_state {
	/* 1, 0 or -1; 1: base counter-clockwise, joints up, grip closes. */
	int8_t motors[OWI_MOTORS];
	bool lamp;
};

void owi_encode(const struct owi_state *state, uint8_t bytes[OWI_BYTES]);
/* False: they mean nothing; *state is untouched then. */
bool owi_decode(const uint8_t bytes[OWI_BYTES], struct owi_state *state);

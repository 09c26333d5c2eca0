/*
 * What the virtual arms of bus servos (dynamixel.c, lx16a.c) share: the one half-duplex
 * wire that all servos and the adapter hang on, with its time.
 *
 * The host's bytes take their time on the wire; answers follow, byte by byte. Whoever
 * speaks into an answer garbles both: the rest of all answers is lost, and what was said
 * while one servo still spoke.
 * An adapter may echo what the host says (firmware word "echo").
 */
#pragma once

#include "virtual/machine.h"

enum { WIRE_ROOM = 1024 };

/* The servos obey what begins these bytes. Returns how many of them it was, 0: more is needed. */
typedef size_t wire_obey_fn(
	struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us);

struct servo_wire { /* first in a machine's state */
	wire_obey_fn *obey;
	bool is_unplugged[ARM_JOINTS_MAX];
	int64_t deaf_until_us; /* the servos boot */
	int64_t busy_us;       /* the host's bytes are on the wire until then */
	int64_t heard_us;      /* of its last bytes */
	int64_t next_us;       /* when the next byte of an answer is over */
	size_t count;	       /* of the answers that are not over */
	uint8_t out[WIRE_ROOM];
	size_t in_count; /* of a frame that is not whole */
	uint8_t in[WIRE_ROOM];
};

/* The host says something. */
void wire_feed(struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us);
void wire_answer(struct machine *machine, const uint8_t *bytes, size_t count);
/* Sends what is due; returns when there is more. */
int64_t wire_tick(struct machine *machine, int64_t now_us);
/* Power came. */
void wire_reset(struct machine *machine, wire_obey_fn *obey, int64_t now_us);

/* What an adapter can be. */
extern const char *const wire_firmwares[];

/* A servo's cable is pulled, or put back. For tests. */
void servos_unplug(struct machine *machine, unsigned joint, bool is_unplugged);

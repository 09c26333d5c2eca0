/*
 * LX-16A bus servos (Hiwonder, LewanSoul), both directions. Pure functions; the driver and
 * the virtual arm use them. Source: PROTOCOLS section 8.2 (PyLX-16A).
 *
 *   55 55  id  length  command  parameters  checksum
 *
 * length = parameters + 3; checksum = ~(id + length + command + parameters) & FF. The
 * checksum is weak, so a frame of a known command must also have its number of parameters.
 * A question has none, its answer has some: by that an adapter's echo of a question is told
 * from the answer.
 */
#pragma once

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LX16A_PARAMS_MAX = 7,
	LX16A_FRAME_MAX = LX16A_PARAMS_MAX + 6,
	LX16A_ID_MAX = 0xFD,
	LX16A_ALL = 0xFE, /* broadcast: nobody answers, but a single servo to READ_ID */
};

enum lx16a_command {		     /* parameters of what is told, or of the answer */
	LX16A_MOVE = 0x01,	     /* position (2), ms (2) */
	LX16A_READ_MOVE = 0x02,	     /* likewise (m: from memory) */
	LX16A_WAIT_MOVE = 0x07,	     /* likewise, done at START */
	LX16A_READ_WAIT_MOVE = 0x08, /* likewise */
	LX16A_START = 0x0B,
	LX16A_STOP = 0x0C,
	LX16A_SET_ID = 0x0D,	    /* id */
	LX16A_READ_ID = 0x0E,	    /* id */
	LX16A_ADJUST_OFFSET = 0x11, /* i8 */
	LX16A_SAVE_OFFSET = 0x12,
	LX16A_READ_OFFSET = 0x13,    /* i8 */
	LX16A_SET_LIMITS = 0x14,     /* position (2), position (2) */
	LX16A_READ_LIMITS = 0x15,    /* likewise */
	LX16A_SET_VIN_LIMITS = 0x16, /* mV (2), mV (2) */
	LX16A_READ_VIN_LIMITS = 0x17,
	LX16A_SET_HEAT_LIMIT = 0x18, /* Cel */
	LX16A_READ_HEAT_LIMIT = 0x19,
	LX16A_READ_HEAT = 0x1A,	    /* Cel */
	LX16A_READ_VIN = 0x1B,	    /* mV (2) */
	LX16A_READ_POSITION = 0x1C, /* i16: may be a little below 0 */
	LX16A_SET_MODE = 0x1D,	    /* 0 servo or 1 motor, 0, speed i16 -1000..1000 */
	LX16A_READ_MODE = 0x1E,	    /* likewise */
	LX16A_SET_TORQUE = 0x1F,    /* 1 on, 0 off */
	LX16A_READ_TORQUE = 0x20,   /* likewise */
	LX16A_SET_LED = 0x21,	    /* 0 on, 1 off */
	LX16A_READ_LED = 0x22,
	LX16A_SET_LED_ERROR = 0x23, /* mask */
	LX16A_READ_LED_ERROR = 0x24,
};

enum { LX16A_TOP = 1000, LX16A_MOVE_MS_MAX = 30000 }; /* positions 0..1000 are 0..240 degrees */

struct lx16a_message {
	uint8_t id, command, count;
	uint8_t params[LX16A_PARAMS_MAX];
};

/*
 * One frame from the beginning of `bytes`. ERR_NONE and *used > 0: a message of so many
 * bytes. ERR_NONE and *used = 0: more bytes are needed. ERR_PROTOCOL: drop *used bytes and
 * go on. However a stream is cut, the same frames and errors come.
 */
enum err lx16a_decode(
	const uint8_t *bytes, size_t count, size_t *used, struct lx16a_message *message);
/* Bytes written, 0 if `room` is too small or a field is out of its range. */
size_t lx16a_encode(const struct lx16a_message *message, uint8_t *out, size_t room);

/* Is it a command that asks, and how many parameters has its answer? 0: it does not ask. */
unsigned lx16a_answer_count(uint8_t command);

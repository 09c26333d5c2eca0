/*
 * LEGO EV3's direct commands, both directions: little programs of byte code that the brick's
 * virtual machine runs at once and answers with their global variables. PROTOCOLS:
 * ChristophGaukel/ev3-python3 (ev3_dc), mindboards/ev3sources bytecodes.h and c_com.c.
 *
 *   offset size  request                          reply
 *   0      2     bytes that follow (LE)           likewise
 *   2      2     counter                          the request's counter
 *   4      1     00 reply wanted, 80 none         02 done, 04 failed
 *                01, 81: system commands          03, 05 likewise
 *   5      2     locals << 10 | globals, bytes    global variables
 *   7      ...   byte code                        (of system commands: their own)
 *
 * An operand says itself what it is:
 *   00..3F      constant, 6 bits signed           81 b, 82 b b, 83 b b b b: longer ones
 *   84 text 00  text                              60|i, E1 i, E2 i i: global variable at byte i
 *   40|i, C1 i  local variable
 *
 * Over Bluetooth messages follow each other; over USB each is the beginning of a report,
 * filled up with 0.
 */
#pragma once

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	EV3_FRAME_MAX = 1024,
	EV3_GLOBALS_MAX = 1019, /* so that the reply is a frame */
	EV3_LOCALS_MAX = 63,
	EV3_CODE_MAX = EV3_FRAME_MAX - 7,
	EV3_PARAMS_MAX = 16,
};

enum ev3_direction { EV3_TO_KIT, EV3_TO_HOST };

enum ev3_type {
	EV3_DIRECT = 0x00,
	EV3_SYSTEM = 0x01,
	EV3_DIRECT_DONE = 0x02,
	EV3_SYSTEM_DONE = 0x03,
	EV3_DIRECT_FAILED = 0x04,
	EV3_SYSTEM_FAILED = 0x05,
	EV3_DIRECT_NO_REPLY = 0x80,
	EV3_SYSTEM_NO_REPLY = 0x81,
};

struct ev3_message {
	uint16_t counter;
	uint8_t type;
	uint16_t globals, locals; /* bytes reserved; direct commands only */
	const uint8_t *body;	  /* byte code, globals, or a system command's own; borrowed */
	size_t count;
};

/*
 * ERR_NONE: a message of *used bytes, or (*used 0) more bytes are needed. ERR_PROTOCOL: drop
 * *used bytes. A length of 0 is padding, and none of either's business: see ev3_next().
 */
enum err ev3_decode(enum ev3_direction direction, const uint8_t *bytes, size_t count, size_t *used,
	struct ev3_message *message);
/* Bytes written; 0: does not fit, or cannot be said. */
size_t ev3_encode(const struct ev3_message *message, uint8_t *out, size_t room);

/* Cuts a stream into messages. All zero is a good beginning. */
struct ev3_parser {
	uint8_t bytes[EV3_FRAME_MAX];
	size_t count, done; /* the first `done` were given out already */
};

enum ev3_next { EV3_MORE, EV3_FRAME, EV3_GARBAGE };

/* Takes what it can from *bytes. A message's body is borrowed until the next call. */
enum ev3_next ev3_next(struct ev3_parser *parser, enum ev3_direction direction,
	const uint8_t **bytes, size_t *count, struct ev3_message *message);

/* ---- byte code ---- */

enum ev3_opcode {
	EV3_NOP = 0x01,
	EV3_PROGRAM_STOP = 0x02,
	EV3_UI_READ = 0x81,
	EV3_UI_WRITE = 0x82,
	EV3_KEEP_ALIVE = 0x90, /* -> minutes until it falls asleep */
	EV3_SOUND = 0x94,
	EV3_INPUT_DEVICE = 0x99,
	EV3_INPUT_READSI = 0x9D, /* layer, port, type, mode -> float; never waits, NaN: not ready */
	EV3_OUTPUT_STOP = 0xA3,	 /* layer, ports, brake */
	EV3_OUTPUT_POWER = 0xA4,
	EV3_OUTPUT_SPEED = 0xA5,      /* layer, ports, percent; regulated */
	EV3_OUTPUT_START = 0xA6,      /* layer, ports */
	EV3_OUTPUT_READ = 0xA8,	      /* layer, port number -> i8 percent, i32 degrees */
	EV3_OUTPUT_TEST = 0xA9,	      /* layer, ports -> busy; of moves with an end only */
	EV3_OUTPUT_READY = 0xAA,      /* waits for the end of such a move */
	EV3_OUTPUT_STEP_SPEED = 0xAE, /* layer, ports, percent, up, constant, down, brake */
	EV3_OUTPUT_TIME_SPEED = 0xAF,
	EV3_OUTPUT_STEP_SYNC = 0xB0, /* layer, ports, percent, turn, steps, brake */
	EV3_OUTPUT_TIME_SYNC = 0xB1,
	EV3_OUTPUT_CLR_COUNT = 0xB2, /* layer, ports */
	EV3_OUTPUT_GET_COUNT = 0xB3, /* layer, port number -> i32 degrees */
};

/* The first operand of some. */
enum ev3_command {
	EV3_UI_READ_VOLTAGE = 0x01,  /* -> float */
	EV3_UI_READ_FIRMWARE = 0x0A, /* room -> text */
	EV3_UI_READ_BATTERY = 0x12,  /* -> i8 percent */
	EV3_UI_WRITE_LED = 0x1B,     /* 0 off, 1 green, 2 red, 3 both */
	EV3_SOUND_BREAK = 0x00,
	EV3_SOUND_TONE = 0x01,		/* volume, Hz, ms */
	EV3_DEVICE_GET_TYPEMODE = 0x05, /* layer, port -> i8 type, i8 mode */
	EV3_DEVICE_READY_SI = 0x1D,	/* layer, port, type, mode, n -> n floats; waits */
};

enum {
	EV3_MOTORS = 4,
	EV3_SENSORS = 4,
	EV3_ALL_PORTS = 0x0F,
	EV3_FIRST_OUTPUT = 16, /* motors' numbers where sensors are meant too */
	EV3_USER_SLOT = 1,     /* where a program of the brick's own runs */

	EV3_TYPE_LARGE_MOTOR = 7,
	EV3_TYPE_MEDIUM_MOTOR = 8,
	EV3_TYPE_UNKNOWN = 125, /* not found out yet */
	EV3_TYPE_NONE = 126,
	EV3_TYPE_ERROR = 127,
};

struct ev3_param {
	enum { EV3_VALUE, EV3_TEXT, EV3_GLOBAL, EV3_LOCAL } kind;
	uint8_t width;	  /* bytes after the first: 0, 1, 2 or 4 */
	int32_t value;	  /* or the variable's index */
	const char *text; /* EV3_TEXT: with its NUL, borrowed */
};

struct ev3_op {
	uint8_t code;
	unsigned count;
	struct ev3_param params[EV3_PARAMS_MAX];
};

/* As short as they go. */
struct ev3_param ev3_value(int32_t value);
struct ev3_param ev3_global(uint16_t index);

/* False: no operation that we know, or cut off. */
bool ev3_decode_op(const uint8_t *code, size_t count, size_t *used, struct ev3_op *op);
/* Bytes written; 0: does not fit, or cannot be said. */
size_t ev3_encode_op(const struct ev3_op *op, uint8_t *out, size_t room);

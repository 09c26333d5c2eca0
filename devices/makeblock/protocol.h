/*
 * Makeblock's frames (mBot with mCore; the Orion family frames alike), both directions;
 * pure functions. The driver uses one side, the virtual mBot and the tests the other.
 *
 * From mbot_firmware 06.01.107 as it was run on an emulated ATmega328P:
 *
 *   to the kit    FF 55 len index action [device data...]    len counts what follows it
 *   to the host   FF 55 0D 0A                                acknowledges RUN, RESET, START
 *                 FF 55 index 0D 0A                          a GET that has nothing to say
 *                 FF 55 index type value... 0D 0A            a GET's answer; spontaneous: index 80
 *                 "Version: 06.01.107" 0D 0A                 once, after a reset
 *
 *   type   value
 *   1      1 byte
 *   2      float, 4 bytes, little-endian
 *   3      short, 2 bytes and 2 without meaning
 *   4      length byte, then text
 *   5      double, 8 bytes; on these boards a float and 4 bytes without meaning
 *
 * No checksum, no escapes: 0D 0A inside a value ends nothing, so the type tells the length.
 */
#pragma once

#include "../err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MAKEBLOCK_DATA_MAX = 255,
	MAKEBLOCK_FRAME_MAX = 5 + MAKEBLOCK_DATA_MAX + 2,
	MAKEBLOCK_LENGTH_MAX = 48, /* what fits into the firmware's buffer of 52 */
	MAKEBLOCK_COMMAND_MAX = MAKEBLOCK_LENGTH_MAX - 2, /* data of a command */
	MAKEBLOCK_VERSION_MAX = 31,
	MAKEBLOCK_EVENT_INDEX = 0x80,
};

enum makeblock_direction { MAKEBLOCK_TO_KIT, MAKEBLOCK_TO_HOST };

enum makeblock_action {
	MAKEBLOCK_GET = 1,
	MAKEBLOCK_RUN = 2,
	MAKEBLOCK_RESET = 4, /* motors 0, buzzer off */
	MAKEBLOCK_START = 5,
};

enum makeblock_device {		   /* after each: data of GET -> answer; data of RUN */
	MAKEBLOCK_VERSION = 0,	   /* -> text */
	MAKEBLOCK_ULTRASONIC = 1,  /* port -> float cm; waits for the echo */
	MAKEBLOCK_TEMPERATURE = 2, /* port slot -> float Cel */
	MAKEBLOCK_LIGHT = 3,	   /* port -> float 0..1023 */
	MAKEBLOCK_POT = 4,	   /* port -> float 0..1023 */
	MAKEBLOCK_JOYSTICK = 5,	   /* RUN: left16 right16, the motors M1 and M2 */
	MAKEBLOCK_SOUND = 7,	   /* port -> float 0..1023 */
	MAKEBLOCK_RGB = 8,	   /* RUN: port slot lamp red green blue; lamp 0 = all */
	MAKEBLOCK_MOTOR = 10,	   /* RUN: port speed16 */
	MAKEBLOCK_SERVO = 11,	   /* RUN: port slot angle */
	MAKEBLOCK_IR = 13,	   /* -> text, when one has ended; RUN: text */
	MAKEBLOCK_PIR = 15,	   /* port -> float 0 or 1 */
	MAKEBLOCK_LINE = 17,	   /* port -> float: 2 = sensor 1 off the line, 1 = sensor 2 */
	MAKEBLOCK_IR_CODE = 18,	   /* -> byte, 0 = none */
	MAKEBLOCK_FLAME = 24,	   /* port -> short */
	MAKEBLOCK_GAS = 25,	   /* port -> short */
	MAKEBLOCK_TONE = 34,   /* RUN: frequency16 milliseconds16; the board waits for its end */
	MAKEBLOCK_BUTTON = 35, /* channel expected -> byte: expected xor pressed */
};

enum makeblock_value { /* the types on the wire */
	MAKEBLOCK_NOTHING = 0,
	MAKEBLOCK_BYTE = 1,
	MAKEBLOCK_FLOAT = 2,
	MAKEBLOCK_SHORT = 3,
	MAKEBLOCK_TEXT = 4,
	MAKEBLOCK_DOUBLE = 5,
};

/* After each: the fields of struct makeblock_message that it uses. */
enum makeblock_type {
	MAKEBLOCK_COMMAND, /* index, action, data: device and what it needs */
	MAKEBLOCK_ACK,
	MAKEBLOCK_ANSWER, /* index, value, data */
	MAKEBLOCK_BANNER, /* data: "06.01.107" */
};

struct makeblock_message {
	enum makeblock_type type;
	uint8_t index, action;
	enum makeblock_value value;
	uint8_t count; /* of data */
	uint8_t data[MAKEBLOCK_DATA_MAX];
};

/*
 * One frame from the beginning of `bytes`. ERR_NONE and *used > 0: a message of so
 * many bytes. ERR_NONE and *used = 0: more bytes are needed. ERR_PROTOCOL: drop *used
 * bytes and go on. However a stream is cut, the same frames and errors come.
 */
enum err makeblock_decode(enum makeblock_direction direction, const uint8_t *bytes, size_t count,
	size_t *used, struct makeblock_message *message);

/* Bytes written, 0 if `room` is too small or a field is out of its range. */
size_t makeblock_encode(enum makeblock_direction direction, const struct makeblock_message *message,
	uint8_t *out, size_t room);

/* An answer's number, if it is one. Texts and nothing are none. */
bool makeblock_number(const struct makeblock_message *message, double *number);

/* A stream: keeps what is left of a frame that was cut. Zeroed at the beginning. */
struct makeblock_parser {
	size_t count;
	uint8_t bytes[MAKEBLOCK_FRAME_MAX];
};

enum makeblock_next {
	MAKEBLOCK_MORE,	   /* all bytes are taken, no frame is complete */
	MAKEBLOCK_FRAME,   /* *message is filled */
	MAKEBLOCK_GARBAGE, /* something was dropped; go on */
};

/* Takes bytes from the front of *bytes, *count until there is an answer. */
enum makeblock_next makeblock_next(struct makeblock_parser *parser,
	enum makeblock_direction direction, const uint8_t **bytes, size_t *count,
	struct makeblock_message *message);

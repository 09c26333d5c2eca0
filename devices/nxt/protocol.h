/*
 * LEGO NXT's direct and system commands on the wire, both directions: bytes to telegrams
 * and back.
 *
 * Pure functions over the caller's memory: no state but `struct nxt_parser`, no heap, no
 * clock. The driver uses it as the host, kitlab-virtual as the brick. Numbers are
 * little-endian. Over USB a transfer is one telegram; over a stream (Bluetooth serial)
 * a u16 with its length stands before each.
 *
 *   request  kind op data      kind 00 direct, 01 system; 80, 81: no reply is wanted
 *   reply    02 op status data
 *
 *   op  name            request data                       reply data
 *   00  START_PROGRAM   name[20]                           -
 *   01  STOP_PROGRAM    -                                  -
 *   03  PLAY_TONE       u16 Hz, u16 ms                     -
 *   04  SET_OUTPUT      port power mode regulation turn    -
 *                       run u32 limit
 *   05  SET_INPUT       port type mode                     -
 *   06  GET_OUTPUT      port                               as 04, i32 tacho block rotation
 *   07  GET_INPUT       port                               port valid calibrated type mode,
 *                                                          u16 raw normalized, i16 scaled
 *                                                          calibrated
 *   08  RESET_SCALED    port                               -
 *   09  MESSAGE_WRITE   box count data[count]              -
 *   0A  RESET_POSITION  port relative                      -
 *   0B  GET_BATTERY     -                                  u16 mV
 *   0C  STOP_SOUND      -                                  -
 *   0D  KEEP_ALIVE      -                                  u32 ms
 *   0E  LS_STATUS       port                               bytes ready
 *   0F  LS_WRITE        port count wanted data[count]      -
 *   10  LS_READ         port                               count data[16]
 *   11  GET_PROGRAM     -                                  name[20]
 *   13  MESSAGE_READ    box local remove                   local count data[59]
 *   88  VERSIONS        -                                  minor major (protocol, firmware)
 *   98  SET_NAME        name[16]                           -
 *   9B  DEVICE_INFO     -                                  name[15] bt[7] signal[4] u32 free
 * Sources: nxt-python's encoder and decoder; LEGO's published firmware 1.04 (c_cmd.c) for
 * the replies to what is wrong: they have their data, zeroed, but for an unknown opcode
 * (BE) and a wrong low-speed port (C0), whose replies end with the status.
 */
#pragma once

#include "../err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NXT_TELEGRAM_MAX = 64,
	NXT_FRAME_MAX = NXT_TELEGRAM_MAX + 2, /* with its length */
	NXT_MOTORS = 3,
	NXT_PORTS = 4, /* sensors */
	NXT_LS_MAX = 16,
	NXT_MESSAGE_MAX = 59,
};

enum nxt_kind {
	NXT_DIRECT = 0x00,
	NXT_SYSTEM = 0x01,
	NXT_REPLY = 0x02,
	NXT_NO_REPLY = 0x80, /* a bit of the first two */
};

enum nxt_op {
	NXT_START_PROGRAM = 0x00,
	NXT_STOP_PROGRAM = 0x01,
	NXT_PLAY_TONE = 0x03,
	NXT_SET_OUTPUT = 0x04,
	NXT_SET_INPUT = 0x05,
	NXT_GET_OUTPUT = 0x06,
	NXT_GET_INPUT = 0x07,
	NXT_RESET_SCALED = 0x08,
	NXT_MESSAGE_WRITE = 0x09,
	NXT_RESET_POSITION = 0x0A,
	NXT_GET_BATTERY = 0x0B,
	NXT_STOP_SOUND = 0x0C,
	NXT_KEEP_ALIVE = 0x0D,
	NXT_LS_STATUS = 0x0E,
	NXT_LS_WRITE = 0x0F,
	NXT_LS_READ = 0x10,
	NXT_GET_PROGRAM = 0x11,
	NXT_MESSAGE_READ = 0x13,
	NXT_VERSIONS = 0x88,
	NXT_SET_NAME = 0x98,
	NXT_DEVICE_INFO = 0x9B,
};

enum nxt_status {
	NXT_OK = 0x00,
	NXT_PENDING = 0x20, /* a low-speed transaction is under way */
	NXT_EMPTY = 0x40,   /* mailbox */
	NXT_FAILED = 0xBD,
	NXT_UNKNOWN = 0xBE, /* opcode */
	NXT_INSANE = 0xBF,  /* packet */
	NXT_RANGE = 0xC0,   /* a value out of range */
	NXT_BUS = 0xDD,	    /* low speed: nothing answers */
	NXT_NO_BUFFER = 0xDE,
	NXT_BAD_CHANNEL = 0xDF,
	NXT_NOT_READY = 0xE0, /* channel not configured, or busy */
	NXT_NO_PROGRAM = 0xEC,
	NXT_BAD_SIZE = 0xED,
	NXT_BAD_INPUT = 0xF0,
	NXT_BAD_ARGS = 0xFF,
};

/* Of struct nxt_output. */
enum { NXT_ON = 1, NXT_BRAKE = 2, NXT_REGULATED = 4 }; /* mode, bits */
enum { NXT_FREE = 0, NXT_SPEED = 1, NXT_SYNC = 2 };    /* regulation */
enum { NXT_IDLE = 0, NXT_RAMP_UP = 0x10, NXT_RUNNING = 0x20, NXT_RAMP_DOWN = 0x40 };

enum nxt_sensor { /* type of a sensor port */
	NXT_NO_SENSOR = 0x00,
	NXT_SWITCH = 0x01,
	NXT_TEMPERATURE = 0x02,
	NXT_LIGHT_ON = 0x05, /* with its lamp */
	NXT_LIGHT_OFF = 0x06,
	NXT_SOUND = 0x07,
	NXT_LOW_SPEED_9V = 0x0B,
	NXT_COLOR = 0x0D,
};

enum nxt_mode { /* of a sensor port */
	NXT_RAW = 0x00,
	NXT_BOOLEAN = 0x20,
	NXT_PERCENT = 0x80,
	NXT_CELSIUS = 0xA0, /* tenths */
};

struct nxt_output {
	int8_t power; /* -100..100 */
	uint8_t mode, regulation;
	int8_t turn;
	uint8_t run;
	uint32_t limit;			/* degrees, 0 = for ever */
	int32_t tacho, block, rotation; /* replies: degrees */
};

struct nxt_input {
	uint8_t type, mode;
	uint8_t valid, calibrated; /* replies, from here on */
	uint16_t raw, normalized;  /* 0..1023 */
	int16_t scaled, calibrated_value;
};

struct nxt_telegram {
	uint8_t kind, op;
	uint8_t status; /* of replies */
	bool is_bare;	/* a reply that ends with its status */
	uint8_t port;	/* motor 0..2, sensor 0..3, mailbox */
	union {
		struct nxt_output output;
		struct nxt_input input;
		struct {
			uint16_t frequency_hz, duration_ms;
		} tone;
		uint8_t relative; /* 0 to the program's start, 1 to the last motion's */
		uint16_t battery_mv;
		uint32_t sleep_ms;
		uint8_t ready; /* bytes */
		struct {
			uint8_t count, wanted;
			uint8_t bytes[NXT_LS_MAX];
		} low_speed;
		struct {
			uint8_t local, remove, count;
			uint8_t bytes[NXT_MESSAGE_MAX];
		} message;
		struct {
			uint8_t protocol_minor, protocol_major, minor, major;
		} versions;
		struct {
			uint8_t name[15], bluetooth[7], signal[4];
			uint32_t free_bytes;
		} info;
		uint8_t name[20]; /* of a program; of the brick its first 16 */
	};
};

enum nxt_direction { NXT_TO_BRICK = 1, NXT_TO_HOST = 2 };

/* Exactly one telegram. False: these bytes are none. */
bool nxt_decode(enum nxt_direction direction, const uint8_t *bytes, size_t count,
	struct nxt_telegram *telegram);

/*
 * The first telegram of a stream without lengths: its opcode tells where it ends. *used > 0:
 * so many bytes; 0: more are needed; ERR_PROTOCOL: drop *used bytes, go on.
 */
enum err nxt_scan(enum nxt_direction direction, const uint8_t *bytes, size_t count, size_t *used,
	struct nxt_telegram *telegram);

/* Its bytes; 0: no room, or it cannot be said. */
size_t nxt_encode(const struct nxt_telegram *telegram, uint8_t *out, size_t room);
/* The same with its length before it. */
size_t nxt_encode_framed(const struct nxt_telegram *telegram, uint8_t *out, size_t room);

/* ---- replies in a stream with lengths ---- */

struct nxt_parser { /* zeroed: nothing came yet */
	uint8_t bytes[NXT_FRAME_MAX];
	size_t count;
};

enum nxt_answer { NXT_MORE, NXT_FRAME, NXT_GARBAGE };

/*
 * Takes bytes from *bytes until a reply is whole or a byte belongs to none (NXT_GARBAGE,
 * once for each). NXT_MORE: all were taken.
 */
enum nxt_answer nxt_next(struct nxt_parser *parser, const uint8_t **bytes, size_t *count,
	struct nxt_telegram *reply);

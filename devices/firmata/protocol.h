/*
 * Firmata 2.x on the wire, both directions: bytes to messages and back.
 *
 * Pure functions over the caller's memory: no state but `struct firmata_parser`,
 * no heap, no clock. The driver uses it as the host, kitlab-virtual as the board.
 * Every well-formed frame decodes, and encodes back to the same bytes: what a
 * message below cannot say exactly (a feature unknown here, an odd length, stray
 * bits) comes as FIRMATA_SYSEX with its payload untouched.
 *
 * Channel messages (7-bit data bytes, a command byte is >= 0x80):
 *   E0+n lsb msb   analog value of channel n / write to pin n      FIRMATA_ANALOG
 *   90+p lsb msb   digital port p, bit i = pin 8p + i              FIRMATA_DIGITAL
 *   C0+n on        report analog channel (host -> board only)      FIRMATA_REPORT_ANALOG
 *   D0+p on        report digital port (host -> board only)        FIRMATA_REPORT_DIGITAL
 *   F4 pin mode    pin mode (host -> board only)                   FIRMATA_PIN_MODE
 *   F5 pin on      one digital pin, from 2.5 (host -> board only)  FIRMATA_PIN_VALUE
 *   F9             version query; board -> host F9 major minor     FIRMATA_VERSION...
 *   FF             reset (host -> board only)                      FIRMATA_RESET
 * Sysex F0 id ... F7: enum firmata_type names them, sysex*.c spell them.
 * Sources: firmata/protocol 2.8 (protocol.md and the features' pages), firmata/arduino 2.5.7.
 */
#pragma once

#include "../err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FIRMATA_FRAME_MAX = 4096, /* 128 pins with 15 modes each fit */
	FIRMATA_DATA_MAX = FIRMATA_FRAME_MAX,
	FIRMATA_BOARD_SYSEX_MAX = 63, /* payload that a board's 64-byte buffer takes */
	FIRMATA_ENCODERS_MAX = 16,
	FIRMATA_STEPPERS_MAX = 16,
};

enum firmata_direction { FIRMATA_TO_BOARD = 1, FIRMATA_TO_HOST = 2 };

enum firmata_mode {
	FIRMATA_MODE_INPUT = 0x00,
	FIRMATA_MODE_OUTPUT = 0x01,
	FIRMATA_MODE_ANALOG = 0x02,
	FIRMATA_MODE_PWM = 0x03,
	FIRMATA_MODE_SERVO = 0x04,
	FIRMATA_MODE_SHIFT = 0x05,
	FIRMATA_MODE_I2C = 0x06,
	FIRMATA_MODE_ONEWIRE = 0x07,
	FIRMATA_MODE_STEPPER = 0x08,
	FIRMATA_MODE_ENCODER = 0x09,
	FIRMATA_MODE_SERIAL = 0x0A,
	FIRMATA_MODE_PULLUP = 0x0B, /* from 2.5 */
	FIRMATA_MODE_SPI = 0x0C,
	FIRMATA_MODE_SONAR = 0x0D,
	FIRMATA_MODE_TONE = 0x0E,
	FIRMATA_MODE_DHT = 0x0F,
	FIRMATA_MODE_IGNORE = 0x7F,
};

enum firmata_i2c { /* what an I2C request wants */
	FIRMATA_I2C_WRITE,
	FIRMATA_I2C_READ,
	FIRMATA_I2C_READ_CONTINUOUSLY,
	FIRMATA_I2C_STOP,
};

enum { /* bits of a 1-Wire command */
	FIRMATA_ONEWIRE_RESET = 0x01,
	FIRMATA_ONEWIRE_SKIP = 0x02,
	FIRMATA_ONEWIRE_SELECT = 0x04,
	FIRMATA_ONEWIRE_READ = 0x08,
	FIRMATA_ONEWIRE_DELAY = 0x10,
	FIRMATA_ONEWIRE_WRITE = 0x20,
};

/* After each: the fields of struct firmata_message that it uses. */
enum firmata_type {
	FIRMATA_ANALOG,		/* channel (to the board: pin) 0..15, value 14 bits */
	FIRMATA_DIGITAL,	/* port 0..15, value: bits 0..7 are the pins */
	FIRMATA_REPORT_ANALOG,	/* channel, on */
	FIRMATA_REPORT_DIGITAL, /* port, on */
	FIRMATA_PIN_MODE,	/* pin, mode */
	FIRMATA_PIN_VALUE,	/* pin, on */
	FIRMATA_VERSION_QUERY,
	FIRMATA_VERSION, /* major, minor */
	FIRMATA_RESET,

	FIRMATA_SYSEX, /* id, data: the payload as it is on the wire */

	FIRMATA_ANALOG_MAP_QUERY,
	FIRMATA_ANALOG_MAP, /* data: for each pin its channel, or 7F */
	FIRMATA_CAPABILITY_QUERY,
	FIRMATA_CAPABILITY,	 /* data: for each pin (mode, resolution)* 7F */
	FIRMATA_PIN_STATE_QUERY, /* pin */
	FIRMATA_PIN_STATE,	 /* pin, groups; unless groups = 0 (no such pin): mode, value */
	FIRMATA_EXTENDED_ANALOG, /* pin, groups, value */
	FIRMATA_EXTENDED_REPORT, /* channel, on */
	FIRMATA_SERVO_CONFIG,	 /* pin, min_us, max_us */
	FIRMATA_STRING,		 /* data: bytes of the text */
	FIRMATA_FIRMWARE_QUERY,
	FIRMATA_FIRMWARE, /* major, minor, data: the name */
	FIRMATA_SAMPLING, /* value: ms, 14 bits */
	FIRMATA_SAMPLING_QUERY,
	FIRMATA_I2C_CONFIG,  /* value: us between write and read, 14 bits */
	FIRMATA_I2C_REQUEST, /* i2c; data: bytes to write */
	FIRMATA_I2C_REPLY,   /* i2c.address, i2c.low, i2c.reg, data: bytes */
	FIRMATA_TONE,	     /* pin, tone */
	FIRMATA_NO_TONE,     /* pin */

	FIRMATA_ENCODER_ATTACH, /* device, encoder_pins */
	FIRMATA_ENCODER_REPORT, /* device */
	FIRMATA_ENCODER_REPORT_ALL,
	FIRMATA_ENCODER_ZERO,	   /* device */
	FIRMATA_ENCODER_AUTO,	   /* on */
	FIRMATA_ENCODER_DETACH,	   /* device */
	FIRMATA_ENCODER_POSITIONS, /* count, encoders */

	FIRMATA_STEPPER_CONFIG,	      /* device, interface, data: pins [, inversions] */
	FIRMATA_STEPPER_ZERO,	      /* device */
	FIRMATA_STEPPER_STEP,	      /* device, positions[0]: relative */
	FIRMATA_STEPPER_TO,	      /* device, positions[0]: absolute */
	FIRMATA_STEPPER_ENABLE,	      /* device, on */
	FIRMATA_STEPPER_STOP,	      /* device */
	FIRMATA_STEPPER_QUERY,	      /* device */
	FIRMATA_STEPPER_POSITION,     /* device, positions[0] */
	FIRMATA_STEPPER_LIMIT,	      /* device, data: lower pin, state, upper pin, state */
	FIRMATA_STEPPER_ACCELERATION, /* device, speed: steps/s^2 */
	FIRMATA_STEPPER_SPEED,	      /* device, speed: steps/s */
	FIRMATA_STEPPER_DONE,	      /* device, positions[0] */
	FIRMATA_GROUP_CONFIG,	      /* group, data: devices */
	FIRMATA_GROUP_TO,	      /* group, count, positions */
	FIRMATA_GROUP_STOP,	      /* group */
	FIRMATA_GROUP_DONE,	      /* group */

	FIRMATA_LEGACY_STEPPER_CONFIG, /* device, interface, value: steps a turn, data: pins */
	FIRMATA_LEGACY_STEPPER_STEP,   /* device, legacy */
	FIRMATA_LEGACY_STEPPER_DONE,   /* device */

	FIRMATA_ONEWIRE_SEARCH,	      /* pin */
	FIRMATA_ONEWIRE_SEARCH_REPLY, /* pin, data: 8 bytes a ROM */
	FIRMATA_ONEWIRE_ALARM,	      /* pin */
	FIRMATA_ONEWIRE_ALARM_REPLY,  /* pin, data: 8 bytes a ROM */
	FIRMATA_ONEWIRE_CONFIG,	      /* pin, on: power */
	FIRMATA_ONEWIRE_COMMAND,      /* pin, onewire, data: bytes to write */
	FIRMATA_ONEWIRE_READ_REPLY,   /* pin, onewire.correlation, data: bytes read */

	FIRMATA_SERIAL_CONFIG, /* port, serial */
	FIRMATA_SERIAL_WRITE,  /* port, data */
	FIRMATA_SERIAL_READ,   /* port, on: 0 = on, 1 = stop; serial.max_bytes if has_max */
	FIRMATA_SERIAL_REPLY,  /* port, data */
	FIRMATA_SERIAL_CLOSE,  /* port */
	FIRMATA_SERIAL_FLUSH,  /* port */
	FIRMATA_SERIAL_LISTEN, /* port */

	FIRMATA_TASK_CREATE,   /* task, value: length, 14 bits */
	FIRMATA_TASK_DELETE,   /* task */
	FIRMATA_TASK_ADD,      /* task, data: messages */
	FIRMATA_TASK_DELAY,    /* value: ms, 32 bits */
	FIRMATA_TASK_SCHEDULE, /* task, value: ms, 32 bits */
	FIRMATA_TASK_LIST_QUERY,
	FIRMATA_TASK_LIST,  /* data: ids */
	FIRMATA_TASK_QUERY, /* task */
	FIRMATA_TASK_STATE, /* task, schedule, data: messages */
	FIRMATA_TASK_RESET,
	FIRMATA_TASK_ERROR, /* as FIRMATA_TASK_STATE */
};

struct firmata_encoder {
	uint8_t device;
	bool is_negative;
	uint32_t steps; /* 28 bits */
};

/* accelStepper's float: (is_negative ? -1 : 1) * mantissa * 10^exponent */
struct firmata_float {
	bool is_negative;
	uint32_t mantissa; /* 23 bits */
	int8_t exponent;   /* -11..4 */
};

/*
 * One message. Only the fields that its type names are meaningful; decoding leaves
 * the others as they were, so that a channel message costs a few stores.
 */
struct firmata_message {
	enum firmata_type type;
	uint8_t id; /* of FIRMATA_SYSEX */
	union {
		uint8_t pin, channel, port, device, group, task;
	};
	uint8_t mode, on, interface;
	uint8_t groups; /* 7-bit groups of `value` on the wire */
	uint8_t major, minor;
	uint64_t value;
	union {
		struct {
			uint16_t min_us, max_us;
		};
		struct {
			enum firmata_i2c what;
			uint16_t address; /* 7 bits; 10 if is_ten_bit */
			uint8_t low;	  /* 7-bit address: ctl bits 2..0, a transaction number */
			bool is_ten_bit, restart;
			bool has_reg;	     /* reads: of a register */
			uint16_t reg, count; /* reads: 14 bits */
		} i2c;
		struct {
			uint16_t frequency_hz, duration_ms;
		} tone;
		uint8_t encoder_pins[2];
		struct firmata_encoder encoders[FIRMATA_ENCODERS_MAX];
		int32_t positions[FIRMATA_STEPPERS_MAX];
		struct firmata_float speed;
		struct {
			uint8_t direction;
			uint32_t steps; /* 21 bits */
			uint16_t speed; /* 0.01 rad/s */
			bool has_ramps;
			uint16_t acceleration, deceleration;
		} legacy;
		struct {
			uint8_t flags;
			uint8_t rom[8];			  /* with SELECT */
			uint16_t read_count, correlation; /* with READ */
			uint32_t delay_ms;		  /* with DELAY */
		} onewire;
		struct {
			uint32_t baud; /* 21 bits */
			bool has_pins, has_max;
			uint8_t rx, tx;
			uint16_t max_bytes;
		} serial;
		struct {
			bool is_known; /* else only the id came */
			uint32_t time_ms;
			uint16_t length, position;
		} schedule;
	};
	uint16_t count; /* of data, encoders or positions */
	uint8_t data[FIRMATA_DATA_MAX];
};

/*
 * One frame from the beginning of `bytes`. ERR_NONE and *used > 0: a message of so
 * many bytes. ERR_NONE and *used = 0: more bytes are needed. ERR_PROTOCOL: drop *used
 * bytes and go on. However a stream is cut, the same frames and errors come.
 */
enum err firmata_decode(enum firmata_direction direction, const uint8_t *bytes, size_t count,
	size_t *used, struct firmata_message *message);

/* Bytes written, 0 if `room` is too small or a field is out of its range. */
size_t firmata_encode(enum firmata_direction direction, const struct firmata_message *message,
	uint8_t *out, size_t room);

/* A stream: keeps what is left of a frame that was cut. Zeroed at the beginning. */
struct firmata_parser {
	size_t count;
	uint8_t bytes[FIRMATA_FRAME_MAX];
};

enum firmata_answer {
	FIRMATA_MORE,	 /* all bytes are taken, no frame is complete */
	FIRMATA_FRAME,	 /* *message is filled */
	FIRMATA_GARBAGE, /* something was dropped; go on */
};

/* Takes bytes from the front of *bytes, *count until there is an answer. */
enum firmata_answer firmata_next(struct firmata_parser *parser, enum firmata_direction direction,
	const uint8_t **bytes, size_t *count, struct firmata_message *message);

/* accelStepper's float of a number (nearest, within its range), and back. */
struct firmata_float firmata_float_from(double number);
double firmata_float_value(const struct firmata_float *number);

/* 8-bit bytes as a stream of 7-bit ones, lowest bits first (1-Wire, scheduler). */
size_t firmata_pack(const uint8_t *bytes, size_t count, uint8_t *out, size_t room);
size_t firmata_unpack(const uint8_t *bytes, size_t count, uint8_t *out, size_t room);

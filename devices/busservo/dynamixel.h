/*
 * Dynamixel Protocol 2.0, both directions: frames and the control table of the X series.
 * Pure functions; the driver and the virtual arm use them. Source: PROTOCOLS section 8.1
 * (ROBOTIS DynamixelSDK); registers marked (m) are from memory of the X series' table.
 *
 *   FF FF FD 00  id  length (2)  instruction  [error]  parameters  CRC-16 (2)
 *
 * length counts what follows it. FF FF FD from the instruction on gets another FD behind it
 * ("stuffing"), counted in length and CRC. Only a status has the error byte.
 */
#pragma once

#include "err.h"

#include <stddef.h>
#include <stdint.h>

enum {
	DYNAMIXEL_FRAME_MAX = 512, /* more than a sync write to 16 servos */
	DYNAMIXEL_PARAMS_MAX = DYNAMIXEL_FRAME_MAX - 10,
	DYNAMIXEL_STATUS_BYTES = 11, /* without parameters */
	DYNAMIXEL_ID_MAX = 0xFC,
	DYNAMIXEL_ALL =
		0xFE, /* broadcast: nobody answers but to ping and the sync and bulk reads */
};

enum dynamixel_instruction {
	DYNAMIXEL_PING = 0x01,	    /* -> model (2), firmware (1) */
	DYNAMIXEL_READ = 0x02,	    /* address (2), length (2) -> data */
	DYNAMIXEL_WRITE = 0x03,	    /* address (2), data */
	DYNAMIXEL_REG_WRITE = 0x04, /* the same, done at ACTION */
	DYNAMIXEL_ACTION = 0x05,
	DYNAMIXEL_FACTORY_RESET = 0x06, /* what (1) */
	DYNAMIXEL_REBOOT = 0x08,
	DYNAMIXEL_CLEAR = 0x10, /* what (1), key (4) */
	DYNAMIXEL_STATUS = 0x55,
	DYNAMIXEL_SYNC_READ = 0x82,  /* address (2), length (2), ids */
	DYNAMIXEL_SYNC_WRITE = 0x83, /* address (2), length (2), {id, data}* */
	DYNAMIXEL_BULK_READ = 0x92,  /* {id, address (2), length (2)}* */
	DYNAMIXEL_BULK_WRITE = 0x93, /* {id, address (2), length (2), data}* */
};

/* A status' error byte: a flag and one of these. */
enum {
	DYNAMIXEL_ALERT = 0x80, /* the servo's hardware protects itself */
	DYNAMIXEL_FAIL = 1,
	DYNAMIXEL_BAD_INSTRUCTION = 2,
	DYNAMIXEL_BAD_CRC = 3,
	DYNAMIXEL_BAD_RANGE = 4,
	DYNAMIXEL_BAD_LENGTH = 5,
	DYNAMIXEL_BAD_LIMIT = 6,
	DYNAMIXEL_NO_ACCESS = 7,
};

enum dynamixel_register {		  /* address; bytes */
	DYNAMIXEL_MODEL = 0,		  /* 2 (m) */
	DYNAMIXEL_FIRMWARE = 6,		  /* 1 (m) */
	DYNAMIXEL_ID = 7,		  /* 1 (m) */
	DYNAMIXEL_MODE = 11,		  /* 1 (m): 3 position, 5 position with a current limit */
	DYNAMIXEL_HEAT_LIMIT = 31,	  /* 1 (m) Cel */
	DYNAMIXEL_MAX_POSITION = 48,	  /* 4 (m) */
	DYNAMIXEL_MIN_POSITION = 52,	  /* 4 (m) */
	DYNAMIXEL_TORQUE = 64,		  /* 1: 0 off, 1 on */
	DYNAMIXEL_HARDWARE_ERROR = 70,	  /* 1 (m): bits below */
	DYNAMIXEL_PROFILE_VELOCITY = 112, /* 4 (m): 0.229 turns a minute; 0 = as fast as it can */
	DYNAMIXEL_GOAL = 116,		  /* 4 */
	DYNAMIXEL_LOAD = 126,		  /* 2 (m): 0.1 %, signed; some models: current */
	DYNAMIXEL_POSITION = 132,	  /* 4: 4096 a turn, signed */
	DYNAMIXEL_VOLTAGE = 144,	  /* 2 (m): 0.1 V */
	DYNAMIXEL_TEMPERATURE = 146,	  /* 1 (m): Cel */
	DYNAMIXEL_TABLE_BYTES = 147,
};

enum { /* bits of DYNAMIXEL_HARDWARE_ERROR (m) */
	DYNAMIXEL_ERROR_VOLTAGE = 0x01,
	DYNAMIXEL_ERROR_HEAT = 0x04,
	DYNAMIXEL_ERROR_OVERLOAD = 0x20,
};

#define DYNAMIXEL_VELOCITY_DEG_S (0.229 * 6) /* of one unit of the profile velocity */

struct dynamixel_message {
	uint8_t id, instruction;
	uint8_t error;	/* of a status */
	uint16_t count; /* of params */
	uint8_t params[DYNAMIXEL_PARAMS_MAX];
};

/*
 * One frame from the beginning of `bytes`. ERR_NONE and *used > 0: a message of so many
 * bytes. ERR_NONE and *used = 0: more bytes are needed. ERR_PROTOCOL: drop *used bytes and
 * go on. However a stream is cut, the same frames and errors come.
 */
enum err dynamixel_decode(
	const uint8_t *bytes, size_t count, size_t *used, struct dynamixel_message *message);
/* Bytes written, 0 if `room` is too small or a field is out of its range. */
size_t dynamixel_encode(const struct dynamixel_message *message, uint8_t *out, size_t room);

/* CRC-16 of polynomial 8005, from 0, highest bit first. */
uint16_t dynamixel_crc(const uint8_t *bytes, size_t count);

/* Begins a message: no parameters yet. */
void dynamixel_begin(struct dynamixel_message *message, uint8_t id, uint8_t instruction);
/* Appends a number of 1, 2 or 4 bytes; what finds no room makes the message unfit to encode. */
void dynamixel_add(struct dynamixel_message *message, unsigned bytes, uint32_t number);

/*
 * A virtual LEGO NXT brick; private to its files.
 *
 *   nxt.c          telegrams in and out, boot and sleep, sound, a program
 *   nxt_motors.c   three motors with regulation and tacho; B and C are the body's wheels
 *   nxt_sensors.c  four sensor ports, LEGO's standard sensors plugged in
 *   nxt_sonar.c    the ultrasonic sensor and its I2C bus
 */
#pragma once

#include "nxt/protocol.h"
#include "virtual/machine.h"

enum {
	BRICK_INPUT_MAX = 256,
	BRICK_SONAR_PORT = 3, /* where it is plugged in, from 0 */
	BRICK_SONAR_REGISTERS = 0x50,
};

struct brick_motor {
	struct nxt_output set;
	double speed;	    /* degrees a second; of A, and of all without a body */
	double turned;	    /* degrees since power came */
	double begun;	    /* turned when the limit began to count */
	double block, zero; /* turned when these were reset */
};

struct brick_port {
	uint8_t type, mode;
	int64_t set_us; /* when; valid a little later */
};

enum brick_bus_state { BUS_IDLE, BUS_BUSY, BUS_DONE, BUS_FAILED };

struct brick_bus {
	enum brick_bus_state state;
	int64_t done_us, ended_us; /* of this transaction, of the one before */
	bool acknowledged;
	uint8_t count;
	uint8_t bytes[NXT_LS_MAX];
};

struct brick {
	uint8_t input[BRICK_INPUT_MAX]; /* telegrams with their lengths, not looked at yet */
	size_t input_count;
	bool is_on;
	int64_t boot_us;    /* when the boot ends */
	int64_t answer_us;  /* when the next telegram is dealt with */
	int64_t moved_us;   /* the motors' time */
	int64_t awake_us;   /* when the sleep timer began */
	int64_t sound_us;   /* a tone sounds until then */
	int64_t program_us; /* a program on the brick turns B and C: its next step; 0 = none */
	int64_t reset_us;   /* ports and motors are reset once more then; 0 = no */
	char program[20], name[16];
	struct brick_motor motors[NXT_MOTORS];
	struct brick_port ports[NXT_PORTS];
	struct brick_bus buses[NXT_PORTS];
	uint8_t sonar[BRICK_SONAR_REGISTERS];
};

static inline struct brick *brick_of(const struct machine *machine)
{
	return machine->state;
}

/* nxt_motors.c */
void brick_motors_reset(struct machine *machine); /* coast, counters 0 */
void brick_motors_set(struct machine *machine, unsigned motor, const struct nxt_output *output);
void brick_motors_step(struct machine *machine, int64_t now_us);
struct nxt_output brick_motors_get(const struct machine *machine, unsigned motor);
void brick_motors_zero(struct machine *machine, unsigned motor, bool is_block);

/* nxt_sensors.c */
void brick_sensors_reset(struct machine *machine);
void brick_sensors_set(
	struct machine *machine, unsigned port, uint8_t type, uint8_t mode, int64_t now_us);
struct nxt_input brick_sensors_get(const struct machine *machine, unsigned port, int64_t now_us);

/* nxt_sonar.c: replies to LS_WRITE, LS_STATUS, LS_READ. */
void brick_sonar_reset(struct machine *machine);
void brick_bus_answer(struct machine *machine, const struct nxt_telegram *request,
	struct nxt_telegram *reply, int64_t now_us);

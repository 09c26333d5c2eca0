/*
 * The driver's state and what its files do for each other; private to the driver.
 *
 *   driver.c     the table; bytes in, commands to the files below
 *   handshake.c  from the first byte to ready; beats; reboots
 *   line.c       one request under way at a time, and how to be sure of the board again
 *   outputs.c    motors, lamps, servo, tones, infrared
 *   sensors.c    what is asked for, how often, and what the answers mean
 *   describe.c   properties and actions
 */
#pragma once

#include "../driver.h"
#include "protocol.h"

enum makeblock_phase {
	PHASE_LISTEN, /* nobody has said that this is an mBot */
	PHASE_SETTLE, /* it is one; its motors are being stopped */
	PHASE_RUNNING,
};

/* Properties, by their place in describe.c's table; also their tag. */
enum makeblock_part {
	PART_MOTOR_1,
	PART_MOTOR_2,
	PART_LINE,
	PART_LINE_1,
	PART_LINE_2,
	PART_DISTANCE,
	PART_LIGHT,
	PART_BUTTON,
	PART_RGB,
	PART_RGB_1,
	PART_RGB_2,
	PART_LED,
	PART_SERVO,
	PART_IR,
	PART_KEY,
	PART_SENSOR_1, /* ports 1 to 4 */
	PART_SENSOR_4 = PART_SENSOR_1 + 3,
	PART_FIRMWARE,
	PARTS,
};

enum makeblock_act {
	ACT_DRIVE,
	ACT_TURN,
	ACT_STOP,
	ACT_TONE,
	ACT_SEND_IR,
	ACT_SET_SENSOR,
};

enum { EVENT_REBOOTED };

/* What the board is asked for: one question each. */
enum makeblock_question {
	ASK_PORT_1, /* what is plugged into ports 1 to 4 */
	ASK_PORT_4 = ASK_PORT_1 + 3,
	ASK_LIGHT,
	ASK_IR,
	ASK_KEY,
	QUESTIONS,
};

enum {
	MAKEBLOCK_PORTS = 4,
	MAKEBLOCK_LAMPS = 2,
	MAKEBLOCK_IR_MAX = 20, /* characters: the board does nothing else for 90 ms each */
};

/* Actions that end with the same acknowledgement. */
struct makeblock_tokens {
	uint32_t token[KIT_PENDING_MAX];
	unsigned count;
};

enum makeblock_what {
	REQUEST_NONE,
	REQUEST_MOTORS, /* these are acknowledged */
	REQUEST_LAMP,
	REQUEST_SERVO,
	REQUEST_TONE,
	REQUEST_IR,
	REQUEST_QUESTION, /* these are answered, with their index */
	REQUEST_BEAT,
};

struct makeblock_request {
	enum makeblock_what what;
	unsigned which; /* question or lamp */
	bool is_void;	/* another sensor is at that port by now */
	uint8_t index;
	int64_t sent_us, deadline_us;
};

/* See line.c. */
struct makeblock_settling {
	bool is_on;
	uint8_t before, after; /* indexes of the two questions around the RESET */
	bool has_before;       /* the first was answered */
	unsigned acks;	       /* since then */
	unsigned tries;	       /* without an end */
	unsigned pieces;       /* sent in this try */
	int64_t began_us, deadline_us;
};

struct makeblock {
	struct makeblock_parser parser;
	int64_t byte_us; /* when its last byte came */
	enum makeblock_phase phase;
	int16_t property[PARTS]; /* index, -1 = not there */

	/* handshake */
	int64_t start_us, next_us; /* of the handshake; when to ask again */
	int64_t heard_us;	   /* last good frame */
	int64_t garbage_us, last_garbage_us;
	unsigned garbage;
	bool is_refused;
	uint8_t asked; /* index of the question for the version */

	/* line */
	uint8_t next_index;
	struct makeblock_request request;
	enum makeblock_what last; /* what was sent before */
	struct makeblock_settling settling;
	int64_t halt_us; /* when a stop was last asked for */
	struct makeblock_tokens stopping;

	/* outputs: as wished; due = the board does not know yet */
	int16_t motors[2]; /* left, right; forward is positive */
	bool motors_due;
	int64_t motors_us;			 /* when they were sent */
	struct makeblock_tokens driving, driven; /* wait; are under way */
	uint8_t lamps[MAKEBLOCK_LAMPS][3];
	bool lamps_due[MAKEBLOCK_LAMPS];
	uint8_t servo;
	bool servo_due;
	struct {
		uint16_t frequency_hz;
		unsigned left_ms; /* to play */
		uint32_t token;	  /* 0 = answered */
	} tone;
	struct {
		bool is_due;
		unsigned tries;
		uint32_t token; /* 0 = nobody waits */
		uint8_t count;
		uint8_t text[MAKEBLOCK_IR_MAX];
	} ir;

	/* sensors */
	uint8_t ports[MAKEBLOCK_PORTS]; /* kinds, by sensors.c's table */
	int64_t due_us[QUESTIONS];
	unsigned turn;	      /* the question asked last */
	bool asked_button;    /* since the board began */
	int64_t key_until_us; /* a remote's key counts as pressed until then */
};

static inline struct makeblock *makeblock_of(const struct kit *kit)
{
	return kit->driver_state;
}

/* driver.c */
void mb_tokens_add(struct makeblock_tokens *tokens, uint32_t token);
void mb_tokens_reply(struct kit *kit, struct makeblock_tokens *tokens, const struct why *why);
/* Sets a property that is there. */
void mb_part_set(struct kit *kit, enum makeblock_part part, const struct value *value);

/* describe.c */
void mb_describe_kit(struct kit *kit);

/* handshake.c */
void mb_handshake_start(struct kit *kit, int64_t now_us);
void mb_handshake_garbage(struct kit *kit, int64_t now_us);
/* Every good frame comes here first. False: it is dealt with. */
bool mb_handshake_take(struct kit *kit, const struct makeblock_message *message, int64_t now_us);
/* The board is settled: its motors stand, nothing is under way. */
void mb_handshake_settled(struct kit *kit);
void mb_handshake_tick(struct kit *kit, int64_t now_us);
/* Can it be moved now? */
enum err mb_handshake_need(const struct kit *kit, struct why *why);

/* line.c */
/* Sends what is most urgent, unless something is under way. */
void mb_line_pump(struct kit *kit, int64_t now_us);
/* Stops the motors at once and finds out where the board is. */
void mb_line_settle(struct kit *kit, bool in_doubt, int64_t now_us);
void mb_line_forget(struct kit *kit); /* the board began anew */
void mb_line_take(struct kit *kit, const struct makeblock_message *message, int64_t now_us);
void mb_line_tick(struct kit *kit, int64_t now_us);
/* It has not answered for so long that nothing may wait for it. */
bool mb_line_is_lost(const struct makeblock *makeblock);
/* False: no room. Data of GET and RUN begin with the device. */
bool mb_line_send(struct kit *kit, enum makeblock_action action, uint8_t index, const uint8_t *data,
	size_t count);
uint8_t mb_line_index(struct makeblock *makeblock); /* one that was not used for long */

/* outputs.c */
/* The most urgent output goes out: it fills *request. False: none is due, or no room. */
bool mb_outputs_send_motors(struct kit *kit, struct makeblock_request *request, int64_t now_us);
bool mb_outputs_send_signal(struct kit *kit, struct makeblock_request *request);
bool mb_outputs_send_tone(struct kit *kit, struct makeblock_request *request);
void mb_outputs_done(struct kit *kit, const struct makeblock_request *request);
void mb_outputs_lost(struct kit *kit, const struct makeblock_request *request);
/* Motors at rest: those that wait for them are answered with `why` (NULL = well). */
void mb_outputs_halt(struct kit *kit, const struct why *why);
/* All-stop: also lamps off, tones and texts ended. */
void mb_outputs_silence(struct kit *kit, const struct why *why);
/* The board's own rest after a reset. */
void mb_outputs_reset(struct kit *kit, const struct why *why);
void mb_outputs_show(struct kit *kit);	 /* sets the properties */
void mb_outputs_resend(struct kit *kit); /* the board may have forgotten them */
void mb_outputs_drive(struct kit *kit, double left, double right, uint32_t token);
enum err mb_outputs_write(struct kit *kit, enum makeblock_part part, const char *name,
	const struct value *value, struct why *why);
void mb_outputs_tone(struct kit *kit, double frequency_hz, double duration_s, uint32_t token);
enum err mb_outputs_send_ir(
	struct kit *kit, const struct value *text, uint32_t token, struct why *why);
bool mb_outputs_are_moving(const struct makeblock *makeblock);

/* sensors.c */
void mb_sensors_start(struct makeblock *makeblock);
const char *mb_sensors_words(void); /* "none|line|..." */
bool mb_sensors_has(const struct makeblock *makeblock, enum makeblock_part part);
void mb_sensors_plug(struct kit *kit, unsigned port, const char *word);
bool mb_sensors_are_due(const struct kit *kit, int64_t now_us);
bool mb_sensors_send(struct kit *kit, struct makeblock_request *request, int64_t now_us);
bool mb_sensors_send_beat(struct kit *kit, struct makeblock_request *request);
void mb_sensors_take(struct kit *kit, const struct makeblock_request *request,
	const struct makeblock_message *message, int64_t now_us);
/* The button is not known yet, or it was silent for a second. */
bool mb_sensors_need_beat(const struct makeblock *makeblock, int64_t now_us);
void mb_sensors_take_button(struct kit *kit, const struct makeblock_message *message);

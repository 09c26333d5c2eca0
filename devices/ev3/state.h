/*
 * The driver's state and what its files do for each other; private to the driver.
 *
 *   driver.c    the table; from the first question to ready
 *   exchange.c  commands and their answers, one at a time; lost ones; silence
 *   rest.c      bringing it to rest, and the proof
 *   orders.c    what users want of motors, lamp and loudspeaker
 *   poll.c      questions: what is plugged in, sensors, angles, battery
 *   sensors.c   what a reading means
 *   describe.c  properties and actions
 *
 * A brick that still runs a command drops the next one or lets it wait, by its firmware
 * (c_com.c): so every command asks for an answer, and the next one waits for it. Only a stop
 * does not wait; it is sent again until it is answered.
 *
 * Nothing that waits inside the brick is ever sent (INPUT_DEVICE READY, OUTPUT_READY): a
 * sensor that changes its mode would hold a stop up for 1.2 s.
 */
#pragma once

#include "../driver.h"
#include "protocol.h"

enum {
	MS_US = 1000,
	ANSWER_US = 150 * MS_US,    /* USB takes 3 ms, Bluetooth up to 100 */
	STOP_AGAIN_US = 40 * MS_US, /* a stop without an answer */
	PAUSE_US = 10 * MS_US,	    /* after a failure; between looks at turning motors */
	BEAT_US = 500 * MS_US,	    /* everything is asked for so often */
	FAST_US = 15 * MS_US,	    /* and what is watched: at every tick */
	ASK_US = 500 * MS_US,	    /* is there a brick? */
	REFUSE_US = 3000 * MS_US,   /* no */
	ASK_REFUSED_US = 2000 * MS_US,
	SETTLE_US = 1000 * MS_US, /* sensors tell what they are by then */
	ALIVE_US = 60 * 1000 * MS_US,
	BATTERY_BEATS = 10,
	TRIES_MAX = 3, /* of an order; misses until its values are old */
	LEFT = 1,      /* the wheels: motors B and C, as in LEGO's books */
	RIGHT = 2,
};

/* Where answers stand in the global variables: each thing has its place, asked for or not. */
enum ev3_place {
	AT_SENSOR = 0,	   /* 4 floats */
	AT_COUNT = 16,	   /* 4 i32 */
	AT_VOLTAGE = 32,   /* float */
	AT_STEPS = 36,	   /* 4 i32 */
	AT_SPEED = 52,	   /* 4 i8 */
	LOOK_GLOBALS = 56, /* room for all of these */
	AT_TYPE = 56,	   /* i8 of sensors, then of motors */
	AT_MODE = 64,
	AT_BATTERY = 72,
	AT_ALIVE = 73,
	AT_FIRMWARE = 74,
	FIRMWARE_ROOM = 16,
	POLL_GLOBALS = 92,
};

/* What a poll asks for; sensor and count: << port. */
enum ev3_ask {
	ASK_SENSOR = 0x1,
	ASK_COUNT = 0x10,
	ASK_SPEEDS = 0x100,
	ASK_TYPES = 0x200,
	ASK_BATTERY = 0x400,
	ASK_ALIVE = 0x800,
	ASK_FIRMWARE = 0x1000,
};

enum ev3_phase {
	PHASE_ASK,    /* is there a brick? */
	PHASE_SETTLE, /* yes; it stops, and finds out what is plugged in */
	PHASE_RUNNING,
};

enum ev3_job { JOB_NONE, JOB_POLL, JOB_ORDERS, JOB_LOOK };

enum ev3_reading {
	READ_NONE, /* nothing there, or not known yet */
	READ_RAW,  /* a sensor that we do not know, as it is set */
	READ_TOUCH,
	READ_REFLECTED,
	READ_AMBIENT,
	READ_COLOR,
	READ_DISTANCE,
	READ_ANGLE,
	READ_NEAR,
	READ_REMOTE,
	READ_SOUND,
};

/* A way to use a sensor: sensors.c lists them. */
struct ev3_sensor {
	uint8_t type;
	int8_t mode;
	const char *word; /* of set_sensor; NULL: a type that we do not know */
	enum ev3_reading reading;
};

enum ev3_cap {
	CAP_TOUCH,
	CAP_LIGHT,
	CAP_LINE,
	CAP_DISTANCE,
	CAP_HEADING,
	CAP_SOUND,
	CAP_KEY,
	CAPS
};

struct ev3_port {
	uint8_t type;			 /* as the brick says */
	const struct ev3_sensor *sensor; /* how it is used; NULL = not at all */
	double value;			 /* newest; NAN = not known */
	double zero;			 /* a gyro's first angle; NAN = none yet */
};

struct ev3_orders {
	uint8_t motors; /* set-points to be sent, a bit a motor */
	uint8_t counts; /* angles to be cleared */
	bool led, tone;
};

struct ev3_token {
	uint32_t token; /* 0 = free */
	bool is_sent;	/* with the orders under way */
};

enum ev3_rest {
	REST_NONE,
	REST_ASKED,  /* told to stop; no answer yet */
	REST_LOOKED, /* it has stopped its motors; do they stand? */
};

struct ev3 {
	struct ev3_parser parser;
	enum ev3_phase phase;
	bool is_refused;
	int64_t began_us, ask_us, settled_us;

	/* exchange */
	uint16_t counter; /* of the newest command */
	struct {
		enum ev3_job job;	   /* JOB_NONE: nothing is under way */
		uint16_t counter, globals; /* bytes of its answer */
		int64_t sent_us;
		uint32_t asked;		  /* JOB_POLL */
		struct ev3_orders orders; /* JOB_ORDERS */
	} flight;
	int64_t pause_us; /* after a failure: nothing but a stop is sent before */
	bool has_missed;  /* one, since the last tick */
	unsigned misses;  /* commands without an answer since the last answer */

	/* rest */
	enum ev3_rest rest;
	enum hold_level level;
	bool stop_is_unsent;
	uint16_t stop_counter;
	int64_t stop_us;
	int64_t look_us;   /* not before */
	bool was_standing; /* at the last look, with these angles: */
	int32_t steps[EV3_MOTORS];
	uint32_t stop_tokens[KIT_PENDING_MAX]; /* of action stop; 0 = free */

	/* orders */
	struct ev3_orders orders; /* not sent yet */
	unsigned tries;
	int8_t speeds[EV3_MOTORS]; /* set-points, percent */
	uint8_t led;		   /* 1 green, 2 red */
	uint16_t tone_hz, tone_ms;
	struct ev3_token tokens[KIT_PENDING_MAX];

	/* polls */
	int64_t beat_us, fast_us, alive_us;
	unsigned beats;
	struct ev3_port ports[EV3_SENSORS];
	uint8_t motors; /* plugged in, now or before */
	uint8_t sensors;
	uint8_t caps;	/* what some sensor gave, now or before */
	uint8_t probes; /* of lines, at most */

	/* properties: indexes, -1 = none */
	int cap_property[CAPS], line_property[EV3_SENSORS], sensor_property[EV3_SENSORS];
	int motor_property[EV3_MOTORS], turned_property[EV3_MOTORS];
	int moving_property, led_property, red_property, green_property, battery_property,
		voltage_property, firmware_property;
};

static inline struct ev3 *ev3_of(const struct kit *kit)
{
	return kit->driver_state;
}

/* Byte code that is being put together; it always fits. */
struct ev3_code {
	uint8_t bytes[256];
	size_t count;
};

/* exchange.c */
void ev3_put(struct ev3_code *code, const struct ev3_op *op);
#define EV3_PUT(into, opcode, ...)                                                                 \
	ev3_put(into,                                                                              \
		&(struct ev3_op){                                                                  \
			.code = (opcode),                                                          \
			.count = sizeof((struct ev3_param[]){__VA_ARGS__}) /                       \
				sizeof(struct ev3_param),                                          \
			.params = {__VA_ARGS__},                                                   \
		})
/* A command that wants an answer; *counter is its number. False: no room. */
bool ev3_send(struct kit *kit, const struct ev3_code *code, uint16_t globals, enum lane lane,
	uint16_t *counter);
void ev3_take(struct kit *kit, const struct ev3_message *message, int64_t now_us);
/* Sends what is most urgent, if anything may be sent now. */
void ev3_go(struct kit *kit, int64_t now_us);
/* The command under way is given up; what it was for is asked for again. */
void ev3_abandon(struct kit *kit);
/* One more command without an answer. */
void ev3_missed(struct kit *kit);

/* rest.c */
void rest_begin(struct kit *kit, enum hold_level level, int64_t now_us);
/* The stop is sent again when it is due. False: other commands may be sent. */
bool rest_insists(struct kit *kit, int64_t now_us);
void rest_take_stop(struct kit *kit, const struct ev3_message *message, int64_t now_us);
void rest_put_look(struct ev3_code *code);
void rest_take_look(struct kit *kit, const uint8_t *globals, int64_t now_us);
enum err rest_wait(struct kit *kit, uint32_t token, int64_t now_us, struct why *why);
/* It shall move again: rest is not proved any more. */
void rest_end(struct kit *kit);

/* orders.c */
enum err orders_write(struct kit *kit, const struct property *property, const struct value *value,
	int64_t now_us, struct why *why);
enum err orders_act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why);
bool orders_are_waiting(const struct ev3 *e);
/* Nothing is to move, and from HOLD_ALL on to shine or sound. */
void orders_forget(struct kit *kit, enum hold_level level);
/* What waits becomes the command under way. */
bool orders_send(struct kit *kit, int64_t now_us);
/* The answer to it, or none. */
void orders_done(struct kit *kit);
void orders_failed(struct kit *kit, const struct why *why);
/* The brick is silent: nothing that waits shall be done later. */
void orders_drop(struct kit *kit, const struct why *why);
void orders_again(struct ev3 *e);
void orders_show(struct kit *kit);

/* poll.c */
void poll_put(const struct kit *kit, struct ev3_code *code, uint32_t asked);
uint16_t poll_globals(uint32_t asked); /* bytes of the answer */
/* What is due now, as bits of enum ev3_ask; 0 = nothing. */
uint32_t poll_due(struct kit *kit, int64_t now_us);
void poll_take(struct kit *kit, uint32_t asked, const uint8_t *globals, int64_t now_us);
int32_t poll_i32(const uint8_t *globals, unsigned at);

/* sensors.c */
/* A type was plugged in: how it is used at first. NULL: nothing to read. */
const struct ev3_sensor *sensor_of_type(uint8_t type);
/* Which capabilities come from it, a bit each. */
uint8_t sensor_caps(const struct ev3_sensor *sensor);
enum err sensor_choose(struct kit *kit, unsigned port, const char *word, struct why *why);
/* Sets all that the ports in `asked` (ASK_SENSOR bits) have a part in. */
void ev3_sensors_show(struct kit *kit, uint32_t asked);
/* Ports that somebody watches, as ASK_SENSOR bits. */
uint32_t sensors_watched(const struct kit *kit);
extern const char *const sensor_words; /* choices of set_sensor */

/* describe.c */
enum ev3_tag { TAG_NONE, TAG_MOTOR, TAG_LED };
enum ev3_action {
	ACTION_DRIVE,
	ACTION_TURN,
	ACTION_STOP,
	ACTION_TONE,
	ACTION_RESET_ANGLE,
	ACTION_SET_SENSOR,
};
void ev3_describe(struct kit *kit);
/* Plugged in since it was described? Then it is described anew. */
void ev3_describe_more(struct kit *kit);
bool ev3_is_watched(const struct kit *kit, int property);

/* driver.c */
/* The brick has answered a poll, or stopped. */
void ev3_settle(struct kit *kit, int64_t now_us);

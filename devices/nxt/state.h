/*
 * The driver's state and what its files do for each other; private to the driver.
 *
 *   driver.c     the table; bytes in; who may send next
 *   exchange.c   requests and their replies; lost ones; what a bad status means
 *   life.c       from the first question to ready; beats; silence
 *   motors.c     set-points, turned angles, a program on the brick that is in the way
 *   hold.c       bringing it to rest, and the proof
 *   sensors.c    what is plugged in where; analog sensors
 *   sonar.c      the ultrasonic sensor on its I2C bus
 *   commands.c   what a kit does on request
 *   describe.c   properties and actions
 *
 * One request is under way at a time; its reply lets nxt_go_on() choose what is most urgent:
 * a hold, then set-points, commands, what is watched in turn, beats. Only a hold does not
 * wait for the reply under way.
 */
#pragma once

#include "../driver.h"
#include "protocol.h"

enum {
	MS_US = 1000,
	SECOND_US = 1000 * MS_US,
	FLIGHTS_MAX = 12,
	COMMANDS_MAX = KIT_PENDING_MAX + NXT_MOTORS,
	POLLS = NXT_MOTORS + NXT_PORTS,
	POLL_US = 15 * MS_US, /* what is watched is asked for at each tick */
	STANDS_US = 25 * MS_US, /* a motor that has not turned for so long stands */
	LEFT = 1,
	RIGHT = 2, /* the wheels: motors B and C, as in LEGO's books */
};

enum nxt_phase {
	PHASE_ASK,   /* is there a brick? */
	PHASE_GREET, /* yes; what is it, how is it */
	PHASE_RUNNING,
};

enum nxt_purpose { FOR_LIFE, FOR_HOLD, FOR_MOTOR, FOR_PROGRAM, FOR_COMMAND, FOR_SETUP, FOR_POLL };

/* A request that was sent and not answered yet. */
struct nxt_flight {
	struct nxt_telegram request;
	enum nxt_purpose purpose;
	bool is_again; /* the second try */
	int64_t deadline_us;
};

struct nxt_motor {
	int8_t power;		     /* set-point, -100..100 */
	uint32_t wanted, sent, done; /* numbers of set-points: the newest, ... */
	bool is_again;		     /* the one under way is the second try */
	int property, turned;	     /* indexes, -1 = none */
	int32_t rotation;	     /* as it last said */
	int64_t rotation_us; /* since when it is that; 0 = not known, or told to turn since */
	bool is_moving;
	int32_t rested; /* where it stood when it last was not moving */
	uint8_t late; /* questions for it whose answers may still come */
};

enum nxt_sonar_step { SONAR_SWITCH_ON, SONAR_ASK, SONAR_WAIT, SONAR_READ };

struct nxt_sonar {
	enum nxt_sonar_step step;
	bool is_on, has_failed;
	unsigned looks, failures;
	int64_t asked_us, next_us;
};

struct nxt_port {
	uint8_t kind;	/* index of sensor_kinds[] */
	uint8_t wanted; /* the kind that is to be set up */
	bool needs_setup;
	bool is_dark;	  /* a light sensor without its lamp */
	uint32_t token;	  /* of set_sensor, 0 = nobody waits */
	int property;	  /* "light"; -1 if another port has it, or there is none */
	int raw_property; /* "sensor.N" */
	struct nxt_sonar sonar;
};

enum nxt_action {
	ACTION_DRIVE,
	ACTION_TURN,
	ACTION_STOP,
	ACTION_TONE,
	ACTION_SET_SENSOR,
	ACTION_RESET_ANGLE,
};

enum nxt_tag { TAG_NONE, TAG_MOTOR, TAG_LED }; /* of properties: << 8 | number */
enum { EVENT_REBOOTED };

struct nxt_command {
	struct nxt_telegram request;
	uint32_t token; /* 0 = nobody waits, or a later part answers */
};

/* A drive or turn that is answered when its set-points are. */
struct nxt_drive {
	uint32_t token; /* 0 = free */
	uint32_t numbers[NXT_MOTORS];
};

enum nxt_hold_step { HOLD_SET, HOLD_PROGRAM, HOLD_SOUND, HOLD_LOOK };

struct nxt_hold {
	bool is_active;
	enum hold_level level;
	enum nxt_hold_step step;
	unsigned replies; /* to what was set */
	unsigned motor;	  /* asked last */
	unsigned looks;
	bool is_shown[NXT_MOTORS]; /* the motor has proved its rest */
	bool has_ended;		   /* a program on the brick */
	int64_t since_us, next_us;
	uint32_t tokens[KIT_PENDING_MAX]; /* of action stop; 0 = free */
};

struct nxt {
	struct nxt_parser parser;
	enum nxt_phase phase;
	bool is_refused;

	struct nxt_flight flights[FLIGHTS_MAX]; /* in the order in which they were sent */
	unsigned flight_count;
	unsigned misses; /* requests without an answer since the last answer */
	int64_t heard_us, began_us;

	/* life */
	unsigned greeting;		   /* what of it is done */
	int64_t ask_us;			   /* when to ask, in PHASE_ASK */
	int64_t beat_us;		   /* last one */
	bool beats_battery;		   /* the next beat asks for it */
	uint8_t beat_port;		   /* else about this one */
	int64_t alive_us, alive_period_us; /* KEEP_ALIVE */
	char name[16], bluetooth[18];
	struct nxt_telegram versions;
	double battery_v;
	int firmware_property, battery_property, voltage_property, moving_property, led_property,
		line_property;

	struct nxt_motor motors[NXT_MOTORS];
	unsigned set_in_turn; /* set-points sent since something else was */
	enum { PROGRAM_UNKNOWN, PROGRAM_RUNS, PROGRAM_NONE } program;
	struct nxt_drive drives[KIT_PENDING_MAX];
	struct nxt_hold hold;

	struct nxt_port ports[NXT_PORTS];
	int64_t ended_us; /* a program; 0 = never */
	int64_t polled_us[POLLS];
	unsigned poll_at; /* who is next */

	struct nxt_command commands[COMMANDS_MAX];
	unsigned command_count;
};

static inline struct nxt *nxt_of(const struct kit *kit)
{
	return kit->driver_state;
}

/* driver.c */
/* Sends what is most urgent, unless a request is under way. */
void nxt_go_on(struct kit *kit, int64_t now_us);
static inline bool nxt_is_watched(const struct kit *kit, int property)
{
	return property >= 0 && kit->properties[property].watchers > 0;
}
/* kit_set() of a property that may not exist. */
static inline void nxt_show(struct kit *kit, int property, struct value value)
{
	if (property >= 0) {
		kit_set(kit, property, &value);
	}
}

/* exchange.c */
/* False: no room. */
bool exchange_send(struct kit *kit, const struct nxt_telegram *request, enum nxt_purpose purpose,
	enum lane lane, int64_t now_us);
void exchange_take(struct kit *kit, const struct nxt_telegram *reply, int64_t now_us);
/* Requests of a purpose are not waited for any more: the port may have dropped them. */
void exchange_forget(struct kit *kit, enum nxt_purpose purpose);
/* Lost replies. */
void exchange_tick(struct kit *kit, int64_t now_us);
/* What a reply's status says; NULL = no reply came. ERR_NONE if all is well. */
enum err exchange_why(const struct kit *kit, const struct nxt_telegram *reply, struct why *why);

/* Each file below has the same two: *_next() sends its request if it has one (true: it did),
 * *_take() gets the reply, NULL: none came. */

/* life.c */
void life_start(struct kit *kit, int64_t now_us);
bool life_next(struct kit *kit, int64_t now_us);
bool life_next_beat(struct kit *kit, int64_t now_us);
void life_take(struct kit *kit, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us);
/* A reply came / did not come. */
void life_hear(struct kit *kit, int64_t now_us);
void life_miss(struct kit *kit, int64_t now_us);
/* The brick forgot what it was told. */
void life_restart(struct kit *kit, int64_t now_us);
void life_tick(struct kit *kit, int64_t now_us);

/* motors.c */
void motors_set(struct kit *kit, unsigned motor, double share);
void motors_drive(struct kit *kit, double left, double right, uint32_t token);
/* What turns is told so again. */
void motors_repeat(struct kit *kit);
/* Set-points 0 without sending them; who waits for a drive is answered. */
void motors_forget(struct kit *kit);
bool motors_next(struct kit *kit, int64_t now_us);
void motors_take(
	struct kit *kit, const struct nxt_telegram *request, const struct nxt_telegram *reply);
void motors_take_program(struct kit *kit, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us);
bool motors_is_watched(const struct kit *kit, unsigned motor);
/* What a motor says of itself. */
void motors_show(struct kit *kit, const struct nxt_telegram *reply, int64_t now_us);
/* A set-point's telegram: braked at 0, else regulated. */
struct nxt_telegram motors_output(unsigned motor, int8_t power);

/* hold.c */
void hold_begin(struct kit *kit, enum hold_level level, uint32_t token, int64_t now_us);
/* A new motion: what was to be proved is over. */
void hold_end(struct kit *kit);
bool hold_next(struct kit *kit, int64_t now_us);
void hold_take(struct kit *kit, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us);

/* sensors.c */
struct nxt_sensor_kind {
	const char *word; /* of set_sensor */
	uint8_t type, mode;
	const char *property; /* NULL = only sensor.N */
	enum value_type value_type;
};
extern const struct nxt_sensor_kind sensor_kinds[];
enum {
	KIND_OF_NONE,
	KIND_OF_TOUCH,
	KIND_OF_SOUND,
	KIND_OF_LIGHT,
	KIND_OF_SONAR,
	KIND_OF_TEMPERATURE,
	KIND_OF_COLOR,
	SENSOR_KINDS
};
#define SENSOR_WORDS "none|touch|sound|light|ultrasonic|temperature|color"

void sensors_start(struct kit *kit);
void sensors_choose(struct kit *kit, unsigned port, const char *word, uint32_t token);
enum err sensors_light(struct kit *kit, bool on, struct why *why);
/* All ports are told again what is plugged into them. */
void sensors_set_up(struct kit *kit);
/* A program on the brick was ended, which resets the ports. */
void sensors_program_ended(struct kit *kit, int64_t now_us);
bool sensors_is_setting_up(const struct kit *kit);
bool sensors_next_setup(struct kit *kit, int64_t now_us);
void sensors_take_setup(struct kit *kit, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us);
bool sensors_is_watched(const struct kit *kit, unsigned port);
bool sensors_poll(struct kit *kit, unsigned port, int64_t now_us);
void sensors_take(struct kit *kit, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us);
/* A reading: as "sensor.N", and by its name. */
void sensors_show(struct kit *kit, unsigned port, struct value named, double reading);

/* sonar.c */
bool sonar_next(struct kit *kit, unsigned port, int64_t now_us);
void sonar_take(struct kit *kit, unsigned port, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us);

/* commands.c */
enum err commands_act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why);
void commands_forget_sound(struct kit *kit);
bool commands_next(struct kit *kit, int64_t now_us);
void commands_take(struct kit *kit, const struct nxt_telegram *reply);

/* describe.c */
void nxt_describe_kit(struct kit *kit);

/*
 * A chain of bus servos as an arm: what Dynamixel and LX-16A have in common. A driver is
 * this and a struct chain_dialect that makes and reads the frames.
 *
 * One half-duplex wire: at most one request is under way, its answers are waited for, and
 * only then the next bytes go out; a hold waits for nothing but the end of an answer that
 * would drown it. Servos are found by asking
 * ids 1..16, joints are numbered by ascending id. What is due to be asked is a bit in each
 * servo (`due`); pump() (chain_ask.c) picks what goes out next.
 *
 * Numbers of a servo: position in its units (`units`); to people degrees, 0 = the middle.
 *
 *   chain.c          the driver's functions: start, bytes, time, watch
 *   chain_ask.c      requests, answers, what is missing
 *   chain_move.c     commands: goals, torque on without a jump, what is moving
 *   chain_hold.c     rest, and its proof
 *   chain_describe.c the description, and values to people
 *   chain_trouble.c  what is wrong with a servo, told as the kit's state
 */
#pragma once

#include "driver.h"

enum { CHAIN_SERVOS_MAX = 16, CHAIN_BYTES_MAX = 512 };

#define CHAIN_GENTLE_DEG_S 45.0
#define CHAIN_SLOWEST_DEG_S 1.0

/* What can be asked of a servo. A dialect has some of them. */
enum chain_what {
	ASK_PING,
	ASK_MOTION, /* position; load, where it is told */
	ASK_GOAL,   /* position and goal */
	ASK_TORQUE, /* torque; alert, where it is told */
	ASK_MODE,
	ASK_LIMITS,
	ASK_HEAT_LIMIT,
	ASK_HEALTH, /* temperature; voltage, where they come together */
	ASK_VOLTAGE,
	ASK_COUNT,
};

enum { /* which fields of struct chain_answer are told */
	TOLD_PING = 1 << 0,
	TOLD_MODEL = 1 << 1,
	TOLD_POSITION = 1 << 2,
	TOLD_GOAL = 1 << 3,
	TOLD_LOAD = 1 << 4,
	TOLD_TORQUE = 1 << 5,
	TOLD_MODE = 1 << 6,
	TOLD_LIMITS = 1 << 7,
	TOLD_HEAT_LIMIT = 1 << 8,
	TOLD_TEMPERATURE = 1 << 9,
	TOLD_VOLTAGE = 1 << 10,
	TOLD_ALERT = 1 << 11,
	TOLD_ERROR = 1 << 12,
};

enum chain_alert { ALERT_NONE, ALERT_HEAT, ALERT_OVERLOAD, ALERT_VOLTAGE, ALERT_OTHER };

struct chain_answer {
	unsigned told; /* 0: nothing that answers the request */
	uint8_t id;
	int position, goal, min, max;	/* units */
	double load;			/* -1..1 */
	double temperature, heat_limit; /* Cel */
	double voltage;			/* V */
	unsigned model, firmware;
	unsigned error;		   /* the protocol's number */
	bool torque, can_position; /* can_position: its mode lets it go to positions */
	enum chain_alert alert;
};

struct chain_request {
	enum chain_what what;
	uint16_t waiting;      /* servos that have not answered, as bits of their index */
	bool is_open, is_late; /* late: its time is over, and what came is being read */
	uint8_t tag;	       /* for the dialect: what the answer must look like */
	uint32_t number;       /* of the question, see chain->number */
	int64_t asked_us;
	int64_t over_us; /* the answers are on the wire until then */
	int64_t deadline_us;
};

struct chain_goal {
	uint8_t id;
	int from, to; /* units */
	double speed; /* deg/s, > 0 */
};

/* A servo language: pure functions. Encoders return bytes written, 0: nothing to say. */
struct chain_dialect {
	const char *model;	/* of the kit */
	int64_t latency_us;	/* of the adapter, one way */
	double degrees;		/* of a unit */
	int middle, top;	/* units; the lowest is 0 */
	int slack;		/* units by which a standing servo's readings differ */
	unsigned setup, health; /* bits 1 << ASK_...: once, every second */
	bool has_groups;	/* one request can ask many */
	bool tells_goal, tells_load;
	size_t (*ask)(const struct chain_request *request, const uint8_t *ids, size_t count,
		uint8_t *out, size_t room);
	/* Bytes of one servo's answer. */
	size_t (*answer_bytes)(enum chain_what what);
	/* As a codec's decode; answer->told = 0 for a frame that does not answer the request. */
	enum err (*decode)(const struct chain_request *request, const uint8_t *bytes, size_t count,
		size_t *used, struct chain_answer *answer);
	size_t (*go)(const struct chain_goal *goals, size_t count, uint8_t *out, size_t room);
	/* Stand where they are: goals[].to. count 0: all on the wire, where it can be said. */
	size_t (*halt)(const struct chain_goal *goals, size_t count, uint8_t *out, size_t room);
	size_t (*torque_on)(const uint8_t *ids, size_t count, uint8_t *out, size_t room);
	size_t (*torque_off)(uint8_t *out, size_t room); /* all on the wire */
};

struct chain_servo {
	uint8_t id;
	unsigned due;	 /* bits 1 << ASK_... */
	unsigned misses; /* questions without an answer, in a row */
	int64_t answered_us;
	bool is_missing, can_position, has_torque;
	int position, min, max; /* units */
	int64_t position_us;	/* when it was asked for; 0 = never told */
	int64_t seen_us;	/* when it was there, as well as is known */
	double temperature, heat_limit, voltage;
	unsigned model, firmware, error;
	enum chain_alert alert;

	/* Where it was told to go last. */
	int goal;
	double speed;	    /* deg/s of a move that may be under way; 0 = none is */
	int64_t arrives_us; /* when that is over; 0 = not known */
	unsigned tries;	    /* left to have the goal taken; 0 = it is, or was given up */
	uint32_t told_number;
	/* Where it was seen standing, and since when. */
	int still;
	int64_t still_us;

	bool is_wanted; /* a goal that was asked for and not sent yet */
	int wanted;
	double wanted_speed;
	enum { ALIGN_ASK, ALIGN_TELL, ALIGN_DONE } align; /* before torque comes on */

	bool is_frozen, is_proved; /* of the hold under way */
	bool is_taken;		   /* its goal was seen to be where it shall stand */
	int proof;		   /* reading that the next one must equal */
	int64_t proof_us;	   /* when that was asked for; 0 = none yet */

	int joint; /* 1 at the base */
	int joint_property, load_property, temperature_property;
};

enum chain_phase {
	CHAIN_SCAN,  /* who is there? */
	CHAIN_SETUP, /* what are they? */
	CHAIN_RUN,
};

enum chain_trouble {
	TROUBLE_NONE,
	TROUBLE_SILENT,	 /* no servo answers */
	TROUBLE_MODE,	 /* a servo is no joint: it is in wheel mode */
	TROUBLE_ERROR,	 /* a servo answers with an error */
	TROUBLE_MISSING, /* a servo answers no more */
	TROUBLE_ALERT,	 /* a servo protects itself */
};

struct chain {
	const struct chain_dialect *dialect;
	enum chain_phase phase;
	struct chain_servo servos[CHAIN_SERVOS_MAX];
	unsigned count;
	enum chain_trouble trouble;
	unsigned trouble_servo; /* index */
	enum chain_alert trouble_alert;
	struct why trouble_why;
	int64_t again_us; /* SCAN: when to begin again; 0 = it is under way */

	struct chain_request request;
	uint32_t number; /* counts what was sent: answers to older questions are old */
	int64_t free_us; /* the wire stays silent until then */
	int64_t busy_us; /* what was sent is on the wire until then */
	unsigned what, turn[ASK_COUNT]; /* whose turn it is to be asked */
	bool is_group;			/* the last question to many was really to many */
	bool is_taking; /* an answer is being looked at: nothing is asked meanwhile */
	int64_t next_motion_us, next_health_us;
	size_t byte_count;
	uint8_t bytes[CHAIN_BYTES_MAX]; /* of a frame that was cut */

	struct {
		bool is_active, must_tell;
		enum hold_level level;
		uint32_t number; /* of what was told last; proof is what was asked later */
		unsigned token_count;
		uint32_t tokens[KIT_PENDING_MAX]; /* of actions that wait for the proof */
	} hold;
	bool is_waking;	       /* torque is to come on */
	uint32_t align_number; /* as hold.number, for torque */
	unsigned pose_count;
	uint32_t poses[KIT_PENDING_MAX]; /* of poses that wait until their goals are taken */

	int grip_property, moving_property, voltage_property; /* -1 = none */
};

static inline struct chain *chain_of(const struct kit *kit)
{
	return kit->driver_state;
}

static inline unsigned chain_bit(enum chain_what what)
{
	return 1U << what;
}

/* What is asked to see that something told was taken. */
static inline unsigned chain_look(const struct chain *chain)
{
	return chain_bit(chain->dialect->tells_goal ? ASK_GOAL : ASK_MOTION);
}

/*
 * What the drivers' tables have in common. No USB ids and no evidence: an adapter's chip is in
 * many things, servos say nothing by themselves, and nobody asks an unknown port. A person
 * chooses such a driver.
 */
#define CHAIN_FUNCTIONS                                                                            \
	.state_size = sizeof(struct chain), .feed = chain_feed, .write = chain_write,              \
	.act = chain_act, .watch = chain_watch, .tick = chain_tick, .hold = chain_hold,            \
	.stop = chain_stop

/* ---- chain.c: of the driver's table ---- */

void chain_start(struct kit *kit, const struct chain_dialect *dialect, int64_t now_us);
void chain_feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us);
void chain_watch(struct kit *kit, const struct property *property, bool on, int64_t now_us);
int64_t chain_tick(struct kit *kit, int64_t now_us);
void chain_stop(struct kit *kit, int64_t now_us);
/* Asks who is there; wait_us: not before. */
void chain_scan(struct chain *chain, int64_t wait_us);

/* ---- chain_ask.c ---- */

/* Says or asks what is next, if the wire is free. */
void chain_pump(struct kit *kit, int64_t now_us);
void chain_take(struct kit *kit, const struct chain_answer *answer, int64_t now_us);
/* The request's time is over. */
void chain_miss(struct kit *kit, int64_t now_us);
/* These bits 1 << ASK_... of all servos that are there. */
void chain_want(struct chain *chain, unsigned due);
bool chain_send(
	struct kit *kit, const uint8_t *bytes, size_t count, enum lane lane, int64_t now_us);

/* ---- chain_move.c: of the driver's table, then for the others ---- */

enum err chain_write(struct kit *kit, const struct property *property, const struct value *value,
	int64_t now_us, struct why *why);
enum err chain_act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why);
/* Sends what is wanted, or what it needs first. */
void chain_move(struct kit *kit, int64_t now_us);
/* A servo told where it is. */
void chain_moved(struct kit *kit, struct chain_servo *servo, const struct chain_answer *answer,
	int64_t now_us);
bool chain_is_moving(const struct chain *chain, int64_t now_us);
void chain_forget_moves(struct kit *kit);
/* Makes its place the servo's goal: where it was seen, or, on its way, where it is by now. */
void chain_stay(const struct chain *chain, struct chain_servo *servo, int64_t now_us);
/* For the wire: go to servo->goal, gently. */
struct chain_goal chain_goal_of(const struct chain_servo *servo);

/* ---- chain_hold.c: of the driver's table, then for the others ---- */

void chain_hold(struct kit *kit, enum hold_level level, int64_t now_us);
/* The same for the chain's own reasons: at the start, at trouble, for `stop` and `relax`. */
void chain_rest(struct kit *kit, enum hold_level level, int64_t now_us);
/* Says what has to be said again. */
void chain_hold_pump(struct kit *kit, int64_t now_us);
void chain_hold_take(struct kit *kit, struct chain_servo *servo, const struct chain_answer *answer,
	int64_t now_us);

/* ---- chain_describe.c ---- */

enum chain_tag { TAG_NONE = -1, TAG_GRIP = CHAIN_SERVOS_MAX }; /* joints: their index */
enum chain_action { ACTION_POSE, ACTION_STOP, ACTION_RELAX };

void chain_describe(struct kit *kit);
/* What an answer brought, to people. */
void chain_show(
	struct kit *kit, const struct chain_servo *servo, const struct chain_answer *answer);
void chain_show_moving(struct kit *kit, int64_t now_us);
double chain_degrees(const struct chain *chain, int position);

/* ---- chain_trouble.c ---- */

/* Which servo of a running chain is in trouble? */
void chain_judge(struct kit *kit, int64_t now_us);
/* Trouble becomes the kit's state, and brings the arm to rest when it is new or over. */
void chain_set_trouble(struct kit *kit, enum chain_trouble trouble, unsigned servo, int64_t now_us);
enum err chain_need_sound(const struct kit *kit, struct why *why);

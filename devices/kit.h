/*
 * A kit: one board or robot of the room, with its description (properties,
 * actions, events) and its newest values.
 *
 * Three parties meet here and never each other:
 *   the driver   describes the kit and reports: kit_describe..., kit_set,
 *                kit_event, kit_reply, kit_send, kit_ready, kit_refuse;
 *   the owner    (lab.c, or a test) moves bytes and time: kit_start, kit_feed,
 *                kit_tick, kit_lose, and gets bytes by `struct kit_owner`;
 *   the users    (daemon) read, write, act, watch, and listen by `struct kit_listener`.
 * No I/O and no clock here: the same code runs in the daemon, the fuzzer and the
 * replay test.
 *
 * A *sample* is all that one kit_feed() (or one write) brought, cut where a
 * property comes again, so that reading late loses nothing: kit->seq counts
 * samples, property->seq tells in which one the property last came, and
 * property->changed_seq in which one it last got another value.
 */
#pragma once

#include "lane.h"
#include "names.h"
#include "value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct driver;
struct kit;
struct wiring;

enum kit_state { /* API.md's words */
	KIT_ABSENT,  /* known, not plugged in */
	KIT_OPENING, /* its port is being opened */
	KIT_PROBING, /* open; not known yet what it is, or not yet described */
	KIT_READY,
	KIT_STALE,   /* silent for too long; values are old */
	KIT_LOST,    /* was here, its port is gone */
	KIT_REFUSED, /* cannot be driven; kit->why tells the person */
};

enum {
	KIT_ID_MAX = 32,      /* [a-z0-9][a-z0-9-]{0,31} */
	KIT_NAME_MAX = 23,    /* of a property, action, argument, event */
	KIT_PROPERTIES_MAX = 320,
	KIT_ARGS_MAX = 8,
	KIT_PENDING_MAX = 16, /* actions without an answer yet */
	KIT_WRITES_MAX = 256, /* writes whose bytes are not with the port yet */
	KIT_ACT_TIMEOUT_MS = 5000,
	KIT_CUTS_MAX = 64, /* samples of one feed; of a flood the newest values win */
};

struct property {
	char name[KIT_NAME_MAX + 1];
	const struct name *word; /* borrowed from the vocabulary: title, kind, default class */
	enum value_type type;
	const char *unit;        /* NULL = none; static or the wiring's */
	double min, max;         /* NAN = open */
	enum safety_class safety;
	bool readable, writable;
	int tag;                 /* the driver's own: a pin, a register */

	struct value value;      /* newest; text and vector in `storage` */
	int64_t t_us;            /* when it came (lab clock) */
	uint64_t seq;            /* sample in which it last came; 0 = never */
	uint64_t changed_seq;    /* sample in which it last changed */
	unsigned watchers;       /* users that want it reported */
	void *storage;           /* owned; NULL for plain types */
	struct value pending;    /* set-point that waits for the port; owned copy */
	bool has_pending;
};

struct argument {
	const char *name; /* static; in the vocabulary */
	enum value_type type;
	const char *unit;
	double min, max;
	bool optional;
	const char *choices; /* "input|pullup|output": for text arguments, NULL = free */
};

struct action {
	char name[KIT_NAME_MAX + 1];
	const struct name *word;
	enum safety_class safety;
	struct argument args[KIT_ARGS_MAX];
	unsigned arg_count;
	int tag;
	int timeout_ms; /* 0 = KIT_ACT_TIMEOUT_MS */
};

struct event {
	char name[KIT_NAME_MAX + 1];
	const struct name *word;
	enum value_type type; /* VALUE_NULL = no payload */
};

/* How far a kit is brought to rest. */
enum hold_level {
	HOLD_MOTION, /* a lease ended: what moves comes to rest; lamps and tones stay */
	HOLD_ALL,    /* all-stop: lamps and tones too */
	HOLD_KILL,   /* as HOLD_ALL, and motors without power: an arm sinks */
};

/* Who moves the kit's bytes. All borrowed; outlives the kit's running. */
struct kit_owner {
	/* Queues bytes for the wire: whole frames. False: no room (PORT_FULL) or no port. */
	bool (*send)(void *data, const uint8_t *bytes, size_t count, enum lane lane);
	/* Bytes still queued: while > 0 set-points wait in the kit, newest wins. */
	size_t (*backlog)(void *data);
	/* kit->state, description, wiring or label changed. */
	void (*changed)(void *data, struct kit *kit);
	/* kit->held_us changed: the kit proved its rest. May be NULL. */
	void (*held)(void *data, struct kit *kit);
};

/* Who listens to the kit (the bus). One listener a kit. */
struct kit_listener {
	void (*sample)(void *data, struct kit *kit);
	void (*event)(void *data, struct kit *kit, const struct event *event,
		const struct value *value, int64_t t_us);
};

/* The end of an action or a write; exactly one call each. why->code says how. */
typedef void kit_done_fn(void *data, const struct value *result, const struct why *why,
	int64_t t_us);

struct pending_act {
	const struct action *action; /* NULL = free place */
	kit_done_fn *done;
	void *data;
	int64_t deadline_us;
	uint32_t token;
};

struct pending_write {
	kit_done_fn *done; /* NULL = forgotten */
	void *data;
};

struct kit {
	char id[KIT_ID_MAX + 1];
	char label[KIT_ID_MAX + 1]; /* "" = none given */
	char model[KIT_ID_MAX + 1]; /* "uno", "" = not known yet */
	char seat[32];              /* what the room calls its place; else its socket; "" = unknown */
	char socket[32];            /* USB topology, "1-1.2"; "" = not on USB */
	char serial[64];            /* its USB serial number, "" = none */
	char self[96];              /* who it says it is (a brick's Bluetooth address); "" = it cannot */
	char port[128];             /* for people: "/dev/ttyACM0", "" = none */
	char program[96];           /* firmware's name and version */
	char identity[128];         /* what the store remembers it by */
	char wiring[KIT_ID_MAX + 1]; /* profile chosen, "" = raw pins only */
	enum kit_state state;
	struct why why; /* of stale, lost, refused */

	const struct driver *driver; /* NULL while not known */
	void *driver_state;          /* owned; driver->state_size bytes */
	const struct wiring *profile; /* borrowed from the daemon's store; NULL = none */
	unsigned sampling_ms;         /* wished by the port SPEC; 0 = the driver's default */

	struct property *properties; /* owned */
	size_t property_count;
	struct action *actions; /* owned */
	size_t action_count;
	struct event *events; /* owned */
	size_t event_count;
	uint32_t description; /* counts descriptions: a user's indexes are of one of them */

	bool is_running; /* its driver works on an open port: from kit_start() to kit_lose() */
	bool is_virtual; /* kitlab-virtual plays it */
	bool is_packet; /* a USB port: one kit_send is one transfer, one feed likewise */
	enum hold_level hold_level; /* of the last hold */
	int64_t hold_us;            /* when it was asked for; 0 = never */
	int64_t held_us;            /* when the kit proved its rest; before hold_us = not yet */

	uint64_t seq;   /* samples so far */
	int64_t t_us;   /* of the newest sample */
	uint64_t bad_frames, bad_values, bytes_in, bytes_out; /* counted for /metrics */

	const struct kit_owner *owner;
	void *owner_data;
	const struct kit_listener *listener;
	void *listener_data;
	void *bus_kit; /* the bus's record of this kit */
	void *guard;   /* the safety gate's */

	/* kit.c's own */
	struct pending_act acts[KIT_PENDING_MAX];
	struct pending_write *writes; /* owned, KIT_WRITES_MAX once there was one */
	size_t write_count;
	struct property *old_properties; /* owned, while it is described anew */
	size_t old_property_count;
	uint32_t next_token;
	int64_t now_us;       /* of the call under way */
	int64_t next_tick_us; /* when the driver wants time again; 0 = soon */
	enum lane lane;       /* of what the driver sends now */
	int depth;            /* of calls into the driver; a sample ends with the outermost */
	int cuts;             /* samples that the feed under way was cut into */
	bool has_sample;
};

struct kit *kit_create(const char *id);
void kit_destroy(struct kit *kit); /* pending acts and writes end with `lost` */

const char *kit_state_name(enum kit_state state);

/* ---- for users ---- */

/* Index or -1. */
int kit_find_property(const struct kit *kit, const char *name);
int kit_find_action(const struct kit *kit, const char *name);
int kit_find_event(const struct kit *kit, const char *name);

/* As above, but an error says what is wrong and which name is near. Also of the kit's state. */
enum err kit_need_property(const struct kit *kit, const char *name, int *index, struct why *why);
enum err kit_need_action(const struct kit *kit, const char *name, int *index, struct why *why);
/* ERR_NONE when ready or stale; else why the kit cannot be used now. */
enum err kit_need_usable(const struct kit *kit, struct why *why);

/* The newest value; null type when none came yet. ERR_LOST unless ready or stale. */
enum err kit_read(struct kit *kit, int property, struct value *value, int64_t *t_us,
	struct why *why);

/* Does anything of this kit need a lease? */
bool kit_has_motion(const struct kit *kit);

/*
 * Sets a property of class signal; those of class motion are `refused` here, and set by
 * the safety gate (kit_motion.h). `done` (may be NULL) comes when the bytes are with the port,
 * or a newer set-point has overtaken this one; maybe before kit_write returns.
 * At an error it is not called.
 */
enum err kit_write(struct kit *kit, int property, const struct value *value, int64_t now_us,
	kit_done_fn *done, void *data, struct why *why);

/*
 * Does an action of class signal (motion: as above). args[i] belongs to action->args[i]; null = not given.
 * `done` comes exactly once, maybe before kit_act returns; not if an error is returned.
 */
enum err kit_act(struct kit *kit, int action, const struct value *args, int64_t now_us,
	kit_done_fn *done, void *data, struct why *why);

/* Forget `data`'s answers (its client is gone): its done functions are not called any more. */
void kit_forget(struct kit *kit, void *data);

/* A counted wish to have a property reported. Balanced by the caller. */
void kit_watch(struct kit *kit, int property, int64_t now_us);
void kit_unwatch(struct kit *kit, int property, int64_t now_us);

/* ---- for the owner ---- */

/* Gives the kit its driver and starts it: state probing until kit_ready(). */
void kit_start(struct kit *kit, const struct driver *driver, int64_t now_us);
void kit_feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us);
/* Time for driver and time-outs: at least every 20 ms while the kit's port is open. */
void kit_tick(struct kit *kit, int64_t now_us);
/*
 * Brings the kit to its safe state, ahead of all that waits: set-points of motion that
 * wait are dropped, actions of motion under way end with `why`. Asking again is harmless.
 */
void kit_hold(struct kit *kit, enum hold_level level, const struct why *why, int64_t now_us);
/* Has the kit itself proved that it is at rest since the last hold? */
bool kit_is_held(const struct kit *kit);
/* Its last bytes before the port is closed; kit_hold() came before. */
void kit_stop(struct kit *kit, int64_t now_us);
void kit_drained(struct kit *kit, int64_t now_us); /* the port's queue is empty */
/* The port is gone: acts end with `lost`; values stay, as old. */
void kit_lose(struct kit *kit, enum kit_state state, const struct why *why, int64_t now_us);
void kit_set_state(struct kit *kit, enum kit_state state, const struct why *why);
/* Chooses a wiring profile (NULL = raw pins) and lets the driver describe anew. */
enum err kit_set_wiring(struct kit *kit, const struct wiring *profile, int64_t now_us,
	struct why *why);

/* ---- for the driver ---- */

/* Description: between begin and end. Watch counts and values of names that stay are kept. */
void kit_describe_begin(struct kit *kit);
struct property *kit_describe_property(struct kit *kit, const char *name, enum value_type type,
	bool readable, bool writable, int tag); /* defaults from the vocabulary; NULL over the ceiling */
struct action *kit_describe_action(struct kit *kit, const char *name, int tag);
void kit_describe_arg(struct action *action, const char *name, enum value_type type, double min,
	double max, bool optional, const char *choices);
/* Of two wheels: drive, turn, stop. */
void kit_describe_wheels(struct kit *kit, int drive_tag, int turn_tag, int stop_tag);
struct event *kit_describe_event(struct kit *kit, const char *name, enum value_type type);
void kit_describe_end(struct kit *kit);

/*
 * A property that is not its vocabulary's plain use (a wiring's range or class) is
 * changed by the driver in the struct that it got, before kit_describe_end().
 */

bool kit_send(struct kit *kit, const uint8_t *bytes, size_t count);
/* The same for what moves something, where the driver sends it later than the command came
 * (or with other things): a hold drops it while it waits. */
bool kit_send_motion(struct kit *kit, const uint8_t *bytes, size_t count);
/* The same in any lane: LANE_FIRST for what a hold still has to say after hold(). */
bool kit_send_lane(struct kit *kit, const uint8_t *bytes, size_t count, enum lane lane);
void kit_set(struct kit *kit, int property, const struct value *value);
void kit_emit(struct kit *kit, int event, const struct value *value);
/*
 * The kit's own answer or state shows that the last hold is done. Never said because
 * bytes were sent, and never for an answer to something older than the hold.
 */
void kit_held(struct kit *kit);
/* The answer to an action; an unknown token is ignored. why NULL = well. */
void kit_reply(struct kit *kit, uint32_t token, const struct value *result, const struct why *why);
void kit_ready(struct kit *kit);
void kit_stale(struct kit *kit, const struct why *why);
void kit_refuse(struct kit *kit, const struct why *why);

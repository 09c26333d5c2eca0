/*
 * What the files of the safety gate share; nobody else includes it.
 *
 *   safety.c         commands, time, what the lab tells
 *   safety_lease.c   leases
 *   safety_stop.c    the all-stop
 *   safety_checks.c  what must be well before a kit may move
 *
 * motion_limits.h has range, rate of change and the longest run without a person.
 */
#pragma once

#include "safety.h"

#include "motion_limits.h"
#include "loop.h"
#include "server.h"

enum {
	JUDGE_US = 20 * 1000,      /* leases are judged at least so often */
	STOP_REPEAT_US = 20 * 1000, /* an all-stop goes out three times */
	STOP_HOLDS = 3,
	PROOF_US = 100 * 1000, /* a lease's end without proof of rest: held again */
	PROOF_HOLDS = 3,
	STOPS_MAX = 65, /* the room and so many seats */
};

struct lease {
	struct lease *next;
	char id[LEASE_ID_MAX + 1];
	struct kit *kit;              /* borrowed */
	const struct wiring *profile; /* of the kit when the lease began */
	struct lease_holder *holder;  /* borrowed */
	int64_t ttl_us, fed_us;
	struct limits limits;
	struct limit_traces traces;
};

/* The gate's record of a kit. */
struct guard {
	struct lease *lease;     /* NULL = nobody may move it */
	int64_t person_us;       /* when a person last commanded it */
	enum kit_state state;    /* as last seen */
	int holds_left;          /* repeats of the last hold */
	int64_t next_hold_us;
	struct why hold_why;
	bool is_for_proof;       /* repeated only until the kit has proved its rest */
	bool is_confirmed;       /* at rest since the all-stop that covers it */
};

struct stop {
	char seat[32]; /* "" = the room */
	char by[LEASE_LABEL_MAX + 1];
	enum hold_level level;
	int64_t pressed_us, at_utc_ms;
};

struct stop_wait {
	struct stop_wait *next;
	char seat[32];
	safety_stopped_fn *done;
	void *data;
	int64_t deadline_us;
};

struct safety {
	struct server *server; /* borrowed */
	struct loop_timer *timer;
	struct lease *leases; /* owned */
	size_t lease_count;
	struct stop stops[STOPS_MAX];
	size_t stop_count;
	struct stop_wait *waits; /* owned */
	bool is_holding;         /* some kit is to be held again */
	bool is_dirty;           /* the room is to be told */
	int64_t told_us;         /* when it last was */
	uint64_t presses;
};

/* safety.c */
struct guard *guard_of(struct kit *kit);
const struct guard *guard_if(const struct kit *kit); /* NULL = never looked at */
void safety_need_time(struct safety *safety, int64_t now_us); /* the timer is set anew */
/* Holds the kit now, and again: `holds` times in all. */
void guard_hold(struct kit *kit, enum hold_level level, int holds, const struct why *why,
	int64_t now_us);

/* safety_lease.c */
void lease_end(struct safety *safety, struct lease *lease, enum lease_end end, const char *by,
	int64_t now_us);
/* The holder's lease of that id, alive and not yet fed; NULL and *why. */
struct lease *lease_need(struct safety *safety, struct lease_holder *holder, const char *id,
	int64_t now_us, struct why *why);
void leases_judge(struct safety *safety, int64_t now_us);
int64_t leases_due_us(const struct safety *safety); /* of the first that would end; INT64_MAX */

/* safety_stop.c */
/* The stop that covers the kit, the worse one of two; NULL = none. */
const struct stop *stop_of(const struct safety *safety, const struct kit *kit);
void stops_tick(struct safety *safety, int64_t now_us);
void stops_end(struct safety *safety); /* answers all that wait */
bool stops_need_time(const struct safety *safety);

/* safety_checks.c */
enum err checks_pass(struct safety *safety, struct kit *kit, const struct lease_holder *holder,
	bool takes, int64_t now_us, struct why *why);

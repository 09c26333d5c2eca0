/*
 * The safety gate: the one way by which the daemon commands kits, holds them and
 * lets them go again (SAFETY.md, S1 to S10).
 *
 * Motion needs a *lease*: a holder (a connection, a run of a script, a program
 * over HTTP) may move one kit as long as it feeds the lease. Leases are judged by
 * age on the lab clock, at least every 20 ms and before each use, so that a loop
 * that stalled ends them and never renews them. The *all-stop* holds every kit of
 * the room or of a seat, ends all leases, and refuses every command until a
 * teacher clears it. *Limits* and *checks* say no in plain words.
 *
 * Nothing here waits for disk, network or hashing. Every call carries the lab
 * clock's time, so that tests own it.
 */
#pragma once

#include "kit.h"

#include <cjson/cJSON.h>

struct safety;
struct server;

enum {
	LEASE_TTL_MS = 300,
	LEASE_TTL_MIN_MS = 50,
	LEASE_TTL_MAX_MS = 1000,
	LEASE_ID_MAX = 32,
	LEASE_LABEL_MAX = 47,
};

/* Why a lease ended; the words of `lease.lost` are lease_end_name()'s. */
enum lease_end {
	LEASE_RELEASED,   /* given back; the holder is not told */
	LEASE_EXPIRED,    /* not fed in time */
	LEASE_TAKEN,      /* a teacher took the kit */
	LEASE_STOPPED,    /* all-stop */
	LEASE_LOST,       /* the kit is gone, silent, began anew or was wired anew */
	LEASE_UNATTENDED, /* too long without a person */
};

const char *lease_end_name(enum lease_end end);

/* What a holder hears when its lease ends and it did not ask for that. */
struct lease_loss {
	const char *lease;
	struct kit *kit;
	enum lease_end end;
	const char *by;  /* label of who did it, "" = nobody */
	struct why why;
};

/*
 * Who holds leases: embedded in a client, a run, ... Its owner fills it, and calls
 * safety_forget() before it goes.
 */
struct lease_holder {
	char label[LEASE_LABEL_MAX + 1]; /* what others are told */
	const char *user;    /* borrowed; of a program over HTTP: whose leases it may name */
	const char *lesson;  /* course case, for its limits; NULL = none */
	bool is_run;         /* a script: what it does is no person's act */
	bool is_http;        /* all programs without a connection: leases end by age */
	bool is_staff;       /* may take a kit over */
	int64_t person_us;   /* when a person last acted through it */
	void (*lost)(struct lease_holder *holder, const struct lease_loss *loss); /* may be NULL */
	void *data;
};

struct safety *safety_create(struct server *server);
void safety_destroy(struct safety *safety); /* NULL is fine */

/* ---- leases ---- */

/*
 * Gives the holder a lease of the kit, or says which check failed. Who holds it already gets the same
 * one. take: from whoever has it (staff only). *id is borrowed and stays as long as the lease.
 */
enum err safety_lease(struct safety *safety, struct kit *kit, struct lease_holder *holder,
	int ttl_ms, bool take, int64_t now_us, const char **id, struct why *why);
enum err safety_feed(struct safety *safety, struct lease_holder *holder, const char *id,
	int64_t now_us, struct why *why);
enum err safety_release(struct safety *safety, struct lease_holder *holder, const char *id,
	int64_t now_us, struct why *why);
/* All that the holder has: its scheduler answered; it goes (each kit is held at once). */
void safety_feed_all(struct safety *safety, struct lease_holder *holder, int64_t now_us);
void safety_forget(struct safety *safety, struct lease_holder *holder, int64_t now_us);

/* The id of the lease that the holder has of the kit; NULL = none that lives. */
const char *safety_lease_of(struct safety *safety, const struct kit *kit,
	const struct lease_holder *holder, int64_t now_us);
bool safety_holds_any(const struct safety *safety, const struct lease_holder *holder);
/* Who may move the kit now, for its row; NULL = nobody. */
const char *safety_holder_of(const struct kit *kit);

/* ---- commands ---- */

/*
 * As kit_write() and kit_act(), for either class: judged by all-stop, lease and limits. `lease` NULL
 * or "": none is named. The action `stop` is always allowed.
 */
enum err safety_write(struct safety *safety, struct kit *kit, int property,
	const struct value *value, struct lease_holder *holder, const char *lease, int64_t now_us,
	kit_done_fn *done, void *data, struct why *why);
enum err safety_act(struct safety *safety, struct kit *kit, int action, const struct value *args,
	struct lease_holder *holder, const char *lease, int64_t now_us, kit_done_fn *done,
	void *data, struct why *why);
/* May anything be commanded on this kit (NULL: in the room at all)? ERR_STOPPED if not. */
enum err safety_need_running(const struct safety *safety, const struct kit *kit, struct why *why);

/* ---- all-stop ---- */

typedef void safety_stopped_fn(void *data);

/* The seat that a stop names; what is too long for any seat means the room. */
const char *safety_stop_seat(const char *seat);
/*
 * Stops the room (seat "") or a seat: everything is held before this returns. HOLD_KILL from somebody
 * who is not staff counts only as a second press within 2 s, else as HOLD_ALL. `done`
 * comes once: when all kits have confirmed, at the latest after 250 ms.
 */
void safety_stop(struct safety *safety, const char *seat, enum hold_level level, const char *by,
	bool is_staff, int64_t now_us, safety_stopped_fn *done, void *data);
/* Lets the room and all seats (seat "") or one seat go on. Nothing moves by itself. */
void safety_clear(struct safety *safety, const char *seat, int64_t now_us);
/* {confirmed, unconfirmed} of the kits that a stop of the room or of a seat concerns. */
cJSON *safety_stop_result(const struct safety *safety, const char *seat);
/* room.watch's answer. */
cJSON *safety_room(const struct safety *safety);

/* ---- checks ---- */

/* [{id, title, passed, hint?}]: what a lease of this kit would be refused for. */
cJSON *safety_checks(struct safety *safety, struct kit *kit, const struct lease_holder *holder,
	enum lang lang, int64_t now_us);

/* ---- from the lab ---- */

void safety_kit_changed(struct safety *safety, struct kit *kit, int64_t now_us);
void safety_kit_held(struct safety *safety, struct kit *kit);
void safety_kit_gone(struct safety *safety, struct kit *kit); /* also after the gate's end: NULL */

/* A person does something with the kit: it is not left alone. */
void safety_person(struct kit *kit, int64_t now_us);
/* Time: judges leases, repeats holds, answers stops. Called by its own timer. */
void safety_tick(struct safety *safety, int64_t now_us);

/* For /metrics. */
size_t safety_lease_count(const struct safety *safety);
uint64_t safety_stop_count(const struct safety *safety);
bool safety_is_stopped(const struct safety *safety);

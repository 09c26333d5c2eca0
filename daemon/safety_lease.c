/*
 * Leases: leave to move one kit, for as long as it is fed; see safety.h.
 *
 * A lease is fed by what shows that somebody still means it: a command that names
 * it, lease.feed, the answers of a script's scheduler. Age is judged before each
 * feed, so that what comes late never revives it.
 */
#include "safety_private.h"

#include "bus.h"
#include "clock.h"
#include "config.h"
#include "log.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

const char *lease_end_name(enum lease_end end)
{
	static const char *const names[] = {
		[LEASE_RELEASED] = "released",
		[LEASE_EXPIRED] = "expired",
		[LEASE_TAKEN] = "taken",
		[LEASE_STOPPED] = "stopped",
		[LEASE_LOST] = "lost",
		[LEASE_UNATTENDED] = "unattended",
	};

	return names[end];
}

static void say_end(const struct safety *safety, const struct lease *lease, enum lease_end end,
	const char *by, struct why *why)
{
	const char *kit = lease->kit->id;

	switch (end) {
	case LEASE_RELEASED:
		why_set(why, ERR_LOST, MSG_LEASE_RELEASED, kit);
		break;
	case LEASE_EXPIRED:
		why_set(why, ERR_LOST, MSG_LEASE_EXPIRED, kit);
		break;
	case LEASE_TAKEN:
		why_set(why, ERR_LOST, MSG_LEASE_TAKEN, by, kit);
		break;
	case LEASE_STOPPED:
		if (!safety_need_running(safety, lease->kit, why)) {
			why_set(why, ERR_STOPPED, MSG_ROOM_STOPPED, by);
		}
		break;
	case LEASE_LOST:
		why_set(why, ERR_LOST, MSG_LEASE_LOST, kit);
		break;
	case LEASE_UNATTENDED:
		why_set(why, ERR_LIMIT, MSG_LEASE_UNATTENDED, kit, (int)lease->limits.unattended_s);
		break;
	}
}

void lease_end(struct safety *safety, struct lease *lease, enum lease_end end, const char *by,
	int64_t now_us)
{
	struct lease_holder *holder = lease->holder;
	struct kit *kit = lease->kit;
	struct lease_loss loss = {.lease = lease->id, .kit = kit, .end = end, .by = by};
	struct lease **at = &safety->leases;

	say_end(safety, lease, end, by, &loss.why);
	while (*at != lease) {
		at = &(*at)->next;
	}
	*at = lease->next;
	safety->lease_count--;
	guard_of(kit)->lease = NULL;
	guard_hold(kit, HOLD_MOTION, PROOF_HOLDS, &loss.why, now_us);
	safety->is_holding = true;
	if (end != LEASE_RELEASED) {
		log_info("%s: the lease of %s ended: %s", kit->id, holder->label,
			lease_end_name(end));
	}
	if (end != LEASE_RELEASED && holder->lost) {
		holder->lost(holder, &loss);
	}
	free(lease);
	bus_kit_changed(safety->server->bus, kit);
	safety_need_time(safety, now_us);
}

/* ---- age ---- */

static bool is_expired(const struct lease *lease, int64_t now_us)
{
	return now_us - lease->fed_us >= lease->ttl_us;
}

static bool is_unattended(const struct lease *lease, int64_t now_us)
{
	int64_t holder_us = lease->holder->person_us, kit_us = guard_if(lease->kit)->person_us;
	int64_t person_us = holder_us > kit_us ? holder_us : kit_us;

	return (double)(now_us - person_us) / 1e6 >= lease->limits.unattended_s;
}

/* Ends it when it is too old; true: it lives. */
static bool judge(struct safety *safety, struct lease *lease, int64_t now_us)
{
	if (is_expired(lease, now_us)) {
		lease_end(safety, lease, LEASE_EXPIRED, "", now_us);
		return false;
	}
	if (is_unattended(lease, now_us)) {
		lease_end(safety, lease, LEASE_UNATTENDED, "", now_us);
		return false;
	}
	return true;
}

/* An end may take others with it: after each the list is looked at anew. */
void leases_judge(struct safety *safety, int64_t now_us)
{
	struct lease *lease = safety->leases;

	while (lease) {
		lease = judge(safety, lease, now_us) ? lease->next : safety->leases;
	}
}

int64_t leases_due_us(const struct safety *safety)
{
	int64_t due_us = INT64_MAX;

	for (const struct lease *lease = safety->leases; lease; lease = lease->next) {
		int64_t end_us = lease->fed_us + lease->ttl_us;

		due_us = end_us < due_us ? end_us : due_us;
	}
	return due_us;
}

/* ---- finding ---- */

static bool may_name(const struct lease_holder *holder, const struct lease *lease)
{
	return lease->holder == holder ||
		(holder->is_http && strcmp(lease->holder->user, holder->user) == 0);
}

struct lease *lease_need(struct safety *safety, struct lease_holder *holder, const char *id,
	int64_t now_us, struct why *why)
{
	struct lease *lease = safety->leases;

	while (lease && strcmp(lease->id, id) != 0) {
		lease = lease->next;
	}
	if (lease && !may_name(holder, lease)) {
		why_set(why, ERR_FORBIDDEN, MSG_LEASE_OTHERS);
		return NULL;
	}
	if (!lease || !judge(safety, lease, now_us)) {
		why_set(why, ERR_LOST, MSG_LEASE_OVER);
		return NULL;
	}
	return lease;
}

const char *safety_lease_of(struct safety *safety, const struct kit *kit,
	const struct lease_holder *holder, int64_t now_us)
{
	const struct guard *guard = guard_if(kit);
	struct lease *lease = guard ? guard->lease : NULL;

	return lease && lease->holder == holder && judge(safety, lease, now_us) ? lease->id : NULL;
}

bool safety_holds_any(const struct safety *safety, const struct lease_holder *holder)
{
	for (const struct lease *lease = safety->leases; lease; lease = lease->next) {
		if (lease->holder == holder) {
			return true;
		}
	}
	return false;
}

size_t safety_lease_count(const struct safety *safety)
{
	return safety->lease_count;
}

/* ---- taking, feeding, giving back ---- */

/* Nobody guesses it. False: the kernel has no randomness, so there is no lease. */
static bool make_id(char id[LEASE_ID_MAX + 1])
{
	unsigned char chance[LEASE_ID_MAX / 2];

	if (getrandom(chance, sizeof(chance), GRND_NONBLOCK) != (ssize_t)sizeof(chance)) {
		return false;
	}
	for (size_t i = 0; i < sizeof(chance); i++) {
		snprintf(id + 2 * i, 3, "%02x", chance[i]);
	}
	return true;
}

static enum err add_lease(struct safety *safety, struct kit *kit, struct lease_holder *holder,
	int ttl_ms, int64_t now_us, struct lease **added, struct why *why)
{
	const struct config *config = safety->server->config;
	struct lease *lease = xcalloc(1, sizeof(*lease));

	if (!make_id(lease->id)) {
		free(lease);
		return why_set(why, ERR_INTERNAL, MSG_NO_RANDOM);
	}
	lease->kit = kit;
	lease->profile = kit->profile;
	lease->holder = holder;
	lease->ttl_us = (int64_t)ttl_ms * 1000;
	lease->fed_us = now_us;
	limits_merge(config->limits, config->limit_count, kit->model, holder->lesson,
		&lease->limits);
	lease->next = safety->leases;
	safety->leases = lease;
	safety->lease_count++;
	guard_of(kit)->lease = lease;
	guard_of(kit)->holds_left = 0;
	*added = lease;
	return ERR_NONE;
}

enum err safety_lease(struct safety *safety, struct kit *kit, struct lease_holder *holder,
	int ttl_ms, bool take, int64_t now_us, const char **id, struct why *why)
{
	struct guard *guard = guard_of(kit);
	struct lease *lease = NULL;
	enum err err;

	if (guard->lease) {
		judge(safety, guard->lease, now_us);
	}
	if (take && !holder->is_staff) {
		return why_set(why, ERR_FORBIDDEN, MSG_LEASE_TAKE_STAFF);
	}
	err = checks_pass(safety, kit, holder, take, now_us, why);
	if (err) {
		return err;
	}
	if (!holder->is_run) {
		holder->person_us = now_us;
		safety_person(kit, now_us);
	}
	if (guard->lease && guard->lease->holder == holder && !holder->is_http) {
		lease = guard->lease;
		lease->fed_us = now_us;
		lease->ttl_us = (int64_t)ttl_ms * 1000;
		*id = lease->id;
		return ERR_NONE;
	}
	if (guard->lease) {
		lease_end(safety, guard->lease, LEASE_TAKEN, holder->label, now_us);
	}
	err = add_lease(safety, kit, holder, ttl_ms, now_us, &lease, why);
	if (err) {
		return err;
	}
	*id = lease->id;
	bus_kit_changed(safety->server->bus, kit);
	safety_need_time(safety, now_us);
	return ERR_NONE;
}

enum err safety_feed(struct safety *safety, struct lease_holder *holder, const char *id,
	int64_t now_us, struct why *why)
{
	struct lease *lease = lease_need(safety, holder, id, now_us, why);

	if (!lease) {
		return why->code;
	}
	lease->fed_us = now_us;
	return ERR_NONE;
}

void safety_feed_all(struct safety *safety, struct lease_holder *holder, int64_t now_us)
{
	struct lease *lease = safety->leases;

	while (lease) {
		if (lease->holder == holder && !judge(safety, lease, now_us)) {
			lease = safety->leases;
			continue;
		}
		if (lease->holder == holder) {
			lease->fed_us = now_us;
		}
		lease = lease->next;
	}
}

enum err safety_release(struct safety *safety, struct lease_holder *holder, const char *id,
	int64_t now_us, struct why *why)
{
	struct lease *lease = lease_need(safety, holder, id, now_us, why);

	if (!lease) {
		return why->code;
	}
	lease_end(safety, lease, LEASE_RELEASED, "", now_us);
	return ERR_NONE;
}

void safety_forget(struct safety *safety, struct lease_holder *holder, int64_t now_us)
{
	struct lease *lease = safety->leases;

	while (lease) {
		if (lease->holder == holder) {
			lease_end(safety, lease, LEASE_RELEASED, "", now_us);
			lease = safety->leases;
		} else {
			lease = lease->next;
		}
	}
}

/*
 * The all-stop: of the room, or of one seat; see safety.h.
 *
 * Pressing it ends scripts and leases, and holds every kit three times, 20 ms apart, in the lane
 * that goes ahead of all others. It stays until a teacher clears it. A kit is
 * `confirmed` when it has itself shown since then that it is at rest, and is still heard; all others that
 * are here are `unconfirmed`, and only cutting their power is sure.
 */
#include "safety_private.h"

#include "bus.h"
#include "clock.h"
#include "lab.h"
#include "log.h"
#include "rpc.h"
#include "script.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SECOND_PRESS_US = 2 * 1000 * 1000,
	ANSWER_US = 230 * 1000, /* and a turn of 20 ms */
};

static bool covers(const char *seat, const struct kit *kit)
{
	return !seat[0] || (kit && strcmp(seat, kit->seat) == 0);
}

const struct stop *stop_of(const struct safety *safety, const struct kit *kit)
{
	const struct stop *worst = NULL;

	for (size_t i = 0; i < safety->stop_count; i++) {
		const struct stop *stop = &safety->stops[i];

		if (covers(stop->seat, kit) && (!worst || stop->level > worst->level)) {
			worst = stop;
		}
	}
	return worst;
}

static struct stop *find_stop(struct safety *safety, const char *seat)
{
	for (size_t i = 0; i < safety->stop_count; i++) {
		if (strcmp(safety->stops[i].seat, seat) == 0) {
			return &safety->stops[i];
		}
	}
	return NULL;
}

bool safety_is_stopped(const struct safety *safety)
{
	return find_stop((struct safety *)safety, "") != NULL;
}

uint64_t safety_stop_count(const struct safety *safety)
{
	return safety->presses;
}

/* ---- what kits have confirmed ---- */

/* Is it here, and so in the lists of a stop? */
static bool is_listed(const struct kit *kit)
{
	return kit->state == KIT_PROBING || kit->state == KIT_READY || kit->state == KIT_STALE ||
		kit->state == KIT_REFUSED;
}

static bool is_confirmed(const struct kit *kit)
{
	const struct guard *guard = guard_if(kit);

	return kit->state == KIT_READY && guard && guard->is_confirmed;
}

static bool all_confirmed(const struct safety *safety, const char *seat)
{
	const struct lab *lab = safety->server->lab;

	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		const struct kit *kit = lab_kit(lab, i);

		if (is_listed(kit) && covers(seat, kit) && !is_confirmed(kit)) {
			return false;
		}
	}
	return true;
}

static void add_lists(const struct safety *safety, const char *seat, bool only_stopped,
	cJSON *json)
{
	const struct lab *lab = safety->server->lab;
	cJSON *confirmed = cJSON_AddArrayToObject(json, "confirmed");
	cJSON *unconfirmed = cJSON_AddArrayToObject(json, "unconfirmed");

	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		const struct kit *kit = lab_kit(lab, i);

		if (is_listed(kit) && covers(seat, kit) &&
			(!only_stopped || stop_of(safety, kit))) {
			cJSON_AddItemToArray(is_confirmed(kit) ? confirmed : unconfirmed,
				cJSON_CreateString(kit->id));
		}
	}
}

cJSON *safety_stop_result(const struct safety *safety, const char *seat)
{
	cJSON *json = cJSON_CreateObject();

	add_lists(safety, seat, false, json);
	return json;
}

/* ---- telling ---- */

static void add_stop(cJSON *json, const struct stop *stop)
{
	char at[CLOCK_UTC_TEXT];

	if (!stop) {
		cJSON_AddNullToObject(json, "level");
		cJSON_AddNullToObject(json, "by");
		cJSON_AddNullToObject(json, "at");
		return;
	}
	clock_utc_text(stop->at_utc_ms, at);
	cJSON_AddStringToObject(json, "level", stop->level == HOLD_KILL ? "kill" : "hold");
	cJSON_AddStringToObject(json, "by", stop->by);
	cJSON_AddStringToObject(json, "at", at);
}

cJSON *safety_room(const struct safety *safety)
{
	const struct stop *room = find_stop((struct safety *)safety, "");
	cJSON *json = cJSON_CreateObject();

	cJSON_AddBoolToObject(json, "stopped", room != NULL);
	add_stop(json, room);
	add_lists(safety, "", true, json);
	cJSON *seats = cJSON_AddArrayToObject(json, "seats");

	for (size_t i = 0; i < safety->stop_count; i++) {
		if (safety->stops[i].seat[0]) {
			cJSON *seat = cJSON_CreateObject();

			cJSON_AddStringToObject(seat, "seat", safety->stops[i].seat);
			add_stop(seat, &safety->stops[i]);
			cJSON_AddItemToArray(seats, seat);
		}
	}
	return json;
}

static bool watches_room(const struct client *client, const void *data)
{
	(void)data;
	return client->watches_room;
}

static void tell_room(struct safety *safety, int64_t now_us)
{
	const struct client *client = safety->server->clients;

	safety->is_dirty = false;
	safety->told_us = now_us;
	while (client && !client->watches_room) {
		client = client->next;
	}
	if (!client) {
		return;
	}
	cJSON *json = safety_room(safety);
	char *text = cJSON_PrintUnformatted(json);

	if (text) {
		bus_broadcast(safety->server, rpc_notification("room.changed", text, strlen(text)),
			watches_room, NULL);
	}
	cJSON_free(text);
	cJSON_Delete(json);
}

/* Many who press for fun cost the room one message in 20 ms. */
static void tell_room_soon(struct safety *safety, int64_t now_us)
{
	if (now_us - safety->told_us >= JUDGE_US) {
		tell_room(safety, now_us);
	} else {
		safety->is_dirty = true;
	}
}

/* ---- answering ---- */

static void answer(struct safety *safety, int64_t now_us)
{
	struct stop_wait **at = &safety->waits;

	while (*at) {
		struct stop_wait *wait = *at;

		if (now_us < wait->deadline_us && !all_confirmed(safety, wait->seat)) {
			at = &wait->next;
			continue;
		}
		*at = wait->next;
		wait->done(wait->data);
		free(wait);
		at = &safety->waits; /* what was done may have changed the list */
	}
}

void stops_end(struct safety *safety)
{
	answer(safety, INT64_MAX);
}

bool stops_need_time(const struct safety *safety)
{
	return safety->waits || safety->is_dirty;
}

void stops_tick(struct safety *safety, int64_t now_us)
{
	answer(safety, now_us);
	if (safety->is_dirty) {
		tell_room(safety, now_us);
	}
}

void safety_kit_held(struct safety *safety, struct kit *kit)
{
	struct guard *guard = guard_of(kit);

	if (!stop_of(safety, kit) || guard->is_confirmed) {
		return;
	}
	guard->is_confirmed = true;
	safety->is_dirty = true;
	answer(safety, kit->held_us);
	safety_need_time(safety, kit->held_us);
}

/* ---- pressing ---- */

/* The stop of that scope, new or worse or as it was. NULL: more seats than there can be. */
static struct stop *latch(struct safety *safety, const char *seat, enum hold_level level,
	const char *by, bool is_staff, int64_t now_us)
{
	struct stop *stop = find_stop(safety, seat);
	bool is_second = stop && now_us - stop->pressed_us <= SECOND_PRESS_US;

	if (level == HOLD_KILL && !is_staff && !is_second) {
		level = HOLD_ALL;
	}
	if (!stop) {
		/* There is always a place for the room's. */
		if (safety->stop_count >= (seat[0] ? STOPS_MAX - 1 : STOPS_MAX)) {
			return NULL;
		}
		stop = &safety->stops[safety->stop_count++];
		*stop = (struct stop){.level = level, .at_utc_ms = clock_utc_ms()};
		snprintf(stop->seat, sizeof(stop->seat), "%s", seat);
		snprintf(stop->by, sizeof(stop->by), "%s", by);
		log_warn("%s%s stopped by %s", seat[0] ? "seat " : "the room", seat, by);
	}
	stop->level = level > stop->level ? level : stop->level;
	stop->pressed_us = now_us;
	return stop;
}

static void end_leases(struct safety *safety, const char *seat, const char *by, int64_t now_us)
{
	struct lease *lease = safety->leases;

	while (lease) {
		if (covers(seat, lease->kit)) {
			lease_end(safety, lease, LEASE_STOPPED, by, now_us);
			lease = safety->leases;
		} else {
			lease = lease->next;
		}
	}
}

/* Those that have confirmed this level are at rest, and nobody could move them since. */
static void hold_kits(struct safety *safety, const struct stop *stop, bool is_worse,
	int64_t now_us)
{
	struct lab *lab = safety->server->lab;
	struct why why;

	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		struct kit *kit = lab_kit(lab, i);
		struct guard *guard = guard_of(kit);
		bool is_under_way = guard->holds_left > 0 && !guard->is_for_proof;

		if (!covers(stop->seat, kit) ||
			(!is_worse && (is_confirmed(kit) || is_under_way))) {
			continue;
		}
		guard->is_confirmed = false;
		safety_need_running(safety, kit, &why);
		guard_hold(kit, stop_of(safety, kit)->level, STOP_HOLDS, &why, now_us);
	}
	safety->is_holding = true;
}

const char *safety_stop_seat(const char *seat)
{
	return strlen(seat) < sizeof(((struct stop *)0)->seat) ? seat : "";
}

void safety_stop(struct safety *safety, const char *seat, enum hold_level level, const char *by,
	bool is_staff, int64_t now_us, safety_stopped_fn *done, void *data)
{
	const struct stop *before = find_stop(safety, seat);
	enum hold_level level_before = before ? before->level : HOLD_MOTION;
	struct stop *stop = latch(safety, seat, level, by, is_staff, now_us);

	if (!stop) { /* so many seats: then all of the room */
		seat = "";
		stop = latch(safety, seat, level, by, is_staff, now_us);
	}
	safety->presses++;
	end_leases(safety, seat, by, now_us);
	hold_kits(safety, stop, stop->level > level_before, now_us);
	if (safety->server->scripts) {
		scripts_stop(safety->server->scripts, seat, by);
	}
	struct stop_wait *wait = xcalloc(1, sizeof(*wait));

	wait->done = done;
	wait->data = data;
	wait->deadline_us = now_us + ANSWER_US;
	snprintf(wait->seat, sizeof(wait->seat), "%s", seat);
	wait->next = safety->waits;
	safety->waits = wait;
	tell_room_soon(safety, now_us);
	answer(safety, now_us);
	safety_need_time(safety, now_us);
}

void safety_clear(struct safety *safety, const char *seat, int64_t now_us)
{
	size_t kept = 0;

	for (size_t i = 0; i < safety->stop_count; i++) {
		if (seat[0] && strcmp(safety->stops[i].seat, seat) != 0) {
			safety->stops[kept++] = safety->stops[i];
		}
	}
	if (kept < safety->stop_count) {
		log_info("%s%s cleared", seat[0] ? "seat " : "the room is", seat);
	}
	safety->stop_count = kept;
	tell_room(safety, now_us);
}

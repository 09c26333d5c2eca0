/*
 * Which kit kit.open() gives; see script_run.h.
 *
 *   kit.open()          the run's kit, else the only ready one
 *   kit.open "uno-1"    that kit; of a run that was started for kits, only one of them
 *   kit.open{needs=...} the first free ready kit, in id order, that has all the names
 *
 * While some kit is still being probed, the answer waits for it, 10 s at most.
 */
#include "script_run.h"

#include "clock.h"
#include "lab.h"
#include "server.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_US = 10 * 1000 * 1000, OPENS_MAX = 16, NEEDS_MAX = 16 };

static bool is_usable(const struct kit *kit)
{
	return kit->state == KIT_READY || kit->state == KIT_STALE;
}

static bool is_coming(const struct kit *kit)
{
	return kit->state == KIT_OPENING || kit->state == KIT_PROBING;
}

static bool some_is_coming(const struct lab *lab)
{
	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		if (is_coming(lab_kit(lab, i))) {
			return true;
		}
	}
	return false;
}

/* "uno-1, uno-2": the kits for which `wants` is true. */
static void list_kits(
	const struct lab *lab, bool (*wants)(const struct kit *kit), char *text, size_t room)
{
	size_t at = 0;

	snprintf(text, room, "-");
	for (size_t i = 0; i < lab_kit_count(lab) && at < room; i++) {
		const struct kit *kit = lab_kit(lab, i);

		if (wants(kit)) {
			at += (size_t)snprintf(
				text + at, room - at, "%s%s", at ? ", " : "", kit->id);
		}
	}
}

static struct kit *only_ready(const struct lab *lab, struct why *why)
{
	struct kit *found = NULL;
	char list[160];
	size_t count = 0;

	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		struct kit *kit = lab_kit(lab, i);

		if (kit->state == KIT_READY) {
			count++;
			found = found ? found : kit;
		}
	}
	if (count == 1) {
		return found;
	}
	if (count == 0) {
		why_set(why, ERR_NOT_FOUND, MSG_OPEN_NONE);
		return NULL;
	}
	list_kits(lab, is_usable, list, sizeof(list));
	why_set(why, ERR_INVALID, MSG_OPEN_WHICH, list, found->id);
	return NULL;
}

static bool has_all(const struct kit *kit, const struct run_open *open)
{
	for (size_t i = 0; i < open->need_count; i++) {
		const char *name = open->needs[i];

		if (kit_find_property(kit, name) < 0 && kit_find_action(kit, name) < 0 &&
			kit_find_event(kit, name) < 0) {
			return false;
		}
	}
	return true;
}

/* The first that fits; kits that this run has opened already come last. */
static struct kit *first_fitting(struct run *run, const struct run_open *open, struct why *why)
{
	const struct lab *lab = run->scripts->server->lab;
	struct kit *opened = NULL;
	char list[160], names[120] = "";
	bool is_busy = false;
	size_t at = 0;

	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		struct kit *kit = lab_kit(lab, i);
		const struct run_kit *ours = run_find_kit(run, kit->id);

		if (kit->state != KIT_READY || !has_all(kit, open) || (run->is_chosen && !ours)) {
			continue;
		}
		if (run_holder(run->scripts, kit->id, run)) {
			is_busy = true;
		} else if (!ours || !ours->is_open) {
			return kit;
		} else if (!opened) {
			opened = kit;
		}
	}
	if (opened) {
		return opened;
	}
	for (size_t i = 0; i < open->need_count && at < sizeof(names); i++) {
		at += (size_t)snprintf(
			names + at, sizeof(names) - at, "%s%s", at ? ", " : "", open->needs[i]);
	}
	if (is_busy) {
		why_set(why, ERR_BUSY, MSG_OPEN_NEEDS_BUSY, names);
	} else {
		list_kits(lab, is_usable, list, sizeof(list));
		why_set(why, ERR_NOT_FOUND, MSG_OPEN_NEEDS, names, list);
	}
	return NULL;
}

static struct kit *by_id(struct run *run, const char *id, struct why *why)
{
	if (run->is_chosen && !run_find_kit(run, id)) {
		why_set(why, ERR_FORBIDDEN, MSG_KIT_FORBIDDEN, run->kits->id, id);
		return NULL;
	}
	return lab_need(run->scripts->server->lab, id, why);
}

static struct kit *choose(struct run *run, const struct run_open *open, struct why *why)
{
	if (open->need_count) {
		return first_fitting(run, open, why);
	}
	if (open->id[0]) {
		return by_id(run, open->id, why);
	}
	if (run->kits) {
		return by_id(run, run->kits->id, why);
	}
	return only_ready(run->scripts->server->lab, why);
}

/* Takes the kit for the run. */
static enum err take(struct run *run, struct kit *kit, uint32_t serial, struct why *why)
{
	const struct run *holder = run_holder(run->scripts, kit->id, run);
	struct run_kit *taken = run_find_kit(run, kit->id);
	bool is_new = !taken;

	if (holder) {
		return why_set(why, ERR_BUSY, MSG_KIT_BUSY, kit->id, holder->name);
	}
	taken = run_add_kit(run, kit->id);
	taken->is_open = true;
	run_attach(taken);
	wire_put_int(run_reply(run, serial), taken->handle);
	run_send(run);
	if (is_new) {
		bus_kit_changed(run->scripts->server->bus, kit);
	}
	return ERR_NONE;
}

/* True: answered. */
static bool try_open(struct run *run, const struct run_open *open, bool is_last)
{
	const struct lab *lab = run->scripts->server->lab;
	struct why why = {.code = ERR_NONE};
	struct kit *kit = choose(run, open, &why);

	if (kit && is_usable(kit)) {
		if (take(run, kit, open->serial, &why)) {
			run_reply_why(run, open->serial, &why);
		}
		return true;
	}
	if (!is_last && why.code != ERR_FORBIDDEN && why.code != ERR_BUSY &&
		(kit ? is_coming(kit) : some_is_coming(lab))) {
		return false;
	}
	if (kit) {
		kit_need_usable(kit, &why);
	}
	run_reply_why(run, open->serial, &why);
	return true;
}

void run_host_open(struct run *run, struct wire_in *in)
{
	struct run_open *open = xcalloc(1, sizeof(*open)), **at = &run->opens;
	size_t waiting = 0;
	struct why why;

	open->serial = in->serial;
	open->deadline_us = clock_now_us() + WAIT_US;
	wire_get_string(in, open->id, sizeof(open->id));
	if (in->is_bad) { /* longer than any id: let it not be found */
		in->is_bad = false;
		snprintf(open->id, sizeof(open->id), "?");
	}
	open->need_count = wire_get_count(in, NEEDS_MAX);
	for (size_t i = 0; i < open->need_count; i++) {
		wire_get_string(in, open->needs[i], sizeof(open->needs[i]));
	}
	for (; *at; at = &(*at)->next) {
		waiting++;
	}
	if (waiting >= OPENS_MAX) {
		why_set(&why, ERR_LIMIT, MSG_TOO_MANY_CALLS, OPENS_MAX);
		run_reply_why(run, open->serial, &why);
		free(open);
		return;
	}
	if (try_open(run, open, false)) {
		free(open);
		return;
	}
	*at = open;
}

void run_retry_opens(struct run *run)
{
	struct run_open **at = &run->opens, *open;

	while ((open = *at)) {
		if (try_open(run, open, clock_now_us() >= open->deadline_us)) {
			*at = open->next;
			free(open);
		} else {
			at = &open->next;
		}
	}
}

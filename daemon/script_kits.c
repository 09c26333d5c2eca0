/*
 * The kits of a run: a bus tap on each, what of it the script watches, and what
 * it is told of it. See script_run.h.
 *
 * What a script reads is watched until the run ends, so that the next reading
 * finds a new value at once. A kit that is described anew has other indexes, so
 * a run keeps names.
 */
#include "script_run.h"

#include "clock.h"
#include "lab.h"
#include "server.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

struct run_kit *run_find_kit(const struct run *run, const char *id)
{
	for (struct run_kit *kit = run->kits; kit; kit = kit->next) {
		if (strcmp(kit->id, id) == 0) {
			return kit;
		}
	}
	return NULL;
}

struct run_kit *run_add_kit(struct run *run, const char *id)
{
	struct run_kit *kit = run_find_kit(run, id), **at = &run->kits;

	if (kit) {
		return kit;
	}
	kit = xcalloc(1, sizeof(*kit));
	kit->run = run;
	kit->handle = 1;
	strncpy(kit->id, id, KIT_ID_MAX);
	for (; *at; at = &(*at)->next) {
		kit->handle++;
	}
	*at = kit;
	return kit;
}

struct run_name *run_find_name(struct run_kit *kit, const char *name)
{
	for (size_t i = 0; i < kit->name_count; i++) {
		if (strcmp(kit->names[i].name, name) == 0) {
			return &kit->names[i];
		}
	}
	return NULL;
}

struct run_name *run_use_name(struct run_kit *kit, const char *name)
{
	struct run_name *used = run_find_name(kit, name);

	if (used || kit->name_count >= RUN_NAMES_MAX) {
		return used;
	}
	kit->names = xrealloc(kit->names, (kit->name_count + 1) * sizeof(*kit->names));
	used = &kit->names[kit->name_count++];
	*used = (struct run_name){0};
	strncpy(used->name, name, KIT_NAME_MAX);
	return used;
}

/* Watching may describe the kit anew: indexes are found by name each time. */
void run_watch_name(struct run_kit *kit, const char *name)
{
	int index = kit_find_property(kit->tap.kit, name);
	struct run_name *used = index >= 0 ? run_use_name(kit, name) : NULL;

	if (used && !used->is_watched) {
		used->is_watched = true;
		kit_watch(kit->tap.kit, index, clock_now_us());
	}
}

static void tell_kit(struct run_kit *kit)
{
	const struct kit *about = kit->tap.kit;
	struct wire_out *out = run_begin(kit->run, WIRE_KIT, 0);

	kit->description = about->description;
	wire_put_int(out, kit->handle);
	wire_put_string(out, about->id);
	wire_put_string(out, about->model);
	wire_put_int(out, (int64_t)about->property_count);
	for (size_t i = 0; i < about->property_count; i++) {
		wire_put_string(out, about->properties[i].name);
	}
	wire_put_int(out, (int64_t)about->action_count);
	for (size_t i = 0; i < about->action_count; i++) {
		const struct action *action = &about->actions[i];

		wire_put_string(out, action->name);
		wire_put_int(out, action->arg_count);
		for (unsigned j = 0; j < action->arg_count; j++) {
			wire_put_string(out, action->args[j].name);
		}
	}
	wire_put_int(out, (int64_t)about->event_count);
	for (size_t i = 0; i < about->event_count; i++) {
		wire_put_string(out, about->events[i].name);
	}
	run_send(kit->run);
}

/* ---- what kits do ---- */

static void send_event(struct run_kit *kit, const char *name, const struct value *value)
{
	struct wire_out *out = run_begin(kit->run, WIRE_EVENT, 0);

	wire_put_int(out, kit->handle);
	wire_put_string(out, name);
	run_put_value(out, value);
	run_send(kit->run);
}

static void tell_skipped(struct run *run)
{
	struct why why;

	if (!run->has_skipped) {
		run->has_skipped = true;
		why_set(&why, ERR_LIMIT, MSG_RUN_SKIPPED);
		output_text(run, 1, why.text[run->lang], strlen(why.text[run->lang]));
		output_text(run, 1, "\n", 1);
	}
}

static void on_sample(struct bus_tap *tap)
{
	struct run_kit *kit = tap->data;

	if (run_is_behind(kit->run)) {
		tell_skipped(kit->run);
		return;
	}
	for (size_t i = 0; i < kit->name_count; i++) {
		int index = kit->names[i].is_subscribed
			? kit_find_property(tap->kit, kit->names[i].name)
			: -1;

		if (index >= 0 && tap->kit->properties[index].seq == tap->kit->seq) {
			send_event(kit, kit->names[i].name, &tap->kit->properties[index].value);
		}
	}
}

static void on_event(
	struct bus_tap *tap, const struct event *event, const struct value *value, int64_t t_us)
{
	struct run_kit *kit = tap->data;
	const struct run_name *used = run_find_name(kit, event->name);

	(void)t_us;
	if (used && used->is_subscribed) {
		send_event(kit, event->name, value);
	}
}

static void on_changed(struct bus_tap *tap)
{
	struct run_kit *kit = tap->data;

	run_lease_kit_changed(kit);
	if (kit->description == tap->kit->description) {
		return;
	}
	/* Counts of names that stayed are kept by the kit; those that went are watched again
	 * when they come back. */
	for (size_t i = 0; i < kit->name_count; i++) {
		if (kit_find_property(tap->kit, kit->names[i].name) < 0) {
			kit->names[i].is_watched = false;
		}
	}
	tell_kit(kit);
	for (size_t i = 0; i < kit->name_count; i++) {
		run_watch_name(kit, kit->names[i].name);
	}
}

static void on_gone(struct bus_tap *tap)
{
	struct run_kit *kit = tap->data;

	bus_tap_remove(kit->run->scripts->server->bus, tap);
	tap->kit = NULL;
	for (size_t i = 0; i < kit->name_count; i++) {
		kit->names[i].is_watched = false;
	}
}

void run_attach(struct run_kit *kit)
{
	struct server *server = kit->run->scripts->server;
	struct kit *found = lab_find(server->lab, kit->id);

	if (kit->tap.kit || !found) {
		return;
	}
	kit->tap = (struct bus_tap){
		.kit = found,
		.sample = on_sample,
		.event = on_event,
		.changed = on_changed,
		.gone = on_gone,
		.data = kit,
	};
	bus_tap_add(server->bus, &kit->tap);
	tell_kit(kit);
	for (size_t i = 0; i < kit->name_count; i++) {
		run_watch_name(kit, kit->names[i].name);
	}
}

static void release_kit(struct run_kit *kit)
{
	if (kit->tap.kit) {
		for (size_t i = 0; i < kit->name_count; i++) {
			int index = kit_find_property(kit->tap.kit, kit->names[i].name);

			if (index >= 0 && kit->names[i].is_watched) {
				kit->names[i].is_watched = false;
				kit_unwatch(kit->tap.kit, index, clock_now_us());
			}
		}
		bus_tap_remove(kit->run->scripts->server->bus, &kit->tap);
		kit->tap.kit = NULL;
	}
	free(kit->names);
	kit->names = NULL;
	kit->name_count = 0;
}

void run_release_kits(struct run *run)
{
	for (struct run_kit *kit = run->kits; kit; kit = kit->next) {
		release_kit(kit);
	}
}

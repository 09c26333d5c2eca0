/*
 * The bus; see bus.h.
 *
 * Clients, watches and groups: a client's watches of one rate are one *member*;
 * the text of its wishes, sorted, is the member's key; members with equal rate
 * and key are one *group*, whose frame is encoded once. A group knows for
 * each kit the sample up to which it has told everything, so that "what
 * changed" is a comparison of numbers and needs no flags.
 *
 * Rate 0 gathers the samples of one turn of the loop into one frame (busy ports
 * are read together, see loop.c); a second sample of the same kit in that turn
 * begins the next frame. One message a sample would cost a system call each.
 * Groups are bus_group.c's, what kits report bus_report.c's; this file has kits, taps,
 * watches and events.
 */
#include "bus_private.h"

#include "alarm.h"
#include "clock.h"
#include "jsonout.h"
#include "lab.h"
#include "rpc.h"
#include "script.h"
#include "server.h"
#include "xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * How long samples of busy ports may wait. Frames of rate > 0 read what waits
 * before they are written; who wants every sample gets it soon.
 */
enum { HURRIED_US = 500, CALM_US = 4000 };

struct bus *bus_create(struct server *server)
{
	struct bus *bus = xcalloc(1, sizeof(*bus));

	bus->server = server;
	bus->gathering = loop_timer_add(server->loop, bus_flush, bus);
	bus_hurry(bus, 0);
	return bus;
}

void bus_destroy(struct bus *bus)
{
	if (!bus) {
		return;
	}
	loop_timer_remove(bus->gathering);
	bus_free_groups(bus);
	json_finish(&bus->scratch);
	free(bus);
}

/* ---- kits ---- */

struct bus_kit *bus_kit_of(struct kit *kit)
{
	if (!kit->bus_kit) {
		struct bus_kit *record = xcalloc(1, sizeof(*record));

		record->battery = -1;
		record->battery_told = NAN;
		kit->bus_kit = record;
	}
	return kit->bus_kit;
}

bool bus_watches_kits(const struct client *client, const void *data)
{
	(void)data;
	return client->watches_kits;
}

static void tell_row(struct bus *bus, const char *id, const struct kit *kit)
{
	struct jsonout *out = &bus->scratch;

	json_clear(out);
	json_raw(out, "{\"kit\":\"");
	json_raw(out, id);
	json_raw(out, "\",\"row\":");
	if (kit) {
		bus_row(bus->server, kit, out);
	} else {
		json_raw(out, "null");
	}
	json_raw(out, "}");
	bus_broadcast(bus->server, rpc_notification("kits.changed", out->text, out->length),
		bus_watches_kits, NULL);
}

/* The row tells of whole steps, not of a charge that wavers. */
static bool has_new_charge(struct bus_kit *record, const struct kit *kit)
{
	struct value charge;

	if (record->battery < 0 || record->description != kit->description ||
		!value_as(&kit->properties[record->battery].value, VALUE_NUMBER, &charge) ||
		fabs(charge.number - record->battery_told) < 1) {
		return false;
	}
	record->battery_told = charge.number;
	return true;
}

void bus_sample(struct bus *bus, struct kit *kit)
{
	struct bus_kit *record = bus_kit_of(kit);

	bus->server->samples++;
	bus_group_sample(bus, kit);
	if (has_new_charge(record, kit)) {
		tell_row(bus, kit->id, kit);
	}
	for (struct bus_tap *tap = record->taps; tap; tap = bus->next_tap) {
		bus->next_tap = tap->next;
		if (tap->sample) {
			tap->sample(tap);
		}
	}
}

static bool wants_events(const struct client *client, const void *data)
{
	for (const struct watch *watch = client->watches; watch; watch = watch->next) {
		if (watch_covers(watch, data, NULL)) {
			return true;
		}
	}
	return false;
}

void bus_event(struct bus *bus, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us)
{
	struct jsonout *out = &bus->scratch;
	struct bus_kit *record = bus_kit_of(kit);

	bus->server->events++;
	/* Samples that came before the event are told before it. */
	bus_flush(bus);
	json_clear(out);
	json_raw(out, "{\"kit\":\"");
	json_raw(out, kit->id);
	json_raw(out, "\",\"t\":");
	json_ms(out, t_us);
	json_raw(out, ",\"event\":\"");
	json_raw(out, event->name);
	json_raw(out, "\"");
	if (value->type != VALUE_NULL) {
		json_raw(out, ",\"value\":");
		json_value(out, value);
	}
	json_raw(out, "}");
	bus_broadcast(bus->server, rpc_notification("kit.event", out->text, out->length),
		wants_events, kit);
	for (struct bus_tap *tap = record->taps; tap; tap = bus->next_tap) {
		bus->next_tap = tap->next;
		if (tap->event) {
			tap->event(tap, event, value, t_us);
		}
	}
}

void bus_kit_changed(struct bus *bus, struct kit *kit)
{
	struct bus_kit *record = bus_kit_of(kit);
	bool was_here = record->is_here;

	record->is_here = kit->state == KIT_READY || kit->state == KIT_STALE;
	if (was_here && kit->state == KIT_LOST) {
		alarm_kit_lost(bus->server->alarm, kit);
	}
	if (record->description != kit->description) {
		record->description = kit->description;
		record->battery = kit_find_property(kit, "battery");
		bus_groups_resolve(bus);
		bus_report_anew(bus, kit);
	}
	tell_row(bus, kit->id, kit);
	for (struct bus_tap *tap = record->taps; tap; tap = bus->next_tap) {
		bus->next_tap = tap->next;
		if (tap->changed) {
			tap->changed(tap);
		}
	}
}

void bus_kit_renamed(struct bus *bus, struct kit *kit, const char *old_id)
{
	bus_flush(bus);
	tell_row(bus, old_id, NULL);
	bus_groups_resolve(bus);
	bus_report_anew(bus, kit);
	tell_row(bus, kit->id, kit);
}

void bus_kit_gone(struct bus *bus, struct kit *kit)
{
	struct bus_kit *record = bus_kit_of(kit);

	bus_flush(bus);
	for (struct bus_tap *tap = record->taps; tap; tap = bus->next_tap) {
		bus->next_tap = tap->next;
		if (tap->gone) {
			tap->gone(tap);
		}
	}
	tell_row(bus, kit->id, NULL);
	free(record->reported);
	free(record);
	kit->bus_kit = NULL;
	bus_groups_resolve(bus);
}

/* ---- taps ---- */

void bus_hurry(struct bus *bus, int more)
{
	bus->hurried = (size_t)((int64_t)bus->hurried + more);
	loop_set_gather_us(bus->server->loop, bus->hurried > 0 ? HURRIED_US : CALM_US);
}

void bus_tap_add(struct bus *bus, struct bus_tap *tap)
{
	struct bus_kit *record = bus_kit_of(tap->kit);

	bus_hurry(bus, 1);
	tap->next = record->taps;
	record->taps = tap;
}

void bus_tap_remove(struct bus *bus, struct bus_tap *tap)
{
	struct bus_kit *record = bus_kit_of(tap->kit);

	for (struct bus_tap **at = &record->taps; *at; at = &(*at)->next) {
		if (*at == tap) {
			*at = tap->next;
			bus_hurry(bus, -1);
			break;
		}
	}
	if (bus->next_tap == tap) {
		bus->next_tap = tap->next;
	}
}

/* ---- watches ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool watch_covers(const struct watch *watch, const struct kit *kit,
	const struct property *property)
{
	if (watch->kit_id[0] && strcmp(watch->kit_id, kit->id) != 0) {
		return false;
	}
	return !property || watch->name_count == 0 ||
		bsearch(property->name, watch->names, watch->name_count, sizeof(watch->names[0]),
			by_name);
}

static struct watch *new_watch(struct bus *bus, struct kit *kit, const char **names,
	size_t name_count, double rate)
{
	struct watch *watch = xcalloc(1, sizeof(*watch) + name_count * sizeof(watch->names[0]));

	watch->number = ++bus->last_watch;
	watch->rate = rate;
	watch->name_count = name_count;
	if (kit) {
		memcpy(watch->kit_id, kit->id, sizeof(watch->kit_id));
	}
	for (size_t i = 0; i < name_count; i++) {
		strncpy(watch->names[i], names[i], KIT_NAME_MAX);
	}
	qsort(watch->names, name_count, sizeof(watch->names[0]), by_name);
	return watch;
}

static void put_snapshot(const struct watch *watch, const struct kit *kit, struct jsonout *out)
{
	bool is_first = true;

	json_text(out, kit->id, strlen(kit->id));
	json_raw(out, ":{\"state\":\"");
	json_raw(out, kit_state_name(kit->state));
	json_raw(out, "\",\"seq\":");
	json_int(out, (int64_t)kit->seq);
	json_raw(out, ",\"t\":");
	json_ms(out, kit->t_us);
	json_raw(out, ",\"set\":{");
	for (size_t i = 0; i < kit->property_count; i++) {
		const struct property *property = &kit->properties[i];

		if (property->readable && watch_covers(watch, kit, property)) {
			json_raw(out, is_first ? "\"" : ",\"");
			json_raw(out, property->name);
			json_raw(out, "\":");
			json_value(out, &property->value);
			is_first = false;
		}
	}
	json_raw(out, "}}");
}

/* May the client have one more watch of this rate? */
static enum err check_room(const struct client *client, double rate, struct why *why)
{
	size_t count = 0, rates = 0;
	bool is_new = true;

	for (const struct watch *watch = client->watches; watch; watch = watch->next) {
		bool is_first = true; /* of its rate */

		for (const struct watch *w = client->watches; w != watch; w = w->next) {
			is_first = is_first && w->rate != watch->rate;
		}
		count++;
		rates += is_first;
		is_new = is_new && watch->rate != rate;
	}
	if (count >= WATCHES_MAX) {
		return why_set(why, ERR_LIMIT, MSG_TOO_MANY_WATCHES, WATCHES_MAX);
	}
	if (is_new && rates >= RATES_MAX) {
		return why_set(why, ERR_LIMIT, MSG_TOO_MANY_RATES, RATES_MAX);
	}
	return ERR_NONE;
}

enum err bus_watch(struct bus *bus, struct client *client, struct kit *kit, const char **names,
	size_t name_count, double rate, struct jsonout *out, struct why *why)
{
	int index;

	if (check_room(client, rate, why)) {
		return why->code;
	}
	for (size_t i = 0; kit && kit->property_count > 0 && i < name_count; i++) {
		if (kit_find_property(kit, names[i]) < 0 &&
			kit_need_property(kit, names[i], &index, why) == ERR_NOT_FOUND) {
			return ERR_NOT_FOUND;
		}
	}
	struct watch *watch = new_watch(bus, kit, names, name_count, rate);
	struct lab *lab = bus->server->lab;
	bool is_first = true;

	watch->next = client->watches;
	client->watches = watch;
	bus_flush(bus);
	bus_report_watch(bus, watch, true);
	bus_regroup(bus, client, rate);
	json_raw(out, "{\"watch\":");
	json_int(out, (int64_t)watch->number);
	json_raw(out, ",\"t\":");
	json_ms(out, clock_now_us());
	json_raw(out, ",\"kits\":{");
	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		if (watch_covers(watch, lab_kit(lab, i), NULL)) {
			json_raw(out, is_first ? "" : ",");
			put_snapshot(watch, lab_kit(lab, i), out);
			is_first = false;
		}
	}
	json_raw(out, "}}");
	return ERR_NONE;
}

enum err bus_unwatch(struct bus *bus, struct client *client, uint64_t number, struct why *why)
{
	for (struct watch **at = &client->watches; *at; at = &(*at)->next) {
		struct watch *watch = *at;

		if (watch->number == number) {
			bus_flush(bus);
			*at = watch->next;
			bus_regroup(bus, client, watch->rate);
			bus_report_watch(bus, watch, false);
			free(watch);
			return ERR_NONE;
		}
	}
	return why_set(why, ERR_NOT_FOUND, MSG_NO_WATCH, (unsigned long long)number);
}

void bus_forget(struct bus *bus, struct client *client)
{
	while (client->watches) {
		bus_unwatch(bus, client, client->watches->number, NULL);
	}
}

/* ---- rows and broadcasts ---- */

static void put_or_null(struct jsonout *out, const char *name, const char *text)
{
	json_raw(out, ",\"");
	json_raw(out, name);
	json_raw(out, "\":");
	if (text && text[0]) {
		json_text(out, text, strlen(text));
	} else {
		json_raw(out, "null");
	}
}

static void put_battery(const struct kit *kit, struct jsonout *out)
{
	int index = kit_find_property(kit, "battery");

	json_raw(out, ",\"battery\":");
	if (index >= 0 && kit->state == KIT_READY) {
		json_value(out, &kit->properties[index].value);
	} else {
		json_raw(out, "null");
	}
}

void bus_row(struct server *server, const struct kit *kit, struct jsonout *out)
{
	json_raw(out, "{\"id\":");
	json_text(out, kit->id, strlen(kit->id));
	put_or_null(out, "label", kit->label);
	put_or_null(out, "model", kit->model);
	put_or_null(out, "driver", kit->driver ? kit->driver->name : NULL);
	put_or_null(out, "seat", kit->seat);
	put_or_null(out, "state", kit_state_name(kit->state));
	put_or_null(out, "port", kit->port);
	put_or_null(out, "wiring", kit->wiring);
	put_or_null(out, "run", server->scripts ? script_run_of(server->scripts, kit) : NULL);
	put_or_null(out, "holder", safety_holder_of(kit));
	put_battery(kit, out);
	/* Beyond the contract's row: for pages. */
	put_or_null(out, "program", kit->program);
	json_raw(out, ",\"description\":");
	json_int(out, kit->description);
	json_raw(out, ",\"why\":");
	if (kit->why.code == ERR_NONE) {
		json_raw(out, "null}");
		return;
	}
	json_raw(out, "{\"reason\":\"");
	json_raw(out, err_name(kit->why.code));
	json_raw(out, "\",\"en\":");
	json_text(out, kit->why.text[LANG_EN], strlen(kit->why.text[LANG_EN]));
	json_raw(out, ",\"zh\":");
	json_text(out, kit->why.text[LANG_ZH], strlen(kit->why.text[LANG_ZH]));
	json_raw(out, "}}");
}

void bus_broadcast(struct server *server, struct frame *frame,
	bool (*wants)(const struct client *client, const void *data), const void *data)
{
	struct client *next;

	for (struct client *client = server->clients; client; client = next) {
		next = client->next;
		if (!wants || wants(client, data)) {
			client_send(client, frame);
		}
	}
	frame_drop(frame);
}

/*
 * What kits report because clients watch it.
 *
 * Each kit counts, by name, the watches that want a property, so that a watch
 * costs what it covers, however many others there are: looking at all watches
 * for each that came let one pupil's connections stop the loop until all were lost.
 * A kit reports a property while its count is not 0.
 */
#include "bus_private.h"

#include "clock.h"
#include "lab.h"
#include "server.h"
#include "xalloc.h"

#include <stdio.h>
#include <string.h>

/* Raw pins are reported only if they are named. */
static bool is_wanted(const struct watch *watch, const struct kit *kit,
	const struct property *property)
{
	return watch_covers(watch, kit, property) &&
		(watch->name_count > 0 || property->word->kind != KIND_PIN);
}

static struct reported *find(struct bus_kit *record, const char *name)
{
	for (size_t i = 0; i < record->reported_count; i++) {
		if (strcmp(record->reported[i].name, name) == 0) {
			return &record->reported[i];
		}
	}
	return NULL;
}

static struct reported *find_or_add(struct bus_kit *record, const char *name)
{
	struct reported *reported = find(record, name);

	if (!reported) {
		record->reported = xrealloc(record->reported,
			(record->reported_count + 1) * sizeof(*record->reported));
		reported = &record->reported[record->reported_count++];
		*reported = (struct reported){0};
		snprintf(reported->name, sizeof(reported->name), "%s", name);
	}
	return reported;
}

static void count(struct kit *kit, const struct watch *watch, bool is_new)
{
	struct bus_kit *record = bus_kit_of(kit);

	for (size_t i = 0; i < kit->property_count; i++) {
		if (!is_wanted(watch, kit, &kit->properties[i])) {
			continue;
		}
		if (is_new) {
			find_or_add(record, kit->properties[i].name)->count++;
			continue;
		}
		struct reported *reported = find(record, kit->properties[i].name);

		if (reported && reported->count > 0) {
			reported->count--;
		}
	}
}

static void forget_unwanted(struct bus_kit *record)
{
	size_t kept = 0;

	for (size_t i = 0; i < record->reported_count; i++) {
		if (record->reported[i].count > 0) {
			record->reported[kept++] = record->reported[i];
		}
	}
	record->reported_count = kept;
}

/* Turns reporting on and off as counted. Watching may describe the kit anew, and so come back
 * here: then the list is another, and is looked at from its beginning. */
static void settle(struct kit *kit)
{
	struct bus_kit *record = bus_kit_of(kit);
	int64_t now_us = clock_now_us();

	for (size_t i = 0; i < record->reported_count;) {
		struct reported *reported = &record->reported[i];
		bool is_on = reported->count > 0;
		int index = kit_find_property(kit, reported->name);

		if (is_on == reported->is_watched) {
			i++;
			continue;
		}
		reported->is_watched = is_on;
		i = 0;
		if (index >= 0 && is_on) {
			kit_watch(kit, index, now_us);
		} else if (index >= 0) {
			kit_unwatch(kit, index, now_us);
		}
	}
	forget_unwanted(record);
}

void bus_report_watch(struct bus *bus, const struct watch *watch, bool is_new)
{
	struct lab *lab = bus->server->lab;

	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		struct kit *kit = lab_kit(lab, i);

		if (watch_covers(watch, kit, NULL)) {
			count(kit, watch, is_new);
			settle(kit);
		}
	}
}

void bus_report_anew(struct bus *bus, struct kit *kit)
{
	struct bus_kit *record = bus_kit_of(kit);

	for (size_t i = 0; i < record->reported_count; i++) {
		record->reported[i].count = 0;
	}
	/* Its row and the checks before it moves want to know. */
	if (kit_find_property(kit, "battery") >= 0) {
		find_or_add(record, "battery")->count++;
	}
	for (const struct client *client = bus->server->clients; client; client = client->next) {
		for (const struct watch *watch = client->watches; watch; watch = watch->next) {
			count(kit, watch, true);
		}
	}
	settle(kit);
}

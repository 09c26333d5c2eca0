/*
 * The bus: brings what kits do to those who watch.
 *
 * Samples: newest wins per name and frame. Events: never merged, never dropped.
 * All of a client's watches of one rate make one message a frame; clients with
 * equal wishes share a *group*, and a group's frame is encoded once.
 */
#pragma once

#include "client.h"
#include "kit.h"

#include <cjson/cJSON.h>

struct bus;

struct bus *bus_create(struct server *server);
void bus_destroy(struct bus *bus);

/* From the lab. */
void bus_sample(struct bus *bus, struct kit *kit);
void bus_event(struct bus *bus, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us);
void bus_kit_changed(struct bus *bus, struct kit *kit); /* kits.changed, and descriptions */
void bus_kit_renamed(struct bus *bus, struct kit *kit, const char *old_id);
void bus_kit_gone(struct bus *bus, struct kit *kit);

/*
 * kit.watch: `kit` NULL = all, present and to come; `names` NULL = all
 * properties. rate in frames a second, 0 = every sample. The answer (API.md)
 * is written to `out` as JSON.
 */
struct jsonout;
enum err bus_watch(struct bus *bus, struct client *client, struct kit *kit, const char **names,
	size_t name_count, double rate, struct jsonout *out, struct why *why);
enum err bus_unwatch(struct bus *bus, struct client *client, uint64_t watch, struct why *why);
void bus_forget(struct bus *bus, struct client *client);

/* Other listeners than clients (scripts, SSE): called for every sample and event of one kit. */
struct bus_tap {
	struct kit *kit;
	void (*sample)(struct bus_tap *tap);
	void (*event)(struct bus_tap *tap, const struct event *event, const struct value *value,
		int64_t t_us);
	void (*changed)(struct bus_tap *tap); /* state or description */
	void (*gone)(struct bus_tap *tap);    /* the kit is about to go: remove the tap */
	void *data;
	struct bus_tap *next; /* bus.c's */
};
void bus_tap_add(struct bus *bus, struct bus_tap *tap);    /* borrowed until removed */
void bus_tap_remove(struct bus *bus, struct bus_tap *tap); /* also inside a callback */

/* kits.list's ROW as JSON text. */
void bus_row(struct server *server, const struct kit *kit, struct jsonout *out);

/* Those who asked for kits.watch: a `wants` of bus_broadcast. */
bool bus_watches_kits(const struct client *client, const void *data);
/* To all clients for which `wants` is true (NULL: all). */
void bus_broadcast(struct server *server, struct frame *frame,
	bool (*wants)(const struct client *client, const void *data), const void *data);

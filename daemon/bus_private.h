/* What bus.c, bus_group.c and bus_report.c share; nobody else includes it. */
#pragma once

#include "bus.h"
#include "jsonout.h"
#include "loop.h"

/* Of one client; each rate is a timer. */
enum { WATCHES_MAX = 256, RATES_MAX = 8 };

/* One kit.watch of one client. */
struct watch {
	struct watch *next;
	uint64_t number;
	double rate;
	char kit_id[KIT_ID_MAX + 1]; /* "" = all */
	size_t name_count;           /* 0 = all properties */
	char names[][KIT_NAME_MAX + 1]; /* sorted */
};

/* A property that clients want reported. */
struct reported {
	char name[KIT_NAME_MAX + 1];
	size_t count;    /* watches that want it */
	bool is_watched; /* a kit_watch of ours is counted in the kit */
};

/* The bus's record of a kit. */
struct bus_kit {
	struct bus_tap *taps;
	struct reported *reported; /* owned */
	size_t reported_count;
	uint32_t description;
	bool is_here;
	int battery;         /* index of the property, -1 = none */
	double battery_told; /* as its row says; NAN = nothing */
};

struct group;
struct pace;

struct bus {
	struct server *server; /* borrowed */
	struct pace *paces;    /* owned: one a rate */
	struct loop_timer *gathering; /* runs while a rate-0 frame waits */
	struct bus_tap *next_tap; /* of the tap list under way */
	size_t hurried;           /* rate-0 groups and taps: who wants each sample at once */
	struct jsonout scratch;
	uint64_t last_watch;
};

struct bus_kit *bus_kit_of(struct kit *kit);
/* One more or less wants each sample at once: how long busy ports may wait follows. */
void bus_hurry(struct bus *bus, int more);
/* property NULL: does it cover the kit at all? */
bool watch_covers(const struct watch *watch, const struct kit *kit,
	const struct property *property);

/* ---- bus_report.c ---- */

/* The watch came or went: what its kits report follows. */
void bus_report_watch(struct bus *bus, const struct watch *watch, bool is_new);
/* The kit was described anew or renamed: all watches are looked at. */
void bus_report_anew(struct bus *bus, struct kit *kit);

/* ---- bus_group.c ---- */

/* The client's watches of this rate have changed: into the right group with it. */
void bus_regroup(struct bus *bus, struct client *client, double rate);
/* Kits came, went, or were described anew: groups look again what they cover. */
void bus_groups_resolve(struct bus *bus);
void bus_group_sample(struct bus *bus, struct kit *kit);
/* Sends what rate 0 has gathered. */
void bus_flush(void *bus);
void bus_free_groups(struct bus *bus);

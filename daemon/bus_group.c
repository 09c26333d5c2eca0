/* Groups of clients with equal wishes, and their frames; see bus.c's top. */
#include "bus_private.h"

#include "clock.h"
#include "lab.h"
#include "rpc.h"
#include "server.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* What a group wants of one kit. */
struct share {
	struct kit *kit;    /* borrowed; the list is made anew when kits come and go */
	uint64_t told_seq;  /* everything up to this sample is told */
	uint64_t batch;     /* rate 0: the batch that has it already */
	size_t index_count;
	int *indexes;       /* owned: properties, by index of the description */
};

struct group {
	struct group *next;
	struct pace *pace;
	char *key;                   /* owned: the wishes as text */
	struct bus_member *members;  /* list, never empty */
	struct share *shares;        /* owned; by kit */
	size_t share_count;
	bool is_stale;               /* shares do not fit the kits any more */
	struct jsonout batch;        /* rate 0: the frame being gathered */
	uint64_t batch_number;
	bool has_batch;
};

/* All groups of one rate: their frames go out together. */
struct pace {
	struct pace *next;
	struct bus *bus;
	double rate;
	struct loop_timer *timer; /* NULL for rate 0 */
	struct group *groups;
};

/* A client in a group. */
struct bus_member {
	struct bus_member *next;        /* of the client */
	struct bus_member *group_next;
	struct client *client;
	struct group *group;
};

static const char message_head[] =
	"{\"jsonrpc\":\"2.0\",\"method\":\"kit.values\",\"params\":{\"t\":";

/* ---- what a group covers ---- */

static void free_shares(struct group *group)
{
	for (size_t i = 0; i < group->share_count; i++) {
		free(group->shares[i].indexes);
	}
	free(group->shares);
	group->shares = NULL;
	group->share_count = 0;
}

static bool covers(const struct group *group, const struct kit *kit,
	const struct property *property)
{
	/* The wishes of a group are those of its first member: all are equal. */
	const struct client *client = group->members->client;

	for (const struct watch *watch = client->watches; watch; watch = watch->next) {
		if (watch->rate == group->pace->rate && watch_covers(watch, kit, property)) {
			return true;
		}
	}
	return false;
}

static void fill_share(const struct group *group, struct kit *kit, struct share *share)
{
	share->kit = kit;
	share->told_seq = kit->seq;
	share->indexes = xcalloc(kit->property_count, sizeof(int));
	for (size_t i = 0; i < kit->property_count; i++) {
		if (kit->properties[i].readable && covers(group, kit, &kit->properties[i])) {
			share->indexes[share->index_count++] = (int)i;
		}
	}
}

static void resolve(struct group *group)
{
	struct lab *lab = group->pace->bus->server->lab;
	struct share *before = group->shares;
	size_t before_count = group->share_count;

	group->shares = xcalloc(lab_kit_count(lab), sizeof(*group->shares));
	group->share_count = 0;
	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		struct kit *kit = lab_kit(lab, i);

		if (!covers(group, kit, NULL)) {
			continue;
		}
		struct share *share = &group->shares[group->share_count++];

		fill_share(group, kit, share);
		for (size_t j = 0; j < before_count; j++) {
			if (before[j].kit == kit) {
				share->told_seq = before[j].told_seq;
			}
		}
	}
	for (size_t j = 0; j < before_count; j++) {
		free(before[j].indexes);
	}
	free(before);
	group->is_stale = false;
}

void bus_groups_resolve(struct bus *bus)
{
	/* A kit may be about to be freed: nothing of it may stay in a batch or share. */
	for (struct pace *pace = bus->paces; pace; pace = pace->next) {
		for (struct group *group = pace->groups; group; group = group->next) {
			group->is_stale = true;
		}
	}
}

/* ---- frames ---- */

static void send_frame(struct group *group, struct jsonout *out)
{
	struct server *server = group->pace->bus->server;
	struct frame *frame;

	json_raw(out, "}}}");
	frame = frame_create(out->text, out->length);
	server->frames_encoded++;
	for (struct bus_member *member = group->members; member; member = member->group_next) {
		server->frames_sent++;
		client_send(member->client, frame);
	}
	frame_drop(frame);
}

/* Appends a kit's properties that came (every) or changed since the group was told. */
static bool put_kit(struct share *share, bool every, bool is_first, struct jsonout *out)
{
	const struct kit *kit = share->kit;
	size_t begin = out->length;
	bool any = false;

	json_raw(out, is_first ? "\"" : ",\"");
	json_raw(out, kit->id);
	json_raw(out, "\":{\"seq\":");
	json_int(out, (int64_t)kit->seq);
	json_raw(out, ",\"t\":");
	json_ms(out, kit->t_us);
	json_raw(out, ",\"set\":{");
	for (size_t i = 0; i < share->index_count; i++) {
		const struct property *property = &kit->properties[share->indexes[i]];

		if ((every ? property->seq : property->changed_seq) > share->told_seq) {
			json_raw(out, any ? ",\"" : "\"");
			json_raw(out, property->name);
			json_raw(out, "\":");
			json_value(out, &property->value);
			any = true;
		}
	}
	share->told_seq = kit->seq;
	/* At rate 0 a sample without news goes out empty: a gap in seq means loss. */
	if (!any && !(every && share->index_count > 0)) {
		out->length = begin;
		return false;
	}
	json_raw(out, "}}");
	return true;
}

static void begin_frame(struct jsonout *out)
{
	json_clear(out);
	json_bytes(out, message_head, sizeof(message_head) - 1);
	json_ms(out, clock_now_us());
	json_raw(out, ",\"kits\":{");
}

static void tell_changes(struct group *group)
{
	struct jsonout *out = &group->pace->bus->scratch;
	bool is_first = true;

	if (group->is_stale) {
		resolve(group);
	}
	begin_frame(out);
	for (size_t i = 0; i < group->share_count; i++) {
		struct share *share = &group->shares[i];

		if (share->kit->seq > share->told_seq && put_kit(share, false, is_first, out)) {
			is_first = false;
		}
	}
	if (!is_first) {
		send_frame(group, out);
	}
}

static void on_frame(void *data)
{
	struct pace *pace = data;

	loop_read_gathered(pace->bus->server->loop); /* a frame tells the newest there is */
	for (struct group *group = pace->groups; group; group = group->next) {
		tell_changes(group);
	}
}

/* ---- rate 0 ---- */

static void flush_batch(struct group *group)
{
	if (group->has_batch) {
		group->has_batch = false;
		send_frame(group, &group->batch);
	}
}

void bus_flush(void *data)
{
	struct bus *bus = data;

	for (struct pace *pace = bus->paces; pace; pace = pace->next) {
		for (struct group *group = pace->groups; group && !pace->timer; group = group->next) {
			flush_batch(group);
		}
	}
}

static struct share *find_share(struct group *group, const struct kit *kit)
{
	for (size_t i = 0; i < group->share_count; i++) {
		if (group->shares[i].kit == kit) {
			return &group->shares[i];
		}
	}
	return NULL;
}

static void batch_kit(struct group *group, struct share *share)
{
	if (group->has_batch && share->batch == group->batch_number) {
		flush_batch(group);
	}
	if (!group->has_batch) {
		begin_frame(&group->batch);
		group->batch_number++;
		if (!loop_timer_is_running(group->pace->bus->gathering)) {
			loop_timer_start(group->pace->bus->gathering, 0, 0);
		}
	}
	if (put_kit(share, true, !group->has_batch, &group->batch)) {
		group->has_batch = true;
		share->batch = group->batch_number;
	}
}

void bus_group_sample(struct bus *bus, struct kit *kit)
{
	for (struct pace *pace = bus->paces; pace; pace = pace->next) {
		for (struct group *group = pace->groups; group && !pace->timer; group = group->next) {
			if (group->is_stale) {
				flush_batch(group);
				resolve(group);
			}
			struct share *share = find_share(group, kit);

			if (share) {
				batch_kit(group, share);
			}
		}
	}
}

/* ---- joining and leaving ---- */

static struct pace *pace_of(struct bus *bus, double rate)
{
	for (struct pace *pace = bus->paces; pace; pace = pace->next) {
		if (pace->rate == rate) {
			return pace;
		}
	}
	struct pace *pace = xcalloc(1, sizeof(*pace));

	pace->bus = bus;
	pace->rate = rate;
	pace->next = bus->paces;
	bus->paces = pace;
	if (rate > 0) {
		int64_t period_us = (int64_t)(1e6 / rate);

		pace->timer = loop_timer_add(bus->server->loop, on_frame, pace);
		loop_timer_start(pace->timer, period_us, period_us);
	} else {
		bus_hurry(bus, 1);
	}
	return pace;
}

static void free_group(struct group *group)
{
	struct pace *pace = group->pace;
	struct bus *bus = pace->bus;

	for (struct group **at = &pace->groups; *at; at = &(*at)->next) {
		if (*at == group) {
			*at = group->next;
			break;
		}
	}
	free_shares(group);
	json_finish(&group->batch);
	free(group->key);
	free(group);
	if (pace->groups) {
		return;
	}
	for (struct pace **at = &bus->paces; *at; at = &(*at)->next) {
		if (*at == pace) {
			*at = pace->next;
			break;
		}
	}
	bus_hurry(bus, pace->timer ? 0 : -1);
	loop_timer_remove(pace->timer);
	free(pace);
}

static void leave(struct bus_member *member)
{
	struct group *group = member->group;

	for (struct bus_member **at = &group->members; *at; at = &(*at)->group_next) {
		if (*at == member) {
			*at = member->group_next;
			break;
		}
	}
	for (struct bus_member **at = &member->client->members; *at; at = &(*at)->next) {
		if (*at == member) {
			*at = member->next;
			break;
		}
	}
	free(member);
	if (!group->members) {
		free_group(group);
	}
}

static int by_text(const void *a, const void *b)
{
	const char *const *first = a, *const *second = b;

	return strcmp(*first, *second);
}

/* One watch as a line of text. Owned by the caller. */
static char *make_line(const struct watch *watch)
{
	struct jsonout out = {0};

	json_raw(&out, watch->kit_id);
	for (size_t i = 0; i < watch->name_count; i++) {
		json_raw(&out, " ");
		json_raw(&out, watch->names[i]);
	}
	json_bytes(&out, "\n", 2);
	return out.text;
}

/* All that a client wants at a rate, as text: equal wishes give equal text. NULL: nothing. */
static char *make_key(const struct client *client, double rate)
{
	char *lines[WATCHES_MAX];
	size_t count = 0;
	struct jsonout out = {0};

	for (const struct watch *watch = client->watches; watch; watch = watch->next) {
		if (watch->rate == rate && count < WATCHES_MAX) {
			lines[count++] = make_line(watch);
		}
	}
	if (count == 0) {
		return NULL;
	}
	qsort(lines, count, sizeof(lines[0]), by_text);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(lines[i], lines[i - 1]) != 0) {
			json_raw(&out, lines[i]);
		}
	}
	json_bytes(&out, "", 1);
	for (size_t i = 0; i < count; i++) {
		free(lines[i]);
	}
	return out.text;
}

static struct group *group_of(struct pace *pace, const char *key)
{
	for (struct group *group = pace->groups; group; group = group->next) {
		if (strcmp(group->key, key) == 0) {
			return group;
		}
	}
	struct group *group = xcalloc(1, sizeof(*group));

	group->pace = pace;
	group->key = xstrdup(key);
	group->is_stale = true;
	group->next = pace->groups;
	pace->groups = group;
	return group;
}

void bus_regroup(struct bus *bus, struct client *client, double rate)
{
	char *key = make_key(client, rate);
	struct bus_member *before = client->members;

	while (before && before->group->pace->rate != rate) {
		before = before->next;
	}
	if (before) {
		/* What its old group has not told yet, no other group will. */
		if (rate > 0) {
			tell_changes(before->group);
		} else {
			flush_batch(before->group);
		}
		leave(before);
	}
	if (!key) {
		return;
	}
	struct bus_member *member = xcalloc(1, sizeof(*member));

	member->client = client;
	member->group = group_of(pace_of(bus, rate), key);
	member->next = client->members;
	client->members = member;
	member->group_next = member->group->members;
	member->group->members = member;
	/* A new group tells what comes from now on; the snapshot told the rest. */
	if (member->group->is_stale) {
		resolve(member->group);
	}
	free(key);
}

void bus_free_groups(struct bus *bus)
{
	while (bus->paces) {
		/* The last member's end is its group's, the last group's is the pace's. */
		leave(bus->paces->groups->members);
	}
}

/* All ports and kits of this PC; see lab.h. */
#include "lab.h"

#include "clock.h"
#include "link.h"
#include "log.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_US = 20 * 1000, KITS_MAX = 512 };

struct lab {
	struct loop *loop; /* borrowed */
	const struct lab_events *events;
	void *data;
	struct link *links; /* owned list */
	struct kit *kits[KITS_MAX]; /* owned, in id order */
	size_t kit_count;
	struct hotplug *hotplug; /* owned, NULL until lab_scan() */
	struct loop_timer *tick;
	int ports_added; /* for "port-N" */
};

/* ---- kits ---- */

static void on_sample(void *data, struct kit *kit)
{
	struct lab *lab = data;

	lab->events->sample(lab->data, kit);
}

static void on_event(void *data, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us)
{
	struct lab *lab = data;

	lab->events->event(lab->data, kit, event, value, t_us);
}

static const struct kit_listener listener = {.sample = on_sample, .event = on_event};

static int by_id(const void *a, const void *b)
{
	const struct kit *const *first = a, *const *second = b;

	return strverscmp((*first)->id, (*second)->id);
}

static struct kit *add_kit(struct lab *lab, const char *id, const char *identity)
{
	struct kit *kit = kit_create(id);

	snprintf(kit->identity, sizeof(kit->identity), "%s", identity);
	kit->listener = &listener;
	kit->listener_data = lab;
	lab->kits[lab->kit_count++] = kit;
	qsort(lab->kits, lab->kit_count, sizeof(lab->kits[0]), by_id);
	return kit;
}

struct kit *lab_kit_for(struct lab *lab, const struct link *link, const char *identity)
{
	char id[KIT_ID_MAX + 1] = "";
	const struct wiring *wiring = NULL;

	for (size_t i = 0; i < lab->kit_count; i++) {
		if (strcmp(lab->kits[i]->identity, identity) == 0) {
			return lab->kits[i];
		}
	}
	if (lab->kit_count == KITS_MAX && link->kit) {
		log_warn("%s: there are %d kits already; it keeps the name %s", link->spec.target,
			KITS_MAX, link->kit->id);
		return link->kit;
	}
	lab->events->recall(lab->data, identity, id, &wiring);
	if (link->spec.label[0]) {
		snprintf(id, sizeof(id), "%.32s", link->spec.label);
	}
	/* An id that is remembered for this kit but used by another one now gives way. */
	if (!id[0] || lab_find(lab, id)) {
		snprintf(id, sizeof(id), "port-%d", ++lab->ports_added);
	}
	struct kit *kit = add_kit(lab, id, identity);

	kit->profile = wiring;
	return kit;
}

bool lab_is_taken(const struct lab *lab, const struct kit *kit, const struct link *except)
{
	for (const struct link *link = lab->links; link; link = link->next) {
		if (link != except && link->kit == kit &&
			(port_is_open(link->port) || port_is_opening(link->port))) {
			return true;
		}
	}
	return false;
}

static struct link *link_of(const struct lab *lab, const struct kit *kit)
{
	for (struct link *link = lab->links; link; link = link->next) {
		if (link->kit == kit) {
			return link;
		}
	}
	return NULL;
}

static void drop_kit(struct lab *lab, struct kit *kit)
{
	for (size_t i = 0; i < lab->kit_count; i++) {
		if (lab->kits[i] == kit) {
			memmove(&lab->kits[i], &lab->kits[i + 1],
				(lab->kit_count - i - 1) * sizeof(lab->kits[0]));
			lab->kit_count--;
			break;
		}
	}
	lab->events->kit_gone(lab->data, kit);
	kit_destroy(kit);
}

static bool is_provisional(const struct kit *kit)
{
	return strncmp(kit->id, "port-", 5) == 0 && !kit->label[0];
}

void lab_leave_kit(struct lab *lab, struct kit *kit)
{
	if (is_provisional(kit) && !link_of(lab, kit)) {
		drop_kit(lab, kit);
	}
}

/* The smallest free MODEL-N; what the store remembers of absent kits is among the kits. */
static void name_kit(const struct lab *lab, struct kit *kit)
{
	const char *model = kit->model[0] ? kit->model : kit->driver->name;

	for (int n = 1;; n++) {
		char id[KIT_ID_MAX + 1];

		snprintf(id, sizeof(id), "%.20s-%d", model, n);
		if (!lab_find(lab, id)) {
			memcpy(kit->id, id, sizeof(kit->id));
			return;
		}
	}
}

void lab_settle(struct lab *lab, struct kit *kit)
{
	char old_id[KIT_ID_MAX + 1];

	memcpy(old_id, kit->id, sizeof(old_id));
	if (is_provisional(kit)) {
		name_kit(lab, kit);
		qsort(lab->kits, lab->kit_count, sizeof(lab->kits[0]), by_id);
		log_info("%s is %s (%s)", old_id, kit->id, kit->program);
		lab->events->kit_renamed(lab->data, kit, old_id);
	}
	struct why why;

	if (lab->events->verify && lab->events->verify(lab->data, kit, &why)) {
		log_warn("%s: %s", kit->id, why.text[LANG_EN]);
		kit_refuse(kit, &why);
		return;
	}
	lab->events->remember(lab->data, kit);
}

void lab_kit_changed(struct lab *lab, struct kit *kit)
{
	lab->events->kit_changed(lab->data, kit);
}

void lab_kit_held(struct lab *lab, struct kit *kit)
{
	if (lab->events->kit_held) {
		lab->events->kit_held(lab->data, kit);
	}
}

const char *lab_seat_of(struct lab *lab, const char *socket)
{
	const char *seat = NULL;

	if (socket[0] && lab->events->seat_of) {
		seat = lab->events->seat_of(lab->data, socket);
	}
	return seat ? seat : socket;
}

void lab_name_seats(struct lab *lab)
{
	for (struct link *link = lab->links; link; link = link->next) {
		if (link_seat(link)) {
			lab_kit_changed(lab, link->kit);
		}
	}
}

const struct wiring *lab_find_wiring(struct lab *lab, const char *id)
{
	return lab->events->find_wiring(lab->data, id);
}

struct kit *lab_add_absent(struct lab *lab, const char *id, const char *identity,
	const char *model)
{
	if (lab_find(lab, id) || lab->kit_count == KITS_MAX) {
		return NULL;
	}
	struct kit *kit = add_kit(lab, id, identity);

	snprintf(kit->model, sizeof(kit->model), "%s", model);
	return kit;
}

enum err lab_set_wiring(struct lab *lab, struct kit *kit, const struct wiring *profile,
	struct why *why)
{
	enum err err = kit_need_usable(kit, why);

	if (!err) {
		err = kit_set_wiring(kit, profile, clock_now_us(), why);
	}
	if (!err) {
		lab->events->remember(lab->data, kit);
	}
	return err;
}

size_t lab_kit_count(const struct lab *lab)
{
	return lab->kit_count;
}

struct kit *lab_kit(const struct lab *lab, size_t index)
{
	return lab->kits[index];
}

struct kit *lab_find(const struct lab *lab, const char *id)
{
	for (size_t i = 0; i < lab->kit_count; i++) {
		if (strcmp(lab->kits[i]->id, id) == 0) {
			return lab->kits[i];
		}
	}
	return NULL;
}

struct kit *lab_need(const struct lab *lab, const char *id, struct why *why)
{
	struct kit *kit = lab_find(lab, id);
	char ids[200];
	size_t used = 0;

	if (kit) {
		return kit;
	}
	snprintf(ids, sizeof(ids), "-");
	for (size_t i = 0; i < lab->kit_count && used < sizeof(ids); i++) {
		used += (size_t)snprintf(ids + used, sizeof(ids) - used, "%s%s", used ? ", " : "",
			lab->kits[i]->id);
	}
	why_set(why, ERR_NOT_FOUND, MSG_NO_KIT, id, ids);
	return NULL;
}

/* ---- ports ---- */

struct loop *lab_loop(struct lab *lab)
{
	return lab->loop;
}

static struct link *add_link(struct lab *lab, const struct port_spec *spec, const char *model,
	const struct hotplug_device *device)
{
	struct link *link = link_create(lab, spec, model, device);

	link->next = lab->links;
	lab->links = link;
	return link;
}

/* By the device's path. USB kits are opened by other words than that. */
static struct link *find_link(const struct lab *lab, const char *path)
{
	for (struct link *link = lab->links; link; link = link->next) {
		if (strcmp(link->spec.scheme == PORT_USB ? link->device.path : link->spec.target,
			path) == 0) {
			return link;
		}
	}
	return NULL;
}

struct wish {
	const struct lab *lab;
	const struct link *link;
};

static bool fits_wish(void *data, const struct hotplug_device *device)
{
	const struct wish *wish = data;
	const struct link *taken = find_link(wish->lab, device->path);

	return link_wants(wish->link, device) && (!taken || taken == wish->link);
}

bool lab_find_usb(struct lab *lab, const struct link *link, struct hotplug_device *device)
{
	struct wish wish = {lab, link};

	return hotplug_find_usb((uint16_t)strtoul(link->spec.target, NULL, 16),
		(uint16_t)strtoul(link->spec.target + 5, NULL, 16), fits_wish, &wish, device);
}

static void remove_link(struct lab *lab, struct link *link)
{
	struct kit *kit = link->kit;
	struct link **at = &lab->links;
	struct why why;

	while (*at != link) {
		at = &(*at)->next;
	}
	*at = link->next;
	/* Its end first: the kit's last changes still go through the link. A kit that came back
	 * in another socket before udev told of its unplugging is the new link's. */
	if (kit->owner_data == link) {
		why_set(&why, ERR_LOST, MSG_KIT_LOST, kit->id);
		kit_lose(kit, KIT_LOST, &why, clock_now_us());
	}
	link_destroy(link);
	lab_leave_kit(lab, kit);
}

enum err lab_add_port(struct lab *lab, const struct port_spec *spec, const char *model,
	struct why *why)
{
	for (struct link *link = lab->links; link && spec->label[0]; link = link->next) {
		if (strcmp(link->spec.label, spec->label) == 0) {
			return why_set(why, ERR_INVALID, MSG_LABEL_TWICE, spec->label);
		}
	}
	if (spec->driver[0] && !driver_find(spec->driver)) {
		return why_set(why, ERR_INVALID, MSG_NO_DRIVER, spec->driver);
	}
	if (spec->wiring[0] && !lab_find_wiring(lab, spec->wiring)) {
		return why_set(why, ERR_INVALID, MSG_NO_SUCH_WIRING, spec->wiring);
	}
	if (lab->kit_count == KITS_MAX) {
		return why_set(why, ERR_LIMIT, MSG_TOO_MANY_KITS, KITS_MAX);
	}
	link_open(add_link(lab, spec, model, NULL));
	return ERR_NONE;
}

static void on_tick(void *data)
{
	struct lab *lab = data;
	int64_t now_us = clock_now_us();
	bool any_open = false;

	for (struct link *link = lab->links; link; link = link->next) {
		any_open = any_open || port_is_open(link->port);
		link_tick(link, now_us);
	}
	if (!any_open) {
		loop_timer_stop(lab->tick);
	}
}

void lab_need_ticks(struct lab *lab)
{
	if (!loop_timer_is_running(lab->tick)) {
		loop_timer_start(lab->tick, TICK_US, TICK_US);
	}
}

/* ---- lending, accepting, forgetting ---- */

enum err lab_lend(struct lab *lab, struct kit *kit, const struct why *reason, char *path,
	size_t room, struct why *why)
{
	struct link *link = link_of(lab, kit);

	if (!link || kit->state == KIT_ABSENT || kit->state == KIT_LOST) {
		return why_set(why, ERR_LOST, MSG_KIT_LOST, kit->id);
	}
	if (link->spec.scheme != PORT_SERIAL && link->spec.scheme != PORT_STREAM) {
		return why_set(why, ERR_UNSUPPORTED, MSG_FLASH_PORT, kit->id);
	}
	snprintf(path, room, "%s", link->spec.target);
	link_lend(link, reason);
	return ERR_NONE;
}

void lab_take_back(struct lab *lab, struct kit *kit)
{
	struct link *link = link_of(lab, kit);

	if (link && link->is_lent) {
		link_take_back(link);
	}
}

void lab_accept(struct lab *lab, struct kit *kit)
{
	struct link *link = link_of(lab, kit);

	if (link && port_is_open(link->port) && kit->state == KIT_REFUSED && kit->driver) {
		kit_start(kit, kit->driver, clock_now_us());
	}
}

enum err lab_forget(struct lab *lab, struct kit *kit, struct why *why)
{
	if (link_of(lab, kit) || (kit->state != KIT_ABSENT && kit->state != KIT_LOST)) {
		return why_set(why, ERR_REFUSED, MSG_KIT_IS_HERE, kit->id);
	}
	drop_kit(lab, kit);
	return ERR_NONE;
}

/* ---- hot-plug ---- */

/* Some `--port usb:...` may have waited for it. */
static bool is_wished_for(struct lab *lab, const struct hotplug_device *device)
{
	for (struct link *link = lab->links; link; link = link->next) {
		if (!link->from_hotplug && !link->device.path[0] && link_wants(link, device)) {
			link_retry_now(link);
			return true;
		}
	}
	return false;
}

static bool is_a_kit(const struct hotplug_device *device)
{
	const char *model;

	if (device->is_raw) { /* a mouse is no news */
		return probe_by_ids(device, &model) != NULL;
	}
	if (!probe_knows_ids(device)) {
		log_info("%s: USB %04x:%04x (%s) is no kit that a driver knows; left alone",
			device->path, device->vendor, device->product, device->title);
		return false;
	}
	return true;
}

static void on_added(void *data, const struct hotplug_device *device)
{
	struct lab *lab = data;
	struct link *link = find_link(lab, device->path);
	struct port_spec spec = {.scheme = device->is_raw ? PORT_USB : PORT_SERIAL, .dtr = -1};

	if (lab->events->plugged) {
		lab->events->plugged(lab->data, device);
	}
	if (link) {
		link->device = *device;
		link_retry_now(link);
		return;
	}
	if (is_wished_for(lab, device) || !is_a_kit(device)) {
		return;
	}
	if (lab->kit_count == KITS_MAX) {
		log_warn("%s: left alone, there are %d kits already", device->path, KITS_MAX);
		return;
	}
	if (device->is_raw) {
		snprintf(spec.target, sizeof(spec.target), "%04x:%04x", device->vendor,
			device->product);
	} else {
		snprintf(spec.target, sizeof(spec.target), "%s", device->path);
	}
	link_open(add_link(lab, &spec, NULL, device));
}

static void on_removed(void *data, const char *path)
{
	struct lab *lab = data;
	struct link *link = find_link(lab, path);

	/* A boot loader may come and go as another device while the line is lent. */
	if (link && link->from_hotplug && !link->is_lent) {
		log_info("%s: %s is unplugged", link->kit->id, path);
		remove_link(lab, link);
	} else if (link && link->spec.scheme == PORT_USB) {
		link_unplugged(link);
	}
}

static const struct hotplug_events hotplug_events = {.added = on_added, .removed = on_removed};

int lab_scan(struct lab *lab)
{
	if (!lab->hotplug) {
		lab->hotplug = hotplug_create(lab->loop, &hotplug_events, lab);
	}
	int before = 0, after = 0;

	for (struct link *link = lab->links; link; link = link->next) {
		before++;
	}
	if (lab->hotplug) {
		hotplug_list(lab->hotplug);
	}
	for (struct link *link = lab->links; link; link = link->next) {
		after++;
	}
	return after - before;
}

/* ---- life ---- */

struct lab *lab_create(struct loop *loop, const struct lab_events *events, void *data)
{
	struct lab *lab = xcalloc(1, sizeof(*lab));

	lab->loop = loop;
	lab->events = events;
	lab->data = data;
	lab->tick = loop_timer_add(loop, on_tick, lab);
	return lab;
}

void lab_hold(struct lab *lab)
{
	int64_t now_us = clock_now_us();
	struct why why;

	why_set(&why, ERR_STOPPED, MSG_DAEMON_STOPS);
	for (struct link *link = lab->links; link; link = link->next) {
		if (port_is_open(link->port) && !link->is_probing) {
			kit_hold(link->kit, HOLD_ALL, &why, now_us);
			kit_stop(link->kit, now_us);
		}
	}
}

bool lab_is_drained(const struct lab *lab)
{
	for (const struct link *link = lab->links; link; link = link->next) {
		if (port_is_open(link->port) && port_unsent(link->port) > 0) {
			return false;
		}
	}
	return true;
}

void lab_destroy(struct lab *lab)
{
	if (!lab) {
		return;
	}
	hotplug_destroy(lab->hotplug);
	while (lab->links) {
		struct link *link = lab->links;

		lab->links = link->next;
		link_destroy(link);
	}
	for (size_t i = 0; i < lab->kit_count; i++) {
		lab->events->kit_gone(lab->data, lab->kits[i]);
		kit_destroy(lab->kits[i]);
	}
	loop_timer_remove(lab->tick);
	free(lab);
}

/* One port and its kit; see link.h. */
#include "link.h"

#include "clock.h"
#include "log.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	DELAY_MIN_US = 100 * 1000,
	DELAY_MAX_US = 5000 * 1000,
	STEADY_US = 5000 * 1000, /* open for so long: the next loss is no flapping */
	DEFAULT_BAUD = 57600,
	TURN_US = 250 * 1000, /* closed for so long, so that DTR falls and resets the board */
};

/* ---- the kit's owner ---- */

static bool on_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	struct link *link = data;

	return port_is_open(link->port) && port_send(link->port, bytes, count, lane);
}

static size_t on_backlog(void *data)
{
	struct link *link = data;

	return port_backlog(link->port);
}

static void on_changed(void *data, struct kit *kit)
{
	struct link *link = data;

	if (kit->state == KIT_READY) {
		lab_settle(link->lab, kit);
	}
	lab_kit_changed(link->lab, kit);
}

static void on_held(void *data, struct kit *kit)
{
	struct link *link = data;

	lab_kit_held(link->lab, kit);
}

static const struct kit_owner owner = {
	.send = on_send,
	.backlog = on_backlog,
	.changed = on_changed,
	.held = on_held,
};

/* ---- identity ---- */

/*
 * By what the kit is remembered: the label that a person gave it, else its USB
 * serial number, else its seat (the USB socket), else its port's address.
 */
static void name_identity(const struct link *link, bool by_serial, char *out, size_t room)
{
	static const char *const schemes[] = {"serial", "stream", "tcp", "unix", "udp", "usb"};
	const struct hotplug_device *device = &link->device;

	if (link->spec.label[0]) {
		snprintf(out, room, "label:%s", link->spec.label);
	} else if (device->vendor && device->serial[0] && by_serial) {
		snprintf(out, room, "usb:%04x:%04x:%s", device->vendor, device->product,
			device->serial);
	} else if (device->vendor && device->seat[0]) {
		snprintf(out, room, "seat:%s:%04x:%04x", device->seat, device->vendor,
			device->product);
	} else {
		snprintf(out, room, "%s:%.100s", schemes[link->spec.scheme], link->spec.target);
	}
}

/* A USB path as in "1-1.2", which names a socket; else `seat` is a word of the room's. */
static bool is_socket(const char *seat)
{
	return strchr(seat, '-') && strspn(seat, "0123456789-.") == strlen(seat);
}

bool link_seat(struct link *link)
{
	const char *seat = link->spec.seat;
	char before[sizeof(link->kit->seat)];

	memcpy(before, link->kit->seat, sizeof(before));
	if (!seat[0] || is_socket(seat)) {
		seat = lab_seat_of(link->lab, link->device.seat);
	}
	snprintf(link->kit->seat, sizeof(link->kit->seat), "%.31s", seat);
	return strcmp(before, link->kit->seat) != 0;
}

static void fill_kit(struct link *link)
{
	struct kit *kit = link->kit;
	const char *model = link->model;

	kit->owner = &owner;
	kit->owner_data = link;
	snprintf(kit->label, sizeof(kit->label), "%s", link->spec.label);
	snprintf(kit->port, sizeof(kit->port), "%.127s", port_name(link->port));
	snprintf(kit->socket, sizeof(kit->socket), "%.31s", link->device.seat);
	snprintf(kit->serial, sizeof(kit->serial), "%.63s", link->device.serial);
	link_seat(link);
	kit->sampling_ms = link->spec.sampling;
	kit->is_virtual = link->model[0] != '\0';
	kit->is_packet = link->spec.scheme == PORT_USB;
	if (!model[0] && link->device.vendor) {
		probe_by_ids(&link->device, &model);
	}
	if (model[0]) {
		snprintf(kit->model, sizeof(kit->model), "%s", model);
	}
	if (!kit->profile && link->spec.wiring[0]) {
		kit->profile = lab_find_wiring(link->lab, link->spec.wiring);
	}
}

/* Who hangs here now? Cheap boards share serial numbers: the second of them goes by its seat. */
static void attach(struct link *link)
{
	char identity[sizeof(link->kit->identity)];

	name_identity(link, true, identity, sizeof(identity));
	struct kit *kit = lab_kit_for(link->lab, link, identity);

	if (lab_is_taken(link->lab, kit, link)) {
		name_identity(link, false, identity, sizeof(identity));
		kit = lab_kit_for(link->lab, link, identity);
	}
	struct kit *before = link->kit;

	link->kit = kit;
	fill_kit(link);
	if (before && before != kit) {
		if (before->owner_data == link) {
			before->owner = NULL;
			before->owner_data = NULL;
		}
		lab_leave_kit(link->lab, before);
	}
}

/* ---- the port's events ---- */

static void begin(struct link *link, const struct driver *driver, int64_t now_us)
{
	link->is_probing = false;
	log_info("%s: %s on %s", link->kit->id, driver->name, link->kit->port);
	kit_start(link->kit, driver, now_us);
}

static const struct driver *known_driver(const struct link *link)
{
	if (link->spec.driver[0]) {
		return driver_find(link->spec.driver);
	}
	const char *model;

	return link->device.vendor ? probe_by_ids(&link->device, &model) : NULL;
}

static void on_opened(void *data)
{
	struct link *link = data;
	const struct driver *driver = known_driver(link);

	link->opened_us = clock_now_us();
	lab_need_ticks(link->lab);
	if (driver) {
		begin(link, driver, link->opened_us);
		return;
	}
	link->is_probing = true;
	probe_listen(&link->probe, link->opened_us);
	kit_set_state(link->kit, KIT_PROBING, NULL);
}

static void on_received(void *data, const uint8_t *bytes, size_t count, int64_t t_us)
{
	struct link *link = data;

	if (!link->is_probing) {
		kit_feed(link->kit, bytes, count, t_us);
		return;
	}
	const struct driver *driver = probe_hear(&link->probe, bytes, count);

	if (driver) {
		begin(link, driver, t_us);
		kit_feed(link->kit, link->probe.heard, link->probe.heard_count, t_us);
	}
}

static void on_drained(void *data)
{
	struct link *link = data;

	kit_drained(link->kit, clock_now_us());
}

static void on_lost(void *data, const struct why *why)
{
	struct link *link = data;
	int64_t now_us = clock_now_us();
	bool was_open = link->opened_us != 0;
	enum kit_state state = was_open || link->kit->state == KIT_LOST ? KIT_LOST : KIT_ABSENT;

	if (was_open) {
		log_warn("%s: lost: %s", link->kit->id, why->text[LANG_EN]);
	} else if (why->code != ERR_LOST) {
		/* It is there, but taken, or not ours to open: somebody must do something. */
		log_warn("%s: %s", link->kit->id, why->text[LANG_EN]);
		state = KIT_REFUSED;
	}
	if (was_open && now_us - link->opened_us > STEADY_US) {
		link->delay_us = DELAY_MIN_US;
	}
	link->opened_us = 0;
	link->is_probing = false;
	if (link->spec.scheme == PORT_USB && !link->from_hotplug) {
		link->device.path[0] = '\0'; /* looked for anew */
	}
	loop_timer_start(link->retry, link->delay_us, 0);
	link->delay_us = link->delay_us * 2 > DELAY_MAX_US ? DELAY_MAX_US : link->delay_us * 2;
	kit_lose(link->kit, state, why, now_us);
}

static const struct port_events port_events = {
	.opened = on_opened,
	.received = on_received,
	.drained = on_drained,
	.lost = on_lost,
};

/* ---- life ---- */

/*
 * Unplugged, though udev did not tell yet: the kit may be in another socket by then, and is not to
 * be taken from there.
 */
static bool is_gone(const struct link *link)
{
	return link->from_hotplug && access(link->device.path, F_OK) < 0;
}

static void on_retry(void *data)
{
	struct link *link = data;

	if (is_gone(link)) {
		loop_timer_start(link->retry, DELAY_MAX_US, 0);
	} else {
		link_open(link);
	}
}

struct link *link_create(struct lab *lab, const struct port_spec *spec, const char *model,
	const struct hotplug_device *device)
{
	struct link *link = xcalloc(1, sizeof(*link));

	link->lab = lab;
	link->spec = *spec;
	if (model) {
		snprintf(link->model, sizeof(link->model), "%s", model);
	}
	if (device) {
		link->device = *device;
		link->from_hotplug = true;
	}
	link->port = port_create(lab_loop(lab), spec, &port_events, link);
	link->retry = loop_timer_add(lab_loop(lab), on_retry, link);
	link->delay_us = DELAY_MIN_US;
	attach(link);
	return link;
}

void link_destroy(struct link *link)
{
	port_destroy(link->port);
	loop_timer_remove(link->retry);
	if (link->kit->owner_data == link) {
		link->kit->owner = NULL;
		link->kit->owner_data = NULL;
	}
	free(link);
}

static unsigned line_speed(const struct link *link)
{
	const struct driver *driver = known_driver(link);
	unsigned baud = driver ? driver->baud : probe_baud(&link->probe);

	return link->spec.baud ? link->spec.baud : baud ? baud : DEFAULT_BAUD;
}

bool link_wants(const struct link *link, const struct hotplug_device *device)
{
	const struct port_spec *spec = &link->spec;

	return spec->scheme == PORT_USB && device->is_raw &&
		strtoul(spec->target, NULL, 16) == device->vendor &&
		strtoul(spec->target + 5, NULL, 16) == device->product &&
		(!spec->serial[0] || strcmp(spec->serial, device->serial) == 0) &&
		(!is_socket(spec->seat) || strcmp(spec->seat, device->seat) == 0);
}

static void find_device(struct link *link)
{
	struct hotplug_device device;

	if (link->from_hotplug) {
		return;
	}
	if ((link->spec.scheme == PORT_SERIAL && hotplug_lookup(link->spec.target, &device)) ||
		(link->spec.scheme == PORT_USB && lab_find_usb(link->lab, link, &device))) {
		link->device = device;
	}
}

void link_open(struct link *link)
{
	find_device(link);
	attach(link);
	if (!link->is_turning) {
		probe_start(&link->probe, &link->device,
			link->spec.scheme == PORT_SERIAL && !link->spec.baud);
		if (link->kit->state != KIT_LOST) {
			kit_set_state(link->kit, KIT_OPENING, NULL);
		}
	}
	link->is_turning = false;

	const struct driver *driver = known_driver(link);
	const struct port_how how = {
		.baud = line_speed(link),
		.dtr = link->spec.dtr != 0,
		.path = link->device.path[0] ? link->device.path : NULL,
		.usb = driver ? driver->usb_io : NULL,
	};

	port_open(link->port, &how);
}

void link_lend(struct link *link, const struct why *reason)
{
	int64_t now_us = clock_now_us();

	if (port_is_open(link->port) && !link->is_probing) {
		kit_hold(link->kit, HOLD_ALL, reason, now_us);
		kit_stop(link->kit, now_us);
	}
	link->is_lent = true;
	link->is_probing = false;
	link->opened_us = 0;
	link->delay_us = DELAY_MIN_US;
	loop_timer_stop(link->retry);
	port_close(link->port);
	kit_lose(link->kit, KIT_REFUSED, reason, now_us);
}

void link_take_back(struct link *link)
{
	link->is_lent = false;
	link_open(link);
}

void link_retry_now(struct link *link)
{
	if (!port_is_open(link->port) && loop_timer_is_running(link->retry)) {
		loop_timer_stop(link->retry);
		link_open(link);
	}
}

void link_unplugged(struct link *link)
{
	struct why why;

	if (port_is_open(link->port)) {
		port_close(link->port);
		why_set(&why, ERR_LOST, MSG_PORT_GONE, port_name(link->port));
		on_lost(link, &why);
	}
}

static void list_drivers(char *out, size_t room)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; drivers[i] && used < room; i++) {
		used += (size_t)snprintf(out + used, room - used, "%s%s", used ? ", " : "",
			drivers[i]->name);
	}
}

static void refuse_to_guess(struct link *link)
{
	char names[160];
	struct why why;

	if (link->kit->state != KIT_REFUSED) {
		list_drivers(names, sizeof(names));
		why_set(&why, ERR_REFUSED, MSG_CHOOSE_DRIVER, link->kit->port, names);
		kit_refuse(link->kit, &why);
	}
}

void link_tick(struct link *link, int64_t now_us)
{
	if (!port_is_open(link->port)) {
		return;
	}
	if (!link->is_probing) {
		kit_tick(link->kit, now_us);
		return;
	}
	const struct driver *driver = NULL;

	switch (probe_wait(&link->probe, now_us, &driver)) {
	case PROBE_LISTENS:
		break;
	case PROBE_TURNS:
		link->is_turning = true;
		link->is_probing = false;
		link->opened_us = 0;
		port_close(link->port);
		loop_timer_start(link->retry, TURN_US, 0);
		break;
	case PROBE_FOUND:
		begin(link, driver, now_us);
		if (link->probe.heard_count > 0) {
			kit_feed(link->kit, link->probe.heard, link->probe.heard_count, now_us);
		}
		break;
	case PROBE_FAILS:
		refuse_to_guess(link);
		break;
	}
}

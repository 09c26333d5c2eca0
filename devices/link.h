/*
 * A link: one port with the kit that hangs on it. Opens the port, again and
 * again with back-off (0.1 to 5 s), finds the driver, knows by what identity the kit
 * is remembered, and moves bytes. lab.c owns the links and the kits.
 */
#pragma once

#include "hotplug.h"
#include "lab.h"
#include "probe.h"

struct link {
	struct lab *lab;       /* borrowed, outlives */
	struct link *next;
	struct port_spec spec;
	struct port *port;     /* owned */
	struct kit *kit;       /* the lab's; never NULL */
	struct hotplug_device device; /* vendor 0 = not on USB, or not known */
	char model[KIT_ID_MAX + 1];   /* known of virtual kits; "" = by ids or by the driver */
	bool from_hotplug;     /* ends with its device */
	bool is_lent;          /* another program has the device: stays closed */
	bool is_probing;
	bool is_turning;       /* the probe wants another line speed */
	struct probe probe;
	struct loop_timer *retry;
	int64_t delay_us;      /* of the next try */
	int64_t opened_us;
};

struct link *link_create(struct lab *lab, const struct port_spec *spec, const char *model,
	const struct hotplug_device *device);
void link_destroy(struct link *link); /* its kit stays with the lab */
void link_open(struct link *link);
void link_tick(struct link *link, int64_t now_us);
/* What the room calls the kit's place now. True: it has changed. */
bool link_seat(struct link *link);
/* Closes the port and keeps it closed, and opens it again. */
void link_lend(struct link *link, const struct why *reason);
void link_take_back(struct link *link);
/* The device came back: no more waiting. */
void link_retry_now(struct link *link);
/* udev says that the device is gone: an arm without sensors has no other sign. */
void link_unplugged(struct link *link);
/* A usb: port that a person asked for: is it this device, by ids, serial number and socket? */
bool link_wants(const struct link *link, const struct hotplug_device *device);

/* ---- lab.c, for links ---- */

struct loop *lab_loop(struct lab *lab);
/* The kit of an identity: one that is known, or a new one. */
struct kit *lab_kit_for(struct lab *lab, const struct link *link, const char *identity);
/* Is another link, open or opening, driving this kit? */
bool lab_is_taken(const struct lab *lab, const struct kit *kit, const struct link *except);
/* A kit that never got a name of its own goes with its last link. */
void lab_leave_kit(struct lab *lab, struct kit *kit);
/* The USB device that a link wants and no other link has. */
bool lab_find_usb(struct lab *lab, const struct link *link, struct hotplug_device *device);
/* The kit is ready: gives it its id if it has none yet, and lets it be remembered. */
void lab_settle(struct lab *lab, struct kit *kit);
void lab_kit_changed(struct lab *lab, struct kit *kit);
void lab_kit_held(struct lab *lab, struct kit *kit);
/* The seat of a USB socket, else the socket itself; "" of "". */
const char *lab_seat_of(struct lab *lab, const char *socket);
const struct wiring *lab_find_wiring(struct lab *lab, const char *id);
void lab_need_ticks(struct lab *lab);

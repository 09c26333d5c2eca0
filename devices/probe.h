/*
 * Finding out what hangs on a port without hurting it: USB ids first, then
 * listening. Nothing is sent from here: a console, a printer and an autopilot all react
 * to stray bytes. A driver's start() asks, and it is started only when ids or heard
 * bytes leave it alone in the choice (PROTOCOLS, common rules).
 */
#pragma once

#include "driver.h"
#include "hotplug.h"

enum { PROBE_HEARD_MAX = 512, PROBE_LISTEN_US = 5 * 1000000 };

struct probe {
	uint8_t heard[PROBE_HEARD_MAX]; /* what the port said so far */
	size_t heard_count;
	int64_t began_us;
};

/* The driver that USB ids name beyond doubt, and the kit's model; NULL = not decided. */
const struct driver *probe_by_ids(const struct hotplug_device *device, const char **model);

/* Is it a USB id that some driver has, if only through a shared bridge chip? */
bool probe_knows_ids(const struct hotplug_device *device);

void probe_start(struct probe *probe, int64_t now_us);
/* Bytes came: the driver that alone can have said them, or NULL. */
const struct driver *probe_hear(struct probe *probe, const uint8_t *bytes, size_t count);
/*
 * Time passed. When listening is over, *is_over is true and the answer is the one driver
 * that is left (by shared ids or heard bytes), or NULL: a person has to choose.
 */
const struct driver *probe_wait(struct probe *probe, const struct hotplug_device *device,
	int64_t now_us, bool *is_over);

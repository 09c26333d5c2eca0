/* Choosing a driver by ids and by listening; see probe.h. */
#include "probe.h"

#include <string.h>

static bool has_text(const struct usb_match *match, const struct hotplug_device *device)
{
	return !match->text || strstr(device->maker, match->text) ||
		strstr(device->title, match->text);
}

/* Shared ids decide after all when a string of the device stands beside them. */
static bool has_ids(const struct driver *driver, const struct hotplug_device *device, bool shared,
	const char **model)
{
	if (device->is_raw != (driver->usb_io != NULL)) {
		return false;
	}
	for (const struct usb_match *m = driver->usb; m && m->vendor; m++) {
		if (m->vendor == device->vendor && m->product == device->product &&
			has_text(m, device) && (m->shared && !m->text) == shared) {
			if (model) {
				*model = m->model;
			}
			return true;
		}
	}
	return false;
}

const struct driver *probe_by_ids(const struct hotplug_device *device, const char **model)
{
	for (size_t i = 0; drivers[i]; i++) {
		if (has_ids(drivers[i], device, false, model)) {
			return drivers[i];
		}
	}
	return NULL;
}

bool probe_knows_ids(const struct hotplug_device *device)
{
	for (size_t i = 0; drivers[i]; i++) {
		if (has_ids(drivers[i], device, false, NULL) ||
			has_ids(drivers[i], device, true, NULL)) {
			return true;
		}
	}
	return false;
}

void probe_start(struct probe *probe, int64_t now_us)
{
	probe->heard_count = 0;
	probe->began_us = now_us;
}

/* The only driver with at least this evidence, NULL if there is none or more than one. */
static const struct driver *only(const struct probe *probe, enum evidence least)
{
	const struct driver *found = NULL;

	for (size_t i = 0; drivers[i]; i++) {
		if (drivers[i]->hear && drivers[i]->hear(probe->heard, probe->heard_count) >= least) {
			if (found) {
				return NULL;
			}
			found = drivers[i];
		}
	}
	return found;
}

const struct driver *probe_hear(struct probe *probe, const uint8_t *bytes, size_t count)
{
	/* Of a long stream the newest bytes tell; half of the old ones is kept. */
	if (count > PROBE_HEARD_MAX / 2) {
		bytes += count - PROBE_HEARD_MAX / 2;
		count = PROBE_HEARD_MAX / 2;
	}
	if (probe->heard_count + count > PROBE_HEARD_MAX) {
		size_t drop = probe->heard_count + count - PROBE_HEARD_MAX;

		memmove(probe->heard, probe->heard + drop, probe->heard_count - drop);
		probe->heard_count -= drop;
	}
	memcpy(probe->heard + probe->heard_count, bytes, count);
	probe->heard_count += count;
	return only(probe, EVIDENCE_YES);
}

const struct driver *probe_wait(struct probe *probe, const struct hotplug_device *device,
	int64_t now_us, bool *is_over)
{
	*is_over = now_us - probe->began_us >= PROBE_LISTEN_US;
	if (!*is_over) {
		return NULL;
	}
	if (probe->heard_count > 0) {
		return only(probe, EVIDENCE_MAYBE);
	}
	const struct driver *found = NULL;

	for (size_t i = 0; drivers[i] && device->vendor; i++) {
		if (has_ids(drivers[i], device, true, NULL)) {
			if (found) {
				return NULL;
			}
			found = drivers[i];
		}
	}
	return found;
}

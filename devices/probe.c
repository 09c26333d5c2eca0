/* Choosing a driver by ids and by listening; see probe.h. */
#include "probe.h"

#include <string.h>

enum { NOISE_LEAST = 8, NOISE_US = 300 * 1000 };

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

/* ---- listening ---- */

static bool shares_ids(const struct driver *driver, const struct hotplug_device *device)
{
	return device->vendor && has_ids(driver, device, true, NULL);
}

/* May its kit hang there, whatever the speed? */
static bool is_possible(const struct probe *probe, const struct driver *driver)
{
	return driver->hear && !driver->usb_io &&
		(!probe_knows_ids(&probe->device) || shares_ids(driver, &probe->device));
}

void probe_start(struct probe *probe, const struct hotplug_device *device, bool finds_baud)
{
	*probe = (struct probe){.device = *device};
	for (size_t i = 0; drivers[i] && finds_baud; i++) {
		unsigned n = 0;

		while (n < probe->baud_count && probe->bauds[n] != drivers[i]->baud) {
			n++;
		}
		if (is_possible(probe, drivers[i]) && n == probe->baud_count &&
			n < PROBE_BAUDS_MAX) {
			probe->bauds[probe->baud_count++] = drivers[i]->baud;
		}
	}
}

unsigned probe_baud(const struct probe *probe)
{
	return probe->baud_count ? probe->bauds[probe->turn] : 0;
}

void probe_listen(struct probe *probe, int64_t now_us)
{
	probe->heard_count = 0;
	probe->began_us = now_us;
}

/* How many drivers have at least this evidence at this speed, and the last of them. */
static unsigned count_evidence(
	const struct probe *probe, enum evidence least, const struct driver **last)
{
	unsigned baud = probe_baud(probe), count = 0;

	for (size_t i = 0; drivers[i]; i++) {
		if (is_possible(probe, drivers[i]) && (!baud || drivers[i]->baud == baud) &&
			drivers[i]->hear(probe->heard, probe->heard_count) >= least) {
			*last = drivers[i];
			count++;
		}
	}
	return count;
}

static const struct driver *only(const struct probe *probe, enum evidence least)
{
	const struct driver *found = NULL;

	return count_evidence(probe, least, &found) == 1 ? found : NULL;
}

static const struct driver *only_by_ids(const struct probe *probe)
{
	const struct driver *found = NULL;

	for (size_t i = 0; drivers[i]; i++) {
		if (shares_ids(drivers[i], &probe->device)) {
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

/* Somebody talks, but at another speed. */
static bool is_noise(const struct probe *probe)
{
	const struct driver *any;

	return probe->heard_count >= NOISE_LEAST &&
		count_evidence(probe, EVIDENCE_MAYBE, &any) == 0;
}

enum probe_state probe_wait(struct probe *probe, int64_t now_us, const struct driver **driver)
{
	int64_t listened_us = now_us - probe->began_us;
	bool has_turns = probe->baud_count > 1;
	bool is_last = probe->turn + 1 >= probe->baud_count;

	if (probe->is_over) {
		return PROBE_FAILS;
	}
	if (listened_us < (has_turns ? PROBE_TURN_US : PROBE_LISTEN_US) &&
		!(has_turns && listened_us >= NOISE_US && is_noise(probe))) {
		return PROBE_LISTENS;
	}
	probe->heard_any = probe->heard_any || probe->heard_count > 0;
	*driver = probe->heard_count > 0 ? only(probe, EVIDENCE_MAYBE) : NULL;
	if (!*driver && has_turns && (!is_last || (probe->heard_any && !probe->is_second_round))) {
		/* A second round, because what was heard may have been a plug's crackle. */
		probe->is_second_round = probe->is_second_round || is_last;
		probe->turn = is_last ? 0 : probe->turn + 1;
		return PROBE_TURNS;
	}
	if (!*driver && !probe->heard_any) {
		*driver = only_by_ids(probe);
	}
	probe->is_over = !*driver;
	return *driver ? PROBE_FOUND : PROBE_FAILS;
}

/*
 * Wiring profiles: those that Kitlab ships (devices/wiring/ of the source, embedded by
 * the build) and the lab's own (JSON files in `wiring_dir`). docs/drivers.md has the form.
 */
#pragma once

#include "wiring.h"

struct wirings;

struct wirings *wirings_create(const char *dir); /* wrong files are logged and left out */
void wirings_destroy(struct wirings *wirings);
const struct wiring *wirings_find(const struct wirings *wirings, const char *id);
/* Those that fit a kit's model, in name order; NULL ends. */
const struct wiring *wirings_next(const struct wirings *wirings, const char *model,
	const struct wiring *previous);

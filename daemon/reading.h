/*
 * A fresh reading: what kit.read, a GET of a thing's property and a script's field
 * access share. A property that nobody watches is watched for it, so that
 * an unset pin becomes an input and reports; the watch lingers for two seconds, for
 * the next reading of somebody who polls.
 */
#pragma once

#include "kit.h"

struct server;

/*
 * Answers by `done` with the value (null if none came within a second), maybe
 * before this returns; not if an error is returned.
 */
enum err reading_start(struct server *server, struct kit *kit, int property, kit_done_fn *done,
	void *data, struct why *why);
/* Nobody waits any more for what `data` asked. */
void reading_forget(struct server *server, void *data);
/* At the end of the daemon. */
void readings_destroy(struct server *server);

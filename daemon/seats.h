/*
 * The seats of the room: which USB socket each of them is. A page that binds them
 * ("plug each seat once") watches, and is told of everything that is plugged in.
 */
#pragma once

#include "hotplug.h"

#include <cjson/cJSON.h>

struct server;

/* {"seats": [{seat, socket, kit}], "unbound": [{socket, kit}]}; kit is null where none is. */
cJSON *seats_get(const struct server *server);
/* Something was plugged in: those who watch the seats are told. lab_events' plugged. */
void seats_plugged(void *data, const struct hotplug_device *device);
/* Seats or the kits on them have changed. */
void seats_changed(struct server *server);

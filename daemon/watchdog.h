/*
 * What the service manager hears (sd_notify(3)): that the daemon is ready, that
 * its loop turns, that it ends. Only a timer of the loop says that it turns, so a loop
 * that stalls is silent and the service is started anew (FAULTS 33).
 * Without a manager (no NOTIFY_SOCKET) nothing is said.
 */
#pragma once

#include "loop.h"

struct watchdog;

struct watchdog *watchdog_create(struct loop *loop);
void watchdog_ready(struct watchdog *watchdog);
void watchdog_ending(struct watchdog *watchdog);
void watchdog_destroy(struct watchdog *watchdog);

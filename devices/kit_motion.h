/*
 * Commands that move something. Only daemon/safety*.c may include this (and tests of
 * drivers): it is the one gate (SAFETY S4), and it has judged lease, all-stop and limits
 * before it calls. A script in the test suite checks who includes this file.
 */
#pragma once

#include "kit.h"

/* As kit_write() and kit_act(), for either class. */
enum err kit_write_motion(struct kit *kit, int property, const struct value *value,
	int64_t now_us, kit_done_fn *done, void *data, struct why *why);
enum err kit_act_motion(struct kit *kit, int action, const struct value *args, int64_t now_us,
	kit_done_fn *done, void *data, struct why *why);

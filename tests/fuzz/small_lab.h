/*
 * A daemon with one kit, for fuzzers: a lab, a bus, cases, scripts; no web, no
 * ports, and nobody turns the loop.
 */
#pragma once

#include "bus.h"
#include "cases.h"
#include "clock.h"
#include "config.h"
#include "driver.h"
#include "lab.h"
#include "log.h"
#include "safety.h"
#include "script.h"
#include "server.h"
#include "store.h"
#include "wirings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- a kit with a lamp, a number, a text, an action and an event ---- */

static void lamp_start(struct kit *kit, int64_t now_us)
{
	(void)now_us;
	kit_describe_begin(kit);
	kit_describe_property(kit, "led", VALUE_BOOL, true, true, 0);
	kit_describe_property(kit, "lamp", VALUE_NUMBER, true, true, 1);
	kit_describe_property(kit, "message", VALUE_TEXT, true, true, 2);
	kit_describe_property(kit, "pin.1", VALUE_INT, true, true, 3);
	struct action *action = kit_describe_action(kit, "i2c_write", 0);

	kit_describe_arg(action, "address", VALUE_INT, 0, 127, false, NULL);
	kit_describe_arg(action, "data", VALUE_VECTOR, 0, 255, false, NULL);
	kit_describe_arg(action, "mode", VALUE_TEXT, 0, 0, true, "a|b");
	kit_describe_event(kit, "string", VALUE_TEXT);
	kit_describe_end(kit);
	kit_ready(kit);
}

static void lamp_feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	(void)kit;
	(void)bytes;
	(void)count;
	(void)now_us;
}

static enum err lamp_write(struct kit *kit, const struct property *property,
	const struct value *value, int64_t now_us, struct why *why)
{
	(void)now_us;
	(void)why;
	kit_set(kit, (int)(property - kit->properties), value);
	return ERR_NONE;
}

static enum err lamp_act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why)
{
	(void)action;
	(void)now_us;
	(void)why;
	kit_emit(kit, 0, &args[2]);
	kit_reply(kit, token, &args[1], NULL);
	return ERR_NONE;
}

static const struct driver lamp_driver = {
	.name = "lamp",
	.state_size = 1,
	.start = lamp_start,
	.feed = lamp_feed,
	.write = lamp_write,
	.act = lamp_act,
};

/* ---- the daemon around it ---- */

static struct config config = {.open_role = ROLE_TEACHER, .runs_max = 1, .script_memory_mb = 32};
static struct server server = {.config = &config};

static void kit_changed(void *data, struct kit *kit)
{
	(void)data;
	safety_kit_changed(server.safety, kit, clock_now_us());
	bus_kit_changed(server.bus, kit);
}

static void kit_renamed(void *data, struct kit *kit, const char *old_id)
{
	(void)data;
	bus_kit_renamed(server.bus, kit, old_id);
}

static void kit_gone(void *data, struct kit *kit)
{
	(void)data;
	bus_kit_gone(server.bus, kit);
}

static void sample(void *data, struct kit *kit)
{
	(void)data;
	bus_sample(server.bus, kit);
}

static void event(void *data, struct kit *kit, const struct event *which, const struct value *value,
	int64_t t_us)
{
	(void)data;
	bus_event(server.bus, kit, which, value, t_us);
}

static const struct lab_events lab_events = {
	.kit_changed = kit_changed,
	.kit_renamed = kit_renamed,
	.kit_gone = kit_gone,
	.sample = sample,
	.event = event,
};

/* In memory, and gone at the end. */
static void close_store(void)
{
	static const char *const files[] = {"kitlab.db", "kitlab.db-wal", "kitlab.db-shm", "lock"};
	char path[sizeof(config.state_dir) + 16];

	store_close(server.store);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", config.state_dir, files[i]);
		unlink(path);
	}
	rmdir(config.state_dir);
}

static void open_store(void)
{
	struct why why;

	snprintf(config.state_dir, sizeof(config.state_dir), "/dev/shm/kitlab-fuzz-XXXXXX");
	if (!mkdtemp(config.state_dir)) {
		abort();
	}
	server.store = store_open(server.loop, config.state_dir, &why);
	if (!server.store) {
		abort();
	}
	atexit(close_store);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_level(LOG_ERROR);
	server.loop = loop_create();
	server.wirings = wirings_create("");
	server.lab = lab_create(server.loop, &lab_events, &server);
	server.bus = bus_create(&server);
	server.safety = safety_create(&server);
	open_store();
	server.cases = cases_create("examples");
	server.scripts = scripts_create(&server);
	kit_start(
		lab_add_absent(server.lab, "lamp-1", "test", "lamp"), &lamp_driver, clock_now_us());
	return 0;
}

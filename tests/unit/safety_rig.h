/*
 * The safety gate on a table: kits of a driver that writes down what it is told, holders, a page
 * that hears notifications, and time by hand. The loop never turns.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "safety.h"

#include "bus.h"
#include "config.h"
#include "driver.h"
#include "lab.h"
#include "rpc.h"
#include "server.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	struct server server;
	struct config config;
	struct client page;
	int64_t now_us;
	struct kit *a, *b; /* robots at seats 1 and 2 */
	char log[4096];    /* what the driver was told: "a:motor.1=0.5;" */
	char heard[8192];  /* what the page heard */
	struct lease_holder pupil, other, teacher, run;
	char lost[512];    /* "pupil a expired;" */
	bool proves;       /* the kits confirm a hold at once */
	struct why why;
	enum lane lane;    /* of the last bytes */
	unsigned answers;  /* of stops */
	enum err error;    /* of the last action's end */
} rig;

static inline void note(char *log, size_t room, const char *format, ...)
{
	size_t used = strlen(log);
	va_list args;

	va_start(args, format);
	vsnprintf(log + used, room - used, format, args);
	va_end(args);
}

/* ---- the driver ---- */

static void fake_start(struct kit *kit, int64_t now_us)
{
	(void)now_us;
	kit_describe_begin(kit);
	kit_describe_property(kit, "motor.1", VALUE_NUMBER, true, true, 1);
	kit_describe_property(kit, "motor.2", VALUE_NUMBER, true, true, 2);
	kit_describe_property(kit, "joint.1", VALUE_NUMBER, true, true, 3);
	kit_describe_property(kit, "led", VALUE_BOOL, true, true, 4);
	kit_describe_property(kit, "battery", VALUE_NUMBER, true, false, 5);
	kit_describe_wheels(kit, 1, 2, 3);
	kit_describe_end(kit);
}

static void fake_feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	(void)now_us;
	if (count > 0 && bytes[0] == 'h') {
		kit_held(kit);
	}
}

static enum err fake_write(struct kit *kit, const struct property *property,
	const struct value *value, int64_t now_us, struct why *why)
{
	(void)now_us;
	(void)why;
	note(rig.log, sizeof(rig.log), "%s:%s=%g;", kit->id, property->name,
		value->type == VALUE_BOOL ? value->boolean : value->number);
	kit_set(kit, (int)(property - kit->properties), value);
	return ERR_NONE;
}

static enum err fake_act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why)
{
	(void)args;
	(void)now_us;
	(void)why;
	note(rig.log, sizeof(rig.log), "%s:%s;", kit->id, action->name);
	if (strcmp(action->name, "turn") != 0) { /* turn takes for ever */
		kit_reply(kit, token, NULL, NULL);
	}
	return ERR_NONE;
}

static void fake_hold(struct kit *kit, enum hold_level level, int64_t now_us)
{
	static const char *const words[] = {"rest", "hold", "kill"};

	(void)now_us;
	note(rig.log, sizeof(rig.log), "%s:%s;", kit->id, words[level]);
	kit_send(kit, (const uint8_t *)"h", 1);
	if (rig.proves) {
		kit_held(kit);
	}
}

static const struct driver fake_driver = {
	.name = "fake",
	.title = {"fake", "fake"},
	.start = fake_start,
	.feed = fake_feed,
	.write = fake_write,
	.act = fake_act,
	.hold = fake_hold,
};

/* ---- what the gate is told of kits: as main.c does ---- */

static bool kit_sends(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	(void)data;
	(void)bytes;
	(void)count;
	rig.lane = lane;
	return true;
}

static size_t kit_backlog(void *data)
{
	(void)data;
	return 0;
}

static void kit_changes(void *data, struct kit *kit)
{
	(void)data;
	safety_kit_changed(rig.server.safety, kit, rig.now_us);
}

static void kit_is_at_rest(void *data, struct kit *kit)
{
	(void)data;
	safety_kit_held(rig.server.safety, kit);
}

static const struct kit_owner owner = {kit_sends, kit_backlog, kit_changes, kit_is_at_rest};

static void lab_kit_is(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
}

static void lab_kit_is_gone(void *data, struct kit *kit)
{
	(void)data;
	safety_kit_gone(rig.server.safety, kit);
	bus_kit_gone(rig.server.bus, kit);
}

static void lab_sample(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
}

static const struct lab_events lab_events = {
	.kit_changed = lab_kit_is, .kit_gone = lab_kit_is_gone, .sample = lab_sample};

/* ---- who is there ---- */

static void on_lost(struct lease_holder *holder, const struct lease_loss *loss)
{
	note(rig.lost, sizeof(rig.lost), "%s %s %s%s%s;", holder->label, loss->kit->id,
		lease_end_name(loss->end), loss->by[0] ? " by " : "", loss->by);
}

static void make_holder(struct lease_holder *holder, const char *label, bool is_staff)
{
	*holder = (struct lease_holder){.user = label, .is_staff = is_staff, .lost = on_lost};
	snprintf(holder->label, sizeof(holder->label), "%s", label);
}

static void page_hears(struct client *client, struct frame *frame)
{
	(void)client;
	note(rig.heard, sizeof(rig.heard), "%.*s\n", (int)frame->length, frame->text);
}

/* ---- life ---- */

static struct kit *add_robot(const char *id, const char *seat)
{
	struct kit *kit = lab_add_absent(rig.server.lab, id, id, "fake");

	snprintf(kit->seat, sizeof(kit->seat), "%s", seat);
	kit->owner = &owner;
	kit_start(kit, &fake_driver, rig.now_us);
	kit_ready(kit);
	return kit;
}

static int open_rig(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig.now_us = 1000 * 1000 * 1000;
	rig.proves = true;
	rig.server.config = &rig.config;
	rig.server.loop = loop_create();
	rig.server.lab = lab_create(rig.server.loop, &lab_events, NULL);
	rig.server.bus = bus_create(&rig.server);
	rig.server.safety = safety_create(&rig.server);
	rig.page.server = &rig.server;
	rig.page.send = page_hears;
	rig.page.watches_kits = rig.page.watches_room = true;
	rig.server.clients = &rig.page;
	rig.a = add_robot("a", "1");
	rig.b = add_robot("b", "2");
	make_holder(&rig.pupil, "pupil", false);
	make_holder(&rig.other, "other", false);
	make_holder(&rig.teacher, "teacher", true);
	make_holder(&rig.run, "run", false);
	rig.run.is_run = true;
	rig.run.person_us = rig.now_us;
	rig.heard[0] = '\0';
	return 0;
}

static int close_rig(void **state)
{
	(void)state;
	safety_forget(rig.server.safety, &rig.pupil, rig.now_us);
	safety_forget(rig.server.safety, &rig.other, rig.now_us);
	safety_forget(rig.server.safety, &rig.teacher, rig.now_us);
	safety_forget(rig.server.safety, &rig.run, rig.now_us);
	safety_destroy(rig.server.safety);
	rig.server.safety = NULL;
	lab_destroy(rig.server.lab);
	bus_destroy(rig.server.bus);
	loop_destroy(rig.server.loop);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rig, close_rig)

/* ---- what people do ---- */

static inline enum err takes(struct lease_holder *holder, struct kit *kit, bool take, char id[33])
{
	const char *text;
	enum err err = safety_lease(rig.server.safety, kit, holder, LEASE_TTL_MS, take, rig.now_us,
		&text, &rig.why);

	if (!err) {
		snprintf(id, 33, "%s", text);
	}
	return err;
}

static inline enum err writes(struct lease_holder *holder, const char *lease, struct kit *kit,
	const char *name, double number)
{
	int index = kit_find_property(kit, name);
	struct value value = strcmp(name, "led") == 0 ? value_bool(number != 0)
						      : value_number(number);

	return safety_write(rig.server.safety, kit, index, &value, holder, lease, rig.now_us, NULL,
		NULL, &rig.why);
}

static void on_act_end(void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	(void)data;
	(void)result;
	(void)t_us;
	rig.error = why->code;
}

static inline enum err acts(struct lease_holder *holder, const char *lease, struct kit *kit,
	const char *name, double a, double b)
{
	struct value args[KIT_ARGS_MAX] = {value_number(a), value_number(b)};

	return safety_act(rig.server.safety, kit, kit_find_action(kit, name), args, holder, lease,
		rig.now_us, on_act_end, NULL, &rig.why);
}

static inline enum err feeds(struct lease_holder *holder, const char *lease)
{
	return safety_feed(rig.server.safety, holder, lease, rig.now_us, &rig.why);
}

/* Time goes by without anybody looking: a stalled loop. */
static inline void sleeps_ms(int ms)
{
	rig.now_us += (int64_t)ms * 1000;
}

/* Time goes by as it does: the gate looks every 20 ms. */
static inline void waits_ms(int ms)
{
	for (int64_t until = rig.now_us + (int64_t)ms * 1000; rig.now_us < until;) {
		rig.now_us = rig.now_us + 20000 < until ? rig.now_us + 20000 : until;
		safety_tick(rig.server.safety, rig.now_us);
	}
}

static void on_stopped(void *data)
{
	(void)data;
	rig.answers++;
}

static inline void presses(const struct lease_holder *who, const char *seat, enum hold_level level)
{
	safety_stop(rig.server.safety, seat, level, who->label, who->is_staff, rig.now_us,
		on_stopped, NULL);
}

/* "confirmed a b unconfirmed" */
static inline void assert_result(const char *seat, const char *wanted)
{
	cJSON *json = safety_stop_result(rig.server.safety, seat);
	const cJSON *list, *id;
	char text[128] = "";

	cJSON_ArrayForEach(list, json)
	{
		note(text, sizeof(text), "%s%s", text[0] ? " " : "", list->string);
		cJSON_ArrayForEach(id, list)
		{
			note(text, sizeof(text), " %s", id->valuestring);
		}
	}
	assert_string_equal(text, wanted);
	cJSON_Delete(json);
}

static inline void assert_log(const char *wanted)
{
	assert_string_equal(rig.log, wanted);
	rig.log[0] = '\0';
}

static inline void kit_says_held(struct kit *kit)
{
	kit_feed(kit, (const uint8_t *)"h", 1, rig.now_us);
}

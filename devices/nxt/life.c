/*
 * From the first question to ready, and whether the brick is still there.
 *
 *   ASK      "Device info" twice a second; three seconds without an answer: refused, with
 *            advice, and asked on now and then.
 *   GREET    Its motors are stopped. Versions, how long it stays awake, battery, and what is
 *            plugged into its sensor ports.
 *   RUNNING  A beat each second: the battery, and whether a sensor port still is what it was
 *            told to be: a brick that was switched off and on has forgotten. Requests
 *            without answers for two seconds: its values are old. Whenever it comes back,
 *            its motors are stopped first.
 * KEEP_ALIVE resets the brick's sleep timer: at a third of its limit, at least each minute.
 */
#include "state.h"

#include "../log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	ASK_US = SECOND_US / 2,
	SILENT_US = 3 * SECOND_US,
	SLOW_ASK_US = 5 * SECOND_US, /* after a refusal */
	STALE_US = 2 * SECOND_US,
	MISSES = 3,
	BEAT_US = SECOND_US,
	ALIVE_US = 60 * SECOND_US,
};

/* In this order. */
enum { GREET_VERSIONS, GREET_ALIVE, GREET_BATTERY, GREET_SENSORS };

static const uint8_t greetings[] = {
	[GREET_VERSIONS] = NXT_VERSIONS,
	[GREET_ALIVE] = NXT_KEEP_ALIVE,
	[GREET_BATTERY] = NXT_GET_BATTERY,
};

static bool ask(struct kit *kit, uint8_t op, int64_t now_us)
{
	struct nxt_telegram out = {.kind = op >= 0x80 ? NXT_SYSTEM : NXT_DIRECT, .op = op};

	return exchange_send(kit, &out, FOR_LIFE, LANE_ORDER, now_us);
}

void life_start(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	f->phase = PHASE_ASK;
	f->began_us = f->ask_us = now_us;
	f->alive_period_us = ALIVE_US;
}

/* ---- what the brick says of itself ---- */

/* Its text is shown as it is: what is no ASCII character comes as "?". */
static void name_brick(struct nxt *f, const struct nxt_telegram *reply)
{
	size_t used = 0;

	for (; used < sizeof(reply->info.name) && reply->info.name[used]; used++) {
		uint8_t c = reply->info.name[used];

		f->name[used] = c >= 0x20 && c < 0x7F ? (char)c : '?';
	}
	f->name[used] = '\0';
	const uint8_t *b = reply->info.bluetooth;

	snprintf(f->bluetooth, sizeof(f->bluetooth), "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1],
		b[2], b[3], b[4], b[5]);
}

static void name_program(struct kit *kit)
{
	const struct nxt *f = nxt_of(kit);

	snprintf(kit->program, sizeof(kit->program), "NXT %u.%02u (%s, %s)",
		f->versions.versions.major, f->versions.versions.minor, f->name, f->bluetooth);
	snprintf(kit->self, sizeof(kit->self), "%s", f->bluetooth);
}

/*
 * Charge by voltage under little load: six AA cells and LEGO's pack (two lithium cells)
 * both end near 6.4 V, where the brick begins to complain; the pack is full at 8.2 V.
 */
static double charge(double volts)
{
	static const double curve[][2] = {{6.4, 0}, {7.0, 20}, {7.4, 50}, {7.8, 80}, {8.2, 100}};

	if (volts <= curve[0][0]) {
		return 0;
	}
	for (size_t i = 1; i < sizeof(curve) / sizeof(curve[0]); i++) {
		const double *from = curve[i - 1], *to = curve[i];

		if (volts < to[0]) {
			return nearbyint(from[1] +
				(to[1] - from[1]) * (volts - from[0]) / (to[0] - from[0]));
		}
	}
	return 100;
}

static void take_battery(struct kit *kit, const struct nxt_telegram *reply)
{
	struct nxt *f = nxt_of(kit);
	double volts = reply->battery_mv / 1000.0;

	f->battery_v = volts;
	nxt_show(kit, f->battery_property, value_number(charge(volts)));
	nxt_show(kit, f->voltage_property, value_number(volts));
}

static void take_alive(struct nxt *f, const struct nxt_telegram *reply, int64_t now_us)
{
	int64_t third_us = (int64_t)reply->sleep_ms * MS_US / 3;

	f->alive_us = now_us;
	f->alive_period_us = third_us == 0 || third_us > ALIVE_US ? ALIVE_US : third_us;
	if (f->alive_period_us < SECOND_US) {
		f->alive_period_us = SECOND_US;
	}
}

/* ---- greeting ---- */

static void run(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	f->phase = PHASE_RUNNING;
	f->beat_us = now_us;
	name_program(kit);
	if (!kit->model[0]) {
		snprintf(kit->model, sizeof(kit->model), "nxt");
	}
	nxt_describe_kit(kit);
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		nxt_show(kit, f->motors[i].property, value_number(0));
	}
	nxt_show(kit, f->firmware_property, value_text(kit->program, strlen(kit->program)));
	nxt_show(kit, f->battery_property, value_number(charge(f->battery_v)));
	nxt_show(kit, f->voltage_property, value_number(f->battery_v));
	kit_ready(kit);
}

bool life_next(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	if (f->phase == PHASE_ASK && now_us >= f->ask_us) {
		f->ask_us = now_us + (f->is_refused ? SLOW_ASK_US : ASK_US);
		return ask(kit, NXT_DEVICE_INFO, now_us);
	}
	if (f->phase != PHASE_GREET) {
		return false;
	}
	if (f->greeting < GREET_SENSORS) {
		return ask(kit, greetings[f->greeting], now_us);
	}
	if (sensors_is_setting_up(kit)) {
		return sensors_next_setup(kit, now_us);
	}
	run(kit, now_us);
	return false;
}

/* It is there: its motors shall stand, whatever was before. */
static void greet(struct kit *kit, const struct nxt_telegram *info, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	name_brick(f, info);
	f->phase = PHASE_GREET;
	f->greeting = 0;
	f->is_refused = false;
	kit_set_state(kit, KIT_PROBING, NULL);
	sensors_set_up(kit);
	hold_begin(kit, HOLD_MOTION, 0, now_us);
}

void life_take(struct kit *kit, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	bool is_well = reply && reply->status == NXT_OK;

	if (is_well && reply->op == NXT_DEVICE_INFO && f->phase == PHASE_ASK) {
		greet(kit, reply, now_us);
		return;
	}
	if (is_well && reply->op == NXT_VERSIONS) {
		f->versions = *reply;
	} else if (is_well && reply->op == NXT_KEEP_ALIVE) {
		take_alive(f, reply, now_us);
	} else if (is_well && reply->op == NXT_GET_BATTERY) {
		take_battery(kit, reply);
	} else if (is_well && reply->op == NXT_GET_INPUT) {
		sensors_take(kit, request, reply, now_us);
	}
	/* A brick that refuses to tell is no worse for it; one that is silent is asked again. */
	if (reply && f->phase == PHASE_GREET && f->greeting < GREET_SENSORS &&
		request->op == greetings[f->greeting]) {
		f->greeting++;
	}
}

/* ---- is it there? ---- */

bool life_next_beat(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	if (now_us - f->alive_us >= f->alive_period_us) {
		f->alive_us = now_us;
		return ask(kit, NXT_KEEP_ALIVE, now_us);
	}
	if (now_us - f->beat_us < BEAT_US) {
		return false;
	}
	f->beats_battery = !f->beats_battery;
	if (f->beats_battery) {
		return ask(kit, NXT_GET_BATTERY, now_us);
	}
	f->beat_us = now_us;
	for (unsigned i = 1; i <= NXT_PORTS; i++) {
		uint8_t port = (f->beat_port + i) % NXT_PORTS;
		struct nxt_telegram out = {.op = NXT_GET_INPUT, .port = port};

		if (f->ports[port].kind != KIND_OF_NONE) {
			f->beat_port = port;
			return exchange_send(kit, &out, FOR_LIFE, LANE_ORDER, now_us);
		}
	}
	return false;
}

void life_hear(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	f->heard_us = now_us;
	f->misses = 0;
	if (kit->state == KIT_STALE && f->phase == PHASE_RUNNING) {
		kit_ready(kit);
		hold_begin(kit, HOLD_MOTION, 0, now_us);
	}
}

void life_miss(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	struct why why;

	f->misses++;
	if (f->phase != PHASE_ASK && f->misses >= MISSES && now_us - f->heard_us >= STALE_US) {
		why_set(&why, ERR_TIMEOUT, MSG_NXT_STALE, kit->id,
			(int)((now_us - f->heard_us) / SECOND_US));
		if (f->phase == PHASE_GREET) {
			f->phase = PHASE_ASK;
			f->began_us = f->ask_us = now_us;
		} else if (kit->state == KIT_READY) {
			motors_forget(kit); /* nothing old shall move it when it hears again */
			kit_stale(kit, &why);
		}
	}
}

void life_restart(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	log_info("%s restarted", kit->id);
	kit_emit(kit, EVENT_REBOOTED, NULL);
	kit_set_state(kit, KIT_PROBING, NULL);
	motors_forget(kit);
	f->phase = PHASE_ASK;
	f->began_us = f->ask_us = now_us;
}

void life_tick(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	struct why why;

	if (f->phase == PHASE_ASK && !f->is_refused && now_us - f->began_us >= SILENT_US) {
		f->is_refused = true;
		f->ask_us = now_us + SLOW_ASK_US;
		why_set(&why, ERR_REFUSED, MSG_NXT_SILENT, kit->id);
		kit_refuse(kit, &why);
	}
}

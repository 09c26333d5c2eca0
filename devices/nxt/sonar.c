/*
 * The ultrasonic sensor: a device with registers on the I2C ("low-speed") bus of its port.
 *
 * Each exchange with it takes three requests: what to say and how many bytes to fetch; are
 * they there (the bus takes some ms: up to 30 looks); read them, always, for this also clears
 * the brick's buffer. At least 10 ms lie between two exchanges. First it is told to measure
 * all the time; then its register is read. 255 means no echo: 400 cm, as far as the
 * vocabulary goes. Three failures: nothing is plugged in, the value is unknown, and once a
 * second it is tried again.
 */
#include "state.h"

#include <math.h>

enum {
	ADDRESS = 0x02,
	COMMAND = 0x41,
	CONTINUOUS = 0x02,
	DISTANCE = 0x42,
	NO_ECHO = 255,
	FARTHEST_CM = 400,
	LOOKS_MAX = 30,
	FAILURES_MAX = 3,
	PAUSE_US = 10 * MS_US,
	AGAIN_US = 100 * MS_US,
	OLD_US = 500 * MS_US,
};

bool sonar_next(struct kit *kit, unsigned number, int64_t now_us)
{
	struct nxt_sonar *sonar = &nxt_of(kit)->ports[number].sonar;
	struct nxt_telegram out = {.op = NXT_LS_READ, .port = (uint8_t)number};

	if (now_us < sonar->next_us) {
		return false;
	}
	/* Nobody watched it for a while: what waits is no news. */
	sonar->has_failed |= sonar->step >= SONAR_WAIT && now_us - sonar->asked_us > OLD_US;
	if (sonar->step == SONAR_SWITCH_ON || sonar->step == SONAR_ASK) {
		sonar->asked_us = now_us;
		out.op = NXT_LS_WRITE;
		out.low_speed.bytes[0] = ADDRESS;
		out.low_speed.bytes[1] = DISTANCE;
		out.low_speed.count = 2;
		out.low_speed.wanted = 1;
		if (sonar->step == SONAR_SWITCH_ON) {
			out.low_speed.bytes[1] = COMMAND;
			out.low_speed.bytes[2] = CONTINUOUS;
			out.low_speed.count = 3;
			out.low_speed.wanted = 0;
		}
	} else if (sonar->step == SONAR_WAIT) {
		out.op = NXT_LS_STATUS;
	}
	return exchange_send(kit, &out, FOR_POLL, LANE_ORDER, now_us);
}

/* What was read may be said at last; or the exchange begins anew. */
static void end_exchange(struct kit *kit, unsigned number, bool is_well, int64_t now_us)
{
	struct nxt_sonar *sonar = &nxt_of(kit)->ports[number].sonar;

	sonar->has_failed = false;
	if (is_well) {
		sonar->failures = 0;
		sonar->is_on = true;
		sonar->next_us = now_us + PAUSE_US;
	} else {
		sonar->next_us = now_us + AGAIN_US;
		if (++sonar->failures >= FAILURES_MAX) {
			sonar->next_us = now_us + SECOND_US;
			sonar->is_on = false;
			sensors_show(kit, number, value_null(), NAN);
		}
	}
	sonar->step = sonar->is_on ? SONAR_ASK : SONAR_SWITCH_ON;
}

static void look(struct nxt_sonar *sonar, const struct nxt_telegram *reply)
{
	bool is_pending = reply && reply->status == NXT_PENDING;
	bool is_there = reply && reply->status == NXT_OK && reply->ready >= sonar->is_on;
	bool may_come = is_pending || (reply && reply->status == NXT_OK);

	if (is_there || !may_come || ++sonar->looks >= LOOKS_MAX) {
		sonar->has_failed |= !is_there;
		sonar->step = SONAR_READ;
	}
}

static void take_bytes(
	struct kit *kit, unsigned number, const struct nxt_telegram *reply, int64_t now_us)
{
	struct nxt_sonar *sonar = &nxt_of(kit)->ports[number].sonar;
	bool was_on = sonar->is_on;
	bool is_well = !sonar->has_failed && reply && reply->status == NXT_OK &&
		(!was_on || reply->low_speed.count >= 1);
	uint8_t cm = was_on && is_well ? reply->low_speed.bytes[0] : 0;
	double distance = cm == NO_ECHO ? FARTHEST_CM : cm;

	end_exchange(kit, number, is_well, now_us);
	if (was_on && is_well) {
		sensors_show(kit, number, value_number(distance), distance);
	}
}

void sonar_take(struct kit *kit, unsigned number, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us)
{
	struct nxt_port *port = &nxt_of(kit)->ports[number];
	struct nxt_sonar *sonar = &port->sonar;

	if (port->kind != KIND_OF_SONAR) {
		return; /* something else is plugged in meanwhile */
	}
	if (request->op == NXT_LS_WRITE) {
		sonar->looks = 0;
		sonar->has_failed = !reply || reply->status != NXT_OK;
		sonar->step = sonar->has_failed ? SONAR_READ : SONAR_WAIT;
	} else if (request->op == NXT_LS_STATUS) {
		look(sonar, reply);
	} else {
		take_bytes(kit, number, reply, now_us);
	}
}

/*
 * Requests to a chain of servos, and what becomes of their answers; see chain.h.
 *
 * Where one request can ask many servos, those that answered lately are asked together: in
 * a chain each waits for the one before it, so a servo that is missing silences those behind
 * it. Whoever did not answer twice is asked alone, until it does.
 */
#include "busservo/chain.h"

#include <string.h>

enum {
	SCAN_TRIES = 2,
	GROUP_MISSES = 1,	 /* more: it is asked alone */
	MISSES = 3,		 /* in a row, and */
	MISSING_US = 500 * 1000, /* no answer for so long: it is not there */
	SCAN_AGAIN_US = 2000 * 1000,
	SLACK_US = 2 * 1000,
	BITS = 10, /* of a byte on the wire */
	ERROR_CRC = 3,
};

bool chain_send(struct kit *kit, const uint8_t *bytes, size_t count, enum lane lane, int64_t now_us)
{
	struct chain *chain = chain_of(kit);

	if (count == 0 || !kit_send_lane(kit, bytes, count, lane)) {
		return false;
	}
	int64_t from_us = chain->busy_us > now_us ? chain->busy_us : now_us;

	chain->number++;
	chain->busy_us = from_us + (int64_t)count * BITS * 1000000 / kit->driver->baud;
	return true;
}

void chain_want(struct chain *chain, unsigned due)
{
	for (unsigned i = 0; i < chain->count; i++) {
		if (!chain->servos[i].is_missing) {
			chain->servos[i].due |= due;
		}
	}
}

static uint16_t due_of(const struct chain *chain, enum chain_what what)
{
	uint16_t mask = 0;

	for (unsigned i = 0; i < chain->count; i++) {
		if (chain->servos[i].due & chain_bit(what)) {
			mask |= (uint16_t)(1U << i);
		}
	}
	return mask;
}

/* ---- asking ---- */

/* Of those in `mask` one, each in its turn. */
static uint16_t next_of(struct chain *chain, enum chain_what what, uint16_t mask)
{
	unsigned i = chain->turn[what];

	while (!(mask & 1U << i)) {
		i = (i + 1) % CHAIN_SERVOS_MAX;
	}
	chain->turn[what] = (i + 1) % CHAIN_SERVOS_MAX;
	return (uint16_t)(1U << i);
}

/* All that answered lately together, in turn with one that did not. */
static uint16_t choose(struct chain *chain, enum chain_what what, uint16_t mask)
{
	uint16_t well = 0;

	if (what == ASK_PING || !chain->dialect->has_groups) {
		return next_of(chain, what, mask);
	}
	for (unsigned i = 0; i < chain->count; i++) {
		if (chain->servos[i].misses <= GROUP_MISSES) {
			well |= mask & (uint16_t)(1U << i);
		}
	}
	chain->is_group = well && (well == mask || !chain->is_group);
	return chain->is_group ? well : next_of(chain, what, mask & (uint16_t)~well);
}

static void ask(struct kit *kit, enum chain_what what, uint16_t mask, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	const struct chain_dialect *dialect = chain->dialect;
	struct chain_request request = {
		.what = what,
		.waiting = choose(chain, what, mask),
		.is_open = true,
		.tag = chain->number & 3,
		.asked_us = now_us,
	};
	uint8_t ids[CHAIN_SERVOS_MAX], bytes[CHAIN_BYTES_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < chain->count; i++) {
		if (request.waiting & 1U << i) {
			ids[count++] = chain->servos[i].id;
		}
	}
	size_t length = dialect->ask(&request, ids, count, bytes, sizeof(bytes));

	if (!chain_send(kit, bytes, length, LANE_ORDER, now_us)) {
		return; /* the port is full: asked again with the next tick */
	}
	size_t answers = count * dialect->answer_bytes(what);

	request.number = chain->number;
	request.over_us =
		chain->busy_us + (int64_t)answers * BITS * 1000000 / kit->driver->baud + SLACK_US;
	request.deadline_us = request.over_us + 2 * dialect->latency_us;
	chain->request = request;
}

/* ---- who is there, and what are they? ---- */

static void end_scan(struct kit *kit, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	unsigned count = 0;

	for (unsigned i = 0; i < CHAIN_SERVOS_MAX; i++) {
		if (!chain->servos[i].is_missing) {
			chain->servos[count++] = chain->servos[i];
		}
	}
	chain->count = count;
	if (count == 0) {
		chain_scan(chain, now_us + SCAN_AGAIN_US);
		chain_set_trouble(kit, TROUBLE_SILENT, 0, now_us);
		return;
	}
	chain->phase = CHAIN_SETUP;
	chain_want(chain,
		chain->dialect->setup | chain->dialect->health | chain_bit(ASK_MOTION) |
			chain_bit(ASK_TORQUE));
}

/* At rest first, whatever it did before. */
static void end_setup(struct kit *kit, int64_t now_us)
{
	struct chain *chain = chain_of(kit);

	for (unsigned i = 0; i < chain->count; i++) {
		const struct chain_servo *servo = &chain->servos[i];

		if (servo->error || !servo->can_position) {
			chain_set_trouble(
				kit, servo->error ? TROUBLE_ERROR : TROUBLE_MODE, i, now_us);
			chain_scan(chain, now_us + SCAN_AGAIN_US);
			return;
		}
	}
	chain->phase = CHAIN_RUN;
	chain_describe(kit);
	chain_rest(kit, HOLD_MOTION, now_us);
	chain_judge(kit, now_us);
}

void chain_pump(struct kit *kit, int64_t now_us)
{
	struct chain *chain = chain_of(kit);

	if (chain->is_taking) {
		return;
	}
	chain_hold_pump(kit, now_us);
	if (chain->request.is_open || now_us < chain->free_us || chain->again_us) {
		return;
	}
	if (chain->phase == CHAIN_RUN) {
		chain_move(kit, now_us);
	}
	for (unsigned i = 1; i <= ASK_COUNT; i++) {
		enum chain_what what = (chain->what + i) % ASK_COUNT;
		uint16_t mask = due_of(chain, what);

		if (mask) {
			chain->what = what;
			ask(kit, what, mask, now_us);
			return;
		}
	}
	if (chain->phase == CHAIN_SCAN) {
		end_scan(kit, now_us);
	} else if (chain->phase == CHAIN_SETUP) {
		end_setup(kit, now_us);
	}
}

/* ---- answers ---- */

static void keep(struct chain_servo *servo, const struct chain_answer *answer)
{
	unsigned told = answer->told;

	if (told & TOLD_MODEL) {
		servo->model = answer->model;
		servo->firmware = answer->firmware;
	}
	if (told & TOLD_MODE) {
		servo->can_position = answer->can_position;
	}
	if (told & TOLD_LIMITS) {
		servo->min = answer->min;
		servo->max = answer->max;
	}
	if (told & TOLD_HEAT_LIMIT) {
		servo->heat_limit = answer->heat_limit;
	}
	if (told & TOLD_TEMPERATURE) {
		servo->temperature = answer->temperature;
	}
	if (told & TOLD_VOLTAGE) {
		servo->voltage = answer->voltage;
	}
}

/* It was without power for a moment, or for long: nothing of it is as it was. */
static void come_back(struct kit *kit, struct chain_servo *servo, int64_t now_us)
{
	struct chain *chain = chain_of(kit);

	servo->is_missing = false;
	servo->has_torque = false;
	servo->due |= chain->dialect->health | chain_bit(ASK_MOTION) | chain_bit(ASK_TORQUE);
	kit_emit(kit, kit_find_event(kit, "rebooted"), NULL);
	chain_rest(kit, HOLD_MOTION, now_us);
}

static void take_torque(struct kit *kit, struct chain_servo *servo, bool torque, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	bool was_on = servo->has_torque;

	servo->has_torque = torque;
	servo->speed = torque ? servo->speed : 0;
	if (was_on && !torque && !chain->hold.is_active && chain->phase == CHAIN_RUN) {
		come_back(kit, servo, now_us);
	}
}

static void take_alert(struct chain_servo *servo, const struct chain_answer *answer)
{
	static const double COOLER = 5;

	if (answer->told & TOLD_ALERT) {
		bool is_new = answer->alert == ALERT_OTHER && servo->alert == ALERT_NONE;

		if (is_new) {
			servo->due |= chain_bit(ASK_TORQUE); /* which tells the cause */
		}
		if (is_new || answer->alert != ALERT_OTHER) {
			servo->alert = answer->alert;
		}
	} else if ((answer->told & TOLD_TEMPERATURE) && servo->heat_limit > 0) {
		if (servo->temperature >= servo->heat_limit) {
			servo->alert = ALERT_HEAT;
		} else if (servo->temperature < servo->heat_limit - COOLER) {
			servo->alert = ALERT_NONE;
		}
	}
}

/* An error is no answer, but while it is found out what can be used. */
static bool is_refusal(
	struct kit *kit, struct chain_servo *servo, const struct chain_answer *answer)
{
	if (!(answer->told & TOLD_ERROR)) {
		return false;
	}
	kit->bad_frames++;
	if (chain_of(kit)->phase == CHAIN_SETUP && answer->error != ERROR_CRC) {
		servo->error = answer->error;
	}
	return true;
}

static void look_at(struct kit *kit, struct chain_servo *servo, const struct chain_answer *answer,
	int64_t now_us)
{
	if (servo->is_missing) {
		come_back(kit, servo, now_us);
	}
	keep(servo, answer);
	take_alert(servo, answer);
	if (answer->told & TOLD_TORQUE) {
		take_torque(kit, servo, answer->torque, now_us);
	}
	if (answer->told & TOLD_POSITION) {
		chain_moved(kit, servo, answer, now_us);
	}
	if (chain_of(kit)->phase == CHAIN_RUN) {
		chain_show(kit, servo, answer);
		chain_hold_take(kit, servo, answer, now_us);
		chain_judge(kit, now_us);
	}
}

/* There is such a servo. */
static void find(struct chain *chain, unsigned i, const struct chain_answer *answer)
{
	struct chain_servo *servo = &chain->servos[i];

	servo->is_missing = false;
	servo->due = 0;
	keep(servo, answer);
}

void chain_take(struct kit *kit, const struct chain_answer *answer, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	struct chain_request *request = &chain->request;
	unsigned i = 0;

	while (i < chain->count && chain->servos[i].id != answer->id) {
		i++;
	}
	if (i == chain->count) {
		return;
	}
	if (chain->phase == CHAIN_SCAN && (answer->told & TOLD_PING)) {
		find(chain, i, answer); /* however late it is */
	}
	/* No answer comes in the moment of its question: it is an older one, doubled. */
	if (!request->is_open || !(request->waiting & 1U << i) || now_us <= request->asked_us) {
		return;
	}
	struct chain_servo *servo = &chain->servos[i];

	if (is_refusal(kit, servo, answer) && !servo->error) {
		return;
	}
	request->waiting &= (uint16_t) ~(1U << i);
	request->is_open = request->waiting != 0;
	servo->due &= ~chain_bit(request->what);
	servo->misses = 0;
	servo->answered_us = now_us;
	chain->is_taking = true;
	look_at(kit, servo, answer, now_us);
	chain->is_taking = false;
	chain_pump(kit, now_us);
}

static bool is_given_up(const struct chain *chain, const struct chain_servo *servo, int64_t now_us)
{
	if (chain->phase == CHAIN_SCAN) {
		return servo->misses >= SCAN_TRIES;
	}
	return servo->misses >= MISSES && now_us - servo->answered_us > MISSING_US;
}

void chain_miss(struct kit *kit, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	struct chain_request *request = &chain->request;
	bool is_scan = chain->phase == CHAIN_SCAN, is_gone = false;

	request->is_open = false;
	chain->byte_count = 0;
	for (unsigned i = 0; i < chain->count; i++) {
		struct chain_servo *servo = &chain->servos[i];

		if (!(request->waiting & 1U << i)) {
			continue;
		}
		servo->misses++;
		if (servo->is_missing || is_given_up(chain, servo, now_us)) {
			is_gone |= !servo->is_missing;
			servo->is_missing = true;
			servo->due = 0;
		}
	}
	if (is_scan) {
		return;
	}
	/* What is late is not to be taken for the next answer. */
	chain->free_us = now_us + chain->dialect->latency_us;
	if (is_gone && chain->phase == CHAIN_SETUP) {
		chain_scan(chain, now_us + SCAN_AGAIN_US);
	} else if (is_gone) {
		chain_judge(kit, now_us);
	}
}

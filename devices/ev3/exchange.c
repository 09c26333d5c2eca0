/* Commands and their answers; see state.h. */
#include "state.h"

#include <assert.h>

void ev3_put(struct ev3_code *code, const struct ev3_op *op)
{
	size_t length =
		ev3_encode_op(op, code->bytes + code->count, sizeof(code->bytes) - code->count);

	assert(length > 0);
	code->count += length;
}

bool ev3_send(struct kit *kit, const struct ev3_code *code, uint16_t globals, enum lane lane,
	uint16_t *counter)
{
	struct ev3 *e = ev3_of(kit);
	uint8_t bytes[EV3_FRAME_MAX];
	struct ev3_message message = {
		.type = EV3_DIRECT,
		.counter = (uint16_t)(e->counter + 1),
		.globals = globals,
		.body = code->bytes,
		.count = code->count,
	};
	size_t count = ev3_encode(&message, bytes, sizeof(bytes));

	if (!kit_send_lane(kit, bytes, count, lane)) {
		return false;
	}
	*counter = e->counter = message.counter;
	return true;
}

/* ---- answers ---- */

/* It is there. */
static void heard(struct kit *kit)
{
	struct ev3 *e = ev3_of(kit);

	e->misses = 0;
	if (kit->state == KIT_STALE) {
		kit_ready(kit);
	}
}

static void failed(struct kit *kit, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);
	enum ev3_job job = e->flight.job;
	struct why why;

	e->flight.job = JOB_NONE;
	e->pause_us = now_us + PAUSE_US;
	if (job == JOB_ORDERS) {
		why_set(&why, ERR_REFUSED, MSG_EV3_FAILED, kit->id);
		orders_failed(kit, &why);
	}
}

static void take_answer(struct kit *kit, const struct ev3_message *message, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);
	enum ev3_job job = e->flight.job;

	e->flight.job = JOB_NONE;
	if (job == JOB_POLL) {
		poll_take(kit, e->flight.asked, message->body, now_us);
	} else if (job == JOB_LOOK) {
		rest_take_look(kit, message->body, now_us);
	} else {
		orders_done(kit);
	}
}

void ev3_take(struct kit *kit, const struct ev3_message *message, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);

	if (e->rest == REST_ASKED && message->counter == e->stop_counter) {
		heard(kit);
		rest_take_stop(kit, message, now_us);
	} else if (e->flight.job != JOB_NONE && message->counter == e->flight.counter) {
		heard(kit);
		if (message->type == EV3_DIRECT_DONE && message->count == e->flight.globals) {
			take_answer(kit, message, now_us);
		} else {
			failed(kit, now_us);
		}
	} /* else it is too late: nobody waits any more */
}

/* ---- questions ---- */

void ev3_abandon(struct kit *kit)
{
	struct ev3 *e = ev3_of(kit);

	if (e->flight.job == JOB_ORDERS) {
		orders_again(e);
	}
	e->flight.job = JOB_NONE;
}

void ev3_missed(struct kit *kit)
{
	struct ev3 *e = ev3_of(kit);
	struct why why;

	e->has_missed = true;
	e->misses++;
	if (e->misses < TRIES_MAX || e->phase != PHASE_RUNNING) {
		return;
	}
	why_set(&why, ERR_TIMEOUT, MSG_EV3_STALE, kit->id);
	orders_drop(kit, &why);
	if (kit->state == KIT_READY) {
		kit_stale(kit, &why);
	}
}

static void lose_flight(struct kit *kit)
{
	struct ev3 *e = ev3_of(kit);
	bool was_order = e->flight.job == JOB_ORDERS;
	struct why why;

	e->flight.job = JOB_NONE;
	if (was_order) {
		why_set(&why, ERR_TIMEOUT, MSG_EV3_STALE, kit->id);
		orders_failed(kit, &why);
	}
	ev3_missed(kit);
}

static void send_job(struct kit *kit, enum ev3_job job, const struct ev3_code *code,
	uint16_t globals, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);

	if (ev3_send(kit, code, globals, LANE_ORDER, &e->flight.counter)) {
		e->flight.job = job;
		e->flight.globals = globals;
		e->flight.sent_us = now_us;
	}
}

static void send_poll(struct kit *kit, int64_t now_us)
{
	uint32_t asked = poll_due(kit, now_us);
	struct ev3_code code = {.count = 0};

	if (asked) {
		poll_put(kit, &code, asked);
		ev3_of(kit)->flight.asked = asked;
		send_job(kit, JOB_POLL, &code, poll_globals(asked), now_us);
	}
}

void ev3_go(struct kit *kit, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);
	struct ev3_code code = {.count = 0};

	if (e->flight.job != JOB_NONE && now_us - e->flight.sent_us >= ANSWER_US) {
		lose_flight(kit);
	}
	if (rest_insists(kit, now_us) || e->flight.job != JOB_NONE || now_us < e->pause_us) {
		return;
	}
	if (orders_are_waiting(e)) {
		orders_send(kit, now_us);
	} else if (e->rest == REST_LOOKED && now_us >= e->look_us) {
		rest_put_look(&code);
		send_job(kit, JOB_LOOK, &code, LOOK_GLOBALS, now_us);
	} else {
		send_poll(kit, now_us);
	}
}

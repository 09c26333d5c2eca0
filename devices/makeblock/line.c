/*
 * One request at a time, and how to be sure of the board again.
 *
 * Acknowledgements carry no index, a frame that lost a byte swallows the next one, and
 * nothing has a checksum. So a request goes out when the one before it has ended; and when
 * something is in doubt (no answer in time, an acknowledgement that nobody waits for) or
 * must be proven (a hold), the line is *settled*:
 *
 *   [filler]            ends a frame for which the board may be waiting; as data of a motor
 *                       its zeros say speed 0
 *   GET version, a
 *   RESET, RESET        motors 0; twice, because one flipped bit makes a START of it,
 *   GET version, b      which is acknowledged alike
 *
 * The board works in order: after the answer to a, exactly two acknowledgements, and then
 * the answer to b say that the RESETs were read as what they are, that the motors stand,
 * and that nothing older will be answered any more. Any other ending: again. What was not
 * acknowledged before is sent again afterwards, unless a hold came.
 *
 * A hold sends this at once, also while the board waits for an echo or plays a tone: it is
 * read right after. The board keeps 63 bytes until then, so there is a limit to asking.
 */
#include "state.h"

#include <string.h>

enum {
	REPLY_US = 300 * 1000, /* an answer takes some ms */
	SETTLE_US = 60 * 1000,
	SLOW_SETTLE_US = 1000 * 1000,
	FAST_TRIES = 5,
	LOST_TRIES = 2, /* what the wheels should do is too old by then */
	FILLER_BYTES = 50,
	RESETS = 2,
	PIECES_MAX = 3,
	INDEX_MAX = 0x7F,
};

/* ---- bytes out ---- */

uint8_t mb_line_index(struct makeblock *makeblock)
{
	makeblock->next_index = (uint8_t)(makeblock->next_index % INDEX_MAX + 1);
	return makeblock->next_index;
}

static size_t put(uint8_t *out, size_t room, enum makeblock_action action, uint8_t index,
	const uint8_t *data, size_t count)
{
	struct makeblock_message message = {
		.type = MAKEBLOCK_COMMAND,
		.index = index,
		.action = (uint8_t)action,
		.count = (uint8_t)count,
	};

	if (count > 0) {
		memcpy(message.data, data, count);
	}
	return makeblock_encode(MAKEBLOCK_TO_KIT, &message, out, room);
}

bool mb_line_send(struct kit *kit, enum makeblock_action action, uint8_t index, const uint8_t *data,
	size_t count)
{
	uint8_t bytes[MAKEBLOCK_FRAME_MAX];
	size_t used = put(bytes, sizeof(bytes), action, index, data, count);

	return kit_send(kit, bytes, used);
}

/* ---- settling ---- */

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* An echo, a tone or a text takes its time before anything else is read. */
static int64_t busy_until(const struct makeblock_request *request)
{
	return request->what != REQUEST_NONE ? request->deadline_us - REPLY_US : 0;
}

void mb_line_settle(struct kit *kit, bool in_doubt, int64_t now_us)
{
	static const uint8_t version[] = {MAKEBLOCK_VERSION};
	struct makeblock *makeblock = makeblock_of(kit);
	struct makeblock_settling *settling = &makeblock->settling;
	bool goes_on = settling->is_on && !in_doubt;
	uint8_t bytes[FILLER_BYTES + 32] = {0};
	size_t used = in_doubt ? FILLER_BYTES : 0;

	if (goes_on && settling->pieces == PIECES_MAX) {
		return; /* once more when this has ended: settle_end() */
	}
	settling->tries = settling->is_on ? settling->tries : 0;
	settling->pieces = goes_on ? settling->pieces + 1 : 1;
	if (goes_on) {
		settling->before = settling->after;
	} else {
		settling->before = mb_line_index(makeblock);
		used += put(bytes + used, sizeof(bytes) - used, MAKEBLOCK_GET, settling->before,
			version, 1);
	}
	for (int i = 0; i < RESETS; i++) {
		used += put(bytes + used, sizeof(bytes) - used, MAKEBLOCK_RESET, 0, NULL, 0);
	}
	settling->after = mb_line_index(makeblock);
	used += put(bytes + used, sizeof(bytes) - used, MAKEBLOCK_GET, settling->after, version, 1);
	settling->is_on = true;
	settling->has_before = false;
	settling->acks = 0;
	settling->began_us = now_us;
	settling->deadline_us = SETTLE_US + later(now_us, busy_until(&makeblock->request));
	kit_send(kit, bytes, used); /* where there is no room, no answer will come: again */
}

static void lose_request(struct kit *kit)
{
	struct makeblock *makeblock = makeblock_of(kit);
	struct makeblock_request lost = makeblock->request;

	makeblock->request.what = REQUEST_NONE;
	mb_outputs_lost(kit, &lost);
}

bool mb_line_is_lost(const struct makeblock *makeblock)
{
	return makeblock->settling.is_on && makeblock->settling.tries >= LOST_TRIES;
}

static void settle_again(struct kit *kit, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	struct makeblock_settling *settling = &makeblock->settling;
	struct why why;

	lose_request(kit);
	settling->tries++;
	if (mb_line_is_lost(makeblock)) {
		why_set(&why, ERR_TIMEOUT, MSG_MAKEBLOCK_NO_ANSWER, kit->id);
		mb_outputs_halt(kit, &why);
	}
	if (kit->owner && kit->owner->backlog(kit->owner_data) > 0) {
		settling->deadline_us = now_us + SETTLE_US;
		return; /* the board takes nothing: do not pile it up */
	}
	mb_line_settle(kit, true, now_us);
	if (settling->tries > FAST_TRIES) {
		settling->deadline_us = now_us + SLOW_SETTLE_US;
	}
}

static void settle_end(struct kit *kit, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	struct makeblock_settling *settling = &makeblock->settling;

	if (settling->acks != RESETS) {
		settle_again(kit, now_us);
		return;
	}
	settling->is_on = false;
	if (makeblock->halt_us > settling->began_us) {
		mb_line_settle(kit, false, now_us); /* a stop that had no room */
		return;
	}
	if (settling->tries >= LOST_TRIES) {
		mb_outputs_resend(kit);
	}
	/* The wheels stand, whatever was wished. */
	makeblock->motors_due = mb_outputs_are_moving(makeblock);
	kit_held(kit);
	mb_tokens_reply(kit, &makeblock->stopping, NULL);
	mb_handshake_settled(kit);
	mb_line_pump(kit, now_us);
}

void mb_line_forget(struct kit *kit)
{
	struct makeblock *makeblock = makeblock_of(kit);

	makeblock->request.what = REQUEST_NONE;
	makeblock->settling.is_on = false;
}

/* ---- bytes in ---- */

static bool is_acknowledged(const struct makeblock_request *request)
{
	return request->what != REQUEST_NONE && request->what < REQUEST_QUESTION;
}

static void finish(struct kit *kit, const struct makeblock_message *message, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	struct makeblock_request done = makeblock->request;

	makeblock->request.what = REQUEST_NONE;
	if (done.what == REQUEST_QUESTION) {
		mb_sensors_take(kit, &done, message, now_us);
	} else if (done.what == REQUEST_BEAT) {
		mb_sensors_take_button(kit, message);
	} else {
		mb_outputs_done(kit, &done);
	}
	mb_line_pump(kit, now_us);
}

static void take_ack(struct kit *kit, const struct makeblock_message *message, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	struct makeblock_settling *settling = &makeblock->settling;

	if (settling->is_on && settling->has_before) {
		settling->acks++;
	} else if (is_acknowledged(&makeblock->request)) {
		finish(kit, message, now_us);
	} else if (!settling->is_on) {
		mb_line_settle(kit, false, now_us); /* whose is it? */
	}
}

static void take_answer(struct kit *kit, const struct makeblock_message *message, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	struct makeblock_settling *settling = &makeblock->settling;
	const struct makeblock_request *request = &makeblock->request;
	bool is_question = request->what != REQUEST_NONE && !is_acknowledged(request);

	if (settling->is_on && message->index == settling->after) {
		settle_end(kit, now_us);
	} else if (settling->is_on && message->index == settling->before) {
		settling->has_before = true;
		settling->acks = 0;
		if (request->what != REQUEST_NONE) {
			lose_request(kit); /* its answer would have come before this one */
		}
	} else if (is_question && message->index == request->index) {
		finish(kit, message, now_us);
	} /* else it is too late */
}

void mb_line_take(struct kit *kit, const struct makeblock_message *message, int64_t now_us)
{
	if (message->type == MAKEBLOCK_ACK) {
		take_ack(kit, message, now_us);
	} else if (message->index == MAKEBLOCK_EVENT_INDEX) {
		mb_sensors_take_button(kit, message);
	} else {
		take_answer(kit, message, now_us);
	}
}

/* ---- time ---- */

/* Set-points go before questions, but one question goes between two of them. */
void mb_line_pump(struct kit *kit, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	struct makeblock_request request = {.what = makeblock->last, .sent_us = now_us};

	if (makeblock->phase != PHASE_RUNNING || makeblock->settling.is_on ||
		makeblock->request.what != REQUEST_NONE) {
		return;
	}
	bool is_questions_turn = is_acknowledged(&request) && mb_sensors_are_due(kit, now_us);

	request.deadline_us = now_us + REPLY_US;
	if ((!is_questions_turn &&
		    (mb_outputs_send_motors(kit, &request, now_us) ||
			    mb_outputs_send_signal(kit, &request) ||
			    mb_outputs_send_tone(kit, &request))) ||
		mb_sensors_send(kit, &request, now_us) ||
		(mb_sensors_need_beat(makeblock, now_us) && mb_sensors_send_beat(kit, &request))) {
		makeblock->request = request;
		makeblock->last = request.what;
	}
}

void mb_line_tick(struct kit *kit, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);

	if (makeblock->settling.is_on) {
		if (now_us >= makeblock->settling.deadline_us) {
			settle_again(kit, now_us);
		}
	} else if (makeblock->request.what && now_us >= makeblock->request.deadline_us) {
		lose_request(kit);
		mb_line_settle(kit, true, now_us);
	} else {
		mb_line_pump(kit, now_us);
	}
}

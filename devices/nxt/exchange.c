/*
 * Requests and their replies. A reply names the opcode, and some name the port: the oldest
 * request that fits is the one it answers, and what was sent before that one is lost, for
 * the brick answers in order. A lost request is sent once more if doing it twice is the same
 * as once; then its purpose learns that no answer came. A late answer fits nothing, and is
 * counted.
 */
#include "state.h"

#include <string.h>

enum { ANSWER_US = 300 * MS_US }; /* USB: 1-3 ms, Bluetooth: 30-100 */

bool exchange_send(struct kit *kit, const struct nxt_telegram *request, enum nxt_purpose purpose,
	enum lane lane, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	uint8_t bytes[NXT_FRAME_MAX];
	size_t count = kit->is_packet ? nxt_encode(request, bytes, sizeof(bytes))
				      : nxt_encode_framed(request, bytes, sizeof(bytes));

	if (f->flight_count == FLIGHTS_MAX || !kit_send_lane(kit, bytes, count, lane)) {
		return false;
	}
	f->flights[f->flight_count++] = (struct nxt_flight){
		.request = *request,
		.purpose = purpose,
		.deadline_us = now_us + ANSWER_US,
	};
	return true;
}

static void remove_flight(struct nxt *f, unsigned index)
{
	f->flight_count--;
	memmove(&f->flights[index], &f->flights[index + 1],
		(f->flight_count - index) * sizeof(f->flights[0]));
}

/* A motor's answer that may come later must not be taken for a newer one (hold.c). */
static void expect_late(struct nxt *f, const struct nxt_telegram *request)
{
	if (request->op == NXT_GET_OUTPUT && f->motors[request->port].late < UINT8_MAX) {
		f->motors[request->port].late++;
	}
}

void exchange_forget(struct kit *kit, enum nxt_purpose purpose)
{
	struct nxt *f = nxt_of(kit);

	for (unsigned i = f->flight_count; i-- > 0;) {
		if (f->flights[i].purpose == purpose) {
			expect_late(f, &f->flights[i].request);
			remove_flight(f, i);
		}
	}
}

static void end_flight(struct kit *kit, const struct nxt_flight *flight,
	const struct nxt_telegram *reply, int64_t now_us)
{
	const struct nxt_telegram *request = &flight->request;

	switch (flight->purpose) {
	case FOR_LIFE:
		life_take(kit, request, reply, now_us);
		break;
	case FOR_HOLD:
		hold_take(kit, request, reply, now_us);
		break;
	case FOR_MOTOR:
		motors_take(kit, request, reply);
		break;
	case FOR_PROGRAM:
		motors_take_program(kit, request, reply, now_us);
		break;
	case FOR_COMMAND:
		commands_take(kit, reply);
		break;
	case FOR_SETUP:
		sensors_take_setup(kit, request, reply, now_us);
		break;
	case FOR_POLL:
		if (request->op != NXT_GET_OUTPUT) {
			sensors_take(kit, request, reply, now_us);
		} else if (reply) {
			motors_show(kit, reply, now_us);
		}
		break;
	}
}

/* ---- lost ---- */

/* Motors and holds try again by themselves, with what is wanted by then. */
static bool may_repeat(const struct nxt_flight *flight)
{
	if (flight->is_again || flight->purpose == FOR_MOTOR || flight->purpose == FOR_HOLD) {
		return false;
	}
	switch ((enum nxt_op)flight->request.op) {
	case NXT_STOP_PROGRAM:
	case NXT_SET_OUTPUT:
	case NXT_SET_INPUT:
	case NXT_GET_OUTPUT:
	case NXT_GET_INPUT:
	case NXT_RESET_SCALED:
	case NXT_GET_BATTERY:
	case NXT_STOP_SOUND:
	case NXT_KEEP_ALIVE:
	case NXT_LS_STATUS:
	case NXT_GET_PROGRAM:
	case NXT_VERSIONS:
	case NXT_SET_NAME:
	case NXT_DEVICE_INFO:
		return true;
	case NXT_START_PROGRAM:
	case NXT_PLAY_TONE:
	case NXT_MESSAGE_WRITE:
	case NXT_RESET_POSITION: /* what was turned in between would be lost */
	case NXT_LS_WRITE:
	case NXT_LS_READ:
	case NXT_MESSAGE_READ:
		break;
	}
	return false;
}

/* It is no longer among the flights. */
static void lose(struct kit *kit, const struct nxt_flight *flight, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	expect_late(f, &flight->request);
	if (may_repeat(flight) &&
		exchange_send(kit, &flight->request, flight->purpose, LANE_ORDER, now_us)) {
		f->flights[f->flight_count - 1].is_again = true;
		return;
	}
	end_flight(kit, flight, NULL, now_us);
}

void exchange_tick(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	/* The deadlines are in order: each came later than the one before. */
	while (f->flight_count > 0 && now_us >= f->flights[0].deadline_us) {
		struct nxt_flight flight = f->flights[0];

		remove_flight(f, 0);
		f->parser.count = 0; /* the piece of a reply whose rest never came */
		life_miss(kit, now_us);
		lose(kit, &flight, now_us);
	}
}

/* ---- replies ---- */

static bool is_answer(const struct nxt_flight *flight, const struct nxt_telegram *reply)
{
	bool names_port = reply->op == NXT_GET_OUTPUT || reply->op == NXT_GET_INPUT;

	return flight->request.op == reply->op &&
		(!names_port || reply->status != NXT_OK || flight->request.port == reply->port);
}

void exchange_take(struct kit *kit, const struct nxt_telegram *reply, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	unsigned index = 0;

	life_hear(kit, now_us);
	while (index < f->flight_count && !is_answer(&f->flights[index], reply)) {
		index++;
	}
	if (index == f->flight_count) {
		kit->bad_frames++;
		if (reply->op == NXT_GET_OUTPUT && reply->port < NXT_MOTORS &&
			f->motors[reply->port].late > 0) {
			f->motors[reply->port].late--;
		}
		return;
	}
	struct nxt_flight before[FLIGHTS_MAX], flight = f->flights[index];

	memcpy(before, f->flights, index * sizeof(before[0]));
	f->flight_count -= index + 1;
	memmove(f->flights, &f->flights[index + 1], f->flight_count * sizeof(f->flights[0]));
	for (unsigned i = 0; i < index; i++) {
		lose(kit, &before[i], now_us);
	}
	end_flight(kit, &flight, reply, now_us);
}

enum err exchange_why(const struct kit *kit, const struct nxt_telegram *reply, struct why *why)
{
	static const struct {
		uint8_t status;
		enum err code;
		enum msg msg;
	} meanings[] = {
		{NXT_PENDING, ERR_BUSY, MSG_NXT_PENDING},
		{NXT_EMPTY, ERR_NOT_FOUND, MSG_NXT_EMPTY},
		{NXT_FAILED, ERR_REFUSED, MSG_NXT_FAILED},
		{NXT_UNKNOWN, ERR_UNSUPPORTED, MSG_NXT_UNKNOWN},
		{NXT_INSANE, ERR_INTERNAL, MSG_NXT_INSANE},
		{NXT_RANGE, ERR_INVALID, MSG_NXT_RANGE},
		{NXT_BUS, ERR_REFUSED, MSG_NXT_BUS},
		{NXT_NO_BUFFER, ERR_BUSY, MSG_NXT_NO_BUFFER},
		{NXT_BAD_CHANNEL, ERR_INVALID, MSG_NXT_BAD_CHANNEL},
		{NXT_NOT_READY, ERR_BUSY, MSG_NXT_NOT_READY},
		{NXT_NO_PROGRAM, ERR_REFUSED, MSG_NXT_NO_PROGRAM},
		{NXT_BAD_SIZE, ERR_INTERNAL, MSG_NXT_BAD_SIZE},
		{NXT_BAD_INPUT, ERR_INVALID, MSG_NXT_BAD_INPUT},
		{NXT_BAD_ARGS, ERR_INVALID, MSG_NXT_BAD_ARGS},
	};

	if (!reply) {
		return why_set(why, ERR_TIMEOUT, MSG_NXT_NO_ANSWER, kit->id);
	}
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].status == reply->status) {
			return why_fill(why, meanings[i].code, meanings[i].msg, kit->id);
		}
	}
	return reply->status == NXT_OK
		? ERR_NONE
		: why_set(why, ERR_REFUSED, MSG_NXT_STATUS, kit->id, reply->status);
}

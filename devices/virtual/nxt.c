/*
 * A virtual LEGO NXT brick with firmware 1.31: one telegram in, one reply out, a
 * millisecond each, in order; each reply is one machine_send(), with its length before
 * it as over Bluetooth.
 *
 * It has a battery of its own: without KEEP_ALIVE it falls asleep after ten minutes, and
 * without a host its motors go on. One program is on it, "Dance.rxe", which turns the
 * wheels whatever the host says.
 */
#include "virtual/nxt.h"

#include <stdio.h>
#include <string.h>

enum {
	ANSWER_US = 1000,
	SLEEP_MS = 600 * 1000,
	STEP_US = 10 * 1000, /* of a program, of the motors */
	RESET_US = 300 * 1000,
	FULL_MV = 7850,
	LOAD_MV = 120, /* a motor's */
	FREE_BYTES = 20480,
};

static const char dance[] = "Dance.rxe";

/* ---- a program on the brick ---- */

static void reset_devices(struct machine *machine)
{
	brick_motors_reset(machine);
	brick_sensors_reset(machine);
	brick_sonar_reset(machine);
}

static void run_program(struct machine *machine, int64_t now_us)
{
	struct brick *b = brick_of(machine);
	struct nxt_output output = {.power = 50, .mode = NXT_ON | NXT_BRAKE, .run = NXT_RUNNING};

	brick_motors_set(machine, 1, &output);
	output.power = -50;
	brick_motors_set(machine, 2, &output);
	b->program_us = now_us + STEP_US;
}

static uint8_t start_program(
	struct machine *machine, const struct nxt_telegram *request, int64_t now_us)
{
	struct brick *b = brick_of(machine);

	if (strncmp((const char *)request->name, dance, sizeof(request->name)) != 0) {
		return NXT_RANGE;
	}
	memcpy(b->program, request->name, sizeof(b->program));
	reset_devices(machine);
	run_program(machine, now_us);
	return NXT_OK;
}

static uint8_t stop_program(struct machine *machine, int64_t now_us)
{
	struct brick *b = brick_of(machine);

	if (b->program_us == 0) {
		return NXT_NO_PROGRAM;
	}
	b->program_us = 0;
	b->reset_us = now_us + RESET_US;
	reset_devices(machine);
	return NXT_OK;
}

/* ---- answers ---- */

static uint16_t battery_mv(const struct brick *b)
{
	uint16_t mv = FULL_MV;

	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		mv -= b->motors[i].set.power != 0 ? LOAD_MV : 0;
	}
	return mv;
}

static void tell_info(const struct machine *machine, struct nxt_telegram *reply)
{
	const struct brick *b = brick_of(machine);
	uint32_t seed = machine->seed;
	uint8_t bluetooth[7] = {
		0x00, 0x16, 0x53, (uint8_t)(seed >> 16), (uint8_t)(seed >> 8), (uint8_t)seed, 0};

	memcpy(reply->info.name, b->name, sizeof(reply->info.name));
	memcpy(reply->info.bluetooth, bluetooth, sizeof(bluetooth));
	reply->info.free_bytes = FREE_BYTES;
}

static void tell_versions(struct nxt_telegram *reply)
{
	reply->versions.protocol_major = 1;
	reply->versions.protocol_minor = 124;
	reply->versions.major = 1;
	reply->versions.minor = 31;
}

/* Mailboxes belong to programs. */
static uint8_t use_mailbox(
	const struct brick *b, const struct nxt_telegram *request, struct nxt_telegram *reply)
{
	const uint8_t *bytes = request->message.bytes;
	uint8_t count = request->message.count;

	if (request->op == NXT_MESSAGE_READ) {
		reply->message.local = request->message.local;
		return b->program_us ? NXT_EMPTY : NXT_NO_PROGRAM;
	}
	if (count == 0 || bytes[count - 1] != 0) {
		return NXT_RANGE;
	}
	return b->program_us ? NXT_OK : NXT_NO_PROGRAM;
}

/* A port that the brick has. SET_OUTPUT's FF is all motors. */
static bool has_port(const struct nxt_telegram *request)
{
	switch (request->op) {
	case NXT_SET_OUTPUT:
		return request->port < NXT_MOTORS || request->port == 0xFF;
	case NXT_GET_OUTPUT:
	case NXT_RESET_POSITION:
		return request->port < NXT_MOTORS;
	case NXT_SET_INPUT:
	case NXT_GET_INPUT:
	case NXT_RESET_SCALED:
	case NXT_LS_STATUS:
	case NXT_LS_WRITE:
	case NXT_LS_READ:
		return request->port < NXT_PORTS;
	default:
		return true;
	}
}

static void set_outputs(struct machine *machine, const struct nxt_telegram *request)
{
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		if (request->port == i || request->port == 0xFF) {
			brick_motors_set(machine, i, &request->output);
		}
	}
}

static void answer_device(struct machine *machine, const struct nxt_telegram *request,
	struct nxt_telegram *reply, int64_t now_us)
{
	struct brick *b = brick_of(machine);

	switch (request->op) {
	case NXT_SET_OUTPUT:
		set_outputs(machine, request);
		return;
	case NXT_GET_OUTPUT:
		reply->output = brick_motors_get(machine, request->port);
		return;
	case NXT_RESET_POSITION:
		brick_motors_zero(machine, request->port, request->relative != 0);
		return;
	case NXT_SET_INPUT:
		brick_sensors_set(
			machine, request->port, request->input.type, request->input.mode, now_us);
		return;
	case NXT_GET_INPUT:
		reply->input = brick_sensors_get(machine, request->port, now_us);
		return;
	case NXT_PLAY_TONE:
		b->sound_us = now_us + (int64_t)request->tone.duration_ms * 1000;
		return;
	case NXT_STOP_SOUND:
		b->sound_us = 0;
		return;
	case NXT_GET_BATTERY:
		reply->battery_mv = battery_mv(b);
		return;
	default:
		brick_bus_answer(machine, request, reply, now_us);
	}
}

static void answer_brick(struct machine *machine, const struct nxt_telegram *request,
	struct nxt_telegram *reply, int64_t now_us)
{
	struct brick *b = brick_of(machine);

	switch (request->op) {
	case NXT_START_PROGRAM:
		reply->status = start_program(machine, request, now_us);
		return;
	case NXT_STOP_PROGRAM:
		reply->status = stop_program(machine, now_us);
		return;
	case NXT_GET_PROGRAM:
		reply->status = b->program_us ? NXT_OK : NXT_NO_PROGRAM;
		memcpy(reply->name, b->program, b->program_us ? sizeof(b->program) : 0);
		return;
	case NXT_KEEP_ALIVE:
		b->awake_us = now_us;
		reply->sleep_ms = SLEEP_MS;
		return;
	case NXT_MESSAGE_READ:
	case NXT_MESSAGE_WRITE:
		reply->status = use_mailbox(b, request, reply);
		return;
	case NXT_VERSIONS:
		tell_versions(reply);
		return;
	case NXT_SET_NAME:
		memcpy(b->name, request->name, sizeof(b->name) - 1);
		return;
	case NXT_DEVICE_INFO:
		tell_info(machine, reply);
		return;
	case NXT_RESET_SCALED: /* nothing that is counted is plugged in */
		return;
	default:
		answer_device(machine, request, reply, now_us);
	}
}

/* What cannot be read is answered by what is wrong with it. */
static uint8_t status_of_unread(const uint8_t *bytes, size_t count)
{
	struct nxt_telegram telegram;
	size_t used;

	if (bytes[1] == NXT_LS_WRITE) {
		return NXT_BAD_SIZE;
	}
	/* A known opcode alone lacks data, or is whole: then something stands behind it. */
	return nxt_scan(NXT_TO_BRICK, bytes, count, &used, &telegram) ? NXT_UNKNOWN : NXT_INSANE;
}

static void answer(struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct nxt_telegram request, reply = {.kind = NXT_REPLY, .op = bytes[1]};
	uint8_t out[NXT_FRAME_MAX];

	if (!nxt_decode(NXT_TO_BRICK, bytes, count, &request)) {
		reply.status = status_of_unread(bytes, count);
		reply.is_bare = true;
	} else if (!has_port(&request)) {
		reply.status = NXT_RANGE;
		reply.is_bare = request.op == NXT_LS_STATUS || request.op == NXT_LS_READ;
	} else {
		reply.port = request.port;
		answer_brick(machine, &request, &reply, now_us);
	}
	if (!(bytes[0] & NXT_NO_REPLY)) {
		size_t length = nxt_encode_framed(&reply, out, sizeof(out));

		machine_send(machine, out, length);
	}
}

/* ---- the machine ---- */

static void reset(struct machine *machine, int64_t now_us)
{
	struct brick *b = brick_of(machine);
	char name[16];

	memcpy(name, b->name[0] ? b->name : "NXT", b->name[0] ? sizeof(name) : 4);
	double turned = b->motors[0].turned;

	*b = (struct brick){.is_on = true, .boot_us = now_us + machine->boot_us};
	snprintf(b->name, sizeof(b->name), "%s", name);
	b->motors[0].turned = turned;
	b->moved_us = b->awake_us = now_us;
	reset_devices(machine);
}

static void opened(struct machine *machine, int64_t now_us)
{
	(void)now_us;
	brick_of(machine)->input_count = 0;
}

/* A brick that is off or booting hears nothing. */
static void feed(struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct brick *b = brick_of(machine);

	for (size_t i = 0; i < count && b->is_on && now_us >= b->boot_us; i++) {
		if (b->input_count < sizeof(b->input)) {
			b->input[b->input_count++] = bytes[i];
		}
	}
}

/* Deals with the first telegram if it is whole. False: it is not. */
static bool take_telegram(struct machine *machine, int64_t now_us)
{
	struct brick *b = brick_of(machine);
	size_t length = b->input_count < 2 ? 0 : b->input[0] + (size_t)b->input[1] * 256;

	if (b->input_count >= 2 && (length < 2 || length > NXT_TELEGRAM_MAX)) {
		b->input_count = 0; /* a Bluetooth chip out of step drops what it has */
	}
	if (b->input_count < 2 || b->input_count < length + 2) {
		return false;
	}
	uint8_t bytes[NXT_TELEGRAM_MAX];

	memcpy(bytes, b->input + 2, length);
	b->input_count -= length + 2;
	memmove(b->input, b->input + length + 2, b->input_count);
	answer(machine, bytes, length, now_us);
	b->answer_us = now_us + ANSWER_US;
	return true;
}

static void fall_asleep(struct machine *machine)
{
	struct brick *b = brick_of(machine);

	b->is_on = false;
	b->program_us = 0;
	b->input_count = 0;
	reset_devices(machine);
}

static int64_t tick(struct machine *machine, int64_t now_us)
{
	struct brick *b = brick_of(machine);

	brick_motors_step(machine, now_us);
	if (!b->is_on || now_us < b->boot_us) {
		return b->is_on ? b->boot_us : now_us + STEP_US;
	}
	if (now_us - b->awake_us >= (int64_t)SLEEP_MS * 1000) {
		fall_asleep(machine);
		return now_us + STEP_US;
	}
	if (b->program_us != 0 && now_us >= b->program_us) {
		run_program(machine, now_us);
	}
	if (b->reset_us != 0 && now_us >= b->reset_us) {
		b->reset_us = 0;
		reset_devices(machine);
	}
	if (now_us >= b->answer_us && take_telegram(machine, now_us)) {
		return b->answer_us;
	}
	return b->input_count > 0 && now_us < b->answer_us ? b->answer_us : now_us + STEP_US;
}

const struct machine_class machine_nxt = {
	.model = "nxt",
	.driver = "nxt",
	.has_body = true,
	.state_size = sizeof(struct brick),
	.reset = reset,
	.opened = opened,
	.feed = feed,
	.tick = tick,
};

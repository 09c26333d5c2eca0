/*
 * A virtual EV3 brick: the part of its virtual machine that runs direct commands.
 *
 * A command is run at once, operation by operation, and answered with its global variables.
 * One that waits (for a sensor that changes its mode) is taken up again when time has
 * passed, and while it waits the brick reads nothing: what the host sends stays in its
 * buffer, or is lost when that is full. Its lamp and loudspeaker are heard and seen by
 * nobody in the room. Nothing stops its motors when the host is gone.
 */
#include "virtual/machines.h"

#include "virtual/ev3_parts.h"

#include <math.h>
#include <string.h>

enum { BATTERY_PERCENT = 80, SLEEP_MINUTES = 30, WAIT_US = 2000 };

#define BATTERY_V 7.9F

static const char firmware[] = "V1.09H";

enum step { STEP_DONE, STEP_WAITS, STEP_FAILED };

struct brick {
	struct ev3_parts parts; /* first: a test plugs things in and out */
	struct ev3_parser parser;
	int64_t booted_us;
	/* the command under way */
	bool is_running;
	struct ev3_message command; /* its code stands below */
	uint8_t code[EV3_FRAME_MAX];
	size_t at; /* how much of the code is run */
	uint8_t globals[1024];
	/* what waits for it */
	uint8_t queue[EV3_FRAME_MAX];
	size_t queue_count;
};

/* ---- operands ---- */

static int value_at(const struct ev3_op *op, unsigned index)
{
	return op->params[index].kind == EV3_VALUE ? op->params[index].value : 0;
}

/* Where an answer goes; NULL when the command reserved no room for it. */
static uint8_t *room_at(struct brick *brick, const struct ev3_op *op, unsigned index, size_t bytes)
{
	const struct ev3_param *param = &op->params[index];
	bool has_room = param->kind == EV3_GLOBAL && param->value >= 0 &&
		(size_t)param->value + bytes <= brick->command.globals;

	return has_room ? brick->globals + param->value : NULL;
}

static enum step put(struct brick *brick, const struct ev3_op *op, unsigned index,
	const void *bytes, size_t count)
{
	uint8_t *room = room_at(brick, op, index, count);

	if (!room) {
		return STEP_FAILED;
	}
	memcpy(room, bytes, count);
	return STEP_DONE;
}

static enum step put_i8(struct brick *brick, const struct ev3_op *op, unsigned index, int value)
{
	int8_t byte = (int8_t)value;

	return put(brick, op, index, &byte, sizeof(byte));
}

static enum step put_i32(struct brick *brick, const struct ev3_op *op, unsigned index, double value)
{
	int32_t number = (int32_t)lround(value);

	return put(brick, op, index, &number, sizeof(number));
}

static enum step put_float(
	struct brick *brick, const struct ev3_op *op, unsigned index, double value)
{
	float number = (float)value;

	return put(brick, op, index, &number, sizeof(number));
}

/* ---- operations ---- */

static enum step read_ui(struct brick *brick, const struct ev3_op *op)
{
	switch (value_at(op, 0)) {
	case EV3_UI_READ_VOLTAGE:
		return put_float(brick, op, 1, (double)BATTERY_V);
	case EV3_UI_READ_BATTERY:
		return put_i8(brick, op, 1, BATTERY_PERCENT);
	default: {
		size_t room = (size_t)value_at(op, 1);

		return put(
			brick, op, 2, firmware, room < sizeof(firmware) ? room : sizeof(firmware));
	}
	}
}

static enum step get_type(struct brick *brick, const struct ev3_op *op)
{
	unsigned port = (unsigned)value_at(op, 2), motor = port - EV3_FIRST_OUTPUT;
	int type = EV3_TYPE_NONE, mode = 0;

	if (port < EV3_SENSORS) {
		type = brick->parts.ports[port].type;
		mode = brick->parts.ports[port].mode;
	} else if (motor < EV3_MOTORS) {
		type = brick->parts.motors[motor].type;
	}
	return put_i8(brick, op, 3, type) == STEP_DONE ? put_i8(brick, op, 4, mode) : STEP_FAILED;
}

/* READY_SI: waits, then one value; further ones it does not have. */
static enum step wait_for_sensor(struct brick *brick, const struct ev3_op *op)
{
	unsigned port = (unsigned)value_at(op, 2);

	if (port < EV3_SENSORS) {
		ev3_parts_choose(&brick->parts, port, value_at(op, 3), value_at(op, 4));
		if (ev3_parts_is_busy(&brick->parts, port)) {
			return STEP_WAITS;
		}
	}
	for (unsigned i = 6; i < op->count; i++) {
		bool is_there = i == 6 && port < EV3_SENSORS;
		double value = is_there ? ev3_parts_sense(&brick->parts, port) : (double)NAN;

		if (put_float(brick, op, i, value) != STEP_DONE) {
			return STEP_FAILED;
		}
	}
	return STEP_DONE;
}

static enum step read_sensor(struct brick *brick, const struct ev3_op *op)
{
	unsigned port = (unsigned)value_at(op, 1);

	if (port >= EV3_SENSORS) {
		return put_float(brick, op, 4, (double)NAN);
	}
	ev3_parts_choose(&brick->parts, port, value_at(op, 2), value_at(op, 3));
	return put_float(brick, op, 4, ev3_parts_sense(&brick->parts, port));
}

static enum step read_motor(struct brick *brick, const struct ev3_op *op)
{
	unsigned motor = (unsigned)value_at(op, 1);

	if (motor >= EV3_MOTORS) {
		return STEP_FAILED;
	}
	if (op->code == EV3_OUTPUT_GET_COUNT) {
		return put_i32(brick, op, 2, ev3_parts_count(&brick->parts, motor));
	}
	int percent = (int)lround(100 * ev3_parts_speed(&brick->parts, motor));

	return put_i8(brick, op, 2, percent) == STEP_DONE
		? put_i32(brick, op, 3, ev3_parts_turned(&brick->parts, motor))
		: STEP_FAILED;
}

static enum step move(struct brick *brick, const struct ev3_op *op)
{
	unsigned ports = (unsigned)value_at(op, 1) & EV3_ALL_PORTS;
	int percent = op->count > 2 ? value_at(op, 2) : 0;

	switch (op->code) {
	case EV3_OUTPUT_STOP:
		ev3_parts_stop(&brick->parts, ports, percent != 0);
		break;
	case EV3_OUTPUT_POWER:
	case EV3_OUTPUT_SPEED:
		percent = percent > 100 ? 100 : percent < -100 ? -100 : percent;
		ev3_parts_set_speed(&brick->parts, ports, percent / 100.0);
		break;
	case EV3_OUTPUT_START:
		ev3_parts_start(&brick->parts, ports);
		break;
	default:
		ev3_parts_clear(&brick->parts, ports);
		break;
	}
	return STEP_DONE;
}

static enum step run_op(struct brick *brick, const struct ev3_op *op)
{
	switch (op->code) {
	case EV3_NOP:
	case EV3_PROGRAM_STOP: /* it has no programs */
	case EV3_UI_WRITE:
	case EV3_SOUND:
		return STEP_DONE;
	case EV3_KEEP_ALIVE:
		return put_i8(brick, op, 0, SLEEP_MINUTES);
	case EV3_UI_READ:
		return read_ui(brick, op);
	case EV3_INPUT_DEVICE:
		return value_at(op, 0) == EV3_DEVICE_READY_SI ? wait_for_sensor(brick, op)
							      : get_type(brick, op);
	case EV3_INPUT_READSI:
		return read_sensor(brick, op);
	case EV3_OUTPUT_READ:
	case EV3_OUTPUT_GET_COUNT:
		return read_motor(brick, op);
	case EV3_OUTPUT_STOP:
	case EV3_OUTPUT_POWER:
	case EV3_OUTPUT_SPEED:
	case EV3_OUTPUT_START:
	case EV3_OUTPUT_CLR_COUNT:
		return move(brick, op);
	default:
		return STEP_FAILED; /* moves with an end: nobody uses them here */
	}
}

/* ---- commands ---- */

static void answer(struct machine *machine, bool is_done)
{
	struct brick *brick = machine->state;
	uint8_t bytes[EV3_FRAME_MAX];
	struct ev3_message reply = {
		.counter = brick->command.counter,
		.type = is_done ? EV3_DIRECT_DONE : EV3_DIRECT_FAILED,
		.body = brick->globals,
		.count = brick->command.globals,
	};

	brick->is_running = false;
	if (brick->command.type == EV3_DIRECT) {
		size_t count = ev3_encode(&reply, bytes, sizeof(bytes));

		machine_send(machine, bytes, count);
	}
}

static void run(struct machine *machine)
{
	struct brick *brick = machine->state;
	enum step step = STEP_DONE;
	struct ev3_op op;
	size_t used;

	while (step == STEP_DONE && brick->at < brick->command.count) {
		if (!ev3_decode_op(brick->code + brick->at, brick->command.count - brick->at, &used,
			    &op)) {
			step = STEP_FAILED;
			break;
		}
		step = run_op(brick, &op);
		brick->at += step == STEP_DONE ? used : 0;
	}
	if (step != STEP_WAITS) {
		answer(machine, step == STEP_DONE);
	}
}

/* System commands (files, updates) are not for a robot's driver: no answer. */
static void begin(struct machine *machine, const struct ev3_message *message)
{
	struct brick *brick = machine->state;

	if ((message->type & 0x7F) != EV3_DIRECT) {
		return;
	}
	brick->command = *message;
	brick->at = 0;
	memcpy(brick->code, message->body, message->count);
	memset(brick->globals, 0, sizeof(brick->globals));
	brick->is_running = true;
	/* More than an answer can carry, or nothing to do: refused (c_com.c). */
	if (message->globals > EV3_GLOBALS_MAX || message->count == 0) {
		brick->command.globals = 0;
		answer(machine, false);
	} else {
		run(machine);
	}
}

static void read_queue(struct machine *machine)
{
	struct brick *brick = machine->state;
	const uint8_t *bytes = brick->queue;
	size_t count = brick->queue_count;
	enum ev3_next next = EV3_FRAME;
	struct ev3_message message;

	while (!brick->is_running && next != EV3_MORE) {
		next = ev3_next(&brick->parser, EV3_TO_KIT, &bytes, &count, &message);
		if (next == EV3_FRAME) {
			begin(machine, &message);
		}
	}
	memmove(brick->queue, bytes, count);
	brick->queue_count = count;
}

/* ---- the machine ---- */

static void reset(struct machine *machine, int64_t now_us)
{
	struct brick *brick = machine->state;

	memset(brick, 0, sizeof(*brick));
	brick->booted_us = now_us + machine->boot_us;
	ev3_parts_init(&brick->parts, machine->world, now_us);
}

static void feed(struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct brick *brick = machine->state;

	ev3_parts_step(&brick->parts, now_us);
	while (count > 0 && now_us >= brick->booted_us) {
		size_t room = sizeof(brick->queue) - brick->queue_count;
		size_t piece = count < room ? count : room;

		memcpy(brick->queue + brick->queue_count, bytes, piece);
		brick->queue_count += piece;
		bytes += piece;
		count -= piece;
		read_queue(machine);
		if (piece == 0) {
			return; /* full: lost */
		}
	}
}

static int64_t tick(struct machine *machine, int64_t now_us)
{
	struct brick *brick = machine->state;

	ev3_parts_step(&brick->parts, now_us);
	if (brick->is_running) {
		run(machine);
		read_queue(machine);
	}
	return brick->is_running ? now_us + WAIT_US : INT64_MAX;
}

const struct machine_class machine_ev3 = {
	.model = "ev3",
	.driver = "ev3",
	.has_body = true,
	.state_size = sizeof(struct brick),
	.reset = reset,
	.feed = feed,
	.tick = tick,
};

/*
 * A virtual arm of six LX-16A servos (ids 1 to 6, the last one a gripper) behind a bus
 * linker. The codec is the driver's (busservo/lx16a.h).
 */
#include "virtual/busservo.h"

#include "busservo/bytes.h"
#include "busservo/lx16a.h"

#include <math.h>
#include <string.h>

enum {
	JOINTS = 6,
	VIN_MV = 7400,
	HEAT_LIMIT_CEL = 85,
};

static const double DEGREES = 0.24;
static const double GRIP_MIN = -48, GRIP_MAX = 36;

struct servo {
	uint8_t id, heat_limit, led, led_error;
	int8_t offset;
	bool has_torque, is_motor;
	int16_t motor_speed;
	uint16_t min, max, vin_min, vin_max;
	uint16_t goal, goal_ms, wait_goal, wait_ms;
	bool is_waiting;
};

struct chain {
	struct servo_wire wire; /* first */
	struct servo servos[JOINTS];
};

static struct chain *chain_of(const struct machine *machine)
{
	return machine->state;
}

static double angle_of(int position)
{
	return (position - LX16A_TOP / 2) * DEGREES;
}

static int position_of(const struct machine *machine, unsigned i)
{
	return (int)lround(machine->world->arm->joints[i].angle / DEGREES) + LX16A_TOP / 2;
}

/* ---- the servo's inside ---- */

/* A move to a place in a time; it also switches torque on. */
static void move(struct machine *machine, unsigned i, unsigned goal, unsigned ms, int64_t now_us)
{
	struct servo *servo = &chain_of(machine)->servos[i];
	struct arm *arm = machine->world->arm;

	arm_step(arm, now_us);
	goal = goal < servo->min ? servo->min : goal > servo->max ? servo->max : goal;
	double way = fabs(angle_of((int)goal) - arm->joints[i].angle);

	servo->goal = (uint16_t)goal;
	servo->goal_ms = (uint16_t)ms;
	if (!servo->is_motor) {
		servo->has_torque = true;
		arm_go(arm, i, angle_of((int)goal), ms > 0 ? way / ms * 1000 : 0, now_us);
	}
}

static void set_torque(struct machine *machine, unsigned i, bool is_on, int64_t now_us)
{
	struct servo *servo = &chain_of(machine)->servos[i];

	servo->has_torque = is_on;
	if (is_on) {
		arm_halt(machine->world->arm, i, now_us);
	} else {
		arm_relax(machine->world->arm, i, true, now_us);
	}
}

static void set_mode(struct machine *machine, unsigned i, const uint8_t *params, int64_t now_us)
{
	struct servo *servo = &chain_of(machine)->servos[i];

	servo->is_motor = params[0] != 0;
	servo->motor_speed = (int16_t)bytes_get(params + 2, 2);
	if (servo->is_motor && servo->has_torque) {
		arm_spin(machine->world->arm, i, servo->motor_speed / 1000.0, now_us);
	} else if (servo->has_torque) {
		arm_halt(machine->world->arm, i, now_us);
	}
}

static void check_heat(struct machine *machine, unsigned i, int64_t now_us)
{
	const struct servo *servo = &chain_of(machine)->servos[i];

	arm_step(machine->world->arm, now_us);
	if (machine->world->arm->joints[i].temperature > servo->heat_limit && servo->has_torque) {
		set_torque(machine, i, false, now_us);
	}
}

static void boot_servo(struct machine *machine, unsigned i)
{
	struct servo *servo = &chain_of(machine)->servos[i];
	struct arm_joint *joint = &machine->world->arm->joints[i];

	if (i == JOINTS - 1) {
		joint->min = GRIP_MIN;
		joint->max = GRIP_MAX;
	}
	*servo = (struct servo){
		.id = (uint8_t)(i + 1),
		.heat_limit = HEAT_LIMIT_CEL,
		.led_error = 7,
		.min = (uint16_t)lround(joint->min / DEGREES + LX16A_TOP / 2),
		.max = (uint16_t)lround(joint->max / DEGREES + LX16A_TOP / 2),
		.vin_min = 4500,
		.vin_max = 12000,
	};
}

/* ---- what it is told ---- */

static void tell(struct machine *machine, unsigned i, const struct lx16a_message *m, int64_t now_us)
{
	struct servo *servo = &chain_of(machine)->servos[i];
	unsigned first = bytes_get(m->params, 2), second = bytes_get(m->params + 2, 2);

	switch (m->command) {
	case LX16A_MOVE:
		move(machine, i, first, second, now_us);
		break;
	case LX16A_WAIT_MOVE:
		servo->wait_goal = (uint16_t)first;
		servo->wait_ms = (uint16_t)second;
		servo->is_waiting = true;
		break;
	case LX16A_START:
		if (servo->is_waiting) {
			move(machine, i, servo->wait_goal, servo->wait_ms, now_us);
		}
		servo->is_waiting = false;
		break;
	case LX16A_STOP:
		if (servo->has_torque) {
			arm_halt(machine->world->arm, i, now_us);
		}
		break;
	case LX16A_SET_ID:
		servo->id = m->params[0];
		break;
	case LX16A_ADJUST_OFFSET:
		servo->offset = (int8_t)m->params[0];
		break;
	case LX16A_SET_LIMITS:
		if (first < second && second <= LX16A_TOP) {
			servo->min = (uint16_t)first;
			servo->max = (uint16_t)second;
		}
		break;
	case LX16A_SET_VIN_LIMITS:
		servo->vin_min = (uint16_t)first;
		servo->vin_max = (uint16_t)second;
		break;
	case LX16A_SET_HEAT_LIMIT:
		servo->heat_limit = m->params[0];
		break;
	case LX16A_SET_MODE:
		set_mode(machine, i, m->params, now_us);
		break;
	case LX16A_SET_TORQUE:
		set_torque(machine, i, m->params[0] != 0, now_us);
		break;
	case LX16A_SET_LED:
		servo->led = m->params[0];
		break;
	case LX16A_SET_LED_ERROR:
		servo->led_error = m->params[0];
		break;
	default: /* SAVE_OFFSET, and what it does not know */
		break;
	}
}

/* ---- what it is asked ---- */

static void put_pair(uint8_t *out, unsigned first, unsigned second)
{
	bytes_put(out, 2, first);
	bytes_put(out + 2, 2, second);
}

static void fill(const struct machine *machine, unsigned i, struct lx16a_message *m)
{
	const struct servo *servo = &chain_of(machine)->servos[i];
	uint8_t *out = m->params;

	switch (m->command) {
	case LX16A_READ_MOVE:
		put_pair(out, servo->goal, servo->goal_ms);
		break;
	case LX16A_READ_WAIT_MOVE:
		put_pair(out, servo->wait_goal, servo->wait_ms);
		break;
	case LX16A_READ_ID:
		out[0] = servo->id;
		break;
	case LX16A_READ_OFFSET:
		out[0] = (uint8_t)servo->offset;
		break;
	case LX16A_READ_LIMITS:
		put_pair(out, servo->min, servo->max);
		break;
	case LX16A_READ_VIN_LIMITS:
		put_pair(out, servo->vin_min, servo->vin_max);
		break;
	case LX16A_READ_HEAT_LIMIT:
		out[0] = servo->heat_limit;
		break;
	case LX16A_READ_HEAT:
		out[0] = (uint8_t)lround(machine->world->arm->joints[i].temperature);
		break;
	case LX16A_READ_VIN:
		bytes_put(out, 2, VIN_MV);
		break;
	case LX16A_READ_POSITION:
		bytes_put(out, 2, (uint32_t)position_of(machine, i));
		break;
	case LX16A_READ_MODE:
		put_pair(out, servo->is_motor, (uint16_t)servo->motor_speed);
		break;
	case LX16A_READ_TORQUE:
		out[0] = servo->has_torque;
		break;
	case LX16A_READ_LED:
		out[0] = servo->led;
		break;
	default: /* READ_LED_ERROR */
		out[0] = servo->led_error;
		break;
	}
}

static void answer(struct machine *machine, unsigned i, uint8_t command)
{
	uint8_t frame[LX16A_FRAME_MAX];
	struct lx16a_message message = {
		.id = chain_of(machine)->servos[i].id,
		.command = command,
		.count = (uint8_t)lx16a_answer_count(command),
	};

	fill(machine, i, &message);
	wire_answer(machine, frame, lx16a_encode(&message, frame, sizeof(frame)));
}

static unsigned count_plugged(const struct machine *machine)
{
	unsigned count = 0;

	for (unsigned i = 0; i < JOINTS; i++) {
		count += !chain_of(machine)->wire.is_unplugged[i];
	}
	return count;
}

/* To a question to all only a single servo may answer, and only with its id. */
static void take(struct machine *machine, const struct lx16a_message *m, int64_t now_us)
{
	bool is_question = lx16a_answer_count(m->command) > 0 && m->count == 0;
	bool is_for_all = m->id == LX16A_ALL;

	for (unsigned i = 0; i < JOINTS; i++) {
		if (chain_of(machine)->wire.is_unplugged[i] ||
			(!is_for_all && m->id != chain_of(machine)->servos[i].id)) {
			continue;
		}
		check_heat(machine, i, now_us);
		if (!is_question) {
			tell(machine, i, m, now_us);
		} else if (!is_for_all ||
			(m->command == LX16A_READ_ID && count_plugged(machine) == 1)) {
			answer(machine, i, m->command);
		}
	}
}

/* ---- the machine ---- */

static size_t obey_frame(
	struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct lx16a_message message;
	size_t used;

	if (!lx16a_decode(bytes, count, &used, &message) && used > 0) {
		take(machine, &message, now_us);
	}
	return used;
}

static void reset(struct machine *machine, int64_t now_us)
{
	wire_reset(machine, obey_frame, now_us);
	for (unsigned i = 0; i < JOINTS; i++) {
		boot_servo(machine, i);
	}
}

const struct machine_class machine_lx16a_arm = {
	.model = "lx16a-arm",
	.driver = "lx16a",
	.baud = 115200,
	.joints = JOINTS,
	.firmwares = wire_firmwares,
	.state_size = sizeof(struct chain),
	.reset = reset,
	.feed = wire_feed,
	.tick = wire_tick,
};

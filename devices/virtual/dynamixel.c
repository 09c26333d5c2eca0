/*
 * A virtual arm of six Dynamixel X servos (ids 1 to 6, the last one a gripper): control
 * tables, all instructions of Protocol 2.0, limits, access rules, alerts. The codec and the
 * table are the driver's (busservo/dynamixel.h).
 *
 * Torque on goes to the goal that stands in the table, wherever the joint is: so a host
 * that does not align it first is seen to make the arm jump.
 */
#include "virtual/busservo.h"

#include "busservo/bytes.h"
#include "busservo/dynamixel.h"

#include <math.h>
#include <string.h>

enum {
	JOINTS = 6,
	MODEL_XL430 = 1060, /* from memory */
	FIRMWARE = 45,
	HEAT_LIMIT_CEL = 72,
	FIRST_RAM = 64,
	FIRST_PRESENT = 120, /* from here on: measured, read only */
};

static const double DEGREES = 360.0 / 4096;
static const double GRIP_MIN = -30, GRIP_MAX = 60;

struct servo {
	uint8_t table[DYNAMIXEL_TABLE_BYTES];
	uint16_t later_address, later_count; /* REG_WRITE waits for ACTION */
	uint8_t later[DYNAMIXEL_TABLE_BYTES];
};

struct chain {
	struct servo_wire wire; /* first */
	struct servo servos[JOINTS];
};

static struct chain *chain_of(const struct machine *machine)
{
	return machine->state;
}

static uint32_t get(const struct servo *servo, unsigned address, unsigned count)
{
	return bytes_get(servo->table + address, count);
}

static void set(struct servo *servo, unsigned address, unsigned count, uint32_t number)
{
	bytes_put(servo->table + address, count, number);
}

static uint32_t units_of(double degrees)
{
	return (uint32_t)lround(degrees / DEGREES + 2048);
}

/* ---- the servo's inside ---- */

static void drive(struct machine *machine, unsigned i, int64_t now_us)
{
	const struct servo *servo = &chain_of(machine)->servos[i];
	double goal = ((int32_t)get(servo, DYNAMIXEL_GOAL, 4) - 2048) * DEGREES;
	double speed = get(servo, DYNAMIXEL_PROFILE_VELOCITY, 4) * DYNAMIXEL_VELOCITY_DEG_S;

	if (servo->table[DYNAMIXEL_TORQUE]) {
		arm_go(machine->world->arm, i, goal, speed, now_us);
	} else {
		arm_relax(machine->world->arm, i, true, now_us);
	}
}

static void measure(struct machine *machine, unsigned i, int64_t now_us)
{
	struct servo *servo = &chain_of(machine)->servos[i];
	struct arm *arm = machine->world->arm;

	arm_step(arm, now_us);
	set(servo, DYNAMIXEL_LOAD, 2, (uint32_t)lround(arm_load(arm, i) * 1000));
	set(servo, DYNAMIXEL_POSITION, 4, units_of(arm->joints[i].angle));
	set(servo, DYNAMIXEL_VOLTAGE, 2, 120);
	set(servo, DYNAMIXEL_TEMPERATURE, 1, (uint32_t)lround(arm->joints[i].temperature));
	if (servo->table[DYNAMIXEL_TEMPERATURE] > servo->table[DYNAMIXEL_HEAT_LIMIT]) {
		servo->table[DYNAMIXEL_HARDWARE_ERROR] |= DYNAMIXEL_ERROR_HEAT;
		servo->table[DYNAMIXEL_TORQUE] = 0;
		drive(machine, i, now_us);
	}
}

static void boot_servo(struct machine *machine, unsigned i, int64_t now_us)
{
	struct servo *servo = &chain_of(machine)->servos[i];
	struct arm_joint *joint = &machine->world->arm->joints[i];
	uint8_t id = servo->table[DYNAMIXEL_ID];

	memset(servo, 0, sizeof(*servo));
	if (i == JOINTS - 1) {
		joint->min = GRIP_MIN;
		joint->max = GRIP_MAX;
	}
	set(servo, DYNAMIXEL_MODEL, 2, MODEL_XL430);
	set(servo, DYNAMIXEL_FIRMWARE, 1, FIRMWARE);
	set(servo, DYNAMIXEL_ID, 1, id ? id : i + 1);
	set(servo, DYNAMIXEL_MODE, 1, 3);
	set(servo, DYNAMIXEL_HEAT_LIMIT, 1, HEAT_LIMIT_CEL);
	set(servo, DYNAMIXEL_MAX_POSITION, 4, units_of(joint->max));
	set(servo, DYNAMIXEL_MIN_POSITION, 4, units_of(joint->min));
	set(servo, DYNAMIXEL_GOAL, 4, units_of(0));
	drive(machine, i, now_us);
}

/* ---- reading and writing the table ---- */

static unsigned check_write(
	const struct servo *servo, unsigned address, const uint8_t *data, unsigned count)
{
	unsigned end = address + count;

	if (count == 0 || end > FIRST_PRESENT ||
		(address <= DYNAMIXEL_HARDWARE_ERROR && end > DYNAMIXEL_HARDWARE_ERROR) ||
		(address < FIRST_RAM && servo->table[DYNAMIXEL_TORQUE])) {
		return DYNAMIXEL_NO_ACCESS;
	}
	if (address <= DYNAMIXEL_TORQUE && end > DYNAMIXEL_TORQUE) {
		uint8_t torque = data[DYNAMIXEL_TORQUE - address];

		if (torque > 1) {
			return DYNAMIXEL_BAD_RANGE;
		}
		if (torque && servo->table[DYNAMIXEL_HARDWARE_ERROR]) {
			return DYNAMIXEL_FAIL;
		}
	}
	if (address <= DYNAMIXEL_GOAL && end >= DYNAMIXEL_GOAL + 4) {
		int32_t goal = (int32_t)bytes_get(data + DYNAMIXEL_GOAL - address, 4);

		if (goal < (int32_t)get(servo, DYNAMIXEL_MIN_POSITION, 4) ||
			goal > (int32_t)get(servo, DYNAMIXEL_MAX_POSITION, 4)) {
			return DYNAMIXEL_BAD_LIMIT;
		}
	}
	return 0;
}

static unsigned write_table(struct machine *machine, unsigned i, unsigned address,
	const uint8_t *data, unsigned count, int64_t now_us)
{
	struct servo *servo = &chain_of(machine)->servos[i];
	unsigned error = check_write(servo, address, data, count);

	if (!error) {
		memcpy(servo->table + address, data, count);
		drive(machine, i, now_us);
	}
	return error;
}

/* ---- answers ---- */

static void answer(
	struct machine *machine, unsigned i, unsigned error, const uint8_t *params, unsigned count)
{
	const struct servo *servo = &chain_of(machine)->servos[i];
	struct dynamixel_message message;
	uint8_t frame[DYNAMIXEL_FRAME_MAX];

	dynamixel_begin(&message, servo->table[DYNAMIXEL_ID], DYNAMIXEL_STATUS);
	message.error = (uint8_t)error;
	if (servo->table[DYNAMIXEL_HARDWARE_ERROR]) {
		message.error |= DYNAMIXEL_ALERT;
	}
	for (unsigned n = 0; n < count; n++) {
		dynamixel_add(&message, 1, params[n]);
	}
	wire_answer(machine, frame, dynamixel_encode(&message, frame, sizeof(frame)));
}

static void answer_read(
	struct machine *machine, unsigned i, unsigned address, unsigned count, int64_t now_us)
{
	measure(machine, i, now_us);
	if (count == 0 || address + count > DYNAMIXEL_TABLE_BYTES) {
		answer(machine, i, DYNAMIXEL_BAD_LENGTH, NULL, 0);
	} else {
		answer(machine, i, 0, chain_of(machine)->servos[i].table + address, count);
	}
}

static void answer_ping(struct machine *machine, unsigned i)
{
	const uint8_t *table = chain_of(machine)->servos[i].table;
	const uint8_t params[] = {
		table[DYNAMIXEL_MODEL], table[DYNAMIXEL_MODEL + 1], table[DYNAMIXEL_FIRMWARE]};

	answer(machine, i, 0, params, sizeof(params));
}

/* ---- instructions ---- */

/* Index of the servo with this id on the wire, -1: none. */
static int find(const struct machine *machine, uint8_t id)
{
	const struct chain *chain = chain_of(machine);

	for (int i = 0; i < JOINTS; i++) {
		if (chain->servos[i].table[DYNAMIXEL_ID] == id && !chain->wire.is_unplugged[i]) {
			return i;
		}
	}
	return -1;
}

/* What several servos are told in one frame: {id, [address, count,] data}*. */
static void write_many(
	struct machine *machine, const struct dynamixel_message *message, int64_t now_us)
{
	bool is_sync = message->instruction == DYNAMIXEL_SYNC_WRITE;
	const uint8_t *at = message->params, *end = at + message->count;
	unsigned head = is_sync ? 1 : 5;

	if (is_sync && message->count < 4) {
		return;
	}
	const uint8_t *where = at;

	at += is_sync ? 4 : 0;
	while ((size_t)(end - at) > head) {
		int i = find(machine, at[0]);

		where = is_sync ? where : at + 1;
		unsigned count = bytes_get(where + 2, 2);

		if ((size_t)(end - at) < head + count) {
			return;
		}
		if (i >= 0) {
			write_table(machine, (unsigned)i, bytes_get(where, 2), at + head, count,
				now_us);
		}
		at += head + count;
	}
}

/* Each waits for the one before it: those behind a missing one say nothing. */
static void read_many(
	struct machine *machine, const struct dynamixel_message *message, int64_t now_us)
{
	bool is_sync = message->instruction == DYNAMIXEL_SYNC_READ;
	const uint8_t *params = message->params;
	unsigned step = is_sync ? 1 : 5;

	for (unsigned at = is_sync ? 4 : 0; at + step <= message->count; at += step) {
		int i = find(machine, params[at]);
		const uint8_t *where = is_sync ? params : params + at + 1;

		if (i < 0) {
			return;
		}
		answer_read(
			machine, (unsigned)i, bytes_get(where, 2), bytes_get(where + 2, 2), now_us);
	}
}

static unsigned write_later(struct servo *servo, const struct dynamixel_message *message)
{
	unsigned count = message->count - 2U, address = bytes_get(message->params, 2);
	unsigned error = check_write(servo, address, message->params + 2, count);

	if (!error) {
		servo->later_address = (uint16_t)address;
		servo->later_count = (uint16_t)count;
		memcpy(servo->later, message->params + 2, count);
	}
	return error;
}

/* What one servo does. Returns the error of its status. */
static unsigned obey(
	struct machine *machine, unsigned i, const struct dynamixel_message *m, int64_t now_us)
{
	struct servo *servo = &chain_of(machine)->servos[i];
	unsigned error = 0;

	switch (m->instruction) {
	case DYNAMIXEL_WRITE:
		return m->count < 3 ? DYNAMIXEL_BAD_LENGTH
				    : write_table(machine, i, bytes_get(m->params, 2),
					      m->params + 2, m->count - 2U, now_us);
	case DYNAMIXEL_REG_WRITE:
		return m->count < 3 ? DYNAMIXEL_BAD_LENGTH : write_later(servo, m);
	case DYNAMIXEL_ACTION:
		if (servo->later_count > 0) {
			error = write_table(machine, i, servo->later_address, servo->later,
				servo->later_count, now_us);
			servo->later_count = 0;
		}
		return error;
	case DYNAMIXEL_FACTORY_RESET:
	case DYNAMIXEL_REBOOT:
		boot_servo(machine, i, now_us);
		return 0;
	case DYNAMIXEL_CLEAR: /* turns: this table never counts more than one */
		return m->count == 5 ? 0 : DYNAMIXEL_BAD_LENGTH;
	default:
		return DYNAMIXEL_BAD_INSTRUCTION;
	}
}

static void take_one(
	struct machine *machine, unsigned i, const struct dynamixel_message *m, int64_t now_us)
{
	if (m->instruction == DYNAMIXEL_PING) {
		answer_ping(machine, i);
	} else if (m->id == DYNAMIXEL_ALL) {
		obey(machine, i, m, now_us);
	} else if (m->instruction == DYNAMIXEL_READ && m->count == 4) {
		answer_read(
			machine, i, bytes_get(m->params, 2), bytes_get(m->params + 2, 2), now_us);
	} else {
		answer(machine, i, obey(machine, i, m, now_us), NULL, 0);
	}
}

static void take(struct machine *machine, const struct dynamixel_message *m, int64_t now_us)
{
	if (m->instruction == DYNAMIXEL_STATUS) {
		return;
	}
	if (m->instruction == DYNAMIXEL_SYNC_WRITE || m->instruction == DYNAMIXEL_BULK_WRITE) {
		write_many(machine, m, now_us);
		return;
	}
	if (m->instruction == DYNAMIXEL_SYNC_READ || m->instruction == DYNAMIXEL_BULK_READ) {
		read_many(machine, m, now_us);
		return;
	}
	for (unsigned i = 0; i < JOINTS; i++) {
		uint8_t id = chain_of(machine)->servos[i].table[DYNAMIXEL_ID];

		if ((m->id == id || m->id == DYNAMIXEL_ALL) &&
			!chain_of(machine)->wire.is_unplugged[i]) {
			take_one(machine, i, m, now_us);
		}
	}
}

/* ---- the machine ---- */

static size_t obey_frame(
	struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct dynamixel_message message;
	size_t used;

	if (!dynamixel_decode(bytes, count, &used, &message) && used > 0) {
		take(machine, &message, now_us);
	}
	return used;
}

static void reset(struct machine *machine, int64_t now_us)
{
	wire_reset(machine, obey_frame, now_us);
	for (unsigned i = 0; i < JOINTS; i++) {
		boot_servo(machine, i, now_us);
	}
}

const struct machine_class machine_dynamixel_arm = {
	.model = "dynamixel-arm",
	.driver = "dynamixel",
	.baud = 57600,
	.joints = JOINTS,
	.firmwares = wire_firmwares,
	.state_size = sizeof(struct chain),
	.reset = reset,
	.feed = wire_feed,
	.tick = wire_tick,
};

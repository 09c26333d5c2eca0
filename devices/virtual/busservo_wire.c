/* The half-duplex wire of a chain of servos; see busservo.h. */
#include "virtual/busservo.h"

#include <string.h>

enum {
	BITS = 10,	       /* of a byte on the wire */
	RETURN_DELAY_US = 250, /* between what is said and the answer */
	SPOIL_US = 5 * 1000,   /* so long one servo speaks on */
	FORGET_US = 50 * 1000, /* half a frame, then silence: it is no frame */
};

static struct servo_wire *wire_of(const struct machine *machine)
{
	return machine->state;
}

static int64_t byte_us(const struct machine *machine)
{
	return (int64_t)BITS * 1000000 / machine->class->baud;
}

const char *const wire_firmwares[] = {"plain", "echo", NULL};

/* Returns how many bytes, from the first, nobody understands. */
static size_t hear(struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct servo_wire *wire = wire_of(machine);

	wire_tick(machine, now_us);
	size_t lost = wire->count, most = (size_t)(SPOIL_US / byte_us(machine));

	lost = lost < most ? lost : most;
	wire->count = 0;
	wire->busy_us = (wire->busy_us > now_us ? wire->busy_us : now_us) +
		(int64_t)count * byte_us(machine);
	wire->heard_us = now_us;
	if (machine->firmware && strcmp(machine->firmware, "echo") == 0) {
		machine_send(machine, bytes, count);
	}
	return lost > count || now_us < wire->deaf_until_us ? count : lost;
}

void wire_feed(struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct servo_wire *wire = wire_of(machine);

	if (now_us - wire->heard_us > FORGET_US) {
		wire->in_count = 0;
	}
	for (size_t i = hear(machine, bytes, count, now_us); i < count; i++) {
		size_t used;

		wire->in[wire->in_count++] = bytes[i];
		do {
			used = wire->obey(machine, wire->in, wire->in_count, now_us);
			wire->in_count -= used;
			memmove(wire->in, wire->in + used, wire->in_count);
		} while (used > 0 && wire->in_count > 0);
	}
}

void wire_answer(struct machine *machine, const uint8_t *bytes, size_t count)
{
	struct servo_wire *wire = wire_of(machine);

	if (wire->count + count > WIRE_ROOM) {
		return;
	}
	if (wire->count == 0) {
		wire->next_us = wire->busy_us + RETURN_DELAY_US + byte_us(machine);
	}
	memcpy(wire->out + wire->count, bytes, count);
	wire->count += count;
}

int64_t wire_tick(struct machine *machine, int64_t now_us)
{
	struct servo_wire *wire = wire_of(machine);
	size_t over = 0;

	while (over < wire->count && wire->next_us <= now_us) {
		wire->next_us += byte_us(machine);
		over++;
	}
	if (over > 0) {
		machine_send(machine, wire->out, over);
		wire->count -= over;
		memmove(wire->out, wire->out + over, wire->count);
	}
	return wire->count > 0 ? wire->next_us : INT64_MAX;
}

void wire_reset(struct machine *machine, wire_obey_fn *obey, int64_t now_us)
{
	struct servo_wire *wire = wire_of(machine);

	wire->obey = obey;
	wire->count = wire->in_count = 0;
	wire->deaf_until_us = now_us + machine->boot_us;
	for (unsigned i = 0; i < machine->class->joints; i++) {
		arm_relax(machine->world->arm, i, true, now_us);
	}
}

void servos_unplug(struct machine *machine, unsigned joint, bool is_unplugged)
{
	wire_of(machine)->is_unplugged[joint] = is_unplugged;
}

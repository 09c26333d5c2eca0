/*
 * The brick's sensor ports: touch in 1, sound in 2, light in 3, ultrasonic in 4, as in
 * LEGO's books. A port that is told to be something else than what is plugged in reads an
 * open line.
 */
#include "virtual/nxt.h"

#include <math.h>

enum { FULL = 1023, PRESSED = 183, VALID_US = 20 * 1000 };

static const double FLOOR = 0.65, LINE = 0.30; /* what the floor reflects */

void brick_sensors_reset(struct machine *machine)
{
	struct brick *b = brick_of(machine);

	for (unsigned i = 0; i < NXT_PORTS; i++) {
		b->ports[i] = (struct brick_port){.type = NXT_NO_SENSOR};
	}
}

void brick_sensors_set(
	struct machine *machine, unsigned port, uint8_t type, uint8_t mode, int64_t now_us)
{
	struct brick_port *p = &brick_of(machine)->ports[port];

	*p = (struct brick_port){.type = type, .mode = mode, .set_us = now_us};
}

static double feel(const struct machine *machine, enum scene_field field)
{
	return machine->world->scene(machine->world->data, field);
}

static uint16_t counts(double share)
{
	return (uint16_t)lround(fmin(fmax(share, 0), 1) * FULL);
}

static uint16_t feel_touch(const struct machine *machine)
{
	const struct body *body = machine->world->body;
	bool is_pressed = feel(machine, SCENE_BUTTON) != 0 || (body && body_is_bumped(body));

	return is_pressed ? PRESSED : FULL;
}

static uint16_t feel_light(const struct machine *machine, bool has_lamp)
{
	const struct body *body = machine->world->body;

	if (!has_lamp) {
		return counts(body ? body_light(body) : feel(machine, SCENE_LIGHT));
	}
	return counts(FLOOR - (FLOOR - LINE) * (body ? body_darkness(body, 0) : 0));
}

/* Normalized: 0..1023, more is brighter, louder, or a switch that is open. */
static uint16_t normalized(const struct machine *machine, unsigned port, int64_t now_us)
{
	const struct brick *b = brick_of(machine);
	uint8_t type = b->ports[port].type;

	if (port == 0 && type == NXT_SWITCH) {
		return feel_touch(machine);
	}
	if (port == 1 && type == NXT_SOUND) {
		return counts(now_us < b->sound_us ? 0.6 : 0.05);
	}
	if (port == 2 && (type == NXT_LIGHT_ON || type == NXT_LIGHT_OFF)) {
		return feel_light(machine, type == NXT_LIGHT_ON);
	}
	return FULL;
}

static int16_t scaled(uint8_t mode, uint16_t value)
{
	switch (mode) {
	case NXT_BOOLEAN:
		return value < FULL / 2;
	case NXT_PERCENT:
		return (int16_t)(value * 100 / FULL);
	case NXT_CELSIUS:
		return (int16_t)(-200 + value * 900 / FULL);
	default:
		return (int16_t)value;
	}
}

struct nxt_input brick_sensors_get(const struct machine *machine, unsigned port, int64_t now_us)
{
	const struct brick_port *p = &brick_of(machine)->ports[port];
	uint16_t value = normalized(machine, port, now_us);
	bool is_inverted =
		p->type == NXT_LIGHT_ON || p->type == NXT_LIGHT_OFF || p->type == NXT_SOUND;

	return (struct nxt_input){
		.type = p->type,
		.mode = p->mode,
		.valid = now_us - p->set_us >= VALID_US,
		.raw = is_inverted ? FULL - value : value,
		.normalized = value,
		.scaled = scaled(p->mode, value),
		.calibrated_value = (int16_t)value,
	};
}

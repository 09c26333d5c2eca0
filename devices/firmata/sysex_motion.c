/*
 * Sysex payloads of encoders and stepper motors; see sysex.h.
 * Sources: firmata/protocol encoder.md, accelStepperFirmata.md, stepper-legacy.md and
 * ConfigurableFirmata's AccelStepperFirmata.cpp (where a position has its sign).
 */
#include "sysex.h"

#include <math.h>

enum { OUT = FIRMATA_TO_BOARD, IN = FIRMATA_TO_HOST };

static void carry_device(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->device);
}

static void carry_device_data(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->device);
	wire_data(wire, m);
}

static void carry_on(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->on);
}

static void carry_device_on(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->device);
	wire_byte(wire, &m->on);
}

/* ---- encoders ---- */

/* n pinA pinB */
static void carry_encoder_attach(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->device);
	wire_byte(wire, &m->encoder_pins[0]);
	wire_byte(wire, &m->encoder_pins[1]);
}

/* for each encoder: direction << 6 | n, magnitude in 4 groups */
static void carry_encoder_positions(struct wire *wire, struct firmata_message *m)
{
	if (wire_reads(wire)) {
		wire->is_bad |= wire_left(wire) % 5 != 0;
		m->count = (uint16_t)(wire_left(wire) / 5);
	}
	wire->is_bad |= m->count < 1 || m->count > FIRMATA_ENCODERS_MAX;
	for (size_t i = 0; i < m->count && !wire->is_bad; i++) {
		struct firmata_encoder *encoder = &m->encoders[i];
		uint8_t head = (uint8_t)(encoder->device | (encoder->is_negative ? 0x40 : 0));
		uint64_t steps = encoder->steps;

		wire->is_bad |= !wire_reads(wire) && encoder->device > 0x3F;
		wire_byte(wire, &head);
		wire_bits(wire, 4, &steps);
		*encoder = (struct firmata_encoder){head & 0x3F, head & 0x40, (uint32_t)steps};
	}
}

/* ---- accelStepper ---- */

/* n interface pins... [inversions] */
static void carry_stepper_config(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->device);
	wire_byte(wire, &m->interface);
	wire_data(wire, m);
}

/* 5 groups: bits 0-30 magnitude, bit 31 (bit 3 of the fifth byte) sign */
static void carry_steps(struct wire *wire, int32_t *steps)
{
	uint64_t raw = *steps < 0 ? (uint64_t) - (int64_t)*steps | 1U << 31 : (uint64_t)*steps;

	wire->is_bad |= !wire_reads(wire) && *steps == INT32_MIN;
	wire_bits(wire, 5, &raw);
	wire->is_bad |= raw >> 32 != 0;
	int32_t magnitude = (int32_t)(raw & 0x7FFFFFFF);

	if (wire_reads(wire)) {
		*steps = raw >> 31 & 1 ? -magnitude : magnitude;
	}
}

static void carry_position(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->device);
	carry_steps(wire, &m->positions[0]);
}

static void carry_group_to(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->group);
	if (wire_reads(wire)) {
		wire->is_bad |= wire_left(wire) % 5 != 0;
		m->count = (uint16_t)(wire_left(wire) / 5);
	}
	wire->is_bad |= m->count > FIRMATA_STEPPERS_MAX;
	for (size_t i = 0; i < m->count && !wire->is_bad; i++) {
		carry_steps(wire, &m->positions[i]);
	}
}

/* 4 groups: bits 0-22 mantissa, 23-26 exponent + 11, 27 sign */
static void carry_speed(struct wire *wire, struct firmata_message *m)
{
	const struct firmata_float *f = &m->speed;
	bool is_sound = wire_reads(wire) ||
		(f->mantissa < 1 << 23 && f->exponent >= -11 && f->exponent <= 4);
	uint64_t raw = f->mantissa | (uint64_t)((f->exponent + 11) & 0x0F) << 23 |
		(uint64_t)f->is_negative << 27;

	wire->is_bad |= !is_sound;
	wire_byte(wire, &m->device);
	wire_bits(wire, 4, &raw);
	if (wire_reads(wire)) {
		m->speed = (struct firmata_float){
			.is_negative = raw >> 27 & 1,
			.mantissa = raw & 0x7FFFFF,
			.exponent = (int8_t)((int)(raw >> 23 & 0x0F) - 11),
		};
	}
}

struct firmata_float firmata_float_from(double number)
{
	struct firmata_float out = {.is_negative = number < 0};
	double left = fabs(number);

	if (!(left > 0)) {
		return (struct firmata_float){0};
	}
	/* The largest mantissa that fits is the nearest number; trailing zeros go. */
	out.exponent = 4;
	left /= 1e4;
	while (out.exponent > -11 && round(left * 10) < 1 << 23) {
		left *= 10;
		out.exponent--;
	}
	out.mantissa = left < (1 << 23) - 1 ? (uint32_t)round(left) : (1 << 23) - 1;
	while (out.mantissa && out.mantissa % 10 == 0 && out.exponent < 4) {
		out.mantissa /= 10;
		out.exponent++;
	}
	return out;
}

double firmata_float_value(const struct firmata_float *number)
{
	double value = number->exponent < 0 ? number->mantissa / pow(10, -number->exponent)
					    : number->mantissa * pow(10, number->exponent);

	return number->is_negative ? -value : value;
}

/* ---- the legacy stepper ---- */

/* n interface stepsL stepsM pins... */
static void carry_legacy_config(struct wire *wire, struct firmata_message *m)
{
	wire_byte(wire, &m->device);
	wire_byte(wire, &m->interface);
	wire_value14(wire, m);
	wire_data(wire, m);
}

/* n direction s0 s1 s2 speedL speedM [accL accM decL decM] */
static void carry_legacy_step(struct wire *wire, struct firmata_message *m)
{
	uint64_t steps = m->legacy.steps;

	wire_byte(wire, &m->device);
	wire_byte(wire, &m->legacy.direction);
	wire_bits(wire, 3, &steps);
	m->legacy.steps = (uint32_t)steps;
	wire_u14(wire, &m->legacy.speed);
	if (wire_has_more(wire, &m->legacy.has_ramps)) {
		wire_u14(wire, &m->legacy.acceleration);
		wire_u14(wire, &m->legacy.deceleration);
	}
}

const struct sysex_form sysex_motion[] = {
	{FIRMATA_ENCODER_ATTACH, 0x61, 0x7F, 0x00, OUT, carry_encoder_attach},
	{FIRMATA_ENCODER_REPORT, 0x61, 0x7F, 0x01, OUT, carry_device},
	{FIRMATA_ENCODER_REPORT_ALL, 0x61, 0x7F, 0x02, OUT, NULL},
	{FIRMATA_ENCODER_ZERO, 0x61, 0x7F, 0x03, OUT, carry_device},
	{FIRMATA_ENCODER_AUTO, 0x61, 0x7F, 0x04, OUT, carry_on},
	{FIRMATA_ENCODER_DETACH, 0x61, 0x7F, 0x05, OUT, carry_device},
	{FIRMATA_ENCODER_POSITIONS, 0x61, 0, 0, IN, carry_encoder_positions},
	{FIRMATA_STEPPER_CONFIG, 0x62, 0x7F, 0x00, OUT, carry_stepper_config},
	{FIRMATA_STEPPER_ZERO, 0x62, 0x7F, 0x01, OUT, carry_device},
	{FIRMATA_STEPPER_STEP, 0x62, 0x7F, 0x02, OUT, carry_position},
	{FIRMATA_STEPPER_TO, 0x62, 0x7F, 0x03, OUT, carry_position},
	{FIRMATA_STEPPER_ENABLE, 0x62, 0x7F, 0x04, OUT, carry_device_on},
	{FIRMATA_STEPPER_STOP, 0x62, 0x7F, 0x05, OUT, carry_device},
	{FIRMATA_STEPPER_QUERY, 0x62, 0x7F, 0x06, OUT, carry_device},
	{FIRMATA_STEPPER_POSITION, 0x62, 0x7F, 0x06, IN, carry_position},
	{FIRMATA_STEPPER_LIMIT, 0x62, 0x7F, 0x07, OUT, carry_device_data},
	{FIRMATA_STEPPER_ACCELERATION, 0x62, 0x7F, 0x08, OUT, carry_speed},
	{FIRMATA_STEPPER_SPEED, 0x62, 0x7F, 0x09, OUT, carry_speed},
	{FIRMATA_STEPPER_DONE, 0x62, 0x7F, 0x0A, IN, carry_position},
	{FIRMATA_GROUP_CONFIG, 0x62, 0x7F, 0x20, OUT, carry_device_data},
	{FIRMATA_GROUP_TO, 0x62, 0x7F, 0x21, OUT, carry_group_to},
	{FIRMATA_GROUP_STOP, 0x62, 0x7F, 0x23, OUT, carry_device},
	{FIRMATA_GROUP_DONE, 0x62, 0x7F, 0x24, IN, carry_device},
	{FIRMATA_LEGACY_STEPPER_CONFIG, 0x72, 0x7F, 0x00, OUT, carry_legacy_config},
	{FIRMATA_LEGACY_STEPPER_STEP, 0x72, 0x7F, 0x01, OUT, carry_legacy_step},
	{FIRMATA_LEGACY_STEPPER_DONE, 0x72, 0, 0, IN, carry_device},
	{0},
};

/*
 * Questions to an EV3 and what their answers say: what is plugged in, sensors, angles, the
 * battery. What is watched is asked for at every tick, everything at every beat; the beat
 * also shows that the brick is there, and keeps it awake.
 */
#include "state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- asking ---- */

static void put_types(struct ev3_code *code)
{
	for (uint16_t i = 0; i < EV3_SENSORS + EV3_MOTORS; i++) {
		int port = i < EV3_SENSORS ? i : EV3_FIRST_OUTPUT + i - EV3_SENSORS;

		EV3_PUT(code, EV3_INPUT_DEVICE, ev3_value(EV3_DEVICE_GET_TYPEMODE), ev3_value(0),
			ev3_value(port), ev3_global((uint16_t)(AT_TYPE + i)),
			ev3_global((uint16_t)(AT_MODE + i)));
	}
}

static void put_sensors(const struct ev3 *e, struct ev3_code *code, uint32_t asked)
{
	for (uint16_t i = 0; i < EV3_SENSORS; i++) {
		const struct ev3_sensor *sensor = e->ports[i].sensor;

		if (asked & (uint32_t)ASK_SENSOR << i) {
			EV3_PUT(code, EV3_INPUT_READSI, ev3_value(0), ev3_value(i),
				ev3_value(sensor->type), ev3_value(sensor->mode),
				ev3_global((uint16_t)(AT_SENSOR + 4 * i)));
		}
	}
}

void poll_put(const struct kit *kit, struct ev3_code *code, uint32_t asked)
{
	put_sensors(ev3_of(kit), code, asked);
	for (uint16_t i = 0; i < EV3_MOTORS; i++) {
		if (asked & (uint32_t)ASK_COUNT << i) {
			EV3_PUT(code, EV3_OUTPUT_GET_COUNT, ev3_value(0), ev3_value(i),
				ev3_global((uint16_t)(AT_COUNT + 4 * i)));
		}
	}
	if (asked & ASK_SPEEDS) {
		rest_put_look(code);
	}
	if (asked & ASK_TYPES) {
		put_types(code);
	}
	if (asked & ASK_BATTERY) {
		EV3_PUT(code, EV3_UI_READ, ev3_value(EV3_UI_READ_VOLTAGE), ev3_global(AT_VOLTAGE));
		EV3_PUT(code, EV3_UI_READ, ev3_value(EV3_UI_READ_BATTERY), ev3_global(AT_BATTERY));
	}
	if (asked & ASK_ALIVE) {
		EV3_PUT(code, EV3_KEEP_ALIVE, ev3_global(AT_ALIVE));
	}
	if (asked & ASK_FIRMWARE) {
		EV3_PUT(code, EV3_UI_READ, ev3_value(EV3_UI_READ_FIRMWARE),
			ev3_value(FIRMWARE_ROOM), ev3_global(AT_FIRMWARE));
	}
}

uint16_t poll_globals(uint32_t asked)
{
	return asked & (ASK_TYPES | ASK_BATTERY | ASK_ALIVE | ASK_FIRMWARE) ? POLL_GLOBALS
									    : LOOK_GLOBALS;
}

/* ---- when ---- */

static uint32_t watched(const struct kit *kit)
{
	const struct ev3 *e = ev3_of(kit);
	uint32_t asked = sensors_watched(kit);

	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		if (ev3_is_watched(kit, e->turned_property[i])) {
			asked |= (uint32_t)ASK_COUNT << i;
		}
	}
	return ev3_is_watched(kit, e->moving_property) ? asked | ASK_SPEEDS : asked;
}

static uint32_t everything(const struct ev3 *e)
{
	uint32_t asked = ASK_TYPES | ASK_SPEEDS;

	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		asked |= e->ports[i].sensor ? (uint32_t)ASK_SENSOR << i : 0;
		asked |= e->motors & 1 << i ? (uint32_t)ASK_COUNT << i : 0;
	}
	return asked;
}

/* Before it is ready: who are you, what is plugged in? */
static uint32_t greeting(struct ev3 *e, int64_t now_us)
{
	if (now_us < e->ask_us) {
		return 0;
	}
	e->ask_us = now_us +
		(e->phase == PHASE_SETTLE	? FAST_US
				: e->is_refused ? ASK_REFUSED_US
						: ASK_US);
	return ASK_TYPES | ASK_SPEEDS | ASK_BATTERY | ASK_ALIVE | ASK_FIRMWARE;
}

uint32_t poll_due(struct kit *kit, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);
	uint32_t asked = 0;

	if (e->phase != PHASE_RUNNING) {
		return greeting(e, now_us);
	}
	if (now_us >= e->fast_us) {
		e->fast_us = now_us + (kit->sampling_ms ? kit->sampling_ms * MS_US : FAST_US);
		asked = watched(kit);
	}
	if (now_us >= e->beat_us) {
		e->beat_us = now_us + BEAT_US;
		asked |= everything(e);
		asked |= e->beats++ % BATTERY_BEATS == 0 ? ASK_BATTERY : 0;
	}
	if (now_us >= e->alive_us) {
		e->alive_us = now_us + ALIVE_US;
		asked |= ASK_ALIVE;
	}
	return asked;
}

/* ---- answers ---- */

int32_t poll_i32(const uint8_t *globals, unsigned at)
{
	const uint8_t *byte = globals + at;

	return (int32_t)((uint32_t)byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 |
		(uint32_t)byte[3] << 24);
}

static double get_float(const uint8_t *globals, unsigned at)
{
	int32_t bits = poll_i32(globals, at);
	float number;

	memcpy(&number, &bits, sizeof(number));
	/* 66.1, not 66.0999985: a sensor does not know more. */
	return isfinite(number) ? round((double)number * 1000) / 1000 : (double)NAN;
}

static void take_types(struct ev3 *e, const uint8_t *globals)
{
	unsigned probes = 0;

	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		struct ev3_port *port = &e->ports[i];
		uint8_t type = globals[AT_TYPE + i], motor = globals[AT_TYPE + EV3_SENSORS + i];

		if (type != port->type) {
			port->type = type;
			port->sensor = sensor_of_type(type);
			port->value = port->zero = NAN;
		}
		e->sensors |= (uint8_t)((port->sensor != NULL) << i);
		e->caps |= sensor_caps(port->sensor);
		probes += sensor_caps(port->sensor) >> CAP_LINE & 1;
		if (motor == EV3_TYPE_LARGE_MOTOR || motor == EV3_TYPE_MEDIUM_MOTOR) {
			e->motors |= (uint8_t)(1 << i);
		}
	}
	e->probes = probes > e->probes ? (uint8_t)probes : e->probes;
}

static void set_number(struct kit *kit, int property, double number)
{
	struct value value = value_number(number);

	if (property >= 0) {
		kit_set(kit, property, &value);
	}
}

static void take_firmware(struct kit *kit, const uint8_t *globals)
{
	char version[FIRMWARE_ROOM + 1] = "";

	for (unsigned i = 0; i < FIRMWARE_ROOM && globals[AT_FIRMWARE + i]; i++) {
		uint8_t byte = globals[AT_FIRMWARE + i];

		version[i] = byte >= 0x20 && byte < 0x7F ? (char)byte : '?';
	}
	snprintf(kit->program, sizeof(kit->program), "EV3 %s", version);
}

static void take_numbers(struct kit *kit, uint32_t asked, const uint8_t *globals)
{
	struct ev3 *e = ev3_of(kit);

	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		if (asked & (uint32_t)ASK_COUNT << i) {
			set_number(kit, e->turned_property[i], poll_i32(globals, AT_COUNT + 4 * i));
		}
	}
	if (asked & ASK_SPEEDS && e->moving_property >= 0) {
		struct value moving = value_bool(poll_i32(globals, AT_SPEED) != 0);

		kit_set(kit, e->moving_property, &moving);
	}
	if (asked & ASK_BATTERY) {
		double percent = (int8_t)globals[AT_BATTERY];

		set_number(kit, e->battery_property, fmin(fmax(percent, 0), 100));
		set_number(kit, e->voltage_property, get_float(globals, AT_VOLTAGE));
	}
}

void poll_take(struct kit *kit, uint32_t asked, const uint8_t *globals, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);

	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		if (asked & (uint32_t)ASK_SENSOR << i && e->ports[i].sensor) {
			e->ports[i].value = get_float(globals, AT_SENSOR + 4 * i);
		}
	}
	if (asked & ASK_FIRMWARE) {
		take_firmware(kit, globals);
	}
	if (asked & ASK_TYPES) {
		take_types(e, globals);
	}
	if (e->phase != PHASE_RUNNING) {
		ev3_settle(kit, now_us);
		return;
	}
	ev3_describe_more(kit);
	ev3_sensors_show(kit, asked);
	take_numbers(kit, asked, globals);
}

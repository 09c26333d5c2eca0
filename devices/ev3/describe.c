/*
 * What an EV3 has: by what is plugged in. What was there once stays described, with no
 * value while it is unplugged: a loose cable takes nothing away from a lesson.
 */
#include "state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	enum value_type type;
} caps[CAPS] = {
	[CAP_TOUCH] = {"touch", VALUE_BOOL},
	[CAP_LIGHT] = {"light", VALUE_NUMBER},
	[CAP_LINE] = {"line", VALUE_NUMBER},
	[CAP_DISTANCE] = {"distance", VALUE_NUMBER},
	[CAP_HEADING] = {"heading", VALUE_NUMBER},
	[CAP_SOUND] = {"sound", VALUE_NUMBER},
	[CAP_KEY] = {"key", VALUE_INT},
};

enum { TONE_MIN_HZ = 250, TONE_MAX_HZ = 10000, TONE_MAX_S = 10 };

bool ev3_is_watched(const struct kit *kit, int property)
{
	return property >= 0 && kit->properties[property].watchers > 0;
}

static int add(struct kit *kit, const char *name, enum value_type type, bool is_writable, int tag)
{
	return kit_describe_property(kit, name, type, true, is_writable, tag)
		? (int)kit->property_count - 1
		: -1;
}

/* "motor.2", or -1 when it is not there. */
static int add_numbered(struct kit *kit, bool is_there, const char *stem, unsigned index,
	enum value_type type, bool is_writable, int tag)
{
	char name[KIT_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%s.%u", stem, index + 1);
	return is_there ? add(kit, name, type, is_writable, tag) : -1;
}

static void describe_properties(struct kit *kit)
{
	struct ev3 *e = ev3_of(kit);

	for (unsigned i = 0; i < CAPS; i++) {
		e->cap_property[i] =
			e->caps & 1 << i ? add(kit, caps[i].name, caps[i].type, false, 0) : -1;
	}
	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		bool is_probe = e->probes > 1 && i < e->probes;

		e->line_property[i] = add_numbered(kit, is_probe, "line", i, VALUE_BOOL, false, 0);
	}
	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		bool has_motor = e->motors & 1 << i, has_sensor = e->sensors & 1 << i;
		int tag = TAG_MOTOR << 8 | (int)i;

		e->motor_property[i] =
			add_numbered(kit, has_motor, "motor", i, VALUE_NUMBER, true, tag);
		e->turned_property[i] =
			add_numbered(kit, has_motor, "turned", i, VALUE_NUMBER, false, 0);
		e->sensor_property[i] =
			add_numbered(kit, has_sensor, "sensor", i, VALUE_NUMBER, false, 0);
	}
	e->moving_property = add(kit, "moving", VALUE_BOOL, false, 0);
	e->led_property = add(kit, "led", VALUE_BOOL, true, TAG_LED << 8 | 3);
	e->red_property = add(kit, "red", VALUE_BOOL, true, TAG_LED << 8 | 2);
	e->green_property = add(kit, "green", VALUE_BOOL, true, TAG_LED << 8 | 1);
	e->battery_property = add(kit, "battery", VALUE_NUMBER, false, 0);
	e->voltage_property = add(kit, "voltage", VALUE_NUMBER, false, 0);
	e->firmware_property = add(kit, "firmware", VALUE_TEXT, false, 0);
}

static void describe_actions(struct kit *kit)
{
	uint8_t wheels = 1 << LEFT | 1 << RIGHT;

	if ((ev3_of(kit)->motors & wheels) == wheels) {
		kit_describe_wheels(kit, ACTION_DRIVE, ACTION_TURN, ACTION_STOP);
	} else {
		kit_describe_action(kit, "stop", ACTION_STOP);
	}
	struct action *action = kit_describe_action(kit, "tone", ACTION_TONE);

	kit_describe_arg(action, "frequency", VALUE_NUMBER, TONE_MIN_HZ, TONE_MAX_HZ, false, NULL);
	kit_describe_arg(action, "duration", VALUE_NUMBER, 0, TONE_MAX_S, false, NULL);
	action = kit_describe_action(kit, "reset_angle", ACTION_RESET_ANGLE);
	kit_describe_arg(action, "motor", VALUE_INT, 1, EV3_MOTORS, false, NULL);
	action = kit_describe_action(kit, "set_sensor", ACTION_SET_SENSOR);
	kit_describe_arg(action, "port", VALUE_INT, 1, EV3_SENSORS, false, NULL);
	kit_describe_arg(action, "type", VALUE_TEXT, NAN, NAN, false, sensor_words);
}

void ev3_describe(struct kit *kit)
{
	struct value firmware = value_text(kit->program, strlen(kit->program));

	kit_describe_begin(kit);
	describe_properties(kit);
	describe_actions(kit);
	kit_describe_end(kit);
	kit_set(kit, ev3_of(kit)->firmware_property, &firmware);
}

void ev3_describe_more(struct kit *kit)
{
	struct ev3 *e = ev3_of(kit);
	bool has_more = false;

	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		e->caps |= sensor_caps(e->ports[i].sensor);
		has_more |= (e->motors & 1 << i) && e->motor_property[i] < 0;
		has_more |= (e->sensors & 1 << i) && e->sensor_property[i] < 0;
		has_more |= e->probes > 1 && i < e->probes && e->line_property[i] < 0;
	}
	for (unsigned i = 0; i < CAPS; i++) {
		has_more |= (e->caps & 1 << i) && e->cap_property[i] < 0;
	}
	if (has_more) {
		ev3_describe(kit);
		orders_show(kit);
	}
}

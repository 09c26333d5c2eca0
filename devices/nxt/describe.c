/* The kit's description: motors, the sensors by their names, all ports, the brick itself. */
#include "state.h"

#include <math.h>
#include <stdio.h>

static int add(struct kit *kit, const char *name, enum value_type type, bool is_writable, int tag)
{
	struct property *property = kit_describe_property(kit, name, type, true, is_writable, tag);

	return property ? (int)kit->property_count - 1 : -1;
}

static int add_numbered(
	struct kit *kit, const char *stem, unsigned index, bool is_writable, int tag)
{
	char name[KIT_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%s.%u", stem, index + 1);
	return add(kit, name, VALUE_NUMBER, is_writable, tag);
}

static bool is_first_of_kind(const struct nxt *f, unsigned number)
{
	for (unsigned i = 0; i < number; i++) {
		if (f->ports[i].kind == f->ports[number].kind) {
			return false;
		}
	}
	return true;
}

static void describe_sensors(struct kit *kit)
{
	struct nxt *f = nxt_of(kit);

	f->led_property = f->line_property = -1;
	for (unsigned i = 0; i < NXT_PORTS; i++) {
		struct nxt_port *port = &f->ports[i];
		const struct nxt_sensor_kind *kind = &sensor_kinds[port->kind];

		port->property = -1;
		if (!kind->property || !is_first_of_kind(f, i)) {
			continue;
		}
		port->property = add(kit, kind->property, kind->value_type, false, TAG_NONE);
		if (port->kind == KIND_OF_LIGHT) {
			f->line_property = add(kit, "line", VALUE_NUMBER, false, TAG_NONE);
			f->led_property = add(kit, "led", VALUE_BOOL, true, TAG_LED << 8);
			nxt_show(kit, f->led_property, value_bool(!port->is_dark));
		}
	}
	for (unsigned i = 0; i < NXT_PORTS; i++) {
		f->ports[i].raw_property = add_numbered(kit, "sensor", i, false, TAG_NONE);
	}
}

static void describe_actions(struct kit *kit)
{
	kit_describe_wheels(kit, ACTION_DRIVE, ACTION_TURN, ACTION_STOP);
	struct action *action = kit_describe_action(kit, "tone", ACTION_TONE);

	kit_describe_arg(action, "frequency", VALUE_NUMBER, 200, 14000, false, NULL);
	kit_describe_arg(action, "duration", VALUE_NUMBER, 0, 10, false, NULL);
	action = kit_describe_action(kit, "set_sensor", ACTION_SET_SENSOR);
	kit_describe_arg(action, "port", VALUE_INT, 1, NXT_PORTS, false, NULL);
	kit_describe_arg(action, "type", VALUE_TEXT, NAN, NAN, false, SENSOR_WORDS);
	action = kit_describe_action(kit, "reset_angle", ACTION_RESET_ANGLE);
	kit_describe_arg(action, "motor", VALUE_INT, 1, NXT_MOTORS, true, NULL);
}

void nxt_describe_kit(struct kit *kit)
{
	struct nxt *f = nxt_of(kit);

	kit_describe_begin(kit);
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		f->motors[i].property =
			add_numbered(kit, "motor", i, true, TAG_MOTOR << 8 | (int)i);
	}
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		f->motors[i].turned = add_numbered(kit, "turned", i, false, TAG_NONE);
	}
	f->moving_property = add(kit, "moving", VALUE_BOOL, false, TAG_NONE);
	describe_sensors(kit);
	f->battery_property = add(kit, "battery", VALUE_NUMBER, false, TAG_NONE);
	f->voltage_property = add(kit, "voltage", VALUE_NUMBER, false, TAG_NONE);
	f->firmware_property = add(kit, "firmware", VALUE_TEXT, false, TAG_NONE);
	describe_actions(kit);
	kit_describe_event(kit, "rebooted", VALUE_NULL);
	kit_describe_end(kit);
}

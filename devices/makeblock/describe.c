/* What an mBot has: its properties, actions and events. */
#include "state.h"

#include <math.h>

enum { TONE_MIN_HZ = 31, TONE_MAX_HZ = 20000, TONE_MAX_S = 10 };

static const struct {
	const char *name;
	enum value_type type;
	bool writable;
} parts[PARTS] = {
	[PART_MOTOR_1] = {"motor.1", VALUE_NUMBER, true},
	[PART_MOTOR_2] = {"motor.2", VALUE_NUMBER, true},
	[PART_LINE] = {"line", VALUE_NUMBER, false},
	[PART_LINE_1] = {"line.1", VALUE_BOOL, false},
	[PART_LINE_2] = {"line.2", VALUE_BOOL, false},
	[PART_DISTANCE] = {"distance", VALUE_NUMBER, false},
	[PART_LIGHT] = {"light", VALUE_NUMBER, false},
	[PART_BUTTON] = {"button", VALUE_BOOL, false},
	[PART_RGB] = {"rgb", VALUE_VECTOR, true},
	[PART_RGB_1] = {"rgb.1", VALUE_VECTOR, true},
	[PART_RGB_2] = {"rgb.2", VALUE_VECTOR, true},
	[PART_LED] = {"led", VALUE_BOOL, true},
	[PART_SERVO] = {"servo", VALUE_NUMBER, true},
	[PART_IR] = {"ir", VALUE_TEXT, false},
	[PART_KEY] = {"key", VALUE_INT, false},
	[PART_SENSOR_1] = {"sensor.1", VALUE_NUMBER, false},
	[PART_SENSOR_1 + 1] = {"sensor.2", VALUE_NUMBER, false},
	[PART_SENSOR_1 + 2] = {"sensor.3", VALUE_NUMBER, false},
	[PART_SENSOR_4] = {"sensor.4", VALUE_NUMBER, false},
	[PART_FIRMWARE] = {"firmware", VALUE_TEXT, false},
};

static void describe_parts(struct kit *kit)
{
	struct makeblock *makeblock = makeblock_of(kit);

	for (unsigned part = 0; part < PARTS; part++) {
		const struct property *property = mb_sensors_has(makeblock, part)
			? kit_describe_property(kit, parts[part].name, parts[part].type, true,
				  parts[part].writable, (int)part)
			: NULL;

		makeblock->property[part] =
			property ? (int16_t)(property - kit->properties) : (int16_t)-1;
	}
}

static void describe_actions(struct kit *kit)
{
	kit_describe_wheels(kit, ACT_DRIVE, ACT_TURN, ACT_STOP);
	struct action *action = kit_describe_action(kit, "tone", ACT_TONE);

	kit_describe_arg(action, "frequency", VALUE_NUMBER, TONE_MIN_HZ, TONE_MAX_HZ, false, NULL);
	kit_describe_arg(action, "duration", VALUE_NUMBER, 0, TONE_MAX_S, false, NULL);
	action = kit_describe_action(kit, "send_ir", ACT_SEND_IR);
	kit_describe_arg(action, "text", VALUE_TEXT, NAN, NAN, false, NULL);
	action = kit_describe_action(kit, "set_sensor", ACT_SET_SENSOR);
	kit_describe_arg(action, "port", VALUE_INT, 1, MAKEBLOCK_PORTS, false, NULL);
	kit_describe_arg(action, "type", VALUE_TEXT, NAN, NAN, false, mb_sensors_words());
}

void mb_describe_kit(struct kit *kit)
{
	kit_describe_begin(kit);
	describe_parts(kit);
	describe_actions(kit);
	kit_describe_event(kit, "rebooted", VALUE_NULL);
	kit_describe_end(kit);
}

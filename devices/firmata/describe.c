/*
 * The kit's description: the parts of the wiring profile, the raw pins, then what
 * every Firmata board has. Always in the same order, so that what stays keeps its
 * place. A raw pin's type follows its mode.
 */
#include "state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- wiring ---- */

/* The pin's number, -1 if the board has none such. */
static int find_pin(const struct firmata *f, const struct wiring_part *part)
{
	unsigned number = (unsigned)part->pin;

	if (part->pin < 0 || number >= FIRMATA_PINS_MAX) {
		return -1;
	}
	number = part->analog ? f->channels[number] : number;
	return number < f->pin_count ? (int)number : -1;
}

static unsigned mode_of(const struct firmata_pin *pin, const struct wiring_part *part)
{
	static const uint8_t modes[] = {
		[WIRING_INPUT] = FIRMATA_MODE_INPUT,
		[WIRING_PULLUP] = FIRMATA_MODE_PULLUP,
		[WIRING_OUTPUT] = FIRMATA_MODE_OUTPUT,
		[WIRING_ANALOG] = FIRMATA_MODE_ANALOG,
		[WIRING_PWM] = FIRMATA_MODE_PWM,
		[WIRING_SERVO] = FIRMATA_MODE_SERVO,
		[WIRING_TONE] = FIRMATA_MODE_TONE,
	};
	unsigned mode = modes[part->mode];

	/* Without tones of its own, a board can at least switch the sounder on. */
	if (mode == FIRMATA_MODE_TONE && !pin_can(pin, mode)) {
		mode = pin_can(pin, FIRMATA_MODE_PWM) ? FIRMATA_MODE_PWM : FIRMATA_MODE_OUTPUT;
	}
	return mode;
}

static bool is_name_free(const struct wiring *profile, unsigned index)
{
	const struct wiring_part *part = &profile->parts[index];
	const struct name *word = name_find(part->name);

	if (!word || word->kind == KIND_PIN || word->kind == KIND_SETTING ||
		word->kind == KIND_STATUS || word->kind == KIND_DATA) {
		return false;
	}
	for (unsigned i = 0; i < index; i++) {
		bool are_tones = part->mode == WIRING_TONE && profile->parts[i].mode == WIRING_TONE;

		if (are_tones || strcmp(profile->parts[i].name, part->name) == 0) {
			return false;
		}
	}
	return true;
}

static enum err check_part(
	const struct kit *kit, const struct wiring *profile, unsigned index, struct why *why)
{
	const struct firmata *f = firmata_of(kit);
	const struct wiring_part *part = &profile->parts[index];
	int number = find_pin(f, part);
	char name[16];

	snprintf(name, sizeof(name), "%s%d", part->analog ? "A" : "", part->pin);
	if (!is_name_free(profile, index)) {
		return why_set(why, ERR_REFUSED, MSG_WIRING_NAME_TAKEN, profile->id, part->name);
	}
	if (number < 0) {
		return why_set(why, ERR_REFUSED, MSG_WIRING_NO_PIN, profile->id, part->name, name,
			kit->id);
	}
	for (unsigned i = 0; i < index; i++) {
		if (find_pin(f, &profile->parts[i]) == number) {
			return why_set(why, ERR_REFUSED, MSG_WIRING_SAME_PIN, profile->id,
				profile->parts[i].name, part->name);
		}
	}
	unsigned mode = mode_of(&f->pins[number], part);

	if (!pin_can(&f->pins[number], mode)) {
		return why_set(why, ERR_REFUSED, MSG_WIRING_NO_MODE, profile->id, part->name, name,
			mode_word(mode), kit->id);
	}
	return ERR_NONE;
}

enum err describe_check(const struct kit *kit, const struct wiring *profile, struct why *why)
{
	for (unsigned i = 0; profile && i < profile->part_count; i++) {
		enum err err = check_part(kit, profile, i, why);

		if (err) {
			return err;
		}
	}
	return ERR_NONE;
}

void describe_wire(struct kit *kit)
{
	struct firmata *f = firmata_of(kit);
	const struct wiring *profile = kit->profile;

	f->tone_pin = -1;
	for (unsigned i = 0; i < f->pin_count; i++) {
		f->pins[i].part = NULL;
	}
	for (unsigned i = 0; profile && i < profile->part_count; i++) {
		const struct wiring_part *part = &profile->parts[i];

		if (check_part(kit, profile, i, NULL)) {
			continue;
		}
		int number = find_pin(f, part);
		struct firmata_pin *pin = &f->pins[number];

		pin->part = part;
		pin_choose_mode(kit, (unsigned)number, mode_of(pin, part));
		if (part->mode == WIRING_TONE) {
			f->tone_pin = (int16_t)number;
		}
	}
}

/* ---- properties ---- */

static int last_property(const struct kit *kit)
{
	return (int)kit->property_count - 1;
}

static void describe_part(struct kit *kit, unsigned number)
{
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];
	const struct wiring_part *part = pin->part;
	bool is_input = pin->mode == FIRMATA_MODE_INPUT || pin->mode == FIRMATA_MODE_PULLUP;
	bool is_bool = is_input || pin->mode == FIRMATA_MODE_OUTPUT;
	bool is_writable = !is_input && pin->mode != FIRMATA_MODE_ANALOG;

	if (part->mode == WIRING_TONE) {
		return; /* an action */
	}
	struct property *property = kit_describe_property(kit, part->name,
		is_bool ? VALUE_BOOL : VALUE_NUMBER, true, is_writable, TAG(TAG_PART, number));

	if (!property) {
		return;
	}
	property->safety = part->safety;
	if (!isnan(part->min)) {
		property->min = part->min;
	}
	if (!isnan(part->max)) {
		property->max = part->max;
	}
	if (is_bool) {
		property->min = property->max = NAN;
	}
	pin->part_property = (int16_t)last_property(kit);
}

/* The profile's order, not the pins'. */
static void describe_parts(struct kit *kit)
{
	struct firmata *f = firmata_of(kit);
	const struct wiring *profile = kit->profile;

	for (unsigned i = 0; profile && i < profile->part_count; i++) {
		int number = find_pin(f, &profile->parts[i]);

		if (number >= 0 && f->pins[number].part == &profile->parts[i]) {
			describe_part(kit, (unsigned)number);
		}
	}
}

static void describe_pin(struct kit *kit, unsigned number)
{
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];
	enum value_type type = VALUE_BOOL;
	bool is_writable = pin->mode == FIRMATA_MODE_OUTPUT ||
		(!pin->is_chosen && pin->mode != FIRMATA_MODE_ANALOG &&
			pin_can(pin, FIRMATA_MODE_OUTPUT));
	double max = NAN;
	char name[KIT_NAME_MAX + 1];

	if (pin->mode == FIRMATA_MODE_ANALOG) {
		type = VALUE_INT;
		max = (double)((UINT64_C(1) << pin->analog_bits) - 1);
	} else if (pin->mode == FIRMATA_MODE_PWM || pin->mode == FIRMATA_MODE_SERVO) {
		type = VALUE_NUMBER;
		max = pin->mode == FIRMATA_MODE_PWM ? 1 : 180;
		is_writable = true;
	}
	snprintf(name, sizeof(name), "pin.%u", number);
	struct property *property =
		kit_describe_property(kit, name, type, true, is_writable, TAG(TAG_PIN, number));

	if (!property) {
		return;
	}
	property->min = isnan(max) ? NAN : 0;
	property->max = max;
	property->unit = pin->mode == FIRMATA_MODE_SERVO ? "deg" : NULL;
	/* What moves by its name moves by its pin. */
	property->safety = pin->part ? pin->part->safety : CLASS_SIGNAL;
	pin->property = (int16_t)last_property(kit);
}

static void describe_channel(struct kit *kit, unsigned channel)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_pin *pin = &f->pins[f->channels[channel]];
	char name[KIT_NAME_MAX + 1];

	snprintf(name, sizeof(name), "pin.A%u", channel);
	struct property *property = kit_describe_property(
		kit, name, VALUE_INT, true, false, TAG(TAG_ANALOG, f->channels[channel]));

	if (property) {
		property->min = 0;
		property->max = (double)((UINT64_C(1) << pin->analog_bits) - 1);
		pin->analog_property = (int16_t)last_property(kit);
	}
}

static int describe_own(struct kit *kit, const char *name, enum value_type type, bool is_writable)
{
	struct property *property = kit_describe_property(
		kit, name, type, true, is_writable, TAG(is_writable ? TAG_SAMPLING : TAG_NONE, 0));

	return property ? last_property(kit) : -1;
}

/* ---- actions and events ---- */

static void describe_actions(struct kit *kit)
{
	const struct firmata *f = firmata_of(kit);
	double last_pin = f->pin_count - 1;
	struct action *action = kit_describe_action(kit, "pin_mode", ACTION_PIN_MODE);

	kit_describe_arg(action, "pin", VALUE_INT, 0, last_pin, false, NULL);
	kit_describe_arg(action, "mode", VALUE_TEXT, NAN, NAN, false,
		"input|pullup|output|analog|pwm|servo");
	action = kit_describe_action(kit, "i2c_write", ACTION_I2C_WRITE);
	kit_describe_arg(action, "address", VALUE_INT, 0, 1023, false, NULL);
	kit_describe_arg(action, "data", VALUE_VECTOR, 0, 255, false, NULL);
	kit_describe_arg(action, "register", VALUE_INT, 0, 255, true, NULL);
	action = kit_describe_action(kit, "i2c_read", ACTION_I2C_READ);
	kit_describe_arg(action, "address", VALUE_INT, 0, 1023, false, NULL);
	kit_describe_arg(action, "count", VALUE_INT, 1, 32, false, NULL);
	kit_describe_arg(action, "register", VALUE_INT, 0, 255, true, NULL);
	kit_describe_arg(action, "continuous", VALUE_BOOL, NAN, NAN, true, NULL);
	kit_describe_arg(action, "restart", VALUE_BOOL, NAN, NAN, true, NULL);
	action = kit_describe_action(kit, "i2c_stop", ACTION_I2C_STOP);
	kit_describe_arg(action, "address", VALUE_INT, 0, 1023, false, NULL);
	action = kit_describe_action(kit, "servo_config", ACTION_SERVO_CONFIG);
	kit_describe_arg(action, "pin", VALUE_INT, 0, last_pin, false, NULL);
	kit_describe_arg(action, "min_us", VALUE_INT, 0, 16383, false, NULL);
	kit_describe_arg(action, "max_us", VALUE_INT, 0, 16383, false, NULL);
	action = kit_describe_action(kit, "send_string", ACTION_SEND_STRING);
	kit_describe_arg(action, "text", VALUE_TEXT, NAN, NAN, false, NULL);
	kit_describe_action(kit, "reset", ACTION_RESET);
	if (f->tone_pin >= 0) {
		action = kit_describe_action(kit, "tone", ACTION_TONE);
		action->safety = f->pins[f->tone_pin].part->safety;
		kit_describe_arg(action, "frequency", VALUE_NUMBER, 20, 16383, false, NULL);
		kit_describe_arg(action, "duration", VALUE_NUMBER, 0, 10, false, NULL);
	}
}

void describe_kit(struct kit *kit)
{
	struct firmata *f = firmata_of(kit);

	f->needs_description = false;
	for (unsigned i = 0; i < FIRMATA_PINS_MAX; i++) {
		struct firmata_pin *pin = &f->pins[i];

		pin->property = pin->analog_property = pin->part_property = -1;
	}
	kit_describe_begin(kit);
	describe_parts(kit);
	for (unsigned i = 0; i < f->pin_count; i++) {
		describe_pin(kit, i);
	}
	for (unsigned channel = 0; channel < FIRMATA_PINS_MAX; channel++) {
		if (f->channels[channel] < f->pin_count) {
			describe_channel(kit, channel);
		}
	}
	f->sampling_property = (int16_t)describe_own(kit, "sampling_ms", VALUE_INT, true);
	f->firmware_property = (int16_t)describe_own(kit, "firmware", VALUE_TEXT, false);
	f->message_property = (int16_t)describe_own(kit, "message", VALUE_TEXT, false);
	describe_actions(kit);
	/* In the order of enum firmata_event. */
	kit_describe_event(kit, "string", VALUE_TEXT);
	kit_describe_event(kit, "i2c_data", VALUE_VECTOR);
	kit_describe_event(kit, "rebooted", VALUE_NULL);
	kit_describe_end(kit);
}

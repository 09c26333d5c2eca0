/* What goes to pins: levels, PWM, servo angles, and the parts of the wiring on them. */
#include "state.h"

#include <math.h>
#include <string.h>

/* Protocol 2.5 writes one pin; before, a whole port is written, pull-ups of inputs too. */
static bool send_level(struct kit *kit, unsigned number)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_message out;

	if (!firmata_is_at_least(f, 5) || f->pins[number].is_old_pullup) {
		unsigned first = number & ~7U;

		out.type = FIRMATA_DIGITAL;
		out.port = (uint8_t)(number / 8);
		out.value = 0;
		for (unsigned i = first; i < first + 8 && i < f->pin_count; i++) {
			out.value |= (uint64_t)f->pins[i].level << (i - first);
		}
		return firmata_send(kit, &out);
	}
	out.type = FIRMATA_PIN_VALUE;
	out.pin = (uint8_t)number;
	out.on = f->pins[number].level;
	return firmata_send(kit, &out);
}

void pin_send_level(struct kit *kit, unsigned number)
{
	send_level(kit, number);
}

/* What an output was told last, as it goes over the wire. */
static uint64_t sent_value(const struct firmata_pin *pin)
{
	double full = pin->mode == FIRMATA_MODE_PWM ? (double)((1U << pin->pwm_bits) - 1) : 1;

	return pin->mode == FIRMATA_MODE_OUTPUT ? pin->level : (uint64_t)lround(pin->amount * full);
}

static bool send_amount(struct kit *kit, unsigned number)
{
	const struct firmata_pin *pin = &firmata_of(kit)->pins[number];
	struct firmata_message out;

	out.value = sent_value(pin);
	out.pin = (uint8_t)number;
	out.type = FIRMATA_ANALOG;
	if (number > 15 || out.value >= 1 << 14) {
		out.type = FIRMATA_EXTENDED_ANALOG;
		out.groups = out.value >= 1 << 14 ? 3 : 2;
	}
	return firmata_send(kit, &out);
}

static bool is_output(const struct firmata_pin *pin)
{
	return pin->is_chosen &&
		(pin->mode == FIRMATA_MODE_OUTPUT || pin->mode == FIRMATA_MODE_PWM ||
			pin->mode == FIRMATA_MODE_SERVO);
}

static enum err send_output(struct kit *kit, unsigned number, struct why *why)
{
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];

	if (!pin->is_applied) {
		pin_apply_mode(kit, number);
	}
	bool is_sent = pin->mode == FIRMATA_MODE_OUTPUT ? send_level(kit, number)
							: send_amount(kit, number);

	if (!is_sent) {
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	pin_show_output(kit, number);
	return ERR_NONE;
}

enum err pin_write(struct kit *kit, unsigned number, const struct value *value, struct why *why)
{
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];

	if (!pin->is_chosen) {
		enum err err = pin_need_mode(kit, number, FIRMATA_MODE_OUTPUT, why);

		if (err) {
			return err;
		}
		pin_choose_mode(kit, number, FIRMATA_MODE_OUTPUT);
		pin_apply_mode(kit, number);
		pin_update_reporting(kit, number, false, 0);
	}
	if (!is_output(pin)) {
		char name[8];

		pin_name(pin, number, name);
		return why_set(why, ERR_REFUSED, MSG_PIN_NEEDS_MODE, name, mode_word(pin->mode));
	}
	if (value->type == VALUE_BOOL) {
		pin->level = value->boolean;
	} else {
		pin->amount = value->number;
	}
	return send_output(kit, number, why);
}

static double within(double number, double max)
{
	return number < 0 ? 0 : number > max ? max : number;
}

enum err pin_write_part(
	struct kit *kit, unsigned number, const struct value *value, struct why *why)
{
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];
	const struct wiring_part *part = pin->part;

	if (value->type == VALUE_BOOL) {
		pin->level = value->boolean != part->invert;
	} else {
		pin->amount = within((value->number - part->offset) / part->scale,
			pin->mode == FIRMATA_MODE_SERVO ? 180 : 1);
	}
	return send_output(kit, number, why);
}

void pin_show_output(struct kit *kit, unsigned number)
{
	const struct firmata_pin *pin = &firmata_of(kit)->pins[number];
	bool is_level = pin->mode == FIRMATA_MODE_OUTPUT;
	struct value raw = is_level ? value_bool(pin->level) : value_number(pin->amount);

	if (!is_output(pin)) {
		return;
	}
	/* Nobody knows where a servo without pulses stands. */
	bool is_known = pin->is_applied || pin->mode != FIRMATA_MODE_SERVO;
	struct value none = value_null();

	if (pin->property >= 0 && kit->properties[pin->property].type == raw.type) {
		kit_set(kit, pin->property, is_known ? &raw : &none);
	}
	if (pin->part && pin->part_property >= 0) {
		struct value scaled = is_level
			? value_bool(pin->level != pin->part->invert)
			: value_number(pin->part->offset + pin->part->scale * pin->amount);

		kit_set(kit, pin->part_property, is_known ? &scaled : &none);
	}
}

/* Stops the pulses. The next angle begins them anew. */
static void detach(struct kit *kit, unsigned number)
{
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];
	struct firmata_message out = {.type = FIRMATA_PIN_MODE,
		.pin = (uint8_t)number,
		.mode = FIRMATA_MODE_INPUT};

	firmata_send(kit, &out);
	pin->is_applied = false;
	pin_show_output(kit, number);
}

/* A servo that goes to angles rests where it is; one that turns for ever (motor.1) rests at 0. */
static bool stays(const struct firmata_pin *pin)
{
	return pin->mode == FIRMATA_MODE_SERVO &&
		!(pin->part && strncmp(pin->part->name, "motor.", 6) == 0);
}

bool pin_rest(struct kit *kit, unsigned number, bool detaches)
{
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];
	const struct wiring_part *part = pin->part;
	bool is_servo = pin->mode == FIRMATA_MODE_SERVO;

	if (!is_output(pin) || (!pin->is_applied && !(is_servo && detaches))) {
		return false;
	}
	if (is_servo && detaches) {
		detach(kit, number);
	} else if (!stays(pin)) {
		pin->level = part && part->invert;
		pin->amount = part ? within(-part->offset / part->scale, is_servo ? 180 : 1) : 0;
		send_output(kit, number, NULL);
	}
	return true;
}

bool pin_is_at_rest(const struct kit *kit, const struct firmata_message *message)
{
	const struct firmata_pin *pin = &firmata_of(kit)->pins[message->pin];

	if (!pin->is_applied) {
		return message->mode != pin->mode;
	}
	return message->mode == pin->mode && message->value == sent_value(pin);
}

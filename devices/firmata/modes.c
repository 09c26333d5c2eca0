/*
 * What pins are used as. A mode is *chosen* by a person (pin_mode), a wiring
 * profile or a write; a pin that is only read is an input until somebody chooses.
 * Chosen modes survive a reboot of the board.
 */
#include "state.h"

#include <stdio.h>
#include <string.h>

const char *mode_word(unsigned mode)
{
	static const char *const words[] = {"input", "output", "analog", "pwm", "servo", "shift",
		"i2c", "onewire", "stepper", "encoder", "serial", "pullup", "spi", "sonar", "tone",
		"dht"};

	return mode < sizeof(words) / sizeof(words[0]) ? words[mode] : "-";
}

void pin_name(const struct firmata_pin *pin, unsigned number, char out[8])
{
	if (pin->channel != FIRMATA_NONE) {
		snprintf(out, 8, "A%u", pin->channel);
	} else {
		snprintf(out, 8, "%u", number);
	}
}

static bool has_mode(const struct firmata_pin *pin, unsigned mode)
{
	return mode < 128 && pin->modes[mode / 64] >> (mode % 64) & 1;
}

bool pin_can(const struct firmata_pin *pin, unsigned mode)
{
	/* Before 2.5 an input gets its pull-up by writing 1 to it. */
	return has_mode(pin, mode) ||
		(mode == FIRMATA_MODE_PULLUP && has_mode(pin, FIRMATA_MODE_INPUT));
}

/* "input, output, mode 81" */
static void list_modes(const struct firmata_pin *pin, char *out, size_t room)
{
	size_t used = 0;

	snprintf(out, room, "-");
	for (unsigned mode = 0; mode < 128 && used < room; mode++) {
		const char *comma = used ? ", " : "";

		if (has_mode(pin, mode) && mode <= FIRMATA_MODE_DHT) {
			used += (size_t)snprintf(
				out + used, room - used, "%s%s", comma, mode_word(mode));
		} else if (has_mode(pin, mode)) {
			used += (size_t)snprintf(out + used, room - used, "%smode %u", comma, mode);
		}
	}
}

enum err pin_need_mode(const struct kit *kit, unsigned number, unsigned mode, struct why *why)
{
	const struct firmata_pin *pin = &firmata_of(kit)->pins[number];
	char name[8], modes[96];

	if (pin_can(pin, mode)) {
		return ERR_NONE;
	}
	pin_name(pin, number, name);
	list_modes(pin, modes, sizeof(modes));
	return why_set(why, ERR_UNSUPPORTED, MSG_PIN_MODE, name, kit->id, mode_word(mode), modes);
}

void pin_choose_mode(struct kit *kit, unsigned number, unsigned mode)
{
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];

	pin->mode = (uint8_t)mode;
	pin->is_chosen = true;
	pin->is_applied = false;
	pin->is_old_pullup = mode == FIRMATA_MODE_PULLUP && !has_mode(pin, FIRMATA_MODE_PULLUP);
	pin->level = pin->is_old_pullup ||
		(mode == FIRMATA_MODE_OUTPUT && pin->part && pin->part->invert);
	pin->amount = 0;
}

void pin_apply_mode(struct kit *kit, unsigned number)
{
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];
	struct firmata_message out = {.type = FIRMATA_PIN_MODE, .pin = (uint8_t)number};

	out.mode = pin->is_old_pullup ? FIRMATA_MODE_INPUT : pin->mode;
	if (pin->mode == FIRMATA_MODE_SERVO && pin->max_us > 0) {
		out.type = FIRMATA_SERVO_CONFIG;
		out.min_us = pin->min_us;
		out.max_us = pin->max_us;
	}
	firmata_send(kit, &out);
	pin->is_applied = true;
	pin->is_reported = false;
	/* An output is low now: what is at rest when high has to be told. */
	if (pin->level) {
		pin_send_level(kit, number);
	}
}

void pin_forget(struct kit *kit, unsigned number)
{
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];

	pin_rest(kit, number, false);
	pin->part = NULL;
	pin->mode = FIRMATA_NONE;
	pin->is_chosen = pin->is_applied = pin->is_old_pullup = pin->level = false;
	pin_update_reporting(kit, number, false, 0);
}

void pins_apply(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);

	for (unsigned i = 0; i < f->pin_count; i++) {
		struct firmata_pin *pin = &f->pins[i];

		/* A servo jumps as soon as it has pulses: it waits for its first angle. */
		if (pin->is_chosen && !pin->is_applied && pin->mode != FIRMATA_MODE_SERVO) {
			pin_apply_mode(kit, i);
			pin_update_reporting(kit, i, true, now_us);
			pin_show_output(kit, i);
		}
	}
	for (size_t i = 0; i < kit->property_count; i++) {
		const struct property *property = &kit->properties[i];
		enum firmata_tag as = TAG_WHAT(property->tag);
		bool is_pin = as == TAG_PIN || as == TAG_ANALOG;

		if (property->watchers > 0 && is_pin &&
			!f->pins[TAG_PIN_OF(property->tag)].is_chosen) {
			pin_watch(kit, TAG_PIN_OF(property->tag), as, true, now_us);
		}
	}
}

void pins_restore(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);

	memset(f->port_reported, 0, sizeof(f->port_reported));
	memset(f->port_value, 0, sizeof(f->port_value));
	memset(f->port_due_us, 0, sizeof(f->port_due_us));
	for (unsigned i = 0; i < f->pin_count; i++) {
		struct firmata_pin *pin = &f->pins[i];

		pin->is_reported = false;
		if (pin->is_chosen && pin_can(pin, pin->mode)) {
			pin_choose_mode(kit, i, pin->mode);
			pin_show_output(kit, i);
		} else {
			struct value none = value_null();

			if (pin->mode != FIRMATA_NONE && pin->property >= 0) {
				kit_set(kit, pin->property, &none);
			}
			pin->is_chosen = pin->is_applied = pin->is_old_pullup = pin->level = false;
			pin->mode = FIRMATA_NONE;
		}
	}
	pins_apply(kit, now_us);
}

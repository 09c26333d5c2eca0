/*
 * What comes from pins: analog channels and digital ports are reported while
 * somebody watches one of the pin's properties (the raw pin, the analog name, the
 * part of the wiring), and not else.
 */
#include "state.h"

#include <math.h>

enum { UNCHANGED_US = 100 * 1000 };

static bool is_watched(const struct kit *kit, int index)
{
	return index >= 0 && kit->properties[index].watchers > 0;
}

static bool is_wanted(const struct kit *kit, const struct firmata_pin *pin)
{
	return is_watched(kit, pin->property) || is_watched(kit, pin->analog_property) ||
		is_watched(kit, pin->part_property);
}

static bool is_digital_input(const struct firmata_pin *pin)
{
	return pin->mode == FIRMATA_MODE_INPUT || pin->mode == FIRMATA_MODE_PULLUP;
}

static bool is_port_wanted(const struct kit *kit, unsigned port)
{
	const struct firmata *f = firmata_of(kit);

	for (unsigned i = port * 8; i < port * 8 + 8 && i < f->pin_count; i++) {
		if (is_digital_input(&f->pins[i]) && is_wanted(kit, &f->pins[i])) {
			return true;
		}
	}
	return false;
}

static void report_channel(struct kit *kit, struct firmata_pin *pin, bool on)
{
	struct firmata_message out;

	out.type = pin->channel < 16 ? FIRMATA_REPORT_ANALOG : FIRMATA_EXTENDED_REPORT;
	out.channel = pin->channel;
	out.on = on;
	firmata_send(kit, &out);
	pin->is_reported = on;
}

static void report_port(struct kit *kit, unsigned port, bool on, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_message out;

	out.type = FIRMATA_REPORT_DIGITAL;
	out.port = (uint8_t)port;
	out.on = on;
	firmata_send(kit, &out);
	f->port_reported[port] = on;
	/* From 2.4 on a board answers with the port's value; before, only a change is said. */
	f->port_due_us[port] = on && !firmata_is_at_least(f, 4) ? now_us + UNCHANGED_US : 0;
}

void pin_update_reporting(struct kit *kit, unsigned number, bool afresh, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_pin *pin = &f->pins[number];
	unsigned port = number / 8;
	bool is_analog = pin->mode == FIRMATA_MODE_ANALOG;

	/* StandardFirmata reports a channel as soon as its pin is in analog mode. */
	if (is_analog || pin->is_reported) {
		bool on = is_analog && is_wanted(kit, pin);

		if (on != pin->is_reported || afresh) {
			report_channel(kit, pin, on);
		}
	}
	bool on = is_port_wanted(kit, port);

	bool is_asked = afresh && is_digital_input(pin) && is_wanted(kit, pin);

	if (on != f->port_reported[port] || is_asked) {
		report_port(kit, port, on, now_us);
	}
}

void pin_watch(struct kit *kit, unsigned number, enum firmata_tag as, bool on, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_pin *pin = &f->pins[number];
	unsigned mode = pin->mode;

	if (on && !pin->is_chosen) {
		if (as == TAG_ANALOG && pin_can(pin, FIRMATA_MODE_ANALOG)) {
			mode = FIRMATA_MODE_ANALOG;
		} else if (mode == FIRMATA_NONE && pin_can(pin, FIRMATA_MODE_INPUT)) {
			mode = FIRMATA_MODE_INPUT;
		}
	}
	if (mode != pin->mode) {
		pin_choose_mode(kit, number, mode);
		pin->is_chosen = false;
		pin_apply_mode(kit, number);
		/* The raw pin's type follows; not here, where it is the caller's. */
		f->needs_description = true;
	}
	pin_update_reporting(kit, number, on, now_us);
	if (on) {
		pin_show_output(kit, number);
	}
}

static void show(struct kit *kit, int index, struct value value)
{
	/* A type that does not fit: the pin is about to be described anew. */
	if (is_watched(kit, index) && kit->properties[index].type == value.type) {
		kit_set(kit, index, &value);
	}
}

/* What the part cannot measure (damaged bytes, a loose wire) is no number: kit_set() counts it. */
static double plausible(const struct kit *kit, int index, double number)
{
	const struct property *property = index >= 0 ? &kit->properties[index] : NULL;

	return property && (number < property->min || number > property->max) ? NAN : number;
}

void reports_take_analog(struct kit *kit, unsigned channel, uint64_t counts)
{
	struct firmata *f = firmata_of(kit);
	unsigned number = channel < FIRMATA_PINS_MAX ? f->channels[channel] : FIRMATA_NONE;
	struct firmata_pin *pin = &f->pins[number < f->pin_count ? number : 0];

	if (number >= f->pin_count || pin->mode != FIRMATA_MODE_ANALOG) {
		return;
	}
	if (counts >> pin->analog_bits != 0) { /* more than the pin can measure: damaged bytes */
		kit->bad_values++;
		return;
	}
	show(kit, pin->analog_property, value_int((int64_t)counts));
	show(kit, pin->property, value_int((int64_t)counts));
	if (pin->part) {
		double full = (double)((UINT64_C(1) << pin->analog_bits) - 1);
		double reading = pin->part->offset + pin->part->scale * ((double)counts / full);
		double rounded = nearbyint(reading * 1e4) / 1e4;
		struct value value = {.type = VALUE_NUMBER};

		/* Four decimals are finer than any such sensor; more would only be noise to read.
		 * Zero has no sign. */
		rounded = rounded == 0 ? 0 : isfinite(rounded) ? rounded : reading;
		value.number = plausible(kit, pin->part_property, rounded);
		show(kit, pin->part_property, value);
	}
}

void reports_take_port(struct kit *kit, unsigned port, uint8_t bits)
{
	struct firmata *f = firmata_of(kit);

	f->port_value[port] = bits;
	f->port_due_us[port] = 0;
	for (unsigned i = port * 8; i < port * 8 + 8 && i < f->pin_count; i++) {
		struct firmata_pin *pin = &f->pins[i];
		bool level = bits >> (i % 8) & 1;

		if (!is_digital_input(pin)) {
			continue;
		}
		show(kit, pin->property, value_bool(level));
		if (pin->part) {
			show(kit, pin->part_property, value_bool(level != pin->part->invert));
		}
	}
}

int64_t reports_tick(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	int64_t next_us = INT64_MAX;

	for (unsigned port = 0; port < FIRMATA_PORTS_MAX; port++) {
		int64_t due_us = f->port_due_us[port];

		if (due_us != 0 && now_us >= due_us) {
			reports_take_port(kit, port, f->port_value[port]);
		} else if (due_us != 0 && due_us < next_us) {
			next_us = due_us;
		}
	}
	if (f->needs_description) {
		describe_kit(kit);
	}
	return next_us;
}

/* What a board does on request, but for I2C. */
#include "state.h"

#include <math.h>
#include <string.h>

enum { TEXT_MAX = (FIRMATA_BOARD_SYSEX_MAX - 1) / 2 - 1 };

static enum err set_mode(
	struct kit *kit, const struct value *args, uint32_t token, int64_t now_us, struct why *why)
{
	static const struct {
		const char *word;
		uint8_t mode;
	} modes[] = {
		{"input", FIRMATA_MODE_INPUT},
		{"pullup", FIRMATA_MODE_PULLUP},
		{"output", FIRMATA_MODE_OUTPUT},
		{"analog", FIRMATA_MODE_ANALOG},
		{"pwm", FIRMATA_MODE_PWM},
		{"servo", FIRMATA_MODE_SERVO},
	};
	unsigned number = (unsigned)args[0].integer;
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];
	unsigned mode = 0;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].word, args[1].text) == 0) {
			mode = modes[i].mode;
		}
	}
	enum err err = pin_need_mode(kit, number, mode, why);

	if (err) {
		return err;
	}
	if (pin->part && mode != pin->mode) {
		char name[8];

		pin_name(pin, number, name);
		return why_set(why, ERR_CONFLICT, MSG_PIN_WIRED, name, pin->part->name);
	}
	if (!pin->part) {
		pin_choose_mode(kit, number, mode);
		pin_apply_mode(kit, number);
		describe_kit(kit);
		pin_update_reporting(kit, number, true, now_us);
		pin_show_output(kit, number);
	}
	kit_reply(kit, token, NULL, NULL);
	return ERR_NONE;
}

static enum err configure_servo(
	struct kit *kit, const struct value *args, uint32_t token, struct why *why)
{
	unsigned number = (unsigned)args[0].integer;
	struct firmata_pin *pin = &firmata_of(kit)->pins[number];
	int min_us = (int)args[1].integer, max_us = (int)args[2].integer;
	enum err err = pin_need_mode(kit, number, FIRMATA_MODE_SERVO, why);

	if (err) {
		return err;
	}
	if (min_us >= max_us) {
		return why_set(why, ERR_INVALID, MSG_SERVO_PULSES, min_us, max_us);
	}
	if (pin->part && pin->part->safety == CLASS_MOTION) {
		return why_set(why, ERR_REFUSED, MSG_MOTION_NEEDS_LEASE, pin->part->name);
	}
	if (pin->part && pin->mode != FIRMATA_MODE_SERVO) {
		char name[8];

		pin_name(pin, number, name);
		return why_set(why, ERR_CONFLICT, MSG_PIN_WIRED, name, pin->part->name);
	}
	pin->min_us = (uint16_t)min_us;
	pin->max_us = (uint16_t)max_us;
	if (pin->mode != FIRMATA_MODE_SERVO) {
		pin_choose_mode(kit, number, FIRMATA_MODE_SERVO);
		describe_kit(kit);
	}
	/* The pulses go with the mode: at once, or with the first angle. */
	if (pin->is_applied || !pin->part) {
		pin_apply_mode(kit, number);
		pin_update_reporting(kit, number, false, 0);
	}
	kit_reply(kit, token, NULL, NULL);
	return ERR_NONE;
}

static enum err send_string(
	struct kit *kit, const struct value *args, uint32_t token, struct why *why)
{
	struct firmata_message out = {.type = FIRMATA_STRING};

	if (args[0].count > TEXT_MAX) {
		return why_set(why, ERR_INVALID, MSG_STRING_LONG, TEXT_MAX);
	}
	out.count = (uint16_t)args[0].count;
	memcpy(out.data, args[0].text, out.count);
	if (!firmata_send(kit, &out)) {
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	kit_reply(kit, token, NULL, NULL);
	return ERR_NONE;
}

/* The board's own soft reset: raw pins are unset again, the wiring stays. */
static enum err reset(struct kit *kit, uint32_t token, int64_t now_us, struct why *why)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_message out = {.type = FIRMATA_RESET};
	struct why lost;

	if (!firmata_send(kit, &out)) {
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	why_set(&lost, ERR_LOST, MSG_FIRMATA_REBOOTED, kit->id);
	i2c_forget(kit, &lost);
	f->tone_until_us = 0;
	for (unsigned i = 0; i < f->pin_count; i++) {
		f->pins[i].is_chosen = false;
		f->pins[i].min_us = f->pins[i].max_us = 0;
	}
	describe_wire(kit);
	pins_restore(kit, now_us);
	describe_kit(kit);
	kit_reply(kit, token, NULL, NULL);
	return ERR_NONE;
}

/* ---- tones ---- */

static bool switch_tone(struct kit *kit, bool on)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_pin *pin = &f->pins[f->tone_pin];
	struct value value = pin->mode == FIRMATA_MODE_OUTPUT ? value_bool(on != pin->part->invert)
							      : value_number(on ? 0.5 : 0);

	return pin_write(kit, (unsigned)f->tone_pin, &value, NULL) == ERR_NONE;
}

static bool send_tone(struct kit *kit, double frequency_hz, double duration_ms)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_message out = {.type = FIRMATA_NO_TONE, .pin = (uint8_t)f->tone_pin};

	if (duration_ms >= 1) {
		out.type = FIRMATA_TONE;
		out.tone.frequency_hz = (uint16_t)lround(frequency_hz);
		out.tone.duration_ms = (uint16_t)lround(duration_ms);
	}
	return firmata_send(kit, &out);
}

static enum err sound(
	struct kit *kit, const struct value *args, uint32_t token, int64_t now_us, struct why *why)
{
	struct firmata *f = firmata_of(kit);
	double duration_ms = args[1].number * 1000;
	bool is_sent;

	if (f->pins[f->tone_pin].mode == FIRMATA_MODE_TONE) {
		is_sent = send_tone(kit, args[0].number, duration_ms);
	} else {
		is_sent = switch_tone(kit, duration_ms >= 1);
		f->tone_until_us = duration_ms >= 1 ? now_us + (int64_t)(duration_ms * 1000) : 0;
	}
	if (!is_sent) {
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	kit_reply(kit, token, NULL, NULL);
	return ERR_NONE;
}

void actions_silence(struct kit *kit)
{
	struct firmata *f = firmata_of(kit);

	if (f->tone_pin >= 0 && f->pins[f->tone_pin].mode == FIRMATA_MODE_TONE) {
		send_tone(kit, 0, 0);
	} else if (f->tone_until_us != 0) {
		switch_tone(kit, false);
	}
	f->tone_until_us = 0;
}

int64_t actions_tick(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);

	if (f->tone_until_us != 0 && now_us >= f->tone_until_us) {
		actions_silence(kit);
	}
	return f->tone_until_us != 0 ? f->tone_until_us : INT64_MAX;
}

enum err actions_do(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why)
{
	switch ((enum firmata_action)action->tag) {
	case ACTION_PIN_MODE:
		return set_mode(kit, args, token, now_us, why);
	case ACTION_I2C_WRITE:
		return i2c_write(kit, args, token, why);
	case ACTION_I2C_READ:
		return i2c_read(kit, args, token, now_us, why);
	case ACTION_I2C_STOP:
		return i2c_stop(kit, args, token, why);
	case ACTION_SERVO_CONFIG:
		return configure_servo(kit, args, token, why);
	case ACTION_SEND_STRING:
		return send_string(kit, args, token, why);
	case ACTION_RESET:
		return reset(kit, token, now_us, why);
	case ACTION_TONE:
		return sound(kit, args, token, now_us, why);
	}
	return why_set(why, ERR_INTERNAL, MSG_NO_ACTION, kit->id, action->name);
}

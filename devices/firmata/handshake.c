/*
 * From the first byte to ready, and whether the board is still there.
 *
 *   LISTEN   A board that was reset by opening its port is in its bootloader first
 *            (nothing is sent for 1.5 s) and says its version by itself. One that
 *            was not reset is asked, every second.
 *   DRAIN    Reset and "report nothing" are sent; what was on its way for an earlier
 *            program is dropped for 50 ms.
 *   ASK      What can the pins do, which have analog channels.
 *   RUNNING  A version or firmware report that nobody asked for means that the board
 *            began anew. After a second of silence it is asked for its version; three
 *            such beats missed, and its values are old. Bytes that are no Firmata
 *            raise a doubt, which only an answered beat removes: noise can look like
 *            a frame.
 */
#include "state.h"

#include "../log.h"

#include <stdio.h>
#include <string.h>

enum {
	SECOND_US = 1000 * 1000,
	FIRST_ASK_US = 1500 * 1000,
	SILENT_US = 10 * SECOND_US,
	GARBAGE_US = 3 * SECOND_US,
	GARBAGE_LEAST = 16,
	SLOW_ASK_US = 5 * SECOND_US, /* after a refusal */
	DRAIN_US = 50 * 1000,
	WATCH_US = 100 * 1000, /* how often to look for noise and silence */
	QUESTIONS_MAX = 3,
	BEATS_MISSED = 3,
	SAMPLING_MS = 19,
	OLDEST_MINOR = 3,
};

static void ask(struct kit *kit, enum firmata_type type)
{
	struct firmata_message out;

	out.type = type;
	firmata_send(kit, &out);
}

void handshake_start(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);

	f->phase = PHASE_LISTEN;
	f->start_us = now_us;
	f->next_us = now_us + FIRST_ASK_US;
	f->sampling_ms = kit->sampling_ms ? kit->sampling_ms : SAMPLING_MS;
	f->sampling_property = f->firmware_property = f->message_property = -1;
	f->tone_pin = -1;
	memset(f->channels, FIRMATA_NONE, sizeof(f->channels));
	for (unsigned i = 0; i < FIRMATA_PINS_MAX; i++) {
		struct firmata_pin *pin = &f->pins[i];

		pin->mode = pin->channel = FIRMATA_NONE;
		pin->property = pin->analog_property = pin->part_property = -1;
	}
}

static void refuse(struct kit *kit, const struct why *why, int64_t next_us)
{
	struct firmata *f = firmata_of(kit);

	f->phase = PHASE_LISTEN;
	f->is_refused = true;
	f->next_us = next_us;
	kit_refuse(kit, why);
}

/* ---- what the board says of itself ---- */

static void begin(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_message out;

	kit_set_state(kit, KIT_PROBING, NULL);
	f->phase = PHASE_DRAIN;
	f->next_us = now_us + DRAIN_US;
	f->questions = 0;
	f->has_capability = f->has_channels = f->is_refused = false;
	f->garbage_us = 0;
	f->is_holding = false;
	f->under_way = 0;
	ask(kit, FIRMATA_RESET);
	for (unsigned i = 0; i < 16; i++) {
		out.type = FIRMATA_REPORT_ANALOG;
		out.channel = (uint8_t)i;
		out.on = 0;
		firmata_send(kit, &out);
		out.type = FIRMATA_REPORT_DIGITAL;
		firmata_send(kit, &out);
	}
}

static void name_program(struct kit *kit, const struct firmata_message *message)
{
	char name[72];
	size_t length = firmata_clean_text(message->data, message->count, name, sizeof(name));

	if (length > 4 && strcmp(name + length - 4, ".ino") == 0) {
		name[length - 4] = '\0';
	}
	snprintf(kit->program, sizeof(kit->program), "%s %u.%u", name[0] ? name : "Firmata",
		message->major, message->minor);
}

static void take_capability(struct kit *kit, const struct firmata_message *message)
{
	struct firmata *f = firmata_of(kit);
	unsigned number = 0;

	for (unsigned i = 0; i < FIRMATA_PINS_MAX; i++) {
		struct firmata_pin *pin = &f->pins[i];

		memset(pin->modes, 0, sizeof(pin->modes));
		pin->analog_bits = 10;
		pin->pwm_bits = 8;
	}
	for (size_t i = 0; i < message->count && number < FIRMATA_PINS_MAX; i++) {
		struct firmata_pin *pin = &f->pins[number];
		uint8_t mode = message->data[i];

		if (mode == FIRMATA_NONE) {
			number++;
			continue;
		}
		uint8_t bits = ++i < message->count ? message->data[i] : 0;

		pin->modes[mode / 64] |= UINT64_C(1) << (mode % 64);
		if (mode == FIRMATA_MODE_ANALOG && bits >= 1 && bits <= 32) {
			pin->analog_bits = bits;
		}
		if (mode == FIRMATA_MODE_PWM && bits >= 1 && bits <= 16) {
			pin->pwm_bits = bits;
		}
	}
	f->pin_count = number;
	f->has_capability = number > 0;
}

static void take_channels(struct kit *kit, const struct firmata_message *message)
{
	struct firmata *f = firmata_of(kit);

	memset(f->channels, FIRMATA_NONE, sizeof(f->channels));
	for (size_t i = 0; i < FIRMATA_PINS_MAX; i++) {
		uint8_t channel = i < message->count ? message->data[i] : FIRMATA_NONE;

		f->pins[i].channel = channel;
		if (channel != FIRMATA_NONE) {
			f->channels[channel] = (uint8_t)i;
		}
	}
	f->has_channels = true;
}

static const char *guess_model(unsigned pins)
{
	return pins == 20 ? "uno" : pins == 70 ? "mega" : "firmata";
}

static void run(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	struct firmata_message out = {.type = FIRMATA_SAMPLING, .value = f->sampling_ms};
	struct value sampling = value_int(f->sampling_ms);
	struct why why;

	f->phase = PHASE_RUNNING;
	f->heard_us = now_us;
	f->garbage_us = 0;
	f->beats = f->asked = 0;
	if (!kit->model[0]) {
		snprintf(kit->model, sizeof(kit->model), "%s", guess_model(f->pin_count));
	}
	if (!kit->program[0]) {
		snprintf(kit->program, sizeof(kit->program), "Firmata %u.%u", f->major, f->minor);
	}
	if (describe_check(kit, kit->profile, &why)) {
		log_warn("%s: %s It is left out.", kit->id, why.text[LANG_EN]);
	}
	/* The reset does not reach the sampling interval. */
	firmata_send(kit, &out);
	describe_wire(kit);
	describe_kit(kit);
	pins_restore(kit, now_us);
	struct value program = value_text(kit->program, strlen(kit->program));

	kit_set(kit, f->sampling_property, &sampling);
	kit_set(kit, f->firmware_property, &program);
	kit_ready(kit);
}

/* ---- frames ---- */

static void hear_first(struct kit *kit, const struct firmata_message *message, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	struct why why;

	if (message->type == FIRMATA_FIRMWARE) {
		name_program(kit, message);
	}
	if (message->type != FIRMATA_VERSION) {
		return;
	}
	if (message->major == 2 && message->minor >= OLDEST_MINOR) {
		f->major = message->major;
		f->minor = message->minor;
		begin(kit, now_us);
	} else if (f->garbage_us == 0) {
		why_set(&why, ERR_REFUSED, MSG_FIRMATA_VERSION, kit->id, message->major,
			message->minor);
		refuse(kit, &why, INT64_MAX);
	}
}

static void hear_answer(struct kit *kit, const struct firmata_message *message, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);

	if (message->type == FIRMATA_FIRMWARE) {
		name_program(kit, message);
	} else if (message->type == FIRMATA_CAPABILITY && f->phase == PHASE_ASK) {
		take_capability(kit, message);
	} else if (message->type == FIRMATA_ANALOG_MAP && f->phase == PHASE_ASK) {
		take_channels(kit, message);
	}
	if (f->has_capability && f->has_channels) {
		run(kit, now_us);
	}
}

static void hear_reboot(struct kit *kit, const struct firmata_message *message, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	struct why why;

	log_info("%s restarted", kit->id);
	kit_emit(kit, EVENT_REBOOTED, NULL);
	why_set(&why, ERR_LOST, MSG_FIRMATA_REBOOTED, kit->id);
	i2c_forget(kit, &why);
	f->tone_until_us = 0;
	if (message->type == FIRMATA_FIRMWARE) {
		name_program(kit, message);
	}
	begin(kit, now_us);
}

/* The board is there. */
static void prove(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);

	f->heard_us = now_us;
	f->beats = 0;
	if (kit->state == KIT_STALE) {
		kit_ready(kit);
	}
}

bool handshake_take(struct kit *kit, const struct firmata_message *message, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);

	if (f->phase == PHASE_LISTEN) {
		hear_first(kit, message, now_us);
		return false;
	}
	if (f->phase != PHASE_RUNNING) {
		hear_answer(kit, message, now_us);
		return false;
	}
	if (message->type == FIRMATA_FIRMWARE) {
		hear_reboot(kit, message, now_us);
		return false;
	}
	if (message->type == FIRMATA_VERSION) {
		if (message->major != f->major || message->minor != f->minor) {
			handshake_garbage(kit, now_us);
		} else if (f->asked == 0) {
			hear_reboot(kit, message, now_us);
		} else {
			f->asked--;
			f->garbage_us = 0;
			prove(kit, now_us);
		}
		return false;
	}
	if (f->garbage_us != 0) {
		return kit->state == KIT_READY;
	}
	prove(kit, now_us);
	return true;
}

void handshake_garbage(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	bool is_new = f->phase != PHASE_RUNNING && now_us - f->last_garbage_us > SECOND_US;

	if (f->garbage_us == 0 || is_new) {
		f->garbage_us = now_us;
		f->garbage = 0;
		f->beats = 0;
	}
	f->last_garbage_us = now_us;
	f->garbage++;
}

/* ---- time ---- */

/* Wrong speed or wrong firmware: noise for three seconds. */
static bool is_noisy(const struct firmata *f, int64_t now_us)
{
	return f->garbage_us != 0 && f->garbage >= GARBAGE_LEAST &&
		now_us - f->garbage_us >= GARBAGE_US && now_us - f->last_garbage_us <= SECOND_US;
}

static int64_t listen_on(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	bool is_silent = now_us - f->start_us >= SILENT_US;
	struct why why;

	if (!f->is_refused && (is_noisy(f, now_us) || is_silent)) {
		if (f->garbage_us != 0) {
			why_set(&why, ERR_REFUSED, MSG_FIRMATA_GARBAGE, kit->id);
		} else {
			why_set(&why, ERR_REFUSED, MSG_FIRMATA_SILENT, kit->id);
		}
		refuse(kit, &why, now_us + SLOW_ASK_US);
	} else if (now_us >= f->next_us) {
		ask(kit, FIRMATA_VERSION_QUERY);
		ask(kit, FIRMATA_FIRMWARE_QUERY);
		f->next_us = now_us + (f->is_refused ? SLOW_ASK_US : SECOND_US);
	}
	return f->next_us < now_us + WATCH_US ? f->next_us : now_us + WATCH_US;
}

static int64_t ask_on(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	struct why why;

	if (is_noisy(f, now_us)) {
		why_set(&why, ERR_REFUSED, MSG_FIRMATA_GARBAGE, kit->id);
		refuse(kit, &why, now_us + SLOW_ASK_US);
	} else if (now_us >= f->next_us && f->questions == QUESTIONS_MAX) {
		why_set(&why, ERR_REFUSED, MSG_FIRMATA_NO_PINS, kit->id);
		refuse(kit, &why, INT64_MAX);
	} else if (now_us >= f->next_us) {
		f->phase = PHASE_ASK;
		f->questions++;
		f->next_us = now_us + SECOND_US;
		if (!kit->program[0]) {
			ask(kit, FIRMATA_FIRMWARE_QUERY);
		}
		ask(kit, FIRMATA_CAPABILITY_QUERY);
		ask(kit, FIRMATA_ANALOG_MAP_QUERY);
	}
	return f->next_us < now_us + WATCH_US ? f->next_us : now_us + WATCH_US;
}

static int64_t beat(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);
	int64_t since_us = f->garbage_us != 0 ? f->garbage_us : f->heard_us;
	int64_t next_us = since_us + (int64_t)(f->beats + 1) * SECOND_US;
	struct why why;

	if (now_us < next_us) {
		return next_us;
	}
	if (f->beats >= BEATS_MISSED && kit->state == KIT_READY) {
		why_set(&why, ERR_TIMEOUT, MSG_FIRMATA_STALE, kit->id,
			(int)((now_us - since_us) / SECOND_US));
		kit_stale(kit, &why);
	}
	ask(kit, FIRMATA_VERSION_QUERY);
	f->asked++;
	f->beats++;
	return next_us + SECOND_US;
}

int64_t handshake_tick(struct kit *kit, int64_t now_us)
{
	switch (firmata_of(kit)->phase) {
	case PHASE_LISTEN:
		return listen_on(kit, now_us);
	case PHASE_DRAIN:
	case PHASE_ASK:
		return ask_on(kit, now_us);
	case PHASE_RUNNING:
		break;
	}
	return beat(kit, now_us);
}

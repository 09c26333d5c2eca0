/*
 * From the first byte to ready, and whether the board is still there.
 *
 *   LISTEN   Opening the port resets the board; 1.4 s after its bootloader it prints its
 *            version. Nothing is sent for 3 s; then a board that was not reset is asked.
 *   SETTLE   The motors are stopped, and the line is in step (line.c).
 *   RUNNING  A second of silence: it is asked for its button. Three such beats without an
 *            answer, and its values are old. A banner means that the board began anew: it
 *            is brought to rest and goes through SETTLE again, and the leases are void.
 */
#include "state.h"

#include "../log.h"

#include <stdio.h>
#include <string.h>

enum {
	SECOND_US = 1000 * 1000,
	FIRST_ASK_US = 3 * SECOND_US,
	ASK_US = SECOND_US / 2,
	SLOW_ASK_US = 5 * SECOND_US, /* after a refusal */
	SILENT_US = 8 * SECOND_US,
	GARBAGE_US = 3 * SECOND_US,
	GARBAGE_LEAST = 16,
	STALE_US = 3 * SECOND_US + 300 * 1000,
};

void mb_handshake_start(struct kit *kit, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);

	makeblock->phase = PHASE_LISTEN;
	makeblock->start_us = now_us;
	makeblock->next_us = now_us + FIRST_ASK_US;
	makeblock->is_refused = false;
	makeblock->garbage_us = 0;
}

static void refuse(struct kit *kit, const struct why *why, int64_t next_us)
{
	struct makeblock *makeblock = makeblock_of(kit);

	makeblock->phase = PHASE_LISTEN;
	makeblock->is_refused = true;
	makeblock->next_us = next_us;
	mb_line_forget(kit);
	kit_refuse(kit, why);
}

/* ---- what the board says of itself ---- */

/* Its firmware's version: which board it is, by the first two digits. */
static void meet(struct kit *kit, const struct makeblock_message *message, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	char version[MAKEBLOCK_VERSION_MAX + 1];
	size_t length = message->count < sizeof(version) ? message->count : sizeof(version) - 1;
	struct why why;

	for (size_t i = 0; i < length; i++) {
		bool is_plain = message->data[i] > ' ' && message->data[i] < 0x7F;

		version[i] = is_plain ? (char)message->data[i] : '?';
	}
	version[length] = '\0';
	if (strncmp(version, "06.", 3) != 0) {
		why_set(&why, ERR_REFUSED, MSG_MAKEBLOCK_OTHER, kit->id, version);
		refuse(kit, &why, INT64_MAX);
		return;
	}
	snprintf(kit->program, sizeof(kit->program), "mBot %s", version);
	makeblock->phase = PHASE_SETTLE;
	makeblock->is_refused = false;
	makeblock->start_us = now_us;
	kit_set_state(kit, KIT_PROBING, NULL);
	mb_line_settle(kit, true, now_us);
}

void mb_handshake_settled(struct kit *kit)
{
	struct makeblock *makeblock = makeblock_of(kit);

	if (makeblock->phase == PHASE_SETTLE) {
		makeblock->phase = PHASE_RUNNING;
		makeblock->asked_button = false;
		if (!kit->model[0]) {
			snprintf(kit->model, sizeof(kit->model), "mbot");
		}
		mb_describe_kit(kit);
		mb_outputs_show(kit);
		mb_outputs_resend(kit);
		struct value program = value_text(kit->program, strlen(kit->program));

		mb_part_set(kit, PART_FIRMWARE, &program);
	}
	kit_ready(kit);
}

static void hear_reboot(struct kit *kit, const struct makeblock_message *message, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	struct why why;

	log_info("%s restarted", kit->id);
	why_set(&why, ERR_LOST, MSG_FIRMATA_REBOOTED, kit->id);
	mb_line_forget(kit);
	if (makeblock->phase == PHASE_RUNNING) {
		mb_outputs_reset(kit, &why);
		kit_emit(kit, EVENT_REBOOTED, NULL);
	}
	meet(kit, message, now_us);
}

bool mb_handshake_take(struct kit *kit, const struct makeblock_message *message, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);

	makeblock->heard_us = now_us;
	if (message->type == MAKEBLOCK_BANNER && makeblock->phase != PHASE_LISTEN) {
		hear_reboot(kit, message, now_us);
		return false;
	}
	if (makeblock->phase != PHASE_LISTEN) {
		return true;
	}
	bool is_answer = message->type == MAKEBLOCK_ANSWER && makeblock->asked != 0 &&
		message->index == makeblock->asked && message->value == MAKEBLOCK_TEXT;

	if (message->type == MAKEBLOCK_BANNER || is_answer) {
		meet(kit, message, now_us);
	}
	return false;
}

void mb_handshake_garbage(struct kit *kit, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);

	if (makeblock->garbage_us == 0 || now_us - makeblock->last_garbage_us > SECOND_US) {
		makeblock->garbage_us = now_us;
		makeblock->garbage = 0;
	}
	makeblock->last_garbage_us = now_us;
	makeblock->garbage++;
}

enum err mb_handshake_need(const struct kit *kit, struct why *why)
{
	if (kit->state == KIT_READY && !mb_line_is_lost(makeblock_of(kit))) {
		return ERR_NONE;
	}
	return why_set(why, ERR_TIMEOUT, MSG_MAKEBLOCK_NO_ANSWER, kit->id);
}

/* ---- time ---- */

/* Wrong speed or wrong firmware: noise for three seconds. */
static bool is_noisy(const struct makeblock *makeblock, int64_t now_us)
{
	return makeblock->garbage_us != 0 && makeblock->garbage >= GARBAGE_LEAST &&
		now_us - makeblock->garbage_us >= GARBAGE_US &&
		now_us - makeblock->last_garbage_us <= SECOND_US;
}

static void give_up(struct kit *kit, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	bool is_noise = is_noisy(makeblock, now_us);
	struct why why;

	if (makeblock->is_refused || (!is_noise && now_us - makeblock->start_us < SILENT_US)) {
		return;
	}
	if (is_noise) {
		why_set(&why, ERR_REFUSED, MSG_MAKEBLOCK_GARBAGE, kit->id);
	} else {
		why_set(&why, ERR_REFUSED, MSG_MAKEBLOCK_SILENT, kit->id);
	}
	refuse(kit, &why, now_us + SLOW_ASK_US);
}

static void listen_on(struct kit *kit, int64_t now_us)
{
	static const uint8_t version[] = {MAKEBLOCK_VERSION};
	struct makeblock *makeblock = makeblock_of(kit);

	if (now_us >= makeblock->next_us) {
		makeblock->asked = mb_line_index(makeblock);
		mb_line_send(kit, MAKEBLOCK_GET, makeblock->asked, version, sizeof(version));
		makeblock->next_us = now_us + (makeblock->is_refused ? SLOW_ASK_US : ASK_US);
	}
}

static void watch_silence(struct kit *kit, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	int64_t silent_us = now_us - makeblock->heard_us;
	struct why why;

	if (silent_us >= STALE_US && kit->state == KIT_READY) {
		why_set(&why, ERR_TIMEOUT, MSG_FIRMATA_STALE, kit->id,
			(int)(silent_us / SECOND_US));
		kit_stale(kit, &why);
	}
}

void mb_handshake_tick(struct kit *kit, int64_t now_us)
{
	switch (makeblock_of(kit)->phase) {
	case PHASE_LISTEN:
		listen_on(kit, now_us);
		give_up(kit, now_us);
		break;
	case PHASE_SETTLE:
		give_up(kit, now_us);
		break;
	case PHASE_RUNNING:
		watch_silence(kit, now_us);
		break;
	}
}

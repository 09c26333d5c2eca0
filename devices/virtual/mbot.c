/*
 * The life of a virtual mBot: boot, bytes in, the firmware's loop; see mbot.h.
 *
 * The firmware reads one byte a turn of its loop and does what a frame wants inside that
 * turn. An echo, a tone or an infrared text makes the turn long; meanwhile bytes wait in the
 * UART's ring, and are lost when it is full. Lamps are set with interrupts off: of what
 * comes meanwhile only two bytes are kept. There is no time-out between bytes: a frame that
 * lost one swallows the head of the next.
 */
#include "virtual/mbot.h"

#include <string.h>

enum {
	BYTE_US = 87,	/* on a line of 115200 baud */
	LOOP_US = 210,	/* measured on an emulated ATmega328P */
	DEAF_BYTES = 2, /* the UART's own buffer */
	HEAD = 0xFF,
	MARK = 0x55,
};

static const char banner[] = "06.01.107";

static void say_banner(struct machine *machine)
{
	struct makeblock_message message = {.type = MAKEBLOCK_BANNER, .count = sizeof(banner) - 1};
	uint8_t bytes[64];

	memcpy(message.data, banner, message.count);
	machine_send(machine, bytes,
		makeblock_encode(MAKEBLOCK_TO_HOST, &message, bytes, sizeof(bytes)));
}

/* ---- bytes in ---- */

static bool has_room(struct mbot *mbot)
{
	if (mbot->line_us < mbot->deaf_us && mbot->deaf_bytes++ >= DEAF_BYTES) {
		return false;
	}
	return mbot->ring_count < MBOT_RING;
}

/* What has arrived by now waits in the ring. */
static void arrive(struct mbot *mbot, int64_t now_us)
{
	size_t count = 0;

	for (; count < mbot->line_count && mbot->line_us <= now_us; count++) {
		if (has_room(mbot)) {
			mbot->ring[mbot->ring_count++] = mbot->line[count];
		} else {
			mbot->lost++;
		}
		mbot->line_us += BYTE_US;
	}
	mbot->line_count -= count;
	memmove(mbot->line, mbot->line + count, mbot->line_count);
}

/* One byte for the parser. True: a frame is whole, by the firmware's own lights. */
static bool take(struct mbot *mbot, uint8_t byte)
{
	if (byte == MARK && !mbot->is_started) {
		if (mbot->previous == HEAD) {
			mbot->index = 1;
			mbot->is_started = true;
		}
	} else {
		mbot->previous = byte;
		if (mbot->is_started) {
			if (mbot->index == 2) {
				mbot->data_left = byte;
			} else if (mbot->index > 2) {
				mbot->data_left--;
			}
			mbot->buffer[mbot->index] = byte;
		}
	}
	mbot->index++;
	if (mbot->index >= MBOT_BUFFER) {
		mbot->index = 0;
		mbot->is_started = false;
	}
	if (!mbot->is_started || mbot->data_left != 0 || mbot->index <= 3) {
		return false;
	}
	mbot->is_started = false;
	mbot->index = 0;
	return true;
}

/* ---- the loop ---- */

static void look_at_button(struct machine *machine)
{
	struct mbot *mbot = machine->state;
	bool is_pressed = machine->world->scene(machine->world->data, SCENE_BUTTON) != 0;
	const uint8_t bytes[] = {
		HEAD, MARK, MAKEBLOCK_EVENT_INDEX, MAKEBLOCK_BYTE, is_pressed, '\r', '\n'};

	if (is_pressed != mbot->is_pressed) {
		mbot->is_pressed = is_pressed;
		machine_send(machine, bytes, sizeof(bytes));
	}
}

/* One turn; it ends what the turn before was blocked by. */
static void turn(struct machine *machine)
{
	struct mbot *mbot = machine->state;

	arrive(mbot, mbot->loop_us);
	if (mbot->is_busy) {
		mbot->is_busy = false;
		mbot_run(machine);
	}
	look_at_button(machine);
	if (mbot->ring_count > 0) {
		uint8_t byte = mbot->ring[0];

		memmove(mbot->ring, mbot->ring + 1, --mbot->ring_count);
		if (take(mbot, byte)) {
			mbot->frames++;
			mbot->is_busy = true;
			mbot->loop_us += mbot_duration(machine);
			mbot->deaf_us = mbot_is_deaf(machine) ? mbot->loop_us : 0;
			mbot->deaf_bytes = 0;
		}
	} else if (mbot->line_count > 0 && mbot->line_us > mbot->loop_us) {
		mbot->loop_us = mbot->line_us - LOOP_US; /* nothing to read before */
	}
	mbot->loop_us += LOOP_US;
}

static bool is_idle(const struct mbot *mbot)
{
	return !mbot->is_busy && mbot->ring_count == 0 && mbot->line_count == 0;
}

static int64_t tick(struct machine *machine, int64_t now_us)
{
	struct mbot *mbot = machine->state;

	mbot->now_us = now_us;
	if (mbot->is_booting && now_us < mbot->ready_us) {
		return mbot->ready_us;
	}
	if (mbot->is_booting) {
		mbot->is_booting = false;
		mbot->loop_us = mbot->ready_us;
		say_banner(machine);
	}
	while (mbot->loop_us <= now_us) {
		turn(machine);
		if (is_idle(mbot) && mbot->loop_us < now_us) {
			mbot->loop_us = now_us; /* its turns without work */
		}
	}
	return is_idle(mbot) ? INT64_MAX : mbot->loop_us;
}

/* ---- the machine ---- */

static void reset(struct machine *machine, int64_t now_us)
{
	struct mbot *mbot = machine->state;

	*mbot = (struct mbot){
		.now_us = now_us,
		.is_booting = true,
		.ready_us = now_us + machine->boot_us,
		.servo = -1,
	};
	mbot_set_motors(machine, 0, 0);
}

/* DTR resets it. */
static void opened(struct machine *machine, int64_t now_us)
{
	reset(machine, now_us);
}

static void feed(struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct mbot *mbot = machine->state;

	mbot->now_us = now_us;
	if (mbot->is_booting) {
		return; /* the boot loader takes no frames */
	}
	if (mbot->line_count == 0 && mbot->line_us < now_us + BYTE_US) {
		mbot->line_us = now_us + BYTE_US;
	}
	for (size_t i = 0; i < count; i++) {
		if (mbot->line_count < MBOT_LINE) {
			mbot->line[mbot->line_count++] = bytes[i];
		} else {
			mbot->lost++;
		}
	}
}

/* It has batteries of its own: a pulled cable changes nothing (no power_off). */
const struct machine_class machine_mbot = {
	.model = "mbot",
	.driver = "makeblock",
	.baud = 115200,
	.has_body = true,
	.state_size = sizeof(struct mbot),
	.reset = reset,
	.opened = opened,
	.feed = feed,
	.tick = tick,
};

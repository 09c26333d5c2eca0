/*
 * What the frames of a virtual mBot do: the firmware's readSensor() and runModule(), by
 * their places in its buffer: 3 index, 4 action, 5 device, 6 port, 7 slot, 8 data...
 */
#include "virtual/mbot.h"

#include <math.h>
#include <string.h>

enum {
	LINE_PORT = 2,
	ULTRASONIC_PORT = 3,
	LIGHT_PORT = 6,
	LAMP_PORT = 7,
	SERVO_PORT = 1,
	M1 = 9,
	M2 = 10,
	SPEED_MAX = 255,
	ADC_MAX = 1023,
	FAR_CM = 400,
	NO_ECHO_US = 900 * 1000,
	ECHO_US_PER_CM = 58,
	ECHO_KEPT_US = 23 * 1000, /* the library measures no more often */
	IR_CHARACTER_US = 88 * 1000,
	TONE_US_PER_MS = 1320, /* the infrared receiver's interrupts stretch it */
	LAMPS_US = 900,	       /* it always writes 30 of them */
};

/* ---- answers ---- */

static void send_message(struct machine *machine, const struct makeblock_message *message)
{
	uint8_t bytes[MAKEBLOCK_FRAME_MAX];

	machine_send(
		machine, bytes, makeblock_encode(MAKEBLOCK_TO_HOST, message, bytes, sizeof(bytes)));
}

static void acknowledge(struct machine *machine)
{
	const struct makeblock_message message = {.type = MAKEBLOCK_ACK};

	send_message(machine, &message);
}

static void answer(
	struct machine *machine, enum makeblock_value value, const void *data, size_t count)
{
	const struct mbot *mbot = machine->state;
	struct makeblock_message message = {
		.type = MAKEBLOCK_ANSWER,
		.index = mbot->buffer[3],
		.value = value,
		.count = (uint8_t)count,
	};

	if (count > 0) {
		memcpy(message.data, data, count);
	}
	send_message(machine, &message);
}

static void answer_byte(struct machine *machine, unsigned byte)
{
	uint8_t data = (uint8_t)byte;

	answer(machine, MAKEBLOCK_BYTE, &data, 1);
}

static void answer_float(struct machine *machine, double number)
{
	float real = (float)number;
	uint32_t bits;

	memcpy(&bits, &real, sizeof(bits));
	const uint8_t data[] = {
		(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), (uint8_t)(bits >> 24)};

	answer(machine, MAKEBLOCK_FLOAT, data, sizeof(data));
}

/* ---- what it feels ---- */

static double scene(const struct machine *machine, enum scene_field field)
{
	return machine->world->scene(machine->world->data, field);
}

static double distance_cm(const struct machine *machine)
{
	const struct mbot *mbot = machine->state;

	if (mbot->buffer[6] != ULTRASONIC_PORT) {
		return FAR_CM;
	}
	double cm = machine->world->body ? body_distance_cm(machine->world->body)
					 : scene(machine, SCENE_DISTANCE);

	return cm < FAR_CM ? cm : FAR_CM;
}

/* Bit 1: the left probe sees no line; bit 0: the right one. Nothing plugged in: neither. */
static unsigned line(const struct machine *machine)
{
	const struct mbot *mbot = machine->state;
	const struct body *body = machine->world->body;

	if (mbot->buffer[6] != LINE_PORT || !body) {
		return 3;
	}
	return (body_darkness(body, -1) < 0.5) * 2U + (body_darkness(body, 1) < 0.5);
}

static double analog(const struct machine *machine, enum makeblock_device device)
{
	const struct mbot *mbot = machine->state;
	const struct body *body = machine->world->body;
	double share = 0;

	if (device == MAKEBLOCK_LIGHT && mbot->buffer[6] == LIGHT_PORT) {
		share = body ? body_light(body) : scene(machine, SCENE_LIGHT);
	} else if (device == MAKEBLOCK_POT) {
		share = scene(machine, SCENE_POT);
	}
	return round(share * ADC_MAX);
}

static bool is_echo_kept(const struct mbot *mbot)
{
	return mbot->echo_us != 0 && mbot->loop_us - mbot->echo_us <= ECHO_KEPT_US;
}

static void answer_distance(struct machine *machine)
{
	struct mbot *mbot = machine->state;

	if (!is_echo_kept(mbot)) {
		mbot->echo_cm = distance_cm(machine);
		mbot->echo_us = mbot->loop_us;
	}
	answer_float(machine, mbot->echo_cm);
}

static void get(struct machine *machine)
{
	struct mbot *mbot = machine->state;
	static const uint8_t nothing[4];

	switch ((enum makeblock_device)mbot->buffer[5]) {
	case MAKEBLOCK_VERSION:
		answer(machine, MAKEBLOCK_TEXT, "06.01.107", 9);
		break;
	case MAKEBLOCK_ULTRASONIC:
		answer_distance(machine);
		break;
	case MAKEBLOCK_TEMPERATURE:
		answer_float(machine, scene(machine, SCENE_TEMPERATURE));
		break;
	case MAKEBLOCK_LIGHT:
	case MAKEBLOCK_POT:
	case MAKEBLOCK_SOUND:
		answer_float(machine, analog(machine, mbot->buffer[5]));
		break;
	case MAKEBLOCK_LINE:
		answer_float(machine, line(machine));
		break;
	case MAKEBLOCK_JOYSTICK:
	case MAKEBLOCK_PIR:
		answer_float(machine, 0);
		break;
	case MAKEBLOCK_IR_CODE:
		answer_byte(machine, 0);
		break;
	case MAKEBLOCK_BUTTON:
		mbot->is_pressed = scene(machine, SCENE_BUTTON) != 0;
		answer_byte(machine, mbot->buffer[7] ^ mbot->is_pressed);
		break;
	case MAKEBLOCK_FLAME:
	case MAKEBLOCK_GAS:
		answer(machine, MAKEBLOCK_SHORT, nothing, sizeof(nothing));
		break;
	case MAKEBLOCK_RGB:
	case MAKEBLOCK_MOTOR:
	case MAKEBLOCK_SERVO:
	case MAKEBLOCK_IR: /* nobody sends to it */
	case MAKEBLOCK_TONE:
	default:
		answer(machine, MAKEBLOCK_NOTHING, NULL, 0);
		break;
	}
}

/* ---- what it does ---- */

static int read_short(const struct mbot *mbot, unsigned at)
{
	return (int16_t)(uint16_t)(mbot->buffer[at] | mbot->buffer[at + 1] << 8);
}

static int clamp(int speed)
{
	return speed > SPEED_MAX ? SPEED_MAX : speed < -SPEED_MAX ? -SPEED_MAX : speed;
}

void mbot_set_motors(struct machine *machine, int m1, int m2)
{
	struct mbot *mbot = machine->state;

	mbot->motors[0] = clamp(m1);
	mbot->motors[1] = clamp(m2);
	if (machine->world->body) {
		body_drive(machine->world->body, -mbot->motors[0] / (double)SPEED_MAX,
			mbot->motors[1] / (double)SPEED_MAX);
	}
}

static void set_lamps(struct mbot *mbot)
{
	unsigned lamp = mbot->buffer[8];

	for (unsigned i = 0; i < 2 && mbot->buffer[6] == LAMP_PORT; i++) {
		if (lamp == 0 || lamp == i + 1) {
			memcpy(mbot->lamps[i], mbot->buffer + 9, 3);
		}
	}
}

static void run(struct machine *machine)
{
	struct mbot *mbot = machine->state;

	switch (mbot->buffer[5]) {
	case MAKEBLOCK_JOYSTICK:
		mbot_set_motors(machine, read_short(mbot, 6), read_short(mbot, 8));
		break;
	case MAKEBLOCK_MOTOR:
		mbot_set_motors(machine,
			mbot->buffer[6] == M1 ? read_short(mbot, 7) : mbot->motors[0],
			mbot->buffer[6] == M2 ? read_short(mbot, 7) : mbot->motors[1]);
		break;
	case MAKEBLOCK_RGB:
		set_lamps(mbot);
		break;
	case MAKEBLOCK_SERVO:
		if (mbot->buffer[6] == SERVO_PORT && mbot->buffer[8] <= 180) {
			mbot->servo = mbot->buffer[8];
		}
		break;
	default:
		break; /* modules that are not plugged in; tones and texts only took their time */
	}
}

bool mbot_is_deaf(const struct machine *machine)
{
	const struct mbot *mbot = machine->state;

	return mbot->buffer[4] == MAKEBLOCK_RUN && mbot->buffer[5] == MAKEBLOCK_RGB;
}

int64_t mbot_duration(const struct machine *machine)
{
	const struct mbot *mbot = machine->state;
	bool is_get = mbot->buffer[4] == MAKEBLOCK_GET, is_run = mbot->buffer[4] == MAKEBLOCK_RUN;

	if (is_get && mbot->buffer[5] == MAKEBLOCK_ULTRASONIC && !is_echo_kept(mbot)) {
		double cm = distance_cm(machine);

		return cm < FAR_CM ? (int64_t)(cm * ECHO_US_PER_CM) : NO_ECHO_US;
	}
	if (is_run && mbot->buffer[5] == MAKEBLOCK_TONE && read_short(mbot, 6) > 0) {
		return (uint16_t)read_short(mbot, 8) * (int64_t)TONE_US_PER_MS;
	}
	if (is_run && mbot->buffer[5] == MAKEBLOCK_IR) {
		int characters = mbot->buffer[2] - 3;

		return ((characters > 0 ? characters : 0) + 1) * (int64_t)IR_CHARACTER_US;
	}
	return mbot_is_deaf(machine) ? LAMPS_US : 0;
}

void mbot_run(struct machine *machine)
{
	struct mbot *mbot = machine->state;

	switch (mbot->buffer[4]) {
	case MAKEBLOCK_GET:
		get(machine);
		break;
	case MAKEBLOCK_RUN:
		run(machine);
		acknowledge(machine);
		break;
	case MAKEBLOCK_RESET:
		mbot_set_motors(machine, 0, 0);
		acknowledge(machine);
		break;
	case MAKEBLOCK_START:
		acknowledge(machine);
		break;
	default:
		break;
	}
}

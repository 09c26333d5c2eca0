/*
 * What the kit is asked: only what somebody watches, one question after the other, each at
 * most 20 times a second.
 *
 * The ultrasonic sensor blocks the board until its echo comes, 0.9 s where there is none;
 * so after its answer the others have as much time as it took.
 */
#include "state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	PERIOD_US = 50 * 1000,
	IR_PERIOD_US = 200 * 1000,
	ECHO_US = 1500 * 1000,
	BEAT_US = 1000 * 1000,
	KEY_US = 200 * 1000, /* a remote repeats its key every 108 ms */
	LIGHT_PORT = 6,
	BUTTON_CHANNEL = 7,
	ANALOG_MAX = 1023,
	DISTANCE_MAX_CM = 400,
	LINE_ALL_OFF = 3,
};

/* What can be plugged into a port. max: of the raw number; share: 1 is max. */
enum plug { PLUG_NONE, PLUG_LINE, PLUG_DISTANCE };

static const struct {
	const char *word;
	enum makeblock_device device;
	bool has_slot;
	double min, max;
	bool is_share;
} plugs[] = {
	[PLUG_NONE] = {"none", 0, false, 0, 0, false},
	[PLUG_LINE] = {"line", MAKEBLOCK_LINE, false, 0, LINE_ALL_OFF, false},
	[PLUG_DISTANCE] = {"distance", MAKEBLOCK_ULTRASONIC, false, 0, DISTANCE_MAX_CM, false},
	{"light", MAKEBLOCK_LIGHT, false, 0, ANALOG_MAX, true},
	{"sound", MAKEBLOCK_SOUND, false, 0, ANALOG_MAX, true},
	{"pot", MAKEBLOCK_POT, false, 0, ANALOG_MAX, true},
	{"temperature", MAKEBLOCK_TEMPERATURE, true, -55, 150, false},
	{"motion", MAKEBLOCK_PIR, false, 0, 1, false},
	{"flame", MAKEBLOCK_FLAME, false, 0, ANALOG_MAX, true},
	{"gas", MAKEBLOCK_GAS, false, 0, ANALOG_MAX, true},
};

enum { PLUGS = sizeof(plugs) / sizeof(plugs[0]) };

/* As the kit is built from its box. */
void mb_sensors_start(struct makeblock *makeblock)
{
	makeblock->ports[1] = PLUG_LINE;
	makeblock->ports[2] = PLUG_DISTANCE;
}

const char *mb_sensors_words(void)
{
	return "none|line|distance|light|sound|pot|temperature|motion|flame|gas";
}

static bool is_plugged(const struct makeblock *makeblock, enum plug plug)
{
	return memchr(makeblock->ports, (int)plug, MAKEBLOCK_PORTS) != NULL;
}

bool mb_sensors_has(const struct makeblock *makeblock, enum makeblock_part part)
{
	if (part == PART_LINE || part == PART_LINE_1 || part == PART_LINE_2) {
		return is_plugged(makeblock, PLUG_LINE);
	}
	if (part == PART_DISTANCE) {
		return is_plugged(makeblock, PLUG_DISTANCE);
	}
	return part < PART_SENSOR_1 || part > PART_SENSOR_4 ||
		makeblock->ports[part - PART_SENSOR_1] > PLUG_DISTANCE;
}

/* Line follower and ultrasonic sensor have names of their own, so there is one of each. */
void mb_sensors_plug(struct kit *kit, unsigned port, const char *word)
{
	struct makeblock *makeblock = makeblock_of(kit);
	uint8_t plug = 0;

	while (plug < PLUGS - 1 && strcmp(plugs[plug].word, word) != 0) {
		plug++;
	}
	uint8_t *other = memchr(makeblock->ports, plug, MAKEBLOCK_PORTS);

	if (other && plug <= PLUG_DISTANCE) {
		*other = PLUG_NONE;
	}
	makeblock->ports[port - 1] = plug;
	if (makeblock->request.what == REQUEST_QUESTION && makeblock->request.which == port - 1) {
		makeblock->request.is_void = true; /* that is the answer of another sensor */
	}
}

/* ---- asking ---- */

static bool is_watched(const struct kit *kit, enum makeblock_part part)
{
	int index = makeblock_of(kit)->property[part];

	return index >= 0 && kit->properties[index].watchers > 0;
}

static bool is_wanted(const struct kit *kit, unsigned question)
{
	if (question == ASK_LIGHT) {
		return is_watched(kit, PART_LIGHT);
	}
	if (question == ASK_IR) {
		return is_watched(kit, PART_IR);
	}
	if (question == ASK_KEY) {
		return is_watched(kit, PART_KEY);
	}
	switch (makeblock_of(kit)->ports[question]) {
	case PLUG_NONE:
		return false;
	case PLUG_LINE:
		return is_watched(kit, PART_LINE) || is_watched(kit, PART_LINE_1) ||
			is_watched(kit, PART_LINE_2);
	case PLUG_DISTANCE:
		return is_watched(kit, PART_DISTANCE);
	default:
		return is_watched(kit, PART_SENSOR_1 + question);
	}
}

/* The next one, after the one asked last; QUESTIONS: none is due. */
static unsigned next_question(const struct kit *kit, int64_t now_us)
{
	const struct makeblock *makeblock = makeblock_of(kit);

	for (unsigned i = 1; i <= QUESTIONS; i++) {
		unsigned question = (makeblock->turn + i) % QUESTIONS;

		if (makeblock->due_us[question] <= now_us && is_wanted(kit, question)) {
			return question;
		}
	}
	return QUESTIONS;
}

bool mb_sensors_are_due(const struct kit *kit, int64_t now_us)
{
	return next_question(kit, now_us) != QUESTIONS;
}

static size_t fill(const struct makeblock *makeblock, unsigned question, uint8_t *data)
{
	switch (question) {
	case ASK_LIGHT:
		data[0] = MAKEBLOCK_LIGHT;
		data[1] = LIGHT_PORT;
		return 2;
	case ASK_IR:
		data[0] = MAKEBLOCK_IR;
		return 1;
	case ASK_KEY:
		data[0] = MAKEBLOCK_IR_CODE;
		return 1;
	default:
		data[0] = (uint8_t)plugs[makeblock->ports[question]].device;
		data[1] = (uint8_t)(question + 1);
		data[2] = 1;
		return plugs[makeblock->ports[question]].has_slot ? 3 : 2;
	}
}

bool mb_sensors_send(struct kit *kit, struct makeblock_request *request, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	unsigned question = next_question(kit, now_us);
	uint8_t data[3];

	if (question == QUESTIONS) {
		return false;
	}
	request->index = mb_line_index(makeblock);
	if (!mb_line_send(
		    kit, MAKEBLOCK_GET, request->index, data, fill(makeblock, question, data))) {
		return false;
	}
	int64_t period_us = question == ASK_IR ? IR_PERIOD_US : PERIOD_US;
	int64_t due_us = makeblock->due_us[question] + period_us;

	/* On a grid, so that the ticks' width does not add up; what was missed is not made up. */
	makeblock->due_us[question] = due_us > now_us ? due_us : now_us + period_us;
	makeblock->turn = question;
	request->what = REQUEST_QUESTION;
	request->which = question;
	if (data[0] == MAKEBLOCK_ULTRASONIC) {
		request->deadline_us = now_us + ECHO_US;
	}
	return true;
}

bool mb_sensors_need_beat(const struct makeblock *makeblock, int64_t now_us)
{
	return !makeblock->asked_button || now_us - makeblock->heard_us >= BEAT_US;
}

bool mb_sensors_send_beat(struct kit *kit, struct makeblock_request *request)
{
	static const uint8_t data[] = {MAKEBLOCK_BUTTON, BUTTON_CHANNEL, 0};
	uint8_t index = mb_line_index(makeblock_of(kit));

	if (!mb_line_send(kit, MAKEBLOCK_GET, index, data, sizeof(data))) {
		return false;
	}
	makeblock_of(kit)->asked_button = true;
	request->what = REQUEST_BEAT;
	request->index = index;
	return true;
}

/* ---- answers ---- */

/* A number in its range, else NaN, which is counted. */
static double number_of(
	struct kit *kit, const struct makeblock_message *message, double min, double max)
{
	double number;

	if (message->value == MAKEBLOCK_NOTHING) {
		return NAN; /* a firmware that does not know the sensor */
	}
	if (makeblock_number(message, &number) && number >= min && number <= max) {
		return number;
	}
	kit->bad_values++;
	return NAN;
}

static void set_number(struct kit *kit, enum makeblock_part part, double number)
{
	struct value value = value_number(number);

	mb_part_set(kit, part, &value);
}

/* Bit 1: the left probe is off the line; bit 0: the right one. */
static void take_line(struct kit *kit, double number)
{
	bool is_known = !isnan(number);
	unsigned off = is_known ? (unsigned)number : 0;
	struct value left = is_known ? value_bool(!(off & 2)) : value_null();
	struct value right = is_known ? value_bool(!(off & 1)) : value_null();

	mb_part_set(kit, PART_LINE_1, &left);
	mb_part_set(kit, PART_LINE_2, &right);
	set_number(kit, PART_LINE, is_known ? (left.boolean + right.boolean) / 2.0 : NAN);
}

static void take_text(struct kit *kit, const struct makeblock_message *message)
{
	int index = makeblock_of(kit)->property[PART_IR];
	struct value value = kit->properties[index].value;
	char text[MAKEBLOCK_DATA_MAX + 1];

	if (message->value == MAKEBLOCK_TEXT) {
		memcpy(text, message->data, message->count);
		text[message->count] = '\0';
		/* Infrared from elsewhere is noise, not text. */
		value = utf8_is_valid(text, message->count) ? value_text(text, message->count)
							    : value;
	}
	kit_set(kit, index, &value);
}

static void take_key(struct kit *kit, double code, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	struct value value = value_int(isnan(code) ? 0 : (int64_t)code);

	if (value.integer != 0) {
		makeblock->key_until_us = now_us + KEY_US;
	} else if (now_us < makeblock->key_until_us) {
		value = kit->properties[makeblock->property[PART_KEY]].value;
	}
	mb_part_set(kit, PART_KEY, &value);
}

static void take_port(struct kit *kit, unsigned port, const struct makeblock_message *message)
{
	uint8_t plug = makeblock_of(kit)->ports[port];
	double number = number_of(kit, message, plugs[plug].min, plugs[plug].max);

	if (plug == PLUG_LINE) {
		take_line(kit, number);
	} else if (plug == PLUG_DISTANCE) {
		set_number(kit, PART_DISTANCE, number);
	} else if (plug != PLUG_NONE) {
		set_number(kit, PART_SENSOR_1 + port,
			plugs[plug].is_share ? number / plugs[plug].max : number);
	}
}

void mb_sensors_take(struct kit *kit, const struct makeblock_request *request,
	const struct makeblock_message *message, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	int64_t free_us = now_us + (now_us - request->sent_us);

	if (makeblock->due_us[request->which] < free_us) {
		makeblock->due_us[request->which] = free_us;
	}
	if (request->is_void) {
		return;
	}
	if (request->which == ASK_LIGHT) {
		set_number(kit, PART_LIGHT, number_of(kit, message, 0, ANALOG_MAX) / ANALOG_MAX);
	} else if (request->which == ASK_IR) {
		take_text(kit, message);
	} else if (request->which == ASK_KEY) {
		take_key(kit, number_of(kit, message, 0, 255), now_us);
	} else {
		take_port(kit, request->which, message);
	}
}

void mb_sensors_take_button(struct kit *kit, const struct makeblock_message *message)
{
	double number = number_of(kit, message, 0, 1);

	if (!isnan(number)) {
		struct value value = value_bool(number == 1);

		mb_part_set(kit, PART_BUTTON, &value);
	}
}

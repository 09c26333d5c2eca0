/*
 * The sensor ports: what is plugged in where (LEGO's own layout until set_sensor says
 * something else), and the sensors that the brick reads by itself. Each is "sensor.N"; the
 * first of a kind also has its kind's name.
 *
 * Light: the brick's reading goes from 0 (dark) to 1023. With its lamp the sensor sees how
 * much the floor reflects: white paper about 65 %, a black line about 30 %; `line` is where
 * between these it is.
 */
#include "state.h"

#include <math.h>
#include <string.h>

const struct nxt_sensor_kind sensor_kinds[] = {
	[KIND_OF_NONE] = {"none", NXT_NO_SENSOR, NXT_RAW, NULL, VALUE_NULL},
	[KIND_OF_TOUCH] = {"touch", NXT_SWITCH, NXT_BOOLEAN, "touch", VALUE_BOOL},
	[KIND_OF_SOUND] = {"sound", NXT_SOUND, NXT_PERCENT, "sound", VALUE_NUMBER},
	[KIND_OF_LIGHT] = {"light", NXT_LIGHT_ON, NXT_PERCENT, "light", VALUE_NUMBER},
	[KIND_OF_SONAR] = {"ultrasonic", NXT_LOW_SPEED_9V, NXT_RAW, "distance", VALUE_NUMBER},
	[KIND_OF_TEMPERATURE] = {"temperature", NXT_TEMPERATURE, NXT_CELSIUS, "temperature",
		VALUE_NUMBER},
	[KIND_OF_COLOR] = {"color", NXT_COLOR, NXT_RAW, NULL, VALUE_NULL},
};

static const uint8_t layout[NXT_PORTS] = {
	KIND_OF_TOUCH, KIND_OF_SOUND, KIND_OF_LIGHT, KIND_OF_SONAR};

/* After the end of a program the brick resets ports and motors twice, some time apart. */
enum { ENDED_US = 5 * SECOND_US };

static const double FLOOR = 0.65, LINE = 0.30, FULL = 1023;

void sensors_start(struct kit *kit)
{
	struct nxt *f = nxt_of(kit);

	for (unsigned i = 0; i < NXT_PORTS; i++) {
		f->ports[i].kind = f->ports[i].wanted = layout[i];
		f->ports[i].property = f->ports[i].raw_property = -1;
	}
}

/* ---- setting up ---- */

void sensors_set_up(struct kit *kit)
{
	struct nxt *f = nxt_of(kit);

	for (unsigned i = 0; i < NXT_PORTS; i++) {
		f->ports[i].needs_setup = true;
	}
}

void sensors_program_ended(struct kit *kit, int64_t now_us)
{
	nxt_of(kit)->ended_us = now_us;
	sensors_set_up(kit);
}

bool sensors_is_setting_up(const struct kit *kit)
{
	const struct nxt *f = nxt_of(kit);

	for (unsigned i = 0; i < NXT_PORTS; i++) {
		if (f->ports[i].needs_setup) {
			return true;
		}
	}
	return false;
}

/* Whoever waits for a port that is chosen anew meanwhile is answered with it. */
void sensors_choose(struct kit *kit, unsigned number, const char *word, uint32_t token)
{
	struct nxt_port *port = &nxt_of(kit)->ports[number];

	for (uint8_t kind = 0; kind < SENSOR_KINDS; kind++) {
		if (strcmp(sensor_kinds[kind].word, word) == 0) {
			port->wanted = kind;
		}
	}
	port->is_dark = false;
	if (port->token) {
		kit_reply(kit, port->token, NULL, NULL);
	}
	port->token = token;
	port->needs_setup = true;
}

enum err sensors_light(struct kit *kit, bool on, struct why *why)
{
	struct nxt *f = nxt_of(kit);

	for (unsigned i = 0; i < NXT_PORTS; i++) {
		struct nxt_port *port = &f->ports[i];

		if (port->wanted == KIND_OF_LIGHT) {
			port->is_dark = !on;
			port->needs_setup = true;
			nxt_show(kit, f->led_property, value_bool(on));
			return ERR_NONE;
		}
	}
	return why_set(why, ERR_REFUSED, MSG_NXT_NO_LIGHT, kit->id);
}

static uint8_t type_of(const struct nxt_port *port, uint8_t kind)
{
	return kind == KIND_OF_LIGHT && port->is_dark ? NXT_LIGHT_OFF : sensor_kinds[kind].type;
}

bool sensors_next_setup(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	for (uint8_t i = 0; i < NXT_PORTS; i++) {
		struct nxt_port *port = &f->ports[i];
		struct nxt_telegram out = {.op = NXT_SET_INPUT, .port = i};

		if (port->needs_setup) {
			port->needs_setup = false;
			out.input.type = type_of(port, port->wanted);
			out.input.mode = sensor_kinds[port->wanted].mode;
			port->needs_setup =
				!exchange_send(kit, &out, FOR_SETUP, LANE_ORDER, now_us);
			return !port->needs_setup;
		}
	}
	return false;
}

void sensors_take_setup(struct kit *kit, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	struct nxt_port *port = &f->ports[request->port];
	uint32_t token = port->token;
	struct why why;

	if (port->needs_setup) {
		return; /* something newer is wanted already */
	}
	port->token = 0;
	if (exchange_why(kit, reply, &why)) {
		port->wanted = port->kind;
		kit_reply(kit, token, NULL, &why);
		return;
	}
	/* The sonar wants 100 ms of power before it listens. */
	port->sonar = (struct nxt_sonar){.next_us = now_us + 100 * MS_US};
	if (port->kind != port->wanted) {
		port->kind = port->wanted;
		nxt_describe_kit(kit);
	}
	kit_reply(kit, token, NULL, NULL);
}

/* ---- reading ---- */

static bool is_light(const struct nxt *f, const struct nxt_port *port)
{
	return port->kind == KIND_OF_LIGHT && port->property >= 0 && f->led_property >= 0;
}

bool sensors_is_watched(const struct kit *kit, unsigned number)
{
	const struct nxt *f = nxt_of(kit);
	const struct nxt_port *port = &f->ports[number];

	return port->kind != KIND_OF_NONE && !port->needs_setup &&
		(nxt_is_watched(kit, port->property) || nxt_is_watched(kit, port->raw_property) ||
			(is_light(f, port) && nxt_is_watched(kit, f->line_property)));
}

bool sensors_poll(struct kit *kit, unsigned number, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	struct nxt_telegram out = {.op = NXT_GET_INPUT, .port = (uint8_t)number};

	if (f->ports[number].kind == KIND_OF_SONAR) {
		return sonar_next(kit, number, now_us);
	}
	return now_us - f->polled_us[NXT_MOTORS + number] >= POLL_US &&
		exchange_send(kit, &out, FOR_POLL, LANE_ORDER, now_us);
}

void sensors_show(struct kit *kit, unsigned number, struct value named, double reading)
{
	const struct nxt_port *port = &nxt_of(kit)->ports[number];

	if (nxt_is_watched(kit, port->property)) {
		nxt_show(kit, port->property, named);
	}
	if (nxt_is_watched(kit, port->raw_property)) {
		nxt_show(kit, port->raw_property, value_number(reading));
	}
}

static double rounded(double share)
{
	return nearbyint(share * 1e4) / 1e4;
}

static void show_line(struct kit *kit, const struct nxt_port *port, double reflected)
{
	struct nxt *f = nxt_of(kit);
	double line = (FLOOR - reflected) / (FLOOR - LINE);

	if (is_light(f, port) && nxt_is_watched(kit, f->line_property)) {
		nxt_show(kit, f->line_property,
			port->is_dark ? value_null()
				      : value_number(rounded(fmin(fmax(line, 0), 1))));
	}
}

static void show_reading(struct kit *kit, unsigned number, const struct nxt_input *input)
{
	const struct nxt_port *port = &nxt_of(kit)->ports[number];
	double share = fmin(input->normalized / FULL, 1);

	switch (port->kind) {
	case KIND_OF_TOUCH:
		sensors_show(kit, number, value_bool(input->scaled != 0), input->scaled != 0);
		return;
	case KIND_OF_LIGHT:
		show_line(kit, port, share);
		sensors_show(kit, number, value_number(rounded(share)), rounded(share));
		return;
	case KIND_OF_SOUND:
		sensors_show(kit, number, value_number(rounded(share)), rounded(share));
		return;
	case KIND_OF_TEMPERATURE:
		sensors_show(kit, number, value_number(input->scaled / 10.0), input->scaled / 10.0);
		return;
	default: /* color: black 1, blue, green, yellow, red, white 6 */
		sensors_show(kit, number, value_null(), input->scaled);
	}
}

void sensors_take(struct kit *kit, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	struct nxt_port *port = &f->ports[request->port];

	if (request->op != NXT_GET_INPUT) {
		sonar_take(kit, request->port, request, reply, now_us);
		return;
	}
	if (!reply || reply->status != NXT_OK || port->needs_setup || port->kind != port->wanted) {
		return;
	}
	if (reply->input.type != type_of(port, port->kind)) {
		if (f->ended_us != 0 && now_us - f->ended_us < ENDED_US) {
			sensors_set_up(kit);
			motors_repeat(kit);
		} else {
			life_restart(kit, now_us);
		}
	} else if (reply->input.valid && port->kind != KIND_OF_SONAR) {
		show_reading(kit, request->port, &reply->input);
	}
}

/*
 * What the readings of an EV3's sensors mean. The brick tells by itself what is plugged in;
 * a sensor with several modes is used in the first that stands here, until set_sensor says
 * another. NXT's sensors work on an EV3, too. Modes: the brick's typedata.rcf.
 */
#include "state.h"

#include <math.h>
#include <string.h>

#define FLOOR_PERCENT 70.0 /* what white paper reflects, about */
#define LINE_PERCENT 10.0  /* and a printed or taped black line */

enum { KEEP_MODE = -1 };

static const struct ev3_sensor kinds[] = {
	{16, 0, "touch", READ_TOUCH},
	{29, 0, "light", READ_REFLECTED},
	{29, 1, "ambient", READ_AMBIENT},
	{29, 2, "color", READ_COLOR},
	{30, 0, "ultrasonic", READ_DISTANCE},
	{32, 0, "gyro", READ_ANGLE},
	{33, 0, "infrared", READ_NEAR},
	{33, 2, "remote", READ_REMOTE},
	{1, 0, "touch", READ_TOUCH},
	{2, 0, "light", READ_REFLECTED},
	{2, 1, "ambient", READ_AMBIENT},
	{3, 0, "sound", READ_SOUND},
	{4, 0, "light", READ_REFLECTED},
	{4, 1, "ambient", READ_AMBIENT},
	{4, 2, "color", READ_COLOR},
	{5, 0, "ultrasonic", READ_DISTANCE},
};

const char *const sensor_words =
	"auto|touch|light|ambient|color|ultrasonic|gyro|infrared|remote|sound";

static const struct ev3_sensor unknown = {0, KEEP_MODE, NULL, READ_RAW};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

const struct ev3_sensor *sensor_of_type(uint8_t type)
{
	if (type == 0 || type >= EV3_TYPE_UNKNOWN) {
		return NULL;
	}
	for (unsigned i = 0; i < KINDS; i++) {
		if (kinds[i].type == type) {
			return &kinds[i];
		}
	}
	return &unknown;
}

uint8_t sensor_caps(const struct ev3_sensor *sensor)
{
	switch (sensor ? sensor->reading : READ_NONE) {
	case READ_TOUCH:
		return 1 << CAP_TOUCH;
	case READ_REFLECTED:
		return 1 << CAP_LIGHT | 1 << CAP_LINE;
	case READ_AMBIENT:
		return 1 << CAP_LIGHT;
	case READ_DISTANCE:
		return 1 << CAP_DISTANCE;
	case READ_ANGLE:
		return 1 << CAP_HEADING;
	case READ_REMOTE:
		return 1 << CAP_KEY;
	case READ_SOUND:
		return 1 << CAP_SOUND;
	case READ_NONE:
	case READ_RAW:
	case READ_COLOR:
	case READ_NEAR:
		break;
	}
	return 0;
}

enum err sensor_choose(struct kit *kit, unsigned number, const char *word, struct why *why)
{
	struct ev3_port *port = &ev3_of(kit)->ports[number];
	const struct ev3_sensor *first = sensor_of_type(port->type), *found = NULL;

	for (unsigned i = 0; i < KINDS && !found; i++) {
		if (kinds[i].type == port->type && strcmp(kinds[i].word, word) == 0) {
			found = &kinds[i];
		}
	}
	if (strcmp(word, "auto") == 0) {
		found = first;
	} else if (!found) {
		return why_set(why, ERR_REFUSED, MSG_EV3_SENSOR, kit->id, (int)number + 1,
			first && first->word ? first->word : "-");
	}
	port->sensor = found;
	port->value = port->zero = NAN;
	ev3_of(kit)->flight.asked &= ~((uint32_t)ASK_SENSOR << number); /* of the old mode */
	return ERR_NONE;
}

/* ---- values ---- */

static double clamp(double share)
{
	return fmin(fmax(share, 0), 1);
}

static double darkness(double percent)
{
	return clamp((FLOOR_PERCENT - percent) / (FLOOR_PERCENT - LINE_PERCENT));
}

/* To the left from the start, -180 to 180: the gyro counts on to the right. */
static double heading(struct ev3_port *port)
{
	if (isnan(port->zero)) {
		port->zero = port->value;
	}
	return remainder(port->zero - port->value, 360);
}

/* What one port says of a capability. */
static double say(struct ev3_port *port, enum ev3_cap cap)
{
	switch (cap) {
	case CAP_LIGHT:
	case CAP_SOUND:
		return clamp(port->value / 100);
	case CAP_LINE:
		return darkness(port->value);
	case CAP_HEADING:
		return heading(port);
	case CAP_TOUCH:
	case CAP_DISTANCE:
	case CAP_KEY:
	case CAPS:
		break;
	}
	return port->value;
}

static struct value value_of(enum ev3_cap cap, double number)
{
	if (isnan(number)) {
		return value_null();
	}
	return cap == CAP_TOUCH	 ? value_bool(number > 0.5)
		: cap == CAP_KEY ? value_int(lround(number) & 0xFF)
				 : value_number(number);
}

static void show_probes(struct kit *kit)
{
	struct ev3 *e = ev3_of(kit);
	unsigned probe = 0;

	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		double value = e->ports[i].value;

		if (!(sensor_caps(e->ports[i].sensor) & 1 << CAP_LINE)) {
			continue;
		}
		int property = e->line_property[probe++];
		struct value dark = isnan(value) ? value_null() : value_bool(darkness(value) > 0.5);

		if (property >= 0) {
			kit_set(kit, property, &dark);
		}
	}
	for (struct value none = value_null(); probe < EV3_SENSORS; probe++) {
		if (e->line_property[probe] >= 0) {
			kit_set(kit, e->line_property[probe], &none);
		}
	}
}

/* Of several sensors: any touch, the mean of lines, else the first port's. */
static double combine(struct ev3 *e, enum ev3_cap cap)
{
	double sum = NAN;
	unsigned count = 0;

	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		struct ev3_port *port = &e->ports[i];

		if (!(sensor_caps(port->sensor) & 1 << cap) || isnan(port->value)) {
			continue;
		}
		double said = say(port, cap);

		if (count++ == 0) {
			sum = said;
		} else if (cap == CAP_TOUCH || cap == CAP_LINE) {
			sum += said;
		}
	}
	return cap == CAP_LINE ? sum / count : sum;
}

/* Ports, as ASK_SENSOR bits, whose sensors have a part in these capabilities. */
static uint32_t ports_of(const struct ev3 *e, unsigned caps)
{
	uint32_t ports = 0;

	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		if (sensor_caps(e->ports[i].sensor) & caps) {
			ports |= (uint32_t)ASK_SENSOR << i;
		}
	}
	return ports;
}

void ev3_sensors_show(struct kit *kit, uint32_t asked)
{
	struct ev3 *e = ev3_of(kit);

	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		struct value value = value_number(e->ports[i].value); /* NAN becomes null */

		if (asked & (uint32_t)ASK_SENSOR << i && e->sensor_property[i] >= 0) {
			kit_set(kit, e->sensor_property[i], &value);
		}
	}
	for (int cap = 0; cap < CAPS; cap++) {
		uint32_t ports = ports_of(e, 1U << cap);
		struct value value = value_of((enum ev3_cap)cap, combine(e, (enum ev3_cap)cap));

		if (e->cap_property[cap] >= 0 && asked & (ports ? ports : ASK_TYPES)) {
			kit_set(kit, e->cap_property[cap], &value);
		}
	}
	if (asked & (ports_of(e, 1U << CAP_LINE) | ASK_TYPES)) {
		show_probes(kit);
	}
}

uint32_t sensors_watched(const struct kit *kit)
{
	const struct ev3 *e = ev3_of(kit);
	uint32_t ports = 0;

	for (unsigned i = 0; i < EV3_SENSORS; i++) {
		if (e->ports[i].sensor && ev3_is_watched(kit, e->sensor_property[i])) {
			ports |= (uint32_t)ASK_SENSOR << i;
		}
		if (ev3_is_watched(kit, e->line_property[i])) {
			ports |= ports_of(e, 1U << CAP_LINE);
		}
	}
	for (unsigned cap = 0; cap < CAPS; cap++) {
		if (ev3_is_watched(kit, e->cap_property[cap])) {
			ports |= ports_of(e, 1U << cap);
		}
	}
	return ports;
}

/* Motors and sensors of a virtual EV3; see ev3_parts.h. */
#include "virtual/ev3_parts.h"

#include <math.h>

enum { MODE_CHANGE_US = 40 * 1000, LEFT = 1, RIGHT = 2 };

#define LARGE_DEG_PER_S 1020.0
#define MEDIUM_DEG_PER_S 1500.0
#define DRIVEN_S 0.040 /* in which a motor comes 63 % nearer to its speed */
#define BRAKED_S 0.015
#define COASTING_S 0.150
#define STANDS 0.02	 /* share of its top speed: friction does the rest */
#define FLOOR_PERCENT 70 /* what floor and line reflect */
#define LINE_PERCENT 10
#define FAR_CM 255 /* no echo */

enum { TOUCH = 16, COLOR = 29, ULTRASONIC = 30, GYRO = 32 };

void ev3_parts_init(struct ev3_parts *parts, const struct machine_world *world, int64_t now_us)
{
	static const uint8_t motors[EV3_MOTORS] = {
		EV3_TYPE_MEDIUM_MOTOR, EV3_TYPE_LARGE_MOTOR, EV3_TYPE_LARGE_MOTOR, EV3_TYPE_NONE};
	static const uint8_t sensors[EV3_SENSORS] = {TOUCH, GYRO, COLOR, ULTRASONIC};

	*parts = (struct ev3_parts){.world = world, .now_us = now_us};
	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		parts->motors[i].type = motors[i];
		parts->ports[i].type = sensors[i];
	}
	ev3_parts_stop(parts, EV3_ALL_PORTS, false);
	ev3_parts_clear(parts, EV3_ALL_PORTS);
}

/* ---- motors ---- */

static struct body *body_at(const struct ev3_parts *parts, unsigned motor)
{
	return motor == LEFT || motor == RIGHT ? parts->world->body : NULL;
}

/* Comes nearer to its target in the way a curve exp(-t) does. */
static void turn(struct ev3_motor *motor, double seconds)
{
	double top = motor->type == EV3_TYPE_MEDIUM_MOTOR ? MEDIUM_DEG_PER_S : LARGE_DEG_PER_S;
	double tau = motor->target != 0 ? DRIVEN_S : motor->is_coasting ? COASTING_S : BRAKED_S;
	double off = motor->speed - motor->target, left = exp(-seconds / tau);

	motor->turned += top * (motor->target * seconds + off * tau * (1 - left));
	motor->speed = motor->target + off * left;
	if (motor->target == 0 && fabs(motor->speed) < STANDS) {
		motor->speed = 0;
	}
}

void ev3_parts_step(struct ev3_parts *parts, int64_t now_us)
{
	double seconds = (double)(now_us - parts->now_us) / 1e6;

	parts->now_us = now_us;
	for (unsigned i = 0; i < EV3_MOTORS && seconds > 0; i++) {
		if (parts->motors[i].type != EV3_TYPE_NONE) {
			turn(&parts->motors[i], seconds);
		}
	}
}

static void tell_body(struct ev3_parts *parts)
{
	const struct ev3_motor *left = &parts->motors[LEFT], *right = &parts->motors[RIGHT];

	if (!parts->world->body) {
		return;
	}
	if (left->is_coasting && right->is_coasting) {
		body_coast(parts->world->body);
	} else {
		body_drive(parts->world->body, left->target, right->target);
	}
}

void ev3_parts_set_speed(struct ev3_parts *parts, unsigned ports, double share)
{
	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		struct ev3_motor *motor = &parts->motors[i];

		if (ports & 1U << i) {
			motor->set = share;
			/* One that runs already changes at once. */
			motor->target = motor->target != 0 ? share : 0;
		}
	}
	tell_body(parts);
}

void ev3_parts_start(struct ev3_parts *parts, unsigned ports)
{
	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		struct ev3_motor *motor = &parts->motors[i];

		if (ports & 1U << i && motor->type != EV3_TYPE_NONE) {
			motor->target = motor->set;
			motor->is_coasting = false;
		}
	}
	tell_body(parts);
}

void ev3_parts_stop(struct ev3_parts *parts, unsigned ports, bool is_braking)
{
	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		struct ev3_motor *motor = &parts->motors[i];

		if (ports & 1U << i) {
			motor->target = 0;
			motor->is_coasting = !is_braking;
		}
	}
	tell_body(parts);
}

double ev3_parts_speed(const struct ev3_parts *parts, unsigned motor)
{
	const struct body *body = body_at(parts, motor);

	return body ? body_speed(body, motor == RIGHT) : parts->motors[motor].speed;
}

double ev3_parts_turned(const struct ev3_parts *parts, unsigned motor)
{
	const struct body *body = body_at(parts, motor);

	return body ? body_turned(body, motor == RIGHT) : parts->motors[motor].turned;
}

void ev3_parts_clear(struct ev3_parts *parts, unsigned ports)
{
	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		if (ports & 1U << i) {
			parts->motors[i].cleared = ev3_parts_turned(parts, i);
		}
	}
}

double ev3_parts_count(const struct ev3_parts *parts, unsigned motor)
{
	return ev3_parts_turned(parts, motor) - parts->motors[motor].cleared;
}

/* ---- sensors ---- */

void ev3_parts_choose(struct ev3_parts *parts, unsigned number, int type, int mode)
{
	struct ev3_sensor_port *port = &parts->ports[number];
	bool is_same = (type == 0 || type == port->type) && (mode < 0 || mode == port->mode);

	/* What is plugged in stays that; only its mode can change. */
	if (!is_same && mode >= 0 && !ev3_parts_is_busy(parts, number)) {
		port->mode = (uint8_t)mode;
		port->busy_us = parts->now_us + MODE_CHANGE_US;
	}
}

bool ev3_parts_is_busy(const struct ev3_parts *parts, unsigned port)
{
	return parts->now_us < parts->ports[port].busy_us;
}

static double scene(const struct ev3_parts *parts, enum scene_field field)
{
	return parts->world->scene(parts->world->data, field);
}

static double sense_color(const struct ev3_parts *parts, unsigned mode)
{
	const struct body *body = parts->world->body;
	double light = body ? body_light(body) : scene(parts, SCENE_LIGHT);
	double darkness = body ? body_darkness(body, 0) : 1 - light;

	return mode == 0	? FLOOR_PERCENT - (FLOOR_PERCENT - LINE_PERCENT) * darkness
		: mode == 1	? 100 * light
		: darkness > .5 ? 1  /* black */
				: 6; /* white */
}

double ev3_parts_sense(const struct ev3_parts *parts, unsigned number)
{
	const struct ev3_sensor_port *port = &parts->ports[number];
	const struct body *body = parts->world->body;

	if (ev3_parts_is_busy(parts, number)) {
		return NAN;
	}
	switch (port->type) {
	case TOUCH:
		return scene(parts, SCENE_BUTTON) != 0 || (body && body_is_bumped(body));
	case GYRO: /* it counts to the right */
		return body ? -round(body_heading(body) * 180 / M_PI) : 0;
	case COLOR:
		return round(sense_color(parts, port->mode));
	case ULTRASONIC:
		return fmin(FAR_CM,
			round(10 * (body ? body_distance_cm(body) : scene(parts, SCENE_DISTANCE))) /
				10);
	default:
		return NAN;
	}
}

/*
 * What is plugged into a virtual EV3: LEGO's educational robot, a medium motor at A, the
 * wheels at B (left) and C (right), touch, gyro, colour and ultrasonic sensors at 1 to 4.
 * The wheels and senses are the body's where the brick has one, else they turn freely, and
 * feel the bench's scene.
 */
#pragma once

#include "ev3/protocol.h"
#include "virtual/machine.h"

struct ev3_motor {
	uint8_t type;
	double set;    /* speed that was told, -1..1, and is taken over by a start */
	double target; /* what it shall do */
	bool is_coasting;
	double speed, turned; /* of one without a body: share of its top speed, degrees */
	double cleared;	      /* its count began at this angle */
};

struct ev3_sensor_port {
	uint8_t type, mode;
	int64_t busy_us; /* until then it changes its mode */
};

struct ev3_parts {
	const struct machine_world *world; /* borrowed */
	struct ev3_motor motors[EV3_MOTORS];
	struct ev3_sensor_port ports[EV3_SENSORS];
	int64_t now_us; /* motors have turned up to then */
};

void ev3_parts_init(struct ev3_parts *parts, const struct machine_world *world, int64_t now_us);
void ev3_parts_step(struct ev3_parts *parts, int64_t now_us);

/* Motors are counted from 0; `ports` is a bit mask of them. */
void ev3_parts_set_speed(struct ev3_parts *parts, unsigned ports, double share);
void ev3_parts_start(struct ev3_parts *parts, unsigned ports);
void ev3_parts_stop(struct ev3_parts *parts, unsigned ports, bool is_braking);
void ev3_parts_clear(struct ev3_parts *parts, unsigned ports);
double ev3_parts_speed(const struct ev3_parts *parts, unsigned motor); /* -1..1 */
double ev3_parts_turned(const struct ev3_parts *parts, unsigned motor);
double ev3_parts_count(const struct ev3_parts *parts, unsigned motor); /* since it was cleared */

/* A type or mode that it is not in: it changes, and is busy for a while. 0, -1: as it is. */
void ev3_parts_choose(struct ev3_parts *parts, unsigned port, int type, int mode);
bool ev3_parts_is_busy(const struct ev3_parts *parts, unsigned port);
/* In the unit of its mode; NAN while it is busy. */
double ev3_parts_sense(const struct ev3_parts *parts, unsigned port);

/*
 * The floor of a virtual room: walls, obstacles, printed lines, lamps, and the robots'
 * bodies on it. All bodies move together in fixed steps of 5 ms, so that they collide, and
 * so that the same commands at the same times give the same room.
 *
 * Whoever wants to know something calls floor_step() first; while nothing moves that costs
 * nothing. x goes right and y up from the room's corner, in metres; radians, 0 = along x,
 * positive to the left.
 */
#pragma once

#include "kit.h"
#include "virtual/body.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FLOOR_BODIES_MAX = 256,
	FLOOR_OBJECTS_MAX = 64,
	FLOOR_POINTS_MAX = 128,   /* of a line */
	FLOOR_POINTS_TOTAL = 512, /* of all */
	FLOOR_STEP_US = 5000,
};

enum object_type {
	OBJECT_BOX,    /* an obstacle */
	OBJECT_CIRCLE, /* likewise, round */
	OBJECT_LINE,   /* printed, dark */
	OBJECT_LAMP,   /* hangs above: nothing runs into it */
	OBJECT_TYPES,
};

struct floor_point {
	double x, y;
};

struct floor_object {
	char id[KIT_ID_MAX + 1];
	enum object_type type;
	struct floor_point at;        /* its middle; not of a line */
	double size[2];               /* BOX: along and across its heading */
	double heading;               /* BOX */
	double radius;                /* CIRCLE */
	double brightness;            /* LAMP: 0..1, right below it */
	double reach;                 /* LAMP: where half of that is left */
	double width;                 /* LINE */
	bool is_closed;               /* LINE: the last point leads to the first */
	unsigned point_count;
	struct floor_point points[FLOOR_POINTS_MAX];
};

static inline bool object_is_obstacle(const struct floor_object *object)
{
	return object->type == OBJECT_BOX || object->type == OBJECT_CIRCLE;
}

/* All that stands still: a plain value, so that a change can be tried on a copy. */
struct floor_plan {
	double size[2];    /* the walls */
	double daylight;   /* 0..1, everywhere */
	double slip;       /* 0 = wheels grip .. 1 = they may lose all of a turn */
	unsigned object_count;
	struct floor_object objects[FLOOR_OBJECTS_MAX];
};

struct wheel {
	double target, speed; /* -1..1 */
	double turned;        /* degrees */
	double grip;          /* what slip leaves of its speed */
};

struct body {
	struct floor *floor; /* borrowed: it owns us */
	double x, y, heading;
	struct wheel wheels[2]; /* left, right */
	bool is_coasting;
	double light_set, distance_set; /* what it feels by decree; NAN: what is there */
	uint64_t random;
};

/* A small robot, as an mBot or an NXT is built. */
#define BODY_RADIUS 0.085
#define BODY_WHEEL_BASE 0.115
#define BODY_WHEEL_RADIUS 0.032
#define BODY_TOP_SPEED 0.35 /* m/s */
#define BODY_PROBE_AHEAD 0.065 /* of the axle */
#define BODY_PROBE_SIDE 0.010

struct floor {
	struct floor_plan plan;
	struct body *bodies[FLOOR_BODIES_MAX]; /* owned */
	size_t body_count;
	int64_t now_us;   /* moved up to then */
	uint64_t steps;   /* in which something moved */
	uint64_t changes; /* of the plan */
};

/* An empty room of 3 m x 2 m. */
struct floor *floor_create(int64_t now_us);
void floor_destroy(struct floor *floor);

/* A body, somewhere free. The floor's own; there may be FLOOR_BODIES_MAX. */
struct body *floor_add_body(struct floor *floor, uint32_t seed);

/* Moves everything up to now_us. */
void floor_step(struct floor *floor, int64_t now_us);
bool floor_is_moving(const struct floor *floor);

/* Puts a body somewhere; what stands there pushes it aside. */
void floor_place(struct body *body, double x, double y, double heading);
/* Takes a new plan; bodies that it buries are pushed out. */
void floor_set_plan(struct floor *floor, const struct floor_plan *plan);

bool body_is_moving(const struct body *body);
/* Forward, in m/s. */
double body_ground_speed(const struct body *body);

/* geometry.c: an obstacle's border as seen from a point: how far (negative: inside), and
 * the direction away from it, of length 1. */
double obstacle_gap(const struct floor_object *obstacle, struct floor_point from,
	struct floor_point *away);
double circle_gap(struct floor_point middle, double radius, struct floor_point from,
	struct floor_point *away);
/* How far a ray goes until it meets something; `ray` has length 1. HUGE_VAL: never. */
double obstacle_ray(const struct floor_object *obstacle, struct floor_point from,
	struct floor_point ray);
double circle_ray(struct floor_point middle, double radius, struct floor_point from,
	struct floor_point ray);
double wall_ray(const double size[2], struct floor_point from, struct floor_point ray);
/* From the middle of a printed line. */
double line_distance(const struct floor_object *line, struct floor_point from);

/*
 * How bodies move and collide; see floor.h.
 *
 * A wheel comes near its target exponentially (motor and inertia in one time constant);
 * the body rolls along the arc that its two wheels make. What overlaps after a step is
 * pushed apart along the line of contact: bodies half each, obstacles and walls not at
 * all. Wheels of a body that stands against something go on turning, as real ones slip.
 */
#include "virtual/floor.h"

#include "xalloc.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum {
	BEHIND_MAX_US = 5000000, /* what a stopped process missed beyond that never happened */
	PASSES = 3,              /* of pushing apart, for corners and crowds */
	GRIP_STEPS = 20,         /* for so long a wheel slips alike */
};

#define STEP_S (FLOOR_STEP_US / 1e6)
#define DRIVE_S 0.08 /* time constants of a wheel under power, braking, and rolling out */
#define BRAKE_S 0.03
#define COAST_S 0.25
#define STILL 0.0005 /* share of top speed that is no motion */

struct floor *floor_create(int64_t now_us)
{
	struct floor *floor = xcalloc(1, sizeof(*floor));

	floor->plan.size[0] = 3;
	floor->plan.size[1] = 2;
	floor->plan.daylight = 0.4;
	floor->now_us = now_us - now_us % FLOOR_STEP_US;
	return floor;
}

void floor_destroy(struct floor *floor)
{
	if (floor) {
		for (size_t i = 0; i < floor->body_count; i++) {
			free(floor->bodies[i]);
		}
		free(floor);
	}
}

/* ---- rolling ---- */

bool body_is_moving(const struct body *body)
{
	const struct wheel *left = &body->wheels[0], *right = &body->wheels[1];

	return left->target != 0 || left->speed != 0 || right->target != 0 || right->speed != 0;
}

bool floor_is_moving(const struct floor *floor)
{
	for (size_t i = 0; i < floor->body_count; i++) {
		if (body_is_moving(floor->bodies[i])) {
			return true;
		}
	}
	return false;
}

double body_ground_speed(const struct body *body)
{
	return (body->wheels[0].speed + body->wheels[1].speed) / 2 * BODY_TOP_SPEED;
}

/* xorshift64: the same slips for the same seed. 0 to 1. */
static double draw(struct body *body)
{
	body->random ^= body->random << 13;
	body->random ^= body->random >> 7;
	body->random ^= body->random << 17;
	return (double)(body->random >> 11) / 9007199254740992.0;
}

/* One step of a wheel; metres that it goes over the floor. */
static double turn_wheel(struct wheel *wheel, double share)
{
	double speed = wheel->speed + (wheel->target - wheel->speed) * share;

	wheel->speed = fabs(wheel->target - speed) < STILL ? wheel->target : speed;

	double way = wheel->speed * BODY_TOP_SPEED * STEP_S;

	wheel->turned += way / BODY_WHEEL_RADIUS * 180 / M_PI;
	return way * wheel->grip;
}

/* How much of the way to its target speed a wheel gets in a step. */
static double share_of(const struct body *body, const struct wheel *wheel)
{
	double time = body->is_coasting ? COAST_S : wheel->target == 0 ? BRAKE_S : DRIVE_S;

	return 1 - exp(-STEP_S / time);
}

static void roll(struct body *body)
{
	struct floor *floor = body->floor;

	if (floor->steps % GRIP_STEPS == 0) {
		body->wheels[0].grip = 1 - floor->plan.slip * draw(body);
		body->wheels[1].grip = 1 - floor->plan.slip * draw(body);
	}
	double left = turn_wheel(&body->wheels[0], share_of(body, &body->wheels[0]));
	double right = turn_wheel(&body->wheels[1], share_of(body, &body->wheels[1]));
	double turn = (right - left) / BODY_WHEEL_BASE;

	/* The chord of a short arc points half of its turn aside. */
	body->x += (left + right) / 2 * cos(body->heading + turn / 2);
	body->y += (left + right) / 2 * sin(body->heading + turn / 2);
	body->heading = remainder(body->heading + turn, 2 * M_PI);
}

/* ---- pushing apart ---- */

static void push(struct body *body, struct floor_point away, double by)
{
	body->x += away.x * by;
	body->y += away.y * by;
}

static bool push_bodies_apart(struct floor *floor)
{
	bool is_pushed = false;

	for (size_t i = 0; i < floor->body_count; i++) {
		for (size_t j = i + 1; j < floor->body_count; j++) {
			struct body *one = floor->bodies[i], *other = floor->bodies[j];
			struct floor_point away;
			double gap = circle_gap((struct floor_point){other->x, other->y},
				2 * BODY_RADIUS, (struct floor_point){one->x, one->y}, &away);

			if (gap < 0) {
				push(one, away, -gap / 2);
				push(other, away, gap / 2);
				is_pushed = true;
			}
		}
	}
	return is_pushed;
}

/* Spares the exact look at most obstacles. */
static bool is_near(const struct floor_object *object, const struct body *body)
{
	double reach = BODY_RADIUS + (object->type == OBJECT_BOX
					     ? hypot(object->size[0], object->size[1]) / 2
					     : object->radius);

	return fabs(object->at.x - body->x) < reach && fabs(object->at.y - body->y) < reach;
}

static bool keep_off(struct body *body, const struct floor_plan *plan)
{
	bool is_pushed = false;

	for (unsigned i = 0; i < plan->object_count; i++) {
		const struct floor_object *object = &plan->objects[i];
		struct floor_point away;

		if (object_is_obstacle(object) && is_near(object, body)) {
			double gap = obstacle_gap(object, (struct floor_point){body->x, body->y},
					     &away) - BODY_RADIUS;

			if (gap < 0) {
				push(body, away, -gap);
				is_pushed = true;
			}
		}
	}
	/* Last of all, so that nobody ever leaves the room. */
	body->x = fmin(fmax(body->x, BODY_RADIUS), plan->size[0] - BODY_RADIUS);
	body->y = fmin(fmax(body->y, BODY_RADIUS), plan->size[1] - BODY_RADIUS);
	return is_pushed;
}

static void part(struct floor *floor)
{
	bool is_pushed = true;

	for (int pass = 0; pass < PASSES && is_pushed; pass++) {
		is_pushed = push_bodies_apart(floor);
		for (size_t i = 0; i < floor->body_count; i++) {
			is_pushed |= keep_off(floor->bodies[i], &floor->plan);
		}
	}
}

/* ---- time ---- */

void floor_step(struct floor *floor, int64_t now_us)
{
	int64_t steps = (now_us - floor->now_us) / FLOOR_STEP_US;

	if (steps <= 0) {
		return;
	}
	floor->now_us += steps * FLOOR_STEP_US;
	if (steps > BEHIND_MAX_US / FLOOR_STEP_US) {
		steps = BEHIND_MAX_US / FLOOR_STEP_US;
	}
	for (; steps > 0 && floor_is_moving(floor); steps--) {
		for (size_t i = 0; i < floor->body_count; i++) {
			roll(floor->bodies[i]);
		}
		part(floor);
		floor->steps++;
	}
}

/* ---- places ---- */

void floor_place(struct body *body, double x, double y, double heading)
{
	body->x = x;
	body->y = y;
	body->heading = remainder(heading, 2 * M_PI);
	part(body->floor);
}

void floor_set_plan(struct floor *floor, const struct floor_plan *plan)
{
	floor->plan = *plan;
	floor->changes++;
	part(floor);
}

struct body *floor_add_body(struct floor *floor, uint32_t seed)
{
	struct body *body = xcalloc(1, sizeof(*body));

	assert(floor->body_count < FLOOR_BODIES_MAX);
	body->floor = floor;
	body->random = UINT64_C(0x9E3779B97F4A7C15) ^ seed;
	body->wheels[0].grip = body->wheels[1].grip = 1;
	body->light_set = body->distance_set = NAN;

	/* In rows from the corner; where something stands, it is pushed aside. */
	const double apart = 4 * BODY_RADIUS;
	unsigned in_row = (unsigned)fmax(floor->plan.size[0] / apart, 1);
	unsigned index = (unsigned)floor->body_count;

	floor->bodies[floor->body_count++] = body;
	floor_place(body, (index % in_row + 0.5) * apart,
		fmod((index / in_row + 0.5) * apart, floor->plan.size[1]), 0);
	return body;
}

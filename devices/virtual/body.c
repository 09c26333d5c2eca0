/* What a body does and feels on its floor; see body.h. */
#include "virtual/floor.h"

#include <math.h>

enum { RAYS = 15 };

#define CONE 0.26 /* radians to each side: 15 degrees */
#define RANGE_CM 400
#define SPOT 0.012     /* metres of floor that a line probe sees */
#define LIGHT_AHEAD 0.06 /* where the light sensor sits */
#define TOUCH 0.003    /* a bumper closes so near */
#define BUMPER 1.4     /* radians to each side of its nose */

/* ---- wheels ---- */

static double share(double value)
{
	return fmin(fmax(value, -1), 1);
}

void body_drive(struct body *body, double left, double right)
{
	body->wheels[0].target = share(left);
	body->wheels[1].target = share(right);
	body->is_coasting = false;
}

void body_coast(struct body *body)
{
	body_drive(body, 0, 0);
	body->is_coasting = true;
}

double body_speed(const struct body *body, bool is_right)
{
	return body->wheels[is_right].speed;
}

double body_turned(const struct body *body, bool is_right)
{
	return body->wheels[is_right].turned;
}

double body_heading(const struct body *body)
{
	return body->heading;
}

/* ---- senses ---- */

/* A place on the body, as its owner sees it. */
static struct floor_point place(const struct body *body, double ahead, double to_left)
{
	double c = cos(body->heading), s = sin(body->heading);

	return (struct floor_point){
		body->x + c * ahead - s * to_left,
		body->y + s * ahead + c * to_left,
	};
}

/* Metres along one ray to what is nearest. */
static double look(const struct body *body, struct floor_point from, double angle)
{
	const struct floor *floor = body->floor;
	struct floor_point ray = {cos(angle), sin(angle)};
	double nearest = wall_ray(floor->plan.size, from, ray);

	for (unsigned i = 0; i < floor->plan.object_count; i++) {
		if (object_is_obstacle(&floor->plan.objects[i])) {
			nearest = fmin(nearest, obstacle_ray(&floor->plan.objects[i], from, ray));
		}
	}
	for (size_t i = 0; i < floor->body_count; i++) {
		const struct body *other = floor->bodies[i];

		if (other != body) {
			nearest = fmin(nearest, circle_ray((struct floor_point){other->x, other->y},
						  BODY_RADIUS, from, ray));
		}
	}
	return nearest;
}

double body_distance_cm(const struct body *body)
{
	struct floor_point nose = place(body, BODY_RADIUS, 0);
	double nearest = RANGE_CM;

	if (!isnan(body->distance_set)) {
		return body->distance_set;
	}
	for (int i = 0; i < RAYS; i++) {
		double angle = body->heading + CONE * (2.0 * i / (RAYS - 1) - 1);

		nearest = fmin(nearest, look(body, nose, angle) * 100);
	}
	return nearest;
}

double body_darkness(const struct body *body, int probe)
{
	const struct floor_plan *plan = &body->floor->plan;
	struct floor_point eye = place(body, BODY_PROBE_AHEAD, -probe * BODY_PROBE_SIDE);
	double darkness = 0;

	for (unsigned i = 0; i < plan->object_count; i++) {
		const struct floor_object *line = &plan->objects[i];

		if (line->type == OBJECT_LINE) {
			double inside = line->width / 2 - line_distance(line, eye);

			darkness = fmax(darkness, fmin(inside / SPOT + 0.5, 1));
		}
	}
	return darkness;
}

double body_light(const struct body *body)
{
	const struct floor_plan *plan = &body->floor->plan;
	struct floor_point eye = place(body, LIGHT_AHEAD, 0);
	double light = plan->daylight;

	if (!isnan(body->light_set)) {
		return body->light_set;
	}
	for (unsigned i = 0; i < plan->object_count; i++) {
		const struct floor_object *lamp = &plan->objects[i];

		if (lamp->type == OBJECT_LAMP) {
			double far = hypot(lamp->at.x - eye.x, lamp->at.y - eye.y) / lamp->reach;

			light += lamp->brightness / (1 + far * far);
		}
	}
	return fmin(light, 1);
}

/* Is something so near, and before the nose? `away` points from it to the body. */
static bool touches(const struct body *body, double gap, struct floor_point away)
{
	double ahead = -(away.x * cos(body->heading) + away.y * sin(body->heading));

	return gap < TOUCH && ahead > cos(BUMPER);
}

bool body_is_bumped(const struct body *body)
{
	const struct floor *floor = body->floor;
	const double *size = floor->plan.size;
	struct floor_point at = {body->x, body->y}, away;

	if (touches(body, at.x - BODY_RADIUS, (struct floor_point){1, 0}) ||
		touches(body, size[0] - at.x - BODY_RADIUS, (struct floor_point){-1, 0}) ||
		touches(body, at.y - BODY_RADIUS, (struct floor_point){0, 1}) ||
		touches(body, size[1] - at.y - BODY_RADIUS, (struct floor_point){0, -1})) {
		return true;
	}
	for (unsigned i = 0; i < floor->plan.object_count; i++) {
		const struct floor_object *object = &floor->plan.objects[i];

		if (object_is_obstacle(object) &&
			touches(body, obstacle_gap(object, at, &away) - BODY_RADIUS, away)) {
			return true;
		}
	}
	for (size_t i = 0; i < floor->body_count; i++) {
		const struct body *other = floor->bodies[i];

		if (other != body &&
			touches(body, circle_gap((struct floor_point){other->x, other->y},
					      2 * BODY_RADIUS, at, &away), away)) {
			return true;
		}
	}
	return false;
}

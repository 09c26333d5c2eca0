/* Circles, boxes, rays and lines of the floor; see floor.h. */
#include "virtual/floor.h"

#include <math.h>

static double dot(struct floor_point a, struct floor_point b)
{
	return a.x * b.x + a.y * b.y;
}

static struct floor_point minus(struct floor_point a, struct floor_point b)
{
	return (struct floor_point){a.x - b.x, a.y - b.y};
}

static struct floor_point turned(struct floor_point point, double angle)
{
	double c = cos(angle), s = sin(angle);

	return (struct floor_point){c * point.x - s * point.y, s * point.x + c * point.y};
}

/* ---- how near ---- */

double circle_gap(struct floor_point middle, double radius, struct floor_point from,
	struct floor_point *away)
{
	struct floor_point offset = minus(from, middle);
	double distance = hypot(offset.x, offset.y);

	/* Two in the same place part along x. */
	*away = distance > 0 ? (struct floor_point){offset.x / distance, offset.y / distance}
			     : (struct floor_point){1, 0};
	return distance - radius;
}

static double box_gap(const struct floor_object *box, struct floor_point from,
	struct floor_point *away)
{
	struct floor_point local = turned(minus(from, box->at), -box->heading), out = {0, 0};
	double beyond_x = fabs(local.x) - box->size[0] / 2;
	double beyond_y = fabs(local.y) - box->size[1] / 2;
	double gap;

	if (beyond_x > 0 && beyond_y > 0) { /* nearest is a corner */
		gap = hypot(beyond_x, beyond_y);
		out.x = copysign(beyond_x / gap, local.x);
		out.y = copysign(beyond_y / gap, local.y);
	} else if (beyond_x > beyond_y) {
		gap = beyond_x;
		out.x = copysign(1, local.x);
	} else {
		gap = beyond_y;
		out.y = copysign(1, local.y);
	}
	*away = turned(out, box->heading);
	return gap;
}

double obstacle_gap(const struct floor_object *obstacle, struct floor_point from,
	struct floor_point *away)
{
	return obstacle->type == OBJECT_BOX ? box_gap(obstacle, from, away)
					    : circle_gap(obstacle->at, obstacle->radius, from, away);
}

static double segment_distance(struct floor_point a, struct floor_point b, struct floor_point from)
{
	struct floor_point along = minus(b, a), offset = minus(from, a);
	double length2 = dot(along, along);
	double share = length2 > 0 ? fmin(fmax(dot(offset, along) / length2, 0), 1) : 0;

	return hypot(offset.x - share * along.x, offset.y - share * along.y);
}

double line_distance(const struct floor_object *line, struct floor_point from)
{
	double nearest = HUGE_VAL;

	for (unsigned i = line->is_closed ? 0 : 1; i < line->point_count; i++) {
		unsigned before = (i + line->point_count - 1) % line->point_count;

		nearest = fmin(nearest,
			segment_distance(line->points[before], line->points[i], from));
	}
	return nearest;
}

/* ---- rays ---- */

double circle_ray(struct floor_point middle, double radius, struct floor_point from,
	struct floor_point ray)
{
	struct floor_point offset = minus(middle, from);
	double along = dot(offset, ray);
	double inside = radius * radius - (dot(offset, offset) - along * along);

	if (dot(offset, offset) <= radius * radius) {
		return 0;
	}
	return along > 0 && inside >= 0 ? along - sqrt(inside) : HUGE_VAL;
}

/* Where a ray is between -half and half of one axis: narrows *enter..*leave. */
static void cut_slab(double from, double ray, double half, double *enter, double *leave)
{
	if (ray == 0) {
		*leave = fabs(from) <= half ? *leave : -HUGE_VAL;
		return;
	}
	double one = (-half - from) / ray, other = (half - from) / ray;

	*enter = fmax(*enter, fmin(one, other));
	*leave = fmin(*leave, fmax(one, other));
}

double obstacle_ray(const struct floor_object *obstacle, struct floor_point from,
	struct floor_point ray)
{
	if (obstacle->type == OBJECT_CIRCLE) {
		return circle_ray(obstacle->at, obstacle->radius, from, ray);
	}
	double around = hypot(obstacle->size[0], obstacle->size[1]) / 2;

	if (circle_ray(obstacle->at, around, from, ray) == HUGE_VAL) {
		return HUGE_VAL;
	}
	struct floor_point local = turned(minus(from, obstacle->at), -obstacle->heading);
	struct floor_point way = turned(ray, -obstacle->heading);
	double enter = 0, leave = HUGE_VAL;

	cut_slab(local.x, way.x, obstacle->size[0] / 2, &enter, &leave);
	cut_slab(local.y, way.y, obstacle->size[1] / 2, &enter, &leave);
	return enter <= leave ? enter : HUGE_VAL;
}

double wall_ray(const double size[2], struct floor_point from, struct floor_point ray)
{
	double enter = -HUGE_VAL, leave = HUGE_VAL;

	cut_slab(from.x - size[0] / 2, ray.x, size[0] / 2, &enter, &leave);
	cut_slab(from.y - size[1] / 2, ray.y, size[1] / 2, &enter, &leave);
	return fmax(leave, 0);
}

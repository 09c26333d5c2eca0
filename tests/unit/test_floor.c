/* The robots' floor: how bodies roll, collide, see, and what one seed promises. */
#include "virtual/plan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct floor *room;
static int64_t now_us;

static int set_up(void **state)
{
	(void)state;
	now_us = 1000000;
	room = floor_create(now_us);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	floor_destroy(room);
	return 0;
}

static struct body *put(double x, double y, double heading)
{
	struct body *body = floor_add_body(room, (uint32_t)room->body_count + 1);

	floor_place(body, x, y, heading);
	return body;
}

static void run(double seconds)
{
	now_us += (int64_t)(seconds * 1e6);
	floor_step(room, now_us);
}

static enum err merge(const char *json, struct why *why)
{
	cJSON *objects = cJSON_Parse(json);
	struct floor_plan *plan = malloc(sizeof(*plan));

	assert_non_null(objects);
	*plan = room->plan;

	enum err err = plan_merge(plan, objects, why);

	if (err == ERR_NONE) {
		floor_set_plan(room, plan);
	}
	cJSON_Delete(objects);
	free(plan);
	return err;
}

static void build(const char *json)
{
	struct why why;

	assert_int_equal(merge(json, &why), ERR_NONE);
}

#define assert_near(value, wanted, by) assert_true(fabs((value) - (wanted)) <= (by))

/* ---- rolling ---- */

static void full_speed_for_two_seconds_is_two_times_top_speed_less_the_start(void **state)
{
	struct body *body = put(0.5, 1, 0);

	(void)state;
	body_drive(body, 1, 1);
	run(2);
	/* The wheels need 80 ms: so much way is lost, once. */
	assert_near(body->x, 0.5 + (2 - 0.08) * BODY_TOP_SPEED, 0.005);
	assert_near(body->y, 1, 1e-9);
	assert_near(body->heading, 0, 1e-9);
	assert_near(body_turned(body, false), (body->x - 0.5) / BODY_WHEEL_RADIUS * 180 / M_PI, 1);
	assert_true(body_speed(body, false) == 1 && body_speed(body, true) == 1);
}

static void opposite_wheels_turn_it_on_the_spot_to_the_left(void **state)
{
	struct body *body = put(1, 1, 0);

	(void)state;
	body_drive(body, -0.2, 0.2);
	run(1);
	assert_near(body->heading, 2 * 0.2 * BODY_TOP_SPEED / BODY_WHEEL_BASE * (1 - 0.08), 0.01);
	assert_near(hypot(body->x - 1, body->y - 1), 0, 1e-9);
	assert_true(body_turned(body, false) < 0 && body_turned(body, true) > 0);
}

static void unequal_wheels_make_a_circle_that_closes(void **state)
{
	struct body *body = put(1.5, 0.5, 0);
	double round_s = 2 * M_PI * BODY_WHEEL_BASE / (0.5 * BODY_TOP_SPEED);
	double x, y;

	(void)state;
	body_drive(body, 0.5, 1);
	run(1);
	x = body->x;
	y = body->y;
	run(round_s);
	assert_near(hypot(body->x - x, body->y - y), 0, 0.003);
	assert_true(y > 0.5); /* to the left */
}

static void stopping_takes_centimetres_and_coasting_more(void **state)
{
	struct body *braked = put(0.5, 0.5, 0), *coasted = put(0.5, 1.5, 0);
	double from;

	(void)state;
	body_drive(braked, 1, 1);
	body_drive(coasted, 1, 1);
	run(1);
	from = braked->x;
	body_drive(braked, 0, 0);
	body_coast(coasted);
	run(3);
	assert_near(braked->x - from, 0.03 * BODY_TOP_SPEED, 0.005);
	assert_near(coasted->x - from, 0.25 * BODY_TOP_SPEED, 0.01);
	assert_false(floor_is_moving(room));
	assert_true(body_speed(coasted, true) == 0);
}

static void a_speed_beyond_full_is_full(void **state)
{
	struct body *body = put(0.5, 1, 0);

	(void)state;
	body_drive(body, 7, -7);
	run(1);
	assert_true(body_speed(body, false) == 1 && body_speed(body, true) == -1);
}

static void it_does_not_matter_how_time_is_cut(void **state)
{
	struct body *body = put(0.5, 1, 0.3);
	double x, y, heading;

	(void)state;
	body_drive(body, 0.7, 0.9);
	run(1.5);
	x = body->x;
	y = body->y;
	heading = body->heading;
	tear_down(NULL);
	set_up(NULL);
	body = put(0.5, 1, 0.3);
	body_drive(body, 0.7, 0.9);
	for (int i = 0; i < 1500; i++) {
		run(0.001);
	}
	assert_true(body->x == x && body->y == y && body->heading == heading);
}

static void slip_makes_ways_differ_by_seed_and_the_same_seed_goes_the_same_way(void **state)
{
	double x[3], y[3];
	const uint32_t seeds[] = {5, 5, 6};

	(void)state;
	for (int i = 0; i < 3; i++) {
		tear_down(NULL);
		set_up(NULL);
		build("[{\"id\":\"room\",\"slip\":0.3}]");

		struct body *body = floor_add_body(room, seeds[i]);

		floor_place(body, 0.5, 1, 0);
		body_drive(body, 1, 1);
		run(3);
		x[i] = body->x;
		y[i] = body->y;
		assert_near(body_turned(body, true), body_turned(body, false), 1e-9);
		assert_true(body->x - 0.5 < 3 * BODY_TOP_SPEED * 0.95);
	}
	assert_true(x[0] == x[1] && y[0] == y[1]);
	assert_true(x[0] != x[2] && y[0] != y[2]);
}

/* ---- collisions ---- */

static void a_wall_stops_a_body_and_closes_its_bumper_while_the_wheels_go_on(void **state)
{
	struct body *body = put(2.6, 1, 0);
	double turned;

	(void)state;
	assert_false(body_is_bumped(body));
	body_drive(body, 1, 1);
	run(2);
	assert_near(body->x, 3 - BODY_RADIUS, 1e-9);
	assert_true(body_is_bumped(body));
	turned = body_turned(body, false);
	run(1);
	assert_near(body->x, 3 - BODY_RADIUS, 1e-9);
	assert_true(body_turned(body, false) > turned + 100);
	body_drive(body, -1, -1);
	run(0.5);
	assert_false(body_is_bumped(body));
}

static void a_bumper_does_not_feel_what_is_behind(void **state)
{
	struct body *body = put(BODY_RADIUS, 1, 0);

	(void)state;
	assert_false(body_is_bumped(body));
	floor_place(body, BODY_RADIUS, 1, M_PI);
	assert_true(body_is_bumped(body));
}

static void an_obstacle_stops_a_body_and_one_met_aslant_is_slid_along(void **state)
{
	struct body *head_on = put(0.3, 1, 0), *aslant = put(0.3, 0.42, 0);

	(void)state;
	build("[{\"id\":\"box\",\"type\":\"box\",\"at\":[1,1],\"size\":[0.2,0.2]},"
	      "{\"id\":\"post\",\"type\":\"circle\",\"at\":[1,0.3],\"radius\":0.1}]");
	body_drive(head_on, 1, 1);
	body_drive(aslant, 1, 1);
	run(5);
	assert_near(head_on->x, 0.9 - BODY_RADIUS, 1e-9);
	assert_true(body_is_bumped(head_on));
	assert_true(aslant->x > 1.4 && aslant->y > 0.3 + 0.1 + BODY_RADIUS - 0.001);
}

static void a_turned_box_has_its_corner_where_it_is_seen(void **state)
{
	struct body *body = put(0.3, 1, 0);

	(void)state;
	build("[{\"id\":\"box\",\"type\":\"box\",\"at\":[1,1],\"size\":[0.2,0.2],"
	      "\"heading\":0.78539816}]");
	body_drive(body, 1, 1);
	run(3);
	assert_near(body->x, 1 - 0.2 / sqrt(2) - BODY_RADIUS, 1e-4);
}

static void two_bodies_that_meet_stop_each_other_and_one_pushes_one_that_stands(void **state)
{
	struct body *one = put(0.5, 0.5, 0), *other = put(1.5, 0.5, M_PI);
	struct body *strong = put(0.5, 1.5, 0), *idle = put(1, 1.5, 0);

	(void)state;
	body_drive(one, 0.5, 0.5);
	body_drive(other, 0.5, 0.5);
	body_drive(strong, 0.5, 0.5);
	run(5);
	assert_near(one->x, 1 - BODY_RADIUS, 0.002);
	assert_near(other->x, 1 + BODY_RADIUS, 0.002);
	assert_true(body_is_bumped(one) && body_is_bumped(other));
	assert_true(idle->x > 1.05);
	assert_near(idle->x - strong->x, 2 * BODY_RADIUS, 0.003);
	assert_true(body_turned(idle, false) == 0);
}

static void a_crowd_in_a_corner_never_leaves_the_room_or_overlaps_much(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		body_drive(put(0.3 + 0.2 * (i % 4), 0.3 + 0.2 * (i / 4), -M_PI * 3 / 4), 1, 1);
	}
	for (int i = 0; i < 100; i++) {
		run(0.1);
		for (size_t j = 0; j < room->body_count; j++) {
			const struct body *body = room->bodies[j];

			assert_true(body->x >= BODY_RADIUS && body->x <= 3 - BODY_RADIUS);
			assert_true(body->y >= BODY_RADIUS && body->y <= 2 - BODY_RADIUS);
			for (size_t k = 0; k < j; k++) {
				assert_true(hypot(body->x - room->bodies[k]->x,
						    body->y - room->bodies[k]->y) > BODY_RADIUS);
			}
		}
	}
}

static void a_body_that_is_put_into_an_obstacle_or_beyond_a_wall_is_pushed_out(void **state)
{
	struct body *body = put(1, 1, 0);

	(void)state;
	build("[{\"id\":\"box\",\"type\":\"box\",\"at\":[1.05,1],\"size\":[0.4,0.4]}]");
	assert_near(body->x, 0.85 - BODY_RADIUS, 1e-9);
	floor_place(body, 3, 0, 0);
	assert_near(body->x, 3 - BODY_RADIUS, 1e-9);
	assert_near(body->y, BODY_RADIUS, 1e-9);
}

/* ---- senses ---- */

static void distance_is_that_from_the_nose_to_the_wall(void **state)
{
	struct body *body = put(1, 1, 0);

	(void)state;
	assert_near(body_distance_cm(body), (3 - 1 - BODY_RADIUS) * 100, 1e-6);
	floor_place(body, 1, 1, M_PI / 2);
	assert_near(body_distance_cm(body), (2 - 1 - BODY_RADIUS) * 100, 1e-6);
	floor_place(body, 3, 1, 0);
	assert_near(body_distance_cm(body), 0, 1e-6);
}

static void the_cone_sees_what_stands_a_little_aside_and_not_what_is_beside(void **state)
{
	struct body *body = put(0.5, 1, 0);
	double nose = 0.5 + BODY_RADIUS;

	(void)state;
	build("[{\"id\":\"post\",\"type\":\"circle\",\"at\":[1.5,1.2],\"radius\":0.02}]");
	assert_near(body_distance_cm(body), (hypot(1.5 - nose, 0.2) - 0.02) * 100, 1);
	build("[{\"id\":\"post\",\"at\":[1.5,1.4]}]");
	assert_near(body_distance_cm(body), (3 - nose) * 100, 1e-6);
	build("[{\"id\":\"post\",\"at\":[1,1]}]");
	assert_near(body_distance_cm(body), (1 - 0.02 - nose) * 100, 0.1);
}

static void nothing_within_four_metres_is_400(void **state)
{
	struct body *body;

	(void)state;
	build("[{\"id\":\"room\",\"size\":[10,10]}]");
	body = put(5, 5, 0);
	assert_true(body_distance_cm(body) == 400);
	floor_place(body, 5.95, 5, 0);
	assert_near(body_distance_cm(body), (10 - 5.95 - BODY_RADIUS) * 100, 1e-6);
}

static void other_robots_are_seen(void **state)
{
	struct body *body = put(0.5, 1, 0);

	(void)state;
	put(1.5, 1, 0);
	assert_near(body_distance_cm(body), (1 - 2 * BODY_RADIUS) * 100, 0.01);
}

static void the_line_is_dark_in_its_middle_half_at_its_edge_and_the_probes_differ(void **state)
{
	struct body *body;

	(void)state;
	build("[{\"id\":\"line\",\"type\":\"line\",\"points\":[[0.5,1],[2.5,1]],\"width\":0.03}]");
	body = put(1, 1, 0);
	assert_near(body_darkness(body, 0), 1, 1e-9);
	assert_true(body_darkness(body, -1) > 0.8 && body_darkness(body, 1) > 0.8);
	floor_place(body, 1, 1.015, 0); /* to the left of the line: its right half is on it */
	assert_near(body_darkness(body, 0), 0.5, 1e-6);
	assert_true(body_darkness(body, -1) == 0);
	assert_near(body_darkness(body, 1), 1, 0.1);
	floor_place(body, 1, 1.1, 0);
	assert_true(body_darkness(body, 0) == 0);
	floor_place(body, 2.6, 1, 0); /* its end */
	assert_true(body_darkness(body, 0) == 0);
}

static void a_closed_line_leads_from_its_last_point_to_the_first(void **state)
{
	struct body *body = put(1 - BODY_PROBE_AHEAD, 0.75, 0);

	(void)state;
	build("[{\"id\":\"line\",\"type\":\"line\",\"points\":[[1,0.5],[2,0.5],[2,1],[1,1]]}]");
	assert_true(body_darkness(body, 0) == 0);
	build("[{\"id\":\"line\",\"closed\":true}]");
	assert_true(body_darkness(body, 0) == 1);
}

static void a_lamp_gives_half_its_light_at_its_reach_and_daylight_adds(void **state)
{
	struct body *body = put(1 - 0.06, 1, 0);

	(void)state;
	assert_near(body_light(body), 0.4, 1e-9);
	build("[{\"id\":\"room\",\"daylight\":0.1},"
	      "{\"id\":\"lamp\",\"type\":\"lamp\",\"at\":[1,1],\"brightness\":0.8,\"reach\":0.5}]");
	assert_near(body_light(body), 0.9, 1e-9);
	build("[{\"id\":\"lamp\",\"at\":[1.5,1]}]");
	assert_near(body_light(body), 0.5, 1e-9);
	build("[{\"id\":\"lamp\",\"at\":[2,1]}]");
	assert_near(body_light(body), 0.1 + 0.8 / 5, 1e-9);
	build("[{\"id\":\"room\",\"daylight\":0.9},{\"id\":\"lamp\",\"at\":[1,1]}]");
	assert_true(body_light(body) == 1);
}

/* Follows the right edge for a while, as the course case does; how far it strays from it. */
static double follow(struct body *body, bool has_two_probes, double speed, double gain)
{
	const struct floor_object *line = &room->plan.objects[0];
	double farthest = 0;

	for (int i = 0; i < 600; i++) { /* 50 ms from measuring to driving */
		double dark = has_two_probes ? ((body_darkness(body, -1) > 0.5) +
						       (body_darkness(body, 1) > 0.5)) / 2.0
					     : body_darkness(body, 0);
		double off = dark - 0.5;

		run(0.05);
		body_drive(body, speed + gain * off, speed - gain * off);
		farthest = fmax(farthest,
			line_distance(line, (struct floor_point){body->x, body->y}));
	}
	return farthest;
}

static void a_simple_program_follows_the_line_with_one_probe_or_two(void **state)
{
	(void)state;
	build("[{\"id\":\"track\",\"type\":\"line\",\"closed\":true,\"points\":["
	      "[2.25,0.3],[2.497,0.403],[2.6,0.65],[2.6,1.35],[2.497,1.597],[2.25,1.7],"
	      "[0.75,1.7],[0.503,1.597],[0.4,1.35],[0.4,0.65],[0.503,0.403],[0.75,0.3]]}]");
	for (int has_two = 0; has_two < 2; has_two++) {
		struct body *body = put(1, 0.285, 0);
		double farthest = follow(body, has_two, 0.3, 0.35);

		print_message("# %s: at most %.1f cm from the line\n",
			has_two ? "two probes" : "one probe", farthest * 100);
		assert_true(farthest < 0.1);
		assert_true(body_turned(body, false) / 180 * M_PI * BODY_WHEEL_RADIUS > 2);
		floor_place(body, 1.5, 1, 0); /* out of the other's way */
		body_drive(body, 0, 0);
	}
}

/* ---- objects in JSON ---- */

static void objects_are_told_as_they_were_set(void **state)
{
	static const char wanted[] =
		"[{\"id\":\"room\",\"type\":\"room\",\"size\":[4,3],\"daylight\":0.25,\"slip\":0},"
		"{\"id\":\"box\",\"type\":\"box\",\"at\":[1,1],\"size\":[0.5,0.25],\"heading\":0},"
		"{\"id\":\"post\",\"type\":\"circle\",\"at\":[3.5,2],\"radius\":0.125},"
		"{\"id\":\"lamp\",\"type\":\"lamp\",\"at\":[2,2],\"brightness\":1,\"reach\":0.5},"
		"{\"id\":\"track\",\"type\":\"line\",\"points\":[[1,1],[2,1]],\"closed\":true,"
		"\"width\":0.03}]";
	cJSON *told;
	char *text;

	(void)state;
	build("[{\"id\":\"room\",\"size\":[4,3],\"daylight\":0.25},"
	      "{\"id\":\"box\",\"type\":\"box\",\"at\":[1,1],\"size\":[0.5,0.25]},"
	      "{\"id\":\"gone\",\"type\":\"lamp\",\"at\":[1,1]},"
	      "{\"id\":\"post\",\"type\":\"circle\",\"at\":[3,2],\"radius\":0.125},"
	      "{\"id\":\"lamp\",\"type\":\"lamp\",\"at\":[2,2]},"
	      "{\"id\":\"track\",\"type\":\"line\",\"points\":[[1,1],[2,1]],\"closed\":true}]");
	build("[{\"id\":\"gone\",\"type\":null},{\"id\":\"post\",\"at\":[3.5,2]}]");
	told = plan_tell(&room->plan);
	text = cJSON_PrintUnformatted(told);
	assert_string_equal(text, wanted);
	build(text); /* what is told may be set */
	free(text);
	cJSON_Delete(told);
}

static void a_wrong_object_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char *json, *word;
	} wrong[] = {
		{"[3]", "\"id\""},
		{"[{\"id\":\"Box\",\"type\":\"box\"}]", "\"id\""},
		{"[{\"id\":\"a\"}]", "box, circle, line or lamp"},
		{"[{\"id\":\"a\",\"type\":\"cone\"}]", "box, circle, line or lamp"},
		{"[{\"id\":\"a\",\"type\":\"room\"}]", "box, circle, line or lamp"},
		{"[{\"id\":\"a\",\"type\":null}]", "box, circle, line or lamp"},
		{"[{\"id\":\"room\",\"type\":null}]", "box, circle, line or lamp"},
		{"[{\"id\":\"lamp\",\"type\":\"box\"}]", "stays as it is"},
		{"[{\"id\":\"a\",\"type\":\"box\",\"size\":[1,1]}]", "\"at\""},
		{"[{\"id\":\"a\",\"type\":\"box\",\"at\":[1,1]}]", "\"size\""},
		{"[{\"id\":\"a\",\"type\":\"box\",\"at\":[1,2.5],\"size\":[1,1]}]", "3 m x 2 m"},
		{"[{\"id\":\"a\",\"type\":\"box\",\"at\":[1],\"size\":[1,1]}]", "[x, y]"},
		{"[{\"id\":\"a\",\"type\":\"box\",\"at\":[1,1],\"size\":[1,0]}]", "0.01"},
		{"[{\"id\":\"a\",\"type\":\"box\",\"at\":[1,1],\"size\":[1,1],\"radius\":1}]",
			"has no \"radius\""},
		{"[{\"id\":\"a\",\"type\":\"line\",\"points\":[[1,1]]}]", "2 to 128"},
		{"[{\"id\":\"a\",\"type\":\"line\",\"points\":[[1,1],[1,9]]}]", "2 to 128"},
		{"[{\"id\":\"lamp\",\"brightness\":1.5}]", "0 to 1"},
		{"[{\"id\":\"lamp\",\"brightness\":null}]", "0 to 1"},
		{"[{\"id\":\"room\",\"size\":[0.1,1]}]", "0.5"},
		{"[{\"id\":\"room\",\"daylight\":-1}]", "0 to 1"},
		{"[{\"id\":\"room\",\"at\":[1,1]}]", "has no \"at\""},
	};
	struct why why;

	(void)state;
	build("[{\"id\":\"lamp\",\"type\":\"lamp\",\"at\":[1,1]}]");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(merge(wrong[i].json, &why), ERR_INVALID);
		assert_non_null(strstr(why_text(&why, LANG_EN), wrong[i].word));
	}
}

static void the_floor_takes_64_objects_and_says_so(void **state)
{
	char json[96];
	struct why why;

	(void)state;
	for (int i = 0; i < FLOOR_OBJECTS_MAX; i++) {
		snprintf(json, sizeof(json),
			"[{\"id\":\"post-%d\",\"type\":\"circle\",\"at\":[1,1],\"radius\":0.01}]", i);
		build(json);
	}
	assert_int_equal(merge("[{\"id\":\"x\",\"type\":\"lamp\",\"at\":[1,1]}]", &why), ERR_LIMIT);
	build("[{\"id\":\"post-0\",\"type\":null},{\"id\":\"x\",\"type\":\"lamp\",\"at\":[1,1]}]");
}

/* ---- what it costs ---- */

static void a_second_of_twelve_robots_and_sixty_obstacles_costs_little(void **state)
{
	char json[96];
	clock_t begin;
	double ms;

	(void)state;
	for (int i = 0; i < 60; i++) {
		snprintf(json, sizeof(json),
			"[{\"id\":\"post-%d\",\"type\":\"box\",\"at\":[%.2f,%.2f],\"size\":[0.05,0.05]}]",
			i, 0.2 + 0.28 * (i % 10), 0.2 + 0.3 * (i / 10));
		build(json);
	}
	for (int i = 0; i < 12; i++) {
		body_drive(put(0.3 + 0.2 * i, 1, i), 0.6, 0.9);
	}
	begin = clock();
	for (int i = 0; i < 1000; i++) { /* ten seconds, each robot looking 20 times in each */
		run(0.01);
		if (i % 5 == 0) {
			for (size_t j = 0; j < room->body_count; j++) {
				assert_true(body_distance_cm(room->bodies[j]) >= 0);
			}
		}
	}
	ms = (double)(clock() - begin) * 1000 / CLOCKS_PER_SEC / 10;
	print_message("# a second of 12 robots costs %.2f ms of CPU\n", ms);
	assert_true(ms < 200);
	for (size_t j = 0; j < room->body_count; j++) {
		body_drive(room->bodies[j], 0, 0);
	}
	run(5);

	uint64_t steps = room->steps;

	run(3600); /* nothing moves: an hour is nothing */
	assert_true(room->steps == steps);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(full_speed_for_two_seconds_is_two_times_top_speed_less_the_start),
		TEST(opposite_wheels_turn_it_on_the_spot_to_the_left),
		TEST(unequal_wheels_make_a_circle_that_closes),
		TEST(stopping_takes_centimetres_and_coasting_more),
		TEST(a_speed_beyond_full_is_full),
		TEST(it_does_not_matter_how_time_is_cut),
		TEST(slip_makes_ways_differ_by_seed_and_the_same_seed_goes_the_same_way),
		TEST(a_wall_stops_a_body_and_closes_its_bumper_while_the_wheels_go_on),
		TEST(a_bumper_does_not_feel_what_is_behind),
		TEST(an_obstacle_stops_a_body_and_one_met_aslant_is_slid_along),
		TEST(a_turned_box_has_its_corner_where_it_is_seen),
		TEST(two_bodies_that_meet_stop_each_other_and_one_pushes_one_that_stands),
		TEST(a_crowd_in_a_corner_never_leaves_the_room_or_overlaps_much),
		TEST(a_body_that_is_put_into_an_obstacle_or_beyond_a_wall_is_pushed_out),
		TEST(distance_is_that_from_the_nose_to_the_wall),
		TEST(the_cone_sees_what_stands_a_little_aside_and_not_what_is_beside),
		TEST(nothing_within_four_metres_is_400),
		TEST(other_robots_are_seen),
		TEST(the_line_is_dark_in_its_middle_half_at_its_edge_and_the_probes_differ),
		TEST(a_closed_line_leads_from_its_last_point_to_the_first),
		TEST(a_simple_program_follows_the_line_with_one_probe_or_two),
		TEST(a_lamp_gives_half_its_light_at_its_reach_and_daylight_adds),
		TEST(objects_are_told_as_they_were_set),
		TEST(a_wrong_object_is_refused_with_a_reason),
		TEST(the_floor_takes_64_objects_and_says_so),
		TEST(a_second_of_twelve_robots_and_sixty_obstacles_costs_little),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("floor", tests, NULL, NULL);
}

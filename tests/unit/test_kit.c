/* The kit core between a driver of this file and a port that can be blocked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- a kit of two lamps and a slow "tone" ---- */

struct far_end {
	uint8_t sent[256];
	size_t sent_count, backlog;
	unsigned samples, events, watches, changes;
	uint32_t token;
	struct value last_result;
	enum err last_error;
	unsigned answers;
};

static struct far_end far;

static void lamp_start(struct kit *kit, int64_t now_us)
{
	(void)now_us;
	kit_describe_begin(kit);
	kit_describe_property(kit, "led", VALUE_BOOL, true, true, 1);
	kit_describe_property(kit, "lamp", VALUE_NUMBER, true, true, 2);
	kit_describe_property(kit, "light", VALUE_NUMBER, true, false, 3);
	kit_describe_property(kit, "message", VALUE_TEXT, true, false, 4);
	struct action *tone = kit_describe_action(kit, "tone", 0);

	kit_describe_arg(tone, "frequency", VALUE_NUMBER, 20, 20000, false, NULL);
	kit_describe_arg(tone, "mode", VALUE_TEXT, NAN, NAN, true, "loud|quiet");
	kit_describe_event(kit, "string", VALUE_TEXT);
	kit_describe_end(kit);
	kit_ready(kit);
}

static void lamp_feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	(void)now_us;
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] == 'e') {
			kit_emit(kit, 0, NULL);
		} else {
			struct value value = value_number(bytes[i] / 256.0);

			if (bytes[i] == 'n') {
				value.number = NAN; /* a driver that forgot value_number() */
			}
			kit_set(kit, 2, &value);
		}
	}
}

static enum err lamp_write(struct kit *kit, const struct property *property,
	const struct value *value, int64_t now_us, struct why *why)
{
	uint8_t byte = property->tag == 1 ? value->boolean : (uint8_t)(value->number * 100);

	(void)now_us;
	(void)why;
	kit_send(kit, &byte, 1);
	kit_set(kit, (int)(property - kit->properties), value);
	return ERR_NONE;
}

static enum err lamp_act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why)
{
	uint8_t byte = 'T';

	(void)action;
	(void)args;
	(void)now_us;
	(void)why;
	far.token = token;
	kit_send(kit, &byte, 1);
	return ERR_NONE;
}

static void lamp_watch(struct kit *kit, const struct property *property, bool on, int64_t now_us)
{
	(void)kit;
	(void)property;
	(void)now_us;
	far.watches += on ? 1 : (unsigned)-1;
}

static const struct driver lamp_driver = {
	.name = "lamp",
	.state_size = 1,
	.start = lamp_start,
	.feed = lamp_feed,
	.write = lamp_write,
	.act = lamp_act,
	.watch = lamp_watch,
};

/* ---- its port and its listener ---- */

static bool on_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	(void)lane;
	(void)data;
	memcpy(far.sent + far.sent_count, bytes, count);
	far.sent_count += count;
	return true;
}

static size_t on_backlog(void *data)
{
	(void)data;
	return far.backlog;
}

static void on_changed(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
	far.changes++;
}

static void on_sample(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
	far.samples++;
}

static void on_event(void *data, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us)
{
	(void)data;
	(void)kit;
	(void)event;
	(void)value;
	(void)t_us;
	far.events++;
}

static void on_done(void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	(void)data;
	(void)t_us;
	far.answers++;
	far.last_error = why->code;
	far.last_result = result ? *result : value_null();
}

static const struct kit_owner owner = {on_send, on_backlog, on_changed, NULL};
static const struct kit_listener listener = {on_sample, on_event};

static int setup(void **state)
{
	struct kit *kit = kit_create("lamp-1");

	memset(&far, 0, sizeof(far));
	kit->owner = &owner;
	kit->listener = &listener;
	kit_start(kit, &lamp_driver, 1000);
	*state = kit;
	return 0;
}

static int teardown(void **state)
{
	kit_destroy(*state);
	return 0;
}

/* ---- tests ---- */

static void a_read_is_one_sample_and_is_cut_where_a_property_comes_again(void **state)
{
	struct kit *kit = *state;
	uint64_t seq = kit->seq;

	kit_feed(kit, (const uint8_t *)"a", 1, 1500);
	assert_int_equal(kit->seq, seq + 1);
	assert_int_equal(far.samples, 1);
	kit_feed(kit, (const uint8_t *)"abc", 3, 2000);
	assert_int_equal(kit->seq, seq + 4);
	assert_int_equal(far.samples, 4);
	assert_int_equal(kit->properties[2].seq, kit->seq);
	assert_true(kit->properties[2].value.number == 'c' / 256.0);
	assert_int_equal(kit->t_us, 2000);
}

static void of_a_flood_only_some_samples_are_told_and_the_newest_is(void **state)
{
	struct kit *kit = *state;
	uint8_t flood[4096];

	for (size_t i = 0; i < sizeof(flood); i++) {
		flood[i] = (uint8_t)(i % 64);
	}
	kit_feed(kit, flood, sizeof(flood), 2000);
	assert_int_equal(far.samples, KIT_CUTS_MAX + 1);
	assert_true(kit->properties[2].value.number == 63 / 256.0);
}

static void an_unchanged_value_is_a_sample_and_no_change(void **state)
{
	struct kit *kit = *state;

	kit_feed(kit, (const uint8_t *)"a", 1, 2000);
	uint64_t changed = kit->properties[2].changed_seq;

	kit_feed(kit, (const uint8_t *)"a", 1, 3000);
	assert_int_equal(kit->properties[2].changed_seq, changed);
	assert_int_equal(kit->properties[2].seq, changed + 1);
}

static void a_reading_that_is_not_finite_becomes_null(void **state)
{
	struct kit *kit = *state;

	kit_feed(kit, (const uint8_t *)"an", 2, 2000);
	assert_int_equal(kit->properties[2].value.type, VALUE_NULL);
	assert_int_equal(kit->bad_values, 1);
}

static enum err write_number(struct kit *kit, const char *name, double number, struct why *why)
{
	struct value value = value_number(number);

	return kit_write(kit, kit_find_property(kit, name), &value, 5000, on_done, NULL, why);
}

static void a_write_outside_the_range_is_refused_and_not_clamped(void **state)
{
	struct kit *kit = *state;
	struct why why;

	assert_int_equal(write_number(kit, "lamp", 1.5, &why), ERR_INVALID);
	assert_int_equal(write_number(kit, "lamp", -0.1, &why), ERR_INVALID);
	assert_int_equal(write_number(kit, "led", 0.5, &why), ERR_INVALID);
	assert_int_equal(write_number(kit, "light", 0.5, &why), ERR_REFUSED);
	assert_int_equal(far.sent_count, 0);
	assert_int_equal(far.answers, 0);
}

static void a_write_is_answered_when_its_bytes_are_with_the_port(void **state)
{
	struct kit *kit = *state;
	struct why why;

	assert_int_equal(write_number(kit, "lamp", 0.5, &why), ERR_NONE);
	assert_int_equal(far.answers, 1);
	assert_int_equal(far.sent[0], 50);
}

static void while_the_port_is_blocked_the_newest_set_point_wins(void **state)
{
	struct kit *kit = *state;
	struct why why;

	far.backlog = 10;
	for (int i = 1; i <= 9; i++) {
		assert_int_equal(write_number(kit, "lamp", i / 10.0, &why), ERR_NONE);
	}
	assert_int_equal(far.sent_count, 0);
	assert_int_equal(far.answers, 0);
	far.backlog = 0;
	kit_drained(kit, 6000);
	assert_int_equal(far.sent_count, 1);
	assert_int_equal(far.sent[0], 90);
	assert_int_equal(far.answers, 9);
	assert_int_equal(far.last_error, ERR_NONE);
}

static void an_action_does_not_overtake_a_set_point(void **state)
{
	struct kit *kit = *state;
	struct value args[2] = {value_number(440), value_null()};
	struct why why;

	far.backlog = 10;
	write_number(kit, "lamp", 0.3, &why);
	assert_int_equal(kit_act(kit, 0, args, 6000, on_done, NULL, &why), ERR_NONE);
	assert_int_equal(far.sent[0], 30);
	assert_int_equal(far.sent[1], 'T');
}

static void writes_that_wait_are_bounded(void **state)
{
	struct kit *kit = *state;
	struct why why;
	enum err err = ERR_NONE;
	int count = 0;

	far.backlog = 10;
	while (!err && count < 10000) {
		err = write_number(kit, "lamp", 0.5, &why);
		count++;
	}
	assert_int_equal(err, ERR_BUSY);
	assert_int_equal(count, KIT_WRITES_MAX + 1);
}

static void a_lost_kit_ends_what_waits_and_replays_nothing(void **state)
{
	struct kit *kit = *state;
	struct value args[2] = {value_number(440), value_null()};
	struct why why;

	kit_act(kit, 0, args, 6000, on_done, NULL, &why);
	far.backlog = 10;
	write_number(kit, "lamp", 0.3, &why);
	size_t sent = far.sent_count;

	why_set(&why, ERR_LOST, MSG_KIT_LOST, "lamp-1");
	kit_lose(kit, KIT_LOST, &why, 7000);
	assert_int_equal(far.answers, 2);
	assert_int_equal(far.last_error, ERR_LOST);
	far.backlog = 0;
	kit_start(kit, &lamp_driver, 8000);
	kit_drained(kit, 8000);
	assert_int_equal(far.sent_count, sent);
}

static void an_action_without_answer_times_out_once(void **state)
{
	struct kit *kit = *state;
	struct value args[2] = {value_number(440), value_null()};
	struct why why;

	kit_act(kit, 0, args, 0, on_done, NULL, &why);
	kit_tick(kit, 4999999);
	assert_int_equal(far.answers, 0);
	kit_tick(kit, 5000000);
	assert_int_equal(far.last_error, ERR_TIMEOUT);
	kit_reply(kit, far.token, NULL, NULL);
	assert_int_equal(far.answers, 1);
}

static void arguments_are_checked_before_anything_is_sent(void **state)
{
	struct kit *kit = *state;
	struct value missing[2] = {value_null(), value_null()};
	struct value range[2] = {value_number(5), value_null()};
	struct value choice[2] = {value_number(440), value_text("silent", 6)};
	struct why why;

	assert_int_equal(kit_act(kit, 0, missing, 0, on_done, NULL, &why), ERR_INVALID);
	assert_int_equal(kit_act(kit, 0, range, 0, on_done, NULL, &why), ERR_INVALID);
	assert_int_equal(kit_act(kit, 0, choice, 0, on_done, NULL, &why), ERR_INVALID);
	assert_int_equal(far.sent_count, 0);
}

static void watching_counts_and_tells_the_driver_once(void **state)
{
	struct kit *kit = *state;

	kit_watch(kit, 2, 0);
	kit_watch(kit, 2, 0);
	assert_int_equal(far.watches, 1);
	kit_unwatch(kit, 2, 0);
	assert_int_equal(far.watches, 1);
	kit_unwatch(kit, 2, 0);
	assert_int_equal(far.watches, 0);
	kit_unwatch(kit, 2, 0);
	assert_int_equal(far.watches, 0);
}

static void what_keeps_its_name_keeps_value_and_watchers_when_described_anew(void **state)
{
	struct kit *kit = *state;

	kit_feed(kit, (const uint8_t *)"a", 1, 2000);
	kit_watch(kit, 2, 2000);
	lamp_start(kit, 3000);
	assert_true(kit->properties[2].value.number == 'a' / 256.0);
	assert_int_equal(kit->properties[2].watchers, 1);
}

static void a_wrong_name_is_answered_with_the_nearest(void **state)
{
	struct kit *kit = *state;
	struct why why;
	int index;

	assert_int_equal(kit_need_property(kit, "ligth", &index, &why), ERR_NOT_FOUND);
	assert_non_null(strstr(why_text(&why, LANG_EN), "\"light\""));
	assert_int_equal(kit_need_property(kit, "red", &index, &why), ERR_NOT_FOUND);
	assert_null(strstr(why_text(&why, LANG_EN), "Did you mean"));
	assert_int_equal(kit_need_property(kit, "zzzzzz", &index, &why), ERR_NOT_FOUND);
	assert_non_null(strstr(why_text(&why, LANG_EN), "led, lamp, light"));
	assert_int_equal(kit_need_action(kit, "tune", &index, &why), ERR_NOT_FOUND);
}

static void forgotten_answers_do_not_come(void **state)
{
	struct kit *kit = *state;
	struct value args[2] = {value_number(440), value_null()};
	struct why why;
	int me;

	kit_act(kit, 0, args, 0, on_done, &me, &why);
	kit_forget(kit, &me);
	kit_reply(kit, far.token, NULL, NULL);
	assert_int_equal(far.answers, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_read_is_one_sample_and_is_cut_where_a_property_comes_again),
		TEST(of_a_flood_only_some_samples_are_told_and_the_newest_is),
		TEST(an_unchanged_value_is_a_sample_and_no_change),
		TEST(a_reading_that_is_not_finite_becomes_null),
		TEST(a_write_outside_the_range_is_refused_and_not_clamped),
		TEST(a_write_is_answered_when_its_bytes_are_with_the_port),
		TEST(while_the_port_is_blocked_the_newest_set_point_wins),
		TEST(an_action_does_not_overtake_a_set_point),
		TEST(writes_that_wait_are_bounded),
		TEST(a_lost_kit_ends_what_waits_and_replays_nothing),
		TEST(an_action_without_answer_times_out_once),
		TEST(arguments_are_checked_before_anything_is_sent),
		TEST(watching_counts_and_tells_the_driver_once),
		TEST(what_keeps_its_name_keeps_value_and_watchers_when_described_anew),
		TEST(a_wrong_name_is_answered_with_the_nearest),
		TEST(forgotten_answers_do_not_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

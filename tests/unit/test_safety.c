/* Leases, checks and limits at the gate, with time by hand (SAFETY S1 to S4, S7, S9, S10). */
#include "safety_rig.h"
#include "wiring.h"

/* ---- leases ---- */

static void safety_S1_nothing_moves_without_a_lease(void **state)
{
	(void)state;
	assert_int_equal(writes(&rig.pupil, NULL, rig.a, "motor.1", 0.5), ERR_REFUSED);
	assert_int_equal(acts(&rig.pupil, NULL, rig.a, "drive", 1, 1), ERR_REFUSED);
	assert_int_equal(writes(&rig.pupil, "0123", rig.a, "motor.1", 0.5), ERR_LOST);
	assert_log("");
	assert_int_equal(writes(&rig.pupil, NULL, rig.a, "led", 1), ERR_NONE);
	assert_log("a:led=1;");
}

static void safety_S1_a_lease_moves_its_kit_only(void **state)
{
	char id[33];

	(void)state;
	assert_int_equal(takes(&rig.pupil, rig.a, false, id), ERR_NONE);
	assert_int_equal(strlen(id), 32);
	assert_int_equal(writes(&rig.pupil, id, rig.a, "motor.1", 0.5), ERR_NONE);
	assert_int_equal(acts(&rig.pupil, id, rig.a, "drive", 1, 1), ERR_NONE);
	assert_log("a:motor.1=0.5;a:drive;");
	assert_int_equal(writes(&rig.pupil, id, rig.b, "motor.1", 0.5), ERR_INVALID);
	assert_log("");
}

static void safety_S1_a_lease_is_its_holders_own(void **state)
{
	char id[33];
	struct lease_holder http = {.label = "http", .user = "pupil", .is_http = true};

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	assert_int_equal(writes(&rig.other, id, rig.a, "motor.1", 0.5), ERR_FORBIDDEN);
	assert_int_equal(feeds(&rig.teacher, id), ERR_FORBIDDEN);
	assert_int_equal(writes(&http, id, rig.a, "motor.1", 0.5), ERR_NONE);
	http.user = "other";
	assert_int_equal(writes(&http, id, rig.a, "motor.1", 0.5), ERR_FORBIDDEN);
}

static void safety_S1_a_lease_that_is_not_fed_ends_in_its_time(void **state)
{
	char id[33];

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	waits_ms(280);
	assert_log("");
	waits_ms(20);
	assert_log("a:rest;");
	assert_string_equal(rig.lost, "pupil a expired;");
	assert_int_equal(writes(&rig.pupil, id, rig.a, "motor.1", 0.5), ERR_LOST);
	assert_int_equal(feeds(&rig.pupil, id), ERR_LOST);
	assert_log("");
}

static void safety_S1_feeds_and_commands_keep_it(void **state)
{
	char id[33];

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	for (int i = 0; i < 10; i++) {
		waits_ms(200);
		assert_int_equal(i % 2 ? feeds(&rig.pupil, id)
				       : writes(&rig.pupil, id, rig.a, "motor.1", 0.5),
			ERR_NONE);
	}
	assert_string_equal(rig.lost, "");
	waits_ms(300);
	assert_string_equal(rig.lost, "pupil a expired;");
}

static void safety_S1_one_holder_a_kit_and_the_second_hears_who(void **state)
{
	char id[33], second[33];

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	assert_string_equal(safety_holder_of(rig.a), "pupil");
	assert_int_equal(takes(&rig.other, rig.a, false, second), ERR_BUSY);
	assert_non_null(strstr(rig.why.text[LANG_EN], "pupil"));
	assert_int_equal(takes(&rig.pupil, rig.a, false, second), ERR_NONE);
	assert_string_equal(id, second);
	assert_int_equal(takes(&rig.other, rig.b, false, second), ERR_NONE);
}

static void fault_55_a_teacher_takes_over_and_the_loser_is_told(void **state)
{
	char id[33], second[33];

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	assert_int_equal(takes(&rig.other, rig.a, true, second), ERR_FORBIDDEN);
	assert_int_equal(takes(&rig.teacher, rig.a, true, second), ERR_NONE);
	assert_string_equal(rig.lost, "pupil a taken by teacher;");
	assert_log("a:rest;");
	assert_int_equal(writes(&rig.pupil, id, rig.a, "motor.1", 1), ERR_LOST);
	assert_int_equal(writes(&rig.teacher, second, rig.a, "motor.1", 1), ERR_NONE);
	assert_int_equal(takes(&rig.pupil, rig.a, false, id), ERR_BUSY);
}

static void safety_S1_a_holder_that_goes_stops_its_kits_at_once(void **state)
{
	char id[33];

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	takes(&rig.pupil, rig.b, false, id);
	safety_forget(rig.server.safety, &rig.pupil, rig.now_us);
	assert_log("b:rest;a:rest;");
	assert_int_equal(safety_lease_count(rig.server.safety), 0);
	assert_string_equal(rig.lost, "");
}

static void safety_S1_giving_back_stops(void **state)
{
	char id[33];

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	assert_int_equal(acts(&rig.pupil, id, rig.a, "turn", 1, 0), ERR_NONE);
	assert_int_equal(safety_release(rig.server.safety, &rig.pupil, id, rig.now_us, &rig.why),
		ERR_NONE);
	assert_log("a:turn;a:rest;");
	assert_int_equal(rig.error, ERR_LOST); /* the turn under way */
	assert_null(safety_holder_of(rig.a));
}

static void safety_S2_a_late_feed_never_revives(void **state)
{
	char id[33];

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	sleeps_ms(300); /* nobody looked: the loop stood still */
	assert_int_equal(feeds(&rig.pupil, id), ERR_LOST);
	assert_log("a:rest;");
	takes(&rig.pupil, rig.a, false, id);
	sleeps_ms(5000);
	assert_int_equal(writes(&rig.pupil, id, rig.a, "motor.1", 1), ERR_LOST);
	assert_log("a:rest;");
	takes(&rig.run, rig.a, false, id);
	sleeps_ms(5000);
	safety_feed_all(rig.server.safety, &rig.run, rig.now_us);
	assert_log("a:rest;");
	assert_false(safety_holds_any(rig.server.safety, &rig.run));
}

static void safety_S2_only_the_holders_own_answers_feed(void **state)
{
	char id[33];

	(void)state;
	takes(&rig.run, rig.a, false, id);
	for (int i = 0; i < 3; i++) {
		waits_ms(100);
		safety_feed_all(rig.server.safety, &rig.pupil, rig.now_us);
	}
	assert_string_equal(rig.lost, "run a expired;");
}

static void safety_S4_age_is_judged_at_least_every_20_ms(void **state)
{
	char id[33];

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	sleeps_ms(299);
	safety_tick(rig.server.safety, rig.now_us);
	assert_log("");
	sleeps_ms(1);
	safety_tick(rig.server.safety, rig.now_us);
	assert_log("a:rest;");
}

static void safety_S3_an_end_without_proof_is_said_again(void **state)
{
	char id[33];

	(void)state;
	rig.proves = false;
	takes(&rig.pupil, rig.a, false, id);
	waits_ms(300);
	assert_log("a:rest;");
	waits_ms(100);
	assert_log("a:rest;");
	kit_says_held(rig.a);
	waits_ms(500);
	assert_log("");
}

static void safety_S3_a_new_lease_is_not_held_by_the_end_of_the_old_one(void **state)
{
	char id[33];

	(void)state;
	rig.proves = false;
	takes(&rig.pupil, rig.a, false, id);
	safety_forget(rig.server.safety, &rig.pupil, rig.now_us);
	assert_int_equal(takes(&rig.pupil, rig.a, false, id), ERR_NONE);
	assert_log("a:rest;");
	waits_ms(200);
	assert_log("");
}

/* ---- no resume ---- */

static void safety_S7_a_lost_kit_is_not_restored(void **state)
{
	char id[33];
	struct why why;

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	why_set(&why, ERR_LOST, MSG_PORT_GONE, "a");
	kit_lose(rig.a, KIT_LOST, &why, rig.now_us);
	assert_string_equal(rig.lost, "pupil a lost;");
	kit_start(rig.a, &fake_driver, rig.now_us);
	kit_ready(rig.a);
	assert_int_equal(writes(&rig.pupil, id, rig.a, "motor.1", 1), ERR_LOST);
}

static void safety_S7_silence_and_a_reboot_end_the_lease(void **state)
{
	char id[33];
	struct why why;

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	why_set(&why, ERR_TIMEOUT, MSG_CHECK_STALE, "a");
	kit_stale(rig.a, &why);
	assert_string_equal(rig.lost, "pupil a lost;");
	kit_ready(rig.a);
	takes(&rig.pupil, rig.a, false, id);
	kit_set_state(rig.a, KIT_PROBING, NULL);
	kit_ready(rig.a);
	assert_string_equal(rig.lost, "pupil a lost;pupil a lost;");
	assert_int_equal(feeds(&rig.pupil, id), ERR_LOST);
}

static void safety_S7_another_wiring_ends_the_lease(void **state)
{
	static const struct wiring wiring = {.id = "other"};
	char id[33];

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	rig.a->profile = &wiring;
	safety_kit_changed(rig.server.safety, rig.a, rig.now_us);
	assert_string_equal(rig.lost, "pupil a lost;");
}

static void safety_S7_a_kit_that_went_before_it_proved_its_rest_is_held_again(void **state)
{
	char id[33];
	struct why why;

	(void)state;
	rig.proves = false;
	takes(&rig.pupil, rig.a, false, id);
	why_set(&why, ERR_TIMEOUT, MSG_CHECK_STALE, "a");
	kit_stale(rig.a, &why);
	waits_ms(1000);
	rig.log[0] = '\0';
	kit_ready(rig.a);
	assert_log("a:rest;");
}

/* ---- checks and limits ---- */

static void safety_S10_each_refusal_says_why(void **state)
{
	char id[33];
	struct value low = value_number(9);
	struct why why;

	(void)state;
	rig.config.limits[0] = (struct limit_section){.scope = "fake"};
	limits_none(&rig.config.limits[0].limits);
	rig.config.limits[0].limits.battery_min = 15;
	rig.config.limit_count = 1;
	assert_int_equal(takes(&rig.pupil, rig.a, false, id), ERR_NONE); /* it has not said */
	safety_forget(rig.server.safety, &rig.pupil, rig.now_us);
	kit_set(rig.a, kit_find_property(rig.a, "battery"), &low);
	assert_int_equal(takes(&rig.pupil, rig.a, false, id), ERR_REFUSED);
	assert_non_null(strstr(rig.why.text[LANG_EN], "9 %"));
	low = value_number(15);
	kit_set(rig.a, kit_find_property(rig.a, "battery"), &low);
	assert_int_equal(takes(&rig.pupil, rig.a, false, id), ERR_NONE);
	why_set(&why, ERR_TIMEOUT, MSG_CHECK_STALE, "b");
	kit_stale(rig.b, &why);
	assert_int_equal(takes(&rig.pupil, rig.b, false, id), ERR_LOST);
}

static void safety_S10_a_kit_that_has_not_proved_its_rest_does_not_drive(void **state)
{
	char id[33];

	(void)state;
	rig.proves = false;
	takes(&rig.pupil, rig.a, false, id);
	waits_ms(2000);
	rig.log[0] = '\0';
	assert_int_equal(takes(&rig.pupil, rig.a, false, id), ERR_REFUSED);
	assert_non_null(strstr(rig.why.text[LANG_EN], "cut its power"));
	assert_log("a:rest;"); /* it was asked again */
	kit_says_held(rig.a);
	assert_int_equal(takes(&rig.pupil, rig.a, false, id), ERR_NONE);
}

static void safety_S10_the_checks_are_a_list_with_names(void **state)
{
	char id[33], text[256] = "";
	const cJSON *item;

	(void)state;
	takes(&rig.other, rig.a, false, id);
	cJSON *list = safety_checks(rig.server.safety, rig.a, &rig.pupil, LANG_EN, rig.now_us);

	cJSON_ArrayForEach(item, list)
	{
		const cJSON *hint = cJSON_GetObjectItem(item, "hint");

		note(text, sizeof(text), "%s%s ", cJSON_GetObjectItem(item, "id")->valuestring,
			cJSON_IsTrue(cJSON_GetObjectItem(item, "passed")) ? "" : "!");
		assert_true((hint != NULL) != cJSON_IsTrue(cJSON_GetObjectItem(item, "passed")));
	}
	assert_string_equal(text, "stop ready motion free! battery rest ");
	cJSON_Delete(list);
}

static void safety_S9_a_lease_ends_when_no_person_does_anything(void **state)
{
	char id[33];

	(void)state;
	rig.config.limits[0] = (struct limit_section){.scope = ""};
	limits_none(&rig.config.limits[0].limits);
	rig.config.limits[0].limits.unattended_s = 5;
	rig.config.limit_count = 1;
	takes(&rig.run, rig.a, false, id);
	for (int i = 0; i < 49; i++) {
		waits_ms(100);
		safety_feed_all(rig.server.safety, &rig.run, rig.now_us);
	}
	assert_string_equal(rig.lost, "");
	writes(&rig.pupil, NULL, rig.a, "led", 1); /* a person is there */
	for (int i = 0; i < 49; i++) {
		waits_ms(100);
		safety_feed_all(rig.server.safety, &rig.run, rig.now_us);
	}
	assert_string_equal(rig.lost, "");
	waits_ms(100);
	assert_string_equal(rig.lost, "run a unattended;");
	/* A new lease of the same run begins no new time. */
	assert_int_equal(takes(&rig.run, rig.a, false, id), ERR_NONE);
	waits_ms(20);
	assert_string_equal(rig.lost, "run a unattended;run a unattended;");
}

static void safety_S9_limits_hold_at_the_gate(void **state)
{
	char id[33];

	(void)state;
	rig.config.limits[0] = (struct limit_section){.scope = "fake"};
	limits_none(&rig.config.limits[0].limits);
	rig.config.limits[0].limits.motor_max = 0.5;
	rig.config.limits[0].limits.drive_max = 0.5;
	rig.config.limit_count = 1;
	takes(&rig.pupil, rig.a, false, id);
	assert_int_equal(writes(&rig.pupil, id, rig.a, "motor.1", 0.6), ERR_LIMIT);
	assert_int_equal(acts(&rig.pupil, id, rig.a, "drive", 0.5, -0.6), ERR_LIMIT);
	assert_log("");
	assert_int_equal(writes(&rig.pupil, id, rig.a, "motor.1", -0.5), ERR_NONE);
	assert_int_equal(acts(&rig.pupil, id, rig.a, "drive", 0.5, -0.5), ERR_NONE);
}

static void safety_S9_a_refused_command_is_no_step(void **state)
{
	char id[33];

	(void)state;
	rig.config.limits[0] = (struct limit_section){.scope = ""};
	limits_none(&rig.config.limits[0].limits);
	rig.config.limits[0].limits.step_max = 0.3;
	rig.config.limit_count = 1;
	takes(&rig.pupil, rig.a, false, id);
	for (int i = 1; i <= 3; i++) {
		/* left would do, right leaps */
		assert_int_equal(acts(&rig.pupil, id, rig.a, "drive", 0.3 * i, 1), ERR_LIMIT);
		waits_ms(100);
		feeds(&rig.pupil, id);
	}
	assert_int_equal(acts(&rig.pupil, id, rig.a, "drive", 1, 0), ERR_LIMIT);
	assert_int_equal(acts(&rig.pupil, id, rig.a, "drive", 0.3, 0), ERR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(safety_S1_nothing_moves_without_a_lease),
		TEST(safety_S1_a_lease_moves_its_kit_only),
		TEST(safety_S1_a_lease_is_its_holders_own),
		TEST(safety_S1_a_lease_that_is_not_fed_ends_in_its_time),
		TEST(safety_S1_feeds_and_commands_keep_it),
		TEST(safety_S1_one_holder_a_kit_and_the_second_hears_who),
		TEST(fault_55_a_teacher_takes_over_and_the_loser_is_told),
		TEST(safety_S1_a_holder_that_goes_stops_its_kits_at_once),
		TEST(safety_S1_giving_back_stops),
		TEST(safety_S2_a_late_feed_never_revives),
		TEST(safety_S2_only_the_holders_own_answers_feed),
		TEST(safety_S3_an_end_without_proof_is_said_again),
		TEST(safety_S3_a_new_lease_is_not_held_by_the_end_of_the_old_one),
		TEST(safety_S4_age_is_judged_at_least_every_20_ms),
		TEST(safety_S7_a_lost_kit_is_not_restored),
		TEST(safety_S7_silence_and_a_reboot_end_the_lease),
		TEST(safety_S7_another_wiring_ends_the_lease),
		TEST(safety_S7_a_kit_that_went_before_it_proved_its_rest_is_held_again),
		TEST(safety_S9_a_lease_ends_when_no_person_does_anything),
		TEST(safety_S9_limits_hold_at_the_gate),
		TEST(safety_S9_a_refused_command_is_no_step),
		TEST(safety_S10_each_refusal_says_why),
		TEST(safety_S10_a_kit_that_has_not_proved_its_rest_does_not_drive),
		TEST(safety_S10_the_checks_are_a_list_with_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * write and act with --for: motion, as long as this command lives.
 *
 * It takes a lease, commands, feeds the lease for the time that was asked for (and until the action is
 * answered, at most that long), and gives it back. Ctrl-C gives it back at once; a command that is
 * killed feeds no more, which comes to the same within 300 ms.
 */
#include "say.h"
#include "session.h"

#include "clock.h"
#include "err.h"

#include <string.h>

enum { FEED_MS = 100 };

struct moving {
	struct cli *cli;
	const char *lease;
	int64_t command, feed; /* ids of requests without an answer; 0 = none */
	cJSON *result;         /* of the command */
	bool is_over, has_failed;
};

static cJSON *named(const char *lease)
{
	cJSON *params = cJSON_CreateObject();

	cJSON_AddStringToObject(params, "lease", lease);
	return params;
}

static void fail(struct moving *moving, const cJSON *error)
{
	if (!moving->has_failed) {
		say_error(moving->cli, error);
	}
	moving->is_over = moving->has_failed = true;
}

/* {hint, reason} of lease.lost, as an error of an answer. */
static void fail_lost(struct moving *moving, const cJSON *params)
{
	cJSON *error = cJSON_CreateObject();

	cJSON_AddItemToObject(error, "data", cJSON_Duplicate(params, true));
	fail(moving, error);
	cJSON_Delete(error);
}

static void take_answers(struct moving *moving)
{
	struct session *session = moving->cli->session;
	cJSON *answer = moving->command ? session_answer(session, moving->command) : NULL;

	if (answer) {
		moving->command = 0;
		moving->result = cJSON_DetachItemFromObject(answer, "result");
		if (!moving->result) {
			fail(moving, cJSON_GetObjectItem(answer, "error"));
		}
		cJSON_Delete(answer);
	}
	for (cJSON *note; (note = session_notification(session)) != NULL; cJSON_Delete(note)) {
		if (strcmp(cli_text(note, "method"), "lease.lost") == 0) {
			fail_lost(moving, cJSON_GetObjectItem(note, "params"));
		}
	}
	answer = moving->feed ? session_answer(session, moving->feed) : NULL;
	if (answer) {
		moving->feed = 0;
		if (cJSON_HasObjectItem(answer, "error")) {
			fail(moving, cJSON_GetObjectItem(answer, "error"));
		}
		cJSON_Delete(answer);
	}
}

/* Feeds until the time is over. */
static void keep_moving(struct moving *moving)
{
	struct session *session = moving->cli->session;
	int64_t end_us = clock_now_us() + (int64_t)moving->cli->for_ms * 1000;
	int64_t feed_us = clock_now_us() + FEED_MS * 1000;
	struct why why;

	while (!moving->is_over && !session_is_interrupted()) {
		int64_t now_us = clock_now_us();

		if (now_us >= end_us) {
			break;
		}
		if (now_us >= feed_us && !moving->feed) {
			moving->feed = session_post(session, "lease.feed", named(moving->lease));
			feed_us = now_us + FEED_MS * 1000;
		}
		int64_t next_us = feed_us < end_us ? feed_us : end_us;

		if (!session_wait(session, (int)((next_us - now_us) / 1000) + 1, &why)) {
			say_why(moving->cli, &why);
			moving->is_over = moving->has_failed = true;
		}
		take_answers(moving);
	}
}

cJSON *cli_move(struct cli *cli, const char *method, cJSON *params)
{
	struct moving moving = {.cli = cli};
	cJSON *taken = cli_ask(cli, "kit.lease", cli_kit(cli->args[0]));

	if (!taken) {
		cJSON_Delete(params);
		return NULL;
	}
	moving.lease = cli_text(taken, "lease");
	cJSON_AddStringToObject(params, "lease", moving.lease);
	moving.command = session_post(cli->session, method, params);
	keep_moving(&moving);
	if (!moving.has_failed) {
		cJSON_Delete(cli_ask(cli, "lease.release", named(moving.lease)));
		take_answers(&moving);
	}
	cJSON_Delete(taken);
	if (moving.has_failed) {
		cJSON_Delete(moving.result);
		return NULL;
	}
	return moving.result ? moving.result : cJSON_CreateObject();
}

/*
 * Runs: their starting, queueing, stopping and ending; see script.h and
 * script_run.h.
 *
 * A run is `queued` until the loop's next turn, and as long as a run that it
 * replaces still has one of its kits. It has ended when its process is gone and what it
 * said is read; ended runs stay in the list until RUNS_KEPT newer ones have ended.
 */
#include "script_run.h"

#include "clock.h"
#include "config.h"
#include "lab.h"
#include "log.h"
#include "spawner.h"
#include "server.h"
#include "xalloc.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

bool run_is_ended(const struct run *run)
{
	return run->state >= RUN_FINISHED;
}

struct scripts *scripts_create(struct server *server)
{
	struct scripts *scripts = xcalloc(1, sizeof(*scripts));
	char self[sizeof(scripts->runner) - 32];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[length < 0 ? 0 : length] = '\0';
	scripts->server = server;
	snprintf(scripts->runner, sizeof(scripts->runner), "%s/kitlab-runner", dirname(self));
	scripts->argv[0] = scripts->runner;
	return scripts;
}

void run_free(struct run *run)
{
	struct run_kit *kit;

	run_release_process(run);
	run_link_close(run);
	run_forget_calls(run);
	run_release_kits(run);
	while ((kit = run->kits)) {
		run->kits = kit->next;
		free(kit);
	}
	loop_timer_remove(run->start);
	output_end(run);
	free(run->output.tail);
	free(run->watchers);
	free(run->stoppers);
	free(run->source);
	free(run);
}

void scripts_destroy(struct scripts *scripts)
{
	struct run *run;

	if (!scripts) {
		return;
	}
	while ((run = scripts->runs)) {
		scripts->runs = run->next;
		if (run->pid > 0) {
			kill(run->pid, SIGKILL);
		}
		run_free(run);
	}
	free(scripts);
}

/* ---- looking ---- */

struct run *script_find(struct scripts *scripts, const char *id)
{
	for (struct run *run = scripts->runs; run; run = run->next) {
		if (strcmp(run->id, id) == 0) {
			return run;
		}
	}
	return NULL;
}

struct run *run_holder(const struct scripts *scripts, const char *kit, const struct run *except)
{
	struct run *holder = NULL;

	for (struct run *run = scripts->runs; run; run = run->next) {
		bool has_it = run != except && !run_is_ended(run) && run_find_kit(run, kit);

		if (has_it && (!holder || holder->state == RUN_QUEUED)) {
			holder = run;
		}
	}
	return holder;
}

const char *script_run_of(const struct scripts *scripts, const struct kit *kit)
{
	const struct run *run = run_holder(scripts, kit->id, NULL);

	return run ? run->id : NULL;
}

size_t scripts_count(const struct scripts *scripts, const char *state)
{
	size_t count = 0;

	for (const struct run *run = scripts->runs; run; run = run->next) {
		count += strcmp(run_state_name(run->state), state) == 0;
	}
	return count;
}

static size_t count_active(const struct scripts *scripts)
{
	size_t count = 0;

	for (const struct run *run = scripts->runs; run; run = run->next) {
		count += !run_is_ended(run);
	}
	return count;
}

/* ---- stopping and ending ---- */

void run_set_end(struct run *run, const struct why *why, const struct why *hint)
{
	snprintf(run->end.code, sizeof(run->end.code), "%s", err_name(why->code));
	for (int lang = LANG_EN; lang <= LANG_ZH; lang++) {
		snprintf(run->end.message[lang], sizeof(run->end.message[lang]), "%s",
			why->text[lang]);
		snprintf(run->end.hint[lang], sizeof(run->end.hint[lang]), "%s",
			hint ? hint->text[lang] : "");
	}
}

void run_stop(struct run *run, enum run_cause cause)
{
	if (run_is_ended(run) || run->cause != CAUSE_NONE) {
		return;
	}
	run->cause = cause;
	run_lease_end(run);
	if (run->is_over) {
		return; /* what it said last is being read */
	}
	if (run->state == RUN_QUEUED) {
		run_ended(run, 0);
		return;
	}
	run_set_state(run, RUN_STOPPING);
	if (!run->is_spawning) {
		run_signal_stop(run);
	}
}

/* The process went without a word. */
static enum run_state judge_death(struct run *run, int status)
{
	char how[32];
	struct why why, hint;

	if (WIFSIGNALED(status)) {
		snprintf(how, sizeof(how), "SIG%s", sigabbrev_np(WTERMSIG(status)));
	} else {
		snprintf(how, sizeof(how), "%d", WEXITSTATUS(status));
	}
	why_set(&why, ERR_INTERNAL, MSG_RUN_DIED, how);
	why_set(&hint, ERR_INTERNAL, MSG_RUN_DIED_HINT);
	run_set_end(run, &why, &hint);
	log_warn("script %s (%s): its process ended by itself (%s)", run->id, run->name, how);
	return WIFSIGNALED(status) ? RUN_KILLED : RUN_FAILED;
}

static enum run_state judge(struct run *run, int status)
{
	bool was_stopped = !run->end.is_told || strcmp(run->end.code, "stopped") == 0;

	switch (run->cause) {
	case CAUSE_HUNG:
		return RUN_KILLED;
	case CAUSE_LIMIT:
		return RUN_FAILED;
	case CAUSE_ASKED:
		if (was_stopped) {
			return RUN_STOPPED;
		}
		break;
	case CAUSE_NONE:
		break;
	}
	if (!run->end.is_told) {
		return run->end.code[0] ? RUN_FAILED : judge_death(run, status);
	}
	return run->end.code[0] ? RUN_FAILED : RUN_FINISHED;
}

/* Those who wait for a kit look again. */
static void wake_queued(struct scripts *scripts)
{
	for (struct run *run = scripts->runs; run; run = run->next) {
		if (run->state == RUN_QUEUED) {
			loop_timer_start(run->start, 0, 0);
		}
	}
}

void run_ended(struct run *run, int status)
{
	struct scripts *scripts = run->scripts;
	enum run_state state;

	run->is_over = true;
	run_lease_end(run);
	run_link_drain(run);
	state = judge(run, status);
	run_release_process(run);
	run_link_close(run);
	run_forget_calls(run);
	run_release_kits(run);
	output_end(run);
	loop_timer_stop(run->start);
	free(run->source);
	run->source = NULL;
	scripts->kept++;
	run_set_state(run, state);
	run->watcher_count = 0; /* there will be nothing more */
	run_tell_rows(run);
	run_answer_stoppers(run);
	wake_queued(scripts);
	if (scripts->done && count_active(scripts) == 0) {
		void (*done)(void *data) = scripts->done;

		scripts->done = NULL;
		done(scripts->done_data);
	}
}

void scripts_shutdown(struct scripts *scripts, void (*done)(void *data), void *data)
{
	scripts->is_ending = true;
	if (count_active(scripts) == 0) {
		done(data);
		return;
	}
	scripts->done = done;
	scripts->done_data = data;
	for (struct run *run = scripts->runs; run; run = run->next) {
		run_stop(run, CAUSE_ASKED);
	}
}

static bool uses_seat(const struct run *run, const char *seat)
{
	for (const struct run_kit *kit = run->kits; kit; kit = kit->next) {
		const struct kit *found = lab_find(run->scripts->server->lab, kit->id);

		if (found && strcmp(found->seat, seat) == 0) {
			return true;
		}
	}
	return false;
}

void scripts_stop(struct scripts *scripts, const char *seat, const char *by)
{
	struct run *next;
	struct why why;

	why_set(&why, ERR_STOPPED, MSG_RUN_ROOM_STOPPED, by);
	for (struct run *run = scripts->runs; run; run = next) {
		bool is_meant = !seat[0] || uses_seat(run, seat);

		next = run->next;
		if (is_meant && !run_is_ended(run) && run->cause == CAUSE_NONE) {
			const char *text = why_text(&why, run->lang);

			output_text(run, 1, text, strlen(text));
			output_text(run, 1, "\n", 1);
			run_stop(run, CAUSE_ASKED);
		}
	}
}

/* ---- starting ---- */

/* Random and by time: unique for ever. */
static void make_id(struct run *run)
{
	uint64_t chance = 0;

	if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance)) {
		chance = (uint64_t)clock_now_us();
	}
	snprintf(run->id, sizeof(run->id), "%011" PRIx64 "-%08" PRIx32,
		(uint64_t)run->started_utc_ms, (uint32_t)chance);
	if (run->seed < 0) {
		run->seed = (int64_t)(chance >> 11);
	}
}

static void on_start(void *data)
{
	struct run *run = data;

	for (const struct run_kit *kit = run->kits; kit; kit = kit->next) {
		const struct run *holder = run_holder(run->scripts, kit->id, run);

		if (holder && holder->state != RUN_QUEUED) {
			if (!run->is_waiting) {
				run->is_waiting = true;
				run_set_state(run, RUN_QUEUED);
			}
			return; /* its end wakes us */
		}
	}
	run_set_state(run, RUN_STARTING);
	run_tell_rows(run);
	run_spawn(run);
}

/* May this run take the kit? Stops who has it when it is to be replaced. */
static enum err clear_kit(
	struct scripts *scripts, const struct script_start *start, const char *id, struct why *why)
{
	const struct run *holder = run_holder(scripts, id, NULL);
	const struct kit *kit = lab_need(scripts->server->lab, id, why);

	if (!kit || safety_need_running(scripts->server->safety, kit, why)) {
		return why->code;
	}
	if (!holder) {
		return ERR_NONE;
	}
	if (!start->replace) {
		return why_set(why, ERR_BUSY, MSG_KIT_BUSY, id, holder->name);
	}
	for (const struct run *run = scripts->runs; run && !start->is_staff; run = run->next) {
		if (!run_is_ended(run) && run_find_kit(run, id) && strcmp(run->by, start->by) != 0) {
			return why_set(why, ERR_FORBIDDEN, MSG_RUN_NOT_YOURS);
		}
	}
	return ERR_NONE;
}

static enum err check(struct scripts *scripts, const struct script_start *start, struct why *why)
{
	enum err err = safety_need_running(scripts->server->safety, NULL, why);

	if (err) {
		return err;
	}
	if (scripts->is_ending) {
		return why_set(why, ERR_STOPPED, MSG_RUN_STOPPED);
	}
	if (!scripts->server->spawner) {
		return why_set(why, ERR_IO, MSG_RUN_NO_RUNNER, strerror(EAGAIN));
	}
	if (start->source_length > WIRE_SOURCE_MAX) {
		return why_set(why, ERR_LIMIT, MSG_SOURCE_LONG, WIRE_SOURCE_MAX / 1024);
	}
	if (start->kit_count > RUN_KITS_MAX) {
		return why_set(why, ERR_LIMIT, MSG_TOO_MANY_KITS, RUN_KITS_MAX);
	}
	if (start->kit) {
		err = clear_kit(scripts, start, start->kit, why);
	}
	for (size_t i = 0; !err && i < start->kit_count; i++) {
		err = clear_kit(scripts, start, start->kits[i], why);
	}
	if (!err && count_active(scripts) >= (size_t)scripts->server->config->runs_max) {
		err = why_set(why, ERR_LIMIT, MSG_TOO_MANY_RUNS, scripts->server->config->runs_max);
	}
	return err;
}

/* The oldest ended run goes when there are too many. */
static void trim(struct scripts *scripts)
{
	struct run **at = &scripts->runs, **oldest = NULL;
	struct run *run;

	if (scripts->kept <= RUNS_KEPT) {
		return;
	}
	for (; *at; at = &(*at)->next) {
		if (run_is_ended(*at)) {
			oldest = at;
		}
	}
	run = *oldest;
	*oldest = run->next;
	scripts->kept--;
	run_free(run);
}

void run_copy_text(char *name, size_t room, const char *text)
{
	size_t length = strnlen(text, room - 1);

	while (text[length] && length && ((unsigned char)text[length] & 0xC0) == 0x80) {
		length--;
	}
	memcpy(name, text, length);
	name[length] = '\0';
}

static struct run *new_run(struct scripts *scripts, const struct script_start *start)
{
	struct run *run = xcalloc(1, sizeof(*run));

	run->scripts = scripts;
	run->fd = -1;
	run->queue_end = &run->queue;
	run_copy_text(run->name, sizeof(run->name), start->name ? start->name : "script");
	snprintf(run->by, sizeof(run->by), "%s", start->by);
	run->lang = start->watcher ? start->watcher->lang : LANG_EN;
	run->source = xcalloc(1, start->source_length + 1);
	memcpy(run->source, start->source, start->source_length);
	run->source_length = start->source_length;
	run->seed = start->seed;
	run->is_chosen = start->kit || start->kit_count;
	run_copy_text(run->lesson, sizeof(run->lesson), start->case_id ? start->case_id : "");
	run_lease_begin(run);
	run->started_utc_ms = clock_utc_ms();
	run->start = loop_timer_add(scripts->server->loop, on_start, run);
	make_id(run);
	if (start->kit) {
		run_add_kit(run, start->kit);
	}
	for (size_t i = 0; i < start->kit_count; i++) {
		run_add_kit(run, start->kits[i]);
	}
	return run;
}

enum err script_start(struct scripts *scripts, const struct script_start *start,
	const char **run_id, struct why *why)
{
	enum err err = check(scripts, start, why);
	struct run *run;

	if (err) {
		return err;
	}
	run = new_run(scripts, start);
	for (struct run *other = scripts->runs; other; other = other->next) {
		for (struct run_kit *kit = run->kits; kit; kit = kit->next) {
			if (run_find_kit(other, kit->id)) {
				run_stop(other, CAUSE_ASKED);
			}
		}
	}
	run->next = scripts->runs;
	scripts->runs = run;
	if (start->watcher) {
		run_watch(run, start->watcher);
	}
	trim(scripts);
	loop_timer_start(run->start, 0, 0);
	*run_id = run->id;
	return ERR_NONE;
}

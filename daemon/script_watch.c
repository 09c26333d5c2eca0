/*
 * Who hears of a run, and what: states, descriptions, rows of its kits, answers to
 * script.stop. See script_run.h.
 */
#include "script_run.h"

#include "clock.h"
#include "lab.h"
#include "server.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {
	[RUN_QUEUED] = "queued",
	[RUN_STARTING] = "starting",
	[RUN_RUNNING] = "running",
	[RUN_STOPPING] = "stopping",
	[RUN_FINISHED] = "finished",
	[RUN_FAILED] = "failed",
	[RUN_STOPPED] = "stopped",
	[RUN_KILLED] = "killed",
};

const char *run_state_name(enum run_state state)
{
	return state_names[state];
}

static void write_error(const struct run *run, enum lang lang, struct jsonout *out)
{
	if (run->state != RUN_FAILED && run->state != RUN_KILLED) {
		json_raw(out, "null");
		return;
	}
	json_raw(out, "{\"line\":");
	if (run->end.line > 0) {
		json_int(out, run->end.line);
	} else {
		json_raw(out, "null");
	}
	json_raw(out, ",\"message\":");
	json_text(out, run->end.message[lang], strlen(run->end.message[lang]));
	json_raw(out, ",\"hint\":");
	if (run->end.hint[lang][0]) {
		json_text(out, run->end.hint[lang], strlen(run->end.hint[lang]));
	} else {
		json_raw(out, "null");
	}
	json_raw(out, "}");
}

static void write_time(int64_t utc_ms, struct jsonout *out)
{
	char text[CLOCK_UTC_TEXT];

	clock_utc_text(utc_ms, text);
	json_raw(out, "\"");
	json_raw(out, text);
	json_raw(out, "\"");
}

void run_write(const struct run *run, enum lang lang, struct jsonout *out)
{
	json_raw(out, "{\"run\":\"");
	json_raw(out, run->id);
	json_raw(out, "\",\"name\":");
	json_text(out, run->name, strlen(run->name));
	json_raw(out, ",\"kits\":[");
	for (const struct run_kit *kit = run->kits; kit; kit = kit->next) {
		json_raw(out, kit == run->kits ? "" : ",");
		json_text(out, kit->id, strlen(kit->id));
	}
	json_raw(out, "],\"state\":\"");
	json_raw(out, state_names[run->state]);
	json_raw(out, "\",\"started\":");
	write_time(run->started_utc_ms, out);
	json_raw(out, ",\"by\":");
	if (run->by[0]) {
		json_text(out, run->by, strlen(run->by));
	} else {
		json_raw(out, "null");
	}
	json_raw(out, ",\"error\":");
	write_error(run, lang, out);
}

static struct frame *state_frame(const struct run *run, enum lang lang)
{
	struct jsonout out = {0};
	struct frame *frame;

	json_raw(&out, "{\"run\":\"");
	json_raw(&out, run->id);
	json_raw(&out, "\",\"state\":\"");
	json_raw(&out, state_names[run->state]);
	json_raw(&out, "\"");
	if (run->state == RUN_FAILED || run->state == RUN_KILLED) {
		json_raw(&out, ",\"error\":");
		write_error(run, lang, &out);
	}
	json_raw(&out, "}");
	frame = rpc_notification("script.state", out.text, out.length);
	json_finish(&out);
	return frame;
}

void run_set_state(struct run *run, enum run_state state)
{
	struct frame *frames[2];

	run->state = state;
	if (!run->watcher_count) {
		return;
	}
	frames[LANG_EN] = state_frame(run, LANG_EN);
	frames[LANG_ZH] = state_frame(run, LANG_ZH);
	for (size_t i = 0; i < run->watcher_count; i++) {
		client_send(run->watchers[i], frames[run->watchers[i]->lang]);
	}
	frame_drop(frames[LANG_EN]);
	frame_drop(frames[LANG_ZH]);
}

void run_tell_watchers(struct run *run, struct frame *frame)
{
	for (size_t i = 0; i < run->watcher_count; i++) {
		client_send(run->watchers[i], frame);
	}
	frame_drop(frame);
}

void run_watch(struct run *run, struct client *client)
{
	run_unwatch(run, client);
	run->watchers = xrealloc(run->watchers, (run->watcher_count + 1) * sizeof(struct client *));
	run->watchers[run->watcher_count++] = client;
}

void run_unwatch(struct run *run, struct client *client)
{
	for (size_t i = 0; i < run->watcher_count; i++) {
		if (run->watchers[i] == client) {
			run->watchers[i] = run->watchers[--run->watcher_count];
			return;
		}
	}
}

void scripts_forget(struct scripts *scripts, struct client *client)
{
	for (struct run *run = scripts->runs; run; run = run->next) {
		run_unwatch(run, client);
	}
}

/* The rows of its kits name the run, or no longer. */
void run_tell_rows(const struct run *run)
{
	struct server *server = run->scripts->server;

	for (const struct run_kit *kit = run->kits; kit; kit = kit->next) {
		struct kit *found = lab_find(server->lab, kit->id);

		if (found) {
			bus_kit_changed(server->bus, found);
		}
	}
}

void run_add_stopper(struct run *run, struct request *request)
{
	run->stoppers =
		xrealloc(run->stoppers, (run->stopper_count + 1) * sizeof(struct request *));
	run->stoppers[run->stopper_count++] = request;
}

void run_answer_stoppers(struct run *run)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "{\"state\":\"%s\"}", state_names[run->state]);

	for (size_t i = 0; i < run->stopper_count; i++) {
		request_reply_text(run->stoppers[i], text, (size_t)length);
	}
	run->stopper_count = 0;
}

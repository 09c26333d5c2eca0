/*
 * Plays recordings through the drivers: tests/replay/DRIVER/NAME.wire holds what a board
 * said and a user did, NAME.json what must come of it. Each recording is fed as it was
 * read, byte by byte, and cut in two at every offset, always with the same result.
 *
 * A .wire file has lines "MS COMMAND ...", MS the time since the port was opened:
 *   0    wiring NAME          profile of devices/wiring, before the start
 *   0    < f9 02 05           bytes from the board
 *   100  watch NAME | unwatch NAME
 *   100  write NAME JSON
 *   100  act NAME {"arg": JSON}
 *   900  hold | stop
 *   900  unplug | plug        the port is gone; it is there again
 *   990  end                  time passes until then
 * Between lines the kit gets its ticks, every 20 ms. The .json file is an array of the
 * moments in which something happened: {t, sent, set, events, answers, held, state}.
 * REPLAY_WRITE=1 writes the .json files instead of comparing; look at the difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver.h"
#include "kit_motion.h"
#include "wiring.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_US = 20 * 1000, RECORDINGS_MAX = 64, BYTES_MAX = 65536 };

static const size_t WHOLE = SIZE_MAX, BYTEWISE = SIZE_MAX - 1; /* else: cut there */

struct recording {
	char driver[32], name[64]; /* name: "firmata/session" */
	char *wire, *json;	   /* owned */
};

struct player {
	struct kit *kit;
	const struct driver *driver;
	struct wiring wiring;
	int64_t now_us;
	size_t cut, fed; /* bytes fed so far */
	cJSON *moments;	 /* owned */
	/* of the moment under way */
	char sent[8192];
	cJSON *events, *answers;
	uint64_t seq;
	enum kit_state state;
	bool is_held; /* the kit proved its rest */
};

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file) {
		return NULL;
	}
	char *text = calloc(1, BYTES_MAX);
	size_t count = fread(text, 1, BYTES_MAX - 1, file);

	fclose(file);
	assert_true(count < BYTES_MAX - 1);
	return text;
}

/* ---- a moment ---- */

static cJSON *json_of(const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		break;
	case VALUE_BOOL:
		return cJSON_CreateBool(value->boolean);
	case VALUE_INT:
		return cJSON_CreateNumber((double)value->integer);
	case VALUE_NUMBER:
		return cJSON_CreateNumber(value->number);
	case VALUE_TEXT:
		return cJSON_CreateString(value->text);
	case VALUE_VECTOR:
		return cJSON_CreateDoubleArray(value->vector, (int)value->count);
	}
	return cJSON_CreateNull();
}

static void begin_moment(struct player *player)
{
	player->sent[0] = '\0';
	player->events = cJSON_CreateArray();
	player->answers = cJSON_CreateArray();
	player->seq = player->kit->seq;
	player->state = player->kit->state;
	player->is_held = false;
}

static void add_filled(cJSON *object, const char *key, cJSON *item)
{
	if (cJSON_GetArraySize(item) > 0) {
		cJSON_AddItemToObject(object, key, item);
	} else {
		cJSON_Delete(item);
	}
}

static void end_moment(struct player *player)
{
	const struct kit *kit = player->kit;
	cJSON *moment = cJSON_CreateObject(), *set = cJSON_CreateObject();

	cJSON_AddNumberToObject(moment, "t", (double)player->now_us / 1000);
	if (player->sent[0]) {
		cJSON_AddStringToObject(moment, "sent", player->sent);
	}
	for (size_t i = 0; i < kit->property_count; i++) {
		if (kit->properties[i].changed_seq > player->seq) {
			cJSON_AddItemToObject(
				set, kit->properties[i].name, json_of(&kit->properties[i].value));
		}
	}
	add_filled(moment, "set", set);
	add_filled(moment, "events", player->events);
	add_filled(moment, "answers", player->answers);
	if (player->is_held) {
		cJSON_AddTrueToObject(moment, "held");
	}
	if (kit->state != player->state) {
		cJSON_AddStringToObject(moment, "state", kit_state_name(kit->state));
	}
	if (cJSON_GetArraySize(moment) > 1) {
		cJSON_AddItemToArray(player->moments, moment);
	} else {
		cJSON_Delete(moment);
	}
}

/* ---- around the kit ---- */

static bool on_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	(void)lane;
	struct player *player = data;
	size_t used = strlen(player->sent);

	for (size_t i = 0; i < count && used + 3 < sizeof(player->sent); i++) {
		used += (size_t)snprintf(player->sent + used, 3, "%02x", bytes[i]);
	}
	return true;
}

static size_t on_backlog(void *data)
{
	(void)data;
	return 0;
}

static void on_changed(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
}

static void on_held(void *data, struct kit *kit)
{
	struct player *player = data;

	(void)kit;
	player->is_held = true;
}

static void on_sample(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
}

static void on_event(void *data, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us)
{
	struct player *player = data;
	cJSON *item = cJSON_CreateObject();

	(void)kit;
	(void)t_us;
	cJSON_AddItemToObject(item, event->name, json_of(value));
	cJSON_AddItemToArray(player->events, item);
}

static void on_done(void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	struct player *player = data;

	(void)t_us;
	cJSON_AddItemToArray(player->answers,
		why->code ? cJSON_CreateString(err_name(why->code)) : json_of(result));
}

static const struct kit_owner owner = {on_send, on_backlog, on_changed, on_held};
static const struct kit_listener listener = {on_sample, on_event};

/* ---- commands ---- */

static void feed(struct player *player, const char *hex)
{
	uint8_t bytes[BYTES_MAX / 2];
	size_t count = 0;
	unsigned byte;
	int used;

	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		bytes[count++] = (uint8_t)byte;
		hex += used;
	}
	for (size_t at = 0; at < count;) {
		size_t end = count;

		if (player->cut == BYTEWISE) {
			end = at + 1;
		} else if (player->cut > player->fed + at && player->cut < player->fed + count) {
			end = player->cut - player->fed;
		}
		kit_feed(player->kit, bytes + at, end - at, player->now_us);
		at = end;
	}
	player->fed += count;
}

static struct value value_of(const cJSON *json, double *numbers)
{
	if (cJSON_IsBool(json)) {
		return value_bool(cJSON_IsTrue(json));
	}
	if (cJSON_IsNumber(json)) {
		return value_number(json->valuedouble);
	}
	if (cJSON_IsString(json)) {
		return value_text(json->valuestring, strlen(json->valuestring));
	}
	size_t count = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, json)
	{
		numbers[count++] = item->valuedouble;
	}
	return cJSON_IsArray(json) ? value_vector(numbers, count) : value_null();
}

static void answer_error(struct player *player, enum err err)
{
	if (err) {
		cJSON_AddItemToArray(player->answers, cJSON_CreateString(err_name(err)));
	}
}

static void do_write(struct player *player, const char *name, const char *text)
{
	cJSON *json = cJSON_Parse(text);
	double numbers[VALUE_VECTOR_MAX];
	struct value value = value_of(json, numbers);
	int index = kit_find_property(player->kit, name);

	assert_true(json && index >= 0);
	answer_error(
		player,
		kit_write_motion(player->kit, index, &value, player->now_us, NULL, NULL, NULL));
	cJSON_Delete(json);
}

static void do_act(struct player *player, const char *name, const char *text)
{
	cJSON *json = cJSON_Parse(text);
	double numbers[VALUE_VECTOR_MAX];
	struct value args[KIT_ARGS_MAX];
	int index = kit_find_action(player->kit, name);

	assert_true(json && index >= 0);
	const struct action *action = &player->kit->actions[index];

	for (unsigned i = 0; i < action->arg_count; i++) {
		args[i] = value_of(cJSON_GetObjectItem(json, action->args[i].name), numbers);
	}
	answer_error(
		player,
		kit_act_motion(player->kit, index, args, player->now_us, on_done, player, NULL));
	cJSON_Delete(json);
}

static void do_watch(struct player *player, const char *name, bool on)
{
	int index = kit_find_property(player->kit, name);

	assert_true(index >= 0);
	(on ? kit_watch : kit_unwatch)(player->kit, index, player->now_us);
}

static void choose_wiring(struct player *player, const char *name)
{
	char path[128];
	struct why why;

	snprintf(path, sizeof(path), "devices/wiring/%s.json", name);
	char *text = read_file(path);

	assert_non_null(text);
	assert_int_equal(wiring_parse(text, path, &player->wiring, &why), ERR_NONE);
	free(text);
	player->kit->profile = &player->wiring;
}

static void unplug(struct player *player)
{
	struct why why;

	why_set(&why, ERR_LOST, MSG_PORT_GONE, "port");
	kit_lose(player->kit, KIT_LOST, &why, player->now_us);
}

static const struct why hold_why = {.code = ERR_STOPPED};

static void do_command(struct player *player, const char *verb, const char *name, const char *rest)
{
	struct kit *kit = player->kit;
	int64_t now_us = player->now_us;

	if (strcmp(verb, "write") == 0) {
		do_write(player, name, rest);
	} else if (strcmp(verb, "act") == 0) {
		do_act(player, name, rest);
	} else if (strcmp(verb, "watch") == 0 || strcmp(verb, "unwatch") == 0) {
		do_watch(player, name, verb[0] == 'w');
	} else if (strcmp(verb, "wiring") == 0) {
		choose_wiring(player, name);
	} else if (strcmp(verb, "hold") == 0) {
		kit_hold(kit, HOLD_ALL, &hold_why, now_us);
	} else if (strcmp(verb, "stop") == 0) {
		kit_stop(kit, now_us);
	} else if (strcmp(verb, "unplug") == 0) {
		unplug(player);
	} else if (strcmp(verb, "plug") == 0) {
		kit_start(kit, player->driver, now_us);
	} else if (strcmp(verb, "end") != 0) {
		fail_msg("no command \"%s\"", verb);
	}
}

/* ---- a whole recording ---- */

static void pass_time(struct player *player, int64_t until_us)
{
	while (player->now_us < until_us) {
		int64_t next_us = player->now_us + TICK_US;

		player->now_us = next_us < until_us ? next_us : until_us;
		if (player->kit->driver && player->kit->state != KIT_LOST) {
			begin_moment(player);
			kit_tick(player->kit, player->now_us);
			end_moment(player);
		}
	}
}

static void play_line(struct player *player, const char *line)
{
	char verb[16], name[32] = "";
	double ms;
	int used = 0, rest = 0;

	if (sscanf(line, "%lf %15s%n %31s%n", &ms, verb, &used, name, &rest) < 2) {
		fail_msg("not \"MS COMMAND\": %s", line);
	}
	bool is_setup = strcmp(verb, "wiring") == 0;

	if (!is_setup && !player->kit->driver) {
		kit_start(player->kit, player->driver, player->now_us);
	}
	pass_time(player, (int64_t)(ms * 1000));
	begin_moment(player);
	if (strcmp(verb, "<") == 0) {
		feed(player, line + used);
	} else {
		do_command(player, verb, name, line + rest);
	}
	end_moment(player);
}

/* The moments as text (owned by the caller), and how many bytes were fed. */
static char *play(const struct recording *recording, size_t cut, size_t *fed)
{
	struct player player = {.cut = cut, .moments = cJSON_CreateArray()};
	char *wire = strdup(recording->wire), *rest = wire, *line;

	player.driver = driver_find(recording->driver);
	assert_non_null(player.driver);
	player.kit = kit_create("kit-1");
	player.kit->owner = &owner;
	player.kit->owner_data = &player;
	player.kit->listener = &listener;
	player.kit->listener_data = &player;
	while ((line = strsep(&rest, "\n"))) {
		if (line[0] && line[0] != '#') {
			play_line(&player, line);
		}
	}
	char *text = cJSON_PrintUnformatted(player.moments);

	*fed = player.fed;
	begin_moment(&player);
	kit_destroy(player.kit); /* answers what is under way */
	cJSON_Delete(player.events);
	cJSON_Delete(player.answers);
	cJSON_Delete(player.moments);
	free(wire);
	return text;
}

static void write_json(const struct recording *recording, const char *text)
{
	char path[160];
	cJSON *moments = cJSON_Parse(text);
	const cJSON *moment;

	snprintf(path, sizeof(path), "tests/replay/%s.json", recording->name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	/* A moment a line, so that a difference can be read. */
	cJSON_ArrayForEach(moment, moments)
	{
		char *line = cJSON_PrintUnformatted(moment);

		fprintf(file, "%s%s", moment == moments->child ? "[\n" : ",\n", line);
		free(line);
	}
	fprintf(file, "\n]\n");
	fclose(file);
	cJSON_Delete(moments);
}

static void check_whole(void **state)
{
	const struct recording *recording = *state;
	size_t fed;
	char *text = play(recording, WHOLE, &fed);

	if (getenv("REPLAY_WRITE")) {
		write_json(recording, text);
	} else {
		cJSON *wanted = cJSON_Parse(recording->json);

		assert_non_null(wanted);
		char *wanted_text = cJSON_PrintUnformatted(wanted);

		assert_string_equal(text, wanted_text);
		free(wanted_text);
		cJSON_Delete(wanted);
	}
	free(text);
}

static void check_cut(const struct recording *recording, size_t from, size_t to)
{
	size_t fed;
	char *whole = play(recording, WHOLE, &fed);

	for (size_t cut = from; cut < to && (cut < fed || from == BYTEWISE); cut++) {
		size_t again;
		char *text = play(recording, cut, &again);

		if (strcmp(text, whole) != 0) {
			print_message("cut at %zu\n", cut);
			assert_string_equal(text, whole);
		}
		free(text);
	}
	free(whole);
}

static void check_bytewise(void **state)
{
	check_cut(*state, BYTEWISE, WHOLE);
}

static void check_every_cut(void **state)
{
	check_cut(*state, 1, BYTES_MAX);
}

/* ---- all recordings ---- */

static size_t find(struct recording *recordings)
{
	size_t count = 0;

	for (size_t d = 0; drivers[d]; d++) {
		char folder[64];
		struct dirent **entries = NULL;

		snprintf(folder, sizeof(folder), "tests/replay/%s", drivers[d]->name);
		int entry_count = scandir(folder, &entries, NULL, alphasort);

		for (int i = 0; i < entry_count; i++) {
			const char *dot = strrchr(entries[i]->d_name, '.');

			if (dot && strcmp(dot, ".wire") == 0 && count < RECORDINGS_MAX) {
				struct recording *recording = &recordings[count++];
				char path[160];

				snprintf(recording->driver, sizeof(recording->driver), "%s",
					drivers[d]->name);
				snprintf(recording->name, sizeof(recording->name), "%.20s/%.*s",
					drivers[d]->name, (int)(dot - entries[i]->d_name),
					entries[i]->d_name);
				snprintf(path, sizeof(path), "tests/replay/%s.wire",
					recording->name);
				recording->wire = read_file(path);
				snprintf(path, sizeof(path), "tests/replay/%s.json",
					recording->name);
				recording->json = read_file(path);
			}
			free(entries[i]);
		}
		free(entries);
	}
	return count;
}

int main(void)
{
	static struct recording recordings[RECORDINGS_MAX];
	static struct CMUnitTest tests[3 * RECORDINGS_MAX];
	static char names[3 * RECORDINGS_MAX][96];
	static const struct {
		const char *how;
		CMUnitTestFunction check;
	} ways[] = {
		{"gives what was recorded", check_whole},
		{"gives the same byte by byte", check_bytewise},
		{"gives the same cut at every offset", check_every_cut},
	};
	size_t count = find(recordings);

	for (size_t i = 0; i < 3 * count; i++) {
		snprintf(names[i], sizeof(names[i]), "%s %s", recordings[i / 3].name,
			ways[i % 3].how);
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = ways[i % 3].check,
			.initial_state = &recordings[i / 3],
		};
	}
	int failed = _cmocka_run_group_tests("recordings", tests, 3 * count, NULL, NULL);

	for (size_t i = 0; i < count; i++) {
		free(recordings[i].wire);
		free(recordings[i].json);
	}
	return failed || count == 0;
}

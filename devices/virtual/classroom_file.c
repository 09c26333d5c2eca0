/* Reads a classroom from its JSON file and plugs its boards in; see classroom.h. */
#include "virtual/classroom.h"

#include "clock.h"
#include "embedded.h"
#include "virtual/plan.h"
#include "xalloc.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 256 * 1024, BOOT_MS = 100, BOOT_MS_MAX = 60000 };

/* What is under way. */
struct reader {
	struct loop *loop;
	struct far_hub *hub;
	const char *dir;
	struct classroom *classroom;
	struct why *why;
};

static const struct embedded_file *find_file(const struct embedded_file *files, const char *id)
{
	size_t length = strlen(id);

	for (const struct embedded_file *file = files; file->name; file++) {
		if (strncmp(file->name, id, length) == 0 &&
			strcmp(file->name + length, ".json") == 0) {
			return file;
		}
	}
	return NULL;
}

enum err classroom_find_wiring(const char *id, struct wiring *wiring, struct why *why)
{
	const struct embedded_file *file = find_file(wiring_files, id);

	if (!file) {
		return why_set(why, ERR_NOT_FOUND, MSG_NO_SUCH_WIRING, id);
	}
	return wiring_parse(file->bytes, file->name, wiring, why);
}

/* ---- the text ---- */

static char *read_path(const char *path, struct why *why)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t bytes;

	if (!file) {
		why_set(why, ERR_NOT_FOUND, MSG_PORT_IO, path, strerror(errno));
		return NULL;
	}
	text = xcalloc(1, FILE_BYTES_MAX + 1);
	bytes = fread(text, 1, FILE_BYTES_MAX, file);
	if (ferror(file) || bytes == FILE_BYTES_MAX) {
		why_set(why, ERR_INVALID, MSG_CLASSROOM_FIELD, path, "{");
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

static char *read_text(const char *name, struct why *why)
{
	const struct embedded_file *file = find_file(classroom_files, name);
	char names[160] = "";
	size_t used = 0;

	if (file) {
		return xstrdup(file->bytes);
	}
	if (strchr(name, '/') || strchr(name, '.')) {
		return read_path(name, why);
	}
	for (file = classroom_files; file->name && used < sizeof(names); file++) {
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%.*s",
			used ? ", " : "", (int)(strlen(file->name) - strlen(".json")), file->name);
	}
	why_set(why, ERR_NOT_FOUND, MSG_NO_CLASSROOM, name, names);
	return NULL;
}

/* ---- seats and boards ---- */

static bool is_id(const char *text)
{
	return text[0] && text[0] != '-' && strlen(text) <= KIT_ID_MAX &&
		strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

/* A text that fits; not given: "" if it may be. */
static bool get_text(const cJSON *json, const char *key, bool is_optional, char *out, size_t room)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);

	if (!item) {
		out[0] = '\0';
		return is_optional;
	}
	if (!cJSON_IsString(item) || !item->valuestring[0] || strlen(item->valuestring) >= room) {
		return false;
	}
	memcpy(out, item->valuestring, strlen(item->valuestring) + 1);
	return true;
}

static bool get_integer(const cJSON *json, const char *key, double max, double *number)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);

	if (!item) {
		return true;
	}
	*number = cJSON_IsNumber(item) ? item->valuedouble : -1;
	return *number >= 0 && *number <= max && *number == floor(*number);
}

/* The key that is wrong, or NULL. */
static const char *read_board(const struct reader *in, const cJSON *json, struct bench_spec *spec)
{
	char model[16], firmware[8], port[8];
	double boot_ms = BOOT_MS, seed = spec->seed;

	if (!get_text(json, "label", false, spec->label, sizeof(spec->label)) ||
		!is_id(spec->label)) {
		return "label";
	}
	spec->class = get_text(json, "model", false, model, sizeof(model)) ? machine_find(model) : NULL;
	if (!spec->class) {
		return "model";
	}
	if (!get_text(json, "seat", true, spec->seat, sizeof(spec->seat))) {
		return "seat";
	}
	if (!get_text(json, "firmware", true, firmware, sizeof(firmware))) {
		return "firmware";
	}
	spec->firmware = machine_firmware(spec->class, firmware);
	if (firmware[0] && !spec->firmware) {
		return "firmware";
	}
	if (!get_integer(json, "boot_ms", BOOT_MS_MAX, &boot_ms)) {
		return "boot_ms";
	}
	if (!get_integer(json, "seed", UINT32_MAX, &seed)) {
		return "seed";
	}
	if (!get_text(json, "port", true, port, sizeof(port)) ||
		(port[0] && strcmp(port, "pty") != 0 && strcmp(port, "unix") != 0)) {
		return "port";
	}
	spec->boot_us = (int64_t)boot_ms * 1000;
	spec->seed = (uint32_t)seed;
	spec->far = (struct port_spec){
		.scheme = strcmp(port, "unix") == 0 ? PORT_UNIX : PORT_STREAM,
		.dtr = -1,
	};
	size_t room = spec->far.scheme == PORT_UNIX ? 108 : sizeof(spec->far.target);
	int length = snprintf(spec->far.target, sizeof(spec->far.target), "%s/%s", in->dir,
		spec->label);

	return length < 0 || (size_t)length >= room ? "port" : NULL;
}

static enum err no_model(const struct reader *in, int number, const cJSON *json)
{
	const char *model = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "model"));
	char names[160];

	machine_names(names, sizeof(names));
	return why_set(in->why, ERR_INVALID, MSG_CLASSROOM_MODEL, in->classroom->name, number,
		model ? model : "", names);
}

static enum err add_board(const struct reader *in, const cJSON *json)
{
	struct classroom *classroom = in->classroom;
	int number = (int)classroom->bench_count + 1;
	struct bench_spec spec = {.seed = (uint32_t)number, .floor = classroom->floor};
	char wiring[KIT_ID_MAX + 1];
	const char *wrong = read_board(in, json, &spec);

	if (!wrong && (!get_text(json, "wiring", true, wiring, sizeof(wiring)) ||
			      (wiring[0] && !spec.class->has_pins))) {
		wrong = "wiring";
	}
	const cJSON *pose = cJSON_GetObjectItemCaseSensitive(json, "pose");
	double place[3];

	if (!wrong && pose &&
		!(spec.class->has_body && plan_read_pose(pose, &classroom->floor->plan, place))) {
		wrong = "pose";
	}
	if (wrong && strcmp(wrong, "model") == 0) {
		return no_model(in, number, json);
	}
	if (wrong || classroom->bench_count == CLASSROOM_BENCHES_MAX) {
		return why_set(in->why, ERR_INVALID, MSG_CLASSROOM_BOARD, classroom->name, number,
			wrong ? wrong : "boards");
	}
	if (classroom_find(classroom, spec.label)) {
		return why_set(in->why, ERR_INVALID, MSG_CLASSROOM_TWICE, classroom->name,
			spec.label);
	}
	enum err err = wiring[0] ? classroom_find_wiring(wiring, &spec.wiring, in->why) : ERR_NONE;

	if (err == ERR_NONE) {
		struct bench *bench = bench_create(in->loop, in->hub, &spec, in->why);

		err = bench ? ERR_NONE : in->why->code;
		classroom->benches[classroom->bench_count] = bench;
		classroom->bench_count += bench != NULL;
		if (bench && pose) {
			floor_place(bench->world.body, place[0], place[1], place[2]);
		}
	}
	return err;
}

static enum err read_classroom(const struct reader *in, const cJSON *json)
{
	struct classroom *classroom = in->classroom;
	const cJSON *seats = cJSON_GetObjectItemCaseSensitive(json, "seats");
	const cJSON *boards = cJSON_GetObjectItemCaseSensitive(json, "boards");
	const cJSON *objects = cJSON_GetObjectItemCaseSensitive(json, "objects");
	const cJSON *item;

	if (objects && !cJSON_IsArray(objects)) {
		return why_set(in->why, ERR_INVALID, MSG_CLASSROOM_FIELD, classroom->name,
			"objects");
	}
	if (plan_merge(&classroom->floor->plan, objects, in->why) != ERR_NONE) {
		return in->why->code;
	}
	cJSON_ArrayForEach(item, seats) {
		if (!cJSON_IsArray(seats) || classroom->seat_count == CLASSROOM_SEATS_MAX ||
			!cJSON_IsString(item) || !item->valuestring[0] ||
			strlen(item->valuestring) >= sizeof(classroom->seats[0])) {
			return why_set(in->why, ERR_INVALID, MSG_CLASSROOM_FIELD, classroom->name,
				"seats");
		}
		snprintf(classroom->seats[classroom->seat_count++], sizeof(classroom->seats[0]),
			"%s", item->valuestring);
	}
	if (!cJSON_IsArray(boards)) {
		return why_set(
			in->why, ERR_INVALID, MSG_CLASSROOM_FIELD, classroom->name, "boards");
	}
	cJSON_ArrayForEach(item, boards) {
		enum err err = add_board(in, item);

		if (err != ERR_NONE) {
			return err;
		}
	}
	return ERR_NONE;
}

struct classroom *classroom_create(struct loop *loop, struct far_hub *hub, const char *name,
	const char *dir, struct why *why)
{
	struct classroom *classroom;
	char *text = read_text(name, why);
	cJSON *json;

	if (!text) {
		return NULL;
	}
	json = utf8_is_valid(text, strlen(text)) ? cJSON_ParseWithOpts(text, NULL, true) : NULL;
	free(text);
	classroom = xcalloc(1, sizeof(*classroom));
	snprintf(classroom->name, sizeof(classroom->name), "%s", name);
	classroom->floor = floor_create(clock_now_us());

	const struct reader in = {loop, hub, dir, classroom, why};
	enum err err = json ? read_classroom(&in, json)
			    : why_set(why, ERR_INVALID, MSG_CLASSROOM_FIELD, name, "{");

	cJSON_Delete(json);
	if (err != ERR_NONE) {
		classroom_destroy(classroom);
		return NULL;
	}
	return classroom;
}

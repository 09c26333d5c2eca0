/*
 * Reads a wiring profile from JSON text (docs/drivers.md has the form).
 *
 * The daemon needs it for its profiles and kitlab-virtual for the benches that
 * it wires, so it stands here. A profile is written by hand: whatever is wrong
 * is named by part and key.
 */
#include "wiring.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIN_MAX = 127 };

static const char *const mode_words[] = {
	[WIRING_INPUT] = "input",
	[WIRING_PULLUP] = "pullup",
	[WIRING_OUTPUT] = "output",
	[WIRING_ANALOG] = "analog",
	[WIRING_PWM] = "pwm",
	[WIRING_SERVO] = "servo",
	[WIRING_TONE] = "tone",
};
enum { MODE_COUNT = sizeof(mode_words) / sizeof(mode_words[0]) };

/* 13 or "A0". */
static bool read_pin(const cJSON *json, struct wiring_part *part)
{
	double number = -1;

	if (cJSON_IsNumber(json)) {
		number = json->valuedouble;
	} else if (cJSON_IsString(json) && json->valuestring[0] == 'A') {
		const char *digits = json->valuestring + 1;

		if (strspn(digits, "0123456789") == strlen(digits) && strlen(digits) - 1 < 3) {
			number = (double)strtol(digits, NULL, 10);
			part->analog = true;
		}
	}
	if (!(number >= 0 && number <= PIN_MAX) || number != floor(number)) {
		return false;
	}
	part->pin = (int)number;
	return true;
}

static bool read_mode(const cJSON *json, struct wiring_part *part)
{
	for (int i = 0; cJSON_IsString(json) && i < MODE_COUNT; i++) {
		if (strcmp(json->valuestring, mode_words[i]) == 0) {
			part->mode = (enum wiring_mode)i;
			return !part->analog || part->mode == WIRING_ANALOG;
		}
	}
	return false;
}

static bool read_number(const cJSON *json, double *number)
{
	*number = cJSON_IsNumber(json) ? json->valuedouble : *number;
	return !json || (cJSON_IsNumber(json) && isfinite(json->valuedouble));
}

static bool read_class(const cJSON *json, struct wiring_part *part)
{
	if (cJSON_IsString(json) && strcmp(json->valuestring, "motion") == 0) {
		part->safety = CLASS_MOTION;
		return true;
	}
	return !json || (cJSON_IsString(json) && strcmp(json->valuestring, "signal") == 0);
}

/* The key that is wrong, or NULL. */
static const char *read_part(const cJSON *json, struct wiring_part *part)
{
	const cJSON *invert = cJSON_GetObjectItemCaseSensitive(json, "invert");
	const cJSON *item;

	part->invert = cJSON_IsTrue(invert);
	if (invert && !cJSON_IsBool(invert)) {
		return "invert";
	}
	if (!read_pin(cJSON_GetObjectItemCaseSensitive(json, "pin"), part)) {
		return "pin";
	}
	if (!read_mode(cJSON_GetObjectItemCaseSensitive(json, "mode"), part)) {
		return "mode";
	}
	if (!read_class(cJSON_GetObjectItemCaseSensitive(json, "class"), part)) {
		return "class";
	}
	const struct {
		const char *key;
		double *number, value;
	} numbers[] = {
		{"scale", &part->scale, 1},
		{"offset", &part->offset, 0},
		{"min", &part->min, NAN},
		{"max", &part->max, NAN},
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		item = cJSON_GetObjectItemCaseSensitive(json, numbers[i].key);
		*numbers[i].number = numbers[i].value;
		if (!read_number(item, numbers[i].number)) {
			return numbers[i].key;
		}
	}
	return part->scale == 0 ? "scale" : NULL;
}

static enum err read_parts(const cJSON *parts, const char *where, struct wiring *wiring,
	struct why *why)
{
	const cJSON *json;

	if (!cJSON_IsObject(parts)) {
		return why_set(why, ERR_INVALID, MSG_WIRING_FIELD, where, "parts");
	}
	cJSON_ArrayForEach(json, parts) {
		const struct name *word = name_find(json->string);
		struct wiring_part *part = &wiring->parts[wiring->part_count];

		if (!word || strlen(json->string) > KIT_NAME_MAX) {
			return why_set(why, ERR_INVALID, MSG_WIRING_NAME, where, json->string);
		}
		if (wiring->part_count == WIRING_PARTS_MAX) {
			return why_set(why, ERR_INVALID, MSG_WIRING_PARTS, where, WIRING_PARTS_MAX);
		}
		memcpy(part->name, json->string, strlen(json->string) + 1);
		part->safety = word->safety;

		const char *wrong = read_part(json, part);

		if (wrong) {
			return why_set(why, ERR_INVALID, MSG_WIRING_PART, where, part->name, wrong);
		}
		for (unsigned i = 0; i < wiring->part_count; i++) {
			const struct wiring_part *other = &wiring->parts[i];

			if (other->pin == part->pin && other->analog == part->analog) {
				return why_set(why, ERR_INVALID, MSG_WIRING_SAME_PIN, where,
					other->name, part->name);
			}
		}
		wiring->part_count++;
	}
	return ERR_NONE;
}

static bool read_text(const cJSON *json, char *out, size_t room)
{
	if (!cJSON_IsString(json) || !json->valuestring[0] || strlen(json->valuestring) >= room) {
		return false;
	}
	memcpy(out, json->valuestring, strlen(json->valuestring) + 1);
	return true;
}

/* ["uno", "nano"] becomes "uno nano"; nothing said: any board. */
static bool read_models(const cJSON *models, char *out, size_t room)
{
	const cJSON *model;
	size_t used = 0;

	cJSON_ArrayForEach(model, models) {
		if (used && used + 1 < room) {
			out[used++] = ' ';
		}
		if (!read_text(model, out + used, room - used)) {
			return false;
		}
		used += strlen(out + used);
	}
	return !models || cJSON_IsArray(models);
}

static enum err read_wiring(const cJSON *json, const char *where, struct wiring *wiring,
	struct why *why)
{
	const cJSON *title = cJSON_GetObjectItemCaseSensitive(json, "title");
	const char *wrong = NULL;

	if (!read_text(cJSON_GetObjectItemCaseSensitive(json, "id"), wiring->id,
		    sizeof(wiring->id))) {
		wrong = "id";
	} else if (!read_text(cJSON_GetObjectItemCaseSensitive(title, "en"),
			   wiring->title[LANG_EN], sizeof(wiring->title[0]))) {
		wrong = "title.en";
	} else if (!read_text(cJSON_GetObjectItemCaseSensitive(title, "zh"),
			   wiring->title[LANG_ZH], sizeof(wiring->title[0]))) {
		wrong = "title.zh";
	} else if (!read_models(cJSON_GetObjectItemCaseSensitive(json, "models"), wiring->models,
			   sizeof(wiring->models))) {
		wrong = "models";
	}
	if (wrong) {
		return why_set(why, ERR_INVALID, MSG_WIRING_FIELD, where, wrong);
	}
	return read_parts(cJSON_GetObjectItemCaseSensitive(json, "parts"), where, wiring, why);
}

enum err wiring_parse(const char *text, const char *where, struct wiring *wiring, struct why *why)
{
	struct wiring made = {.next = NULL};
	const char *end = text;
	cJSON *json = utf8_is_valid(text, strlen(text)) ? cJSON_ParseWithOpts(text, &end, true)
							: NULL;
	enum err err;

	if (!json) {
		return why_set(why, ERR_INVALID, MSG_WIRING_JSON, where, (int)(end - text) + 1);
	}
	err = read_wiring(json, where, &made, why);
	cJSON_Delete(json);
	if (err == ERR_NONE) {
		*wiring = made;
	}
	return err;
}

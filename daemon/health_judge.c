/* The judgements of a check-up; see health_judge.h. */
#include "health_judge.h"

#include "err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

cJSON *health_add(cJSON *steps, const char *id, int passed, const struct why *why)
{
	cJSON *step = cJSON_CreateObject();

	cJSON_AddStringToObject(step, "id", id);
	cJSON_AddItemToObject(step, "passed",
		passed == HEALTH_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateBool(passed));
	if (why && why->code != ERR_NONE) {
		cJSON *hint = cJSON_AddObjectToObject(step, "hint");

		cJSON_AddStringToObject(hint, "en", why->text[LANG_EN]);
		cJSON_AddStringToObject(hint, "zh", why->text[LANG_ZH]);
	}
	cJSON_AddItemToArray(steps, step);
	return step;
}

void health_judge_answer(const struct kit *kit, uint64_t bytes_before, cJSON *steps)
{
	struct why why = {.code = ERR_NONE};
	bool has_answered = kit->state == KIT_READY && kit->bytes_in > bytes_before;

	if (!has_answered) {
		why_set(&why, ERR_TIMEOUT, MSG_HEALTH_SILENT, kit->id);
	}
	health_add(steps, "answer", has_answered, &why);
}

void health_judge_firmware(const struct kit *kit, cJSON *steps)
{
	struct why why = {.code = ERR_NONE};

	if (!kit->program[0]) {
		why_set(&why, ERR_REFUSED, MSG_HEALTH_NO_PROGRAM, kit->id);
	}
	cJSON *step = health_add(
		steps, "firmware", kit->program[0] ? HEALTH_PASSED : HEALTH_UNKNOWN, &why);

	cJSON_AddStringToObject(cJSON_AddObjectToObject(step, "seen"), "firmware", kit->program);
}

bool health_is_sensor(const struct property *property)
{
	return property->readable && property->word &&
		(property->word->kind == KIND_SENSOR || property->word->kind == KIND_BUTTON ||
			property->word->kind == KIND_COMPASS ||
			(property->word->kind == KIND_ANGLE && !property->writable));
}

static double number_of(const struct value *value)
{
	switch (value->type) {
	case VALUE_INT:
		return (double)value->integer;
	case VALUE_NUMBER:
		return value->number;
	case VALUE_BOOL:
	case VALUE_NULL:
	case VALUE_TEXT:
	case VALUE_VECTOR:
		break;
	}
	return NAN;
}

static void see(cJSON *seen, const struct property *property)
{
	double number = number_of(&property->value);

	if (property->value.type == VALUE_BOOL) {
		cJSON_AddBoolToObject(seen, property->name, property->value.boolean);
	} else if (isnan(number)) {
		cJSON_AddNullToObject(seen, property->name);
	} else {
		cJSON_AddNumberToObject(seen, property->name, number);
	}
}

/* Nothing is wrong with it: "" ; else its name is added to the list of those. */
static bool is_plausible(const struct property *property)
{
	double number = number_of(&property->value);

	if (property->value.type == VALUE_NULL) {
		return property->seq > 0; /* it answered that there is nothing: no echo */
	}
	return !(number < property->min) && !(number > property->max);
}

void health_judge_sensors(const struct kit *kit, cJSON *steps)
{
	cJSON *seen = cJSON_CreateObject();
	struct why why = {.code = ERR_NONE};
	char wrong[160] = "";
	size_t used = 0;
	int count = 0;

	for (size_t i = 0; i < kit->property_count; i++) {
		const struct property *property = &kit->properties[i];

		if (!health_is_sensor(property)) {
			continue;
		}
		count++;
		see(seen, property);
		if (!is_plausible(property) && used < sizeof(wrong)) {
			used += (size_t)snprintf(wrong + used, sizeof(wrong) - used, "%s%s",
				used ? ", " : "", property->name);
		}
	}
	if (wrong[0]) {
		why_set(&why, ERR_REFUSED, MSG_HEALTH_SENSORS, wrong);
	}
	cJSON *step = health_add(steps, "sensors",
		count == 0 ? HEALTH_UNKNOWN : wrong[0] == '\0', &why);

	cJSON_AddItemToObject(step, "seen", seen);
}

void health_judge_battery(const struct kit *kit, cJSON *steps)
{
	int index = kit_find_property(kit, "battery");
	double charge = index < 0 ? NAN : number_of(&kit->properties[index].value);
	struct why why = {.code = ERR_NONE};

	if (index < 0) {
		return; /* it has none that it knows of */
	}
	if (charge < HEALTH_BATTERY_MIN) {
		why_set(&why, ERR_REFUSED, MSG_HEALTH_BATTERY, charge);
	}
	cJSON *step = health_add(steps, "battery",
		isnan(charge) ? HEALTH_UNKNOWN : charge >= HEALTH_BATTERY_MIN, &why);

	see(cJSON_AddObjectToObject(step, "seen"), &kit->properties[index]);
}

const char *health_verdict(const cJSON *steps)
{
	const char *verdict = "ready";
	const cJSON *step;

	cJSON_ArrayForEach(step, steps)
	{
		if (!cJSON_IsFalse(cJSON_GetObjectItem(step, "passed"))) {
			continue;
		}
		if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(step, "id")), "battery") != 0) {
			return "repair";
		}
		verdict = "charge";
	}
	return verdict;
}

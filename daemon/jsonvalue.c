/* Values as cJSON and back; see jsonvalue.h. */
#include "jsonvalue.h"

#include <math.h>
#include <string.h>

bool json_to_value(const cJSON *json, struct json_room *room, struct value *out)
{
	if (cJSON_IsNull(json)) {
		*out = value_null();
		return true;
	}
	if (cJSON_IsBool(json)) {
		*out = value_bool(cJSON_IsTrue(json));
		return true;
	}
	if (cJSON_IsNumber(json)) {
		double number = json->valuedouble;
		bool is_whole = number == floor(number) && fabs(number) < (double)VALUE_INT_LIMIT;

		if (!isfinite(number)) {
			return false;
		}
		*out = is_whole ? value_int((int64_t)number) : value_number(number);
		return true;
	}
	if (cJSON_IsString(json)) {
		*out = value_text(json->valuestring, strlen(json->valuestring));
		return out->count <= VALUE_TEXT_MAX;
	}
	if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) > VALUE_VECTOR_MAX) {
		return false;
	}
	size_t count = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, json) {
		if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble)) {
			return false;
		}
		room->numbers[count++] = item->valuedouble;
	}
	*out = value_vector(room->numbers, count);
	return true;
}

cJSON *json_from_value(const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		return cJSON_CreateNull();
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

static int find_arg(const struct action *action, const char *name)
{
	for (unsigned i = 0; i < action->arg_count; i++) {
		if (strcmp(action->args[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

bool json_to_args(const struct action *action, const cJSON *json, struct json_room *rooms,
	struct value *args, struct why *why)
{
	const cJSON *item;

	for (unsigned i = 0; i < action->arg_count; i++) {
		args[i] = value_null();
	}
	if (!json || cJSON_IsNull(json)) {
		return true;
	}
	if (!cJSON_IsObject(json)) {
		why_set(why, ERR_INVALID, MSG_PARAM_TYPE, "args", "object");
		return false;
	}
	cJSON_ArrayForEach(item, json) {
		int index = find_arg(action, item->string);

		if (index < 0) {
			why_set(why, ERR_INVALID, MSG_ARG_UNKNOWN, action->name, item->string);
			return false;
		}
		if (!json_to_value(item, &rooms[index], &args[index])) {
			why_set(why, ERR_INVALID, MSG_VALUE_FORM, item->string);
			return false;
		}
	}
	return true;
}

/*
 * Objects of the floor in JSON; see plan.h. One table says which type has which fields, for
 * telling and reading alike.
 */
#include "virtual/plan.h"

#include <math.h>
#include <string.h>

enum { ROOM = OBJECT_TYPES, TYPES }; /* the room itself is told as an object */

static const char *const types[TYPES] = {
	[OBJECT_BOX] = "box",
	[OBJECT_CIRCLE] = "circle",
	[OBJECT_LINE] = "line",
	[OBJECT_LAMP] = "lamp",
	[ROOM] = "room",
};

enum form { NUMBER, PAIR, PLACE, POINTS, FLAG };

struct field {
	const char *name;
	unsigned types; /* a bit for each that has it */
	enum form form;
	double min, max;
	double usual; /* NAN: it must be given */
	size_t offset; /* in struct floor_object; of ROOM in struct floor_plan */
};

#define OF(type) (1U << (type))
#define IN(member) offsetof(struct floor_object, member)
#define OF_ROOM(member) offsetof(struct floor_plan, member)

static const struct field fields[] = {
	{"at", OF(OBJECT_BOX) | OF(OBJECT_CIRCLE) | OF(OBJECT_LAMP), PLACE, 0, 0, NAN, IN(at)},
	{"size", OF(OBJECT_BOX), PAIR, 0.01, 20, NAN, IN(size)},
	{"heading", OF(OBJECT_BOX), NUMBER, -M_PI, M_PI, 0, IN(heading)},
	{"radius", OF(OBJECT_CIRCLE), NUMBER, 0.005, 5, NAN, IN(radius)},
	{"brightness", OF(OBJECT_LAMP), NUMBER, 0, 1, 1, IN(brightness)},
	{"reach", OF(OBJECT_LAMP), NUMBER, 0.05, 10, 0.5, IN(reach)},
	{"points", OF(OBJECT_LINE), POINTS, 0, 0, NAN, IN(points)},
	{"closed", OF(OBJECT_LINE), FLAG, 0, 1, 0, IN(is_closed)},
	{"width", OF(OBJECT_LINE), NUMBER, 0.005, 0.2, 0.03, IN(width)},
	{"size", OF(ROOM), PAIR, 0.5, 20, NAN, OF_ROOM(size)},
	{"daylight", OF(ROOM), NUMBER, 0, 1, NAN, OF_ROOM(daylight)},
	{"slip", OF(ROOM), NUMBER, 0, 1, NAN, OF_ROOM(slip)},
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* ---- telling ---- */

static cJSON *tell_field(const struct field *field, const void *base)
{
	const void *value = (const char *)base + field->offset;
	const struct floor_object *object = base;
	cJSON *list;

	switch (field->form) {
	case NUMBER:
		return cJSON_CreateNumber(*(const double *)value);
	case FLAG:
		return cJSON_CreateBool(*(const bool *)value);
	case PAIR:
	case PLACE:
		return cJSON_CreateDoubleArray(value, 2);
	case POINTS:
		list = cJSON_CreateArray();
		for (unsigned i = 0; i < object->point_count; i++) {
			const double point[] = {object->points[i].x, object->points[i].y};

			cJSON_AddItemToArray(list, cJSON_CreateDoubleArray(point, 2));
		}
		return list;
	}
	return NULL;
}

static cJSON *tell(const char *id, int type, const void *base)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "id", id);
	cJSON_AddStringToObject(json, "type", types[type]);
	for (size_t i = 0; i < FIELDS; i++) {
		if (fields[i].types & OF(type)) {
			cJSON_AddItemToObject(json, fields[i].name, tell_field(&fields[i], base));
		}
	}
	return json;
}

cJSON *plan_tell(const struct floor_plan *plan)
{
	cJSON *objects = cJSON_CreateArray();

	cJSON_AddItemToArray(objects, tell("room", ROOM, plan));
	for (unsigned i = 0; i < plan->object_count; i++) {
		const struct floor_object *object = &plan->objects[i];

		cJSON_AddItemToArray(objects, tell(object->id, (int)object->type, object));
	}
	return objects;
}

/* ---- reading ---- */

bool plan_read_numbers(const cJSON *json, double *numbers, int count)
{
	if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != count) {
		return false;
	}
	for (int i = 0; i < count; i++) {
		const cJSON *item = cJSON_GetArrayItem(json, i);

		if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble)) {
			return false;
		}
		numbers[i] = item->valuedouble;
	}
	return true;
}

static bool is_between(double value, double min, double max)
{
	return value >= min && value <= max;
}

static bool is_inside(const struct floor_plan *plan, const double at[2])
{
	return is_between(at[0], 0, plan->size[0]) && is_between(at[1], 0, plan->size[1]);
}

bool plan_read_pose(const cJSON *json, const struct floor_plan *plan, double pose[3])
{
	return plan_read_numbers(json, pose, 3) && is_inside(plan, pose);
}

static bool read_place(const cJSON *json, const struct floor_plan *plan, struct floor_point *point)
{
	double at[2];

	if (!plan_read_numbers(json, at, 2) || !is_inside(plan, at)) {
		return false;
	}
	*point = (struct floor_point){at[0], at[1]};
	return true;
}

/* How many points a line may have beside the others: all of them fit on a control line. */
static unsigned points_max(const struct floor_plan *plan, const struct floor_object *line)
{
	unsigned left = FLOOR_POINTS_TOTAL;

	for (unsigned i = 0; i < plan->object_count; i++) {
		left -= &plan->objects[i] == line ? 0 : plan->objects[i].point_count;
	}
	return left < FLOOR_POINTS_MAX ? left : FLOOR_POINTS_MAX;
}

static bool read_points(const cJSON *json, const struct floor_plan *plan,
	struct floor_object *line)
{
	int count = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 0;
	const cJSON *point;
	unsigned i = 0;

	if (count < 2 || count > (int)points_max(plan, line)) {
		return false;
	}
	cJSON_ArrayForEach(point, json)
	{
		if (!read_place(point, plan, &line->points[i++])) {
			return false;
		}
	}
	line->point_count = i;
	return true;
}

static enum err read_field(const cJSON *json, const struct field *field, const char *id,
	const struct floor_plan *plan, void *base, struct why *why)
{
	void *value = (char *)base + field->offset;
	double pair[2];

	switch (field->form) {
	case NUMBER:
		if (!cJSON_IsNumber(json) ||
			!is_between(json->valuedouble, field->min, field->max)) {
			return why_set(why, ERR_INVALID, MSG_WORLD_RANGE, field->name, id,
				field->min, field->max);
		}
		*(double *)value = json->valuedouble;
		return ERR_NONE;
	case PAIR:
		if (!plan_read_numbers(json, pair, 2) ||
			!is_between(pair[0], field->min, field->max) ||
			!is_between(pair[1], field->min, field->max)) {
			return why_set(why, ERR_INVALID, MSG_WORLD_PAIR, field->name, id,
				field->min, field->max);
		}
		memcpy(value, pair, sizeof(pair));
		return ERR_NONE;
	case FLAG:
		if (!cJSON_IsBool(json)) {
			return why_set(why, ERR_INVALID, MSG_WORLD_BOOL, field->name, id);
		}
		*(bool *)value = cJSON_IsTrue(json);
		return ERR_NONE;
	case PLACE:
		return read_place(json, plan, value)
			? ERR_NONE
			: why_set(why, ERR_INVALID, MSG_WORLD_PLACE, field->name, id, "[x, y]",
				  plan->size[0], plan->size[1]);
	case POINTS:
		return read_points(json, plan, base)
			? ERR_NONE
			: why_set(why, ERR_INVALID, MSG_WORLD_POINTS, id,
				  (int)points_max(plan, base), plan->size[0],
				  plan->size[1]);
	}
	return ERR_INTERNAL;
}

/* All fields of one object, and none else; a new one has those that it needs. */
static enum err read_fields(const cJSON *json, const char *id, int type, bool is_new,
	const struct floor_plan *plan, void *base, struct why *why)
{
	const cJSON *item;
	enum err err = ERR_NONE;

	for (size_t i = 0; i < FIELDS && err == ERR_NONE; i++) {
		const struct field *field = &fields[i];

		if (!(field->types & OF(type))) {
			continue;
		}
		item = cJSON_GetObjectItemCaseSensitive(json, field->name);
		if (item || (is_new && isnan(field->usual))) {
			err = read_field(item, field, id, plan, base, why);
		} else if (is_new && field->form == NUMBER) {
			*(double *)((char *)base + field->offset) = field->usual;
		}
	}
	cJSON_ArrayForEach(item, json)
	{
		bool is_known = strcmp(item->string, "id") == 0 || strcmp(item->string, "type") == 0;

		for (size_t i = 0; i < FIELDS; i++) {
			is_known |= fields[i].types & OF(type) &&
				strcmp(fields[i].name, item->string) == 0;
		}
		if (!is_known && err == ERR_NONE) {
			err = why_set(why, ERR_INVALID, MSG_WORLD_NO_FIELD, id, types[type],
				item->string);
		}
	}
	return err;
}

static bool is_id(const char *text)
{
	return text && text[0] && strlen(text) <= KIT_ID_MAX &&
		strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

/* Its index, or object_count. */
static unsigned find(const struct floor_plan *plan, const char *id)
{
	unsigned i = 0;

	while (i < plan->object_count && strcmp(plan->objects[i].id, id) != 0) {
		i++;
	}
	return i;
}

static void remove_object(struct floor_plan *plan, unsigned index)
{
	memmove(&plan->objects[index], &plan->objects[index + 1],
		(--plan->object_count - index) * sizeof(plan->objects[0]));
}

/* TYPES: it says none that exists. */
static int read_type(const cJSON *json)
{
	const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "type"));
	int type = 0;

	while (type < TYPES && !(word && strcmp(types[type], word) == 0)) {
		type++;
	}
	return type;
}

static enum err merge_object(struct floor_plan *plan, const cJSON *json, struct why *why)
{
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "id"));
	const cJSON *type_json = cJSON_GetObjectItemCaseSensitive(json, "type");

	if (!is_id(id)) {
		return why_set(why, ERR_INVALID, MSG_WORLD_OBJECT_ID);
	}
	unsigned index = find(plan, id);
	bool is_room = strcmp(id, "room") == 0, is_new = !is_room && index == plan->object_count;
	int type = is_room ? ROOM : is_new ? read_type(json) : (int)plan->objects[index].type;

	if (cJSON_IsNull(type_json) && !is_new && !is_room) {
		remove_object(plan, index);
		return ERR_NONE;
	}
	if (type == TYPES || (is_new && type == ROOM) || (type_json && read_type(json) != type)) {
		return why_set(why, ERR_INVALID, MSG_WORLD_OBJECT_TYPE, id);
	}
	if (is_room) {
		return read_fields(json, id, ROOM, false, plan, plan, why);
	}
	if (index == FLOOR_OBJECTS_MAX) {
		return why_set(why, ERR_LIMIT, MSG_WORLD_FULL, FLOOR_OBJECTS_MAX);
	}
	struct floor_object *object = &plan->objects[index];

	if (is_new) {
		*object = (struct floor_object){.type = (enum object_type)type};
		memcpy(object->id, id, strlen(id) + 1);
		plan->object_count++;
	}
	return read_fields(json, id, type, is_new, plan, object, why);
}

enum err plan_merge(struct floor_plan *plan, const cJSON *objects, struct why *why)
{
	enum err err = ERR_NONE;
	const cJSON *object;

	cJSON_ArrayForEach(object, objects)
	{
		err = err == ERR_NONE ? merge_object(plan, object, why) : err;
	}
	return err;
}

/* Thing Descriptions; see wot_td.h. */
#include "wot_td.h"

#include "xalloc.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "title" in the reader's language and "titles" in both. */
static void add_titles(cJSON *to, const char *const title[2], enum lang lang)
{
	cJSON *titles = cJSON_CreateObject();

	cJSON_AddStringToObject(to, "title", title[lang]);
	cJSON_AddStringToObject(titles, "en", title[LANG_EN]);
	cJSON_AddStringToObject(titles, "zh", title[LANG_ZH]);
	cJSON_AddItemToObject(to, "titles", titles);
}

/* An address below the base; the caller's words need no escaping (names and ids). */
static char *address(const char *base, const char *id, const char *kind, const char *name,
	const char *end)
{
	return xasprintf("%s/things/%s/%s/%s%s", base, id, kind, name, end);
}

/* A form with the operations listed up to NULL. Takes `href`. */
static void add_form(cJSON *forms, char *href, const char *subprotocol, ...)
{
	cJSON *form = cJSON_CreateObject(), *ops = cJSON_CreateArray();
	va_list args;
	const char *op;

	cJSON_AddStringToObject(form, "href", href);
	free(href);
	va_start(args, subprotocol);
	while ((op = va_arg(args, const char *)) != NULL) {
		cJSON_AddItemToArray(ops, cJSON_CreateString(op));
	}
	va_end(args);
	cJSON_AddItemToObject(form, "op", ops);
	cJSON_AddStringToObject(form, "contentType", "application/json");
	if (subprotocol) {
		cJSON_AddStringToObject(form, "subprotocol", subprotocol);
	}
	cJSON_AddItemToArray(forms, form);
}

/* The data schema of a value. */
static void add_schema(cJSON *to, enum value_type type, const char *unit, double min, double max)
{
	static const char *const words[] = {
		[VALUE_NULL] = NULL,
		[VALUE_BOOL] = "boolean",
		[VALUE_INT] = "integer",
		[VALUE_NUMBER] = "number",
		[VALUE_TEXT] = "string",
		[VALUE_VECTOR] = "array",
	};
	bool is_number = type == VALUE_INT || type == VALUE_NUMBER;
	cJSON *item = type == VALUE_VECTOR ? cJSON_AddObjectToObject(to, "items") : to;

	if (words[type]) {
		cJSON_AddStringToObject(to, "type", words[type]);
	}
	if (type == VALUE_VECTOR) {
		cJSON_AddStringToObject(item, "type", "number");
		cJSON_AddNumberToObject(to, "maxItems", VALUE_VECTOR_MAX);
	}
	if (type == VALUE_TEXT) {
		cJSON_AddNumberToObject(to, "maxLength", VALUE_TEXT_MAX);
	}
	if ((is_number || type == VALUE_VECTOR) && isfinite(min)) {
		cJSON_AddNumberToObject(item, "minimum", min);
	}
	if ((is_number || type == VALUE_VECTOR) && isfinite(max)) {
		cJSON_AddNumberToObject(item, "maximum", max);
	}
	if (unit) {
		cJSON_AddStringToObject(to, "unit", unit);
	}
}

static cJSON *property_of(const struct kit *kit, const struct property *property, const char *base,
	enum lang lang)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *forms = cJSON_CreateArray();
	char *href = address(base, kit->id, "properties", property->name, "");

	add_titles(json, property->word->title, lang);
	add_schema(json, property->type, property->unit, property->min, property->max);
	cJSON_AddBoolToObject(json, "readOnly", property->readable && !property->writable);
	cJSON_AddBoolToObject(json, "writeOnly", property->writable && !property->readable);
	cJSON_AddBoolToObject(json, "observable", property->readable);
	if (property->readable && property->writable) {
		add_form(forms, href, NULL, "readproperty", "writeproperty", NULL);
	} else {
		add_form(forms, href, NULL, property->readable ? "readproperty" : "writeproperty",
			NULL);
	}
	if (property->readable) {
		add_form(forms, address(base, kit->id, "properties", property->name, "/observe"), "sse",
			"observeproperty", "unobserveproperty", NULL);
	}
	cJSON_AddItemToObject(json, "forms", forms);
	return json;
}

static cJSON *choices_of(const char *choices)
{
	cJSON *list = cJSON_CreateArray();

	for (const char *at = choices; *at; at += strspn(at, "|")) {
		size_t length = strcspn(at, "|");
		char *word = xasprintf("%.*s", (int)length, at);

		cJSON_AddItemToArray(list, cJSON_CreateString(word));
		free(word);
		at += length;
	}
	return list;
}

static cJSON *input_of(const struct action *action, enum lang lang)
{
	cJSON *input = cJSON_CreateObject(), *properties = cJSON_CreateObject();
	cJSON *required = cJSON_CreateArray();

	for (unsigned i = 0; i < action->arg_count; i++) {
		const struct argument *arg = &action->args[i];
		const struct name *word = name_find(arg->name);
		cJSON *json = cJSON_CreateObject();

		if (word) {
			add_titles(json, word->title, lang);
		}
		add_schema(json, arg->type, arg->unit, arg->min, arg->max);
		if (arg->choices) {
			cJSON_AddItemToObject(json, "enum", choices_of(arg->choices));
		}
		cJSON_AddItemToObject(properties, arg->name, json);
		if (!arg->optional) {
			cJSON_AddItemToArray(required, cJSON_CreateString(arg->name));
		}
	}
	cJSON_AddStringToObject(input, "type", "object");
	cJSON_AddItemToObject(input, "properties", properties);
	cJSON_AddItemToObject(input, "required", required);
	return input;
}

/* Actions do not say what they answer: any value of the contract, null for most. */
static cJSON *output_of(void)
{
	static const char *const types[] = {"null", "boolean", "number", "string"};
	cJSON *output = cJSON_CreateObject(), *choices = cJSON_AddArrayToObject(output, "oneOf");
	cJSON *vector = cJSON_CreateObject();

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		cJSON *choice = cJSON_CreateObject();

		cJSON_AddStringToObject(choice, "type", types[i]);
		cJSON_AddItemToArray(choices, choice);
	}
	add_schema(vector, VALUE_VECTOR, NULL, NAN, NAN);
	cJSON_AddItemToArray(choices, vector);
	return output;
}

static cJSON *action_of(const struct kit *kit, const struct action *action, const char *base,
	enum lang lang)
{
	cJSON *json = cJSON_CreateObject(), *forms = cJSON_CreateArray();

	add_titles(json, action->word->title, lang);
	if (action->arg_count > 0) {
		cJSON_AddItemToObject(json, "input", input_of(action, lang));
	}
	cJSON_AddItemToObject(json, "output", output_of());
	cJSON_AddBoolToObject(json, "safe", false);
	cJSON_AddBoolToObject(json, "idempotent", false);
	cJSON_AddBoolToObject(json, "synchronous", true);
	add_form(forms, address(base, kit->id, "actions", action->name, ""), NULL, "invokeaction",
		NULL);
	cJSON_AddItemToObject(json, "forms", forms);
	return json;
}

static cJSON *event_of(const struct kit *kit, const struct event *event, const char *base,
	enum lang lang)
{
	cJSON *json = cJSON_CreateObject(), *forms = cJSON_CreateArray();

	add_titles(json, event->word->title, lang);
	if (event->type != VALUE_NULL) {
		add_schema(cJSON_AddObjectToObject(json, "data"), event->type, NULL, NAN, NAN);
	}
	add_form(forms, address(base, kit->id, "events", event->name, ""), "sse", "subscribeevent",
		"unsubscribeevent", NULL);
	cJSON_AddItemToObject(json, "forms", forms);
	return json;
}

/* What every description begins with. */
static cJSON *begin(const char *type, enum lang lang)
{
	cJSON *td = cJSON_CreateObject();
	cJSON *context = cJSON_AddArrayToObject(td, "@context");
	cJSON *language = cJSON_CreateObject();

	cJSON_AddItemToArray(context, cJSON_CreateString("https://www.w3.org/2022/wot/td/v1.1"));
	if (type) {
		cJSON_AddItemToArray(context,
			cJSON_CreateString("https://www.w3.org/2022/wot/discovery"));
	}
	cJSON_AddStringToObject(language, "@language", lang == LANG_ZH ? "zh" : "en");
	cJSON_AddItemToArray(context, language);
	if (type) {
		cJSON_AddStringToObject(td, "@type", type);
	}
	return td;
}

/* Open lab: nobody logs in. */
static void add_security(cJSON *td)
{
	cJSON *definitions = cJSON_AddObjectToObject(td, "securityDefinitions");

	cJSON_AddStringToObject(cJSON_AddObjectToObject(definitions, "nosec_sc"), "scheme", "nosec");
	cJSON_AddStringToObject(td, "security", "nosec_sc");
}

cJSON *wot_thing(const struct kit *kit, const char *base, enum lang lang)
{
	cJSON *td = begin(NULL, lang);
	char *id = xasprintf("urn:kitlab:%s", kit->id);
	const char *with[] = {kit->model, kit->model[0] && kit->program[0] ? ", " : "", kit->program};
	char *about = xasprintf("%s%s%s", with[0], with[1], with[2]);

	cJSON_AddStringToObject(td, "id", id);
	cJSON_AddStringToObject(td, "title", kit->label[0] ? kit->label : kit->id);
	if (about[0]) {
		cJSON_AddStringToObject(td, "description", about);
	}
	add_security(td);

	cJSON *properties = cJSON_AddObjectToObject(td, "properties");
	cJSON *actions = cJSON_AddObjectToObject(td, "actions");
	cJSON *events = cJSON_AddObjectToObject(td, "events");

	for (size_t i = 0; i < kit->property_count; i++) {
		cJSON_AddItemToObject(properties, kit->properties[i].name,
			property_of(kit, &kit->properties[i], base, lang));
	}
	for (size_t i = 0; i < kit->action_count; i++) {
		cJSON_AddItemToObject(actions, kit->actions[i].name,
			action_of(kit, &kit->actions[i], base, lang));
	}
	for (size_t i = 0; i < kit->event_count; i++) {
		cJSON_AddItemToObject(events, kit->events[i].name,
			event_of(kit, &kit->events[i], base, lang));
	}
	free(id);
	free(about);
	return td;
}

cJSON *wot_directory(const char *base, enum lang lang)
{
	struct why title, list_title; /* texts in both languages, no errors */

	why_set(&title, ERR_NONE, MSG_WOT_DIRECTORY);
	why_set(&list_title, ERR_NONE, MSG_WOT_THINGS);
	cJSON *td = begin("ThingDirectory", lang);

	cJSON_AddStringToObject(td, "id", "urn:kitlab:directory");
	add_titles(td, (const char *const[]){title.text[0], title.text[1]}, lang);
	add_security(td);

	cJSON *properties = cJSON_AddObjectToObject(td, "properties");
	cJSON *things = cJSON_AddObjectToObject(properties, "things");
	cJSON *forms = cJSON_CreateArray();

	add_titles(things, (const char *const[]){list_title.text[0], list_title.text[1]}, lang);
	cJSON_AddStringToObject(things, "type", "array");
	cJSON_AddStringToObject(cJSON_AddObjectToObject(things, "items"), "type", "object");
	cJSON_AddBoolToObject(things, "readOnly", true);
	cJSON_AddBoolToObject(things, "observable", false);
	add_form(forms, xasprintf("%s/things", base), NULL, "readproperty", NULL);
	cJSON_AddItemToObject(things, "forms", forms);
	return td;
}

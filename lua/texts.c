/*
 * The table of texts; see texts.h.
 *
 * Texts have $1 for the first argument and @1 for the first argument as a word
 * for a Lua type. Lua's messages are found by patterns in which * stands for
 * any text; what the stars took are the arguments.
 */
#include "texts.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { ARGS_MAX = 4, ARG_ROOM = 160 };

struct text {
	const char *key, *code, *message[2], *hint[2];
};

static const struct text texts[TEXT_COUNT] = {
#include "lua_texts.inc"
};

struct args {
	char text[ARGS_MAX][ARG_ROOM];
};

static const struct {
	const char *type;
	enum text_id id;
} type_words[] = {
	{"nil", TEXT_TYPE_NIL},
	{"no value", TEXT_TYPE_NOTHING},
	{"boolean", TEXT_TYPE_BOOLEAN},
	{"number", TEXT_TYPE_NUMBER},
	{"string", TEXT_TYPE_STRING},
	{"table", TEXT_TYPE_TABLE},
	{"function", TEXT_TYPE_FUNCTION},
	{"userdata", TEXT_TYPE_USERDATA},
	{"thread", TEXT_TYPE_THREAD},
	{"kit", TEXT_TYPE_KIT},
};

static const char *type_word(const char *type, int lang)
{
	for (size_t i = 0; i < sizeof(type_words) / sizeof(type_words[0]); i++) {
		if (!strcmp(type, type_words[i].type)) {
			return texts[type_words[i].id].message[lang];
		}
	}
	return type;
}

/* Cuts at `length` bytes or before, never inside a UTF-8 character. */
static size_t cut(const char *text, size_t length)
{
	while (length && ((unsigned char)text[length] & 0xC0) == 0x80) {
		length--;
	}
	return length;
}

static size_t append(char *out, size_t room, size_t at, const char *text, size_t length)
{
	if (length > room - 1 - at) {
		length = cut(text, room - 1 - at);
	}
	memcpy(out + at, text, length);
	out[at + length] = 0;
	return at + length;
}

static void fill(char *out, size_t room, const char *format, const struct args *args, int lang)
{
	size_t at = 0;
	const char *word;

	out[0] = 0;
	for (const char *c = format; *c; c++) {
		bool is_argument = (*c == '$' || *c == '@') && c[1] >= '1' && c[1] <= '4';

		if (!is_argument) {
			at = append(out, room, at, c, 1);
			continue;
		}
		word = args->text[c[1] - '1'];
		if (*c == '@') {
			word = type_word(word, lang);
		}
		at = append(out, room, at, word, strlen(word));
		c++;
	}
	if (format[0] == '@') { /* a type word that begins a sentence */
		out[0] = (char)toupper((unsigned char)out[0]);
	}
}

static void fill_hint(struct fault *fault, const struct text *text, const struct args *args)
{
	for (int lang = TEXT_EN; lang <= TEXT_ZH; lang++) {
		fill(fault->hint[lang], sizeof(fault->hint[lang]), text->hint[lang], args, lang);
	}
}

static void fill_fault(struct fault *fault, const struct text *text, const struct args *args)
{
	snprintf(fault->code, sizeof(fault->code), "%s", text->code);
	for (int lang = TEXT_EN; lang <= TEXT_ZH; lang++) {
		fill(fault->message[lang], sizeof(fault->message[lang]), text->message[lang], args,
			lang);
	}
	fill_hint(fault, text, args);
}

static void take_args(struct args *args, va_list list)
{
	const char *text;

	memset(args, 0, sizeof(*args));
	for (int i = 0; i < ARGS_MAX && (text = va_arg(list, const char *)); i++) {
		append(args->text[i], ARG_ROOM, 0, text, strlen(text));
	}
}

void fault_set(struct fault *fault, enum text_id id, ...)
{
	struct args args;
	va_list list;

	va_start(list, id);
	take_args(&args, list);
	va_end(list);
	fill_fault(fault, &texts[id], &args);
}

void fault_hint(struct fault *fault, enum text_id id, ...)
{
	struct args args;
	va_list list;

	va_start(list, id);
	take_args(&args, list);
	va_end(list);
	fill_hint(fault, &texts[id], &args);
}

/* Does `text` fit `pattern`? Stars take as little as they can, at most four. */
static bool fits(const char *pattern, const char *text, struct args *args, int star)
{
	for (; *pattern && *pattern != '*'; pattern++, text++) {
		if (*pattern != *text) {
			return false;
		}
	}
	if (!*pattern) {
		return !*text;
	}
	for (size_t length = 0;; length++) {
		if (fits(pattern + 1, text + length, args, star + 1)) {
			if (star < ARGS_MAX) {
				append(args->text[star], ARG_ROOM, 0, text, length);
			}
			return true;
		}
		if (!text[length]) {
			return false;
		}
	}
}

void fault_explain(struct fault *fault, const char *raw)
{
	struct args args;
	char text[512];

	/* A bound on what the stars can try. */
	append(text, sizeof(text), 0, raw, strlen(raw));
	for (int i = TEXT_PATTERNS; i < TEXT_COUNT; i++) {
		memset(&args, 0, sizeof(args));
		if (fits(texts[i].key, text, &args, 0)) {
			fill_fault(fault, &texts[i], &args);
			return;
		}
	}
	fault_set(fault, TEXT_OWN, text, NULL);
}

/*
 * Characters that Lua does not know. Somebody who types with a Chinese input
 * method gets full-width brackets and curly quotes; Lua then says only
 * "unexpected symbol near '<\239>'". Here the source is read once more, past its
 * texts and notes, to the first such character, and the pupil is told which
 * one it is and what to type instead.
 */
#include "fault.h"

#include <ctype.h>
#include <string.h>

static const struct {
	unsigned letter;
	const char *instead;
} marks[] = {
	{0x00A0, " "},
	{0x00D7, "*"},
	{0x00F7, "/"},
	{0x2013, "-"},
	{0x2014, "-"},
	{0x2018, "'"},
	{0x2019, "'"},
	{0x201C, "\""},
	{0x201D, "\""},
	{0x2026, "..."},
	{0x2260, "~="},
	{0x2264, "<="},
	{0x2265, ">="},
	{0x3000, " "},
	{0x3001, ","},
	{0x3002, "."},
	{0x300A, "<"},
	{0x300B, ">"},
	{0x300C, "\""},
	{0x300D, "\""},
	{0x3010, "["},
	{0x3011, "]"},
};

struct scan {
	const char *at, *end;
	int line;
};

/* The character at `text`; *length its bytes. Bytes that are no UTF-8 count one by one. */
static unsigned letter_at(const char *text, const char *end, size_t *length)
{
	unsigned char first = (unsigned char)*text;
	unsigned more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
	unsigned letter = more ? first & (0x3Fu >> more) : first;

	*length = 1;
	for (unsigned i = 1; i <= more; i++) {
		if (text + i >= end || ((unsigned char)text[i] & 0xC0) != 0x80) {
			return first;
		}
		letter = letter << 6 | ((unsigned char)text[i] & 0x3F);
		*length = i + 1;
	}
	return letter;
}

/* What to write instead of a letter; "" when there is nothing like it. */
static const char *instead_of(unsigned letter, char room[2])
{
	if (letter >= 0xFF01 && letter <= 0xFF5E) { /* full-width forms of ASCII */
		room[0] = (char)(letter - 0xFEE0);
		room[1] = 0;
		return room;
	}
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (marks[i].letter == letter) {
			return marks[i].instead;
		}
	}
	return "";
}

/* The level of a long bracket at `text`, -1 when there is none. */
static int long_bracket(const char *text, const char *end)
{
	int level = 0;

	if (text >= end || *text != '[') {
		return -1;
	}
	for (text++; text < end && *text == '='; text++) {
		level++;
	}
	return text < end && *text == '[' ? level : -1;
}

static void skip_long(struct scan *scan, int level)
{
	int closing = -1; /* '=' seen since the last ']' */

	for (scan->at += level + 2; scan->at < scan->end; scan->at++) {
		if (*scan->at == ']' && closing == level) {
			scan->at++;
			return;
		}
		closing = *scan->at == ']'		   ? 0
			: *scan->at == '=' && closing >= 0 ? closing + 1
							   : -1;
		scan->line += *scan->at == '\n';
	}
}

static void skip_note(struct scan *scan)
{
	int level = long_bracket(scan->at + 2, scan->end);

	scan->at += 2;
	if (level >= 0) {
		skip_long(scan, level);
		return;
	}
	while (scan->at < scan->end && *scan->at != '\n') {
		scan->at++;
	}
}

/* Past a text in quotes. False: it is not closed on its line. */
static bool skip_text(struct scan *scan)
{
	char quote = *scan->at;

	for (scan->at++; scan->at < scan->end && *scan->at != '\n'; scan->at++) {
		if (*scan->at == quote) {
			scan->at++;
			return true;
		}
		if (*scan->at == '\\' && scan->at + 1 < scan->end) {
			scan->at++;
			scan->line += *scan->at == '\n';
		}
	}
	return false;
}

static bool tell_letter(const struct scan *scan, struct fault *fault)
{
	char text[8], room[2];
	size_t length;
	unsigned letter = letter_at(scan->at, scan->end, &length);
	const char *instead = instead_of(letter, room);

	memcpy(text, scan->at, length);
	text[length] = 0;
	if (!strcmp(instead, " ")) {
		fault_set(fault, TEXT_CHINESE_SPACE, NULL);
	} else if (isalnum((unsigned char)instead[0])) {
		fault_set(fault, TEXT_CHINESE_LETTER, text, instead, NULL);
	} else if (instead[0]) {
		fault_set(fault, TEXT_CHINESE_MARK, text, instead, NULL);
	} else if (letter >= 0x80 && length > 1) {
		fault_set(fault, TEXT_OTHER_LETTER, text, NULL);
	} else {
		return false;
	}
	fault->line = scan->line;
	return true;
}

/* A text that starts with an English quote and ends with a Chinese one. */
static bool tell_quote(const char *text, const char *end, int line, struct fault *fault)
{
	char quote[2] = {*text, 0}, other[8], room[2];
	size_t length;

	for (text++; text < end && *text != '\n'; text += length) {
		const char *instead = instead_of(letter_at(text, end, &length), room);

		if (*instead == '"' || *instead == '\'') {
			memcpy(other, text, length);
			other[length] = 0;
			fault_set(fault, TEXT_QUOTE_MIXED, quote, other, NULL);
			fault->line = line;
			return true;
		}
	}
	return false;
}

bool fault_from_letter(const struct runner *runner, struct fault *fault)
{
	struct scan scan = {runner->source, runner->source + runner->source_length, 1};

	while (scan.at < scan.end && scan.line <= fault->line) {
		const char *begin = scan.at;
		int level = long_bracket(scan.at, scan.end);

		if (scan.line == fault->line && (unsigned char)*scan.at >= 0x80) {
			return tell_letter(&scan, fault);
		}
		if (scan.at + 1 < scan.end && scan.at[0] == '-' && scan.at[1] == '-') {
			skip_note(&scan);
		} else if (level >= 0) {
			skip_long(&scan, level);
		} else if (*scan.at == '"' || *scan.at == '\'') {
			if (!skip_text(&scan) && scan.line == fault->line) {
				return tell_quote(begin, scan.end, scan.line, fault);
			}
		} else {
			scan.line += *scan.at == '\n';
			scan.at++;
		}
	}
	return false;
}

/* Intel HEX, and which board it is for; see flash_image.h. */
#include "flash_image.h"

#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_BYTES_MAX = 255 + 5 };

enum record_type { /* of Intel HEX */
	RECORD_DATA = 0,
	RECORD_END = 1,
	RECORD_SEGMENT = 2,      /* address bits 4..19 */
	RECORD_SEGMENT_START = 3,
	RECORD_LINEAR = 4,       /* address bits 16..31 */
	RECORD_LINEAR_START = 5,
};

static const struct flash_board boards[] = {
	{"uno", "m328p", "arduino", 115200, 32256, 26},
	{"nano", "m328p", "arduino", 57600, 30720, 26},
	{"mega", "m2560", "wiring", 115200, 253952, 57},
	{"mbot", "m328p", "arduino", 115200, 32256, 26},
};

enum { BOARD_COUNT = sizeof(boards) / sizeof(boards[0]) };

const struct flash_board *flash_board_find(const char *model, struct why *why)
{
	char models[64] = "";
	size_t used = 0;

	for (size_t i = 0; i < BOARD_COUNT; i++) {
		if (strcmp(boards[i].model, model) == 0) {
			return &boards[i];
		}
		used += (size_t)snprintf(models + used, sizeof(models) - used, "%s%s",
			i ? ", " : "", boards[i].model);
	}
	why_set(why, ERR_UNSUPPORTED, MSG_FLASH_MODEL, model[0] ? model : "?", models);
	return NULL;
}

/* ---- records ---- */

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
				       : -1;
}

struct reader {
	struct flash_image *image;
	const char *name;
	unsigned line;
	uint32_t base;
	bool has_end;
	uint8_t record[RECORD_BYTES_MAX]; /* count, address, type, data, checksum */
	struct why *why;
};

/* ":10010000..." without its colon into reader->record. */
static enum err read_record(struct reader *reader, const char *text, size_t length)
{
	uint8_t sum = 0;

	if (length % 2 || length < 10 || length / 2 > RECORD_BYTES_MAX) {
		return why_set(reader->why, ERR_INVALID, MSG_FLASH_LINE, reader->name, reader->line);
	}
	for (size_t i = 0; i < length / 2; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			return why_set(reader->why, ERR_INVALID, MSG_FLASH_LINE, reader->name, reader->line);
		}
		reader->record[i] = (uint8_t)(high << 4 | low);
		sum = (uint8_t)(sum + reader->record[i]);
	}
	if (reader->record[0] + 5U != length / 2) {
		return why_set(reader->why, ERR_INVALID, MSG_FLASH_LINE, reader->name, reader->line);
	}
	if (sum != 0) {
		return why_set(reader->why, ERR_INVALID, MSG_FLASH_SUM, reader->name, reader->line);
	}
	return ERR_NONE;
}

static enum err take_data(struct reader *reader)
{
	const uint8_t *record = reader->record;
	uint64_t at = (uint64_t)reader->base + (uint64_t)(record[1] << 8 | record[2]);
	size_t count = record[0];

	if (at + count > FLASH_BYTES_MAX) {
		return why_set(reader->why, ERR_INVALID, MSG_FLASH_ADDRESS, reader->name, reader->line);
	}
	memcpy(reader->image->bytes + at, record + 4, count);
	reader->image->count += count;
	if (at + count > reader->image->end) {
		reader->image->end = (size_t)(at + count);
	}
	return ERR_NONE;
}

static enum err take_record(struct reader *reader)
{
	const uint8_t *record = reader->record;

	switch (record[3]) {
	case RECORD_DATA:
		return take_data(reader);
	case RECORD_END:
		reader->has_end = true;
		return ERR_NONE;
	case RECORD_SEGMENT:
	case RECORD_LINEAR:
		if (record[0] != 2) {
			return why_set(reader->why, ERR_INVALID, MSG_FLASH_LINE, reader->name, reader->line);
		}
		reader->base = (uint32_t)(record[4] << 8 | record[5])
			<< (record[3] == RECORD_LINEAR ? 16 : 4);
		return ERR_NONE;
	case RECORD_SEGMENT_START:
	case RECORD_LINEAR_START:
		return ERR_NONE; /* where a PC would begin; an AVR begins at 0 */
	default:
		return why_set(reader->why, ERR_INVALID, MSG_FLASH_LINE, reader->name, reader->line);
	}
}

static enum err take_line(struct reader *reader, const char *text, size_t length)
{
	while (length > 0 && (text[length - 1] == '\r' || text[length - 1] == ' ')) {
		length--;
	}
	if (length == 0) {
		return ERR_NONE;
	}
	if (text[0] != ':' || reader->has_end) {
		return why_set(reader->why, ERR_INVALID, MSG_FLASH_LINE, reader->name, reader->line);
	}
	enum err err = read_record(reader, text + 1, length - 1);

	return err ? err : take_record(reader);
}

/* JMP is 1001 010k kkkk 110k and a second word; RJMP (small chips) 1100 kkkk kkkk kkkk. */
static unsigned count_vectors(const struct flash_image *image)
{
	unsigned count = 0;

	while ((count + 1) * 4U <= image->end) {
		const uint8_t *word = image->bytes + (size_t)count * 4;

		if ((word[0] & 0x0e) != 0x0c || (word[1] & 0xfe) != 0x94) {
			break;
		}
		count++;
	}
	return count;
}

enum err flash_image_read(const char *text, size_t length, const char *name,
	struct flash_image *image, struct why *why)
{
	struct reader reader = {.image = image, .name = name, .why = why};
	enum err err = ERR_NONE;

	*image = (struct flash_image){.bytes = xcalloc(1, FLASH_BYTES_MAX)};
	memset(image->bytes, 0xff, FLASH_BYTES_MAX);
	for (size_t at = 0; at < length && !err;) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t line = end ? (size_t)(end - text) - at : length - at;

		reader.line++;
		err = take_line(&reader, text + at, line);
		at += line + 1;
	}
	if (!err && (!reader.has_end || image->count == 0)) {
		err = why_set(why, ERR_INVALID, MSG_FLASH_NOT_WHOLE, name);
	}
	if (err) {
		flash_image_release(image);
		return err;
	}
	image->vectors = count_vectors(image);
	return ERR_NONE;
}

void flash_image_release(struct flash_image *image)
{
	free(image->bytes);
	*image = (struct flash_image){0};
}

enum err flash_image_suits(const struct flash_image *image, const char *name,
	const struct flash_board *board, struct why *why)
{
	if (image->vectors != board->vectors) {
		const char *model = "?";

		for (size_t i = 0; i < BOARD_COUNT; i++) {
			if (boards[i].vectors == image->vectors && model[0] == '?') {
				model = boards[i].model;
			}
		}
		return why_set(why, ERR_REFUSED, MSG_FLASH_OTHER_BOARD, name, model, board->model);
	}
	if (image->end > board->bytes) {
		return why_set(why, ERR_REFUSED, MSG_FLASH_TOO_BIG, name, (unsigned)image->end,
			board->model, (unsigned)board->bytes);
	}
	return ERR_NONE;
}

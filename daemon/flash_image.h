/*
 * A firmware file for an AVR board: Intel HEX, read and judged before a byte of the
 * board is changed.
 *
 * What can be known without the board: every line's form and checksum; that it fits
 * beside the boot loader; and for which chip it was linked, because a program begins with
 * one jump for each interrupt vector of its chip (avr-libc's vector table: 26 on an
 * ATmega328P, 57 on a 2560, 43 on a 32U4). avrdude then compares the chip's signature.
 */
#pragma once

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FLASH_BYTES_MAX = 256 * 1024 };

/* How avrdude reaches a model; from its manual (-c, -p) and the boards' boot loaders. */
struct flash_board {
	const char *model;      /* "uno": as in kit->model */
	const char *part;       /* avrdude -p */
	const char *programmer; /* avrdude -c */
	unsigned baud;
	size_t bytes;           /* of flash, without the boot loader */
	unsigned vectors;       /* interrupt vectors of the chip */
};

/* NULL and *why: which models can be written. */
const struct flash_board *flash_board_find(const char *model, struct why *why);

struct flash_image {
	uint8_t *bytes;  /* owned; FLASH_BYTES_MAX, 0xFF where nothing is */
	size_t end;      /* behind the last byte */
	size_t count;    /* bytes given */
	unsigned vectors; /* jumps at its start */
};

/*
 * Reads Intel HEX (Intel's Hexadecimal Object File Format, 1988: records 00 to 05).
 * `name` is the file's, for messages: "name:line: what is wrong".
 */
enum err flash_image_read(const char *text, size_t length, const char *name,
	struct flash_image *image, struct why *why);
void flash_image_release(struct flash_image *image);

/* Is it for this board? ERR_REFUSED: *why says for which it is. */
enum err flash_image_suits(const struct flash_image *image, const char *name,
	const struct flash_board *board, struct why *why);

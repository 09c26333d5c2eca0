/* Firmware files are judged before a byte is written, and avrdude's words are understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flash_talk.h"

#include <stdio.h>
#include <string.h>

static char text[64 * 1024];
static struct why why;

static void add_record(unsigned address, unsigned type, const uint8_t *data, unsigned count)
{
	size_t at = strlen(text);
	unsigned sum = count + (address >> 8) + address + type;

	at += (size_t)snprintf(text + at, sizeof(text) - at, ":%02X%04X%02X", count, address & 0xffff,
		type);
	for (unsigned i = 0; i < count; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%02X", data[i]);
		sum += data[i];
	}
	snprintf(text + at, sizeof(text) - at, "%02X\r\n", (uint8_t)-sum);
}

/* A program whose table has `vectors` jumps. */
static void program(unsigned vectors)
{
	static const uint8_t jump[] = {0x0c, 0x94, 0x74, 0x00}, code[] = {0x11, 0x24, 0x1f, 0xbe};

	text[0] = '\0';
	for (unsigned i = 0; i < vectors; i++) {
		add_record(i * 4, 0, jump, sizeof(jump));
	}
	add_record(vectors * 4, 0, code, sizeof(code));
}

static enum err reads(struct flash_image *image)
{
	return flash_image_read(text, strlen(text), "lamp.hex", image, &why);
}

static enum err suits(const char *model)
{
	struct flash_image image;
	enum err err = reads(&image);

	if (!err) {
		err = flash_image_suits(&image, "lamp.hex", flash_board_find(model, &why), &why);
		flash_image_release(&image);
	}
	return err;
}

static void a_program_for_an_uno_is_read_whole(void **state)
{
	struct flash_image image;

	(void)state;
	program(26);
	add_record(0, 1, NULL, 0);
	assert_int_equal(reads(&image), ERR_NONE);
	assert_int_equal(image.count, 26 * 4 + 4);
	assert_int_equal(image.end, 26 * 4 + 4);
	assert_int_equal(image.vectors, 26);
	assert_int_equal(image.bytes[104], 0x11);
	assert_int_equal(image.bytes[108], 0xff);
	flash_image_release(&image);
}

static void a_program_for_another_board_is_refused_by_name(void **state)
{
	(void)state;
	program(57);
	add_record(0, 1, NULL, 0);
	assert_int_equal(suits("mega"), ERR_NONE);
	assert_int_equal(suits("uno"), ERR_REFUSED);
	assert_non_null(strstr(why.text[LANG_EN], "another board (mega), not for uno"));
	program(26);
	add_record(0, 1, NULL, 0);
	assert_int_equal(suits("uno"), ERR_NONE);
	assert_int_equal(suits("mega"), ERR_REFUSED);
}

static void a_program_over_the_boot_loader_is_refused(void **state)
{
	static const uint8_t byte = 0;

	(void)state;
	program(26);
	add_record(0x7dff, 0, &byte, 1);
	add_record(0, 1, NULL, 0);
	assert_int_equal(suits("uno"), ERR_NONE);
	program(26);
	add_record(0x7e00, 0, &byte, 1);
	add_record(0, 1, NULL, 0);
	assert_int_equal(suits("uno"), ERR_REFUSED);
	assert_non_null(strstr(why.text[LANG_EN], "32257"));
}

static void addresses_above_64_kilobytes_are_followed(void **state)
{
	static const uint8_t linear[] = {0, 1}, segment[] = {0x20, 0}, outside[] = {0, 4};
	static const uint8_t byte = 7;
	struct flash_image image;

	(void)state;
	program(57);
	add_record(0, 4, linear, 2);
	add_record(2, 0, &byte, 1);
	add_record(0, 2, segment, 2);
	add_record(3, 0, &byte, 1);
	add_record(0, 1, NULL, 0);
	assert_int_equal(reads(&image), ERR_NONE);
	assert_int_equal(image.bytes[0x10002], 7);
	assert_int_equal(image.bytes[0x20003], 7);
	assert_int_equal(image.end, 0x20004);
	flash_image_release(&image);
	program(57);
	add_record(0, 4, outside, 2);
	add_record(0, 0, &byte, 1);
	assert_int_equal(reads(&image), ERR_INVALID);
}

static void every_cut_of_a_file_is_refused(void **state)
{
	struct flash_image image;

	(void)state;
	program(26);
	add_record(0, 1, NULL, 0);
	size_t whole = strlen(text);

	for (size_t length = 0; length < whole - 2; length++) { /* less than its last record */
		assert_int_equal(flash_image_read(text, length, "lamp.hex", &image, &why),
			ERR_INVALID);
		assert_null(image.bytes);
	}
}

static void every_flipped_bit_of_a_line_is_refused(void **state)
{
	struct flash_image image;

	(void)state;
	program(26);
	add_record(0, 1, NULL, 0);
	size_t end = strcspn(text, "\r");

	for (size_t i = 0; i < end; i++) {
		char right = text[i];

		for (int bit = 0; bit < 7; bit++) {
			text[i] = (char)(right ^ 1 << bit);
			if (text[i] == (right ^ 0x20) && right >= 'A') {
				continue; /* a small letter is the same digit */
			}
			assert_int_equal(reads(&image), ERR_INVALID);
			assert_non_null(strstr(why.text[LANG_EN], "lamp.hex:"));
		}
		text[i] = right;
	}
}

static void a_text_that_is_no_hex_file_names_its_line(void **state)
{
	struct flash_image image;

	(void)state;
	snprintf(text, sizeof(text), "\n\nvoid setup() {}\n");
	assert_int_equal(reads(&image), ERR_INVALID);
	assert_non_null(strstr(why.text[LANG_EN], "lamp.hex:3:"));
	assert_null(flash_board_find("nxt", &why));
	assert_int_equal(why.code, ERR_UNSUPPORTED);
}

/* ---- what avrdude says ---- */

static const char well[] =
	"\navrdude: AVR device initialized and ready to accept instructions\n"
	"\nReading | ################################################## | 100% 0.00s\n"
	"\navrdude: Device signature = 0x1e950f (probably m328p)\n"
	"avrdude: writing flash (12194 bytes):\n"
	"\nWriting | ################################################## | 100% 1.93s\n"
	"\navrdude: 12194 bytes of flash written\n"
	"avrdude: verifying flash memory against lamp.hex:\n"
	"\nReading | ################################################## | 100% 1.33s\n"
	"\navrdude: 12194 bytes of flash verified\n"
	"\navrdude done.  Thank you.\n";

static void progress_grows_from_nothing_to_all_byte_by_byte(void **state)
{
	struct flash_talk talk = {0};
	double share = 0, written = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(well) - 1; i++) {
		flash_talk_hear(&talk, well + i, 1);
		assert_true(flash_talk_share(&talk) >= share);
		share = flash_talk_share(&talk);
		if (talk.phase == FLASH_WRITING) {
			written = share;
		}
	}
	assert_true(written > 0.59 && written < 0.61);
	assert_true(share > 0.999);
	assert_string_equal(talk.complaint, "");
}

static enum err fails(const char *said)
{
	struct flash_talk talk = {0};

	flash_talk_hear(&talk, said, strlen(said));
	flash_talk_why(&talk, "uno-1", &why);
	return why.code;
}

static void what_went_wrong_is_told_in_plain_words(void **state)
{
	(void)state;
	assert_int_equal(fails("avrdude: stk500_recv(): programmer is not responding\n"
			       "avrdude: stk500_getsync() attempt 1 of 10: not in sync: resp=0x00\n"),
		ERR_TIMEOUT);
	assert_non_null(strstr(why.text[LANG_EN], "boot loader of uno-1"));
	assert_int_equal(fails("avrdude: Expected signature for ATmega2560 is 1E 98 01\n"),
		ERR_REFUSED);
	assert_int_equal(fails("avrdude: verifying flash memory against x:\n"
			       "avrdude: verification error, first mismatch at byte 0x0010\n"),
		ERR_IO);
	assert_non_null(strstr(why.text[LANG_EN], "not what was written"));
	assert_int_equal(fails("avrdude: ser_open(): can't open device \"/dev/ttyACM9\"\n"), ERR_IO);
	assert_non_null(strstr(why.text[LANG_EN], "ttyACM9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_for_an_uno_is_read_whole),
		cmocka_unit_test(a_program_for_another_board_is_refused_by_name),
		cmocka_unit_test(a_program_over_the_boot_loader_is_refused),
		cmocka_unit_test(addresses_above_64_kilobytes_are_followed),
		cmocka_unit_test(every_cut_of_a_file_is_refused),
		cmocka_unit_test(every_flipped_bit_of_a_line_is_refused),
		cmocka_unit_test(a_text_that_is_no_hex_file_names_its_line),
		cmocka_unit_test(progress_grows_from_nothing_to_all_byte_by_byte),
		cmocka_unit_test(what_went_wrong_is_told_in_plain_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

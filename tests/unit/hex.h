/* Bytes as hex, with blanks where it is easier to read. For the unit tests. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

static inline size_t from_hex(const char *hex, uint8_t *bytes)
{
	size_t count = 0;

	for (const char *c = hex; *c; c++) {
		unsigned byte;

		if (*c != ' ') {
			assert_int_equal(sscanf(c, "%2x", &byte), 1);
			bytes[count++] = (uint8_t)byte;
			c++;
		}
	}
	return count;
}

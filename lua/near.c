/*
 * Nearest name by edit distance (a letter more, less, other, or two swapped);
 * capitals count as small letters. See near.h.
 */
#include "near.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LETTERS_MAX = 40, SHORT_MAX = 3 };

static int least(int a, int b)
{
	return a < b ? a : b;
}

void near_begin(struct near *near, const char *wanted)
{
	size_t length = strlen(wanted);

	near->wanted = wanted;
	near->best[0] = 0;
	/* At most a third of the letters may be wrong, at least one and at most three. */
	near->distance = length > LETTERS_MAX ? 0 : least(length < 3 ? 2 : (int)length / 3 + 1, 4);
}

static int distance(const char *a, const char *b)
{
	int rows[3][LETTERS_MAX + 1];
	int *before = rows[0], *last = rows[1], *row = rows[2], *swap;
	int width = (int)strlen(b);

	for (int j = 0; j <= width; j++) {
		last[j] = j;
	}
	for (int i = 1; a[i - 1]; i++) {
		row[0] = i;
		for (int j = 1; j <= width; j++) {
			int other = tolower((unsigned char)a[i - 1]) !=
				tolower((unsigned char)b[j - 1]);

			row[j] = least(last[j - 1] + other, least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
				row[j] = least(row[j], before[j - 2] + 1);
			}
		}
		swap = before;
		before = last;
		last = row;
		row = swap;
	}
	return last[width];
}

void near_offer(struct near *near, const char *name)
{
	int d;

	if (strlen(name) > LETTERS_MAX || near->distance == 0) {
		return;
	}
	/* "red" is no slip for "led", though one letter away. */
	if (strlen(near->wanted) <= SHORT_MAX &&
		tolower((unsigned char)near->wanted[0]) != tolower((unsigned char)name[0])) {
		return;
	}
	d = distance(near->wanted, name);
	if (d < (int)strlen(near->wanted) &&
		(d < near->distance || (d == near->distance && strcmp(name, near->best) < 0))) {
		near->distance = d;
		snprintf(near->best, sizeof(near->best), "%s", name);
	}
}

/* Memory that is there or ends the program; see xalloc.h. */
#include "xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *or_die(void *memory)
{
	if (!memory) {
		static const char text[] = "kitlab: out of memory, ending\n";

		if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) {
			_exit(1);
		}
		_exit(1);
	}
	return memory;
}

void *xcalloc(size_t count, size_t size)
{
	return or_die(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t size)
{
	return or_die(realloc(old, size ? size : 1));
}

char *xstrdup(const char *text)
{
	return or_die(strdup(text));
}

char *xasprintf(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
	}
	va_end(args);
	return or_die(text);
}

/*
 * Memory for what has a named ceiling: these end the program with a message
 * when there is none (FAULTS 34). What a script, a cable or a browser can grow
 * has its own ceiling before it comes here.
 */
#pragma once

#include <stddef.h>

void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

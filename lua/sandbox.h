/*
 * Closes the sandbox around this process: from then on it can compute, speak on
 * its socket, get memory up to a limit, and end.
 */
#pragma once

#include <stddef.h>

/* What the process can be given away before its source is known. NULL: well; else what failed. */
const char *sandbox_enter(size_t memory_max);

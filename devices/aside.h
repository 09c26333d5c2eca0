/*
 * Work beside the loop: what the kernel may hold up (a device that opens) in a thread of its own,
 * so that the loop waits for nobody. The thread gets a job that nobody else touches meanwhile.
 */
#pragma once

#include "loop.h"

typedef void aside_fn(void *job);

/*
 * Calls `work` in the thread, and after it `done` inside the loop, whose turn it then is to free
 * the job. False and errno: there is no thread to be had, and neither is called.
 */
bool aside_start(struct loop *loop, aside_fn *work, aside_fn *done, void *job);

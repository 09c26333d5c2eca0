/* Work beside the loop; see aside.h. The thread's end comes to the loop by an eventfd. */
#include "aside.h"

#include "xalloc.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct aside {
	aside_fn *work, *done;
	void *job;
	pthread_t thread;
	int end; /* eventfd */
	struct loop_fd *watcher;
};

static void *run(void *data)
{
	struct aside *aside = data;

	aside->work(aside->job);
	eventfd_write(aside->end, 1);
	return NULL;
}

static void on_end(void *data, int events)
{
	struct aside *aside = data;
	aside_fn *done = aside->done;
	void *job = aside->job;

	(void)events;
	pthread_join(aside->thread, NULL); /* it has nothing left to do */
	loop_fd_remove(aside->watcher);
	close(aside->end);
	free(aside);
	done(job);
}

bool aside_start(struct loop *loop, aside_fn *work, aside_fn *done, void *job)
{
	struct aside *aside = xcalloc(1, sizeof(*aside));

	*aside = (struct aside){.work = work, .done = done, .job = job};
	aside->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int error = aside->end < 0
		? errno
		: pthread_create(&aside->thread, NULL, run, aside);

	if (error) {
		if (aside->end >= 0) {
			close(aside->end);
		}
		free(aside);
		errno = error;
		return false;
	}
	aside->watcher = loop_fd_add(loop, aside->end, LOOP_READ, on_end, aside);
	return true;
}

/* The thread that starts programs; see spawner.h. */
#include "spawner.h"

#include "xalloc.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct job {
	struct job *next;
	struct spawn spawn;
	spawner_done_fn *done;
	void *data;
	pid_t pid;
	int error;
};

struct jobs {
	struct job *first, **end;
};

struct spawner {
	pthread_t thread;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t wake;
	struct jobs wanted, finished;
	bool is_ending;
	int event; /* written by the thread when something has finished */
	struct loop_fd *watch;
};

static void push(struct jobs *jobs, struct job *job)
{
	job->next = NULL;
	*jobs->end = job;
	jobs->end = &job->next;
}

static struct job *pop(struct jobs *jobs)
{
	struct job *job = jobs->first;

	if (job) {
		jobs->first = job->next;
		if (!jobs->first) {
			jobs->end = &jobs->first;
		}
	}
	return job;
}

static void start(struct job *job)
{
	const struct spawn *spawn = &job->spawn;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	for (size_t i = 0; i < sizeof(spawn->as_fds) / sizeof(spawn->as_fds[0]); i++) {
		if (spawn->as_fds[i] >= 0) {
			posix_spawn_file_actions_adddup2(&actions, spawn->fd, spawn->as_fds[i]);
		}
	}
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	job->error = posix_spawnp(&job->pid, spawn->argv[0], &actions, &attributes, spawn->argv,
		spawn->environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(spawn->fd);
}

static void *work(void *data)
{
	struct spawner *spawner = data;
	struct job *job;
	uint64_t one = 1;

	pthread_mutex_lock(&spawner->mutex);
	for (;;) {
		job = pop(&spawner->wanted);
		if (!job && spawner->is_ending) {
			break;
		}
		if (!job) {
			pthread_cond_wait(&spawner->wake, &spawner->mutex);
			continue;
		}
		pthread_mutex_unlock(&spawner->mutex);
		start(job);
		pthread_mutex_lock(&spawner->mutex);
		push(&spawner->finished, job);
		if (write(spawner->event, &one, sizeof(one)) < 0) {
			/* The counter is full: the loop has been told often enough. */
		}
	}
	pthread_mutex_unlock(&spawner->mutex);
	return NULL;
}

static void on_finished(void *data, int events)
{
	struct spawner *spawner = data;
	struct job *job;
	uint64_t count;

	(void)events;
	if (read(spawner->event, &count, sizeof(count)) < 0) {
		return;
	}
	for (;;) {
		pthread_mutex_lock(&spawner->mutex);
		job = pop(&spawner->finished);
		pthread_mutex_unlock(&spawner->mutex);
		if (!job) {
			return;
		}
		job->done(job->data, job->pid, job->error);
		free(job);
	}
}

struct spawner *spawner_create(struct loop *loop)
{
	struct spawner *spawner = xcalloc(1, sizeof(*spawner));
	sigset_t all, before;
	int error;

	spawner->wanted.end = &spawner->wanted.first;
	spawner->finished.end = &spawner->finished.first;
	spawner->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (spawner->event < 0) {
		free(spawner);
		return NULL;
	}
	pthread_mutex_init(&spawner->mutex, NULL);
	pthread_cond_init(&spawner->wake, NULL);
	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&spawner->thread, NULL, work, spawner);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		close(spawner->event);
		free(spawner);
		return NULL;
	}
	spawner->watch = loop_fd_add(loop, spawner->event, LOOP_READ, on_finished, spawner);
	return spawner;
}

void spawner_destroy(struct spawner *spawner)
{
	struct job *job;

	if (!spawner) {
		return;
	}
	pthread_mutex_lock(&spawner->mutex);
	spawner->is_ending = true;
	pthread_cond_signal(&spawner->wake);
	pthread_mutex_unlock(&spawner->mutex);
	pthread_join(spawner->thread, NULL);
	while ((job = pop(&spawner->finished))) {
		if (!job->error) {
			kill(job->pid, SIGKILL);
		}
		free(job);
	}
	loop_fd_remove(spawner->watch);
	close(spawner->event);
	pthread_cond_destroy(&spawner->wake);
	pthread_mutex_destroy(&spawner->mutex);
	free(spawner);
}

void spawner_start(struct spawner *spawner, const struct spawn *spawn, spawner_done_fn *done,
	void *data)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->spawn = *spawn;
	job->done = done;
	job->data = data;
	pthread_mutex_lock(&spawner->mutex);
	push(&spawner->wanted, job);
	pthread_cond_signal(&spawner->wake);
	pthread_mutex_unlock(&spawner->mutex);
}

/*
 * The sandbox itself, without Lua: what somebody could call who has broken out of
 * it. Each attack runs in a child behind sandbox_enter() and tells its errno.
 */
#include "sandbox.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FREE = -1, NOT_ENTERED = -2 };

typedef long attack_fn(void);

/* The errno of an attack in the sandbox, FREE when it was allowed, or minus the signal that
 * ended it less 100. */
static int try_attack(attack_fn *attack)
{
	int pair[2], result = NOT_ENTERED, status;
	pid_t child;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	child = fork();
	if (child == 0) {
		if (dup2(pair[1], WIRE_FD) == WIRE_FD && !sandbox_enter(32 << 20)) {
			errno = 0;
			result = attack() < 0 ? errno : FREE;
		}
		send(WIRE_FD, &result, sizeof(result), MSG_NOSIGNAL);
		_exit(0);
	}
	close(pair[1]);
	/* Shorter packets are what an attack could say. */
	while (recv(pair[0], &result, sizeof(result), 0) == 1) {
	}
	close(pair[0]);
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? -100 - WTERMSIG(status) : result;
}

static long open_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static long open_device(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
}

static long look_at_file(void)
{
	struct stat about;

	return syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &about, 0);
}

static long make_folder(void)
{
	return mkdir("/tmp/kitlab-sandbox-was-open", 0700);
}

static long connect_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long make_socketpair(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static long fork_process(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long kill_parent(void)
{
	return kill(getppid(), 0);
}

static long kill_all(void)
{
	return kill(-1, 0);
}

static long run_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			MAP_FAILED
		? -1
		: 0;
}

static long make_runnable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? 0 : mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static long raise_limit(void)
{
	struct rlimit limit = {1000, 1000};

	return setrlimit(RLIMIT_NOFILE, &limit);
}

static long be_nicer(void)
{
	return setpriority(PRIO_PROCESS, 0, -5);
}

static long become_root(void)
{
	return setuid(0);
}

static long new_namespace(void)
{
	return syscall(SYS_unshare, 0x10000000);
}

static long memory_file(void)
{
	return syscall(SYS_memfd_create, "x", 0);
}

static long io_ring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long load_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static long set_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1);
}

static long receive_descriptor(void)
{
	struct msghdr message = {0};

	return recvmsg(WIRE_FD, &message, MSG_DONTWAIT);
}

static long much_memory(void)
{
	return mmap(NULL, 80 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			MAP_FAILED
		? -1
		: 0;
}

static long trace(void)
{
	return syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
}

static long execute(void)
{
	char *argv[] = {"sh", NULL};

	return execve("/bin/sh", argv, NULL);
}

static long speak(void)
{
	return send(WIRE_FD, "x", 1, 0) == 1 ? 0 : -1;
}

/* A sanitizer needs calls that the sandbox refuses; there the filter is left out. */
static void needs_filter(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__)
	skip();
#endif
}

static void what_is_not_needed_is_refused(void **state)
{
	static attack_fn *const attacks[] = {open_file, open_device, look_at_file, make_folder,
		connect_socket, make_socketpair, fork_process, kill_parent, kill_all, run_code,
		make_runnable, raise_limit, be_nicer, become_root, new_namespace, memory_file,
		io_ring, load_bpf, set_dumpable, receive_descriptor};

	needs_filter(state);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		int result = try_attack(attacks[i]);

		if (result != EPERM && result != EACCES) {
			print_error("attack %zu: %d\n", i, result);
		}
		assert_true(result == EPERM || result == EACCES);
	}
}

static void what_only_attackers_call_ends_the_process(void **state)
{
	needs_filter(state);
	assert_int_equal(try_attack(trace), -100 - SIGSYS);
	assert_int_equal(try_attack(execute), -100 - SIGSYS);
}

static void memory_is_bounded_by_the_system_too(void **state)
{
	needs_filter(state);
	assert_int_equal(try_attack(much_memory), ENOMEM);
}

static void the_socket_stays(void **state)
{
	(void)state;
	assert_int_equal(try_attack(speak), FREE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_needed_is_refused),
		cmocka_unit_test(what_only_attackers_call_ends_the_process),
		cmocka_unit_test(memory_is_bounded_by_the_system_too),
		cmocka_unit_test(the_socket_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The sandbox: limits, another user, Landlock, seccomp. See sandbox.h.
 *
 * A pupil's script cannot name a system call; this is for the day when somebody
 * finds a fault in Lua. seccomp is the main wall, Landlock stands behind it for
 * files and TCP, the other user behind both.
 *
 * The order matters (each was measured): the Landlock ruleset is made before
 * RLIMIT_NOFILE (EMFILE), the seccomp filter is built before RLIMIT_FSIZE,
 * PR_SET_PDEATHSIG comes after setresuid, which clears it.
 */
#include "sandbox.h"

#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1 /* it maps terabytes and reads /proc */
#else
#define HAS_SANITIZER 0
#endif

enum {
	NICE = 10, /* a browser on the lab PC must not starve scripts, nor they the daemon */
	NOBODY = 65534,
	STACK_BYTES = 4 << 20,
	MEMORY_BESIDE_LUA = 32 << 20, /* code, stack, the allocator's own */
};

/* Landlock's interface, not from the header: Debian's is older than the kernels it runs on. */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};
enum { RULESET_VERSION = 1 };

/* Rights that each ABI knows; none is given back by a rule. */
static uint64_t fs_rights(long abi)
{
	return abi >= 5 ? 0xFFFF : abi >= 3 ? 0x7FFF : abi == 2 ? 0x3FFF : 0x1FFF;
}

/* A ruleset that denies all, or -1 where the kernel has no Landlock. */
static int landlock_ruleset(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
	struct ruleset_attr attr = {0};

	if (abi < 1) {
		return -1;
	}
	attr.fs = fs_rights(abi);
	attr.net = abi >= 4 ? 3 : 0;	/* bind and connect TCP */
	attr.scoped = abi >= 6 ? 3 : 0; /* abstract UNIX sockets, signals */
	return (int)syscall(SYS_landlock_create_ruleset, &attr,
		abi >= 6	   ? sizeof(attr)
			: abi >= 4 ? 16
				   : 8,
		0);
}

static bool allow_plain(scmp_filter_ctx filter)
{
	static const int calls[] = {
		SCMP_SYS(recvfrom),
		SCMP_SYS(sendto),
		SCMP_SYS(brk),
		SCMP_SYS(munmap),
		SCMP_SYS(mremap),
		SCMP_SYS(madvise),
		SCMP_SYS(futex),
		SCMP_SYS(rt_sigreturn),
		SCMP_SYS(exit),
		SCMP_SYS(exit_group),
		SCMP_SYS(restart_syscall),
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) < 0) {
			return false;
		}
	}
	/* Memory, but never memory that can be run. */
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
		       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

/* All else fails with EPERM; what only an attacker calls ends the process. */
static scmp_filter_ctx build_filter(void)
{
	static const int deadly[] = {
		SCMP_SYS(execve),
		SCMP_SYS(execveat),
		SCMP_SYS(ptrace),
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (!filter) {
		return NULL;
	}
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		if (seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0) < 0) {
			goto fail;
		}
	}
	if (!allow_plain(filter)) {
		goto fail;
	}
	return filter;
fail:
	seccomp_release(filter);
	return NULL;
}

static bool change_user(void)
{
	return geteuid() != 0 ||
		(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
			setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

static bool limit(int what, rlim_t most)
{
	struct rlimit limit = {most, most};

	return setrlimit(what, &limit) == 0;
}

static bool set_limits(size_t memory_max)
{
	return (HAS_SANITIZER || limit(RLIMIT_AS, memory_max + MEMORY_BESIDE_LUA)) &&
		limit(RLIMIT_STACK, STACK_BYTES) && limit(RLIMIT_CORE, 0) &&
		limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0) && limit(RLIMIT_MEMLOCK, 0) &&
		limit(RLIMIT_MSGQUEUE, 0) && limit(RLIMIT_NOFILE, WIRE_FD + 1);
}

/* Nothing but the socket stays open. */
static bool close_files(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0) {
		return false;
	}
	for (int fd = 0; fd < WIRE_FD; fd++) {
		if (!(HAS_SANITIZER && fd == 2) && dup2(null, fd) < 0) {
			return false;
		}
	}
	return syscall(SYS_close_range, WIRE_FD + 1, ~0U, 0) == 0;
}

const char *sandbox_enter(size_t memory_max)
{
	pid_t parent = getppid();
	scmp_filter_ctx filter;
	int ruleset;

	if (!close_files()) {
		return "files";
	}
	setpriority(PRIO_PROCESS, 0, NICE);
	ruleset = landlock_ruleset();
	filter = build_filter();
	if (!filter) {
		return "seccomp";
	}
	if (!change_user()) {
		return "user";
	}
	/* From here on the daemon's end is ours too. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) {
		return "parent";
	}
	if (!set_limits(memory_max)) {
		return "limits";
	}
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		return "no_new_privs";
	}
	if (ruleset >= 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0) {
		return "landlock";
	}
	if (ruleset >= 0) {
		close(ruleset);
	}
	if (!HAS_SANITIZER && seccomp_load(filter) < 0) {
		return "seccomp";
	}
	seccomp_release(filter);
	return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork and exec for the supervisor. Not here: who is started when (supervisor.c), other scripts
 * (runner/). */
#include "daemon/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/hf_log.h"
#include "lib/hf_room.h"

/* Exit statuses of a child that could not become what it should, as a shell gives them. */
#define EXIT_NOT_EXECUTED 127

/* Dispositions and mask as after a login: ours must not leak into other programs. */
static void
reset_signals(void)
{
	sigset_t none;

	for (int signum = 1; signum < NSIG; signum++)
		signal(signum, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Leaves 0, 1, 2 and, when keep is not negative, that descriptor as HF_ROOM_FD. */
static void
keep_descriptors(int keep)
{
	if (keep >= 0 && keep != HF_ROOM_FD) {
		if (dup2(keep, HF_ROOM_FD) < 0)
			_exit(EXIT_NOT_EXECUTED);
	} else if (keep >= 0) {
		fcntl(keep, F_SETFD, 0);
	}
	close_range(keep >= 0 ? HF_ROOM_FD + 1 : HF_ROOM_FD, ~0U, 0);
}

static HF_NORETURN void
become_room(const char *name, int channel)
{
	char program[] = "holdfastd", option[] = "--room", room[16];
	char *argv[] = { program, option, room, NULL };

	snprintf(room, sizeof(room), "%s", name);
	reset_signals();
	setpgid(0, 0); /* signals to the supervisor's process group are not for rooms */
	keep_descriptors(channel);
	execv("/proc/self/exe", argv);
	_exit(EXIT_NOT_EXECUTED);
}

int
spawn_room(const char *name, int channel, pid_t *pid)
{
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (child == 0)
		become_room(name, channel);
	*pid = child;
	return 0;
}

static void
null_standard_descriptors(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
}

static void
become_user(uid_t uid, gid_t gid)
{
	struct passwd *user = getpwuid(uid);

	if (uid == geteuid() && gid == getegid())
		return;
	if ((user != NULL ? initgroups(user->pw_name, gid) : setgroups(0, NULL)) != 0 ||
	    setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		_exit(EXIT_NOT_EXECUTED);
}

static HF_NORETURN void
become_script(const struct script_model *script)
{
	char *argv[SCRIPT_ARGS_MAX + 1] = { NULL };

	for (size_t i = 0; i < script->argc && i < SCRIPT_ARGS_MAX; i++)
		argv[i] = (char *)script->argv[i];
	reset_signals();
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	null_standard_descriptors();
	keep_descriptors(-1);
	become_user(script->uid, script->gid);
	unsetenv("IFS");
	unsetenv("LD_PRELOAD");
	unsetenv("LD_LIBRARY_PATH");
	execv(argv[0], argv);
	_exit(EXIT_NOT_EXECUTED);
}

/* Has the process ended within the time? */
static bool
ended_within(int pidfd, int64_t limit_ns)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	hf_time end = hf_after(hf_time_now(), limit_ns);

	for (;;) {
		int64_t left_ns = hf_between(hf_time_now(), end);

		if (left_ns <= 0)
			return false;
		if (poll(&pfd, 1, (int)(left_ns / 1000000) + 1) > 0)
			return true;
	}
}

static void
report_script(const char *name, const struct script_model *script, int status)
{
	if (WIFSIGNALED(status))
		hf_log(HF_WARNING, name, "%s ended by signal %d", script->argv[0],
		       WTERMSIG(status));
	else if (WEXITSTATUS(status) == EXIT_NOT_EXECUTED)
		hf_log(HF_WARNING, name, "%s could not be executed", script->argv[0]);
	else if (WEXITSTATUS(status) != 0)
		hf_log(HF_WARNING, name, "%s exited with status %d", script->argv[0],
		       WEXITSTATUS(status));
}

void
spawn_script_and_wait(const char *name, const struct script_model *script)
{
	int pidfd, status = 0;
	pid_t child;

	if (script->argc == 0)
		return;
	child = fork();
	if (child == 0)
		become_script(script);
	if (child < 0) {
		hf_log(HF_ERROR, name, "%s not started: %s", script->argv[0], strerror(errno));
		return;
	}
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	if (pidfd >= 0 && !ended_within(pidfd, SPAWN_SCRIPT_LIMIT_NS)) {
		hf_log(HF_WARNING, name, "%s still runs after %d s: ending it", script->argv[0],
		       (int)(SPAWN_SCRIPT_LIMIT_NS / HF_SECONDS(1)));
		kill(-child, SIGTERM);
		if (!ended_within(pidfd, SPAWN_SCRIPT_KILL_NS))
			kill(-child, SIGKILL);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (pidfd >= 0)
		close(pidfd);
	report_script(name, script, status);
}

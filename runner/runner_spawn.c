/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting one script. Between fork and execve only what POSIX allows in a signal handler is
 * called. Elsewhere: waiting for it and ending it (runner_process.c).
 */
#include "runner/runner_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define SHELL     "/bin/sh"
#define REPORT_FD 3

/* As a shell says "found but cannot be run". */
#define EXIT_CANNOT_RUN 126

HF_NORETURN static void
child_fails(enum runner_step step)
{
	struct runner_report report = { .step = step, .error = errno };

	if (write(REPORT_FD, &report, sizeof(report)) < 0)
		_exit(EXIT_CANNOT_RUN + 1);
	_exit(EXIT_CANNOT_RUN);
}

/* What the daemon set for itself is not the script's. */
static void
child_undo_daemon(void)
{
	struct sched_param param = { 0 };
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sched_setscheduler(0, SCHED_OTHER, &param);
	setrlimit(RLIMIT_RTTIME, &unlimited);
	if (getpriority(PRIO_PROCESS, 0) < 0)
		setpriority(PRIO_PROCESS, 0, 0);
	setpgid(0, 0);
}

static void
child_descriptors(const struct runner_command *cmd, int report_fd)
{
	int null_fd = open("/dev/null", O_RDWR);

	if (null_fd >= 0) {
		dup2(null_fd, STDIN_FILENO);
		if (!cmd->keep_output) {
			dup2(null_fd, STDOUT_FILENO);
			dup2(null_fd, STDERR_FILENO);
		}
	}
	if (report_fd != REPORT_FD)
		dup3(report_fd, REPORT_FD, O_CLOEXEC);
	close_range(REPORT_FD + 1, ~0U, 0);
}

static void
child_identity(const struct runner_command *cmd)
{
	bool ours = cmd->uid == geteuid() && cmd->gid == getegid();

	/* An unprivileged daemon runs scripts as itself and may not even drop groups. */
	if (ours && geteuid() != 0)
		return;
	if (setgroups(1, &cmd->gid) != 0 || setresgid(cmd->gid, cmd->gid, cmd->gid) != 0 ||
	    setresuid(cmd->uid, cmd->uid, cmd->uid) != 0)
		child_fails(RUNNER_STEP_IDENTITY);
}

HF_NORETURN static void
child_run(const struct runner_command *cmd, int report_fd, pid_t parent)
{
	const char *words[RUNNER_WORDS_MAX + 2] = { SHELL };
	struct runner_report shell = { .step = RUNNER_STEP_SHELL };

	child_undo_daemon();
	child_descriptors(cmd, report_fd);
	child_identity(cmd);
	/* Changing the identity clears this one, so it comes last; the parent may be gone by now.
	 */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_CANNOT_RUN);

	execve(cmd->argv[0], (char *const *)cmd->argv, cmd->envp);
	if (errno != ENOEXEC)
		child_fails(RUNNER_STEP_EXEC);
	for (size_t i = 0; i < RUNNER_WORDS_MAX && cmd->argv[i] != NULL; i++)
		words[i + 1] = cmd->argv[i];
	if (write(REPORT_FD, &shell, sizeof(shell)) == sizeof(shell))
		execve(SHELL, (char *const *)words, cmd->envp);
	child_fails(RUNNER_STEP_EXEC);
}

int
runner_spawn(const struct runner_command *cmd, struct runner_spawned *out)
{
	sigset_t all, before;
	pid_t parent = getpid();
	int fds[2], err = 0;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -errno;
	/* A signal caught in the child before it has reset them would run the daemon's handler. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	out->pid = fork();
	if (out->pid == 0)
		child_run(cmd, fds[1], parent);
	if (out->pid < 0)
		err = -errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(fds[1]);
	if (err) {
		close(fds[0]);
		return err;
	}
	setpgid(out->pid, out->pid); /* both sides do it: whoever comes first */
	out->report_fd = fds[0];
	out->pidfd = pidfd_open(out->pid, 0);
	if (out->pidfd < 0) {
		err = -errno;
		close(fds[0]);
		kill(-out->pid, SIGKILL);
	}
	return err;
}

static bool
is_inherited(const char *variable)
{
	static const char *const unwanted[] = { "IFS=",
						"LD_PRELOAD=",
						"LD_LIBRARY_PATH=",
						"NOTIFY_SOCKET=",
						"HOLDFAST_EVENT_ID=",
						"HOLDFAST_SEQ=",
						"HOLDFAST_PREV_STATE=",
						"HOLDFAST_REASON=" };

	for (size_t i = 0; i < HF_COUNT_OF(unwanted); i++) {
		if (strncmp(variable, unwanted[i], strlen(unwanted[i])) == 0)
			return false;
	}
	return true;
}

/* Returns how many were appended, or -1. */
static int
append_job_variables(char **envp, const struct runner_job *job)
{
	int n = 0;

	if (asprintf(&envp[n], "HOLDFAST_EVENT_ID=%llu", (unsigned long long)job->cause) < 0)
		goto failed;
	if (asprintf(&envp[++n], "HOLDFAST_SEQ=%llu", (unsigned long long)job->seq) < 0)
		goto failed;
	if (asprintf(&envp[++n], "HOLDFAST_PREV_STATE=%s", job->prev_state) < 0)
		goto failed;
	if (asprintf(&envp[++n], "HOLDFAST_REASON=%s", job->reason) < 0)
		goto failed;
	return n + 1;
failed:
	envp[n] = NULL; /* asprintf leaves it undefined */
	return -1;
}

char **
runner_environment(const struct runner_job *job)
{
	size_t n = 0, kept = 0;
	char **envp;

	while (environ != NULL && environ[n] != NULL)
		n++;
	envp = calloc(n + 5, sizeof(*envp));
	if (envp == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (!is_inherited(environ[i]))
			continue;
		envp[kept] = strdup(environ[i]);
		if (envp[kept] == NULL)
			goto no_memory;
		kept++;
	}
	if (job != NULL && append_job_variables(envp + kept, job) < 0)
		goto no_memory;
	return envp;
no_memory:
	runner_environment_free(envp);
	return NULL;
}

void
runner_environment_free(char **envp)
{
	for (size_t i = 0; envp != NULL && envp[i] != NULL; i++)
		free(envp[i]);
	free(envp);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From words and an identity to a process: fork, what a script must not inherit is undone, the
 * identity is taken, execve. The child says over a pipe why it could not run the script.
 */
#ifndef RUNNER_SPAWN_H
#define RUNNER_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "runner/runner.h"

/* A reader of a FIFO gets the path as one word more. */
#define RUNNER_WORDS_MAX (SCRIPT_ARGS_MAX + 1)

struct runner_command {
	uid_t uid;
	gid_t gid;
	const char *const
		*argv; /* NULL behind at most RUNNER_WORDS_MAX words; argv[0] is the path */
	char **envp;
	bool keep_output; /* standard output and error stay the daemon's; else the null device */
};

/* Where the child was when it failed. */
enum runner_step {
	RUNNER_STEP_IDENTITY = 1,
	RUNNER_STEP_EXEC,
	RUNNER_STEP_SHELL, /* no failure: not a program for the kernel, so the shell runs it */
};

struct runner_report {
	uint32_t step; /* enum runner_step */
	int32_t error; /* errno, or 0 */
};

struct runner_spawned {
	pid_t pid; /* also its process group */
	int pidfd;
	int report_fd; /* struct runner_report, none if all went well; at end of file it runs */
};

/* Returns 0 or -errno. Both descriptors are the caller's. */
int runner_spawn(const struct runner_command *cmd, struct runner_spawned *out) HF_MUST_CHECK;

/*
 * The daemon's environment without IFS, LD_PRELOAD, LD_LIBRARY_PATH and NOTIFY_SOCKET, with
 * HOLDFAST_EVENT_ID, HOLDFAST_SEQ, HOLDFAST_PREV_STATE and HOLDFAST_REASON of the job (NULL: none).
 * NULL when out of memory; free with runner_environment_free().
 */
char **runner_environment(const struct runner_job *job);
void runner_environment_free(char **envp);

#endif

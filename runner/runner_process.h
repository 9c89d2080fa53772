/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One running script: how it ends, and how it is made to end. */
#ifndef RUNNER_PROCESS_H
#define RUNNER_PROCESS_H

#include "lib/hf_loop.h"
#include "runner/runner_spawn.h"

struct runner_end {
	int status; /* as from waitpid(), or -1: the script itself never ran */
	bool timed_out;
	bool through_shell;           /* it has no "#!" line */
	enum runner_step failed_step; /* with status -1 */
	int error;                    /* errno of that */
	int64_t took_ns;
};

struct runner_process;

/*
 * Starts it. limit_ns (0: none) after that its group gets SIGTERM, RUNNER_KILL_AFTER_NS later
 * SIGKILL. ended() is called once, from the loop, and frees the process. Returns NULL with *err
 * (negative errno) when it cannot be started.
 */
struct runner_process *runner_process_start(struct hf_loop *loop, const struct runner_command *cmd,
					    int64_t limit_ns,
					    void (*ended)(void *arg, const struct runner_end *end),
					    void *arg, int *err);
void runner_process_free(struct runner_process *process); /* NULL is fine; it is left running */

/* Ends it now, in the same two steps. */
void runner_process_terminate(struct runner_process *process);

/* SIGKILL to its group at once. */
void runner_process_kill(struct runner_process *process);

pid_t runner_process_pid(const struct runner_process *process);

/* "exit status 3 after 0.012 s", "killed by SIGTERM (over its time) after 5.000 s". Returns buf. */
#define RUNNER_END_TEXT_MAX 160
const char *runner_end_text(const struct runner_end *end, char buf[RUNNER_END_TEXT_MAX]);

#endif

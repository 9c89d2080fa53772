/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for a script by its pidfd, and its time limit. Elsewhere: starting it (runner_spawn.c).
 */
#include "runner/runner_process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct runner_process {
	struct runner_spawned spawned;
	struct hf_watch *watch;
	struct hf_timer *timer;
	hf_time started;
	bool terminated; /* SIGTERM was sent: the next step is SIGKILL */
	bool timed_out;
	void (*ended)(void *arg, const struct runner_end *end);
	void *arg;
};

/* Reads what the child said about its start. */
static void
read_reports(const struct runner_process *process, struct runner_end *end)
{
	struct runner_report report;

	while (read(process->spawned.report_fd, &report, sizeof(report)) == sizeof(report)) {
		if (report.step == RUNNER_STEP_SHELL) {
			end->through_shell = true;
			continue;
		}
		end->status = -1;
		end->failed_step = (enum runner_step)report.step;
		end->error = report.error;
	}
}

static void
on_exit_of(void *arg, int fd)
{
	struct runner_process *process = arg;
	struct runner_end end = { .timed_out = process->timed_out };
	void (*ended)(void *arg, const struct runner_end *end) = process->ended;
	void *ended_arg = process->arg;

	/* The group's id is safe to use only until the leader is reaped. */
	if (process->terminated)
		kill(-process->spawned.pid, SIGKILL);
	if (waitpid(process->spawned.pid, &end.status, WNOHANG) != process->spawned.pid)
		return;
	end.took_ns = hf_between(process->started, hf_time_now());
	read_reports(process, &end);
	runner_process_free(process);
	ended(ended_arg, &end);
}

static void
on_limit(void *arg)
{
	struct runner_process *process = arg;

	if (process->terminated) {
		runner_process_kill(process);
		return;
	}
	process->timed_out = true;
	runner_process_terminate(process);
}

struct runner_process *
runner_process_start(struct hf_loop *loop, const struct runner_command *cmd, int64_t limit_ns,
		     void (*ended)(void *arg, const struct runner_end *end), void *arg, int *err)
{
	struct runner_process *process = calloc(1, sizeof(*process));

	*err = -ENOMEM;
	if (process == NULL)
		return NULL;
	process->spawned = (struct runner_spawned){ .pidfd = -1, .report_fd = -1 };
	process->ended = ended;
	process->arg = arg;
	process->timer = hf_timer_new(loop, HF_PRIO_NORMAL, on_limit, process);
	if (process->timer == NULL)
		goto failed;
	process->started = hf_time_now();
	*err = runner_spawn(cmd, &process->spawned);
	if (*err)
		goto failed;
	process->watch =
		hf_watch_read(loop, HF_PRIO_NORMAL, process->spawned.pidfd, on_exit_of, process);
	if (process->watch == NULL) {
		*err = -ENOMEM;
		runner_process_kill(process);
		goto failed;
	}
	if (limit_ns > 0)
		hf_timer_set(process->timer, hf_after(process->started, limit_ns));
	return process;
failed:
	runner_process_free(process);
	return NULL;
}

void
runner_process_free(struct runner_process *process)
{
	if (process == NULL)
		return;
	hf_watch_free(process->watch);
	hf_timer_free(process->timer);
	if (process->spawned.pidfd >= 0)
		close(process->spawned.pidfd);
	if (process->spawned.report_fd >= 0)
		close(process->spawned.report_fd);
	free(process);
}

void
runner_process_terminate(struct runner_process *process)
{
	process->terminated = true;
	kill(-process->spawned.pid, SIGTERM);
	hf_timer_set(process->timer, hf_after(hf_time_now(), RUNNER_KILL_AFTER_NS));
}

void
runner_process_kill(struct runner_process *process)
{
	process->terminated = true;
	kill(-process->spawned.pid, SIGKILL);
}

pid_t
runner_process_pid(const struct runner_process *process)
{
	return process->spawned.pid;
}

const char *
runner_end_text(const struct runner_end *end, char buf[RUNNER_END_TEXT_MAX])
{
	const char *late = end->timed_out ? " (over its time)" : "";
	double seconds = (double)end->took_ns / 1e9;

	if (end->status == -1)
		snprintf(buf, RUNNER_END_TEXT_MAX, "not run: %s: %s",
			 end->failed_step == RUNNER_STEP_IDENTITY ? "cannot become its user"
								  : "cannot be executed",
			 strerror(end->error));
	else if (WIFSIGNALED(end->status))
		snprintf(buf, RUNNER_END_TEXT_MAX, "killed by SIG%s%s after %.3f s",
			 sigabbrev_np(WTERMSIG(end->status)) != NULL
				 ? sigabbrev_np(WTERMSIG(end->status))
				 : "RT",
			 late, seconds);
	else
		snprintf(buf, RUNNER_END_TEXT_MAX, "exit status %d%s%s after %.3f s",
			 WEXITSTATUS(end->status),
			 WEXITSTATUS(end->status) == 127   ? " (not found)"
			 : WEXITSTATUS(end->status) == 126 ? " (not executable)"
							   : "",
			 late, seconds);
	return buf;
}

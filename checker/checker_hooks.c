/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bounded queue before runner/. When hooks run and with which words is checker_carry.c's. */
#include "checker/checker_hooks.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hf_log.h"

#define LINE_MAX_BYTES 512

void
checker_hooks_init(struct checker_hooks *hooks)
{
	STAILQ_INIT(&hooks->waiting);
	hooks->n_waiting = 0;
}

static void
drop_first(struct checker_hooks *hooks)
{
	struct checker_hook *hook = STAILQ_FIRST(&hooks->waiting);

	STAILQ_REMOVE_HEAD(&hooks->waiting, next);
	hooks->n_waiting--;
	free(hook);
}

void
checker_hooks_free(struct checker_hooks *hooks)
{
	while (!STAILQ_EMPTY(&hooks->waiting))
		drop_first(hooks);
}

void
checker_hooks_flush(struct checker_hooks *hooks, struct hf_ipc *link)
{
	while (!STAILQ_EMPTY(&hooks->waiting)) {
		struct checker_hook *hook = STAILQ_FIRST(&hooks->waiting);

		if (hf_ipc_send(link, hook->type, hook->bytes, hook->len, -1) < 0)
			return;
		drop_first(hooks);
	}
}

static void
wait_for_runner(struct checker_hooks *hooks, uint16_t type, const void *bytes, size_t len)
{
	struct checker_hook *hook = malloc(sizeof(*hook) + len);

	if (!hook) {
		hf_log(HF_ERROR, NULL, "no memory: a notify script or FIFO line is lost");
		return;
	}
	if (hooks->n_waiting == CHECKER_HOOKS_MAX) {
		hf_log(HF_WARNING, NULL,
		       "the runner is away and %d hooks are waiting: the oldest is dropped",
		       CHECKER_HOOKS_MAX);
		drop_first(hooks);
	}
	hook->type = type;
	hook->len = len;
	memcpy(hook->bytes, bytes, len);
	STAILQ_INSERT_TAIL(&hooks->waiting, hook, next);
	hooks->n_waiting++;
}

static void
send_or_wait(struct checker_hooks *hooks, struct hf_ipc *link, uint16_t type, const void *bytes,
	     size_t len)
{
	if (link)
		checker_hooks_flush(hooks, link);
	if (!link || !STAILQ_EMPTY(&hooks->waiting) || hf_ipc_send(link, type, bytes, len, -1) < 0)
		wait_for_runner(hooks, type, bytes, len);
}

void
checker_hooks_run(struct checker_hooks *hooks, struct hf_ipc *link,
		  const struct script_model *script, const struct runner_job *how)
{
	struct runner_job job = *how;
	uint8_t buf[HF_IPC_PAYLOAD_MAX];
	int len;

	if (script->argc == 0)
		return;
	job.argc = script->argc;
	job.argv = script->argv;
	job.uid = script->uid;
	job.gid = script->gid;
	len = runner_job_encode(&job, buf, sizeof(buf));
	if (len < 0) {
		hf_log(HF_ERROR, how->queue, "the words of %s are too long to be run",
		       script->argv[0]);
		return;
	}
	send_or_wait(hooks, link, RUNNER_MSG_RUN, buf, (size_t)len);
}

void
checker_hooks_line(struct checker_hooks *hooks, struct hf_ipc *link, const char *line)
{
	char buf[LINE_MAX_BYTES];
	int len = snprintf(buf, sizeof(buf), "%s\n", line);

	assert(len < LINE_MAX_BYTES); /* names have limits far below */
	send_or_wait(hooks, link, RUNNER_MSG_FIFO, buf, (size_t)len);
}

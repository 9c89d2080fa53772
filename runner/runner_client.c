/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The senders' side of the runner: a script or a FIFO line leaves another room. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/hf_log.h"
#include "runner/runner.h"

bool
runner_send(struct hf_ipc *link, const struct script_model *script, const char *const *extra,
	    size_t n_extra, const struct runner_job *how)
{
	uint8_t bytes[HF_IPC_PAYLOAD_MAX];
	const char *argv[SCRIPT_ARGS_MAX + 1];
	struct runner_job job = *how;
	int len, err;

	if (link == NULL || script->argc == 0)
		return false;
	if (script->argc + n_extra > SCRIPT_ARGS_MAX) {
		hf_log(HF_ERROR, how->queue, "script %s has more than %d words: not run",
		       script->argv[0], SCRIPT_ARGS_MAX);
		return false;
	}
	memcpy(argv, script->argv, script->argc * sizeof(argv[0]));
	if (n_extra > 0)
		memcpy(argv + script->argc, extra, n_extra * sizeof(argv[0]));
	job.argc = script->argc + n_extra;
	job.argv = argv;
	job.uid = script->uid;
	job.gid = script->gid;

	len = runner_job_encode(&job, bytes, sizeof(bytes));
	err = len < 0 ? len : hf_ipc_send(link, RUNNER_MSG_RUN, bytes, (size_t)len, -1);
	if (err)
		hf_log(HF_ERROR, how->queue, "script %s cannot be handed to the runner: %s",
		       argv[0], strerror(-err));
	return err == 0;
}

void
runner_send_line(struct hf_ipc *link, const char *fmt, ...)
{
	char text[PIPE_BUF + 1];
	va_list args;
	int len, err;

	if (link == NULL)
		return;
	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len < 0 || len >= PIPE_BUF) {
		hf_log(HF_ERROR, NULL, "FIFO line longer than %d bytes: not written", PIPE_BUF);
		return;
	}
	text[len] = '\n';
	err = hf_ipc_send(link, RUNNER_MSG_FIFO, text, (size_t)len + 1, -1);
	if (err)
		hf_log(HF_ERROR, NULL, "FIFO line cannot be handed to the runner: %s",
		       strerror(-err));
}

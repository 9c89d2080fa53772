/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job as bytes between rooms, both ways. The layout is private to this file: sender and receiver
 * are the same program.
 */
#include <errno.h>
#include <string.h>

#include "lib/hf_buf.h"
#include "runner/runner.h"

int
runner_job_encode(const struct runner_job *job, uint8_t *buf, size_t cap)
{
	struct hf_writer w = hf_writer_to(buf, cap);

	if (job->argc == 0 || job->argc > SCRIPT_ARGS_MAX ||
	    strnlen(job->queue, RUNNER_QUEUE_MAX) == RUNNER_QUEUE_MAX)
		return -EMSGSIZE;
	hf_put_be64(&w, job->id);
	hf_put_be64(&w, job->seq);
	hf_put_be64(&w, job->cause);
	hf_put_be64(&w, (uint64_t)job->limit_ns);
	hf_put_be32(&w, job->flags);
	hf_put_be32(&w, job->uid);
	hf_put_be32(&w, job->gid);
	hf_put_str(&w, job->queue);
	hf_put_str(&w, job->prev_state);
	hf_put_str(&w, job->reason);
	hf_put_be16(&w, (uint16_t)job->argc);
	for (size_t i = 0; i < job->argc; i++)
		hf_put_str(&w, job->argv[i]);
	return w.bad ? -EMSGSIZE : (int)w.len;
}

int
runner_job_decode(const uint8_t *buf, size_t len, struct runner_job *job,
		  const char *argv[SCRIPT_ARGS_MAX + 1])
{
	struct hf_reader r = hf_reader_of(buf, len);
	size_t queue_len;

	*job = (struct runner_job){ .id = hf_get_be64(&r) };
	job->seq = hf_get_be64(&r);
	job->cause = hf_get_be64(&r);
	job->limit_ns = (int64_t)hf_get_be64(&r);
	job->flags = hf_get_be32(&r);
	job->uid = hf_get_be32(&r);
	job->gid = hf_get_be32(&r);
	job->queue = hf_get_str(&r);
	job->prev_state = hf_get_str(&r);
	job->reason = hf_get_str(&r);
	job->argc = hf_get_be16(&r);
	if (r.bad || job->argc == 0 || job->argc > SCRIPT_ARGS_MAX || job->limit_ns < 0)
		return -EBADMSG;
	queue_len = strlen(job->queue);
	if (queue_len == 0 || queue_len >= RUNNER_QUEUE_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < job->argc; i++)
		argv[i] = hf_get_str(&r);
	argv[job->argc] = NULL;
	job->argv = argv;
	return r.bad || r.left != 0 ? -EBADMSG : 0;
}

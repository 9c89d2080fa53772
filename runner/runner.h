/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runner/: runs scripts for the other rooms, as the right user, with limits, and writes the notify
 * FIFOs. A job belongs to a queue (named for the instance or server it is about): jobs of a queue
 * run one at a time in the order sent. A waiting job that is marked RUNNER_COLLAPSE is dropped when
 * a later job of its queue with another sequence number arrives: what it would have said is
 * superseded.
 *
 * The runner is root and its neighbours are not: it runs only what its own configuration names
 * (runner_allow.h), whatever they ask for.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/script_model.h"
#include "lib/hf_base.h"
#include "lib/hf_ipc.h"

#define RUNNER_QUEUE_MAX  112 /* bytes of a queue's name */
#define RUNNER_QUEUES_MAX 65536
#define RUNNER_WAITING_MAX                                                                         \
	256 /* jobs waiting in one queue; more: the oldest collapsible, else the newest, is        \
	       dropped and said */
#define RUNNER_PARALLEL_MAX 32 /* scripts running at once */
#define RUNNER_KILL_AFTER_NS                                                                       \
	2000000000 /* from SIGTERM to SIGKILL of a script that is over its time */

enum runner_msg {
	RUNNER_MSG_RUN = 1, /* to the runner: encoded struct runner_job */
	RUNNER_MSG_FIFO,    /* to the runner: a FIFO line, its newline included */
	RUNNER_MSG_DONE,    /* from the runner, only for RUNNER_REPORT: struct runner_result */
};

#define RUNNER_REPORT   1u /* tell the sender how it ended */
#define RUNNER_COLLAPSE 2u /* superseded by the next sequence number of the queue */

struct runner_job {
	uint64_t id;  /* the sender's; comes back in the result */
	uint64_t seq; /* grows with each state change of the queue's subject; scripts of one change
			 share it */
	uint64_t cause; /* change id: HOLDFAST_EVENT_ID in the script's environment */
	const char *queue;
	int64_t limit_ns; /* 0: none */
	uint32_t flags;
	uid_t uid;
	gid_t gid;
	size_t argc;
	const char *const *argv; /* at most SCRIPT_ARGS_MAX */
	const char *prev_state;  /* HOLDFAST_PREV_STATE, or "" */
	const char *reason;      /* HOLDFAST_REASON, or "" */
};

struct runner_result {
	uint64_t id;
	int32_t status; /* as from waitpid(), or -1: never started */
	bool timed_out;
	int64_t took_ns;
};

/* Bytes of RUNNER_MSG_RUN. Returns the length, or -EMSGSIZE. */
int runner_job_encode(const struct runner_job *job, uint8_t *buf, size_t cap);

/*
 * The reverse; strings point into buf, argv into the array given. Returns 0 or -EBADMSG.
 */
int runner_job_decode(const uint8_t *buf, size_t len, struct runner_job *job,
		      const char *argv[SCRIPT_ARGS_MAX + 1]) HF_MUST_CHECK;

struct hf_room_ops;
const struct hf_room_ops *runner_room(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which script may start now: queues of waiting jobs, one running job a queue, a cap over all.
 * Pure: it starts nothing and reads no clock. The rules (collapse, limits) are those of runner.h.
 */
#ifndef RUNNER_QUEUE_H
#define RUNNER_QUEUE_H

#include <sys/queue.h>

#include "runner/runner.h"

enum runner_drop {
	RUNNER_DROP_SUPERSEDED, /* a later change of the subject makes it pointless */
	RUNNER_DROP_FULL,       /* RUNNER_WAITING_MAX jobs wait in its queue */
	RUNNER_DROP_QUEUES,     /* RUNNER_QUEUES_MAX queues exist, or no memory for one more */
};

struct runner_queue;

/* A job with its own copy of what it points to. */
struct runner_entry {
	TAILQ_ENTRY(runner_entry) link;
	struct runner_queue *queue; /* set by runner_queues_add() */
	int from;                   /* the sender, for its result; not used here */
	enum runner_drop drop;      /* why it is in a list of dropped ones */
	struct runner_job job;      /* its strings stand in bytes, its words in argv */
	const char *argv[SCRIPT_ARGS_MAX + 1];
	uint8_t bytes[];
};
TAILQ_HEAD(runner_entries, runner_entry);

/* Makes an entry of an encoded job. Returns 0, -EBADMSG or -ENOMEM. */
int runner_entry_new(const void *bytes, size_t len, int from,
		     struct runner_entry **out) HF_MUST_CHECK;
void runner_entry_free(struct runner_entry *entry); /* NULL is fine */

struct runner_queues;

struct runner_queues *runner_queues_new(void); /* NULL: no memory */
void runner_queues_free(struct runner_queues *queues);

/*
 * Takes the entry over. What is dropped because of it (maybe itself) is appended to `dropped`: the
 * caller's to report and free.
 */
void runner_queues_add(struct runner_queues *queues, struct runner_entry *entry,
		       struct runner_entries *dropped);

/* The next job to start, or NULL when none may start now. It counts as running from here. */
struct runner_entry *runner_queues_next(struct runner_queues *queues);

/* A running job has ended: its queue may go on. The entry is the caller's to free. */
void runner_queues_done(struct runner_queues *queues, struct runner_entry *entry);

size_t runner_queues_waiting(const struct runner_queues *queues);
size_t runner_queues_running(const struct runner_queues *queues);

#endif

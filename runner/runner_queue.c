/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queues of scripts: order, one at a time, collapse, limits.
 * Elsewhere: starting and ending them (runner_spawn.c, runner_main.c), bytes (runner_packet.c).
 */
#include "runner/runner_queue.h"

#include <assert.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* One subject's jobs. Exists while something of it waits or runs. */
struct runner_queue {
	char name[RUNNER_QUEUE_MAX]; /* first: the tree compares it */
	TAILQ_ENTRY(runner_queue) ready_link;
	bool ready; /* in the ready list: something waits and nothing runs */
	const struct runner_entry *running;
	struct runner_entries waiting;
	size_t n_waiting;
};
TAILQ_HEAD(runner_ready, runner_queue);

struct runner_queues {
	void *by_name; /* tsearch() tree of struct runner_queue */
	struct runner_ready ready;
	size_t n_queues, n_waiting, n_running;
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const struct runner_queue *)a)->name,
		      ((const struct runner_queue *)b)->name);
}

int
runner_entry_new(const void *bytes, size_t len, int from, struct runner_entry **out)
{
	struct runner_entry *entry;
	int err;

	if (len > HF_IPC_PAYLOAD_MAX)
		return -EBADMSG;
	entry = calloc(1, sizeof(*entry) + len);
	if (entry == NULL)
		return -ENOMEM;
	memcpy(entry->bytes, bytes, len);
	entry->from = from;
	err = runner_job_decode(entry->bytes, len, &entry->job, entry->argv);
	if (err) {
		free(entry);
		return err;
	}
	*out = entry;
	return 0;
}

void
runner_entry_free(struct runner_entry *entry)
{
	free(entry);
}

struct runner_queues *
runner_queues_new(void)
{
	struct runner_queues *queues = calloc(1, sizeof(*queues));

	if (queues != NULL)
		TAILQ_INIT(&queues->ready);
	return queues;
}

static void
free_queue(void *node)
{
	struct runner_queue *queue = node;
	struct runner_entry *entry;

	while ((entry = TAILQ_FIRST(&queue->waiting)) != NULL) {
		TAILQ_REMOVE(&queue->waiting, entry, link);
		runner_entry_free(entry);
	}
	free(queue);
}

void
runner_queues_free(struct runner_queues *queues)
{
	if (queues == NULL)
		return;
	tdestroy(queues->by_name, free_queue);
	free(queues);
}

/* The queue of that name, made when there is none. NULL: no room for one more. */
static struct runner_queue *
find_queue(struct runner_queues *queues, const char *name)
{
	struct runner_queue *queue = calloc(1, sizeof(*queue));
	struct runner_queue **node;

	if (queue == NULL)
		return NULL;
	assert(strlen(name) < sizeof(queue->name)); /* the decoder refused anything longer */
	memcpy(queue->name, name, strlen(name) + 1);
	TAILQ_INIT(&queue->waiting);

	node = tfind(queue, &queues->by_name, compare_names);
	if (node != NULL) {
		free(queue);
		return *node;
	}
	if (queues->n_queues == RUNNER_QUEUES_MAX ||
	    tsearch(queue, &queues->by_name, compare_names) == NULL) {
		free(queue);
		return NULL;
	}
	queues->n_queues++;
	return queue;
}

static void
drop(struct runner_queues *queues, struct runner_queue *queue, struct runner_entry *entry,
     enum runner_drop why, struct runner_entries *dropped)
{
	TAILQ_REMOVE(&queue->waiting, entry, link);
	queue->n_waiting--;
	queues->n_waiting--;
	entry->drop = why;
	TAILQ_INSERT_TAIL(dropped, entry, link);
}

static void
drop_superseded(struct runner_queues *queues, struct runner_queue *queue, uint64_t seq,
		struct runner_entries *dropped)
{
	struct runner_entry *next;

	for (struct runner_entry *e = TAILQ_FIRST(&queue->waiting); e != NULL; e = next) {
		next = TAILQ_NEXT(e, link);
		if ((e->job.flags & RUNNER_COLLAPSE) && e->job.seq != seq)
			drop(queues, queue, e, RUNNER_DROP_SUPERSEDED, dropped);
	}
}

/* A full queue gives up its oldest collapsible job. Returns false when it has none. */
static bool
make_room(struct runner_queues *queues, struct runner_queue *queue, struct runner_entries *dropped)
{
	struct runner_entry *e;

	TAILQ_FOREACH (e, &queue->waiting, link) {
		if (e->job.flags & RUNNER_COLLAPSE) {
			drop(queues, queue, e, RUNNER_DROP_FULL, dropped);
			return true;
		}
	}
	return false;
}

/* Puts the queue where its waiting and running jobs say it belongs; an idle empty one goes. */
static void
settle(struct runner_queues *queues, struct runner_queue *queue)
{
	bool ready = queue->running == NULL && queue->n_waiting > 0;

	if (ready && !queue->ready)
		TAILQ_INSERT_TAIL(&queues->ready, queue, ready_link);
	if (!ready && queue->ready)
		TAILQ_REMOVE(&queues->ready, queue, ready_link);
	queue->ready = ready;

	if (queue->running == NULL && queue->n_waiting == 0) {
		tdelete(queue, &queues->by_name, compare_names);
		queues->n_queues--;
		free_queue(queue);
	}
}

void
runner_queues_add(struct runner_queues *queues, struct runner_entry *entry,
		  struct runner_entries *dropped)
{
	struct runner_queue *queue = find_queue(queues, entry->job.queue);

	if (queue == NULL) {
		entry->drop = RUNNER_DROP_QUEUES;
		TAILQ_INSERT_TAIL(dropped, entry, link);
		return;
	}
	drop_superseded(queues, queue, entry->job.seq, dropped);
	if (queue->n_waiting == RUNNER_WAITING_MAX && !make_room(queues, queue, dropped)) {
		entry->drop = RUNNER_DROP_FULL;
		TAILQ_INSERT_TAIL(dropped, entry, link);
		return;
	}
	entry->queue = queue;
	TAILQ_INSERT_TAIL(&queue->waiting, entry, link);
	queue->n_waiting++;
	queues->n_waiting++;
	settle(queues, queue);
}

struct runner_entry *
runner_queues_next(struct runner_queues *queues)
{
	struct runner_queue *queue = TAILQ_FIRST(&queues->ready);
	struct runner_entry *entry;

	if (queue == NULL || queues->n_running == RUNNER_PARALLEL_MAX)
		return NULL;
	entry = TAILQ_FIRST(&queue->waiting);
	assert(entry != NULL && queue->running == NULL);
	TAILQ_REMOVE(&queue->waiting, entry, link);
	queue->n_waiting--;
	queues->n_waiting--;
	queue->running = entry;
	queues->n_running++;
	settle(queues, queue);
	return entry;
}

void
runner_queues_done(struct runner_queues *queues, struct runner_entry *entry)
{
	struct runner_queue *queue = entry->queue;

	assert(queue->running == entry);
	assert(queues->n_running > 0);
	queue->running = NULL;
	entry->queue = NULL;
	queues->n_running--;
	settle(queues, queue);
}

size_t
runner_queues_waiting(const struct runner_queues *queues)
{
	return queues->n_waiting;
}

size_t
runner_queues_running(const struct runner_queues *queues)
{
	return queues->n_running;
}

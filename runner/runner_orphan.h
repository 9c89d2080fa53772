/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts of a runner that was killed. The kernel sends them SIGTERM at once; what has not ended
 * RUNNER_KILL_AFTER_NS later gets SIGKILL from the successor, which knows them by the supervisor's
 * memory.
 */
#ifndef RUNNER_ORPHAN_H
#define RUNNER_ORPHAN_H

#include "lib/hf_room.h"
#include "runner/runner.h"

/* More than can run at once: jobs and the readers of FIFOs. */
#define RUNNER_ORPHANS_MAX 64

struct runner_orphan {
	pid_t pid;        /* of the leader, and the group */
	uint64_t started; /* clock ticks since boot: the same process, not only the same number? */
};

struct runner_orphans {
	struct hf_room *room;
	struct hf_timer *timer;
	size_t n;
	struct runner_orphan list[RUNNER_ORPHANS_MAX];
};

/* A script of ours runs, or has ended. */
void runner_orphan_remember(struct hf_room *room, pid_t pid);
void runner_orphan_forget(struct hf_room *room, pid_t pid);

/* Returns false when out of memory. */
bool runner_orphans_init(struct runner_orphans *orphans, struct hf_room *room);

/* A record that a predecessor left. Other rooms' keys are left alone. */
void runner_orphans_recall(struct runner_orphans *orphans, const char *key, const void *bytes,
			   size_t len);

/* Kills what is left, now. */
void runner_orphans_end(struct runner_orphans *orphans);

#endif

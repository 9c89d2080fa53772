/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configured notify FIFOs, each with the script that reads it, over reloads and restarts. */
#ifndef RUNNER_CHANNEL_H
#define RUNNER_CHANNEL_H

#include <jansson.h>
#include <sys/queue.h>

#include "lib/hf_room.h"
#include "runner/runner_fifo.h"

struct runner_reader;

struct runner_channel {
	struct runner_fifo fifo;
	struct runner_reader *reader; /* NULL: none runs */
	uid_t uid;                    /* as configured when it was opened */
	gid_t gid;
};

struct runner_channels {
	struct hf_room *room;
	struct runner_channel channel[FIFO_KINDS];
	char recalled[FIFO_KINDS][HF_ROOM_KEY_MAX]; /* keys of FIFOs that a predecessor made */
	TAILQ_HEAD(, runner_reader) readers;        /* all that run, those told to end included */
	void (*reader_gone)(void *arg);
	void *arg;
};

void runner_channels_init(struct runner_channels *all, struct hf_room *room,
			  void (*reader_gone)(void *arg), void *arg);

/* A remembered record of a predecessor: it made that FIFO, so we remove it at the end. */
void runner_channels_recall(struct runner_channels *all, const char *key);

/*
 * Makes the FIFOs as configured. One that stays the same stays open and its reader goes on; a
 * reader that has ended is started again. What cannot be had is logged, and the rest goes on.
 */
void runner_channels_apply(struct runner_channels *all, const struct runner_model *model);

/* One line, newline included, to the common FIFO and to vrrp's or the checker's. */
void runner_channels_write(struct runner_channels *all, bool from_vrrp, const void *line,
			   size_t len);

/* Tells the readers to end, and closes (and removes) the FIFOs. Twice is fine. */
void runner_channels_close(struct runner_channels *all);
void runner_channels_kill(struct runner_channels *all); /* readers that are left: SIGKILL */
void runner_channels_free(struct runner_channels *all);

json_t *runner_channels_status(const struct runner_channels *all);

#endif

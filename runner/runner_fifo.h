/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The notify FIFOs: files that programs of the admin read our lines from. */
#ifndef RUNNER_FIFO_H
#define RUNNER_FIFO_H

#include <limits.h>

#include "config/global_model.h"
#include "lib/hf_base.h"

/* Longer lines would not be written in one piece. */
#define RUNNER_FIFO_LINE_MAX PIPE_BUF

struct runner_fifo {
	char path[PATH_MAX]; /* "": closed */
	int fd;
	bool made_here; /* then it is ours to remove */
	uint64_t lines, lost;
};

/*
 * Makes and opens the FIFO (mode 0644 less the umask, owner of the model), or opens one that is
 * there and belongs to us or to that owner. Returns 0, or -1 with why filled; then it is closed.
 */
int runner_fifo_open(struct runner_fifo *fifo, const struct fifo_model *model,
		     char why[512]) HF_MUST_CHECK;

/* Closes, and removes the file if we made it. Twice is fine. */
void runner_fifo_close(struct runner_fifo *fifo);

/* One write. A full pipe, or a FIFO that is not open, loses the line: counted, false. */
bool runner_fifo_write(struct runner_fifo *fifo, const void *line, size_t len);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts and FIFO lines on their way to runner/: they wait while it is being restarted. */
#ifndef CHECKER_HOOKS_H
#define CHECKER_HOOKS_H

#include <stdint.h>
#include <sys/queue.h>

#include "lib/hf_ipc.h"
#include "runner/runner.h"

#define CHECKER_HOOKS_MAX 4096 /* waiting; more: the oldest is dropped and said */

struct checker_hook {
	STAILQ_ENTRY(checker_hook) next;
	uint16_t type; /* enum runner_msg */
	size_t len;
	uint8_t bytes[];
};

struct checker_hooks {
	STAILQ_HEAD(, checker_hook) waiting;
	size_t n_waiting;
};

void checker_hooks_init(struct checker_hooks *hooks);
void checker_hooks_free(struct checker_hooks *hooks);

/* The runner is there (again): everything that waited goes to it. */
void checker_hooks_flush(struct checker_hooks *hooks, struct hf_ipc *link);

/* link NULL: waits. A script without words is a quiet no-op. */
void checker_hooks_run(struct checker_hooks *hooks, struct hf_ipc *link,
		       const struct script_model *script, const struct runner_job *how);
void checker_hooks_line(struct checker_hooks *hooks, struct hf_ipc *link, const char *line);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the configuration that the supervisor and the runner need. */
#ifndef GLOBAL_MODEL_H
#define GLOBAL_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "config/script_model.h"

enum fifo_kind {
	FIFO_ALL,
	FIFO_VRRP,
	FIFO_LVS,
	FIFO_KINDS
}; /* notify_fifo, vrrp_notify_fifo, lvs_notify_fifo */

struct fifo_model {
	const char *path; /* NULL: not configured */
	uid_t uid;
	gid_t gid;
	struct script_model script; /* reader, started with the path as its last argument */
};

/* Which room may have a script run, and how. */
enum script_asker {
	SCRIPT_OF_VRRP,
	SCRIPT_OF_VRRP_WORDS, /* `notify`: KIND NAME STATE PRIORITY follow its words */
	SCRIPT_OF_CHECKER,
	SCRIPT_ASKERS
};

struct allowed_script {
	enum script_asker asker;
	struct script_model script;
};

/* The runner's part. */
struct runner_model {
	struct fifo_model fifos[FIFO_KINDS];
	size_t n_allowed;
	const struct allowed_script *allowed; /* all that rooms may ask for: sorted, each once */
	void *arena;
};

struct runner_model *runner_model_read(const char *text, size_t len, char why[512]);
void runner_model_print(const struct runner_model *model, FILE *out);
void runner_model_free(struct runner_model *model);

/* The order of runner_model.allowed; 0: the same asker, words and identity. */
int allowed_script_compare(const struct allowed_script *a, const struct allowed_script *b);

/* The supervisor's part. */
struct global_model {
	const char *router_id;
	const char *net_namespace; /* NULL: stay */
	const char *instance;      /* NULL: none */
	const char *startup_script_line;
	struct script_model startup_script, shutdown_script;
	int64_t child_wait_ns; /* how long rooms get to leave; 5 s */
	mode_t umask_bits;
	bool has_umask;
	uint32_t control_mode; /* mode of the control socket, 0600 */
	gid_t control_gid;     /* owner group of the control socket; (gid_t)-1: unchanged */
	bool script_security;
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From check results to verdicts: check -> real server -> quorum of the virtual server -> what the
 * IPVS table shall hold and which hooks run. Pure: results and time go in, an ordered list of
 * actions comes out. The rules are keepalived's:
 *
 * - A check that has succeeded before counts as failed after `retry` further failures; one that has
 *   not succeeded yet fails at once. One success brings it back.
 * - A real server is up unless a check of it has failed; with alpha also until each has succeeded.
 * - The quorum is gained at alive weight >= quorum + hysteresis, lost below quorum - hysteresis or
 *   at 0. Without it the sorry server (if any) stands in for all real servers.
 *
 * checker_table.h builds these structs from a configuration.
 */
#ifndef CHECKER_VERDICT_H
#define CHECKER_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checker/checker_result.h"
#include "checker/checker_spread.h"
#include "config/checker_model.h"
#include "lib/hf_time.h"

enum checker_verdict {
	CHECKER_UNKNOWN, /* not judged yet */
	CHECKER_UP,
	CHECKER_DOWN,
	CHECKER_GONE, /* only as the end of a change: the configuration has it no longer */
};
const char *checker_verdict_word(enum checker_verdict verdict);

struct checker_probe;

struct checker_check {
	struct checker_due due; /* next start, or the limit of the running probe */
	const struct check_model *model;
	struct checker_real *real;
	struct checker_probe *probe; /* the shell's, while it runs */
	enum checker_verdict verdict;
	enum checker_result last_result;
	bool starts_down;  /* while unknown it holds the server down (alpha) */
	bool url_failed;   /* HTTP: url `url` has failed and is tried alone until it succeeds */
	bool moved;        /* a reload took it over into the next table */
	bool short_told;   /* HTTP: that a body was too short has been said */
	uint32_t failures; /* retries used up since the last success */
	uint32_t url;      /* HTTP: which one is next */
	int64_t latency_ns;
	int64_t last_wall_us; /* end of the last run; the shell's */
	uint64_t change;      /* id of the last change; the shell's */
};

struct checker_real {
	const struct real_server_model *model;
	struct checker_virtual *virtual_server;
	struct checker_check *checks; /* model->n_checks */
	bool known; /* `up` holds from before this configuration (reload or memory) */
	bool up;
	bool told;     /* its state has been told at least once, or it was up from the start */
	bool moved;    /* as in struct checker_check */
	bool in_table; /* what the table was told last */
	bool dirty;    /* in the table with other attributes than the model's */
	int32_t table_weight;
	int64_t since_wall_us; /* the shell's */
	uint64_t seq;          /* counts changes */
	uint64_t change;
};

struct checker_virtual {
	const struct virtual_server_model *model;
	struct checker_real *reals; /* model->n_real */
	struct checker_real *twin;  /* the real server that is the sorry server too; NULL: none */
	bool known;
	bool moved;
	bool quorum_up;
	bool sorry_active;
	bool sorry_in_table;
	bool sorry_dirty;
	bool service_dirty; /* the table does not know the service like this yet */
	int32_t sorry_table_weight;
	uint32_t quorum;     /* as configured, but at most the total weight */
	uint32_t hysteresis; /* less than quorum */
	int64_t alive_weight;
	int64_t since_wall_us;
	uint64_t seq;
	uint64_t change;
};

enum checker_action_type {
	CHECKER_DO_RETRYING,      /* a failure that is not counted yet: for the log */
	CHECKER_DO_CHECK_CHANGE,  /* a check's verdict went from -> to */
	CHECKER_DO_REAL_CHANGE,   /* a real server's */
	CHECKER_DO_REAL_HOOKS,    /* notify_up or notify_down, and the FIFO line */
	CHECKER_DO_QUORUM_CHANGE, /* a virtual server's */
	CHECKER_DO_QUORUM_HOOKS,
	CHECKER_DO_SERVICE,      /* the table shall hold the virtual server's service like this */
	CHECKER_DO_SERVICE_GONE, /* with its dests */
	CHECKER_DO_DEST,         /* and this dest with this weight */
	CHECKER_DO_DEST_GONE,
};

struct checker_action {
	enum checker_action_type type;
	enum checker_verdict from, to; /* *_CHANGE; HOOKS: to */
	struct checker_virtual *virtual_server;
	struct checker_real *real;            /* NULL for the quorum, the service, a sorry server */
	struct checker_check *check;          /* RETRYING, CHECK_CHANGE; REAL_CHANGE: or NULL */
	const struct real_server_model *dest; /* DEST, DEST_GONE */
	int32_t weight;                       /* DEST */
};

/*
 * The caller's list, emptied by it after each step. It never grows in a step:
 * checker_actions_reserve() makes it large enough for any step on virtual servers of n_real real
 * servers each, before and after a reload together.
 */
struct checker_actions {
	struct checker_action *list;
	size_t n, cap;
};
#define CHECKER_ACTIONS_BASE     24
#define CHECKER_ACTIONS_PER_REAL 5
int checker_actions_reserve(struct checker_actions *actions, size_t n_real) HF_MUST_CHECK;
void checker_actions_free(struct checker_actions *actions);

struct checker_report {
	enum checker_result result;
	int64_t latency_ns;
};

/*
 * A check has ended. Sets its next due time (check->due.at; the caller owns the heap and calls
 * checker_heap_set with the returned time).
 */
hf_time checker_handle_result(struct checker_check *check, const struct checker_report *report,
			      hf_time now, struct checker_actions *out) HF_MUST_CHECK;

/*
 * A virtual server takes effect: new (known is false), remembered, or taken over from `old`
 * (NULL: none), whose servers that were not moved leave. init_notifies: rs_init_notifies.
 */
void checker_virtual_begin(struct checker_virtual *virtual_server, struct checker_virtual *old,
			   bool init_notifies, struct checker_actions *out);

/* The configuration has it no longer. */
void checker_virtual_end(struct checker_virtual *virtual_server, struct checker_actions *out);

/* The daemon stops: omega's hooks, if configured. The table is left to ipvs/. */
void checker_virtual_stop(struct checker_virtual *virtual_server, struct checker_actions *out);

/* What the table shall hold for a real server or the sorry server, by the present verdicts. */
struct checker_want {
	bool present;
	int32_t weight;
};
struct checker_want checker_real_want(const struct checker_real *real);
struct checker_want checker_sorry_want(const struct checker_virtual *virtual_server);

/* Asserts what ties the fields together; every step calls it. */
void checker_virtual_check(const struct checker_virtual *virtual_server);

#endif

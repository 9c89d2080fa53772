/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ipvs room keeps, and the two things that it does: applying orders, undoing drift. */
#ifndef IPVS_STATE_H
#define IPVS_STATE_H

#include "ipvs/ipvs_netlink.h"
#include "lib/hf_room.h"

/* How often the kernel's table is looked at. A look at a huge table may cost so much that it is
 * spread further apart: one part in IPVS_SCAN_SHARE of the time. */
#define IPVS_SCAN_INTERVAL_NS     HF_MILLIS(250)
#define IPVS_SCAN_INTERVAL_MAX_NS HF_SECONDS(10)
#define IPVS_SCAN_SHARE           20
#define IPVS_SCAN_LARGE           128 /* services; below, a look costs next to nothing */
#define IPVS_SCAN_SLICE           32  /* services looked at before other work gets its turn */

/* What the kernel refused, and a kernel without IPVS, are tried again. */
#define IPVS_RETRY_NS HF_SECONDS(5)

/* Events of one look; the others are counted in one more. */
#define IPVS_DRIFT_EVENTS_MAX 20

struct ipvs_scan {
	struct ipvs_table *found; /* NULL: none is under way */
	struct ipvs_table_service *next;
	uint64_t stamp;  /* services changed later are not judged */
	int64_t cost_ns; /* so far */
	uint64_t said;   /* events of what was put back */
};

struct ipvs_counts {
	uint64_t scans;
	uint64_t drift_found, drift_put_back;
	uint64_t steps;
};

struct ipvs_state {
	struct hf_room *room;
	struct ipvs_socket *sock; /* NULL: this kernel has no IPVS, so far */
	struct ipvs_table *desired;
	struct ipvs_table *incoming; /* between BEGIN and END; else NULL */
	struct ipvs_table *actual;   /* the kernel's, as far as we changed it */
	struct ipvs_table *owned;    /* keys of services that we ordered or adopted */
	struct ipvs_table *dirty;    /* keys of services ordered since the last apply */
	struct ipvs_plan plan;
	uint32_t flags, incoming_flags; /* of BEGIN */
	bool complete;                  /* an END was seen */
	bool actual_known;              /* else it has to be dumped first */
	bool apply_all;                 /* not only what is dirty */
	bool announce;                  /* a whole new table was ordered: say when it is in place */
	bool flush_foreign;             /* at the next apply */
	bool missing_said;              /* that there is no IPVS */
	bool waits_for_vrrp;            /* leaving, once the addresses have moved */
	uint64_t stamp;                 /* grows with each apply */
	struct hf_timer *apply_timer, *scan_timer, *retry_timer, *leave_timer;
	struct ipvs_scan scan;
	int64_t scan_interval_ns;
	struct ipvs_counts counts;
	char last_error[IPVS_STEP_TEXT_MAX + IPVS_REFUSAL_MAX];
};

/* ipvs_apply.c */

/* Opens the socket if there is none. Returns false, said once, when there is no IPVS. */
bool ipvs_state_connect(struct ipvs_state *st, bool load_module);

/* Carries out what was ordered since the last time. */
void ipvs_state_apply(struct ipvs_state *st);

/* Carries out st->plan; done() gets each step that the kernel has taken. */
void ipvs_state_run_plan(struct ipvs_state *st,
			 void (*done)(struct ipvs_state *st, const struct ipvs_step *step));

/* Removes everything of ours (or everything), for the end of the daemon. */
void ipvs_state_remove_all(struct ipvs_state *st);

/* ipvs_drift.c */
void ipvs_drift_turn(struct ipvs_state *st); /* the scan timer */
void ipvs_drift_cancel(struct ipvs_state *st);

#endif

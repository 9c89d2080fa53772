/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps that make one IPVS table like another. Pure: a plan is data. */
#ifndef IPVS_PLAN_H
#define IPVS_PLAN_H

#include "ipvs/ipvs_table.h"

/* In the order in which they are carried out: new things first, so that no service is ever without
 * dests in between; what goes, dests before their service as keepalived does it. */
enum ipvs_step_type {
	IPVS_ADD_SERVICE,
	IPVS_EDIT_SERVICE,
	IPVS_ADD_DEST,
	IPVS_EDIT_DEST,
	IPVS_DEL_DEST,
	IPVS_DEL_SERVICE,
};

struct ipvs_step {
	enum ipvs_step_type type;
	struct ipvs_service service; /* for a dest's step only its key counts */
	struct ipvs_dest dest;
	struct ipvs_service service_was; /* EDIT_SERVICE: what was there */
	struct ipvs_dest dest_was;       /* EDIT_DEST */
};

struct ipvs_plan {
	struct ipvs_step *steps;
	size_t n, cap;
};

/* What happens to services that are in `have` and not in `want`. */
enum ipvs_strangers {
	IPVS_STRANGERS_STAY, /* except those in `owned` */
	IPVS_STRANGERS_GO,
};

/*
 * Appends the steps from have to want. owned (keys count) are the services that this program has
 * ordered; one of them that is not wanted goes. A held entry is skipped. Dests of a wanted service
 * that are not wanted always go. Returns 0 or -ENOMEM with the plan as it was.
 */
int ipvs_plan_difference(const struct ipvs_table *have, const struct ipvs_table *want,
			 const struct ipvs_table *owned, enum ipvs_strangers strangers,
			 struct ipvs_plan *plan) HF_MUST_CHECK;

/* The same for the services of which only the keys are in `which`. */
int ipvs_plan_some(const struct ipvs_table *which, const struct ipvs_table *have,
		   const struct ipvs_table *want, const struct ipvs_table *owned,
		   struct ipvs_plan *plan) HF_MUST_CHECK;

void ipvs_plan_clear(struct ipvs_plan *plan); /* keeps the memory */
void ipvs_plan_free(struct ipvs_plan *plan);

/* Makes the table as it is after the step has been carried out. Returns 0 or -ENOMEM. */
int ipvs_table_step(struct ipvs_table *table, const struct ipvs_step *step) HF_MUST_CHECK;

/* "add service tcp 192.0.2.9:80", "edit dest 192.0.2.1:80 of tcp 192.0.2.9:80". Returns buf. */
#define IPVS_STEP_TEXT_MAX 200
const char *ipvs_step_text(const struct ipvs_step *step, char buf[IPVS_STEP_TEXT_MAX]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The difference of two tables as steps. Elsewhere: carrying them out (ipvs_netlink.c). */
#include "ipvs/ipvs_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A service on both sides; one of them may be NULL. */
struct pair {
	const struct ipvs_table_service *have, *want;
	bool remove_unwanted;
};

static int
append(struct ipvs_plan *plan, const struct ipvs_step *step)
{
	if (plan->n == plan->cap) {
		size_t cap = plan->cap > 0 ? 2 * plan->cap : 64;
		struct ipvs_step *steps = reallocarray(plan->steps, cap, sizeof(*steps));

		if (steps == NULL)
			return -ENOMEM;
		plan->steps = steps;
		plan->cap = cap;
	}
	plan->steps[plan->n++] = *step;
	return 0;
}

static int
plan_service(const struct pair *pair, struct ipvs_plan *plan)
{
	struct ipvs_step step = { .type = IPVS_ADD_SERVICE };

	if (pair->want == NULL || pair->want->held)
		return 0;
	step.service = pair->want->service;
	if (pair->have != NULL) {
		if (ipvs_service_same(&pair->have->service, &pair->want->service))
			return 0;
		step.type = IPVS_EDIT_SERVICE;
		step.service_was = pair->have->service;
	}
	return append(plan, &step);
}

static int
plan_wanted_dests(const struct pair *pair, struct ipvs_plan *plan)
{
	const struct ipvs_table_dest *want, *have;
	int err;

	if (pair->want == NULL || pair->want->held)
		return 0;
	TAILQ_FOREACH (want, &pair->want->dests, link) {
		struct ipvs_step step = { .type = IPVS_ADD_DEST,
					  .service = pair->want->service,
					  .dest = want->dest };

		if (want->held)
			continue;
		have = pair->have == NULL ? NULL
					  : ipvs_table_find_dest(pair->have, &want->dest.key);
		if (have != NULL) {
			if (ipvs_dest_same(&have->dest, &want->dest))
				continue;
			step.type = IPVS_EDIT_DEST;
			step.dest_was = have->dest;
		}
		err = append(plan, &step);
		if (err)
			return err;
	}
	return 0;
}

static int
plan_unwanted_dests(const struct pair *pair, struct ipvs_plan *plan)
{
	const struct ipvs_table_dest *have;
	int err;

	if (pair->have == NULL || (pair->want == NULL && !pair->remove_unwanted))
		return 0;
	TAILQ_FOREACH (have, &pair->have->dests, link) {
		struct ipvs_step step = { .type = IPVS_DEL_DEST,
					  .service = pair->have->service,
					  .dest = have->dest };

		if (pair->want != NULL && ipvs_table_find_dest(pair->want, &have->dest.key) != NULL)
			continue;
		err = append(plan, &step);
		if (err)
			return err;
	}
	return 0;
}

static int
plan_unwanted_service(const struct pair *pair, struct ipvs_plan *plan)
{
	struct ipvs_step step = { .type = IPVS_DEL_SERVICE };

	if (pair->want != NULL || pair->have == NULL || !pair->remove_unwanted)
		return 0;
	step.service = pair->have->service;
	return append(plan, &step);
}

/* One after the other over all services. */
static int (*const phases[])(const struct pair *, struct ipvs_plan *) = {
	plan_service,
	plan_wanted_dests,
	plan_unwanted_dests,
	plan_unwanted_service,
};

static int
run_phase(size_t phase, const struct ipvs_table *over, const struct ipvs_table *have,
	  const struct ipvs_table *want, const struct ipvs_table *owned,
	  enum ipvs_strangers strangers, struct ipvs_plan *plan)
{
	const struct ipvs_table_service *service;
	int err;

	TAILQ_FOREACH (service, &over->services, link) {
		const struct ipvs_service_key *key = &service->service.key;
		struct pair pair = { .have = ipvs_table_find(have, key),
				     .want = ipvs_table_find(want, key) };

		pair.remove_unwanted =
			strangers == IPVS_STRANGERS_GO || ipvs_table_find(owned, key) != NULL;
		err = phases[phase](&pair, plan);
		if (err)
			return err;
	}
	return 0;
}

int
ipvs_plan_difference(const struct ipvs_table *have, const struct ipvs_table *want,
		     const struct ipvs_table *owned, enum ipvs_strangers strangers,
		     struct ipvs_plan *plan)
{
	size_t before = plan->n;
	int err = 0;

	/* What comes is found by walking what is wanted, what goes by walking what is there. */
	for (size_t phase = 0; phase < HF_COUNT_OF(phases) && !err; phase++)
		err = run_phase(phase, phase < 2 ? want : have, have, want, owned, strangers, plan);
	if (err)
		plan->n = before;
	return err;
}

int
ipvs_plan_some(const struct ipvs_table *which, const struct ipvs_table *have,
	       const struct ipvs_table *want, const struct ipvs_table *owned,
	       struct ipvs_plan *plan)
{
	size_t before = plan->n;
	int err = 0;

	for (size_t phase = 0; phase < HF_COUNT_OF(phases) && !err; phase++)
		err = run_phase(phase, which, have, want, owned, IPVS_STRANGERS_STAY, plan);
	if (err)
		plan->n = before;
	return err;
}

void
ipvs_plan_clear(struct ipvs_plan *plan)
{
	plan->n = 0;
}

void
ipvs_plan_free(struct ipvs_plan *plan)
{
	free(plan->steps);
	*plan = (struct ipvs_plan){ 0 };
}

static int
step_dest(struct ipvs_table *table, const struct ipvs_step *step)
{
	struct ipvs_table_service *service = ipvs_table_find(table, &step->service.key);
	struct ipvs_table_dest *dest;

	if (service == NULL)
		return 0;
	if (step->type != IPVS_DEL_DEST)
		return ipvs_table_put_dest(table, service, &step->dest, NULL) == NULL ? -ENOMEM : 0;
	dest = ipvs_table_find_dest(service, &step->dest.key);
	if (dest != NULL)
		ipvs_table_remove_dest(table, service, dest);
	return 0;
}

int
ipvs_table_step(struct ipvs_table *table, const struct ipvs_step *step)
{
	struct ipvs_table_service *service;

	switch (step->type) {
	case IPVS_ADD_SERVICE:
	case IPVS_EDIT_SERVICE:
		return ipvs_table_put(table, &step->service, NULL) == NULL ? -ENOMEM : 0;
	case IPVS_ADD_DEST:
	case IPVS_EDIT_DEST:
	case IPVS_DEL_DEST:
		return step_dest(table, step);
	case IPVS_DEL_SERVICE:
		service = ipvs_table_find(table, &step->service.key);
		if (service != NULL)
			ipvs_table_remove(table, service);
		return 0;
	}
	return 0;
}

const char *
ipvs_step_text(const struct ipvs_step *step, char buf[IPVS_STEP_TEXT_MAX])
{
	static const char *const words[] = {
		[IPVS_ADD_SERVICE] = "add service", [IPVS_EDIT_SERVICE] = "edit service",
		[IPVS_ADD_DEST] = "add dest",       [IPVS_EDIT_DEST] = "edit dest",
		[IPVS_DEL_DEST] = "delete dest",    [IPVS_DEL_SERVICE] = "delete service",
	};
	char service[IPVS_KEY_TEXT_MAX], dest[IPVS_KEY_TEXT_MAX];

	ipvs_service_key_text(&step->service.key, service);
	ipvs_dest_key_text(&step->dest.key, dest);
	switch (step->type) {
	case IPVS_ADD_SERVICE:
	case IPVS_EDIT_SERVICE:
	case IPVS_DEL_SERVICE:
		snprintf(buf, IPVS_STEP_TEXT_MAX, "%s %s", words[step->type], service);
		break;
	case IPVS_ADD_DEST:
	case IPVS_EDIT_DEST:
	case IPVS_DEL_DEST:
		snprintf(buf, IPVS_STEP_TEXT_MAX, "%s %s of %s", words[step->type], dest, service);
		break;
	}
	return buf;
}

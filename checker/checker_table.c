/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the runtime table and matches it with the one before. What follows from a match is the
 * verdict engine's (checker_virtual_begin); what is kept beyond the process is checker_memory.c's.
 */
#include "checker/checker_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checker/checker_order.h"

static void
build_check(struct checker_check *check, const struct check_model *model, struct checker_real *real)
{
	check->model = model;
	check->real = real;
	check->due.slot = CHECKER_NO_SLOT;
	check->starts_down = model->alpha;
}

static void
build_real(struct checker_real *real, const struct real_server_model *model,
	   struct checker_virtual *vs, struct checker_check *checks)
{
	real->model = model;
	real->virtual_server = vs;
	real->checks = checks;
	for (size_t i = 0; i < model->n_checks; i++)
		build_check(&checks[i], &model->checks[i], real);
}

static bool
same_dest_key(const struct real_server_model *a, const struct real_server_model *b)
{
	return a->port == b->port && hf_addr_equal(&a->addr, &b->addr);
}

static void
find_twin(struct checker_virtual *vs)
{
	if (!vs->model->has_sorry)
		return;
	for (size_t i = 0; i < vs->model->n_real && !vs->twin; i++)
		if (same_dest_key(&vs->model->sorry, &vs->model->real[i]))
			vs->twin = &vs->reals[i];
}

static void
count(const struct checker_model *model, size_t *n_reals, size_t *n_checks)
{
	for (size_t i = 0; i < model->n_virtual; i++) {
		const struct virtual_server_model *vs = &model->virtual_servers[i];

		*n_reals += vs->n_real;
		for (size_t k = 0; k < vs->n_real; k++)
			*n_checks += vs->real[k].n_checks;
	}
}

static void *
some(size_t n, size_t size)
{
	return calloc(n ? n : 1, size);
}

int
checker_table_build(struct checker_table *table, struct checker_model *model)
{
	struct checker_real *real;
	struct checker_check *check;

	memset(table, 0, sizeof(*table));
	count(model, &table->n_reals, &table->n_checks);
	table->virtuals = some(model->n_virtual, sizeof(*table->virtuals));
	table->olds = some(model->n_virtual, sizeof(struct checker_virtual *));
	table->reals = real = some(table->n_reals, sizeof(*table->reals));
	table->checks = check = some(table->n_checks, sizeof(*table->checks));
	if (!table->virtuals || !table->olds || !table->reals || !table->checks) {
		checker_table_free(table);
		return -ENOMEM;
	}
	for (size_t i = 0; i < model->n_virtual; i++) {
		struct checker_virtual *vs = &table->virtuals[i];

		vs->model = &model->virtual_servers[i];
		vs->service_dirty = true;
		vs->reals = real;
		for (size_t k = 0; k < vs->model->n_real; k++, real++) {
			build_real(real, &vs->model->real[k], vs, check);
			check += real->model->n_checks;
		}
		find_twin(vs);
	}
	table->model = model;
	return 0;
}

void
checker_table_free(struct checker_table *table)
{
	checker_model_free(table->model);
	free(table->virtuals);
	free(table->olds);
	free(table->reals);
	free(table->checks);
	memset(table, 0, sizeof(*table));
}

static void
carry_check(struct checker_check *check, struct checker_check *old)
{
	old->moved = true;
	check->probe = old->probe;
	old->probe = NULL;
	check->due.at = old->due.at;
	check->verdict = old->verdict;
	check->last_result = old->last_result;
	check->starts_down = old->starts_down;
	check->url_failed = old->url_failed;
	check->failures = old->failures;
	check->url = old->url;
	check->latency_ns = old->latency_ns;
	check->last_wall_us = old->last_wall_us;
	check->change = old->change;
}

static void
carry_checks(struct checker_real *real, struct checker_real *old)
{
	for (size_t i = 0; i < real->model->n_checks; i++) {
		struct checker_check *check = &real->checks[i];
		struct checker_check *match = NULL;

		for (size_t k = 0; k < old->model->n_checks && !match; k++)
			if (!old->checks[k].moved &&
			    check_model_equal(check->model, old->checks[k].model))
				match = &old->checks[k];
		if (match)
			carry_check(check, match);
		else
			/* A server that is down comes up on evidence, not because its check was
			 * edited; one that is up stays up until the new check says otherwise. */
			check->starts_down = !old->up;
	}
}

static void
carry_real(struct checker_real *real, struct checker_real *old)
{
	old->moved = true;
	real->known = true;
	real->up = old->up;
	real->told = old->told;
	real->in_table = old->in_table;
	real->table_weight = old->table_weight;
	real->dirty = !checker_order_same_dest(real->model, old->model);
	real->since_wall_us = old->since_wall_us;
	real->seq = old->seq;
	real->change = old->change;
	carry_checks(real, old);
}

/*
 * Searches from *cursor on and once around: entries that keep their order, which is nearly all of
 * them, are found at the first try.
 */
static struct checker_real *
find_real(struct checker_virtual *old, const struct real_server_model *model, size_t *cursor)
{
	for (size_t tried = 0; tried < old->model->n_real; tried++) {
		size_t i = (*cursor + tried) % old->model->n_real;

		if (!old->reals[i].moved && same_dest_key(model, old->reals[i].model)) {
			*cursor = i + 1;
			return &old->reals[i];
		}
	}
	return NULL;
}

static void
carry_sorry(struct checker_virtual *vs, struct checker_virtual *old)
{
	if (vs->twin || !vs->model->has_sorry || !old->model->has_sorry ||
	    !same_dest_key(&vs->model->sorry, &old->model->sorry))
		return;
	vs->sorry_in_table = old->sorry_in_table;
	vs->sorry_table_weight = old->sorry_table_weight;
	vs->sorry_dirty = !checker_order_same_dest(&vs->model->sorry, &old->model->sorry);
}

/* A sorry server that is a real server as well was or is one entry for two: say it anew. */
static void
refresh_all(struct checker_virtual *vs)
{
	for (size_t i = 0; i < vs->model->n_real; i++)
		vs->reals[i].dirty = true;
	vs->sorry_dirty = true;
}

static void
carry_virtual(struct checker_virtual *vs, struct checker_virtual *old)
{
	size_t cursor = 0;

	old->moved = true;
	vs->known = true;
	vs->quorum_up = old->quorum_up;
	vs->sorry_active = old->sorry_active;
	vs->since_wall_us = old->since_wall_us;
	vs->seq = old->seq;
	vs->change = old->change;
	vs->service_dirty = !checker_order_same_service(vs->model, old->model);
	for (size_t i = 0; i < vs->model->n_real; i++) {
		struct checker_real *match = find_real(old, vs->reals[i].model, &cursor);

		if (match)
			carry_real(&vs->reals[i], match);
	}
	carry_sorry(vs, old);
	if ((vs->twin != NULL) != (old->twin != NULL))
		refresh_all(vs);
}

static struct checker_virtual *
find_virtual(struct checker_table *old, const struct virtual_server_model *model, size_t *cursor)
{
	struct ipvs_service_key want, have;

	checker_order_service_key(model, &want);
	for (size_t tried = 0; tried < old->model->n_virtual; tried++) {
		size_t i = (*cursor + tried) % old->model->n_virtual;

		if (old->virtuals[i].moved)
			continue;
		checker_order_service_key(old->virtuals[i].model, &have);
		if (memcmp(&want, &have, sizeof(want)) == 0) {
			*cursor = i + 1;
			return &old->virtuals[i];
		}
	}
	return NULL;
}

void
checker_table_carry_over(struct checker_table *table, struct checker_table *old)
{
	size_t cursor = 0;

	for (size_t i = 0; i < table->model->n_virtual; i++) {
		struct checker_virtual *vs = &table->virtuals[i];

		table->olds[i] = find_virtual(old, vs->model, &cursor);
		if (table->olds[i])
			carry_virtual(vs, table->olds[i]);
	}
}

size_t
checker_table_most_reals(const struct checker_table *table)
{
	size_t most = 0;

	for (size_t i = 0; table->model && i < table->model->n_virtual; i++)
		if (table->model->virtual_servers[i].n_real > most)
			most = table->model->virtual_servers[i].n_real;
	return most;
}

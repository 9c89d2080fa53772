/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runtime table of virtual servers, real servers and checks for one configuration, and what a
 * reload carries over into the next: services by address, port and protocol or by mark, real
 * servers by address and port, checks by kind and all parameters. Pure.
 */
#ifndef CHECKER_TABLE_H
#define CHECKER_TABLE_H

#include "checker/checker_verdict.h"

struct checker_table {
	struct checker_model *model;      /* owned */
	struct checker_virtual *virtuals; /* model->n_virtual */
	struct checker_virtual **olds; /* beside each: the one it continues, or NULL; until begun */
	size_t n_reals, n_checks;
	struct checker_real *reals;
	struct checker_check *checks;
};

/* Everything unknown. The model is the table's from here if 0 is returned; else -ENOMEM. */
int checker_table_build(struct checker_table *table, struct checker_model *model) HF_MUST_CHECK;
void checker_table_free(struct checker_table *table); /* all zeros is fine */

/*
 * Moves what the old table knows into the new one: verdicts, times, probes. What is left unmoved in
 * `old` has to be ended.
 */
void checker_table_carry_over(struct checker_table *table, struct checker_table *old);

/* Of all virtual servers, the largest number of real servers: for checker_actions_reserve(). */
size_t checker_table_most_reals(const struct checker_table *table);

#endif

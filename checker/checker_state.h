/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one mutable object of the checker process, and what its files call of each other. Nobody
 * outside the room includes this. */
#ifndef CHECKER_STATE_H
#define CHECKER_STATE_H

#include <stdio.h>

#include "checker/checker_hooks.h"
#include "checker/checker_memory.h"
#include "checker/checker_probe.h"
#include "checker/checker_spread.h"
#include "checker/checker_table.h"
#include "lib/hf_room.h"

struct checker_state {
	struct hf_room *room;
	struct checker_table table;
	struct checker_heap heap;
	struct hf_timer *timer;
	hf_time armed; /* what the timer is set to */
	struct checker_probes probes;
	struct checker_actions actions;
	struct checker_hooks hooks;
	struct checker_memory memory; /* what a predecessor knew, until the first configuration */
	uint64_t cause;               /* change id of the configuration being applied, else 0 */
	bool configured;
	bool has_raw;       /* CAP_NET_RAW was kept */
	bool has_low_ports; /* CAP_NET_BIND_SERVICE was kept */
	bool table_sent;    /* ipvs/ has the complete table over the present link */
};

/* checker_carry.c: does what the engine's actions say, and empties the list. */
void checker_carry_out(struct checker_state *st);

/* checker_carry.c: sends the complete table. flush_foreign: as lvs_flush asks for. */
void checker_carry_table(struct checker_state *st, bool flush_foreign);

/* checker_status.c */
void checker_status(void *state, FILE *out);
void checker_dump(void *state, enum hf_room_dump_kind kind, FILE *out);

#endif

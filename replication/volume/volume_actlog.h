/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The activity log as a ring of blocks: which extent each slot stands for. A block holds one
 * transaction (up to VOLUME_AL_CHANGES_MAX changes) and a slice of the whole table; the slices
 * rotate, so that the newest blocks together reproduce the table without a checkpoint. Pure.
 *
 * Rules for whoever writes: one block at a time, and the next only when the last is stable. Then a
 * torn block is always the newest, and the ring without it is complete (the ring is at least twice
 * as long as one round of slices). Anything else that cannot be read is damage.
 */
#ifndef VOLUME_ACTLOG_H
#define VOLUME_ACTLOG_H

#include <stddef.h>

#include "replication/volume/volume_meta_model.h"

#define VOLUME_ACTLOG_BLOCK   4096u
#define VOLUME_ACTLOG_CONTEXT 880u /* slots of the slice in one block */

struct volume_actlog {
	uint8_t replica_id[VOLUME_ID_BYTES];
	uint32_t n_slots;
	uint32_t ring_blocks;
	uint64_t sequence;   /* of the next block; its place is sequence modulo ring_blocks */
	uint32_t context_at; /* where its slice begins */
	uint32_t *extents;   /* n_slots of them, or VOLUME_AL_FREE */
};

/* The shortest ring for so many slots. */
uint32_t volume_actlog_ring_least(uint32_t n_slots);

/* An empty table. NULL: no memory. ring_blocks is at least volume_actlog_ring_least(). */
struct volume_actlog *volume_actlog_new(const uint8_t replica_id[VOLUME_ID_BYTES], uint32_t n_slots,
					uint32_t ring_blocks);
void volume_actlog_free(struct volume_actlog *log); /* NULL is fine */

/*
 * The next block: the transaction is applied to the table and encoded. Returns its place in the
 * ring. A new ring begins with ring_blocks empty transactions.
 */
uint32_t volume_actlog_encode(struct volume_actlog *log, const struct volume_al_transaction *tx,
			      uint8_t block[VOLUME_ACTLOG_BLOCK]);

enum volume_actlog_found {
	VOLUME_ACTLOG_WHOLE,
	VOLUME_ACTLOG_DAMAGED, /* extents may be missing: everything may have been written to */
};

/* Reads the table from ring_blocks blocks and goes on after the newest. Damaged: the table is
 * empty. */
enum volume_actlog_found volume_actlog_decode(struct volume_actlog *log, const uint8_t *ring);

#endif

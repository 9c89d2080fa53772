/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a replica keeps on stable storage, as plain structs: the superblock, a transaction of the
 * activity log, pages of the dirty maps. volume_meta.h turns them into bytes; the engine fills and
 * reads them and never knows where they lie.
 *
 * The three kinds of stores have three promises:
 * - The superblock is atomic: after a crash it is the one of the last acknowledged write or that of
 *   a later write, never a mixture.
 * - An acknowledged transaction of the activity log is found again; one that was not acknowledged
 * is found whole or not at all.
 * - A page of a dirty map has, after a crash, the content of its last acknowledged write or of a
 *   later one; where a write was torn or the page is damaged, all its bits are set.
 */
#ifndef VOLUME_META_MODEL_H
#define VOLUME_META_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define VOLUME_NODES_MAX     3
#define VOLUME_BLOCK_BYTES   4096u
#define VOLUME_EXTENT_BLOCKS 1024u /* 4 MiB: what one slot of the activity log stands for */
#define VOLUME_NODE_NONE     0xffu
#define VOLUME_LINEAGE_MAX   64
#define VOLUME_ID_BYTES      16

/* One page of a dirty map: a bit for each block, the lowest bit of the first byte first. It is 31
 * extents, so that no extent is on two pages, and leaves room for a header in a block of 4096. */
#define VOLUME_MAP_PAGE_BYTES  3968u
#define VOLUME_MAP_PAGE_BLOCKS (VOLUME_MAP_PAGE_BYTES * 8u)

/* Who may acknowledge, and who has everything that was acknowledged. Each change has a higher
 * epoch. Epoch 0: a store that was never part of anything. */
struct volume_record {
	uint64_t epoch;
	uint8_t primary; /* node, or VOLUME_NODE_NONE: given up in order, all members are equal */
	uint8_t in_sync; /* a bit for each node */
};

/* The history of the record, oldest first; the last entry is the present record. */
struct volume_lineage_entry {
	struct volume_record record;
	uint64_t start; /* writes of this record have positions above this one */
};

struct volume_lineage {
	uint32_t n;
	struct volume_lineage_entry entries[VOLUME_LINEAGE_MAX];
};

/* What this replica knows of another one's store: a store that is older than what was seen before
 * (a restored snapshot) or another one (a replaced disk) is no member of anything. */
struct volume_peer_seen {
	uint8_t replica_id[VOLUME_ID_BYTES]; /* all zero: never seen */
	uint64_t opened;                     /* the highest volume_superblock.opened seen */
};

/* Everything but the maps and the log. The encoder adds magic, version, sequence and checksum. */
struct volume_superblock {
	uint8_t volume_id[VOLUME_ID_BYTES];  /* the same on every node */
	uint8_t replica_id[VOLUME_ID_BYTES]; /* drawn when this store was created */
	uint8_t node;                        /* whose store this is */
	uint8_t n_nodes;
	uint64_t size_blocks;
	uint32_t al_slots;
	uint64_t opened;   /* goes up by one at each start, stable before any peer hears of it */
	uint64_t promised; /* no message of a lower epoch is obeyed; at least the record's epoch */
	struct volume_lineage lineage;
	bool created_clean; /* the content does not matter yet: equal to any other clean store */
	bool inconsistent;  /* a resync into this store has begun and is not over */
	bool disk_failed;   /* the data area failed; stays out until it is replaced */
	struct volume_peer_seen seen[VOLUME_NODES_MAX];
};

/* Activity log: from now on slot `slot` stands for extent `extent`. */
#define VOLUME_AL_CHANGES_MAX 64
#define VOLUME_AL_SLOTS_MAX   65534u
#define VOLUME_AL_FREE        UINT32_MAX /* extent of a slot that is not in use */

struct volume_al_change {
	uint16_t slot;
	uint32_t extent;
};

struct volume_al_transaction {
	uint32_t n;
	struct volume_al_change changes[VOLUME_AL_CHANGES_MAX];
};

static inline const struct volume_lineage_entry *
volume_lineage_last(const struct volume_lineage *lineage)
{
	static const struct volume_lineage_entry none = { { 0, VOLUME_NODE_NONE, 0 }, 0 };

	return lineage->n > 0 ? &lineage->entries[lineage->n - 1] : &none;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A replica's metadata as bytes: where it lies, the superblock, the pages of the dirty maps. Pure;
 * the activity log has its own codec (volume_actlog.h), reading and writing is volume_meta_store.h
 * and volume_meta_live.h. Every byte is described in doc/volume-format.md.
 */
#ifndef VOLUME_META_H
#define VOLUME_META_H

#include <stddef.h>

#include "lib/hf_base.h"
#include "replication/volume/volume_meta_model.h"

#define VOLUME_META_BLOCK    4096u
#define VOLUME_META_VERSION  1
#define VOLUME_META_NAME_MAX 64 /* with its NUL */
#define VOLUME_META_MAPS     (VOLUME_NODES_MAX - 1)

/* The end of the area: one copy of the superblock, the ring, the other copy. */
#define VOLUME_META_TAIL_BLOCKS 256u
#define VOLUME_META_RING_MAX    (VOLUME_META_TAIL_BLOCKS - 2)
#define VOLUME_META_RING_BLOCKS 128u /* what new volumes get */

#define VOLUME_META_SIZE_MAX_BLOCKS ((uint64_t)1 << 38) /* 1 PiB */

/* What a copy of the superblock turned out to be. */
#define VOLUME_META_FINDINGS(X)                                                                    \
	X(VALID, "valid", "a superblock of a volume")                                              \
	X(NONE, "none", "no superblock of a volume")                                               \
	X(DAMAGED, "damaged", "a superblock whose checksum is wrong")                              \
	X(NEWER, "newer-version", "written by a later version of Holdfast")                        \
	X(IMPOSSIBLE, "impossible", "a superblock whose values contradict each other")             \
	X(TRUNCATED, "store-size", "the store is not as long as it was when the volume was made")

enum volume_meta_finding {
#define VOLUME_META_FINDING_ENUM(name, code, text) VOLUME_META_##name,
	VOLUME_META_FINDINGS(VOLUME_META_FINDING_ENUM)
#undef VOLUME_META_FINDING_ENUM
		VOLUME_META_FINDING_KINDS
};
const char *volume_meta_finding_code(enum volume_meta_finding finding);
const char *volume_meta_finding_text(enum volume_meta_finding finding);

/* Where things are, in bytes from the start of the store that holds the metadata. */
struct volume_meta_layout {
	uint64_t store_blocks; /* blocks of that store */
	uint64_t start;        /* data of an internal volume ends at or before this */
	uint64_t ring;
	uint64_t copies[2];
	uint32_t map_pages; /* of one map */
	uint32_t ring_blocks;
};

/* Where the copies of the superblock are on a store of this many blocks (at least a tail). */
void volume_meta_copies(uint64_t store_blocks, uint64_t copies[2]);

/* False: the store is too small for the metadata of a volume of this size. */
bool volume_meta_plan(uint64_t store_blocks, uint64_t size_blocks, uint32_t ring_blocks,
		      struct volume_meta_layout *layout);

/* The largest volume whose data and metadata fit on a store of this many blocks; 0: none. */
uint64_t volume_meta_largest(uint64_t store_blocks);

/* Where page `page` of node's map about `peer` lies. */
uint64_t volume_meta_map_at(const struct volume_meta_layout *layout, uint8_t node, uint8_t peer,
			    uint32_t page);

/* A superblock with what the engine does not need to know. */
struct volume_meta {
	struct volume_superblock superblock;
	uint64_t sequence;     /* of the newest copy */
	uint64_t store_blocks; /* of the store with the metadata, when the volume was made */
	uint32_t ring_blocks;
	bool internal;                     /* data and metadata share the store */
	char volume[VOLUME_META_NAME_MAX]; /* names, for people */
	char node[VOLUME_META_NAME_MAX];
};

void volume_meta_encode(const struct volume_meta *meta, uint8_t block[VOLUME_META_BLOCK]);
enum volume_meta_finding volume_meta_decode(const uint8_t block[VOLUME_META_BLOCK],
					    struct volume_meta *meta);

/*
 * Chooses between the two copies: the newer valid one. *stale is the copy to be written first next
 * time, so that one good copy is always left. With no valid copy the finding says the most that can
 * be said; a copy of a newer version is never passed over.
 */
enum volume_meta_finding volume_meta_choose(const uint8_t first[VOLUME_META_BLOCK],
					    const uint8_t second[VOLUME_META_BLOCK],
					    struct volume_meta *meta, unsigned int *stale);

/* A page of a map. bits: VOLUME_MAP_PAGE_BYTES. */
void volume_meta_page_encode(const struct volume_superblock *sb, uint8_t peer, uint32_t page,
			     const uint8_t bits[VOLUME_MAP_PAGE_BYTES],
			     uint8_t block[VOLUME_META_BLOCK]);

/* False: the page is torn, damaged, or another one's; then all bits are set. A page of zeros was
 * never written: no bit is set. */
bool volume_meta_page_decode(const struct volume_superblock *sb, uint8_t peer, uint32_t page,
			     const uint8_t block[VOLUME_META_BLOCK],
			     uint8_t bits[VOLUME_MAP_PAGE_BYTES]);

#endif

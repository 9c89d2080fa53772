/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which blocks may differ from a peer's copy: one bit for each block, in memory, 32 MiB for each
 * TiB (and 1.6 % for levels above), of which only what was ever dirty is really used. Writing pages
 * out is not its business. Levels of summaries, so that finding the next dirty block depends
 * neither on the size of the volume nor on how many are dirty.
 */
#ifndef VOLUME_DIRTY_H
#define VOLUME_DIRTY_H

#include <stdbool.h>
#include <stdint.h>

#include "replication/volume/volume_meta_model.h"

#define VOLUME_DIRTY_NONE UINT64_MAX

struct volume_dirty;

struct volume_dirty *volume_dirty_new(uint64_t n_blocks); /* all clean; NULL: no memory */
void volume_dirty_free(struct volume_dirty *map);

/* Ranges may be empty; they end at or before n_blocks. */
void volume_dirty_set(struct volume_dirty *map, uint64_t first, uint64_t n);
void volume_dirty_clear(struct volume_dirty *map, uint64_t first, uint64_t n);
bool volume_dirty_any(const struct volume_dirty *map, uint64_t first, uint64_t n);

/* The first dirty block at or after `from`, VOLUME_DIRTY_NONE when there is none. */
uint64_t volume_dirty_next(const struct volume_dirty *map, uint64_t from);
/* How many blocks from `from` on are dirty without a gap, at most max. */
uint64_t volume_dirty_run(const struct volume_dirty *map, uint64_t from, uint64_t max);
uint64_t volume_dirty_count(const struct volume_dirty *map);

/* Page `page` as it is stored and sent: VOLUME_MAP_PAGE_BYTES, zeroes after the last block. */
void volume_dirty_page_get(const struct volume_dirty *map, uint32_t page,
			   uint8_t bytes[VOLUME_MAP_PAGE_BYTES]);
/* Sets what is set in bytes (other bits stay): reading a store, or a peer's map. */
void volume_dirty_page_merge(struct volume_dirty *map, uint32_t page,
			     const uint8_t bytes[VOLUME_MAP_PAGE_BYTES]);

static inline uint32_t
volume_dirty_pages(uint64_t n_blocks)
{
	return (uint32_t)((n_blocks + VOLUME_MAP_PAGE_BLOCKS - 1) / VOLUME_MAP_PAGE_BLOCKS);
}

#endif

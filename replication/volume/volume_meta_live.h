/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing the metadata of a running volume: what the engine's VOLUME_DO_AL_WRITE, _META_WRITE and
 * _MAP_WRITE ask for. Of each kind one is under way at a time, as the engine promises; each is
 * stable when `done` is called, from the loop, with 0 or a negative errno. Nothing is allocated
 * after volume_meta_live_new().
 */
#ifndef VOLUME_META_LIVE_H
#define VOLUME_META_LIVE_H

#include "replication/volume/volume_io.h"
#include "replication/volume/volume_meta_store.h"

enum volume_meta_kind { VOLUME_META_ACTLOG, VOLUME_META_SUPERBLOCK, VOLUME_META_PAGE };
#define VOLUME_META_KINDS 3

struct volume_meta_live;

/* io: of the store with the metadata; io and store are the caller's and outlive this. NULL: no
 * memory. */
struct volume_meta_live *
volume_meta_live_new(struct volume_io *io, struct volume_meta_store *store,
		     void (*done)(void *arg, enum volume_meta_kind kind, int err), void *arg);
void volume_meta_live_free(struct volume_meta_live *live); /* nothing under way; NULL is fine */

/* They take copies of what they are given. volume_io_kick() starts them. */
void volume_meta_live_actlog(struct volume_meta_live *live, const struct volume_al_transaction *tx);
void volume_meta_live_superblock(struct volume_meta_live *live,
				 const struct volume_superblock *superblock);
void volume_meta_live_page(struct volume_meta_live *live, uint8_t peer, uint32_t page);

#endif

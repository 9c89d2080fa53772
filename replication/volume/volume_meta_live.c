/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metadata writes of a running volume. The superblock takes two writes, one after the other: first
 * the copy that is the older one, then the other, so that one good copy is left at any moment and,
 * when all is quiet, a copy that rots costs nothing.
 */
#include "replication/volume/volume_meta_live.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	struct volume_meta_live *live;
	enum volume_meta_kind kind;
	bool busy;
	uint8_t *block;
	struct volume_io_request request;
};

struct volume_meta_live {
	struct volume_io *io;
	struct volume_meta_store *store;
	void (*done)(void *arg, enum volume_meta_kind kind, int err);
	void *arg;
	unsigned int copies_left; /* of the superblock */
	uint8_t *memory;
	struct slot slots[VOLUME_META_KINDS];
};

static void
write_block(struct slot *slot, uint64_t at)
{
	slot->request.offset = at;
	volume_io_submit(slot->live->io, &slot->request);
}

static void
written(struct volume_io_request *request, int err)
{
	struct slot *slot = request->owner;
	struct volume_meta_live *live = slot->live;

	if (!err && slot->kind == VOLUME_META_SUPERBLOCK) {
		live->store->stale = 1 - live->store->stale;
		if (--live->copies_left > 0) {
			write_block(slot, live->store->layout.copies[live->store->stale]);
			volume_io_kick(live->io);
			return;
		}
	}
	slot->busy = false;
	live->done(live->arg, slot->kind, err);
}

struct volume_meta_live *
volume_meta_live_new(struct volume_io *io, struct volume_meta_store *store,
		     void (*done)(void *arg, enum volume_meta_kind kind, int err), void *arg)
{
	struct volume_meta_live *live = calloc(1, sizeof(*live));

	if (!live)
		return NULL;
	live->io = io;
	live->store = store;
	live->done = done;
	live->arg = arg;
	live->memory = aligned_alloc(VOLUME_IO_DATA_ALIGNED,
				     (size_t)VOLUME_META_KINDS * VOLUME_META_BLOCK);
	if (!live->memory) {
		free(live);
		return NULL;
	}
	for (size_t i = 0; i < VOLUME_META_KINDS; i++) {
		struct slot *slot = &live->slots[i];

		slot->live = live;
		slot->kind = (enum volume_meta_kind)i;
		slot->block = live->memory + i * VOLUME_META_BLOCK;
		slot->request = (struct volume_io_request){ .op = VOLUME_IO_WRITE,
							    .fua = true,
							    .length = VOLUME_META_BLOCK,
							    .data = slot->block,
							    .done = written,
							    .owner = slot };
	}
	return live;
}

void
volume_meta_live_free(struct volume_meta_live *live)
{
	if (!live)
		return;
	for (size_t i = 0; i < VOLUME_META_KINDS; i++)
		assert(!live->slots[i].busy);
	free(live->memory);
	free(live);
}

static struct slot *
take(struct volume_meta_live *live, enum volume_meta_kind kind)
{
	struct slot *slot = &live->slots[kind];

	assert(!slot->busy);
	slot->busy = true;
	return slot;
}

void
volume_meta_live_actlog(struct volume_meta_live *live, const struct volume_al_transaction *tx)
{
	struct slot *slot = take(live, VOLUME_META_ACTLOG);
	uint32_t place = volume_actlog_encode(live->store->actlog, tx, slot->block);

	write_block(slot, live->store->layout.ring + (uint64_t)place * VOLUME_ACTLOG_BLOCK);
}

void
volume_meta_live_superblock(struct volume_meta_live *live,
			    const struct volume_superblock *superblock)
{
	struct slot *slot = take(live, VOLUME_META_SUPERBLOCK);
	struct volume_meta *meta = &live->store->meta;

	meta->superblock = *superblock;
	meta->sequence++;
	volume_meta_encode(meta, slot->block);
	live->copies_left = 2;
	write_block(slot, live->store->layout.copies[live->store->stale]);
}

void
volume_meta_live_page(struct volume_meta_live *live, uint8_t peer, uint32_t page)
{
	struct slot *slot = take(live, VOLUME_META_PAGE);
	const struct volume_superblock *sb = &live->store->meta.superblock;
	uint8_t bits[VOLUME_MAP_PAGE_BYTES];

	volume_dirty_page_get(live->store->dirty[peer], page, bits);
	volume_meta_page_encode(sb, peer, page, bits, slot->block);
	write_block(slot, volume_meta_map_at(&live->store->layout, sb->node, peer, page));
}

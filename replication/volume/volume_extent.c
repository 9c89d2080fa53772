/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The activity log in memory: which extents may be written now, and dirty bits. An extent is in the
 * log, stably, before a write into it is submitted; it leaves when everything written into it is
 * settled and the pages of the dirty maps that cover it are saved (invariant 11). So after a crash
 * the log and the saved pages together cover all that may differ.
 * Elsewhere: the ring of transactions on the store (volume_actlog.c).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "replication/volume/volume_step.h"

bool
volume_extents_open(struct volume *v, const uint32_t *extents)
{
	struct volume_extents *al = &v->al;

	al->n_slots = v->model.al_slots;
	al->n_buckets = 1;
	while (al->n_buckets < al->n_slots)
		al->n_buckets *= 2;
	al->slots = calloc(al->n_slots, sizeof(*al->slots));
	al->buckets = calloc(al->n_buckets, sizeof(*al->buckets));
	if (!al->slots || !al->buckets)
		return false;
	al->newest = al->oldest = VOLUME_NIL;
	for (uint32_t i = 0; i < al->n_buckets; i++)
		al->buckets[i] = VOLUME_NIL;
	for (uint32_t i = 0; i < al->n_slots; i++) {
		struct volume_slot *slot = &al->slots[i];

		slot->extent = extents ? extents[i] : VOLUME_AL_FREE;
		slot->older = al->newest;
		slot->newer = VOLUME_NIL;
		if (al->newest != VOLUME_NIL)
			al->slots[al->newest].newer = i;
		else
			al->oldest = i;
		al->newest = i;
		if (slot->extent != VOLUME_AL_FREE) {
			uint32_t *bucket = &al->buckets[slot->extent & (al->n_buckets - 1)];

			slot->chain = *bucket;
			*bucket = i;
		}
	}
	return true;
}

static uint32_t
find(const struct volume_extents *al, uint32_t extent)
{
	uint32_t i = al->buckets[extent & (al->n_buckets - 1)];

	while (i != VOLUME_NIL && al->slots[i].extent != extent)
		i = al->slots[i].chain;
	return i;
}

static void
unchain(struct volume_extents *al, uint32_t index)
{
	uint32_t *at = &al->buckets[al->slots[index].extent & (al->n_buckets - 1)];

	while (*at != index)
		at = &al->slots[*at].chain;
	*at = al->slots[index].chain;
}

static void
make_newest(struct volume_extents *al, uint32_t index)
{
	struct volume_slot *slot = &al->slots[index];

	if (al->newest == index)
		return;
	if (slot->older != VOLUME_NIL)
		al->slots[slot->older].newer = slot->newer;
	else
		al->oldest = slot->newer;
	al->slots[slot->newer].older = slot->older;
	slot->older = al->newest;
	slot->newer = VOLUME_NIL;
	al->slots[al->newest].newer = index;
	al->newest = index;
}

static uint32_t
page_of_extent(const struct volume *v, uint32_t extent)
{
	return (uint32_t)((uint64_t)extent * v->model.extent_blocks /
			  (uint64_t)VOLUME_MAP_PAGE_BLOCKS);
}

static void
page_save(struct volume *v, uint8_t peer, uint32_t page)
{
	struct volume_action *a;

	if (v->map_busy)
		return;
	v->map_busy = true;
	v->map_peer = peer;
	v->map_page = page;
	v->peers[peer].page_unsaved[page] = 0;
	a = volume_do(v, VOLUME_DO_MAP_WRITE);
	a->peer = peer;
	a->page = page;
}

/* Are the bits for this extent on stable storage? Begins to save them when not. */
static bool
extent_saved(struct volume *v, uint32_t extent)
{
	uint32_t page = page_of_extent(v, extent);
	bool saved = true;

	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		if (p == v->self)
			continue;
		if (v->map_busy && v->map_peer == p && v->map_page == page)
			saved = false;
		else if (v->peers[p].page_unsaved[page]) {
			saved = false;
			page_save(v, p, page);
		}
	}
	return saved || VOLUME_FAULT(7);
}

static uint32_t
victim(struct volume *v)
{
	struct volume_extents *al = &v->al;

	for (uint32_t i = al->oldest; i != VOLUME_NIL; i = al->slots[i].newer) {
		const struct volume_slot *slot = &al->slots[i];

		if (slot->extent == VOLUME_AL_FREE)
			return i;
		if (slot->refs > 0 || slot->pending)
			continue;
		if (slot->last > v->settled && !VOLUME_FAULT(6))
			continue;
		if (extent_saved(v, slot->extent))
			return i;
	}
	return VOLUME_NIL;
}

uint32_t
volume_extent_get(struct volume *v, uint64_t offset)
{
	struct volume_extents *al = &v->al;
	uint32_t extent =
		(uint32_t)(offset / ((uint64_t)v->model.extent_blocks * VOLUME_BLOCK_BYTES));
	uint32_t i = find(al, extent);
	struct volume_slot *slot;

	if (i == VOLUME_NIL) {
		if (al->next.n == VOLUME_AL_CHANGES_MAX)
			return VOLUME_NIL;
		i = victim(v);
		if (i == VOLUME_NIL) {
			al->stuck = true;
			return VOLUME_NIL;
		}
		slot = &al->slots[i];
		if (slot->extent != VOLUME_AL_FREE)
			unchain(al, i);
		slot->extent = extent;
		slot->chain = al->buckets[extent & (al->n_buckets - 1)];
		al->buckets[extent & (al->n_buckets - 1)] = i;
		slot->pending = !VOLUME_FAULT(5);
		slot->last = 0;
		al->next.changes[al->next.n++] = (struct volume_al_change){ (uint16_t)i, extent };
	}
	slot = &al->slots[i];
	make_newest(al, i);
	if (slot->pending)
		return VOLUME_NIL;
	slot->refs++;
	return i;
}

void
volume_extent_put(struct volume *v, uint32_t index, uint64_t position)
{
	struct volume_slot *slot = &v->al.slots[index];

	assert(slot->refs > 0);
	slot->refs--;
	if (position > slot->last)
		slot->last = position;
}

void
volume_extents_pump(struct volume *v)
{
	struct volume_extents *al = &v->al;

	if (al->busy || al->next.n == 0)
		return;
	al->writing = al->next;
	al->next.n = 0;
	al->busy = true;
	volume_do(v, VOLUME_DO_AL_WRITE)->al = &al->writing;
}

void
volume_extents_done(struct volume *v, int error)
{
	struct volume_extents *al = &v->al;

	assert(al->busy);
	al->busy = false;
	if (error != 0) {
		volume_disk_fail(v);
		return;
	}
	for (uint32_t i = 0; i < al->writing.n; i++)
		if (al->slots[al->writing.changes[i].slot].extent == al->writing.changes[i].extent)
			al->slots[al->writing.changes[i].slot].pending = false;
	al->writing.n = 0;
	v->again = true;
}

void
volume_extents_fold(struct volume *v, uint8_t peers, bool unsettled_only)
{
	uint64_t bytes = (uint64_t)v->model.extent_blocks * VOLUME_BLOCK_BYTES;

	for (uint32_t i = 0; i < v->al.n_slots; i++) {
		const struct volume_slot *slot = &v->al.slots[i];
		uint64_t offset = slot->extent * bytes;
		uint64_t end = v->model.size_blocks * VOLUME_BLOCK_BYTES;

		if (slot->extent == VOLUME_AL_FREE ||
		    (unsettled_only && slot->refs == 0 && slot->last <= v->settled))
			continue;
		for (uint8_t p = 0; p < v->sb.n_nodes; p++)
			if (p != v->self && volume_has(peers, p))
				volume_dirty_mark(
					v, p, offset,
					(uint32_t)(end - offset < bytes ? end - offset : bytes));
	}
}

void
volume_extents_forget(struct volume *v)
{
	for (uint32_t i = 0; i < v->al.n_slots; i++)
		v->al.slots[i].last = 0;
}

void
volume_dirty_mark(struct volume *v, uint8_t peer, uint64_t offset, uint32_t len)
{
	uint64_t first = offset / VOLUME_BLOCK_BYTES;
	uint64_t n = (offset + len + VOLUME_BLOCK_BYTES - 1) / VOLUME_BLOCK_BYTES - first;

	assert(peer != v->self && peer < v->sb.n_nodes);
	volume_dirty_set(v->dirty[peer], first, n);
	for (uint64_t page = first / (uint64_t)VOLUME_MAP_PAGE_BLOCKS;
	     page <= (first + n - 1) / (uint64_t)VOLUME_MAP_PAGE_BLOCKS; page++)
		v->peers[peer].page_unsaved[page] = 1;
}

void
volume_dirty_mark_all(struct volume *v, uint8_t peer)
{
	volume_dirty_set(v->dirty[peer], 0, v->model.size_blocks);
	memset(v->peers[peer].page_unsaved, 1, v->n_pages);
}

void
volume_dirty_equal(struct volume *v, uint8_t peer, uint64_t offset, uint64_t len)
{
	volume_dirty_clear(v->dirty[peer], offset / VOLUME_BLOCK_BYTES, len / VOLUME_BLOCK_BYTES);
}

void
volume_map_done(struct volume *v, int error)
{
	assert(v->map_busy);
	v->map_busy = false;
	if (error != 0)
		volume_disk_fail(v);
	v->again = true;
}

bool
volume_maps_save(struct volume *v)
{
	for (uint8_t p = 0; p < v->sb.n_nodes && !v->map_busy; p++)
		for (uint32_t page = 0; p != v->self && page < v->n_pages; page++)
			if (v->peers[p].page_unsaved[page]) {
				page_save(v, p, page);
				return false;
			}
	return !v->map_busy;
}

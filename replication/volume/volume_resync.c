/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying to a peer what differs: the primary walks its dirty map for the peer, joined with the
 * peer's own map, reads pieces and sends them as part of the stream of writes. A range that is
 * being read or sent is closed to application writes meanwhile, so the stream's order is the order
 * on both sides. Bits are cleared when the peer has the piece stable (volume_stable.c). When none
 * is left, the peer's acknowledgements count, then all is made stable there, then it enters the
 * record.
 */
#include <assert.h>
#include <string.h>

#include "replication/volume/volume_step.h"

#define BUDGET_STEP_NS HF_MILLIS(10)

/* Target: what may differ from the source. Source, before the peer enters: what the absent ones
 * miss. */
void
volume_resync_send_maps(struct volume *v, uint8_t p)
{
	for (uint8_t x = 0; x < v->sb.n_nodes; x++) {
		uint64_t at = 0;

		if (x == v->self || (v->primary ? volume_has(v->members, x) : x != p))
			continue;
		while ((at = volume_dirty_next(v->dirty[x], at)) != VOLUME_DIRTY_NONE) {
			uint32_t page = (uint32_t)(at / (uint64_t)VOLUME_MAP_PAGE_BLOCKS);

			volume_send(v, p, LINK_MAP)->map =
				(struct link_map){ x, page, VOLUME_MAP_PAGE_BYTES, v->dirty[x] };
			at = ((uint64_t)page + 1) * (uint64_t)VOLUME_MAP_PAGE_BLOCKS;
		}
	}
	if (!v->primary)
		volume_send(v, p, LINK_MAP_END);
}

void
volume_resync_map(struct volume *v, uint8_t p, const struct link_map *m)
{
	struct volume_peer *peer = &v->peers[p];
	bool from_target =
		v->primary && peer->session == VOLUME_SESSION_SRC_MAP && m->node == v->self;
	bool from_source = !v->primary && peer->session == VOLUME_SESSION_TARGET &&
			   m->node != v->self && m->node != p && m->node < v->sb.n_nodes;
	uint8_t about = from_target ? p : m->node;

	if ((!from_target && !from_source) || m->page >= v->n_pages ||
	    m->len != VOLUME_MAP_PAGE_BYTES) {
		volume_link_reset(v, p);
		return;
	}
	if (!VOLUME_FAULT(20))
		volume_dirty_page_merge(v->dirty[about], m->page, m->data);
	v->peers[about].page_unsaved[m->page] = 1;
}

void
volume_resync_map_end(struct volume *v, uint8_t p)
{
	struct volume_peer *peer = &v->peers[p];

	if (!v->primary || peer->session != VOLUME_SESSION_SRC_MAP) {
		volume_link_reset(v, p);
		return;
	}
	peer->session = VOLUME_SESSION_SRC_COPY;
	peer->receiving = true;
	peer->stable = 0;
	peer->mark_sent = 0;
	peer->settled_sent = v->settled;
	peer->cursor = 0;
	peer->resync_total = volume_dirty_count(v->dirty[p]);
	peer->budget_at = v->now;
	peer->budget_bytes = 0;
	volume_note(v, VOLUME_NOTE_RESYNC, p);
	v->again = true;
}

/* Pieces of a session that is over: their reads come back to nobody. */
void
volume_resync_forget(struct volume *v, uint8_t p)
{
	for (uint32_t i = 0; i < VOLUME_PIECES_MAX; i++)
		if (v->pieces[i].used && v->pieces[i].peer == p)
			v->pieces[i].peer = VOLUME_NODE_NONE;
}

bool
volume_piece_overlaps(const struct volume *v, uint64_t offset, uint32_t len)
{
	for (uint32_t i = 0; i < VOLUME_PIECES_MAX; i++) {
		const struct volume_piece *piece = &v->pieces[i];

		if (piece->used && offset < piece->offset + piece->len &&
		    piece->offset < offset + len && !VOLUME_FAULT(21))
			return true;
	}
	return false;
}

/* What the rate allows: the whole of it, or only the floor while applications write. */
static void
fill_budget(struct volume *v, struct volume_peer *peer)
{
	int64_t span = hf_between(peer->budget_at, v->now);
	uint64_t rate = v->model.resync_rate_max;
	uint64_t most;

	if (rate == 0 || span < BUDGET_STEP_NS)
		return;
	if (v->app_bytes > 0 && rate > v->model.resync_rate_min)
		rate = v->model.resync_rate_min;
	most = rate / 10;
	if (most < (uint64_t)v->model.resync_blocks * VOLUME_BLOCK_BYTES)
		most = (uint64_t)v->model.resync_blocks * VOLUME_BLOCK_BYTES;
	if (span > HF_MILLIS(100))
		span = HF_MILLIS(100);
	peer->budget_bytes += rate / 1000 * (uint64_t)(span / HF_MILLIS(1));
	if (peer->budget_bytes > most)
		peer->budget_bytes = most;
	peer->budget_at = v->now;
	v->app_bytes = 0;
}

/* A primary that gives up its role begins nothing more, unless only the peer can thaw it. */
static bool
may_copy(const struct volume *v)
{
	return v->primary && v->disk_ok && (!v->demoting || v->frozen);
}

hf_time
volume_resync_due(const struct volume *v)
{
	hf_time due = HF_NEVER;

	for (uint8_t p = 0; may_copy(v) && p < v->sb.n_nodes; p++)
		if (v->peers[p].session == VOLUME_SESSION_SRC_COPY &&
		    v->model.resync_rate_max != 0 && v->peers[p].cursor != VOLUME_DIRTY_NONE)
			due = hf_earlier(due, hf_after(v->peers[p].budget_at, BUDGET_STEP_NS));
	return due;
}

static uint32_t
free_piece(const struct volume *v)
{
	for (uint32_t i = 0; i < VOLUME_PIECES_MAX; i++)
		if (!v->pieces[i].used)
			return i;
	return VOLUME_NIL;
}

/* Begins to read the next piece. False when there is nothing to begin now. */
static bool
next_piece(struct volume *v, uint8_t p)
{
	struct volume_peer *peer = &v->peers[p];
	uint32_t index = free_piece(v);
	uint64_t block = peer->cursor == VOLUME_DIRTY_NONE
				 ? VOLUME_DIRTY_NONE
				 : volume_dirty_next(v->dirty[p], peer->cursor);
	struct volume_action *a;
	struct volume_piece *piece;
	uint64_t n, bytes;

	peer->cursor = block;
	if (block == VOLUME_DIRTY_NONE || index == VOLUME_NIL ||
	    peer->pieces + peer->unsettled >= v->model.resync_window)
		return false;
	n = volume_dirty_run(v->dirty[p], block, v->model.resync_blocks);
	bytes = n * VOLUME_BLOCK_BYTES;
	if (v->model.resync_rate_max != 0 && peer->budget_bytes < bytes)
		return false;
	if (volume_overlaps_stream(v, block * VOLUME_BLOCK_BYTES, (uint32_t)bytes) ||
	    volume_piece_overlaps(v, block * VOLUME_BLOCK_BYTES, (uint32_t)bytes))
		return false;
	if (v->model.resync_rate_max != 0)
		peer->budget_bytes -= bytes;
	piece = &v->pieces[index];
	*piece = (struct volume_piece){ true, p, block * VOLUME_BLOCK_BYTES, (uint32_t)bytes };
	peer->pieces++;
	peer->cursor = block + n;
	a = volume_do(v, VOLUME_DO_DISK_READ);
	a->id = volume_id(VOLUME_ID_PIECE, index);
	a->offset = piece->offset;
	a->len = piece->len;
	return true;
}

void
volume_resync_read(struct volume *v, uint32_t index, void *data, int error)
{
	struct volume_piece *piece = &v->pieces[index];
	struct volume_item *item;

	assert(piece->used);
	piece->used = false;
	v->again = true;
	if (piece->peer == VOLUME_NODE_NONE) {
		volume_data_free(v, data);
		return;
	}
	v->peers[piece->peer].pieces--;
	if (error != 0 || !volume_item_room(v)) {
		/* The bits stay set: the next round comes to them again. */
		volume_data_free(v, data);
		if (error != 0)
			volume_disk_fail(v);
		return;
	}
	item = volume_item_new(v);
	item->kind = LINK_KIND_RESYNC;
	item->offset = piece->offset;
	item->len = piece->len;
	item->data = data;
	item->done = true;
	item->write_epoch = v->write_epoch;
	v->seen = item->seq;
	item->sent = VOLUME_BIT(piece->peer);
	v->peers[piece->peer].unsettled++;
	volume_send(v, piece->peer, LINK_WRITE)->write =
		(struct link_write){ .epoch = volume_record_of(v)->epoch,
				     .position = item->position,
				     .settled = v->settled,
				     .write_epoch = item->write_epoch,
				     .offset = item->offset,
				     .len = item->len,
				     .kind = LINK_KIND_RESYNC,
				     .data = data };
	if (VOLUME_FAULT(22))
		volume_dirty_equal(v, piece->peer, item->offset, item->len);
	volume_data_free(v, data);
	item->data = NULL;
}

static void
copy(struct volume *v, uint8_t p)
{
	struct volume_peer *peer = &v->peers[p];

	fill_budget(v, peer);
	while (next_piece(v, p))
		;
	if (peer->pieces > 0)
		return;
	if (peer->unsettled > 0) {
		volume_want_settled(v);
		return;
	}
	if (volume_dirty_count(v->dirty[p]) > 0 && !VOLUME_FAULT(23)) {
		if (peer->cursor == VOLUME_DIRTY_NONE) {
			peer->cursor =
				0; /* another round for what was skipped or written meanwhile */
			v->again = true;
		}
		return;
	}
	if (!v->in_force)
		return;
	peer->session = VOLUME_SESSION_SRC_JOIN;
	v->joining |= VOLUME_BIT(p);
	peer->join_at = v->seq;
	if (VOLUME_FAULT(24))
		peer->join_at = 0;
	volume_want_settled(v);
	v->again = true;
}

void
volume_resync_pump(struct volume *v)
{
	if (!may_copy(v))
		return;
	for (uint8_t p = 0; p < v->sb.n_nodes; p++)
		if (v->peers[p].session == VOLUME_SESSION_SRC_COPY)
			copy(v, p);
}

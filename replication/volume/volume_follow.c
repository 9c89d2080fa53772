/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream of a primary, at a member or a resync target: writes are submitted as soon as nothing
 * earlier overlaps them and their extent is in our own activity log (we may be the survivor),
 * acked, and made stable on a mark. With protocols A and B the next write epoch begins when the one
 * before is written, so that we always hold a past state of the primary.
 */
#include <errno.h>

#include "replication/volume/volume_step.h"

void
volume_follow_write(struct volume *v, uint8_t p, const struct link_write *m)
{
	struct volume_item *item;

	if (!volume_item_room(v) || m->kind > LINK_KIND_SAME || m->len == 0 ||
	    m->offset + m->len > v->model.size_blocks * VOLUME_BLOCK_BYTES) {
		volume_data_free(v, m->data);
		volume_link_reset(v, p);
		return;
	}
	item = volume_item_new(v);
	item->position = m->position;
	item->write_epoch = m->write_epoch;
	item->kind = (enum link_write_kind)m->kind;
	item->offset = m->offset;
	item->len = m->len;
	item->data = m->data;
	item->done = m->kind == LINK_KIND_SAME;
	item->sent = VOLUME_BIT(p); /* whom to answer */
	if (m->position > v->seen)
		v->seen = m->position;
	if (m->settled > v->settled)
		v->settled = m->settled;
	for (uint8_t x = 0; x < v->sb.n_nodes; x++)
		if (x != v->self && x != p && volume_has(m->missing, x))
			volume_dirty_mark(v, x, m->offset, m->len);
	if (v->model.protocol == VOLUME_PROTOCOL_B && m->kind < LINK_KIND_RESYNC)
		volume_send(v, p, LINK_WRITE_ACK)->write_ack =
			(struct link_write_ack){ m->epoch, m->position, LINK_ACK_RECEIVED };
	if (item->done)
		volume_follow_done(v, item);
	v->again = true;
}

void
volume_follow_mark(struct volume *v, uint8_t p, const struct link_mark *m)
{
	struct volume_follow *fo = &v->follow;

	if (m->settled > v->settled)
		v->settled = m->settled;
	if (m->position > fo->mark_position) {
		fo->mark_position = m->position;
		fo->mark_seq = v->seq;
		volume_want_stable(v, v->seq);
		if (VOLUME_FAULT(18))
			v->flush.stable = v->seq;
	}
	v->again = true;
}

static bool
blocked(struct volume *v, const struct volume_item *item, uint64_t first_open)
{
	for (uint64_t seq = first_open; seq < item->seq; seq++) {
		const struct volume_item *earlier = volume_item_at(v, seq);
		uint64_t e = earlier->offset / VOLUME_BLOCK_BYTES,
			 i = item->offset / VOLUME_BLOCK_BYTES;
		uint64_t e_last = (earlier->offset + earlier->len - 1) / VOLUME_BLOCK_BYTES;
		uint64_t i_last = (item->offset + item->len - 1) / VOLUME_BLOCK_BYTES;

		if (earlier->done)
			continue;
		if (e <= i_last && i <= e_last)
			return true;
		if (v->model.protocol != VOLUME_PROTOCOL_C &&
		    earlier->write_epoch != item->write_epoch && !VOLUME_FAULT(19))
			return true;
	}
	return false;
}

void
volume_follow_pump(struct volume *v)
{
	if (v->primary || !v->disk_ok)
		return;
	volume_advance_done(v);
	for (uint64_t seq = v->done + 1; seq <= v->seq; seq++) {
		struct volume_item *item = volume_item_at(v, seq);

		if (item->submitted || item->done || blocked(v, item, v->done + 1))
			continue;
		/* Bits for a resync's blocks stay set at its source: no log is needed. */
		if (item->kind != LINK_KIND_RESYNC) {
			item->slot = volume_extent_get(v, item->offset);
			if (item->slot == VOLUME_NIL)
				continue;
		}
		volume_item_submit(v, item);
	}
}

void
volume_follow_done(struct volume *v, struct volume_item *item)
{
	const struct volume_follow *fo = &v->follow;

	if (!fo->following || item->seq <= fo->session_seq)
		return;
	volume_send(v, fo->peer, LINK_WRITE_ACK)->write_ack =
		(struct link_write_ack){ volume_record_of(v)->epoch, item->position,
					 LINK_ACK_WRITTEN };
}

static void
answer_read(struct volume *v, uint8_t p, const struct link_range *m, int error)
{
	volume_send(v, p, LINK_READ_REPLY)->range = (struct link_range){
		.id = m->id, .offset = m->offset, .len = m->len, .error = error
	};
}

/* The primary's own disk could not read this. */
void
volume_follow_read(struct volume *v, uint8_t p, const struct link_range *m)
{
	struct volume_action *a;

	if (v->peers[p].session != VOLUME_SESSION_MEMBER || v->primary || m->id >= 1u << 24 ||
	    m->len == 0 || m->offset + m->len > v->model.size_blocks * VOLUME_BLOCK_BYTES) {
		answer_read(v, p, m, EIO);
		return;
	}
	/* What was sent before it has to be written first. */
	if (volume_overlaps_stream(v, m->offset, m->len)) {
		answer_read(v, p, m, EAGAIN);
		return;
	}
	a = volume_do(v, VOLUME_DO_DISK_READ);
	a->id = volume_id(VOLUME_ID_PEER_READ, m->id | (uint64_t)p << 32);
	a->offset = m->offset;
	a->len = m->len;
}

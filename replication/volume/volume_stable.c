/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is stable, where, up to which position. Wishes are gathered: one flush of the disk serves
 * all that was done when it began, here and on every peer; a peer answers a mark when it has come
 * so far, and unasked when its activity log is full. What is stable on all that got it is settled:
 * it leaves the ring, a resync piece clears its bits, extents may leave the log.
 */
#include <assert.h>

#include "replication/volume/volume_step.h"

bool
volume_quiet(const struct volume *v)
{
	return v->done == v->seq;
}

void
volume_want_stable(struct volume *v, uint64_t seq)
{
	struct volume_flusher *f = &v->flush;

	if (seq <= f->stable)
		return;
	if (f->want_first <= f->stable || seq < f->want_first)
		f->want_first = seq;
	if (seq > f->want_last)
		f->want_last = seq;
}

void
volume_want_settled(struct volume *v)
{
	volume_want_stable(v, v->seq);
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		struct volume_peer *peer = &v->peers[p];

		if (!peer->receiving || peer->mark_sent >= v->seq)
			continue;
		peer->mark_sent = v->seq;
		peer->settled_sent = v->settled;
		volume_send(v, p, LINK_MARK)->mark =
			(struct link_mark){ volume_record_of(v)->epoch, v->seq, v->settled };
	}
}

void
volume_advance_done(struct volume *v)
{
	while (v->done < v->seq && volume_item_at(v, v->done + 1)->done)
		v->done++;
}

void
volume_flush_done(struct volume *v, int error)
{
	struct volume_flusher *f = &v->flush;

	assert(f->running);
	f->running = false;
	if (error != 0) {
		volume_disk_fail(v);
		return;
	}
	f->stable = f->covering;
	v->follow.stable_position = v->follow.covering_position;
	if (f->want_first <= f->stable)
		f->want_first = f->want_last;
	v->again = true;
}

/* Secondary: tells the primary how far we are, once for each flush. */
static void
report_stable(struct volume *v)
{
	struct volume_follow *fo = &v->follow;
	uint64_t position = fo->stable_position;

	if (!fo->following)
		return;
	/* A mark may be later than the last piece of the stream that was meant for us. */
	if (v->flush.stable >= fo->mark_seq && fo->mark_position > position)
		position = fo->mark_position;
	if (position <= fo->reported)
		return;
	fo->reported = position;
	volume_send(v, fo->peer, LINK_STABLE)->mark =
		(struct link_mark){ volume_record_of(v)->epoch, position, 0 };
}

static bool
item_settled(struct volume *v, const struct volume_item *item)
{
	if (!item->done || (v->disk_ok && v->flush.stable < item->seq))
		return false;
	for (uint8_t p = 0; p < v->sb.n_nodes; p++)
		if (volume_has(item->sent, p) &&
		    (v->peers[p].stable < item->seq || !volume_has(item->written, p)))
			return false;
	return true;
}

static void
settle(struct volume *v, struct volume_item *item)
{
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		struct volume_peer *peer = &v->peers[p];

		if (!volume_has(item->sent, p) || item->kind < LINK_KIND_RESYNC)
			continue;
		volume_dirty_equal(v, p, item->offset, item->len);
		assert(peer->unsettled > 0);
		peer->unsettled--;
	}
	item->sent = 0;
}

/* A write whose answer is held back need not stay in the ring: it waits as a flush does. */
static void
park_request(struct volume *v, struct volume_item *item)
{
	if (item->request == VOLUME_NIL)
		return;
	v->requests[item->request].stage = VOLUME_REQ_FLUSH;
	v->requests[item->request].until = item->seq;
	item->request = VOLUME_NIL;
}

/* Primary: the front of the ring leaves once it is settled. */
static void
advance_settled(struct volume *v)
{
	uint64_t before = v->settled;

	/* Members must hear who is struck out before they forget what that one may miss. */
	if (!v->in_force)
		return;
	while (v->first <= v->seq) {
		struct volume_item *item = volume_item_at(v, v->first);

		if (!item_settled(v, item))
			break;
		park_request(v, item);
		settle(v, item);
		v->settled = v->first;
		v->first++;
	}
	if (v->settled == before)
		return;
	v->again = true;
	if (v->settled == v->seq)
		v->settle_due = HF_UNSET;
}

/* Secondary: what is done has left the ring. */
static void
retire_done(struct volume *v)
{
	v->first = v->done + 1;
}

static void
tell_settled(struct volume *v)
{
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		struct volume_peer *peer = &v->peers[p];

		if (!peer->receiving || peer->settled_sent >= v->settled)
			continue;
		peer->settled_sent = v->settled;
		volume_send(v, p, LINK_MARK)->mark =
			(struct link_mark){ volume_record_of(v)->epoch, peer->mark_sent,
					    v->settled };
	}
}

void
volume_peer_stable(struct volume *v, uint8_t peer, const struct link_mark *m)
{
	if (!v->peers[peer].receiving || m->position > v->seq)
		return;
	if (m->position > v->peers[peer].stable)
		v->peers[peer].stable = m->position;
	volume_want_stable(v, m->position);
	v->again = true;
}

void
volume_stable_pump(struct volume *v)
{
	struct volume_flusher *f = &v->flush;
	bool urged = v->al.stuck;

	volume_advance_done(v);
	if (urged && v->primary)
		volume_want_settled(v);
	v->al.stuck = false;
	if (urged)
		volume_want_stable(v, v->done);
	if (v->primary && hf_reached(v->now, v->settle_due)) {
		volume_want_settled(v);
		v->settle_due = HF_UNSET;
	}
	if (!f->running && v->disk_ok && v->done > f->stable && f->want_last > f->stable &&
	    (v->done >= f->want_first || urged)) {
		f->running = true;
		f->covering = v->done;
		v->follow.covering_position =
			v->done > v->follow.session_seq ? volume_item_at(v, v->done)->position : 0;
		volume_do(v, VOLUME_DO_DISK_FLUSH)->id = volume_id(VOLUME_ID_FLUSH, 0);
	}
	if (v->primary) {
		advance_settled(v);
		tell_settled(v);
		if (v->settled < v->seq && !hf_is_set(v->settle_due))
			v->settle_due = hf_after(v->now, v->model.settle_ns);
	} else {
		retire_done(v);
		report_stable(v);
	}
}

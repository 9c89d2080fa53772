/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of the front-end on the primary, and the ring of writes that every role shares. A write
 * waits until nothing that overlaps it is under way and its extent is in the activity log; then it
 * gets its position, goes to the peers and to the disk together, and ends when every member of the
 * record has it.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "replication/volume/volume_step.h"

static bool
overlap(uint64_t a, uint32_t a_len, uint64_t b, uint32_t b_len)
{
	/* By blocks: a dirty bit stands for a whole one. */
	uint64_t a_first = a / VOLUME_BLOCK_BYTES, a_last = (a + a_len - 1) / VOLUME_BLOCK_BYTES;
	uint64_t b_first = b / VOLUME_BLOCK_BYTES, b_last = (b + b_len - 1) / VOLUME_BLOCK_BYTES;

	return a_first <= b_last && b_first <= a_last && !VOLUME_FAULT(11);
}

/* Is anything under way in this range, here or at a peer? */
bool
volume_overlaps_stream(struct volume *v, uint64_t offset, uint32_t len)
{
	for (uint64_t seq = v->first; seq <= v->seq; seq++) {
		const struct volume_item *item = volume_item_at(v, seq);

		if (item->done && (!v->primary || item->written == item->sent))
			continue;
		if (overlap(item->offset, item->len, offset, len))
			return true;
	}
	return false;
}

bool
volume_item_room(const struct volume *v)
{
	return v->seq + 1 - v->first <= v->mask;
}

struct volume_item *
volume_item_new(struct volume *v)
{
	struct volume_item *item = volume_item_at(v, ++v->seq);

	assert(v->seq - v->first <= v->mask);
	memset(item, 0, sizeof(*item));
	item->seq = item->position = v->seq;
	item->request = VOLUME_NIL;
	item->slot = VOLUME_NIL;
	return item;
}

/* Primary: to every peer that follows; the others miss it. The members note it for those that are
 * not members, even when they get it: they may be lost without a change of the record. */
void
volume_item_send(struct volume *v, struct volume_item *item)
{
	uint8_t missing = 0, outside = (uint8_t)(v->all & ~volume_record_of(v)->in_sync);

	v->seen = item->seq;
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		if (p == v->self || volume_has(item->sent, p))
			continue;
		if (v->peers[p].receiving)
			item->sent |= VOLUME_BIT(p);
		else
			missing |= VOLUME_BIT(p);
	}
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		struct link_write *m;

		if (volume_has(missing, p) && !VOLUME_FAULT(3))
			volume_dirty_mark(v, p, item->offset, item->len);
		if (!volume_has(item->sent, p))
			continue;
		m = &volume_send(v, p, LINK_WRITE)->write;
		*m = (struct link_write){ .epoch = volume_record_of(v)->epoch,
					  .position = item->position,
					  .settled = v->settled,
					  .write_epoch = item->write_epoch,
					  .offset = item->offset,
					  .len = item->len,
					  .kind = (uint8_t)item->kind,
					  .missing = missing | outside,
					  .data = item->data };
		v->peers[p].settled_sent = v->settled;
		/* With protocol A handing it over is all that is asked. */
		if (v->model.protocol == VOLUME_PROTOCOL_A)
			item->acked |= VOLUME_BIT(p);
	}
}

void
volume_item_submit(struct volume *v, struct volume_item *item)
{
	static const enum volume_action_type type[] = {
		[LINK_KIND_WRITE] = VOLUME_DO_DISK_WRITE,
		[LINK_KIND_TRIM] = VOLUME_DO_DISK_TRIM,
		[LINK_KIND_ZERO] = VOLUME_DO_DISK_ZERO,
		[LINK_KIND_RESYNC] = VOLUME_DO_DISK_WRITE,
	};
	struct volume_action *a = volume_do(v, type[item->kind]);

	item->submitted = true;
	a->id = volume_id(VOLUME_ID_ITEM, item->seq);
	a->offset = item->offset;
	a->len = item->len;
	a->data = item->data;
}

void
volume_item_done(struct volume *v, uint64_t seq, int error)
{
	struct volume_item *item = volume_item_at(v, seq);

	assert(item->seq == seq && item->submitted && !item->done);
	item->done = true;
	if (item->slot != VOLUME_NIL) {
		volume_extent_put(v, item->slot, item->position);
		item->slot = VOLUME_NIL;
	}
	volume_data_free(v, item->data);
	item->data = NULL;
	if (error != 0)
		volume_disk_fail(v);
	else if (!v->primary)
		volume_follow_done(v, item);
	volume_advance_done(v);
	v->again = true;
}

/* REQUESTS */

void
volume_request_take(struct volume *v, const struct volume_request *r)
{
	uint32_t index = v->free_request;
	struct volume_open_request *q = &v->requests[index];

	assert(index != VOLUME_NIL);
	v->free_request = q->next;
	*q = (struct volume_open_request){
		.r = *r, .stage = VOLUME_REQ_WAIT, .next = VOLUME_NIL, .prev = v->tail
	};
	if (v->tail != VOLUME_NIL)
		v->requests[v->tail].next = index;
	else
		v->head = index;
	v->tail = index;
	v->n_open++;
	v->again = true;
	if ((!v->primary && v->promotion == VOLUME_PROMOTION_NONE) || v->stopping || v->failed)
		volume_request_end(v, index, ESHUTDOWN);
}

void
volume_request_end(struct volume *v, uint32_t index, int error)
{
	struct volume_open_request *q = &v->requests[index];
	struct volume_action *a = volume_do(v, VOLUME_DO_COMPLETE);

	assert(q->stage != VOLUME_REQ_FREE);
	a->tag = q->r.tag;
	a->error = error;
	a->data = error == 0 ? v->reply : NULL;
	if (q->stage == VOLUME_REQ_WAIT && q->r.op != VOLUME_READ)
		volume_data_free(v, q->r.data);
	for (uint64_t seq = v->first; q->stage != VOLUME_REQ_WAIT && seq <= v->seq; seq++)
		if (volume_item_at(v, seq)->request == index)
			volume_item_at(v, seq)->request = VOLUME_NIL;
	if (q->prev != VOLUME_NIL)
		v->requests[q->prev].next = q->next;
	else
		v->head = q->next;
	if (q->next != VOLUME_NIL)
		v->requests[q->next].prev = q->prev;
	else
		v->tail = q->prev;
	q->stage = VOLUME_REQ_FREE;
	q->next = v->free_request;
	v->free_request = index;
	v->n_open--;
	v->write_epoch_over = true;
	v->again = true;
}

static bool
is_write(const struct volume_open_request *q)
{
	return q->r.op == VOLUME_WRITE || q->r.op == VOLUME_TRIM || q->r.op == VOLUME_ZERO;
}

/* Does an earlier write wait for the same blocks? */
static bool
overlaps_waiting(const struct volume *v, uint32_t index)
{
	const struct volume_open_request *q = &v->requests[index];

	for (uint32_t i = v->head; i != index; i = v->requests[i].next) {
		const struct volume_open_request *w = &v->requests[i];

		if (w->stage == VOLUME_REQ_WAIT && is_write(w) &&
		    overlap(w->r.offset, w->r.len, q->r.offset, q->r.len))
			return true;
	}
	return false;
}

static void
begin_write(struct volume *v, uint32_t index)
{
	static const enum link_write_kind kind[] = { [VOLUME_WRITE] = LINK_KIND_WRITE,
						     [VOLUME_TRIM] = LINK_KIND_TRIM,
						     [VOLUME_ZERO] = LINK_KIND_ZERO };
	struct volume_open_request *q = &v->requests[index];
	struct volume_item *item;
	uint32_t slot;

	if (!volume_item_room(v)) {
		volume_want_settled(v);
		return;
	}
	if (volume_overlaps_stream(v, q->r.offset, q->r.len) ||
	    volume_piece_overlaps(v, q->r.offset, q->r.len) || overlaps_waiting(v, index))
		return;
	slot = volume_extent_get(v, q->r.offset);
	if (slot == VOLUME_NIL)
		return;
	item = volume_item_new(v);
	item->kind = kind[q->r.op];
	item->offset = q->r.offset;
	item->len = q->r.len;
	item->data = q->r.data;
	item->request = index;
	item->slot = slot;
	if (v->write_epoch_over)
		v->write_epoch++;
	v->write_epoch_over = false;
	item->write_epoch = v->write_epoch;
	q->stage = VOLUME_REQ_BEGUN;
	v->app_bytes += q->r.len;
	volume_item_send(v, item);
	volume_item_submit(v, item);
	if (!hf_is_set(v->settle_due))
		v->settle_due = hf_after(v->now, v->model.settle_ns);
	v->again = true;
}

static void
begin_read(struct volume *v, uint32_t index)
{
	struct volume_open_request *q = &v->requests[index];
	struct volume_action *a = volume_do(v, VOLUME_DO_DISK_READ);

	q->stage = VOLUME_REQ_BEGUN;
	a->id = volume_id(VOLUME_ID_READ, index);
	a->offset = q->r.offset;
	a->len = q->r.len;
	a->data = q->r.data;
}

static void
begin_flush(struct volume *v, uint32_t index)
{
	struct volume_open_request *q = &v->requests[index];

	q->stage = VOLUME_REQ_FLUSH;
	q->until = v->seq;
	if (v->settled < v->seq)
		volume_want_settled(v);
	v->again = true;
}

void
volume_write_pump(struct volume *v)
{
	if (!v->primary || v->promotion != VOLUME_PROMOTION_NONE || !v->disk_ok)
		return;
	for (uint32_t i = v->head, next; i != VOLUME_NIL; i = next) {
		struct volume_open_request *q = &v->requests[i];

		next = q->next;
		if (q->stage != VOLUME_REQ_WAIT)
			continue;
		if (q->r.op == VOLUME_READ)
			begin_read(v, i);
		else if (q->r.op == VOLUME_FLUSH)
			begin_flush(v, i);
		else
			begin_write(v, i);
	}
}

/* Is all up to `until` stable wherever the record asks for it? */
static bool
stable_enough(const struct volume *v, uint64_t until)
{
	uint8_t required = volume_required(v);

	if (v->settled >= until)
		return true;
	if (v->disk_ok && v->flush.stable < until && !VOLUME_FAULT(13))
		return false;
	for (uint8_t p = 0; p < v->sb.n_nodes; p++)
		if (volume_has(required, p) && v->model.protocol != VOLUME_PROTOCOL_A &&
		    v->peers[p].stable < until && !VOLUME_FAULT(2))
			return false;
	return true;
}

static void
write_ready(struct volume *v, struct volume_item *item)
{
	struct volume_open_request *q = &v->requests[item->request];
	uint8_t required = volume_required(v);

	if (!item->done && !VOLUME_FAULT(14))
		return;
	if ((item->acked & required) != required && !VOLUME_FAULT(1))
		return;
	if (!q->r.fua) {
		volume_request_end(v, item->request, 0);
		return;
	}
	q->stage = VOLUME_REQ_FLUSH;
	q->until = item->seq;
	item->request = VOLUME_NIL;
	volume_want_settled(v);
	v->again = true;
}

void
volume_complete_ready(struct volume *v)
{
	if (!v->primary || (volume_held(v) && !VOLUME_FAULT(12)))
		return;
	for (uint64_t seq = v->first; seq <= v->seq; seq++)
		if (volume_item_at(v, seq)->request != VOLUME_NIL)
			write_ready(v, volume_item_at(v, seq));
	for (uint32_t i = v->head, next; i != VOLUME_NIL; i = next) {
		next = v->requests[i].next;
		if (v->requests[i].stage == VOLUME_REQ_FLUSH &&
		    stable_enough(v, v->requests[i].until))
			volume_request_end(v, i, 0);
	}
}

void
volume_write_acked(struct volume *v, uint8_t p, const struct link_write_ack *m)
{
	struct volume_item *item;

	if (!v->primary || m->position < v->first || m->position > v->seq)
		return;
	item = volume_item_at(v, m->position);
	if (!volume_has(item->sent, p))
		return;
	if (m->level == LINK_ACK_WRITTEN) {
		item->written |= VOLUME_BIT(p);
		item->acked |= VOLUME_BIT(p);
	} else if (v->model.protocol == VOLUME_PROTOCOL_B) {
		item->acked |= VOLUME_BIT(p);
	}
	v->again = true;
}

void
volume_read_done(struct volume *v, uint32_t index, int error)
{
	if (v->requests[index].stage != VOLUME_REQ_BEGUN)
		return;
	if (error == 0 && !v->primary)
		error = EIO; /* superseded meanwhile */
	if (error != 0 && v->primary) {
		struct volume_open_request *q = &v->requests[index];

		for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
			if (p == v->self || v->peers[p].session != VOLUME_SESSION_MEMBER ||
			    volume_has(q->tried, p))
				continue;
			q->tried |= VOLUME_BIT(p);
			volume_send(v, p, LINK_READ)->range =
				(struct link_range){ .epoch = volume_record_of(v)->epoch,
						     .id = index,
						     .offset = q->r.offset,
						     .len = q->r.len,
						     .data = q->r.data };
			return;
		}
	}
	volume_request_end(v, index, error);
}

void
volume_read_reply(struct volume *v, uint8_t p, const struct link_range *m)
{
	struct volume_open_request *q;

	if (!v->primary || m->id >= v->model.n_requests)
		return;
	q = &v->requests[m->id];
	if (q->stage != VOLUME_REQ_BEGUN || q->r.op != VOLUME_READ || !volume_has(q->tried, p))
		return;
	if (m->error == EAGAIN)
		q->tried &= (uint8_t)~VOLUME_BIT(p);
	v->reply = m->data;
	volume_read_done(v, (uint32_t)m->id, m->error);
	v->reply = NULL;
}

/*
 * The peer is gone: what it may not have stable is dirty from now on, and when it was a member it
 * leaves the record before anything more is acknowledged.
 */
void
volume_peer_lost(struct volume *v, uint8_t p)
{
	struct volume_peer *peer = &v->peers[p];

	if (!v->primary)
		return;
	for (uint64_t seq = v->first; seq <= v->seq; seq++) {
		struct volume_item *item = volume_item_at(v, seq);

		if (!volume_has(item->sent, p))
			continue;
		if (item->kind < LINK_KIND_RESYNC && !VOLUME_FAULT(15) &&
		    (peer->stable < seq || !volume_has(item->written, p)))
			volume_dirty_mark(v, p, item->offset, item->len);
		item->sent &= (uint8_t)~VOLUME_BIT(p);
		item->acked &= (uint8_t)~VOLUME_BIT(p);
		item->written &= (uint8_t)~VOLUME_BIT(p);
	}
	peer->receiving = false;
	peer->unsettled = 0;
	v->joining &= (uint8_t)~VOLUME_BIT(p);
	for (uint32_t i = v->head, next; i != VOLUME_NIL; i = next) {
		next = v->requests[i].next;
		if (volume_has(v->requests[i].tried, p) && v->requests[i].r.op == VOLUME_READ &&
		    v->requests[i].stage == VOLUME_REQ_BEGUN)
			volume_read_done(v, i, EIO);
	}
	if (!volume_has(v->members, p))
		return;
	if (volume_record_of(v)->primary == VOLUME_NODE_NONE)
		return; /* all are equal already: nothing can be missed any more */
	v->members &= (uint8_t)~VOLUME_BIT(p);
	if (v->model.peer_loss == VOLUME_LOSS_FREEZE)
		v->frozen = true;
	volume_record_change(v, v->self, v->sb.promised + 1);
}

/* The data area cannot be used any more: this replica is out, and stays out (invariant 21). */
void
volume_disk_fail(struct volume *v)
{
	if (!v->disk_ok)
		return;
	v->disk_ok = false;
	v->sb.disk_failed = true;
	if (!v->failed)
		volume_meta_save(v);
	volume_note(v, VOLUME_NOTE_DISK, v->self);
	for (uint8_t p = 0; p < v->sb.n_nodes; p++)
		if (p != v->self && v->peers[p].link)
			volume_send(v, p, LINK_DISK_FAILED);
	volume_yield(v); /* first: losing the peers now must not strike them out */
	for (uint8_t p = 0; p < v->sb.n_nodes; p++)
		volume_link_reset(v, p);
	if (v->promotion != VOLUME_PROMOTION_NONE)
		volume_promote_fail(v, VOLUME_REFUSAL_DISK_ERROR);
	v->again = true;
}

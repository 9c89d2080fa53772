/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The output half of the NBD engine: replies and chunks, in the order in which they are to be sent.
 * Pure. A reply is a header in its own little buffer and data that stays where the volume put it.
 *
 * A READ is answered in one of three ways. Whole: one header, then all pieces, when all of them are
 * there (simple replies up to NBD_WHOLE_MAX, and whoever asked for no fragments). In chunks, with
 * structured replies: a chunk for each piece. As a stream, for simple replies beyond NBD_WHOLE_MAX:
 * the header when the first piece is there; a later error can then only be told by hanging up, as
 * the protocol has it. Pieces always go out in the order of their offsets.
 */
#include <assert.h>

#include "replication/front/nbd_inside.h"

static void
out_add(struct nbd_engine *e, struct nbd_out *out)
{
	STAILQ_INSERT_TAIL(&e->outs, out, next);
}

/* An empty entry; the caller says what is released with it. */
static void
out_reset(struct nbd_out *out)
{
	out->head_len = out->data_len = 0;
	out->data = NULL;
	out->piece = NULL;
	out->slot = NULL;
}

void
nbd_hello_send(struct nbd_engine *e, size_t len)
{
	assert(!e->hello_pending);
	out_reset(&e->hello_out);
	e->hello_out.data = e->hello;
	e->hello_out.data_len = (uint32_t)len;
	e->hello_pending = true;
	out_add(e, &e->hello_out);
}

/* READ and BLOCK_STATUS are answered in chunks as soon as chunks were agreed on. */
static bool
answers_in_chunks(const struct nbd_engine *e, const struct nbd_slot *slot)
{
	return e->structured &&
	       (slot->request.type == NBD_CMD_READ || slot->request.type == NBD_CMD_BLOCK_STATUS);
}

void
nbd_reply(struct nbd_engine *e, struct nbd_slot *slot)
{
	struct nbd_out *out = &slot->out;
	struct hf_writer w = hf_writer_to(out->head, sizeof(out->head));

	out_reset(out);
	if (answers_in_chunks(e, slot)) {
		assert(slot->error != 0);
		nbd_put_chunk(&w, NBD_CHUNK_FLAG_DONE, NBD_CHUNK_ERROR, slot->request.cookie, 6);
		hf_put_be32(&w, slot->error);
		hf_put_be16(&w, 0);
	} else {
		nbd_put_simple(&w, slot->error, slot->request.cookie);
	}
	assert(!w.bad);
	out->head_len = (uint32_t)w.len;
	out->slot = slot;
	out_add(e, out);
}

/* A READ that failed before anything of it was sent. */
static void
read_failed(struct nbd_engine *e, struct nbd_slot *slot)
{
	struct nbd_piece *piece;

	if (e->cutting == slot) { /* no more of it */
		e->cutting = NULL;
		slot->cut = slot->request.length;
	}
	if (slot->pending > 0)
		return;
	while ((piece = STAILQ_FIRST(&slot->pieces))) {
		STAILQ_REMOVE_HEAD(&slot->pieces, in_order);
		nbd_piece_release(e, piece);
	}
	nbd_reply(e, slot);
}

/* The one header of a reply that is whole or a stream. */
static void
read_begin(struct nbd_engine *e, struct nbd_slot *slot)
{
	struct hf_writer w = hf_writer_to(slot->out.head, sizeof(slot->out.head));

	out_reset(&slot->out);
	if (e->structured) {
		nbd_put_chunk(&w, NBD_CHUNK_FLAG_DONE, NBD_CHUNK_OFFSET_DATA, slot->request.cookie,
			      NBD_OFFSET_LEN + slot->request.length);
		hf_put_be64(&w, slot->request.offset);
	} else {
		nbd_put_simple(&w, 0, slot->request.cookie);
	}
	assert(!w.bad);
	slot->out.head_len = (uint32_t)w.len;
	slot->begun = true;
	out_add(e, &slot->out);
}

/* The header of a piece that is a chunk of its own. */
static void
chunk_head(struct nbd_piece *piece, bool last)
{
	struct nbd_out *out = &piece->out;
	struct hf_writer w = hf_writer_to(out->head, sizeof(out->head));
	uint16_t flags = last ? NBD_CHUNK_FLAG_DONE : 0;
	uint64_t cookie = piece->slot->request.cookie;

	if (piece->err) {
		nbd_put_chunk(&w, flags, NBD_CHUNK_ERROR_OFFSET, cookie, 6 + NBD_OFFSET_LEN);
		hf_put_be32(&w, nbd_error_of(piece->err));
		hf_put_be16(&w, 0);
	} else {
		nbd_put_chunk(&w, flags, NBD_CHUNK_OFFSET_DATA, cookie,
			      NBD_OFFSET_LEN + piece->request.length);
	}
	hf_put_be64(&w, piece->request.offset);
	assert(!w.bad);
	out->head_len = (uint32_t)w.len;
}

/* Queues the first piece of a READ. false: that is not possible, the connection was closed. */
static bool
read_send(struct nbd_engine *e, struct nbd_slot *slot, struct nbd_piece *piece)
{
	bool chunk = e->structured && !slot->whole;
	bool last = slot->answered + piece->request.length == slot->request.length;

	if (piece->err && !chunk) {
		nbd_hangup(e, NBD_CLOSE_LATE_ERROR);
		return false;
	}
	STAILQ_REMOVE_HEAD(&slot->pieces, in_order);
	slot->answered += piece->request.length;
	out_reset(&piece->out);
	if (chunk)
		chunk_head(piece, last);
	if (!piece->err) {
		piece->out.data = piece->request.data;
		piece->out.data_len = piece->request.length;
	}
	piece->out.piece = piece;
	piece->out.slot = last ? slot : NULL;
	out_add(e, &piece->out);
	return true;
}

void
nbd_read_progress(struct nbd_engine *e, struct nbd_slot *slot)
{
	struct nbd_piece *piece = STAILQ_FIRST(&slot->pieces);

	if (!slot->begun && (slot->whole || !e->structured)) {
		if (slot->error != 0) {
			read_failed(e, slot);
			return;
		}
		if (slot->whole && (slot->pending > 0 || slot->cut < slot->request.length))
			return;
		if (!piece || !piece->done)
			return;
		read_begin(e, slot);
	}
	while (piece && piece->done && read_send(e, slot, piece))
		piece = e->phase == NBD_CLOSED ? NULL : STAILQ_FIRST(&slot->pieces);
}

void
nbd_reply_status(struct nbd_engine *e, struct nbd_slot *slot)
{
	const struct front *front = e->front;
	struct hf_writer w = hf_writer_to(e->status_buf, sizeof(e->status_buf));
	struct front_extent extents[NBD_EXTENTS_MAX];
	size_t max = slot->request.flags & NBD_CMD_FLAG_REQ_ONE ? 1 : NBD_EXTENTS_MAX;

	for (uint32_t i = 0; i < front->info.n_contexts; i++) {
		uint32_t later = e->contexts >> i >> 1;
		size_t n;

		if (!(e->contexts & 1U << i))
			continue;
		n = front->ops->map(front->volume, i, slot->request.offset, slot->request.length,
				    extents, max);
		if (n == 0 || n > max) {
			slot->error = NBD_EIO;
			nbd_reply(e, slot);
			return;
		}
		nbd_put_chunk(&w, later == 0 ? NBD_CHUNK_FLAG_DONE : 0, NBD_CHUNK_BLOCK_STATUS,
			      slot->request.cookie, (uint32_t)(4 + 8 * n));
		hf_put_be32(&w, i);
		for (size_t k = 0; k < n; k++) {
			hf_put_be32(&w, extents[k].length);
			hf_put_be32(&w, extents[k].flags);
		}
	}
	assert(!w.bad);
	out_reset(&slot->out);
	slot->out.data = e->status_buf;
	slot->out.data_len = (uint32_t)w.len;
	slot->out.slot = slot;
	e->status_used = true;
	out_add(e, &slot->out);
}

/* --- what the shell sends ----------------------------------------------------------------- */

static int
add_part(struct iovec *out, int n, const uint8_t *bytes, size_t len, size_t *skip)
{
	if (len <= *skip) {
		*skip -= len;
		return n;
	}
	out[n].iov_base = (uint8_t *)bytes + *skip; /* iovec knows no const */
	out[n].iov_len = len - *skip;
	*skip = 0;
	return n + 1;
}

int
nbd_output(const struct nbd_engine *e, struct iovec *out, int max)
{
	const struct nbd_out *o;
	size_t skip = e->out_sent;
	int n = 0;

	STAILQ_FOREACH(o, &e->outs, next)
	{
		if (n + 2 > max)
			break;
		n = add_part(out, n, o->head, o->head_len, &skip);
		n = add_part(out, n, o->data, o->data_len, &skip);
	}
	return n;
}

/* The first of outs has been sent or given up: its data is not needed any more. */
static void
out_release(struct nbd_engine *e)
{
	struct nbd_out *out = STAILQ_FIRST(&e->outs);
	struct nbd_piece *piece = out->piece;
	struct nbd_slot *slot = out->slot;

	STAILQ_REMOVE_HEAD(&e->outs, next);
	if (out == &e->hello_out)
		e->hello_pending = false;
	if (out->data == e->status_buf)
		e->status_used = false;
	if (piece)
		nbd_piece_release(e, piece);
	if (slot)
		nbd_slot_release(e, slot);
}

void
nbd_sent(struct nbd_engine *e, size_t len)
{
	len += e->out_sent;
	for (;;) {
		const struct nbd_out *out = STAILQ_FIRST(&e->outs);

		if (!out || len < (size_t)out->head_len + out->data_len)
			break;
		len -= (size_t)out->head_len + out->data_len;
		out_release(e);
	}
	e->out_sent = (uint32_t)len;
	nbd_cut(e);
	nbd_drained(e);
	nbd_check(e);
}

void
nbd_outs_drop(struct nbd_engine *e)
{
	while (!STAILQ_EMPTY(&e->outs))
		out_release(e);
	e->out_sent = 0;
}

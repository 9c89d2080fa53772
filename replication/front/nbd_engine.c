/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input half of the NBD engine: bytes to options and requests, requests to pieces, the ends of
 * pieces. Pure.
 *
 * One request of the client at a time is cut; it holds up the input until all of it has become
 * pieces. So the order of submission is the order of arrival, and whoever waits for memory is
 * always the oldest: what is in front of it ends without needing anything.
 *
 * Options are answered in nbd_options.c, replies made in nbd_reply.c.
 */
#include "replication/front/nbd_engine.h"

#include <assert.h>
#include <string.h>

#include "replication/front/nbd_inside.h"

const char *
nbd_close_code(enum nbd_close why)
{
	switch (why) {
#define CLOSE_CODE(name, code, text)                                                               \
	case NBD_CLOSE_##name:                                                                     \
		return code;
		NBD_CLOSES(CLOSE_CODE)
#undef CLOSE_CODE
	}
	return "unknown";
}

static void
engine_init(struct nbd_engine *e, const struct front *front, struct front_pool *pool)
{
	memset(e, 0, sizeof(*e));
	e->front = front;
	e->pool = pool;
	SLIST_INIT(&e->free_slots);
	STAILQ_INIT(&e->free_pieces);
	STAILQ_INIT(&e->submit);
	STAILQ_INIT(&e->outs);
	for (int i = NBD_SLOTS_MAX - 1; i >= 0; i--)
		SLIST_INSERT_HEAD(&e->free_slots, &e->slots[i], next);
	for (int i = 0; i < NBD_PIECES_MAX; i++)
		STAILQ_INSERT_TAIL(&e->free_pieces, &e->pieces[i], next);
}

void
nbd_start(struct nbd_engine *e, const struct front *front, struct front_pool *pool, hf_time now)
{
	engine_init(e, front, pool);
	e->phase = NBD_IN_CLIENT_FLAGS;
	e->handshake_due = hf_after(now, NBD_HANDSHAKE_NS);

	struct hf_writer w = hf_writer_to(e->hello, sizeof(e->hello));

	nbd_put_greeting(&w);
	nbd_hello_send(e, w.len);
}

void
nbd_start_transmission(struct nbd_engine *e, const struct front *front, struct front_pool *pool)
{
	engine_init(e, front, pool);
	nbd_enter_transmission(e);
}

void
nbd_enter_transmission(struct nbd_engine *e)
{
	e->phase = NBD_IN_REQUEST;
	e->handshake_due = HF_UNSET;
}

/* --- slots and pieces --------------------------------------------------------------------- */

static struct nbd_slot *
slot_take(struct nbd_engine *e, const struct nbd_request *request)
{
	struct nbd_slot *slot = SLIST_FIRST(&e->free_slots);

	assert(slot);
	SLIST_REMOVE_HEAD(&e->free_slots, next);
	e->slots_used++;
	slot->request = *request;
	slot->cut = slot->answered = 0;
	slot->pending = slot->error = 0;
	slot->begun = false;
	slot->whole = request->type == NBD_CMD_READ &&
		      ((!e->structured && request->length <= NBD_WHOLE_MAX) ||
		       (request->flags & NBD_CMD_FLAG_DF));
	STAILQ_INIT(&slot->pieces);
	return slot;
}

void
nbd_slot_release(struct nbd_engine *e, struct nbd_slot *slot)
{
	assert(slot->pending == 0 && STAILQ_EMPTY(&slot->pieces));
	assert(e->cutting != slot);
	SLIST_INSERT_HEAD(&e->free_slots, slot, next);
	e->slots_used--;
}

void
nbd_piece_release(struct nbd_engine *e, struct nbd_piece *piece)
{
	if (piece->request.data)
		front_pool_put(e->pool, piece->request.data, piece->request.length);
	piece->request.data = NULL;
	piece->slot = NULL;
	STAILQ_INSERT_HEAD(&e->free_pieces, piece, next);
}

static enum front_op
op_of(uint16_t type)
{
	switch (type) {
	case NBD_CMD_WRITE:
		return FRONT_WRITE;
	case NBD_CMD_FLUSH:
		return FRONT_FLUSH;
	case NBD_CMD_TRIM:
		return FRONT_TRIM;
	case NBD_CMD_WRITE_ZEROES:
		return FRONT_WRITE_ZEROES;
	default:
		return FRONT_READ;
	}
}

/* The next piece of the slot being cut, with its memory; NULL: not now. */
static struct nbd_piece *
piece_take(struct nbd_engine *e, struct nbd_slot *slot)
{
	const struct nbd_request *request = &slot->request;
	struct nbd_piece *piece = STAILQ_FIRST(&e->free_pieces);
	enum front_op op = op_of(request->type);
	uint64_t offset = request->offset + slot->cut;
	uint32_t length = front_piece(op, offset, request->length - slot->cut);
	uint8_t *data = NULL;

	if (!piece)
		return NULL;
	if (op == FRONT_READ || op == FRONT_WRITE) {
		data = front_pool_get(e->pool, length);
		if (!data)
			return NULL;
	}
	STAILQ_REMOVE_HEAD(&e->free_pieces, next);
	piece->slot = slot;
	piece->done = false;
	piece->err = 0;
	piece->request.op = op;
	piece->request.fua = request->flags & NBD_CMD_FLAG_FUA;
	piece->request.no_hole = request->flags & NBD_CMD_FLAG_NO_HOLE;
	piece->request.offset = op == FRONT_FLUSH ? 0 : offset;
	piece->request.length = length;
	piece->request.data = data;
	slot->pending++;
	slot->cut += length;
	return piece;
}

/* Makes one more piece of the request being cut; false: nothing to cut, or nothing to cut from. */
static bool
cut_one(struct nbd_engine *e)
{
	struct nbd_slot *slot = e->cutting;
	struct nbd_piece *piece;

	if (!slot || e->filling)
		return false;
	if (slot->request.type == NBD_CMD_BLOCK_STATUS) {
		if (e->status_used)
			return false;
		e->cutting = NULL;
		nbd_reply_status(e, slot);
		return true;
	}
	piece = piece_take(e, slot);
	if (!piece)
		return false;
	if (slot->request.type == NBD_CMD_WRITE) {
		e->filling = piece;
		e->filled = 0;
		return true;
	}
	if (slot->request.type == NBD_CMD_READ)
		STAILQ_INSERT_TAIL(&slot->pieces, piece, in_order);
	STAILQ_INSERT_TAIL(&e->submit, piece, next);
	if (slot->cut >= slot->request.length)
		e->cutting = NULL;
	return true;
}

bool
nbd_cut(struct nbd_engine *e)
{
	bool any = false;

	while (cut_one(e))
		any = true;
	return any;
}

/* The piece that came in is complete. */
static void
payload_done(struct nbd_engine *e)
{
	struct nbd_slot *slot = e->cutting;

	STAILQ_INSERT_TAIL(&e->submit, e->filling, next);
	e->filling = NULL;
	if (slot->cut < slot->request.length) {
		nbd_cut(e);
		return;
	}
	e->cutting = NULL;
	e->phase = NBD_IN_REQUEST;
}

/* --- requests ----------------------------------------------------------------------------- */

static uint16_t
flags_allowed(const struct nbd_engine *e, uint16_t type)
{
	switch (type) {
	case NBD_CMD_READ:
		return NBD_CMD_FLAG_FUA | (e->structured ? NBD_CMD_FLAG_DF : 0);
	case NBD_CMD_WRITE_ZEROES:
		return NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_NO_HOLE | NBD_CMD_FLAG_FAST_ZERO;
	case NBD_CMD_BLOCK_STATUS:
		return NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_REQ_ONE;
	default:
		return NBD_CMD_FLAG_FUA; /* has a meaning with some, is harmless with all */
	}
}

static bool
changes_data(uint16_t type)
{
	return type == NBD_CMD_WRITE || type == NBD_CMD_TRIM || type == NBD_CMD_WRITE_ZEROES;
}

/* What is wrong with where and how much; 0: nothing. */
static uint32_t
check_range(const struct nbd_engine *e, const struct nbd_request *r)
{
	const struct front_info *info = &e->front->info;
	bool carries = r->type == NBD_CMD_READ || r->type == NBD_CMD_WRITE;

	if (r->length == 0 || (carries && r->length > NBD_PAYLOAD_MAX))
		return NBD_EINVAL;
	if (r->offset > info->size || r->length > info->size - r->offset)
		return r->type == NBD_CMD_WRITE || r->type == NBD_CMD_WRITE_ZEROES ? NBD_ENOSPC
										   : NBD_EINVAL;
	if ((r->offset | r->length) & (info->min_block - 1))
		return NBD_EINVAL;
	return 0;
}

/* All that can be wrong with a request, as the wire's error; 0: it may be done. */
static uint32_t
check_request(const struct nbd_engine *e, const struct nbd_request *r)
{
	uint32_t error;

	if (r->type > NBD_CMD_BLOCK_STATUS || (r->flags & ~flags_allowed(e, r->type)))
		return NBD_EINVAL;
	if (e->front->info.refusal != FRONT_OPEN)
		return NBD_ESHUTDOWN;
	if (r->type == NBD_CMD_FLUSH)
		return r->offset == 0 && r->length == 0 ? 0 : NBD_EINVAL;
	if (e->front->info.read_only && changes_data(r->type))
		return NBD_EPERM;
	error = check_range(e, r);
	if (error != 0)
		return error;
	if (r->type == NBD_CMD_READ && (r->flags & NBD_CMD_FLAG_DF) && r->length > NBD_WHOLE_MAX)
		return NBD_EOVERFLOW;
	if (r->type == NBD_CMD_BLOCK_STATUS && e->contexts == 0)
		return NBD_EINVAL;
	if (r->type == NBD_CMD_WRITE_ZEROES && (r->flags & NBD_CMD_FLAG_FAST_ZERO) &&
	    !e->front->info.fast_zero)
		return NBD_ENOTSUP;
	return 0;
}

static void
on_request(struct nbd_engine *e)
{
	struct nbd_request request;

	if (!nbd_request_decode(e->head, &request)) {
		nbd_hangup(e, NBD_CLOSE_REQUEST_MAGIC);
		return;
	}
	if (request.type == NBD_CMD_DISC) {
		e->why = NBD_CLOSE_DISCONNECT;
		e->phase = NBD_DRAIN;
		nbd_drained(e);
		return;
	}

	struct nbd_slot *slot = slot_take(e, &request);

	slot->error = check_request(e, &request);
	if (request.type == NBD_CMD_WRITE && slot->error != 0 && request.length > 0) {
		e->refused = slot;
		e->skip = request.length;
		e->phase = NBD_IN_PAYLOAD_SKIP;
		return;
	}
	if (slot->error != 0 || request.type == NBD_CMD_CACHE) {
		nbd_reply(e,
			  slot); /* CACHE is advice, and there is no cache in front of the disk */
		return;
	}
	if (request.type == NBD_CMD_WRITE)
		e->phase = NBD_IN_PAYLOAD;
	e->cutting = slot;
	nbd_cut(e);
}

/* --- bytes -------------------------------------------------------------------------------- */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Gathers a header of want bytes; true: it is complete, and its place free for the next. */
static bool
gather(struct nbd_engine *e, uint32_t want, const uint8_t *bytes, size_t len, size_t *taken)
{
	*taken = least(len, want - e->head_len);
	memcpy(e->head + e->head_len, bytes, *taken);
	e->head_len += (uint32_t)*taken;
	if (e->head_len < want)
		return false;
	e->head_len = 0;
	return true;
}

static void
on_client_flags(struct nbd_engine *e)
{
	struct hf_reader r = hf_reader_of(e->head, NBD_CLIENT_FLAGS_LEN);
	uint32_t flags = hf_get_be32(&r);

	if (flags & ~(uint32_t)(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES)) {
		nbd_hangup(e, NBD_CLOSE_CLIENT_FLAGS);
		return;
	}
	e->fixed_newstyle = flags & NBD_FLAG_FIXED_NEWSTYLE;
	e->no_zeroes = flags & NBD_FLAG_NO_ZEROES;
	e->phase = NBD_IN_OPTION_HEADER;
}

static void
on_option_header(struct nbd_engine *e)
{
	if (!nbd_option_header_decode(e->head, &e->option)) {
		nbd_hangup(e, NBD_CLOSE_OPTION_MAGIC);
		return;
	}
	if (!e->fixed_newstyle && e->option.option != NBD_OPT_EXPORT_NAME) {
		nbd_hangup(e, NBD_CLOSE_NOT_FIXED);
		return;
	}
	e->option_len = 0;
	if (e->option.length > NBD_OPTION_MAX) {
		e->skip = e->option.length;
		e->phase = NBD_IN_OPTION_SKIP;
	} else if (e->option.length > 0) {
		e->phase = NBD_IN_OPTION_DATA;
	} else {
		nbd_option_done(e);
	}
}

static size_t
take_option_data(struct nbd_engine *e, const uint8_t *bytes, size_t len)
{
	size_t taken = least(len, e->option.length - e->option_len);

	memcpy(e->option_data + e->option_len, bytes, taken);
	e->option_len += (uint32_t)taken;
	if (e->option_len == e->option.length)
		nbd_option_done(e);
	return taken;
}

static size_t
take_skipped(struct nbd_engine *e, size_t len)
{
	size_t taken = least(len, e->skip);
	struct nbd_slot *slot = e->refused;

	e->skip -= taken;
	if (e->skip > 0)
		return taken;
	if (e->phase == NBD_IN_PAYLOAD_SKIP) {
		e->refused = NULL;
		e->phase = NBD_IN_REQUEST;
		nbd_reply(e, slot);
	} else if (e->option.option == NBD_OPT_EXPORT_NAME) {
		nbd_hangup(e, NBD_CLOSE_EXPORT_NAME);
	} else {
		e->phase = NBD_IN_OPTION_HEADER;
		nbd_option_refuse(e, NBD_REP_ERR_TOO_BIG, "the option is too long");
	}
	return taken;
}

static size_t
take_payload(struct nbd_engine *e, const uint8_t *bytes, size_t len)
{
	size_t room, taken;
	uint8_t *to = nbd_room(e, &room);

	assert(to);
	taken = least(len, room);
	memcpy(to, bytes, taken);
	nbd_received(e, taken);
	return taken;
}

/* Takes at least one byte, of one thing only. */
static size_t
take(struct nbd_engine *e, const uint8_t *bytes, size_t len)
{
	size_t taken = len;

	switch (e->phase) {
	case NBD_IN_CLIENT_FLAGS:
		if (gather(e, NBD_CLIENT_FLAGS_LEN, bytes, len, &taken))
			on_client_flags(e);
		return taken;
	case NBD_IN_OPTION_HEADER:
		if (gather(e, NBD_OPTION_HEADER_LEN, bytes, len, &taken))
			on_option_header(e);
		return taken;
	case NBD_IN_OPTION_DATA:
		return take_option_data(e, bytes, len);
	case NBD_IN_REQUEST:
		if (gather(e, NBD_REQUEST_LEN, bytes, len, &taken))
			on_request(e);
		return taken;
	case NBD_IN_PAYLOAD:
		return take_payload(e, bytes, len);
	case NBD_IN_OPTION_SKIP:
	case NBD_IN_PAYLOAD_SKIP:
		return take_skipped(e, len);
	case NBD_DRAIN:
	case NBD_CLOSED:
		return len; /* what comes behind the end is not looked at */
	}
	return len;
}

bool
nbd_hungry(const struct nbd_engine *e)
{
	switch (e->phase) {
	case NBD_IN_OPTION_HEADER: /* one answer at a time */
		return !e->hello_pending;
	case NBD_IN_REQUEST:
		return !e->cutting && !SLIST_EMPTY(&e->free_slots);
	case NBD_IN_PAYLOAD:
		return e->filling;
	case NBD_IN_CLIENT_FLAGS:
	case NBD_IN_OPTION_DATA:
	case NBD_IN_OPTION_SKIP:
	case NBD_IN_PAYLOAD_SKIP:
	case NBD_DRAIN:
	case NBD_CLOSED:
		return true;
	}
	return true;
}

size_t
nbd_feed(struct nbd_engine *e, const uint8_t *bytes, size_t len)
{
	size_t at = 0;

	nbd_check(e);
	while (at < len && nbd_hungry(e))
		at += take(e, bytes + at, len - at);
	nbd_check(e);
	return at;
}

uint8_t *
nbd_room(struct nbd_engine *e, size_t *len)
{
	if (e->phase != NBD_IN_PAYLOAD || !e->filling)
		return NULL;
	*len = e->filling->request.length - e->filled;
	return e->filling->request.data + e->filled;
}

void
nbd_received(struct nbd_engine *e, size_t len)
{
	assert(e->filling && len <= e->filling->request.length - e->filled);
	e->filled += (uint32_t)len;
	if (e->filled == e->filling->request.length)
		payload_done(e);
}

/* --- pieces at the volume ----------------------------------------------------------------- */

struct nbd_piece *
nbd_next_submit(struct nbd_engine *e)
{
	struct nbd_piece *piece = STAILQ_FIRST(&e->submit);

	if (!piece)
		return NULL;
	STAILQ_REMOVE_HEAD(&e->submit, next);
	e->in_flight++;
	return piece;
}

void
nbd_piece_done(struct nbd_engine *e, struct nbd_piece *piece, int err)
{
	struct nbd_slot *slot = piece->slot;

	assert(e->in_flight > 0 && !piece->done);
	e->in_flight--;
	slot->pending--;
	if (e->phase == NBD_CLOSED) {
		nbd_piece_release(e, piece);
		return;
	}
	piece->done = true;
	piece->err = err;
	if (err != 0 && slot->error == 0)
		slot->error = nbd_error_of(err);
	if (slot->request.type == NBD_CMD_READ) {
		nbd_read_progress(e, slot);
	} else {
		nbd_piece_release(e, piece);
		if (slot->pending == 0 && e->cutting != slot)
			nbd_reply(e, slot);
	}
	nbd_cut(e);
	nbd_check(e);
}

/* --- time and end ------------------------------------------------------------------------- */

hf_time
nbd_due(const struct nbd_engine *e)
{
	return e->handshake_due;
}

void
nbd_timer(struct nbd_engine *e, hf_time now)
{
	if (hf_reached(now, e->handshake_due))
		nbd_hangup(e, NBD_CLOSE_TIMEOUT);
}

void
nbd_hangup(struct nbd_engine *e, enum nbd_close why)
{
	struct nbd_piece *piece;

	if (e->phase == NBD_CLOSED)
		return;
	if (e->why == NBD_CLOSE_NONE)
		e->why = why;
	e->phase = NBD_CLOSED;
	e->handshake_due = HF_UNSET;
	nbd_outs_drop(e);
	while ((piece = STAILQ_FIRST(&e->submit))) {
		STAILQ_REMOVE_HEAD(&e->submit, next);
		piece->slot->pending--;
		nbd_piece_release(e, piece);
	}
	if (e->filling)
		nbd_piece_release(e, e->filling);
	/* Pieces that are done and wait for earlier ones: nobody will ask for them. */
	for (size_t i = 0; i < NBD_SLOTS_MAX; i++) {
		struct nbd_slot *slot = &e->slots[i];

		/* A free slot's list was emptied, a fresh one's never set up. */
		while (slot->request.type == NBD_CMD_READ &&
		       (piece = STAILQ_FIRST(&slot->pieces))) {
			STAILQ_REMOVE_HEAD(&slot->pieces, in_order);
			if (piece->done)
				nbd_piece_release(e, piece);
		}
	}
	e->filling = NULL;
	e->cutting = NULL;
	e->refused = NULL;
}

void
nbd_retire(struct nbd_engine *e)
{
	struct nbd_slot *slot = e->phase == NBD_IN_PAYLOAD ? e->cutting : e->refused;

	if (e->phase == NBD_CLOSED || e->phase == NBD_DRAIN)
		return;
	if (hf_is_set(e->handshake_due)) {
		nbd_hangup(e, NBD_CLOSE_REFUSED);
		return;
	}
	e->why = NBD_CLOSE_REFUSED;
	e->phase = NBD_DRAIN;
	if (e->filling) { /* the rest of its payload is not waited for */
		nbd_piece_release(e, e->filling);
		e->filling = NULL;
		slot->pending--;
	}
	if (slot) {
		slot->error = NBD_ESHUTDOWN;
		e->cutting = NULL;
		e->refused = NULL;
		if (slot->pending == 0)
			nbd_reply(e, slot);
	}
	nbd_drained(e);
}

void
nbd_drained(struct nbd_engine *e)
{
	if (e->phase == NBD_DRAIN && e->slots_used == 0 && STAILQ_EMPTY(&e->outs))
		nbd_hangup(e, e->why);
}

bool
nbd_finished(const struct nbd_engine *e)
{
	return e->phase == NBD_CLOSED && e->in_flight == 0;
}

void
nbd_check(const struct nbd_engine *e)
{
	assert(e->slots_used <= NBD_SLOTS_MAX);
	assert(e->in_flight <= NBD_PIECES_MAX);
	assert((e->phase == NBD_CLOSED) <= (e->why != NBD_CLOSE_NONE));
	assert(!e->filling || e->cutting == e->filling->slot);
	assert(e->phase != NBD_IN_PAYLOAD || e->cutting);
	assert((e->phase == NBD_IN_PAYLOAD_SKIP) == (e->refused != NULL));
	assert(e->phase != NBD_CLOSED || STAILQ_EMPTY(&e->outs));
}

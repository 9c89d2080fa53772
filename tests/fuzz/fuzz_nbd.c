/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever a client says, the NBD engine stays in bounds, asks the volume only for what is there,
 * and gives everything back. The first byte chooses where the client begins and how the volume
 * behaves; then bytes, in pieces of a size that they choose themselves.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replication/front/nbd_engine.h"

#define SIZE (64U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct volume {
	struct front front;
	struct nbd_engine engine;
	struct front_pool pool;
	bool slow;
	int err;
	struct front_request *held[NBD_PIECES_MAX];
	size_t n_held;
};

static void
end_one(struct volume *v, struct front_request *r)
{
	if (r->op == FRONT_READ)
		r->data[0] = r->data[r->length - 1] = 1;
	front_complete(&v->front, r, v->err);
}

static void
submit(void *arg, struct front_request *r)
{
	struct volume *v = arg;
	bool carries = r->op == FRONT_READ || r->op == FRONT_WRITE;

	assert(carries == (r->data != NULL));
	if (carries) {
		assert(r->length <= FRONT_DATA_MAX);
		assert(r->offset / FRONT_EXTENT == (r->offset + r->length - 1) / FRONT_EXTENT);
		assert((uintptr_t)r->data % FRONT_ALIGNMENT == 0);
	}
	assert(r->length <= FRONT_RANGE_MAX);
	assert(r->offset <= SIZE && r->length <= SIZE - r->offset);
	assert((r->offset | r->length) % v->front.info.min_block == 0);
	assert((r->length == 0) == (r->op == FRONT_FLUSH));
	if (v->slow)
		v->held[v->n_held++] = r;
	else
		end_one(v, r);
}

static size_t
map(void *arg, size_t context, uint64_t offset, uint64_t length, struct front_extent *out,
    size_t max)
{
	assert(offset + length <= SIZE && length > 0 && context < 2);
	for (size_t i = 0; i < max; i++)
		out[i] = (struct front_extent){ 512, 0 };
	return max;
}

static const struct front_ops ops = { .submit = submit, .map = map };

static void
ended(struct front_request *request, int err)
{
	struct volume *v = request->owner;

	nbd_piece_done(&v->engine, (struct nbd_piece *)request, err);
}

static void
pump(struct volume *v)
{
	struct nbd_piece *piece;
	struct iovec parts[8];
	bool moved = true;

	while (moved) {
		moved = false;
		while ((piece = nbd_next_submit(&v->engine))) {
			piece->request.done = ended;
			piece->request.owner = v;
			front_submit(&v->front, &piece->request);
			moved = true;
		}
		while (nbd_output(&v->engine, parts, 8) > 0) {
			nbd_sent(&v->engine, parts[0].iov_len);
			moved = true;
		}
	}
}

static void
client(struct volume *v, const uint8_t *bytes, size_t len)
{
	while (len > 0 && v->engine.phase != NBD_CLOSED) {
		size_t piece = 1 + bytes[0] % 61U, room, taken;
		uint8_t *to = nbd_room(&v->engine, &room);

		piece = piece < len ? piece : len;
		if (to && bytes[0] & 0x40) {
			taken = piece < room ? piece : room;
			memcpy(to, bytes, taken);
			nbd_received(&v->engine, taken);
		} else {
			taken = nbd_feed(&v->engine, bytes, piece);
		}
		bytes += taken;
		len -= taken;
		pump(v);
		if (taken == 0) { /* full: only an end of something helps */
			assert(v->n_held > 0);
			end_one(v, v->held[--v->n_held]);
			pump(v);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct volume v;
	static uint8_t *memory;
	static const struct front_info info = {
		.name = "data",
		.size = SIZE,
		.min_block = 512,
		.preferred_block = 4096,
		.n_contexts = 2,
		.contexts = { { "base:allocation" }, { "holdfast:dirty:beta" } },
	};

	if (len < 1)
		return 0;
	if (!memory)
		memory = aligned_alloc(FRONT_ALIGNMENT, FRONT_POOL_BYTES);
	assert(memory);
	v.slow = bytes[0] & 1;
	v.err = bytes[0] & 2 ? -EIO : 0;
	v.n_held = 0;
	front_init(&v.front, &info, &ops, &v);
	v.front.info.read_only = bytes[0] & 4;
	v.front.info.min_block = bytes[0] & 8 ? 4096 : 512;
	front_pool_init(&v.pool, memory);
	if (bytes[0] & 16)
		nbd_start(&v.engine, &v.front, &v.pool, (hf_time){ 1 });
	else
		nbd_start_transmission(&v.engine, &v.front, &v.pool);
	if (bytes[0] & 32) {
		v.engine.structured = true;
		v.engine.contexts = 3;
	}
	pump(&v);
	client(&v, bytes + 1, len - 1);
	if (bytes[0] & 64)
		nbd_retire(&v.engine);
	else
		nbd_hangup(&v.engine, NBD_CLOSE_HANGUP);
	while (v.n_held > 0) {
		end_one(&v, v.held[--v.n_held]);
		pump(&v);
	}
	pump(&v);
	assert(nbd_finished(&v.engine));
	assert(v.pool.used_units == 0);
	return 0;
}

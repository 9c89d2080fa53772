/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes into the queue comes out as one gapless stream of frames, in whatever pieces the system
 * takes it; bounds hold, and every data reference is given back exactly once. */
#include "replication/link/link_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/hf_crc32c.h"

#define STREAM_MAX (8U << 20)
#define BLOCK      65536U
#define SESSION    7U

struct rig {
	struct link_queue *q;
	struct link_compress *compress;
	uint64_t random;
	uint32_t held; /* references that the queue has */
	uint64_t pushed, pulled;
	uint8_t stream[STREAM_MAX];
	size_t len; /* of the stream that is not taken apart yet */
	uint8_t text[BLOCK], noise[BLOCK], raw[BLOCK];
};

static uint32_t
below(struct rig *r, uint32_t n)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return (uint32_t)(r->random >> 11) % n;
}

static void
release(void *arg, void *data)
{
	struct rig *r = arg;

	assert_true(data == r->text || data == r->noise);
	assert_true(r->held > 0);
	r->held--;
}

static struct rig *
new_rig(uint32_t frames, uint64_t bytes, enum link_method method)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->random = 0x5eed;
	for (size_t i = 0; i < BLOCK; i++) {
		r->text[i] = (uint8_t) "holdfast"[i % 8];
		r->noise[i] = (uint8_t)below(r, 256);
	}
	r->q = link_queue_new(frames, bytes);
	assert_non_null(r->q);
	link_queue_release_with(r->q, release, r);
	link_queue_session(r->q, SESSION);
	if (method != LINK_PLAIN) {
		r->compress = link_compress_new(method);
		assert_non_null(r->compress);
		link_queue_compress(r->q, r->compress);
	}
	return r;
}

static void
rig_free(struct rig *r)
{
	link_queue_free(r->q);
	assert_int_equal(r->held, 0);
	link_compress_free(r->compress);
	free(r);
}

/* A frame whose fields all follow from its number. */
static bool
push(struct rig *r)
{
	uint64_t n = r->pushed;
	struct link_header h = { .type = LINK_WRITE, .body_len = (uint16_t)(n * 37 % 200) };
	uint8_t body[LINK_BODY_MAX];
	uint8_t *data = n % 3 == 0 ? NULL : n % 2 ? r->text : r->noise;

	if (n % 50 == 9)
		h.body_len = 2000;
	memset(body, (int)(n & 0xff), sizeof(body));
	if (data)
		h.raw_len = h.data_len = (uint32_t)(512 * (1 + n * 7 % 128));
	if (!link_queue_push(r->q, &h, body, data, data))
		return false;
	if (data)
		r->held++;
	r->pushed++;
	return true;
}

/* Takes some of what is gathered, as a busy network would. */
static void
pull(struct rig *r, size_t most)
{
	struct iovec iov[16];
	int n = link_queue_gather(r->q, iov, 16);
	size_t moved = 0;

	for (int i = 0; i < n && moved < most; i++) {
		size_t part = iov[i].iov_len < most - moved ? iov[i].iov_len : most - moved;

		assert_true(r->len + part <= STREAM_MAX);
		memcpy(r->stream + r->len, iov[i].iov_base, part);
		r->len += part;
		moved += part;
	}
	link_queue_sent(r->q, moved);
}

static void
check_frame(struct rig *r, const struct link_header *h, const uint8_t *body)
{
	uint64_t n = r->pulled++;
	const uint8_t *packed = body + h->body_len;
	const uint8_t *expected = n % 2 ? r->text : r->noise;

	assert_int_equal(h->sequence, n);
	assert_int_equal(h->body_len, n % 50 == 9 ? 2000 : n * 37 % 200);
	for (size_t i = 0; i < h->body_len; i++)
		assert_int_equal(body[i], n & 0xff);
	if (h->raw_len == 0)
		return;
	if (h->method == LINK_PLAIN)
		memcpy(r->raw, packed, h->raw_len);
	else
		assert_true(link_compress_unpack(r->compress, (enum link_method)h->method, packed,
						 h->data_len, r->raw, h->raw_len));
	assert_memory_equal(r->raw, expected, h->raw_len);
	assert_int_equal(hf_crc32c(0, r->raw, h->raw_len), h->data_crc);
}

/* Takes the whole frames off the stream. */
static void
take_apart(struct rig *r)
{
	size_t at = 0;

	while (r->len - at >= LINK_HEADER_BYTES) {
		struct link_header h;
		size_t whole;

		assert_int_equal(link_header_decode(r->stream + at, SESSION, &h), LINK_WHY_NONE);
		whole = LINK_HEADER_BYTES + h.body_len + h.data_len;
		if (r->len - at < whole)
			break;
		check_frame(r, &h, r->stream + at + LINK_HEADER_BYTES);
		at += whole;
	}
	memmove(r->stream, r->stream + at, r->len - at);
	r->len -= at;
}

static void
stream_survives(uint32_t frames, uint64_t bytes, enum link_method method)
{
	struct rig *r = new_rig(frames, bytes, method);

	while (r->pushed < 6000) {
		for (uint32_t i = below(r, 2 * frames); i > 0 && push(r); i--)
			;
		for (uint32_t i = below(r, 8); i > 0; i--)
			pull(r, below(r, 3) ? 1 + below(r, 200000) : 1 + below(r, 100));
		take_apart(r);
	}
	while (link_queue_length(r->q) > 0) {
		pull(r, 100000);
		take_apart(r);
	}
	assert_int_equal(r->pulled, r->pushed);
	assert_int_equal(r->len, 0);
	assert_int_equal(r->held, 0);
	rig_free(r);
}

static void
any_pieces_give_the_same_stream(void **state)
{
	(void)state;
	stream_survives(1, 1, LINK_PLAIN);
	stream_survives(7, 100000, LINK_PLAIN);
	stream_survives(64, 1U << 20, LINK_PLAIN);
}

static void
packed_data_stays_until_it_is_sent(void **state)
{
	(void)state;
	stream_survives(64, 1U << 20, LINK_LZ4);
	stream_survives(200, 64U << 20, LINK_LZ4);
	stream_survives(64, 1U << 20, LINK_ZSTD);
}

static void
bounds_hold_and_room_tells_them(void **state)
{
	struct rig *r = new_rig(100, 200000, LINK_PLAIN);
	uint32_t n = 0;

	(void)state;
	while (link_queue_room(r->q) > 0) {
		assert_true(push(r)); /* room for one is room for any one */
		n++;
	}
	assert_in_range(n, 3, 100);
	while (push(r)) /* what has no data may still go in */
		assert_true(++n <= 100);
	rig_free(r);
	r = new_rig(8, 1, LINK_PLAIN);
	while (push(r))
		;
	assert_in_range(link_queue_length(r->q), 1, 8);
	rig_free(r);
}

static void
a_session_takes_over_what_the_handshake_left(void **state)
{
	struct link_queue *small = link_queue_new(4, 0), *big = link_queue_new(100, 1000);
	struct link_header h = { .type = LINK_PROOF, .body_len = 32 }, back;
	uint8_t body[LINK_BODY_MAX] = { 42 }, stream[256];
	struct iovec iov[8];
	size_t len = 0;

	(void)state;
	assert_true(link_queue_push(small, &h, body, NULL, NULL));
	assert_int_equal(link_queue_gather(small, iov, 8), 1);
	memcpy(stream, iov[0].iov_base, 10);
	link_queue_sent(small, 10); /* in the middle of it */
	assert_true(link_queue_push(small, &h, body, NULL, NULL));
	link_queue_take(big, small);
	link_queue_free(small);
	link_queue_session(big, SESSION);
	assert_true(link_queue_push(big, &h, body, NULL, NULL));
	len = 10;
	for (int i = 0, n = link_queue_gather(big, iov, 8); i < n; i++) {
		memcpy(stream + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	assert_int_equal(len, 3 * (LINK_HEADER_BYTES + 32));
	for (uint32_t i = 0; i < 3; i++) {
		const uint8_t *at = stream + (size_t)i * (LINK_HEADER_BYTES + 32);

		assert_int_equal(link_header_decode(at, i < 2 ? 0 : SESSION, &back), LINK_WHY_NONE);
		assert_int_equal(back.sequence, i);
		assert_int_equal(at[LINK_HEADER_BYTES], 42);
	}
	link_queue_free(big);
}

static void
damaged_packed_data_is_noticed(void **state)
{
	struct link_compress *c = link_compress_new(LINK_LZ4);
	uint8_t *raw = calloc(1, BLOCK), *packed = malloc(BLOCK);
	uint32_t len;

	(void)state;
	assert_non_null(c);
	assert_non_null(raw);
	assert_non_null(packed);
	len = link_compress_pack(c, raw, BLOCK, packed, BLOCK);
	assert_in_range(len, 1, BLOCK / 16);
	assert_true(link_compress_unpack(c, LINK_LZ4, packed, len, raw, BLOCK));
	assert_false(link_compress_unpack(c, LINK_LZ4, packed, len - 1, raw, BLOCK));
	assert_false(link_compress_unpack(c, LINK_LZ4, packed, len, raw, BLOCK / 2));
	assert_false(link_compress_unpack(c, LINK_ZSTD, packed, len, raw, BLOCK));
	assert_false(link_compress_unpack(c, LINK_PLAIN, packed, len, raw, BLOCK));
	free(raw);
	free(packed);
	link_compress_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_pieces_give_the_same_stream),
		cmocka_unit_test(packed_data_stays_until_it_is_sent),
		cmocka_unit_test(bounds_hold_and_room_tells_them),
		cmocka_unit_test(a_session_takes_over_what_the_handshake_left),
		cmocka_unit_test(damaged_packed_data_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue of frames of one connection. A frame's header and body are contiguous in the ring;
 * where one does not fit before the ring's end, it begins at the start and the end stays unused.
 * Packed data lies in one scratch area that is used again when nothing in it waits any more.
 */
#include "replication/link/link_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hf_crc32c.h"

#define RING_PER_FRAME 128 /* header and body of a write: 84 bytes */
#define RING_MIN       (4U * (LINK_HEADER_BYTES + LINK_BODY_MAX))

struct frame {
	struct link_header h;
	uint32_t session;
	uint32_t at, len;     /* header and body in the ring */
	const uint8_t *bytes; /* data as it will be sent */
	void *data;
	bool ready;  /* checksums are done, the header is in the ring */
	bool packed; /* bytes lies in the scratch area */
};

struct link_queue {
	uint32_t frames_max;
	uint64_t data_max, data_held;
	uint32_t first, n;
	size_t sent; /* bytes of the first frame */
	uint64_t sequence;
	uint32_t session;
	void (*release)(void *arg, void *data);
	void *release_arg;
	struct link_compress *compress;
	uint8_t *scratch; /* LINK_DATA_MAX; with compress */
	uint32_t scratch_used, scratch_frames;
	uint8_t *ring;
	uint32_t ring_len, ring_end; /* where the next frame may go */
	struct frame *frames;
};

struct link_queue *
link_queue_new(uint32_t frames_max, uint64_t data_max)
{
	struct link_queue *q = calloc(1, sizeof(*q));

	assert(frames_max > 0);
	if (!q)
		return NULL;
	q->frames_max = frames_max;
	q->data_max = data_max;
	q->ring_len = frames_max * RING_PER_FRAME + RING_MIN;
	q->frames = calloc(frames_max, sizeof(*q->frames));
	q->ring = malloc(q->ring_len);
	if (!q->frames || !q->ring) {
		link_queue_free(q);
		return NULL;
	}
	return q;
}

void
link_queue_release_with(struct link_queue *q, void (*release)(void *arg, void *data), void *arg)
{
	q->release = release;
	q->release_arg = arg;
}

static struct frame *
frame_at(const struct link_queue *q, uint32_t i)
{
	return &q->frames[(q->first + i) % q->frames_max];
}

static void
drop_first(struct link_queue *q)
{
	struct frame *f = frame_at(q, 0);

	if (f->data && q->release)
		q->release(q->release_arg, f->data);
	q->data_held -= f->h.raw_len;
	if (f->packed && --q->scratch_frames == 0)
		q->scratch_used = 0;
	q->first = (q->first + 1) % q->frames_max;
	q->sent = 0;
	if (--q->n == 0)
		q->ring_end = 0;
}

void
link_queue_free(struct link_queue *q)
{
	if (!q)
		return;
	while (q->n > 0)
		drop_first(q);
	free(q->frames);
	free(q->ring);
	free(q->scratch);
	free(q);
}

void
link_queue_compress(struct link_queue *q, struct link_compress *compress)
{
	if (!q->scratch)
		q->scratch = malloc(LINK_DATA_MAX);
	q->compress = q->scratch ? compress : NULL; /* without memory it goes plain */
}

void
link_queue_session(struct link_queue *q, uint32_t session)
{
	q->session = session;
}

/* Where `len` bytes fit in one piece; UINT32_MAX: nowhere. The ring is used from the first frame's
 * place to ring_end, around its end or not. */
static uint32_t
ring_place(const struct link_queue *q, uint32_t len)
{
	uint32_t start = q->n > 0 ? frame_at(q, 0)->at : 0;

	if (q->n == 0)
		return 0;
	if (q->ring_end > start) {
		if (q->ring_len - q->ring_end >= len)
			return q->ring_end;
		return start > len ? 0 : UINT32_MAX;
	}
	return start - q->ring_end > len ? q->ring_end : UINT32_MAX;
}

uint32_t
link_queue_room(const struct link_queue *q)
{
	uint32_t frames = q->frames_max - q->n;

	if (q->data_held >= q->data_max ||
	    ring_place(q, LINK_HEADER_BYTES + LINK_BODY_MAX) == UINT32_MAX)
		return 0;
	return frames;
}

uint32_t
link_queue_length(const struct link_queue *q)
{
	return q->n;
}

bool
link_queue_push(struct link_queue *q, const struct link_header *h, const uint8_t *body,
		const uint8_t *bytes, void *data)
{
	uint32_t len = LINK_HEADER_BYTES + h->body_len;
	uint32_t place = ring_place(q, len);
	struct frame *f;

	if (q->n == q->frames_max || place == UINT32_MAX)
		return false;
	/* One message goes beyond the bound, so that room for one means room for any one. */
	if (h->raw_len > 0 && q->data_held > 0 && q->data_held >= q->data_max)
		return false;
	f = frame_at(q, q->n++);
	*f = (struct frame){ .h = *h,
			     .session = q->session,
			     .at = place,
			     .len = len,
			     .bytes = bytes,
			     .data = data };
	f->h.sequence = q->sequence++;
	f->h.method = LINK_PLAIN;
	memcpy(q->ring + place + LINK_HEADER_BYTES, body, h->body_len);
	q->ring_end = place + len;
	q->data_held += h->raw_len;
	return true;
}

/* Packs the data when that is wanted and makes it shorter. False: the scratch area has no room
 * before earlier frames are gone. */
static bool
pack(struct link_queue *q, struct frame *f)
{
	uint32_t room = LINK_DATA_MAX - q->scratch_used;
	uint32_t packed;

	if (!q->compress || f->h.raw_len == 0)
		return true;
	if (room < f->h.raw_len)
		return false;
	packed = link_compress_pack(q->compress, f->bytes, f->h.raw_len,
				    q->scratch + q->scratch_used, room);
	if (packed == 0)
		return true;
	f->bytes = q->scratch + q->scratch_used;
	f->packed = true;
	f->h.data_len = packed;
	f->h.method = (uint8_t)link_compress_method(q->compress);
	q->scratch_used += packed;
	q->scratch_frames++;
	return true;
}

static bool
make_ready(struct link_queue *q, struct frame *f)
{
	f->h.data_crc = f->h.raw_len > 0 ? hf_crc32c(0, f->bytes, f->h.raw_len) : 0;
	if (!pack(q, f))
		return false;
	link_header_encode(&f->h, f->session, q->ring + f->at);
	f->ready = true;
	return true;
}

/* Adds a piece, less what was sent of it; joins it to the one before where they touch. */
static int
add_piece(struct iovec *iov, int n, const uint8_t *at, size_t len, size_t *skip)
{
	if (*skip >= len) {
		*skip -= len;
		return n;
	}
	at += *skip;
	len -= *skip;
	*skip = 0;
	if (n > 0 && (const uint8_t *)iov[n - 1].iov_base + iov[n - 1].iov_len == at) {
		iov[n - 1].iov_len += len;
		return n;
	}
	iov[n] = (struct iovec){ .iov_base = (void *)at, .iov_len = len };
	return n + 1;
}

int
link_queue_gather(struct link_queue *q, struct iovec *iov, int max)
{
	size_t skip = q->sent;
	int n = 0;

	for (uint32_t i = 0; i < q->n && n + 2 <= max; i++) {
		struct frame *f = frame_at(q, i);

		if (!f->ready && !make_ready(q, f))
			break;
		n = add_piece(iov, n, q->ring + f->at, f->len, &skip);
		if (f->h.data_len > 0)
			n = add_piece(iov, n, f->bytes, f->h.data_len, &skip);
	}
	return n;
}

void
link_queue_sent(struct link_queue *q, size_t bytes)
{
	while (bytes > 0) {
		assert(q->n > 0);

		const struct frame *f = frame_at(q, 0);
		size_t left = f->len + f->h.data_len - q->sent;

		if (bytes < left) {
			q->sent += bytes;
			return;
		}
		bytes -= left;
		drop_first(q);
	}
}

void
link_queue_take(struct link_queue *q, struct link_queue *from)
{
	assert(q->n == 0);
	q->sequence = from->sequence - from->n;
	for (uint32_t i = 0; i < from->n; i++) {
		const struct frame *f = frame_at(from, i);
		bool pushed;

		assert(!f->data && f->h.sequence == q->sequence);
		q->session = f->session;
		pushed = link_queue_push(q, &f->h, from->ring + f->at + LINK_HEADER_BYTES, NULL,
					 NULL);
		assert(pushed);
		(void)pushed;
	}
	q->sent = from->sent;
	q->session = from->session;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever a peer sends: frames one after the other, as the receiving side takes them apart. The
 * checksums are put right first, or nothing would get past them. What is accepted must encode to
 * the same bytes again, and its data must be what the header announced. The link's own messages go
 * to an engine, as from a stranger that has just connected: whatever it says, it gets no session.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hf_crc32c.h"
#include "replication/link/link_engine.h"
#include "replication/link/link_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
mend(uint8_t *frame, const uint8_t *body, size_t body_len)
{
	uint32_t crc = hf_crc32c(0, body, body_len);

	for (int i = 0; i < 4; i++)
		frame[24 + i] = (uint8_t)(crc >> (8 * i));
	crc = hf_crc32c(0, frame, LINK_HEADER_BYTES - 4);
	for (int i = 0; i < 4; i++)
		frame[LINK_HEADER_BYTES - 4 + i] = (uint8_t)(crc >> (8 * i));
}

static void
accepted_msg_is_consistent(struct link_msg *msg, const struct link_header *h, const uint8_t *body)
{
	uint8_t again[LINK_BODY_MAX];
	struct link_header back = *h;
	void **data = link_msg_data(msg);

	assert(link_msg_data_len(msg) == h->raw_len);
	assert(h->raw_len <= LINK_DATA_MAX);
	assert(data ? *data == NULL : h->raw_len == 0);
	assert(link_msg_encode(msg, again, &back) == h->body_len);
	assert(memcmp(again, body, h->body_len) == 0);
	assert(back.body_crc == h->body_crc && back.type == h->type);
}

static void
accepted_own_is_consistent(const struct link_own *own, const struct link_header *h)
{
	uint8_t again[LINK_BODY_MAX];
	struct link_header back = *h;

	assert(h->raw_len == 0 && h->data_len == 0);
	assert(link_own_encode(own, again, &back) >= 0);
	assert(back.body_len <= h->body_len);
}

#define CONN 0
#define NOW  ((hf_time){ HF_SECONDS(1) })

struct acceptor {
	struct link_model model;
	struct link_engine engine;
	struct link_actions out;
};

static void
tell(struct acceptor *a, const struct link_event *ev)
{
	a->out.n = 0;
	link_handle(&a->engine, ev, NOW, &a->out);
	for (size_t i = 0; i < a->out.n; i++)
		assert(a->out.list[i].type != LINK_DO_UP);
}

/* Node 1 of 2, whose key the fuzzer does not know: proofs depend on it. */
static void
stranger_connects(struct acceptor *a)
{
	memset(a, 0, sizeof(*a));
	a->model = link_model_defaults();
	a->model.node = 1;
	a->model.key_len = LINK_KEY_MIN;
	link_engine_init(&a->engine, &a->model);
	tell(a, &(struct link_event){ .type = LINK_EV_ALLOW, .peer = 0 });
	tell(a, &(struct link_event){ .type = LINK_EV_INCOMING, .conn = CONN });
	tell(a, &(struct link_event){ .type = LINK_EV_OPENED, .conn = CONN, .certified = 0xff });
}

/* As link_conn.c does with each frame. */
static void
stranger_sends(struct acceptor *a, struct link_header h, const uint8_t *body)
{
	struct link_event ev = { .type = LINK_EV_FRAME, .conn = CONN, .header = &h, .body = body };

	if (a->engine.conns[CONN].state == LINK_CONN_FREE)
		return; /* hung up */
	h.sequence = a->engine.conns[CONN].received;
	ev.why = link_frame_allowed(&a->engine, CONN, &h);
	if (ev.why)
		ev.type = LINK_EV_BAD;
	tell(a, &ev);
}

/* One frame; returns its length, or 0 where a receiver would hang up. */
static size_t
one_frame(struct acceptor *a, uint8_t *at, size_t left)
{
	struct link_header h;
	struct link_msg msg;
	struct link_own own;
	size_t body_len, data_len;

	if (left < LINK_HEADER_BYTES)
		return 0;
	body_len = (size_t)at[6] | (size_t)at[7] << 8;
	if (body_len > left - LINK_HEADER_BYTES)
		body_len = left - LINK_HEADER_BYTES;
	at[6] = (uint8_t)body_len;
	at[7] = (uint8_t)(body_len >> 8);
	mend(at, at + LINK_HEADER_BYTES, body_len);
	if (link_header_decode(at, 0, &h) != LINK_WHY_NONE)
		return 0;
	assert(h.body_len == body_len && body_len <= LINK_BODY_MAX);
	stranger_sends(a, h, at + LINK_HEADER_BYTES);
	if (link_type_is_msg(h.type)) {
		if (link_msg_decode(&h, at + LINK_HEADER_BYTES, &msg) != LINK_WHY_NONE)
			return 0;
		accepted_msg_is_consistent(&msg, &h, at + LINK_HEADER_BYTES);
	} else {
		if (link_own_decode(&h, at + LINK_HEADER_BYTES, &own) != LINK_WHY_NONE)
			return 0;
		accepted_own_is_consistent(&own, &h);
	}
	left -= LINK_HEADER_BYTES + body_len;
	data_len = h.data_len < left ? h.data_len : left;
	return LINK_HEADER_BYTES + body_len + data_len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct acceptor a;
	uint8_t *copy = malloc(len + 1);
	size_t at = 0, step;

	if (!copy)
		return 0;
	memcpy(copy, bytes, len);
	stranger_connects(&a);
	while ((step = one_frame(&a, copy + at, len - at)) > 0)
		at += step;
	free(copy);
	return 0;
}

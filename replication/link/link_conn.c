/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of one connection. In: header and body come through a small stage, data goes straight
 * into the buffer that the volume will write to its disk. Out: whatever the queue gathers, in one
 * call to the system.
 */
#include "replication/link/link_conn.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/hf_crc32c.h"

#define PIECES_MAX 64

enum step { STEP_ON, STEP_WAIT, STEP_GONE };

static enum step
bad(struct link_tcp *c, enum link_why why)
{
	link_socket_handle(
		c->s, &(struct link_event){ .type = LINK_EV_BAD, .conn = c->index, .why = why });
	return STEP_GONE;
}

/* --- in -------------------------------------------------------------------------------------- */

static uint32_t
staged(const struct link_tcp *c)
{
	return c->to - c->from;
}

static enum step
take_header(struct link_tcp *c)
{
	enum link_why why;

	if (staged(c) < LINK_HEADER_BYTES)
		return STEP_WAIT;
	why = link_header_decode(c->stage + c->from, c->session, &c->header);
	if (!why)
		why = link_frame_allowed(&c->s->engine, c->index, &c->header);
	if (why)
		return bad(c, why);
	c->from += LINK_HEADER_BYTES;
	c->rx = LINK_RX_BODY;
	return STEP_ON;
}

/* Hands the message up, with its data when it has some. */
static enum step
deliver(struct link_tcp *c)
{
	void **slot = link_msg_data(&c->msg);
	uint64_t serial = c->serial;

	if (slot)
		*slot = c->data;
	c->data = NULL;
	c->rx = LINK_RX_HEADER;
	c->s->counts[c->peer].received_frames++;
	c->s->ops->message(c->s->arg, c->peer, &c->msg);
	return c->serial == serial ? STEP_ON : STEP_GONE;
}

static enum step
take_own(struct link_tcp *c, const uint8_t *body)
{
	uint64_t serial = c->serial;

	c->rx = LINK_RX_HEADER;
	link_socket_handle(c->s, &(struct link_event){ .type = LINK_EV_FRAME,
						       .conn = c->index,
						       .header = &c->header,
						       .body = body });
	return c->serial == serial ? STEP_ON : STEP_GONE;
}

static enum step
pause_reading(struct link_tcp *c)
{
	if (!c->paused) {
		c->paused = true;
		hf_watch_enable(c->readable, false);
		link_paused(&c->s->engine, c->index, true, hf_time_now());
	}
	return STEP_WAIT;
}

static enum step
take_body(struct link_tcp *c)
{
	const uint8_t *body = c->stage + c->from;
	enum link_why why;

	if (staged(c) < c->header.body_len)
		return STEP_WAIT;
	if (!link_type_is_msg(c->header.type)) {
		c->from += c->header.body_len;
		return take_own(c, body);
	}
	why = link_msg_decode(&c->header, body, &c->msg);
	if (why)
		return bad(c, why);
	if (c->header.raw_len == 0) {
		c->from += c->header.body_len;
		return deliver(c);
	}
	c->data = c->s->ops->data_get(c->s->arg, c->header.raw_len);
	if (!c->data)
		return pause_reading(c);
	c->from += c->header.body_len;
	c->filled = 0;
	c->rx = LINK_RX_DATA;
	return STEP_ON;
}

/* Where the data of the present frame goes to as it comes. */
static uint8_t *
data_target(const struct link_tcp *c)
{
	if (c->header.method != LINK_PLAIN)
		return c->packed;
	return c->s->ops->data_bytes(c->s->arg, c->data);
}

static enum step
take_data(struct link_tcp *c)
{
	uint32_t n = c->header.data_len - c->filled;
	uint8_t *raw = c->s->ops->data_bytes(c->s->arg, c->data);

	if (n > staged(c))
		n = staged(c);
	memcpy(data_target(c) + c->filled, c->stage + c->from, n);
	c->from += n;
	c->filled += n;
	if (c->filled < c->header.data_len)
		return STEP_WAIT;
	if (c->header.method != LINK_PLAIN &&
	    !link_compress_unpack(c->compress, (enum link_method)c->header.method, c->packed,
				  c->header.data_len, raw, c->header.raw_len))
		return bad(c, LINK_WHY_METHOD);
	if (hf_crc32c(0, raw, c->header.raw_len) != c->header.data_crc)
		return bad(c, LINK_WHY_DATA_CRC);
	return deliver(c);
}

/* Takes frames from the stage until it needs more bytes. */
static enum step
take_frames(struct link_tcp *c)
{
	enum step step = STEP_ON;

	while (step == STEP_ON) {
		switch (c->rx) {
		case LINK_RX_HEADER:
			step = take_header(c);
			break;
		case LINK_RX_BODY:
			step = take_body(c);
			break;
		case LINK_RX_DATA:
			step = take_data(c);
			break;
		}
	}
	return step;
}

/* Room for what may come next: the rest of the data, then the stage. */
static int
read_targets(struct link_tcp *c, struct iovec iov[2])
{
	int n = 0;

	if (c->from > 0) {
		memmove(c->stage, c->stage + c->from, staged(c));
		c->to -= c->from;
		c->from = 0;
	}
	if (c->rx == LINK_RX_DATA) {
		assert(staged(c) == 0);
		iov[n++] = (struct iovec){ .iov_base = data_target(c) + c->filled,
					   .iov_len = c->header.data_len - c->filled };
	}
	assert(c->to < LINK_STAGE_BYTES);
	iov[n++] =
		(struct iovec){ .iov_base = c->stage + c->to, .iov_len = LINK_STAGE_BYTES - c->to };
	return n;
}

static void
count_read(struct link_tcp *c, size_t got)
{
	uint32_t into_data = 0;

	if (c->rx == LINK_RX_DATA) {
		into_data = c->header.data_len - c->filled;
		if (into_data > got)
			into_data = (uint32_t)got;
		c->filled += into_data;
	}
	c->to += (uint32_t)got - into_data;
	if (c->up)
		c->s->counts[c->peer].received_bytes += got;
	link_heard(&c->s->engine, c->index, hf_time_now());
}

/* TLS may hold bytes that the descriptor does not announce: the loop's next turn is asked for by
 * its being writable. */
static void
read_again(struct link_tcp *c)
{
	if (!c->tls)
		return;
	c->again = c->want_write = true;
	hf_watch_enable(c->writable, true);
}

static enum link_why
why_of(int error)
{
	return error == EPROTO ? LINK_WHY_TLS : LINK_WHY_SYSTEM;
}

void
link_conn_read(struct link_tcp *c)
{
	struct iovec iov[2];
	size_t budget = c->s->options.read_bytes; /* the others get their turn */

	while (!c->paused) {
		int n = read_targets(c, iov);
		size_t asked = iov[0].iov_len + (n > 1 ? iov[1].iov_len : 0);
		ssize_t got = c->tls ? link_tls_read(c->tls, iov, n) : readv(c->fd, iov, n);

		if (got == 0) {
			link_socket_lost(c, LINK_WHY_CLOSED);
			return;
		}
		if (got < 0) {
			if (errno != EAGAIN && errno != EINTR)
				link_socket_lost(c, why_of(errno));
			return;
		}
		count_read(c, (size_t)got);
		if (take_frames(c) == STEP_GONE)
			return;
		/* Less than there was room for: nothing more is there now. */
		if ((size_t)got < asked)
			return;
		if ((size_t)got >= budget) {
			read_again(c);
			return;
		}
		budget -= (size_t)got;
	}
}

void
link_conn_resume(struct link_tcp *c)
{
	if (!c->paused)
		return;
	c->paused = false;
	hf_watch_enable(c->readable, true);
	link_paused(&c->s->engine, c->index, false, hf_time_now());
	if (take_frames(c) != STEP_GONE)
		link_conn_read(c);
}

/* --- out ------------------------------------------------------------------------------------- */

static ssize_t
send_pieces(struct link_tcp *c, struct iovec *iov, int n)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)n };

	if (c->tls)
		return link_tls_write(c->tls, iov, n);
	return sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
after_write(struct link_tcp *c, bool progress)
{
	bool waiting = link_queue_length(c->queue) > 0;

	if (waiting != c->want_write) {
		c->want_write = waiting;
		hf_watch_enable(c->writable, waiting);
	}
	link_sent(&c->s->engine, c->index, progress, waiting, hf_time_now());
	if (!c->starved || link_queue_room(c->queue) <= c->s->options.queue_frames / 2)
		return;
	c->starved = false;

	uint64_t serial = c->serial;

	if (c->up && c->s->ops->room)
		c->s->ops->room(c->s->arg, c->peer);
	/* What was queued just now goes with the next turn of the loop. */
	if (c->serial == serial && !c->want_write && link_queue_length(c->queue) > 0) {
		c->want_write = true;
		hf_watch_enable(c->writable, true);
	}
}

void
link_conn_write(struct link_tcp *c)
{
	struct iovec iov[PIECES_MAX];
	bool progress = false;

	if (c->full) {
		bad(c, LINK_WHY_QUEUE);
		return;
	}
	for (;;) {
		int n = link_queue_gather(c->queue, iov, PIECES_MAX);
		ssize_t sent;

		if (n == 0)
			break;
		sent = send_pieces(c, iov, n);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno != EAGAIN) {
			link_socket_lost(c, why_of(errno));
			return;
		}
		if (sent < 0)
			break;
		progress = true;
		if (c->up)
			c->s->counts[c->peer].sent_bytes += (uint64_t)sent;
		link_queue_sent(c->queue, (size_t)sent);
	}
	after_write(c, progress);
}

void
link_conn_last_words(struct link_tcp *c)
{
	struct iovec iov[PIECES_MAX];
	int n = link_queue_gather(c->queue, iov, PIECES_MAX);

	if (n > 0)
		(void)send_pieces(c, iov, n);
	if (c->tls)
		link_tls_shutdown(c->tls);
}

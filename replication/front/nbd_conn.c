/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One NBD client on a socket. Small requests are received many at a time into a staging buffer; a
 * payload that has begun is received where it belongs, with what follows it in the same call.
 * Replies of one turn of the loop go out together.
 */
#include "replication/front/nbd_conn.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct nbd_conn {
	struct nbd_conn_options options;
	int fd;
	struct hf_watch *readable;
	struct hf_watch *writable;
	struct hf_timer *timer;
	struct event *later; /* replies gathered from several completions */
	bool later_set;
	bool reading; /* the watches are on */
	bool writing;
	bool pumping; /* completions come from within */
	uint8_t *staging;
	size_t staged_from, staged_to;
	void *memory;
	struct front_pool pool;
	struct nbd_engine engine;
};

/* --- end ---------------------------------------------------------------------------------- */

static void
conn_free(struct nbd_conn *conn)
{
	hf_watch_free(conn->readable);
	hf_watch_free(conn->writable);
	hf_timer_free(conn->timer);
	if (conn->later)
		event_free(conn->later);
	if (conn->fd >= 0)
		close(conn->fd);
	if (conn->memory)
		munmap(conn->memory, FRONT_POOL_BYTES);
	free(conn->staging);
	free(conn);
}

/* Nothing is to be read or sent any more; requests at the volume may still be under way. */
static void
close_socket(struct nbd_conn *conn)
{
	hf_watch_free(conn->readable);
	hf_watch_free(conn->writable);
	conn->readable = conn->writable = NULL;
	conn->reading = conn->writing = false;
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
	conn->staged_from = conn->staged_to = 0;
	hf_timer_set(conn->timer, HF_UNSET);
}

/* --- in ----------------------------------------------------------------------------------- */

/* Hands what is staged to the engine; true: it took some. */
static bool
feed_staged(struct nbd_conn *conn)
{
	size_t taken = nbd_feed(&conn->engine, conn->staging + conn->staged_from,
				conn->staged_to - conn->staged_from);

	conn->staged_from += taken;
	if (conn->staged_from == conn->staged_to)
		conn->staged_from = conn->staged_to = 0;
	return taken > 0;
}

/* One reception. Returns true when there may be more to receive at once. */
static bool
receive(struct nbd_conn *conn)
{
	struct iovec parts[2];
	size_t room = 0, in_place;
	uint8_t *to = nbd_room(&conn->engine, &room);
	int n = 0;
	ssize_t got;

	if (to)
		parts[n++] = (struct iovec){ to, room };
	parts[n++] = (struct iovec){ conn->staging, NBD_STAGING_MAX };
	do
		got = readv(conn->fd, parts, n);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0) {
		nbd_hangup(&conn->engine, got == 0 ? NBD_CLOSE_HANGUP : NBD_CLOSE_SYSTEM);
		return false;
	}
	in_place = (size_t)got < room ? (size_t)got : room;
	if (in_place > 0)
		nbd_received(&conn->engine, in_place);
	conn->staged_to = (size_t)got - in_place;
	feed_staged(conn);
	return (size_t)got == room + NBD_STAGING_MAX;
}

/* --- out ---------------------------------------------------------------------------------- */

/* Sends what there is; true: something went out. */
static bool
send_replies(struct nbd_conn *conn)
{
	struct iovec parts[NBD_TX_PARTS];
	struct msghdr msg = { .msg_iov = parts };
	bool any = false;
	ssize_t sent;
	int n;

	while ((n = nbd_output(&conn->engine, parts, NBD_TX_PARTS)) > 0) {
		msg.msg_iovlen = (size_t)n;
		do
			sent = sendmsg(conn->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		while (sent < 0 && errno == EINTR);
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent < 0) {
			nbd_hangup(&conn->engine, errno == EPIPE || errno == ECONNRESET
							  ? NBD_CLOSE_HANGUP
							  : NBD_CLOSE_SYSTEM);
			break;
		}
		nbd_sent(&conn->engine, (size_t)sent);
		any = true;
	}
	return any;
}

/* --- the turn ----------------------------------------------------------------------------- */

static void pump(struct nbd_conn *conn);

static void
piece_ended(struct front_request *request, int err)
{
	struct nbd_conn *conn = request->owner;
	struct nbd_piece *piece =
		(struct nbd_piece *)((char *)request - offsetof(struct nbd_piece, request));

	nbd_piece_done(&conn->engine, piece, err);
	if (conn->pumping || conn->later_set)
		return;
	conn->later_set = true;
	event_active(conn->later, 0, 0);
}

static bool
submit_all(struct nbd_conn *conn)
{
	struct nbd_piece *piece;
	bool any = false;

	while ((piece = nbd_next_submit(&conn->engine))) {
		piece->request.done = piece_ended;
		piece->request.owner = conn;
		front_submit(conn->options.front, &piece->request);
		any = true;
	}
	if (any)
		front_kick(conn->options.front);
	return any;
}

static void
set_watches(struct nbd_conn *conn)
{
	struct iovec parts[2];
	bool read_on = conn->staged_to == 0 && nbd_hungry(&conn->engine);
	bool write_on = nbd_output(&conn->engine, parts, 2) > 0;

	if (read_on != conn->reading)
		hf_watch_enable(conn->readable, read_on);
	if (write_on != conn->writing)
		hf_watch_enable(conn->writable, write_on);
	conn->reading = read_on;
	conn->writing = write_on;
	hf_timer_set(conn->timer, nbd_due(&conn->engine));
}

/* Moves everything that can move. The connection may be gone afterwards. */
static void
pump(struct nbd_conn *conn)
{
	struct nbd_engine *e = &conn->engine;
	bool moved = true;

	if (conn->pumping)
		return;
	conn->pumping = true;
	while (moved) {
		moved = conn->staged_to > 0 && feed_staged(conn);
		moved |= submit_all(conn);
		moved |= send_replies(conn);
	}
	conn->pumping = false;
	if (e->phase != NBD_CLOSED) {
		set_watches(conn);
		return;
	}
	close_socket(conn);
	if (nbd_finished(e)) {
		conn->options.ended(conn->options.arg, conn, e->why);
		conn_free(conn);
	}
}

static void
on_readable(void *arg, int fd)
{
	struct nbd_conn *conn = arg;
	bool more = true;

	for (int i = 0; i < NBD_RX_BURST && more; i++) {
		if (conn->staged_to > 0 || !nbd_hungry(&conn->engine))
			break;
		more = receive(conn);
	}
	pump(conn);
}

static void
on_writable(void *arg, int fd)
{
	pump(arg);
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	struct nbd_conn *conn = arg;

	conn->later_set = false;
	pump(conn);
}

static void
on_timer(void *arg)
{
	struct nbd_conn *conn = arg;

	nbd_timer(&conn->engine, hf_time_now());
	pump(conn);
}

/* --- life --------------------------------------------------------------------------------- */

int
nbd_conn_new(const struct nbd_conn_options *options, struct nbd_conn **out)
{
	struct nbd_conn *conn = calloc(1, sizeof(*conn));
	int flags = fcntl(options->fd, F_GETFL);
	int err = -ENOMEM;

	if (!conn) {
		close(options->fd);
		return err;
	}
	conn->options = *options;
	conn->fd = options->fd;
	if (flags < 0 || fcntl(conn->fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		err = -errno;
		goto fail;
	}
	conn->memory = mmap(NULL, FRONT_POOL_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (conn->memory == MAP_FAILED) {
		conn->memory = NULL;
		goto fail;
	}
	conn->staging = malloc(NBD_STAGING_MAX);
	conn->readable = hf_watch_read(options->loop, HF_PRIO_NORMAL, conn->fd, on_readable, conn);
	conn->writable = hf_watch_write(options->loop, HF_PRIO_NORMAL, conn->fd, on_writable, conn);
	conn->timer = hf_timer_new(options->loop, HF_PRIO_NORMAL, on_timer, conn);
	conn->later = event_new(hf_loop_base(options->loop), -1, EV_TIMEOUT, on_later, conn);
	if (!conn->staging || !conn->readable || !conn->writable || !conn->timer || !conn->later)
		goto fail;
	event_priority_set(conn->later, HF_PRIO_NORMAL);
	conn->reading = conn->writing = true;
	front_pool_init(&conn->pool, conn->memory);
	if (options->handshake)
		nbd_start(&conn->engine, options->front, &conn->pool, hf_time_now());
	else
		nbd_start_transmission(&conn->engine, options->front, &conn->pool);
	/* The greeting goes out when the loop finds the socket writable. */
	hf_timer_set(conn->timer, nbd_due(&conn->engine));
	*out = conn;
	return 0;
fail:
	conn_free(conn);
	return err;
}

void
nbd_conn_retire(struct nbd_conn *conn)
{
	nbd_retire(&conn->engine);
	pump(conn);
}

void
nbd_conn_hangup(struct nbd_conn *conn, enum nbd_close why)
{
	nbd_hangup(&conn->engine, why);
	pump(conn);
}

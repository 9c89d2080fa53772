/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two replicas with real sockets over loopback, in one process and loop. Between them stands a
 * proxy that can record, flip a bit or cut the connection at a given byte of the connector's
 * stream.
 */
#include "replication/link/link_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/hf_log.h"
#include "lib/hf_time.h"
#include "replication/link/link_tls.h"

#define NEVER    UINT64_MAX
#define TAPE_MAX (1U << 20)
#define LIMIT_S  30

struct buffer {
	uint32_t refs, len;
	uint8_t bytes[];
};

struct side {
	struct link_socket *socket;
	struct link_options options;
	uint32_t ups, downs, messages, rooms, buffers;
	uint64_t positions; /* of writes, added up */
	uint64_t next_position;
	bool ordered, intact, refuse_buffers;
	enum link_why why;
	struct link_msg last;
	uint32_t expected_kind; /* how data was made: see fill() */
};

struct proxy {
	struct hf_loop *loop;
	uint16_t port, to_port;
	int listen_fd, fd[2]; /* 0: the connector's */
	struct hf_watch *listening, *readable[2];
	uint64_t passed; /* bytes of the connector, over all connections */
	uint64_t flip_at, cut_at;
	size_t tape_len;
	uint8_t *tape;
};

struct world {
	struct hf_loop *loop;
	struct side sides[2];
	struct proxy proxy;
	bool direct; /* without the proxy, which can only pass what fits into the system's buffers
		      */
	bool timed_out;
};

/* --- buffers and callbacks ------------------------------------------------------------------- */

static void *
buffer_get(void *arg, uint32_t len)
{
	struct side *side = arg;
	struct buffer *b;

	if (side->refuse_buffers)
		return NULL;
	b = malloc(sizeof(*b) + len);
	assert_non_null(b);
	b->refs = 1;
	b->len = len;
	side->buffers++;
	return b;
}

static void *
buffer_hold(void *arg, void *data)
{
	struct buffer *b = data;

	(void)arg;
	b->refs++;
	return data;
}

static void
buffer_release(void *arg, void *data)
{
	struct side *side = arg;
	struct buffer *b = data;

	if (--b->refs > 0)
		return;
	side->buffers--;
	free(b);
}

static uint8_t *
buffer_bytes(void *arg, void *data)
{
	(void)arg;
	return ((struct buffer *)data)->bytes;
}

enum { KIND_RANDOM, KIND_TEXT };

/* Bytes that follow from the position; random ones do not shrink. */
static void
fill(uint8_t *bytes, uint32_t len, uint64_t position, uint32_t kind)
{
	uint64_t x = position * 2654435761U + 1;

	for (uint32_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		bytes[i] =
			kind == KIND_TEXT ? (uint8_t) "replica "[(i + position) % 8] : (uint8_t)x;
	}
}

static void
on_up(void *arg, uint8_t peer)
{
	((struct side *)arg)->ups++;
	(void)peer;
}

static void
on_down(void *arg, uint8_t peer, enum link_why why)
{
	struct side *side = arg;

	(void)peer;
	side->downs++;
	side->why = why;
}

static void
check_data(struct side *side, const struct link_write *m)
{
	const struct buffer *b = m->data;
	uint8_t *expected = malloc(m->len);

	assert_non_null(expected);
	fill(expected, m->len, m->position, side->expected_kind);
	if (b->len != m->len || memcmp(b->bytes, expected, m->len) != 0)
		side->intact = false;
	free(expected);
}

static void
on_message(void *arg, uint8_t peer, struct link_msg *msg)
{
	struct side *side = arg;
	struct link_msg ack = { .type = LINK_WRITE_ACK };
	void **data = link_msg_data(msg);

	side->messages++;
	side->last = *msg;
	if (msg->type == LINK_WRITE) {
		side->positions += msg->write.position;
		if (msg->write.position != side->next_position++)
			side->ordered = false;
		if (msg->write.data)
			check_data(side, &msg->write);
		ack.write_ack = (struct link_write_ack){ 1, msg->write.position, LINK_ACK_WRITTEN };
		link_socket_send(side->socket, peer, &ack);
	}
	if (data && *data)
		buffer_release(side, *data);
}

static void
on_room(void *arg, uint8_t peer)
{
	(void)peer;
	((struct side *)arg)->rooms++;
}

static const struct link_socket_ops ops = {
	.up = on_up,
	.down = on_down,
	.message = on_message,
	.room = on_room,
	.data_get = buffer_get,
	.data_hold = buffer_hold,
	.data_release = buffer_release,
	.data_bytes = buffer_bytes,
};

/* --- the proxy ------------------------------------------------------------------------------- */

static void
proxy_drop(struct proxy *p)
{
	for (int i = 0; i < 2; i++) {
		hf_watch_free(p->readable[i]);
		p->readable[i] = NULL;
		if (p->fd[i] != -1)
			close(p->fd[i]);
		p->fd[i] = -1;
	}
}

/* Writes all; the other side reads in the same loop, but the system's buffers take this much. */
static bool
write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static size_t
tamper(struct proxy *p, uint8_t *bytes, size_t len)
{
	size_t keep = len;

	if (p->tape_len + len <= TAPE_MAX) {
		memcpy(p->tape + p->tape_len, bytes, len);
		p->tape_len += len;
	}
	if (p->flip_at >= p->passed && p->flip_at - p->passed < len)
		bytes[p->flip_at - p->passed] ^= 0x10;
	if (p->cut_at >= p->passed && p->cut_at - p->passed < len)
		keep = p->cut_at - p->passed;
	p->passed += len;
	return keep;
}

static void
proxy_pass(struct proxy *p, int from)
{
	uint8_t bytes[16384];
	ssize_t n = recv(p->fd[from], bytes, sizeof(bytes), 0);
	size_t keep = n > 0 ? (size_t)n : 0;

	if (n > 0 && from == 0)
		keep = tamper(p, bytes, (size_t)n);
	if (n <= 0 || !write_all(p->fd[1 - from], bytes, keep) || keep < (size_t)n)
		proxy_drop(p);
}

static void
proxy_readable(void *arg, int fd)
{
	struct proxy *p = arg;

	proxy_pass(p, fd == p->fd[0] ? 0 : 1);
}

static struct sockaddr_in
loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static int
connect_to(uint16_t port)
{
	struct sockaddr_in sin = loopback(port);
	int size = 8 << 20;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	assert_return_code(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), errno);
	return fd;
}

static void
proxy_accept(void *arg, int fd)
{
	struct proxy *p = arg;
	int end = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	proxy_drop(p);
	if (end < 0)
		return;
	p->fd[0] = end;
	p->fd[1] = connect_to(p->to_port);
	for (int i = 0; i < 2; i++) {
		p->readable[i] =
			hf_watch_read(p->loop, HF_PRIO_NORMAL, p->fd[i], proxy_readable, p);
		hf_watch_enable(p->readable[i], true);
	}
}

static void
proxy_start(struct proxy *p, struct hf_loop *loop, uint16_t to_port)
{
	struct sockaddr_in sin = loopback(0);
	socklen_t len = sizeof(sin);

	*p = (struct proxy){ .loop = loop,
			     .to_port = to_port,
			     .fd = { -1, -1 },
			     .flip_at = NEVER,
			     .cut_at = NEVER };
	p->tape = malloc(TAPE_MAX);
	assert_non_null(p->tape);
	p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(p->listen_fd, (struct sockaddr *)&sin, len), errno);
	assert_return_code(listen(p->listen_fd, 4), errno);
	assert_return_code(getsockname(p->listen_fd, (struct sockaddr *)&sin, &len), errno);
	p->port = ntohs(sin.sin_port);
	p->listening = hf_watch_read(loop, HF_PRIO_NORMAL, p->listen_fd, proxy_accept, p);
	hf_watch_enable(p->listening, true);
}

static void
proxy_stop(struct proxy *p)
{
	proxy_drop(p);
	hf_watch_free(p->listening);
	close(p->listen_fd);
	free(p->tape);
}

/* --- the world ------------------------------------------------------------------------------- */

static void
side_options(struct side *side, uint8_t node)
{
	struct link_model *m = &side->options.model;

	side->options.name = "data";
	side->options.node_names[0] = "alpha";
	side->options.node_names[1] = "beta";
	*m = link_model_defaults();
	m->node = node;
	m->retry_min_ns = m->retry_max_ns = HF_MILLIS(5);
	memset(m->volume_id, 0x11, sizeof(m->volume_id));
	memset(m->key, 0x22, 32);
	m->key_len = 32;
	for (int i = 0; i < 2; i++)
		assert_int_equal(hf_addr_parse("127.0.0.1", &side->options.nodes[i].addr), 0);
}

static struct world *
new_world(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->loop = hf_loop_new();
	assert_non_null(w->loop);
	for (uint8_t i = 0; i < 2; i++)
		side_options(&w->sides[i], i);
	return w;
}

static void
side_start(struct world *w, uint8_t node)
{
	struct side *side = &w->sides[node];

	side->ordered = side->intact = true;
	side->next_position = 1;
	assert_int_equal(link_socket_new(w->loop, &side->options, &ops, side, &side->socket), 0);
	link_socket_allow(side->socket, 1 - node);
}

static void
world_start(struct world *w)
{
	side_start(w, 1);
	w->sides[1].options.nodes[1].port = link_socket_port(w->sides[1].socket);
	proxy_start(&w->proxy, w->loop, link_socket_port(w->sides[1].socket));
	w->sides[0].options.nodes[1].port =
		w->direct ? link_socket_port(w->sides[1].socket) : w->proxy.port;
	side_start(w, 0);
}

static void
world_free(struct world *w)
{
	for (int i = 0; i < 2; i++)
		link_socket_free(w->sides[i].socket);
	for (int i = 0; i < 2; i++)
		assert_int_equal(w->sides[i].buffers, 0);
	proxy_stop(&w->proxy);
	hf_loop_free(w->loop);
	free(w);
}

static void
out_of_time(void *arg)
{
	((struct world *)arg)->timed_out = true;
}

/* Turns the loop until the condition holds. */
#define wait_for(w, condition)                                                                     \
	do {                                                                                       \
		struct hf_timer *guard =                                                           \
			hf_timer_new((w)->loop, HF_PRIO_NORMAL, out_of_time, (w));                 \
		hf_timer_set(guard, hf_after(hf_time_now(), HF_SECONDS(LIMIT_S)));                 \
		while (!(condition) && !(w)->timed_out)                                            \
			event_base_loop(hf_loop_base((w)->loop), EVLOOP_ONCE);                     \
		hf_timer_free(guard);                                                              \
		if ((w)->timed_out)                                                                \
			fail_msg("waited in vain for: %s", #condition);                            \
	} while (0)

static void
wait_up(struct world *w, uint32_t n)
{
	wait_for(w, w->sides[0].ups >= n && w->sides[1].ups >= n);
}

static struct world *
two_connected(void)
{
	struct world *w = new_world();

	world_start(w);
	wait_up(w, 1);
	return w;
}

/* A write with data from side 0. */
static void
send_write(struct world *w, uint64_t position, uint32_t len, uint32_t kind)
{
	struct side *side = &w->sides[0];
	bool refuse = side->refuse_buffers;
	struct buffer *b;

	side->refuse_buffers = false;
	b = buffer_get(side, len);
	side->refuse_buffers = refuse;
	w->sides[1].expected_kind = kind;
	fill(b->bytes, len, position, kind);
	link_socket_send(side->socket, 1,
			 &(struct link_msg){ .type = LINK_WRITE,
					     .write = { .epoch = 1,
							.position = position,
							.len = len,
							.kind = LINK_KIND_WRITE,
							.data = b } });
	buffer_release(side, b);
}

/* --- tests ----------------------------------------------------------------------------------- */

static void
a_write_arrives_whole_and_is_acknowledged(void **state)
{
	struct world *w = two_connected();
	struct link_status status;

	(void)state;
	send_write(w, 1, 4096, KIND_RANDOM);
	link_socket_flush(w->sides[0].socket);
	wait_for(w, w->sides[0].messages == 1);
	assert_int_equal(w->sides[1].messages, 1);
	assert_true(w->sides[1].intact);
	assert_int_equal(w->sides[0].last.type, LINK_WRITE_ACK);
	assert_int_equal(w->sides[0].last.write_ack.position, 1);
	link_socket_status(w->sides[0].socket, 1, &status);
	assert_true(status.up);
	assert_int_equal(status.sent_frames, 1);
	assert_int_equal(status.received_frames, 1);
	assert_int_equal(status.queued, 0);
	world_free(w);
}

/* Writes of all sizes, as fast as there is room. */
static void
exchange(struct world *w, uint32_t n)
{
	static const uint32_t sizes[] = { 512, 4096, 65536, 1024, 1U << 20, 4096, 8192, 4U << 20 };
	uint32_t position = 0;

	while (position < n) {
		while (position < n && link_socket_room(w->sides[0].socket, 1) > 0) {
			uint32_t len = sizes[position / 11 % 8];

			position++;
			send_write(w, position, position % 11 > 0 ? 4096 : len, KIND_RANDOM);
		}
		link_socket_flush(w->sides[0].socket);
		event_base_loop(hf_loop_base(w->loop), EVLOOP_ONCE);
	}
	wait_for(w, w->sides[0].messages == n);
	assert_int_equal(w->sides[1].positions, (uint64_t)n * (n + 1) / 2);
	assert_true(w->sides[1].intact && w->sides[1].ordered);
	assert_int_equal(w->sides[0].downs + w->sides[1].downs, 0);
}

static void
thousands_of_all_sizes_arrive_in_order(void **state)
{
	struct world *w = new_world();

	(void)state;
	w->direct = true;
	world_start(w);
	wait_up(w, 1);
	exchange(w, 2000);
	world_free(w);
}

static void
another_key_gets_no_session(void **state)
{
	struct world *w = new_world();
	struct link_status status;

	(void)state;
	w->sides[0].options.model.key[31] ^= 1;
	world_start(w);
	wait_for(w, link_socket_count(w->sides[0].socket, LINK_WHY_AUTH) >= 2);
	assert_true(link_socket_count(w->sides[1].socket, LINK_WHY_AUTH) >= 2);
	link_socket_status(w->sides[0].socket, 1, &status);
	assert_false(status.up);
	assert_int_equal(status.last_why, LINK_WHY_AUTH);
	assert_true(status.last_theirs);
	assert_int_equal(w->sides[0].ups + w->sides[1].ups, 0);
	world_free(w);
}

static void
another_volume_gets_no_session(void **state)
{
	struct world *w = new_world();

	(void)state;
	w->sides[0].options.model.volume_id[0] ^= 1;
	world_start(w);
	wait_for(w, link_socket_count(w->sides[0].socket, LINK_WHY_VOLUME) >= 1);
	assert_int_equal(w->sides[0].ups + w->sides[1].ups, 0);
	world_free(w);
}

/* Each byte that leaves the connector, from the first of its greeting on, in big steps. */
static void
a_flipped_bit_ends_the_session_and_the_next_one_works(void **state)
{
	struct world *w = two_connected();
	struct side *far = &w->sides[1];

	(void)state;
	for (uint32_t at = 0; at < 9000; at += 41) {
		uint32_t ups = far->ups, messages;

		far->intact = true;
		messages = far->messages;
		w->proxy.flip_at = w->proxy.passed + at;
		send_write(w, 1, 8192, KIND_RANDOM);
		link_socket_flush(w->sides[0].socket);
		wait_for(w, w->proxy.passed > w->proxy.flip_at || far->messages > messages);
		w->proxy.flip_at = NEVER;
		if (at >= 8192 + 82) /* beyond the message */
			break;
		wait_for(w, far->ups > ups && w->sides[0].ups > ups);
		assert_int_equal(far->messages, messages);
		assert_true(far->intact);
	}
	assert_true(link_socket_count(far->socket, LINK_WHY_DATA_CRC) > 90);
	assert_true(link_socket_count(far->socket, LINK_WHY_BODY_CRC) > 0);
	world_free(w);
}

static void
a_cut_in_the_middle_delivers_nothing_of_it(void **state)
{
	struct world *w = two_connected();
	struct side *far = &w->sides[1];

	(void)state;
	for (uint32_t at = 1; at < 66000; at += 6007) {
		uint32_t ups = far->ups;

		w->proxy.cut_at = w->proxy.passed + at;
		send_write(w, 1, 65536, KIND_RANDOM);
		link_socket_flush(w->sides[0].socket);
		wait_for(w, far->ups > ups && w->sides[0].ups > ups);
		w->proxy.cut_at = NEVER;
		assert_int_equal(far->messages, 0);
	}
	assert_int_equal(far->buffers, 0);
	far->next_position = 1;
	send_write(w, 1, 65536, KIND_RANDOM);
	link_socket_flush(w->sides[0].socket);
	wait_for(w, far->messages == 1);
	assert_true(far->intact);
	world_free(w);
}

static void
play_tape(struct world *w, uint16_t port)
{
	int fd = connect_to(port);

	/* It hangs up in the middle of it. */
	(void)write_all(fd, w->proxy.tape, w->proxy.tape_len);
	event_base_loop(hf_loop_base(w->loop), EVLOOP_NONBLOCK);
	close(fd);
}

static void
a_recorded_stream_is_refused(void **state)
{
	struct world *w = two_connected();
	struct side *far = &w->sides[1];

	(void)state;
	send_write(w, 1, 4096, KIND_RANDOM);
	link_socket_flush(w->sides[0].socket);
	wait_for(w, far->messages == 1);
	play_tape(w, far->options.nodes[1].port);
	wait_for(w, link_socket_count(far->socket, LINK_WHY_STALE) == 1);
	assert_int_equal(far->ups, 1);
	assert_int_equal(far->downs, 0);
	/* A restarted acceptor has forgotten who was there; the proof no longer fits. */
	link_socket_free(w->sides[0].socket);
	link_socket_free(far->socket);
	w->sides[0].socket = NULL;
	side_start(w, 1);
	play_tape(w, far->options.nodes[1].port);
	wait_for(w, link_socket_count(far->socket, LINK_WHY_AUTH) == 1);
	assert_int_equal(far->ups, 1);
	assert_int_equal(far->messages, 1);
	world_free(w);
}

static void
what_does_not_speak_the_protocol_is_shown_out(void **state)
{
	static const char hello[] =
		"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: everything\r\n\r\n";
	struct world *w = two_connected();
	int fd = connect_to(w->sides[1].options.nodes[1].port);

	(void)state;
	assert_true(write_all(fd, (const uint8_t *)hello, sizeof(hello)));
	wait_for(w, link_socket_count(w->sides[1].socket, LINK_WHY_MAGIC) == 1);
	assert_int_equal(w->sides[1].downs, 0);
	close(fd);
	world_free(w);
}

static void
a_peer_without_buffers_slows_the_sender_down(void **state)
{
	struct world *w = new_world();
	struct link_status status;
	uint64_t position = 0;

	(void)state;
	w->direct = true;
	w->sides[0].options.queue_frames = 64;
	w->sides[0].options.queue_bytes = 1U << 20;
	world_start(w);
	wait_up(w, 1);
	w->sides[1].refuse_buffers = true;
	while (link_socket_room(w->sides[0].socket, 1) > 0 && position < 100000) {
		send_write(w, ++position, 65536, KIND_RANDOM);
		link_socket_flush(w->sides[0].socket);
		event_base_loop(hf_loop_base(w->loop), EVLOOP_NONBLOCK);
	}
	link_socket_status(w->sides[0].socket, 1, &status);
	assert_in_range(status.queued, 1, 64);
	assert_in_range(position, 17, 1000); /* what the queue and the system hold */
	assert_int_equal(w->sides[1].messages, 0);
	w->sides[1].refuse_buffers = false;
	link_socket_resume(w->sides[1].socket);
	wait_for(w, w->sides[1].messages == position);
	assert_true(w->sides[1].intact && w->sides[1].ordered);
	assert_int_equal(w->sides[0].downs + w->sides[1].downs, 0);
	assert_int_equal(w->sides[0].rooms, 1);
	world_free(w);
}

static void
more_than_the_queue_holds_ends_the_session(void **state)
{
	struct world *w = new_world();

	(void)state;
	w->sides[0].options.queue_frames = 16;
	world_start(w);
	wait_up(w, 1);
	for (uint64_t i = 1; i <= 17; i++)
		send_write(w, i, 512, KIND_RANDOM);
	link_socket_flush(w->sides[0].socket);
	assert_int_equal(w->sides[0].downs, 1);
	assert_int_equal(w->sides[0].why, LINK_WHY_QUEUE);
	wait_up(w, 2);
	world_free(w);
}

static void
packed_with(enum link_method method)
{
	struct world *w = new_world();
	struct link_status status;

	w->direct = true;
	w->sides[0].options.compress = method;
	world_start(w);
	wait_up(w, 1);
	for (uint64_t i = 1; i <= 100; i++)
		send_write(w, i, i == 50 ? 4U << 20 : 65536, KIND_TEXT);
	link_socket_flush(w->sides[0].socket);
	wait_for(w, w->sides[1].messages == 100);
	assert_true(w->sides[1].intact && w->sides[1].ordered);
	link_socket_status(w->sides[0].socket, 1, &status);
	assert_in_range(status.sent_bytes, 100, 1U << 20);
	for (uint64_t i = 101; i <= 200; i++)
		send_write(w, i, 4096, KIND_RANDOM);
	link_socket_flush(w->sides[0].socket);
	wait_for(w, w->sides[1].messages == 200);
	assert_true(w->sides[1].intact && w->sides[1].ordered);
	world_free(w);
}

static void
lz4_makes_it_shorter_where_it_can(void **state)
{
	(void)state;
	packed_with(LINK_LZ4);
}

static void
zstd_makes_it_shorter_where_it_can(void **state)
{
	(void)state;
	packed_with(LINK_ZSTD);
}

static void
a_peer_that_restarts_is_met_again(void **state)
{
	struct world *w = two_connected();

	(void)state;
	for (uint32_t n = 2; n < 5; n++) {
		uint8_t node = (uint8_t)(n % 2);

		link_socket_free(w->sides[node].socket);
		side_start(w, node);
		wait_up(w, n);
	}
	assert_int_equal(w->sides[0].downs + w->sides[1].downs, 3);
	world_free(w);
}

static void
stop_lets_the_last_message_out(void **state)
{
	struct world *w = two_connected();

	(void)state;
	link_socket_send(w->sides[0].socket, 1, &(struct link_msg){ .type = LINK_BYE });
	link_socket_stop(w->sides[0].socket);
	wait_for(w, w->sides[1].downs == 1);
	assert_int_equal(w->sides[1].last.type, LINK_BYE);
	assert_int_equal(w->sides[1].why, LINK_WHY_CLOSED);
	assert_int_equal(w->sides[0].why, LINK_WHY_STOPPED);
	world_free(w);
}

/* --- under TLS ------------------------------------------------------------------------------- */

static struct link_tls_context *
context_by_key(struct world *w, int i)
{
	struct link_model *m = &w->sides[i].options.model;
	struct link_tls_options o = { .key = m->key, .key_len = m->key_len };
	struct link_tls_context *context = NULL;
	char why[LINK_TLS_WHY_MAX];

	memcpy(o.volume_id, m->volume_id, sizeof(o.volume_id));
	assert_int_equal(link_tls_context_new(&o, &context, why), 0);
	w->sides[i].options.tls = context;
	return context;
}

static void
tls_world_free(struct world *w)
{
	struct link_tls_context *contexts[2] = { w->sides[0].options.tls, w->sides[1].options.tls };

	world_free(w);
	for (int i = 0; i < 2; i++)
		link_tls_context_free(contexts[i]);
}

static void
tls_by_the_volumes_key_carries_everything(void **state)
{
	struct world *w = new_world();

	(void)state;
	w->direct = true;
	context_by_key(w, 0);
	context_by_key(w, 1);
	world_start(w);
	wait_up(w, 1);
	exchange(w, 1000);
	tls_world_free(w);
}

/* TLS holds bytes back when a wake-up's share is used up: nobody else says that they are there. */
static void
small_shares_leave_nothing_behind_in_tls(void **state)
{
	struct world *w = new_world();

	(void)state;
	w->direct = true;
	for (int i = 0; i < 2; i++) {
		w->sides[i].options.read_bytes = 5000;
		w->sides[i].options.model.ping_idle_ns = HF_SECONDS(60); /* wakes nobody up */
	}
	context_by_key(w, 0);
	context_by_key(w, 1);
	world_start(w);
	wait_up(w, 1);
	exchange(w, 60);
	tls_world_free(w);
}

static void
tls_without_the_key_gets_no_session(void **state)
{
	struct world *w = new_world();

	(void)state;
	w->sides[0].options.model.key[0] ^= 1;
	context_by_key(w, 0);
	context_by_key(w, 1);
	world_start(w);
	wait_for(w, link_socket_count(w->sides[1].socket, LINK_WHY_TLS) >= 2);
	assert_true(link_socket_count(w->sides[0].socket, LINK_WHY_TLS) >= 1);
	assert_int_equal(w->sides[0].ups + w->sides[1].ups, 0);
	tls_world_free(w);
}

static void
one_side_without_tls_gets_no_session(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world *w = new_world();

		context_by_key(w, i);
		world_start(w);
		wait_for(w, link_socket_count(w->sides[0].socket, LINK_WHY_CLOSED) +
					    link_socket_count(w->sides[0].socket, LINK_WHY_SYSTEM) +
					    link_socket_count(w->sides[0].socket, LINK_WHY_TLS) >=
				    2);
		assert_int_equal(w->sides[0].ups + w->sides[1].ups, 0);
		tls_world_free(w);
	}
}

static void
a_flipped_bit_under_tls_ends_the_session(void **state)
{
	struct world *w = new_world();

	(void)state;
	context_by_key(w, 0);
	context_by_key(w, 1);
	world_start(w);
	wait_up(w, 1);
	w->proxy.flip_at = w->proxy.passed + 700;
	send_write(w, 1, 4096, KIND_TEXT);
	link_socket_flush(w->sides[0].socket);
	wait_up(w, 2);
	assert_int_equal(w->sides[1].messages, 0);
	assert_int_equal(w->sides[1].why, LINK_WHY_TLS);
	assert_null(memmem(w->proxy.tape, w->proxy.tape_len, "replica ", 8));
	tls_world_free(w);
}

/* Certificates, made for the test. */
struct authority {
	EVP_PKEY *key;
	X509 *cert;
};

static X509 *
certificate(const char *name, EVP_PKEY *key, const struct authority *signer)
{
	static long serial;
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(cert, signer ? X509_get_subject_name(signer->cert) : subject);
	X509_set_pubkey(cert, key);
	if (!signer) {
		X509_EXTENSION *ca =
			X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");

		X509_add_ext(cert, ca, -1);
		X509_EXTENSION_free(ca);
	}
	assert_true(X509_sign(cert, signer ? signer->key : key, EVP_sha256()) > 0);
	return cert;
}

static struct authority
new_authority(const char *name)
{
	struct authority a = { .key = EVP_EC_gen("P-256") };

	assert_non_null(a.key);
	a.cert = certificate(name, a.key, NULL);
	return a;
}

static void
authority_free(struct authority *a)
{
	X509_free(a->cert);
	EVP_PKEY_free(a->key);
}

static FILE *
open_in(const char *dir, const char *name, char path[128])
{
	FILE *f;

	snprintf(path, 128, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	return f;
}

/* A side with a certificate for `name` by `signer`, which believes `trusted`. */
static void
context_by_certificate(struct world *w, int i, const char *name, const struct authority *signer,
		       const struct authority *trusted)
{
	char dir[] = "/tmp/test-link-XXXXXX", why[LINK_TLS_WHY_MAX], ca[128], cert[128], key[128];
	struct link_tls_options o = {
		.ca_file = ca, .cert_file = cert, .key_file = key, .node_names = { "alpha", "beta" }
	};
	struct authority own = { .key = EVP_EC_gen("P-256") };
	FILE *f;

	assert_non_null(mkdtemp(dir));
	own.cert = certificate(name, own.key, signer);
	f = open_in(dir, "ca.pem", ca);
	PEM_write_X509(f, trusted->cert);
	fclose(f);
	f = open_in(dir, "cert.pem", cert);
	PEM_write_X509(f, own.cert);
	fclose(f);
	f = open_in(dir, "key.pem", key);
	PEM_write_PrivateKey(f, own.key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	authority_free(&own);
	if (link_tls_context_new(&o, &w->sides[i].options.tls, why) != 0)
		fail_msg("%s", why);
	unlink(ca);
	unlink(cert);
	unlink(key);
	rmdir(dir);
	w->sides[i].options.model.key_len = 0;
}

static void
certificates_are_enough(void **state)
{
	struct world *w = new_world();
	struct authority a = new_authority("authority");

	(void)state;
	w->direct = true;
	context_by_certificate(w, 0, "alpha", &a, &a);
	context_by_certificate(w, 1, "beta", &a, &a);
	world_start(w);
	wait_up(w, 1);
	exchange(w, 100);
	tls_world_free(w);
	authority_free(&a);
}

static void
a_certificate_of_another_name_gets_no_session(void **state)
{
	struct world *w = new_world();
	struct authority a = new_authority("authority");

	(void)state;
	context_by_certificate(w, 0, "gamma", &a, &a);
	context_by_certificate(w, 1, "beta", &a, &a);
	world_start(w);
	wait_for(w, link_socket_count(w->sides[1].socket, LINK_WHY_NODE) >= 1);
	assert_int_equal(w->sides[0].ups + w->sides[1].ups, 0);
	tls_world_free(w);
	authority_free(&a);
}

static void
a_certificate_by_a_stranger_gets_no_session(void **state)
{
	struct world *w = new_world();
	struct authority a = new_authority("authority"), other = new_authority("other");

	(void)state;
	context_by_certificate(w, 0, "alpha", &other, &a);
	context_by_certificate(w, 1, "beta", &a, &a);
	world_start(w);
	wait_for(w, link_socket_count(w->sides[1].socket, LINK_WHY_TLS) >= 1);
	assert_int_equal(w->sides[0].ups + w->sides[1].ups, 0);
	tls_world_free(w);
	authority_free(&a);
	authority_free(&other);
}

static void
a_bad_file_is_named_in_one_line(void **state)
{
	struct link_tls_context *context = NULL;
	char why[LINK_TLS_WHY_MAX];

	(void)state;
	assert_int_equal(link_tls_context_new(&(struct link_tls_options){ .ca_file = "/nowhere.pem",
									  .cert_file = "c",
									  .key_file = "k" },
					      &context, why),
			 -EINVAL);
	assert_non_null(strstr(why, "ca_file /nowhere.pem: "));
	assert_int_equal(
		link_tls_context_new(&(struct link_tls_options){ .key_len = 3 }, &context, why),
		-EINVAL);
	assert_non_null(strstr(why, "at least 16 bytes"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_arrives_whole_and_is_acknowledged),
		cmocka_unit_test(thousands_of_all_sizes_arrive_in_order),
		cmocka_unit_test(another_key_gets_no_session),
		cmocka_unit_test(another_volume_gets_no_session),
		cmocka_unit_test(a_flipped_bit_ends_the_session_and_the_next_one_works),
		cmocka_unit_test(a_cut_in_the_middle_delivers_nothing_of_it),
		cmocka_unit_test(a_recorded_stream_is_refused),
		cmocka_unit_test(what_does_not_speak_the_protocol_is_shown_out),
		cmocka_unit_test(a_peer_without_buffers_slows_the_sender_down),
		cmocka_unit_test(more_than_the_queue_holds_ends_the_session),
		cmocka_unit_test(lz4_makes_it_shorter_where_it_can),
		cmocka_unit_test(zstd_makes_it_shorter_where_it_can),
		cmocka_unit_test(a_peer_that_restarts_is_met_again),
		cmocka_unit_test(stop_lets_the_last_message_out),
		cmocka_unit_test(tls_by_the_volumes_key_carries_everything),
		cmocka_unit_test(small_shares_leave_nothing_behind_in_tls),
		cmocka_unit_test(tls_without_the_key_gets_no_session),
		cmocka_unit_test(one_side_without_tls_gets_no_session),
		cmocka_unit_test(a_flipped_bit_under_tls_ends_the_session),
		cmocka_unit_test(certificates_are_enough),
		cmocka_unit_test(a_certificate_of_another_name_gets_no_session),
		cmocka_unit_test(a_certificate_by_a_stranger_gets_no_session),
		cmocka_unit_test(a_bad_file_is_named_in_one_line),
	};

	signal(SIGPIPE, SIG_IGN); /* as rooms do */
	hf_log_setup(&(struct hf_log_options){ .most = HF_ERROR });
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets of a volume's link: listens, connects, carries out the engine's actions and keeps its one
 * timer. The bytes of a connection are link_conn.c's.
 */
#include "replication/link/link_socket.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/hf_log.h"
#include "replication/link/link_conn.h"

#define BACKLOG         16
#define ACCEPTS_MAX     16 /* a wake-up */
#define STRANGER_FRAMES 16
/* What the system may hold of us that the network has not taken: a ping waits behind it. */
#define UNSENT_BYTES (512 << 10)

static void tcp_opened(struct link_tcp *c);
static void tls_step(struct link_tcp *c);
static void tcp_begun(struct link_tcp *c);

/* --- connections ----------------------------------------------------------------------------- */

static void
tcp_close(struct link_tcp *c)
{
	struct link_socket *s = c->s;

	hf_watch_free(c->readable);
	hf_watch_free(c->writable);
	link_tls_free(c->tls);
	close(c->fd);
	link_queue_free(c->queue);
	link_compress_free(c->compress);
	free(c->packed);
	if (c->data)
		s->ops->data_release(s->arg, c->data);
	c->readable = c->writable = NULL;
	c->tls = NULL;
	c->queue = NULL;
	c->compress = NULL;
	c->packed = NULL;
	c->data = NULL;
	c->fd = -1;
	c->serial = ++s->serial;
	c->up = false;
	/* Descriptors may have been short. */
	hf_watch_enable(s->listening, true);
}

void
link_socket_lost(struct link_tcp *c, enum link_why why)
{
	tcp_close(c);
	link_socket_handle(
		c->s, &(struct link_event){ .type = LINK_EV_CLOSED, .conn = c->index, .why = why });
}

static void
tcp_readable(void *arg, int fd)
{
	struct link_tcp *c = arg;
	struct link_socket *s = c->s;

	(void)fd;
	if (c->handshaking)
		tls_step(c);
	else
		link_conn_read(c);
	link_socket_flush(s);
}

static void
tcp_connected(struct link_tcp *c, int fd)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 || err != 0) {
		link_socket_lost(c, LINK_WHY_SYSTEM);
		return;
	}
	c->connecting = false;
	hf_watch_enable(c->writable, false);
	tcp_begun(c);
}

static void
tcp_writable(void *arg, int fd)
{
	struct link_tcp *c = arg;
	struct link_socket *s = c->s;
	uint64_t serial = c->serial;
	bool again = c->again;

	c->again = false;
	if (c->connecting)
		tcp_connected(c, fd);
	else if (c->handshaking)
		tls_step(c);
	else if (again)
		link_conn_read(c);
	if (c->serial == serial && !c->connecting && !c->handshaking && c->want_write)
		link_conn_write(c);
	link_socket_flush(s);
}

static void
set_options(int fd)
{
	int on = 1, unsent = UNSENT_BYTES;

	/* Each of them is for speed only. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
}

/* Takes the descriptor in any case. False: no memory. */
static bool
tcp_begin(struct link_socket *s, uint8_t conn, int fd, bool connecting)
{
	struct link_tcp *c = &s->conns[conn];

	assert(c->fd == -1);
	set_options(fd);
	memset(c, 0, sizeof(*c));
	c->s = s;
	c->index = conn;
	c->fd = fd;
	c->serial = ++s->serial;
	c->connecting = connecting;
	c->queue = link_queue_new(STRANGER_FRAMES, 0);
	c->readable = hf_watch_read(s->loop, HF_PRIO_NORMAL, fd, tcp_readable, c);
	c->writable = hf_watch_write(s->loop, HF_PRIO_NORMAL, fd, tcp_writable, c);
	if (!c->queue || !c->readable || !c->writable)
		return false;
	hf_watch_enable(c->readable, !connecting);
	hf_watch_enable(c->writable, connecting);
	return true;
}

/* Bytes can flow. */
static void
tcp_opened(struct link_tcp *c)
{
	struct link_event ev = { .type = LINK_EV_OPENED, .conn = c->index, .certified = 0xff };

	if (getrandom(ev.nonce, sizeof(ev.nonce), 0) != (ssize_t)sizeof(ev.nonce)) {
		link_socket_lost(c, LINK_WHY_SYSTEM);
		return;
	}
	if (c->tls) {
		ev.certified = link_tls_certified(c->tls);
		if (!link_tls_binding(c->tls, ev.binding)) {
			link_socket_lost(c, LINK_WHY_TLS);
			return;
		}
	}
	hf_watch_enable(c->readable, true);
	link_socket_handle(c->s, &ev);
}

static void
tls_step(struct link_tcp *c)
{
	uint64_t serial = c->serial;
	int err = link_tls_handshake(c->tls);

	if (err && err != -EAGAIN) {
		link_socket_lost(c, LINK_WHY_TLS);
		return;
	}
	hf_watch_enable(c->writable, err && link_tls_wants_write(c->tls));
	if (err)
		return;
	c->handshaking = false;
	tcp_opened(c);
	/* The first frames may have come with the handshake's last bytes. */
	if (c->serial == serial)
		link_conn_read(c);
}

/* TCP is there. */
static void
tcp_begun(struct link_tcp *c)
{
	enum link_role role = c->s->engine.conns[c->index].role;

	if (!c->s->options.tls) {
		tcp_opened(c);
		return;
	}
	c->tls = link_tls_new(c->s->options.tls, c->fd, role);
	if (!c->tls) {
		link_socket_lost(c, LINK_WHY_SYSTEM);
		return;
	}
	c->handshaking = true;
	hf_watch_enable(c->readable, true);
	tls_step(c);
}

static int
open_socket(const struct link_endpoint *to, const struct link_endpoint *from)
{
	struct sockaddr_storage ss;
	socklen_t len = hf_addr_sockaddr(&from->addr, 0, &ss);
	int fd = socket(to->addr.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* From the address that the configuration names; without one the routes decide. */
	if (from->addr.family == to->addr.family && bind(fd, (const struct sockaddr *)&ss, len) < 0)
		goto fail;
	len = hf_addr_sockaddr(&to->addr, to->port, &ss);
	if (connect(fd, (const struct sockaddr *)&ss, len) == 0 || errno == EINPROGRESS)
		return fd;
fail:
	len = (socklen_t)errno;
	close(fd);
	return -(int)len;
}

static void
tcp_connect(struct link_socket *s, uint8_t conn, uint8_t peer)
{
	struct link_event failed = { .type = LINK_EV_CLOSED, .conn = conn, .why = LINK_WHY_SYSTEM };
	int fd = open_socket(&s->options.nodes[peer], &s->options.nodes[s->options.model.node]);

	if (fd < 0)
		link_socket_handle(s, &failed);
	else if (!tcp_begin(s, conn, fd, true))
		link_socket_lost(&s->conns[conn], LINK_WHY_SYSTEM);
}

static void
accept_one(struct link_socket *s, int fd)
{
	uint8_t conn = link_free_conn(&s->engine);

	if (conn == LINK_NO_CONN) {
		close(fd);
		return;
	}
	link_socket_handle(s, &(struct link_event){ .type = LINK_EV_INCOMING, .conn = conn });
	if (tcp_begin(s, conn, fd, false))
		tcp_begun(&s->conns[conn]);
	else
		link_socket_lost(&s->conns[conn], LINK_WHY_SYSTEM);
}

static void
listening_readable(void *arg, int listen_fd)
{
	struct link_socket *s = arg;

	for (int i = 0; i < ACCEPTS_MAX; i++) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			accept_one(s, fd);
			continue;
		}
		/* Out of descriptors: the next connection that ends brings one. */
		if (errno == EMFILE || errno == ENFILE)
			hf_watch_enable(s->listening, false);
		break;
	}
	link_socket_flush(s);
}

/* --- what the engine says -------------------------------------------------------------------- */

static void
send_own(struct link_tcp *c, const struct link_own *own)
{
	uint8_t body[LINK_BODY_MAX];
	struct link_header h = { 0 };
	int len = link_own_encode(own, body, &h);

	if (c->fd == -1)
		return;
	assert(len >= 0);
	/* A ping that has no room is not missed: what fills the queue is a sign of life too. */
	(void)link_queue_push(c->queue, &h, body, NULL, NULL);
}

static const char *
node_name(const struct link_socket *s, uint8_t node)
{
	const char *name = node < VOLUME_NODES_MAX ? s->options.node_names[node] : NULL;

	return name ? name : "?";
}

/* A queue for a session, with what the handshake still has to send, and the means to pack. */
static bool
session_begin(struct link_tcp *c, uint64_t features)
{
	struct link_socket *s = c->s;
	enum link_method method = s->options.compress;
	bool pack = method != LINK_PLAIN && (features & UINT64_C(1) << method) != 0;
	struct link_queue *queue = link_queue_new(s->options.queue_frames, s->options.queue_bytes);

	c->compress = link_compress_new(method == LINK_PLAIN ? LINK_LZ4 : method);
	c->packed = malloc(LINK_DATA_MAX);
	if (!queue || !c->compress || !c->packed) {
		link_queue_free(queue);
		return false;
	}
	link_queue_take(queue, c->queue);
	link_queue_session(queue, c->session);
	link_queue_release_with(queue, s->ops->data_release, s->arg);
	if (pack)
		link_queue_compress(queue, c->compress);
	link_queue_free(c->queue);
	c->queue = queue;
	return true;
}

static void
do_up(struct link_socket *s, const struct link_action *a)
{
	struct link_tcp *c = &s->conns[a->conn];

	c->peer = a->peer;
	if (!session_begin(c, a->features)) {
		link_socket_lost(c, LINK_WHY_SYSTEM);
		return;
	}
	c->up = s->announced[a->peer] = true;
	s->said[a->peer] = LINK_WHY_NONE;
	hf_log(HF_NOTICE, s->options.name, "link with %s is up", node_name(s, a->peer));
	s->ops->up(s->arg, a->peer);
}

static void
do_down(struct link_socket *s, const struct link_action *a)
{
	s->conns[a->conn].up = false;
	s->whys[a->why]++;
	s->theirs[a->peer] = false;
	s->said[a->peer] = a->why;
	hf_log(a->why == LINK_WHY_ORDERED || a->why == LINK_WHY_STOPPED ? HF_NOTICE : HF_WARNING,
	       s->options.name, "link with %s is down: reason=%s (%s)", node_name(s, a->peer),
	       link_why_code(a->why), link_why_text(a->why));
	if (!s->announced[a->peer])
		return; /* it failed before anybody heard of it */
	s->announced[a->peer] = false;
	s->ops->down(s->arg, a->peer, a->why);
}

static void
do_note(struct link_socket *s, const struct link_action *a)
{
	s->whys[a->why]++;
	if (a->peer == LINK_NO_CONN) {
		hf_log(HF_INFO, s->options.name, "refused a connection: reason=%s (%s)",
		       link_why_code(a->why), link_why_text(a->why));
		return;
	}
	s->theirs[a->peer] = a->theirs;
	if (s->said[a->peer] == a->why)
		return; /* attempts go on and on */
	s->said[a->peer] = a->why;
	hf_log(HF_WARNING, s->options.name, "no link with %s: reason=%s%s (%s)",
	       node_name(s, a->peer), link_why_code(a->why), a->theirs ? " there" : "",
	       link_why_text(a->why));
}

static void
do_close(struct link_tcp *c)
{
	if (c->fd == -1)
		return;
	if (!c->connecting && !c->handshaking)
		link_conn_last_words(c);
	tcp_close(c);
}

static void
carry_out(struct link_socket *s, const struct link_action *a)
{
	switch (a->type) {
	case LINK_DO_CONNECT:
		tcp_connect(s, a->conn, a->peer);
		break;
	case LINK_DO_SEND:
		send_own(&s->conns[a->conn], &a->own);
		break;
	case LINK_DO_SESSION:
		s->conns[a->conn].session = a->session;
		break;
	case LINK_DO_CLOSE:
		do_close(&s->conns[a->conn]);
		break;
	case LINK_DO_UP:
		do_up(s, a);
		break;
	case LINK_DO_DOWN:
		do_down(s, a);
		break;
	case LINK_DO_NOTE:
		do_note(s, a);
		break;
	}
}

void
link_socket_handle(struct link_socket *s, const struct link_event *ev)
{
	struct link_actions out;

	out.n = 0;
	link_handle(&s->engine, ev, hf_time_now(), &out);
	for (size_t i = 0; i < out.n; i++)
		carry_out(s, &out.list[i]);
	hf_timer_set(s->timer, link_next_due(&s->engine));
}

static void
timer_fired(void *arg)
{
	struct link_socket *s = arg;

	link_socket_handle(s, &(struct link_event){ .type = LINK_EV_TIMER });
	link_socket_flush(s);
}

/* --- for the volume -------------------------------------------------------------------------- */

static struct link_tcp *
session_of(const struct link_socket *s, uint8_t peer)
{
	uint8_t conn = peer < VOLUME_NODES_MAX ? s->engine.peers[peer].conn : LINK_NO_CONN;

	if (conn == LINK_NO_CONN || !s->conns[conn].up)
		return NULL;
	return (struct link_tcp *)&s->conns[conn];
}

static int
start_listening(struct link_socket *s)
{
	const struct link_endpoint *own = &s->options.nodes[s->options.model.node];
	struct sockaddr_storage ss;
	socklen_t len = hf_addr_sockaddr(&own->addr, own->port, &ss);
	struct hf_addr addr;
	int on = 1;

	s->listen_fd = socket(own->addr.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->listen_fd < 0)
		return -errno;
	if (setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(s->listen_fd, (const struct sockaddr *)&ss, len) < 0 ||
	    listen(s->listen_fd, BACKLOG) < 0)
		return -errno;
	len = sizeof(ss);
	if (getsockname(s->listen_fd, (struct sockaddr *)&ss, &len) < 0)
		return -errno;
	s->listening = hf_watch_read(s->loop, HF_PRIO_NORMAL, s->listen_fd, listening_readable, s);
	if (!s->listening)
		return -ENOMEM;
	hf_watch_enable(s->listening, true);
	return hf_addr_from_sockaddr(&ss, &addr, &s->port);
}

static int
draw(void *bytes, size_t len)
{
	return getrandom(bytes, len, 0) == (ssize_t)len ? 0 : -EIO;
}

int
link_socket_new(struct hf_loop *loop, const struct link_options *options,
		const struct link_socket_ops *ops, void *arg, struct link_socket **out)
{
	struct link_socket *s = calloc(1, sizeof(*s));
	struct link_model *model;
	int err;

	if (!s)
		return -ENOMEM;
	s->loop = loop;
	s->options = *options;
	s->ops = ops;
	s->arg = arg;
	s->listen_fd = -1;
	for (size_t i = 0; i < LINK_CONNS_MAX; i++)
		s->conns[i].fd = -1;
	if (s->options.queue_frames == 0)
		s->options.queue_frames = LINK_QUEUE_FRAMES;
	if (s->options.queue_bytes == 0)
		s->options.queue_bytes = LINK_QUEUE_BYTES;
	if (s->options.read_bytes == 0)
		s->options.read_bytes = LINK_READ_BYTES;
	model = &s->options.model;
	model->features = LINK_FEATURE_LZ4 | LINK_FEATURE_ZSTD;
	err = draw(&model->run, sizeof(model->run));
	if (!err)
		err = draw(&model->seed, sizeof(model->seed));
	if (err)
		goto out;
	link_engine_init(&s->engine, model);
	err = -ENOMEM;
	s->timer = hf_timer_new(loop, HF_PRIO_NORMAL, timer_fired, s);
	if (!s->timer)
		goto out;
	err = start_listening(s);
	if (err)
		goto out;
	*out = s;
	s = NULL;
out:
	link_socket_free(s);
	return err;
}

void
link_socket_free(struct link_socket *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < LINK_CONNS_MAX; i++) {
		if (s->conns[i].fd != -1)
			tcp_close(&s->conns[i]);
	}
	hf_watch_free(s->listening);
	if (s->listen_fd != -1)
		close(s->listen_fd);
	hf_timer_free(s->timer);
	explicit_bzero(s->options.model.key, sizeof(s->options.model.key));
	free(s);
}

uint16_t
link_socket_port(const struct link_socket *s)
{
	return s->port;
}

void
link_socket_set_node(struct link_socket *s, uint8_t node, const struct link_endpoint *endpoint)
{
	assert(node < VOLUME_NODES_MAX);
	s->options.nodes[node] = *endpoint;
}

static void
order(struct link_socket *s, enum link_event_type type, uint8_t peer)
{
	link_socket_handle(s, &(struct link_event){ .type = type, .peer = peer });
}

void
link_socket_allow(struct link_socket *s, uint8_t peer)
{
	order(s, LINK_EV_ALLOW, peer);
}

void
link_socket_forbid(struct link_socket *s, uint8_t peer)
{
	order(s, LINK_EV_FORBID, peer);
}

void
link_socket_reset(struct link_socket *s, uint8_t peer)
{
	order(s, LINK_EV_RESET, peer);
}

void
link_socket_stop(struct link_socket *s)
{
	order(s, LINK_EV_STOP, 0);
}

void
link_socket_send(struct link_socket *s, uint8_t peer, const struct link_msg *msg)
{
	struct link_tcp *c = session_of(s, peer);
	void **slot = link_msg_data((struct link_msg *)msg); /* only read here */
	uint8_t body[LINK_BODY_MAX];
	struct link_header h = { 0 };
	const uint8_t *bytes = NULL;
	void *data = NULL;

	if (!c || c->full)
		return;

	int len = link_msg_encode(msg, body, &h);

	assert(len >= 0); /* the volume made it */
	if (h.raw_len > 0) {
		assert(slot && *slot);
		data = s->ops->data_hold(s->arg, *slot);
		bytes = s->ops->data_bytes(s->arg, data);
	}
	if (link_queue_push(c->queue, &h, body, bytes, data)) {
		s->counts[peer].sent_frames++;
		return;
	}
	if (data)
		s->ops->data_release(s->arg, data);
	c->full = true;
}

void
link_socket_flush(struct link_socket *s)
{
	for (size_t i = 0; i < LINK_CONNS_MAX; i++) {
		struct link_tcp *c = &s->conns[i];

		if (c->fd != -1 && !c->connecting && !c->handshaking && !c->want_write &&
		    (c->full || link_queue_length(c->queue) > 0))
			link_conn_write(c);
	}
}

uint32_t
link_socket_room(const struct link_socket *s, uint8_t peer)
{
	struct link_tcp *c = session_of(s, peer);
	uint32_t room = c ? link_queue_room(c->queue) : 0;

	if (c && room == 0)
		c->starved = true;
	return room;
}

void
link_socket_resume(struct link_socket *s)
{
	for (size_t i = 0; i < LINK_CONNS_MAX; i++) {
		if (s->conns[i].fd != -1)
			link_conn_resume(&s->conns[i]);
	}
	link_socket_flush(s);
}

void
link_socket_status(const struct link_socket *s, uint8_t peer, struct link_status *status)
{
	const struct link_tcp *c = session_of(s, peer);
	const struct link_peer *p = &s->engine.peers[peer];

	*status = (struct link_status){
		.up = c != NULL,
		.last_why = p->last_why,
		.last_theirs = s->theirs[peer],
		.since = c ? p->up_since : HF_UNSET,
		.rtt_ns = p->rtt_ns,
		.queued = c ? link_queue_length(c->queue) : 0,
		.sessions = p->ups,
		.sent_bytes = s->counts[peer].sent_bytes,
		.received_bytes = s->counts[peer].received_bytes,
		.sent_frames = s->counts[peer].sent_frames,
		.received_frames = s->counts[peer].received_frames,
	};
}

uint64_t
link_socket_count(const struct link_socket *s, enum link_why why)
{
	return s->whys[why];
}

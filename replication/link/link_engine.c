/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections and sessions of one replica with its peers, pure. The handshake, as the connector
 * sees it: greeting out, greeting in, proof out, proof in. The acceptor speaks second each time, so
 * a stranger learns nothing before it has shown that it knows the volume.
 */
#include "replication/link/link_engine.h"

#include <assert.h>
#include <string.h>

#define STRANGERS_MAX 6 /* accepted, not authenticated yet */
#define PING_MS_MIN   10
#define PING_MS_MAX   60000

static_assert(LINK_CONNS_MAX >= STRANGERS_MAX + 2 * VOLUME_NODES_MAX,
	      "strangers never take the place of a peer");

struct link_model
link_model_defaults(void)
{
	return (struct link_model){
		.n_nodes = 2,
		.ping_idle_ns = HF_SECONDS(1),
		.ping_limit_ns = HF_SECONDS(2),
		.stall_ns = HF_SECONDS(30),
		.handshake_ns = HF_SECONDS(5),
		.retry_min_ns = HF_MILLIS(250),
		.retry_max_ns = HF_SECONDS(10),
	};
}

void
link_engine_init(struct link_engine *l, const struct link_model *model)
{
	assert(model->n_nodes <= VOLUME_NODES_MAX && model->node < model->n_nodes);
	assert(model->retry_min_ns > 0 && model->retry_min_ns <= model->retry_max_ns);
	assert(model->ping_idle_ns >= HF_MILLIS(PING_MS_MIN));
	assert(model->ping_idle_ns <= HF_MILLIS(PING_MS_MAX));
	memset(l, 0, sizeof(*l));
	l->model = model;
	l->random = model->seed | 1;
	for (size_t i = 0; i < VOLUME_NODES_MAX; i++) {
		l->peers[i].conn = l->peers[i].attempt_conn = LINK_NO_CONN;
		l->peers[i].retry_ns = model->retry_min_ns;
	}
}

void
link_check(const struct link_engine *l)
{
	for (uint8_t i = 0; i < VOLUME_NODES_MAX; i++) {
		const struct link_peer *p = &l->peers[i];

		assert(i != l->model->node || !p->wanted);
		if (p->conn != LINK_NO_CONN) {
			assert(l->conns[p->conn].state == LINK_CONN_UP);
			assert(l->conns[p->conn].peer == i);
		}
		if (p->attempt_conn != LINK_NO_CONN) {
			assert(l->conns[p->attempt_conn].state != LINK_CONN_FREE);
			assert(l->conns[p->attempt_conn].state != LINK_CONN_UP);
			assert(p->conn == LINK_NO_CONN);
		}
	}
	for (uint8_t i = 0; i < LINK_CONNS_MAX; i++) {
		const struct link_conn *c = &l->conns[i];

		assert((c->state == LINK_CONN_UP) ==
		       (c->state != LINK_CONN_FREE && c->peer != LINK_NO_CONN &&
			l->peers[c->peer].conn == i));
	}
}

static struct link_action *
act(struct link_actions *out, enum link_action_type type, uint8_t peer, uint8_t conn)
{
	assert(out->n < LINK_ACTIONS_MAX);

	struct link_action *a = &out->list[out->n++];

	memset(a, 0, sizeof(*a));
	a->type = type;
	a->peer = peer;
	a->conn = conn;
	return a;
}

static void
send_own(struct link_actions *out, uint8_t conn, const struct link_own *own)
{
	act(out, LINK_DO_SEND, LINK_NO_CONN, conn)->own = *own;
}

/* xorshift64: spreads the attempts of many volumes, nothing more. */
static uint64_t
next_random(struct link_engine *l)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return l->random;
}

/* The next attempt after three to five quarters of the pause, which doubles. */
static void
retry_later(struct link_engine *l, uint8_t peer, hf_time now)
{
	struct link_peer *p = &l->peers[peer];
	int64_t half = p->retry_ns / 2;

	if (!p->wanted || !link_connects(l->model, peer))
		return;
	p->retry_due = hf_after(now, p->retry_ns - half / 2 +
					     (int64_t)(next_random(l) % (uint64_t)(half + 1)));
	p->retry_ns *= 2;
	if (p->retry_ns > l->model->retry_max_ns)
		p->retry_ns = l->model->retry_max_ns;
}

/* What ends a connection, and how. */
struct ending {
	enum link_why why;
	bool theirs; /* the peer's reason */
	bool closed; /* the shell has closed it already */
	bool reject; /* tell the peer */
};

static void
end_session(struct link_engine *l, uint8_t conn, struct ending e, hf_time now,
	    struct link_actions *out)
{
	uint8_t peer = l->conns[conn].peer;
	struct link_peer *p = &l->peers[peer];

	p->conn = LINK_NO_CONN;
	/* One that lasted was a good one; sessions that end at once are attempts that failed. */
	if (hf_between(p->up_since, now) >= l->model->retry_max_ns)
		p->retry_ns = l->model->retry_min_ns;
	act(out, LINK_DO_DOWN, peer, conn)->why = e.why;
}

static void
end_attempt(struct link_engine *l, uint8_t conn, struct ending e, struct link_actions *out)
{
	uint8_t peer = l->conns[conn].peer;

	if (e.reject)
		send_own(out, conn,
			 &(struct link_own){ .type = LINK_REJECT, .why = (uint8_t)e.why });

	struct link_action *note = act(out, LINK_DO_NOTE, peer, conn);

	note->why = e.why;
	note->theirs = e.theirs;
	if (peer != LINK_NO_CONN && l->peers[peer].attempt_conn == conn)
		l->peers[peer].attempt_conn = LINK_NO_CONN;
}

static void
end_conn(struct link_engine *l, uint8_t conn, struct ending e, hf_time now,
	 struct link_actions *out)
{
	struct link_conn *c = &l->conns[conn];
	uint8_t peer = c->peer;
	bool mine = c->role == LINK_CONNECTS;

	assert(c->state != LINK_CONN_FREE);
	if (c->state == LINK_CONN_UP)
		end_session(l, conn, e, now, out);
	else
		end_attempt(l, conn, e, out);
	if (peer != LINK_NO_CONN)
		l->peers[peer].last_why = e.why;
	if (!e.closed)
		act(out, LINK_DO_CLOSE, peer, conn);
	memset(c, 0, sizeof(*c));
	if (mine)
		retry_later(l, peer, now);
}

uint8_t
link_free_conn(const struct link_engine *l)
{
	for (uint8_t i = 0; i < LINK_CONNS_MAX; i++) {
		if (l->conns[i].state == LINK_CONN_FREE)
			return i;
	}
	return LINK_NO_CONN;
}

static void
open_conn(struct link_engine *l, uint8_t conn, enum link_role role, uint8_t peer, hf_time now)
{
	struct link_conn *c = &l->conns[conn];

	assert(conn < LINK_CONNS_MAX && c->state == LINK_CONN_FREE);
	memset(c, 0, sizeof(*c));
	c->state = LINK_CONN_OPENING;
	c->role = role;
	c->peer = peer;
	c->handshake_due = hf_after(now, l->model->handshake_ns);
}

static void
connect_to(struct link_engine *l, uint8_t peer, hf_time now, struct link_actions *out)
{
	struct link_peer *p = &l->peers[peer];
	uint8_t conn = link_free_conn(l);

	assert(conn != LINK_NO_CONN);
	p->retry_due = HF_UNSET;
	p->attempt_conn = conn;
	open_conn(l, conn, LINK_CONNECTS, peer, now);
	act(out, LINK_DO_CONNECT, peer, conn);
}

/* --- handshake ------------------------------------------------------------------------------- */

static void
send_greeting(struct link_engine *l, uint8_t conn, const uint8_t nonce[LINK_NONCE_BYTES],
	      struct link_actions *out)
{
	const struct link_model *m = l->model;
	struct link_conn *c = &l->conns[conn];
	struct link_own own = {
		.type = LINK_GREETING,
		.greeting = { .version_min = LINK_VERSION_MIN,
			      .version_max = LINK_VERSION,
			      .features = m->features,
			      .from = m->node,
			      .to = c->peer,
			      .role = (uint8_t)c->role,
			      .run = m->run,
			      .attempt = ++l->attempts,
			      .ping_ms = (uint32_t)(m->ping_idle_ns / HF_MILLIS(1)) },
	};
	uint8_t body[LINK_BODY_MAX];
	struct link_header header = { 0 };
	int len;

	memcpy(own.greeting.volume_id, m->volume_id, sizeof(m->volume_id));
	memcpy(own.greeting.nonce, nonce, LINK_NONCE_BYTES);
	len = link_own_encode(&own, body, &header);
	assert(len > 0 && len <= LINK_GREETING_MAX);
	if (c->role == LINK_CONNECTS) {
		memcpy(c->transcript.connector, body, (size_t)len);
		c->transcript.connector_len = (size_t)len;
	} else {
		memcpy(c->transcript.acceptor, body, (size_t)len);
		c->transcript.acceptor_len = (size_t)len;
	}
	send_own(out, conn, &own);
}

static void
opened(struct link_engine *l, const struct link_event *ev, struct link_actions *out)
{
	struct link_conn *c = &l->conns[ev->conn];

	assert(c->state == LINK_CONN_OPENING);
	c->state = LINK_CONN_GREETING;
	c->certified = ev->certified;
	memcpy(c->transcript.binding, ev->binding, sizeof(c->transcript.binding));
	if (c->role == LINK_CONNECTS) {
		send_greeting(l, ev->conn, ev->nonce, out);
		return;
	}
	memcpy(c->nonce, ev->nonce, LINK_NONCE_BYTES); /* for our greeting, the second one */
}

/* Who the sender claims to be, and whether that one belongs at the other end of this connection. */
static enum link_why
greeting_fits(const struct link_engine *l, const struct link_conn *c, const struct link_greeting *g)
{
	const struct link_model *m = l->model;

	if (g->version_min > LINK_VERSION || g->version_max < LINK_VERSION_MIN)
		return LINK_WHY_VERSION;
	if (g->role == c->role || g->ping_ms < PING_MS_MIN || g->ping_ms > PING_MS_MAX)
		return LINK_WHY_FIELD;
	if (memcmp(g->volume_id, m->volume_id, sizeof(m->volume_id)) != 0)
		return LINK_WHY_VOLUME;
	if (g->to != m->node || g->from >= m->n_nodes || g->from == m->node)
		return LINK_WHY_NODE;
	if (c->role == LINK_CONNECTS ? g->from != c->peer : link_connects(m, g->from))
		return LINK_WHY_NODE;
	if (!(c->certified & 1U << g->from))
		return LINK_WHY_NODE;
	if (!l->peers[g->from].wanted)
		return LINK_WHY_REFUSED;
	if (g->run == l->peers[g->from].run && g->attempt <= l->peers[g->from].attempt)
		return LINK_WHY_STALE;
	return LINK_WHY_NONE;
}

static void
send_proof(struct link_engine *l, uint8_t conn, struct link_actions *out)
{
	const struct link_conn *c = &l->conns[conn];
	struct link_own own = { .type = LINK_PROOF };

	link_auth_proof(l->model->key, l->model->key_len, &c->transcript, c->role, own.proof);
	send_own(out, conn, &own);
}

static void
got_greeting(struct link_engine *l, const struct link_event *ev, const struct link_greeting *g,
	     hf_time now, struct link_actions *out)
{
	struct link_conn *c = &l->conns[ev->conn];
	enum link_why why = greeting_fits(l, c, g);
	size_t len = ev->header->body_len;

	if (why) {
		end_conn(l, ev->conn, (struct ending){ .why = why, .reject = true }, now, out);
		return;
	}
	assert(len <= LINK_GREETING_MAX);
	c->peer = g->from;
	c->features = g->features & l->model->features;
	c->run = g->run;
	c->attempt = g->attempt;
	c->silence_ns = HF_MILLIS(g->ping_ms) + l->model->ping_limit_ns;
	c->state = LINK_CONN_PROOF;
	if (c->role == LINK_ACCEPTS) {
		memcpy(c->transcript.connector, ev->body, len);
		c->transcript.connector_len = len;
		send_greeting(l, ev->conn, c->nonce, out);
		return;
	}
	memcpy(c->transcript.acceptor, ev->body, len);
	c->transcript.acceptor_len = len;
	send_proof(l, ev->conn, out);
}

static void
session_begins(struct link_engine *l, uint8_t conn, hf_time now, struct link_actions *out)
{
	const struct link_model *m = l->model;
	struct link_conn *c = &l->conns[conn];
	struct link_peer *p = &l->peers[c->peer];

	if (p->conn != LINK_NO_CONN)
		end_conn(l, p->conn, (struct ending){ .why = LINK_WHY_REPLACED }, now, out);
	if (p->attempt_conn == conn)
		p->attempt_conn = LINK_NO_CONN;
	c->state = LINK_CONN_UP;
	c->handshake_due = HF_UNSET;
	c->last_heard = c->last_sent = now;
	p->conn = conn;
	p->up_since = now;
	p->run = c->run;
	p->attempt = c->attempt;
	p->rtt_ns = 0;
	p->ups++;
	act(out, LINK_DO_SESSION, c->peer, conn)->session =
		link_auth_session(m->key, m->key_len, &c->transcript);
	act(out, LINK_DO_UP, c->peer, conn)->features = c->features;
}

static void
got_proof(struct link_engine *l, const struct link_event *ev, const uint8_t *proof, hf_time now,
	  struct link_actions *out)
{
	const struct link_conn *c = &l->conns[ev->conn];
	enum link_role other = c->role == LINK_CONNECTS ? LINK_ACCEPTS : LINK_CONNECTS;
	uint8_t expected[LINK_PROOF_BYTES];
	enum link_why why = LINK_WHY_NONE;

	link_auth_proof(l->model->key, l->model->key_len, &c->transcript, other, expected);
	if (!link_auth_equal(proof, expected))
		why = LINK_WHY_AUTH;
	else if (!l->peers[c->peer].wanted)
		why = LINK_WHY_REFUSED;
	else if (c->run == l->peers[c->peer].run && c->attempt <= l->peers[c->peer].attempt)
		why = LINK_WHY_STALE; /* a later one was faster */
	if (why) {
		end_conn(l, ev->conn, (struct ending){ .why = why, .reject = true }, now, out);
		return;
	}
	if (c->role == LINK_ACCEPTS)
		send_proof(l, ev->conn, out);
	session_begins(l, ev->conn, now, out);
}

static void
got_pong(struct link_engine *l, uint8_t conn, uint64_t sent_ns, hf_time now)
{
	if (sent_ns <= (uint64_t)now.ns)
		l->peers[l->conns[conn].peer].rtt_ns = now.ns - (int64_t)sent_ns;
}

static void
got_frame(struct link_engine *l, const struct link_event *ev, hf_time now, struct link_actions *out)
{
	struct link_own own;
	enum link_why why = link_own_decode(ev->header, ev->body, &own);

	if (why) {
		bool reject = l->conns[ev->conn].state != LINK_CONN_UP;

		end_conn(l, ev->conn, (struct ending){ .why = why, .reject = reject }, now, out);
		return;
	}
	switch (own.type) {
	case LINK_GREETING:
		got_greeting(l, ev, &own.greeting, now, out);
		break;
	case LINK_PROOF:
		got_proof(l, ev, own.proof, now, out);
		break;
	case LINK_PING:
		own.type = LINK_PONG;
		send_own(out, ev->conn, &own);
		break;
	case LINK_PONG:
		got_pong(l, ev->conn, own.ping, now);
		break;
	case LINK_REJECT:
		why = own.why == LINK_WHY_NONE ? LINK_WHY_REFUSED : (enum link_why)own.why;
		end_conn(l, ev->conn, (struct ending){ .why = why, .theirs = true }, now, out);
		break;
	case LINK_OWN_END:
		break;
	}
}

enum link_why
link_frame_allowed(struct link_engine *l, uint8_t conn, const struct link_header *h)
{
	struct link_conn *c = &l->conns[conn];
	bool fits = false;

	if (h->sequence != c->received)
		return LINK_WHY_SEQUENCE;
	c->received++;
	switch (c->state) {
	case LINK_CONN_FREE:
	case LINK_CONN_OPENING:
		break;
	case LINK_CONN_GREETING:
		fits = h->type == LINK_GREETING || h->type == LINK_REJECT;
		break;
	case LINK_CONN_PROOF:
		fits = h->type == LINK_PROOF || h->type == LINK_REJECT;
		break;
	case LINK_CONN_UP:
		if (h->method != LINK_PLAIN && !(c->features & UINT64_C(1) << h->method))
			return LINK_WHY_METHOD;
		fits = link_type_is_msg(h->type) || h->type == LINK_PING || h->type == LINK_PONG;
		break;
	}
	return fits ? LINK_WHY_NONE : LINK_WHY_UNEXPECTED;
}

/* --- life and time --------------------------------------------------------------------------- */

void
link_heard(struct link_engine *l, uint8_t conn, hf_time now)
{
	l->conns[conn].last_heard = now;
}

void
link_sent(struct link_engine *l, uint8_t conn, bool progress, bool waiting, hf_time now)
{
	struct link_conn *c = &l->conns[conn];

	if (progress)
		c->last_sent = now;
	if (!waiting)
		c->stall_since = HF_UNSET;
	else if (progress || !hf_is_set(c->stall_since))
		c->stall_since = now;
}

void
link_paused(struct link_engine *l, uint8_t conn, bool paused, hf_time now)
{
	l->conns[conn].paused = paused;
	l->conns[conn].last_heard = now;
}

static hf_time
silent_due(const struct link_conn *c)
{
	return c->paused ? HF_NEVER : hf_after(c->last_heard, c->silence_ns);
}

static hf_time
stall_due(const struct link_engine *l, const struct link_conn *c)
{
	return hf_is_set(c->stall_since) ? hf_after(c->stall_since, l->model->stall_ns) : HF_NEVER;
}

static hf_time
conn_due(const struct link_engine *l, const struct link_conn *c)
{
	if (c->state == LINK_CONN_FREE)
		return HF_NEVER;
	if (c->state != LINK_CONN_UP)
		return c->handshake_due;

	/* With something on its way there is nothing for a ping to add. */
	hf_time ping = hf_is_set(c->stall_since) ? HF_NEVER
						 : hf_after(c->last_sent, l->model->ping_idle_ns);

	return hf_earlier(hf_earlier(silent_due(c), ping), stall_due(l, c));
}

hf_time
link_next_due(const struct link_engine *l)
{
	hf_time due = HF_NEVER;

	for (size_t i = 0; i < LINK_CONNS_MAX; i++)
		due = hf_earlier(due, conn_due(l, &l->conns[i]));
	for (size_t i = 0; i < VOLUME_NODES_MAX; i++)
		due = hf_earlier(due, l->peers[i].retry_due);
	return due;
}

static void
conn_timer(struct link_engine *l, uint8_t conn, hf_time now, struct link_actions *out)
{
	struct link_conn *c = &l->conns[conn];

	if (!hf_reached(now, conn_due(l, c)))
		return;
	if (c->state != LINK_CONN_UP) {
		end_conn(l, conn, (struct ending){ .why = LINK_WHY_SLOW }, now, out);
	} else if (hf_reached(now, silent_due(c))) {
		end_conn(l, conn, (struct ending){ .why = LINK_WHY_SILENT }, now, out);
	} else if (hf_reached(now, stall_due(l, c))) {
		end_conn(l, conn, (struct ending){ .why = LINK_WHY_STALLED }, now, out);
	} else {
		c->last_sent = now;
		send_own(out, conn,
			 &(struct link_own){ .type = LINK_PING, .ping = (uint64_t)now.ns });
	}
}

static void
timer(struct link_engine *l, hf_time now, struct link_actions *out)
{
	for (uint8_t i = 0; i < LINK_CONNS_MAX; i++)
		conn_timer(l, i, now, out);
	for (uint8_t i = 0; i < VOLUME_NODES_MAX; i++) {
		if (hf_reached(now, l->peers[i].retry_due))
			connect_to(l, i, now, out);
	}
}

/* --- orders ---------------------------------------------------------------------------------- */

static void
end_all_with(struct link_engine *l, uint8_t peer, enum link_why why, hf_time now,
	     struct link_actions *out)
{
	for (uint8_t i = 0; i < LINK_CONNS_MAX; i++) {
		if (l->conns[i].state != LINK_CONN_FREE && l->conns[i].peer == peer)
			end_conn(l, i, (struct ending){ .why = why }, now, out);
	}
}

static void
allow(struct link_engine *l, uint8_t peer, hf_time now, struct link_actions *out)
{
	struct link_peer *p = &l->peers[peer];

	assert(peer < l->model->n_nodes && peer != l->model->node);
	p->wanted = true;
	p->retry_ns = l->model->retry_min_ns;
	if (link_connects(l->model, peer) && p->conn == LINK_NO_CONN &&
	    p->attempt_conn == LINK_NO_CONN)
		connect_to(l, peer, now, out);
}

static void
forbid(struct link_engine *l, uint8_t peer, enum link_why why, hf_time now,
       struct link_actions *out)
{
	l->peers[peer].wanted = false;
	end_all_with(l, peer, why, now, out);
	l->peers[peer].retry_due = HF_UNSET;
}

/* A flood of strangers pushes out the oldest of them, never a session. */
static void
incoming(struct link_engine *l, uint8_t conn, hf_time now, struct link_actions *out)
{
	uint8_t oldest = LINK_NO_CONN, strangers = 0;

	for (uint8_t i = 0; i < LINK_CONNS_MAX; i++) {
		const struct link_conn *c = &l->conns[i];

		if (c->state == LINK_CONN_FREE || c->state == LINK_CONN_UP ||
		    c->role != LINK_ACCEPTS)
			continue;
		strangers++;
		if (oldest == LINK_NO_CONN ||
		    hf_between(c->handshake_due, l->conns[oldest].handshake_due) > 0)
			oldest = i;
	}
	if (strangers >= STRANGERS_MAX)
		end_conn(l, oldest, (struct ending){ .why = LINK_WHY_CROWDED }, now, out);
	open_conn(l, conn, LINK_ACCEPTS, LINK_NO_CONN, now);
}

static void
stop(struct link_engine *l, hf_time now, struct link_actions *out)
{
	l->stopped = true;
	for (uint8_t i = 0; i < VOLUME_NODES_MAX; i++)
		forbid(l, i, LINK_WHY_STOPPED, now, out);
	end_all_with(l, LINK_NO_CONN, LINK_WHY_STOPPED, now, out);
}

void
link_handle(struct link_engine *l, const struct link_event *ev, hf_time now,
	    struct link_actions *out)
{
	link_check(l);
	switch (ev->type) {
	case LINK_EV_ALLOW:
		if (!l->stopped)
			allow(l, ev->peer, now, out);
		break;
	case LINK_EV_FORBID:
		forbid(l, ev->peer, LINK_WHY_ORDERED, now, out);
		break;
	case LINK_EV_RESET:
		end_all_with(l, ev->peer, ev->why ? ev->why : LINK_WHY_ORDERED, now, out);
		break;
	case LINK_EV_INCOMING:
		incoming(l, ev->conn, now, out);
		break;
	case LINK_EV_OPENED:
		opened(l, ev, out);
		break;
	case LINK_EV_FRAME:
		got_frame(l, ev, now, out);
		break;
	case LINK_EV_CLOSED:
		end_conn(l, ev->conn, (struct ending){ .why = ev->why, .closed = true }, now, out);
		break;
	case LINK_EV_BAD:
		end_conn(l, ev->conn, (struct ending){ .why = ev->why }, now, out);
		break;
	case LINK_EV_TIMER:
		timer(l, now, out);
		break;
	case LINK_EV_STOP:
		stop(l, now, out);
		break;
	}
	link_check(l);
}

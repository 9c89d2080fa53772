/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replicas A, B and C on a simulated network with a virtual clock: each runs the real engine, and
 * frames travel as encoded bytes. What happens is written down as text:
 *
 *   [0.004000] A: up with B
 */
#include "replication/link/link_engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WIRES_MAX   32
#define FLIGHTS_MAX 256
#define TEXT_MAX    8192

enum flight_kind { FLIGHT_OPEN, FLIGHT_FRAME, FLIGHT_CLOSE };

/* A connection: an end at the node that made it (0) and one at the other (1). */
struct wire {
	uint8_t node[2], conn[2];
	bool open[2];
	uint64_t sent[2]; /* frames */
	uint32_t session[2];
};

struct flight {
	hf_time at;
	enum flight_kind kind;
	size_t wire;
	int to; /* end */
	uint8_t header[LINK_HEADER_BYTES], body[LINK_BODY_MAX];
};

struct world {
	hf_time now;
	struct link_model models[VOLUME_NODES_MAX];
	struct link_engine engines[VOLUME_NODES_MAX];
	bool deaf[VOLUME_NODES_MAX];        /* what is sent to it gets lost */
	bool full[VOLUME_NODES_MAX];        /* what it sends stays in its queue */
	bool unreachable[VOLUME_NODES_MAX]; /* connecting to it fails */
	int64_t delay_ns[VOLUME_NODES_MAX]; /* of what is sent to it */
	size_t n_wires, n_flights;
	struct wire wires[WIRES_MAX];
	struct flight flights[FLIGHTS_MAX];
	bool pings; /* written down */
	uint8_t nonce;
	char text[TEXT_MAX];
	size_t text_len;
};

static void run_actions(struct world *w, uint8_t node, const struct link_actions *out);

__attribute__((format(printf, 3, 4))) static void
say(struct world *w, uint8_t node, const char *fmt, ...)
{
	va_list ap;
	size_t left = TEXT_MAX - w->text_len;

	w->text_len += (size_t)snprintf(w->text + w->text_len, left,
					"[%.6f] %c: ", (double)(w->now.ns - HF_SECONDS(100)) / 1e9,
					'A' + node);
	va_start(ap, fmt);
	w->text_len += (size_t)vsnprintf(w->text + w->text_len, TEXT_MAX - w->text_len, fmt, ap);
	va_end(ap);
	assert_true(w->text_len < TEXT_MAX);
}

static void
handle(struct world *w, uint8_t node, const struct link_event *ev)
{
	struct link_actions out = { 0 };

	link_handle(&w->engines[node], ev, w->now, &out);
	run_actions(w, node, &out);
}

static void
fly(struct world *w, size_t wire, int to, enum flight_kind kind, const struct flight *content)
{
	struct flight *f = &w->flights[w->n_flights];

	assert_true(w->n_flights < FLIGHTS_MAX);
	if (content)
		*f = *content;
	f->kind = kind;
	f->wire = wire;
	f->to = to;
	f->at = hf_after(w->now, w->delay_ns[w->wires[wire].node[to]]);
	w->n_flights++;
}

/* The wire and end of this node's connection; the latest, because numbers are used again. */
static struct wire *
wire_of(struct world *w, uint8_t node, uint8_t conn, int *end)
{
	for (size_t i = w->n_wires; i-- > 0;) {
		for (*end = 0; *end < 2; (*end)++) {
			struct wire *wire = &w->wires[i];

			if (wire->node[*end] == node && wire->conn[*end] == conn &&
			    wire->open[*end])
				return wire;
		}
	}
	return NULL;
}

static void
do_connect(struct world *w, uint8_t node, const struct link_action *a)
{
	struct wire *wire = &w->wires[w->n_wires];

	assert_true(w->n_wires < WIRES_MAX);
	*wire = (struct wire){ .node = { node, a->peer }, .conn = { a->conn, LINK_NO_CONN } };
	wire->open[0] = true;
	fly(w, w->n_wires++, 1, FLIGHT_OPEN, NULL);
}

static void
do_send(struct world *w, uint8_t node, uint8_t conn, const struct link_own *own)
{
	int end;
	struct wire *wire = wire_of(w, node, conn, &end);
	struct flight f = { 0 };
	struct link_header h = { 0 };

	if (!wire)
		return;
	if (w->full[node]) {
		link_sent(&w->engines[node], conn, false, true, w->now);
		return;
	}
	assert_true(link_own_encode(own, f.body, &h) >= 0);
	h.sequence = wire->sent[end]++;
	link_header_encode(&h, wire->session[end], f.header);
	fly(w, (size_t)(wire - w->wires), 1 - end, FLIGHT_FRAME, &f);
	if (w->pings && own->type == LINK_PING)
		say(w, node, "ping\n");
	link_sent(&w->engines[node], conn, true, false, w->now);
}

static void
do_close(struct world *w, uint8_t node, uint8_t conn)
{
	int end;
	struct wire *wire = wire_of(w, node, conn, &end);

	if (!wire)
		return;
	wire->open[end] = false;
	fly(w, (size_t)(wire - w->wires), 1 - end, FLIGHT_CLOSE, NULL);
}

static void
run_actions(struct world *w, uint8_t node, const struct link_actions *out)
{
	for (size_t i = 0; i < out->n; i++) {
		const struct link_action *a = &out->list[i];
		char peer = (char)(a->peer == LINK_NO_CONN ? '?' : 'A' + a->peer);
		struct wire *wire;
		int end;

		switch (a->type) {
		case LINK_DO_CONNECT:
			say(w, node, "connect %c\n", peer);
			do_connect(w, node, a);
			break;
		case LINK_DO_SEND:
			do_send(w, node, a->conn, &a->own);
			break;
		case LINK_DO_SESSION:
			wire = wire_of(w, node, a->conn, &end);
			if (wire)
				wire->session[end] = a->session;
			break;
		case LINK_DO_CLOSE:
			do_close(w, node, a->conn);
			break;
		case LINK_DO_UP:
			say(w, node, "up with %c\n", peer);
			break;
		case LINK_DO_DOWN:
			say(w, node, "down with %c (%s)\n", peer, link_why_code(a->why));
			break;
		case LINK_DO_NOTE:
			say(w, node, "no session with %c (%s%s)\n", peer, link_why_code(a->why),
			    a->theirs ? ", it says" : "");
			break;
		}
	}
}

static void
open_end(struct world *w, struct wire *wire, int end)
{
	struct link_event ev = { .type = LINK_EV_OPENED, .conn = wire->conn[end], .certified = 7 };

	memset(ev.nonce, ++w->nonce, sizeof(ev.nonce));
	handle(w, wire->node[end], &ev);
}

static void
land_open(struct world *w, struct wire *wire)
{
	uint8_t node = wire->node[1];

	if (!wire->open[0])
		return;
	if (w->unreachable[node]) {
		wire->open[0] = false;
		handle(w, wire->node[0],
		       &(struct link_event){ .type = LINK_EV_CLOSED,
					     .conn = wire->conn[0],
					     .why = LINK_WHY_SYSTEM });
		return;
	}
	wire->conn[1] = link_free_conn(&w->engines[node]);
	assert_int_not_equal(wire->conn[1], LINK_NO_CONN);
	wire->open[1] = true;
	handle(w, node, &(struct link_event){ .type = LINK_EV_INCOMING, .conn = wire->conn[1] });
	open_end(w, wire, 1);
	open_end(w, wire, 0);
}

static void
land_frame(struct world *w, struct wire *wire, const struct flight *f)
{
	uint8_t node = wire->node[f->to], conn = wire->conn[f->to];
	struct link_engine *l = &w->engines[node];
	struct link_event ev = { .type = LINK_EV_FRAME, .conn = conn, .body = f->body };
	struct link_header h;

	ev.why = link_header_decode(f->header, wire->session[f->to], &h);
	if (!ev.why)
		ev.why = link_frame_allowed(l, conn, &h);
	if (ev.why)
		ev.type = LINK_EV_BAD;
	ev.header = &h;
	link_heard(l, conn, w->now);
	handle(w, node, &ev);
}

static void
land(struct world *w, const struct flight *f)
{
	struct wire *wire = &w->wires[f->wire];

	if (w->deaf[wire->node[f->to]] || (f->kind != FLIGHT_OPEN && !wire->open[f->to]))
		return;
	switch (f->kind) {
	case FLIGHT_OPEN:
		land_open(w, wire);
		break;
	case FLIGHT_FRAME:
		land_frame(w, wire, f);
		break;
	case FLIGHT_CLOSE:
		wire->open[f->to] = false;
		handle(w, wire->node[f->to],
		       &(struct link_event){ .type = LINK_EV_CLOSED,
					     .conn = wire->conn[f->to],
					     .why = LINK_WHY_CLOSED });
		break;
	}
}

/* One thing at a time: the earliest flight, else the earliest timer. */
static bool
step(struct world *w, hf_time until)
{
	size_t first = 0;
	hf_time due = HF_NEVER;
	uint8_t node = 0;

	for (size_t i = 1; i < w->n_flights; i++) {
		if (w->flights[i].at.ns < w->flights[first].at.ns)
			first = i;
	}
	for (uint8_t i = 0; i < VOLUME_NODES_MAX; i++) {
		hf_time t = i < w->models[0].n_nodes ? link_next_due(&w->engines[i]) : HF_NEVER;

		if (t.ns < due.ns) {
			due = t;
			node = i;
		}
	}
	if (w->n_flights > 0 && w->flights[first].at.ns <= due.ns) {
		struct flight f = w->flights[first];

		if (f.at.ns > until.ns)
			return false;
		memmove(&w->flights[first], &w->flights[first + 1],
			(--w->n_flights - first) * sizeof(f));
		w->now = f.at;
		land(w, &f);
		return true;
	}
	if (due.ns > until.ns)
		return false;
	if (due.ns > w->now.ns)
		w->now = due;
	handle(w, node, &(struct link_event){ .type = LINK_EV_TIMER });
	return true;
}

static void
run_for(struct world *w, int64_t span_ns)
{
	hf_time until = hf_after(w->now, span_ns);

	while (step(w, until))
		;
	w->now = until;
}

#define assert_text(w, expected)                                                                   \
	do {                                                                                       \
		assert_string_equal((w)->text, expected);                                          \
		(w)->text[(w)->text_len = 0] = '\0';                                               \
	} while (0)

static struct world *
new_world(uint8_t n_nodes)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->now = (hf_time){ HF_SECONDS(100) };
	for (uint8_t i = 0; i < n_nodes; i++) {
		struct link_model *m = &w->models[i];

		*m = link_model_defaults();
		m->node = i;
		m->n_nodes = n_nodes;
		memset(m->volume_id, 0x11, sizeof(m->volume_id));
		memset(m->key, 0x22, 32);
		m->key_len = 32;
		m->features = LINK_FEATURE_LZ4;
		m->run = 1000U + i;
		m->seed = 77U + i;
		w->delay_ns[i] = HF_MILLIS(1);
		link_engine_init(&w->engines[i], m);
	}
	return w;
}

static void
allow_all(struct world *w)
{
	uint8_t n = w->models[0].n_nodes;

	for (uint8_t i = n; i-- > 0;) {
		for (uint8_t peer = 0; peer < n; peer++) {
			if (peer != i)
				handle(w, i,
				       &(struct link_event){ .type = LINK_EV_ALLOW, .peer = peer });
		}
	}
}

static struct world *
two_connected(void)
{
	struct world *w = new_world(2);

	allow_all(w);
	run_for(w, HF_MILLIS(500));
	assert_text(w, "[0.000000] A: connect B\n"
		       "[0.004000] B: up with A\n"
		       "[0.005000] A: up with B\n");
	return w;
}

static void
the_lower_node_connects_and_both_prove_the_key(void **state)
{
	struct world *w = two_connected();

	(void)state;
	assert_int_equal(w->wires[0].session[0], w->wires[0].session[1]);
	assert_int_not_equal(w->wires[0].session[0], 0);
	free(w);
}

static void
three_nodes_have_three_sessions(void **state)
{
	struct world *w = new_world(3);

	(void)state;
	allow_all(w);
	run_for(w, HF_MILLIS(500));
	assert_text(w, "[0.000000] B: connect C\n"
		       "[0.000000] A: connect B\n"
		       "[0.000000] A: connect C\n"
		       "[0.004000] C: up with B\n"
		       "[0.004000] B: up with A\n"
		       "[0.004000] C: up with A\n"
		       "[0.005000] B: up with C\n"
		       "[0.005000] A: up with B\n"
		       "[0.005000] A: up with C\n");
	free(w);
}

/* Runs an attempt that must fail; the text up to the first retry. */
static void
attempt_fails(struct world *w, const char *expected)
{
	allow_all(w);
	run_for(w, HF_MILLIS(100));
	assert_text(w, expected);
	free(w);
}

static void
another_key_is_refused_by_the_acceptor(void **state)
{
	struct world *w = new_world(2);

	(void)state;
	w->models[0].key[31] ^= 1;
	attempt_fails(w, "[0.000000] A: connect B\n"
			 "[0.004000] B: no session with A (authentication)\n"
			 "[0.005000] A: no session with B (authentication, it says)\n");
}

static void
another_volume_is_refused(void **state)
{
	struct world *w = new_world(2);

	(void)state;
	w->models[0].volume_id[3] ^= 1;
	attempt_fails(w, "[0.000000] A: connect B\n"
			 "[0.002000] B: no session with ? (other-volume)\n"
			 "[0.003000] A: no session with B (other-volume, it says)\n");
}

static void
a_node_that_is_not_wanted_is_refused(void **state)
{
	struct world *w = new_world(2);

	(void)state;
	handle(w, 0, &(struct link_event){ .type = LINK_EV_ALLOW, .peer = 1 });
	run_for(w, HF_MILLIS(100));
	assert_text(w, "[0.000000] A: connect B\n"
		       "[0.002000] B: no session with ? (refused)\n"
		       "[0.003000] A: no session with B (refused, it says)\n");
	free(w);
}

/* Hands the acceptor, node B, what somebody else sends. */
struct stranger {
	struct world *w;
	uint8_t conn;
	uint64_t sent;
};

static struct stranger
stranger_connects(struct world *w)
{
	struct stranger s = { .w = w, .conn = link_free_conn(&w->engines[1]) };
	struct link_event ev = { .type = LINK_EV_OPENED, .conn = s.conn, .certified = 7 };

	handle(w, 1, &(struct link_event){ .type = LINK_EV_INCOMING, .conn = s.conn });
	memset(ev.nonce, ++w->nonce, sizeof(ev.nonce));
	handle(w, 1, &ev);
	return s;
}

static void
stranger_sends_body(struct stranger *s, uint8_t type, const uint8_t *body, struct link_header h)
{
	struct link_event ev = {
		.type = LINK_EV_FRAME, .conn = s->conn, .header = &h, .body = body
	};

	h.type = type;
	h.sequence = s->sent++;
	ev.why = link_frame_allowed(&s->w->engines[1], s->conn, &h);
	if (ev.why)
		ev.type = LINK_EV_BAD;
	handle(s->w, 1, &ev);
}

static void
stranger_sends(struct stranger *s, const struct link_own *own)
{
	uint8_t body[LINK_BODY_MAX];
	struct link_header h = { 0 };

	assert_true(link_own_encode(own, body, &h) >= 0);
	stranger_sends_body(s, (uint8_t)own->type, body, h);
}

static struct link_own
greeting_of_a(void)
{
	struct link_own own = { .type = LINK_GREETING,
				.greeting = { .version_min = 1,
					      .version_max = 1,
					      .from = 0,
					      .to = 1,
					      .role = LINK_CONNECTS,
					      .run = 5,
					      .attempt = 1,
					      .ping_ms = 1000 } };

	memset(own.greeting.volume_id, 0x11, sizeof(own.greeting.volume_id));
	return own;
}

static struct world *
b_alone(void)
{
	struct world *w = new_world(2);

	handle(w, 1, &(struct link_event){ .type = LINK_EV_ALLOW, .peer = 0 });
	return w;
}

static void
greetings_that_do_not_fit_are_refused(void **state)
{
	static const struct {
		uint16_t version_min, version_max;
		uint8_t from, to, role;
		uint32_t ping_ms;
		const char *text;
	} rows[] = {
		{ 2, 3, 0, 1, LINK_CONNECTS, 1000, "[0.000000] B: no session with ? (version)\n" },
		{ 0, 0, 0, 1, LINK_CONNECTS, 1000, "[0.000000] B: no session with ? (version)\n" },
		{ 1, 1, 1, 1, LINK_CONNECTS, 1000,
		  "[0.000000] B: no session with ? (wrong-node)\n" },
		{ 1, 1, 2, 1, LINK_CONNECTS, 1000,
		  "[0.000000] B: no session with ? (wrong-node)\n" },
		{ 1, 1, 0, 0, LINK_CONNECTS, 1000,
		  "[0.000000] B: no session with ? (wrong-node)\n" },
		{ 1, 1, 0, 1, LINK_ACCEPTS, 1000,
		  "[0.000000] B: no session with ? (message-field)\n" },
		{ 1, 1, 0, 1, LINK_CONNECTS, 0,
		  "[0.000000] B: no session with ? (message-field)\n" },
		{ 1, 1, 0, 1, LINK_CONNECTS, 600000,
		  "[0.000000] B: no session with ? (message-field)\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = b_alone();
		struct stranger s = stranger_connects(w);
		struct link_own own = greeting_of_a();

		own.greeting.version_min = rows[i].version_min;
		own.greeting.version_max = rows[i].version_max;
		own.greeting.from = rows[i].from;
		own.greeting.to = rows[i].to;
		own.greeting.role = rows[i].role;
		own.greeting.ping_ms = rows[i].ping_ms;
		stranger_sends(&s, &own);
		assert_text(w, rows[i].text);
		free(w);
	}
}

static void
nothing_reaches_the_volume_before_the_proof(void **state)
{
	static const uint8_t no_body[1];
	struct world *w = b_alone();
	struct stranger s = stranger_connects(w);
	struct link_own greeting = greeting_of_a();

	(void)state;
	stranger_sends_body(&s, LINK_BYE, no_body, (struct link_header){ 0 });
	assert_text(w, "[0.000000] B: no session with ? (unexpected)\n");
	s = stranger_connects(w);
	stranger_sends(&s, &greeting);
	stranger_sends_body(&s, LINK_WRITE, no_body, (struct link_header){ .raw_len = 512 });
	assert_text(w, "[0.000000] B: no session with A (unexpected)\n");
	s = stranger_connects(w);
	stranger_sends(&s, &greeting);
	stranger_sends(&s, &(struct link_own){ .type = LINK_PROOF });
	assert_text(w, "[0.000000] B: no session with A (authentication)\n");
	free(w);
}

static void
a_recorded_proof_is_worth_nothing(void **state)
{
	struct world *w = b_alone();
	struct stranger s = stranger_connects(w);
	struct link_own own = greeting_of_a();
	struct link_own proof = { .type = LINK_PROOF };
	struct link_transcript seen;

	(void)state;
	stranger_sends(&s, &own);
	seen = w->engines[1].conns[s.conn].transcript;
	link_auth_proof(w->models[1].key, 32, &seen, LINK_CONNECTS, proof.proof);
	stranger_sends(&s, &proof); /* the right one: this stranger is A */
	assert_text(w, "[0.000000] B: up with A\n");
	s = stranger_connects(w);
	own.greeting.run++; /* or it would be refused as stale before */
	stranger_sends(&s, &own);
	stranger_sends(&s, &proof);
	assert_text(w, "[0.000000] B: no session with A (authentication)\n");
	free(w);
}

/* The proof of the other role over the same greetings: sending B's own words back. */
static void
a_reflected_proof_is_worth_nothing(void **state)
{
	struct world *w = b_alone();
	struct stranger s = stranger_connects(w);
	struct link_own own = greeting_of_a();
	struct link_own proof = { .type = LINK_PROOF };

	(void)state;
	stranger_sends(&s, &own);
	link_auth_proof(w->models[1].key, 32, &w->engines[1].conns[s.conn].transcript, LINK_ACCEPTS,
			proof.proof);
	stranger_sends(&s, &proof);
	assert_text(w, "[0.000000] B: no session with A (authentication)\n");
	free(w);
}

static void
a_proof_belongs_to_one_tls_connection(void **state)
{
	struct world *w = b_alone();
	struct stranger s = stranger_connects(w);
	struct link_own own = greeting_of_a();
	struct link_own proof = { .type = LINK_PROOF };
	struct link_transcript seen;

	(void)state;
	stranger_sends(&s, &own);
	seen = w->engines[1].conns[s.conn].transcript;
	seen.binding[0] = 1; /* somebody between A and B has a connection of its own to each */
	link_auth_proof(w->models[1].key, 32, &seen, LINK_CONNECTS, proof.proof);
	stranger_sends(&s, &proof);
	assert_text(w, "[0.000000] B: no session with A (authentication)\n");
	free(w);
}

static void
a_certificate_of_another_node_is_refused(void **state)
{
	struct world *w = b_alone();
	struct stranger s = stranger_connects(w);
	struct link_own own = greeting_of_a();

	(void)state;
	w->engines[1].conns[s.conn].certified = 4;
	stranger_sends(&s, &own);
	assert_text(w, "[0.000000] B: no session with ? (wrong-node)\n");
	free(w);
}

static void
a_missing_or_doubled_frame_ends_the_session(void **state)
{
	struct world *w = two_connected();
	struct link_header h = { .type = LINK_PING };

	(void)state;
	h.sequence = w->engines[1].conns[0].received + 1;
	assert_int_equal(link_frame_allowed(&w->engines[1], 0, &h), LINK_WHY_SEQUENCE);
	h.sequence = w->engines[1].conns[0].received - 1;
	assert_int_equal(link_frame_allowed(&w->engines[1], 0, &h), LINK_WHY_SEQUENCE);
	h.sequence++;
	assert_int_equal(link_frame_allowed(&w->engines[1], 0, &h), LINK_WHY_NONE);
	free(w);
}

static void
compression_that_was_not_agreed_is_refused(void **state)
{
	struct world *w = two_connected();
	struct link_header h = {
		.type = LINK_WRITE, .method = LINK_ZSTD, .data_len = 9, .raw_len = 512
	};

	(void)state;
	h.sequence = w->engines[1].conns[0].received;
	assert_int_equal(link_frame_allowed(&w->engines[1], 0, &h), LINK_WHY_METHOD);
	h.method = LINK_LZ4;
	h.sequence++;
	assert_int_equal(link_frame_allowed(&w->engines[1], 0, &h), LINK_WHY_NONE);
	free(w);
}

static void
an_idle_session_pings_and_stays(void **state)
{
	struct world *w = two_connected();

	(void)state;
	run_for(w, HF_SECONDS(3600));
	assert_text(w, "");
	assert_int_equal(w->engines[1].peers[0].rtt_ns, HF_MILLIS(2));
	free(w);
}

static void
a_silent_peer_is_given_up_after_its_limit(void **state)
{
	struct world *w = two_connected();

	(void)state;
	w->deaf[0] = w->deaf[1] = true;
	run_for(w, HF_MILLIS(3000));
	/* 1 s that the peer may be silent, 2 s of patience, from the last byte. */
	assert_text(w, "[3.004000] B: down with A (peer-silent)\n"
		       "[3.005000] A: down with B (peer-silent)\n"
		       "[3.259445] A: connect B\n");
	free(w);
}

static void
a_peer_that_takes_nothing_is_given_up(void **state)
{
	struct world *w = two_connected();

	(void)state;
	w->full[0] = true;
	link_paused(&w->engines[1], 0, true, w->now); /* B has no buffers left, but is alive */
	link_sent(&w->engines[0], 0, false, true, w->now);
	run_for(w, HF_SECONDS(29));
	assert_text(w, "");
	run_for(w, HF_SECONDS(1));
	assert_text(w, "[30.500000] A: down with B (peer-stalled)\n");
	run_for(w, HF_MILLIS(1));
	assert_text(w, "[30.501000] B: down with A (peer-closed)\n");
	free(w);
}

static void
attempts_become_rarer_and_jitter(void **state)
{
	struct world *w = new_world(2);
	struct world *other;

	(void)state;
	w->unreachable[1] = true;
	allow_all(w);
	run_for(w, HF_SECONDS(60));

	hf_time due = w->engines[0].peers[1].retry_due;

	assert_in_range(w->n_wires, 8, 14); /* 0.25 0.5 1 2 4 8 10 10 10 10 s */
	assert_int_equal(w->engines[0].peers[1].retry_ns, HF_SECONDS(10));
	other = new_world(2);
	other->models[0].seed = 99;
	link_engine_init(&other->engines[0], &other->models[0]);
	other->unreachable[1] = true;
	allow_all(other);
	run_for(other, HF_SECONDS(60));
	assert_int_not_equal(other->engines[0].peers[1].retry_due.ns, due.ns);
	w->unreachable[1] = false;
	w->text[w->text_len = 0] = '\0';
	handle(w, 0, &(struct link_event){ .type = LINK_EV_ALLOW, .peer = 1 });
	run_for(w, HF_MILLIS(10));
	assert_text(w, "[60.000000] A: connect B\n"
		       "[60.004000] B: up with A\n"
		       "[60.005000] A: up with B\n");
	free(w);
	free(other);
}

/* A crashed and came back before B noticed: the new connection proves that the old one is dead. */
static void
a_new_process_replaces_its_old_connection(void **state)
{
	struct world *w = two_connected();

	(void)state;
	w->wires[0].open[0] = false;
	w->models[0].run = 4711;
	link_engine_init(&w->engines[0], &w->models[0]);
	handle(w, 0, &(struct link_event){ .type = LINK_EV_ALLOW, .peer = 1 });
	run_for(w, HF_MILLIS(100));
	assert_text(w, "[0.500000] A: connect B\n"
		       "[0.504000] B: down with A (replaced)\n"
		       "[0.504000] B: up with A\n"
		       "[0.505000] A: up with B\n");
	free(w);
}

static void
a_connection_older_than_the_present_one_is_stale(void **state)
{
	struct world *w = two_connected();
	struct stranger s = stranger_connects(w);
	struct link_own own = greeting_of_a();

	(void)state;
	own.greeting.run = w->models[0].run;
	own.greeting.attempt = 1;
	stranger_sends(&s, &own);
	assert_text(w, "[0.500000] B: no session with ? (stale-connection)\n");
	free(w);
}

static void
a_reset_makes_a_pause_and_a_ban_lasts(void **state)
{
	struct world *w = two_connected();

	(void)state;
	handle(w, 1, &(struct link_event){ .type = LINK_EV_RESET, .peer = 0 });
	run_for(w, HF_SECONDS(1));
	assert_text(w, "[0.500000] B: down with A (ordered)\n"
		       "[0.501000] A: down with B (peer-closed)\n"
		       "[0.755445] A: connect B\n"
		       "[0.759445] B: up with A\n"
		       "[0.760445] A: up with B\n");
	handle(w, 0, &(struct link_event){ .type = LINK_EV_FORBID, .peer = 1 });
	run_for(w, HF_SECONDS(100));
	assert_text(w, "[1.500000] A: down with B (ordered)\n"
		       "[1.501000] B: down with A (peer-closed)\n");
	free(w);
}

static void
a_handshake_has_its_time(void **state)
{
	struct world *w = b_alone();

	(void)state;
	stranger_connects(w);
	run_for(w, HF_SECONDS(10));
	assert_text(w, "[5.000000] B: no session with ? (handshake-time)\n");
	free(w);
}

static void
strangers_push_out_strangers_only(void **state)
{
	struct world *w = two_connected();

	(void)state;
	for (int i = 0; i < 100; i++) {
		stranger_connects(w);
		w->now = hf_after(w->now, HF_MILLIS(1));
		w->text[w->text_len = 0] = '\0';
	}
	assert_int_not_equal(w->engines[1].peers[0].conn, LINK_NO_CONN);
	assert_int_not_equal(link_free_conn(&w->engines[1]), LINK_NO_CONN);
	free(w);
}

static void
stop_ends_everything(void **state)
{
	struct world *w = two_connected();

	(void)state;
	handle(w, 0, &(struct link_event){ .type = LINK_EV_STOP });
	run_for(w, HF_SECONDS(100));
	assert_text(w, "[0.500000] A: down with B (stopped)\n"
		       "[0.501000] B: down with A (peer-closed)\n");
	assert_int_equal(link_next_due(&w->engines[0]).ns, INT64_MAX);
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lower_node_connects_and_both_prove_the_key),
		cmocka_unit_test(three_nodes_have_three_sessions),
		cmocka_unit_test(another_key_is_refused_by_the_acceptor),
		cmocka_unit_test(another_volume_is_refused),
		cmocka_unit_test(a_node_that_is_not_wanted_is_refused),
		cmocka_unit_test(greetings_that_do_not_fit_are_refused),
		cmocka_unit_test(nothing_reaches_the_volume_before_the_proof),
		cmocka_unit_test(a_recorded_proof_is_worth_nothing),
		cmocka_unit_test(a_reflected_proof_is_worth_nothing),
		cmocka_unit_test(a_proof_belongs_to_one_tls_connection),
		cmocka_unit_test(a_certificate_of_another_node_is_refused),
		cmocka_unit_test(a_missing_or_doubled_frame_ends_the_session),
		cmocka_unit_test(compression_that_was_not_agreed_is_refused),
		cmocka_unit_test(an_idle_session_pings_and_stays),
		cmocka_unit_test(a_silent_peer_is_given_up_after_its_limit),
		cmocka_unit_test(a_peer_that_takes_nothing_is_given_up),
		cmocka_unit_test(attempts_become_rarer_and_jitter),
		cmocka_unit_test(a_new_process_replaces_its_old_connection),
		cmocka_unit_test(a_connection_older_than_the_present_one_is_stale),
		cmocka_unit_test(a_reset_makes_a_pause_and_a_ban_lasts),
		cmocka_unit_test(a_handshake_has_its_time),
		cmocka_unit_test(strangers_push_out_strangers_only),
		cmocka_unit_test(stop_ends_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conversations of one replica with its peers as a pure state machine: who connects to whom,
 * greeting, mutual proof of the key, pings, reconnecting. It takes an event and the time and
 * appends actions; link_socket.h carries them out. It knows nothing of what the volume's messages
 * mean.
 *
 * The node with the lower number connects, the other accepts. There is at most one live session
 * with a peer. A connection becomes one only after its peer has proved that it has the key and is
 * the node that it claims to be; until then nothing that it sends reaches the volume, and it is
 * given little time and no memory.
 *
 * Life: bytes of any kind are a sign of life of a peer. Who has nothing to say sends a ping after
 * `ping_idle_ns`; who has heard nothing for as long as the peer may be silent and `ping_limit_ns`
 * ends the session. A peer that takes none of our bytes for `stall_ns` is as good as gone.
 */
#ifndef LINK_ENGINE_H
#define LINK_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hf_time.h"
#include "replication/link/link_auth.h"
#include "replication/link/link_packet.h"

/* Connections at once: one of each peer, one that replaces it, and some of strangers. */
#define LINK_CONNS_MAX   12
#define LINK_ACTIONS_MAX 64
#define LINK_NO_CONN     0xffU

struct link_model {
	uint8_t volume_id[VOLUME_ID_BYTES];
	uint8_t node, n_nodes;
	uint8_t key[LINK_KEY_MAX];
	size_t key_len;    /* 0: every stream is authenticated by TLS certificates */
	uint64_t features; /* LINK_FEATURE_*: what this side can unpack */
	int64_t ping_idle_ns, ping_limit_ns, stall_ns;
	int64_t handshake_ns;               /* from the first packet to both proofs */
	int64_t retry_min_ns, retry_max_ns; /* pause before the next attempt, doubled each time */
	uint64_t run;                       /* random, drawn at the start of the process */
	uint64_t seed;                      /* of the pauses' jitter */
};

/* Defaults for all but who, key and randomness. */
struct link_model link_model_defaults(void);

enum link_event_type {
	LINK_EV_ALLOW,    /* peer: sessions with it are wanted; at once when there was a pause */
	LINK_EV_FORBID,   /* peer: end the session, no new one before ALLOW */
	LINK_EV_RESET,    /* peer: end the session; a new one after a pause */
	LINK_EV_INCOMING, /* conn from link_free_conn(): somebody has connected to us */
	LINK_EV_OPENED,   /* conn: bytes can flow (TCP, and TLS where used) */
	LINK_EV_FRAME,    /* conn: one of the link's own messages */
	LINK_EV_CLOSED,   /* conn: failed, see why; the shell has closed it */
	LINK_EV_BAD,      /* conn: what came in is wrong, see why */
	LINK_EV_TIMER,    /* owed at link_next_due() */
	LINK_EV_STOP,     /* end everything */
};

struct link_event {
	enum link_event_type type;
	uint8_t peer, conn;
	enum link_why why;                 /* CLOSED, BAD */
	uint8_t nonce[LINK_NONCE_BYTES];   /* OPENED: random, never used before */
	uint8_t binding[LINK_BINDING_MAX]; /* OPENED: of the TLS connection, or zero */
	uint8_t certified;                 /* OPENED: a bit for each node that TLS allows it to be;
					      without certificates all of them */
	const struct link_header *header;  /* FRAME */
	const uint8_t *body;
};

enum link_action_type {
	LINK_DO_CONNECT, /* conn, to peer */
	LINK_DO_SEND,    /* own, on conn */
	LINK_DO_SESSION, /* conn: headers after this point carry `session` */
	LINK_DO_CLOSE,   /* conn: after one attempt to send what is queued */
	LINK_DO_UP,      /* conn is the session with peer */
	LINK_DO_DOWN,    /* no more; nothing of it may be handed on from here */
	LINK_DO_NOTE,    /* for the log: an attempt with peer (or LINK_NO_CONN: unknown) failed */
};

struct link_action {
	enum link_action_type type;
	uint8_t peer, conn;
	enum link_why why; /* DOWN, NOTE */
	bool theirs;       /* NOTE: the peer says so */
	uint32_t session;  /* SESSION */
	uint64_t features; /* UP: common to both */
	struct link_own own;
};

struct link_actions {
	struct link_action list[LINK_ACTIONS_MAX];
	size_t n;
};

enum link_conn_state {
	LINK_CONN_FREE,
	LINK_CONN_OPENING,  /* TCP, TLS */
	LINK_CONN_GREETING, /* waits for the other's greeting */
	LINK_CONN_PROOF,    /* waits for its proof */
	LINK_CONN_UP,
};

struct link_conn {
	enum link_conn_state state;
	enum link_role role;
	uint8_t peer;                    /* LINK_NO_CONN: not known yet */
	uint8_t certified;               /* a bit for each node */
	uint8_t nonce[LINK_NONCE_BYTES]; /* ACCEPTS: for our greeting */
	struct link_transcript transcript;
	uint64_t features, run, attempt; /* the peer's */
	uint64_t received;               /* frames */
	hf_time handshake_due;
	hf_time last_heard, last_sent, stall_since; /* UP */
	bool paused;                                /* we do not read */
	int64_t silence_ns;                         /* the peer may be silent for this long */
};

struct link_peer {
	bool wanted;
	uint8_t conn;         /* UP, or LINK_NO_CONN */
	uint8_t attempt_conn; /* our connection under way, or LINK_NO_CONN */
	hf_time retry_due;    /* we connect: when next */
	int64_t retry_ns;     /* the pause after the next failure */
	hf_time up_since;
	uint64_t run, attempt; /* of its latest session: older ones are refused */
	uint64_t ups;
	int64_t rtt_ns; /* of the last ping; 0: none yet */
	enum link_why last_why;
};

struct link_engine {
	const struct link_model *model;
	uint64_t random, attempts;
	bool stopped;
	struct link_peer peers[VOLUME_NODES_MAX];
	struct link_conn conns[LINK_CONNS_MAX];
};

/* The model is lent and must outlive the engine. Peers have to be allowed. */
void link_engine_init(struct link_engine *l, const struct link_model *model);

void link_handle(struct link_engine *l, const struct link_event *ev, hf_time now,
		 struct link_actions *out);
hf_time link_next_due(const struct link_engine *l); /* HF_NEVER: no timer */

/* A connection that can be used for INCOMING, or LINK_NO_CONN: too many. */
uint8_t link_free_conn(const struct link_engine *l);

/*
 * For each frame, once its header has arrived. LINK_WHY_NONE: go on. Anything else belongs into a
 * LINK_EV_BAD: a frame out of turn, or a message of the volume on what is no session.
 */
enum link_why link_frame_allowed(struct link_engine *l, uint8_t conn, const struct link_header *h);

/* Some bytes have arrived; some were taken by the system; more is waiting (or nothing is left). */
void link_heard(struct link_engine *l, uint8_t conn, hf_time now);
void link_sent(struct link_engine *l, uint8_t conn, bool progress, bool waiting, hf_time now);

/* The shell has stopped to read, because the volume can take no more for now: the silence is ours.
 */
void link_paused(struct link_engine *l, uint8_t conn, bool paused, hf_time now);

/* Does this node connect to that one? */
static inline bool
link_connects(const struct link_model *model, uint8_t peer)
{
	return model->node < peer;
}

void link_check(const struct link_engine *l);

#endif

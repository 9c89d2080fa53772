/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCP connections of one volume with its peers: carries out what link_engine.h decides, moves
 * the bytes, and hands messages up. Nothing blocks and everything is bounded.
 *
 * Callbacks may call anything here but link_socket_free(). Sending only queues: the caller says
 * link_socket_flush() when a step is over, so that what belongs together leaves together. What
 * callbacks queue is flushed here.
 */
#ifndef LINK_SOCKET_H
#define LINK_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/hf_addr.h"
#include "lib/hf_base.h"
#include "lib/hf_loop.h"
#include "lib/hf_time.h"
#include "replication/link/link_engine.h"
#include "replication/link/link_msg.h"
#include "replication/link/link_packet.h"

struct link_socket;
struct link_tls_context;

/* Where a node listens; for this node also where its own connections come from. */
struct link_endpoint {
	struct hf_addr addr;
	uint16_t port;
};

struct link_options {
	const char *name;                         /* of the volume, for the log; lent */
	const char *node_names[VOLUME_NODES_MAX]; /* lent */
	struct link_model model;                  /* run and seed are drawn here */
	struct link_endpoint nodes[VOLUME_NODES_MAX];
	enum link_method compress;    /* how this side packs; LINK_PLAIN: not at all */
	uint32_t queue_frames;        /* of one session; 0: LINK_QUEUE_FRAMES */
	uint64_t queue_bytes;         /* of data in it; 0: LINK_QUEUE_BYTES */
	uint32_t read_bytes;          /* of one peer in one wake-up; 0: LINK_READ_BYTES */
	struct link_tls_context *tls; /* lent; NULL: no TLS */
};
#define LINK_QUEUE_FRAMES 8192U
#define LINK_READ_BYTES   (4U << 20)
#define LINK_QUEUE_BYTES  (UINT64_C(64) << 20)

struct link_socket_ops {
	void (*up)(void *arg, uint8_t peer);
	void (*down)(void *arg, uint8_t peer, enum link_why why);

	/* The data pointer of *msg is a reference from data_get, and the receiver's from here. */
	void (*message)(void *arg, uint8_t peer, struct link_msg *msg);

	/* There is room to send again after link_socket_room() was 0. May be NULL. */
	void (*room)(void *arg, uint8_t peer);

	/* Counted buffers. get: for data that arrives, as it will be written to the disk; NULL:
	 * none now, nothing more is read from the peer until link_socket_resume(). */
	void *(*data_get)(void *arg, uint32_t len);
	void *(*data_hold)(void *arg, void *data); /* one more reference; returns data */
	void (*data_release)(void *arg, void *data);
	uint8_t *(*data_bytes)(void *arg, void *data);
};

/* Listens on this node's endpoint (port 0: the system's choice). Returns 0 or negative errno. No
 * peer is allowed yet. options is copied; ops is lent. */
int link_socket_new(struct hf_loop *loop, const struct link_options *options,
		    const struct link_socket_ops *ops, void *arg,
		    struct link_socket **out) HF_MUST_CHECK;
void link_socket_free(struct link_socket *s); /* ends everything at once; NULL is fine */

uint16_t link_socket_port(const struct link_socket *s);

/* For the next attempt. */
void link_socket_set_node(struct link_socket *s, uint8_t node,
			  const struct link_endpoint *endpoint);

void link_socket_allow(struct link_socket *s, uint8_t peer);
void link_socket_forbid(struct link_socket *s, uint8_t peer); /* down is called, if it was up */
void link_socket_reset(struct link_socket *s, uint8_t peer);  /* the same; a new one later */

/* Ends all sessions after one attempt to send what is queued. */
void link_socket_stop(struct link_socket *s);

/* Queues a message of the present session with peer; a reference to its data is taken. Without a
 * session it is dropped. When the queue is full the session ends with LINK_WHY_QUEUE at the next
 * flush: who asks for room before each message with data never sees that. */
void link_socket_send(struct link_socket *s, uint8_t peer, const struct link_msg *msg);
void link_socket_flush(struct link_socket *s);

/* Messages that may be queued now; 0 without a session. */
uint32_t link_socket_room(const struct link_socket *s, uint8_t peer);

/* Buffers are available again. */
void link_socket_resume(struct link_socket *s);

struct link_status {
	bool up;
	enum link_why last_why; /* why the latest session or attempt ended */
	bool last_theirs;       /* the peer's reason */
	hf_time since;          /* up since */
	int64_t rtt_ns;         /* of the latest ping; 0: none yet */
	uint32_t queued;        /* frames */
	uint64_t sessions, sent_bytes, received_bytes, sent_frames, received_frames;
};
void link_socket_status(const struct link_socket *s, uint8_t peer, struct link_status *status);

/* How often a connection or frame was refused for this reason. */
uint64_t link_socket_count(const struct link_socket *s, enum link_why why);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TCP connection of link_socket: its bytes in and out. Inner header of the room; link_socket.c
 * makes and ends connections, link_conn.c reads and writes.
 */
#ifndef LINK_CONN_H
#define LINK_CONN_H

#include <sys/types.h>

#include "replication/link/link_compress.h"
#include "replication/link/link_queue.h"
#include "replication/link/link_socket.h"
#include "replication/link/link_tls.h"

/* Holds any header with its body. What arrives of the data with them is copied once more; so it is
 * not much larger. */
#define LINK_STAGE_BYTES 8192

enum link_rx { LINK_RX_HEADER, LINK_RX_BODY, LINK_RX_DATA };

struct link_tcp {
	struct link_socket *s;
	uint8_t index;
	int fd;                       /* -1: not in use */
	uint64_t serial;              /* another one for each use of the struct */
	bool connecting, handshaking; /* TCP, then TLS: nothing of ours can be sent */
	bool up, full, starved, want_write;
	bool again;           /* read once more at the next turn */
	struct link_tls *tls; /* NULL: plain TCP */
	uint8_t peer;         /* up */
	struct hf_watch *readable, *writable;
	struct link_queue *queue;

	/* In. */
	uint32_t session;
	uint8_t stage[LINK_STAGE_BYTES];
	uint32_t from, to; /* what of the stage is not used yet */
	enum link_rx rx;
	struct link_header header;
	struct link_msg msg;
	void *data;                     /* being filled; the connection's */
	uint32_t filled;                /* of what comes over the wire */
	bool paused;                    /* no buffer for the data: nothing is read */
	uint8_t *packed;                /* LINK_DATA_MAX, when the peer may pack */
	struct link_compress *compress; /* with a session */
};

struct link_counts {
	uint64_t sent_bytes, received_bytes, sent_frames, received_frames;
};

struct link_socket {
	struct hf_loop *loop;
	struct link_options options;
	const struct link_socket_ops *ops;
	void *arg;
	struct link_engine engine;
	struct hf_timer *timer;
	int listen_fd;
	uint16_t port;
	struct hf_watch *listening;
	struct link_tcp conns[LINK_CONNS_MAX];
	struct link_counts counts[VOLUME_NODES_MAX];
	enum link_why said[VOLUME_NODES_MAX]; /* the last reason that was logged */
	bool theirs[VOLUME_NODES_MAX];
	bool announced[VOLUME_NODES_MAX]; /* up was called, down not yet */
	uint64_t serial;
	uint64_t whys[LINK_WHY_KINDS];
};

/* In link_socket.c. Hands an event to the engine and carries out what it says; the connection may
 * be gone afterwards. */
void link_socket_handle(struct link_socket *s, const struct link_event *ev);

/* The connection is gone: closes it and tells the engine. */
void link_socket_lost(struct link_tcp *c, enum link_why why);

/* In link_conn.c. The connection may be gone after any of these. */
void link_conn_read(struct link_tcp *c);
void link_conn_resume(struct link_tcp *c);
void link_conn_write(struct link_tcp *c);

/* One attempt to send what is queued; tells nobody. */
void link_conn_last_words(struct link_tcp *c);

#endif

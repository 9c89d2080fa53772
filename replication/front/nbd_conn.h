/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One NBD client on a socket: moves bytes between the socket and an nbd_engine, requests between
 * the engine and the volume's front. All its memory (about 4.5 MiB, touched as it is used) is there
 * from the start.
 */
#ifndef NBD_CONN_H
#define NBD_CONN_H

#include <stdbool.h>

#include "lib/hf_loop.h"
#include "replication/front/front.h"
#include "replication/front/nbd_engine.h"

#define NBD_STAGING_MAX (128U << 10) /* bytes received at once, beside a payload in its place */
#define NBD_RX_BURST    8            /* receptions per wake-up: the others get their turn */
#define NBD_TX_PARTS    64

struct nbd_conn;

struct nbd_conn_options {
	struct hf_loop *loop;
	struct front *front;
	int fd; /* a stream socket; the connection's own from here on, also after an error */
	bool handshake; /* false: the client is in transmission already (the kernel) */
	/* The connection has ended: its socket is closed, no request of it is under way. It frees
	 * itself after this. */
	void (*ended)(void *arg, struct nbd_conn *conn, enum nbd_close why);
	void *arg;
};

/* 0 or a negative errno. */
int nbd_conn_new(const struct nbd_conn_options *options, struct nbd_conn **out) HF_MUST_CHECK;

/* Answers what is under way, then ends; abruptly with nbd_conn_hangup(). `ended` may be called from
 * within. */
void nbd_conn_retire(struct nbd_conn *conn);
void nbd_conn_hangup(struct nbd_conn *conn, enum nbd_close why);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NBD server of one volume on a unix socket (`frontend socket PATH`). Any NBD client may
 * connect whom the socket's mode lets in; the export has the volume's name, and the default's empty
 * name means it too.
 */
#ifndef NBD_SERVER_H
#define NBD_SERVER_H

#include <sys/types.h>

#include "lib/hf_loop.h"
#include "replication/front/front.h"

#define NBD_CONNECTIONS_MAX 16

struct nbd_server;

/*
 * Listens at path, made with this mode. A socket that nobody listens on any more is replaced; one
 * in use gives -EADDRINUSE, anything else at the path -EEXIST. front outlives the server.
 */
int nbd_server_new(struct hf_loop *loop, struct front *front, const char *path, mode_t mode,
		   struct nbd_server **out) HF_MUST_CHECK;

/* Stops listening and removes the socket; connections answer what is under way, then end. The last
 * one's end, or this call, tells `stopped`. */
void nbd_server_stop(struct nbd_server *server, void (*stopped)(void *arg), void *arg);

/* After `stopped`, or before any connection. NULL is fine. */
void nbd_server_free(struct nbd_server *server);

size_t nbd_server_connections(const struct nbd_server *server);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS 1.3 below a link, by OpenSSL: with certificates on both sides, or with a pre-shared key that
 * is derived from the volume's. Nothing older is spoken, nothing is resumed. The peers' proofs of
 * link_auth.h are made over it all the same, bound to the connection. OpenSSL writes with write(),
 * so the process must ignore SIGPIPE.
 */
#ifndef LINK_TLS_H
#define LINK_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "lib/hf_base.h"
#include "replication/link/link_auth.h"

struct link_tls_context;
struct link_tls;

#define LINK_TLS_WHY_MAX 256

struct link_tls_options {
	/* Certificates: all three files (PEM); the peer's must be signed by ca_file and bear its
	 * node's name (a DNS name of it, or the common name). */
	const char *ca_file, *cert_file, *key_file;
	const char *node_names[VOLUME_NODES_MAX];

	/* Without files: the volume's key. */
	const uint8_t *key;
	size_t key_len;
	uint8_t volume_id[VOLUME_ID_BYTES];
};

/* Reads the files once. On failure returns -EINVAL, with one line in why[], or -ENOMEM. */
int link_tls_context_new(const struct link_tls_options *options, struct link_tls_context **out,
			 char why[LINK_TLS_WHY_MAX]) HF_MUST_CHECK;
void link_tls_context_free(struct link_tls_context *context); /* NULL is fine */

/* On a connected, non-blocking descriptor, which stays the caller's. NULL: out of memory. */
struct link_tls *link_tls_new(struct link_tls_context *context, int fd, enum link_role role);
void link_tls_free(struct link_tls *tls); /* NULL is fine */

/* 0: done. -EAGAIN: call again when the descriptor is ready, for writing if link_tls_wants_write().
 * -EPROTO: refused by one of both. */
int link_tls_handshake(struct link_tls *tls);
bool link_tls_wants_write(const struct link_tls *tls);

/* After the handshake: what binds proofs to this connection, and the nodes that the peer may be. */
bool link_tls_binding(struct link_tls *tls, uint8_t binding[LINK_BINDING_MAX]);
uint8_t link_tls_certified(struct link_tls *tls);

/* As readv() and sendmsg(): bytes, 0 at the end, or -1 with errno (EAGAIN, EPROTO, ...). A write
 * that gave EAGAIN must be repeated with the same bytes first. */
ssize_t link_tls_read(struct link_tls *tls, const struct iovec *iov, int n);
ssize_t link_tls_write(struct link_tls *tls, const struct iovec *iov, int n);

/* Says goodbye, in one attempt. */
void link_tls_shutdown(struct link_tls *tls);

#endif

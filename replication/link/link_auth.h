/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How two replicas prove to each other that they have the volume's key, without sending it: each
 * answers the other's nonce with an HMAC-SHA-256 over both greetings, so versions, features,
 * volume, nodes and the TLS connection below cannot be changed on the way, and no answer is good
 * twice.
 */
#ifndef LINK_AUTH_H
#define LINK_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replication/link/link_packet.h"

#define LINK_KEY_MIN     16
#define LINK_KEY_MAX     1024
#define LINK_BINDING_MAX 32

struct link_transcript {
	uint8_t connector[LINK_GREETING_MAX], acceptor[LINK_GREETING_MAX]; /* bodies as sent */
	size_t connector_len, acceptor_len;
	uint8_t binding[LINK_BINDING_MAX]; /* of the TLS connection; all zero without TLS */
};

/* What `role` proves with. key_len may be 0: TLS certificates are the proof, and this only binds
 * the greetings to them. */
void link_auth_proof(const uint8_t *key, size_t key_len, const struct link_transcript *t,
		     enum link_role role, uint8_t proof[LINK_PROOF_BYTES]);

/* Compares in a time that does not depend on the content. */
bool link_auth_equal(const uint8_t a[LINK_PROOF_BYTES], const uint8_t b[LINK_PROOF_BYTES]);

/* The session's number for headers; never 0. */
uint32_t link_auth_session(const uint8_t *key, size_t key_len, const struct link_transcript *t);

/* The pre-shared key for TLS that belongs to this key and volume. */
void link_auth_psk(const uint8_t *key, size_t key_len, const uint8_t volume_id[VOLUME_ID_BYTES],
		   uint8_t psk[LINK_PROOF_BYTES]);

#endif

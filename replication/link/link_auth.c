/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proofs of the volume's key: HMAC-SHA-256 with a label for each use, so that no value made for one
 * is worth anything for another. */
#include "replication/link/link_auth.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "lib/hf_buf.h"

#define LABEL_BYTES  24
#define MESSAGE_MAX  (LABEL_BYTES + 2 * (4 + LINK_GREETING_MAX) + LINK_BINDING_MAX)
#define LABEL_ACCEPT "holdfast-link acceptor"
#define LABEL_CONN   "holdfast-link connector"
#define LABEL_NUMBER "holdfast-link session"
#define LABEL_PSK    "holdfast-link tls-psk"

static_assert(sizeof(LABEL_CONN) <= LABEL_BYTES, "labels fit");

static void
hmac(const uint8_t *key, size_t key_len, const struct hf_writer *message,
     uint8_t out[LINK_PROOF_BYTES])
{
	static const uint8_t no_key[1];
	unsigned int len = LINK_PROOF_BYTES;

	assert(!message->bad && key_len <= LINK_KEY_MAX);
	/* Fails only without memory or without SHA-256: nothing can be proved then, or believed. */
	if (!HMAC(EVP_sha256(), key_len > 0 ? key : no_key, (int)key_len, message->start,
		  message->len, out, &len))
		OPENSSL_die("HMAC-SHA-256 failed", __FILE__, __LINE__);
	assert(len == LINK_PROOF_BYTES);
}

static void
put_label(struct hf_writer *w, const char *label)
{
	char padded[LABEL_BYTES] = { 0 };

	snprintf(padded, sizeof(padded), "%s", label);
	hf_put_bytes(w, padded, sizeof(padded));
}

static void
over_transcript(const uint8_t *key, size_t key_len, const struct link_transcript *t,
		const char *label, uint8_t out[LINK_PROOF_BYTES])
{
	uint8_t bytes[MESSAGE_MAX];
	struct hf_writer w = hf_writer_to(bytes, sizeof(bytes));

	put_label(&w, label);
	hf_put_le32(&w, (uint32_t)t->connector_len);
	hf_put_bytes(&w, t->connector, t->connector_len);
	hf_put_le32(&w, (uint32_t)t->acceptor_len);
	hf_put_bytes(&w, t->acceptor, t->acceptor_len);
	hf_put_bytes(&w, t->binding, sizeof(t->binding));
	hmac(key, key_len, &w, out);
}

void
link_auth_proof(const uint8_t *key, size_t key_len, const struct link_transcript *t,
		enum link_role role, uint8_t proof[LINK_PROOF_BYTES])
{
	over_transcript(key, key_len, t, role == LINK_CONNECTS ? LABEL_CONN : LABEL_ACCEPT, proof);
}

bool
link_auth_equal(const uint8_t a[LINK_PROOF_BYTES], const uint8_t b[LINK_PROOF_BYTES])
{
	return CRYPTO_memcmp(a, b, LINK_PROOF_BYTES) == 0;
}

uint32_t
link_auth_session(const uint8_t *key, size_t key_len, const struct link_transcript *t)
{
	uint8_t out[LINK_PROOF_BYTES];

	over_transcript(key, key_len, t, LABEL_NUMBER, out);

	struct hf_reader r = hf_reader_of(out, sizeof(out));

	return hf_get_le32(&r) | 1;
}

void
link_auth_psk(const uint8_t *key, size_t key_len, const uint8_t volume_id[VOLUME_ID_BYTES],
	      uint8_t psk[LINK_PROOF_BYTES])
{
	uint8_t bytes[MESSAGE_MAX];
	struct hf_writer w = hf_writer_to(bytes, sizeof(bytes));

	put_label(&w, LABEL_PSK);
	hf_put_bytes(&w, volume_id, VOLUME_ID_BYTES);
	hmac(key, key_len, &w, psk);
}

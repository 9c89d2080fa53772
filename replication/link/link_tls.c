/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OpenSSL behind a few functions. Small pieces are put together to records before they are
 * encrypted, because each record is a call to the system. Errors of the library stay in here: what
 * matters above is whether the stream can be trusted.
 */
#include "replication/link/link_tls.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_BYTES 16384
#define PSK_IDENTITY "holdfast-link"
/* A key of AES-GCM is good for 2^24.5 records (RFC 8446, 5.5). */
#define RECORDS_A_KEY  (1U << 23)
#define EXPORTER_LABEL "EXPORTER-holdfast-link"

struct link_tls_context {
	SSL_CTX *ctx;
	bool by_key;
	uint8_t psk[LINK_PROOF_BYTES];
	char *node_names[VOLUME_NODES_MAX];
};

struct link_tls {
	struct link_tls_context *context;
	SSL *ssl;
	enum link_role role;
	bool wants_write;
	bool retry; /* the last write has to be repeated */
	uint32_t records;
	bool over; /* after a fatal error OpenSSL must not be asked again */
	uint8_t record[RECORD_BYTES];
};

static int
refuse(char why[LINK_TLS_WHY_MAX], const char *what, const char *file)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	snprintf(why, LINK_TLS_WHY_MAX, "%s %s: %s", what, file, reason ? reason : "not usable");
	ERR_clear_error();
	return -EINVAL;
}

static int
load_files(struct link_tls_context *c, const struct link_tls_options *o, char why[LINK_TLS_WHY_MAX])
{
	if (!o->cert_file || !o->key_file) {
		snprintf(why, LINK_TLS_WHY_MAX, "ca_file needs cert_file and key_file");
		return -EINVAL;
	}
	if (SSL_CTX_load_verify_locations(c->ctx, o->ca_file, NULL) != 1)
		return refuse(why, "ca_file", o->ca_file);
	if (SSL_CTX_use_certificate_chain_file(c->ctx, o->cert_file) != 1)
		return refuse(why, "cert_file", o->cert_file);
	if (SSL_CTX_use_PrivateKey_file(c->ctx, o->key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(c->ctx) != 1)
		return refuse(why, "key_file", o->key_file);
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return 0;
}

/* The key as a session that both sides act as if they had had: TLS 1.3's external PSK. */
static SSL_SESSION *
psk_session(SSL *ssl, const struct link_tls_context *c)
{
	static const unsigned char aes_128_gcm_sha256[] = { 0x13, 0x01 };
	const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, aes_128_gcm_sha256);
	SSL_SESSION *session = SSL_SESSION_new();

	if (cipher && session &&
	    SSL_SESSION_set1_master_key(session, c->psk, sizeof(c->psk)) == 1 &&
	    SSL_SESSION_set_cipher(session, cipher) == 1 &&
	    SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1)
		return session;
	SSL_SESSION_free(session);
	return NULL;
}

static int
use_psk(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *id_len, SSL_SESSION **session)
{
	const struct link_tls *tls = SSL_get_app_data(ssl);

	(void)md;
	*id = (const unsigned char *)PSK_IDENTITY;
	*id_len = strlen(PSK_IDENTITY);
	*session = psk_session(ssl, tls->context);
	return *session != NULL;
}

static int
find_psk(SSL *ssl, const unsigned char *id, size_t id_len, SSL_SESSION **session)
{
	const struct link_tls *tls = SSL_get_app_data(ssl);

	*session = NULL;
	if (id_len != strlen(PSK_IDENTITY) || memcmp(id, PSK_IDENTITY, id_len) != 0)
		return 1; /* not known: the handshake fails for want of a certificate */
	*session = psk_session(ssl, tls->context);
	return *session != NULL;
}

static int
load_key(struct link_tls_context *c, const struct link_tls_options *o, char why[LINK_TLS_WHY_MAX])
{
	if (o->key_len < LINK_KEY_MIN || o->key_len > LINK_KEY_MAX) {
		snprintf(why, LINK_TLS_WHY_MAX,
			 "TLS needs certificates, or a key of at least %d bytes", LINK_KEY_MIN);
		return -EINVAL;
	}
	c->by_key = true;
	link_auth_psk(o->key, o->key_len, o->volume_id, c->psk);
	SSL_CTX_set_psk_use_session_callback(c->ctx, use_psk);
	SSL_CTX_set_psk_find_session_callback(c->ctx, find_psk);
	return 0;
}

static bool
set_up(struct link_tls_context *c)
{
	return SSL_CTX_set_min_proto_version(c->ctx, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_ciphersuites(c->ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
						"TLS_CHACHA20_POLY1305_SHA256") == 1 &&
	       SSL_CTX_set_num_tickets(c->ctx, 0) == 1;
}

int
link_tls_context_new(const struct link_tls_options *options, struct link_tls_context **out,
		     char why[LINK_TLS_WHY_MAX])
{
	struct link_tls_context *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	why[0] = '\0';
	if (!c)
		return -ENOMEM;
	c->ctx = SSL_CTX_new(TLS_method());
	if (!c->ctx || !set_up(c))
		goto out;
	for (size_t i = 0; i < VOLUME_NODES_MAX; i++) {
		const char *name = options->node_names[i];

		c->node_names[i] = name ? strdup(name) : NULL;
		if (name && !c->node_names[i])
			goto out;
	}
	SSL_CTX_set_mode(c->ctx,
			 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Frames have their own ends: a stream that stops in one is noticed without a goodbye. */
	SSL_CTX_set_options(c->ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(c->ctx, 1);
	err = options->ca_file ? load_files(c, options, why) : load_key(c, options, why);
	if (err)
		goto out;
	*out = c;
	c = NULL;
out:
	link_tls_context_free(c);
	return err;
}

void
link_tls_context_free(struct link_tls_context *context)
{
	if (!context)
		return;
	SSL_CTX_free(context->ctx);
	for (size_t i = 0; i < VOLUME_NODES_MAX; i++)
		free(context->node_names[i]);
	explicit_bzero(context->psk, sizeof(context->psk));
	free(context);
}

struct link_tls *
link_tls_new(struct link_tls_context *context, int fd, enum link_role role)
{
	struct link_tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return NULL;
	tls->context = context;
	tls->role = role;
	tls->ssl = SSL_new(context->ctx);
	if (!tls->ssl || SSL_set_fd(tls->ssl, fd) != 1) {
		link_tls_free(tls);
		return NULL;
	}
	SSL_set_app_data(tls->ssl, tls);
	if (role == LINK_CONNECTS)
		SSL_set_connect_state(tls->ssl);
	else
		SSL_set_accept_state(tls->ssl);
	return tls;
}

void
link_tls_free(struct link_tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	free(tls);
}

/* What a result of OpenSSL that is not success means. 0: the peer has said goodbye. */
static int
failure(struct link_tls *tls, int result)
{
	int saved = errno;
	int error = SSL_get_error(tls->ssl, result);

	ERR_clear_error();
	tls->wants_write = error == SSL_ERROR_WANT_WRITE;
	switch (error) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		tls->over = true;
		return saved ? -saved : -ECONNRESET;
	default:
		tls->over = true;
		return -EPROTO;
	}
}

int
link_tls_handshake(struct link_tls *tls)
{
	int result, err;

	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(tls->ssl);
	if (result == 1) {
		/* Without certificates nothing but the key may have let the peer in. */
		if (tls->context->by_key && !SSL_session_reused(tls->ssl))
			return -EPROTO;
		return 0;
	}
	err = failure(tls, result);
	return err == -EAGAIN ? err : -EPROTO;
}

bool
link_tls_wants_write(const struct link_tls *tls)
{
	return tls->wants_write;
}

bool
link_tls_binding(struct link_tls *tls, uint8_t binding[LINK_BINDING_MAX])
{
	return SSL_export_keying_material(tls->ssl, binding, LINK_BINDING_MAX, EXPORTER_LABEL,
					  strlen(EXPORTER_LABEL), NULL, 0, 0) == 1;
}

uint8_t
link_tls_certified(struct link_tls *tls)
{
	X509 *cert;
	uint8_t mask = 0;

	if (tls->context->by_key)
		return 0xff;
	cert = SSL_get1_peer_certificate(tls->ssl);
	for (unsigned int i = 0; cert && i < VOLUME_NODES_MAX; i++) {
		const char *name = tls->context->node_names[i];

		if (name && X509_check_host(cert, name, 0, X509_CHECK_FLAG_NO_WILDCARDS, NULL) == 1)
			mask |= (uint8_t)(1U << i);
	}
	X509_free(cert);
	return mask;
}

/* The result of a transfer: what was moved before something stopped it, or that. */
static ssize_t
outcome(size_t moved, int err)
{
	if (moved > 0)
		return (ssize_t)moved;
	if (err == 0)
		return 0;
	errno = -err;
	return -1;
}

ssize_t
link_tls_read(struct link_tls *tls, const struct iovec *iov, int n)
{
	size_t moved = 0;

	for (int i = 0; i < n; i++) {
		uint8_t *at = iov[i].iov_base;
		size_t left = iov[i].iov_len, got;

		while (left > 0) {
			if (tls->over)
				return outcome(moved, -EPROTO);
			ERR_clear_error();
			errno = 0;

			int result = SSL_read_ex(tls->ssl, at, left, &got);

			if (result != 1)
				return outcome(moved, failure(tls, result));
			at += got;
			left -= got;
			moved += got;
		}
	}
	return (ssize_t)moved;
}

/* Up to a record of the pieces from `skip` on, without a copy when one piece is enough. */
static const uint8_t *
next_record(struct link_tls *tls, const struct iovec *iov, int n, size_t skip, size_t *len)
{
	*len = 0;
	for (int i = 0; i < n && *len < RECORD_BYTES; i++) {
		const uint8_t *at = iov[i].iov_base;
		size_t left = iov[i].iov_len;
		size_t part;

		if (skip >= left) {
			skip -= left;
			continue;
		}
		at += skip;
		left -= skip;
		skip = 0;
		if (*len == 0 && left >= RECORD_BYTES) {
			*len = RECORD_BYTES;
			return at;
		}
		part = left < RECORD_BYTES - *len ? left : RECORD_BYTES - *len;
		memcpy(tls->record + *len, at, part);
		*len += part;
	}
	return tls->record;
}

ssize_t
link_tls_write(struct link_tls *tls, const struct iovec *iov, int n)
{
	size_t moved = 0, len, sent;

	for (;;) {
		const uint8_t *bytes = next_record(tls, iov, n, moved, &len);

		if (len == 0)
			return (ssize_t)moved;
		if (tls->over)
			return outcome(moved, -EPROTO);
		ERR_clear_error();
		errno = 0;

		if (!tls->retry && ++tls->records == RECORDS_A_KEY) {
			SSL_key_update(tls->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
			tls->records = 0;
		}

		int result = SSL_write_ex(tls->ssl, bytes, len, &sent);

		tls->retry = result != 1;
		if (result != 1)
			return outcome(moved, failure(tls, result));
		moved += sent;
	}
}

void
link_tls_shutdown(struct link_tls *tls)
{
	if (!tls->over && SSL_is_init_finished(tls->ssl))
		SSL_shutdown(tls->ssl);
	ERR_clear_error();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/1.x as a health check needs it: writes a GET request, reads a response piece by piece in
 * bounded memory (RFC 9112). The body is handed on as it comes and never stored. Pure.
 */
#ifndef HTTP_PACKET_H
#define HTTP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hf_base.h"

#define HTTP_REQUEST_MAX 2048 /* with its NUL; keepalived's limit */
#define HTTP_HEADERS_MAX 4095 /* bytes of status line and header fields, as keepalived */
#define HTTP_LINE_MAX    256 /* kept of one line; the rest is skipped: no field we read is longer */

struct http_request {
	const char *path;
	const char *host; /* as it stands behind "Host: " */
	uint8_t version;  /* 10 or 11 */
	bool close;       /* "Connection: close" */
};

/* Writes the request with a NUL behind it. Returns its length, or -EMSGSIZE. */
int http_request_write(const struct http_request *request,
		       char buf[HTTP_REQUEST_MAX]) HF_MUST_CHECK;

enum http_step {
	HTTP_MORE, /* wants more bytes */
	HTTP_DONE, /* the response is complete */
	HTTP_NOT_HTTP,
	HTTP_HEADERS_TOO_LONG,
};

/* A piece of the body, transfer coding undone. */
typedef void http_body_fn(void *arg, const uint8_t *bytes, size_t len);

enum http_state {
	HTTP_IN_STATUS,
	HTTP_IN_FIELDS,
	HTTP_IN_BODY, /* body_left bytes, or until the end when the length is unknown */
	HTTP_IN_CHUNK_SIZE,
	HTTP_IN_CHUNK,     /* body_left bytes */
	HTTP_IN_CHUNK_END, /* the empty line behind a chunk's data */
	HTTP_IN_TRAILERS,
	HTTP_COMPLETE,
};

struct http_reader {
	enum http_state state;
	uint16_t status; /* 100..599 once the status line is read, else 0 */
	bool has_length;
	bool chunked;
	uint64_t length;    /* Content-Length */
	uint64_t body_left; /* of the body or of this chunk */
	uint64_t body_len;  /* handed on so far */
	uint32_t header_bytes;
	uint32_t line_len; /* of the line being read, the part beyond HTTP_LINE_MAX included */
	char line[HTTP_LINE_MAX];
};

void http_reader_init(struct http_reader *r);

/* Reads len bytes. Behind the end of the response bytes are ignored. */
enum http_step http_reader_feed(struct http_reader *r, const uint8_t *bytes, size_t len,
				http_body_fn *body, void *arg);

/*
 * The server has closed. HTTP_DONE when that is a proper end or a body that is merely shorter or
 * longer than announced (keepalived: not a failure), HTTP_NOT_HTTP when the header is incomplete.
 */
enum http_step http_reader_eof(const struct http_reader *r);

/* The body is shorter than Content-Length says, or its last chunk is missing. */
bool http_reader_short(const struct http_reader *r);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request writer and the incremental response reader. Lines go into a small buffer, bodies
 * through a callback. Elsewhere: connections and time limits (check_http.c).
 */
#include "checker/http_packet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Digits of a chunk size: 2^60 bytes is more than anyone reads. */
#define CHUNK_DIGITS_MAX 15
/* Digits of Content-Length that surely fit 64 bits. */
#define LENGTH_DIGITS_MAX 18

int
http_request_write(const struct http_request *request, char buf[HTTP_REQUEST_MAX])
{
	int len = snprintf(buf, HTTP_REQUEST_MAX,
			   "GET %s HTTP/%u.%u\r\nUser-Agent: KeepAliveClient\r\n%sHost: %s\r\n\r\n",
			   request->path, request->version / 10U, request->version % 10U,
			   request->close ? "Connection: close\r\n" : "", request->host);

	return len < 0 || len >= HTTP_REQUEST_MAX ? -EMSGSIZE : len;
}

void
http_reader_init(struct http_reader *r)
{
	memset(r, 0, offsetof(struct http_reader, line));
	r->state = HTTP_IN_STATUS;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK": the version's digits do not matter, the code's three do. */
static enum http_step
end_of_status(struct http_reader *r)
{
	const char *code = strchr(r->line, ' ');

	if (strncmp(r->line, "HTTP/", 5) != 0 || !code)
		return HTTP_NOT_HTTP;
	code += strspn(code, " ");
	if (!is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2]) || is_digit(code[3]))
		return HTTP_NOT_HTTP;
	r->status = (uint16_t)((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
	if (r->status < 100 || r->status > 599)
		return HTTP_NOT_HTTP;
	r->state = HTTP_IN_FIELDS;
	return HTTP_MORE;
}

/* The value of the field in the line if its name is this one, without blanks around; else NULL. */
static char *
field_value(char *line, const char *name)
{
	size_t len = strlen(name);
	char *value, *end;

	if (strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	value = line + len + 1;
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return value;
}

static bool
read_length(const char *text, uint64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t value = 0;

	if (digits == 0 || digits > LENGTH_DIGITS_MAX || text[digits] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	*out = value;
	return true;
}

/* The last transfer coding decides how the body ends (RFC 9112, 6.3). */
static bool
ends_with_chunked(const char *value)
{
	static const char chunked[] = "chunked";
	size_t len = strlen(value), want = sizeof(chunked) - 1;

	if (len < want || strcasecmp(value + len - want, chunked) != 0)
		return false;
	return len == want || strchr(", \t", value[len - want - 1]) != NULL;
}

/* No body follows these, whatever the fields say. */
static bool
bodyless(const struct http_reader *r)
{
	return r->status == 204 || r->status == 304;
}

static enum http_step
complete(struct http_reader *r)
{
	r->state = HTTP_COMPLETE;
	return HTTP_DONE;
}

static enum http_step
end_of_fields(struct http_reader *r)
{
	if (r->status < 200 && r->status != 101) { /* interim: the real answer follows */
		r->state = HTTP_IN_STATUS;
		r->status = 0;
		r->has_length = r->chunked = false;
		return HTTP_MORE;
	}
	if (bodyless(r) || (!r->chunked && r->has_length && r->length == 0))
		return complete(r);
	if (r->chunked) {
		r->has_length = false; /* RFC 9112, 6.3: the coding overrides it */
		r->state = HTTP_IN_CHUNK_SIZE;
		return HTTP_MORE;
	}
	r->body_left = r->has_length ? r->length : UINT64_MAX;
	r->state = HTTP_IN_BODY;
	return HTTP_MORE;
}

static enum http_step
end_of_field(struct http_reader *r)
{
	const char *value;

	if (r->line_len == 0)
		return end_of_fields(r);
	value = field_value(r->line, "Content-Length");
	if (value) {
		r->has_length = read_length(value, &r->length);
		return r->has_length ? HTTP_MORE : HTTP_NOT_HTTP;
	}
	value = field_value(r->line, "Transfer-Encoding");
	if (value)
		r->chunked = ends_with_chunked(value);
	return HTTP_MORE;
}

static int
hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum http_step
end_of_chunk_size(struct http_reader *r)
{
	uint64_t size = 0;
	size_t digits = 0;

	while (hex_digit(r->line[digits]) >= 0) {
		if (digits == CHUNK_DIGITS_MAX)
			return HTTP_NOT_HTTP;
		size = size * 16 + (uint64_t)hex_digit(r->line[digits++]);
	}
	/* A chunk extension or blanks may follow. */
	if (digits == 0 || !strchr("; \t", r->line[digits]))
		return HTTP_NOT_HTTP;
	r->body_left = size;
	r->state = size ? HTTP_IN_CHUNK : HTTP_IN_TRAILERS;
	return HTTP_MORE;
}

static enum http_step
end_of_line(struct http_reader *r)
{
	switch (r->state) {
	case HTTP_IN_STATUS:
		return end_of_status(r);
	case HTTP_IN_FIELDS:
		return end_of_field(r);
	case HTTP_IN_CHUNK_SIZE:
		return end_of_chunk_size(r);
	case HTTP_IN_CHUNK_END:
		r->state = HTTP_IN_CHUNK_SIZE;
		return r->line_len == 0 ? HTTP_MORE : HTTP_NOT_HTTP;
	case HTTP_IN_TRAILERS:
		return r->line_len == 0 ? complete(r) : HTTP_MORE;
	case HTTP_IN_BODY:
	case HTTP_IN_CHUNK:
	case HTTP_COMPLETE:
		break;
	}
	return HTTP_MORE;
}

/* Adds a piece of a line (without its LF) to the buffer; what does not fit is only counted. */
static void
extend_line(struct http_reader *r, const uint8_t *bytes, size_t len)
{
	if (r->line_len < HTTP_LINE_MAX - 1) {
		size_t room = HTTP_LINE_MAX - 1 - r->line_len;

		memcpy(r->line + r->line_len, bytes, len < room ? len : room);
	}
	r->line_len += (uint32_t)len;
}

/* Ends the line in the buffer: takes its CR off, puts a NUL behind. */
static void
close_line(struct http_reader *r)
{
	if (r->line_len < HTTP_LINE_MAX && r->line_len > 0 && r->line[r->line_len - 1] == '\r')
		r->line_len--;
	r->line[r->line_len < HTTP_LINE_MAX ? r->line_len : HTTP_LINE_MAX - 1] = '\0';
}

/*
 * Reads up to one line end; returns how many bytes it took. Chunk framing is as bounded as the
 * header: a line of it, and all trailers together, must fit the same limit.
 */
static size_t
feed_line(struct http_reader *r, const uint8_t *bytes, size_t len, enum http_step *step)
{
	const uint8_t *lf = memchr(bytes, '\n', len);
	size_t took = lf ? (size_t)(lf - bytes) + 1 : len;

	if (took > HTTP_HEADERS_MAX - r->header_bytes) {
		*step = HTTP_HEADERS_TOO_LONG;
		return took;
	}
	r->header_bytes += (uint32_t)took;
	extend_line(r, bytes, lf ? took - 1 : took);
	if (!lf)
		return took;
	close_line(r);
	*step = end_of_line(r);
	r->line_len = 0;
	if (r->state == HTTP_IN_CHUNK || r->state == HTTP_IN_CHUNK_SIZE)
		r->header_bytes = 0;
	return took;
}

static size_t
feed_body(struct http_reader *r, const uint8_t *bytes, size_t len, http_body_fn *body, void *arg,
	  enum http_step *step)
{
	size_t took = len < r->body_left ? len : (size_t)r->body_left;

	body(arg, bytes, took);
	r->body_len += took;
	if (r->body_left != UINT64_MAX)
		r->body_left -= took;
	if (r->body_left > 0)
		return took;
	if (r->state == HTTP_IN_CHUNK)
		r->state = HTTP_IN_CHUNK_END;
	else
		*step = complete(r);
	return took;
}

enum http_step
http_reader_feed(struct http_reader *r, const uint8_t *bytes, size_t len, http_body_fn *body,
		 void *arg)
{
	enum http_step step = r->state == HTTP_COMPLETE ? HTTP_DONE : HTTP_MORE;

	while (len > 0 && step == HTTP_MORE) {
		size_t took;

		if (r->state == HTTP_IN_BODY || r->state == HTTP_IN_CHUNK)
			took = feed_body(r, bytes, len, body, arg, &step);
		else
			took = feed_line(r, bytes, len, &step);
		bytes += took;
		len -= took;
	}
	return step;
}

enum http_step
http_reader_eof(const struct http_reader *r)
{
	return r->state == HTTP_IN_STATUS || r->state == HTTP_IN_FIELDS ? HTTP_NOT_HTTP : HTTP_DONE;
}

bool
http_reader_short(const struct http_reader *r)
{
	if (r->state == HTTP_COMPLETE)
		return false;
	return r->chunked || (r->has_length && r->body_len < r->length);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers as servers give them, whole and byte by byte; requests as keepalived writes them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "checker/http_packet.h"

struct body {
	char text[256];
	size_t len;
};

static void
collect(void *arg, const uint8_t *bytes, size_t len)
{
	struct body *body = arg;

	for (size_t i = 0; i < len && body->len < sizeof(body->text) - 1; i++)
		body->text[body->len++] = (char)bytes[i];
}

#define CLOSED (-1) /* the server closes behind the text */

static const struct answer {
	const char *text;
	int step; /* enum http_step, or CLOSED: HTTP_MORE, then a good end */
	uint16_t status;
	const char *body;
} answers[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", HTTP_DONE, 200, "hello" },
	{ "HTTP/1.1 200 OK\r\ncontent-length:5 \r\n\r\nhello, more", HTTP_DONE, 200, "hello" },
	{ "HTTP/1.1 200 OK\nContent-Length: 0\n\n", HTTP_DONE, 200, "" },
	{ "HTTP/1.0 404 Not Found\r\n\r\nno such page", CLOSED, 404, "no such page" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", CLOSED, 200, "hello" },
	{ "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", HTTP_DONE, 204, "" },
	{ "HTTP/1.1 304\r\n\r\n", HTTP_DONE, 304, "" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n"
	  "0\r\nTrailer: t\r\n\r\n",
	  HTTP_DONE, 200, "hello world" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 1\r\n\r\n"
	  "1\r\nx\r\n0\r\n\r\n",
	  HTTP_DONE, 200, "x" },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", HTTP_DONE,
	  503, "" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n", HTTP_NOT_HTTP,
	  200, "hello" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", HTTP_NOT_HTTP, 200, "" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000\r\n",
	  HTTP_NOT_HTTP, 200, "" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", HTTP_NOT_HTTP, 200, "" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", HTTP_NOT_HTTP, 200,
	  "" },
	{ "SSH-2.0-OpenSSH_9.2\r\n", HTTP_NOT_HTTP, 0, "" },
	{ "HTTP/1.1 20 OK\r\n", HTTP_NOT_HTTP, 0, "" },
	{ "HTTP/1.1 2000 OK\r\n", HTTP_NOT_HTTP, 0, "" },
	{ "HTTP/1.1 999 OK\r\n", HTTP_NOT_HTTP, 999, "" },
	{ "HTTP/1.1 099 OK\r\n", HTTP_NOT_HTTP, 99, "" },
	{ "HTTP/1.1\r\n", HTTP_NOT_HTTP, 0, "" },
	{ "\r\n", HTTP_NOT_HTTP, 0, "" },
};

static void
try_answer(const struct answer *answer, size_t piece)
{
	struct http_reader r;
	struct body body = { .len = 0 };
	enum http_step step = HTTP_MORE;
	size_t len = strlen(answer->text);

	http_reader_init(&r);
	for (size_t at = 0; at < len && step == HTTP_MORE; at += piece)
		step = http_reader_feed(&r, (const uint8_t *)answer->text + at,
					at + piece > len ? len - at : piece, collect, &body);
	if (answer->step == CLOSED) {
		assert_int_equal(step, HTTP_MORE);
		assert_int_equal(http_reader_eof(&r), HTTP_DONE);
	} else {
		assert_int_equal(step, answer->step);
	}
	assert_int_equal(r.status, answer->status);
	body.text[body.len] = '\0';
	assert_string_equal(body.text, answer->body);
}

static void
answers_are_read_however_they_are_cut(void **state)
{
	for (size_t i = 0; i < HF_COUNT_OF(answers); i++)
		for (size_t piece = 1; piece < 100; piece += 7)
			try_answer(&answers[i], piece);
}

static void
header_may_be_4095_bytes_and_no_more(void **state)
{
	uint8_t text[HTTP_HEADERS_MAX + 1];
	struct http_reader r;
	struct body body = { .len = 0 };

	memset(text, 'x', sizeof(text));
	snprintf((char *)text, sizeof(text), "HTTP/1.1 200 OK\r\nX:");
	text[strlen((char *)text)] = ' ';
	text[HTTP_HEADERS_MAX - 2] = text[HTTP_HEADERS_MAX - 1] = '\n';
	http_reader_init(&r);
	assert_int_equal(http_reader_feed(&r, text, HTTP_HEADERS_MAX, collect, &body), HTTP_MORE);
	assert_int_equal(r.state, HTTP_IN_BODY);

	memset(text + HTTP_HEADERS_MAX - 4, 'x', 5);
	http_reader_init(&r);
	assert_int_equal(http_reader_feed(&r, text, sizeof(text), collect, &body),
			 HTTP_HEADERS_TOO_LONG);
}

static void
end_within_the_header_is_no_answer(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nServer: x\r\n";
	struct http_reader r;

	http_reader_init(&r);
	assert_int_equal(http_reader_eof(&r), HTTP_NOT_HTTP);
	http_reader_feed(&r, (const uint8_t *)text, sizeof(text) - 1, collect, NULL);
	assert_int_equal(http_reader_eof(&r), HTTP_NOT_HTTP);
}

static void
request_is_keepaliveds(void **state)
{
	char buf[HTTP_REQUEST_MAX], path[HTTP_REQUEST_MAX + 1];
	struct http_request request = { .path = "/x?y", .host = "[2001:db8::1]:80", .version = 10 };

	assert_true(http_request_write(&request, buf) > 0);
	assert_string_equal(buf, "GET /x?y HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\n"
				 "Host: [2001:db8::1]:80\r\n\r\n");
	request.version = 11;
	request.close = true;
	request.host = "www.example.org";
	int len = http_request_write(&request, buf);

	assert_int_equal(len, strlen(buf));
	assert_string_equal(buf, "GET /x?y HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\n"
				 "Connection: close\r\nHost: www.example.org\r\n\r\n");
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	request.path = path;
	assert_int_equal(http_request_write(&request, buf), -EMSGSIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_read_however_they_are_cut),
		cmocka_unit_test(header_may_be_4095_bytes_and_no_more),
		cmocka_unit_test(end_within_the_header_is_no_answer),
		cmocka_unit_test(request_is_keepaliveds),
	};

	return cmocka_run_group_tests_name("http_packet", tests, NULL, NULL);
}

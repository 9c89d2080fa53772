/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real probes against servers on the loopback address, most of them hostile: whatever a server
 * does, there is one result within the configured time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "checker/checker_probe.h"

#define TIMEOUT_NS  HF_MILLIS(500)
#define LOOP_NS     HF_MILLIS(900)
#define TOO_LATE_NS HF_SECONDS(5) /* a machine under load is slow; a hanging probe never ends */
#define BIG         65536

enum manner { KEEP_OPEN, CLOSE, RESET };

/* What the server does with its one connection: says something, then a piece again and again. */
struct server {
	const char *first;
	const char *piece; /* NULL: nothing more */
	int every_ms;
	enum manner manner; /* after `first`, without a piece */
	bool reads;         /* waits for the request first */
	int listener, fd;
	struct event *accept, *speak, *request;
};

struct probe_bench {
	struct event_base *base;
	struct checker_heap heap;
	struct checker_probes probes;
	struct server server;
	struct checker_check check;
	struct check_model model;
	struct check_url url;
	struct checker_real real;
	struct real_server_model real_model;
	bool ended;
	enum checker_result result;
	int64_t latency_ns;
};

static void
finish(struct server *server)
{
	struct linger linger = { .l_onoff = 1 };

	if (server->manner == KEEP_OPEN)
		return;
	if (server->manner == RESET)
		setsockopt(server->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(server->fd);
	server->fd = -1;
}

static void
speak(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	if (server->fd >= 0)
		(void)send(server->fd, server->piece, strlen(server->piece),
			   MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
begin_to_speak(struct server *server, struct event_base *base)
{
	struct timeval every = { .tv_usec = server->every_ms * 1000L };

	if (server->first)
		(void)send(server->fd, server->first, strlen(server->first), MSG_NOSIGNAL);
	if (!server->piece) {
		finish(server);
		return;
	}
	server->speak = event_new(base, -1, EV_PERSIST, speak, server);
	event_add(server->speak, &every);
}

static void
got_request(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;
	char buf[HTTP_REQUEST_MAX];

	(void)!read(fd, buf, sizeof(buf));
	begin_to_speak(server, event_get_base(server->request));
}

static void
accepted(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;
	struct event_base *base = event_get_base(server->accept);

	server->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (!server->reads) {
		begin_to_speak(server, base);
		return;
	}
	server->request = event_new(base, server->fd, EV_READ, got_request, server);
	event_add(server->request, NULL);
}

static uint16_t
listen_on_loopback(struct server *server)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);

	server->fd = -1;
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server->listener >= 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(server->listener, 4), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&in, &len), 0);
	return ntohs(in.sin_port);
}

static void
ended(void *arg, struct checker_check *check, const struct checker_report *report, int err)
{
	struct probe_bench *b = arg;

	assert_false(b->ended);
	assert_null(check->probe);
	b->ended = true;
	b->result = report->result;
	b->latency_ns = report->latency_ns;
	checker_heap_set(&b->heap, &check->due, HF_NEVER);
	event_base_loopbreak(b->base);
}

static void
tick(evutil_socket_t fd, short what, void *arg)
{
	struct probe_bench *b = arg;
	hf_time now = hf_time_now();
	struct checker_due *due = checker_heap_first(&b->heap);

	if (due && hf_reached(now, due->at))
		checker_probe_expired(b->check.probe, now);
}

static void
setup(struct probe_bench *b, enum check_type type, const struct server *server)
{
	struct hf_addr loopback = { .family = AF_INET, .bytes = { 127, 0, 0, 1 } };

	memset(b, 0, offsetof(struct probe_bench, probes));
	memset(&b->server, 0, sizeof(*b) - offsetof(struct probe_bench, server));
	b->base = event_base_new();
	assert_int_equal(checker_heap_init(&b->heap, 1), 0);
	checker_probes_init(&b->probes, b->base, &b->heap);
	b->probes.ended = ended;
	b->probes.arg = b;
	b->server = *server;
	b->url = (struct check_url){ .path = "/" };
	b->url.status.bits[100 / 64] = ~UINT64_C(0) << 36;
	b->url.status.bits[2] = ~UINT64_C(0);
	b->url.status.bits[3] = 0xff;
	b->model = (struct check_model){ .type = type,
					 .connect_addr = loopback,
					 .connect_port = listen_on_loopback(&b->server),
					 .connect_timeout_ns = TIMEOUT_NS,
					 .delay_loop_ns = LOOP_NS,
					 .http_version = 11,
					 .n_urls = type == CHECK_HTTP,
					 .urls = &b->url };
	b->check.model = &b->model;
	b->check.due.slot = CHECKER_NO_SLOT;
	b->check.real = &b->real;
	b->real.model = &b->real_model;
	b->server.accept = event_new(b->base, b->server.listener, EV_READ, accepted, &b->server);
	event_add(b->server.accept, NULL);
}

static void
run(struct probe_bench *b)
{
	struct timeval ms = { .tv_usec = 1000 };
	struct event *ticker = event_new(b->base, -1, EV_PERSIST, tick, b);

	event_add(ticker, &ms);
	b->ended = false;
	assert_int_equal(checker_probe_start(&b->probes, &b->check, hf_time_now()), 0);
	if (!b->ended)
		event_base_dispatch(b->base);
	assert_true(b->ended);
	assert_true(b->latency_ns < TOO_LATE_NS);
	assert_int_equal(b->probes.n_running, 0);
	event_free(ticker);
}

static void
teardown(struct probe_bench *b)
{
	if (b->server.speak)
		event_free(b->server.speak);
	if (b->server.request)
		event_free(b->server.request);
	event_free(b->server.accept);
	if (b->server.fd >= 0)
		close(b->server.fd);
	if (b->server.listener >= 0)
		close(b->server.listener);
	checker_probes_free(&b->probes);
	checker_heap_free(&b->heap);
	event_base_free(b->base);
}

static enum checker_result
result_of(enum check_type type, const struct server *server)
{
	static struct probe_bench b;

	setup(&b, type, server);
	run(&b);
	teardown(&b);
	return b.result;
}

static void
tcp_check_is_content_with_a_connection(void **state)
{
	assert_int_equal(result_of(CHECK_TCP, &(struct server){ 0 }), CHECKER_RESULT_CONNECTED);
}

static void
nobody_listening_is_refused(void **state)
{
	static struct probe_bench b;

	setup(&b, CHECK_TCP, &(struct server){ 0 });
	event_del(b.server.accept);
	close(b.server.listener);
	b.server.listener = -1;
	run(&b);
	assert_int_equal(b.result, CHECKER_RESULT_REFUSED);
	teardown(&b);
}

static void
source_that_is_not_ours_is_not_the_servers_fault(void **state)
{
	static struct probe_bench b;

	setup(&b, CHECK_TCP, &(struct server){ 0 });
	b.model.bind_addr = (struct hf_addr){ .family = AF_INET, .bytes = { 192, 0, 2, 1 } };
	run(&b);
	assert_int_equal(b.result, CHECKER_RESULT_BIND_FAILED);
	assert_false(checker_result_counts(b.result));
	teardown(&b);
}

static void
answers_are_judged(void **state)
{
	static const struct {
		struct server server;
		enum checker_result result;
	} cases[] = {
		{ { .reads = true, .first = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
		  CHECKER_RESULT_ANSWERED }, /* and the connection stays open */
		{ { .reads = true,
		    .first = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"
			     "0\r\n\r\n" },
		  CHECKER_RESULT_ANSWERED },
		{ { .reads = true, .first = "HTTP/1.0 200 OK\r\n\r\nok", .manner = CLOSE },
		  CHECKER_RESULT_ANSWERED },
		{ { .reads = true, .first = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" },
		  CHECKER_RESULT_BAD_STATUS },
		{ { .reads = true, .manner = CLOSE }, CHECKER_RESULT_NO_DATA },
		{ { .reads = true, .manner = RESET }, CHECKER_RESULT_RESET },
		{ { .reads = true, .first = "HTTP/1.1 200 OK\r\nSer", .manner = CLOSE },
		  CHECKER_RESULT_BAD_ANSWER },
		{ { .reads = true, .first = "SSH-2.0-OpenSSH\r\n" }, CHECKER_RESULT_BAD_ANSWER },
	};

	for (size_t i = 0; i < HF_COUNT_OF(cases); i++)
		assert_int_equal(result_of(CHECK_HTTP, &cases[i].server), cases[i].result);
}

static void
hostile_servers_get_their_verdict_in_time(void **state)
{
	/* Where this machine itself stands still, a gap is seen before the limit of the whole. */
	static const uintmax_t slow[] = { CHECKER_RESULT_TOO_SLOW, CHECKER_RESULT_TIMEOUT };
	static char many[BIG];
	struct server silent = { 0 };
	struct server trickle = { .first = "HTTP/1.1 200 OK\r\n\r\n",
				  .piece = "x",
				  .every_ms = 20 };
	struct server headers = { .first = "HTTP/1.1 200 OK\r\nX: ", .piece = many, .every_ms = 1 };
	struct server body = { .first = "HTTP/1.1 200 OK\r\n\r\n", .piece = many, .every_ms = 1 };

	memset(many, 'x', sizeof(many) - 1);
	assert_int_equal(result_of(CHECK_HTTP, &silent), CHECKER_RESULT_TIMEOUT);
	assert_in_set(result_of(CHECK_HTTP, &trickle), slow, HF_COUNT_OF(slow));
	assert_int_equal(result_of(CHECK_HTTP, &headers), CHECKER_RESULT_HEADERS_TOO_LONG);
	assert_in_set(result_of(CHECK_HTTP, &body), slow, HF_COUNT_OF(slow));
}

static void
digest_of_the_body_decides(void **state)
{
	/* MD5 of "hello" */
	static const uint8_t hello[16] = { 0x5d, 0x41, 0x40, 0x2a, 0xbc, 0x4b, 0x2a, 0x76,
					   0xb9, 0x71, 0x9d, 0x91, 0x10, 0x17, 0xc5, 0x92 };
	static struct probe_bench b;
	static const struct server server = {
		.reads = true,
		.first = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			 "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
	};

	setup(&b, CHECK_HTTP, &server);
	b.url.has_digest = true;
	memcpy(b.url.digest, hello, sizeof(hello));
	run(&b);
	teardown(&b);
	assert_int_equal(b.result, CHECKER_RESULT_ANSWERED);

	setup(&b, CHECK_HTTP, &server);
	b.url.has_digest = true;
	memcpy(b.url.digest, hello, sizeof(hello));
	b.url.digest[0] ^= 1;
	run(&b);
	teardown(&b);
	assert_int_equal(b.result, CHECKER_RESULT_DIGEST_DIFFERS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_check_is_content_with_a_connection),
		cmocka_unit_test(nobody_listening_is_refused),
		cmocka_unit_test(source_that_is_not_ours_is_not_the_servers_fault),
		cmocka_unit_test(answers_are_judged),
		cmocka_unit_test(hostile_servers_get_their_verdict_in_time),
		cmocka_unit_test(digest_of_the_body_decides),
	};

	return cmocka_run_group_tests_name("checker_probe", tests, NULL, NULL);
}

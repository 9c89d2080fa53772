/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP_GET: one url a run. The request is sent, the answer read to its end (Content-Length, last
 * chunk or close), its body hashed on the way if a digest is configured.
 * Elsewhere: the bytes (http_packet.c), the order of urls (checker_verdict.c).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "checker/checker_probe.h"
#include "lib/hf_log.h"

/* Longest virtualhost that we make ourselves: "[address]:port". */
#define HOST_MAX (HF_ADDR_TEXT_MAX + 8)

static const struct check_url *
url_of(const struct checker_probe *probe)
{
	return &probe->check->model->urls[probe->check->url];
}

static int
write_request(const struct checker_probe *probe, char buf[HTTP_REQUEST_MAX])
{
	const struct check_model *model = probe->check->model;
	char host[HOST_MAX], addr[HF_ADDR_TEXT_MAX];
	struct http_request request = { .path = url_of(probe)->path,
					.host = url_of(probe)->virtualhost,
					.version = model->http_version,
					.close = model->http_close };

	if (!request.host) {
		snprintf(host, sizeof(host),
			 model->connect_addr.family == AF_INET6 ? "[%s]:%u" : "%s:%u",
			 hf_addr_text(&model->connect_addr, addr), model->connect_port);
		request.host = host;
	}
	return http_request_write(&request, buf);
}

static void
judge(struct checker_probe *probe)
{
	const struct check_url *url = url_of(probe);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int bit = probe->reader.status - CHECK_STATUS_FIRST;

	if (!(url->status.bits[bit / 64] >> bit % 64 & 1)) {
		checker_probe_end(probe, CHECKER_RESULT_BAD_STATUS, 0);
		return;
	}
	if (url->has_digest &&
	    (!probe->hashing || EVP_DigestFinal_ex(probe->md, digest, NULL) != 1 ||
	     memcmp(digest, url->digest, sizeof(url->digest)) != 0)) {
		checker_probe_end(probe, CHECKER_RESULT_DIGEST_DIFFERS, 0);
		return;
	}
	checker_probe_end(probe, CHECKER_RESULT_ANSWERED, 0);
}

static void
hash(void *arg, const uint8_t *bytes, size_t len)
{
	struct checker_probe *probe = arg;

	if (probe->hashing && EVP_DigestUpdate(probe->md, bytes, len) != 1)
		probe->hashing = false;
}

static void
server_closed(struct checker_probe *probe)
{
	struct checker_check *check = probe->check;

	if (!probe->got_bytes) {
		checker_probe_end(probe, CHECKER_RESULT_NO_DATA, 0);
		return;
	}
	if (http_reader_eof(&probe->reader) != HTTP_DONE) {
		checker_probe_end(probe, CHECKER_RESULT_BAD_ANSWER, 0);
		return;
	}
	if (http_reader_short(&probe->reader) && !check->short_told) {
		check->short_told = true;
		hf_log(HF_INFO, check->real->model->name,
		       "HTTP_GET %s: the body ends after %llu bytes, before its announced end",
		       url_of(probe)->path, (unsigned long long)probe->reader.body_len);
	}
	judge(probe);
}

/* Returns true when more may be read now. */
static bool
take(struct checker_probe *probe, size_t len)
{
	enum http_step step = http_reader_feed(&probe->reader, probe->all->buf, len, hash, probe);

	probe->got_bytes = true;
	switch (step) {
	case HTTP_MORE:
		if (probe->reader.body_len <= CHECKER_BODY_MAX)
			return true;
		checker_probe_end(probe, CHECKER_RESULT_BODY_TOO_LONG, 0);
		return false;
	case HTTP_DONE:
		judge(probe);
		return false;
	case HTTP_NOT_HTTP:
		checker_probe_end(probe, CHECKER_RESULT_BAD_ANSWER, 0);
		return false;
	case HTTP_HEADERS_TOO_LONG:
		checker_probe_end(probe, CHECKER_RESULT_HEADERS_TOO_LONG, 0);
		return false;
	}
	return false;
}

static void
receive(struct checker_probe *probe)
{
	for (int i = 0; i < CHECKER_READ_BURST; i++) {
		ssize_t len = recv(probe->fd, probe->all->buf, sizeof(probe->all->buf), 0);

		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (len < 0) {
			checker_probe_end(probe, checker_result_of_errno(errno), errno);
			return;
		}
		if (len == 0) {
			server_closed(probe);
			return;
		}
		if (!take(probe, (size_t)len))
			return;
		if ((size_t)len < sizeof(probe->all->buf))
			break; /* that was all for now */
	}
	checker_probe_progress(probe, hf_time_now());
}

static void
send_request(struct checker_probe *probe)
{
	char request[HTTP_REQUEST_MAX];
	int len = write_request(probe, request);
	ssize_t sent;

	if (len < 0) { /* the configuration refuses urls of this length */
		checker_probe_end(probe, CHECKER_RESULT_SOCKET_FAILED, EMSGSIZE);
		return;
	}
	sent = send(probe->fd, request + probe->request_sent, (size_t)len - probe->request_sent,
		    MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN && errno != EINTR) {
		checker_probe_end(probe, checker_result_of_errno(errno), errno);
		return;
	}
	if (sent > 0)
		probe->request_sent += (size_t)sent;
	checker_probe_progress(probe, hf_time_now());
	checker_probe_wait(probe, probe->request_sent < (size_t)len ? EV_WRITE : EV_READ);
}

static void
ready(struct checker_probe *probe, short what)
{
	if (what & EV_WRITE)
		send_request(probe);
	else
		receive(probe);
}

static void
connected(struct checker_probe *probe)
{
	http_reader_init(&probe->reader);
	probe->request_sent = 0;
	probe->got_bytes = false;
	probe->hashing = false;
	if (url_of(probe)->has_digest) {
		if (!probe->md)
			probe->md = EVP_MD_CTX_new();
		probe->hashing = probe->md && probe->all->md5 &&
				 EVP_DigestInit_ex(probe->md, probe->all->md5, NULL) == 1;
	}
	send_request(probe);
}

const struct check_ops check_http_ops = { .name = "HTTP_GET",
					  .connected = connected,
					  .ready = ready };

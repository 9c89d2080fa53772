/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab's HTTP client: gets a path a number of times, a new connection each, and prints one line
 *for each answer: the first line of the body, or "error: WHY". Exit status 0 when all were answered
 *with 200, else 1.
 *
 *	fetch [-n COUNT] [-t TIMEOUT-MS] ADDRESS PORT [PATH]
 *
 * Static and small because starting curl costs 75 ms in the guest. Elsewhere: the server
 *(server.c).
 */
#include "tests/lab/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define COUNT_MAX  100000
#define ANSWER_MAX 65536

struct request {
	struct sockaddr_storage to;
	socklen_t to_len;
	const char *host, *path;
	struct timeval timeout;
};

/* Returns NULL when it was answered with 200 and sets the body, else what went wrong. */
static const char *
get(const struct request *req, char *answer, char **body)
{
	int fd = socket(req->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *why = NULL;
	char text[512];
	size_t len = 0;

	if (fd < 0)
		return strerror(errno);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &req->timeout, sizeof(req->timeout));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &req->timeout, sizeof(req->timeout));
	snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", req->path, req->host);
	if (connect(fd, (const struct sockaddr *)&req->to, req->to_len) < 0 ||
	    send(fd, text, strlen(text), MSG_NOSIGNAL) < 0) {
		why = errno == EINPROGRESS ? "connect timed out" : strerror(errno);
		goto out;
	}
	for (;;) {
		ssize_t got = recv(fd, answer + len, ANSWER_MAX - 1 - len, 0);

		if (got < 0)
			why = strerror(errno);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	answer[len] = '\0';
	*body = strstr(answer, "\r\n\r\n");
	if (why || len == 0)
		why = why ? why : "closed without an answer";
	else if (!*body || strncmp(answer, "HTTP/1.", 7) != 0)
		why = "not an HTTP answer";
	else if (strncmp(answer + 8, " 200", 4) != 0)
		why = strtok(answer, "\r");
	else
		*body += 4;
out:
	close(fd);
	return why;
}

int
main(int argc, char **argv)
{
	static char answer[ANSWER_MAX];
	struct request req = { .path = "/", .timeout = { .tv_sec = 3 } };
	long count = 1, ms, failed = 0;
	int option;

	while ((option = getopt(argc, argv, "n:t:")) >= 0) {
		if (option == 'n') {
			count = strtol(optarg, NULL, 10);
		} else if (option == 't') {
			ms = strtol(optarg, NULL, 10);
			req.timeout = (struct timeval){ .tv_sec = ms / 1000,
							.tv_usec = ms % 1000 * 1000 };
		} else {
			return 2;
		}
	}
	if (argc - optind < 2 || argc - optind > 3 || count < 1 || count > COUNT_MAX ||
	    !parse_address(argv[optind], argv[optind + 1], &req.to, &req.to_len)) {
		fprintf(stderr, "usage: fetch [-n COUNT] [-t TIMEOUT-MS] ADDRESS PORT [PATH]\n");
		return 2;
	}
	req.host = argv[optind];
	if (argc - optind == 3)
		req.path = argv[optind + 2];
	for (long i = 0; i < count; i++) {
		char *body = NULL;
		const char *why = get(&req, answer, &body);

		failed += why != NULL;
		if (why || !body)
			printf("error: %s\n", why ? why : "no body");
		else
			printf("%.*s\n", (int)strcspn(body, "\r\n"), body);
	}
	return failed != 0;
}

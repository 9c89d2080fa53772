/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's end of the control socket: a JSON object a line each way. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "lib/hf_time.h"

#define SOCKET_NAME "control.sock"
#define READ_STEP   65536

struct ctl_client {
	int fd;
	char *buf;
	size_t len, cap;
	size_t scanned; /* bytes in which there is no end of line */
};

static struct ctl_client *
unreachable(const char *path, int err)
{
	const char *hint = err == ENOENT || err == ECONNREFUSED
				   ? "no daemon runs there (--run-dir names another place)"
				   : strerror(err);

	fprintf(stderr, "holdfast: %s: %s\n", path, hint);
	return NULL;
}

static int
send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
send_request(int fd, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	int err = text == NULL ? -ENOMEM : send_all(fd, text, strlen(text));

	if (err == 0)
		err = send_all(fd, "\n", 1);
	free(text);
	return err;
}

struct ctl_client *
ctl_ask(const struct ctl *ctl, json_t *request)
{
	struct ctl_client *client = calloc(1, sizeof(*client));
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int len = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/" SOCKET_NAME, ctl->run_dir);
	int err = 0;

	if (client == NULL || len < 0 || (size_t)len >= sizeof(addr.sun_path)) {
		err = client == NULL ? ENOMEM : ENAMETOOLONG;
		goto fail;
	}
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 ||
	    connect(client->fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0) {
		err = errno;
		goto fail;
	}
	err = -send_request(client->fd, request);
	if (err != 0)
		goto fail;
	json_decref(request);
	return client;
fail:
	json_decref(request);
	if (client != NULL && client->fd > 0)
		close(client->fd);
	free(client);
	return unreachable(addr.sun_path, err);
}

void
ctl_client_free(struct ctl_client *client)
{
	if (client == NULL)
		return;
	close(client->fd);
	free(client->buf);
	free(client);
}

/* The end of the first line in the buffer, or NULL. */
static char *
line_end(struct ctl_client *client)
{
	char *end = NULL;

	if (client->len > client->scanned)
		end = memchr(client->buf + client->scanned, '\n', client->len - client->scanned);
	client->scanned = client->len;
	return end;
}

/* Reads more. Returns 0, -EPIPE at the end, -ETIMEDOUT, -errno. */
static int
read_more(struct ctl_client *client, int timeout_ms)
{
	struct pollfd pfd = { .fd = client->fd, .events = POLLIN };
	ssize_t n;

	if (client->len + READ_STEP > client->cap) {
		size_t cap = client->cap * 2 + READ_STEP;
		char *buf = cap <= CTL_LINE_MAX ? realloc(client->buf, cap) : NULL;

		if (buf == NULL)
			return -EMSGSIZE;
		client->buf = buf;
		client->cap = cap;
	}
	n = poll(&pfd, 1, timeout_ms);
	if (n == 0)
		return -ETIMEDOUT;
	if (n > 0)
		n = read(client->fd, client->buf + client->len, client->cap - client->len);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	client->len += (size_t)n;
	return n == 0 ? -EPIPE : 0;
}

/* Takes the first line out of the buffer and reads it. */
static json_t *
take_line(struct ctl_client *client, const char *end, int *status)
{
	size_t used = (size_t)(end - client->buf) + 1;
	json_error_t error;
	json_t *answer = json_loadb(client->buf, used - 1, 0, &error);
	const char *refused = json_string_value(json_object_get(answer, "error"));

	client->len -= used;
	memmove(client->buf, client->buf + used, client->len);
	client->scanned = 0;
	*status = CTL_FAILED;
	if (answer == NULL)
		fprintf(stderr, "holdfast: the daemon's answer is not JSON: %s\n", error.text);
	if (refused == NULL)
		return answer;
	fprintf(stderr, "holdfast: the daemon says: %s\n", refused);
	json_decref(answer);
	return NULL;
}

json_t *
ctl_answer(struct ctl_client *client, bool wait_for_ever, int *status)
{
	char *end;

	while ((end = line_end(client)) == NULL) {
		int err = read_more(client, wait_for_ever ? -1 : CTL_ANSWER_S * 1000);

		if (err == 0)
			continue;
		*status = CTL_UNREACHABLE;
		fprintf(stderr, "holdfast: %s\n",
			err == -EPIPE ? "the daemon closed the connection" : strerror(-err));
		return NULL;
	}
	return take_line(client, end, status);
}

json_t *
ctl_ask_once(const struct ctl *ctl, json_t *request, int *status)
{
	struct ctl_client *client = ctl_ask(ctl, request);
	json_t *answer = NULL;

	*status = CTL_UNREACHABLE;
	if (client != NULL)
		answer = ctl_answer(client, false, status);
	ctl_client_free(client);
	return answer;
}

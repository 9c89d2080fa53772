/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A writer of systemd's notification datagrams, so that the daemon needs no library for four lines
 * of text. Losing one is harmless: nothing is retried.
 */
#include "daemon/sd_notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/hf_time.h"

#define SD_NOTIFY_TEXT_MAX 512

struct sd_notify {
	int fd;
	struct sockaddr_un to;
	socklen_t to_len;
};

/* An absolute path, or '@' and a name in the abstract namespace. */
static int
address_of(const char *path, struct sockaddr_un *to, socklen_t *len)
{
	size_t n = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || n < 2 || n >= sizeof(to->sun_path))
		return -1;
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(to->sun_path, path, n);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (path[0] == '@')
		to->sun_path[0] = '\0';
	else
		(*len)++;
	return 0;
}

struct sd_notify *
sd_notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sd_notify *notify = NULL;

	if (path == NULL)
		return NULL;
	notify = calloc(1, sizeof(*notify));
	if (notify == NULL || address_of(path, &notify->to, &notify->to_len) != 0)
		goto fail;
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify->fd < 0)
		goto fail;
	unsetenv("NOTIFY_SOCKET");
	return notify;
fail:
	free(notify);
	unsetenv("NOTIFY_SOCKET");
	return NULL;
}

void
sd_notify_close(struct sd_notify *notify)
{
	if (notify == NULL)
		return;
	close(notify->fd);
	free(notify);
}

static void
say(struct sd_notify *notify, const char *text, size_t len)
{
	(void)sendto(notify->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		     (const struct sockaddr *)&notify->to, notify->to_len);
}

static void
say_lines(struct sd_notify *notify, const char *state, const char *status)
{
	char text[SD_NOTIFY_TEXT_MAX];

	if (notify == NULL)
		return;
	snprintf(text, sizeof(text), "%s%sSTATUS=%s", state, state[0] != '\0' ? "\n" : "", status);
	say(notify, text, strlen(text));
}

void
sd_notify_ready(struct sd_notify *notify, const char *status)
{
	char state[64];

	snprintf(state, sizeof(state), "READY=1\nMAINPID=%ld", (long)getpid());
	say_lines(notify, state, status);
}

void
sd_notify_reloading(struct sd_notify *notify)
{
	char state[96];

	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)(hf_time_now().ns / 1000));
	say_lines(notify, state, "Reading the configuration");
}

void
sd_notify_stopping(struct sd_notify *notify, const char *status)
{
	say_lines(notify, "STOPPING=1", status);
}

void
sd_notify_status(struct sd_notify *notify, const char *status)
{
	say_lines(notify, "", status);
}

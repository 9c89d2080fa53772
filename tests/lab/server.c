/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real server for the lab: HTTP that answers with its name and counts, and a UDP echo, on all
 *IPv4 and IPv6 addresses. One process, one poll loop, static, so that dozens start at once in a
 *slow guest.
 *
 *	server [-p HTTP-PORT] [-u UDP-PORT] [-s STATUS-FILE] NAME
 *
 * Paths: /count tells how many other requests were answered; /status/NNN is answered with that
 *status; every other path is answered with the name. STATUS-FILE, while it exists, holds the status
 *for all of these but /count. Elsewhere: the client (fetch.c), the prober (probe.c).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNS_MAX    128
#define REQUEST_MAX  2048
#define DATAGRAM_MAX 2048

struct conn {
	int fd; /* -1: free */
	size_t len;
	char request[REQUEST_MAX];
};

struct server {
	const char *name;
	const char *status_file; /* NULL: always 200 */
	unsigned long answered;
	struct conn conns[CONNS_MAX];
};

static int
listen_on(int type, const char *port)
{
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), on = 1, off = 0;
	struct sockaddr_in6 any = { .sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)strtoul(port, NULL, 10)) };

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, CONNS_MAX) < 0)) {
		fprintf(stderr, "server: port %s: %s\n", port, strerror(errno));
		exit(1);
	}
	return fd;
}

static int
chosen_status(const struct server *srv, const char *path)
{
	FILE *file = srv->status_file ? fopen(srv->status_file, "re") : NULL;
	char text[16] = "";

	if (file) {
		(void)fgets(text, sizeof(text), file);
		fclose(file);
	}
	if (text[0])
		return (int)strtol(text, NULL, 10);
	if (strncmp(path, "/status/", 8) == 0)
		return (int)strtol(path + 8, NULL, 10);
	return 200;
}

static void
answer(struct server *srv, struct conn *conn)
{
	char method[16] = "", path[256] = "", body[128], reply[512];
	int status = 200, len;

	if (sscanf(conn->request, "%15s %255s", method, path) != 2)
		status = 400;
	if (strcmp(path, "/count") == 0) {
		snprintf(body, sizeof(body), "%lu\n", srv->answered);
	} else {
		if (status == 200)
			status = chosen_status(srv, path);
		srv->answered++;
		snprintf(body, sizeof(body), "%s\n", srv->name);
	}
	len = snprintf(reply, sizeof(reply),
		       "HTTP/1.1 %d Status\r\nContent-Type: text/plain\r\n"
		       "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
		       status, strlen(body), strcmp(method, "HEAD") == 0 ? "" : body);
	/* Smaller than any socket buffer: it is taken whole or the client is gone. */
	(void)send(conn->fd, reply, (size_t)len, MSG_NOSIGNAL);
}

static void
conn_read(struct server *srv, struct conn *conn)
{
	ssize_t got = recv(conn->fd, conn->request + conn->len, REQUEST_MAX - 1 - conn->len, 0);

	if (got > 0) {
		conn->len += (size_t)got;
		conn->request[conn->len] = '\0';
		if (!strstr(conn->request, "\r\n\r\n") && conn->len < REQUEST_MAX - 1)
			return;
		answer(srv, conn);
	}
	close(conn->fd);
	conn->fd = -1;
}

static void
conn_accept(struct server *srv, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CONNS_MAX; i++) {
		if (srv->conns[i].fd >= 0)
			continue;
		srv->conns[i].fd = fd;
		srv->conns[i].len = 0;
		return;
	}
	close(fd);
}

/* Sends a datagram back from the address it was sent to, which may be a virtual one that this host
 * holds silently. */
static void
echo_one(int fd)
{
	char bytes[DATAGRAM_MAX], control[128];
	struct sockaddr_in6 peer;
	struct iovec part = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr msg = { .msg_name = &peer,
			      .msg_namelen = sizeof(peer),
			      .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(fd, &msg, 0);

	if (got < 0)
		return;
	part.iov_len = (size_t)got;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
			((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_ifindex = 0;
	}
	(void)sendmsg(fd, &msg, MSG_NOSIGNAL);
}

static void
serve(struct server *srv, int http, int udp)
{
	struct pollfd polls[CONNS_MAX + 2];
	struct conn *owner[CONNS_MAX + 2];

	for (;;) {
		nfds_t used = 0;

		polls[used++] = (struct pollfd){ .fd = http, .events = POLLIN };
		polls[used++] = (struct pollfd){ .fd = udp, .events = POLLIN };
		for (size_t i = 0; i < CONNS_MAX; i++) {
			if (srv->conns[i].fd < 0)
				continue;
			owner[used] = &srv->conns[i];
			polls[used++] = (struct pollfd){ .fd = srv->conns[i].fd, .events = POLLIN };
		}
		if (poll(polls, used, -1) < 0)
			continue;
		for (nfds_t i = 2; i < used; i++) {
			if (polls[i].revents)
				conn_read(srv, owner[i]);
		}
		if (polls[0].revents)
			conn_accept(srv, http);
		if (polls[1].revents)
			echo_one(udp);
	}
}

int
main(int argc, char **argv)
{
	static struct server server; /* too large for a stack */
	struct server *srv = &server;
	const char *http_port = "80", *udp_port = "7";
	int option, http, udp;

	while ((option = getopt(argc, argv, "p:u:s:")) >= 0) {
		if (option == 'p')
			http_port = optarg;
		else if (option == 'u')
			udp_port = optarg;
		else if (option == 's')
			srv->status_file = optarg;
		else
			return 2;
	}
	if (optind + 1 != argc) {
		fprintf(stderr,
			"usage: server [-p HTTP-PORT] [-u UDP-PORT] [-s STATUS-FILE] NAME\n");
		return 2;
	}
	srv->name = argv[optind];
	for (size_t i = 0; i < CONNS_MAX; i++)
		srv->conns[i].fd = -1;
	http = listen_on(SOCK_STREAM, http_port);
	udp = listen_on(SOCK_DGRAM, udp_port);
	serve(srv, http, udp);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NBD server of one volume: listens on a unix socket, keeps the list of connections. What is
 * said on them is in nbd_conn.c and nbd_engine.c.
 */
#include "replication/front/nbd_server.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/hf_log.h"
#include "replication/front/nbd_conn.h"

#define LISTEN_BACKLOG NBD_CONNECTIONS_MAX
#define ACCEPT_BURST   4

struct nbd_server {
	struct hf_loop *loop;
	struct front *front;
	struct front_listener listener;
	int fd;
	struct hf_watch *watch;
	struct sockaddr_un address;
	size_t n_conns;
	struct nbd_conn *conns[NBD_CONNECTIONS_MAX];
	void (*stopped)(void *arg);
	void *stopped_arg;
};

static void
conn_ended(void *arg, struct nbd_conn *conn, enum nbd_close why)
{
	struct nbd_server *server = arg;
	size_t i = 0;

	while (i < server->n_conns && server->conns[i] != conn)
		i++;
	assert(i < server->n_conns);
	server->conns[i] = server->conns[--server->n_conns];
	hf_log(why == NBD_CLOSE_DISCONNECT ? HF_DEBUG : HF_INFO, server->front->info.name,
	       "NBD client left: %s, %zu connected", nbd_close_code(why), server->n_conns);
	if (server->stopped && server->n_conns == 0) {
		void (*stopped)(void *) = server->stopped;

		server->stopped = NULL;
		stopped(server->stopped_arg);
	}
}

static void
add_client(struct nbd_server *server, int fd)
{
	struct nbd_conn_options options = {
		.loop = server->loop,
		.front = server->front,
		.fd = fd,
		.handshake = true,
		.ended = conn_ended,
		.arg = server,
	};
	const char *name = server->front->info.name;
	int err;

	if (server->n_conns == NBD_CONNECTIONS_MAX) {
		hf_log(HF_WARNING, name, "NBD client refused: %d are connected already",
		       NBD_CONNECTIONS_MAX);
		close(fd);
		return;
	}
	err = nbd_conn_new(&options, &server->conns[server->n_conns]);
	if (err) {
		hf_log(HF_ERROR, name, "NBD client refused: %s", strerror(-err));
		return;
	}
	server->n_conns++;
}

static void
on_connection(void *arg, int fd)
{
	struct nbd_server *server = arg;

	for (int i = 0; i < ACCEPT_BURST; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (client < 0) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				hf_log(HF_ERROR, server->front->info.name,
				       "cannot accept NBD clients: %s", strerror(errno));
			return;
		}
		add_client(server, client);
	}
}

static void
retire_all(struct nbd_server *server)
{
	/* Each may leave the list at once, and the last takes its place. */
	for (size_t i = server->n_conns; i > 0; i--)
		nbd_conn_retire(server->conns[i - 1]);
}

static void
info_changed(void *arg)
{
	struct nbd_server *server = arg;

	if (server->front->info.refusal != FRONT_OPEN)
		retire_all(server);
}

/* Makes room for the socket: one that nobody listens on is left over from a crash. */
static int
clear_path(const struct sockaddr_un *address)
{
	struct stat st;
	int err = 0, fd;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
		err = -EADDRINUSE;
	else if (errno != ECONNREFUSED || unlink(address->sun_path) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int
listen_at(struct nbd_server *server, mode_t mode)
{
	int err = clear_path(&server->address);

	if (err)
		return err;
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The mode is the socket's before it has a name, so nobody slips in meanwhile. */
	if (server->fd < 0 || fchmod(server->fd, mode) < 0 ||
	    bind(server->fd, (const struct sockaddr *)&server->address, sizeof(server->address)) <
		    0 ||
	    listen(server->fd, LISTEN_BACKLOG) < 0)
		return -errno;
	server->watch =
		hf_watch_read(server->loop, HF_PRIO_NORMAL, server->fd, on_connection, server);
	return server->watch ? 0 : -ENOMEM;
}

int
nbd_server_new(struct hf_loop *loop, struct front *front, const char *path, mode_t mode,
	       struct nbd_server **out)
{
	struct nbd_server *server;
	int err;

	if (strlen(path) >= sizeof(server->address.sun_path))
		return -ENAMETOOLONG;
	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->loop = loop;
	server->front = front;
	server->fd = -1;
	server->address.sun_family = AF_UNIX;
	memcpy(server->address.sun_path, path, strlen(path));
	server->listener = (struct front_listener){ .changed = info_changed, .arg = server };
	front_listen(front, &server->listener);
	err = listen_at(server, mode);
	if (err) {
		nbd_server_free(server);
		return err;
	}
	*out = server;
	return 0;
}

void
nbd_server_stop(struct nbd_server *server, void (*stopped)(void *arg), void *arg)
{
	hf_watch_free(server->watch);
	server->watch = NULL;
	if (server->fd >= 0) {
		unlink(server->address.sun_path);
		close(server->fd);
	}
	server->fd = -1;
	retire_all(server);
	if (server->n_conns == 0) {
		stopped(arg);
		return;
	}
	server->stopped = stopped;
	server->stopped_arg = arg;
}

void
nbd_server_free(struct nbd_server *server)
{
	if (!server)
		return;
	assert(server->n_conns == 0);
	front_unlisten(&server->listener);
	hf_watch_free(server->watch);
	if (server->fd >= 0) {
		if (server->watch)
			unlink(server->address.sun_path);
		close(server->fd);
	}
	free(server);
}

size_t
nbd_server_connections(const struct nbd_server *server)
{
	return server->n_conns;
}

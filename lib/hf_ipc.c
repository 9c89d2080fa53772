/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between rooms over SOCK_SEQPACKET, with a bounded queue for what the kernel does not
 * take at once. */
#include "lib/hf_ipc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/hf_log.h"

/* Bytes the kernel may hold for one direction: a burst of changes should not wait for the reader.
 */
#define SOCKET_BUFFER (4 << 20)

struct header {
	uint16_t version;
	uint16_t type;
	uint32_t len;
};

struct queued {
	STAILQ_ENTRY(queued) next;
	struct header header;
	int fd;
	uint8_t payload[];
};
STAILQ_HEAD(queue, queued);

struct hf_ipc {
	int fd;
	struct hf_loop *loop;
	struct hf_watch *readable, *writable;
	const struct hf_ipc_ops *ops;
	void *arg;
	struct queue queue;
	size_t queued_bytes;
	bool broken; /* sending failed: closed() is on its way by the reader */
	bool in_callback;
	bool free_later; /* hf_ipc_free() was called from a callback */
};

int
hf_ipc_pair(int fds[2])
{
	int size = SOCKET_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		/* Beyond the system's limit where we may; else as much as it lets us have. */
		if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
			setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	}
	return 0;
}

static void
queue_drop(struct hf_ipc *ipc)
{
	struct queued *msg;

	while ((msg = STAILQ_FIRST(&ipc->queue))) {
		STAILQ_REMOVE_HEAD(&ipc->queue, next);
		if (msg->fd >= 0)
			close(msg->fd);
		free(msg);
	}
	ipc->queued_bytes = 0;
}

static void
destroy(struct hf_ipc *ipc)
{
	hf_watch_free(ipc->readable);
	hf_watch_free(ipc->writable);
	queue_drop(ipc);
	if (ipc->fd >= 0)
		close(ipc->fd);
	free(ipc);
}

void
hf_ipc_free(struct hf_ipc *ipc)
{
	if (!ipc)
		return;
	if (ipc->in_callback)
		ipc->free_later = true;
	else
		destroy(ipc);
}

/* Hands the header, the payload and at most one descriptor to the kernel. Returns 0 or -errno. */
static int
send_now(int sock, const struct header *header, const void *payload, int fd)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)header, .iov_len = sizeof(*header) },
		{ .iov_base = (void *)payload, .iov_len = header->len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = header->len ? 2 : 1 };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };

	if (fd >= 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static bool
is_full(int err)
{
	return err == -EAGAIN || err == -ENOBUFS || err == -EINTR || err == -ETOOMANYREFS;
}

static int
enqueue(struct hf_ipc *ipc, const struct header *header, const void *payload, int fd)
{
	size_t bytes = sizeof(struct queued) + header->len;
	struct queued *msg;

	if (ipc->queued_bytes + bytes > HF_IPC_QUEUE_MAX)
		return -ENOBUFS;
	msg = malloc(bytes);
	if (!msg)
		return -ENOBUFS;
	msg->header = *header;
	msg->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (fd >= 0 && msg->fd < 0) {
		free(msg);
		return -ENOBUFS;
	}
	if (header->len)
		memcpy(msg->payload, payload, header->len);
	STAILQ_INSERT_TAIL(&ipc->queue, msg, next);
	ipc->queued_bytes += bytes;
	hf_watch_enable(ipc->writable, true);
	return 0;
}

/* Sends what waits until the kernel is full. Returns 0 or -errno when the channel is broken. */
static int
drain(struct hf_ipc *ipc)
{
	struct queued *msg;

	while ((msg = STAILQ_FIRST(&ipc->queue))) {
		int err = send_now(ipc->fd, &msg->header, msg->payload, msg->fd);

		if (is_full(err))
			return 0;
		if (err)
			return err;
		STAILQ_REMOVE_HEAD(&ipc->queue, next);
		ipc->queued_bytes -= sizeof(*msg) + msg->header.len;
		if (msg->fd >= 0)
			close(msg->fd);
		free(msg);
	}
	hf_watch_enable(ipc->writable, false);
	return 0;
}

/* The reader finds out about the end in its own turn; until then nothing more is sent. */
static void
break_off(struct hf_ipc *ipc)
{
	ipc->broken = true;
	queue_drop(ipc);
	hf_watch_enable(ipc->writable, false);
	shutdown(ipc->fd, SHUT_RDWR);
}

static void
on_writable(void *arg, int fd)
{
	struct hf_ipc *ipc = arg;

	(void)fd;
	if (drain(ipc) < 0)
		break_off(ipc);
}

int
hf_ipc_send(struct hf_ipc *ipc, uint16_t type, const void *payload, size_t len, int fd)
{
	struct header header = { HF_IPC_VERSION, type, (uint32_t)len };
	int err;

	if (len > HF_IPC_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (ipc->broken)
		return -EPIPE;
	if (!STAILQ_EMPTY(&ipc->queue))
		return enqueue(ipc, &header, payload, fd);
	err = send_now(ipc->fd, &header, payload, fd);
	if (is_full(err))
		return enqueue(ipc, &header, payload, fd);
	if (err) {
		break_off(ipc);
		return -EPIPE;
	}
	return 0;
}

void
hf_ipc_flush(struct hf_ipc *ipc, int64_t limit_ns)
{
	hf_time end = hf_after(hf_time_now(), limit_ns);

	while (!ipc->broken && !STAILQ_EMPTY(&ipc->queue)) {
		struct pollfd pfd = { .fd = ipc->fd, .events = POLLOUT };
		int64_t left_ns = hf_between(hf_time_now(), end);

		if (left_ns <= 0 || poll(&pfd, 1, (int)(left_ns / 1000000) + 1) < 0)
			return;
		if (drain(ipc) < 0)
			break_off(ipc);
	}
}

/* The descriptor that came with a message; surplus ones are closed. */
static int
received_fd(struct msghdr *msg)
{
	int fd = -1;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < n; i++) {
			int got;

			memcpy(&got, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
			if (fd < 0)
				fd = got;
			else
				close(got);
		}
	}
	return fd;
}

/*
 * Reads and delivers one message. Returns 1 when one was delivered, 0 when there is none now, a
 * negative errno when the channel has to end.
 */
static int
receive_one(struct hf_ipc *ipc)
{
	_Alignas(16) uint8_t payload[HF_IPC_PAYLOAD_MAX];
	struct header header;
	struct iovec iov[2] = {
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = payload, .iov_len = sizeof(payload) },
	};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct msghdr msg = { .msg_iov = iov,
			      .msg_iovlen = 2,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t got = recvmsg(ipc->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (got == 0)
		return -EPIPE;
	fd = received_fd(&msg);
	if ((size_t)got < sizeof(header) || header.version != HF_IPC_VERSION ||
	    header.len != (size_t)got - sizeof(header) || (msg.msg_flags & MSG_TRUNC)) {
		if (fd >= 0)
			close(fd);
		return -EBADMSG;
	}
	int err = ipc->ops->message(ipc->arg, ipc, header.type, payload, header.len, fd);

	if (err < 0)
		hf_log(HF_ERROR, NULL, "message %u of another room refused: %s", header.type,
		       strerror(-err));
	return err < 0 ? err : 1;
}

static void
on_readable(void *arg, int fd)
{
	struct hf_ipc *ipc = arg;
	int got = 1;

	(void)fd;
	ipc->in_callback = true;
	for (int n = 0; n < HF_IPC_BURST && got > 0 && !ipc->free_later; n++)
		got = receive_one(ipc);
	if (got < 0 && !ipc->free_later) {
		ipc->broken = true;
		hf_watch_enable(ipc->readable, false);
		hf_watch_enable(ipc->writable, false);
		ipc->ops->closed(ipc->arg, ipc);
	}
	ipc->in_callback = false;
	if (ipc->free_later)
		destroy(ipc);
}

struct hf_ipc *
hf_ipc_new(struct hf_loop *loop, int fd, const struct hf_ipc_ops *ops, void *arg)
{
	struct hf_ipc *ipc = calloc(1, sizeof(*ipc));

	assert(fd >= 0);
	if (!ipc) {
		close(fd);
		return NULL;
	}
	ipc->fd = fd;
	ipc->loop = loop;
	ipc->ops = ops;
	ipc->arg = arg;
	STAILQ_INIT(&ipc->queue);
	ipc->readable = hf_watch_read(loop, HF_PRIO_NORMAL, fd, on_readable, ipc);
	ipc->writable = hf_watch_write(loop, HF_PRIO_NORMAL, fd, on_writable, ipc);
	if (!ipc->readable || !ipc->writable) {
		destroy(ipc);
		return NULL;
	}
	hf_watch_enable(ipc->writable, false);
	return ipc;
}

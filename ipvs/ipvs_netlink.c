/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The netlink socket: finding the family, batches with their answers, dumps. Elsewhere: the bytes
 * of a message (ipvs_packet.c), what should be done (ipvs_plan.c).
 */
#include "ipvs/ipvs_netlink.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipvs/ipvs_packet.h"

/* The kernel answers within its own system call, unless it has to load a scheduler's module. */
#define ANSWER_LIMIT_S 30
#define RECEIVE_BYTES  65536
/* Answers to one batch wait in the socket until we read them. */
#define SOCKET_RECEIVE_BYTES (1 << 20)

struct ipvs_socket {
	struct nl_sock *nl;
	int fd;
	uint16_t family;
	uint32_t seq;
	struct ipvs_traffic traffic;
	uint8_t send[IPVS_BATCH_MAX * IPVS_PACKET_MAX];
	_Alignas(struct nlmsghdr) uint8_t receive[RECEIVE_BYTES];
};

static int
run_modprobe(void)
{
	static const char *const argv[] = { "modprobe", "-q", "ip_vs", NULL };
	static char *const envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	pid_t pid;
	int status;

	if (posix_spawn(&pid, "/sbin/modprobe", NULL, NULL, (char *const *)argv, envp) != 0)
		return -ENOENT;
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return -ENOENT;
	return 0;
}

/* Asking for the family makes the kernel try to load the module by itself. */
static int
find_family(struct ipvs_socket *sock, bool load_module)
{
	int family = genl_ctrl_resolve(sock->nl, IPVS_GENL_NAME);

	if (family < 0 && load_module && run_modprobe() == 0)
		family = genl_ctrl_resolve(sock->nl, IPVS_GENL_NAME);
	if (family < 0)
		return -EPROTONOSUPPORT;
	sock->family = (uint16_t)family;
	return 0;
}

static void
set_options(int fd)
{
	struct timeval limit = { .tv_sec = ANSWER_LIMIT_S };
	int on = 1, bytes = SOCKET_RECEIVE_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
}

int
ipvs_socket_open(bool load_module, struct ipvs_socket **out)
{
	struct ipvs_socket *sock = calloc(1, sizeof(*sock));
	int err = -ENOMEM;

	if (sock == NULL)
		return -ENOMEM;
	sock->nl = nl_socket_alloc();
	if (sock->nl == NULL)
		goto failed;
	err = genl_connect(sock->nl) < 0 ? -EPROTONOSUPPORT : 0;
	if (!err)
		err = find_family(sock, load_module);
	if (err)
		goto failed;
	sock->fd = nl_socket_get_fd(sock->nl);
	set_options(sock->fd);
	*out = sock;
	return 0;
failed:
	ipvs_socket_close(sock);
	return err;
}

void
ipvs_socket_close(struct ipvs_socket *sock)
{
	if (sock == NULL)
		return;
	nl_socket_free(sock->nl);
	free(sock);
}

const struct ipvs_traffic *
ipvs_socket_traffic(const struct ipvs_socket *sock)
{
	return &sock->traffic;
}

static int
send_bytes(struct ipvs_socket *sock, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	do {
		sent = sendto(sock->fd, sock->send, len, 0, (const struct sockaddr *)&kernel,
			      sizeof(kernel));
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* One datagram into sock->receive. Returns its length or -errno. */
static int
receive(struct ipvs_socket *sock)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t len;

	do {
		len = recvfrom(sock->fd, sock->receive, sizeof(sock->receive), 0,
			       (struct sockaddr *)&from, &from_len);
	} while ((len < 0 && errno == EINTR) || (len >= 0 && from.nl_pid != 0));
	if (len < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return (int)len;
}

/* The kernel's errno in an NLMSG_ERROR or at the end of a dump; 0: all went well. */
static int
error_of(const struct nlmsghdr *msg)
{
	int error = 0;

	if (msg->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(msg), sizeof(error));
	return error;
}

struct batch {
	const struct ipvs_step *steps;
	size_t n, answered;
	uint32_t first_seq;
	void (*result)(void *arg, const struct ipvs_step *step, int err);
	void *arg;
};

static void
take_answer(struct ipvs_socket *sock, struct batch *batch, const struct nlmsghdr *msg)
{
	uint32_t index = msg->nlmsg_seq - batch->first_seq;
	int err;

	/* Late answers of an earlier batch that was given up are nobody's. */
	if (msg->nlmsg_type != NLMSG_ERROR || index >= batch->n)
		return;
	err = error_of(msg);
	if (err)
		sock->traffic.refused++;
	batch->answered++;
	if (batch->result != NULL)
		batch->result(batch->arg, &batch->steps[index], err);
}

static int
read_answers(struct ipvs_socket *sock, struct batch *batch)
{
	while (batch->answered < batch->n) {
		const struct nlmsghdr *msg = (const struct nlmsghdr *)sock->receive;
		int left = receive(sock);

		if (left < 0)
			return left;
		for (; NLMSG_OK(msg, (unsigned int)left); msg = NLMSG_NEXT(msg, left))
			take_answer(sock, batch, msg);
	}
	return 0;
}

static int
apply_batch(struct ipvs_socket *sock, struct batch *batch)
{
	size_t len = 0;
	int err;

	batch->first_seq = sock->seq + 1;
	for (size_t i = 0; i < batch->n; i++) {
		int added = ipvs_packet_step(sock->family, ++sock->seq, &batch->steps[i],
					     sock->send + len, sizeof(sock->send) - len);

		if (added < 0)
			return added;
		len += (size_t)added;
	}
	sock->traffic.requests += batch->n;
	err = send_bytes(sock, len);
	return err ? err : read_answers(sock, batch);
}

int
ipvs_socket_apply(struct ipvs_socket *sock, const struct ipvs_step *steps, size_t n,
		  void (*result)(void *arg, const struct ipvs_step *step, int err), void *arg)
{
	int err = 0;

	for (size_t done = 0; done < n && !err; done += IPVS_BATCH_MAX) {
		struct batch batch = { .steps = steps + done, .result = result, .arg = arg };

		batch.n = n - done < IPVS_BATCH_MAX ? n - done : IPVS_BATCH_MAX;
		err = apply_batch(sock, &batch);
	}
	return err;
}

static void
keep_result(void *arg, const struct ipvs_step *step, int err)
{
	*(int *)arg = err;
}

int
ipvs_socket_flush(struct ipvs_socket *sock)
{
	static const struct ipvs_step none = { .type = IPVS_DEL_SERVICE };
	int refused = 0, err;
	struct batch batch = { .steps = &none, .n = 1, .result = keep_result, .arg = &refused };
	int len = ipvs_packet_flush(sock->family, ++sock->seq, sock->send, sizeof(sock->send));

	if (len < 0)
		return len;
	batch.first_seq = sock->seq;
	sock->traffic.requests++;
	err = send_bytes(sock, (size_t)len);
	if (!err)
		err = read_answers(sock, &batch);
	return err ? err : refused;
}

struct dump {
	struct ipvs_table *table;
	struct ipvs_table_service *service; /* NULL: services are dumped */
	bool complete;
};

static int
take_part(struct dump *dump, const struct nlmsghdr *msg)
{
	struct ipvs_service service;
	struct ipvs_dest dest;
	int err;

	if (dump->service == NULL) {
		err = ipvs_packet_read_service(msg, &service);
		if (!err && ipvs_table_put(dump->table, &service, NULL) == NULL)
			err = -ENOMEM;
		return err;
	}
	err = ipvs_packet_read_dest(msg, dump->service->service.key.family, &dest);
	if (!err && ipvs_table_put_dest(dump->table, dump->service, &dest, NULL) == NULL)
		err = -ENOMEM;
	return err;
}

/* The rest of a dump is read to its end even after an error: else it would stand before the next
 * answer. */
static int
read_dump(struct ipvs_socket *sock, struct dump *dump)
{
	int err = 0;

	while (!dump->complete) {
		const struct nlmsghdr *msg = (const struct nlmsghdr *)sock->receive;
		int left = receive(sock);

		if (left < 0)
			return left;
		for (; NLMSG_OK(msg, (unsigned int)left); msg = NLMSG_NEXT(msg, left)) {
			if (msg->nlmsg_seq != sock->seq)
				continue;
			if (msg->nlmsg_type == NLMSG_DONE || msg->nlmsg_type == NLMSG_ERROR) {
				dump->complete = true;
				err = err ? err : error_of(msg);
			} else if (!err) {
				err = take_part(dump, msg);
			}
		}
	}
	return err;
}

int
ipvs_socket_dump_services(struct ipvs_socket *sock, struct ipvs_table *table)
{
	struct dump dump = { .table = table };
	int len = ipvs_packet_dump_services(sock->family, ++sock->seq, sock->send,
					    sizeof(sock->send));
	int err = len < 0 ? len : send_bytes(sock, (size_t)len);

	sock->traffic.dumps++;
	return err ? err : read_dump(sock, &dump);
}

int
ipvs_socket_dump_dests(struct ipvs_socket *sock, struct ipvs_table *table,
		       struct ipvs_table_service *service)
{
	struct dump dump = { .table = table, .service = service };
	int len = ipvs_packet_dump_dests(sock->family, ++sock->seq, &service->service.key,
					 sock->send, sizeof(sock->send));
	int err = len < 0 ? len : send_bytes(sock, (size_t)len);

	sock->traffic.dumps++;
	return err ? err : read_dump(sock, &dump);
}

static bool
sets_service(const struct ipvs_step *step)
{
	return step->type == IPVS_ADD_SERVICE || step->type == IPVS_EDIT_SERVICE;
}

const char *
ipvs_refusal_text(const struct ipvs_step *step, int err, char buf[IPVS_REFUSAL_MAX])
{
	const struct ipvs_service *service = &step->service;

	if (err == -ENOENT && sets_service(step) && service->pe[0] != '\0')
		snprintf(buf, IPVS_REFUSAL_MAX,
			 "the kernel has no scheduler \"%.16s\" or no persistence engine \"%.16s\" "
			 "(modules ip_vs_%.16s, ip_vs_pe_%.16s)",
			 service->sched, service->pe, service->sched, service->pe);
	else if (err == -ENOENT && sets_service(step))
		snprintf(buf, IPVS_REFUSAL_MAX,
			 "the kernel has no scheduler \"%.16s\" (module ip_vs_%.16s)",
			 service->sched, service->sched);
	else if (err == -EPERM)
		snprintf(buf, IPVS_REFUSAL_MAX,
			 "not permitted (CAP_NET_ADMIN of the first user "
			 "namespace is needed)");
	else if (err == -EINVAL && step->type == IPVS_ADD_DEST)
		snprintf(buf, IPVS_REFUSAL_MAX,
			 "the kernel takes no such dest (%s to that address family or kind of "
			 "address)",
			 ipvs_forwarding_word(step->dest.fwd_method));
	else
		snprintf(buf, IPVS_REFUSAL_MAX, "%s", strerror(-err));
	return buf;
}

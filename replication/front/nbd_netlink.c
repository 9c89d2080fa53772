/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's nbd driver by generic netlink: three commands, each sent and awaited. The kernel
 * answers within its own system call. When which is called is front_nbd.c's matter.
 */
#include "replication/front/nbd_netlink.h"

#include <errno.h>
#include <linux/nbd-netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#define ANSWER_LIMIT_S 30

struct nbd_netlink {
	struct nl_sock *socket;
	struct nl_cb *cb;
	int family;
	/* Of the answer being awaited. */
	bool answered;
	int error;
	int index;
};

static int
on_error(struct sockaddr_nl *from, struct nlmsgerr *answer, void *arg)
{
	struct nbd_netlink *nl = arg;

	nl->answered = true;
	nl->error = answer->error;
	return NL_STOP;
}

static int
on_ack(struct nl_msg *msg, void *arg)
{
	struct nbd_netlink *nl = arg;

	nl->answered = true;
	return NL_STOP;
}

/* CONNECT tells which device it took. */
static int
on_reply(struct nl_msg *msg, void *arg)
{
	struct nbd_netlink *nl = arg;
	struct nlattr *attrs[NBD_ATTR_MAX + 1];

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, NBD_ATTR_MAX, NULL) == 0 &&
	    attrs[NBD_ATTR_INDEX])
		nl->index = (int)nla_get_u32(attrs[NBD_ATTR_INDEX]);
	return NL_OK;
}

/* Devices are made when they are needed, none in advance. */
static void
load_module(void)
{
	static const char *const argv[] = { "modprobe", "-q", "nbd", "nbds_max=0", NULL };
	static char *const envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	pid_t pid;
	int status;

	if (posix_spawn(&pid, "/sbin/modprobe", NULL, NULL, (char *const *)argv, envp) == 0)
		waitpid(pid, &status, 0);
}

int
nbd_netlink_open(struct nbd_netlink **out)
{
	struct nbd_netlink *nl = calloc(1, sizeof(*nl));
	struct timeval limit = { .tv_sec = ANSWER_LIMIT_S };
	int err = -ENOMEM;

	if (!nl)
		return err;
	nl->socket = nl_socket_alloc();
	nl->cb = nl_cb_alloc(NL_CB_DEFAULT);
	if (!nl->socket || !nl->cb)
		goto fail;
	err = -EPROTONOSUPPORT;
	if (genl_connect(nl->socket) < 0)
		goto fail;
	nl->family = genl_ctrl_resolve(nl->socket, NBD_GENL_FAMILY_NAME);
	if (nl->family < 0) {
		load_module();
		nl->family = genl_ctrl_resolve(nl->socket, NBD_GENL_FAMILY_NAME);
	}
	if (nl->family < 0)
		goto fail;
	setsockopt(nl_socket_get_fd(nl->socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	nl_cb_err(nl->cb, NL_CB_CUSTOM, on_error, nl);
	nl_cb_set(nl->cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, nl);
	nl_cb_set(nl->cb, NL_CB_VALID, NL_CB_CUSTOM, on_reply, nl);
	*out = nl;
	return 0;
fail:
	nbd_netlink_close(nl);
	return err;
}

void
nbd_netlink_close(struct nbd_netlink *nl)
{
	if (!nl)
		return;
	if (nl->cb)
		nl_cb_put(nl->cb);
	nl_socket_free(nl->socket);
	free(nl);
}

/* Sends the message, which it frees, and awaits the answer. */
static int
ask(struct nbd_netlink *nl, struct nl_msg *msg)
{
	int err;

	nl->answered = false;
	nl->error = 0;
	nl->index = -1;
	err = nl_send_auto(nl->socket, msg);
	nlmsg_free(msg);
	while (err >= 0 && !nl->answered)
		err = nl_recvmsgs(nl->socket, nl->cb);
	if (nl->answered)
		return nl->error;
	return err == -NLE_AGAIN ? -ETIMEDOUT : -EIO;
}

static struct nl_msg *
message(const struct nbd_netlink *nl, uint8_t command, int index)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg)
		return NULL;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, NLM_F_ACK, command,
			 NBD_GENL_VERSION) ||
	    (index >= 0 && nla_put_u32(msg, NBD_ATTR_INDEX, (uint32_t)index) < 0)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/* What connect and reconfigure have in common. */
static int
put_device(struct nl_msg *msg, const struct nbd_device *device)
{
	struct nlattr *sockets, *item;

	if (nla_put_u64(msg, NBD_ATTR_SIZE_BYTES, device->size) < 0 ||
	    nla_put_u64(msg, NBD_ATTR_BLOCK_SIZE_BYTES, device->block_size) < 0 ||
	    nla_put_u64(msg, NBD_ATTR_DEAD_CONN_TIMEOUT, device->dead_timeout_s) < 0 ||
	    nla_put_string(msg, NBD_ATTR_BACKEND_IDENTIFIER, device->backend) < 0)
		return -EMSGSIZE;
	if (device->fd < 0)
		return 0;
	sockets = nla_nest_start(msg, NBD_ATTR_SOCKETS);
	item = sockets ? nla_nest_start(msg, NBD_SOCK_ITEM) : NULL;
	if (!item || nla_put_u32(msg, NBD_SOCK_FD, (uint32_t)device->fd) < 0)
		return -EMSGSIZE;
	nla_nest_end(msg, item);
	nla_nest_end(msg, sockets);
	return 0;
}

int
nbd_netlink_connect(struct nbd_netlink *nl, struct nbd_device *device)
{
	struct nl_msg *msg = message(nl, NBD_CMD_CONNECT, device->index);
	int err;

	if (!msg)
		return -ENOMEM;
	if (put_device(msg, device) < 0 ||
	    nla_put_u64(msg, NBD_ATTR_SERVER_FLAGS, device->flags) < 0) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	err = ask(nl, msg);
	if (err)
		return err;
	if (nl->index >= 0)
		device->index = nl->index;
	return device->index >= 0 ? 0 : -EPROTO;
}

int
nbd_netlink_reconfigure(struct nbd_netlink *nl, const struct nbd_device *device)
{
	struct nl_msg *msg = message(nl, NBD_CMD_RECONFIGURE, device->index);

	if (!msg)
		return -ENOMEM;
	if (put_device(msg, device) < 0) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	return ask(nl, msg);
}

int
nbd_netlink_disconnect(struct nbd_netlink *nl, int index)
{
	struct nl_msg *msg = message(nl, NBD_CMD_DISCONNECT, index);

	return msg ? ask(nl, msg) : -ENOMEM;
}

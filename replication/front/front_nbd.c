/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's nbd driver as a front-end: a socket pair, one end with an nbd_conn in transmission,
 * the other handed to the kernel. Here: making, finding, taking over and ending the device.
 *
 * The driver's request timer is off (TIMEOUT 0): with it, a volume that is suspended for longer
 * would have its connection cut and every waiting request sent twice. But without it the driver
 * looks only every 30 s for requests to send again after a reconnect; the queue's own io_timeout
 * makes that RESEND_MS, and a request that is merely slow costs a line in the kernel's log.
 */
#include "replication/front/front_nbd.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/hf_log.h"
#include "replication/front/front_name.h"
#include "replication/front/nbd_conn.h"
#include "replication/front/nbd_netlink.h"

#define RETRY_NS    HF_MILLIS(100)
#define RESEND_MS   2000
#define BACKEND_MAX (FRONT_NAME_MAX + 16)
#define PATH_LEN    96

struct front_nbd {
	struct hf_loop *loop;
	struct front *front;
	struct front_listener listener;
	struct nbd_netlink *netlink;
	struct hf_timer *retry;
	struct nbd_conn *conn; /* NULL: none now */
	int index;             /* -1: no device */
	uint64_t size;         /* that the kernel knows */
	char backend[BACKEND_MAX];
	pid_t setter; /* the shell that sets the queue's io_timeout, or 0 */
	bool told;    /* a failure has been logged, and its repetitions are not */
};

static void
try_later(struct front_nbd *nbd)
{
	hf_timer_set(nbd->retry, hf_after(hf_time_now(), RETRY_NS));
}

/* --- what the kernel shows ---------------------------------------------------------------- */

/* Reads the first line of a file of /sys; "" when there is none. */
static void
read_line(const char *path, char *line, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, cap - 1);

	if (fd >= 0)
		close(fd);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

/* The device that serves this volume, left by an earlier process; -1: none. */
static int
find_device(const struct front_nbd *nbd)
{
	char line[BACKEND_MAX];
	glob_t found;
	int index = -1;

	if (glob("/sys/block/nbd*/backend", GLOB_NOSORT, NULL, &found) != 0)
		return -1;
	for (size_t i = 0; i < found.gl_pathc && index < 0; i++) {
		read_line(found.gl_pathv[i], line, sizeof(line));
		if (strcmp(line, nbd->backend) == 0)
			index = (int)strtol(found.gl_pathv[i] + strlen("/sys/block/nbd"), NULL, 10);
	}
	globfree(&found);
	return index;
}

/*
 * Writing to the queue's settings waits for all its requests, which wait for us: so a shell does
 * it, while we go on serving. Nobody waits for it; it is asked after now and then.
 */
static void
set_resend_time(struct front_nbd *nbd)
{
	char path[PATH_LEN], command[PATH_LEN + 32], now[16];
	const char *const argv[] = { "sh", "-c", command, NULL };
	static char *const envp[] = { NULL };

	(void)snprintf(path, sizeof(path), "/sys/block/nbd%d/queue/io_timeout", nbd->index);
	read_line(path, now, sizeof(now));
	if (nbd->setter > 0 || strtol(now, NULL, 10) == RESEND_MS)
		return;
	(void)snprintf(command, sizeof(command), "echo %d >%s", RESEND_MS, path);
	if (posix_spawn(&nbd->setter, "/bin/sh", NULL, NULL, (char *const *)argv, envp) != 0) {
		nbd->setter = 0;
		hf_log(HF_WARNING, nbd->front->info.name,
		       "%s stays at %s: a restart holds requests up for longer", path, now);
		return;
	}
	try_later(nbd);
}

static void
await_setter(struct front_nbd *nbd)
{
	if (nbd->setter > 0 && waitpid(nbd->setter, NULL, WNOHANG) != 0)
		nbd->setter = 0;
	if (nbd->setter > 0)
		try_later(nbd);
}

/* --- the connection ----------------------------------------------------------------------- */

/* The kernel has closed: it found the connection dead, or the device ended. */
static void
conn_ended(void *arg, struct nbd_conn *conn, enum nbd_close why)
{
	struct front_nbd *nbd = arg;

	if (nbd->conn != conn)
		return;
	nbd->conn = NULL;
	if (nbd->index < 0) {                               /* taken away by us, and */
		if (nbd->front->info.refusal == FRONT_OPEN) /* wanted again meanwhile */
			try_later(nbd);
		return;
	}
	hf_log(HF_WARNING, nbd->front->info.name, "/dev/nbd%d: the kernel's connection ended: %s",
	       nbd->index, nbd_close_code(why));
	try_later(nbd);
}

static struct nbd_device
device_of(const struct front_nbd *nbd, int fd)
{
	const struct front_info *info = &nbd->front->info;
	unsigned int flags = NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_FUA |
			     NBD_FLAG_SEND_TRIM | NBD_FLAG_SEND_WRITE_ZEROES;

	if (info->read_only)
		flags |= NBD_FLAG_READ_ONLY;
	if (info->rotational)
		flags |= NBD_FLAG_ROTATIONAL;
	return (struct nbd_device){
		.index = nbd->index,
		.fd = fd,
		.size = info->size,
		.block_size = info->min_block < 512 ? 512 : info->min_block,
		.flags = (uint16_t)flags,
		.dead_timeout_s = FRONT_NBD_DEAD_S,
		.backend = nbd->backend,
	};
}

/* Did the kernel drop its end without a word? */
static bool
was_dropped(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLRDHUP };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLRDHUP));
}

/* Gives the kernel its end: of a device that is there, or of a new one. */
static int
hand_over(struct front_nbd *nbd, int ours, int kernels)
{
	struct nbd_device device;
	int err;

	nbd->index = find_device(nbd);
	device = device_of(nbd, kernels);
	if (nbd->index >= 0) {
		err = nbd_netlink_reconfigure(nbd->netlink, &device);
		if (!err && was_dropped(ours))
			err = -EBUSY; /* it has not noticed yet that the last one is dead */
		return err;
	}
	err = nbd_netlink_connect(nbd->netlink, &device);
	if (!err)
		nbd->index = device.index;
	return err;
}

static int
start_conn(struct front_nbd *nbd)
{
	struct nbd_conn_options options = {
		.loop = nbd->loop, .front = nbd->front, .ended = conn_ended, .arg = nbd
	};
	int fds[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	err = hand_over(nbd, fds[0], fds[1]);
	close(fds[1]); /* the kernel holds its own reference */
	if (err) {
		close(fds[0]);
		return err;
	}
	options.fd = fds[0];
	return nbd_conn_new(&options, &nbd->conn);
}

static void
attach(struct front_nbd *nbd)
{
	const char *name = nbd->front->info.name;
	char device[16];
	int err = start_conn(nbd);

	if (err) {
		nbd->conn = NULL;
		if (!nbd->told && err != -EBUSY)
			hf_log(HF_ERROR, name, "no nbd device: %s; trying again", strerror(-err));
		nbd->told |= err != -EBUSY;
		try_later(nbd);
		return;
	}
	nbd->told = false;
	nbd->size = nbd->front->info.size;
	set_resend_time(nbd);
	(void)snprintf(device, sizeof(device), "nbd%d", nbd->index);
	err = front_name_set(name, device);
	if (err)
		hf_log(HF_ERROR, name, FRONT_NAME_DIR "/%s cannot be made: %s", name,
		       strerror(-err));
	hf_log(HF_NOTICE, name, "served as /dev/%s", device);
}

static void
on_retry(void *arg)
{
	struct front_nbd *nbd = arg;

	if (!nbd->conn && nbd->front->info.refusal == FRONT_OPEN)
		attach(nbd);
	await_setter(nbd);
}

static void
info_changed(void *arg)
{
	struct front_nbd *nbd = arg;
	struct nbd_device device;
	int err;

	if (nbd->front->info.refusal != FRONT_OPEN) {
		front_nbd_detach(nbd);
		return;
	}
	if (!nbd->conn) {
		attach(nbd);
		return;
	}
	if (nbd->size == nbd->front->info.size)
		return;
	device = device_of(nbd, -1);
	err = nbd_netlink_reconfigure(nbd->netlink, &device);
	if (err)
		hf_log(HF_ERROR, nbd->front->info.name, "/dev/nbd%d keeps its old size: %s",
		       nbd->index, strerror(-err));
	else
		nbd->size = device.size;
}

/* --- life --------------------------------------------------------------------------------- */

int
front_nbd_new(struct hf_loop *loop, struct front *front, struct front_nbd **out)
{
	struct front_nbd *nbd = calloc(1, sizeof(*nbd));
	int err = -ENOMEM;

	if (!nbd)
		return err;
	nbd->loop = loop;
	nbd->front = front;
	nbd->index = -1;
	nbd->listener = (struct front_listener){ .changed = info_changed, .arg = nbd };
	(void)snprintf(nbd->backend, sizeof(nbd->backend), "holdfast:%s", front->info.name);
	front_listen(front, &nbd->listener);
	nbd->retry = hf_timer_new(loop, HF_PRIO_NORMAL, on_retry, nbd);
	if (nbd->retry)
		err = nbd_netlink_open(&nbd->netlink);
	if (err) {
		front_nbd_free(nbd);
		return err;
	}
	if (front->info.refusal == FRONT_OPEN)
		attach(nbd);
	*out = nbd;
	return 0;
}

int
front_nbd_index(const struct front_nbd *nbd)
{
	return nbd->index;
}

void
front_nbd_detach(struct front_nbd *nbd)
{
	struct nbd_conn *conn = nbd->conn;
	int index = nbd->index, err;

	hf_timer_set(nbd->retry, HF_UNSET);
	if (index < 0)
		index = find_device(nbd); /* one that waits for us since an earlier process */
	nbd->index = -1;
	if (index < 0)
		return;
	front_name_clear(nbd->front->info.name);
	err = nbd_netlink_disconnect(nbd->netlink, index);
	if (err)
		hf_log(HF_ERROR, nbd->front->info.name, "/dev/nbd%d cannot be ended: %s", index,
		       strerror(-err));
	if (conn)
		nbd_conn_hangup(conn, NBD_CLOSE_REFUSED);
}

void
front_nbd_free(struct front_nbd *nbd)
{
	struct nbd_conn *conn;

	if (!nbd)
		return;
	conn = nbd->conn;
	nbd->conn = NULL;
	if (conn)
		nbd_conn_hangup(conn, NBD_CLOSE_REFUSED);
	front_unlisten(&nbd->listener);
	hf_timer_free(nbd->retry);
	nbd_netlink_close(nbd->netlink);
	free(nbd);
}

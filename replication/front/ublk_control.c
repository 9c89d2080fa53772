/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ublk driver's control device. Each command is one entry of a small ring whose entries are
 * twice the usual size, as the driver asks. The ring's own descriptor becomes readable with a
 * result.
 */
#include "replication/front/ublk_control.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTROL_PATH  "/dev/ublk-control"
#define RING_ENTRIES  4
#define QUEUE_OF_NONE 0xffff
#define AWAITED       1 /* user data of the two kinds of commands */
#define IN_BACKGROUND 2

struct ublk_control {
	int fd;
	bool have_ring;
	struct io_uring ring;
	struct hf_watch *watch;
	void (*done)(void *arg, int result); /* NULL: nothing in the background */
	void *arg;
};

static void
load_module(void)
{
	static const char *const argv[] = { "modprobe", "-q", "ublk_drv", NULL };
	static char *const envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	pid_t pid;
	int status;

	if (posix_spawn(&pid, "/sbin/modprobe", NULL, NULL, (char *const *)argv, envp) == 0)
		waitpid(pid, &status, 0);
}

static void
background_done(struct ublk_control *control, int result)
{
	void (*done)(void *, int) = control->done;

	control->done = NULL;
	if (done)
		done(control->arg, result);
}

static void
on_result(void *arg, int fd)
{
	struct ublk_control *control = arg;
	struct io_uring_cqe *cqe;

	if (io_uring_peek_cqe(&control->ring, &cqe) != 0)
		return;

	int result = cqe->res;

	io_uring_cqe_seen(&control->ring, cqe);
	background_done(control, result);
}

static int
push(struct ublk_control *control, unsigned int op, const struct ublksrv_ctrl_cmd *command,
     uint64_t tag)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&control->ring);
	int n;

	if (!sqe)
		return -EAGAIN;
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = control->fd;
	sqe->cmd_op = op;
	sqe->user_data = tag;
	memcpy(sqe->cmd, command, sizeof(*command));
	n = io_uring_submit(&control->ring);
	return n < 0 ? n : 0;
}

int
ublk_control_do(struct ublk_control *control, unsigned int op, uint32_t id, void *buffer,
		uint16_t len, uint64_t number)
{
	struct ublksrv_ctrl_cmd command = {
		.dev_id = id,
		.queue_id = QUEUE_OF_NONE,
		.len = len,
		.addr = (uintptr_t)buffer,
		.data = { number },
	};
	int err = push(control, op, &command, AWAITED);

	while (!err) {
		struct io_uring_cqe *cqe;

		err = io_uring_wait_cqe(&control->ring, &cqe);
		if (err == -EINTR) {
			err = 0;
			continue;
		}
		if (err)
			break;

		uint64_t tag = cqe->user_data;
		int result = cqe->res;

		io_uring_cqe_seen(&control->ring, cqe);
		if (tag == AWAITED)
			return result;
		background_done(control, result);
	}
	return err;
}

int
ublk_control_start(struct ublk_control *control, unsigned int op, uint32_t id, uint64_t number,
		   void (*done)(void *arg, int result), void *arg)
{
	struct ublksrv_ctrl_cmd command = { .dev_id = id,
					    .queue_id = QUEUE_OF_NONE,
					    .data = { number } };
	int err;

	if (control->done)
		return -EBUSY;
	err = push(control, op, &command, IN_BACKGROUND);
	if (err)
		return err;
	control->done = done;
	control->arg = arg;
	return 0;
}

int
ublk_control_open(struct hf_loop *loop, struct ublk_control **out)
{
	struct ublk_control *control = calloc(1, sizeof(*control));
	int err;

	if (!control)
		return -ENOMEM;
	control->fd = open(CONTROL_PATH, O_RDWR | O_CLOEXEC);
	if (control->fd < 0) {
		load_module();
		control->fd = open(CONTROL_PATH, O_RDWR | O_CLOEXEC);
	}
	err = control->fd >= 0 ? 0 : errno == ENOENT ? -EPROTONOSUPPORT : -errno;
	if (!err)
		err = io_uring_queue_init(RING_ENTRIES, &control->ring, IORING_SETUP_SQE128);
	if (err)
		goto fail;
	control->have_ring = true;
	err = -ENOMEM;
	control->watch =
		hf_watch_read(loop, HF_PRIO_NORMAL, control->ring.ring_fd, on_result, control);
	if (!control->watch)
		goto fail;
	*out = control;
	return 0;
fail:
	ublk_control_close(control);
	return err;
}

void
ublk_control_close(struct ublk_control *control)
{
	if (!control)
		return;
	hf_watch_free(control->watch);
	if (control->have_ring)
		io_uring_queue_exit(&control->ring);
	if (control->fd >= 0)
		close(control->fd);
	free(control);
}

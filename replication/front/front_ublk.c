/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ublk driver as a front-end. The kernel hands a request over by ending a FETCH command of our
 * ring; its place in the table of descriptors (its tag) says what is wanted. We answer with
 * COMMIT_AND_FETCH for the same tag. Payload is copied by the kernel to and from a buffer of each
 * tag, so it is ours alone while the volume works on it.
 *
 *   none -> starting (ADD_DEV, parameters, every tag fetched, START_DEV in the background, which
 *   reads the partition table through us) -> live -> stopping (STOP_DEV in the background) -> none
 *   none -> recovering (a device of ours is there: START_USER_RECOVERY until the kernel has noticed
 *   the end of its last server, every tag fetched, END_USER_RECOVERY in the background) -> live
 */
#include "replication/front/front_ublk.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <glob.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/hf_log.h"
#include "replication/front/front_name.h"
#include "replication/front/ublk_control.h"

#define RETRY_NS    HF_MILLIS(100)
#define SECTOR      512U
#define OP_MASK     0xffU
#define OP_FUA      (1U << 13)
#define OP_NOUNMAP  (1U << 15)
#define PATH_LEN    32
#define RESULTS_MAX 32 /* handled per wake-up: the others get their turn */

enum ublk_state { UBLK_NONE, UBLK_STARTING, UBLK_RECOVERING, UBLK_LIVE, UBLK_STOPPING };

struct ublk_tag {
	struct front_request request;
	struct front_ublk *ublk;
	uint32_t done_bytes;
};

struct front_ublk {
	struct hf_loop *loop;
	struct front *front;
	struct front_listener listener;
	struct ublk_control *control;
	struct hf_timer *retry;
	enum ublk_state state;
	uint32_t id;   /* of the device, unless UBLK_NONE */
	uint64_t size; /* that the kernel was told */
	uint32_t depth, buffer_bytes;
	uint64_t mark; /* made from the volume's name: how we know our device again */
	bool told;     /* a failure has been logged, and its repetitions are not */
	void (*gone)(void *arg);
	void *gone_arg;

	int fd; /* of /dev/ublkcN */
	struct io_uring ring;
	bool have_ring;
	struct hf_watch *watch;
	struct event *later; /* answers gathered from several completions */
	bool later_set;
	const struct ublksrv_io_desc *descs;
	size_t descs_len;
	uint8_t *buffers;
	size_t buffers_len;
	struct ublk_tag tags[FRONT_UBLK_DEPTH];
};

static void attach(struct front_ublk *ublk);

/* --- requests ----------------------------------------------------------------------------- */

static void
push(struct front_ublk *ublk, unsigned int op, uint32_t tag, int result)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ublk->ring);
	struct ublksrv_io_cmd command = {
		.tag = (uint16_t)tag,
		.result = result,
		.addr = (uintptr_t)(ublk->buffers + (size_t)tag * ublk->buffer_bytes),
	};

	assert(sqe); /* as many entries as tags, and each tag has one command at most */
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = ublk->fd;
	sqe->cmd_op = op;
	sqe->user_data = tag;
	memcpy(sqe->cmd, &command, sizeof(command));
}

static void
send_answers(evutil_socket_t fd, short what, void *arg)
{
	struct front_ublk *ublk = arg;

	ublk->later_set = false;
	if (ublk->have_ring)
		io_uring_submit(&ublk->ring);
}

static void
request_done(struct front_request *request, int err)
{
	struct ublk_tag *tag = request->owner;
	struct front_ublk *ublk = tag->ublk;

	if (!ublk->have_ring) /* the device is gone */
		return;
	push(ublk, UBLK_U_IO_COMMIT_AND_FETCH_REQ, (uint32_t)(tag - ublk->tags),
	     err ? err : (int)tag->done_bytes);
	if (ublk->later_set)
		return;
	ublk->later_set = true;
	event_active(ublk->later, 0, 0);
}

/* false: not an operation that we said we would do. */
static bool
describe(const struct ublksrv_io_desc *desc, struct front_request *request, uint8_t *buffer)
{
	uint32_t flags = desc->op_flags;

	*request = (struct front_request){
		.offset = desc->start_sector * SECTOR,
		.length = desc->nr_sectors * SECTOR,
		.fua = flags & OP_FUA,
		.no_hole = flags & OP_NOUNMAP,
	};
	switch (flags & OP_MASK) {
	case UBLK_IO_OP_READ:
		request->op = FRONT_READ;
		request->data = buffer;
		return true;
	case UBLK_IO_OP_WRITE:
		request->op = FRONT_WRITE;
		request->data = buffer;
		return true;
	case UBLK_IO_OP_FLUSH:
		request->op = FRONT_FLUSH;
		request->offset = request->length = 0;
		return true;
	case UBLK_IO_OP_DISCARD:
		request->op = FRONT_TRIM;
		return true;
	case UBLK_IO_OP_WRITE_ZEROES:
		request->op = FRONT_WRITE_ZEROES;
		return true;
	default:
		return false;
	}
}

static void
on_request(struct front_ublk *ublk, uint32_t n)
{
	struct ublk_tag *tag = &ublk->tags[n];
	struct front_request *request = &tag->request;
	bool known =
		describe(&ublk->descs[n], request, ublk->buffers + (size_t)n * ublk->buffer_bytes);

	request->done = request_done;
	request->owner = tag;
	tag->done_bytes = request->data ? request->length : 0;
	if (!known)
		request_done(request, -EOPNOTSUPP);
	else if (request->offset > ublk->front->info.size ||
		 request->length > ublk->front->info.size - request->offset)
		request_done(request, -EIO); /* the volume has become smaller */
	else
		front_submit(ublk->front, request);
}

static void
on_results(void *arg, int fd)
{
	struct front_ublk *ublk = arg;
	struct io_uring_cqe *cqe;

	for (int i = 0; i < RESULTS_MAX && io_uring_peek_cqe(&ublk->ring, &cqe) == 0; i++) {
		uint32_t tag = (uint32_t)cqe->user_data;
		int result = cqe->res;

		io_uring_cqe_seen(&ublk->ring, cqe);
		/* Otherwise the device is being stopped: this tag is not served any more. */
		if (result == UBLK_IO_RES_OK)
			on_request(ublk, tag);
	}
	front_kick(ublk->front);
}

/* --- the device's own parts --------------------------------------------------------------- */

static void
close_queue(struct front_ublk *ublk)
{
	hf_watch_free(ublk->watch);
	ublk->watch = NULL;
	if (ublk->have_ring)
		io_uring_queue_exit(&ublk->ring);
	ublk->have_ring = false;
	if (ublk->descs)
		munmap((void *)ublk->descs, ublk->descs_len);
	ublk->descs = NULL;
	if (ublk->buffers)
		munmap(ublk->buffers, ublk->buffers_len);
	ublk->buffers = NULL;
	if (ublk->fd >= 0)
		close(ublk->fd);
	ublk->fd = -1;
}

static int
open_queue(struct front_ublk *ublk)
{
	char path[PATH_LEN];
	void *at;
	int err;

	(void)snprintf(path, sizeof(path), "/dev/ublkc%u", ublk->id);
	ublk->fd = open(path, O_RDWR | O_CLOEXEC);
	if (ublk->fd < 0)
		return -errno;
	ublk->descs_len = ublk->depth * sizeof(struct ublksrv_io_desc);
	at = mmap(NULL, ublk->descs_len, PROT_READ, MAP_SHARED | MAP_POPULATE, ublk->fd,
		  UBLKSRV_CMD_BUF_OFFSET);
	if (at == MAP_FAILED)
		return -errno;
	ublk->descs = at;
	ublk->buffers_len = (size_t)ublk->depth * ublk->buffer_bytes;
	at = mmap(NULL, ublk->buffers_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		  0);
	if (at == MAP_FAILED)
		return -ENOMEM;
	ublk->buffers = at;
	err = io_uring_queue_init(ublk->depth, &ublk->ring, 0);
	if (err)
		return err;
	ublk->have_ring = true;
	ublk->watch =
		hf_watch_read(ublk->loop, HF_PRIO_NORMAL, ublk->ring.ring_fd, on_results, ublk);
	if (!ublk->watch)
		return -ENOMEM;
	for (uint32_t i = 0; i < ublk->depth; i++) {
		ublk->tags[i].ublk = ublk;
		push(ublk, UBLK_U_IO_FETCH_REQ, i, 0);
	}
	err = io_uring_submit(&ublk->ring);
	return err < 0 ? err : 0;
}

static unsigned int
shift_of(uint32_t bytes)
{
	return (unsigned int)__builtin_ctz(bytes < SECTOR ? SECTOR : bytes);
}

static int
set_params(struct front_ublk *ublk)
{
	const struct front_info *info = &ublk->front->info;
	uint32_t attrs = UBLK_ATTR_VOLATILE_CACHE | UBLK_ATTR_FUA;
	unsigned int least = shift_of(info->min_block);

	if (info->read_only)
		attrs |= UBLK_ATTR_READ_ONLY;
	if (info->rotational)
		attrs |= UBLK_ATTR_ROTATIONAL;

	struct ublk_params params = {
		.len = sizeof(params),
		.types = UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_DISCARD,
		.basic = {
			.attrs = attrs,
			.logical_bs_shift = (uint8_t)least,
			.physical_bs_shift = (uint8_t)shift_of(FRONT_ALIGNMENT),
			.io_opt_shift = (uint8_t)shift_of(FRONT_ALIGNMENT),
			.io_min_shift = (uint8_t)least,
			.max_sectors = ublk->buffer_bytes / SECTOR,
			.chunk_sectors = FRONT_EXTENT / SECTOR, /* no request crosses an extent */
			.dev_sectors = info->size / SECTOR,
		},
		.discard = {
			.discard_granularity = FRONT_ALIGNMENT,
			.max_discard_sectors = FRONT_RANGE_MAX / SECTOR,
			.max_write_zeroes_sectors = FRONT_RANGE_MAX / SECTOR,
			.max_discard_segments = 1,
		},
	};

	return ublk_control_do(ublk->control, UBLK_U_CMD_SET_PARAMS, ublk->id, &params,
			       sizeof(params), 0);
}

/* --- coming and going --------------------------------------------------------------------- */

static void
try_later(struct front_ublk *ublk)
{
	hf_timer_set(ublk->retry, hf_after(hf_time_now(), RETRY_NS));
}

static void
failed(struct front_ublk *ublk, const char *what, int err)
{
	if (!ublk->told)
		hf_log(HF_ERROR, ublk->front->info.name, "no ublk device: %s: %s; trying again",
		       what, strerror(-err));
	ublk->told = true;
	close_queue(ublk);
	ublk->state = UBLK_NONE;
	try_later(ublk);
}

static void
on_started(void *arg, int result)
{
	struct front_ublk *ublk = arg;
	const char *name = ublk->front->info.name;
	char device[PATH_LEN];
	int err;

	if (result < 0) {
		failed(ublk, "it does not start", result);
		return;
	}
	hf_log(HF_NOTICE, name, "served as /dev/ublkb%u%s", ublk->id,
	       ublk->state == UBLK_RECOVERING ? " again" : "");
	ublk->state = UBLK_LIVE;
	ublk->told = false;
	(void)snprintf(device, sizeof(device), "ublkb%u", ublk->id);
	err = front_name_set(name, device);
	if (err)
		hf_log(HF_ERROR, name, FRONT_NAME_DIR "/%s cannot be made: %s", name,
		       strerror(-err));
	if (ublk->gone || ublk->front->info.refusal != FRONT_OPEN) /* meanwhile */
		front_ublk_detach(ublk, ublk->gone, ublk->gone_arg);
}

/* The device with our mark, left by an earlier process. false: none. */
static bool
find_device(struct front_ublk *ublk, struct ublksrv_ctrl_dev_info *info)
{
	static const char prefix[] = "/dev/ublkc";
	glob_t found;
	bool ours = false;

	if (glob("/dev/ublkc[0-9]*", GLOB_NOSORT, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc && !ours; i++) {
		uint32_t id = (uint32_t)strtoul(found.gl_pathv[i] + strlen(prefix), NULL, 10);

		ours = ublk_control_do(ublk->control, UBLK_U_CMD_GET_DEV_INFO, id, info,
				       sizeof(*info), 0) == 0 &&
		       info->ublksrv_flags == ublk->mark;
		if (ours)
			ublk->id = id;
	}
	globfree(&found);
	return ours;
}

static void
add_device(struct front_ublk *ublk)
{
	struct ublksrv_ctrl_dev_info info = {
		.nr_hw_queues = 1,
		.queue_depth = FRONT_UBLK_DEPTH,
		.max_io_buf_bytes = FRONT_UBLK_BUFFER,
		.dev_id = UINT32_MAX, /* a free one */
		.ublksrv_pid = getpid(),
		.flags = UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE,
		.ublksrv_flags = ublk->mark,
	};
	int err = ublk_control_do(ublk->control, UBLK_U_CMD_ADD_DEV, UINT32_MAX, &info,
				  sizeof(info), 0);

	if (err < 0) {
		failed(ublk, "it cannot be added", err);
		return;
	}
	ublk->id = info.dev_id;
	ublk->depth = info.queue_depth;
	ublk->buffer_bytes = info.max_io_buf_bytes;
	ublk->state = UBLK_STARTING;
	ublk->size = ublk->front->info.size;
	err = set_params(ublk);
	if (err >= 0)
		err = open_queue(ublk);
	if (err >= 0)
		err = ublk_control_start(ublk->control, UBLK_U_CMD_START_DEV, ublk->id,
					 (uint64_t)getpid(), on_started, ublk);
	if (err < 0)
		failed(ublk, "it cannot be set up", err);
}

static void
ignore(void *arg, int result)
{
}

/* Does not wait until the last who has it open lets go: a new device takes another number then. */
static void
delete_device(struct front_ublk *ublk)
{
	int err = ublk_control_do(ublk->control, UBLK_U_CMD_DEL_DEV_ASYNC, ublk->id, NULL, 0, 0);

	if (err < 0) /* older kernels know only the one that waits */
		err = ublk_control_start(ublk->control, UBLK_U_CMD_DEL_DEV, ublk->id, 0, ignore,
					 ublk);
	if (err < 0)
		hf_log(HF_ERROR, ublk->front->info.name, "/dev/ublkb%u cannot be removed: %s",
		       ublk->id, strerror(-err));
}

static void
recover_device(struct front_ublk *ublk, const struct ublksrv_ctrl_dev_info *info)
{
	int err;

	if (info->queue_depth > FRONT_UBLK_DEPTH || info->nr_hw_queues != 1) {
		failed(ublk, "the one that is there has another shape", -EINVAL);
		return;
	}
	ublk->depth = info->queue_depth;
	ublk->buffer_bytes = info->max_io_buf_bytes;
	err = ublk_control_do(ublk->control, UBLK_U_CMD_START_USER_RECOVERY, ublk->id, NULL, 0, 0);
	if (err == -EBUSY) { /* its last server has not quite ended */
		try_later(ublk);
		return;
	}
	ublk->state = UBLK_RECOVERING;
	ublk->size = ublk->front->info.size;
	if (err >= 0)
		err = open_queue(ublk);
	if (err >= 0)
		err = ublk_control_start(ublk->control, UBLK_U_CMD_END_USER_RECOVERY, ublk->id,
					 (uint64_t)getpid(), on_started, ublk);
	if (err < 0)
		failed(ublk, "it cannot be taken over", err);
}

static void
attach(struct front_ublk *ublk)
{
	struct ublksrv_ctrl_dev_info info = { 0 };

	if (!find_device(ublk, &info)) {
		add_device(ublk);
		return;
	}
	if (info.state != UBLK_S_DEV_DEAD) {
		recover_device(ublk, &info);
		return;
	}
	/* Somebody ended between adding it and starting it. */
	delete_device(ublk);
	add_device(ublk);
}

static void
on_retry(void *arg)
{
	struct front_ublk *ublk = arg;

	if (ublk->state == UBLK_NONE && ublk->front->info.refusal == FRONT_OPEN)
		attach(ublk);
}

static void
on_stopped(void *arg, int result)
{
	struct front_ublk *ublk = arg;
	void (*gone)(void *) = ublk->gone;

	if (result < 0)
		hf_log(HF_ERROR, ublk->front->info.name, "/dev/ublkb%u does not stop: %s", ublk->id,
		       strerror(-result));
	close_queue(ublk);
	delete_device(ublk);
	ublk->state = UBLK_NONE;
	ublk->gone = NULL;
	if (gone)
		gone(ublk->gone_arg);
	else if (ublk->front->info.refusal == FRONT_OPEN)
		try_later(ublk); /* opened again meanwhile */
}

static void
info_changed(void *arg)
{
	struct front_ublk *ublk = arg;

	if (ublk->front->info.refusal != FRONT_OPEN)
		front_ublk_detach(ublk, NULL, NULL);
	else if (ublk->state == UBLK_NONE)
		attach(ublk);
	else if (ublk->size != ublk->front->info.size)
		hf_log(HF_WARNING, ublk->front->info.name,
		       "/dev/ublkb%u keeps its size of %llu bytes until it is taken away", ublk->id,
		       (unsigned long long)ublk->size);
}

/* FNV-1a: spreads well enough for a handful of names, and is never 0. */
static uint64_t
mark_of(const char *name)
{
	uint64_t mark = UINT64_C(0xcbf29ce484222325);

	for (const char *c = name; *c; c++)
		mark = (mark ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	return mark | 1;
}

int
front_ublk_new(struct hf_loop *loop, struct front *front, struct front_ublk **out)
{
	struct front_ublk *ublk = calloc(1, sizeof(*ublk));
	int err = -ENOMEM;

	if (!ublk)
		return err;
	ublk->loop = loop;
	ublk->front = front;
	ublk->fd = -1;
	ublk->mark = mark_of(front->info.name);
	ublk->listener = (struct front_listener){ .changed = info_changed, .arg = ublk };
	front_listen(front, &ublk->listener);
	ublk->retry = hf_timer_new(loop, HF_PRIO_NORMAL, on_retry, ublk);
	ublk->later = event_new(hf_loop_base(loop), -1, EV_TIMEOUT, send_answers, ublk);
	if (ublk->retry && ublk->later && event_priority_set(ublk->later, HF_PRIO_NORMAL) == 0)
		err = ublk_control_open(loop, &ublk->control);
	if (err) {
		front_ublk_free(ublk);
		return err;
	}
	if (front->info.refusal == FRONT_OPEN)
		attach(ublk);
	*out = ublk;
	return 0;
}

void
front_ublk_detach(struct front_ublk *ublk, void (*gone)(void *arg), void *arg)
{
	int err;

	hf_timer_set(ublk->retry, HF_UNSET);
	if (gone) {
		ublk->gone = gone;
		ublk->gone_arg = arg;
	}
	switch (ublk->state) {
	case UBLK_NONE:
		ublk->gone = NULL;
		if (gone)
			gone(arg);
		return;
	case UBLK_STARTING:
	case UBLK_RECOVERING: /* on_started() comes back here */
	case UBLK_STOPPING:
		return;
	case UBLK_LIVE:
		break;
	}
	front_name_clear(ublk->front->info.name);
	ublk->state = UBLK_STOPPING;
	err = ublk_control_start(ublk->control, UBLK_U_CMD_STOP_DEV, ublk->id, 0, on_stopped, ublk);
	if (err)
		on_stopped(ublk, err);
}

void
front_ublk_free(struct front_ublk *ublk)
{
	if (!ublk)
		return;
	close_queue(ublk);
	ublk_control_close(ublk->control);
	front_unlisten(&ublk->listener);
	hf_timer_free(ublk->retry);
	if (ublk->later)
		event_free(ublk->later);
	free(ublk);
}

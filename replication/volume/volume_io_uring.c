/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The disk engine on io_uring: one ring for each store, its file and the caller's memory registered
 * where the kernel takes them. The ring's own descriptor is what the loop watches: it is readable
 * while results wait, and unlike an eventfd it needs no read to become quiet. Elsewhere: which
 * steps a request has (volume_io_step.c).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/hf_loop.h"
#include "replication/volume/volume_io_engine.h"
#include "replication/volume/volume_io_step.h"

/* The kernel could not take what is in the ring: memory is short. Tried again after this. */
#define RETRY_AFTER_NS HF_MILLIS(1)
#define ROUNDS_MAX     8

struct uring {
	struct volume_io io;
	struct io_uring ring;
	struct hf_watch *watch;
	struct hf_timer *retry;
	struct volume_io_file file;
	int event_fd; /* readable while results wait */
	bool fixed_file;
	bool ready;         /* the ring exists */
	bool deferred;      /* results are worked out only when we ask */
	uint32_t depth;     /* requests at the kernel, at most */
	uint32_t at_kernel; /* in the ring or beyond */
	struct volume_io_lacks lacks;
	struct volume_io_queue waiting;
	uint8_t *zeros;
	size_t n_regions;
	struct iovec regions[VOLUME_IO_REGIONS_MAX];
};

static int
region_of(const struct uring *u, const uint8_t *data, uint32_t length)
{
	for (size_t i = 0; i < u->n_regions; i++) {
		const uint8_t *start = u->regions[i].iov_base;

		if (data >= start && (size_t)(data - start) <= u->regions[i].iov_len &&
		    length <= u->regions[i].iov_len - (size_t)(data - start))
			return (int)i;
	}
	return -1;
}

static void
prepare_data(struct uring *u, struct io_uring_sqe *sqe, struct volume_io_request *request)
{
	uint8_t *data = request->data + request->progress;
	uint64_t offset = request->offset + request->progress;
	uint32_t length = volume_io_step_length(request);
	int region = region_of(u, data, length);

	if (request->op == VOLUME_IO_READ) {
		if (region >= 0)
			io_uring_prep_read_fixed(sqe, u->file.fd, data, length, offset, region);
		else
			io_uring_prep_read(sqe, u->file.fd, data, length, offset);
		return;
	}
	if (region >= 0)
		io_uring_prep_write_fixed(sqe, u->file.fd, data, length, offset, region);
	else
		io_uring_prep_write(sqe, u->file.fd, data, length, offset);
	if (request->fua)
		sqe->rw_flags = RWF_DSYNC;
}

static void
prepare(struct uring *u, struct io_uring_sqe *sqe, struct volume_io_request *request)
{
	switch (request->step) {
	case VOLUME_IO_STEP_DATA:
		prepare_data(u, sqe, request);
		break;
	case VOLUME_IO_STEP_PUNCH:
		io_uring_prep_fallocate(sqe, u->file.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					(off_t)request->offset, request->length);
		break;
	case VOLUME_IO_STEP_ZERO_RANGE:
		io_uring_prep_fallocate(sqe, u->file.fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
					(off_t)request->offset, request->length);
		break;
	case VOLUME_IO_STEP_WRITE_ZEROS:
		io_uring_prep_write(sqe, u->file.fd, u->zeros, volume_io_step_length(request),
				    request->offset + request->progress);
		break;
	case VOLUME_IO_STEP_SYNC:
		io_uring_prep_fsync(sqe, u->file.fd, IORING_FSYNC_DATASYNC);
		break;
	case VOLUME_IO_STEP_END:
		assert(request->step != VOLUME_IO_STEP_END);
		break;
	}
	if (u->fixed_file) {
		sqe->fd = 0; /* the only one in the table */
		sqe->flags |= IOSQE_FIXED_FILE;
	}
	io_uring_sqe_set_data(sqe, request);
}

/* The ring has as many entries as requests may be at the kernel, so there is always one. */
static void
enter(struct uring *u, struct volume_io_request *request)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

	assert(sqe != NULL);
	prepare(u, sqe, request);
}

static void
uring_submit(struct volume_io *io, struct volume_io_request *request)
{
	struct uring *u = (struct uring *)io;

	volume_io_step_first(request, &u->lacks);
	if (u->at_kernel < u->depth) {
		u->at_kernel++;
		enter(u, request);
	} else {
		STAILQ_INSERT_TAIL(&u->waiting, request, next);
	}
}

static void
to_kernel(struct uring *u)
{
	int n = 0;

	if (io_uring_sq_ready(&u->ring) == 0)
		return;
	do
		n = u->deferred ? io_uring_submit_and_get_events(&u->ring)
				: io_uring_submit(&u->ring);
	while (n == -EINTR);
	/* What was not taken stays in the ring. */
	if (n < 0 || io_uring_sq_ready(&u->ring) > 0)
		hf_timer_set(u->retry, hf_after(hf_time_now(), RETRY_AFTER_NS));
}

static void
uring_kick(struct volume_io *io)
{
	to_kernel((struct uring *)io);
}

static void
retry_now(void *arg)
{
	uring_kick(arg);
}

static void
end_request(struct uring *u, struct volume_io_request *request)
{
	struct volume_io_request *first = STAILQ_FIRST(&u->waiting);

	u->at_kernel--;
	if (first) {
		STAILQ_REMOVE_HEAD(&u->waiting, next);
		u->at_kernel++;
		enter(u, first);
	}
	u->io.under_way--;
	request->done(request, request->err);
}

/* Reports what is in the ring. A result is taken out of it before it is reported, so that a new
 * request finds room. */
static unsigned int
report(struct uring *u)
{
	struct io_uring_cqe *cqe;
	unsigned int n = 0;

	while (io_uring_peek_cqe(&u->ring, &cqe) == 0) {
		struct volume_io_request *request = io_uring_cqe_get_data(cqe);
		int result = cqe->res;

		io_uring_cqe_seen(&u->ring, cqe);
		volume_io_step_next(request, result, &u->lacks);
		if (request->step == VOLUME_IO_STEP_END)
			end_request(u, request);
		else
			enter(u, request);
		n++;
	}
	return n;
}

/* One call to the kernel sends what the reports brought and fetches what ended meanwhile: under
 * load that saves the way through the loop. Bounded, because the others want their turn. */
static void
reap(struct uring *u)
{
	if (u->deferred)
		(void)io_uring_get_events(&u->ring);
	for (int round = 0; round < ROUNDS_MAX && report(u) > 0; round++)
		to_kernel(u);
}

static void
results_wait(void *arg, int fd)
{
	uint64_t count;

	/* Nothing to read: a drain was faster than the loop. */
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	reap(arg);
}

static void
uring_drain(struct volume_io *io)
{
	struct uring *u = (struct uring *)io;

	while (io->under_way > 0) {
		(void)io_uring_submit_and_wait(&u->ring, 1);
		reap(u);
	}
}

static int
uring_add_region(struct volume_io *io, void *memory, size_t length)
{
	struct uring *u = (struct uring *)io;
	int err;

	if (u->n_regions == VOLUME_IO_REGIONS_MAX)
		return -ENOSPC;
	if (u->n_regions > 0)
		(void)io_uring_unregister_buffers(&u->ring);
	u->regions[u->n_regions] = (struct iovec){ memory, length };
	err = io_uring_register_buffers(&u->ring, u->regions, (unsigned int)u->n_regions + 1);
	if (!err) {
		u->n_regions++;
		return 0;
	}
	if (u->n_regions > 0 &&
	    io_uring_register_buffers(&u->ring, u->regions, (unsigned int)u->n_regions) != 0)
		u->n_regions = 0;
	return err;
}

static void
uring_free(struct uring *u)
{
	hf_watch_free(u->watch);
	hf_timer_free(u->retry);
	if (u->ready)
		io_uring_queue_exit(&u->ring);
	if (u->event_fd >= 0)
		close(u->event_fd);
	free(u->zeros);
	free(u);
}

static void
uring_close(struct volume_io *io)
{
	struct uring *u = (struct uring *)io;
	struct volume_io_file file = u->file;

	if (u->fixed_file)
		(void)io_uring_unregister_files(&u->ring);
	uring_free(u);
	volume_io_file_close(&file);
}

/* Newer kernels do the ends' work in our own turn instead of interrupting us; older ones refuse the
 * flag and are asked again without it. */
static int
make_ring(struct uring *u)
{
	static const unsigned int flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_COOP_TASKRUN,
		0,
	};
	int err = -EINVAL;

	for (size_t i = 0; i < HF_COUNT_OF(flags) && err == -EINVAL; i++) {
		err = io_uring_queue_init(u->depth, &u->ring, flags[i]);
		u->deferred = (flags[i] & IORING_SETUP_DEFER_TASKRUN) != 0;
	}
	u->ready = err == 0;
	return err;
}

static const struct volume_io_ops uring_ops = {
	.submit = uring_submit,
	.kick = uring_kick,
	.drain = uring_drain,
	.add_region = uring_add_region,
	.close = uring_close,
};

int
volume_io_uring_new(struct hf_loop *loop, const struct volume_io_file *file, uint32_t depth,
		    struct volume_io **out)
{
	struct uring *u = calloc(1, sizeof(*u));
	int err = -ENOMEM;

	if (!u)
		return err;
	u->io = (struct volume_io){ .ops = &uring_ops, .info = file->info };
	u->file = *file;
	u->depth = depth;
	u->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	STAILQ_INIT(&u->waiting);
	u->zeros = aligned_alloc(VOLUME_IO_DATA_ALIGNED, VOLUME_IO_ZEROS_BYTES);
	if (u->event_fd < 0 || !u->zeros)
		goto out;
	memset(u->zeros, 0, VOLUME_IO_ZEROS_BYTES);
	err = make_ring(u);
	if (err)
		goto out;
	u->fixed_file = io_uring_register_files(&u->ring, &u->file.fd, 1) == 0;
	err = io_uring_register_eventfd(&u->ring, u->event_fd);
	if (err)
		goto out;
	err = -ENOMEM;
	u->watch = hf_watch_read(loop, HF_PRIO_NORMAL, u->event_fd, results_wait, u);
	u->retry = hf_timer_new(loop, HF_PRIO_NORMAL, retry_now, u);
	if (!u->watch || !u->retry)
		goto out;
	*out = &u->io;
	u = NULL;
	err = 0;
out:
	if (u)
		uring_free(u);
	return err;
}

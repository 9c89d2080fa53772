/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The disk engine where io_uring is refused (containers, old kernels): a few threads that take
 * requests from one queue and wait in the system calls. Between the loop and the threads stand one
 * mutex, two queues and an eventfd; everything else belongs to the loop's side.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/hf_loop.h"
#include "replication/volume/volume_io_engine.h"
#include "replication/volume/volume_io_step.h"

#define STACK_BYTES (64U << 10)

struct pool {
	struct volume_io io;
	struct hf_watch *watch;
	struct volume_io_file file;
	int event_fd;
	uint8_t *zeros;
	struct volume_io_queue gathered; /* since the last kick */
	size_t n_threads;
	pthread_t threads[VOLUME_IO_THREADS_MAX];

	pthread_mutex_t mutex; /* for all below */
	pthread_cond_t work;
	bool stop;
	struct volume_io_lacks lacks;
	struct volume_io_queue todo;
	struct volume_io_queue ended;
};

static int64_t
result_of(int64_t result)
{
	return result < 0 ? -errno : result;
}

static int64_t
do_step(const struct pool *pool, const struct volume_io_request *request)
{
	uint32_t length = volume_io_step_length(request);
	off_t offset = (off_t)(request->offset + request->progress);
	struct iovec iov = { .iov_len = length };

	switch (request->step) {
	case VOLUME_IO_STEP_DATA:
		iov.iov_base = request->data + request->progress;
		if (request->op == VOLUME_IO_READ)
			return result_of(preadv(pool->file.fd, &iov, 1, offset));
		return result_of(
			pwritev2(pool->file.fd, &iov, 1, offset, request->fua ? RWF_DSYNC : 0));
	case VOLUME_IO_STEP_PUNCH:
		return result_of(fallocate(
			pool->file.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length));
	case VOLUME_IO_STEP_ZERO_RANGE:
		return result_of(fallocate(
			pool->file.fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, length));
	case VOLUME_IO_STEP_WRITE_ZEROS:
		return result_of(pwrite(pool->file.fd, pool->zeros, length, offset));
	case VOLUME_IO_STEP_SYNC:
		return result_of(fdatasync(pool->file.fd));
	case VOLUME_IO_STEP_END:
		break;
	}
	return -EINVAL;
}

/* Called and returns with the mutex held; without it in the system calls. */
static void
carry_out(struct pool *pool, struct volume_io_request *request)
{
	volume_io_step_first(request, &pool->lacks);
	while (request->step != VOLUME_IO_STEP_END) {
		int64_t result;

		pthread_mutex_unlock(&pool->mutex);
		result = do_step(pool, request);
		pthread_mutex_lock(&pool->mutex);
		volume_io_step_next(request, result, &pool->lacks);
	}
}

static void *
work(void *arg)
{
	struct pool *pool = arg;
	const uint64_t one = 1;

	pthread_mutex_lock(&pool->mutex);
	while (!pool->stop) {
		struct volume_io_request *request = STAILQ_FIRST(&pool->todo);
		bool first;

		if (!request) {
			pthread_cond_wait(&pool->work, &pool->mutex);
			continue;
		}
		STAILQ_REMOVE_HEAD(&pool->todo, next);
		carry_out(pool, request);
		first = STAILQ_EMPTY(&pool->ended);
		STAILQ_INSERT_TAIL(&pool->ended, request, next);
		/* An eventfd only refuses beyond 2^64 - 2 of these. */
		if (first && write(pool->event_fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
			abort();
	}
	pthread_mutex_unlock(&pool->mutex);
	return NULL;
}

static void
pool_submit(struct volume_io *io, struct volume_io_request *request)
{
	struct pool *pool = (struct pool *)io;

	STAILQ_INSERT_TAIL(&pool->gathered, request, next);
}

static void
pool_kick(struct volume_io *io)
{
	struct pool *pool = (struct pool *)io;

	if (STAILQ_EMPTY(&pool->gathered))
		return;
	pthread_mutex_lock(&pool->mutex);
	STAILQ_CONCAT(&pool->todo, &pool->gathered);
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->mutex);
}

static void
report(void *arg, int fd)
{
	struct pool *pool = arg;
	struct volume_io_queue ended = STAILQ_HEAD_INITIALIZER(ended);
	struct volume_io_request *request;
	uint64_t count;

	/* Nothing to read: a drain was faster than the loop. */
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&pool->mutex);
	STAILQ_CONCAT(&ended, &pool->ended);
	pthread_mutex_unlock(&pool->mutex);
	while ((request = STAILQ_FIRST(&ended)) != NULL) {
		STAILQ_REMOVE_HEAD(&ended, next);
		pool->io.under_way--;
		request->done(request, request->err);
	}
	pool_kick(&pool->io);
}

static void
pool_drain(struct volume_io *io)
{
	struct pool *pool = (struct pool *)io;

	pool_kick(io);
	while (io->under_way > 0) {
		struct pollfd wait = { .fd = pool->event_fd, .events = POLLIN };

		(void)poll(&wait, 1, -1);
		report(pool, pool->event_fd);
	}
}

/* Threads read and write by address: nothing is gained. */
static int
pool_add_region(struct volume_io *io, void *memory, size_t length)
{
	(void)io;
	(void)memory;
	(void)length;
	return -EOPNOTSUPP;
}

static void
pool_free(struct pool *pool)
{
	pthread_mutex_lock(&pool->mutex);
	pool->stop = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->mutex);
	for (size_t i = 0; i < pool->n_threads; i++)
		pthread_join(pool->threads[i], NULL);
	hf_watch_free(pool->watch);
	if (pool->event_fd >= 0)
		close(pool->event_fd);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->mutex);
	free(pool->zeros);
	free(pool);
}

static void
pool_close(struct volume_io *io)
{
	struct pool *pool = (struct pool *)io;
	struct volume_io_file file = pool->file;

	pool_free(pool);
	volume_io_file_close(&file);
}

/* Signals are the loop's, so the threads are born with all of them blocked. */
static int
start_threads(struct pool *pool, uint32_t n)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int err = -pthread_attr_init(&attr);

	if (err)
		return err;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (!err && pool->n_threads < n) {
		err = -pthread_create(&pool->threads[pool->n_threads], &attr, work, pool);
		if (!err)
			pool->n_threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return pool->n_threads > 0 ? 0 : err;
}

static const struct volume_io_ops pool_ops = {
	.submit = pool_submit,
	.kick = pool_kick,
	.drain = pool_drain,
	.add_region = pool_add_region,
	.close = pool_close,
};

int
volume_io_threads_new(struct hf_loop *loop, const struct volume_io_file *file, uint32_t n_threads,
		      struct volume_io **out)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	int err = -ENOMEM;

	if (!pool)
		return err;
	pool->io = (struct volume_io){ .ops = &pool_ops, .info = file->info };
	pool->io.info.by_threads = true;
	pool->file = *file;
	STAILQ_INIT(&pool->gathered);
	STAILQ_INIT(&pool->todo);
	STAILQ_INIT(&pool->ended);
	pthread_mutex_init(&pool->mutex, NULL);
	pthread_cond_init(&pool->work, NULL);
	pool->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pool->zeros = aligned_alloc(VOLUME_IO_DATA_ALIGNED, VOLUME_IO_ZEROS_BYTES);
	if (pool->event_fd < 0 || !pool->zeros)
		goto out;
	memset(pool->zeros, 0, VOLUME_IO_ZEROS_BYTES);
	pool->watch = hf_watch_read(loop, HF_PRIO_NORMAL, pool->event_fd, report, pool);
	if (!pool->watch)
		goto out;
	err = start_threads(pool, n_threads);
	if (err)
		goto out;
	*out = &pool->io;
	pool = NULL;
out:
	if (pool)
		pool_free(pool);
	return err;
}

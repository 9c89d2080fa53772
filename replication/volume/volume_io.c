/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface of the disk engine: choosing one, and what holds for all of them. */
#include "replication/volume/volume_io.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/hf_log.h"
#include "replication/volume/volume_io_engine.h"

#define DEPTH_DEFAULT   256
#define THREADS_DEFAULT 8

const char *
volume_io_op_name(enum volume_io_op op)
{
	switch (op) {
	case VOLUME_IO_READ:
		return "read";
	case VOLUME_IO_WRITE:
		return "write";
	case VOLUME_IO_FLUSH:
		return "flush";
	case VOLUME_IO_DISCARD:
		return "discard";
	case VOLUME_IO_ZERO:
		return "zero";
	}
	return "?";
}

static uint32_t
bounded(uint32_t wanted, uint32_t normal, uint32_t most)
{
	if (wanted == 0)
		return normal;
	return wanted < most ? wanted : most;
}

int
volume_io_open(struct hf_loop *loop, const struct volume_io_options *options,
	       struct volume_io **out, char why[VOLUME_IO_WHY_MAX])
{
	uint32_t depth = bounded(options->depth, DEPTH_DEFAULT, VOLUME_IO_DEPTH_MAX);
	uint32_t threads = bounded(options->threads, THREADS_DEFAULT, VOLUME_IO_THREADS_MAX);
	struct volume_io_file file;
	int err = volume_io_file_open(options, &file, why);

	if (err)
		return err;
	err = -ENOSYS;
	if (!options->by_threads) {
		err = volume_io_uring_new(loop, &file, depth, out);
		if (err)
			hf_log(HF_WARNING, options->path,
			       "io_uring is refused here (%s): %u threads do the I/O",
			       strerror(-err), threads);
	}
	if (err)
		err = volume_io_threads_new(loop, &file, threads, out);
	if (err) {
		(void)snprintf(why, VOLUME_IO_WHY_MAX, "%s: cannot start the disk engine: %s",
			       options->path, strerror(-err));
		volume_io_file_close(&file);
	}
	return err;
}

void
volume_io_drain(struct volume_io *io)
{
	io->ops->drain(io);
	assert(io->under_way == 0);
}

void
volume_io_close(struct volume_io *io)
{
	if (!io)
		return;
	assert(io->under_way == 0);
	io->ops->close(io);
}

const struct volume_io_info *
volume_io_info(const struct volume_io *io)
{
	return &io->info;
}

void
volume_io_submit(struct volume_io *io, struct volume_io_request *request)
{
	uint32_t rest = io->info.block_size - 1;

	if (request->op != VOLUME_IO_FLUSH) {
		assert(request->length > 0);
		assert(request->length <= io->info.size);
		assert(request->offset <= io->info.size - request->length);
		assert(((request->offset | request->length) & rest) == 0);
	}
	if (request->op == VOLUME_IO_READ || request->op == VOLUME_IO_WRITE)
		assert(((uintptr_t)request->data & rest) == 0);
	assert(request->op == VOLUME_IO_READ || !io->info.read_only);
	io->under_way++;
	io->ops->submit(io, request);
}

void
volume_io_kick(struct volume_io *io)
{
	io->ops->kick(io);
}

int
volume_io_register(struct volume_io *io, void *memory, size_t length)
{
	assert(io->under_way == 0);
	return io->ops->add_region(io, memory, length);
}

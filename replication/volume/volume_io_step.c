/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a request and what follows on each result. */
#include "replication/volume/volume_io_step.h"

#include <assert.h>
#include <errno.h>

static void
go(struct volume_io_request *request, enum volume_io_step step)
{
	request->step = step;
	request->progress = 0;
}

static void
end(struct volume_io_request *request, int err)
{
	request->err = err;
	go(request, VOLUME_IO_STEP_END);
}

/* The best way to zeros that is not known to be missing. Giving space back comes first for a
 * discard; a store that cannot do that still has to read as zeros, as the other replicas do. */
static enum volume_io_step
way_to_zeros(const struct volume_io_request *request, const struct volume_io_lacks *lacks)
{
	if (request->op == VOLUME_IO_DISCARD && !lacks->punch)
		return VOLUME_IO_STEP_PUNCH;
	return lacks->zero_range ? VOLUME_IO_STEP_WRITE_ZEROS : VOLUME_IO_STEP_ZERO_RANGE;
}

void
volume_io_step_first(struct volume_io_request *request, const struct volume_io_lacks *lacks)
{
	request->err = 0;
	switch (request->op) {
	case VOLUME_IO_READ:
	case VOLUME_IO_WRITE:
		go(request, VOLUME_IO_STEP_DATA);
		break;
	case VOLUME_IO_FLUSH:
		go(request, VOLUME_IO_STEP_SYNC);
		break;
	case VOLUME_IO_DISCARD:
	case VOLUME_IO_ZERO:
		go(request, way_to_zeros(request, lacks));
		break;
	}
}

static void
after_range(struct volume_io_request *request)
{
	if (request->fua)
		go(request, VOLUME_IO_STEP_SYNC);
	else
		end(request, 0);
}

/* FUA of a plain write is part of the write; that of written zeros is one flush at the end. */
static void
after_bytes(struct volume_io_request *request, uint32_t n)
{
	assert(n <= request->length - request->progress);
	request->progress += n;
	if (n == 0)
		end(request, -EIO); /* the store is shorter than it was */
	else if (request->progress < request->length)
		return;
	else if (request->step == VOLUME_IO_STEP_DATA)
		end(request, 0);
	else
		after_range(request);
}

/* Not every refusal means that the store cannot do it; those that may mean so are tried otherwise,
 * and writing zeros is the last word. */
static bool
is_missing(int64_t result)
{
	return result == -EOPNOTSUPP || result == -ENOSYS || result == -EINVAL ||
	       result == -ENOTTY || result == -ENODEV;
}

void
volume_io_step_next(struct volume_io_request *request, int64_t result,
		    struct volume_io_lacks *lacks)
{
	if (result == -EINTR || result == -EAGAIN)
		return;
	switch (request->step) {
	case VOLUME_IO_STEP_DATA:
	case VOLUME_IO_STEP_WRITE_ZEROS:
		if (result < 0)
			end(request, (int)result);
		else
			after_bytes(request, (uint32_t)result);
		break;
	case VOLUME_IO_STEP_PUNCH:
	case VOLUME_IO_STEP_ZERO_RANGE:
		if (is_missing(result)) {
			if (request->step == VOLUME_IO_STEP_PUNCH)
				lacks->punch = true;
			else
				lacks->zero_range = true;
			go(request, way_to_zeros(request, lacks));
		} else if (result < 0) {
			end(request, (int)result);
		} else {
			after_range(request);
		}
		break;
	case VOLUME_IO_STEP_SYNC:
		end(request, result < 0 ? (int)result : 0);
		break;
	case VOLUME_IO_STEP_END:
		assert(request->step != VOLUME_IO_STEP_END);
		break;
	}
}

uint32_t
volume_io_step_length(const struct volume_io_request *request)
{
	uint32_t left = request->length - request->progress;

	if (request->step == VOLUME_IO_STEP_WRITE_ZEROS && left > VOLUME_IO_ZEROS_BYTES)
		return VOLUME_IO_ZEROS_BYTES;
	return left;
}

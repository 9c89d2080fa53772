/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which system calls a request is made of, one after the other: the data itself, or the best way
 * that the store has to make a range read as zeros, then the flush that FUA asks for. Pure: the
 * engines carry a step out and hand its result in.
 */
#ifndef VOLUME_IO_STEP_H
#define VOLUME_IO_STEP_H

#include "replication/volume/volume_io.h"

#define VOLUME_IO_ZEROS_BYTES (256U << 10) /* written at once where nothing better works */

/* What this store was found not to be able to do. */
struct volume_io_lacks {
	bool punch;
	bool zero_range;
};

/* Sets the first step of a request. */
void volume_io_step_first(struct volume_io_request *request, const struct volume_io_lacks *lacks);

/*
 * result: bytes done, or a negative errno. Sets the next step, VOLUME_IO_STEP_END with request->err
 * when there is none. The same step again: for the rest of it.
 */
void volume_io_step_next(struct volume_io_request *request, int64_t result,
			 struct volume_io_lacks *lacks);

/* How much of the step is left, for one call. */
uint32_t volume_io_step_length(const struct volume_io_request *request);

#endif

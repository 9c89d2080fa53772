/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A layer in front of a disk engine that makes things go wrong, for tests: requests that fail, are
 * late, are torn, read back flipped, or never come back. It owns the engine below.
 */
#ifndef VOLUME_IO_FAULT_H
#define VOLUME_IO_FAULT_H

#include "replication/volume/volume_io.h"

#define VOLUME_IO_FAULTS_MAX 16

enum volume_io_fault_kind {
	VOLUME_IO_FAULT_ERROR, /* ends with err; the store is not touched */
	VOLUME_IO_FAULT_TORN, /* the first `bytes` are written, then it ends with err (0: unnoticed)
			       */
	VOLUME_IO_FAULT_FLIP, /* bit `bit` of what was read is wrong */
	VOLUME_IO_FAULT_DELAY, /* is handed on after delay_ns */
	VOLUME_IO_FAULT_LOST,  /* a write or flush that reports success and does nothing */
};

/* Strikes requests of this kind that touch the range, after letting `skip` of them pass, `times`
 * times (0: always). */
struct volume_io_fault {
	enum volume_io_fault_kind kind;
	enum volume_io_op op;
	uint64_t first, end; /* bytes; end 0: everywhere */
	uint32_t skip, times;
	int err;
	uint32_t bytes; /* TORN: a multiple of the block size */
	uint32_t bit;   /* FLIP */
	int64_t delay_ns;
};

/* The layer, or NULL (no memory; below stays the caller's). */
struct volume_io *volume_io_fault_new(struct hf_loop *loop, struct volume_io *below);

/* Adds one; asserts that there is room. */
void volume_io_fault_add(struct volume_io *layer, const struct volume_io_fault *fault);
void volume_io_fault_clear(struct volume_io *layer);
uint32_t volume_io_fault_struck(const struct volume_io *layer);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing a store, without waiting: a block device or a file, by io_uring, or by a few
 * threads where the kernel refuses io_uring. One interface for both, and for the layer that injects
 * errors (volume_io_fault.h).
 *
 * A request is the caller's memory and carries all that the engine needs for it, so nothing is
 * allocated while it is under way, and more requests than the kernel takes at once wait in order.
 * Requests under way together have no order among themselves; a FLUSH covers the writes whose end
 * was reported before it was submitted. Ends are reported from the loop only, never from within
 * volume_io_submit() or volume_io_kick().
 */
#ifndef VOLUME_IO_H
#define VOLUME_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/hf_base.h"

struct hf_loop;
struct volume_io;

#define VOLUME_IO_DEPTH_MAX    4096U
#define VOLUME_IO_THREADS_MAX  32U
#define VOLUME_IO_REGIONS_MAX  8U
#define VOLUME_IO_WHY_MAX      512
#define VOLUME_IO_DATA_ALIGNED 4096U /* what data must be aligned to, whatever the store asks */

enum volume_io_op {
	VOLUME_IO_READ,
	VOLUME_IO_WRITE,
	VOLUME_IO_FLUSH,   /* what ended before is stable; offset and length are not used */
	VOLUME_IO_DISCARD, /* reads as zeros afterwards, space is given back where possible */
	VOLUME_IO_ZERO,    /* reads as zeros afterwards, space stays allocated where possible */
};
const char *volume_io_op_name(enum volume_io_op op);

/* How far a request has come; the engine's own business. */
enum volume_io_step {
	VOLUME_IO_STEP_DATA,
	VOLUME_IO_STEP_PUNCH,
	VOLUME_IO_STEP_ZERO_RANGE,
	VOLUME_IO_STEP_WRITE_ZEROS,
	VOLUME_IO_STEP_SYNC,
	VOLUME_IO_STEP_END,
};

struct volume_io_request {
	enum volume_io_op op;
	bool fua;        /* WRITE, DISCARD, ZERO: stable before it ends */
	uint32_t length; /* bytes, a multiple of info.block_size; not 0 except for FLUSH */
	uint64_t offset; /* bytes, a multiple of info.block_size */
	uint8_t *data;   /* READ, WRITE: not touched by the caller until the end */

	/* err: 0 or a negative errno. The request is the caller's again, and may be reused. */
	void (*done)(struct volume_io_request *request, int err);
	void *owner;

	/* The engine's, from submit to done. */
	enum volume_io_step step;
	uint32_t progress; /* bytes of this step that are done */
	int err;
	STAILQ_ENTRY(volume_io_request) next;
};
STAILQ_HEAD(volume_io_queue, volume_io_request);

struct volume_io_info {
	uint64_t size;       /* bytes */
	uint32_t block_size; /* what offset and length must be multiples of: 512 to 4096 */
	bool block_device;   /* or a file */
	bool direct;         /* past the page cache */
	bool rotational;
	bool read_only;
	bool by_threads; /* io_uring was refused, or not wanted */
};

struct volume_io_options {
	const char *path;
	bool read_only;
	bool by_threads;  /* do not try io_uring */
	bool shared;      /* do not claim the store: for tools that only look */
	uint32_t depth;   /* requests at the kernel at once, 0: 256 */
	uint32_t threads; /* 0: 8 */
};

/*
 * Opens an existing store. 0 and *out, or a negative errno and a sentence in why. Where something
 * works less well than it could (io_uring or direct I/O refused), one line is logged.
 */
HF_MUST_CHECK int volume_io_open(struct hf_loop *loop, const struct volume_io_options *options,
				 struct volume_io **out, char why[VOLUME_IO_WHY_MAX]);

/* Reports every request that is under way or waiting before it returns. */
void volume_io_drain(struct volume_io *io);

/* Nothing may be under way. NULL is fine. */
void volume_io_close(struct volume_io *io);

const struct volume_io_info *volume_io_info(const struct volume_io *io);

/* Hands a request in; it starts with the next volume_io_kick() at the latest. */
void volume_io_submit(struct volume_io *io, struct volume_io_request *request);

/* No more follow in this turn: what was gathered goes to the kernel in one call. */
void volume_io_kick(struct volume_io *io);

/*
 * Says that data of many requests will lie in this memory, which then costs the kernel less. Only a
 * help: 0, or a negative errno and everything works as before. The memory stays the caller's and
 * must outlive the engine. Not while requests are under way.
 */
int volume_io_register(struct volume_io *io, void *memory, size_t length);

/* What a layer offers. */
struct volume_io_ops {
	void (*submit)(struct volume_io *io, struct volume_io_request *request);
	void (*kick)(struct volume_io *io);
	void (*drain)(struct volume_io *io);
	int (*add_region)(struct volume_io *io, void *memory, size_t length);
	void (*close)(struct volume_io *io);
};

struct volume_io {
	const struct volume_io_ops *ops;
	struct volume_io_info info;
	uint32_t under_way; /* submitted and not yet reported */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How reads and writes come in: what every front-end (NBD socket, kernel nbd, ublk) and the volume
 * behind it agree on. A front-end cuts what its client asks into requests, hands each down with
 * front_submit() and hears of its end through `done`; the volume ends it with front_complete(),
 * once, from within submit or at any later time, in any order.
 *
 * What the volume may rely on:
 *   - READ and WRITE carry at most FRONT_DATA_MAX bytes and stay within one extent
 *     (FRONT_EXTENT); TRIM and WRITE_ZEROES cover at most FRONT_RANGE_MAX bytes;
 *   - offset and length are multiples of min_block, not beyond size, and length is not 0;
 *   - data is the request's own memory, aligned to 4096, unchanged until front_complete(): the
 *     client cannot reach it, so what is checksummed is what is sent and written;
 *   - the number of requests and their bytes are bounded by the front-ends' own tables: nothing is
 *     refused for being one too many, the client waits instead;
 *   - a FLUSH covers every request that was completed before it was submitted, whichever
 *     connection it came by.
 * Overlapping requests may be in flight together; their order is the volume's to choose.
 */
#ifndef FRONT_H
#define FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/hf_base.h"

#define FRONT_DATA_MAX     (1U << 20)
#define FRONT_EXTENT       (4U << 20)
#define FRONT_RANGE_MAX    (16U << 20)
#define FRONT_NAME_MAX     64 /* of a volume, with its NUL */
#define FRONT_TEXT_MAX     160
#define FRONT_CONTEXTS_MAX 4
#define FRONT_ALIGNMENT    4096

enum front_op { FRONT_READ, FRONT_WRITE, FRONT_FLUSH, FRONT_TRIM, FRONT_WRITE_ZEROES };
const char *front_op_name(enum front_op op);

struct front_request {
	enum front_op op;
	bool fua;     /* WRITE, TRIM, WRITE_ZEROES: stable on every in-sync member before the end */
	bool no_hole; /* WRITE_ZEROES: the range must be allocated afterwards */
	uint32_t length; /* bytes; 0 for a FLUSH */
	uint64_t offset; /* bytes */
	uint8_t *data;   /* READ: to be filled; WRITE: to be written; else NULL */

	/* Set by the front-end. err: 0 or a negative errno; after a failed READ, data is not used.
	 */
	void (*done)(struct front_request *request, int err);
	void *owner;
	/* The volume's, from submit to completion. */
	void *volume;
	STAILQ_ENTRY(front_request) waiting;
};

/* Why nobody may open the volume here now. Only the primary serves (invariant 25). */
enum front_refusal {
	FRONT_OPEN,      /* it may be opened */
	FRONT_SECONDARY, /* another node is primary, or none */
	FRONT_STOPPING,  /* the volume is being stopped or demoted */
};

/* A map that clients can ask for: "base:allocation", "holdfast:dirty:NODE". */
struct front_context {
	char name[FRONT_NAME_MAX + 32];
};

/* flags of base:allocation: bit 0 a hole, bit 1 reads as zeros; of a dirty map: bit 0 dirty. */
struct front_extent {
	uint32_t length;
	uint32_t flags;
};

struct front_info {
	char name[FRONT_NAME_MAX];
	uint64_t size;            /* bytes; a change is told to the front-ends at once */
	uint32_t min_block;       /* 1 to 4096, a power of two */
	uint32_t preferred_block; /* 4096 to 32 MiB, a power of two */
	bool read_only;
	bool rotational;
	bool fast_zero; /* WRITE_ZEROES is faster than writing zeros */
	enum front_refusal refusal;
	char refusal_text[FRONT_TEXT_MAX]; /* for people, e.g. "secondary here; beta is primary" */
	size_t n_contexts;
	struct front_context contexts[FRONT_CONTEXTS_MAX];
};

/* What the volume offers downwards. */
struct front_ops {
	/* Takes the request; completes it now or later. */
	void (*submit)(void *volume, struct front_request *request);

	/* No more requests follow in this turn of the loop: what was gathered may be sent. */
	void (*kick)(void *volume);

	/*
	 * Extents of one context from offset on, up to max of them, together at most length bytes
	 * and at least one byte. Returns how many. Answers from memory, without waiting.
	 */
	size_t (*map)(void *volume, size_t context, uint64_t offset, uint64_t length,
		      struct front_extent *out, size_t max);
};

/* A front-end that wants to hear when info changes (size, refusal). */
struct front_listener {
	void (*changed)(void *arg);
	void *arg;
	LIST_ENTRY(front_listener) others;
};

STAILQ_HEAD(front_queue, front_request);

/* The place where all front-ends of one volume meet. */
struct front {
	struct front_info info;
	const struct front_ops *ops;
	void *volume;
	bool suspended;
	uint32_t in_flight; /* at the volume now */
	uint32_t n_waiting; /* held back here while suspended */
	struct front_queue waiting;
	LIST_HEAD(, front_listener) listeners;
};

/* info is copied. The volume is refused until info says otherwise. */
void front_init(struct front *front, const struct front_info *info, const struct front_ops *ops,
		void *volume);

/* Front-ends hand a request down. While suspended it waits, in order. */
void front_submit(struct front *front, struct front_request *request);
void front_kick(struct front *front);

/* The volume ends a request: 0 or a negative errno. */
void front_complete(struct front *front, struct front_request *request, int err);

/*
 * Requests wait until front_resume(); those already at the volume are not touched. Both may be
 * called twice. Where nothing can come of waiting (demotion by force), front_refuse_waiting() ends
 * those held back with err.
 */
void front_suspend(struct front *front);
void front_resume(struct front *front);
void front_refuse_waiting(struct front *front, int err);

/* Replaces info and tells the listeners. Name and contexts stay as they are. */
void front_set_info(struct front *front, const struct front_info *info);
void front_listen(struct front *front, struct front_listener *listener);
void front_unlisten(struct front_listener *listener);

/* Length of the first piece of a range that may go down as one request of this kind. */
uint32_t front_piece(enum front_op op, uint64_t offset, uint64_t length);

#endif

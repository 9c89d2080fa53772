/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffers for requests out of one piece of memory that is fixed from the start: no allocation in
 * the write path, and a connection that hoards holds only its own. Sizes are rounded up to a power
 * of two of at least 4 KiB; everything is aligned to 4 KiB.
 */
#ifndef FRONT_POOL_H
#define FRONT_POOL_H

#include <stddef.h>
#include <stdint.h>

#define FRONT_POOL_UNIT  4096U
#define FRONT_POOL_WORDS 16
#define FRONT_POOL_BYTES ((size_t)FRONT_POOL_WORDS * 64 * FRONT_POOL_UNIT) /* 4 MiB */

struct front_pool {
	uint8_t *memory; /* FRONT_POOL_BYTES, the owner's */
	uint32_t used_units;
	uint64_t used[FRONT_POOL_WORDS]; /* a bit for each unit */
};

void front_pool_init(struct front_pool *pool, void *memory);

/* NULL: not that much in one piece now; when everything is given back, FRONT_POOL_BYTES are. */
uint8_t *front_pool_get(struct front_pool *pool, size_t length);

/* Same length as it was asked for. */
void front_pool_put(struct front_pool *pool, uint8_t *buffer, size_t length);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a room asked to be remembered beyond its own life: small records by key, handed to its
 * successor.
 */
#ifndef DAEMON_MEMORY_H
#define DAEMON_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/hf_base.h"

struct memory;

struct memory *memory_new(size_t records_max); /* NULL: out of memory */
void memory_free(struct memory *memory);       /* NULL is fine */

/*
 * Keeps a copy of the bytes under the key, in place of what was there; len 0 forgets the key.
 * Returns 0, -ENOSPC (records_max reached), -ENOMEM.
 */
int memory_put(struct memory *memory, const char *key, const void *bytes, size_t len) HF_MUST_CHECK;

size_t memory_count(const struct memory *memory);

/* Calls visit for every record, in order of the keys. */
void memory_each(const struct memory *memory,
		 void (*visit)(void *arg, const char *key, const void *bytes, size_t len),
		 void *arg);

#endif

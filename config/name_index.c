/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table of fixed size with open addressing: filled once per configuration, never emptied. */
#include "config/name_index.h"

#include <assert.h>
#include <string.h>

struct slot {
	const char *name; /* NULL: free */
	size_t number;
};

struct name_index {
	size_t mask; /* number of slots, a power of two, less 1 */
	size_t left; /* names that still fit */
	struct slot *slots;
};

struct name_index *
name_index_new(struct conf_arena *arena, size_t n)
{
	struct name_index *index = conf_arena_alloc(arena, sizeof(*index));
	size_t slots = 8;

	while (slots < n * 2)
		slots *= 2;
	index->mask = slots - 1;
	index->left = n;
	index->slots = conf_arena_alloc(arena, slots * sizeof(*index->slots));
	return index;
}

static uint64_t
hash(const char *name)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	return h ^ (h >> 32);
}

static struct slot *
slot_of(const struct name_index *index, const char *name)
{
	for (size_t at = hash(name);; at++) {
		struct slot *slot = &index->slots[at & index->mask];

		if (!slot->name || strcmp(slot->name, name) == 0)
			return slot;
	}
}

size_t
name_index_add(struct name_index *index, const char *name, size_t number)
{
	struct slot *slot = slot_of(index, name);

	if (slot->name)
		return slot->number;
	assert(index->left > 0);
	index->left--;
	*slot = (struct slot){ name, number };
	return number;
}

size_t
name_index_find(const struct name_index *index, const char *name)
{
	const struct slot *slot = slot_of(index, name);

	return slot->name ? slot->number : SIZE_MAX;
}

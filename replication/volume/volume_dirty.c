/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dirty map in memory: 64-bit words of bits, and above them levels in which each bit says that
 * a word of the level below is not 0. So what is next is found in a few steps, however large the
 * volume and however far apart the dirty blocks are. Memory of clean parts is never touched, so the
 * system need not provide it. Elsewhere: pages on stable storage (volume_meta.c), when a bit is set
 * or cleared (the engine).
 */
#include "replication/volume/volume_dirty.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS_MAX 11 /* 64^11 is beyond 64 bits */

struct volume_dirty {
	uint64_t n_blocks, n_dirty;
	size_t n_words;
	unsigned int n_levels;
	uint64_t *words;             /* a bit for each block: level 0 */
	uint64_t *level[LEVELS_MAX]; /* the last one is a single word */
};

struct volume_dirty *
volume_dirty_new(uint64_t n_blocks)
{
	struct volume_dirty *map = calloc(1, sizeof(*map));
	size_t n;

	if (!map)
		return NULL;
	map->n_blocks = n_blocks;
	map->n_words = (size_t)((n_blocks + 63) / 64);
	n = map->n_words;
	do {
		/* One more than needed: a range's end may be just behind the last word. */
		map->level[map->n_levels] = calloc(n + 1, sizeof(uint64_t));
		if (!map->level[map->n_levels]) {
			volume_dirty_free(map);
			return NULL;
		}
		map->n_levels++;
		if (n <= 1)
			break;
		n = (n + 63) / 64;
	} while (map->n_levels < LEVELS_MAX);
	map->words = map->level[0];
	return map;
}

void
volume_dirty_free(struct volume_dirty *map)
{
	if (!map)
		return;
	for (unsigned int i = 0; i < map->n_levels; i++)
		free(map->level[i]);
	free(map);
}

/* The bits of word `word` that lie in [first, end). */
static uint64_t
mask_in(uint64_t word, uint64_t first, uint64_t end)
{
	uint64_t mask = UINT64_MAX;

	if (word == first / 64)
		mask &= UINT64_MAX << (first % 64);
	if (word == end / 64)
		mask &= ((uint64_t)1 << (end % 64)) - 1;
	return mask;
}

/* Upwards only as far as something changes. */
static void
mark_above(struct volume_dirty *map, uint64_t word, bool any)
{
	for (unsigned int i = 1; i < map->n_levels; i++, word /= 64) {
		uint64_t *above = &map->level[i][word / 64];
		uint64_t before = *above, bit = (uint64_t)1 << (word % 64);

		*above = any ? before | bit : before & ~bit;
		if (*above == before || (before != 0 && *above != 0))
			return;
		any = *above != 0;
	}
}

static void
word_put(struct volume_dirty *map, uint64_t word, uint64_t value)
{
	uint64_t before = map->words[word];

	map->n_dirty += (uint64_t)__builtin_popcountll(value);
	map->n_dirty -= (uint64_t)__builtin_popcountll(before);
	map->words[word] = value;
	if ((before != 0) != (value != 0))
		mark_above(map, word, value != 0);
}

void
volume_dirty_set(struct volume_dirty *map, uint64_t first, uint64_t n)
{
	assert(first + n <= map->n_blocks);
	for (uint64_t w = first / 64; n > 0 && w <= (first + n - 1) / 64; w++)
		word_put(map, w, map->words[w] | mask_in(w, first, first + n));
}

void
volume_dirty_clear(struct volume_dirty *map, uint64_t first, uint64_t n)
{
	assert(first + n <= map->n_blocks);
	for (uint64_t w = first / 64; n > 0 && w <= (first + n - 1) / 64; w++)
		word_put(map, w, map->words[w] & ~mask_in(w, first, first + n));
}

bool
volume_dirty_any(const struct volume_dirty *map, uint64_t first, uint64_t n)
{
	return n > 0 && volume_dirty_next(map, first) < first + n;
}

uint64_t
volume_dirty_next(const struct volume_dirty *map, uint64_t from)
{
	uint64_t at = from, bits = 0;
	unsigned int i = 0;

	if (from >= map->n_blocks)
		return VOLUME_DIRTY_NONE;
	/* Up until something is marked at or behind `at`, then down to the block. */
	for (; i < map->n_levels; i++) {
		bits = map->level[i][at / 64] & (UINT64_MAX << (at % 64));
		if (bits != 0)
			break;
		at = at / 64 + 1;
	}
	if (i == map->n_levels)
		return VOLUME_DIRTY_NONE;
	at = at / 64 * 64 + (uint64_t)__builtin_ctzll(bits);
	while (i-- > 0)
		at = at * 64 + (uint64_t)__builtin_ctzll(map->level[i][at]);
	return at;
}

uint64_t
volume_dirty_run(const struct volume_dirty *map, uint64_t from, uint64_t max)
{
	uint64_t n = 0;

	if (from >= map->n_blocks)
		return 0;
	if (max > map->n_blocks - from)
		max = map->n_blocks - from;
	while (n < max) {
		uint64_t at = from + n;
		uint64_t clean = ~(map->words[at / 64] >> (at % 64));
		uint64_t run = clean != 0 ? (uint64_t)__builtin_ctzll(clean) : 64;

		if (run < 64 - at % 64)
			return n + run < max ? n + run : max;
		n += 64 - at % 64;
	}
	return max;
}

uint64_t
volume_dirty_count(const struct volume_dirty *map)
{
	return map->n_dirty;
}

void
volume_dirty_page_get(const struct volume_dirty *map, uint32_t page,
		      uint8_t bytes[VOLUME_MAP_PAGE_BYTES])
{
	size_t first = (size_t)page * (VOLUME_MAP_PAGE_BYTES / 8);

	memset(bytes, 0, VOLUME_MAP_PAGE_BYTES);
	for (size_t w = first; w < map->n_words && w < first + VOLUME_MAP_PAGE_BYTES / 8; w++)
		for (size_t i = 0; i < 8; i++)
			bytes[(w - first) * 8 + i] = (uint8_t)(map->words[w] >> (8 * i));
}

void
volume_dirty_page_merge(struct volume_dirty *map, uint32_t page,
			const uint8_t bytes[VOLUME_MAP_PAGE_BYTES])
{
	size_t first = (size_t)page * (VOLUME_MAP_PAGE_BYTES / 8);

	for (size_t w = first; w < map->n_words && w < first + VOLUME_MAP_PAGE_BYTES / 8; w++) {
		uint64_t value = 0;

		for (size_t i = 0; i < 8; i++)
			value |= (uint64_t)bytes[(w - first) * 8 + i] << (8 * i);
		if (value != 0)
			word_put(map, w,
				 map->words[w] | (value & mask_in(w, w * 64, map->n_blocks)));
	}
}

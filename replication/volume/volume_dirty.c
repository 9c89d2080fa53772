/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dirty map in memory: 64-bit words of bits, and one summary bit for each word that is not 0.
 * Elsewhere: pages on stable storage (volume_meta.c), when a bit is set or cleared (the engine).
 */
#include "replication/volume/volume_dirty.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct volume_dirty {
	uint64_t n_blocks, n_dirty;
	size_t n_words, n_summary;
	uint64_t *words;   /* a bit for each block */
	uint64_t *summary; /* a bit for each word */
};

struct volume_dirty *
volume_dirty_new(uint64_t n_blocks)
{
	struct volume_dirty *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->n_blocks = n_blocks;
	map->n_words = (size_t)((n_blocks + 63) / 64);
	map->n_summary = (map->n_words + 63) / 64;
	map->words = calloc(map->n_words + 1, sizeof(uint64_t));
	map->summary = calloc(map->n_summary + 1, sizeof(uint64_t));
	if (!map->words || !map->summary) {
		volume_dirty_free(map);
		return NULL;
	}
	return map;
}

void
volume_dirty_free(struct volume_dirty *map)
{
	if (!map)
		return;
	free(map->words);
	free(map->summary);
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

static void
word_put(struct volume_dirty *map, uint64_t word, uint64_t value)
{
	uint64_t bit = (uint64_t)1 << (word % 64);

	map->n_dirty += (uint64_t)__builtin_popcountll(value);
	map->n_dirty -= (uint64_t)__builtin_popcountll(map->words[word]);
	map->words[word] = value;
	if (value != 0)
		map->summary[word / 64] |= bit;
	else
		map->summary[word / 64] &= ~bit;
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
	uint64_t w = from / 64, bits;
	size_t s;

	if (from >= map->n_blocks)
		return VOLUME_DIRTY_NONE;
	bits = map->words[w] & (UINT64_MAX << (from % 64));
	if (bits != 0)
		return w * 64 + (uint64_t)__builtin_ctzll(bits);
	w++;
	s = (size_t)(w / 64);
	bits = s < map->n_summary ? map->summary[s] & (UINT64_MAX << (w % 64)) : 0;
	while (bits == 0 && ++s < map->n_summary)
		bits = map->summary[s];
	if (s >= map->n_summary)
		return VOLUME_DIRTY_NONE;
	w = (uint64_t)s * 64 + (uint64_t)__builtin_ctzll(bits);
	return w * 64 + (uint64_t)__builtin_ctzll(map->words[w]);
}

uint64_t
volume_dirty_run(const struct volume_dirty *map, uint64_t from, uint64_t max)
{
	uint64_t n = 0;

	while (n < max && from + n < map->n_blocks &&
	       (map->words[(from + n) / 64] >> ((from + n) % 64) & 1) != 0)
		n++;
	return n;
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

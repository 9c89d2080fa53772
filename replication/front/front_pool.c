/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffers from a fixed piece of memory: a bitmap of units, searched for the first aligned run. At
 * sixteen words the search is a few dozen instructions, and freeing is clearing bits. Pure.
 */
#include "replication/front/front_pool.h"

#include <assert.h>
#include <string.h>

#define WORD_UNITS 64U

void
front_pool_init(struct front_pool *pool, void *memory)
{
	assert((uintptr_t)memory % FRONT_POOL_UNIT == 0);
	*pool = (struct front_pool){ .memory = memory };
}

/* Units for this length, rounded up to a power of two. */
static uint32_t
units_of(size_t length)
{
	uint32_t units = 1;

	while ((size_t)units * FRONT_POOL_UNIT < length)
		units *= 2;
	return units;
}

/* `units` ones from bit 0 on. */
static uint64_t
ones(uint32_t units)
{
	return units >= WORD_UNITS ? UINT64_MAX : (UINT64_C(1) << units) - 1;
}

/* Bit numbers that are multiples of `units` (1 to 32). */
static uint64_t
aligned_bits(uint32_t units)
{
	uint64_t bits = 1;

	for (uint32_t n = units; n < WORD_UNITS; n *= 2)
		bits |= bits << n;
	return bits;
}

/* First aligned run of fewer units than a word has; -1: none. */
static int
find_in_words(const struct front_pool *pool, uint32_t units)
{
	for (uint32_t w = 0; w < FRONT_POOL_WORDS; w++) {
		uint64_t starts = ~pool->used[w];

		/* Keeps the bits that begin a run of 2, 4, 8 ... free ones. */
		for (uint32_t n = 1; n < units; n *= 2)
			starts &= starts >> n;
		starts &= aligned_bits(units);
		if (starts != 0)
			return (int)(w * WORD_UNITS) + __builtin_ctzll(starts);
	}
	return -1;
}

/* First run of whole free words; -1: none. */
static int
find_words(const struct front_pool *pool, uint32_t words)
{
	for (uint32_t w = 0; w + words <= FRONT_POOL_WORDS; w += words) {
		uint64_t any = 0;

		for (uint32_t i = 0; i < words; i++)
			any |= pool->used[w + i];
		if (any == 0)
			return (int)(w * WORD_UNITS);
	}
	return -1;
}

uint8_t *
front_pool_get(struct front_pool *pool, size_t length)
{
	if (length == 0 || length > FRONT_POOL_BYTES)
		return NULL;

	uint32_t units = units_of(length);
	int at = units < WORD_UNITS ? find_in_words(pool, units)
				    : find_words(pool, units / WORD_UNITS);

	if (at < 0)
		return NULL;
	for (uint32_t w = 0; w < (units + WORD_UNITS - 1) / WORD_UNITS; w++)
		pool->used[(uint32_t)at / WORD_UNITS + w] |= ones(units) << at % (int)WORD_UNITS;
	pool->used_units += units;
	return pool->memory + (size_t)at * FRONT_POOL_UNIT;
}

void
front_pool_put(struct front_pool *pool, uint8_t *buffer, size_t length)
{
	uint32_t units = units_of(length);
	size_t at = (size_t)(buffer - pool->memory) / FRONT_POOL_UNIT;

	assert(buffer >= pool->memory && at + units <= (size_t)FRONT_POOL_WORDS * WORD_UNITS);
	assert(pool->used_units >= units);
	for (uint32_t w = 0; w < (units + WORD_UNITS - 1) / WORD_UNITS; w++) {
		uint64_t bits = ones(units) << at % WORD_UNITS;

		assert((pool->used[at / WORD_UNITS + w] & bits) == bits);
		pool->used[at / WORD_UNITS + w] &= ~bits;
	}
	pool->used_units -= units;
}

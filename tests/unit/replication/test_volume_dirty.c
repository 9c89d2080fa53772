/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dirty map against a plain array of flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replication/volume/volume_dirty.h"

#define BLOCKS (VOLUME_MAP_PAGE_BLOCKS + 777)

static void
agrees_with_an_array_of_flags(void **state)
{
	struct volume_dirty *map = volume_dirty_new(BLOCKS);
	bool *flags = calloc(BLOCKS, sizeof(bool));
	unsigned seed = 1;

	for (int round = 0; round < 300; round++) {
		uint64_t first = (uint64_t)rand_r(&seed) % BLOCKS;
		uint64_t n = (uint64_t)rand_r(&seed) % 200, count = 0, next = VOLUME_DIRTY_NONE;
		bool set = rand_r(&seed) % 3 != 0;

		if (n > BLOCKS - first)
			n = BLOCKS - first;
		if (set)
			volume_dirty_set(map, first, n);
		else
			volume_dirty_clear(map, first, n);
		for (uint64_t i = 0; i < n; i++)
			flags[first + i] = set;
		for (uint64_t i = BLOCKS; i-- > 0;) {
			count += flags[i];
			if (flags[i] && i >= first)
				next = i;
		}
		assert_int_equal(volume_dirty_count(map), count);
		assert_true(volume_dirty_next(map, first) == next);
		assert_int_equal(volume_dirty_any(map, first, n), n > 0 && next < first + n);
	}
	free(flags);
	volume_dirty_free(map);
}

static void
pages_carry_the_whole_map(void **state)
{
	struct volume_dirty *from = volume_dirty_new(BLOCKS), *to = volume_dirty_new(BLOCKS);
	uint8_t page[VOLUME_MAP_PAGE_BYTES];

	volume_dirty_set(from, 3, 1);
	volume_dirty_set(from, 100, 100);
	volume_dirty_set(from, BLOCKS - 1, 1);
	volume_dirty_set(to, 4, 1);
	for (uint32_t i = 0; i < volume_dirty_pages(BLOCKS); i++) {
		volume_dirty_page_get(from, i, page);
		volume_dirty_page_merge(to, i, page);
	}
	assert_int_equal(volume_dirty_count(to), 103);
	assert_int_equal(volume_dirty_run(to, 3, 10), 2);
	assert_int_equal(volume_dirty_run(to, 100, 1000), 100);
	assert_int_equal(volume_dirty_next(to, 200), BLOCKS - 1);
	memset(page, 0xff, sizeof(page));
	volume_dirty_page_merge(to, 1, page); /* bits after the last block do not count */
	assert_int_equal(volume_dirty_run(to, (uint64_t)VOLUME_MAP_PAGE_BLOCKS, BLOCKS), 777);
	assert_int_equal(volume_dirty_count(to), 102 + 777);
	volume_dirty_free(from);
	volume_dirty_free(to);
}

static void
runs_end_where_they_should_at_every_offset(void **state)
{
	struct volume_dirty *map = volume_dirty_new(BLOCKS);

	for (uint64_t first = 60; first < 70; first++) {
		for (uint64_t n = 1; n < 200; n++) {
			volume_dirty_set(map, first, n);
			assert_true(volume_dirty_run(map, first, 1000) == n);
			assert_true(volume_dirty_run(map, first, n / 2) == n / 2);
			assert_true(volume_dirty_run(map, first - 1, 1000) == 0);
			volume_dirty_clear(map, first, n);
		}
	}
	volume_dirty_set(map, 0, BLOCKS);
	assert_true(volume_dirty_run(map, 5, UINT64_MAX) == BLOCKS - 5);
	volume_dirty_free(map);
}

/* 20 TiB: blocks far apart are found, and nothing else is touched on the way. */
static void
a_large_volume_costs_as_little_as_a_small_one(void **state)
{
	static const uint64_t blocks[] = { 0,          63,         64,        4095,
					   4096,       262143,     16777216,  1073741824,
					   4294967296, 5368709118, 5368709119 };
	const size_t n = sizeof(blocks) / sizeof(blocks[0]);
	struct volume_dirty *map = volume_dirty_new((uint64_t)20 << 28);
	uint64_t at = 0;

	if (!map)
		skip(); /* no address space for it here */
	assert_true(volume_dirty_next(map, 0) == VOLUME_DIRTY_NONE);
	for (size_t i = 0; i < n; i++)
		volume_dirty_set(map, blocks[i], 1);
	for (size_t i = 0; i < n; i++) {
		at = volume_dirty_next(map, i == 0 ? 0 : at + 1);
		assert_true(at == blocks[i]);
	}
	assert_true(volume_dirty_next(map, at + 1) == VOLUME_DIRTY_NONE);
	for (size_t i = 0; i < n; i++) {
		assert_true(volume_dirty_next(map, 0) == blocks[i]);
		volume_dirty_clear(map, blocks[i], 1);
	}
	assert_true(volume_dirty_next(map, 0) == VOLUME_DIRTY_NONE);
	assert_true(volume_dirty_count(map) == 0);
	volume_dirty_free(map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_an_array_of_flags),
		cmocka_unit_test(pages_carry_the_whole_map),
		cmocka_unit_test(runs_end_where_they_should_at_every_offset),
		cmocka_unit_test(a_large_volume_costs_as_little_as_a_small_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

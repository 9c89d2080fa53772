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
	assert_int_equal(volume_dirty_run(to, VOLUME_MAP_PAGE_BLOCKS, BLOCKS), 777);
	assert_int_equal(volume_dirty_count(to), 102 + 777);
	volume_dirty_free(from);
	volume_dirty_free(to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_an_array_of_flags),
		cmocka_unit_test(pages_carry_the_whole_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

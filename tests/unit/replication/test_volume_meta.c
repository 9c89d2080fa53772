/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Superblock, layout and map pages as bytes: nothing gets lost, nothing damaged gets in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/hf_crc32c.h"
#include "replication/volume/volume_meta.h"

#define TIB_BLOCKS ((uint64_t)1 << 28)

static struct volume_meta
sample(void)
{
	struct volume_meta meta = {
		.superblock = { .volume_id = { 1, 2, 3 },
				.replica_id = { 4, 5, 6 },
				.node = 1,
				.n_nodes = 2,
				.size_blocks = 100000,
				.al_slots = 1200,
				.opened = 7,
				.promised = 12,
				.inconsistent = true,
				.seen = { { { 9, 9 }, 5 } } },
		.sequence = 41,
		.store_blocks = 200000,
		.ring_blocks = 64,
		.internal = true,
		.volume = "data",
		.node = "beta",
	};

	meta.superblock.lineage.n = VOLUME_LINEAGE_MAX;
	for (uint32_t i = 0; i < VOLUME_LINEAGE_MAX; i++)
		meta.superblock.lineage.entries[i] = (struct volume_lineage_entry){
			.record = { .epoch = i + 1, .primary = i % 2, .in_sync = 3 },
			.start = (uint64_t)i * 1000,
		};
	meta.superblock.promised = VOLUME_LINEAGE_MAX;
	return meta;
}

static void
a_superblock_comes_back_as_it_was(void **state)
{
	struct volume_meta meta = sample(), back;
	uint8_t block[VOLUME_META_BLOCK], again[VOLUME_META_BLOCK];

	(void)state;
	volume_meta_encode(&meta, block);
	assert_int_equal(volume_meta_decode(block, &back), VOLUME_META_VALID);
	assert_string_equal(back.volume, "data");
	assert_string_equal(back.node, "beta");
	assert_true(back.internal);
	assert_true(back.superblock.inconsistent);
	assert_false(back.superblock.created_clean);
	assert_int_equal(back.superblock.seen[0].opened, 5);
	assert_memory_equal(&back.superblock.lineage, &meta.superblock.lineage,
			    sizeof(meta.superblock.lineage));
	volume_meta_encode(&back, again);
	assert_memory_equal(block, again, sizeof(block));
}

static void
every_flipped_bit_is_refused(void **state)
{
	struct volume_meta meta = sample(), back;
	uint8_t block[VOLUME_META_BLOCK];

	(void)state;
	volume_meta_encode(&meta, block);
	for (size_t bit = 0; bit < sizeof(block) * 8; bit++) {
		block[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_not_equal(volume_meta_decode(block, &back), VOLUME_META_VALID);
		block[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}

static void
a_torn_update_leaves_the_older(void **state)
{
	struct volume_meta meta = sample(), back;
	uint8_t old[VOLUME_META_BLOCK], new[VOLUME_META_BLOCK], torn[VOLUME_META_BLOCK];
	unsigned int stale;

	(void)state;
	volume_meta_encode(&meta, old);
	meta.sequence++;
	meta.superblock.opened++;
	volume_meta_encode(&meta, new);
	for (size_t n = 512; n < VOLUME_META_BLOCK; n += 512) {
		memcpy(torn, old, sizeof(torn));
		memcpy(torn, new, n);
		/* Where nothing but zeros follow, the update is whole already. */
		if (memcmp(torn, new, sizeof(torn)) == 0)
			continue;
		assert_int_equal(volume_meta_choose(torn, old, &back, &stale), VOLUME_META_VALID);
		assert_int_equal(back.sequence, 41);
		assert_int_equal(stale, 0);
		assert_int_equal(volume_meta_choose(old, torn, &back, &stale), VOLUME_META_VALID);
		assert_int_equal(back.sequence, 41);
		assert_int_equal(stale, 1);
	}
	assert_int_equal(volume_meta_choose(new, old, &back, &stale), VOLUME_META_VALID);
	assert_int_equal(back.sequence, 42);
	assert_int_equal(stale, 1);
	assert_int_equal(volume_meta_choose(old, new, &back, &stale), VOLUME_META_VALID);
	assert_int_equal(back.sequence, 42);
	assert_int_equal(stale, 0);
}

static void
a_later_version_is_not_passed_over(void **state)
{
	struct volume_meta meta = sample(), back;
	uint8_t ours[VOLUME_META_BLOCK], later[VOLUME_META_BLOCK], zeros[VOLUME_META_BLOCK] = { 0 };
	unsigned int stale;
	uint32_t crc;

	(void)state;
	volume_meta_encode(&meta, ours);
	memcpy(later, ours, sizeof(later));
	later[8] = VOLUME_META_VERSION + 1;
	assert_int_equal(volume_meta_decode(later, &back), VOLUME_META_DAMAGED);
	memset(later + 12, 0, 4);
	crc = hf_crc32c(0, later, sizeof(later));
	for (size_t i = 0; i < 4; i++)
		later[12 + i] = (uint8_t)(crc >> 8 * i);
	assert_int_equal(volume_meta_decode(later, &back), VOLUME_META_NEWER);
	assert_int_equal(volume_meta_choose(ours, later, &back, &stale), VOLUME_META_NEWER);
	assert_int_equal(volume_meta_choose(later, ours, &back, &stale), VOLUME_META_NEWER);
	assert_int_equal(volume_meta_decode(zeros, &back), VOLUME_META_NONE);
	assert_int_equal(volume_meta_choose(zeros, later, &back, &stale), VOLUME_META_NEWER);
	assert_int_equal(volume_meta_choose(zeros, zeros, &back, &stale), VOLUME_META_NONE);
	assert_int_equal(volume_meta_choose(ours, zeros, &back, &stale), VOLUME_META_VALID);
	assert_string_equal(volume_meta_finding_code(VOLUME_META_NEWER), "newer-version");
}

static void
impossible_values_are_refused(void **state)
{
	struct volume_meta back;
	uint8_t block[VOLUME_META_BLOCK];

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct volume_meta meta = sample();
		struct volume_superblock *sb = &meta.superblock;

		if (i == 0)
			sb->node = 2;
		else if (i == 1)
			sb->n_nodes = 4;
		else if (i == 2)
			sb->al_slots = 65535;
		else if (i == 3)
			meta.ring_blocks = 3;
		else if (i == 4)
			sb->size_blocks = meta.store_blocks - 100;
		else if (i == 5)
			sb->promised = VOLUME_LINEAGE_MAX - 1;
		else if (i == 6)
			sb->lineage.entries[3].record.epoch = 2;
		else
			sb->lineage.entries[3].record.in_sync = 4;
		volume_meta_encode(&meta, block);
		assert_int_equal(volume_meta_decode(block, &back), VOLUME_META_IMPOSSIBLE);
	}
}

static void
places_do_not_overlap_at_any_size(void **state)
{
	static const uint64_t stores[] = { 257,
					   258,
					   300,
					   1000,
					   32001,
					   31744 * 3 + 262,
					   1 << 20,
					   TIB_BLOCKS,
					   16 * TIB_BLOCKS + 77,
					   200 * TIB_BLOCKS };
	struct volume_meta_layout l;

	(void)state;
	assert_int_equal(volume_meta_largest(256), 0);
	assert_int_equal(volume_meta_largest(258), 0);
	for (size_t i = 0; i < HF_COUNT_OF(stores); i++) {
		uint64_t size = volume_meta_largest(stores[i]), end;

		if (size == 0)
			continue;
		assert_true(volume_meta_plan(stores[i], size, 64, &l));
		assert_true(size * VOLUME_META_BLOCK <= l.start);
		end = volume_meta_map_at(&l, 0, 2, l.map_pages - 1) + VOLUME_META_BLOCK;
		assert_true(end == l.copies[0]);
		assert_true(l.ring + (uint64_t)l.ring_blocks * VOLUME_META_BLOCK <= l.copies[1]);
		assert_true(l.copies[1] + VOLUME_META_BLOCK == stores[i] * VOLUME_META_BLOCK);
		/* Not a page more is taken than is needed. */
		assert_false(volume_meta_plan(stores[i], size + (uint64_t)VOLUME_MAP_PAGE_BLOCKS,
					      64, &l) &&
			     (size + (uint64_t)VOLUME_MAP_PAGE_BLOCKS) * VOLUME_META_BLOCK <=
				     l.start);
	}
	assert_true(volume_meta_plan(TIB_BLOCKS, TIB_BLOCKS - 100000, 64, &l));
	assert_true(volume_meta_map_at(&l, 1, 0, 0) == l.start);
	assert_true(volume_meta_map_at(&l, 1, 2, 0) ==
		    l.start + (uint64_t)l.map_pages * VOLUME_META_BLOCK);
}

static void
a_damaged_page_counts_as_all_dirty(void **state)
{
	struct volume_meta meta = sample();
	const struct volume_superblock *sb = &meta.superblock;
	uint8_t bits[VOLUME_MAP_PAGE_BYTES], back[VOLUME_MAP_PAGE_BYTES];
	uint8_t block[VOLUME_META_BLOCK];

	(void)state;
	for (size_t i = 0; i < sizeof(bits); i++)
		bits[i] = (uint8_t)(i * 7);
	volume_meta_page_encode(sb, 0, 3, bits, block);
	assert_true(volume_meta_page_decode(sb, 0, 3, block, back));
	assert_memory_equal(bits, back, sizeof(bits));
	assert_false(volume_meta_page_decode(sb, 2, 3, block, back)); /* another map's */
	assert_false(volume_meta_page_decode(sb, 0, 4, block, back)); /* another page */
	block[2000] ^= 1;
	assert_false(volume_meta_page_decode(sb, 0, 3, block, back));
	for (size_t i = 0; i < sizeof(back); i++)
		assert_int_equal(back[i], 0xff);
	memset(block, 0, sizeof(block));
	assert_true(volume_meta_page_decode(sb, 0, 3, block, back));
	assert_int_equal(back[5], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_superblock_comes_back_as_it_was),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(a_torn_update_leaves_the_older),
		cmocka_unit_test(a_later_version_is_not_passed_over),
		cmocka_unit_test(impossible_values_are_refused),
		cmocka_unit_test(places_do_not_overlap_at_any_size),
		cmocka_unit_test(a_damaged_page_counts_as_all_dirty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

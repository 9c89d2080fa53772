/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The activity log's ring gives back every acknowledged change, whatever happens to the newest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replication/volume/volume_actlog.h"

#define RING  12
#define SLOTS 4000 /* five slices a round */

static const uint8_t id[VOLUME_ID_BYTES] = { 1, 2, 3 };

struct ring {
	struct volume_actlog *log;
	uint8_t blocks[RING * VOLUME_ACTLOG_BLOCK];
	uint8_t last[VOLUME_ACTLOG_BLOCK]; /* what stood where the newest block is now */
	uint32_t place;
	unsigned int seed;
};

static void
step(struct ring *r, uint32_t n_changes)
{
	struct volume_al_transaction tx = { .n = n_changes };
	uint8_t block[VOLUME_ACTLOG_BLOCK];

	for (uint32_t i = 0; i < n_changes; i++)
		tx.changes[i] = (struct volume_al_change){
			.slot = (uint16_t)((unsigned int)rand_r(&r->seed) % SLOTS),
			.extent = rand_r(&r->seed) % 5 == 0 ? VOLUME_AL_FREE
							    : (uint32_t)rand_r(&r->seed),
		};
	r->place = volume_actlog_encode(r->log, &tx, block);
	memcpy(r->last, r->blocks + (size_t)r->place * VOLUME_ACTLOG_BLOCK, sizeof(r->last));
	memcpy(r->blocks + (size_t)r->place * VOLUME_ACTLOG_BLOCK, block, sizeof(block));
}

static struct ring *
new_ring(void)
{
	struct ring *r = calloc(1, sizeof(*r));

	r->log = volume_actlog_new(id, SLOTS, RING);
	for (int i = 0; i < RING; i++)
		step(r, 0);
	return r;
}

static void
free_ring(struct ring *r)
{
	volume_actlog_free(r->log);
	free(r);
}

static void
expect_read(const struct ring *r, const struct volume_actlog *want)
{
	struct volume_actlog *back = volume_actlog_new(id, SLOTS, RING);

	assert_int_equal(volume_actlog_decode(back, r->blocks), VOLUME_ACTLOG_WHOLE);
	assert_memory_equal(back->extents, want->extents, SLOTS * sizeof(uint32_t));
	assert_int_equal(back->sequence, want->sequence);
	assert_int_equal(back->context_at, want->context_at);
	volume_actlog_free(back);
}

static void
the_ring_reproduces_the_table(void **state)
{
	struct ring *r = new_ring();

	(void)state;
	for (int i = 0; i < 200; i++) {
		step(r, (uint32_t)i % (VOLUME_AL_CHANGES_MAX + 1));
		expect_read(r, r->log);
	}
	free_ring(r);
}

static void
a_torn_newest_block_costs_only_its_own_changes(void **state)
{
	struct ring *r = new_ring();
	struct volume_actlog *before = volume_actlog_new(id, SLOTS, RING);

	(void)state;
	for (int i = 0; i < 60; i++) {
		uint8_t whole[VOLUME_ACTLOG_BLOCK];
		uint8_t *at;

		assert_int_equal(volume_actlog_decode(before, r->blocks), VOLUME_ACTLOG_WHOLE);
		step(r, 5);
		at = r->blocks + (size_t)r->place * VOLUME_ACTLOG_BLOCK;
		memcpy(whole, at, sizeof(whole));
		for (size_t n = 512; n < VOLUME_ACTLOG_BLOCK; n += 512) {
			memcpy(at, whole, n);
			memcpy(at + n, r->last + n, VOLUME_ACTLOG_BLOCK - n);
			if (memcmp(at, whole, sizeof(whole)) != 0)
				expect_read(r, before);
		}
		memcpy(at, whole, sizeof(whole));
	}
	volume_actlog_free(before);
	free_ring(r);
}

static void
damage_in_the_last_round_is_noticed(void **state)
{
	struct ring *r = new_ring();
	struct volume_actlog *back = volume_actlog_new(id, SLOTS, RING);
	uint32_t noticed = 0;

	(void)state;
	for (int i = 0; i < 30; i++)
		step(r, 9);
	for (uint32_t i = 0; i < RING; i++) {
		uint32_t age = (r->place + RING - i) % RING;
		uint8_t *byte = &r->blocks[(size_t)i * VOLUME_ACTLOG_BLOCK + 100];
		enum volume_actlog_found found;

		*byte ^= 4;
		found = volume_actlog_decode(back, r->blocks);
		*byte ^= 4;
		noticed += found == VOLUME_ACTLOG_DAMAGED;
		/* The newest cannot be told from a torn one; four old rounds do not matter. */
		assert_int_equal(found == VOLUME_ACTLOG_DAMAGED, age >= 1 && age < 5);
		if (found == VOLUME_ACTLOG_WHOLE && age > 0)
			assert_memory_equal(back->extents, r->log->extents,
					    SLOTS * sizeof(uint32_t));
	}
	assert_int_equal(noticed, 4);
	memset(r->blocks, 0, sizeof(r->blocks));
	assert_int_equal(volume_actlog_decode(back, r->blocks), VOLUME_ACTLOG_DAMAGED);
	volume_actlog_free(back);
	free_ring(r);
}

static void
blocks_of_another_store_do_not_count(void **state)
{
	static const uint8_t other[VOLUME_ID_BYTES] = { 1, 2, 4 };
	struct ring *r = new_ring();
	struct volume_actlog *back = volume_actlog_new(other, SLOTS, RING);

	(void)state;
	assert_int_equal(volume_actlog_decode(back, r->blocks), VOLUME_ACTLOG_DAMAGED);
	volume_actlog_free(back);
	free_ring(r);
}

static void
the_largest_table_has_a_ring(void **state)
{
	(void)state;
	assert_int_equal(volume_actlog_ring_least(1), 4);
	assert_int_equal(volume_actlog_ring_least(880), 4);
	assert_int_equal(volume_actlog_ring_least(881), 6);
	assert_in_range(volume_actlog_ring_least(VOLUME_AL_SLOTS_MAX), 1, 254);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ring_reproduces_the_table),
		cmocka_unit_test(a_torn_newest_block_costs_only_its_own_changes),
		cmocka_unit_test(damage_in_the_last_round_is_noticed),
		cmocka_unit_test(blocks_of_another_store_do_not_count),
		cmocka_unit_test(the_largest_table_has_a_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

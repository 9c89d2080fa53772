/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replicas in files: made, refused, taken over, written while running, read back after damage. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/hf_loop.h"
#include "replication/volume/volume_io_fault.h"
#include "replication/volume/volume_meta_live.h"

#define STORE_BYTES ((uint64_t)64 << 20)

struct world {
	char path[64], other[64];
	char why[VOLUME_IO_WHY_MAX];
	struct volume_meta made;
	struct volume_meta_create how;
	/* running */
	struct hf_loop *loop;
	struct volume_io *io;
	struct volume_meta_store *store;
	struct volume_meta_live *live;
	int ended[VOLUME_META_KINDS];
	int last_err;
};

static void
make_file(char path[64], uint64_t bytes)
{
	int fd;

	(void)snprintf(path, 64, "./test_volume_meta.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	close(fd);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	make_file(w->path, STORE_BYTES);
	make_file(w->other, STORE_BYTES);
	w->how = (struct volume_meta_create){ .data = w->path,
					      .volume = "data",
					      .node_name = "beta",
					      .volume_id = { 7 },
					      .node = 1,
					      .n_nodes = 3,
					      .al_slots = 1200 };
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	(void)unlink(w->path);
	(void)unlink(w->other);
	free(w);
	return 0;
}

static int
create(struct world *w)
{
	return volume_meta_create(&w->how, &w->made, w->why);
}

static void
damage(const char *path, uint64_t at, const char *bytes)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, strlen(bytes), (off_t)at), strlen(bytes));
	close(fd);
}

static void
a_new_replica_is_clean_and_recognised(void **state)
{
	struct world *w = *state;
	struct volume_meta_store *store = NULL;
	struct volume_meta_found found;

	assert_int_equal(volume_meta_load(w->path, false, &store, w->why), -ENODATA);
	assert_int_equal(create(w), 0);
	assert_int_equal(volume_meta_load(w->path, false, &store, w->why), 0);
	assert_string_equal(store->meta.volume, "data");
	assert_true(store->meta.internal);
	assert_true(store->meta.superblock.created_clean);
	assert_int_equal(store->meta.superblock.node, 1);
	assert_false(store->actlog_damaged);
	assert_int_equal(store->pages_damaged, 0);
	assert_int_equal(volume_dirty_count(store->dirty[0]), 0);
	assert_null(store->dirty[1]);
	assert_int_equal(volume_dirty_count(store->dirty[2]), 0);
	volume_meta_store_free(store);
	assert_int_equal(volume_meta_inspect(w->path, &found, w->why), 0);
	assert_string_equal(found.text, "volume data of node beta");
	assert_int_equal(create(w), -EEXIST);
	assert_non_null(strstr(w->why, "carries volume data of node beta: not overwritten"));
	w->how.take_over = true;
	assert_int_equal(create(w), -EEXIST);
	w->how.take_over = false;
	w->how.force = true;
	assert_int_equal(create(w), 0);
}

/* What blkid and we need to see of an ext4 of this many blocks of 4096. */
static void
put_ext4(const char *path, uint32_t blocks)
{
	uint8_t sb[1024] = { 0 };
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	for (int i = 0; i < 4; i++)
		sb[4 + i] = (uint8_t)(blocks >> 8 * i);
	sb[24] = 2; /* 1024 << 2 */
	sb[0x38] = 0x53;
	sb[0x39] = 0xef;
	sb[0x5c] = 4;    /* has a journal */
	sb[0x60] = 0x40; /* extents */
	sb[0x4c] = 1;
	(void)snprintf((char *)sb + 0x78, 16, "srv");
	assert_int_equal(pwrite(fd, sb, sizeof(sb), 1024), sizeof(sb));
	close(fd);
}

static void
a_filesystem_is_refused_or_taken_over(void **state)
{
	struct world *w = *state;

	put_ext4(w->path, (uint32_t)(STORE_BYTES / 4096));
	assert_int_equal(create(w), -EEXIST);
	assert_non_null(strstr(w->why, "a filesystem: ext4 labelled \"srv\""));
	w->how.take_over = true;
	assert_int_equal(create(w), -ENOSPC);
	assert_non_null(strstr(w->why, "shrink it, or use external metadata"));
	w->how.meta = w->other;
	assert_int_equal(create(w), 0);
	assert_int_equal(w->made.superblock.size_blocks, STORE_BYTES / 4096);
	assert_false(w->made.superblock.created_clean);
	assert_false(w->made.internal);
	w->how.meta = NULL;
	put_ext4(w->path, (uint32_t)(STORE_BYTES / 4096 - 300));
	assert_int_equal(create(w), 0);
	assert_true(w->made.internal);
}

static void
a_store_of_another_length_says_so(void **state)
{
	struct world *w = *state;
	struct volume_meta_store *store = NULL;

	assert_int_equal(create(w), 0);
	assert_int_equal(truncate(w->path, (off_t)STORE_BYTES - 1), 0);
	assert_int_equal(volume_meta_load(w->path, false, &store, w->why), -EUCLEAN);
	assert_non_null(strstr(w->why, "67108863 bytes now, 67108864 expected"));
	assert_int_equal(create(w), -EEXIST);
	assert_non_null(strstr(w->why, "a volume that cannot be read"));
}

static void
too_small_stores_are_refused(void **state)
{
	struct world *w = *state;

	assert_int_equal(truncate(w->path, 1 << 20), 0);
	assert_int_equal(create(w), -ENOSPC);
	w->how.meta = w->other;
	assert_int_equal(truncate(w->path, (off_t)STORE_BYTES), 0);
	assert_int_equal(truncate(w->other, 1 << 20), 0);
	assert_int_equal(create(w), -ENOSPC);
	assert_non_null(strstr(w->why, "too small for the metadata"));
}

static void
ended(void *arg, enum volume_meta_kind kind, int err)
{
	struct world *w = arg;

	w->ended[kind]++;
	if (err)
		w->last_err = err;
	hf_loop_stop(w->loop);
}

static void
start(struct world *w)
{
	struct volume_io_options options = { .path = w->path };

	w->loop = hf_loop_new();
	assert_int_equal(volume_meta_load(w->path, true, &w->store, w->why), 0);
	assert_int_equal(volume_io_open(w->loop, &options, &w->io, w->why), 0);
	w->io = volume_io_fault_new(w->loop, w->io);
	w->live = volume_meta_live_new(w->io, w->store, ended, w);
}

static void
stop(struct world *w)
{
	volume_meta_live_free(w->live);
	volume_io_close(w->io);
	volume_meta_store_free(w->store);
	hf_loop_free(w->loop);
}

static void
wait_for(struct world *w, enum volume_meta_kind kind)
{
	int before = w->ended[kind];

	volume_io_kick(w->io);
	while (w->ended[kind] == before)
		assert_int_equal(hf_loop_run(w->loop), 0);
}

static void
what_was_written_while_running_is_read_at_the_next_start(void **state)
{
	struct world *w = *state;
	struct volume_al_transaction tx = { .n = 2, .changes = { { 5, 77 }, { 1199, 3 } } };
	struct volume_superblock sb;

	assert_int_equal(create(w), 0);
	start(w);
	sb = w->store->meta.superblock;
	sb.opened = 1;
	sb.promised = 4;
	volume_dirty_set(w->store->dirty[2], 100, 50);
	volume_meta_live_actlog(w->live, &tx);
	volume_meta_live_page(w->live, 2, 0);
	volume_meta_live_superblock(w->live, &sb);
	wait_for(w, VOLUME_META_SUPERBLOCK);
	volume_io_drain(w->io);
	assert_int_equal(w->last_err, 0);
	stop(w);
	start(w);
	assert_int_equal(w->store->meta.superblock.opened, 1);
	assert_int_equal(w->store->meta.superblock.promised, 4);
	assert_int_equal(w->store->actlog->extents[5], 77);
	assert_int_equal(w->store->actlog->extents[1199], 3);
	assert_int_equal(volume_dirty_count(w->store->dirty[2]), 50);
	assert_int_equal(volume_dirty_count(w->store->dirty[0]), 0);
	stop(w);
}

/* Each of the two writes of an update torn at each sector, over several updates in a row. */
static void
a_torn_superblock_is_the_old_or_the_new_one(void **state)
{
	struct world *w = *state;

	assert_int_equal(create(w), 0);
	for (uint32_t round = 0; round < 16; round++) {
		struct volume_io_fault torn = { .kind = VOLUME_IO_FAULT_TORN,
						.op = VOLUME_IO_WRITE,
						.skip = round % 2,
						.times = 1,
						.bytes = round / 2 * 512,
						.err = -EIO };
		uint64_t opened, now;
		struct volume_superblock sb;

		start(w);
		sb = w->store->meta.superblock;
		opened = sb.opened++;
		volume_io_fault_add(w->io, &torn);
		volume_meta_live_superblock(w->live, &sb);
		wait_for(w, VOLUME_META_SUPERBLOCK);
		assert_int_equal(w->last_err, -EIO);
		stop(w);
		start(w);
		now = w->store->meta.superblock.opened;
		/* The first 512 bytes hold the fields that differ: torn behind them is whole. */
		assert_in_range(now, opened, opened + 1);
		if (round % 2 == 1)
			assert_int_equal(now, opened + 1);
		stop(w);
	}
}

static void
one_damaged_copy_costs_nothing_two_refuse(void **state)
{
	struct world *w = *state;
	struct volume_meta_store *store = NULL;
	uint64_t copies[2];

	assert_int_equal(create(w), 0);
	volume_meta_copies(STORE_BYTES / VOLUME_META_BLOCK, copies);
	damage(w->path, copies[0] + 100, "x");
	assert_int_equal(volume_meta_load(w->path, false, &store, w->why), 0);
	assert_int_equal(store->stale, 0);
	volume_meta_store_free(store);
	damage(w->path, copies[1] + 100, "x");
	assert_int_equal(volume_meta_load(w->path, false, &store, w->why), -EUCLEAN);
	assert_non_null(strstr(w->why, "checksum is wrong"));
}

static void
a_damaged_log_or_page_makes_blocks_dirty(void **state)
{
	struct world *w = *state;
	struct volume_meta_store *store = NULL;
	struct volume_meta_layout l;
	uint64_t size;

	assert_int_equal(create(w), 0);
	size = w->made.superblock.size_blocks;
	assert_true(volume_meta_plan(w->made.store_blocks, size, w->made.ring_blocks, &l));
	damage(w->path, volume_meta_map_at(&l, 1, 0, 0) + 4000, "x");
	assert_int_equal(volume_meta_load(w->path, false, &store, w->why), 0);
	assert_int_equal(store->pages_damaged, 1);
	assert_int_equal(volume_dirty_count(store->dirty[0]), size);
	assert_int_equal(volume_dirty_count(store->dirty[2]), 0);
	volume_meta_store_free(store);
	damage(w->path, l.ring + (uint64_t)(l.ring_blocks - 2) * VOLUME_ACTLOG_BLOCK, "x");
	assert_int_equal(volume_meta_load(w->path, false, &store, w->why), 0);
	assert_true(store->actlog_damaged);
	assert_int_equal(volume_dirty_count(store->dirty[2]), size);
	volume_meta_store_free(store);
}

static void
stores_beyond_16_tib_work(void **state)
{
	struct world *w = *state;
	struct volume_meta_store *store = NULL;

	/* External metadata, so that only the sparse data is large; not every filesystem takes it.
	 */
	if (truncate(w->path, (off_t)15 << 40) != 0 || truncate(w->other, (off_t)2 << 30) != 0)
		skip();
	w->how.meta = w->other;
	w->how.size_blocks = 0;
	assert_int_equal(create(w), 0);
	assert_true(w->made.superblock.size_blocks == (uint64_t)15 << 28);
	assert_int_equal(volume_meta_load(w->other, false, &store, w->why), 0);
	volume_dirty_set(store->dirty[0], store->meta.superblock.size_blocks - 1, 1);
	assert_true(volume_dirty_next(store->dirty[0], 0) ==
		    store->meta.superblock.size_blocks - 1);
	volume_meta_store_free(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_replica_is_clean_and_recognised),
		TEST(a_filesystem_is_refused_or_taken_over),
		TEST(a_store_of_another_length_says_so),
		TEST(too_small_stores_are_refused),
		TEST(what_was_written_while_running_is_read_at_the_next_start),
		TEST(a_torn_superblock_is_the_old_or_the_new_one),
		TEST(one_damaged_copy_costs_nothing_two_refuse),
		TEST(a_damaged_log_or_page_makes_blocks_dirty),
		TEST(stores_beyond_16_tib_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

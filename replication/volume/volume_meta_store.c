/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a replica's metadata from its store. Elsewhere: making a new one (volume_meta_create.c).
 */
#include "replication/volume/volume_meta_store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replication/volume/volume_io_file.h"

#define CHUNK_BLOCKS 256u /* read at once: 1 MiB, also the tail */

/* Where a store was cut or grew by little, its superblocks are not far from where they should be.
 */
#define SEARCH_BLOCKS ((uint64_t)2 * VOLUME_META_TAIL_BLOCKS)

static int
read_blocks(int fd, uint8_t *out, uint64_t at, uint32_t n)
{
	size_t length = (size_t)n * VOLUME_META_BLOCK, done = 0;

	while (done < length) {
		ssize_t got = pread(fd, out + done, length - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		done += (size_t)got;
	}
	return 0;
}

/* Looks where the superblock would be had the store another length; to explain, not to use. */
static enum volume_meta_finding
search(int fd, uint64_t store_blocks, uint8_t *chunk, struct volume_meta *meta)
{
	uint64_t first = store_blocks > SEARCH_BLOCKS ? store_blocks - SEARCH_BLOCKS : 0;

	for (uint64_t b = store_blocks; b-- > first;) {
		if (read_blocks(fd, chunk, b * VOLUME_META_BLOCK, 1) != 0)
			break;
		if (volume_meta_decode(chunk, meta) == VOLUME_META_VALID)
			return VOLUME_META_TRUNCATED;
	}
	return VOLUME_META_NONE;
}

static int
read_superblock(const struct volume_io_file *file, uint8_t *chunk, struct volume_meta_store *store,
		enum volume_meta_finding *finding)
{
	uint64_t blocks = file->info.size / VOLUME_META_BLOCK, copies[2];
	uint8_t *second = chunk + VOLUME_META_BLOCK;
	int err;

	*finding = VOLUME_META_NONE;
	if (blocks < VOLUME_META_TAIL_BLOCKS)
		return 0;
	volume_meta_copies(blocks, copies);
	err = read_blocks(file->fd, chunk, copies[0], 1);
	/* A copy that cannot be read is a damaged one. */
	if (err)
		memset(chunk, 0, VOLUME_META_BLOCK);
	err = read_blocks(file->fd, second, copies[1], 1);
	if (err)
		memset(second, 0, VOLUME_META_BLOCK);
	*finding = volume_meta_choose(chunk, second, &store->meta, &store->stale);
	if (*finding == VOLUME_META_VALID && store->meta.store_blocks != blocks)
		*finding = VOLUME_META_TRUNCATED;
	else if (*finding == VOLUME_META_NONE)
		*finding = search(file->fd, blocks, chunk, &store->meta);
	return 0;
}

static int
say_finding(const char *path, const struct volume_io_file *file,
	    const struct volume_meta_store *store, enum volume_meta_finding finding, char why[])
{
	if (finding == VOLUME_META_TRUNCATED)
		(void)snprintf(why, VOLUME_IO_WHY_MAX,
			       "%s: %s: volume %s of node %s, %" PRIu64 " bytes now, %" PRIu64
			       " expected",
			       path, volume_meta_finding_text(finding), store->meta.volume,
			       store->meta.node, file->info.size,
			       store->meta.store_blocks * VOLUME_META_BLOCK);
	else
		(void)snprintf(why, VOLUME_IO_WHY_MAX, "%s: %s", path,
			       volume_meta_finding_text(finding));
	return finding == VOLUME_META_NONE ? -ENODATA : -EUCLEAN;
}

static int
read_actlog(int fd, uint8_t *chunk, struct volume_meta_store *store)
{
	const struct volume_superblock *sb = &store->meta.superblock;
	int err;

	store->actlog = volume_actlog_new(sb->replica_id, sb->al_slots, store->meta.ring_blocks);
	if (!store->actlog)
		return -ENOMEM;
	err = read_blocks(fd, chunk, store->layout.ring, store->layout.ring_blocks);
	if (err)
		memset(chunk, 0, (size_t)CHUNK_BLOCKS * VOLUME_META_BLOCK);
	store->actlog_damaged = volume_actlog_decode(store->actlog, chunk) == VOLUME_ACTLOG_DAMAGED;
	return 0;
}

/* One chunk of a map. A page that cannot be read is a damaged one. */
static void
take_pages(int fd, uint8_t *chunk, struct volume_meta_store *store, uint8_t peer, uint32_t first,
	   uint32_t n)
{
	const struct volume_superblock *sb = &store->meta.superblock;
	uint64_t at = volume_meta_map_at(&store->layout, sb->node, peer, first);
	uint8_t bits[VOLUME_MAP_PAGE_BYTES];

	if (read_blocks(fd, chunk, at, n) != 0)
		memset(chunk, 0xff, (size_t)n * VOLUME_META_BLOCK);
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *block = chunk + (size_t)i * VOLUME_META_BLOCK;

		if (!volume_meta_page_decode(sb, peer, first + i, block, bits))
			store->pages_damaged++;
		volume_dirty_page_merge(store->dirty[peer], first + i, bits);
	}
}

static int
read_map(int fd, uint8_t *chunk, struct volume_meta_store *store, uint8_t peer)
{
	uint32_t pages = store->layout.map_pages;

	store->dirty[peer] = volume_dirty_new(store->meta.superblock.size_blocks);
	if (!store->dirty[peer])
		return -ENOMEM;
	if (store->actlog_damaged) {
		volume_dirty_set(store->dirty[peer], 0, store->meta.superblock.size_blocks);
		return 0;
	}
	for (uint32_t first = 0; first < pages; first += CHUNK_BLOCKS) {
		uint32_t n = pages - first < CHUNK_BLOCKS ? pages - first : CHUNK_BLOCKS;

		take_pages(fd, chunk, store, peer, first, n);
	}
	return 0;
}

static int
read_all(const struct volume_io_file *file, const char *path, uint8_t *chunk,
	 struct volume_meta_store *store, char why[])
{
	const struct volume_superblock *sb = &store->meta.superblock;
	enum volume_meta_finding finding;
	int err = read_superblock(file, chunk, store, &finding);

	if (!err && finding != VOLUME_META_VALID)
		return say_finding(path, file, store, finding, why);
	if (!err && !volume_meta_plan(store->meta.store_blocks, sb->size_blocks,
				      store->meta.ring_blocks, &store->layout))
		err = -EINVAL;
	if (!err)
		err = read_actlog(file->fd, chunk, store);
	for (uint8_t peer = 0; peer < sb->n_nodes && !err; peer++)
		if (peer != sb->node)
			err = read_map(file->fd, chunk, store, peer);
	if (err)
		(void)snprintf(why, VOLUME_IO_WHY_MAX, "%s: cannot read the metadata: %s", path,
			       strerror(-err));
	return err;
}

int
volume_meta_load(const char *path, bool shared, struct volume_meta_store **out,
		 char why[VOLUME_IO_WHY_MAX])
{
	struct volume_io_options options = { .path = path, .read_only = true, .shared = shared };
	struct volume_meta_store *store = NULL;
	struct volume_io_file file;
	uint8_t *chunk = NULL;
	int err = volume_io_file_open(&options, &file, why);

	if (err)
		return err;
	err = -ENOMEM;
	(void)snprintf(why, VOLUME_IO_WHY_MAX, "%s: %s", path, strerror(ENOMEM));
	store = calloc(1, sizeof(*store));
	chunk = aligned_alloc(VOLUME_IO_DATA_ALIGNED, (size_t)CHUNK_BLOCKS * VOLUME_META_BLOCK);
	if (!store || !chunk)
		goto out;
	err = read_all(&file, path, chunk, store, why);
	if (err)
		goto out;
	*out = store;
	store = NULL;
out:
	volume_meta_store_free(store);
	free(chunk);
	volume_io_file_close(&file);
	return err;
}

void
volume_meta_store_free(struct volume_meta_store *store)
{
	if (!store)
		return;
	volume_actlog_free(store->actlog);
	for (size_t i = 0; i < VOLUME_NODES_MAX; i++)
		volume_dirty_free(store->dirty[i]);
	free(store);
}

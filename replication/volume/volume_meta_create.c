/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a node's replica. Order: refuse what must not be overwritten; wipe both superblocks, so
 * that from here on there is no volume; empty maps, empty log; and last, once all that is stable,
 * the superblock.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "replication/volume/volume_io_file.h"
#include "replication/volume/volume_meta_store.h"

#define CHUNK_BYTES (1u << 20)
#define MIB(bytes)  (((bytes) + (1u << 20) - 1) >> 20)

struct making {
	const struct volume_meta_create *how;
	struct volume_io_file data, external; /* external.fd -1: internal */
	const struct volume_io_file *store;   /* that with the metadata */
	const char *store_path;
	struct volume_meta meta;
	struct volume_meta_layout layout;
	uint8_t *chunk; /* CHUNK_BYTES */
	char *why;
};

static int
open_stores(struct making *m)
{
	struct volume_io_options options = { .path = m->how->data };
	int err = volume_io_file_open(&options, &m->data, m->why);

	if (err)
		return err;
	m->store = &m->data;
	m->store_path = m->how->data;
	if (!m->how->meta)
		return 0;
	options.path = m->how->meta;
	m->store = &m->external;
	m->store_path = m->how->meta;
	return volume_io_file_open(&options, &m->external, m->why);
}

/* Size and places. */
static int
plan(struct making *m)
{
	uint64_t data_blocks = m->data.info.size / VOLUME_META_BLOCK;
	uint64_t store_blocks = m->store->info.size / VOLUME_META_BLOCK;
	uint64_t most = m->how->meta ? data_blocks : volume_meta_largest(data_blocks);
	uint64_t size = m->how->size_blocks ? m->how->size_blocks : most;

	if (most == 0 || size > most) {
		(void)snprintf(m->why, VOLUME_IO_WHY_MAX,
			       "%s: too small: at most %" PRIu64 " KiB of data fit, %" PRIu64
			       " KiB are needed",
			       m->how->data, most * 4, size * 4);
		return -ENOSPC;
	}
	if (!volume_meta_plan(store_blocks, size, VOLUME_META_RING_BLOCKS, &m->layout) ||
	    volume_actlog_ring_least(m->how->al_slots) > VOLUME_META_RING_BLOCKS) {
		(void)snprintf(m->why, VOLUME_IO_WHY_MAX,
			       "%s: too small for the metadata of %" PRIu64 " MiB of data",
			       m->store_path, MIB(size * VOLUME_META_BLOCK));
		return -ENOSPC;
	}
	m->meta = (struct volume_meta){
		.superblock = { .node = m->how->node,
				.n_nodes = m->how->n_nodes,
				.size_blocks = size,
				.al_slots = m->how->al_slots,
				.created_clean = !m->how->take_over },
		.sequence = 1,
		.store_blocks = store_blocks,
		.ring_blocks = VOLUME_META_RING_BLOCKS,
		.internal = !m->how->meta,
	};
	memcpy(m->meta.superblock.volume_id, m->how->volume_id, VOLUME_ID_BYTES);
	(void)snprintf(m->meta.volume, sizeof(m->meta.volume), "%s", m->how->volume);
	(void)snprintf(m->meta.node, sizeof(m->meta.node), "%s", m->how->node_name);
	if (getentropy(m->meta.superblock.replica_id, VOLUME_ID_BYTES) == 0)
		return 0;
	(void)snprintf(m->why, VOLUME_IO_WHY_MAX, "no random numbers: %s", strerror(errno));
	return -errno;
}

/* Room behind what is there: without it the metadata would destroy its end. */
static int
check_take_over(struct making *m, const struct volume_meta_found *found)
{
	if (m->how->meta || found->text[0] == '\0')
		return 0;
	if (found->end == 0) {
		(void)snprintf(m->why, VOLUME_IO_WHY_MAX,
			       "%s: carries %s, and where it ends cannot be told: use external "
			       "metadata",
			       m->how->data, found->text);
		return -EEXIST;
	}
	if (found->end <= m->layout.start &&
	    found->end <= m->meta.superblock.size_blocks * VOLUME_META_BLOCK)
		return 0;
	(void)snprintf(m->why, VOLUME_IO_WHY_MAX,
		       "%s: carries %s that needs %" PRIu64 " KiB, %" PRIu64
		       " KiB are left beside the metadata: shrink it, or use external metadata",
		       m->how->data, found->text, found->end >> 10, m->layout.start >> 10);
	return -ENOSPC;
}

static int
refuse_found(struct making *m, const char *path, const struct volume_meta_found *found)
{
	if (m->how->force || found->text[0] == '\0')
		return 0;
	(void)snprintf(m->why, VOLUME_IO_WHY_MAX, "%s: carries %s: not overwritten unless forced",
		       path, found->text);
	return -EEXIST;
}

/* Another replica's data is never taken over: its metadata says more than its content. */
static int
check_existing(struct making *m)
{
	struct volume_meta_found found;
	int err = volume_meta_inspect(m->how->data, &found, m->why);

	if (!err && m->how->take_over && !found.volume)
		err = check_take_over(m, &found);
	else if (!err)
		err = refuse_found(m, m->how->data, &found);
	if (err || !m->how->meta)
		return err;
	err = volume_meta_inspect(m->how->meta, &found, m->why);
	return err ? err : refuse_found(m, m->how->meta, &found);
}

static int
write_all(int fd, const uint8_t *bytes, size_t length, uint64_t at)
{
	size_t done = 0;

	while (done < length) {
		ssize_t put = pwrite(fd, bytes + done, length - done, (off_t)(at + done));

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		done += (size_t)put;
	}
	return 0;
}

static int
make_stable(int fd)
{
	return fdatasync(fd) == 0 ? 0 : -errno;
}

/* Pages of zeros are clean ones. */
static int
empty_maps(struct making *m)
{
	uint64_t at = m->layout.start, end = m->layout.copies[0];
	int fd = m->store->fd, err = 0;

	if (fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, (off_t)at,
		      (off_t)(end - at)) == 0)
		return 0;
	memset(m->chunk, 0, CHUNK_BYTES);
	for (; at < end && !err; at += CHUNK_BYTES) {
		size_t n = end - at < CHUNK_BYTES ? (size_t)(end - at) : CHUNK_BYTES;

		err = write_all(fd, m->chunk, n, at);
	}
	return err;
}

static int
empty_actlog(struct making *m)
{
	static const struct volume_al_transaction nothing;
	const struct volume_superblock *sb = &m->meta.superblock;
	struct volume_actlog *log =
		volume_actlog_new(sb->replica_id, sb->al_slots, m->layout.ring_blocks);

	if (!log)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->layout.ring_blocks; i++)
		(void)volume_actlog_encode(log, &nothing,
					   m->chunk + (size_t)i * VOLUME_ACTLOG_BLOCK);
	volume_actlog_free(log);
	return write_all(m->store->fd, m->chunk,
			 (size_t)m->layout.ring_blocks * VOLUME_ACTLOG_BLOCK, m->layout.ring);
}

static int
write_copies(struct making *m)
{
	int err = 0;

	for (size_t i = 0; i < 2 && !err; i++) {
		err = write_all(m->store->fd, m->chunk, VOLUME_META_BLOCK, m->layout.copies[i]);
		if (!err)
			err = make_stable(m->store->fd);
	}
	return err;
}

static int
write_everything(struct making *m)
{
	int err;

	memset(m->chunk, 0, VOLUME_META_BLOCK);
	err = write_copies(m);
	if (!err)
		err = empty_maps(m);
	if (!err)
		err = empty_actlog(m);
	if (!err)
		err = make_stable(m->store->fd);
	if (!err) {
		volume_meta_encode(&m->meta, m->chunk);
		err = write_copies(m);
	}
	if (err)
		(void)snprintf(m->why, VOLUME_IO_WHY_MAX, "%s: cannot write the metadata: %s",
			       m->store_path, strerror(-err));
	return err;
}

int
volume_meta_create(const struct volume_meta_create *how, struct volume_meta *made,
		   char why[VOLUME_IO_WHY_MAX])
{
	struct making m = {
		.how = how, .data = { .fd = -1 }, .external = { .fd = -1 }, .why = why
	};
	int err = -ENOMEM;

	(void)snprintf(why, VOLUME_IO_WHY_MAX, "%s: %s", how->data, strerror(ENOMEM));
	m.chunk = aligned_alloc(VOLUME_IO_DATA_ALIGNED, CHUNK_BYTES);
	if (!m.chunk)
		return err;
	err = open_stores(&m);
	if (!err)
		err = plan(&m);
	if (!err)
		err = check_existing(&m);
	if (!err)
		err = write_everything(&m);
	if (!err)
		*made = m.meta;
	volume_io_file_close(&m.data);
	volume_io_file_close(&m.external);
	free(m.chunk);
	return err;
}

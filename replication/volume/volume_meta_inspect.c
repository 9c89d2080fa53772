/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a store carries already: libblkid's knowledge, our own superblocks, and where existing data
 * ends, which decides whether metadata fits behind it. */
#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/hf_buf.h"
#include "replication/volume/volume_meta_store.h"

#define HEAD_BYTES 4096

static const char *
value_of(blkid_probe probe, const char *name)
{
	const char *value = NULL;

	return blkid_probe_lookup_value(probe, name, &value, NULL) == 0 ? value : NULL;
}

/* ext2, 3 and 4: the superblock at 1024, blocks in two halves. */
static uint64_t
end_of_ext(const uint8_t head[HEAD_BYTES])
{
	struct hf_reader r = hf_reader_of(head + 1024, 1024);
	uint64_t low, high;
	uint32_t log_block, incompat;

	hf_skip(&r, 4);
	low = hf_get_le32(&r);
	hf_skip(&r, 16);
	log_block = hf_get_le32(&r);
	hf_skip(&r, 0x60 - 28);
	incompat = hf_get_le32(&r);
	hf_skip(&r, 0x150 - 0x64);
	high = incompat & 0x80 ? hf_get_le32(&r) : 0;
	if (log_block > 6 || high > UINT16_MAX)
		return 0;
	return (high << 32 | low) << (10 + log_block);
}

/* XFS: big-endian, block size and count of blocks at the very start. */
static uint64_t
end_of_xfs(const uint8_t head[HEAD_BYTES])
{
	struct hf_reader r = hf_reader_of(head, HEAD_BYTES);
	uint64_t block, count;

	hf_skip(&r, 4);
	block = hf_get_be32(&r);
	count = hf_get_be64(&r);
	return block >= 512 && block <= 65536 && count < (uint64_t)1 << 45 ? block * count : 0;
}

static int
read_head(int fd, uint8_t head[HEAD_BYTES])
{
	return pread(fd, head, HEAD_BYTES, 0) == HEAD_BYTES ? 0 : -EIO;
}

static void
describe(blkid_probe probe, const uint8_t head[HEAD_BYTES], struct volume_meta_found *found)
{
	const char *type = value_of(probe, "TYPE"), *usage = value_of(probe, "USAGE");
	const char *label = value_of(probe, "LABEL"), *table = value_of(probe, "PTTYPE");
	bool filesystem = usage && strcmp(usage, "filesystem") == 0;

	if (!type) {
		(void)snprintf(found->text, sizeof(found->text), "a partition table (%s)",
			       table ? table : "unknown");
		return;
	}
	(void)snprintf(found->text, sizeof(found->text), "%s: %s%s%s%s",
		       filesystem ? "a filesystem" : "data in use", type,
		       label ? " labelled \"" : "", label ? label : "", label ? "\"" : "");
	if (strncmp(type, "ext", 3) == 0)
		found->end = end_of_ext(head);
	else if (strcmp(type, "xfs") == 0)
		found->end = end_of_xfs(head);
}

static int
ask_blkid(int fd, const uint8_t head[HEAD_BYTES], struct volume_meta_found *found)
{
	blkid_probe probe = blkid_new_probe();
	int result;

	if (!probe)
		return -ENOMEM;
	if (blkid_probe_set_device(probe, fd, 0, 0) != 0) {
		blkid_free_probe(probe);
		return -EIO;
	}
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE |
							 BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID);
	blkid_probe_enable_partitions(probe, 1);
	result = blkid_do_safeprobe(probe);
	if (result == 0)
		describe(probe, head, found);
	else if (result == -2)
		(void)snprintf(found->text, sizeof(found->text), "several formats at once");
	blkid_free_probe(probe);
	return result == -1 ? -EIO : 0;
}

static void
look_for_volume(const char *path, struct volume_meta_found *found)
{
	struct volume_meta_store *store = NULL;
	char why[VOLUME_IO_WHY_MAX];
	int err = volume_meta_load(path, true, &store, why);

	/* The bad day of a volume is no reason to overwrite it. */
	if (err == -EUCLEAN) {
		(void)snprintf(found->text, sizeof(found->text),
			       "a volume that cannot be read (see show-meta)");
		found->volume = true;
	}
	if (err)
		return;
	(void)snprintf(found->text, sizeof(found->text), "volume %s of node %s", store->meta.volume,
		       store->meta.node);
	found->volume = true;
	volume_meta_store_free(store);
}

int
volume_meta_inspect(const char *path, struct volume_meta_found *found, char why[VOLUME_IO_WHY_MAX])
{
	uint8_t head[HEAD_BYTES];
	struct stat st = { 0 };
	/* Not direct: libblkid reads into memory that is not aligned. */
	int err = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	memset(found, 0, sizeof(*found));
	if (fd < 0 || fstat(fd, &st) != 0)
		err = -errno;
	/* A file that is shorter than this carries nothing. */
	if (!err && (!S_ISREG(st.st_mode) || st.st_size >= HEAD_BYTES)) {
		err = read_head(fd, head);
		if (!err)
			err = ask_blkid(fd, head, found);
	}
	if (fd >= 0)
		close(fd);
	if (err)
		(void)snprintf(why, VOLUME_IO_WHY_MAX, "%s: cannot be examined: %s", path,
			       strerror(-err));
	else
		look_for_volume(path, found);
	return err;
}

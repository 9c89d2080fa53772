/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a block device or a file as a store: claimed, direct where the kernel allows it. */
#include "replication/volume/volume_io_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "lib/hf_log.h"

/* Files on any filesystem that we know can be written in pieces of this size. */
#define FILE_BLOCK 4096

static int
refused(char why[VOLUME_IO_WHY_MAX], const char *path, const char *what, int err)
{
	(void)snprintf(why, VOLUME_IO_WHY_MAX, "%s: %s: %s", path, what, strerror(err));
	return -err;
}

/* A partition has its disk's queue directory one level up. */
static bool
is_rotational(dev_t device)
{
	static const char *const places[] = { "/sys/dev/block/%u:%u/queue/rotational",
					      "/sys/dev/block/%u:%u/../queue/rotational" };
	char path[96], text = '0';

	for (size_t i = 0; i < HF_COUNT_OF(places); i++) {
		int fd;
		ssize_t n;

		(void)snprintf(path, sizeof(path), places[i], major(device), minor(device));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		n = read(fd, &text, 1);
		close(fd);
		return n == 1 && text == '1';
	}
	return false;
}

static int
look_at_device(struct volume_io_file *file, const struct stat *st, const char *path, char why[])
{
	int block_size = 0;

	if (ioctl(file->fd, BLKGETSIZE64, &file->info.size) != 0 ||
	    ioctl(file->fd, BLKSSZGET, &block_size) != 0)
		return refused(why, path, "cannot read the size of the device", errno);
	if (block_size < 512 || block_size > (int)VOLUME_IO_DATA_ALIGNED) {
		(void)snprintf(why, VOLUME_IO_WHY_MAX,
			       "%s: sectors of %d bytes, 512 to 4096 are possible", path,
			       block_size);
		return -EINVAL;
	}
	file->info.block_size = (uint32_t)block_size;
	file->info.block_device = true;
	file->info.rotational = is_rotational(st->st_rdev);
	return 0;
}

/* What direct I/O on this file asks for; FILE_BLOCK where the kernel cannot tell. */
static uint32_t
file_block_size(int fd)
{
#ifdef STATX_DIOALIGN
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) == 0 &&
	    (stx.stx_mask & STATX_DIOALIGN) && stx.stx_dio_offset_align >= 512 &&
	    stx.stx_dio_offset_align <= FILE_BLOCK)
		return stx.stx_dio_offset_align;
#else
	struct stat st;
	char sector[96];
	FILE *f;
	unsigned int block = FILE_BLOCK;

	/* The sector of the disk below is what matters; without it 4096 is always right. */
	if (fstat(fd, &st) != 0)
		return FILE_BLOCK;
	(void)snprintf(sector, sizeof(sector), "/sys/dev/block/%u:%u/queue/logical_block_size",
		       major(st.st_dev), minor(st.st_dev));
	f = fopen(sector, "re");
	if (!f)
		return FILE_BLOCK;
	if (fscanf(f, "%5u", &block) != 1 || block < 512 || block > FILE_BLOCK)
		block = FILE_BLOCK;
	(void)fclose(f);
	return block;
#endif
	return FILE_BLOCK;
}

static int
look_at(struct volume_io_file *file, const char *path, char why[])
{
	struct stat st;

	if (fstat(file->fd, &st) != 0)
		return refused(why, path, "cannot be examined", errno);
	if (S_ISBLK(st.st_mode))
		return look_at_device(file, &st, path, why);
	if (!S_ISREG(st.st_mode)) {
		(void)snprintf(why, VOLUME_IO_WHY_MAX, "%s: neither a block device nor a file",
			       path);
		return -ENOTBLK;
	}
	file->info.size = (uint64_t)st.st_size;
	file->info.block_size = file->info.direct ? file_block_size(file->fd) : 512;
	file->info.rotational = is_rotational(st.st_dev);
	return 0;
}

/* A device is claimed by O_EXCL, which the kernel's own users respect; a file by a lock. */
static int
claim(const struct volume_io_file *file, const char *path, char why[])
{
	if (file->info.block_device || flock(file->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return refused(why, path, "is in use", errno == EWOULDBLOCK ? EBUSY : errno);
}

static int
open_once(const struct volume_io_options *options, struct volume_io_file *out, char why[])
{
	int flags = O_CLOEXEC | O_NONBLOCK | (options->read_only ? O_RDONLY : O_RDWR), err;
	struct stat st;

	*out = (struct volume_io_file){ .fd = -1 };
	if (!options->shared && stat(options->path, &st) == 0 && S_ISBLK(st.st_mode))
		flags |= O_EXCL;
	out->info.direct = true;
	out->info.read_only = options->read_only;
	out->fd = open(options->path, flags | O_DIRECT);
	if (out->fd < 0 && errno == EINVAL) {
		out->info.direct = false;
		out->fd = open(options->path, flags);
	}
	if (out->fd < 0)
		return refused(why, options->path,
			       errno == EBUSY ? "is in use" : "cannot be opened", errno);
	err = look_at(out, options->path, why);
	if (!err && !options->shared)
		err = claim(out, options->path, why);
	if (err)
		volume_io_file_close(out);
	return err;
}

int
volume_io_file_open(const struct volume_io_options *options, struct volume_io_file *out,
		    char why[VOLUME_IO_WHY_MAX])
{
	static const struct timespec step = { .tv_nsec = 10000000 };
	int err = open_once(options, out, why);

	for (int ms = 0; err == -EBUSY && ms < VOLUME_IO_CLAIM_WAIT_MS; ms += 10) {
		(void)nanosleep(&step, NULL);
		err = open_once(options, out, why);
	}
	if (!err && !out->info.direct)
		hf_log(HF_WARNING, options->path,
		       "direct I/O is refused here: the page cache is used");
	return err;
}

/* A ring may hold the file for a moment longer; the lock goes now. */
void
volume_io_file_close(struct volume_io_file *file)
{
	if (file->fd < 0)
		return;
	if (!file->info.block_device)
		(void)flock(file->fd, LOCK_UN);
	close(file->fd);
	file->fd = -1;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a store and what there is to know about it. */
#ifndef VOLUME_IO_FILE_H
#define VOLUME_IO_FILE_H

#include "replication/volume/volume_io.h"

struct volume_io_file {
	int fd;
	struct volume_io_info info;
};

/*
 * 0, or a negative errno and a sentence in why. A claimed store is refused to the next who wants to
 * claim it, and to the kernel's mount. It waits a moment (VOLUME_IO_CLAIM_WAIT_MS) for a store in
 * use: the kernel may still be taking down the ring of a process that is gone.
 */
#define VOLUME_IO_CLAIM_WAIT_MS 500
HF_MUST_CHECK int volume_io_file_open(const struct volume_io_options *options,
				      struct volume_io_file *out, char why[VOLUME_IO_WHY_MAX]);

void volume_io_file_close(struct volume_io_file *file); /* fd -1 is fine */

#endif

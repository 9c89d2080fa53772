/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a store and what there is to know about it. */
#ifndef VOLUME_IO_FILE_H
#define VOLUME_IO_FILE_H

#include "replication/volume/volume_io.h"

struct volume_io_file {
	int fd;
	struct volume_io_info info;
};

/* 0, or a negative errno and a sentence in why. A claimed store is refused to the next who wants to
 * claim it, and to the kernel's mount. */
HF_MUST_CHECK int volume_io_file_open(const struct volume_io_options *options,
				      struct volume_io_file *out, char why[VOLUME_IO_WHY_MAX]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two engines behind volume_io.h; for volume_io.c only. Each takes the file over when it
 * succeeds. */
#ifndef VOLUME_IO_ENGINE_H
#define VOLUME_IO_ENGINE_H

#include "replication/volume/volume_io_file.h"

HF_MUST_CHECK int volume_io_uring_new(struct hf_loop *loop, const struct volume_io_file *file,
				      uint32_t depth, struct volume_io **out);
HF_MUST_CHECK int volume_io_threads_new(struct hf_loop *loop, const struct volume_io_file *file,
					uint32_t n_threads, struct volume_io **out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration cut into what each room gets. */
#ifndef DAEMON_PARTS_H
#define DAEMON_PARTS_H

#include "config/config.h"
#include "daemon/options.h"
#include "lib/hf_base.h"
#include "lib/hf_room.h"

struct parts {
	int fds[HF_ROOM_KINDS]; /* sealed memfds; -1: nothing for this room */
};

/* Rooms (bit 1 << kind) that this configuration needs, under the options -P, -C and --all. */
unsigned int parts_needed(const struct conf *conf, const struct daemon_options *options);

/*
 * Prints every room's part; also for rooms that are not needed, so that one that runs already goes
 * idle. The descriptors are the caller's. Returns 0 or -errno.
 */
int parts_make(const struct conf *conf, const struct daemon_options *options,
	       struct parts *parts) HF_MUST_CHECK;

/* Prints all parts, each under a heading: -d. */
void parts_print(const struct conf *conf, FILE *out);

#endif

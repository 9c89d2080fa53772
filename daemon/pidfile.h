/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pid files: a decimal number and a newline, mode 0644 whatever the umask, under an exclusive lock
 * of the open file for as long as we run. "Already running" means that the lock is held.
 */
#ifndef DAEMON_PIDFILE_H
#define DAEMON_PIDFILE_H

#include <sys/types.h>

#include "lib/hf_base.h"

struct pidfile {
	const char *path; /* NULL: not in use */
	int fd;
};

/*
 * Opens and locks; path must outlive it. Returns 0, -EALREADY when another process holds the lock,
 * or -errno.
 */
int pidfile_take(struct pidfile *pidfile, const char *path) HF_MUST_CHECK;

/* Both are no-ops on one that is not in use. A file that somebody deleted is made again. */
void pidfile_write(struct pidfile *pidfile, pid_t pid);
void pidfile_remove(struct pidfile *pidfile);

#endif

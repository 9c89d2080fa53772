/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the daemon's files are. */
#ifndef DAEMON_PATHS_H
#define DAEMON_PATHS_H

#include <limits.h>
#include <stdio.h>

#include "daemon/options.h"
#include "lib/hf_base.h"

#define PATHS_RUN_DIR_MAX 90 /* so that the control socket's name fits into a socket address */
#define PATHS_SOCKET      "control.sock"

struct daemon_paths {
	char config[PATH_MAX];
	char run_dir[PATHS_RUN_DIR_MAX];
	char control[108];
	char pid[PATH_MAX];
	char vrrp_pid[PATH_MAX];
	char checkers_pid[PATH_MAX];
	char dump_dir[PATH_MAX];
};

/*
 * The configuration file: -f, else the installed one if it exists, else keepalived's. Relative
 * names are made absolute, so that they mean the same after the daemon left its directory.
 * Returns 0 or -ENAMETOOLONG.
 */
int paths_find_config(struct daemon_paths *paths,
		      const struct daemon_options *options) HF_MUST_CHECK;

/*
 * The run directory and what is in it. net_namespace and instance (NULL: none) give a directory of
 * its own to each. Returns 0, or -ENAMETOOLONG with a line on err that says what is too long.
 */
int paths_find_run(struct daemon_paths *paths, const struct daemon_options *options,
		   const char *net_namespace, const char *instance, FILE *err) HF_MUST_CHECK;

/* Makes the run directory and those above it. Returns 0 or -errno. */
int paths_make_run_dir(const struct daemon_paths *paths) HF_MUST_CHECK;

#endif

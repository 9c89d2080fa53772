/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of the supervisor's process, from pid files to the last clean-up. */
#ifndef DAEMON_RUN_H
#define DAEMON_RUN_H

#include "config/config.h"
#include "daemon/options.h"
#include "daemon/paths.h"

/* Runs until told to stop. Takes over conf. Returns the exit status. */
int daemon_run(const struct daemon_options *options, const struct daemon_paths *paths,
	       struct conf *conf);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a process a daemon: the background, the network namespace, limits. */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include "lib/hf_base.h"

/*
 * Goes to the background: the caller's process exits with 0 at once, a child of its own session
 * returns with "/" as directory and /dev/null as standard descriptors. Returns 0 or -errno.
 */
int process_daemonise(void) HF_MUST_CHECK;

/* Enters a network namespace made by "ip netns add NAME". Returns 0 or -errno. */
int process_enter_netns(const char *name) HF_MUST_CHECK;

void process_allow_core(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that the supervisor starts: rooms, and the startup and shutdown scripts. */
#ifndef DAEMON_SPAWN_H
#define DAEMON_SPAWN_H

#include <sys/types.h>

#include "config/script_model.h"
#include "lib/hf_base.h"
#include "lib/hf_time.h"

#define SPAWN_SCRIPT_LIMIT_NS HF_SECONDS(10) /* keepalived's startup_script_timeout */
#define SPAWN_SCRIPT_KILL_NS  HF_SECONDS(2)  /* from SIGTERM to SIGKILL of a script */

/*
 * Starts this program again as a room whose channel is `channel` (becomes descriptor HF_ROOM_FD).
 * The caller keeps its copy of the descriptor. Returns 0 or -errno.
 */
int spawn_room(const char *name, int channel, pid_t *pid) HF_MUST_CHECK;

/*
 * Runs a script as its user and waits for it, at most SPAWN_SCRIPT_LIMIT_NS; then it is ended.
 * What goes wrong is logged under the name given ("startup_script"). Only for the time before the
 * loop runs and after it ended.
 */
void spawn_script_and_wait(const char *name, const struct script_model *script);

#endif

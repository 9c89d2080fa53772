/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a neighbour may have done by root. The checker parses bytes of strangers, so what it asks
 * for is held against the runner's own configuration. Pure: no process, no file, no clock.
 */
#ifndef RUNNER_ALLOW_H
#define RUNNER_ALLOW_H

#include "config/global_model.h"
#include "lib/hf_room.h"
#include "runner/runner.h"

/* The words that follow those of a general `notify` script: KIND NAME STATE PRIORITY. */
#define RUNNER_NOTIFY_WORDS 4

/*
 * Is the job a script that the room may ask for: the same words, user and group as configured, and
 * further words and an environment only in the forms that the daemon makes?
 */
bool runner_allow_job(const struct runner_model *model, enum hf_room_kind from,
		      const struct runner_job *job);

/*
 * Is it one line of the kind that the room writes ("VS", "RS": checker; "INSTANCE", "GROUP":
 * vrrp), not too long to be written in one piece?
 */
bool runner_allow_line(enum hf_room_kind from, const char *line, size_t len);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How soon a room that died is started again: at once when it had run long enough, otherwise after
 * 0, 1, 2, 4 .. 60 seconds, as keepalived does. For a room whose absence does harm the steps are
 * smaller: 0, 1/4, 1/2, 1, 1, .. seconds.
 */
#ifndef DAEMON_BACKOFF_H
#define DAEMON_BACKOFF_H

#include <stdbool.h>

#include "lib/hf_time.h"

#define BACKOFF_GOOD_RUN_NS     HF_SECONDS(60) /* a run of this length starts the count anew */
#define BACKOFF_FIRST_NS        HF_SECONDS(1)
#define BACKOFF_MAX_NS          HF_SECONDS(60)
#define BACKOFF_URGENT_FIRST_NS HF_MILLIS(250)
#define BACKOFF_URGENT_MAX_NS   HF_SECONDS(1)

struct backoff {
	bool urgent;     /* nobody else does its work meanwhile */
	int64_t next_ns; /* what a death after a short run waits */
};

/* The room that was started at `started` died at `now`. Returns when to start its successor. */
hf_time backoff_after_death(struct backoff *backoff, hf_time started, hf_time now);

#endif

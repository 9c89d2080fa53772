/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes as JSON, for the control socket. */
#ifndef DAEMON_EVENT_JSON_H
#define DAEMON_EVENT_JSON_H

#include <jansson.h>

#include "daemon/journal.h"
#include "lib/hf_base.h"

#define EVENT_TIME_MAX 40

/* "2026-11-20T12:00:00.123456Z". Returns buf. */
const char *event_time_text(int64_t wall_us, char buf[EVENT_TIME_MAX]);

/* One change as an object; NULL when out of memory. Text that is not UTF-8 is shown with '?'. */
json_t *event_json(const struct hf_change *change) HF_MUST_CHECK;

/* {"schema": 1, "events": [...]} of the journal's changes from index `from` on. NULL: no memory. */
json_t *event_json_from(const struct journal *journal, size_t from) HF_MUST_CHECK;

#endif

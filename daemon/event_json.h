/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes as JSON, for the control socket. */
#ifndef DAEMON_EVENT_JSON_H
#define DAEMON_EVENT_JSON_H

#include <jansson.h>

#include "daemon/journal.h"
#include "lib/hf_base.h"

/* One change as an object; NULL when out of memory. Text that is not UTF-8 is shown with '?'. */
json_t *event_json(const struct hf_change *change) HF_MUST_CHECK;

/* {"schema": 1, "events": [...]} of the journal's changes from index `from` on. NULL: no memory. */
json_t *event_json_from(const struct journal *journal, size_t from) HF_MUST_CHECK;

#endif

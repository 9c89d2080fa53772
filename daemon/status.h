/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to "status": the supervisor's view around what the rooms say. */
#ifndef DAEMON_STATUS_H
#define DAEMON_STATUS_H

#include <jansson.h>

#include "lib/hf_base.h"
#include "lib/hf_room.h"

struct supervisor;

/*
 * {"schema": 1, "version", "daemon": {...}, "vrrp", "virtual_servers", "ipvs"}. answers[kind] is
 * a room's JSON (borrowed) or NULL; silent names (bit 1 << kind) rooms that were asked and did not
 * answer. NULL: out of memory.
 */
json_t *status_json(const struct supervisor *sup, json_t *const answers[HF_ROOM_KINDS],
		    unsigned int silent) HF_MUST_CHECK;

#endif

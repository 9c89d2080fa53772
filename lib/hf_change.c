/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids and the text form of changes. */
#include "lib/hf_change.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t
hf_change_next_id(struct hf_change_ids *ids)
{
	uint64_t count = (ids->last >> HF_CHANGE_ROOM_BITS) + 1;

	ids->last = count << HF_CHANGE_ROOM_BITS | ids->room;
	return ids->last;
}

void
hf_change_saw(struct hf_change_ids *ids, uint64_t id)
{
	if (id > ids->last)
		ids->last = id;
}

const char *
hf_change_text(const struct hf_change *change, char buf[HF_LOG_LINE_MAX])
{
	char cause[40] = "";

	if (change->cause)
		snprintf(cause, sizeof(cause), " cause=%" PRIu64, change->cause);
	snprintf(buf, HF_LOG_LINE_MAX, "%s: %s -> %s reason=%s%s%s event=%" PRIu64 "%s",
		 change->subject, change->from, change->to, change->reason,
		 change->detail[0] ? " " : "", change->detail, change->id, cause);
	return buf;
}

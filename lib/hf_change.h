/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A state change with its cause: the one stream that log lines, notify scripts, FIFOs, metrics and
 * the event journal are views of. Ids are unique over all rooms and an effect has always a greater
 * id than its cause: each room counts its own and moves past every id that it sees (Lamport's
 * clock); the low bits name the room.
 */
#ifndef HF_CHANGE_H
#define HF_CHANGE_H

#include <stdint.h>

#include "lib/hf_log.h"

#define HF_CHANGE_ROOM_BITS 3 /* room to the eighth: enum hf_room_kind must stay below 8 */

struct hf_change {
	uint64_t id;
	uint64_t cause;  /* id of the change that led to this one, or 0 */
	int64_t wall_us; /* wall clock, microseconds since 1970 */
	int64_t mono_ns; /* CLOCK_MONOTONIC */
	uint8_t level;   /* enum hf_log_level */
	char room[12];
	char subject[112]; /* "VI_1", "[192.0.2.1]:tcp:80", ... */
	char from[24];
	char to[24];
	char reason[40]; /* reason code, words joined by '-', e.g. "active-silent"; in the manual */
	char detail[200]; /* "silence=3.609s priority=100", or "" */
};

struct hf_change_ids {
	uint64_t last;     /* last id used or seen */
	unsigned int room; /* 0..7 */
};

/* The next id of this room. */
uint64_t hf_change_next_id(struct hf_change_ids *ids);

/* Somebody else's id was seen: later ones of ours must be greater. */
void hf_change_saw(struct hf_change_ids *ids, uint64_t id);

/* One line: "SUBJECT: FROM -> TO reason=R DETAIL event=N cause=M", without level and room. Returns
 * buf. */
const char *hf_change_text(const struct hf_change *change, char buf[HF_LOG_LINE_MAX]);

#endif

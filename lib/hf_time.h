/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monotonic time. A point in time is a struct, so that "now + 3" does not compile; a length of time
 * is an int64_t of nanoseconds whose name ends in _ns and which is made with HF_SECONDS() and
 * friends. Engines are handed the time; only shells call hf_time_now().
 */
#ifndef HF_TIME_H
#define HF_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. Zero means "not set": timers that are not running hold it. */
typedef struct hf_time {
	int64_t ns;
} hf_time;

#define HF_UNSET ((hf_time){ 0 })
#define HF_NEVER ((hf_time){ INT64_MAX })

#define HF_MICROS(n)  ((int64_t)(n)*1000)
#define HF_MILLIS(n)  ((int64_t)(n)*1000000)
#define HF_SECONDS(n) ((int64_t)(n)*1000000000)

/* Reads CLOCK_MONOTONIC. For shells only. */
hf_time hf_time_now(void);

/* Microseconds since 1970 of the wall clock: for people and logs, never for a decision. */
int64_t hf_wall_us(void);

#define HF_WALL_TEXT_MAX 40

/* A wall-clock time as status and events show it: ISO 8601 in UTC with microseconds; "" for 0 or
 * less. Returns buf. */
const char *hf_wall_text(int64_t wall_us, char buf[HF_WALL_TEXT_MAX]);

static inline bool
hf_is_set(hf_time t)
{
	return t.ns != 0;
}

/* t moved by span_ns (may be negative). HF_NEVER stays HF_NEVER. */
static inline hf_time
hf_after(hf_time t, int64_t span_ns)
{
	if (t.ns == INT64_MAX || (span_ns > 0 && t.ns > INT64_MAX - span_ns))
		return HF_NEVER;
	return (hf_time){ t.ns + span_ns };
}

/* Nanoseconds from earlier to later; negative when they are the other way round. */
static inline int64_t
hf_between(hf_time earlier, hf_time later)
{
	return later.ns - earlier.ns;
}

/* Is a timer due at `due` owed now? A timer that is not set never is. */
static inline bool
hf_reached(hf_time now, hf_time due)
{
	return hf_is_set(due) && now.ns >= due.ns;
}

/* The earlier of two timers; one that is not set counts as HF_NEVER. */
static inline hf_time
hf_earlier(hf_time a, hf_time b)
{
	hf_time x = hf_is_set(a) ? a : HF_NEVER;
	hf_time y = hf_is_set(b) ? b : HF_NEVER;

	return x.ns < y.ns ? x : y;
}

#endif

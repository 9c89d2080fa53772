/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When checks run: first ones are spread over the warm-up, and one heap holds the next due time of
 * every check, so that ten thousands of them are a smooth stream driven by a single timer.
 */
#ifndef CHECKER_SPREAD_H
#define CHECKER_SPREAD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/hf_base.h"
#include "lib/hf_time.h"

#define CHECKER_FIRST_AFTER_NS HF_SECONDS(1) /* from the start to the first check */

/*
 * When the check number `index` runs first. Any run of neighbouring indexes is spread evenly over
 * the warm-up, so checks with different warm-ups do not disturb each other.
 */
hf_time checker_spread_first(hf_time start, int64_t warmup_ns, size_t index);

/* An element of the heap: embedded in what is due. */
struct checker_due {
	hf_time at;
	size_t slot; /* in the heap; CHECKER_NO_SLOT: not in it */
};
#define CHECKER_NO_SLOT SIZE_MAX

/* A binary heap of pointers, earliest first. Sized once for a configuration. */
struct checker_heap {
	struct checker_due **list;
	size_t n, cap;
};

/* Room for cap elements. Returns 0 or -ENOMEM. */
int checker_heap_init(struct checker_heap *heap, size_t cap) HF_MUST_CHECK;
void checker_heap_free(struct checker_heap *heap);

/* Puts due in, or moves it, so that it is due at `at`. HF_NEVER takes it out. */
void checker_heap_set(struct checker_heap *heap, struct checker_due *due, hf_time at);

/* The earliest, left in place; NULL when empty. */
struct checker_due *checker_heap_first(const struct checker_heap *heap);

#endif

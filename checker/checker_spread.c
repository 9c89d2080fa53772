/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spreading of first checks, and the heap of due times. Pure. */
#include "checker/checker_spread.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

hf_time
checker_spread_first(hf_time start, int64_t warmup_ns, size_t index)
{
	/* Steps of the golden ratio (of 2^32) fill a circle evenly after any number of steps. */
	uint32_t part = (uint32_t)index * UINT32_C(2654435769);
	int64_t offset_ns = (int64_t)((__int128)warmup_ns * part >> 32);

	return hf_after(start, CHECKER_FIRST_AFTER_NS + offset_ns);
}

int
checker_heap_init(struct checker_heap *heap, size_t cap)
{
	heap->n = 0;
	heap->cap = cap;
	heap->list = calloc(cap ? cap : 1, sizeof(struct checker_due *));
	return heap->list ? 0 : -ENOMEM;
}

void
checker_heap_free(struct checker_heap *heap)
{
	free(heap->list);
	heap->list = NULL;
	heap->n = heap->cap = 0;
}

static void
place(struct checker_heap *heap, size_t slot, struct checker_due *due)
{
	heap->list[slot] = due;
	due->slot = slot;
}

static void
sift_up(struct checker_heap *heap, size_t slot, struct checker_due *due)
{
	while (slot > 0) {
		size_t parent = (slot - 1) / 2;

		if (heap->list[parent]->at.ns <= due->at.ns)
			break;
		place(heap, slot, heap->list[parent]);
		slot = parent;
	}
	place(heap, slot, due);
}

static void
sift_down(struct checker_heap *heap, size_t slot, struct checker_due *due)
{
	for (;;) {
		size_t child = 2 * slot + 1;

		if (child >= heap->n)
			break;
		if (child + 1 < heap->n && heap->list[child + 1]->at.ns < heap->list[child]->at.ns)
			child++;
		if (due->at.ns <= heap->list[child]->at.ns)
			break;
		place(heap, slot, heap->list[child]);
		slot = child;
	}
	place(heap, slot, due);
}

static void
settle(struct checker_heap *heap, size_t slot, struct checker_due *due)
{
	if (slot > 0 && heap->list[(slot - 1) / 2]->at.ns > due->at.ns)
		sift_up(heap, slot, due);
	else
		sift_down(heap, slot, due);
}

static void
take_out(struct checker_heap *heap, struct checker_due *due)
{
	size_t slot = due->slot;
	struct checker_due *last = heap->list[--heap->n];

	due->slot = CHECKER_NO_SLOT;
	if (last != due)
		settle(heap, slot, last);
}

void
checker_heap_set(struct checker_heap *heap, struct checker_due *due, hf_time at)
{
	due->at = at;
	if (at.ns == HF_NEVER.ns) {
		if (due->slot != CHECKER_NO_SLOT)
			take_out(heap, due);
		return;
	}
	if (due->slot == CHECKER_NO_SLOT) {
		assert(heap->n < heap->cap);
		due->slot = heap->n++;
		sift_up(heap, due->slot, due);
		return;
	}
	assert(heap->list[due->slot] == due);
	settle(heap, due->slot, due);
}

struct checker_due *
checker_heap_first(const struct checker_heap *heap)
{
	return heap->n ? heap->list[0] : NULL;
}

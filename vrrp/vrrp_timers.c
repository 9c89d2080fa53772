/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heap of instance timers. Elsewhere: what is due (vrrp_engine.c), waking up (vrrp_main.c). */
#include "vrrp/vrrp_timers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int
vrrp_timers_reserve(struct vrrp_timers *timers, size_t n)
{
	struct vrrp_timer_slot **heap;

	if (n + 1 <= timers->cap)
		return 0;
	heap = reallocarray(timers->heap, n + 1, sizeof(struct vrrp_timer_slot *));
	if (heap == NULL)
		return -ENOMEM;
	timers->heap = heap;
	timers->cap = n + 1;
	return 0;
}

void
vrrp_timers_free(struct vrrp_timers *timers)
{
	free(timers->heap);
	*timers = (struct vrrp_timers){ 0 };
}

static void
place(struct vrrp_timers *timers, struct vrrp_timer_slot *slot, size_t at)
{
	timers->heap[at] = slot;
	slot->place = at;
}

static void
move_up(struct vrrp_timers *timers, struct vrrp_timer_slot *slot, size_t at)
{
	while (at > 1 && timers->heap[at / 2]->due.ns > slot->due.ns) {
		place(timers, timers->heap[at / 2], at);
		at /= 2;
	}
	place(timers, slot, at);
}

static void
move_down(struct vrrp_timers *timers, struct vrrp_timer_slot *slot, size_t at)
{
	while (2 * at <= timers->n) {
		size_t child = 2 * at;

		if (child < timers->n &&
		    timers->heap[child + 1]->due.ns < timers->heap[child]->due.ns)
			child++;
		if (timers->heap[child]->due.ns >= slot->due.ns)
			break;
		place(timers, timers->heap[child], at);
		at = child;
	}
	place(timers, slot, at);
}

static void
take_out(struct vrrp_timers *timers, struct vrrp_timer_slot *slot)
{
	size_t at = slot->place;
	struct vrrp_timer_slot *last = timers->heap[timers->n];

	slot->place = 0;
	timers->n--;
	if (last == slot)
		return;
	if (at > 1 && timers->heap[at / 2]->due.ns > last->due.ns)
		move_up(timers, last, at);
	else
		move_down(timers, last, at);
}

void
vrrp_timers_set(struct vrrp_timers *timers, struct vrrp_timer_slot *slot, hf_time due)
{
	if (!hf_is_set(due) || due.ns == HF_NEVER.ns) {
		if (slot->place != 0)
			take_out(timers, slot);
		slot->due = HF_NEVER;
		return;
	}
	if (slot->place == 0) {
		assert(timers->n + 1 < timers->cap);
		slot->due = due;
		timers->n++;
		move_up(timers, slot, timers->n);
		return;
	}
	bool earlier = due.ns < slot->due.ns;

	slot->due = due;
	if (earlier)
		move_up(timers, slot, slot->place);
	else
		move_down(timers, slot, slot->place);
}

struct vrrp_timer_slot *
vrrp_timers_first(const struct vrrp_timers *timers)
{
	return timers->n == 0 ? NULL : timers->heap[1];
}

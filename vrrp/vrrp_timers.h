/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of many instances has the earliest timer: a binary heap, logarithmic in every change. */
#ifndef VRRP_TIMERS_H
#define VRRP_TIMERS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/hf_base.h"
#include "lib/hf_time.h"

/* Stands in the struct that owns the timer. All zero: not in the heap. */
struct vrrp_timer_slot {
	hf_time due;
	size_t place; /* from 1; 0: not in the heap */
};

struct vrrp_timers {
	struct vrrp_timer_slot **heap; /* [0] is not used */
	size_t n, cap;
};

/* Makes room for n slots in all. Returns 0 or -ENOMEM. */
int vrrp_timers_reserve(struct vrrp_timers *timers, size_t n) HF_MUST_CHECK;
void vrrp_timers_free(struct vrrp_timers *timers);

/* Puts the slot where `due` belongs; HF_NEVER or HF_UNSET takes it out. */
void vrrp_timers_set(struct vrrp_timers *timers, struct vrrp_timer_slot *slot, hf_time due);

/* The earliest, or NULL. */
struct vrrp_timer_slot *vrrp_timers_first(const struct vrrp_timers *timers);

#endif

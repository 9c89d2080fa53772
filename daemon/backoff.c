/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Restart policy of the supervisor; pure. */
#include "daemon/backoff.h"

hf_time
backoff_after_death(struct backoff *backoff, hf_time started, hf_time now)
{
	if (hf_between(started, now) >= BACKOFF_GOOD_RUN_NS)
		backoff->next_ns = 0;

	int64_t first_ns = backoff->urgent ? BACKOFF_URGENT_FIRST_NS : BACKOFF_FIRST_NS;
	int64_t max_ns = backoff->urgent ? BACKOFF_URGENT_MAX_NS : BACKOFF_MAX_NS;
	int64_t wait_ns = backoff->next_ns;

	backoff->next_ns = wait_ns == 0 ? first_ns : wait_ns * 2;
	if (backoff->next_ns > max_ns)
		backoff->next_ns = max_ns;
	return hf_after(now, wait_ns);
}

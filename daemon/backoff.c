/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Restart policy of the supervisor; pure. */
#include "daemon/backoff.h"

hf_time
backoff_after_death(struct backoff *backoff, hf_time started, hf_time now)
{
	if (hf_between(started, now) >= BACKOFF_GOOD_RUN_NS)
		backoff->next_ns = 0;

	int64_t wait_ns = backoff->next_ns;

	backoff->next_ns = wait_ns == 0 ? HF_SECONDS(1) : wait_ns * 2;
	if (backoff->next_ns > BACKOFF_MAX_NS)
		backoff->next_ns = BACKOFF_MAX_NS;
	return hf_after(now, wait_ns);
}

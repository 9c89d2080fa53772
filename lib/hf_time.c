/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two clocks, for shells. */
#include "lib/hf_time.h"

#include <time.h>

hf_time
hf_time_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (hf_time){ HF_SECONDS(ts.tv_sec) + ts.tv_nsec };
}

int64_t
hf_wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

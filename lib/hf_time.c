/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two clocks, for shells. */
#include "lib/hf_time.h"

#include <stdio.h>
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

const char *
hf_wall_text(int64_t wall_us, char buf[HF_WALL_TEXT_MAX])
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;
	char stamp[24];

	buf[0] = '\0';
	if (wall_us <= 0 || !gmtime_r(&seconds, &tm) ||
	    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return buf;
	snprintf(buf, HF_WALL_TEXT_MAX, "%s.%06dZ", stamp, (int)(wall_us % 1000000));
	return buf;
}

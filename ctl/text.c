/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small texts that several subcommands print: times, spans, colours. */
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"

const char *
ctl_colour(bool colour, enum ctl_colour which)
{
	static const char *const sequences[] = {
		[CTL_PLAIN] = "\033[0m",   [CTL_BOLD] = "\033[1m", [CTL_GREEN] = "\033[32m",
		[CTL_YELLOW] = "\033[33m", [CTL_RED] = "\033[31m", [CTL_DIM] = "\033[2m",
	};

	return colour ? sequences[which] : "";
}

static int64_t
time_of_text(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t micros = 0, unit = 100000;

	if (rest == NULL)
		return -1;
	if (*rest == '.') {
		for (rest++; *rest >= '0' && *rest <= '9' && unit > 0; rest++, unit /= 10)
			micros += (*rest - '0') * unit;
	}
	return (int64_t)timegm(&tm) * 1000000 + micros;
}

int64_t
ctl_time_of(const json_t *value)
{
	return json_is_string(value) ? time_of_text(json_string_value(value)) : -1;
}

const char *
ctl_time_text(int64_t wall_us, char buf[CTL_TIME_MAX])
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;
	char stamp[24];

	if (wall_us < 0 || localtime_r(&seconds, &tm) == NULL ||
	    strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(buf, CTL_TIME_MAX, "-");
	else
		snprintf(buf, CTL_TIME_MAX, "%s.%03d", stamp, (int)(wall_us / 1000 % 1000));
	return buf;
}

const char *
ctl_span_text(int64_t span_us, char buf[CTL_TIME_MAX])
{
	int64_t s = span_us / 1000000;

	if (span_us < 0)
		snprintf(buf, CTL_TIME_MAX, "-");
	else if (s < 60)
		snprintf(buf, CTL_TIME_MAX, "%ds", (int)s);
	else if (s < 3600)
		snprintf(buf, CTL_TIME_MAX, "%dm %ds", (int)(s / 60), (int)(s % 60));
	else if (s < 86400)
		snprintf(buf, CTL_TIME_MAX, "%dh %dm", (int)(s / 3600), (int)(s / 60 % 60));
	else
		snprintf(buf, CTL_TIME_MAX, "%lldd %dh", (long long)(s / 86400),
			 (int)(s / 3600 % 24));
	return buf;
}

const char *
ctl_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

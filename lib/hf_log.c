/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines to stderr and syslog. The options and the last line are the only mutable state of file
 * scope in the program: a process has one log, and handing it through every function would hide
 * what the functions are about.
 */
#include "lib/hf_log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* A repeated line is said again at the latest after this many. */
#define REPEATS_MAX 1000

static struct log_state {
	struct hf_log_options options;
	char ident[96];
	char last[HF_LOG_LINE_MAX];
	enum hf_log_level last_level;
	unsigned int repeats;
} state = { .options = { .console = true, .most = HF_INFO, .facility = LOG_DAEMON } };

static const char *const level_names[] = {
	[HF_ERROR] = "error", [HF_WARNING] = "warning", [HF_NOTICE] = "notice",
	[HF_INFO] = "info",   [HF_DEBUG] = "debug",
};

static const int syslog_levels[] = {
	[HF_ERROR] = LOG_ERR, [HF_WARNING] = LOG_WARNING, [HF_NOTICE] = LOG_NOTICE,
	[HF_INFO] = LOG_INFO, [HF_DEBUG] = LOG_DEBUG,
};

const char *
hf_log_level_name(enum hf_log_level level)
{
	return level_names[level];
}

void
hf_log_setup(const struct hf_log_options *options)
{
	struct log_state *s = &state;

	s->options = *options;
	if (options->syslog) {
		closelog();
		snprintf(s->ident, sizeof(s->ident), "holdfast_%s%s%s", options->room,
			 options->suffix[0] ? "_" : "", options->suffix);
		openlog(s->ident, LOG_PID | LOG_NDELAY, options->facility);
	}
}

const struct hf_log_options *
hf_log_current(void)
{
	return &state.options;
}

bool
hf_log_wants(enum hf_log_level level)
{
	return level <= state.options.most;
}

static void
to_console(enum hf_log_level level, const char *text)
{
	char line[HF_LOG_LINE_MAX + 96];
	struct timespec now;
	struct tm tm;
	char stamp[32];
	int len;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &tm);
	len = snprintf(line, sizeof(line), "%s.%06ld %-7s %s %s\n", stamp, now.tv_nsec / 1000,
		       level_names[level], state.options.room, text);
	if (len >= (int)sizeof(line))
		len = sizeof(line) - 1;
	/* One write, so that lines of several rooms on one terminal do not mix. */
	if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0)
		return;
}

static void
emit(enum hf_log_level level, const char *text)
{
	if (state.options.console)
		to_console(level, text);
	if (state.options.syslog)
		syslog(syslog_levels[level], "%s", text);
}

/* Says how often the last line came again, and forgets it. */
static void
end_repeats(void)
{
	char text[64];

	if (state.repeats == 0)
		return;
	snprintf(text, sizeof(text), "the line before was repeated %u times", state.repeats);
	state.repeats = 0;
	emit(state.last_level, text);
}

void
hf_log(enum hf_log_level level, const char *subject, const char *fmt, ...)
{
	char text[HF_LOG_LINE_MAX];
	size_t len = 0;
	va_list args;
	int more;

	if (!hf_log_wants(level))
		return;
	if (subject && subject[0])
		len = (size_t)snprintf(text, sizeof(text), "%.200s: ", subject);
	va_start(args, fmt);
	more = vsnprintf(text + len, sizeof(text) - len, fmt, args);
	va_end(args);
	if (more < 0)
		return;
	if (len + (size_t)more >= sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	if (strcmp(text, state.last) == 0 && ++state.repeats < REPEATS_MAX)
		return;
	end_repeats();
	memcpy(state.last, text, strlen(text) + 1);
	state.last_level = level;
	emit(level, text);
}

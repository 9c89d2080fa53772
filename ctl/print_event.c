/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events as lines for people, and the chain of causes behind one. Pure: JSON in, text out. */
#include <string.h>

#include "ctl/ctl.h"

static enum ctl_colour
level_colour(const char *level)
{
	if (strcmp(level, "error") == 0)
		return CTL_RED;
	if (strcmp(level, "warning") == 0)
		return CTL_YELLOW;
	return strcmp(level, "notice") == 0 ? CTL_BOLD : CTL_PLAIN;
}

static json_int_t
number(const json_t *event, const char *key)
{
	return json_integer_value(json_object_get(event, key));
}

void
ctl_print_event(const json_t *event, bool colour, FILE *out)
{
	const char *level = ctl_text(event, "level"), *detail = ctl_text(event, "detail");
	char when[CTL_TIME_MAX];

	fprintf(out, "%s %s%-7s%s %s %s: %s -> %s reason=%s%s%s event=%lld",
		ctl_time_text(ctl_time_of(json_object_get(event, "time")), when),
		ctl_colour(colour, level_colour(level)), level, ctl_colour(colour, CTL_PLAIN),
		ctl_text(event, "room"), ctl_text(event, "subject"), ctl_text(event, "from"),
		ctl_text(event, "to"), ctl_text(event, "reason"), detail[0] != '\0' ? " " : "",
		detail, (long long)number(event, "id"));
	if (number(event, "cause") != 0)
		fprintf(out, " cause=%lld", (long long)number(event, "cause"));
	fputc('\n', out);
}

static const json_t *
event_by_id(const json_t *events, json_int_t id)
{
	size_t i;
	json_t *event;

	json_array_foreach((json_t *)events, i, event)
	{
		if (number(event, "id") == id)
			return event;
	}
	return NULL;
}

/* The last event whose subject is the text, else the last whose subject contains it. */
static const json_t *
last_about(const json_t *events, const char *subject)
{
	const json_t *exact = NULL, *part = NULL;
	size_t i;
	json_t *event;

	json_array_foreach((json_t *)events, i, event)
	{
		const char *about = ctl_text(event, "subject");

		if (strcmp(about, subject) == 0)
			exact = event;
		else if (strstr(about, subject) != NULL)
			part = event;
	}
	return exact != NULL ? exact : part;
}

bool
ctl_print_why(const json_t *events, const char *subject, bool colour, FILE *out)
{
	const json_t *chain[CTL_CAUSES_MAX];
	const json_t *event = last_about(events, subject);
	json_int_t cause = 0;
	size_t n = 0;

	if (event == NULL)
		return false;
	while (event != NULL && n < CTL_CAUSES_MAX) {
		chain[n++] = event;
		cause = number(event, "cause");
		event = cause != 0 ? event_by_id(events, cause) : NULL;
	}
	if (cause != 0 && event == NULL)
		fprintf(out, "(event %lld, which began it, is no longer kept)\n", (long long)cause);
	for (size_t depth = 0; depth < n; depth++) {
		if (depth > 0)
			fprintf(out, "%*sled to ", (int)depth * 2, "");
		ctl_print_event(chain[n - 1 - depth], colour, out);
	}
	return true;
}

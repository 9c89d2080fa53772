/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking up keepalived's keywords. The table is known_table.c. */
#include "config/known.h"

#include <string.h>

long
conf_known_find(const char *context, const char *keyword)
{
	size_t low = 0, high = conf_known_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct conf_known *row = &conf_known_keywords[middle];
		int order = strcmp(context, row->context);

		if (order == 0)
			order = strcmp(keyword, row->keyword);
		if (order == 0)
			return (long)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

const char *
conf_known_elsewhere(const char *keyword)
{
	for (size_t i = 0; i < conf_known_count; i++) {
		const struct conf_known *row = &conf_known_keywords[i];

		if (strcmp(keyword, row->keyword) == 0 &&
		    strncmp(row->context, "grammar/", strlen("grammar/")) != 0)
			return row->context;
	}
	return NULL;
}

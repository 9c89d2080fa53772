/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every keyword of keepalived and the block where it may stand, so that one that has no effect here
 * yet is told from a misspelt one. Only names: what is effective stands in the keyword rows.
 */
#ifndef CONF_KNOWN_H
#define CONF_KNOWN_H

#include <stddef.h>

struct conf_known {
	const char *context; /* "" at the root, else "virtual_server/real_server/TCP_CHECK";
				"grammar/ipaddress" and such for words inside a line */
	const char *keyword;
};

/* Sorted by context, then keyword, by byte. */
extern const struct conf_known conf_known_keywords[];
extern const size_t conf_known_count;

/* Index into conf_known_keywords, or -1. */
long conf_known_find(const char *context, const char *keyword);

/* Some context in which keyword may stand ("grammar/" ones do not count), or NULL. */
const char *conf_known_elsewhere(const char *keyword);

#endif

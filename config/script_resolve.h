/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a script as written to one that can be run: words, user and group, and whether it may be
 * run at all. What may not is reported and left out.
 */
#ifndef SCRIPT_RESOLVE_H
#define SCRIPT_RESOLVE_H

#include "config/draft.h"

/* For one configuration; its globals are read. Lives in the completion's arena. */
struct script_resolver *script_resolver_new(struct conf_completion *c);

/*
 * Fills *out (argc 0: no script, or a refused one). keyword names it in messages. Without
 * check_system, users stay unresolved (SCRIPT_NO_ID) and the file is not looked at.
 */
void script_resolve(struct conf_completion *c, const char *keyword,
		    const struct conf_script_line *line, struct script_model *out);

#define SCRIPT_NO_ID 65534u /* nobody, by custom: what an unresolved user becomes */

/* The user and group of a line that names a path and no command. False: unknown, reported. */
bool script_resolve_owner(struct conf_completion *c, const char *keyword,
			  const struct conf_script_line *line, uid_t *uid, gid_t *gid);

#endif

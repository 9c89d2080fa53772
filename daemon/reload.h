/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the configuration: at start, for -t, and again for a reload. */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include <stdbool.h>

#include "config/config.h"
#include "daemon/supervisor.h"

/*
 * Reads the file named in paths. diags_text gets all diagnostics as text (to be freed; "" when
 * there are none), exit_status what -t would exit with. Returns NULL when it is not acceptable.
 */
struct conf *reload_read(const char *path, const struct daemon_options *options, bool check_system,
			 char **diags_text, int *exit_status);

/*
 * Reads again and puts in force what is acceptable; otherwise everything stays. Answers to whoever
 * asked come from control_reload_done(), which is called by way of supervisor.configured or, when
 * refused, at once. While one is under way another is remembered (once).
 */
void reload_start(struct supervisor *sup);

/* supervisor.configured of a running daemon. */
void reload_configured(struct supervisor *sup, const char *error);

/* Logs a text of several lines, each line by itself. */
void reload_log_text(enum hf_log_level level, const char *text);

#endif

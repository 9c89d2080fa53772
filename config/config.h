/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config/: keepalived.conf, from text to models. conf_load() does everything: it reads the files,
 * reports every problem with its place, completes and cross-checks, and returns all parts at once
 * or nothing.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config/checker_model.h"
#include "config/diag.h"
#include "config/global_model.h"
#include "config/vrrp_model.h"

struct conf_options {
	const char *path; /* file or glob, as -f got it; with text: the name for messages */
	const char *text; /* NULL: read path. Else text_len bytes to read instead */
	size_t text_len;
	const char *config_id; /* for "@id" lines */
	bool check_system;     /* look at interfaces, users and scripts of this machine (not in pure
				  tests) */
	bool strict_include;   /* -e */
};

struct conf {
	struct global_model *global;
	struct vrrp_model *vrrp;       /* never NULL; may have no instance */
	struct checker_model *checker; /* never NULL; may have no virtual server */
	struct runner_model *runner;
	void *arena;
};

/*
 * Reads and completes a configuration. All problems go to diags (see diag.h; print them with
 * conf_diags_print()). Returns NULL when a diagnostic of severity error was given or the file
 * cannot be read.
 */
struct conf *conf_load(const struct conf_options *options, struct conf_diags *diags);
void conf_free(struct conf *conf); /* NULL is fine */

#endif

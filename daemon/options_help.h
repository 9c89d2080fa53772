/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts of --help and --version. */
#ifndef DAEMON_OPTIONS_HELP_H
#define DAEMON_OPTIONS_HELP_H

#include <stdio.h>

void options_print_help(FILE *out);
void options_print_version(FILE *out);

#endif

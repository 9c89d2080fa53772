/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build-time tool: copies the manual page's text to standard output and puts the list of options
 * where it says so. Usage: manual_main doc/holdfast.conf.5.in
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/manual.h"

#define MARK           "@KEYWORDS@\n"
#define LINE_MAX_BYTES 4096

int
main(int argc, char **argv)
{
	char line[LINE_MAX_BYTES];
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;

	if (!in) {
		fprintf(stderr, "manual_main: %s: %s\n", argc == 2 ? argv[1] : "one file is needed",
			argc == 2 ? strerror(errno) : "usage error");
		return 1;
	}
	while (fgets(line, sizeof(line), in)) {
		if (strcmp(line, MARK) == 0)
			conf_manual_print(stdout);
		else
			fputs(line, stdout);
	}
	fclose(in);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* holdfast: the operator's command. One table of subcommands; each has a file of its own. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"

#define DEFAULT_RUN_DIR RUNSTATEDIR "/holdfast"

static int do_help(const struct ctl *ctl, int argc, char *argv[]);
static int do_version(const struct ctl *ctl, int argc, char *argv[]);

static const struct command {
	const char *name;
	const char *arguments;
	const char *what;
	int (*run)(const struct ctl *ctl, int argc, char *argv[]);
} commands[] = {
	{ "status", "[--json]", "instances, virtual servers and rooms now", ctl_status },
	{ "events", "[--follow] [--json] [--since ID]", "what changed, and why", ctl_events },
	{ "why", "SUBJECT", "the chain of causes behind its last change", ctl_why },
	{ "check", "[--strict] [--system] FILE", "read a configuration and say what is wrong",
	  ctl_check },
	{ "reload", "", "read the configuration again", ctl_reload },
	{ "version", "", "print the version", do_version },
	{ "help", "", "print this", do_help },
};

static void
print_help(FILE *out)
{
	fputs("Usage: holdfast [--run-dir DIR] COMMAND [ARGUMENT]...\n\n", out);
	for (size_t i = 0; i < HF_COUNT_OF(commands); i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s %s", commands[i].name, commands[i].arguments);
		fprintf(out, "  %-40s %s\n", line, commands[i].what);
	}
	fputs("\n--run-dir DIR: the daemon's run directory, default " DEFAULT_RUN_DIR "\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage, 5 the daemon cannot be reached.\n",
	      out);
}

static int
do_help(const struct ctl *ctl, int argc, char *argv[])
{
	print_help(stdout);
	return CTL_DONE;
}

static int
do_version(const struct ctl *ctl, int argc, char *argv[])
{
	puts("Holdfast " PACKAGE_VERSION);
	return CTL_DONE;
}

int
ctl_usage(const char *text)
{
	fprintf(stderr, "holdfast: %s: see holdfast help\n", text);
	return CTL_USAGE;
}

static int
run_command(const struct ctl *ctl, int argc, char *argv[])
{
	for (size_t i = 0; i < HF_COUNT_OF(commands); i++) {
		if (strcmp(argv[0], commands[i].name) == 0) {
			optind = 0; /* the subcommand reads its own options from the start */
			return commands[i].run(ctl, argc, argv);
		}
	}
	fprintf(stderr, "holdfast: unknown command \"%s\": see holdfast help\n", argv[0]);
	return CTL_USAGE;
}

int
main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "run-dir", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	struct ctl ctl = { .run_dir = DEFAULT_RUN_DIR };
	int code, status;

	ctl.colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	while ((code = getopt_long(argc, argv, "+hv", options, NULL)) != -1) {
		if (code == 'r')
			ctl.run_dir = optarg;
		else if (code == 'h')
			return do_help(&ctl, argc, argv);
		else if (code == 'v')
			return do_version(&ctl, argc, argv);
		else
			return CTL_USAGE;
	}
	if (optind >= argc) {
		print_help(stderr);
		return CTL_USAGE;
	}
	status = run_command(&ctl, argc - optind, argv + optind);
	if (fflush(stdout) != 0 && status == CTL_DONE)
		status = CTL_FAILED;
	return status;
}

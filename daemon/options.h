/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of holdfastd: keepalived's, plus --run-dir. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/hf_base.h"

#define OPTIONS_UNUSED_MAX                                                                         \
	32 /* accepted options without effect that are remembered for the warning */

/* What main() does after reading the options. */
enum options_action {
	OPTIONS_RUN,
	OPTIONS_TEST,   /* -t */
	OPTIONS_ROOM,   /* --room: internal, a child of the supervisor */
	OPTIONS_EXIT_0, /* help, version, a signal number: already printed */
	OPTIONS_EXIT_1, /* refused: already said */
};

struct daemon_options {
	const char *config; /* -f; NULL: not given */
	const char *config_id;
	const char *pid_file;
	const char *vrrp_pid_file;
	const char *checkers_pid_file;
	const char *net_namespace;
	const char *run_dir;  /* NULL: not given */
	const char *test_log; /* file of -t=FILE; NULL: stderr */
	const char *room;     /* --room */
	const char *warning;  /* one complaint about a value that was ignored; NULL: none */
	bool only_vrrp;       /* -P */
	bool only_checker;    /* -C */
	bool all_rooms;       /* --all */
	bool foreground;      /* -n */
	bool log_console;     /* -l */
	bool no_syslog;       /* -G */
	bool dump_conf;       /* -d */
	bool no_respawn;      /* -R */
	bool keep_vrrp;       /* -V */
	bool keep_ipvs;       /* -I */
	bool strict_include;  /* -e */
	bool core_dump;       /* -m */
	bool ignore_sigint;   /* --ignore-sigint */
	bool has_umask;       /* -u */
	mode_t umask_bits;
	int facility;   /* -S, LOG_DAEMON by default */
	uint8_t detail; /* how often -D was given */
	size_t n_unused;
	const char *unused[OPTIONS_UNUSED_MAX]; /* long names of options that do nothing here */
};

/*
 * Reads all options. Help, version, --signum and complaints go to out and err; every problem is
 * said, not only the first. Strings point into argv.
 */
enum options_action options_read(int argc, char *argv[], struct daemon_options *options, FILE *out,
				 FILE *err) HF_MUST_CHECK;

/* "vrrp" to HF_ROOM_VRRP and so on for --room; -1: no such room. */
int options_room_kind(const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May this script be run as this user? The rules are keepalived's: it must be there, a regular
 * file, executable for the user; and what root runs must not be changeable by anybody else, in any
 * part of its path, neither as written nor as resolved.
 */
#ifndef SCRIPT_CHECK_H
#define SCRIPT_CHECK_H

#include <limits.h>
#include <sys/stat.h>
#include <sys/types.h>

enum script_fault {
	SCRIPT_FINE,
	SCRIPT_NOT_FOUND,
	SCRIPT_NOT_REACHABLE,  /* a directory on the way refuses us */
	SCRIPT_NOT_REGULAR,    /* a directory, device, ... */
	SCRIPT_NOT_EXECUTABLE, /* for that user */
	SCRIPT_UNSAFE,         /* root would run it and somebody else may change it */
};

struct script_finding {
	enum script_fault fault;
	char path[PATH_MAX]; /* the script as it would be executed; a bare name is looked up */
	char part[PATH_MAX]; /* the component that the finding is about */
	uid_t owner;         /* of part; with mode, where part exists */
	gid_t group;
	mode_t mode;
	char text[PATH_MAX + 128];  /* one sentence without a full stop */
	char remedy[PATH_MAX + 64]; /* the command that mends it, or "" */
};

/* What script_check() asks of the system; a test brings its own. Results as stat(2) and
 * realpath(3). */
struct script_fs {
	int (*stat)(void *ctx, const char *path, struct stat *st);
	char *(*realpath)(void *ctx, const char *path, char out[PATH_MAX]);
	const char *search_path; /* directories for bare names, separated by colons */
	void *ctx;
};

/* The real one. */
struct script_fs script_fs_system(void);

/* Looks at the script that argv0 names, to be run as uid and gid, and fills *out. */
void script_check(const struct script_fs *fs, const char *argv0, uid_t uid, gid_t gid,
		  struct script_finding *out);

#endif

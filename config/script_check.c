/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The examination of one script file. What follows from it (disabled or only reported) depends on
 * enable_script_security and is decided in script_resolve.c.
 */
#include "config/script_check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAFE_SEARCH_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int
system_stat(void *ctx, const char *path, struct stat *st)
{
	(void)ctx;
	return stat(path, st);
}

static char *
system_realpath(void *ctx, const char *path, char out[PATH_MAX])
{
	(void)ctx;
	return realpath(path, out);
}

struct script_fs
script_fs_system(void)
{
	return (struct script_fs){
		.stat = system_stat,
		.realpath = system_realpath,
		.search_path = SAFE_SEARCH_PATH,
	};
}

/* The part of a finding that is about one component; text and remedy are the caller's. */
static void
blame(struct script_finding *out, enum script_fault fault, const char *part, const struct stat *st)
{
	out->fault = fault;
	snprintf(out->part, sizeof(out->part), "%s", part);
	out->owner = st ? st->st_uid : 0;
	out->group = st ? st->st_gid : 0;
	out->mode = st ? st->st_mode & 07777 : 0;
}

static bool
may_execute(const struct stat *st, uid_t uid, gid_t gid)
{
	if (uid == 0)
		return st->st_mode & 0111;
	if (st->st_uid == uid)
		return st->st_mode & 0100;
	if (st->st_gid == gid)
		return st->st_mode & 0010;
	return st->st_mode & 0001;
}

/* Could anybody but root change this component? A sticky directory protects what is in it. */
static bool
is_unsafe(const struct stat *st)
{
	if (st->st_uid != 0)
		return true;
	if (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX))
		return false;
	return (st->st_mode & 0002) || ((st->st_mode & 0020) && st->st_gid != 0);
}

static void
tell_unsafe(struct script_finding *out, const char *part, const struct stat *st)
{
	blame(out, SCRIPT_UNSAFE, part, st);
	const char *what = S_ISDIR(st->st_mode) ? "directory " : "";

	if (st->st_uid != 0) {
		snprintf(out->text, sizeof(out->text),
			 "%s%s belongs to user %u, not to root (mode %04o)", what, part,
			 (unsigned int)st->st_uid, (unsigned int)out->mode);
		snprintf(out->remedy, sizeof(out->remedy), "chown root %s", part);
		return;
	}
	bool world = st->st_mode & 0002;

	snprintf(out->text, sizeof(out->text), "%s%s is writable by %s %u (owner root, mode %04o)",
		 what, part, world ? "others and perhaps group" : "group", (unsigned int)st->st_gid,
		 (unsigned int)out->mode);
	snprintf(out->remedy, sizeof(out->remedy), "chmod %s %s",
		 world && (st->st_mode & 0020) ? "go-w"
		 : world                       ? "o-w"
					       : "g-w",
		 part);
}

/* Looks at /, /a, /a/b, ... of an absolute path; false and a finding at the first unsafe part. */
static bool
walk(const struct script_fs *fs, const char *path, struct script_finding *out)
{
	char part[PATH_MAX] = "/";
	size_t at = 1;
	struct stat st;

	for (;;) {
		if (fs->stat(fs->ctx, part, &st) == 0 && is_unsafe(&st)) {
			tell_unsafe(out, part, &st);
			return false;
		}
		while (path[at] == '/')
			at++;
		if (!path[at])
			return true;
		size_t end = at + strcspn(path + at, "/");

		if (end >= sizeof(part))
			return true; /* the kernel refuses such a path anyway */
		memcpy(part, path, end);
		part[end] = '\0';
		at = end;
	}
}

/* A bare name is looked for where root's programs are; out->path gets what was found. */
static bool
look_up(const struct script_fs *fs, const char *name, struct script_finding *out)
{
	struct stat st;

	for (const char *dir = fs->search_path; *dir;) {
		size_t len = strcspn(dir, ":");
		int n = snprintf(out->path, sizeof(out->path), "%.*s/%s", (int)len, dir, name);

		if (n < (int)sizeof(out->path) && fs->stat(fs->ctx, out->path, &st) == 0 &&
		    S_ISREG(st.st_mode))
			return true;
		dir += len + (dir[len] == ':');
	}
	return false;
}

static void
tell_missing(struct script_finding *out, int err)
{
	bool refused = err == EACCES || err == EPERM;

	blame(out, refused ? SCRIPT_NOT_REACHABLE : SCRIPT_NOT_FOUND, out->path, NULL);
	if (refused)
		snprintf(out->text, sizeof(out->text), "%s cannot be looked at: %s", out->path,
			 strerror(err));
	else
		snprintf(out->text, sizeof(out->text), "%s does not exist", out->path);
}

/* Is it a file that the user can execute? */
static bool
examine_file(const struct script_fs *fs, uid_t uid, gid_t gid, struct stat *st,
	     struct script_finding *out)
{
	if (fs->stat(fs->ctx, out->path, st) != 0) {
		tell_missing(out, errno);
		return false;
	}
	if (!S_ISREG(st->st_mode)) {
		blame(out, SCRIPT_NOT_REGULAR, out->path, st);
		snprintf(out->text, sizeof(out->text), "%s is %s, not a file", out->path,
			 S_ISDIR(st->st_mode) ? "a directory" : "a special file");
		return false;
	}
	if (!may_execute(st, uid, gid)) {
		blame(out, SCRIPT_NOT_EXECUTABLE, out->path, st);
		snprintf(out->text, sizeof(out->text),
			 "%s is not executable for user %u (owner %u, group %u, mode %04o)",
			 out->path, (unsigned int)uid, (unsigned int)st->st_uid,
			 (unsigned int)st->st_gid, (unsigned int)out->mode);
		snprintf(out->remedy, sizeof(out->remedy), "chmod a+rx %s", out->path);
		return false;
	}
	return true;
}

void
script_check(const struct script_fs *fs, const char *argv0, uid_t uid, gid_t gid,
	     struct script_finding *out)
{
	struct stat st;
	char resolved[PATH_MAX];

	memset(out, 0, sizeof(*out));
	if (!strchr(argv0, '/') && !look_up(fs, argv0, out)) {
		snprintf(out->path, sizeof(out->path), "%s", argv0);
		blame(out, SCRIPT_NOT_FOUND, argv0, NULL);
		snprintf(out->text, sizeof(out->text), "%s is in none of %s", argv0,
			 fs->search_path);
		return;
	}
	if (strchr(argv0, '/'))
		snprintf(out->path, sizeof(out->path), "%s", argv0);
	if (!examine_file(fs, uid, gid, &st, out))
		return;
	bool as_root = uid == 0 || gid == 0 || ((st.st_mode & S_ISUID) && st.st_uid == 0) ||
		       ((st.st_mode & S_ISGID) && st.st_gid == 0);

	if (!as_root)
		return;
	if (out->path[0] == '/' && !walk(fs, out->path, out))
		return;
	if (fs->realpath(fs->ctx, out->path, resolved) && strcmp(resolved, out->path) != 0)
		walk(fs, resolved, out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The examination of scripts, on a made-up file system. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/script_check.h"
#include "lib/hf_base.h"

struct entry {
	const char *path;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	const char *target; /* of a link */
};

struct disk {
	const struct entry *entries;
	size_t n;
};

static const struct entry *
entry_of(const struct disk *disk, const char *path)
{
	for (size_t i = 0; i < disk->n; i++) {
		if (strcmp(disk->entries[i].path, path) == 0)
			return &disk->entries[i];
	}
	return NULL;
}

static int
disk_stat(void *ctx, const char *path, struct stat *st)
{
	const struct entry *entry = entry_of(ctx, path);

	if (entry && entry->target)
		entry = entry_of(ctx, entry->target);
	if (!entry) {
		errno = ENOENT;
		return -1;
	}
	memset(st, 0, sizeof(*st));
	st->st_mode = entry->mode;
	st->st_uid = entry->uid;
	st->st_gid = entry->gid;
	return 0;
}

static char *
disk_realpath(void *ctx, const char *path, char out[PATH_MAX])
{
	const struct entry *entry = entry_of(ctx, path);

	strcpy(out, entry && entry->target ? entry->target : path);
	return out;
}

#define DIR_(path, mode, uid)                                                                      \
	{                                                                                          \
		path, S_IFDIR | (mode), uid, 0, NULL                                               \
	}
#define FILE_(path, mode, uid)                                                                     \
	{                                                                                          \
		path, S_IFREG | (mode), uid, 0, NULL                                               \
	}
#define ROOTS DIR_("/", 0755, 0), DIR_("/etc", 0755, 0)

static struct script_finding found;

static enum script_fault
examine_as(const struct entry *entries, size_t n, const char *argv0, uid_t uid)
{
	struct disk disk = { entries, n };
	struct script_fs fs = { disk_stat, disk_realpath, "/sbin:/bin", &disk };

	script_check(&fs, argv0, uid, uid, &found);
	return found.fault;
}

#define examine(argv0, uid, ...)                                                                   \
	examine_as((const struct entry[]){ __VA_ARGS__ },                                          \
		   HF_COUNT_OF(((const struct entry[]){ __VA_ARGS__ })), argv0, uid)

static void
a_script_of_root_in_directories_of_root_is_fine(void **state)
{
	assert_int_equal(examine("/etc/s", 0, ROOTS, FILE_("/etc/s", 0755, 0)), SCRIPT_FINE);
	assert_string_equal(found.path, "/etc/s");
}

static void
what_others_may_write_is_unsafe(void **state)
{
	assert_int_equal(examine("/etc/s", 0, ROOTS, FILE_("/etc/s", 0777, 0)), SCRIPT_UNSAFE);
	assert_string_equal(found.part, "/etc/s");
	assert_int_equal(found.mode, 0777);
	assert_string_equal(found.remedy, "chmod go-w /etc/s");
	assert_int_equal(examine("/etc/s", 0, ROOTS, FILE_("/etc/s", 0755, 1000)), SCRIPT_UNSAFE);
	assert_string_equal(found.remedy, "chown root /etc/s");
	assert_string_equal(found.text, "/etc/s belongs to user 1000, not to root (mode 0755)");
}

static void
the_unsafe_directory_on_the_way_is_named(void **state)
{
	assert_int_equal(examine("/srv/a/s", 0, ROOTS, DIR_("/srv", 0755, 0),
				 DIR_("/srv/a", 0757, 0), FILE_("/srv/a/s", 0755, 0)),
			 SCRIPT_UNSAFE);
	assert_string_equal(found.part, "/srv/a");
	assert_string_equal(found.remedy, "chmod o-w /srv/a");
}

static void
a_sticky_directory_protects_its_files(void **state)
{
	assert_int_equal(
		examine("/tmp/s", 0, ROOTS, DIR_("/tmp", 01777, 0), FILE_("/tmp/s", 0755, 0)),
		SCRIPT_FINE);
}

static void
what_an_ordinary_user_runs_may_be_anybodys(void **state)
{
	assert_int_equal(examine("/etc/s", 1000, ROOTS, FILE_("/etc/s", 0777, 0)), SCRIPT_FINE);
}

static void
a_setuid_root_script_is_run_as_root(void **state)
{
	assert_int_equal(examine("/etc/s", 1000, ROOTS, FILE_("/etc/s", 04757, 0)), SCRIPT_UNSAFE);
}

static void
a_script_must_be_executable_for_its_user(void **state)
{
	assert_int_equal(examine("/etc/s", 0, ROOTS, FILE_("/etc/s", 0644, 0)),
			 SCRIPT_NOT_EXECUTABLE);
	assert_string_equal(found.remedy, "chmod a+rx /etc/s");
	assert_int_equal(examine("/etc/s", 1000, ROOTS, FILE_("/etc/s", 0700, 0)),
			 SCRIPT_NOT_EXECUTABLE);
	assert_int_equal(examine("/etc/s", 1000, ROOTS, FILE_("/etc/s", 0500, 1000)), SCRIPT_FINE);
}

static void
only_files_are_scripts(void **state)
{
	assert_int_equal(examine("/etc", 0, ROOTS), SCRIPT_NOT_REGULAR);
	assert_string_equal(found.text, "/etc is a directory, not a file");
	assert_int_equal(examine("/etc/none", 0, ROOTS), SCRIPT_NOT_FOUND);
	assert_string_equal(found.text, "/etc/none does not exist");
}

static void
a_bare_name_is_looked_up(void **state)
{
	assert_int_equal(examine("s", 0, ROOTS, DIR_("/bin", 0755, 0), FILE_("/bin/s", 0755, 0)),
			 SCRIPT_FINE);
	assert_string_equal(found.path, "/bin/s");
	assert_int_equal(examine("t", 0, ROOTS), SCRIPT_NOT_FOUND);
	assert_string_equal(found.text, "t is in none of /sbin:/bin");
}

static void
the_way_behind_a_link_is_walked_too(void **state)
{
	assert_int_equal(examine("/etc/s", 0, ROOTS,
				 { "/etc/s", S_IFREG | 0755, 0, 0, "/home/u/s" },
				 DIR_("/home", 0755, 0), DIR_("/home/u", 0755, 1000),
				 FILE_("/home/u/s", 0755, 0)),
			 SCRIPT_UNSAFE);
	assert_string_equal(found.part, "/home/u");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_script_of_root_in_directories_of_root_is_fine),
		cmocka_unit_test(what_others_may_write_is_unsafe),
		cmocka_unit_test(the_unsafe_directory_on_the_way_is_named),
		cmocka_unit_test(a_sticky_directory_protects_its_files),
		cmocka_unit_test(what_an_ordinary_user_runs_may_be_anybodys),
		cmocka_unit_test(a_setuid_root_script_is_run_as_root),
		cmocka_unit_test(a_script_must_be_executable_for_its_user),
		cmocka_unit_test(only_files_are_scripts),
		cmocka_unit_test(a_bare_name_is_looked_up),
		cmocka_unit_test(the_way_behind_a_link_is_walked_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

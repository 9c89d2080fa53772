/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the files are: by option, by namespace and instance, by default. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka needs some of the above first */
#include <cmocka.h>

#include "daemon/paths.h"

static void
run_dir_holds_what_no_option_names(void **state)
{
	struct daemon_options options = { .run_dir = "/run/x", .vrrp_pid_file = "/run/v.pid" };
	struct daemon_paths paths = { 0 };

	assert_int_equal(paths_find_run(&paths, &options, NULL, NULL, stderr), 0);
	assert_string_equal(paths.control, "/run/x/control.sock");
	assert_string_equal(paths.pid, "/run/x/holdfastd.pid");
	assert_string_equal(paths.vrrp_pid, "/run/v.pid");
	assert_string_equal(paths.checkers_pid, "/run/x/checkers.pid");
}

static void
namespaces_and_instances_do_not_share_a_directory(void **state)
{
	struct daemon_options options = { 0 };
	struct daemon_paths paths = { 0 };

	assert_int_equal(paths_find_run(&paths, &options, "blue", "one", stderr), 0);
	assert_non_null(strstr(paths.run_dir, "/holdfast/blue_one"));
	assert_int_equal(paths_find_run(&paths, &options, NULL, "one", stderr), 0);
	assert_non_null(strstr(paths.run_dir, "/holdfast/one"));
}

static void
relative_names_outlive_the_directory(void **state)
{
	struct daemon_options options = { .config = "a.conf" };
	struct daemon_paths paths = { 0 };

	assert_int_equal(chdir("/tmp"), 0);
	assert_int_equal(paths_find_config(&paths, &options), 0);
	assert_string_equal(paths.config, "/tmp/a.conf");
}

static void
name_too_long_for_a_socket_is_said(void **state)
{
	char name[PATHS_RUN_DIR_MAX + 1];
	struct daemon_options options = { .run_dir = name };
	struct daemon_paths paths = { 0 };
	char *said = NULL;
	size_t len;
	FILE *err = open_memstream(&said, &len);

	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(paths_find_run(&paths, &options, NULL, NULL, err), -ENAMETOOLONG);
	fclose(err);
	assert_non_null(strstr(said, "expected at most 89 bytes"));
	free(said);
}

static void
whole_path_is_made(void **state)
{
	struct daemon_paths paths = { 0 };
	char base[] = "/tmp/test_paths.XXXXXX", between[64];
	struct stat st;

	assert_non_null(mkdtemp(base));
	snprintf(between, sizeof(between), "%s/run", base);
	snprintf(paths.run_dir, sizeof(paths.run_dir), "%s/holdfast", between);
	assert_int_equal(paths_make_run_dir(&paths), 0);
	assert_int_equal(paths_make_run_dir(&paths), 0);
	assert_int_equal(stat(paths.run_dir, &st), 0);
	rmdir(paths.run_dir);
	rmdir(between);
	rmdir(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_dir_holds_what_no_option_names),
		cmocka_unit_test(namespaces_and_instances_do_not_share_a_directory),
		cmocka_unit_test(relative_names_outlive_the_directory),
		cmocka_unit_test(name_too_long_for_a_socket_is_said),
		cmocka_unit_test(whole_path_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pid files: a held lock means "already running", whatever the number in the file. */
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

#include "daemon/pidfile.h"

struct place {
	char dir[64];
	char path[96];
};

static int
setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (place == NULL)
		return -1;
	snprintf(place->dir, sizeof(place->dir), "/tmp/test_pidfile.XXXXXX");
	if (mkdtemp(place->dir) == NULL)
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/pid", place->dir);
	*state = place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;

	unlink(place->path);
	rmdir(place->dir);
	free(place);
	return 0;
}

static void
second_taker_is_told(void **state)
{
	struct place *place = *state;
	struct pidfile first, second;

	assert_int_equal(pidfile_take(&first, place->path), 0);
	pidfile_write(&first, 4711);
	assert_int_equal(pidfile_take(&second, place->path), -EALREADY);
	pidfile_remove(&first);
	assert_int_equal(access(place->path, F_OK), -1);
	assert_int_equal(pidfile_take(&second, place->path), 0);
	pidfile_remove(&second);
}

static void
shorter_number_leaves_no_rest(void **state)
{
	struct place *place = *state;
	struct pidfile pidfile;
	char text[16] = "";
	FILE *in;

	assert_int_equal(pidfile_take(&pidfile, place->path), 0);
	pidfile_write(&pidfile, 123456);
	pidfile_write(&pidfile, 42);
	in = fopen(place->path, "r");
	assert_non_null(in);
	assert_int_equal(fread(text, 1, sizeof(text) - 1, in), 3);
	assert_string_equal(text, "42\n");
	fclose(in);
	pidfile_remove(&pidfile);
}

static void
deleted_file_is_made_again(void **state)
{
	struct place *place = *state;
	struct pidfile pidfile;

	assert_int_equal(pidfile_take(&pidfile, place->path), 0);
	assert_int_equal(unlink(place->path), 0);
	pidfile_write(&pidfile, 42);
	assert_int_equal(access(place->path, F_OK), 0);
	pidfile_remove(&pidfile);
}

static void
links_are_not_followed(void **state)
{
	struct place *place = *state;
	struct pidfile pidfile;

	assert_int_equal(symlink("/tmp/elsewhere", place->path), 0);
	assert_int_equal(pidfile_take(&pidfile, place->path), -ELOOP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(second_taker_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(shorter_number_leaves_no_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(deleted_file_is_made_again, setup, teardown),
		cmocka_unit_test_setup_teardown(links_are_not_followed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

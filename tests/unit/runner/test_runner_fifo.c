/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notify FIFOs: made, shared or refused, never blocking, removed only by who made them. */
#include <fcntl.h>
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

#include "runner/runner_fifo.h"

struct place {
	char dir[64];
	char path[96];
	struct fifo_model model;
};

static int
setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (place == NULL)
		return -1;
	strcpy(place->dir, "/tmp/test_runner_fifo.XXXXXX");
	if (mkdtemp(place->dir) == NULL)
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/fifo", place->dir);
	place->model =
		(struct fifo_model){ .path = place->path, .uid = geteuid(), .gid = getegid() };
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
fifo_is_made_written_and_removed(void **state)
{
	struct place *place = *state;
	struct runner_fifo fifo;
	char why[512], text[64] = "";
	int reader;

	assert_int_equal(runner_fifo_open(&fifo, &place->model, why), 0);
	assert_true(runner_fifo_write(&fifo, "INSTANCE \"a\" MASTER 100\n", 24));
	reader = open(place->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(read(reader, text, sizeof(text) - 1), 24);
	assert_string_equal(text, "INSTANCE \"a\" MASTER 100\n");
	close(reader);
	runner_fifo_close(&fifo);
	assert_int_equal(access(place->path, F_OK), -1);
	runner_fifo_close(&fifo); /* twice is fine */
}

static void
existing_fifo_is_used_and_left(void **state)
{
	struct place *place = *state;
	struct runner_fifo fifo;
	char why[512];

	assert_int_equal(mkfifo(place->path, 0600), 0);
	assert_int_equal(runner_fifo_open(&fifo, &place->model, why), 0);
	assert_true(runner_fifo_write(&fifo, "x\n", 2));
	runner_fifo_close(&fifo);
	assert_int_equal(access(place->path, F_OK), 0);
}

static void
anything_but_a_fifo_is_refused(void **state)
{
	struct place *place = *state;
	struct runner_fifo fifo;
	char why[512];

	close(open(place->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(runner_fifo_open(&fifo, &place->model, why), -1);
	assert_non_null(strstr(why, "exists and is not a FIFO"));
	unlink(place->path);
	assert_int_equal(symlink("/dev/null", place->path), 0);
	assert_int_equal(runner_fifo_open(&fifo, &place->model, why), -1);
	assert_non_null(strstr(why, "exists and is not a FIFO"));
	assert_false(runner_fifo_write(&fifo, "x\n", 2));
}

static void
full_fifo_loses_whole_lines_and_counts_them(void **state)
{
	struct place *place = *state;
	struct runner_fifo fifo;
	char why[512], line[100];
	uint64_t written = 0;

	memset(line, 'x', sizeof(line));
	assert_int_equal(runner_fifo_open(&fifo, &place->model, why), 0);
	while (runner_fifo_write(&fifo, line, sizeof(line)))
		written++;
	assert_true(written > 0);
	assert_int_equal(fifo.lines, written);
	assert_int_equal(fifo.lost, 1);
	runner_fifo_close(&fifo);
}

static void
file_that_took_its_place_is_not_removed(void **state)
{
	struct place *place = *state;
	struct runner_fifo fifo;
	char why[512];

	assert_int_equal(runner_fifo_open(&fifo, &place->model, why), 0);
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(mkfifo(place->path, 0600), 0);
	runner_fifo_close(&fifo);
	assert_int_equal(access(place->path, F_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(fifo_is_made_written_and_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(existing_fifo_is_used_and_left, setup, teardown),
		cmocka_unit_test_setup_teardown(anything_but_a_fifo_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(full_fifo_loses_whole_lines_and_counts_them, setup,
						teardown),
		cmocka_unit_test_setup_teardown(file_that_took_its_place_is_not_removed, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A job survives the way between rooms, and damaged bytes are refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka needs the four above first */
#include <cmocka.h>

#include "runner/runner.h"

static const char *const words[] = { "/etc/notify", "INSTANCE", "VI_1", "MASTER", "100" };

static struct runner_job
example(void)
{
	return (struct runner_job){
		.id = 7,
		.seq = 3,
		.cause = 0x123456789abcdefULL,
		.queue = "VI_1",
		.limit_ns = 1000000000,
		.flags = RUNNER_REPORT | RUNNER_COLLAPSE,
		.uid = 1000,
		.gid = 100,
		.argc = HF_COUNT_OF(words),
		.argv = words,
		.prev_state = "BACKUP",
		.reason = "active-silent",
	};
}

static void
job_comes_back_as_it_was_sent(void **state)
{
	struct runner_job job = example(), back;
	const char *argv[SCRIPT_ARGS_MAX + 1];
	uint8_t bytes[HF_IPC_PAYLOAD_MAX];
	int len = runner_job_encode(&job, bytes, sizeof(bytes));

	assert_true(len > 0);
	assert_int_equal(runner_job_decode(bytes, (size_t)len, &back, argv), 0);
	assert_int_equal(back.id, 7);
	assert_int_equal(back.seq, 3);
	assert_true(back.cause == job.cause);
	assert_string_equal(back.queue, "VI_1");
	assert_int_equal(back.limit_ns, 1000000000);
	assert_int_equal(back.flags, RUNNER_REPORT | RUNNER_COLLAPSE);
	assert_int_equal(back.uid, 1000);
	assert_int_equal(back.gid, 100);
	assert_string_equal(back.prev_state, "BACKUP");
	assert_string_equal(back.reason, "active-silent");
	assert_int_equal(back.argc, HF_COUNT_OF(words));
	for (size_t i = 0; i < back.argc; i++)
		assert_string_equal(back.argv[i], words[i]);
	assert_null(back.argv[back.argc]);
}

static void
every_truncation_and_a_longer_message_are_refused(void **state)
{
	struct runner_job job = example(), back;
	const char *argv[SCRIPT_ARGS_MAX + 1];
	uint8_t bytes[HF_IPC_PAYLOAD_MAX] = { 0 };
	int len = runner_job_encode(&job, bytes, sizeof(bytes));

	assert_true(len > 0);
	for (size_t cut = 0; cut < (size_t)len; cut++)
		assert_int_equal(runner_job_decode(bytes, cut, &back, argv), -EBADMSG);
	assert_int_equal(runner_job_decode(bytes, (size_t)len + 1, &back, argv), -EBADMSG);
}

static void
job_without_words_or_with_too_many_is_not_encoded(void **state)
{
	struct runner_job job = example();
	uint8_t bytes[HF_IPC_PAYLOAD_MAX];

	job.argc = 0;
	assert_int_equal(runner_job_encode(&job, bytes, sizeof(bytes)), -EMSGSIZE);
	job.argc = SCRIPT_ARGS_MAX + 1;
	assert_int_equal(runner_job_encode(&job, bytes, sizeof(bytes)), -EMSGSIZE);
	job = example();
	assert_int_equal(runner_job_encode(&job, bytes, 20), -EMSGSIZE);
}

static void
queue_name_that_is_too_long_is_not_encoded(void **state)
{
	struct runner_job job = example();
	uint8_t bytes[HF_IPC_PAYLOAD_MAX];
	char name[RUNNER_QUEUE_MAX + 1];

	memset(name, 'x', sizeof(name));
	name[RUNNER_QUEUE_MAX] = '\0';
	job.queue = name;
	assert_int_equal(runner_job_encode(&job, bytes, sizeof(bytes)), -EMSGSIZE);
	name[RUNNER_QUEUE_MAX - 1] = '\0';
	assert_true(runner_job_encode(&job, bytes, sizeof(bytes)) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(job_comes_back_as_it_was_sent),
		cmocka_unit_test(every_truncation_and_a_longer_message_are_refused),
		cmocka_unit_test(job_without_words_or_with_too_many_is_not_encoded),
		cmocka_unit_test(queue_name_that_is_too_long_is_not_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

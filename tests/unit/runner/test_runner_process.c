/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts are started clean, end in time, and say how they ended. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka needs some of the above first */
#include <cmocka.h>

#include "runner/runner_process.h"

struct outcome {
	struct hf_loop *loop;
	bool ended;
	struct runner_end end;
};

static void
on_end(void *arg, const struct runner_end *end)
{
	struct outcome *outcome = arg;

	outcome->ended = true;
	outcome->end = *end;
	hf_loop_stop(outcome->loop);
}

/* Runs the words to their end. */
static struct runner_end
run_as(uid_t uid, gid_t gid, const char *const *argv, int64_t limit_ns,
       const struct runner_job *job)
{
	struct outcome outcome = { .loop = hf_loop_new() };
	struct runner_command cmd = { .uid = uid,
				      .gid = gid,
				      .argv = argv,
				      .envp = runner_environment(job),
				      .keep_output = true };
	struct runner_process *process;
	int err;

	assert_non_null(outcome.loop);
	assert_non_null(cmd.envp);
	process = runner_process_start(outcome.loop, &cmd, limit_ns, on_end, &outcome, &err);
	assert_non_null(process);
	runner_environment_free(cmd.envp);
	assert_int_equal(hf_loop_run(outcome.loop), 0);
	assert_true(outcome.ended);
	hf_loop_free(outcome.loop);
	return outcome.end;
}

static struct runner_end
run(const char *const *argv, int64_t limit_ns, const struct runner_job *job)
{
	return run_as(geteuid(), getegid(), argv, limit_ns, job);
}

static struct runner_end
shell(const char *text, int64_t limit_ns, const struct runner_job *job)
{
	const char *const argv[] = { "/bin/sh", "-c", text, NULL };

	return run(argv, limit_ns, job);
}

static void
exit_status_is_told(void **state)
{
	struct runner_end end = shell("exit 3", 0, NULL);
	char text[RUNNER_END_TEXT_MAX];

	assert_true(WIFEXITED(end.status));
	assert_int_equal(WEXITSTATUS(end.status), 3);
	assert_false(end.timed_out);
	assert_non_null(strstr(runner_end_text(&end, text), "exit status 3 after 0."));
}

static void
missing_script_says_so(void **state)
{
	const char *const argv[] = { "/nonexistent/script", NULL };
	struct runner_end end = run(argv, 0, NULL);
	char text[RUNNER_END_TEXT_MAX];

	assert_int_equal(end.status, -1);
	assert_string_equal(runner_end_text(&end, text),
			    "not run: cannot be executed: No such file or directory");
}

static void
script_over_its_time_is_terminated(void **state)
{
	struct runner_end end = shell("sleep 60", HF_MILLIS(50), NULL);
	char text[RUNNER_END_TEXT_MAX];

	assert_true(WIFSIGNALED(end.status));
	assert_int_equal(WTERMSIG(end.status), SIGTERM);
	assert_true(end.timed_out);
	assert_non_null(strstr(runner_end_text(&end, text), "killed by SIGTERM (over its time)"));
}

static void
environment_tells_the_change_and_hides_the_loader(void **state)
{
	const struct runner_job job = {
		.cause = 8123, .seq = 9, .prev_state = "BACKUP", .reason = "active-silent"
	};
	struct runner_end end;

	setenv("LD_LIBRARY_PATH", "/nonexistent", 1);
	setenv("IFS", "x", 1);
	setenv("KEPT", "yes", 1);
	end = shell("[ \"$HOLDFAST_EVENT_ID$HOLDFAST_SEQ\" = 81239 ] && "
		    "[ \"$HOLDFAST_PREV_STATE $HOLDFAST_REASON\" = 'BACKUP active-silent' ] && "
		    "[ -z \"$LD_LIBRARY_PATH\" ] && [ \"$KEPT\" = yes ] && ! env | grep '^IFS='",
		    0, &job);
	unsetenv("LD_LIBRARY_PATH");
	unsetenv("IFS");
	unsetenv("KEPT");
	assert_int_equal(end.status, 0);
}

static void
script_inherits_no_descriptor_and_leads_its_group(void **state)
{
	struct runner_end end;
	FILE *kept = fopen("/dev/null", "r"); /* without close-on-exec */

	assert_non_null(kept);
	/* 3 is ls's own directory stream. The fifth word of stat is the process group. */
	end = shell("[ \"$(ls /proc/self/fd | tr '\\n' ' ')\" = '0 1 2 3 ' ] && "
		    "read -r pid comm st ppid pgrp rest < /proc/$$/stat && [ $pgrp = $$ ]",
		    0, NULL);
	(void)fclose(kept);
	assert_int_equal(end.status, 0);
}

static void
script_without_interpreter_line_runs_through_the_shell(void **state)
{
	char path[] = "/tmp/test_runner_process.XXXXXX";
	const char *argv[] = { path, "4", NULL };
	int fd = mkstemp(path);
	struct runner_end end;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "exit $1\n", 8), 8);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	end = run(argv, 0, NULL);
	unlink(path);
	assert_true(end.through_shell);
	assert_int_equal(WEXITSTATUS(end.status), 4);
}

static void
script_becomes_its_user_without_other_groups(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c",
				     "[ \"$(id -u) $(id -g) $(id -G)\" = '12345 23456 23456' ]",
				     NULL };

	if (geteuid() != 0)
		return; /* only root can change */
	assert_int_equal(run_as(12345, 23456, argv, 0, NULL).status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_status_is_told),
		cmocka_unit_test(missing_script_says_so),
		cmocka_unit_test(script_over_its_time_is_terminated),
		cmocka_unit_test(environment_tells_the_change_and_hides_the_loader),
		cmocka_unit_test(script_inherits_no_descriptor_and_leads_its_group),
		cmocka_unit_test(script_becomes_its_user_without_other_groups),
		cmocka_unit_test(script_without_interpreter_line_runs_through_the_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client of the control socket can rely on, with a supervisor that has no rooms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
/* cmocka needs some of the above first */
#include <cmocka.h>

#include <jansson.h>

#include "daemon/control.h"
#include "daemon/reload.h"
#include "daemon/supervisor.h"

#define ANSWER_MAX 65536
#define LIMIT_NS   HF_SECONDS(20)

struct stage {
	struct supervisor sup;
	struct daemon_options options;
	struct daemon_paths paths;
	struct hf_timer *clock;
	hf_time end;
	int client;
	char answer[ANSWER_MAX]; /* what has arrived and is not taken yet */
	size_t len;
	bool closed;
};

static int
setup(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct hf_log_options quiet = { .most = HF_ERROR };

	if (stage == NULL)
		return -1;
	hf_log_setup(&quiet);
	snprintf(stage->paths.run_dir, sizeof(stage->paths.run_dir), "/tmp/test_control.XXXXXX");
	if (mkdtemp(stage->paths.run_dir) == NULL)
		return -1;
	snprintf(stage->paths.control, sizeof(stage->paths.control), "%s/control.sock",
		 stage->paths.run_dir);
	snprintf(stage->paths.config, sizeof(stage->paths.config), "%s/conf", stage->paths.run_dir);
	stage->sup.options = &stage->options;
	stage->sup.paths = &stage->paths;
	stage->sup.phase = PHASE_RUNNING;
	stage->sup.loop = hf_loop_new();
	if (stage->sup.loop == NULL || supervisor_init(&stage->sup) != 0)
		return -1;
	stage->sup.control = control_open(&stage->sup);
	if (stage->sup.control == NULL)
		return -1;
	*state = stage;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *stage = *state;

	if (stage->client > 0)
		close(stage->client);
	hf_timer_free(stage->clock);
	control_close(stage->sup.control);
	if (access(stage->paths.control, F_OK) == 0)
		return -1;
	supervisor_clear(&stage->sup);
	hf_loop_free(stage->sup.loop);
	unlink(stage->paths.config);
	if (rmdir(stage->paths.run_dir) != 0)
		return -1;
	free(stage);
	return 0;
}

static void
ask(struct stage *stage, const char *text)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memcpy(addr.sun_path, stage->paths.control, strlen(stage->paths.control) + 1);
	if (stage->client == 0) {
		stage->client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(stage->client, (struct sockaddr *)&addr, sizeof(addr)), 0);
	}
	assert_int_equal(send(stage->client, text, strlen(text), MSG_NOSIGNAL),
			 (ssize_t)strlen(text));
}

/* Stops the loop when a whole line is there, or the connection has ended. */
static void
on_clock(void *arg)
{
	struct stage *stage = arg;
	ssize_t n = recv(stage->client, stage->answer + stage->len,
			 sizeof(stage->answer) - 1 - stage->len, MSG_DONTWAIT);

	if (n > 0)
		stage->len += (size_t)n;
	stage->answer[stage->len] = '\0';
	stage->closed = n == 0;
	if (strchr(stage->answer, '\n') != NULL || n == 0 || hf_reached(hf_time_now(), stage->end))
		hf_loop_stop(stage->sup.loop);
	else
		hf_timer_set(stage->clock, hf_after(hf_time_now(), HF_MILLIS(2)));
}

/* The next line as JSON; NULL when the daemon has closed the connection. */
static json_t *
answer(struct stage *stage)
{
	json_error_t error;
	json_t *value = NULL;
	char *end;

	if (stage->clock == NULL)
		stage->clock = hf_timer_new(stage->sup.loop, HF_PRIO_BULK, on_clock, stage);
	stage->end = hf_after(hf_time_now(), LIMIT_NS);
	hf_timer_set(stage->clock, hf_time_now());
	assert_int_equal(hf_loop_run(stage->sup.loop), 0);
	end = strchr(stage->answer, '\n');
	if (end == NULL) {
		assert_true(stage->closed);
		return NULL;
	}
	*end = '\0';
	value = json_loads(stage->answer, 0, &error);
	assert_non_null(value);
	stage->len -= (size_t)(end - stage->answer) + 1;
	memmove(stage->answer, end + 1, stage->len + 1);
	return value;
}

static const char *
text_of(const json_t *value, const char *key)
{
	const char *text = json_string_value(json_object_get(value, key));

	return text != NULL ? text : "";
}

static void
only_the_owner_may_connect(void **state)
{
	struct stage *stage = *state;
	struct stat st;

	assert_int_equal(stat(stage->paths.control, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
status_has_every_part_without_rooms(void **state)
{
	json_t *status;

	ask(*state, "{\"cmd\":\"status\"}\n");
	status = answer(*state);
	assert_int_equal(json_integer_value(json_object_get(status, "schema")), 1);
	assert_true(json_is_array(json_object_get(status, "vrrp")));
	assert_true(json_is_array(json_object_get(status, "virtual_servers")));
	assert_true(json_is_array(json_object_get(json_object_get(status, "daemon"), "rooms")));
	json_decref(status);
}

static void
follower_hears_what_happens_later(void **state)
{
	struct stage *stage = *state;
	json_t *line;

	supervisor_change(&stage->sup, HF_NOTICE, 0, "a", "x", "y", "before", "%s", "");
	ask(stage, "{\"cmd\":\"events\",\"follow\":true}\n");
	line = answer(stage);
	assert_int_equal(json_array_size(json_object_get(line, "events")), 1);
	json_decref(line);
	supervisor_change(&stage->sup, HF_NOTICE, 0, "b", "x", "y", "after", "%s", "");
	line = answer(stage);
	assert_string_equal(text_of(json_array_get(json_object_get(line, "events"), 0), "reason"),
			    "after");
	json_decref(line);
}

static void
every_request_is_answered_even_behind_a_closed_side(void **state)
{
	static const char *const errors[] = { "expected one JSON object on a line",
					      "expected status, events or reload" };
	struct stage *stage = *state;
	json_t *line;

	ask(stage, "nonsense\n{\"cmd\":\"dance\"}\n");
	shutdown(stage->client, SHUT_WR);
	for (size_t i = 0; i < 2; i++) {
		line = answer(stage);
		assert_non_null(strstr(text_of(line, "error"), errors[i]));
		json_decref(line);
	}
	assert_null(answer(stage));
}

static void
endless_request_ends_the_connection(void **state)
{
	struct stage *stage = *state;
	char *text = malloc(CONTROL_LINE_MAX + 1);

	assert_non_null(text);
	memset(text, 'x', CONTROL_LINE_MAX);
	text[CONTROL_LINE_MAX] = '\0';
	ask(stage, text);
	free(text);
	assert_null(answer(stage));
}

static void
reload_of_a_bad_file_says_what_is_wrong(void **state)
{
	struct stage *stage = *state;
	FILE *conf = fopen(stage->paths.config, "w");
	json_t *line;

	assert_non_null(conf);
	fputs("vrrp_instance V {\n priority 300\n}\n", conf);
	fclose(conf);
	hf_log_setup(&(struct hf_log_options){ .most = HF_ERROR });
	ask(stage, "{\"cmd\":\"reload\"}\n");
	line = answer(stage);
	assert_true(json_is_false(json_object_get(line, "ok")));
	assert_non_null(strstr(text_of(line, "diagnostics"), "conf:2:"));
	json_decref(line);
	assert_int_equal(stage->sup.generation, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_the_owner_may_connect, setup, teardown),
		cmocka_unit_test_setup_teardown(status_has_every_part_without_rooms, setup,
						teardown),
		cmocka_unit_test_setup_teardown(follower_hears_what_happens_later, setup, teardown),
		cmocka_unit_test_setup_teardown(every_request_is_answered_even_behind_a_closed_side,
						setup, teardown),
		cmocka_unit_test_setup_teardown(endless_request_ends_the_connection, setup,
						teardown),
		cmocka_unit_test_setup_teardown(reload_of_a_bad_file_says_what_is_wrong, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

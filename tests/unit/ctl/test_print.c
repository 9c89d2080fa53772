/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an admin reads: the status page in 80 columns, and why something happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs some of the above first */
#include <cmocka.h>

#include "ctl/ctl.h"

#define NOW_US 1700000060000000 /* a minute after 2023-11-14T22:13:20Z */

static json_t *
parse(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, 0, &error);

	if (value == NULL)
		fail_msg("%s in %s", error.text, text);
	return value;
}

static char *
page_of(const char *text, bool colour)
{
	json_t *status = parse(text);
	char *page = NULL;
	size_t len;
	FILE *out = open_memstream(&page, &len);

	ctl_print_status(status, colour, NOW_US, out);
	fclose(out);
	json_decref(status);
	return page;
}

static const char pair[] =
	"{\"schema\":1,\"version\":\"0.1\",\"daemon\":{\"pid\":7,\"uptime_s\":61.5,"
	"\"config\":\"/etc/x.conf\",\"generation\":1,\"rooms\":["
	"{\"name\":\"vrrp\",\"state\":\"running\",\"restarts\":0,\"answers\":true},"
	"{\"name\":\"checker\",\"state\":\"waiting\",\"restarts\":2,\"answers\":true,"
	"\"since\":\"2023-11-14T22:14:15.000000Z\"}]},"
	"\"vrrp\":[{\"name\":\"VI_1\",\"state\":\"BACKUP\",\"interface\":\"eth0\",\"vrid\":51,"
	"\"version\":2,\"priority\":100,\"effective_priority\":90,\"master_address\":\"192.0.2.1\","
	"\"addresses\":[\"192.0.2.9/24\"],\"since\":\"2023-11-14T22:13:20.5Z\"}],"
	"\"virtual_servers\":[{\"address\":\"2001:db8::9\",\"port\":80,\"fwmark\":0,"
	"\"protocol\":\"tcp\",\"scheduler\":\"rr\",\"forwarding\":\"NAT\",\"quorum_up\":false,"
	"\"sorry_active\":true,\"real_servers\":[{\"address\":\"192.0.2.11\",\"port\":80,"
	"\"weight\":0,\"configured_weight\":3,\"up\":false,\"since\":\"2023-11-14T22:14:10Z\","
	"\"checks\":[{\"type\":\"TCP_CHECK\",\"up\":false,\"last_result\":\"refused\","
	"\"latency_ms\":0.2}]}]}]}";

static void
status_shows_the_pair_at_a_glance(void **state)
{
	char *page = page_of(pair, false);

	assert_string_equal(
		page, "Holdfast 0.1  pid 7  up 1m 1s\n"
		      "/etc/x.conf (generation 1)\n"
		      "\n"
		      "VRRP\n"
		      "  VI_1            BACKUP    eth0            vrid 51  prio 90 of 100  59s\n"
		      "            master 192.0.2.1\n"
		      "            192.0.2.9/24\n"
		      "\n"
		      "VIRTUAL SERVERS\n"
		      "  [2001:db8::9]:80         tcp  rr/NAT  QUORUM LOST\n"
		      "    192.0.2.11:80         DOWN weight 0 of 3 10s     TCP_CHECK refused\n"
		      "    sorry server in use\n"
		      "\n"
		      "ROOMS\n"
		      "  checker         waiting    for 5s, restarted 2 times\n");
	free(page);
}

static void
colour_is_only_for_terminals(void **state)
{
	char *plain = page_of(pair, false), *coloured = page_of(pair, true);

	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(coloured, "\033[31mDOWN\033[0m"));
	free(plain);
	free(coloured);
}

static void
long_lists_of_addresses_are_folded(void **state)
{
	char *page = page_of("{\"daemon\":{\"rooms\":[]},\"virtual_servers\":[],\"vrrp\":[{"
			     "\"name\":\"V\",\"state\":\"MASTER\",\"interface\":\"e\","
			     "\"addresses\":[\"192.0.2.1/24\",\"192.0.2.2/24\",\"192.0.2.3/24\","
			     "\"192.0.2.4/24\",\"192.0.2.5/24\",\"192.0.2.6/24\"]}]}",
			     false);

	for (char *line = strtok(page, "\n"); line != NULL; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 80);
	free(page);
}

/* The longest names that there can be. */
static void
nothing_is_wider_than_a_terminal(void **state)
{
	char *page = page_of(
		"{\"daemon\":{\"config\":\"/etc/holdfast/a-directory-with-a-long-name/and-another-"
		"one-below-it/holdfast.conf\"},\"vrrp\":[{\"name\":\"a-name-of-sixty-three-bytes-"
		"is-as-long-as-an-instance-may-be-calle\",\"state\":\"BACKUP\",\"interface\":"
		"\"interface-name1\",\"vrid\":255,\"priority\":254,\"effective_priority\":100,"
		"\"since\":\"2023-07-22T04:26:40Z\",\"unmet\":[\"link-down\"]}],\"virtual_"
		"servers\":[{"
		"\"address\":\"2001:db8:1111:2222:3333:4444:5555:6666\",\"port\":65535,"
		"\"protocol\":\"sctp\",\"scheduler\":\"lblcr\",\"forwarding\":\"tunnel\","
		"\"quorum_up\":false,\"real_servers\":[{\"address\":\"192.0.2.111\",\"port\":"
		"8080,\"weight\":0,\"configured_weight\":100,\"up\":true,\"since\":\"2023-07-22T04:"
		"26:40Z\","
		"\"checks\":[{\"type\":\"HTTP_GET\",\"up\":true,\"last_result\":\"a-very-long-"
		"result-code\",\"latency_ms\":1234.5}]}]}]}",
		false);

	for (char *line = strtok(page, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
	}
	free(page);
}

static void
empty_status_is_said(void **state)
{
	char *page = page_of("{\"daemon\":{},\"vrrp\":[],\"virtual_servers\":[]}", false);

	assert_non_null(strstr(page, "No vrrp_instance and no virtual_server"));
	free(page);
}

static const char story[] =
	"[{\"id\":8,\"cause\":0,\"time\":\"\",\"level\":\"notice\",\"room\":\"vrrp\","
	"\"subject\":\"eth0\",\"from\":\"up\",\"to\":\"down\",\"reason\":\"link-down\","
	"\"detail\":\"\"},"
	"{\"id\":16,\"cause\":8,\"time\":\"\",\"level\":\"notice\",\"room\":\"vrrp\","
	"\"subject\":\"VI_1\",\"from\":\"MASTER\",\"to\":\"FAULT\",\"reason\":\"interface-down\","
	"\"detail\":\"\"},"
	"{\"id\":24,\"cause\":4,\"time\":\"\",\"level\":\"notice\",\"room\":\"vrrp\","
	"\"subject\":\"VI_2\",\"from\":\"A\",\"to\":\"B\",\"reason\":\"x\",\"detail\":\"y=1\"}]";

static char *
why(const char *subject, bool expected)
{
	json_t *events = parse(story);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(ctl_print_why(events, subject, false, out), expected);
	fclose(out);
	json_decref(events);
	return text;
}

static void
why_starts_with_the_first_cause(void **state)
{
	char *text = why("VI_1", true);

	assert_string_equal(text,
			    "- notice  vrrp eth0: up -> down reason=link-down event=8\n"
			    "  led to - notice  vrrp VI_1: MASTER -> FAULT reason=interface-down "
			    "event=16 cause=8\n");
	free(text);
}

static void
why_says_when_the_beginning_is_gone(void **state)
{
	char *text = why("VI_2", true);

	assert_non_null(strstr(text, "(event 4, which began it, is no longer kept)"));
	free(text);
	free(why("VI_9", false));
}

static void
times_are_iso_8601(void **state)
{
	json_t *text = json_string("2023-11-14T22:13:20.25Z");

	assert_int_equal(ctl_time_of(text), 1700000000250000);
	assert_int_equal(ctl_time_of(NULL), -1);
	json_decref(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_shows_the_pair_at_a_glance),
		cmocka_unit_test(colour_is_only_for_terminals),
		cmocka_unit_test(long_lists_of_addresses_are_folded),
		cmocka_unit_test(nothing_is_wider_than_a_terminal),
		cmocka_unit_test(empty_status_is_said),
		cmocka_unit_test(why_starts_with_the_first_cause),
		cmocka_unit_test(why_says_when_the_beginning_is_gone),
		cmocka_unit_test(times_are_iso_8601),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

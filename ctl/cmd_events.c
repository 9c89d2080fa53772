/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "holdfast events" and "holdfast why". Their lines are print_event.c. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

struct events_options {
	bool follow;
	bool json;
	json_int_t since;
};

static bool
read_id(const char *text, json_int_t *id)
{
	char *end;

	errno = 0;
	*id = strtoll(text, &end, 10);
	return errno == 0 && *text != '\0' && *end == '\0' && *id >= 0;
}

/* Returns CTL_DONE or CTL_USAGE. */
static int
read_options(int argc, char *argv[], struct events_options *to)
{
	static const struct option options[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "since", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int code;

	while ((code = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (code == 'f')
			to->follow = true;
		else if (code == 'j')
			to->json = true;
		else if (code != 's')
			return CTL_USAGE;
		else if (!read_id(optarg, &to->since))
			return ctl_usage("--since: expected the number of an event");
	}
	return optind < argc ? ctl_usage("events takes no word") : CTL_DONE;
}

static void
print_events(const struct ctl *ctl, const json_t *answer, bool json)
{
	size_t i;
	json_t *event;

	json_array_foreach(json_object_get(answer, "events"), i, event)
	{
		if (json) {
			json_dumpf(event, stdout, JSON_COMPACT);
			putchar('\n');
		} else {
			ctl_print_event(event, ctl->colour, stdout);
		}
	}
	fflush(stdout);
}

int
ctl_events(const struct ctl *ctl, int argc, char *argv[])
{
	struct events_options how = { 0 };
	int status = read_options(argc, argv, &how);
	struct ctl_client *client;
	json_t *answer;

	if (status != CTL_DONE)
		return status;
	client = ctl_ask(ctl, json_pack("{s:s, s:b, s:I}", "cmd", "events", "follow", how.follow,
					"since", how.since));
	if (client == NULL)
		return CTL_UNREACHABLE;
	do {
		answer = ctl_answer(client, how.follow, &status);
		if (answer == NULL)
			break;
		print_events(ctl, answer, how.json);
		json_decref(answer);
		status = ferror(stdout) ? CTL_FAILED : CTL_DONE;
	} while (how.follow && status == CTL_DONE);
	ctl_client_free(client);
	return status;
}

int
ctl_why(const struct ctl *ctl, int argc, char *argv[])
{
	json_t *answer;
	int status;

	if (argc != 2)
		return ctl_usage("why: expected one subject, such as the name of an instance");
	answer = ctl_ask_once(ctl, json_pack("{s:s}", "cmd", "events"), &status);
	if (answer == NULL)
		return status;
	status = CTL_DONE;
	if (!ctl_print_why(json_object_get(answer, "events"), argv[1], ctl->colour, stdout)) {
		fprintf(stderr, "holdfast: no event is about \"%s\"\n", argv[1]);
		status = CTL_FAILED;
	}
	json_decref(answer);
	return status;
}

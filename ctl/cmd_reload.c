/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "holdfast reload": the daemon reads its configuration again and says what came of it. */
#include <string.h>

#include "ctl/ctl.h"

int
ctl_reload(const struct ctl *ctl, int argc, char *argv[])
{
	const char *text;
	json_t *answer;
	bool done;
	int status;

	if (argc != 1)
		return ctl_usage("reload takes no word");
	answer = ctl_ask_once(ctl, json_pack("{s:s}", "cmd", "reload"), &status);
	if (answer == NULL)
		return status;
	done = json_is_true(json_object_get(answer, "ok"));
	text = ctl_text(answer, "diagnostics");
	if (text[0] != '\0')
		fprintf(stderr, "%s%s", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
	if (done)
		printf("The configuration is in force (generation %lld).\n",
		       (long long)json_integer_value(json_object_get(answer, "generation")));
	else
		fputs("holdfast: reload refused: the running configuration stays\n", stderr);
	json_decref(answer);
	return done ? CTL_DONE : CTL_FAILED;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "holdfast status". The page itself is print_status.c. */
#include <getopt.h>

#include "ctl/ctl.h"
#include "lib/hf_time.h"

int
ctl_status(const struct ctl *ctl, int argc, char *argv[])
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { NULL, 0, NULL, 0 } };
	bool json = false;
	json_t *status;
	int code, exit_status;

	while ((code = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (code != 'j')
			return CTL_USAGE;
		json = true;
	}
	if (optind < argc)
		return ctl_usage("status takes no word");
	status = ctl_ask_once(ctl, json_pack("{s:s}", "cmd", "status"), &exit_status);
	if (status == NULL)
		return exit_status;
	if (json) {
		json_dumpf(status, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		ctl_print_status(status, ctl->colour, hf_wall_us(), stdout);
	}
	json_decref(status);
	return CTL_DONE;
}

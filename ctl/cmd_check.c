/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "holdfast check FILE": reads a configuration without a daemon. */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"
#include "ctl/ctl.h"

static int
check_file(const struct conf_options *how, bool strict)
{
	bool colour = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL;
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf;
	bool good;

	if (diags == NULL) {
		fputs("holdfast: out of memory\n", stderr);
		return CTL_FAILED;
	}
	conf = conf_load(how, diags);
	conf_diags_print(diags, stderr, colour);
	good = conf != NULL;
	if (good)
		printf("%s: %zu instance%s, %zu virtual server%s, %zu warning%s\n", how->path,
		       conf->vrrp->n_instances, conf->vrrp->n_instances == 1 ? "" : "s",
		       conf->checker->n_virtual, conf->checker->n_virtual == 1 ? "" : "s",
		       conf_diags_count(diags, CONF_WARNING),
		       conf_diags_count(diags, CONF_WARNING) == 1 ? "" : "s");
	if (strict && conf_diags_worst(diags) != CONF_NOTE)
		good = false;
	conf_free(conf);
	conf_diags_free(diags);
	return good ? CTL_DONE : CTL_FAILED;
}

int
ctl_check(const struct ctl *ctl, int argc, char *argv[])
{
	static const struct option options[] = {
		{ "strict", no_argument, NULL, 's' },
		{ "system", no_argument, NULL, 'm' },
		{ "config-id", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	struct conf_options how = { 0 };
	bool strict = false;
	int code;

	while ((code = getopt_long(argc, argv, "i:", options, NULL)) != -1) {
		if (code == 's')
			strict = how.strict_include = true;
		else if (code == 'm')
			how.check_system = true;
		else if (code == 'i')
			how.config_id = optarg;
		else
			return CTL_USAGE;
	}
	if (optind + 1 != argc)
		return ctl_usage("check: expected one file");
	how.path = argv[optind];
	return check_file(&how, strict);
}

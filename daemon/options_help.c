/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --help and --version print; both go to stderr, as keepalived's do. Elsewhere: reading
 * options. */
#include "daemon/options_help.h"

#include <event2/event.h>
#include <stddef.h>

#include "lib/hf_base.h"

static const char *const help_lines[] = {
	"Usage: holdfastd [OPTION]...",
	"",
	"Configuration:",
	"  -f, --use-file=FILE          configuration file or glob",
	"  -t, --config-test[=FILE]     test the configuration and exit: 0 good, 3 unreadable,",
	"                               4 errors, 5 scripts refused; messages go to FILE",
	"  -i, --config-id=ID           id that \"@id\" lines are compared with",
	"  -e, --all-config             a file that cannot be included is an error",
	"  -d, --dump-conf              log the configuration as understood",
	"",
	"What runs:",
	"  -P, --vrrp                   only VRRP",
	"  -C, --check                  only checks and IPVS",
	"      --all                    every room, even without configuration for it",
	"  -R, --dont-respawn           when a room dies, stop everything",
	"  -V, --dont-release-vrrp      leave addresses in place when stopping",
	"  -I, --dont-release-ipvs      leave the IPVS table in place when stopping",
	"  -X, --release-vips           accepted: addresses are always released",
	"",
	"Process:",
	"  -n, --dont-fork              stay in the foreground",
	"      --run-dir=DIR            pid files and control socket are in DIR",
	"  -p, --pid=FILE               pid file of the supervisor",
	"  -r, --vrrp_pid=FILE          pid file of the vrrp room",
	"  -c, --checkers_pid=FILE      pid file of the checker room",
	"  -s, --namespace=NAME         run in this network namespace",
	"  -u, --umask=OCTAL            file creation mask",
	"  -m, --core-dump              allow core files",
	"      --ignore-sigint          SIGINT does nothing",
	"",
	"Log:",
	"  -l, --log-console            also to stderr (with -n)",
	"  -D, --log-detail             more of it; twice: still more",
	"  -S, --log-facility=FACILITY  0-7, local0-local7, user, daemon",
	"  -G, --no-syslog              nothing to syslog",
	"",
	"      --signum=WORD            print the number of the signal for STOP, RELOAD, DATA,",
	"                               STATS, STATS_CLEAR, JSON or TDUMP",
	"  -v, --version                print the version and exit",
	"  -h, --help                   print this and exit",
	"",
	"keepalived's other options are accepted and have no effect.",
};

void
options_print_help(FILE *out)
{
	for (size_t i = 0; i < HF_COUNT_OF(help_lines); i++)
		fprintf(out, "%s\n", help_lines[i]);
}

void
options_print_version(FILE *out)
{
	fprintf(out,
		"Holdfast %s\n"
		"Config options: VRRP LVS CHECKERS\n"
		"System options: libevent %s\n",
		PACKAGE_VERSION, event_get_version());
}

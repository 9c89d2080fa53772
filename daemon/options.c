/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the command line. One table holds every option of keepalived: those without effect here are
 * accepted and remembered, so that a unit file or a script written for keepalived still starts us.
 * Not here: what the options do (main.c), the help text (options_help.c).
 */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "daemon/options_help.h"
#include "lib/hf_room.h"

/* Long options without a letter of their own. */
enum option_code {
	CODE_ALL = 256,
	CODE_FLUSH_LOG,
	CODE_SIGNUM,
	CODE_CONFIG_FD,
	CODE_IGNORE_SIGINT,
	CODE_PERF,
	CODE_DEBUG,
	CODE_NO_MEM_CHECK,
	CODE_RUN_DIR,
	CODE_ROOM,
};

static const char short_options[] = ":f:PCBlDS:g::Gu:XVIRndp:r:c:b:axA:s:mM::ei:t::LOTvh";

static const struct option long_options[] = {
	{ "use-file", required_argument, NULL, 'f' },
	{ "vrrp", no_argument, NULL, 'P' },
	{ "check", no_argument, NULL, 'C' },
	{ "no_bfd", no_argument, NULL, 'B' },
	{ "all", no_argument, NULL, CODE_ALL },
	{ "log-console", no_argument, NULL, 'l' },
	{ "log-detail", no_argument, NULL, 'D' },
	{ "log-facility", required_argument, NULL, 'S' },
	{ "log-file", optional_argument, NULL, 'g' },
	{ "flush-log-file", no_argument, NULL, CODE_FLUSH_LOG },
	{ "no-syslog", no_argument, NULL, 'G' },
	{ "umask", required_argument, NULL, 'u' },
	{ "release-vips", no_argument, NULL, 'X' },
	{ "dont-release-vrrp", no_argument, NULL, 'V' },
	{ "dont-release-ipvs", no_argument, NULL, 'I' },
	{ "dont-respawn", no_argument, NULL, 'R' },
	{ "dont-fork", no_argument, NULL, 'n' },
	{ "dump-conf", no_argument, NULL, 'd' },
	{ "pid", required_argument, NULL, 'p' },
	{ "vrrp_pid", required_argument, NULL, 'r' },
	{ "checkers_pid", required_argument, NULL, 'c' },
	{ "bfd_pid", required_argument, NULL, 'b' },
	{ "address-monitoring", no_argument, NULL, 'a' },
	{ "snmp", no_argument, NULL, 'x' },
	{ "snmp-agent-socket", required_argument, NULL, 'A' },
	{ "namespace", required_argument, NULL, 's' },
	{ "core-dump", no_argument, NULL, 'm' },
	{ "core-dump-pattern", optional_argument, NULL, 'M' },
	{ "all-config", no_argument, NULL, 'e' },
	{ "config-id", required_argument, NULL, 'i' },
	{ "signum", required_argument, NULL, CODE_SIGNUM },
	{ "config-test", optional_argument, NULL, 't' },
	{ "config-fd", required_argument, NULL, CODE_CONFIG_FD },
	{ "ignore-sigint", no_argument, NULL, CODE_IGNORE_SIGINT },
	{ "perf", optional_argument, NULL, CODE_PERF },
	{ "debug", optional_argument, NULL, CODE_DEBUG },
	{ "no-mem-check", no_argument, NULL, CODE_NO_MEM_CHECK },
	{ "mem-check", no_argument, NULL, 'L' },
	{ "mem-check-log", no_argument, NULL, 'O' },
	{ "genhash", no_argument, NULL, 'T' },
	{ "version", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "run-dir", required_argument, NULL, CODE_RUN_DIR },
	{ "room", required_argument, NULL, CODE_ROOM },
	{ NULL, 0, NULL, 0 },
};

/* What the reading functions share. */
struct reading {
	struct daemon_options *to;
	enum options_action action;
	FILE *out;
	FILE *err;
};

static void
refuse(struct reading *r, const char *what, const char *value, const char *expected)
{
	fprintf(r->err, "holdfastd: %s \"%s\": expected %s\n", what, value, expected);
	r->action = OPTIONS_EXIT_1;
}

static void
read_facility(struct reading *r, const char *word)
{
	static const int local[] = { LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3,
				     LOG_LOCAL4, LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7 };
	const char *digit = strncmp(word, "local", 5) == 0 ? word + 5 : word;

	if (digit[0] >= '0' && digit[0] <= '7' && digit[1] == '\0')
		r->to->facility = local[digit[0] - '0'];
	else if (strcmp(word, "user") == 0)
		r->to->facility = LOG_USER;
	else if (strcmp(word, "daemon") == 0)
		r->to->facility = LOG_DAEMON;
	else
		r->to->warning = "unknown log facility ignored: expected 0-7, local0-local7, user "
				 "or daemon";
}

static void
read_umask(struct reading *r, const char *word)
{
	char *end;
	unsigned long bits;

	errno = 0;
	bits = strtoul(word, &end, 8);
	if (errno != 0 || *word == '\0' || *end != '\0' || bits > 0777) {
		refuse(r, "--umask", word, "an octal number from 0 to 777");
		return;
	}
	r->to->umask_bits = (mode_t)bits;
	r->to->has_umask = true;
}

static void
print_signal(struct reading *r, const char *word)
{
	const struct {
		const char *name;
		int number;
	} signals[] = {
		{ "STOP", SIGTERM },
		{ "RELOAD", SIGHUP },
		{ "DATA", SIGUSR1 },
		{ "STATS", SIGUSR2 },
		{ "STATS_CLEAR", SIGRTMAX - 1 },
		{ "JSON", SIGRTMIN + 2 },
		{ "TDUMP", SIGRTMAX },
	};

	for (size_t i = 0; i < HF_COUNT_OF(signals); i++) {
		if (strcmp(word, signals[i].name) == 0) {
			fprintf(r->out, "%d\n", signals[i].number);
			if (r->action == OPTIONS_RUN)
				r->action = OPTIONS_EXIT_0;
			return;
		}
	}
	refuse(r, "--signum", word, "STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON or TDUMP");
}

static void
remember_unused(struct reading *r, int code)
{
	for (const struct option *o = long_options; o->name != NULL; o++) {
		if (o->val == code && r->to->n_unused < OPTIONS_UNUSED_MAX)
			r->to->unused[r->to->n_unused++] = o->name;
	}
}

static void
set_action(struct reading *r, enum options_action action)
{
	if (r->action != OPTIONS_EXIT_1)
		r->action = action;
}

/* Options that are only a word or a switch of their own. Returns false for all others. */
static bool
read_switch(struct daemon_options *to, int code)
{
	const struct {
		int code;
		bool *flag;
	} switches[] = {
		{ 'P', &to->only_vrrp },
		{ 'C', &to->only_checker },
		{ CODE_ALL, &to->all_rooms },
		{ 'l', &to->log_console },
		{ 'G', &to->no_syslog },
		{ 'V', &to->keep_vrrp },
		{ 'I', &to->keep_ipvs },
		{ 'R', &to->no_respawn },
		{ 'n', &to->foreground },
		{ 'd', &to->dump_conf },
		{ 'm', &to->core_dump },
		{ 'e', &to->strict_include },
		{ CODE_IGNORE_SIGINT, &to->ignore_sigint },
	};

	for (size_t i = 0; i < HF_COUNT_OF(switches); i++) {
		if (switches[i].code == code) {
			*switches[i].flag = true;
			return true;
		}
	}
	return false;
}

static bool
read_word(struct reading *r, int code, const char *word)
{
	struct daemon_options *to = r->to;
	const struct {
		int code;
		const char **word;
	} words[] = {
		{ 'f', &to->config },           { 'p', &to->pid_file },
		{ 'r', &to->vrrp_pid_file },    { 'c', &to->checkers_pid_file },
		{ 's', &to->net_namespace },    { 'i', &to->config_id },
		{ CODE_RUN_DIR, &to->run_dir }, { CODE_ROOM, &to->room },
	};

	for (size_t i = 0; i < HF_COUNT_OF(words); i++) {
		if (words[i].code != code)
			continue;
		if (word[0] == '\0')
			refuse(r, "option value", word, "something that is not empty");
		*words[i].word = word;
		return true;
	}
	return false;
}

static void
read_one(struct reading *r, int code, const char *word)
{
	if (read_switch(r->to, code) || read_word(r, code, word))
		return;
	switch (code) {
	case 'D':
		if (r->to->detail < UINT8_MAX)
			r->to->detail++;
		break;
	case 'S':
		read_facility(r, word);
		break;
	case 'u':
		read_umask(r, word);
		break;
	case 'X': /* what it asks for is what we always do: addresses are reconciled at exit */
		break;
	case 't':
		r->to->test_log = word;
		set_action(r, OPTIONS_TEST);
		break;
	case 'T':
		fputs("holdfastd: --genhash is not part of this program: use keepalived's "
		      "genhash\n",
		      r->err);
		r->action = OPTIONS_EXIT_1;
		break;
	case 'v':
		options_print_version(r->err);
		set_action(r, OPTIONS_EXIT_0);
		break;
	case 'h':
		options_print_help(r->err);
		set_action(r, OPTIONS_EXIT_0);
		break;
	case CODE_SIGNUM:
		print_signal(r, word);
		break;
	default:
		remember_unused(r, code);
		break;
	}
}

static void
complain(struct reading *r, char *argv[], int code)
{
	if (code == ':')
		fprintf(r->err, "holdfastd: option \"%s\" needs a value\n", argv[optind - 1]);
	else if (optopt > 0 && optopt < 256)
		fprintf(r->err, "holdfastd: unknown option \"-%c\": see holdfastd --help\n",
			optopt);
	else
		fprintf(r->err, "holdfastd: unknown option \"%s\": see holdfastd --help\n",
			argv[optind - 1]);
	r->action = OPTIONS_EXIT_1;
}

enum options_action
options_read(int argc, char *argv[], struct daemon_options *options, FILE *out, FILE *err)
{
	struct reading r = { .to = options, .action = OPTIONS_RUN, .out = out, .err = err };
	int code;

	*options = (struct daemon_options){ .facility = LOG_DAEMON };
	opterr = 0;
	optind = 0; /* glibc: start over, for tests that read several command lines */
	while ((code = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		if (code == '?' || code == ':')
			complain(&r, argv, code);
		else
			read_one(&r, code, optarg);
	}
	for (int i = optind; i < argc; i++)
		fprintf(out, "holdfastd: ignoring extra word \"%s\"\n", argv[i]);
	if (options->room != NULL)
		set_action(&r, OPTIONS_ROOM);
	return r.action;
}

int
options_room_kind(const char *name)
{
	for (int kind = HF_ROOM_RUNNER; kind < HF_ROOM_KINDS; kind++) {
		if (strcmp(name, hf_room_name((enum hf_room_kind)kind)) == 0)
			return kind;
	}
	return -1;
}

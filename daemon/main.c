/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holdfastd. Order of a start: options, namespace, configuration, pid files, background, startup
 * script, rooms. With "--room NAME" the same program is one of the rooms. Elsewhere: what the
 * daemon does once it runs (daemon_run.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checker/checker.h"
#include "daemon/daemon_run.h"
#include "daemon/options.h"
#include "daemon/paths.h"
#include "daemon/process.h"
#include "daemon/reload.h"
#include "ipvs/ipvs.h"
#include "lib/hf_room.h"
#include "runner/runner.h"
#include "vrrp/vrrp.h"

/* keepalived's exit statuses. */
enum exit_status {
	EXIT_FATAL = 1,
	EXIT_REFUSED = 2,    /* the configuration does not run */
	EXIT_UNREADABLE = 6, /* the configuration is missing or cannot be read */
};

/* What conf_diags_exit() says of a file that cannot be read. */
#define TEST_UNREADABLE 3

static int
run_room(const char *name)
{
	const struct hf_room_ops *(*const rooms[HF_ROOM_KINDS])(void) = {
		[HF_ROOM_RUNNER] = runner_room,
		[HF_ROOM_IPVS] = ipvs_room,
		[HF_ROOM_CHECKER] = checker_room,
		[HF_ROOM_VRRP] = vrrp_room,
	};
	int kind = options_room_kind(name);

	if (kind < 0 || rooms[kind] == NULL) {
		fprintf(stderr, "holdfastd: no room is called \"%s\"\n", name);
		return EXIT_FATAL;
	}
	return hf_room_main(rooms[kind]());
}

/* The log of the time before the background: also on the terminal, whatever -l says. */
static void
setup_log(const struct daemon_options *options, const char *suffix, bool console)
{
	struct hf_log_options log = { .facility = options->facility,
				      .console = console,
				      .syslog = !options->no_syslog,
				      .most = options->detail > 0 ? HF_DEBUG : HF_INFO };

	snprintf(log.room, sizeof(log.room), "%s", hf_room_name(HF_ROOM_DAEMON));
	snprintf(log.suffix, sizeof(log.suffix), "%s", suffix);
	hf_log_setup(&log);
}

/*
 * The namespace decides which interfaces there are, and may itself stand in the file: then a first
 * reading looks for it. Returns 0 or an exit status.
 */
static int
enter_namespace(const struct daemon_options *options, const struct daemon_paths *paths)
{
	char *name = NULL, *text = NULL;
	struct conf *conf = NULL;
	int status, err = 0;

	if (options->net_namespace != NULL) {
		name = strdup(options->net_namespace);
	} else {
		conf = reload_read(paths->config, options, false, &text, &status);
		if (conf != NULL && conf->global->net_namespace != NULL)
			name = strdup(conf->global->net_namespace);
	}
	if (name != NULL)
		err = process_enter_netns(name);
	if (err != 0)
		fprintf(stderr, "holdfastd: network namespace \"%s\" cannot be entered: %s\n", name,
			strerror(-err));
	free(name);
	free(text);
	conf_free(conf);
	return err != 0 ? EXIT_FATAL : 0;
}

static int
test_configuration(const struct daemon_options *options, const struct daemon_paths *paths)
{
	FILE *out = stderr;
	struct conf *conf;
	char *text = NULL;
	int status = enter_namespace(options, paths);

	if (status != 0)
		return status;
	if (options->test_log != NULL) {
		out = fopen(options->test_log, "ae");
		if (out == NULL) {
			fprintf(stderr, "holdfastd: %s cannot be written: %s\n", options->test_log,
				strerror(errno));
			return EXIT_FATAL;
		}
	}
	conf = reload_read(paths->config, options, true, &text, &status);
	fputs(text != NULL ? text : "", out);
	conf_free(conf);
	free(text);
	if (out != stderr)
		fclose(out);
	return status;
}

static void
say_oddities(const struct daemon_options *options, const struct daemon_paths *paths)
{
	char names[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < options->n_unused && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, " --%s",
					options->unused[i]);
	if (options->n_unused > 0)
		hf_log(HF_WARNING, NULL, "accepted without effect:%s", names);
	if (options->warning != NULL)
		hf_log(HF_WARNING, NULL, "%s", options->warning);
	hf_log(HF_INFO, NULL, "Holdfast %s, configuration %s", PACKAGE_VERSION, paths->config);
}

/* Everything that can still be refused with a line on the terminal. Returns 0 or an exit status. */
static int
read_first(const struct daemon_options *options, const struct daemon_paths *paths,
	   struct conf **conf)
{
	char *text = NULL;
	int status;

	*conf = reload_read(paths->config, options, true, &text, &status);
	if (text != NULL)
		fputs(text, stderr);
	free(text);
	if (*conf != NULL)
		return 0;
	fprintf(stderr, "holdfastd: %s is not acceptable: not started\n", paths->config);
	return status == TEST_UNREADABLE ? EXIT_UNREADABLE : EXIT_REFUSED;
}

static int
start(const struct daemon_options *options, struct daemon_paths *paths)
{
	const char *netns = options->net_namespace;
	struct conf *conf = NULL;
	int status = enter_namespace(options, paths);

	if (status != 0)
		return status;
	setup_log(options, "", true);
	say_oddities(options, paths);
	status = read_first(options, paths, &conf);
	if (status != 0)
		return status;
	if (netns == NULL)
		netns = conf->global->net_namespace;
	if (paths_find_run(paths, options, netns, conf->global->instance, stderr) != 0) {
		conf_free(conf);
		return EXIT_FATAL;
	}
	if (options->has_umask)
		umask(options->umask_bits);
	else if (conf->global->has_umask)
		umask(conf->global->umask_bits);
	setup_log(options,
		  conf->global->instance != NULL ? conf->global->instance
						 : (netns != NULL ? netns : ""),
		  true);
	return daemon_run(options, paths, conf);
}

int
main(int argc, char *argv[])
{
	struct daemon_options options;
	struct daemon_paths paths = { 0 };
	enum options_action action = options_read(argc, argv, &options, stdout, stderr);

	switch (action) {
	case OPTIONS_EXIT_0:
		return 0;
	case OPTIONS_EXIT_1:
		return EXIT_FATAL;
	case OPTIONS_ROOM:
		return run_room(options.room);
	case OPTIONS_TEST:
	case OPTIONS_RUN:
		break;
	}
	if (paths_find_config(&paths, &options) != 0) {
		fputs("holdfastd: the name of the configuration file is too long\n", stderr);
		return EXIT_FATAL;
	}
	if (options.core_dump)
		process_allow_core();
	if (action == OPTIONS_TEST)
		return test_configuration(&options, &paths);
	return start(&options, &paths);
}

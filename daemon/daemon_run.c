/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running supervisor: pid files, background, signals, control socket, loop, and everything
 * undone at the end. Decisions about rooms are in supervisor.c.
 */
#include "daemon/daemon_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/dump.h"
#include "daemon/parts.h"
#include "daemon/process.h"
#include "daemon/reload.h"
#include "daemon/spawn.h"
#include "daemon/supervisor.h"

#define SIGNALS_MAX 10

enum { EXIT_FATAL = 1, EXIT_PERMISSION = 4 };

struct running {
	struct supervisor sup;
	struct hf_signal *signals[SIGNALS_MAX];
	size_t n_signals;
};

/* keepalived's exit status for what the system refused. */
static int
status_of(int err)
{
	return err == -EACCES || err == -EPERM ? EXIT_PERMISSION : EXIT_FATAL;
}

/* Returns 0, or an exit status; 0 with *already: somebody else runs. */
static int
take_pid_files(struct supervisor *sup, unsigned int needed, bool *already)
{
	const struct {
		enum hf_room_kind kind;
		const char *path;
	} files[] = {
		{ HF_ROOM_DAEMON, sup->paths->pid },
		{ HF_ROOM_VRRP, sup->paths->vrrp_pid },
		{ HF_ROOM_CHECKER, sup->paths->checkers_pid },
	};

	for (size_t i = 0; i < HF_COUNT_OF(files); i++) {
		int err;

		if (files[i].kind != HF_ROOM_DAEMON && (needed & (1u << files[i].kind)) == 0)
			continue;
		err = pidfile_take(&sup->pidfiles[files[i].kind], files[i].path);
		if (err == 0)
			continue;
		*already = err == -EALREADY;
		hf_log(HF_ERROR, NULL, "%s: %s", files[i].path,
		       *already ? "another instance is already running: not started"
				: strerror(-err));
		return *already ? 0 : status_of(err);
	}
	return 0;
}

static void
drop_pid_files(struct supervisor *sup)
{
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++)
		pidfile_remove(&sup->pidfiles[kind]);
}

static void
on_signal(void *arg, int signum)
{
	struct supervisor *sup = arg;

	if (signum == SIGCHLD)
		supervisor_children_died(sup);
	else if (signum == SIGHUP)
		reload_start(sup);
	else if (signum == SIGTERM || signum == SIGINT)
		supervisor_stop(sup, 0, signum == SIGTERM ? "sigterm" : "sigint");
	else if (signum == SIGUSR1)
		dump_write(sup, HF_ROOM_DUMP_DATA);
	else if (signum == SIGUSR2)
		dump_write(sup, HF_ROOM_DUMP_STATS);
	else if (signum == SIGRTMAX - 1)
		dump_write(sup, HF_ROOM_DUMP_STATS_CLEAR);
	else if (signum == SIGRTMIN + 2)
		dump_write(sup, HF_ROOM_DUMP_JSON);
}

static int
watch_signals(struct running *run)
{
	const int signums[] = { SIGCHLD, SIGHUP,  SIGTERM,      SIGINT,
				SIGUSR1, SIGUSR2, SIGRTMAX - 1, SIGRTMIN + 2 };

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < HF_COUNT_OF(signums); i++) {
		if (signums[i] == SIGINT && run->sup.options->ignore_sigint) {
			signal(SIGINT, SIG_IGN);
			continue;
		}
		run->signals[run->n_signals] =
			hf_signal_new(run->sup.loop, signums[i], on_signal, &run->sup);
		if (run->signals[run->n_signals++] == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* The first configuration is in force in every room. */
static void
started(struct supervisor *sup, const char *error)
{
	supervisor_change(sup, HF_NOTICE, 0, "daemon", "starting", "running",
			  error == NULL ? "configured" : "room-refused", "%s",
			  error == NULL ? "" : error);
	sd_notify_ready(sup->notify, "Running");
	sup->configured = reload_configured;
	if (sup->reload_again) {
		sup->reload_again = false;
		reload_start(sup);
	}
}

static void
log_configuration(const struct conf *conf)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return;
	parts_print(conf, out);
	fclose(out);
	reload_log_text(HF_INFO, text);
	free(text);
}

/* Starts the rooms and turns the loop until the end. Takes over conf. Returns the exit status. */
static int
run_loop(struct running *run, struct conf *conf)
{
	struct supervisor *sup = &run->sup;
	uint64_t cause;
	int err = supervisor_init(sup);

	if (err == 0)
		err = watch_signals(run);
	if (err != 0)
		goto fail;
	if (parts_needed(conf, sup->options) == 0)
		hf_log(HF_WARNING, NULL,
		       "%s has neither a vrrp_instance nor a virtual_server that is to run: "
		       "waiting for a reload",
		       sup->paths->config);
	cause = supervisor_change(sup, HF_INFO, 0, "configuration", "none", "reading", "start",
				  "%s", sup->paths->config);
	sup->configured = started;
	err = supervisor_configure(sup, conf, cause);
	if (err != 0)
		goto fail;
	sup->control = control_open(sup);
	err = hf_loop_run(sup->loop);
	if (err != 0)
		hf_log(HF_ERROR, NULL, "the event loop failed: %s", strerror(-err));
	return err != 0 ? EXIT_FATAL : sup->exit_code;
fail:
	hf_log(HF_ERROR, NULL, "cannot start: %s", strerror(-err));
	conf_free(conf);
	return 1;
}

static void
end_loop(struct running *run)
{
	struct supervisor *sup = &run->sup;

	control_close(sup->control);
	for (size_t i = 0; i < run->n_signals; i++)
		hf_signal_free(run->signals[i]);
	if (sup->conf != NULL)
		spawn_script_and_wait("shutdown_script", &sup->conf->global->shutdown_script);
	supervisor_clear(sup);
	hf_loop_free(sup->loop);
}

/* Into the background, or not; afterwards the log is where the options want it. */
static int
settle(const struct daemon_options *options)
{
	struct hf_log_options log = *hf_log_current();
	int err = 0;

	log.console = options->foreground && options->log_console;
	if (!options->foreground)
		err = process_daemonise();
	if (err != 0)
		hf_log(HF_ERROR, NULL, "cannot go to the background: %s", strerror(-err));
	else
		hf_log_setup(&log);
	return err;
}

int
daemon_run(const struct daemon_options *options, const struct daemon_paths *paths,
	   struct conf *conf)
{
	struct running *run = calloc(1, sizeof(*run));
	struct supervisor *sup = &run->sup;
	bool already = false;
	int status = EXIT_FATAL, err;

	if (run == NULL)
		goto out;
	sup->options = options;
	sup->paths = paths;
	err = paths_make_run_dir(paths);
	if (err != 0) {
		hf_log(HF_ERROR, NULL, "run directory %s cannot be made: %s", paths->run_dir,
		       strerror(-err));
		status = status_of(err);
		goto out;
	}
	status = take_pid_files(sup, parts_needed(conf, options), &already);
	if (status != 0 || already || settle(options) != 0)
		goto out;
	pidfile_write(&sup->pidfiles[HF_ROOM_DAEMON], getpid());
	sup->notify = sd_notify_open();
	if (options->dump_conf)
		log_configuration(conf);
	spawn_script_and_wait("startup_script", &conf->global->startup_script);
	sup->loop = hf_loop_new();
	status = sup->loop != NULL ? run_loop(run, conf) : EXIT_FATAL;
	conf = NULL;
	if (sup->loop != NULL)
		end_loop(run);
	hf_log(HF_INFO, NULL, "Holdfast %s has left, exit status %d", PACKAGE_VERSION, status);
out:
	conf_free(conf);
	if (run != NULL) {
		drop_pid_files(sup);
		sd_notify_close(sup->notify);
	}
	free(run);
	return status;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a file to a configuration in force. A text with errors never replaces the running one; what
 * is wrong with it goes to the log and to whoever asked.
 */
#include "daemon/reload.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/control.h"

struct conf *
reload_read(const char *path, const struct daemon_options *options, bool check_system,
	    char **diags_text, int *exit_status)
{
	struct conf_options how = { .path = path,
				    .config_id = options->config_id,
				    .check_system = check_system,
				    .strict_include = options->strict_include };
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = NULL;
	size_t len;
	FILE *out;

	*diags_text = NULL;
	*exit_status = 1;
	if (diags == NULL)
		return NULL;
	conf = conf_load(&how, diags);
	*exit_status = conf_diags_exit(diags);
	out = open_memstream(diags_text, &len);
	if (out != NULL) {
		conf_diags_print(diags, out, false);
		fclose(out);
	}
	conf_diags_free(diags);
	return conf;
}

void
reload_log_text(enum hf_log_level level, const char *text)
{
	while (*text != '\0') {
		int len = (int)strcspn(text, "\n");

		if (len > 0)
			hf_log(level, NULL, "%.*s", len, text);
		text += len;
		if (*text == '\n')
			text++;
	}
}

static bool
same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* Names what cannot change in a running daemon; NULL: nothing of it changed. */
static const char *
fixed_part_changed(const struct global_model *now, const struct global_model *wanted)
{
	if (!same_text(now->net_namespace, wanted->net_namespace))
		return "net_namespace cannot change while the daemon runs: restart it";
	if (!same_text(now->instance, wanted->instance))
		return "instance cannot change while the daemon runs: restart it";
	return NULL;
}

/* The reload is over: tells systemd and the clients, and starts the next if somebody asked. */
static void
finish(struct supervisor *sup, bool ok, const char *text)
{
	sd_notify_ready(sup->notify, ok ? "Running" : "Running; the last reload was refused");
	control_reload_done(sup->control, ok, text);
	free(sup->reload_text);
	sup->reload_text = NULL;
	if (sup->reload_again && sup->phase == PHASE_RUNNING) {
		sup->reload_again = false;
		reload_start(sup);
	}
}

static void
refuse(struct supervisor *sup, uint64_t cause, const char *text)
{
	reload_log_text(HF_ERROR, text);
	supervisor_change(sup, HF_ERROR, cause, "configuration", "reading", "unchanged",
			  "reload-refused", "generation=%llu", (unsigned long long)sup->generation);
	finish(sup, false, text);
}

void
reload_configured(struct supervisor *sup, const char *error)
{
	char *text = NULL;

	if (error == NULL) {
		supervisor_change(sup, HF_NOTICE, sup->reload_cause, "configuration", "reading",
				  "in-force", "reload", "generation=%llu",
				  (unsigned long long)sup->generation);
		finish(sup, true, sup->reload_text != NULL ? sup->reload_text : "");
		return;
	}
	supervisor_change(sup, HF_ERROR, sup->reload_cause, "configuration", "reading", "unchanged",
			  "room-refused", "%s", error);
	if (asprintf(&text, "%serror: room %s\n", sup->reload_text != NULL ? sup->reload_text : "",
		     error) < 0)
		text = NULL;
	finish(sup, false, text != NULL ? text : error);
	free(text);
}

void
reload_start(struct supervisor *sup)
{
	const char *fixed;
	char *text = NULL;
	struct conf *conf;
	int status, err;

	if (sup->phase == PHASE_STOPPING)
		return;
	if (sup->phase != PHASE_RUNNING) {
		sup->reload_again = true;
		return;
	}
	sup->reload_round++;
	sd_notify_reloading(sup->notify);
	sup->reload_cause = supervisor_change(sup, HF_INFO, 0, "configuration", "in-force",
					      "reading", "reload", "%s", sup->paths->config);
	conf = reload_read(sup->paths->config, sup->options, true, &text, &status);
	fixed = conf != NULL && sup->conf != NULL
			? fixed_part_changed(sup->conf->global, conf->global)
			: NULL;
	if (conf == NULL || fixed != NULL) {
		refuse(sup, sup->reload_cause,
		       fixed != NULL ? fixed : (text != NULL ? text : "out of memory"));
		conf_free(conf);
		free(text);
		return;
	}
	if (text != NULL)
		reload_log_text(HF_WARNING, text);
	free(sup->reload_text);
	sup->reload_text = text;
	sup->configured = reload_configured;
	err = supervisor_configure(sup, conf, sup->reload_cause);
	if (err != 0) {
		conf_free(conf);
		refuse(sup, sup->reload_cause, strerror(-err));
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner room: takes jobs and FIFO lines from its neighbours and carries them out.
 * Elsewhere: what they may ask for (runner_allow.c), which job is next (runner_queue.c), one script
 * (runner_process.c, runner_spawn.c), the FIFOs and their readers (runner_channel.c,
 * runner_fifo.c), reading their configuration (config/).
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/global_model.h"
#include "lib/hf_room.h"
#include "runner/runner_allow.h"
#include "runner/runner_channel.h"
#include "runner/runner_orphan.h"
#include "runner/runner_process.h"
#include "runner/runner_queue.h"

/* At stop: how long we wait for rooms that may still have jobs for us (the first when nobody waits
 * for us), then for what waits and runs, then between SIGTERM and SIGKILL of what is left. */
#define LEAVE_LINKS_GONE_NS HF_SECONDS(10)
#define LEAVE_LINKS_NS      HF_SECONDS(4)
#define LEAVE_JOBS_NS       HF_SECONDS(1)
#define LEAVE_KILL_NS       HF_MILLIS(100)

/* Jobs that came before our first configuration and wait for it. */
#define EARLY_MAX 1024

struct runner;

/* A job that runs. */
struct runner_active {
	TAILQ_ENTRY(runner_active) link;
	struct runner *runner;
	struct runner_entry *entry;
	struct runner_process *process;
	pid_t pid;
};

enum leaving { LEAVING_NOT, LEAVING_LINKS, LEAVING_JOBS, LEAVING_KILL };

struct runner {
	struct hf_room *room;
	struct runner_queues *queues;
	TAILQ_HEAD(, runner_active) active;
	struct runner_channels channels;
	struct runner_orphans orphans;
	struct runner_model *model;  /* NULL: not configured yet */
	struct runner_model *before; /* a room may not have left it yet; NULL: none */
	struct runner_entries early; /* came before the first model */
	size_t n_early;
	enum leaving leaving;
	struct hf_timer *leave_timer;
	uint64_t started, failed, timed_out, dropped, refused;
};

static void start_jobs(struct runner *runner);
static void leave_when_idle(struct runner *runner);

static bool
keeps_output(void)
{
	return hf_log_current()->console;
}

static void
report(struct runner *runner, const struct runner_entry *entry, const struct runner_end *end)
{
	struct runner_result result = { .id = entry->job.id,
					.status = end->status,
					.timed_out = end->timed_out,
					.took_ns = end->took_ns };
	struct hf_ipc *link = hf_room_link(runner->room, (enum hf_room_kind)entry->from);

	if (link != NULL && (entry->job.flags & RUNNER_REPORT))
		hf_ipc_send(link, RUNNER_MSG_DONE, &result, sizeof(result), -1);
}

static void
report_dropped(struct runner *runner, struct runner_entry *entry)
{
	static const struct runner_end never = { .status = -1 };
	static const char *const reasons[] = {
		[RUNNER_DROP_SUPERSEDED] = "a later change makes it pointless",
		[RUNNER_DROP_FULL] = "too many scripts wait for their turn",
		[RUNNER_DROP_QUEUES] = "too many queues of scripts",
	};

	hf_log(entry->drop == RUNNER_DROP_SUPERSEDED ? HF_INFO : HF_ERROR, entry->job.queue,
	       "script %s not run: %s", entry->argv[0], reasons[entry->drop]);
	runner->dropped++;
	report(runner, entry, &never);
	runner_entry_free(entry);
}

/* Results of scripts that somebody waits for are judged there: here they are detail. */
static void
log_end(const struct runner_entry *entry, const struct runner_end *end)
{
	bool quiet = entry->job.flags & RUNNER_REPORT;
	char text[RUNNER_END_TEXT_MAX];

	if (end->through_shell)
		hf_log(HF_WARNING, entry->job.queue,
		       "script %s has no \"#!\" line: run through the shell", entry->argv[0]);
	hf_log(quiet              ? HF_DEBUG
	       : end->status == 0 ? HF_INFO
				  : HF_WARNING,
	       entry->job.queue, "script %s: %s", entry->argv[0], runner_end_text(end, text));
}

static void
finish(struct runner *runner, struct runner_entry *entry, const struct runner_end *end)
{
	log_end(entry, end);
	if (end->status != 0)
		runner->failed++;
	if (end->timed_out)
		runner->timed_out++;
	report(runner, entry, end);
	runner_queues_done(runner->queues, entry);
	runner_entry_free(entry);
}

static void
on_job_end(void *arg, const struct runner_end *end)
{
	struct runner_active *active = arg;
	struct runner *runner = active->runner;

	TAILQ_REMOVE(&runner->active, active, link);
	runner_orphan_forget(runner->room, active->pid);
	finish(runner, active->entry, end);
	free(active);
	start_jobs(runner);
	leave_when_idle(runner);
}

static int
start_job(struct runner *runner, struct runner_entry *entry)
{
	struct runner_command cmd = { .uid = entry->job.uid,
				      .gid = entry->job.gid,
				      .argv = entry->argv,
				      .keep_output = keeps_output() };
	struct runner_active *active = calloc(1, sizeof(*active));
	int err = -ENOMEM;

	cmd.envp = runner_environment(&entry->job);
	if (active == NULL || cmd.envp == NULL)
		goto failed;
	active->runner = runner;
	active->entry = entry;
	active->process = runner_process_start(hf_room_loop(runner->room), &cmd,
					       entry->job.limit_ns, on_job_end, active, &err);
	if (active->process == NULL)
		goto failed;
	active->pid = runner_process_pid(active->process);
	runner_orphan_remember(runner->room, active->pid);
	TAILQ_INSERT_TAIL(&runner->active, active, link);
	runner->started++;
	runner_environment_free(cmd.envp);
	return 0;
failed:
	runner_environment_free(cmd.envp);
	free(active);
	return err;
}

static void
start_jobs(struct runner *runner)
{
	struct runner_entry *entry;

	while ((entry = runner_queues_next(runner->queues)) != NULL) {
		struct runner_end end = { .status = -1, .failed_step = RUNNER_STEP_EXEC };

		end.error = -start_job(runner, entry);
		if (end.error != 0)
			finish(runner, entry, &end);
	}
}

/* Says it once in words and once as an event, and answers whoever waits for the job. */
static void
refuse(struct runner *runner, struct runner_entry *entry)
{
	static const struct runner_end never = { .status = -1 };
	const char *from = hf_room_name((enum hf_room_kind)entry->from);

	hf_room_change(runner->room, HF_ERROR, entry->job.cause, entry->job.queue, "asked",
		       "refused", "script-not-configured", "room=%s uid=%lu gid=%lu script=%s",
		       from, (unsigned long)entry->job.uid, (unsigned long)entry->job.gid,
		       entry->argv[0]);
	runner->refused++;
	report(runner, entry, &never);
	runner_entry_free(entry);
}

static bool
is_allowed(const struct runner *runner, const struct runner_entry *entry)
{
	enum hf_room_kind from = (enum hf_room_kind)entry->from;

	return (runner->model != NULL && runner_allow_job(runner->model, from, &entry->job)) ||
	       (runner->before != NULL && runner_allow_job(runner->before, from, &entry->job));
}

static void
judge_job(struct runner *runner, struct runner_entry *entry)
{
	struct runner_entries dropped = TAILQ_HEAD_INITIALIZER(dropped);

	if (!is_allowed(runner, entry)) {
		refuse(runner, entry);
		return;
	}
	runner_queues_add(runner->queues, entry, &dropped);
	while ((entry = TAILQ_FIRST(&dropped)) != NULL) {
		TAILQ_REMOVE(&dropped, entry, link);
		report_dropped(runner, entry);
	}
	start_jobs(runner);
}

static int
take_job(struct runner *runner, enum hf_room_kind from, const void *payload, size_t len)
{
	struct runner_entry *entry;
	int err = runner_entry_new(payload, len, (int)from, &entry);

	if (err)
		return err;
	hf_room_saw(runner->room, entry->job.cause);
	/* A neighbour that knows us from a predecessor may be faster than our configuration. */
	if (runner->model == NULL && runner->n_early < EARLY_MAX) {
		TAILQ_INSERT_TAIL(&runner->early, entry, link);
		runner->n_early++;
	} else {
		judge_job(runner, entry);
	}
	return 0;
}

static struct runner_entry *
next_early(struct runner *runner)
{
	struct runner_entry *entry = TAILQ_FIRST(&runner->early);

	if (entry != NULL) {
		TAILQ_REMOVE(&runner->early, entry, link);
		runner->n_early--;
	}
	return entry;
}

static int
take_line(struct runner *runner, enum hf_room_kind from, const void *payload, size_t len)
{
	if (!runner_allow_line(from, payload, len)) {
		hf_log(HF_ERROR, NULL, "FIFO line of room %s not written: not one that it may send",
		       hf_room_name(from));
		return -EBADMSG;
	}
	runner_channels_write(&runner->channels, from == HF_ROOM_VRRP, payload, len);
	return 0;
}

static int
runner_message(void *state, enum hf_room_kind peer, uint16_t type, const void *payload, size_t len,
	       int fd)
{
	struct runner *runner = state;

	if (fd >= 0)
		close(fd);
	switch ((enum runner_msg)type) {
	case RUNNER_MSG_RUN:
		return take_job(runner, peer, payload, len);
	case RUNNER_MSG_FIFO:
		return take_line(runner, peer, payload, len);
	case RUNNER_MSG_DONE:
		break;
	}
	return -EPROTO;
}

static int
runner_config(void *state, const struct hf_room_config *how, const char *text, size_t len,
	      char why[512])
{
	struct runner *runner = state;
	struct runner_model *model = runner_model_read(text, len, why);
	struct runner_entry *entry;

	if (model == NULL)
		return 2;
	runner_channels_apply(&runner->channels, model);
	runner_model_free(runner->before);
	runner->before = runner->model;
	runner->model = model;
	while ((entry = next_early(runner)) != NULL)
		judge_job(runner, entry);
	return 0;
}

static void
runner_recall(void *state, const char *key, const void *bytes, size_t len)
{
	struct runner *runner = state;

	runner_channels_recall(&runner->channels, key);
	runner_orphans_recall(&runner->orphans, key, bytes, len);
}

/* Does somebody still hold a link over which jobs may come? */
static bool
is_linked(const struct runner *runner)
{
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++) {
		if (hf_room_link(runner->room, (enum hf_room_kind)kind) != NULL)
			return true;
	}
	return false;
}

static void
leave_in(struct runner *runner, enum leaving phase, int64_t span_ns)
{
	runner->leaving = phase;
	hf_timer_set(runner->leave_timer, hf_after(hf_time_now(), span_ns));
}

static bool
has_jobs(const struct runner *runner)
{
	return runner_queues_running(runner->queues) > 0 ||
	       runner_queues_waiting(runner->queues) > 0;
}

static void
leave_when_idle(struct runner *runner)
{
	if (runner->leaving == LEAVING_LINKS && !is_linked(runner))
		leave_in(runner, LEAVING_JOBS, LEAVE_JOBS_NS);
	if (runner->leaving == LEAVING_JOBS && !has_jobs(runner)) {
		runner_channels_close(&runner->channels);
		leave_in(runner, LEAVING_KILL, LEAVE_KILL_NS);
	}
	if (runner->leaving == LEAVING_KILL && TAILQ_EMPTY(&runner->active) &&
	    TAILQ_EMPTY(&runner->channels.readers))
		hf_room_leave(runner->room, 0);
}

static void
terminate_all(struct runner *runner)
{
	struct runner_active *active;

	TAILQ_FOREACH (active, &runner->active, link) {
		hf_log(HF_WARNING, active->entry->job.queue,
		       "script %s is still running at the end: terminated", active->entry->argv[0]);
		runner_process_terminate(active->process);
	}
	runner_channels_close(&runner->channels);
}

static void
on_leave_timer(void *arg)
{
	struct runner *runner = arg;
	struct runner_active *active;

	switch (runner->leaving) {
	case LEAVING_NOT:
		break;
	case LEAVING_LINKS:
		leave_in(runner, LEAVING_JOBS, LEAVE_JOBS_NS);
		leave_when_idle(runner);
		break;
	case LEAVING_JOBS:
		terminate_all(runner);
		leave_in(runner, LEAVING_KILL, LEAVE_KILL_NS);
		break;
	case LEAVING_KILL:
		TAILQ_FOREACH (active, &runner->active, link)
			runner_process_kill(active->process);
		runner_channels_kill(&runner->channels);
		hf_room_leave(runner->room, 0);
		break;
	}
}

static void
runner_stop(void *state, const struct hf_room_stop *how, bool supervisor_gone)
{
	struct runner *runner = state;

	leave_in(runner, LEAVING_LINKS, supervisor_gone ? LEAVE_LINKS_GONE_NS : LEAVE_LINKS_NS);
	leave_when_idle(runner);
}

static void
runner_unlinked(void *state, enum hf_room_kind peer)
{
	leave_when_idle(state);
}

static void
on_reader_gone(void *arg)
{
	leave_when_idle(arg);
}

static void
runner_status(void *state, FILE *out)
{
	struct runner *runner = state;
	json_t *json = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "running",
		(json_int_t)runner_queues_running(runner->queues), "waiting",
		(json_int_t)runner_queues_waiting(runner->queues), "started",
		(json_int_t)runner->started, "failed", (json_int_t)runner->failed, "timed_out",
		(json_int_t)runner->timed_out, "dropped", (json_int_t)runner->dropped, "refused",
		(json_int_t)runner->refused, "fifos", runner_channels_status(&runner->channels));

	if (json == NULL || json_dumpf(json, out, JSON_COMPACT) != 0)
		fputs("{}", out);
	json_decref(json);
}

static void
runner_end(void *state)
{
	struct runner *runner = state;
	struct runner_active *active;

	while ((active = TAILQ_FIRST(&runner->active)) != NULL) {
		TAILQ_REMOVE(&runner->active, active, link);
		runner_process_free(active->process);
		runner_entry_free(active->entry);
		free(active);
	}
	struct runner_entry *entry;

	while ((entry = next_early(runner)) != NULL)
		runner_entry_free(entry);
	runner_channels_free(&runner->channels);
	runner_orphans_end(&runner->orphans);
	runner_queues_free(runner->queues);
	runner_model_free(runner->model);
	runner_model_free(runner->before);
	hf_timer_free(runner->leave_timer);
	free(runner);
}

static void *
runner_start(struct hf_room *room)
{
	struct runner *runner = calloc(1, sizeof(*runner));

	if (runner == NULL)
		return NULL;
	runner->room = room;
	TAILQ_INIT(&runner->active);
	TAILQ_INIT(&runner->early);
	runner->queues = runner_queues_new();
	runner->leave_timer =
		hf_timer_new(hf_room_loop(room), HF_PRIO_NORMAL, on_leave_timer, runner);
	runner_channels_init(&runner->channels, room, on_reader_gone, runner);
	if (!runner_orphans_init(&runner->orphans, room) || runner->queues == NULL ||
	    runner->leave_timer == NULL) {
		runner_end(runner);
		return NULL;
	}
	return runner;
}

const struct hf_room_ops *
runner_room(void)
{
	static const struct hf_room_ops ops = {
		.kind = HF_ROOM_RUNNER,
		.start = runner_start,
		.recall = runner_recall,
		.config = runner_config,
		.message = runner_message,
		.unlinked = runner_unlinked,
		.status = runner_status,
		.stop = runner_stop,
		.end = runner_end,
	};

	return &ops;
}

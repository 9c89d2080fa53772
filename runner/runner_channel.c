/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which FIFOs there are and who reads them. Elsewhere: a FIFO as a file (runner_fifo.c), a running
 * script (runner_process.c).
 */
#include "runner/runner_channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runner/runner_orphan.h"
#include "runner/runner_process.h"

/* A longer path is remembered by its end. */
#define MEMORY_PATH_MAX 120

/* Outlives its channel when the FIFO is closed before the script has ended. */
struct runner_reader {
	struct runner_channels *all;
	struct runner_channel *channel; /* NULL: told to end */
	struct runner_process *process;
	pid_t pid;
	TAILQ_ENTRY(runner_reader) link;
};

void
runner_channels_init(struct runner_channels *all, struct hf_room *room,
		     void (*reader_gone)(void *arg), void *arg)
{
	*all = (struct runner_channels){ .room = room, .reader_gone = reader_gone, .arg = arg };
	TAILQ_INIT(&all->readers);
	for (int kind = 0; kind < FIFO_KINDS; kind++)
		all->channel[kind].fifo.fd = -1;
}
static const char *
memory_key(const char *path, char key[HF_ROOM_KEY_MAX])
{
	size_t len = strlen(path);
	const char *tail = len > MEMORY_PATH_MAX ? path + len - MEMORY_PATH_MAX : path;

	snprintf(key, HF_ROOM_KEY_MAX, "fifo:%.*s", MEMORY_PATH_MAX, tail);
	return key;
}

void
runner_channels_recall(struct runner_channels *all, const char *key)
{
	if (strncmp(key, "fifo:", 5) != 0)
		return;
	for (int i = 0; i < FIFO_KINDS; i++) {
		if (all->recalled[i][0] == '\0') {
			snprintf(all->recalled[i], sizeof(all->recalled[i]), "%s", key);
			return;
		}
	}
}

static bool
was_recalled(struct runner_channels *all, const char *key)
{
	for (int i = 0; i < FIFO_KINDS; i++) {
		if (strcmp(all->recalled[i], key) == 0) {
			all->recalled[i][0] = '\0';
			return true;
		}
	}
	return false;
}

static void
on_reader_end(void *arg, const struct runner_end *end)
{
	struct runner_reader *reader = arg;
	struct runner_channels *all = reader->all;
	char text[RUNNER_END_TEXT_MAX];

	TAILQ_REMOVE(&all->readers, reader, link);
	runner_orphan_forget(all->room, reader->pid);
	if (reader->channel != NULL) {
		hf_log(HF_WARNING, NULL, "script that reads notify FIFO %s: %s",
		       reader->channel->fifo.path, runner_end_text(end, text));
		reader->channel->reader = NULL;
	}
	free(reader);
	all->reader_gone(all->arg);
}

static int
start_reader(struct runner_channels *all, struct runner_channel *channel,
	     const struct script_model *script)
{
	const char *argv[RUNNER_WORDS_MAX + 1] = { NULL };
	struct runner_command cmd = { .uid = script->uid,
				      .gid = script->gid,
				      .argv = argv,
				      .envp = runner_environment(NULL),
				      .keep_output = hf_log_current()->console };
	struct runner_reader *reader = calloc(1, sizeof(*reader));
	int err = -ENOMEM;

	memcpy(argv, script->argv, script->argc * sizeof(argv[0]));
	argv[script->argc] = channel->fifo.path;
	if (reader == NULL || cmd.envp == NULL)
		goto failed;
	*reader = (struct runner_reader){ .all = all, .channel = channel };
	reader->process =
		runner_process_start(hf_room_loop(all->room), &cmd, 0, on_reader_end, reader, &err);
	if (reader->process == NULL)
		goto failed;
	reader->pid = runner_process_pid(reader->process);
	runner_orphan_remember(all->room, reader->pid);
	channel->reader = reader;
	TAILQ_INSERT_TAIL(&all->readers, reader, link);
	runner_environment_free(cmd.envp);
	return 0;
failed:
	runner_environment_free(cmd.envp);
	free(reader);
	return err;
}

static void
close_channel(struct runner_channels *all, struct runner_channel *channel)
{
	char key[HF_ROOM_KEY_MAX];

	if (channel->fifo.path[0] == '\0')
		return;
	if (channel->reader != NULL) {
		runner_process_terminate(channel->reader->process);
		channel->reader->channel = NULL;
		channel->reader = NULL;
	}
	if (channel->fifo.made_here)
		hf_room_remember(all->room, memory_key(channel->fifo.path, key), NULL, 0);
	runner_fifo_close(&channel->fifo);
}

static void
open_channel(struct runner_channels *all, struct runner_channel *channel,
	     const struct fifo_model *model)
{
	char why[512], key[HF_ROOM_KEY_MAX];

	if (runner_fifo_open(&channel->fifo, model, why) != 0) {
		hf_log(HF_ERROR, NULL, "%s", why);
		return;
	}
	channel->uid = model->uid;
	channel->gid = model->gid;
	memory_key(model->path, key);
	if (was_recalled(all, key))
		channel->fifo.made_here = true;
	else if (channel->fifo.made_here)
		hf_room_remember(all->room, key, "made", 4);
}

static void
apply_channel(struct runner_channels *all, struct runner_channel *channel,
	      const struct fifo_model *model)
{
	bool same = model->path != NULL && strcmp(model->path, channel->fifo.path) == 0 &&
		    model->uid == channel->uid && model->gid == channel->gid;
	int err = 0;

	if (!same)
		close_channel(all, channel);
	if (!same && model->path != NULL)
		open_channel(all, channel, model);
	if (model->script.argc > 0 && channel->reader == NULL && channel->fifo.path[0] != '\0')
		err = start_reader(all, channel, &model->script);
	if (err)
		hf_log(HF_ERROR, NULL, "script %s for notify FIFO %s cannot be started: %s",
		       model->script.argv[0], channel->fifo.path, strerror(-err));
}

void
runner_channels_apply(struct runner_channels *all, const struct runner_model *model)
{
	for (int kind = 0; kind < FIFO_KINDS; kind++)
		apply_channel(all, &all->channel[kind], &model->fifos[kind]);
}

static void
write_line(struct runner_fifo *fifo, const void *line, size_t len)
{
	if (fifo->path[0] == '\0' || runner_fifo_write(fifo, line, len))
		return;
	/* Only the first of a series: hundreds of the same would help nobody. */
	if (fifo->lost == 1)
		hf_log(HF_WARNING, NULL, "notify FIFO %s: full, lines are lost", fifo->path);
}

void
runner_channels_write(struct runner_channels *all, bool from_vrrp, const void *line, size_t len)
{
	write_line(&all->channel[FIFO_ALL].fifo, line, len);
	write_line(&all->channel[from_vrrp ? FIFO_VRRP : FIFO_LVS].fifo, line, len);
}

void
runner_channels_close(struct runner_channels *all)
{
	for (int kind = 0; kind < FIFO_KINDS; kind++)
		close_channel(all, &all->channel[kind]);
}

void
runner_channels_kill(struct runner_channels *all)
{
	struct runner_reader *reader;

	TAILQ_FOREACH (reader, &all->readers, link)
		runner_process_kill(reader->process);
}

void
runner_channels_free(struct runner_channels *all)
{
	struct runner_reader *reader;

	runner_channels_close(all);
	while ((reader = TAILQ_FIRST(&all->readers)) != NULL) {
		TAILQ_REMOVE(&all->readers, reader, link);
		runner_process_free(reader->process);
		free(reader);
	}
}

json_t *
runner_channels_status(const struct runner_channels *all)
{
	json_t *list = json_array();

	for (int kind = 0; kind < FIFO_KINDS; kind++) {
		const struct runner_channel *channel = &all->channel[kind];

		if (channel->fifo.path[0] == '\0')
			continue;
		json_array_append_new(list,
				      json_pack("{s:s, s:I, s:I, s:b}", "path", channel->fifo.path,
						"lines", (json_int_t)channel->fifo.lines, "lost",
						(json_int_t)channel->fifo.lost, "reader",
						channel->reader != NULL));
	}
	return list;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a killed runner left running. Elsewhere: scripts of this runner (runner_process.c). */
#include "runner/runner_orphan.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define KEY_PREFIX "script:"

/* In /proc/PID/stat, words behind the name, which may contain anything and ends with ")". */
#define START_TIME_WORD 20

static const char *
memory_key(pid_t pid, char key[HF_ROOM_KEY_MAX])
{
	snprintf(key, HF_ROOM_KEY_MAX, KEY_PREFIX "%d", (int)pid);
	return key;
}

/* When the process was started; 0: there is none. */
static uint64_t
start_time(pid_t pid)
{
	char path[64], text[1024], *at;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	len = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	text[len] = '\0';
	at = strrchr(text, ')');
	for (int word = 0; at != NULL && word < START_TIME_WORD; word++)
		at = strchr(at + 1, ' ');
	return at == NULL ? 0 : strtoull(at, NULL, 10);
}

void
runner_orphan_remember(struct hf_room *room, pid_t pid)
{
	struct runner_orphan record = { .pid = pid, .started = start_time(pid) };
	char key[HF_ROOM_KEY_MAX];

	hf_room_remember(room, memory_key(pid, key), &record, sizeof(record));
}

void
runner_orphan_forget(struct hf_room *room, pid_t pid)
{
	char key[HF_ROOM_KEY_MAX];

	hf_room_remember(room, memory_key(pid, key), NULL, 0);
}

static void
on_timer(void *arg)
{
	struct runner_orphans *orphans = arg;

	for (size_t i = 0; i < orphans->n; i++) {
		const struct runner_orphan *orphan = &orphans->list[i];

		runner_orphan_forget(orphans->room, orphan->pid);
		if (start_time(orphan->pid) != orphan->started)
			continue;
		hf_log(HF_WARNING, NULL, "script left by a killed runner, process %d: killed",
		       (int)orphan->pid);
		kill(-orphan->pid, SIGKILL);
	}
	orphans->n = 0;
}

bool
runner_orphans_init(struct runner_orphans *orphans, struct hf_room *room)
{
	*orphans = (struct runner_orphans){ .room = room };
	orphans->timer = hf_timer_new(hf_room_loop(room), HF_PRIO_BULK, on_timer, orphans);
	return orphans->timer != NULL;
}

void
runner_orphans_recall(struct runner_orphans *orphans, const char *key, const void *bytes,
		      size_t len)
{
	struct runner_orphan record;

	if (strncmp(key, KEY_PREFIX, strlen(KEY_PREFIX)) != 0 || len != sizeof(record) ||
	    orphans->n == RUNNER_ORPHANS_MAX)
		return;
	memcpy(&record, bytes, sizeof(record));
	if (record.started == 0 || record.pid <= 1)
		return;
	orphans->list[orphans->n++] = record;
	hf_timer_set(orphans->timer, hf_after(hf_time_now(), RUNNER_KILL_AFTER_NS));
}

void
runner_orphans_end(struct runner_orphans *orphans)
{
	on_timer(orphans);
	hf_timer_free(orphans->timer);
	orphans->timer = NULL;
}

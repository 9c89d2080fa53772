/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What scripts and FIFOs are told, and in which words. Elsewhere: running (runner/), when
 * (vrrp_act.c).
 */
#include "vrrp/vrrp_notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/hf_log.h"
#include "runner/runner.h"

#define FIFO_LINE_MAX 256

/* An encoded message for the runner. */
struct waiting {
	STAILQ_ENTRY(waiting) next;
	uint16_t type;
	size_t len;
	uint8_t bytes[];
};

struct vrrp_notify {
	struct hf_room *room;
	uint64_t seq; /* of group changes; instances count their own */
	size_t n_waiting;
	STAILQ_HEAD(, waiting) waiting;
};

struct vrrp_notify *
vrrp_notify_new(struct hf_room *room)
{
	struct vrrp_notify *notify = calloc(1, sizeof(*notify));

	if (notify == NULL)
		return NULL;
	notify->room = room;
	STAILQ_INIT(&notify->waiting);
	return notify;
}

static void
drop_first(struct vrrp_notify *notify)
{
	struct waiting *first = STAILQ_FIRST(&notify->waiting);

	STAILQ_REMOVE_HEAD(&notify->waiting, next);
	notify->n_waiting--;
	free(first);
}

void
vrrp_notify_free(struct vrrp_notify *notify)
{
	if (notify == NULL)
		return;
	while (!STAILQ_EMPTY(&notify->waiting))
		drop_first(notify);
	free(notify);
}

static void
keep(struct vrrp_notify *notify, uint16_t type, const void *bytes, size_t len)
{
	struct waiting *message = malloc(sizeof(*message) + len);

	if (message == NULL)
		return;
	message->type = type;
	message->len = len;
	memcpy(message->bytes, bytes, len);
	if (notify->n_waiting == VRRP_NOTIFY_WAITING_MAX) {
		hf_log(HF_WARNING, NULL, "the runner is away too long: a notification is lost");
		drop_first(notify);
	}
	STAILQ_INSERT_TAIL(&notify->waiting, message, next);
	notify->n_waiting++;
}

/* Sends a message to the runner, after those that wait. */
static void
post(struct vrrp_notify *notify, uint16_t type, const void *bytes, size_t len)
{
	struct hf_ipc *link = hf_room_link(notify->room, HF_ROOM_RUNNER);

	if (link == NULL || !STAILQ_EMPTY(&notify->waiting) ||
	    hf_ipc_send(link, type, bytes, len, -1) != 0)
		keep(notify, type, bytes, len);
}

void
vrrp_notify_linked(struct vrrp_notify *notify)
{
	struct hf_ipc *link = hf_room_link(notify->room, HF_ROOM_RUNNER);
	const struct waiting *first;

	while (link != NULL && (first = STAILQ_FIRST(&notify->waiting)) != NULL) {
		if (hf_ipc_send(link, first->type, first->bytes, first->len, -1) != 0)
			return;
		drop_first(notify);
	}
}

static void
run(struct vrrp_notify *notify, const struct script_model *script, const char *const *extra,
    size_t n_extra, const struct runner_job *how)
{
	const char *argv[SCRIPT_ARGS_MAX + 1];
	uint8_t bytes[HF_IPC_PAYLOAD_MAX];
	struct runner_job job = *how;
	int len;

	if (script->argc == 0)
		return;
	if (script->argc + n_extra > SCRIPT_ARGS_MAX) {
		hf_log(HF_WARNING, how->queue, "notify script has more than %d words",
		       SCRIPT_ARGS_MAX);
		return;
	}
	memcpy(argv, script->argv, script->argc * sizeof(argv[0]));
	for (size_t i = 0; i < n_extra; i++)
		argv[script->argc + i] = extra[i];
	job.uid = script->uid;
	job.gid = script->gid;
	job.argc = script->argc + n_extra;
	argv[job.argc] = NULL;
	job.argv = argv;
	len = runner_job_encode(&job, bytes, sizeof(bytes));
	if (len < 0)
		hf_log(HF_WARNING, how->queue, "notify script's words are too long");
	else
		post(notify, RUNNER_MSG_RUN, bytes, (size_t)len);
}

/* KIND "NAME" STATE PRIORITY, with its newline. */
static void
write_line(struct vrrp_notify *notify, const char *kind, const char *name, const char *state,
	   unsigned int priority)
{
	char text[FIFO_LINE_MAX];
	int len = snprintf(text, sizeof(text), "%s \"%s\" %s %u\n", kind, name, state, priority);

	post(notify, RUNNER_MSG_FIFO, text, (size_t)len);
}

/* The general script and the FIFO line, the same for all. */
static void
tell(struct vrrp_notify *notify, const struct script_model *any, const char *kind, const char *name,
     const char *state, unsigned int priority, bool fifo, const struct runner_job *how)
{
	char number[16];
	const char *extra[] = { kind, name, state, number };

	snprintf(number, sizeof(number), "%u", priority);
	run(notify, any, extra, HF_COUNT_OF(extra), how);
	if (fifo)
		write_line(notify, kind, name, state, priority);
}

static const struct script_model *
script_for(const struct vrrp_notify_model *notify, enum vrrp_state state)
{
	switch (state) {
	case VRRP_ACTIVE:
		return &notify->master;
	case VRRP_BACKUP:
		return &notify->backup;
	case VRRP_FAULT:
		return &notify->fault;
	case VRRP_INITIALIZE:
		return &notify->stop;
	}
	return &notify->stop;
}

void
vrrp_notify_change(struct vrrp_notify *notify, const struct vrrp_action *action, uint64_t cause,
		   bool fifo)
{
	const struct vrrp_instance *inst = action->inst;
	const struct vrrp_notify_model *scripts = &inst->model->notify;
	const char *state = vrrp_state_word(action->to);
	struct runner_job how = {
		.seq = inst->transitions,
		.cause = cause,
		.queue = inst->model->name,
		.flags = RUNNER_COLLAPSE,
		.prev_state = vrrp_state_word(action->from),
		.reason = vrrp_why_code(action->why),
	};

	run(notify, script_for(scripts, action->to), NULL, 0, &how);
	tell(notify, &scripts->any, "INSTANCE", inst->model->name, state, inst->effective_priority,
	     fifo, &how);
}

/* Which words and which script an instance's end has. */
static const char *
end_state(const struct vrrp_notify_model *scripts, bool deleted,
	  const struct script_model **specific)
{
	if (!deleted) {
		*specific = &scripts->stop;
		return "STOP";
	}
	/* Who does not ask for DELETED hears of a fault: keepalived's readers expect that. */
	*specific = scripts->deleted.argc > 0 ? &scripts->deleted : &scripts->fault;
	return scripts->deleted.argc > 0 ? "DELETED" : "FAULT";
}

void
vrrp_notify_end(struct vrrp_notify *notify, const struct vrrp_instance *inst, bool deleted,
		uint64_t cause, bool fifo)
{
	const struct vrrp_notify_model *scripts = &inst->model->notify;
	const struct script_model *specific;
	const char *state = end_state(scripts, deleted, &specific);
	struct runner_job how = {
		.seq = inst->transitions + 1,
		.cause = cause,
		.queue = inst->model->name,
		.prev_state = "",
		.reason = vrrp_why_code(deleted ? VRRP_WHY_DELETED : VRRP_WHY_STOPPED),
	};

	run(notify, specific, NULL, 0, &how);
	tell(notify, &scripts->any, "INSTANCE", inst->model->name, state, inst->effective_priority,
	     fifo, &how);
}

void
vrrp_notify_rx_lower(struct vrrp_notify *notify, const struct vrrp_instance *inst, uint64_t cause,
		     bool fifo)
{
	struct runner_job how = {
		.seq = inst->transitions,
		.cause = cause,
		.queue = inst->model->name,
		.prev_state = vrrp_state_word(inst->state),
		.reason = "lower-priority-advert",
	};

	run(notify, &inst->model->notify.master_rx_lower_pri, NULL, 0, &how);
	if (fifo)
		write_line(notify, "INSTANCE", inst->model->name, "MASTER_RX_LOWER_PRI",
			   inst->effective_priority);
}

void
vrrp_notify_group(struct vrrp_notify *notify, const struct vrrp_group_model *group,
		  const char *state, const char *prev, uint64_t cause, bool fifo)
{
	char queue[RUNNER_QUEUE_MAX];
	struct runner_job how = {
		.seq = ++notify->seq,
		.cause = cause,
		.queue = queue,
		.prev_state = prev,
		.reason = "sync-group",
	};
	const struct script_model *script = &group->notify.stop;

	snprintf(queue, sizeof(queue), "group %s", group->name);
	for (enum vrrp_state s = VRRP_INITIALIZE; s <= VRRP_FAULT; s++) {
		if (strcmp(vrrp_state_word(s), state) == 0)
			script = script_for(&group->notify, s);
	}
	if (strcmp(state, "STOP") != 0)
		how.flags = RUNNER_COLLAPSE;
	run(notify, script, NULL, 0, &how);
	tell(notify, &group->notify.any, "GROUP", group->name, state, 0, fifo, &how);
}

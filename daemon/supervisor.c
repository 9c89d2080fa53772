/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps the rooms running. A room that dies is started again with what it had asked to remember
 * and with fresh links to its neighbours, who go on working meanwhile. Elsewhere: the conversation
 * with one room (room.c), reading configurations (reload.c), leaving (supervisor_stop.c).
 */
#include "daemon/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/parts.h"
#include "daemon/supervisor_stop.h"

#define BIT(kind) (1u << (kind))

/* Who talks to whom directly. */
static const enum hf_room_kind links[][2] = {
	{ HF_ROOM_CHECKER, HF_ROOM_IPVS },
	{ HF_ROOM_CHECKER, HF_ROOM_RUNNER },
	{ HF_ROOM_VRRP, HF_ROOM_IPVS },
	{ HF_ROOM_VRRP, HF_ROOM_RUNNER },
};

static void
journal_change(struct supervisor *sup, const struct hf_change *change)
{
	journal_add(sup->journal, change);
	control_publish(sup->control, change);
}

uint64_t
supervisor_change(struct supervisor *sup, enum hf_log_level level, uint64_t cause,
		  const char *subject, const char *from, const char *to, const char *reason,
		  const char *detail, ...)
{
	struct hf_change change = { .cause = cause,
				    .wall_us = hf_wall_us(),
				    .mono_ns = hf_time_now().ns,
				    .level = (uint8_t)level };
	char text[HF_LOG_LINE_MAX];
	va_list args;

	hf_change_saw(&sup->ids, cause);
	change.id = hf_change_next_id(&sup->ids);
	snprintf(change.room, sizeof(change.room), "%s", hf_room_name(HF_ROOM_DAEMON));
	snprintf(change.subject, sizeof(change.subject), "%s", subject);
	snprintf(change.from, sizeof(change.from), "%s", from);
	snprintf(change.to, sizeof(change.to), "%s", to);
	snprintf(change.reason, sizeof(change.reason), "%s", reason);
	va_start(args, detail);
	vsnprintf(change.detail, sizeof(change.detail), detail, args);
	va_end(args);
	hf_log(level, NULL, "%s", hf_change_text(&change, text));
	journal_change(sup, &change);
	return change.id;
}

static uint64_t
room_change(struct supervisor *sup, struct room *room, enum hf_log_level level, uint64_t cause,
	    enum room_state to, const char *reason, const char *detail)
{
	char subject[32];
	enum room_state from = room->state;

	snprintf(subject, sizeof(subject), "room %s", hf_room_name(room->kind));
	room_set_state(room, to);
	room->cause = supervisor_change(sup, level, cause, subject, room_state_name(from),
					room_state_name(to), reason, "%s", detail);
	return room->cause;
}

/* Connects two rooms that are both alive. */
static void
link_pair(struct supervisor *sup, enum hf_room_kind a, enum hf_room_kind b)
{
	int fds[2], err;

	if (!room_is_alive(&sup->rooms[a]) || !room_is_alive(&sup->rooms[b]))
		return;
	err = hf_ipc_pair(fds);
	if (err != 0) {
		hf_log(HF_ERROR, NULL, "rooms %s and %s cannot be linked: %s", hf_room_name(a),
		       hf_room_name(b), strerror(-err));
		return;
	}
	room_send_link(&sup->rooms[a], b, fds[0]);
	room_send_link(&sup->rooms[b], a, fds[1]);
	close(fds[0]);
	close(fds[1]);
}

/* Links every pair of which one at least is among the fresh rooms. */
static void
link_rooms(struct supervisor *sup, unsigned int fresh)
{
	for (size_t i = 0; i < HF_COUNT_OF(links); i++) {
		if (fresh & (BIT(links[i][0]) | BIT(links[i][1])))
			link_pair(sup, links[i][0], links[i][1]);
	}
}

static void
fill_hello(const struct supervisor *sup, enum hf_room_kind kind, struct hf_room_hello *hello)
{
	*hello = (struct hf_room_hello){ .log = *hf_log_current(),
					 .last_change_id = sup->ids.last,
					 .detail = sup->options->detail };
	snprintf(hello->log.room, sizeof(hello->log.room), "%s", hf_room_name(kind));
	snprintf(hello->run_dir, sizeof(hello->run_dir), "%s", sup->paths->run_dir);
	if (sup->conf != NULL && sup->conf->global->instance != NULL)
		snprintf(hello->instance, sizeof(hello->instance), "%s",
			 sup->conf->global->instance);
}

/* Rooms that were not needed at the start get their pid file now. */
static void
write_pid_file(struct supervisor *sup, const struct room *room)
{
	const char *const paths[HF_ROOM_KINDS] = {
		[HF_ROOM_VRRP] = sup->paths->vrrp_pid, [HF_ROOM_CHECKER] = sup->paths->checkers_pid
	};
	struct pidfile *pidfile = &sup->pidfiles[room->kind];
	const char *path = paths[room->kind];
	int err = 0;

	if (pidfile->path == NULL && path != NULL && path[0] != '\0')
		err = pidfile_take(pidfile, path);
	if (err != 0)
		hf_log(HF_WARNING, NULL, "pid file %s cannot be made: %s", path, strerror(-err));
	pidfile_write(pidfile, room->pid);
}

bool
supervisor_start_room(struct supervisor *sup, struct room *room, uint64_t cause, const char *reason)
{
	struct hf_room_hello hello;
	char detail[64];
	int err;

	fill_hello(sup, room->kind, &hello);
	err = room_spawn(room, &hello);
	if (err != 0) {
		hf_log(HF_ERROR, NULL, "room %s cannot be started: %s", hf_room_name(room->kind),
		       strerror(-err));
		room_set_state(room, ROOM_WAITING);
		if (room->pid == 0)
			room_wait_until(room, hf_after(hf_time_now(), HF_SECONDS(1)));
		return false;
	}
	snprintf(detail, sizeof(detail), "pid=%ld", (long)room->pid);
	room_change(sup, room, HF_INFO, cause, ROOM_STARTING, reason, detail);
	write_pid_file(sup, room);
	return true;
}

static void
on_changed(void *arg, struct room *room, const struct hf_change *change)
{
	struct supervisor *sup = arg;

	hf_change_saw(&sup->ids, change->id);
	journal_change(sup, change);
}

/*
 * A room of a running daemon refused: those that accepted get their old text again. Returns false
 * when there is nobody to wait for.
 */
static bool
revert(struct supervisor *sup)
{
	unsigned int accepted = ~sup->failed;

	sup->phase = PHASE_REVERTING;
	sup->generation++;
	conf_free(sup->conf);
	sup->conf = sup->conf_before;
	sup->conf_before = NULL;
	for (int kind = HF_ROOM_RUNNER; kind <= HF_ROOM_VRRP; kind++) {
		struct room *room = &sup->rooms[kind];
		bool send = room_is_alive(room) && (accepted & BIT(kind)) != 0;

		if (send)
			sup->awaited |= BIT(kind);
		room_revert(room, send, sup->generation, sup->reload_cause);
	}
	hf_timer_set(sup->limit, hf_after(hf_time_now(), CONFIGURE_MAX_NS));
	return sup->awaited != 0;
}

/* All rooms have answered (or never will): tells who waits for it. */
static void
finish_configuration(struct supervisor *sup)
{
	if (sup->failed != 0 && sup->phase == PHASE_CONFIGURING && revert(sup))
		return;
	hf_timer_set(sup->limit, HF_UNSET);
	conf_free(sup->conf_before);
	sup->conf_before = NULL;
	sup->phase = PHASE_RUNNING;
	if (sup->configured != NULL)
		sup->configured(sup, sup->failed != 0 ? sup->refusal : NULL);
}

/*
 * The runner has answered, or cannot: the other rooms get their parts. Not before, because it
 * refuses scripts that are not in its own.
 */
static void
release_held(struct supervisor *sup)
{
	bool any = false;

	for (int kind = 0; kind < HF_ROOM_KINDS; kind++) {
		int fd = sup->held.fds[kind];

		sup->held.fds[kind] = -1;
		if (fd < 0)
			continue;
		room_configure(&sup->rooms[kind], fd, sup->generation, sup->held_cause);
		any = true;
	}
	if (any)
		hf_timer_set(sup->limit, hf_after(hf_time_now(), CONFIGURE_MAX_NS));
}

static void
answer_received(struct supervisor *sup, struct room *room, const char *refusal)
{
	if (room->kind == HF_ROOM_RUNNER)
		release_held(sup);
	if (refusal != NULL && sup->failed == 0)
		snprintf(sup->refusal, sizeof(sup->refusal), "%s: %s", hf_room_name(room->kind),
			 refusal);
	if (refusal != NULL)
		sup->failed |= BIT(room->kind);
	if ((sup->awaited & BIT(room->kind)) == 0)
		return;
	sup->awaited &= ~BIT(room->kind);
	if (sup->awaited == 0 && sup->phase != PHASE_STOPPING)
		finish_configuration(sup);
}

/* A process did not accept its first configuration. */
static void
first_refused(struct supervisor *sup, struct room *room, int code, const char *why)
{
	if (room->good_generation == room->text.generation) {
		/* It was good enough for the predecessor: the machine has changed, it may again. */
		hf_log(HF_ERROR, NULL, "room %s: %s; trying again later", hf_room_name(room->kind),
		       why);
		room_send_stop(room, &(struct hf_room_stop){ 0 });
		return;
	}
	room_change(sup, room, HF_ERROR, room->cause, ROOM_REFUSED, "configuration-refused", why);
	if (sup->phase == PHASE_STARTING)
		supervisor_stop(sup, code, "configuration-refused");
	else
		answer_received(sup, room, why);
}

static void
on_configured(void *arg, struct room *room, const struct hf_room_config_done *done)
{
	struct supervisor *sup = arg;

	if (sup->phase == PHASE_STOPPING || done->generation != room->text.generation)
		return;
	if (done->error != 0 && !room->had_config) {
		first_refused(sup, room, done->error, done->text);
		return;
	}
	if (done->error != 0)
		hf_log(HF_ERROR, NULL, "room %s keeps its configuration: %s",
		       hf_room_name(room->kind), done->text);
	else if (room->state != ROOM_RUNNING)
		room_change(sup, room, HF_INFO, room->cause, ROOM_RUNNING, "configured", "");
	answer_received(sup, room, done->error != 0 ? done->text : NULL);
}

static void
on_status(void *arg, struct room *room, uint64_t request, int fd)
{
	struct supervisor *sup = arg;

	control_status_reply(sup->control, room->kind, request, fd);
}

static void
describe_end(const struct room *room, int status, char buf[160])
{
	double ran = (double)hf_between(room->started, hf_time_now()) / 1e9;

	if (WIFSIGNALED(status))
		snprintf(buf, 160, "signal=%d ran=%.3fs", WTERMSIG(status), ran);
	else
		snprintf(buf, 160, "status=%d ran=%.3fs", WEXITSTATUS(status), ran);
}

/* A status that says "no use in trying again", as keepalived's children have it. */
static bool
is_fatal(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	return code == 1 || code == 2 || code == 4;
}

static void
restart_later(struct supervisor *sup, struct room *room, int status)
{
	hf_time now = hf_time_now();
	hf_time due = backoff_after_death(&room->backoff, room->started, now);
	char end[160], detail[200];

	describe_end(room, status, end);
	snprintf(detail, sizeof(detail), "%s next-start=%gs", end,
		 (double)hf_between(now, due) / 1e9);
	room_change(sup, room, HF_ERROR, 0, ROOM_WAITING, WIFSIGNALED(status) ? "killed" : "died",
		    detail);
	room->restarts++;
	if (sup->options->no_respawn)
		supervisor_stop(sup, 1, "room-died");
	else
		room_wait_until(room, due);
}

static void
on_ended(void *arg, struct room *room, int status)
{
	struct supervisor *sup = arg;
	char end[160];

	room->left_things =
		room->good_generation != 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0);
	if (sup->phase == PHASE_STOPPING) {
		describe_end(room, status, end);
		room_change(sup, room, HF_INFO, 0, ROOM_OFF, "left", end);
		supervisor_stop_step_done(sup);
		return;
	}
	if (room->state == ROOM_REFUSED)
		return;
	if (room->state == ROOM_STARTING && sup->phase == PHASE_STARTING && is_fatal(status)) {
		describe_end(room, status, end);
		room_change(sup, room, HF_ERROR, 0, ROOM_OFF, "died-at-start", end);
		supervisor_stop(sup, WEXITSTATUS(status), "room-died");
		return;
	}
	if (room->kind == HF_ROOM_RUNNER)
		release_held(sup);
	restart_later(sup, room, status);
}

void
supervisor_introduce(struct supervisor *sup, struct room *room)
{
	link_rooms(sup, BIT(room->kind));
	room_configure_again(room, room->cause);
}

static void
on_due(void *arg, struct room *room)
{
	struct supervisor *sup = arg;

	if (sup->phase == PHASE_STOPPING ||
	    !supervisor_start_room(sup, room, room->cause, "died-before"))
		return;
	supervisor_introduce(sup, room);
}

static const struct room_events room_events = { on_changed, on_configured, on_status, on_ended,
						on_due };

/*
 * It may wake up one day and take over what everybody else has gone back from: a successor gets
 * what is in force.
 */
static void
replace_hanging(struct supervisor *sup, struct room *room)
{
	hf_log(HF_ERROR, NULL, "room %s does not answer a new configuration: killing it",
	       hf_room_name(room->kind));
	answer_received(sup, room, "does not answer");
	if (room->pid != 0)
		kill(room->pid, SIGKILL);
}

static void
on_limit(void *arg)
{
	struct supervisor *sup = arg;
	unsigned int late = sup->awaited; /* going back makes others awaited */

	if (sup->phase == PHASE_STOPPING) {
		supervisor_stop_step_overdue(sup);
		return;
	}
	/* Who has not got its part yet is not late. */
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++) {
		if (sup->held.fds[kind] >= 0)
			late &= ~BIT(kind);
	}
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++) {
		if (late & BIT(kind))
			replace_hanging(sup, &sup->rooms[kind]);
	}
}

int
supervisor_init(struct supervisor *sup)
{
	sup->journal = journal_new(JOURNAL_MAX);
	sup->limit = hf_timer_new(sup->loop, HF_PRIO_NORMAL, on_limit, sup);
	sup->ids.room = HF_ROOM_DAEMON;
	sup->started = hf_time_now();
	if (sup->journal == NULL || sup->limit == NULL)
		return -ENOMEM;
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++)
		sup->held.fds[kind] = -1;
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++) {
		int err = room_init(&sup->rooms[kind], (enum hf_room_kind)kind, sup->loop,
				    &room_events, sup);

		if (err != 0)
			return err;
	}
	return 0;
}

void
supervisor_clear(struct supervisor *sup)
{
	for (int kind = 0; kind < HF_ROOM_KINDS; kind++) {
		room_clear(&sup->rooms[kind]);
		if (sup->held.fds[kind] >= 0)
			close(sup->held.fds[kind]);
	}
	hf_timer_free(sup->limit);
	journal_free(sup->journal);
	conf_free(sup->conf_before);
	conf_free(sup->conf);
	free(sup->reload_text);
}

/* Starts the rooms among needed that have no process. Returns those that were started. */
static unsigned int
start_rooms(struct supervisor *sup, unsigned int needed, uint64_t cause)
{
	unsigned int fresh = 0;

	for (int kind = HF_ROOM_RUNNER; kind < HF_ROOM_KINDS; kind++) {
		struct room *room = &sup->rooms[kind];

		if ((needed & BIT(kind)) == 0 || room->pid != 0 || room->state == ROOM_WAITING)
			continue;
		if (supervisor_start_room(sup, room, cause, "needed"))
			fresh |= BIT(kind);
	}
	return fresh;
}

int
supervisor_configure(struct supervisor *sup, struct conf *conf, uint64_t cause)
{
	unsigned int needed = parts_needed(conf, sup->options);
	struct parts parts;
	int err = parts_make(conf, sup->options, &parts);

	if (err != 0)
		return err;
	conf_free(sup->conf_before);
	sup->conf_before = sup->conf;
	sup->conf = conf;
	sup->generation++;
	sup->failed = 0;
	sup->awaited = 0;
	if (sup->phase != PHASE_STARTING)
		sup->phase = PHASE_CONFIGURING;
	link_rooms(sup, start_rooms(sup, needed, cause));
	for (int kind = HF_ROOM_RUNNER; kind < HF_ROOM_KINDS; kind++) {
		struct room *room = &sup->rooms[kind];

		if (parts.fds[kind] < 0)
			continue;
		if (room_is_alive(room))
			sup->awaited |= BIT(kind);
		if (kind == HF_ROOM_RUNNER)
			room_configure(room, parts.fds[kind], sup->generation, cause);
		else
			sup->held.fds[kind] = parts.fds[kind];
	}
	sup->held_cause = cause;
	if ((sup->awaited & BIT(HF_ROOM_RUNNER)) == 0)
		release_held(sup);
	if (sup->awaited == 0)
		finish_configuration(sup);
	else
		hf_timer_set(sup->limit, hf_after(hf_time_now(), CONFIGURE_MAX_NS));
	return 0;
}

void
supervisor_children_died(struct supervisor *sup)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int kind = HF_ROOM_RUNNER; kind < HF_ROOM_KINDS; kind++) {
			if (sup->rooms[kind].pid == pid)
				room_was_reaped(&sup->rooms[kind], status);
		}
	}
}

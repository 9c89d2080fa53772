/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor: which rooms run, who is linked with whom, what happens when one dies, and in
 * which order they leave. Configurations come from reload.c, questions from control.c.
 */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "daemon/journal.h"
#include "daemon/options.h"
#include "daemon/parts.h"
#include "daemon/paths.h"
#include "daemon/pidfile.h"
#include "daemon/room.h"
#include "daemon/sd_notify.h"
#include "lib/hf_loop.h"

/* Hard limits of the stop: how long each room may take to leave before it is killed. */
#define STOP_VRRP_NS     HF_SECONDS(45) /* it keeps addresses until the successor is heard */
#define STOP_TIDY_NS     HF_SECONDS(5)  /* a successor removes what a dead room left */
#define STOP_RUNNER_NS   HF_SECONDS(15) /* it finishes STOP scripts */
#define CONFIGURE_MAX_NS HF_SECONDS(30) /* until a room that does not confirm is said to hang */

enum supervisor_phase {
	PHASE_STARTING,
	PHASE_RUNNING,
	PHASE_CONFIGURING,
	PHASE_REVERTING, /* a room refused: the others are told to go back */
	PHASE_STOPPING,
};

struct control;

struct supervisor {
	const struct daemon_options *options;
	const struct daemon_paths *paths;
	struct hf_loop *loop;
	struct sd_notify *notify; /* NULL: systemd is not listening */
	struct control *control;  /* NULL: no control socket */
	struct conf *conf;        /* in force, or being put in force */
	struct conf *conf_before; /* to go back to when a room refuses */
	struct journal *journal;
	struct hf_change_ids ids;
	struct room rooms[HF_ROOM_KINDS]; /* [HF_ROOM_DAEMON] and [HF_ROOM_CLUSTER] stay off */
	struct pidfile pidfiles[HF_ROOM_KINDS];
	struct hf_timer *limit; /* of the stop's present step, or of a configuration */
	hf_time started;
	enum supervisor_phase phase;
	uint64_t generation;
	uint64_t next_request; /* ids of status requests */
	unsigned int awaited;  /* rooms (bit of kind) that have not confirmed the generation */
	unsigned int failed;   /* rooms that refused it, or hang */
	struct parts held;     /* for the rooms that the runner comes before */
	uint64_t held_cause;
	char refusal[640];         /* first refusal, "ROOM: TEXT" */
	unsigned int reload_round; /* counts reloads: clients wait for theirs */
	bool reload_again;         /* asked for while one was under way */
	uint64_t reload_cause;
	char *reload_text; /* warnings of the configuration being put in force */
	int stop_step;
	bool tidied[HF_ROOM_KINDS]; /* while stopping: a successor of a dead room was started */
	int exit_code;
	/* Called once a configuration is confirmed (error NULL) or refused by a room. */
	void (*configured)(struct supervisor *sup, const char *error);
};

/* Makes journal, rooms and timers; starts nothing. Returns 0 or -ENOMEM. */
int supervisor_init(struct supervisor *sup) HF_MUST_CHECK;
void supervisor_clear(struct supervisor *sup);

/*
 * Puts a configuration in force: takes it over, starts rooms that are needed now, sends every room
 * its part. When a room of a running daemon refuses, all go back to what they had. sup->configured
 * is called when that is settled. Returns 0, or -errno and nothing has changed (the configuration
 * is still the caller's).
 */
int supervisor_configure(struct supervisor *sup, struct conf *conf, uint64_t cause) HF_MUST_CHECK;

/* Leaves in order: vrrp, checker, ipvs, runner; then the loop stops. A second call is ignored. */
void supervisor_stop(struct supervisor *sup, int exit_code, const char *reason);

/* Starts a process for the room; without success it is tried again later. */
bool supervisor_start_room(struct supervisor *sup, struct room *room, uint64_t cause,
			   const char *reason);

/* Links a process that is not the room's first with its neighbours, and configures it. */
void supervisor_introduce(struct supervisor *sup, struct room *room);

/* Reaps children. */
void supervisor_children_died(struct supervisor *sup);

/* A change of the supervisor's own: log, journal, followers. Returns its id. */
uint64_t supervisor_change(struct supervisor *sup, enum hf_log_level level, uint64_t cause,
			   const char *subject, const char *from, const char *to,
			   const char *reason, const char *detail, ...) HF_PRINTF(8, 9);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One supervised room, seen from the supervisor: its process, its channel, its memory, its
 * configuration text. Which rooms there are, when they start and in which order they leave is
 * decided in supervisor.c.
 */
#ifndef DAEMON_ROOM_H
#define DAEMON_ROOM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/backoff.h"
#include "daemon/memory.h"
#include "lib/hf_base.h"
#include "lib/hf_room.h"

/* A room whose channel ended gets this long to leave by itself before it is killed. */
#define ROOM_LINGER_NS HF_SECONDS(10)

enum room_state {
	ROOM_OFF,      /* not needed, or left */
	ROOM_STARTING, /* a process that has not confirmed its first configuration */
	ROOM_RUNNING,
	ROOM_WAITING, /* died; its successor starts when the back-off is over */
	ROOM_REFUSED, /* refused its first configuration: waits for a reload */
	ROOM_LEAVING, /* told to stop */
};

const char *room_state_name(enum room_state state);

struct room;

/* What a room tells the supervisor. */
struct room_events {
	void (*changed)(void *arg, struct room *room, const struct hf_change *change);
	void (*configured)(void *arg, struct room *room, const struct hf_room_config_done *done);
	/* fd is the callee's. */
	void (*status)(void *arg, struct room *room, uint64_t request, int fd);
	/* The process is gone and its channel read to the end. */
	void (*ended)(void *arg, struct room *room, int wait_status);
	/* The back-off is over. */
	void (*due)(void *arg, struct room *room);
};

struct room_text {
	int fd; /* sealed memfd; -1: none */
	uint64_t generation;
};

struct room {
	enum hf_room_kind kind;
	enum room_state state;
	const struct room_events *events;
	void *arg;
	struct hf_loop *loop;
	struct hf_ipc *ipc; /* NULL: no channel */
	pid_t pid;          /* 0: no process */
	bool reaped;
	int wait_status;
	hf_time started;
	int64_t since_us; /* wall clock of the last change of state */
	unsigned int restarts;
	struct backoff backoff;
	struct hf_timer *timer;
	struct memory *memory;
	bool memory_full_said;
	int64_t predecessor_end_ns;
	struct room_text text;    /* the configuration it is to have */
	struct room_text before;  /* the one before, until text is good for every room */
	bool left_things;         /* its last process ended without tidying up */
	bool had_config;          /* this process has a configuration in force */
	uint64_t good_generation; /* the last that this room (or a predecessor) accepted */
	uint64_t cause;           /* change that led to the present state */
};

/* Prepares a room that is off. Returns 0 or -ENOMEM. */
int room_init(struct room *room, enum hf_room_kind kind, struct hf_loop *loop,
	      const struct room_events *events, void *arg) HF_MUST_CHECK;
void room_clear(struct room *room); /* the process must be gone */

void room_set_state(struct room *room, enum room_state state);

static inline bool
room_is_alive(const struct room *room)
{
	return room->ipc != NULL;
}

/*
 * Starts the process, greets it and tells it what its predecessor remembered. hello is completed
 * here (restarted, predecessor's end). Returns 0 or -errno.
 */
int room_spawn(struct room *room, struct hf_room_hello *hello) HF_MUST_CHECK;

/* Takes over the sealed text (fd) and sends it when the room is alive. */
void room_configure(struct room *room, int fd, uint64_t generation, uint64_t cause);
/*
 * Goes back to the text before. send: the room has taken the present one, so it is told, under this
 * generation.
 */
void room_revert(struct room *room, bool send, uint64_t generation, uint64_t cause);
/* Sends the present text again: to a successor. */
void room_configure_again(struct room *room, uint64_t cause);

void room_send_link(struct room *room, enum hf_room_kind peer, int fd);
void room_send_stop(struct room *room, const struct hf_room_stop *how);
bool room_ask_status(struct room *room, uint64_t request);
void room_send_dump(struct room *room, enum hf_room_dump_kind kind, int fd);

/* waitpid() returned this room's pid. */
void room_was_reaped(struct room *room, int wait_status);

/* Calls events->due at the time. */
void room_wait_until(struct room *room, hf_time due);

#endif

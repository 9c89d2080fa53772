/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every room process shares: its channel to the supervisor, its links to other rooms, its
 * changes, its memory.
 *
 * A room is the same program, started by the supervisor with "--room NAME" and the channel as
 * descriptor HF_ROOM_FD. Life of a room: HELLO -> any number of RECALL -> LINK (one for each
 * neighbour) -> CONFIG -> work ...
 * -> STOP -> it leaves in order and exits 0. When the supervisor's end closes, a room does what
 * STOP asks for.
 *
 * Memory: a room gives the supervisor small records to keep (REMEMBER, by key). A successor gets
 * them all back as RECALL before its first configuration, so a room that was killed goes on where
 * it was.
 */
#ifndef HF_ROOM_H
#define HF_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/hf_change.h"
#include "lib/hf_ipc.h"
#include "lib/hf_loop.h"

#define HF_ROOM_FD 3

/* In the order in which the supervisor starts them. Used as array index and on the wire. */
enum hf_room_kind {
	HF_ROOM_DAEMON, /* the supervisor itself */
	HF_ROOM_RUNNER,
	HF_ROOM_IPVS,
	HF_ROOM_CHECKER,
	HF_ROOM_VRRP,
	HF_ROOM_CLUSTER,
	HF_ROOM_KINDS
};

const char *
hf_room_name(enum hf_room_kind kind); /* "daemon", "runner", "ipvs", "checker", "vrrp", "cluster" */

/* Messages on the supervisor's channel. S: supervisor to room, R: room to supervisor. */
enum hf_room_msg {
	HF_ROOM_MSG_HELLO = 1, /* S: struct hf_room_hello */
	HF_ROOM_MSG_RECALL,    /* S: struct hf_room_record, then its bytes */
	HF_ROOM_MSG_LINK,   /* S: struct hf_room_link, with the descriptor; again when that room was
			       restarted */
	HF_ROOM_MSG_CONFIG, /* S: struct hf_room_config, with a sealed memfd: the room's part as
			       text */
	HF_ROOM_MSG_STATUS, /* S: struct hf_room_request */
	HF_ROOM_MSG_COMMAND, /* S: struct hf_room_request, then JSON text of an operator's order */
	HF_ROOM_MSG_DUMP,    /* S: struct hf_room_dump, with a descriptor to write text to */
	HF_ROOM_MSG_STOP,    /* S: struct hf_room_stop */
	HF_ROOM_MSG_CONFIG_DONE,  /* R: struct hf_room_config_done */
	HF_ROOM_MSG_CHANGE,       /* R: struct hf_change */
	HF_ROOM_MSG_REMEMBER,     /* R: struct hf_room_record, then its bytes (none: forget) */
	HF_ROOM_MSG_STATUS_REPLY, /* R: struct hf_room_request, with a memfd of JSON text: one value
				   */
	HF_ROOM_MSG_COMMAND_REPLY, /* R: struct hf_room_request, then JSON text (an object; "error"
				      when refused) */
};

struct hf_room_hello {
	struct hf_log_options log;
	uint64_t last_change_id;
	char run_dir[256];
	char instance[64];
	uint8_t detail;             /* how often -D was given */
	bool restarted;             /* a predecessor of this room died; RECALL follows */
	int64_t predecessor_end_ns; /* CLOCK_MONOTONIC of that; 0 if none */
};

#define HF_ROOM_KEY_MAX     128
#define HF_ROOM_RECORD_MAX  1024   /* bytes in one record */
#define HF_ROOM_RECORDS_MAX 400000 /* records the supervisor keeps for one room */

struct hf_room_record {
	char key[HF_ROOM_KEY_MAX];
	uint32_t len;
};

struct hf_room_link {
	uint8_t peer; /* enum hf_room_kind */
};

struct hf_room_config {
	uint64_t generation;
	uint64_t cause; /* change id of the start or reload */
	bool first;     /* the first configuration of this room process */
};

struct hf_room_config_done {
	uint64_t generation;
	int32_t error; /* 0, or a keepalived exit code (2: refused, 4: no permission): text says why
			*/
	char text[512];
};

struct hf_room_request {
	uint64_t id;
};

enum hf_room_dump_kind {
	HF_ROOM_DUMP_DATA,
	HF_ROOM_DUMP_STATS,
	HF_ROOM_DUMP_STATS_CLEAR,
	HF_ROOM_DUMP_JSON
};
struct hf_room_dump {
	uint8_t kind;
};

struct hf_room_stop {
	bool keep_vrrp; /* -V: leave addresses as they are and send no priority 0 */
	bool keep_ipvs; /* -I: leave the table */
};

struct hf_room;

/* A room's half: every callback runs in the loop. Those marked optional may be NULL. */
struct hf_room_ops {
	enum hf_room_kind kind;
	/* After HELLO: make what lives as long as the process; drop privileges. Returns the room's
	 * state, NULL to give up. */
	void *(*start)(struct hf_room *room);
	/* One remembered record. Optional. */
	void (*recall)(void *state, const char *key, const void *bytes, size_t len);
	/*
	 * A configuration: len bytes of text, NUL after them. Returns 0 when it is in force (or
	 * will be, without further refusal), else a keepalived exit code with *why filled; then
	 * nothing has changed.
	 */
	int (*config)(void *state, const struct hf_room_config *how, const char *text, size_t len,
		      char why[512]);
	/* A new link to a neighbour replaces the one before (already freed). Optional. */
	void (*linked)(void *state, enum hf_room_kind peer, struct hf_ipc *link);
	/* A message from a neighbour, as in struct hf_ipc_ops. Optional. */
	int (*message)(void *state, enum hf_room_kind peer, uint16_t type, const void *payload,
		       size_t len, int fd);
	/* The neighbour is gone; hf_room_link() is NULL until the next linked(). Optional. */
	void (*unlinked)(void *state, enum hf_room_kind peer);
	/* Writes one JSON value. */
	void (*status)(void *state, FILE *out);
	/* An operator's order as JSON text; writes one JSON object. Optional. */
	void (*command)(void *state, const char *json, FILE *out);
	/* USR1 and USR2 texts in keepalived's form. Optional. */
	void (*dump)(void *state, enum hf_room_dump_kind kind, FILE *out);
	/* Leave in order, then call hf_room_leave(). Called once. supervisor_gone: nobody waits for
	 * us. */
	void (*stop)(void *state, const struct hf_room_stop *how, bool supervisor_gone);
	/* Frees the state. */
	void (*end)(void *state);
};

/* The whole life of a room process. Returns its exit status. */
int hf_room_main(const struct hf_room_ops *ops);

struct hf_loop *hf_room_loop(struct hf_room *room);
const struct hf_room_hello *hf_room_hello(const struct hf_room *room);
struct hf_ipc *hf_room_link(struct hf_room *room,
			    enum hf_room_kind peer); /* NULL while there is none */

/* Ends hf_room_main() once what is queued has been sent (at most 1 s). */
void hf_room_leave(struct hf_room *room, int status);

/*
 * Says a change: logs it, sends it to the supervisor's journal, and returns its id for use as a
 * cause. subject, from, to, reason as in struct hf_change; detail is printf-like and may be NULL.
 */
uint64_t hf_room_change(struct hf_room *room, enum hf_log_level level, uint64_t cause,
			const char *subject, const char *from, const char *to, const char *reason,
			const char *detail, ...) HF_PRINTF(8, 9);

/* An id that came with a message of another room: our later ids will be greater. */
void hf_room_saw(struct hf_room *room, uint64_t change_id);

/* Keeps len bytes under key beyond this process; len 0 forgets them. */
void hf_room_remember(struct hf_room *room, const char *key, const void *bytes, size_t len);

#endif

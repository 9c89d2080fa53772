/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One replica of a volume as a pure state machine: roles, the in-sync record, the life of a write,
 * meeting again, resync. It takes an event and the time, changes only its own struct and appends
 * actions; the shell carries them out in order. It does no I/O and, after volume_open(), allocates
 * nothing.
 *
 * The rules it keeps (numbers: "Safety properties" of the design):
 * - A write is acknowledged when every member of the recorded set has it; a flush when every member
 *   has all that was acknowledged before it on stable storage (1, 2).
 * - A member that is lost is first struck from the record, stably; until then nothing is
 *   acknowledged (3). Only a member becomes primary, unless an operator accepts the loss (4).
 * - Epochs only grow; what was promised is stable before it is said (5, 6).
 * - Data moves between replicas only from a primary: without one, replicas compare and wait.
 * - A dirty bit is set before its extent can leave the activity log, and cleared in one place, when
 *   the peer has said that its copy is stable (10, 11).
 *
 * Positions: every write, and every piece of a resync, has one; the primary gives them out without
 * gaps. `settled` is the position up to which everything is stable on every replica that got it.
 *
 * Data: `data` is the shell's counted buffer. A write that comes as a request or a message, and
 * what was read into the shell's own buffer, hand a reference to the engine, which gives it back
 * with VOLUME_DO_DATA_FREE; other data stays whose it is and is used during the call only; an
 * action that carries data and needs it for longer than the call takes a reference of its own.
 */
#ifndef VOLUME_ENGINE_H
#define VOLUME_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hf_base.h"
#include "lib/hf_time.h"
#include "replication/link/link_msg.h"
#include "replication/volume/volume_meta_model.h"

enum volume_protocol { VOLUME_PROTOCOL_A, VOLUME_PROTOCOL_B, VOLUME_PROTOCOL_C };
enum volume_peer_loss { VOLUME_LOSS_CONTINUE, VOLUME_LOSS_FREEZE };

/* Does not change while the volume is open. */
struct volume_model {
	enum volume_protocol protocol;
	enum volume_peer_loss peer_loss;
	uint64_t size_blocks;
	uint32_t extent_blocks;   /* VOLUME_EXTENT_BLOCKS, or less in tests: a power of two */
	uint32_t al_slots;        /* the same on every node */
	uint32_t n_requests;      /* front-end requests that may be open at once */
	uint32_t n_items;         /* writes and resync pieces not yet settled: a power of two */
	uint32_t resync_blocks;   /* blocks of one piece of a resync */
	uint32_t resync_window;   /* pieces under way at once */
	uint64_t resync_rate_max; /* bytes a second, 0: no limit */
	uint64_t resync_rate_min; /* what application writes cannot take from a resync */
	int64_t settle_ns;        /* a write is made stable everywhere at most this long after */
	int64_t resume_wait_ns;   /* a resumed primary waits this long for the other members */
	int64_t answer_ns;        /* how long an order waits for the peers' answers */
};

enum volume_disk_state {
	VOLUME_DISKLESS,
	VOLUME_INCONSISTENT,
	VOLUME_OUTDATED,
	VOLUME_CONSISTENT,
	VOLUME_UP_TO_DATE,
};
const char *volume_disk_state_word(enum volume_disk_state state); /* "Diskless", ... */

/* Why an order was refused; each has a code for people. */
#define VOLUME_REFUSALS(X)                                                                         \
	X(NONE, "done", "the order was carried out")                                               \
	X(NOT_STARTED, "not-started", "the volume has not been started")                           \
	X(BUSY, "busy", "another order is being carried out")                                      \
	X(IS_PRIMARY, "peer-is-primary", "the peer is primary: demote it first")                   \
	X(PRIMARY_ALREADY, "is-primary", "this node is primary already")                           \
	X(NOT_PRIMARY, "not-primary", "this node is not primary")                                  \
	X(NOT_MEMBER, "not-in-sync", "this replica is not in the in-sync set: it misses writes")   \
	X(INCONSISTENT, "inconsistent", "a resync into this replica was not finished")             \
	X(DISKLESS, "diskless", "this replica has no usable disk")                                 \
	X(MEMBER_ABSENT, "member-absent", "a member of the in-sync set is not connected")          \
	X(PEER_BETTER, "peer-has-more", "another member may have writes that this one has not")    \
	X(OLD_EPOCH, "old-epoch", "the peer has promised a later epoch")                           \
	X(NEVER_PAIRED, "never-paired", "the stores were never in sync, and not all are clean")    \
	X(NO_ANSWER, "no-answer", "a member did not answer in time")                               \
	X(DISK_ERROR, "disk-error", "the record could not be stored")                              \
	X(STOPPED, "stopped", "the volume was stopped meanwhile")

enum volume_refusal {
#define VOLUME_REFUSAL_ENUM(name, code, text) VOLUME_REFUSAL_##name,
	VOLUME_REFUSALS(VOLUME_REFUSAL_ENUM)
#undef VOLUME_REFUSAL_ENUM
		VOLUME_REFUSAL_KINDS
};
const char *volume_refusal_code(enum volume_refusal why);
const char *volume_refusal_text(enum volume_refusal why);

enum volume_op { VOLUME_READ, VOLUME_WRITE, VOLUME_FLUSH, VOLUME_TRIM, VOLUME_ZERO };

/* From the front-end. READ, WRITE, TRIM and ZERO stay within one extent (the shell cuts longer
 * ones); offset and len are multiples of 512. */
struct volume_request {
	uint64_t tag; /* comes back in VOLUME_DO_COMPLETE */
	enum volume_op op;
	bool fua;
	uint64_t offset; /* bytes */
	uint32_t len;    /* bytes */
	void *data;      /* WRITE: the data; READ: where to */
};

enum volume_event_type {
	VOLUME_EV_START,     /* once, with what the metadata said; see volume_start */
	VOLUME_EV_TIMER,     /* owed at volume_next_due() */
	VOLUME_EV_REQUEST,   /* only when volume_room() is not 0 */
	VOLUME_EV_DISK_DONE, /* an action of the data area with this id */
	VOLUME_EV_AL_DONE,   /* the last VOLUME_DO_AL_WRITE is stable */
	VOLUME_EV_META_DONE, /* the last VOLUME_DO_META_WRITE is stable */
	VOLUME_EV_MAP_DONE,  /* the last VOLUME_DO_MAP_WRITE is stable */
	VOLUME_EV_LINK_UP,   /* a new, authenticated session with this peer */
	VOLUME_EV_LINK_DOWN, /* it is gone; nothing more of it will come */
	VOLUME_EV_MESSAGE,   /* of the present session */
	VOLUME_EV_PROMOTE,   /* orders, answered by VOLUME_DO_ORDER_DONE */
	VOLUME_EV_DEMOTE,
	VOLUME_EV_STOP, /* demote when primary, write out, say goodbye */
};

struct volume_event {
	enum volume_event_type type;
	uint8_t peer;        /* LINK_UP, LINK_DOWN, MESSAGE */
	uint64_t live_epoch; /* START: volume_status.live_epoch of the process before, when
				the machine has run without a break since; else 0 */
	bool resume_primary; /* START: that process was primary; not after a break */
	bool accept_loss;    /* PROMOTE */
	struct volume_request request; /* REQUEST */
	uint64_t id;                   /* DISK_DONE */
	int error;                     /* DISK, AL, META, MAP_DONE: 0 or a positive errno */
	void *data;                 /* DISK_DONE of a read for which the shell chose the buffer */
	const struct link_msg *msg; /* MESSAGE */
};

enum volume_action_type {
	VOLUME_DO_COMPLETE,   /* request `tag` ends with `error`; data: a READ's, when a peer has
				 read it (else it is in the request's own buffer) */
	VOLUME_DO_DISK_READ,  /* data area: id, offset, len, data (NULL: the shell's own buffer) */
	VOLUME_DO_DISK_WRITE, /* id, offset, len, data */
	VOLUME_DO_DISK_TRIM,  /* id, offset, len; reads as zeroes afterwards */
	VOLUME_DO_DISK_ZERO,
	VOLUME_DO_DISK_FLUSH, /* id: all that was reported done before is stable */
	VOLUME_DO_AL_WRITE,   /* *al; one at a time */
	VOLUME_DO_META_WRITE, /* *superblock; one at a time */
	VOLUME_DO_MAP_WRITE,  /* page `page` of the map for `peer`, as it is now; one at a time */
	VOLUME_DO_SEND,       /* msg to peer */
	VOLUME_DO_LINK_RESET, /* end the session with peer; a new one may be made after a pause */
	VOLUME_DO_LINK_STAY_DOWN, /* the same, and no new one before an operator's order */
	VOLUME_DO_DATA_FREE,      /* the engine no longer needs `data` */
	VOLUME_DO_ORDER_DONE,     /* the present order ends with `refusal` */
	VOLUME_DO_CHANGE,         /* something that status shows has changed: see note */
	VOLUME_DO_STOPPED,        /* after STOP: nothing is left to do */
};

enum volume_note {
	VOLUME_NOTE_ROLE,       /* primary or secondary */
	VOLUME_NOTE_RECORD,     /* epoch, in-sync set */
	VOLUME_NOTE_CONNECTION, /* of peer */
	VOLUME_NOTE_RESYNC,     /* of peer begun or over */
	VOLUME_NOTE_SUSPENDED,  /* requests wait, or no longer */
	VOLUME_NOTE_DISK,       /* disk state */
	VOLUME_NOTE_REFUSED,    /* the peer is refused by `rule` */
};

struct volume_action {
	enum volume_action_type type;
	uint8_t peer;
	uint64_t tag, id, offset;
	uint32_t len, page;
	int error;
	void *data;
	enum volume_note note;
	enum volume_refusal refusal;
	uint8_t rule;                               /* enum volume_rule, REFUSED */
	const struct volume_superblock *superblock; /* valid until META_DONE */
	const struct volume_al_transaction *al;     /* valid until AL_DONE */
	struct link_msg msg;                        /* SEND */
};

/* Owned by the shell, grows by doubling up to VOLUME_ACTIONS_MAX, reset after each step. */
#define VOLUME_ACTIONS_MAX (1u << 20)
struct volume_actions {
	struct volume_action *list;
	size_t n, cap;
};
struct volume_action *volume_actions_add(struct volume_actions *actions,
					 enum volume_action_type type);
void volume_actions_reset(struct volume_actions *actions);
void volume_actions_free(struct volume_actions *actions);

struct volume;
struct volume_dirty;

/* What is known of a volume at its start, read by volume_meta. The maps belong to the shell, live
 * as long as the volume and are changed by the engine only. */
struct volume_stored {
	struct volume_superblock superblock;
	const uint32_t *al_extents;                   /* al_slots of them, or VOLUME_AL_FREE */
	struct volume_dirty *dirty[VOLUME_NODES_MAX]; /* NULL for this node and above n_nodes */
};

/* Allocates all that the volume will ever need. NULL with *why (static text) when the model and the
 * superblock do not fit. Starts with VOLUME_EV_START, which needs the time. */
struct volume *volume_open(const struct volume_model *model, const struct volume_stored *stored,
			   const char **why);
void volume_close(struct volume *v);

void volume_handle(struct volume *v, const struct volume_event *ev, hf_time now,
		   struct volume_actions *out);
hf_time volume_next_due(const struct volume *v); /* HF_NEVER: no timer */

/* How many more requests may be handed in now. */
uint32_t volume_room(const struct volume *v);

/* For status. */
enum volume_connection {
	VOLUME_CONNECTION_NONE, /* no link */
	VOLUME_CONNECTION_MEETING,
	VOLUME_CONNECTION_IDLE, /* connected, no primary: nothing moves */
	VOLUME_CONNECTION_SYNC_SOURCE,
	VOLUME_CONNECTION_SYNC_TARGET,
	VOLUME_CONNECTION_ESTABLISHED, /* both in the in-sync set */
	VOLUME_CONNECTION_REFUSED,
};
const char *volume_connection_word(enum volume_connection connection);

struct volume_peer_status {
	enum volume_connection connection;
	enum volume_disk_state disk_state;
	uint64_t dirty_blocks;
	uint64_t resync_total, resync_left; /* blocks, while SYNC_SOURCE */
	uint8_t rule;                       /* REFUSED: enum volume_rule */
};

struct volume_status {
	bool primary, suspended;
	enum volume_disk_state disk_state;
	struct volume_record record;
	uint64_t position, settled;
	uint64_t live_epoch; /* to be remembered for the next process on the same boot */
	struct volume_peer_status peers[VOLUME_NODES_MAX];
};
void volume_status(const struct volume *v, struct volume_status *status);

/* Asserts what ties the fields together; volume_handle() calls it on the way in and out. */
void volume_check(const struct volume *v);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages that replicas exchange about one volume, as plain structs. link_packet.h turns them
 * into bytes. Pings, authentication and features are the link's own and not here.
 *
 * What the volume asks of a link: messages of one session arrive complete, unchanged and in the
 * order in which they were sent, or the session ends; nothing of an earlier session arrives in a
 * later one.
 */
#ifndef LINK_MSG_H
#define LINK_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "replication/volume/volume_meta_model.h"

enum link_msg_type {
	LINK_HELLO = 1,   /* both, first in a session and again never: struct link_hello */
	LINK_VERDICT,     /* both, after the other's hello: struct link_verdict */
	LINK_RECORD,      /* primary: this is the record now; struct link_record */
	LINK_RECORD_ACK,  /* it is stable here: struct link_record_ack */
	LINK_WRITE,       /* primary: struct link_write, with data when kind is WRITE or RESYNC */
	LINK_WRITE_ACK,   /* struct link_write_ack */
	LINK_MARK,        /* primary: make all before this stable; struct link_mark */
	LINK_STABLE,      /* answer to it: struct link_mark */
	LINK_MAP,         /* a page of a dirty map: struct link_map, with data */
	LINK_MAP_END,     /* target: all pages were sent */
	LINK_DIGEST_ASK,  /* source: struct link_range; the target's digests of these blocks */
	LINK_DIGEST,      /* answer: struct link_digest, with data: 16 bytes for each block */
	LINK_READ,        /* struct link_range: a primary without a usable block asks for it */
	LINK_READ_REPLY,  /* struct link_range; data when error is 0 */
	LINK_PROMOTE_ASK, /* struct link_promote: may I become primary? */
	LINK_PROMOTE_ANSWER, /* struct link_promote */
	LINK_DISK_FAILED,    /* sender: my data area can no longer be used */
	LINK_REFUSE,         /* struct link_refuse: why the sender ends the session */
	LINK_BYE,            /* the sender stops in order */
	LINK_MSG_TYPES
};

/* What one end is, so that both can look up the same answer (volume_rejoin.h). */
struct link_hello {
	uint8_t volume_id[VOLUME_ID_BYTES];
	uint8_t replica_id[VOLUME_ID_BYTES];
	uint8_t node;
	uint64_t opened;
	uint64_t size_blocks;
	uint64_t promised;
	uint64_t dirty_blocks;        /* in the sender's map for the receiver */
	struct volume_peer_seen seen; /* what the sender knows of the receiver */
	struct volume_lineage lineage;
	bool is_primary; /* right now, in the last record of the lineage */
	bool inconsistent;
	bool diskless;
	bool created_clean;
	uint64_t live_epoch; /* took part in this epoch without a restart since; 0: none */
	uint8_t protocol;    /* enum volume_protocol */
};

/* What the sender made of both hellos. When they are not mirror images the session ends. */
struct link_verdict {
	uint8_t verdict; /* enum volume_verdict, as the sender sees itself */
	uint8_t rule;    /* enum volume_rule */
};

struct link_record {
	uint64_t epoch; /* of lineage's last entry */
	struct volume_lineage lineage;
	bool resync_target; /* receiver: you are one, remember it before the first block arrives */
};

struct link_record_ack {
	uint64_t epoch;
};

enum link_write_kind {
	LINK_KIND_WRITE,
	LINK_KIND_TRIM, /* reads as zeroes on every replica afterwards */
	LINK_KIND_ZERO,
	LINK_KIND_RESYNC, /* blocks of the source, whole; not the application's */
	LINK_KIND_SAME,   /* blocks whose digests were equal: only a position in the stream */
};

struct link_write {
	uint64_t epoch;
	uint64_t position;
	uint64_t settled;     /* all up to here is stable wherever it was sent */
	uint64_t write_epoch; /* writes of one write epoch may be written in any order */
	uint64_t offset;      /* bytes */
	uint32_t len;         /* bytes */
	uint8_t kind;         /* enum link_write_kind */
	uint8_t missing;      /* nodes that do not get this write: a bit for each */
	void *data;           /* WRITE, RESYNC; else NULL */
};

enum link_ack_level { LINK_ACK_RECEIVED = 1, LINK_ACK_WRITTEN };

struct link_write_ack {
	uint64_t epoch;
	uint64_t position;
	uint8_t level; /* enum link_ack_level */
};

/* MARK: tell me when all up to `position` is stable. STABLE: it is. */
struct link_mark {
	uint64_t epoch;
	uint64_t position;
	uint64_t settled;
};

/* One page of the sender's map about `node`. */
struct link_map {
	uint8_t node;
	uint32_t page;
	uint32_t len; /* bytes: VOLUME_MAP_PAGE_BYTES */
	void *data;   /* to be sent: the struct volume_dirty; received: the page's bytes */
};

struct link_range {
	uint64_t epoch;
	uint64_t id; /* the asker's, comes back in the answer */
	uint64_t offset;
	uint32_t len;
	int32_t error; /* answer: 0 or a positive errno */
	void *data;
};

#define LINK_DIGEST_BYTES 16
struct link_digest {
	uint64_t epoch;
	uint64_t id;
	uint64_t offset;
	uint32_t len; /* of the range in bytes */
	int32_t error;
	void *data; /* LINK_DIGEST_BYTES for each block */
};

/* ASK: {epoch} is the epoch to be. ANSWER: the same epoch, agreed or why not. */
struct link_promote {
	uint64_t epoch;
	bool agreed; /* the answerer has promised the epoch, stably */
	uint8_t why; /* enum volume_refusal when it has not */
	bool resume; /* ASK: I was primary, my process was replaced and my machine went on */
};

struct link_refuse {
	uint64_t promised; /* what the sender has promised */
	uint8_t why;       /* enum volume_rule */
};

struct link_msg {
	enum link_msg_type type;
	union {
		struct link_hello hello;
		struct link_verdict verdict;
		struct link_record record;
		struct link_record_ack record_ack;
		struct link_write write;
		struct link_write_ack write_ack;
		struct link_mark mark;
		struct link_map map;
		struct link_range range;
		struct link_digest digest;
		struct link_promote promote;
		struct link_refuse refuse;
	};
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the engine share among themselves; everybody else includes volume_engine.h.
 *
 *   volume_engine.c   events to the right place, orders, timers, status
 *   volume_record.c   the record, its changes, the superblock
 *   volume_session.c  meeting a peer and losing it
 *   volume_promote.c  who becomes primary, and giving it up
 *   volume_write.c    requests of the front-end on the primary
 *   volume_follow.c   the stream of a primary on the others
 *   volume_stable.c   flushes, marks, what is settled
 *   volume_extent.c   the activity log in memory, dirty bits and their pages
 *   volume_resync.c   copying what differs to a peer
 *   volume_rejoin.c   the table of meeting again
 */
#ifndef VOLUME_STEP_H
#define VOLUME_STEP_H

#include "replication/volume/volume_dirty.h"
#include "replication/volume/volume_engine.h"
#include "replication/volume/volume_rejoin.h"

#define VOLUME_NIL UINT32_MAX

/* The simulator proves that it finds what it should: each planted fault has a number there. Zero
 * cost everywhere else, where no fault is compiled in. */
#ifdef VOLUME_FAULTS
extern int volume_fault;
#define VOLUME_FAULT(n) (volume_fault == (n))
#else
#define VOLUME_FAULT(n) (false)
#endif

/* A write or a piece of a resync with its place in the stream. The ring is indexed by seq; on the
 * primary seq is the position, elsewhere it counts arrivals. */
struct volume_item {
	uint64_t seq, position, write_epoch;
	uint64_t offset;
	uint32_t len;
	enum link_write_kind kind;
	void *data;
	uint32_t request; /* index, or VOLUME_NIL */
	uint32_t slot;    /* of the activity log, or VOLUME_NIL */
	uint8_t sent;     /* peers that got it and may not have it stable yet */
	uint8_t acked;    /* of these: have it as the protocol asks */
	uint8_t written;  /* of these: have written it */
	bool submitted;   /* to the local disk */
	bool done;        /* written here, or nothing to write */
};

enum volume_request_stage {
	VOLUME_REQ_FREE,
	VOLUME_REQ_WAIT,  /* not begun */
	VOLUME_REQ_BEGUN, /* a write in the stream, or a read at the disk or a peer */
	VOLUME_REQ_FLUSH, /* waits until all up to `until` is stable */
};

struct volume_open_request {
	struct volume_request r;
	enum volume_request_stage stage;
	uint64_t until;
	uint8_t tried;       /* READ: peers that were asked already */
	uint32_t next, prev; /* in the order of arrival */
};

struct volume_slot {
	uint32_t extent;
	uint32_t refs;
	uint64_t last; /* the last position written below it */
	bool pending;  /* the transaction is not stable yet */
	uint32_t newer, older, chain;
};

struct volume_extents {
	uint32_t n_slots, n_buckets;
	struct volume_slot *slots;
	uint32_t *buckets;
	uint32_t newest, oldest;
	struct volume_al_transaction next, writing;
	bool busy;  /* a transaction is being written */
	bool stuck; /* somebody waits for a slot that cannot be had yet */
};

/* Makes things stable: a flush covers what was done when it began. */
struct volume_flusher {
	uint64_t want_first, want_last; /* the nearest unmet wish and the furthest, by seq */
	uint64_t covering;              /* the running flush */
	bool running;
	uint64_t stable; /* seq */
};

enum volume_session {
	VOLUME_SESSION_NONE,
	VOLUME_SESSION_HELLO,   /* link is there; hellos go out */
	VOLUME_SESSION_VERDICT, /* both hellos are known; the peer's verdict is not */
	VOLUME_SESSION_IDLE,
	VOLUME_SESSION_SRC_RECORD, /* source: the record without the peer is being stored, here,
				      there */
	VOLUME_SESSION_SRC_MAP,    /* source: the target sends its map */
	VOLUME_SESSION_SRC_COPY,
	VOLUME_SESSION_SRC_JOIN,  /* source: all is copied; its ack counts; waiting until stable */
	VOLUME_SESSION_SRC_ENTER, /* source: the record with the peer */
	VOLUME_SESSION_TARGET,
	VOLUME_SESSION_MEMBER,
	VOLUME_SESSION_REFUSED,
};

struct volume_peer {
	enum volume_session session;
	bool link, hello_sent, hello_seen, verdict_seen;
	struct link_hello mine, theirs;
	struct volume_meeting meeting;
	uint8_t their_verdict;
	bool receiving;  /* gets our writes */
	uint64_t stable; /* position */
	uint64_t mark_sent, settled_sent;
	uint64_t record_sent, record_acked;    /* epochs */
	uint64_t ack_version, ack_epoch;       /* secondary: RECORD_ACK owed once this is stable */
	bool ack_target;                       /* and the maps after it */
	uint64_t answer_version, answer_epoch; /* PROMOTE_ANSWER owed once this is stable */
	bool agreed;                           /* has answered our question */
	uint64_t join_at;                      /* SRC_JOIN: stable there up to here */
	uint64_t cursor, resync_total;
	uint32_t pieces, unsettled; /* resync under way, not yet settled */
	uint64_t budget_bytes;
	hf_time budget_at;
	bool disk_failed;
	uint8_t *page_unsaved; /* per page of the map: bits set since it was saved */
};

/* The stream of a primary, at one that follows it. */
struct volume_follow {
	bool following;
	uint8_t peer;
	uint64_t session_seq;             /* arrivals up to here belong to earlier sessions */
	uint64_t mark_seq, mark_position; /* the last mark, and the last arrival before it */
	uint64_t covering_position, stable_position, reported;
};

/* A range being read for a resync; application writes to it wait. */
struct volume_piece {
	bool used;
	uint8_t peer;
	uint64_t offset;
	uint32_t len;
};
#define VOLUME_PIECES_MAX 64

enum volume_promotion {
	VOLUME_PROMOTION_NONE,
	VOLUME_PROMOTION_WAIT,   /* resume: for the other members to connect */
	VOLUME_PROMOTION_DRAIN,  /* for writes of an earlier session to end */
	VOLUME_PROMOTION_ASK,    /* for the answers, and our own promise */
	VOLUME_PROMOTION_RECORD, /* for the record to be in force */
};

struct volume {
	struct volume_model model;
	uint8_t self, all; /* node; a bit for each node */
	struct volume_superblock sb, sb_writing;
	uint64_t meta_version, meta_writing, meta_stable;
	bool started, ready; /* ready: `opened` is stable, peers may be met */
	bool stopping, stopped, failed;
	hf_time now;
	struct volume_actions *out; /* of the present step */
	void *reply;                /* what a peer read for the request that ends now */

	bool primary;  /* role; requests are taken */
	bool in_force; /* the record is stable here and at its connected members */
	bool frozen;   /* peer_loss freeze: until the peer is back */
	bool demoting, disk_ok;
	uint8_t members, joining; /* wanted in the record; acks count already */
	uint64_t record_version, live_epoch;

	enum volume_promotion promotion;
	bool order, resume, accept_loss, clean_start;
	uint64_t ask_epoch, ask_version;
	hf_time promotion_due;

	struct volume_item *ring;
	uint64_t mask, first, seq, done; /* first: oldest kept; done: all up to here is done */
	uint64_t write_epoch;
	bool write_epoch_over; /* something was completed: the next write begins a new one */
	uint64_t settled;      /* position */
	uint64_t seen;         /* the highest position seen or given out */
	hf_time settle_due;
	struct volume_flusher flush;
	struct volume_follow follow;

	struct volume_open_request *requests;
	uint32_t free_request, n_open, head, tail;

	struct volume_extents al;
	struct volume_dirty *dirty[VOLUME_NODES_MAX];
	bool map_busy;
	uint8_t map_peer;
	uint32_t map_page, n_pages;
	struct volume_peer peers[VOLUME_NODES_MAX];
	struct volume_piece pieces[VOLUME_PIECES_MAX];
	uint64_t app_bytes; /* written by the application since the budget was last filled */
	bool again;         /* something changed: pump once more before the step ends */
};

#define VOLUME_BIT(node) ((uint8_t)(1u << (node)))

static inline bool
volume_has(uint8_t mask, uint8_t node)
{
	return node < VOLUME_NODES_MAX && (mask >> node & 1) != 0;
}

static inline struct volume_item *
volume_item_at(struct volume *v, uint64_t seq)
{
	return &v->ring[seq & v->mask];
}

static inline const struct volume_record *
volume_record_of(const struct volume *v)
{
	return &volume_lineage_last(&v->sb.lineage)->record;
}

/* Peers whose acknowledgement a completion needs. */
static inline uint8_t
volume_required(const struct volume *v)
{
	return (uint8_t)((volume_record_of(v)->in_sync | v->joining) & ~VOLUME_BIT(v->self));
}

static inline bool
volume_held(const struct volume *v)
{
	return !v->in_force || v->frozen;
}

/* Ids of disk actions. */
enum volume_id_kind {
	VOLUME_ID_ITEM = 1,
	VOLUME_ID_READ,
	VOLUME_ID_FLUSH,
	VOLUME_ID_PIECE,
	VOLUME_ID_PEER_READ
};
static inline uint64_t
volume_id(enum volume_id_kind kind, uint64_t index)
{
	return (uint64_t)kind << 56 | index;
}

struct volume_action *volume_do(struct volume *v, enum volume_action_type type);
struct link_msg *volume_send(struct volume *v, uint8_t peer, enum link_msg_type type);
void volume_note(struct volume *v, enum volume_note note, uint8_t peer);
void volume_data_free(struct volume *v, void *data);

/* volume_record.c */
void volume_meta_save(struct volume *v);
void volume_meta_done(struct volume *v, int error);
/* The primary (or one that becomes it) makes v->members the in-sync set. */
void volume_record_change(struct volume *v, uint8_t primary, uint64_t epoch);
void volume_record_send(struct volume *v, uint8_t peer, bool target);
void volume_record_pump(struct volume *v);
void volume_record_received(struct volume *v, uint8_t peer, const struct link_record *m);
void volume_record_acked(struct volume *v, uint8_t peer, const struct link_record_ack *m);
bool volume_lineage_append(struct volume_lineage *lineage, const struct volume_lineage_entry *e);
bool volume_lineage_has(const struct volume_lineage *lineage, const struct volume_lineage_entry *e);

/* volume_session.c */
void volume_link_up(struct volume *v, uint8_t peer);
void volume_link_down(struct volume *v, uint8_t peer);
void volume_link_reset(struct volume *v, uint8_t peer);
void volume_session_message(struct volume *v, uint8_t peer, const struct link_msg *msg);
void volume_session_pump(struct volume *v);
/* Our record or role changed by ourselves: whoever does not know it meets us again. */
void volume_session_renew(struct volume *v, uint8_t keep);
void volume_hello_fill(const struct volume *v, uint8_t peer, struct link_hello *hello);

/* volume_promote.c */
void volume_promote_order(struct volume *v, bool accept_loss);
void volume_promote_resume(struct volume *v);
void volume_promote_pump(struct volume *v);
void volume_promote_asked(struct volume *v, uint8_t peer, const struct link_promote *m);
void volume_promote_answered(struct volume *v, uint8_t peer, const struct link_promote *m);
void volume_promote_fail(struct volume *v, enum volume_refusal why);
void volume_demote_order(struct volume *v);
void volume_demote_pump(struct volume *v);
void volume_yield(struct volume *v); /* superseded: give up the role at once */
void volume_order_done(struct volume *v, enum volume_refusal why);

/* volume_write.c */
void volume_request_take(struct volume *v, const struct volume_request *r);
void volume_request_end(struct volume *v, uint32_t index, int error);
void volume_write_pump(struct volume *v);
void volume_write_acked(struct volume *v, uint8_t peer, const struct link_write_ack *m);
void volume_read_done(struct volume *v, uint32_t index, int error);
void volume_read_reply(struct volume *v, uint8_t peer, const struct link_range *m);
void volume_complete_ready(struct volume *v);
bool volume_overlaps_stream(struct volume *v, uint64_t offset, uint32_t len);
struct volume_item *volume_item_new(struct volume *v);
bool volume_item_room(const struct volume *v);
void volume_item_send(struct volume *v, struct volume_item *item);
void volume_item_submit(struct volume *v, struct volume_item *item);
void volume_item_done(struct volume *v, uint64_t seq, int error);
void volume_peer_lost(struct volume *v, uint8_t peer);
void volume_disk_fail(struct volume *v);

/* volume_follow.c */
void volume_follow_write(struct volume *v, uint8_t peer, const struct link_write *m);
void volume_follow_mark(struct volume *v, uint8_t peer, const struct link_mark *m);
void volume_follow_pump(struct volume *v);
void volume_follow_done(struct volume *v, struct volume_item *item);
void volume_follow_read(struct volume *v, uint8_t peer, const struct link_range *m);

/* volume_stable.c */
void volume_want_stable(struct volume *v, uint64_t seq);
void volume_want_settled(struct volume *v); /* everything so far, everywhere */
void volume_flush_done(struct volume *v, int error);
void volume_stable_pump(struct volume *v);
void volume_peer_stable(struct volume *v, uint8_t peer, const struct link_mark *m);
void volume_advance_done(struct volume *v);
bool volume_quiet(const struct volume *v); /* nothing is at the local disk or about to be */

/* volume_extent.c */
bool volume_extents_open(struct volume *v, const uint32_t *extents);
/* The slot of this extent, stable and referenced, or VOLUME_NIL: call again later. */
uint32_t volume_extent_get(struct volume *v, uint64_t offset);
void volume_extent_put(struct volume *v, uint32_t slot, uint64_t position);
void volume_extents_pump(struct volume *v);
void volume_extents_done(struct volume *v, int error);
/* Marks what the log covers as dirty for these peers; unsettled_only: written by this process and
 * not settled. */
void volume_extents_fold(struct volume *v, uint8_t peers, bool unsettled_only);
void volume_extents_forget(struct volume *v); /* a clean point: nothing in the log differs */
void volume_dirty_mark(struct volume *v, uint8_t peer, uint64_t offset, uint32_t len);
void volume_dirty_mark_all(struct volume *v, uint8_t peer);
/* The only place where bits are cleared; peer has said that its copy is stable. */
void volume_dirty_equal(struct volume *v, uint8_t peer, uint64_t offset, uint64_t len);
void volume_map_done(struct volume *v, int error);
bool volume_maps_save(struct volume *v); /* true: all pages are saved */

/* volume_resync.c */
void volume_resync_start(struct volume *v, uint8_t peer);
void volume_resync_pump(struct volume *v);
void volume_resync_read(struct volume *v, uint32_t piece, void *data, int error);
void volume_resync_map(struct volume *v, uint8_t peer, const struct link_map *m);
void volume_resync_map_end(struct volume *v, uint8_t peer);
void volume_resync_forget(struct volume *v, uint8_t peer);
void volume_resync_send_maps(struct volume *v, uint8_t peer);
hf_time volume_resync_due(const struct volume *v);
bool volume_piece_overlaps(const struct volume *v, uint64_t offset, uint32_t len);

#endif

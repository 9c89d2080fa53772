/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record {epoch, primary, in-sync set}, its history and the superblock that holds them. A
 * change is first stable at the primary, then told to the members, and in force when all connected
 * members have it stable; only then is anything acknowledged by it (invariants 3 and 6).
 */
#include <assert.h>
#include <string.h>

#include "replication/volume/volume_step.h"

bool
volume_lineage_has(const struct volume_lineage *lineage, const struct volume_lineage_entry *e)
{
	for (uint32_t i = lineage->n; i-- > 0;) {
		const struct volume_lineage_entry *have = &lineage->entries[i];

		if (have->record.epoch == e->record.epoch)
			return have->record.primary == e->record.primary &&
			       have->record.in_sync == e->record.in_sync && have->start == e->start;
	}
	return false;
}

/* The oldest entry leaves a full list. False when e is not newer than the last entry. */
bool
volume_lineage_append(struct volume_lineage *lineage, const struct volume_lineage_entry *e)
{
	if (e->record.epoch <= volume_lineage_last(lineage)->record.epoch)
		return false;
	if (lineage->n == VOLUME_LINEAGE_MAX) {
		memmove(lineage->entries, lineage->entries + 1,
			(VOLUME_LINEAGE_MAX - 1) * sizeof(*e));
		lineage->n--;
	}
	lineage->entries[lineage->n++] = *e;
	return true;
}

static void
meta_write(struct volume *v)
{
	v->meta_writing = v->meta_version;
	v->sb_writing = v->sb;
	volume_do(v, VOLUME_DO_META_WRITE)->superblock = &v->sb_writing;
}

/* The present superblock is to be stable: when meta_stable reaches the meta_version of now. */
void
volume_meta_save(struct volume *v)
{
	v->meta_version++;
	if (v->meta_writing == v->meta_stable)
		meta_write(v);
}

void
volume_meta_done(struct volume *v, int error)
{
	assert(v->meta_writing > v->meta_stable);
	v->meta_stable = v->meta_writing;
	if (error != 0) {
		/* Nothing that was promised can be kept any more. */
		v->failed = true;
		volume_disk_fail(v);
		return;
	}
	v->again = true;
	if (v->meta_version > v->meta_writing)
		meta_write(v);
}

void
volume_record_change(struct volume *v, uint8_t primary, uint64_t epoch)
{
	struct volume_lineage_entry e = { { epoch, primary, v->members }, v->seen };

	assert(epoch > volume_record_of(v)->epoch);
	volume_lineage_append(&v->sb.lineage, &e);
	if (v->sb.promised < epoch)
		v->sb.promised = epoch;
	v->live_epoch = epoch;
	volume_meta_save(v);
	v->record_version = v->meta_version;
	v->in_force = false;
	volume_note(v, VOLUME_NOTE_RECORD, v->self);
	v->again = true;
}

void
volume_record_send(struct volume *v, uint8_t peer, bool target)
{
	struct link_record *m = &volume_send(v, peer, LINK_RECORD)->record;

	m->epoch = volume_record_of(v)->epoch;
	m->lineage = v->sb.lineage;
	m->resync_target = target;
	v->peers[peer].record_sent = m->epoch;
}

/* Does this peer follow our record as a member that must have each change? */
static bool
follows(const struct volume_peer *peer)
{
	return peer->session == VOLUME_SESSION_MEMBER || peer->session == VOLUME_SESSION_SRC_ENTER;
}

void
volume_record_pump(struct volume *v)
{
	const struct volume_record *r = volume_record_of(v);
	bool waiting = false;

	if (v->in_force || v->record_version == 0 || v->meta_stable < v->record_version)
		return;
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		struct volume_peer *peer = &v->peers[p];

		if (p == v->self || !peer->link)
			continue;
		if (peer->record_sent < r->epoch &&
		    (follows(peer) || peer->session == VOLUME_SESSION_SRC_COPY ||
		     peer->session == VOLUME_SESSION_SRC_MAP ||
		     peer->session == VOLUME_SESSION_SRC_JOIN))
			volume_record_send(v, p, false);
		if (volume_has(r->in_sync, p) && peer->session == VOLUME_SESSION_MEMBER &&
		    peer->record_acked < r->epoch)
			waiting = true;
	}
	if (waiting)
		return;
	v->in_force = true;
	v->again = true;
}

/* May this record be ours? It goes on from the one we have, and from nobody but its primary. */
static bool
acceptable(struct volume *v, uint8_t p, const struct link_record *m)
{
	const struct volume_lineage_entry *mine = volume_lineage_last(&v->sb.lineage);
	const struct volume_record *r = &volume_lineage_last(&m->lineage)->record;
	enum volume_session session = v->peers[p].session;

	if (v->primary ||
	    (v->promotion != VOLUME_PROMOTION_NONE && v->promotion != VOLUME_PROMOTION_WAIT))
		return false;
	if (session != VOLUME_SESSION_IDLE && session != VOLUME_SESSION_TARGET &&
	    session != VOLUME_SESSION_MEMBER)
		return false;
	if (m->epoch < v->sb.promised) {
		volume_send(v, p, LINK_REFUSE)->refuse =
			(struct link_refuse){ v->sb.promised, VOLUME_RULE_OLD_EPOCH };
		return false;
	}
	if (mine->record.epoch != 0 && !volume_lineage_has(&m->lineage, mine) && !VOLUME_FAULT(16))
		return false;
	return r->epoch == m->epoch && (r->primary == VOLUME_NODE_NONE || r->primary == p);
}

/* We are a member by this record: who else is equal to us, and who no longer. */
static void
note_members(struct volume *v, uint8_t p, const struct volume_record *r)
{
	const struct volume_record *mine = volume_record_of(v);

	for (uint8_t x = 0; x < v->sb.n_nodes; x++) {
		if (x == v->self)
			continue;
		if (volume_has(r->in_sync, x)) {
			if (v->sb.inconsistent || !volume_has(mine->in_sync, x))
				volume_dirty_equal(v, x, 0,
						   v->model.size_blocks * VOLUME_BLOCK_BYTES);
		} else if (volume_has(mine->in_sync, x) && x != p) {
			/* Struck out: what it may lack is what is not settled. */
			volume_extents_fold(v, VOLUME_BIT(x), true);
		}
	}
}

/* What stays noted until we are a member again. */
static void
become_target(struct volume *v, const struct volume_record *r)
{
	/* What only the writes of another primary's end can have changed here. */
	if (volume_record_of(v)->primary != r->primary) {
		volume_extents_fold(v, v->all, true);
		volume_extents_forget(v);
	}
	v->sb.inconsistent = !VOLUME_FAULT(9);
}

static void
follow(struct volume *v, uint8_t p, bool following)
{
	if (!v->follow.following) {
		v->follow = (struct volume_follow){ .session_seq = v->seq };
		v->settled = 0;
	}
	v->follow.following = following;
	v->follow.peer = p;
}

/* The record came from the primary of our session. */
void
volume_record_received(struct volume *v, uint8_t p, const struct link_record *m)
{
	struct volume_peer *peer = &v->peers[p];
	const struct volume_record *r = &volume_lineage_last(&m->lineage)->record;
	bool clean = r->primary == VOLUME_NODE_NONE;
	bool enters = volume_has(r->in_sync, v->self);

	if (!acceptable(v, p, m)) {
		volume_link_reset(v, p);
		return;
	}
	if (enters)
		note_members(v, p, r);
	if (m->resync_target)
		become_target(v, r);
	v->sb.lineage = m->lineage;
	v->sb.promised = m->epoch;
	if (enters && peer->session != VOLUME_SESSION_IDLE)
		v->sb.inconsistent = false;
	if (enters)
		v->live_epoch = m->epoch;
	if (clean)
		volume_extents_forget(v);
	volume_meta_save(v);
	peer->ack_version = v->meta_version;
	peer->ack_epoch = m->epoch;
	peer->ack_target |= m->resync_target;
	if (clean)
		peer->session = VOLUME_SESSION_IDLE;
	else if (m->resync_target || !enters)
		peer->session = VOLUME_SESSION_TARGET;
	else
		peer->session = VOLUME_SESSION_MEMBER;
	follow(v, p, !clean);
	volume_note(v, VOLUME_NOTE_RECORD, p);
	volume_session_renew(v, VOLUME_BIT(p));
}

void
volume_record_acked(struct volume *v, uint8_t p, const struct link_record_ack *m)
{
	struct volume_peer *peer = &v->peers[p];

	if (m->epoch > peer->record_acked && m->epoch <= peer->record_sent)
		peer->record_acked = m->epoch;
	if (peer->session == VOLUME_SESSION_SRC_ENTER &&
	    volume_has(volume_record_of(v)->in_sync, p) &&
	    peer->record_acked == volume_record_of(v)->epoch) {
		peer->session = VOLUME_SESSION_MEMBER;
		v->joining &= (uint8_t)~VOLUME_BIT(p);
		if (v->members == v->all)
			v->frozen = false;
		volume_note(v, VOLUME_NOTE_RESYNC, p);
	}
	v->again = true;
}

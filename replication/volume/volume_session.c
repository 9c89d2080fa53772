/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Meeting a peer: hello, the table (volume_rejoin.c), verdicts compared, and what follows from
 * them; and losing it. A hello is what its sender is as long as the meeting lasts: whoever changes
 * meanwhile ends the session, and they meet again.
 */
#include <assert.h>
#include <string.h>

#include "replication/volume/volume_step.h"

void
volume_hello_fill(const struct volume *v, uint8_t peer, struct link_hello *h)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->volume_id, v->sb.volume_id, VOLUME_ID_BYTES);
	memcpy(h->replica_id, v->sb.replica_id, VOLUME_ID_BYTES);
	h->node = v->self;
	h->opened = v->sb.opened;
	h->size_blocks = v->sb.size_blocks;
	h->promised = v->sb.promised;
	h->dirty_blocks = volume_dirty_count(v->dirty[peer]);
	h->seen = v->sb.seen[peer];
	h->lineage = v->sb.lineage;
	h->is_primary = v->primary;
	h->inconsistent = v->sb.inconsistent;
	h->diskless = !v->disk_ok;
	h->created_clean = v->sb.created_clean;
	h->live_epoch = v->live_epoch;
	h->protocol = (uint8_t)v->model.protocol;
}

static void
clear_session(struct volume_peer *peer)
{
	uint8_t *pages = peer->page_unsaved;
	bool link = peer->link;

	memset(peer, 0, sizeof(*peer));
	peer->page_unsaved = pages;
	peer->link = link;
}

void
volume_link_up(struct volume *v, uint8_t p)
{
	if (v->peers[p].link)
		volume_link_down(v, p); /* the new session replaces one whose end was not heard */
	clear_session(&v->peers[p]);
	v->peers[p].link = true;
	v->peers[p].session = VOLUME_SESSION_HELLO;
	v->again = true;
}

void
volume_link_down(struct volume *v, uint8_t p)
{
	struct volume_peer *peer = &v->peers[p];

	if (!peer->link)
		return;
	volume_peer_lost(v, p);
	volume_resync_forget(v, p);
	peer->link = false;
	if (v->follow.following && v->follow.peer == p)
		v->follow.following = false;
	clear_session(peer);
	volume_note(v, VOLUME_NOTE_CONNECTION, p);
	v->again = true;
}

/* Ends the session from our side. The shell says no LINK_DOWN for it. */
void
volume_link_reset(struct volume *v, uint8_t p)
{
	if (!v->peers[p].link)
		return;
	volume_do(v, VOLUME_DO_LINK_RESET)->peer = p;
	volume_link_down(v, p);
}

static void
refuse(struct volume *v, uint8_t p, enum volume_rule rule)
{
	struct volume_action *a = volume_do(v, VOLUME_DO_CHANGE);

	a->note = VOLUME_NOTE_REFUSED;
	a->peer = p;
	a->rule = (uint8_t)rule;
	volume_link_reset(v, p);
	v->peers[p].meeting.rule = rule;
}

static bool
same_hello(const struct volume *v, uint8_t p)
{
	const struct link_hello *mine = &v->peers[p].mine;
	struct link_hello now;

	volume_hello_fill(v, p, &now);
	return now.is_primary == mine->is_primary && now.inconsistent == mine->inconsistent &&
	       now.diskless == mine->diskless && now.lineage.n == mine->lineage.n &&
	       volume_record_of(v)->epoch == volume_lineage_last(&mine->lineage)->record.epoch;
}

void
volume_session_renew(struct volume *v, uint8_t keep)
{
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		enum volume_session s = v->peers[p].session;

		if (volume_has(keep, p) || !v->peers[p].hello_sent)
			continue;
		if (s == VOLUME_SESSION_HELLO || s == VOLUME_SESSION_VERDICT ||
		    s == VOLUME_SESSION_IDLE)
			volume_link_reset(v, p);
	}
}

/* Seen for the first time, or again: from now on an older store of this node is recognised. */
static void
remember(struct volume *v, uint8_t p)
{
	struct volume_peer_seen *seen = &v->sb.seen[p];
	const struct link_hello *h = &v->peers[p].theirs;

	if (memcmp(seen->replica_id, h->replica_id, VOLUME_ID_BYTES) == 0 &&
	    seen->opened == h->opened)
		return;
	memcpy(seen->replica_id, h->replica_id, VOLUME_ID_BYTES);
	seen->opened = h->opened;
	volume_meta_save(v);
}

static void
become_source(struct volume *v, uint8_t p, bool full)
{
	struct volume_peer *peer = &v->peers[p];

	if (full)
		volume_dirty_mark_all(v, p);
	peer->session = VOLUME_SESSION_SRC_RECORD;
	if (volume_has(v->members, p)) {
		v->members &= (uint8_t)~VOLUME_BIT(p);
		volume_record_change(v, v->self, v->sb.promised + 1);
	}
	if (peer->theirs.promised > v->sb.promised) {
		/* It has promised an order that came to nothing: our record goes above it. */
		v->sb.promised = peer->theirs.promised;
		volume_record_change(v, v->self, v->sb.promised + 1);
	}
}

/* Both secondary, and the peer's record says that all its members are equal, us among them. */
static void
adopt_clean(struct volume *v, uint8_t p)
{
	const struct link_hello *h = &v->peers[p].theirs;
	const struct volume_lineage_entry *last = volume_lineage_last(&h->lineage);

	if (last->record.primary != VOLUME_NODE_NONE ||
	    last->record.epoch <= volume_record_of(v)->epoch ||
	    !volume_has(last->record.in_sync, v->self) || v->sb.inconsistent ||
	    last->record.epoch < v->sb.promised || v->promotion != VOLUME_PROMOTION_NONE)
		return;
	v->sb.lineage = h->lineage;
	v->sb.promised = last->record.epoch;
	v->live_epoch = last->record.epoch;
	volume_extents_forget(v);
	for (uint8_t x = 0; x < v->sb.n_nodes; x++)
		if (x != v->self && volume_has(last->record.in_sync, x))
			volume_dirty_equal(v, x, 0, v->model.size_blocks * VOLUME_BLOCK_BYTES);
	volume_meta_save(v);
	volume_link_reset(v, p); /* meet again as what we are now */
	volume_session_renew(v, 0);
}

static void
act_on_verdict(struct volume *v, uint8_t p)
{
	struct volume_peer *peer = &v->peers[p];

	if (peer->meeting.verdict != VOLUME_VERDICT_REFUSE)
		remember(v, p);
	volume_note(v, VOLUME_NOTE_CONNECTION, p);
	switch (peer->meeting.verdict) {
	case VOLUME_VERDICT_IDLE:
		peer->session = VOLUME_SESSION_IDLE;
		adopt_clean(v, p);
		break;
	case VOLUME_VERDICT_SOURCE:
	case VOLUME_VERDICT_SOURCE_FULL:
		become_source(v, p, peer->meeting.verdict == VOLUME_VERDICT_SOURCE_FULL);
		break;
	case VOLUME_VERDICT_TARGET:
	case VOLUME_VERDICT_TARGET_FULL:
		if (v->promotion != VOLUME_PROMOTION_NONE)
			volume_promote_fail(v, VOLUME_REFUSAL_IS_PRIMARY);
		peer->session = VOLUME_SESSION_TARGET; /* until the record comes, nothing is done */
		break;
	case VOLUME_VERDICT_YIELD:
		volume_yield(v);
		volume_link_reset(v, p);
		break;
	case VOLUME_VERDICT_OVERTAKE:
		break; /* the peer ends this session */
	case VOLUME_VERDICT_REFUSE:
	case VOLUME_VERDICT_KINDS:
		peer->session = VOLUME_SESSION_REFUSED;
		refuse(v, p, peer->meeting.rule);
		break;
	}
	v->again = true;
}

static void
hello_received(struct volume *v, uint8_t p, const struct link_hello *h)
{
	struct volume_peer *peer = &v->peers[p];

	if (peer->session != VOLUME_SESSION_HELLO || peer->hello_seen || h->node != p) {
		volume_link_reset(v, p);
		return;
	}
	peer->hello_seen = true;
	peer->theirs = *h;
	v->again = true;
}

static void
verdict_received(struct volume *v, uint8_t p, const struct link_verdict *m)
{
	struct volume_peer *peer = &v->peers[p];

	if (peer->verdict_seen || !peer->hello_sent) {
		volume_link_reset(v, p);
		return;
	}
	peer->verdict_seen = true;
	peer->their_verdict = m->verdict;
	v->again = true;
}

static void
meet(struct volume *v, uint8_t p)
{
	struct volume_peer *peer = &v->peers[p];
	struct link_verdict *m;

	if (!same_hello(v, p)) {
		volume_link_reset(v, p);
		return;
	}
	if (peer->session == VOLUME_SESSION_HELLO && peer->hello_seen) {
		peer->meeting = volume_rejoin(&peer->mine, &peer->theirs);
		m = &volume_send(v, p, LINK_VERDICT)->verdict;
		m->verdict = (uint8_t)peer->meeting.verdict;
		m->rule = (uint8_t)peer->meeting.rule;
		peer->session = VOLUME_SESSION_VERDICT;
	}
	if (peer->session == VOLUME_SESSION_VERDICT && peer->verdict_seen) {
		if (peer->their_verdict >= VOLUME_VERDICT_KINDS ||
		    volume_verdict_mirror((enum volume_verdict)peer->their_verdict) !=
			    peer->meeting.verdict)
			volume_link_reset(v, p);
		else
			act_on_verdict(v, p);
	}
}

/* Is what we would say about ourselves stable, and nothing of an earlier session under way? */
static bool
presentable(const struct volume *v)
{
	if (!v->ready || v->failed || v->meta_stable < v->record_version || v->stopping)
		return false;
	if (v->promotion > VOLUME_PROMOTION_DRAIN)
		return false;
	if (v->primary)
		return !v->demoting || v->frozen; /* frozen: it takes the peer to get on */
	return volume_quiet(v) && !v->flush.running && v->meta_stable == v->meta_version;
}

static void
record_ack_owed(struct volume *v, uint8_t p)
{
	struct volume_peer *peer = &v->peers[p];
	bool enters = volume_has(volume_record_of(v)->in_sync, v->self);

	if (peer->ack_version == 0 || v->meta_stable < peer->ack_version)
		return;
	/* Before we are a member, what others miss must be stable here. */
	if (enters && v->sb.n_nodes > 2 && !volume_maps_save(v))
		return;
	peer->ack_version = 0;
	volume_send(v, p, LINK_RECORD_ACK)->record_ack.epoch = peer->ack_epoch;
	if (peer->ack_target) {
		peer->ack_target = false;
		volume_resync_send_maps(v, p);
	}
}

static void
source_pump(struct volume *v, uint8_t p)
{
	struct volume_peer *peer = &v->peers[p];
	const struct volume_record *r = volume_record_of(v);

	if (peer->session == VOLUME_SESSION_SRC_RECORD && v->in_force &&
	    !volume_has(r->in_sync, p)) {
		peer->session = VOLUME_SESSION_SRC_MAP;
		volume_record_send(v, p, true);
	}
	if (peer->session == VOLUME_SESSION_SRC_JOIN && v->in_force &&
	    peer->stable >= peer->join_at) {
		v->members |= VOLUME_BIT(p);
		peer->session = VOLUME_SESSION_SRC_ENTER;
		for (uint8_t x = 0; x < v->sb.n_nodes; x++)
			if (x != v->self && !volume_has(v->members, x)) {
				volume_resync_send_maps(v, p);
				break;
			}
		volume_record_change(v, v->self, v->sb.promised + 1);
	}
}

void
volume_session_pump(struct volume *v)
{
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		struct volume_peer *peer = &v->peers[p];

		if (p == v->self || !peer->link)
			continue;
		if (!peer->hello_sent && peer->session == VOLUME_SESSION_HELLO) {
			if (!presentable(v))
				continue;
			volume_hello_fill(v, p, &peer->mine);
			volume_send(v, p, LINK_HELLO)->hello = peer->mine;
			peer->hello_sent = true;
		}
		if (peer->session == VOLUME_SESSION_HELLO ||
		    peer->session == VOLUME_SESSION_VERDICT)
			meet(v, p);
		record_ack_owed(v, p);
		if (v->primary)
			source_pump(v, p);
	}
}

static bool
old_epoch(struct volume *v, uint8_t p, uint64_t epoch)
{
	const struct volume_peer *peer = &v->peers[p];
	bool follows =
		peer->session == VOLUME_SESSION_TARGET || peer->session == VOLUME_SESSION_MEMBER;

	if (follows && epoch >= v->sb.promised)
		return false;
	volume_send(v, p, LINK_REFUSE)->refuse =
		(struct link_refuse){ v->sb.promised, VOLUME_RULE_OLD_EPOCH };
	volume_link_reset(v, p);
	return true;
}

static void
stream_message(struct volume *v, uint8_t p, const struct link_msg *msg)
{
	if (msg->type == LINK_WRITE) {
		if (v->primary || old_epoch(v, p, msg->write.epoch))
			volume_data_free(v, msg->write.data);
		else
			volume_follow_write(v, p, &msg->write);
	} else if (msg->type == LINK_MARK && !v->primary && !old_epoch(v, p, msg->mark.epoch)) {
		volume_follow_mark(v, p, &msg->mark);
	}
}

void
volume_session_message(struct volume *v, uint8_t p, const struct link_msg *msg)
{
	switch (msg->type) {
	case LINK_HELLO:
		hello_received(v, p, &msg->hello);
		break;
	case LINK_VERDICT:
		verdict_received(v, p, &msg->verdict);
		break;
	case LINK_RECORD:
		volume_record_received(v, p, &msg->record);
		break;
	case LINK_RECORD_ACK:
		volume_record_acked(v, p, &msg->record_ack);
		break;
	case LINK_WRITE:
	case LINK_MARK:
		stream_message(v, p, msg);
		break;
	case LINK_WRITE_ACK:
		volume_write_acked(v, p, &msg->write_ack);
		break;
	case LINK_STABLE:
		volume_peer_stable(v, p, &msg->mark);
		break;
	case LINK_MAP:
		volume_resync_map(v, p, &msg->map);
		break;
	case LINK_MAP_END:
		volume_resync_map_end(v, p);
		break;
	case LINK_READ:
		volume_follow_read(v, p, &msg->range);
		break;
	case LINK_READ_REPLY:
		volume_read_reply(v, p, &msg->range);
		break;
	case LINK_PROMOTE_ASK:
		volume_promote_asked(v, p, &msg->promote);
		break;
	case LINK_PROMOTE_ANSWER:
		volume_promote_answered(v, p, &msg->promote);
		break;
	case LINK_DISK_FAILED:
	case LINK_REFUSE:
	case LINK_BYE:
	case LINK_DIGEST_ASK: /* digests are not asked for by this version */
	case LINK_DIGEST:
	case LINK_MSG_TYPES:
		volume_link_reset(v, p);
		break;
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Becoming primary and giving it up. A planned promotion asks every other member of the record;
 * each promises the new epoch stably before it agrees, so nothing older can complete a write
 * afterwards. Giving up in order makes everything stable everywhere and leaves a record without a
 * primary, which says that its members are equal.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "replication/volume/volume_step.h"

/* Positions of different sessions of primaries never meet. */
#define SESSION_SHIFT 40

void
volume_order_done(struct volume *v, enum volume_refusal why)
{
	if (!v->order)
		return;
	v->order = false;
	volume_do(v, VOLUME_DO_ORDER_DONE)->refusal = why;
}

void
volume_promote_fail(struct volume *v, enum volume_refusal why)
{
	bool resume = v->resume;

	v->promotion = VOLUME_PROMOTION_NONE;
	v->promotion_due = HF_UNSET;
	v->resume = false;
	volume_order_done(v, why);
	/* Nobody is left who could carry out what waits. */
	for (uint32_t i = v->head; resume && i != VOLUME_NIL;) {
		uint32_t next = v->requests[i].next;

		volume_request_end(v, i, ESHUTDOWN);
		i = next;
	}
	v->again = true;
}

/* No store was ever part of anything: all must be there and clean to be taken as equal. */
static enum volume_refusal
first_time(const struct volume *v, uint8_t *members)
{
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		const struct volume_peer *peer = &v->peers[p];

		if (p == v->self)
			continue;
		if (peer->session != VOLUME_SESSION_IDLE)
			return VOLUME_REFUSAL_MEMBER_ABSENT;
		if (volume_lineage_last(&peer->theirs.lineage)->record.epoch != 0 ||
		    !peer->theirs.created_clean || !v->sb.created_clean)
			return VOLUME_REFUSAL_NEVER_PAIRED;
	}
	*members = v->all;
	return VOLUME_REFUSAL_NONE;
}

static enum volume_refusal
may_promote(const struct volume *v, uint8_t *members)
{
	const struct volume_record *r = volume_record_of(v);

	*members = VOLUME_BIT(v->self);
	if (r->epoch == 0)
		return first_time(v, members);
	if (!volume_has(r->in_sync, v->self) && !VOLUME_FAULT(8))
		return VOLUME_REFUSAL_NOT_MEMBER;
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		const struct volume_peer *peer = &v->peers[p];
		struct link_hello self;

		if (p == v->self)
			continue;
		if (volume_has(r->in_sync, p) && peer->session != VOLUME_SESSION_IDLE)
			return VOLUME_REFUSAL_MEMBER_ABSENT;
		if (peer->session != VOLUME_SESSION_IDLE)
			continue;
		volume_hello_fill(v, p, &self);
		if (volume_other_is_better(&self, &peer->theirs))
			return VOLUME_REFUSAL_PEER_BETTER;
	}
	if (r->primary == VOLUME_NODE_NONE)
		*members = r->in_sync;
	return VOLUME_REFUSAL_NONE;
}

void
volume_promote_order(struct volume *v, bool accept_loss)
{
	enum volume_refusal why = VOLUME_REFUSAL_NONE;
	uint8_t members = 0;

	assert(!v->order);
	v->order = true;
	if (!v->ready || v->stopping)
		why = VOLUME_REFUSAL_NOT_STARTED;
	else if (v->primary)
		why = VOLUME_REFUSAL_PRIMARY_ALREADY;
	else if (v->promotion != VOLUME_PROMOTION_NONE)
		why = VOLUME_REFUSAL_BUSY;
	else if (!v->disk_ok)
		why = VOLUME_REFUSAL_DISKLESS;
	else if (v->sb.inconsistent && !VOLUME_FAULT(8))
		why = VOLUME_REFUSAL_INCONSISTENT;
	else if (v->follow.following)
		why = VOLUME_REFUSAL_IS_PRIMARY;
	else if (!accept_loss)
		why = may_promote(v, &members);
	if (why != VOLUME_REFUSAL_NONE) {
		volume_order_done(v, why);
		return;
	}
	v->accept_loss = accept_loss;
	v->resume = false;
	v->promotion = VOLUME_PROMOTION_DRAIN;
	v->promotion_due = hf_after(v->now, v->model.answer_ns);
	v->again = true;
}

void
volume_promote_resume(struct volume *v)
{
	v->resume = true;
	v->accept_loss = false;
	v->promotion = VOLUME_PROMOTION_WAIT;
	v->promotion_due = hf_after(v->now, v->model.resume_wait_ns);
}

/* Asks everybody who is there; in force only once all have promised. */
static void
ask(struct volume *v)
{
	uint64_t epoch = v->sb.promised;

	for (uint8_t p = 0; p < v->sb.n_nodes; p++)
		if (v->peers[p].session == VOLUME_SESSION_IDLE &&
		    v->peers[p].theirs.promised > epoch)
			epoch = v->peers[p].theirs.promised;
	v->ask_epoch = epoch + 1;
	v->sb.promised = v->ask_epoch;
	volume_meta_save(v);
	v->ask_version = v->meta_version;
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		v->peers[p].agreed = false;
		if (v->peers[p].session == VOLUME_SESSION_IDLE)
			volume_send(v, p, LINK_PROMOTE_ASK)->promote =
				(struct link_promote){ .epoch = v->ask_epoch, .resume = v->resume };
	}
	v->promotion = VOLUME_PROMOTION_ASK;
	v->promotion_due = hf_after(v->now, v->model.answer_ns);
}

/* Everything from here on is a new session of this primary. */
static void
take_role(struct volume *v)
{
	uint64_t start = volume_lineage_last(&v->sb.lineage)->start;
	uint64_t base = ((start > v->seen ? start : v->seen) >> SESSION_SHIFT) + 1;
	const struct volume_record *r = volume_record_of(v);

	v->clean_start = r->primary == VOLUME_NODE_NONE || r->epoch == 0 || VOLUME_FAULT(4);
	v->members = VOLUME_BIT(v->self);
	if (v->clean_start && !v->accept_loss) {
		v->members = r->epoch == 0 ? v->all : r->in_sync;
	} else if (!VOLUME_FAULT(10)) {
		volume_extents_fold(v, v->all, false);
		volume_extents_forget(v);
		for (uint8_t p = 0; p < v->sb.n_nodes && r->epoch == 0; p++)
			if (p != v->self)
				volume_dirty_mark_all(v, p);
	}
	/* The first position stands for all that is here already and may be in a cache. */
	v->seq = (base << SESSION_SHIFT) - 1;
	v->first = v->seq + 1;
	volume_item_new(v)->done = true;
	v->done = v->seen = v->seq;
	v->settled = v->seq - 1;
	v->flush = (struct volume_flusher){ 0 };
	v->follow = (struct volume_follow){ 0 };
	v->joining = 0;
	v->frozen = false;
	v->primary = true;
	volume_record_change(v, v->self, v->ask_epoch);
	v->promotion = VOLUME_PROMOTION_RECORD;
	v->promotion_due = HF_UNSET;
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		struct volume_peer *peer = &v->peers[p];

		if (p == v->self || peer->session != VOLUME_SESSION_IDLE)
			continue;
		if (!volume_has(v->members, p)) {
			volume_link_reset(v, p); /* meets us again as primary */
			continue;
		}
		peer->session = VOLUME_SESSION_MEMBER;
		peer->receiving = true;
		peer->stable = v->seq;
	}
	volume_session_renew(v, 0);
}

/* A member went away while it was to be asked, or the time is over. */
static void
check_answers(struct volume *v)
{
	bool all = v->meta_stable >= v->ask_version && volume_quiet(v) && !v->flush.running;
	uint8_t members = 0;

	if (!v->accept_loss && !v->resume && may_promote(v, &members) != VOLUME_REFUSAL_NONE) {
		volume_promote_fail(v, VOLUME_REFUSAL_MEMBER_ABSENT);
		return;
	}
	for (uint8_t p = 0; p < v->sb.n_nodes; p++)
		if (p != v->self && v->peers[p].session == VOLUME_SESSION_IDLE &&
		    !v->peers[p].agreed)
			all = false;
	if (all)
		take_role(v);
	else if (hf_reached(v->now, v->promotion_due))
		volume_promote_fail(v, VOLUME_REFUSAL_NO_ANSWER);
}

/* Resume: are all other members there? A peer that is primary ends the attempt elsewhere. */
static bool
members_here(const struct volume *v)
{
	for (uint8_t p = 0; p < v->sb.n_nodes; p++)
		if (p != v->self && volume_has(volume_record_of(v)->in_sync, p) &&
		    v->peers[p].session != VOLUME_SESSION_IDLE)
			return false;
	return true;
}

static bool
superseded(const struct volume *v)
{
	for (uint8_t p = 0; p < v->sb.n_nodes; p++)
		if (v->peers[p].session == VOLUME_SESSION_IDLE &&
		    volume_lineage_last(&v->peers[p].theirs.lineage)->record.epoch >
			    volume_record_of(v)->epoch)
			return true;
	return false;
}

void
volume_promote_pump(struct volume *v)
{
	switch (v->promotion) {
	case VOLUME_PROMOTION_NONE:
		break;
	case VOLUME_PROMOTION_WAIT:
		if (!v->ready)
			break;
		if (superseded(v))
			volume_promote_fail(v, VOLUME_REFUSAL_OLD_EPOCH);
		else if (members_here(v) || (hf_reached(v->now, v->promotion_due) &&
					     v->model.peer_loss == VOLUME_LOSS_CONTINUE))
			v->promotion = VOLUME_PROMOTION_DRAIN;
		else if (hf_reached(v->now, v->promotion_due))
			v->promotion_due = HF_UNSET;
		if (v->promotion != VOLUME_PROMOTION_DRAIN)
			break;
		v->promotion_due = hf_after(v->now, v->model.answer_ns);
		/* fall through */
	case VOLUME_PROMOTION_DRAIN:
		if (volume_quiet(v) && !v->flush.running && v->meta_stable == v->meta_version)
			ask(v);
		break;
	case VOLUME_PROMOTION_ASK:
		check_answers(v);
		break;
	case VOLUME_PROMOTION_RECORD:
		if (!v->in_force)
			break;
		v->promotion = VOLUME_PROMOTION_NONE;
		v->resume = false;
		volume_note(v, VOLUME_NOTE_ROLE, v->self);
		volume_order_done(v, VOLUME_REFUSAL_NONE);
		v->again = true;
		break;
	}
}

void
volume_promote_asked(struct volume *v, uint8_t p, const struct link_promote *m)
{
	struct volume_peer *peer = &v->peers[p];
	struct link_hello self;
	enum volume_refusal why = VOLUME_REFUSAL_NONE;

	volume_hello_fill(v, p, &self);
	if (v->primary)
		why = VOLUME_REFUSAL_IS_PRIMARY;
	else if (v->promotion > VOLUME_PROMOTION_WAIT || peer->session != VOLUME_SESSION_IDLE)
		why = VOLUME_REFUSAL_BUSY;
	else if (m->epoch <= v->sb.promised)
		why = VOLUME_REFUSAL_OLD_EPOCH;
	else if (!m->resume && volume_other_is_better(&peer->theirs, &self) &&
		 volume_record_of(v)->epoch != 0)
		why = VOLUME_REFUSAL_PEER_BETTER;
	if (why != VOLUME_REFUSAL_NONE) {
		volume_send(v, p, LINK_PROMOTE_ANSWER)->promote =
			(struct link_promote){ .epoch = m->epoch, .why = (uint8_t)why };
		return;
	}
	if (v->promotion == VOLUME_PROMOTION_WAIT)
		volume_promote_fail(v, VOLUME_REFUSAL_OLD_EPOCH);
	v->sb.promised = m->epoch;
	volume_meta_save(v);
	peer->answer_version = v->meta_version;
	peer->answer_epoch = m->epoch;
	v->again = true;
}

void
volume_promote_answered(struct volume *v, uint8_t p, const struct link_promote *m)
{
	if (v->promotion != VOLUME_PROMOTION_ASK || m->epoch != v->ask_epoch ||
	    v->peers[p].session != VOLUME_SESSION_IDLE)
		return;
	/* With --accept-loss its objection is what the operator accepts. */
	if (m->agreed || (v->accept_loss && m->why != VOLUME_REFUSAL_IS_PRIMARY))
		v->peers[p].agreed = true;
	else
		volume_promote_fail(v, m->why < VOLUME_REFUSAL_KINDS ? (enum volume_refusal)m->why
								     : VOLUME_REFUSAL_NO_ANSWER);
	v->again = true;
}

void
volume_demote_order(struct volume *v)
{
	assert(!v->order);
	v->order = true;
	if (!v->primary || v->promotion != VOLUME_PROMOTION_NONE) {
		volume_order_done(v, v->primary ? VOLUME_REFUSAL_BUSY : VOLUME_REFUSAL_NOT_PRIMARY);
		return;
	}
	v->demoting = true;
	v->again = true;
}

static void
leave_role(struct volume *v)
{
	v->primary = false;
	v->demoting = false;
	v->frozen = false;
	v->joining = 0;
	v->settle_due = HF_UNSET;
	for (uint8_t p = 0; p < v->sb.n_nodes; p++) {
		struct volume_peer *peer = &v->peers[p];

		peer->receiving = false;
		if (p == v->self || !peer->link)
			continue;
		/* Meet again as what we are now. */
		volume_link_reset(v, p);
	}
	v->follow = (struct volume_follow){ 0 };
	v->first = v->done + 1;
	volume_note(v, VOLUME_NOTE_ROLE, v->self);
}

void
volume_demote_pump(struct volume *v)
{
	if (!v->demoting || !v->primary)
		return;
	if (volume_record_of(v)->primary == VOLUME_NODE_NONE) {
		if (!v->in_force)
			return;
		volume_extents_forget(v);
		leave_role(v);
		volume_order_done(v, VOLUME_REFUSAL_NONE);
		v->again = true;
		return;
	}
	if (v->n_open > 0 || volume_held(v))
		return;
	if (v->settled < v->seq) {
		volume_want_settled(v);
		return;
	}
	if (v->joining != 0 || v->flush.running || !volume_maps_save(v))
		return;
	volume_record_change(v, VOLUME_NODE_NONE, v->sb.promised + 1);
}

void
volume_yield(struct volume *v)
{
	bool demoting = v->demoting;

	if (!v->primary)
		return;
	v->members = 0; /* nobody is struck from a record that is not ours any more */
	for (uint8_t p = 0; p < v->sb.n_nodes; p++)
		if (p != v->self)
			volume_peer_lost(v, p);
	for (uint32_t i = v->head; i != VOLUME_NIL;) {
		uint32_t next = v->requests[i].next;

		if (v->requests[i].stage != VOLUME_REQ_BEGUN || v->requests[i].r.op != VOLUME_READ)
			volume_request_end(v, i, EIO);
		i = next;
	}
	leave_role(v);
	if (demoting)
		volume_order_done(v, VOLUME_REFUSAL_OLD_EPOCH);
	if (v->promotion != VOLUME_PROMOTION_NONE)
		volume_promote_fail(v, VOLUME_REFUSAL_OLD_EPOCH);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of meeting again. Histories are compared as lists: a record that stands in the other's
 * history is an ancestor; two records that stand in neither are a split brain. Nothing is guessed
 * from times, counters or the amount of differing data.
 */
#include "replication/volume/volume_rejoin.h"

#include <string.h>

#include "replication/volume/volume_engine.h"
#include "replication/volume/volume_step.h"

const char *
volume_rule_code(enum volume_rule rule)
{
	static const char *const codes[] = {
#define RULE_CODE(name, code, text) code,
		VOLUME_RULES(RULE_CODE)
#undef RULE_CODE
	};

	return rule < VOLUME_RULE_KINDS ? codes[rule] : "unknown";
}

const char *
volume_rule_text(enum volume_rule rule)
{
	static const char *const texts[] = {
#define RULE_TEXT(name, code, text) text,
		VOLUME_RULES(RULE_TEXT)
#undef RULE_TEXT
	};

	return rule < VOLUME_RULE_KINDS ? texts[rule] : "unknown";
}

enum volume_verdict
volume_verdict_mirror(enum volume_verdict verdict)
{
	static const enum volume_verdict mirror[VOLUME_VERDICT_KINDS] = {
		[VOLUME_VERDICT_IDLE] = VOLUME_VERDICT_IDLE,
		[VOLUME_VERDICT_SOURCE] = VOLUME_VERDICT_TARGET,
		[VOLUME_VERDICT_SOURCE_FULL] = VOLUME_VERDICT_TARGET_FULL,
		[VOLUME_VERDICT_TARGET] = VOLUME_VERDICT_SOURCE,
		[VOLUME_VERDICT_TARGET_FULL] = VOLUME_VERDICT_SOURCE_FULL,
		[VOLUME_VERDICT_YIELD] = VOLUME_VERDICT_OVERTAKE,
		[VOLUME_VERDICT_OVERTAKE] = VOLUME_VERDICT_YIELD,
		[VOLUME_VERDICT_REFUSE] = VOLUME_VERDICT_REFUSE,
	};

	return mirror[verdict];
}

enum kinship { SAME, OLDER, NEWER, SPLIT, TOO_OLD };

static bool
reaches(const struct volume_lineage *lineage, uint64_t epoch)
{
	return lineage->n < VOLUME_LINEAGE_MAX || lineage->entries[0].record.epoch <= epoch;
}

/* What self's history is to the peer's. */
static enum kinship
compare(const struct volume_lineage *self, const struct volume_lineage *peer)
{
	const struct volume_lineage_entry *s = volume_lineage_last(self);
	const struct volume_lineage_entry *p = volume_lineage_last(peer);
	bool older = volume_lineage_has(peer, s), newer = volume_lineage_has(self, p);

	/* A store that was never part of anything is an ancestor of all. */
	older |= s->record.epoch == 0;
	newer |= p->record.epoch == 0;
	if (older && newer)
		return SAME;
	if (older)
		return OLDER;
	if (newer)
		return NEWER;
	if (!reaches(self, p->record.epoch) || !reaches(peer, s->record.epoch))
		return TOO_OLD;
	return SPLIT;
}

static bool
blank(const struct link_hello *h)
{
	return volume_lineage_last(&h->lineage)->record.epoch == 0;
}

/* Is h's store another one than the other end saw before? */
static bool
replaced(const struct link_hello *h, const struct link_hello *other)
{
	static const uint8_t never[VOLUME_ID_BYTES];

	return memcmp(other->seen.replica_id, never, VOLUME_ID_BYTES) != 0 &&
	       memcmp(other->seen.replica_id, h->replica_id, VOLUME_ID_BYTES) != 0;
}

static bool
rolled_back(const struct link_hello *h, const struct link_hello *other)
{
	return !replaced(h, other) && h->opened < other->seen.opened;
}

static bool
meeting_refused(const struct link_hello *self, const struct link_hello *peer,
		enum volume_rule *rule)
{
	if (memcmp(self->volume_id, peer->volume_id, VOLUME_ID_BYTES) != 0)
		*rule = VOLUME_RULE_UNRELATED;
	else if (self->node == peer->node ||
		 memcmp(self->replica_id, peer->replica_id, VOLUME_ID_BYTES) == 0)
		*rule = VOLUME_RULE_SAME_NODE;
	else if (self->size_blocks != peer->size_blocks)
		*rule = VOLUME_RULE_SIZE;
	else if (self->protocol != peer->protocol)
		*rule = VOLUME_RULE_PROTOCOL;
	else if (rolled_back(self, peer) || rolled_back(peer, self))
		*rule = VOLUME_RULE_ROLLED_BACK;
	else if (self->diskless || peer->diskless)
		*rule = VOLUME_RULE_DISK;
	else
		return false;
	return true;
}

#define MEETING(v, r) ((struct volume_meeting){ VOLUME_VERDICT_##v, VOLUME_RULE_##r })

static struct volume_meeting
mirrored(struct volume_meeting m)
{
	m.verdict = volume_verdict_mirror(m.verdict);
	return m;
}

/* Exactly one of them, `primary`, is primary. */
static struct volume_meeting
one_primary(const struct link_hello *primary, const struct link_hello *peer)
{
	if (blank(peer) || replaced(peer, primary))
		return MEETING(SOURCE_FULL, BLANK);
	switch (compare(&primary->lineage, &peer->lineage)) {
	case SAME:
		return MEETING(SOURCE, SAME_RECORD);
	case NEWER:
		return MEETING(SOURCE, ANCESTOR);
	case OLDER:
		return MEETING(YIELD, SUPERSEDED);
	case SPLIT:
		return VOLUME_FAULT(16) ? MEETING(SOURCE, ANCESTOR) : MEETING(REFUSE, SPLIT_BRAIN);
	case TOO_OLD:
		break;
	}
	return MEETING(REFUSE, TOO_OLD);
}

/* Both claim the role: only a record that stands in the other's history can give way. */
static struct volume_meeting
two_primaries(const struct link_hello *self, const struct link_hello *peer)
{
	switch (compare(&self->lineage, &peer->lineage)) {
	case OLDER:
		return MEETING(YIELD, SUPERSEDED);
	case NEWER:
		return MEETING(OVERTAKE, SUPERSEDED);
	case TOO_OLD:
		return MEETING(REFUSE, TOO_OLD);
	case SAME:
	case SPLIT:
		break;
	}
	return MEETING(REFUSE, SPLIT_BRAIN);
}

static struct volume_meeting
no_primary(const struct link_hello *self, const struct link_hello *peer)
{
	if (blank(self) || blank(peer))
		return MEETING(IDLE, NO_PRIMARY);
	switch (compare(&self->lineage, &peer->lineage)) {
	case SAME:
	case OLDER:
	case NEWER:
		return MEETING(IDLE, NO_PRIMARY);
	case TOO_OLD:
		return MEETING(REFUSE, TOO_OLD);
	case SPLIT:
		break;
	}
	return MEETING(REFUSE, SPLIT_BRAIN);
}

struct volume_meeting
volume_rejoin(const struct link_hello *self, const struct link_hello *peer)
{
	enum volume_rule rule;

	if (meeting_refused(self, peer, &rule))
		return (struct volume_meeting){ VOLUME_VERDICT_REFUSE, rule };
	if (self->is_primary && peer->is_primary)
		return two_primaries(self, peer);
	if (self->is_primary)
		return one_primary(self, peer);
	if (peer->is_primary)
		return mirrored(one_primary(peer, self));
	return no_primary(self, peer);
}

/* What a replica of an unfinished session can be trusted with. */
static int
standing(const struct link_hello *h)
{
	const struct volume_record *r = &volume_lineage_last(&h->lineage)->record;
	int last_primary = r->primary == h->node;

	if (!volume_has(r->in_sync, h->node) || h->inconsistent || h->diskless)
		return -1;
	/* An asynchronous follower may lack what the primary acknowledged. */
	if (h->protocol == VOLUME_PROTOCOL_A)
		return last_primary;
	return (h->live_epoch == r->epoch ? 2 : 0) + last_primary;
}

bool
volume_other_is_better(const struct link_hello *self, const struct link_hello *other)
{
	switch (compare(&self->lineage, &other->lineage)) {
	case NEWER:
		return false;
	case OLDER:
	case SPLIT:
	case TOO_OLD:
		return true;
	case SAME:
		break;
	}
	if (volume_lineage_last(&self->lineage)->record.primary == VOLUME_NODE_NONE)
		return false;
	return standing(other) > standing(self) && !VOLUME_FAULT(17);
}

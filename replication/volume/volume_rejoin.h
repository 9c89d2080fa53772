/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What two replicas are to each other when they meet: one pure function of both hellos. Each end
 * calls it with its own hello first; the answers are mirror images for every pair (invariant 35).
 */
#ifndef VOLUME_REJOIN_H
#define VOLUME_REJOIN_H

#include <stdbool.h>

#include "replication/link/link_msg.h"

enum volume_verdict {
	VOLUME_VERDICT_IDLE,   /* compatible, and no primary here: wait */
	VOLUME_VERDICT_SOURCE, /* I am primary; the peer follows, by my map for it and its own */
	VOLUME_VERDICT_SOURCE_FULL,
	VOLUME_VERDICT_TARGET,
	VOLUME_VERDICT_TARGET_FULL,
	VOLUME_VERDICT_YIELD,    /* I was primary and am superseded: give up the role, meet again */
	VOLUME_VERDICT_OVERTAKE, /* the mirror image of it */
	VOLUME_VERDICT_REFUSE,   /* no data moves; an operator decides */
	VOLUME_VERDICT_KINDS
};

/* The rule that gave the verdict, for log, status and manual. */
#define VOLUME_RULES(X)                                                                            \
	X(NO_PRIMARY, "no-primary", "both are secondary: nothing moves until one is promoted")     \
	X(SAME_RECORD, "same-record", "the primary's record is the peer's: differing blocks only") \
	X(ANCESTOR, "ancestor", "the target's record is an ancestor of the primary's")             \
	X(BLANK, "blank", "the target was never in sync, or its store is another one")             \
	X(SUPERSEDED, "superseded", "the primary's record is an ancestor of the peer's")           \
	X(SPLIT_BRAIN, "split-brain", "both went on from the same record, each without the other") \
	X(UNRELATED, "unrelated", "the volume ids differ")                                         \
	X(SIZE, "size-differs", "the sizes differ")                                                \
	X(SAME_NODE, "same-node", "both claim to be the same node, or hold the same replica")      \
	X(TOO_OLD, "lineage-too-short", "the histories do not reach back to a common record")      \
	X(ROLLED_BACK, "rolled-back", "the store is older than it was when last seen")             \
	X(PROTOCOL, "protocol-differs", "the configured protocols differ")                         \
	X(DISK, "diskless", "one end has no usable disk")                                          \
	X(OLD_EPOCH, "old-epoch", "the sender's epoch is older than one that was promised")        \
	X(CHANGED, "changed", "one end changed while they met: meet again")

enum volume_rule {
#define VOLUME_RULE_ENUM(name, code, text) VOLUME_RULE_##name,
	VOLUME_RULES(VOLUME_RULE_ENUM)
#undef VOLUME_RULE_ENUM
		VOLUME_RULE_KINDS
};
const char *volume_rule_code(enum volume_rule rule);
const char *volume_rule_text(enum volume_rule rule);

struct volume_meeting {
	enum volume_verdict verdict;
	enum volume_rule rule;
};

struct volume_meeting volume_rejoin(const struct link_hello *self, const struct link_hello *peer);

/* What the peer must have found: for a check, and for tests. */
enum volume_verdict volume_verdict_mirror(enum volume_verdict verdict);

/*
 * May `other` have writes that `self` has not, both being members of the same record whose primary
 * ended without order? Then self is not to be promoted while other can be.
 */
bool volume_other_is_better(const struct link_hello *self, const struct link_hello *other);

#endif

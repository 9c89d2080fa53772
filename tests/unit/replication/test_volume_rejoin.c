/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Meeting again: for every pair of histories, roles and stores the two ends find mirror images,
 * data never moves against the record, and what one would lose is refused instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/hf_base.h"
#include "replication/volume/volume_rejoin.h"

/* Records that follow from each other or fork: parent is an index, or -1. */
struct node_of_tree {
	int parent;
	uint8_t primary, in_sync;
};

static const struct node_of_tree tree[] = {
	{ -1, 0, 3 },               /* 0: both */
	{ 0, 0, 1 },                /* 1: node 0 went on alone */
	{ 0, 1, 2 },                /* 2: node 1 did */
	{ 1, 0, 3 },                /* 3: after 1, together again */
	{ 3, VOLUME_NODE_NONE, 3 }, /* 4: given up in order */
	{ 4, 1, 3 },                /* 5: moved to node 1 */
	{ 2, 1, 3 },                /* 6: after 2, together again */
};
#define BLANK ((int)HF_COUNT_OF(tree))

static void
history(struct volume_lineage *l, int index)
{
	int path[HF_COUNT_OF(tree)], n = 0;

	l->n = 0;
	for (int i = index; index != BLANK && i >= 0; i = tree[i].parent)
		path[n++] = i;
	for (uint64_t epoch = 1; n > 0; epoch++) {
		const struct node_of_tree *t = &tree[path[--n]];

		l->entries[l->n++] =
			(struct volume_lineage_entry){ { epoch, t->primary, t->in_sync },
						       epoch * 100 };
	}
}

static struct link_hello
hello(uint8_t node, int index, bool is_primary)
{
	struct link_hello h = {
		.node = node, .size_blocks = 1000, .is_primary = is_primary, .opened = 5
	};

	memset(h.volume_id, 7, VOLUME_ID_BYTES);
	memset(h.replica_id, node + 1, VOLUME_ID_BYTES);
	history(&h.lineage, index);
	return h;
}

static bool
ancestor(int a, int of)
{
	if (a == BLANK)
		return true;
	for (int i = of; of != BLANK && i >= 0; i = tree[i].parent)
		if (i == a)
			return true;
	return false;
}

static void
both_ends_find_mirror_images(void **state)
{
	for (int i = 0; i < BLANK + 1; i++)
		for (int j = 0; j < BLANK + 1; j++)
			for (int roles = 0; roles < 4; roles++)
				for (int twist = 0; twist < 7; twist++) {
					struct link_hello a = hello(0, i, roles & 1);
					struct link_hello b = hello(1, j, roles & 2);
					struct volume_meeting ma, mb;

					a.size_blocks += twist == 1;
					b.volume_id[0] ^= twist == 2;
					a.diskless = twist == 3;
					b.seen.opened = twist == 4 ? 6 : 0;
					memcpy(b.seen.replica_id, a.replica_id,
					       twist == 4 ? VOLUME_ID_BYTES : 0);
					memset(b.seen.replica_id, 9,
					       twist == 5 ? VOLUME_ID_BYTES : 0);
					b.inconsistent = twist == 6;
					ma = volume_rejoin(&a, &b);
					mb = volume_rejoin(&b, &a);
					assert_int_equal(volume_verdict_mirror(ma.verdict),
							 mb.verdict);
					assert_int_equal(ma.rule, mb.rule);
				}
}

static void
data_moves_only_from_a_primary_to_an_ancestor(void **state)
{
	for (int i = 0; i < BLANK; i++)
		for (int j = 0; j < BLANK + 1; j++)
			for (int roles = 0; roles < 4; roles++) {
				struct link_hello a = hello(0, i, roles & 1);
				struct link_hello b = hello(1, j, roles & 2);
				struct volume_meeting m = volume_rejoin(&a, &b);
				bool source = m.verdict == VOLUME_VERDICT_SOURCE ||
					      m.verdict == VOLUME_VERDICT_SOURCE_FULL;

				if (source) {
					assert_true(a.is_primary && !b.is_primary);
					assert_true(ancestor(j, i));
				}
				if (!ancestor(i, j) && !ancestor(j, i)) {
					assert_int_equal(m.verdict, VOLUME_VERDICT_REFUSE);
					assert_int_equal(m.rule, VOLUME_RULE_SPLIT_BRAIN);
				}
				if (m.verdict == VOLUME_VERDICT_YIELD)
					assert_true(a.is_primary && ancestor(i, j) && i != j);
			}
}

static void
an_older_store_and_a_stranger_are_refused(void **state)
{
	struct link_hello a = hello(0, 0, true), b = hello(1, 0, false);

	assert_int_equal(volume_rejoin(&a, &b).verdict, VOLUME_VERDICT_SOURCE);
	memcpy(a.seen.replica_id, b.replica_id, VOLUME_ID_BYTES);
	a.seen.opened = b.opened + 1;
	assert_int_equal(volume_rejoin(&a, &b).rule, VOLUME_RULE_ROLLED_BACK);
	a.seen.opened = b.opened;
	assert_int_equal(volume_rejoin(&a, &b).verdict, VOLUME_VERDICT_SOURCE);
	memset(b.replica_id, 42, VOLUME_ID_BYTES); /* a new disk */
	assert_int_equal(volume_rejoin(&a, &b).verdict, VOLUME_VERDICT_SOURCE_FULL);
	b.volume_id[3]++;
	assert_int_equal(volume_rejoin(&a, &b).rule, VOLUME_RULE_UNRELATED);
}

static void
the_member_that_may_have_more_comes_first(void **state)
{
	struct link_hello a = hello(0, 3, false), b = hello(1, 3, false);

	a.protocol = b.protocol = 2;
	/* Both were restarted: the last primary. */
	assert_false(volume_other_is_better(&a, &b));
	assert_true(volume_other_is_better(&b, &a));
	/* The secondary has run on: it has everything that was acknowledged. */
	b.live_epoch = 3;
	assert_true(volume_other_is_better(&a, &b));
	assert_false(volume_other_is_better(&b, &a));
	/* Asynchronous: it may lack some. */
	a.protocol = b.protocol = 0;
	assert_false(volume_other_is_better(&a, &b));
	/* Given up in order: all are equal. */
	a = hello(0, 4, false);
	b = hello(1, 4, false);
	assert_false(volume_other_is_better(&a, &b) || volume_other_is_better(&b, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_find_mirror_images),
		cmocka_unit_test(data_moves_only_from_a_primary_to_an_ancestor),
		cmocka_unit_test(an_older_store_and_a_stranger_are_refused),
		cmocka_unit_test(the_member_that_may_have_more_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

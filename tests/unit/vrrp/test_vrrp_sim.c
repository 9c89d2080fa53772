/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two to five directors under random faults: loss, delay, cut cables, pauses, kills, stops, link
 * conditions, new priorities. After every step groups are whole and an address is in the kernel of
 * whoever is active; once the faults end there is one active router within the protocol's time, the
 * right one, and then nothing moves. A seed that fails is printed and replays exactly:
 * HF_SIM_SEED=n runs that one alone, with its trace; HF_SIM_SEEDS=n runs so many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trace.h"

#define SEEDS_DEFAULT 300
#define FAULTS        60 /* in each run */

struct world {
	struct trace *t;
	uint64_t seed;
	bool group, preempt;
	size_t n_vrs;
	uint8_t version;
	struct vrrp_instance_model models[TRACE_NODES_MAX][TRACE_VRS_MAX];
	int64_t at_ns;
};

static bool
is_active(struct trace *t, size_t node, size_t vr)
{
	const struct trace_node *n = &t->nodes[node];

	return n->running && vr < n->router.n_instances &&
	       n->router.instances[vr]->state == VRRP_ACTIVE;
}

static void
watch(struct trace *t, size_t node)
{
	const struct trace_node *n = &t->nodes[node];
	size_t n_active = 0, n_leaving = 0, n_fault = 0, n_idle = 0;

	for (size_t i = 0; i < n->router.n_instances; i++) {
		const struct vrrp_instance *inst = n->router.instances[i];

		assert_int_equal(n->addresses[i], inst->state == VRRP_ACTIVE);
		n_active += inst->state == VRRP_ACTIVE;
		n_leaving += inst->leaving;
		n_fault += inst->state == VRRP_FAULT;
		n_idle += inst->state == VRRP_INITIALIZE;
	}
	if (n->router.n_groups == 0 || n_idle > 0 || n_leaving > 0)
		return; /* starting or stopping: one after the other */
	assert_true(n_active == 0 || n_active == n->router.n_instances);
	assert_true(n_fault == 0 || n_fault == n->router.n_instances);
}

static struct vrrp_instance_model
random_model(struct world *w)
{
	static const uint16_t intervals[] = { 1, 10, 100, 300 };
	struct vrrp_instance_model m =
		trace_model(w->version, (uint8_t)(1 + trace_random(w->t, 254)));

	m.preempt = w->preempt;
	m.start_as_active = trace_random(w->t, 4) == 0;
	m.preempt_delay_ns = trace_random(w->t, 4) == 0 ? HF_SECONDS(2) : 0;
	m.higher_prio_send_advert = trace_random(w->t, 2);
	m.lower_prio_no_advert = trace_random(w->t, 8) == 0;
	if (w->version == 3)
		m.advert_cs = intervals[w->seed % HF_COUNT_OF(intervals)];
	return m;
}

static void
build(struct world *w, uint64_t seed, bool silent)
{
	*w = (struct world){ .t = trace_new(), .seed = seed };
	w->t->random = seed * 0x9e3779b97f4a7c15u + 1;
	w->t->silent = silent;
	w->t->echo = !silent;
	w->t->watch = watch;
	w->version = trace_random(w->t, 3) == 0 ? 2 : 3;
	w->preempt = trace_random(w->t, 2);
	w->n_vrs = 1 + trace_random(w->t, TRACE_VRS_MAX);
	w->group = w->n_vrs > 1 && trace_random(w->t, 2);

	size_t n = 2 + trace_random(w->t, TRACE_NODES_MAX - 1);

	for (size_t i = 0; i < n; i++) {
		for (size_t v = 0; v < w->n_vrs; v++)
			w->models[i][v] = random_model(w);
		if (w->group) { /* one order among the directors, as a sane configuration has */
			for (size_t v = 1; v < w->n_vrs; v++)
				w->models[i][v].priority = w->models[i][0].priority;
		}
		trace_add(w->t, w->models[i], w->n_vrs, w->group);
	}
}

static void
stop_or_start(struct world *w, size_t node)
{
	if (!w->t->nodes[node].running)
		trace_start(w->t, node);
	else if (trace_random(w->t, 2))
		trace_kill(w->t, node);
	else if (!w->t->nodes[node].paused && w->t->nodes[node].n_done == 0)
		trace_shutdown(w->t, node);
}

static void
new_priority(struct world *w, size_t node)
{
	struct trace_node *n = &w->t->nodes[node];
	uint8_t priority = (uint8_t)(1 + trace_random(w->t, 254));

	if (!n->running || n->paused)
		return;
	for (size_t v = 0; v < n->router.n_instances; v++) {
		if (n->router.instances[v]->state == VRRP_INITIALIZE)
			return;
	}
	for (size_t v = 0; v < w->n_vrs; v++)
		w->models[node][v].priority = priority;
	trace_reload(w->t, node, w->models[node], w->n_vrs);
}

static void
new_conditions(struct world *w, size_t node)
{
	struct trace_node *n = &w->t->nodes[node];

	if (!n->running || n->paused)
		return;
	trace_conditions(w->t, node, trace_random(w->t, (uint32_t)w->n_vrs),
			 trace_random(w->t, 2) ? VRRP_UNMET_LINK : 0);
}

static void
one_fault(struct world *w)
{
	size_t node = trace_random(w->t, (uint32_t)w->t->n_nodes);
	struct trace_node *n = &w->t->nodes[node];

	switch (trace_random(w->t, 7)) {
	case 0:
		w->t->loss_percent = trace_random(w->t, 2) ? trace_random(w->t, 100) : 0;
		break;
	case 1:
		w->t->latency_ns = trace_random(w->t, 2) ? HF_MILLIS(trace_random(w->t, 300)) : 0;
		w->t->jitter_ns = trace_random(w->t, 2) ? HF_MILLIS(50) : 0;
		break;
	case 2:
		n->cut = !n->cut;
		break;
	case 3:
		n->paused = n->running && !n->paused;
		break;
	case 4:
		stop_or_start(w, node);
		break;
	case 5:
		new_priority(w, node);
		break;
	case 6:
		new_conditions(w, node);
		break;
	}
}

static void
run_faults(struct world *w)
{
	for (size_t i = 0; i < w->t->n_nodes; i++)
		trace_start(w->t, i);
	for (int i = 0; i < FAULTS; i++) {
		w->at_ns += HF_MILLIS(10 + trace_random(w->t, 3000));
		trace_run(w->t, w->at_ns);
		one_fault(w);
	}
}

/* Everything works again; a node that was stopped is started. */
static void
end_faults(struct world *w)
{
	w->t->loss_percent = 0;
	w->t->latency_ns = HF_MICROS(50);
	w->t->jitter_ns = 0;
	for (size_t i = 0; i < w->t->n_nodes; i++) {
		struct trace_node *n = &w->t->nodes[i];

		n->cut = false;
		trace_continue(w->t, i);
		if (n->running && n->n_done == 0 && !n->router.instances[0]->leaving) {
			for (size_t v = 0; v < w->n_vrs; v++)
				trace_conditions(w->t, i, v, 0);
			continue;
		}
		if (n->running)
			trace_kill(w->t, i);
		trace_start(w->t, i);
	}
}

/* The longest that the protocol may take: late packets, a down interval of the slowest, once more
 * for a preemption, its delay, and an advert for each to be heard. */
static int64_t
settling_ns(const struct world *w)
{
	int64_t advert_ns = vrrp_advert_ns(w->models[0][0].advert_cs);
	int64_t skew_ns = w->version == 2 ? HF_SECONDS(1) : advert_ns;

	return 2 * (3 * advert_ns + skew_ns) + HF_SECONDS(2) + 3 * advert_ns + HF_MILLIS(350);
}

static size_t
count_active(struct world *w, size_t vr, size_t *who)
{
	size_t n = 0;

	for (size_t i = 0; i < w->t->n_nodes; i++) {
		if (is_active(w->t, i, vr)) {
			*who = i;
			n++;
		}
	}
	return n;
}

static uint64_t
count_transitions(struct world *w)
{
	uint64_t n = 0;

	for (size_t i = 0; i < w->t->n_nodes; i++) {
		for (size_t v = 0; v < w->n_vrs; v++)
			n += trace_instance(w->t, i, v)->transitions;
	}
	return n;
}

/* Preemption among single routers ends with the best one; equal ones and groups may differ. */
static void
assert_best(struct world *w, size_t vr, size_t active)
{
	if (!w->preempt || w->group)
		return;
	for (size_t i = 0; i < w->t->n_nodes; i++)
		assert_true(w->models[i][vr].priority <= w->models[active][vr].priority);
}

static void
run_seed(uint64_t seed, bool silent)
{
	struct world w;
	size_t active[TRACE_VRS_MAX] = { 0 };

	build(&w, seed, silent);
	run_faults(&w);
	end_faults(&w);
	w.at_ns += settling_ns(&w);
	trace_run(w.t, w.at_ns);
	for (size_t v = 0; v < w.n_vrs; v++) {
		assert_int_equal(count_active(&w, v, &active[v]), 1);
		assert_best(&w, v, active[v]);
		if (w.group)
			assert_int_equal(active[v], active[0]);
	}

	uint64_t transitions = count_transitions(&w);

	w.at_ns += HF_SECONDS(20);
	trace_run(w.t, w.at_ns);
	assert_int_equal(count_transitions(&w), transitions);
	trace_free(w.t);
}

static unsigned long
number_from(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static uint64_t running_seed;

static void
print_seed(void)
{
	if (running_seed)
		fprintf(stderr, "HF_SIM_SEED=%lu\n", (unsigned long)running_seed);
}

static void
one_active_router_after_any_faults(void **state)
{
	unsigned long alone = number_from("HF_SIM_SEED", 0);
	unsigned long n = number_from("HF_SIM_SEEDS", SEEDS_DEFAULT);

	if (alone > 0) {
		run_seed(alone, false);
		return;
	}
	for (unsigned long seed = 1; seed <= n; seed++) {
		running_seed = seed;
		run_seed(seed, true);
	}
	running_seed = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_active_router_after_any_faults),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	print_seed();
	return failed;
}

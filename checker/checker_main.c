/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checker process: configurations in, checks on time, results to the verdict engine.
 * Elsewhere: what follows from a result (checker_verdict.c), its effects (checker_carry.c), the
 * connections (checker_probe.c), matching at a reload (checker_table.c).
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "checker/checker.h"
#include "checker/checker_state.h"
#include "lib/hf_log.h"
#include "lib/hf_privilege.h"

#define CHECKER_STARTS_MAX   64             /* in one wake-up: answers get their turn */
#define CHECKER_BUSY_WAIT_NS HF_MILLIS(100) /* until a check that found no room is tried again */
#define PRIVILEGED_PORTS     1024

/* --- time --- */

static struct checker_check *
check_of(struct checker_due *due)
{
	return (struct checker_check *)((char *)due - offsetof(struct checker_check, due));
}

static void
arm(struct checker_state *st)
{
	const struct checker_due *first = checker_heap_first(&st->heap);
	hf_time at = first ? first->at : HF_NEVER;

	if (at.ns == st->armed.ns)
		return;
	st->armed = at;
	hf_timer_set(st->timer, at);
}

static void
run_due(struct checker_state *st, struct checker_check *check, hf_time now)
{
	if (check->probe) {
		checker_probe_expired(check->probe, now);
		return;
	}
	if (checker_probe_start(&st->probes, check, now) < 0)
		checker_heap_set(&st->heap, &check->due, hf_after(now, CHECKER_BUSY_WAIT_NS));
}

static void
timer_fired(void *arg)
{
	struct checker_state *st = arg;
	hf_time now = hf_time_now();

	st->armed = HF_NEVER;
	for (int i = 0; i < CHECKER_STARTS_MAX; i++) {
		struct checker_due *due = checker_heap_first(&st->heap);

		if (!due || due->at.ns > now.ns)
			break;
		run_due(st, check_of(due), now);
	}
	arm(st);
}

static void
probe_ended(void *arg, struct checker_check *check, const struct checker_report *report, int err)
{
	struct checker_state *st = arg;
	bool news = check->last_result != report->result;
	hf_time due = checker_handle_result(check, report, hf_time_now(), &st->actions);

	check->last_wall_us = hf_wall_us();
	if (news && !checker_result_counts(report->result))
		hf_log(HF_WARNING, check->real->model->name, "%s could not run (%s): %s",
		       check_ops_of(check->model->type)->name, checker_result_code(report->result),
		       strerror(err));
	checker_carry_out(st);
	checker_heap_set(&st->heap, &check->due, due);
	arm(st);
}

/* --- configuration --- */

static bool
needs_low_port(const struct checker_table *table)
{
	for (size_t i = 0; i < table->n_checks; i++) {
		uint16_t port = table->checks[i].model->bind_port;

		if (port && port < PRIVILEGED_PORTS)
			return true;
	}
	return false;
}

/* Once, when the first configuration says what is needed. */
static int
drop_privileges(struct checker_state *st)
{
	int caps[2];
	size_t n = 0;

	st->has_raw = st->table.model->needs_raw;
	st->has_low_ports = needs_low_port(&st->table);
	if (st->has_raw)
		caps[n++] = CAP_NET_RAW;
	if (st->has_low_ports)
		caps[n++] = CAP_NET_BIND_SERVICE;
	return hf_privilege_keep(caps, n, true);
}

/* New checks are spread; those taken over keep their time, and their probe goes on. */
static void
schedule(struct checker_state *st, struct checker_heap *heap, hf_time now)
{
	for (size_t i = 0; i < st->table.n_checks; i++) {
		struct checker_check *check = &st->table.checks[i];
		hf_time at = check->due.at;

		if (check->probe)
			check->probe->check = check;
		if (!hf_is_set(at))
			at = checker_spread_first(now, check->model->warmup_ns, i);
		checker_heap_set(heap, &check->due, at);
	}
}

static void
cancel_probes(struct checker_table *table)
{
	for (size_t i = 0; i < table->n_checks; i++)
		if (table->checks[i].probe)
			checker_probe_cancel(table->checks[i].probe);
}

/* The old table's servers leave, the new table's come; one virtual server at a time. */
static void
apply(struct checker_state *st, struct checker_table *old)
{
	int64_t wall_us = hf_wall_us();

	for (size_t i = 0; old->model && i < old->model->n_virtual; i++) {
		if (old->virtuals[i].moved)
			continue;
		checker_virtual_end(&old->virtuals[i], &st->actions);
		checker_carry_out(st);
	}
	for (size_t i = 0; i < st->table.n_reals; i++)
		if (!st->table.reals[i].since_wall_us)
			st->table.reals[i].since_wall_us = wall_us;
	for (size_t i = 0; i < st->table.model->n_virtual; i++) {
		struct checker_virtual *vs = &st->table.virtuals[i];

		if (!vs->since_wall_us)
			vs->since_wall_us = wall_us;
		checker_virtual_begin(vs, st->table.olds[i], st->table.model->rs_init_notifies,
				      &st->actions);
		st->table.olds[i] = NULL;
		checker_carry_out(st);
	}
}

static int
take_table(struct checker_state *st, struct checker_table *next, struct checker_heap *heap)
{
	struct checker_table old = st->table;
	struct checker_heap old_heap = st->heap;
	bool flush_changed = old.model && old.model->flush_at_stop != next->model->flush_at_stop;

	if (old.model)
		checker_table_carry_over(next, &old);
	else
		checker_memory_apply(&st->memory, next);
	checker_memory_free(&st->memory);
	st->table = *next;
	st->heap = *heap;
	schedule(st, &st->heap, hf_time_now());
	cancel_probes(&old);
	apply(st, &old);
	if (!st->table_sent || flush_changed)
		checker_carry_table(st, !st->configured && st->table.model->flush_at_start &&
						!hf_room_hello(st->room)->restarted);
	st->configured = true;
	checker_table_free(&old);
	checker_heap_free(&old_heap);
	st->armed = HF_UNSET;
	arm(st);
	return 0;
}

static int
refuse(char why[512], int code, const char *text)
{
	snprintf(why, 512, "%s", text);
	return code;
}

/*
 * Privileges are given up for good. A configuration that needs them again is taken over, and then a
 * successor of this process starts with them and goes on from what is remembered.
 */
static void
renew_if_privileges_are_missing(struct checker_state *st)
{
	bool raw = st->table.model->needs_raw && !st->has_raw;
	bool low_ports = !st->has_low_ports && needs_low_port(&st->table);

	if (!raw && !low_ports)
		return;
	hf_log(HF_NOTICE, NULL, "checks now use %s: the checker restarts to be allowed to",
	       raw ? "fwmark or bind_if" : "a bind_port below 1024");
	hf_room_leave(st->room, 0);
}

static int
checker_config(void *state, const struct hf_room_config *how, const char *text, size_t len,
	       char why[512])
{
	struct checker_state *st = state;
	struct checker_model *model = checker_model_read(text, len, why);
	struct checker_table next;
	struct checker_heap heap = { 0 };

	if (!model)
		return 2;
	if (checker_table_build(&next, model) < 0) {
		checker_model_free(model);
		return refuse(why, 2, "not enough memory for the virtual servers");
	}
	if (checker_heap_init(&heap, next.n_checks) < 0 ||
	    checker_actions_reserve(&st->actions, checker_table_most_reals(&next) +
							  checker_table_most_reals(&st->table)) <
		    0) {
		checker_heap_free(&heap);
		checker_table_free(&next);
		return refuse(why, 2, "not enough memory for the checks");
	}
	st->cause = how->cause;
	hf_room_saw(st->room, how->cause);
	take_table(st, &next, &heap);
	st->cause = 0;
	if (!how->first) {
		renew_if_privileges_are_missing(st);
		return 0;
	}
	if (drop_privileges(st) < 0)
		return refuse(why, 4, "the checker could not give up its privileges");
	return 0;
}

/* --- neighbours --- */

static void
checker_linked(void *state, enum hf_room_kind peer, struct hf_ipc *link)
{
	struct checker_state *st = state;

	if (peer == HF_ROOM_RUNNER)
		checker_hooks_flush(&st->hooks, link);
	if (peer != HF_ROOM_IPVS)
		return;
	st->table_sent = false;
	if (st->configured)
		checker_carry_table(st, false);
}

static void
checker_unlinked(void *state, enum hf_room_kind peer)
{
	struct checker_state *st = state;

	if (peer == HF_ROOM_IPVS)
		st->table_sent = false;
}

static void
checker_recall(void *state, const char *key, const void *bytes, size_t len)
{
	struct checker_state *st = state;

	checker_memory_add(&st->memory, key, bytes, len);
}

/* --- start and end --- */

/* Thousands of probes may run at once: as many descriptors as we may have. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void
checker_end(void *state)
{
	struct checker_state *st = state;

	cancel_probes(&st->table);
	checker_table_free(&st->table);
	checker_heap_free(&st->heap);
	checker_actions_free(&st->actions);
	checker_hooks_free(&st->hooks);
	checker_memory_free(&st->memory);
	checker_probes_free(&st->probes);
	hf_timer_free(st->timer);
	free(st);
}

static void *
checker_start(struct hf_room *room)
{
	struct checker_state *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	st->room = room;
	checker_hooks_init(&st->hooks);
	checker_probes_init(&st->probes, hf_loop_base(hf_room_loop(room)), &st->heap);
	st->probes.ended = probe_ended;
	st->probes.arg = st;
	st->timer = hf_timer_new(hf_room_loop(room), HF_PRIO_NORMAL, timer_fired, st);
	if (!st->timer) {
		checker_end(st);
		return NULL;
	}
	raise_descriptor_limit();
	return st;
}

static void
checker_stop(void *state, const struct hf_room_stop *how, bool supervisor_gone)
{
	struct checker_state *st = state;

	hf_timer_set(st->timer, HF_NEVER);
	cancel_probes(&st->table);
	for (size_t i = 0; st->configured && i < st->table.model->n_virtual; i++) {
		checker_virtual_stop(&st->table.virtuals[i], &st->actions);
		checker_carry_out(st);
	}
	hf_room_leave(st->room, 0);
}

const struct hf_room_ops *
checker_room(void)
{
	static const struct hf_room_ops ops = {
		.kind = HF_ROOM_CHECKER,
		.start = checker_start,
		.recall = checker_recall,
		.config = checker_config,
		.linked = checker_linked,
		.unlinked = checker_unlinked,
		.status = checker_status,
		.dump = checker_dump,
		.stop = checker_stop,
		.end = checker_end,
	};

	return &ops;
}

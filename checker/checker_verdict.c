/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict engine: check, real server, quorum, desired table.
 * In: results of checks, and virtual servers that begin, end or stop. Out: ordered actions.
 * Elsewhere: building and matching of tables (checker_table.c), carrying out (checker_carry.c).
 */
#include "checker/checker_verdict.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

const char *
checker_verdict_word(enum checker_verdict verdict)
{
	switch (verdict) {
	case CHECKER_UNKNOWN:
		return "unknown";
	case CHECKER_UP:
		return "up";
	case CHECKER_DOWN:
		return "down";
	case CHECKER_GONE:
		return "gone";
	}
	return "unknown";
}

int
checker_actions_reserve(struct checker_actions *actions, size_t n_real)
{
	size_t cap = CHECKER_ACTIONS_BASE + CHECKER_ACTIONS_PER_REAL * n_real;
	struct checker_action *list;

	if (cap <= actions->cap)
		return 0;
	list = realloc(actions->list, cap * sizeof(*list));
	if (!list)
		return -ENOMEM;
	actions->list = list;
	actions->cap = cap;
	return 0;
}

void
checker_actions_free(struct checker_actions *actions)
{
	free(actions->list);
	*actions = (struct checker_actions){ 0 };
}

static void
act(struct checker_actions *out, struct checker_action action)
{
	assert(out->n < out->cap);
	out->list[out->n++] = action;
}

/* --- the desired table --- */

struct checker_want
checker_sorry_want(const struct checker_virtual *vs)
{
	const struct virtual_server_model *model = vs->model;

	if (!model->has_sorry)
		return (struct checker_want){ 0 };
	if (vs->sorry_active)
		return (struct checker_want){ .present = true, .weight = model->sorry.weight };
	return (struct checker_want){ .present = model->sorry_inhibit };
}

struct checker_want
checker_real_want(const struct checker_real *real)
{
	const struct checker_virtual *vs = real->virtual_server;
	struct checker_want want = { .present = real->model->inhibit_on_failure };

	if (real->up && !vs->sorry_active)
		want = (struct checker_want){ .present = true, .weight = real->model->weight };
	if (vs->twin == real) {
		struct checker_want sorry = checker_sorry_want(vs);

		want.present = want.present || sorry.present;
		if (sorry.weight > want.weight)
			want.weight = sorry.weight;
	}
	return want;
}

static void
settle_real(struct checker_real *real, struct checker_actions *out)
{
	struct checker_want want = checker_real_want(real);
	struct checker_action action = { .virtual_server = real->virtual_server,
					 .real = real,
					 .dest = real->model,
					 .weight = want.weight };

	if (want.present && (!real->in_table || real->dirty || real->table_weight != want.weight)) {
		action.type = CHECKER_DO_DEST;
		act(out, action);
	} else if (!want.present && real->in_table) {
		action.type = CHECKER_DO_DEST_GONE;
		act(out, action);
	}
	real->in_table = want.present;
	real->table_weight = want.weight;
	real->dirty = false;
}

static void
settle_sorry(struct checker_virtual *vs, struct checker_actions *out)
{
	struct checker_want want = checker_sorry_want(vs);
	struct checker_action action = { .virtual_server = vs,
					 .dest = &vs->model->sorry,
					 .weight = want.weight };

	if (vs->twin) /* its entry is settled as the real server's */
		return;
	if (want.present &&
	    (!vs->sorry_in_table || vs->sorry_dirty || vs->sorry_table_weight != want.weight)) {
		action.type = CHECKER_DO_DEST;
		act(out, action);
	} else if (!want.present && vs->sorry_in_table) {
		action.type = CHECKER_DO_DEST_GONE;
		act(out, action);
	}
	vs->sorry_in_table = want.present;
	vs->sorry_table_weight = want.weight;
	vs->sorry_dirty = false;
}

static void
settle_reals(struct checker_virtual *vs, struct checker_actions *out)
{
	for (size_t i = 0; i < vs->model->n_real; i++)
		settle_real(&vs->reals[i], out);
}

/* --- the quorum --- */

static void
tell_quorum(struct checker_virtual *vs, struct checker_real *cause, struct checker_actions *out)
{
	vs->seq++;
	act(out, (struct checker_action){ .type = CHECKER_DO_QUORUM_CHANGE,
					  .virtual_server = vs,
					  .real = cause,
					  .from = vs->quorum_up ? CHECKER_DOWN : CHECKER_UP,
					  .to = vs->quorum_up ? CHECKER_UP : CHECKER_DOWN });
}

static void
run_quorum_hooks(struct checker_virtual *vs, enum checker_verdict to, struct checker_actions *out)
{
	act(out, (struct checker_action){
			 .type = CHECKER_DO_QUORUM_HOOKS, .virtual_server = vs, .to = to });
}

static void
gain_quorum(struct checker_virtual *vs, struct checker_real *cause, struct checker_actions *out)
{
	vs->quorum_up = true;
	tell_quorum(vs, cause, out);
	vs->sorry_active = false;
	settle_sorry(vs, out);
	settle_reals(vs, out);
	run_quorum_hooks(vs, CHECKER_UP, out);
}

static void
lose_quorum(struct checker_virtual *vs, struct checker_real *cause, struct checker_actions *out)
{
	vs->quorum_up = false;
	tell_quorum(vs, cause, out);
	vs->sorry_active = vs->model->has_sorry;
	settle_reals(vs, out);
	settle_sorry(vs, out);
	run_quorum_hooks(vs, CHECKER_DOWN, out);
}

static void
judge_quorum(struct checker_virtual *vs, struct checker_real *cause, struct checker_actions *out)
{
	int64_t alive = vs->alive_weight;

	if (!vs->quorum_up) {
		if (alive > 0 && alive >= (int64_t)vs->quorum + vs->hysteresis)
			gain_quorum(vs, cause, out);
	} else if (alive == 0 || alive < (int64_t)vs->quorum - vs->hysteresis) {
		lose_quorum(vs, cause, out);
	}
}

/* --- real servers --- */

static bool
holds_down(const struct checker_check *check)
{
	return check->verdict == CHECKER_DOWN ||
	       (check->verdict == CHECKER_UNKNOWN && check->starts_down);
}

static bool
deserves_traffic(const struct checker_real *real)
{
	for (size_t i = 0; i < real->model->n_checks; i++)
		if (holds_down(&real->checks[i]))
			return false;
	return true;
}

static enum checker_verdict
word_of(bool up)
{
	return up ? CHECKER_UP : CHECKER_DOWN;
}

/* Log, table, hooks: in this order. */
static void
change_real(struct checker_real *real, bool up, struct checker_check *cause,
	    struct checker_actions *out)
{
	struct checker_virtual *vs = real->virtual_server;
	struct checker_action action = { .type = CHECKER_DO_REAL_CHANGE,
					 .virtual_server = vs,
					 .real = real,
					 .check = cause,
					 .from = real->told ? word_of(real->up) : CHECKER_UNKNOWN,
					 .to = word_of(up) };

	if (up != real->up)
		vs->alive_weight += up ? real->model->weight : -(int64_t)real->model->weight;
	real->up = up;
	real->told = true;
	real->seq++;
	act(out, action);
	settle_real(real, out);
	action.type = CHECKER_DO_REAL_HOOKS;
	act(out, action);
}

static void
judge_real(struct checker_check *check, struct checker_actions *out)
{
	struct checker_real *real = check->real;
	bool up = deserves_traffic(real);
	/* Under alpha the first failure changes nothing in the table, but is news. */
	bool first_word = !real->told && check->verdict == CHECKER_DOWN;

	if (up == real->up && !first_word)
		return;
	change_real(real, up, check, out);
	judge_quorum(real->virtual_server, real, out);
}

/* --- checks --- */

static void
change_check(struct checker_check *check, enum checker_verdict to, struct checker_actions *out)
{
	struct checker_action action = { .type = CHECKER_DO_CHECK_CHANGE,
					 .virtual_server = check->real->virtual_server,
					 .real = check->real,
					 .check = check,
					 .from = check->verdict,
					 .to = to };

	check->verdict = to;
	act(out, action);
	judge_real(check, out);
}

/* Moves on to the next url. Returns true when all of them have passed. */
static bool
pass_is_complete(struct checker_check *check)
{
	if (check->model->n_urls < 2) {
		check->url_failed = false;
		return true;
	}
	if (check->url_failed) { /* the culprit is well again: now all of them, from the first */
		check->url_failed = false;
		check->url = 0;
		return false;
	}
	check->url = (check->url + 1) % (uint32_t)check->model->n_urls;
	return check->url == 0;
}

static hf_time
note_success(struct checker_check *check, hf_time now, struct checker_actions *out)
{
	const struct check_model *model = check->model;
	bool complete = pass_is_complete(check);

	check->failures = 0;
	if (!complete)
		return model->fast_recovery && holds_down(check)
			       ? now
			       : hf_after(now, model->delay_loop_ns);
	if (check->verdict != CHECKER_UP)
		change_check(check, CHECKER_UP, out);
	return hf_after(now, model->delay_loop_ns);
}

static hf_time
note_failure(struct checker_check *check, hf_time now, struct checker_actions *out)
{
	const struct check_model *model = check->model;
	int64_t wait_ns = model->delay_loop_ns;

	check->url_failed = true;
	if (check->verdict == CHECKER_UP && check->failures < model->retry) {
		check->failures++;
		act(out, (struct checker_action){ .type = CHECKER_DO_RETRYING,
						  .virtual_server = check->real->virtual_server,
						  .real = check->real,
						  .check = check });
		return hf_after(now, model->delay_before_retry_ns);
	}
	if (check->verdict != CHECKER_DOWN)
		change_check(check, CHECKER_DOWN, out);
	check->failures = 0;
	if (model->type == CHECK_HTTP && model->delay_before_retry_ns > wait_ns)
		wait_ns = model->delay_before_retry_ns;
	return hf_after(now, wait_ns);
}

hf_time
checker_handle_result(struct checker_check *check, const struct checker_report *report, hf_time now,
		      struct checker_actions *out)
{
	struct checker_virtual *vs = check->real->virtual_server;
	hf_time next;

	checker_virtual_check(vs);
	check->last_result = report->result;
	check->latency_ns = report->latency_ns;
	if (!checker_result_counts(report->result))
		next = hf_after(now, check->model->delay_loop_ns);
	else if (checker_result_good(report->result))
		next = note_success(check, now, out);
	else
		next = note_failure(check, now, out);
	checker_virtual_check(vs);
	return next;
}

/* --- virtual servers come and go --- */

static void
set_thresholds(struct checker_virtual *vs)
{
	int64_t total = 0;

	vs->alive_weight = 0;
	for (size_t i = 0; i < vs->model->n_real; i++) {
		total += vs->reals[i].model->weight;
		if (vs->reals[i].up)
			vs->alive_weight += vs->reals[i].model->weight;
	}
	vs->quorum = vs->model->quorum;
	if (vs->quorum > total)
		vs->quorum = (uint32_t)total;
	vs->hysteresis = vs->model->hysteresis;
	if (vs->hysteresis >= vs->quorum)
		vs->hysteresis = vs->quorum ? vs->quorum - 1 : 0;
}

/* A server of the old table leaves: always told, because whatever watched it must know. */
static void
end_real(struct checker_real *real, struct checker_actions *out)
{
	struct checker_action action = { .virtual_server = real->virtual_server,
					 .real = real,
					 .dest = real->model,
					 .from = real->told ? word_of(real->up) : CHECKER_UNKNOWN,
					 .to = CHECKER_GONE };

	action.type = CHECKER_DO_REAL_CHANGE;
	act(out, action);
	if (real->in_table) {
		action.type = CHECKER_DO_DEST_GONE;
		act(out, action);
	}
	if (real->up) {
		action.type = CHECKER_DO_REAL_HOOKS;
		action.to = CHECKER_DOWN;
		act(out, action);
	}
}

/* The old sorry server's entry leaves unless it is still that of the new configuration. */
static void
leave_old(struct checker_virtual *vs, struct checker_virtual *old, struct checker_actions *out)
{
	if (old->sorry_in_table && !vs->sorry_in_table)
		act(out, (struct checker_action){ .type = CHECKER_DO_DEST_GONE,
						  .virtual_server = old,
						  .dest = &old->model->sorry });
	for (size_t i = 0; i < old->model->n_real; i++)
		if (!old->reals[i].moved)
			end_real(&old->reals[i], out);
}

/* Servers whose state is remembered may have changed by the model alone: a failed check is gone. */
static void
begin_reals(struct checker_virtual *vs, bool init_notifies, struct checker_actions *out)
{
	for (size_t i = 0; i < vs->model->n_real; i++) {
		struct checker_real *real = &vs->reals[i];
		bool up = deserves_traffic(real);

		if (real->known) {
			if (real->up != up)
				change_real(real, up, NULL, out);
			continue;
		}
		real->up = up;
		real->told = up;
		if (up)
			vs->alive_weight += real->model->weight;
		if (up && init_notifies)
			act(out, (struct checker_action){ .type = CHECKER_DO_REAL_HOOKS,
							  .virtual_server = vs,
							  .real = real,
							  .to = CHECKER_UP });
	}
}

void
checker_virtual_begin(struct checker_virtual *vs, struct checker_virtual *old, bool init_notifies,
		      struct checker_actions *out)
{
	bool was_known = vs->known;

	if (old)
		leave_old(vs, old, out);
	if (vs->service_dirty)
		act(out,
		    (struct checker_action){ .type = CHECKER_DO_SERVICE, .virtual_server = vs });
	vs->service_dirty = false;
	set_thresholds(vs);
	if (!vs->model->has_sorry)
		vs->sorry_active = false;
	else if (was_known && !vs->quorum_up)
		vs->sorry_active = true;
	begin_reals(vs, init_notifies, out);
	vs->known = true;
	judge_quorum(vs, NULL, out);
	if (!was_known && !vs->quorum_up && vs->model->has_sorry)
		lose_quorum(vs, NULL, out);
	settle_reals(vs, out);
	settle_sorry(vs, out);
	checker_virtual_check(vs);
}

void
checker_virtual_end(struct checker_virtual *vs, struct checker_actions *out)
{
	for (size_t i = 0; i < vs->model->n_real; i++) {
		vs->reals[i].in_table = false; /* the service takes its dests along */
		end_real(&vs->reals[i], out);
	}
	act(out, (struct checker_action){ .type = CHECKER_DO_SERVICE_GONE, .virtual_server = vs });
	if (!vs->quorum_up)
		return;
	vs->quorum_up = false;
	tell_quorum(vs, NULL, out);
	run_quorum_hooks(vs, CHECKER_DOWN, out);
}

void
checker_virtual_stop(struct checker_virtual *vs, struct checker_actions *out)
{
	if (!vs->model->omega)
		return;
	for (size_t i = 0; i < vs->model->n_real; i++)
		if (vs->reals[i].up)
			act(out, (struct checker_action){ .type = CHECKER_DO_REAL_HOOKS,
							  .virtual_server = vs,
							  .real = &vs->reals[i],
							  .to = CHECKER_DOWN });
	run_quorum_hooks(vs, CHECKER_DOWN, out);
}

void
checker_virtual_check(const struct checker_virtual *vs)
{
	assert(!vs->sorry_active || vs->model->has_sorry);
	assert(!vs->sorry_active || !vs->quorum_up);
	assert(!vs->known || vs->quorum_up || !vs->model->has_sorry || vs->sorry_active);
	assert(vs->quorum == 0 || vs->hysteresis < vs->quorum);
	assert(vs->alive_weight >= 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries out what the verdict engine decided: changes with their causes, orders to ipvs/, hooks to
 * runner/, records to the supervisor. Decides nothing.
 */
#include <stdio.h>
#include <string.h>

#include "checker/checker_order.h"
#include "checker/checker_state.h"
#include "lib/hf_log.h"

static const char *
check_name(const struct checker_check *check)
{
	return check_ops_of(check->model->type)->name;
}

/* --- the supervisor's memory --- */

static void
remember_real(struct checker_state *st, const struct checker_real *real, bool gone)
{
	uint8_t buf[HF_ROOM_RECORD_MAX];
	char key[HF_ROOM_KEY_MAX];
	size_t len = checker_memory_real(real, key, buf);

	hf_room_remember(st->room, key, buf, gone ? 0 : len);
}

static void
remember_virtual(struct checker_state *st, const struct checker_virtual *vs)
{
	uint8_t buf[HF_ROOM_RECORD_MAX];
	char key[HF_ROOM_KEY_MAX];
	size_t len = checker_memory_virtual(vs, key, buf);

	hf_room_remember(st->room, key, buf, vs->known ? len : 0);
}

/* --- the table --- */

static void
send_order(struct checker_state *st, enum ipvs_msg msg, const struct ipvs_order *order)
{
	struct hf_ipc *link = hf_room_link(st->room, HF_ROOM_IPVS);
	int err = link ? hf_ipc_send(link, (uint16_t)msg, order, sizeof(*order), -1) : 0;

	if (err)
		hf_log(HF_ERROR, order->label, "the ipvs room does not take orders: %s",
		       strerror(-err));
}

static void
order_service(struct checker_state *st, enum ipvs_msg msg, const struct checker_virtual *vs)
{
	struct ipvs_order order;

	memset(&order, 0, sizeof(order));
	order.cause = vs->change;
	checker_order_service(vs->model, &order.service);
	snprintf(order.label, sizeof(order.label), "%s", vs->model->name);
	send_order(st, msg, &order);
}

static void
order_dest(struct checker_state *st, enum ipvs_msg msg, const struct checker_virtual *vs,
	   const struct real_server_model *dest, int32_t weight, uint64_t cause)
{
	struct ipvs_order order;

	memset(&order, 0, sizeof(order));
	order.cause = cause;
	checker_order_service_key(vs->model, &order.service.key);
	checker_order_dest(dest, weight, &order.dest);
	snprintf(order.label, sizeof(order.label), "%s", dest->name);
	send_order(st, msg, &order);
}

static void
order_marker(struct checker_state *st, enum ipvs_msg msg, uint32_t flags)
{
	struct ipvs_order order;

	memset(&order, 0, sizeof(order));
	order.cause = st->cause;
	order.flags = flags;
	send_order(st, msg, &order);
}

static void
send_virtual(struct checker_state *st, const struct checker_virtual *vs)
{
	order_service(st, IPVS_MSG_SERVICE, vs);
	for (size_t i = 0; i < vs->model->n_real; i++) {
		const struct checker_real *real = &vs->reals[i];

		if (real->in_table)
			order_dest(st, IPVS_MSG_DEST, vs, real->model, real->table_weight,
				   real->change);
	}
	if (vs->sorry_in_table)
		order_dest(st, IPVS_MSG_DEST, vs, &vs->model->sorry, vs->sorry_table_weight,
			   vs->change);
}

void
checker_carry_table(struct checker_state *st, bool flush_foreign)
{
	const struct checker_model *model = st->table.model;
	uint32_t flags = 0;

	if (!hf_room_link(st->room, HF_ROOM_IPVS))
		return;
	if (flush_foreign)
		flags |= IPVS_ORDER_FLUSH_FOREIGN;
	if (model->flush_at_stop)
		flags |= IPVS_ORDER_FLUSH_ON_STOP;
	order_marker(st, IPVS_MSG_BEGIN, flags);
	for (size_t i = 0; i < model->n_virtual; i++)
		send_virtual(st, &st->table.virtuals[i]);
	order_marker(st, IPVS_MSG_END, flags);
	st->table_sent = true;
}

static void
carry_order(struct checker_state *st, const struct checker_action *action)
{
	const struct checker_virtual *vs = action->virtual_server;
	uint64_t cause = action->real ? action->real->change : vs->change;

	if (!st->table_sent) /* it will be sent as a whole */
		return;
	if (action->type == CHECKER_DO_SERVICE)
		order_service(st, IPVS_MSG_SERVICE, vs);
	else if (action->type == CHECKER_DO_SERVICE_GONE)
		order_service(st, IPVS_MSG_SERVICE_GONE, vs);
	else
		order_dest(st, action->type == CHECKER_DO_DEST ? IPVS_MSG_DEST : IPVS_MSG_DEST_GONE,
			   vs, action->dest, action->weight, cause);
}

/* --- what people read --- */

/* The wording of check results that log scrapers know. */
static void
log_check(const struct checker_action *action)
{
	const struct checker_check *check = action->check;
	const char *name = action->real->model->name;
	bool http = check->model->type == CHECK_HTTP;

	if (action->to == CHECKER_UP)
		hf_log(HF_INFO, NULL,
		       http ? "Remote Web server %s succeed on service."
			    : "TCP connection to %s success.",
		       name);
	else if (action->from == CHECKER_UP && check->model->retry)
		hf_log(HF_INFO, NULL, "%s on service %s failed after %u retries.",
		       check_name(check), name, check->model->retry);
	else
		hf_log(HF_INFO, NULL, "%s on service %s failed.", check_name(check), name);
}

static void
carry_check(struct checker_state *st, const struct checker_action *action)
{
	struct checker_check *check = action->check;
	const char *name = action->real->model->name;
	char subject[sizeof(((struct hf_change *)NULL)->subject)];

	log_check(action);
	remember_real(st, action->real, false);
	/* That a server in use is well is no news; thousands at start would bury what is. */
	if (action->from == CHECKER_UNKNOWN && action->to == CHECKER_UP && !check->starts_down)
		return;
	snprintf(subject, sizeof(subject), "%s %s", check_name(check), name);
	check->change = hf_room_change(
		st->room, HF_INFO, 0, subject, checker_verdict_word(action->from),
		checker_verdict_word(action->to), checker_result_code(check->last_result),
		"vs=%s latency=%.3fms", action->virtual_server->model->name,
		(double)check->latency_ns / 1e6);
}

static const char *
real_reason(const struct checker_action *action)
{
	if (action->to == CHECKER_GONE)
		return "removed";
	if (!action->check)
		return "reload";
	return action->to == CHECKER_UP ? "checks-passed" : "check-failed";
}

static void
log_real(const struct checker_action *action)
{
	const struct real_server_model *model = action->real->model;
	bool up = action->to == CHECKER_UP;
	const char *what = up ? "Add" : "Remov";

	if (model->inhibit_on_failure && action->to != CHECKER_GONE)
		what = up ? "Enabl" : "Disabl";
	hf_log(HF_INFO, NULL, "%sing service %s %s VS %s", what, model->name, up ? "to" : "from",
	       action->virtual_server->model->name);
}

static void
carry_real(struct checker_state *st, const struct checker_action *action)
{
	struct checker_real *real = action->real;
	const struct checker_check *check = action->check;

	log_real(action);
	real->since_wall_us = hf_wall_us();
	real->change = hf_room_change(
		st->room, action->to == CHECKER_DOWN ? HF_WARNING : HF_NOTICE,
		check ? check->change : st->cause, real->model->name,
		checker_verdict_word(action->from), checker_verdict_word(action->to),
		real_reason(action), "vs=%s%s%s%s%s", action->virtual_server->model->name,
		check ? " check=" : "", check ? check_name(check) : "", check ? " result=" : "",
		check ? checker_result_code(check->last_result) : "");
	remember_real(st, real, action->to == CHECKER_GONE);
}

static void
log_quorum(const struct checker_virtual *vs, bool up)
{
	if (up)
		hf_log(HF_NOTICE, NULL, "Gained quorum %u+%u=%llu <= %lld for VS %s", vs->quorum,
		       vs->hysteresis, (unsigned long long)vs->quorum + vs->hysteresis,
		       (long long)vs->alive_weight, vs->model->name);
	else
		hf_log(HF_NOTICE, NULL, "Lost quorum %u-%u=%lld > %lld for VS %s", vs->quorum,
		       vs->hysteresis, (long long)vs->quorum - vs->hysteresis,
		       (long long)vs->alive_weight, vs->model->name);
}

static void
log_sorry(const struct checker_action *action)
{
	const struct virtual_server_model *model = action->virtual_server->model;
	bool in = action->type == CHECKER_DO_DEST && action->weight > 0;
	const char *what = in ? "Add" : "Remov";

	if (model->sorry_inhibit)
		what = in ? "Enabl" : "Disabl";
	hf_log(HF_NOTICE, NULL, "%sing sorry server %s %s VS %s", what, model->sorry.name,
	       in ? "to" : "from", model->name);
}

static void
carry_quorum(struct checker_state *st, const struct checker_action *action)
{
	struct checker_virtual *vs = action->virtual_server;
	bool up = action->to == CHECKER_UP;

	log_quorum(vs, up);
	vs->since_wall_us = hf_wall_us();
	vs->change = hf_room_change(
		st->room, up ? HF_NOTICE : HF_WARNING,
		action->real ? action->real->change : st->cause, vs->model->name,
		checker_verdict_word(action->from), checker_verdict_word(action->to),
		up ? "quorum-gained" : "quorum-lost", "alive=%lld quorum=%u hysteresis=%u%s%s",
		(long long)vs->alive_weight, vs->quorum, vs->hysteresis,
		vs->sorry_active ? " sorry=" : "", vs->sorry_active ? vs->model->sorry.name : "");
	remember_virtual(st, vs);
}

/* --- hooks --- */

static void
carry_real_hooks(struct checker_state *st, const struct checker_action *action)
{
	const struct checker_real *real = action->real;
	struct hf_ipc *link = hf_room_link(st->room, HF_ROOM_RUNNER);
	bool up = action->to == CHECKER_UP;
	struct runner_job job = { .seq = real->seq,
				  .cause = real->change,
				  .queue = real->model->name,
				  .flags = RUNNER_COLLAPSE,
				  .prev_state = checker_verdict_word(action->from),
				  .reason = real_reason(action) };
	char line[2 * CHECK_SERVER_NAME_MAX + 16];

	checker_hooks_run(&st->hooks, link,
			  up ? &real->model->notify_up : &real->model->notify_down, &job);
	if (!st->table.model->fifo)
		return;
	snprintf(line, sizeof(line), "RS %s %s %s", real->model->name,
		 action->virtual_server->model->name, up ? "UP" : "DOWN");
	checker_hooks_line(&st->hooks, link, line);
}

static void
carry_quorum_hooks(struct checker_state *st, const struct checker_action *action)
{
	const struct checker_virtual *vs = action->virtual_server;
	struct hf_ipc *link = hf_room_link(st->room, HF_ROOM_RUNNER);
	bool up = action->to == CHECKER_UP;
	struct runner_job job = { .seq = vs->seq,
				  .cause = vs->change,
				  .queue = vs->model->name,
				  .flags = RUNNER_COLLAPSE,
				  .prev_state = up ? "down" : "up",
				  .reason = up ? "quorum-gained" : "quorum-lost" };
	char line[CHECK_SERVER_NAME_MAX + 16];

	checker_hooks_run(&st->hooks, link, up ? &vs->model->quorum_up : &vs->model->quorum_down,
			  &job);
	if (!st->table.model->fifo)
		return;
	snprintf(line, sizeof(line), "VS %s %s", vs->model->name, up ? "UP" : "DOWN");
	checker_hooks_line(&st->hooks, link, line);
}

static void
carry_one(struct checker_state *st, const struct checker_action *action)
{
	switch (action->type) {
	case CHECKER_DO_RETRYING:
		hf_log(HF_INFO, action->real->model->name, "%s failed: %s (retry %u of %u)",
		       check_name(action->check), checker_result_code(action->check->last_result),
		       action->check->failures, action->check->model->retry);
		break;
	case CHECKER_DO_CHECK_CHANGE:
		carry_check(st, action);
		break;
	case CHECKER_DO_REAL_CHANGE:
		carry_real(st, action);
		break;
	case CHECKER_DO_REAL_HOOKS:
		carry_real_hooks(st, action);
		break;
	case CHECKER_DO_QUORUM_CHANGE:
		carry_quorum(st, action);
		break;
	case CHECKER_DO_QUORUM_HOOKS:
		carry_quorum_hooks(st, action);
		break;
	case CHECKER_DO_SERVICE_GONE:
		remember_virtual(st, action->virtual_server);
		carry_order(st, action);
		break;
	case CHECKER_DO_DEST:
	case CHECKER_DO_DEST_GONE:
		if (!action->real)
			log_sorry(action);
		carry_order(st, action);
		break;
	case CHECKER_DO_SERVICE:
		carry_order(st, action);
		break;
	}
}

void
checker_carry_out(struct checker_state *st)
{
	for (size_t i = 0; i < st->actions.n; i++)
		carry_one(st, &st->actions.list[i]);
	st->actions.n = 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checker knows, as JSON for status and as text in keepalived's form for USR1. */
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <string.h>

#include "checker/checker_state.h"

static const char *
protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return "none";
	}
}

static const char *
forwarding_name(enum check_forwarding forwarding)
{
	switch (forwarding) {
	case CHECK_MASQ:
		return "nat";
	case CHECK_DROUTE:
		return "dr";
	case CHECK_TUNNEL:
		return "tun";
	}
	return "nat";
}

static json_t *
wall(int64_t us)
{
	char text[HF_WALL_TEXT_MAX];

	return us == 0 ? json_null() : json_string(hf_wall_text(us, text));
}

static void
set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

static json_t *
check_json(const struct checker_check *check)
{
	json_t *json = json_object();

	set_text(json, "type", check_ops_of(check->model->type)->name);
	json_object_set_new(
		json, "up",
		json_boolean(check->verdict == CHECKER_UP ||
			     (check->verdict == CHECKER_UNKNOWN && !check->starts_down)));
	set_text(json, "verdict", checker_verdict_word(check->verdict));
	set_text(json, "last_result", checker_result_code(check->last_result));
	json_object_set_new(json, "latency_ms",
			    check->last_wall_us ? json_real((double)check->latency_ns / 1e6)
						: json_null());
	json_object_set_new(json, "last_check", wall(check->last_wall_us));
	json_object_set_new(json, "retries", json_integer(check->failures));
	return json;
}

static json_t *
real_json(const struct checker_real *real)
{
	char addr[HF_ADDR_TEXT_MAX];
	json_t *json = json_object(), *checks = json_array();

	set_text(json, "name", real->model->name);
	set_text(json, "address", hf_addr_text(&real->model->addr, addr));
	json_object_set_new(json, "port", json_integer(real->model->port));
	json_object_set_new(json, "weight", json_integer(real->in_table ? real->table_weight : 0));
	json_object_set_new(json, "configured_weight", json_integer(real->model->weight));
	set_text(json, "forwarding", forwarding_name(real->model->forwarding));
	json_object_set_new(json, "in_table", json_boolean(real->in_table));
	json_object_set_new(json, "up", json_boolean(real->up));
	json_object_set_new(json, "since", wall(real->since_wall_us));
	for (size_t i = 0; i < real->model->n_checks; i++)
		json_array_append_new(checks, check_json(&real->checks[i]));
	json_object_set_new(json, "checks", checks);
	return json;
}

static void
set_sorry(json_t *json, const struct virtual_server_model *model)
{
	char addr[HF_ADDR_TEXT_MAX];
	json_t *sorry;

	if (!model->has_sorry) {
		json_object_set_new(json, "sorry_server", json_null());
		return;
	}
	sorry = json_object();
	set_text(sorry, "name", model->sorry.name);
	set_text(sorry, "address", hf_addr_text(&model->sorry.addr, addr));
	json_object_set_new(sorry, "port", json_integer(model->sorry.port));
	json_object_set_new(json, "sorry_server", sorry);
}

static json_t *
virtual_json(const struct checker_virtual *vs)
{
	const struct virtual_server_model *model = vs->model;
	char addr[HF_ADDR_TEXT_MAX];
	json_t *json = json_object(), *reals = json_array();

	set_text(json, "name", model->name);
	if (model->fwmark)
		json_object_set_new(json, "address", json_null());
	else
		set_text(json, "address", hf_addr_text(&model->addr, addr));
	json_object_set_new(json, "port", json_integer(model->port));
	json_object_set_new(json, "fwmark", json_integer(model->fwmark));
	set_text(json, "protocol", protocol_name(model->protocol));
	set_text(json, "scheduler", model->scheduler);
	set_text(json, "forwarding",
		 model->n_real ? forwarding_name(model->real[0].forwarding) : "nat");
	json_object_set_new(json, "persistence_timeout",
			    json_integer(model->persistence_timeout_s));
	json_object_set_new(json, "quorum_up", json_boolean(vs->quorum_up));
	json_object_set_new(json, "sorry_active", json_boolean(vs->sorry_active));
	json_object_set_new(json, "quorum", json_integer(vs->quorum));
	json_object_set_new(json, "hysteresis", json_integer(vs->hysteresis));
	json_object_set_new(json, "alive_weight", json_integer(vs->alive_weight));
	json_object_set_new(json, "since", wall(vs->since_wall_us));
	set_sorry(json, model);
	for (size_t i = 0; i < model->n_real; i++)
		json_array_append_new(reals, real_json(&vs->reals[i]));
	json_object_set_new(json, "real_servers", reals);
	return json;
}

/* One virtual server at a time: the tree of all of them would be many times the table. */
void
checker_status(void *state, FILE *out)
{
	const struct checker_state *st = state;
	size_t n = st->configured ? st->table.model->n_virtual : 0;

	fputc('[', out);
	for (size_t i = 0; i < n; i++) {
		json_t *json = virtual_json(&st->table.virtuals[i]);

		if (i > 0)
			fputc(',', out);
		json_dumpf(json, out, JSON_COMPACT | JSON_REAL_PRECISION(16));
		json_decref(json);
	}
	fputc(']', out);
}

/* --- keepalived_check.data --- */

static void
dump_real(const struct checker_real *real, FILE *out)
{
	const struct real_server_model *model = real->model;

	fprintf(out, "   RIP = %s, WEIGHT = %" PRId32 "\n", model->name, model->weight);
	fprintf(out, "     forwarding method = %s\n", forwarding_name(model->forwarding));
	fprintf(out, "     Inhibit on failure = %s\n", model->inhibit_on_failure ? "ON" : "OFF");
	fprintf(out, "     Alive = %d\n", real->up);
	fprintf(out, "     Set in kernel = %d, weight = %" PRId32 "\n", real->in_table,
		real->in_table ? real->table_weight : 0);
	if (model->notify_up.argc)
		fprintf(out, "     RS up notify script = %s\n", model->notify_up.argv[0]);
	if (model->notify_down.argc)
		fprintf(out, "     RS down notify script = %s\n", model->notify_down.argv[0]);
}

static void
dump_virtual(const struct checker_virtual *vs, FILE *out)
{
	const struct virtual_server_model *model = vs->model;

	fprintf(out, " VIP = %s\n", model->name);
	fprintf(out, "   protocol = %s\n", protocol_name(model->protocol));
	fprintf(out, "   lb_algo = %s\n", model->scheduler);
	if (model->persistence_timeout_s)
		fprintf(out, "   persistence timeout = %" PRIu32 "\n",
			model->persistence_timeout_s);
	fprintf(out, "   alpha is %s, omega is %s\n", model->alpha ? "ON" : "OFF",
		model->omega ? "ON" : "OFF");
	fprintf(out, "   quorum = %" PRIu32 ", hysteresis = %" PRIu32 "\n", vs->quorum,
		vs->hysteresis);
	fprintf(out, "   Alive weight = %" PRId64 "\n", vs->alive_weight);
	fprintf(out, "   Quorum state = %s\n", vs->quorum_up ? "UP" : "DOWN");
	if (model->has_sorry)
		fprintf(out, "   sorry server = %s%s\n", model->sorry.name,
			vs->sorry_active ? " (active)" : "");
	for (size_t i = 0; i < model->n_real; i++)
		dump_real(&vs->reals[i], out);
}

static void
dump_check(const struct checker_check *check, FILE *out)
{
	const struct check_model *model = check->model;
	char addr[HF_ADDR_TEXT_MAX];

	fprintf(out, " %s\n", check_ops_of(model->type)->name);
	fprintf(out, "   Virtual server = %s\n", check->real->virtual_server->model->name);
	fprintf(out, "   Real server = %s\n", check->real->model->name);
	fprintf(out, "   Connection dest = [%s]:%u\n", hf_addr_text(&model->connect_addr, addr),
		model->connect_port);
	fprintf(out, "   Connection timeout = %g\n", (double)model->connect_timeout_ns / 1e9);
	fprintf(out, "   Delay loop = %g\n", (double)model->delay_loop_ns / 1e9);
	fprintf(out, "   Retry count = %" PRIu32 "\n", model->retry);
	fprintf(out, "   Retry delay = %g\n", (double)model->delay_before_retry_ns / 1e9);
	fprintf(out, "   Warmup = %g\n", (double)model->warmup_ns / 1e9);
	fprintf(out, "   Alpha is %s\n", model->alpha ? "ON" : "OFF");
	fprintf(out, "   State = %s, last result = %s\n", checker_verdict_word(check->verdict),
		checker_result_code(check->last_result));
	for (size_t i = 0; i < model->n_urls; i++)
		fprintf(out, "   Checked url = %s\n", model->urls[i].path);
}

void
checker_dump(void *state, enum hf_room_dump_kind kind, FILE *out)
{
	const struct checker_state *st = state;

	if (kind != HF_ROOM_DUMP_DATA || !st->configured)
		return;
	fputs("------< LVS Topology >------\n", out);
	for (size_t i = 0; i < st->table.model->n_virtual; i++)
		dump_virtual(&st->table.virtuals[i], out);
	fputs("------< Health checkers >------\n", out);
	for (size_t i = 0; i < st->table.n_checks; i++)
		dump_check(&st->table.checks[i], out);
}

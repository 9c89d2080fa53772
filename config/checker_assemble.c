/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From completed drafts to the checker room's model: names and copies, no decision. */
#include <netinet/in.h>
#include <string.h>

#include "config/draft.h"

static const char *
protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP    ? "tcp"
	       : protocol == IPPROTO_UDP  ? "udp"
	       : protocol == IPPROTO_SCTP ? "sctp"
					  : "none";
}

void
virtual_server_name(struct virtual_server_model *vs)
{
	char text[HF_ADDR_TEXT_MAX];

	if (vs->fwmark)
		snprintf(vs->name, sizeof(vs->name), "FWM %u", vs->fwmark);
	else
		snprintf(vs->name, sizeof(vs->name), "[%s]:%s:%u", hf_addr_text(&vs->addr, text),
			 protocol_name(vs->protocol), (unsigned int)vs->port);
}

void
real_server_name(const struct virtual_server_model *vs, struct real_server_model *real)
{
	char text[HF_ADDR_TEXT_MAX];

	snprintf(real->name, sizeof(real->name), "[%s]:%s:%u", hf_addr_text(&real->addr, text),
		 protocol_name(vs->protocol), (unsigned int)real->port);
}

/* The user that a script runs as may be set later in the text. */
static void
script_later(struct conf_completion *c, const char *keyword, const struct conf_script_line *line,
	     struct script_model *model)
{
	struct conf_draft *draft = c->draft;

	if (!line->command)
		return;
	draft->scripts = conf_arena_grow(c->arena, draft->scripts, draft->n_scripts,
					 sizeof(*draft->scripts));
	draft->scripts[draft->n_scripts++] = (struct script_pending){ *line, keyword, model };
}

static void
assemble_check(struct conf_completion *c, struct check_model *out, const struct check_draft *draft)
{
	const struct check_timing *own = &draft->own;
	struct check_url *urls = NULL;

	*out = draft->model;
	out->connect_timeout_ns = own->connect_timeout_ns;
	out->delay_loop_ns = own->delay_loop_ns;
	out->delay_before_retry_ns = own->delay_before_retry_ns;
	out->warmup_ns = own->warmup_ns;
	out->retry = (uint32_t)own->retry;
	out->alpha = own->alpha == 1;
	if (draft->n_urls > 0) {
		urls = conf_arena_alloc(c->arena, draft->n_urls * sizeof(*urls));
		memcpy(urls, draft->urls, draft->n_urls * sizeof(*urls));
	}
	out->n_urls = draft->n_urls;
	out->urls = urls;
	if (out->fwmark || out->bind_if[0])
		c->draft->needs_raw = true;
}

static void
assemble_real(struct conf_completion *c, const struct virtual_server_model *vs,
	      struct real_server_model *out, const struct real_draft *draft)
{
	*out = draft->model;
	out->weight = (int32_t)draft->weight;
	out->forwarding = draft->forwarding.forwarding;
	out->tunnel = draft->forwarding.tunnel;
	out->inhibit_on_failure = draft->inhibit == 1;
	real_server_name(vs, out);
	script_later(c, "notify_up", &draft->notify_up, &out->notify_up);
	script_later(c, "notify_down", &draft->notify_down, &out->notify_down);
	if (draft->n_checks == 0)
		return;
	struct check_model *checks = conf_arena_alloc(c->arena, draft->n_checks * sizeof(*checks));

	for (size_t i = 0; i < draft->n_checks; i++)
		assemble_check(c, &checks[i], &draft->checks[i]);
	out->n_checks = draft->n_checks;
	out->checks = checks;
}

static void
assemble_sorry(struct conf_completion *c, struct virtual_server_model *out,
	       const struct virtual_draft *draft)
{
	assemble_real(c, out, &out->sorry, &draft->sorry);
	out->sorry.weight = 1;
	out->sorry.inhibit_on_failure = out->sorry_inhibit;
	if (draft->sorry_forwarding.given) {
		out->sorry.forwarding = draft->sorry_forwarding.forwarding;
		out->sorry.tunnel = draft->sorry_forwarding.tunnel;
	}
}

void
virtual_assemble(struct conf_completion *c, const struct virtual_draft *draft)
{
	struct conf_draft *all = c->draft;
	struct virtual_server_model *out = conf_arena_alloc(c->arena, sizeof(*out));
	struct real_server_model *real =
		conf_arena_alloc(c->arena, (draft->n_real + 1) * sizeof(*real));

	*out = draft->model;
	if (hf_addr_is_set(&out->addr))
		out->family = out->addr.family;
	out->alpha = draft->own.alpha == 1;
	virtual_server_name(out);
	for (size_t i = 0; i < draft->n_real; i++)
		assemble_real(c, out, &real[i], &draft->real[i]);
	out->n_real = draft->n_real;
	out->real = real;
	if (out->has_sorry)
		assemble_sorry(c, out, draft);
	script_later(c, "quorum_up", &draft->quorum_up, &out->quorum_up);
	script_later(c, "quorum_down", &draft->quorum_down, &out->quorum_down);
	all->virtual_servers = conf_arena_grow(c->arena, all->virtual_servers, all->n_virtual,
					       sizeof(*all->virtual_servers));
	all->virtual_servers[all->n_virtual++] = (struct virtual_done){ out, draft->place };
}

struct checker_model *
checker_assemble(struct conf_draft *draft, struct conf_arena *arena)
{
	struct checker_model *model = conf_arena_alloc(arena, sizeof(*model));
	struct virtual_server_model *servers =
		conf_arena_alloc(arena, (draft->n_virtual + 1) * sizeof(*servers));

	for (size_t i = 0; i < draft->n_virtual; i++)
		servers[i] = *draft->virtual_servers[i].model;
	if (draft->global.router_id)
		strncpy(model->router_id, draft->global.router_id, sizeof(model->router_id) - 1);
	model->n_virtual = draft->n_virtual;
	model->virtual_servers = servers;
	model->fifo = draft->global.lvs_fifo;
	model->needs_raw = draft->needs_raw;
	model->rs_init_notifies = draft->global.rs_init_notifies;
	model->flush_at_start = draft->global.lvs_flush;
	model->flush_at_stop = draft->global.lvs_flush_on_stop;
	return model;
}

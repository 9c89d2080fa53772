/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completing virtual servers: what is missing gets its default, what contradicts is corrected or
 * refused. Checks are completed in check_complete.c.
 */
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <string.h>

#include "config/draft.h"
#include "config/name_index.h"
#include "config/script_resolve.h"

#define PERSISTENCE_DEFAULT_S 360

static struct conf_place
place_of(const struct virtual_draft *vs, const char *keyword)
{
	struct conf_place place = vs->place;

	(void)conf_was_set(&vs->seen, keyword, &place);
	return place;
}

static bool
was_set(const struct virtual_draft *vs, const char *keyword)
{
	return conf_was_set(&vs->seen, keyword, NULL);
}

static void
settle_family(struct virtual_draft *vs)
{
	if (hf_addr_is_set(&vs->model.addr))
		vs->model.family = vs->model.addr.family;
	else if (vs->model.family == AF_UNSPEC)
		vs->model.family = vs->n_real > 0 ? vs->real[0].model.addr.family : AF_INET;
}

static void
settle_protocol(struct conf_completion *c, struct virtual_draft *vs)
{
	bool mark = vs->model.fwmark != 0;

	if (mark && vs->model.protocol != 0) {
		conf_diag(c->diags, CONF_WARNING, place_of(vs, "protocol"), "protocol-of-mark",
			  NULL, "a fwmark service takes every protocol; ignored");
		vs->model.protocol = 0;
	} else if (!mark && vs->model.protocol == 0) {
		conf_diag(c->diags, CONF_WARNING, vs->place, "protocol-missing",
			  "add \"protocol TCP\"",
			  "the virtual server has no protocol: UDP is used");
		vs->model.protocol = IPPROTO_UDP;
	}
	if (vs->model.one_packet && !mark && vs->model.protocol != IPPROTO_UDP) {
		conf_diag(c->diags, CONF_WARNING, place_of(vs, "ops"), "ops-protocol", NULL,
			  "ops works with UDP and fwmark only; ignored");
		vs->model.one_packet = false;
	}
}

static void
settle_scheduler(struct conf_completion *c, struct virtual_draft *vs)
{
	struct virtual_server_model *model = &vs->model;

	if (!model->scheduler[0] && !was_set(vs, "lb_algo") && !was_set(vs, "lvs_sched"))
		conf_diag(c->diags, CONF_WARNING, vs->place, "scheduler-missing",
			  "add \"lb_algo wlc\"", "the virtual server has no lb_algo: wlc is used");
	if (!model->scheduler[0])
		memcpy(model->scheduler, "wlc", sizeof("wlc"));
	model->sched_flags = vs->generic_flags;
	if (strcmp(model->scheduler, "sh") == 0)
		model->sched_flags |= vs->sh_flags;
	else if (vs->sh_flags)
		conf_diag(c->diags, CONF_WARNING,
			  place_of(vs, was_set(vs, "sh-port") ? "sh-port" : "sh-fallback"),
			  "scheduler-flag", NULL, "sh flags have no effect with scheduler %s",
			  model->scheduler);
	if (strcmp(model->scheduler, "mh") == 0)
		model->sched_flags |= vs->mh_flags;
	else if (vs->mh_flags)
		conf_diag(c->diags, CONF_WARNING,
			  place_of(vs, was_set(vs, "mh-port") ? "mh-port" : "mh-fallback"),
			  "scheduler-flag", NULL, "mh flags have no effect with scheduler %s",
			  model->scheduler);
}

static void
settle_persistence(struct conf_completion *c, struct virtual_draft *vs)
{
	struct virtual_server_model *model = &vs->model;
	bool mask = hf_addr_is_set(&vs->granularity_mask);

	if (model->persistence_granularity && mask != (model->family == AF_INET)) {
		if (!mask && model->persistence_granularity <= 32) {
			/* Bits, for an IPv4 service: the kernel wants the mask. */
			model->persistence_granularity = UINT32_MAX
							 << (32 - model->persistence_granularity);
		} else {
			conf_diag(c->diags, CONF_ERROR, place_of(vs, "persistence_granularity"),
				  "family-mismatch",
				  mask ? "expected 1 to 128 bits"
				       : "expected a mask, or 1 to 32 bits",
				  "the granularity is of another family than the service");
		}
	}
	if (model->persistence_granularity && model->persistence_timeout_s == 0)
		model->persistence_timeout_s = PERSISTENCE_DEFAULT_S;
	if (model->port == 0 && model->fwmark == 0 && model->persistence_timeout_s == 0) {
		conf_diag(c->diags, CONF_WARNING, vs->place, "port-needs-persistence",
			  "add a port, or persistence_timeout",
			  "a service of all ports has to be persistent: persistence_timeout %d is "
			  "used",
			  PERSISTENCE_DEFAULT_S);
		model->persistence_timeout_s = PERSISTENCE_DEFAULT_S;
	}
}

/* What IPVS gets as the destination's port. */
static void
settle_port(struct conf_completion *c, const struct virtual_draft *vs, struct real_draft *real)
{
	uint16_t port = real->port_given && real->model.port ? real->model.port : vs->model.port;

	if (real->forwarding.forwarding != CHECK_MASQ) {
		if (real->port_given && real->model.port != vs->model.port && vs->model.fwmark == 0)
			conf_diag(c->diags, CONF_WARNING, real->place, "port-direct", NULL,
				  "only NAT can change the port: %u of the virtual server is used",
				  (unsigned int)vs->model.port);
		port = vs->model.port;
	}
	if (!real->written_port)
		real->written_port = vs->model.port;
	real->model.port = port;
}

static void
settle_destination(struct conf_completion *c, const struct virtual_draft *vs,
		   struct real_draft *real, const struct forwarding_draft *fallback)
{
	if (!real->forwarding.given)
		real->forwarding = *fallback;
	settle_port(c, vs, real);
	if (real->model.addr.family != vs->model.family &&
	    real->forwarding.forwarding != CHECK_TUNNEL)
		conf_diag(c->diags, CONF_ERROR, real->place, "family-mismatch",
			  vs->model.family == AF_INET ? "expected an IPv4 address"
						      : "expected an IPv6 address",
			  "the address is of another family than the virtual server; only tunnels "
			  "(TUN) can join the two");
}

static void
settle_real(struct conf_completion *c, struct virtual_draft *vs, struct real_draft *real)
{
	settle_destination(c, vs, real, &vs->forwarding);
	if (real->weight == DRAFT_UNSET)
		real->weight = vs->weight;
	if (real->inhibit == DRAFT_UNSET)
		real->inhibit = vs->inhibit ? 1 : 0;
	if (real->model.l_threshold > real->model.u_threshold && real->model.u_threshold) {
		conf_diag(c->diags, CONF_WARNING, real->place, "threshold-order",
			  "lthreshold has to be below uthreshold",
			  "lthreshold %u is above uthreshold %u: it is left out",
			  real->model.l_threshold, real->model.u_threshold);
		real->model.l_threshold = 0;
	}
	for (size_t i = 0; i < real->n_checks; i++)
		check_complete(c, vs, real, &real->checks[i]);
	size_t kept = 0;

	for (size_t i = 0; i < real->n_checks; i++) {
		if (real->checks[i].model.connect_port != 0)
			real->checks[kept++] = real->checks[i];
	}
	real->n_checks = kept;
}

static void
drop_duplicate_reals(struct conf_completion *c, struct virtual_draft *vs)
{
	size_t *position = conf_arena_alloc(c->scratch, (vs->n_real + 1) * sizeof(*position));
	struct name_index *index = name_index_new(c->scratch, vs->n_real);
	size_t kept = 0;

	for (size_t i = 0; i < vs->n_real; i++) {
		struct real_draft *real = &vs->real[i];

		real_server_name(&vs->model, &real->model);
		size_t first =
			name_index_add(index, conf_arena_str(c->scratch, real->model.name), i);

		if (first == i) {
			position[i] = kept;
			vs->real[kept++] = *real;
			continue;
		}
		conf_diag(c->diags, CONF_WARNING, real->place, "real-server-twice", NULL,
			  "real server %s stands twice in this virtual server; this one is left "
			  "out",
			  real->model.name);
		conf_diag(c->diags, CONF_NOTE, vs->real[position[first]].place, "real-server-twice",
			  NULL, "first used here");
	}
	vs->n_real = kept;
}

static void
settle_quorum(struct conf_completion *c, struct virtual_draft *vs)
{
	uint64_t total = 0;

	for (size_t i = 0; i < vs->n_real; i++)
		total += (uint64_t)vs->real[i].weight;
	if (total > 0 && vs->model.quorum > total) {
		conf_diag(c->diags, CONF_WARNING, place_of(vs, "quorum"), "quorum-too-high", NULL,
			  "quorum %u is above the weight of all real servers; %llu is used",
			  vs->model.quorum, (unsigned long long)total);
		vs->model.quorum = (uint32_t)total;
	}
	if (vs->model.hysteresis >= vs->model.quorum) {
		if (vs->model.hysteresis > 0)
			conf_diag(c->diags, CONF_WARNING, place_of(vs, "hysteresis"),
				  "hysteresis-too-high", NULL,
				  "hysteresis has to be below the quorum; %u is used",
				  vs->model.quorum - 1);
		vs->model.hysteresis = vs->model.quorum - 1;
	}
}

/* A sorry server that is also a real server is one destination: it can be inhibited or not. */
static void
settle_sorry(struct conf_completion *c, struct virtual_draft *vs)
{
	struct real_draft *sorry = &vs->sorry;

	if (!vs->model.has_sorry) {
		if (vs->model.sorry_inhibit)
			conf_diag(c->diags, CONF_WARNING, place_of(vs, "sorry_server_inhibit"),
				  "sorry-missing", NULL,
				  "sorry_server_inhibit has no effect without sorry_server");
		vs->model.sorry_inhibit = false;
		return;
	}
	settle_destination(c, vs, sorry,
			   vs->sorry_forwarding.given ? &vs->sorry_forwarding : &vs->forwarding);
	sorry->weight = 1;
	real_server_name(&vs->model, &sorry->model);
	for (size_t i = 0; i < vs->n_real; i++) {
		struct real_draft *real = &vs->real[i];

		if (strcmp(real->model.name, sorry->model.name) != 0 ||
		    (real->inhibit == 1) == vs->model.sorry_inhibit)
			continue;
		conf_diag(
			c->diags, CONF_WARNING, sorry->place, "sorry-inhibit", NULL,
			"the sorry server is also a real server: sorry_server_inhibit follows its "
			"inhibit_on_failure");
		vs->model.sorry_inhibit = real->inhibit == 1;
	}
}

bool
virtual_complete(struct conf_completion *c, struct virtual_draft *vs)
{
	if (c->plain)
		return true;
	if (vs->n_real == 0) {
		conf_diag(c->diags, CONF_WARNING, vs->place, "virtual-server-empty",
			  "add real_server ADDRESS PORT { }",
			  "the virtual server has no real server; ignored");
		return false;
	}
	settle_family(vs);
	settle_protocol(c, vs);
	settle_scheduler(c, vs);
	settle_persistence(c, vs);
	virtual_server_name(&vs->model);
	if (!vs->forwarding.given && !was_set(vs, "lb_kind") && !was_set(vs, "lvs_method")) {
		for (size_t i = 0; i < vs->n_real; i++) {
			if (vs->real[i].forwarding.given)
				continue;
			conf_diag(c->diags, CONF_WARNING, vs->place, "forwarding-missing",
				  "add \"lb_kind NAT\"",
				  "the virtual server has no lb_kind: NAT is used");
			break;
		}
	}
	vs->forwarding.given = true;
	for (size_t i = 0; i < vs->n_real; i++)
		settle_real(c, vs, &vs->real[i]);
	drop_duplicate_reals(c, vs);
	settle_quorum(c, vs);
	settle_sorry(c, vs);
	if (vs->own.alpha == DRAFT_UNSET)
		vs->own.alpha = 0;
	return true;
}

static void
check_duplicates(struct conf_completion *c)
{
	struct conf_draft *draft = c->draft;
	struct name_index *index = name_index_new(c->arena, draft->n_virtual);

	for (size_t i = 0; i < draft->n_virtual; i++) {
		const struct virtual_done *vs = &draft->virtual_servers[i];
		/* One mark may serve both families. */
		const char *key = conf_arena_printf(
			c->arena, "%u %s", (unsigned int)vs->model->family, vs->model->name);
		size_t first = name_index_add(index, key, i);

		if (first == i)
			continue;
		conf_diag(c->diags, CONF_ERROR, vs->place, "virtual-server-twice", NULL,
			  "virtual server %s is defined twice", vs->model->name);
		conf_diag(c->diags, CONF_NOTE, draft->virtual_servers[first].place,
			  "virtual-server-twice", NULL, "first used here");
	}
}

void
checker_complete(struct conf_completion *c)
{
	struct conf_draft *draft = c->draft;

	for (size_t i = 0; i < draft->n_scripts; i++)
		script_resolve(c, draft->scripts[i].keyword, &draft->scripts[i].line,
			       draft->scripts[i].model);
	check_duplicates(c);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completing instances: each function is one rule, applied in the order of keepalived, and reports
 * what it corrects. Contradictions between instances are in vrrp_check.c, the way to the model in
 * vrrp_assemble.c.
 */
#include <string.h>

#include "config/draft.h"
#include "config/name_index.h"
#include "config/script_resolve.h"

#define ADVERT_V2_MAX_S  255
#define ADVERT_V3_MAX_CS 4095
/* What fits an Ethernet frame: 1500 less IPv6 and VRRP headers, in addresses of 16 bytes. */
#define ADDRESSES_MAX_V6 90
#define ADDRESSES_MAX_V4 255

/* Where the keyword stood, or the instance's name. */
static struct conf_place
place_of(const struct vrrp_instance_draft *inst, const char *keyword)
{
	struct conf_place place = inst->place;

	(void)conf_was_set(&inst->seen, keyword, &place);
	return place;
}

static bool
was_set(const struct vrrp_instance_draft *inst, const char *keyword)
{
	return conf_was_set(&inst->seen, keyword, NULL);
}

static void
require_identity(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	if (!was_set(inst, "virtual_router_id"))
		conf_diag(c->diags, CONF_ERROR, inst->place, "vrid-missing",
			  "add \"virtual_router_id 1..255\"", "%s has no virtual_router_id",
			  inst->model.name);
	if (strcmp(inst->model.ifname, "lo") == 0) {
		conf_diag(c->diags, CONF_WARNING, place_of(inst, "interface"), "interface-loopback",
			  NULL, "VRRP cannot run on the loopback interface; ignored");
		inst->model.ifname[0] = '\0';
	}
	if (!inst->model.ifname[0])
		conf_diag(c->diags, CONF_ERROR, inst->place, "interface-missing",
			  "add \"interface NAME\"", "%s has no interface", inst->model.name);
}

static void
settle_family(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	struct vrrp_instance_model *model = &inst->model;

	if (inst->native_ipv6)
		model->family = AF_INET6;
	else if (inst->addresses.n > 0)
		model->family = inst->addresses.items[0].model.prefix.addr.family;
	else if (inst->n_peers > 0)
		model->family = inst->peers[0].addr.family;
	else if (hf_addr_is_set(&model->source))
		model->family = model->source.family;
	else
		model->family = AF_INET;
	if (hf_addr_is_set(&model->source) && model->source.family != model->family) {
		const char *keyword =
			was_set(inst, "unicast_src_ip") ? "unicast_src_ip" : "mcast_src_ip";

		conf_diag(c->diags, CONF_ERROR, place_of(inst, keyword), "family-mismatch",
			  model->family == AF_INET ? "expected an IPv4 address"
						   : "expected an IPv6 address",
			  "the source of %s is of another family than its addresses", model->name);
	}
}

static void
settle_version(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	struct vrrp_instance_model *model = &inst->model;

	if (model->family == AF_INET6) {
		if (model->version == 2)
			conf_diag(c->diags, CONF_WARNING, place_of(inst, "version"), "version-ipv6",
				  NULL, "IPv6 needs VRRP version 3; version 3 is used");
		model->version = 3;
	} else if (model->version == 0) {
		model->version = c->draft->global.vrrp_version;
	}
}

static void
settle_priority(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	struct vrrp_instance_model *model = &inst->model;

	if (model->priority == 0) {
		model->priority = inst->state == STATE_MASTER ? 255 : 100;
		if (inst->state == STATE_MASTER)
			conf_diag(c->diags, CONF_WARNING, place_of(inst, "state"),
				  "priority-missing", "add \"priority 1..255\"",
				  "%s has state MASTER and no priority: it gets 255 and owns its "
				  "addresses",
				  model->name);
	}
	if (inst->state == STATE_UNSET)
		inst->state = model->priority == 255 ? STATE_MASTER : STATE_BACKUP;
	if (inst->strict == 1 && (inst->state == STATE_MASTER) != (model->priority == 255)) {
		inst->state = model->priority == 255 ? STATE_MASTER : STATE_BACKUP;
		conf_diag(
			c->diags, CONF_WARNING, place_of(inst, "state"), "state-strict", NULL,
			"strict mode: state is MASTER exactly with priority 255; state %s is used",
			inst->state == STATE_MASTER ? "MASTER" : "BACKUP");
	}
	model->start_as_active = inst->state == STATE_MASTER;
}

/* Version 2 has whole seconds on the wire, version 3 hundredths in 12 bits. */
static void
settle_advert_int(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	int64_t ns = inst->advert_ns ? inst->advert_ns : 1000000000;
	int64_t unit = inst->model.version == 2 ? 1000000000 : 10000000;
	int64_t units = (ns + unit / 2) / unit;

	if (units < 1)
		units = 1;
	if (inst->model.version == 3 && units > ADVERT_V3_MAX_CS) {
		conf_diag(c->diags, CONF_ERROR, place_of(inst, "advert_int"), "advert-int-range",
			  "expected 0.01 to 40.95 seconds",
			  "VRRP version 3 has no room for an advert_int above 40.95 seconds");
		return;
	}
	if (inst->model.version == 2 && units > ADVERT_V2_MAX_S)
		units = ADVERT_V2_MAX_S;
	if (units * unit != ns && inst->model.version == 2)
		conf_diag(c->diags, CONF_WARNING, place_of(inst, "advert_int"),
			  "advert-int-rounded", NULL,
			  "VRRP version 2 counts whole seconds: advert_int %lld is used (version 3 "
			  "has hundredths)",
			  (long long)units);
	else if (units * unit != ns)
		conf_diag(c->diags, CONF_WARNING, place_of(inst, "advert_int"),
			  "advert-int-rounded", NULL,
			  "advert_int is rounded to hundredths: %lld.%02lld is used",
			  (long long)(units / 100), (long long)(units % 100));
	inst->model.advert_cs = (uint16_t)(inst->model.version == 2 ? units * 100 : units);
}

/* Peers and addresses of the other family are dropped. */
static void
drop_other_family(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	size_t kept = 0;

	for (size_t i = 0; i < inst->n_peers; i++) {
		if (inst->peers[i].addr.family == inst->model.family)
			inst->peers[kept++] = inst->peers[i];
		else
			conf_diag(c->diags, CONF_WARNING, inst->peers[i].place, "family-mismatch",
				  inst->model.family == AF_INET ? "expected an IPv4 address"
								: "expected an IPv6 address",
				  "%s speaks another family: this peer is left out",
				  inst->model.name);
	}
	inst->n_peers = kept;
	kept = 0;
	for (size_t i = 0; i < inst->addresses.n; i++) {
		struct vrrp_address_draft *address = &inst->addresses.items[i];

		if (address->model.prefix.addr.family == inst->model.family)
			inst->addresses.items[kept++] = *address;
		else
			conf_diag(c->diags, CONF_WARNING, address->place, "family-mismatch",
				  "move it to virtual_ipaddress_excluded",
				  "the addresses of %s are of another family: this one is left out",
				  inst->model.name);
	}
	inst->addresses.n = kept;
}

static void
settle_unicast(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	struct vrrp_instance_model *model = &inst->model;

	if (inst->n_peers == 0 && (inst->unicast_given || was_set(inst, "unicast_src_ip") ||
				   was_set(inst, "unicast_peer")))
		conf_diag(c->diags, CONF_WARNING,
			  place_of(inst, was_set(inst, "unicast_peer") ? "unicast_peer"
								       : "unicast_src_ip"),
			  "unicast-no-peer", "add addresses to unicast_peer",
			  "%s has no unicast peer: it uses multicast", model->name);
	if (inst->n_peers > 0 && inst->strict == 1)
		conf_diag(c->diags, CONF_ERROR, place_of(inst, "unicast_peer"), "unicast-strict",
			  "remove strict_mode or the peers", "strict mode allows no unicast peers");
	model->group = model->family == AF_INET ? c->draft->global.mcast_group4
						: c->draft->global.mcast_group6;
	if (!hf_addr_is_set(&inst->mcast_group))
		return;
	if (inst->mcast_group.family == model->family)
		model->group = inst->mcast_group;
	else
		conf_diag(c->diags, CONF_ERROR, place_of(inst, "mcast_dst_ip"), "family-mismatch",
			  NULL, "the group is of another family than the addresses of %s",
			  model->name);
}

/* Of one instance: advertised and excluded addresses together. */
static void
drop_duplicate_addresses(struct conf_completion *c, struct vrrp_instance_draft *inst,
			 struct vrrp_address_list *list, const struct vrrp_address_list *before)
{
	size_t total = list->n + before->n;
	struct name_index *index;
	size_t kept = 0;

	if (total < 2)
		return;
	index = name_index_new(c->arena, total);
	for (size_t i = 0; i < total; i++) {
		const struct vrrp_address_draft *address =
			i < before->n ? &before->items[i] : &list->items[i - before->n];
		char text[HF_ADDR_TEXT_MAX];
		const char *key =
			conf_arena_str(c->arena, hf_addr_text(&address->model.prefix.addr, text));
		size_t first = name_index_add(index, key, i);

		if (i < before->n)
			continue;
		if (first == i) {
			/* The first in the list may have moved: numbers keep counting as read. */
			list->items[kept++] = *address;
			continue;
		}
		conf_diag(c->diags, CONF_WARNING, address->place, "address-twice", NULL,
			  "%s has the address %s twice; this one is left out", inst->model.name,
			  key);
	}
	list->n = kept;
}

static void
settle_addresses(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	size_t max = inst->model.family == AF_INET ? ADDRESSES_MAX_V4 : ADDRESSES_MAX_V6;

	drop_duplicate_addresses(c, inst, &inst->addresses, &(struct vrrp_address_list){ 0 });
	drop_duplicate_addresses(c, inst, &inst->excluded, &inst->addresses);
	if (inst->addresses.n > max) {
		conf_diag(c->diags, CONF_WARNING, inst->addresses.items[max].place,
			  "addresses-too-many", NULL,
			  "an advert holds at most %zu addresses: from here on they are treated as "
			  "virtual_ipaddress_excluded",
			  max);
		for (size_t i = max; i < inst->addresses.n; i++) {
			inst->excluded.items =
				conf_arena_grow(c->arena, inst->excluded.items, inst->excluded.n,
						sizeof(*inst->excluded.items));
			inst->excluded.items[inst->excluded.n++] = inst->addresses.items[i];
		}
		inst->addresses.n = max;
	}
	if (inst->addresses.n == 0 && (inst->model.version == 3 || inst->strict == 1))
		conf_diag(c->diags, CONF_ERROR, inst->place, "addresses-missing",
			  "add virtual_ipaddress { ADDRESS }",
			  inst->strict == 1 ? "strict mode: %s needs a virtual address"
					    : "VRRP version 3: %s needs a virtual address",
			  inst->model.name);
	else if (inst->addresses.n == 0 && !inst->no_addresses_wanted)
		conf_diag(c->diags, CONF_WARNING, inst->place, "addresses-missing",
			  "add virtual_ipaddress { ADDRESS }, or no_virtual_ipaddress",
			  "%s has no virtual address", inst->model.name);
	else if (inst->model.family == AF_INET6 && inst->n_peers == 0 && inst->addresses.n > 0 &&
		 !hf_addr_is_link_local(&inst->addresses.items[0].model.prefix.addr))
		conf_diag(c->diags, CONF_WARNING, inst->addresses.items[0].place,
			  "address-not-link-local", NULL,
			  "the first address of an IPv6 instance should be link-local (RFC 9568, "
			  "5.2.9)");
}

/* Addresses without "dev" go where the instance is. */
static void
settle_devices(const struct vrrp_instance_draft *inst, struct vrrp_address_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!list->items[i].model.ifname[0])
			memcpy(list->items[i].model.ifname, inst->model.ifname, IFNAMSIZ);
	}
}

static void
settle_preempt(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	struct vrrp_instance_model *model = &inst->model;

	if (!model->preempt && (model->priority == 255 || model->start_as_active)) {
		conf_diag(c->diags, CONF_WARNING, place_of(inst, "nopreempt"), "nopreempt-ignored",
			  NULL, "nopreempt has no effect with %s; %s preempts",
			  model->priority == 255 ? "priority 255" : "state MASTER", model->name);
		conf_diag(c->diags, CONF_NOTE,
			  place_of(inst, model->priority == 255 ? "priority" : "state"),
			  "nopreempt-ignored", NULL,
			  model->priority == 255
				  ? "the owner of the addresses always takes them back"
				  : "write \"state BACKUP\" on all routers to keep nopreempt");
		model->preempt = true;
	}
	const char *because = model->start_as_active ? "state MASTER"
			      : !model->preempt      ? "nopreempt"
			      : inst->strict == 1    ? "strict mode"
						     : NULL;

	if (model->preempt_delay_ns && because) {
		conf_diag(c->diags, CONF_WARNING, place_of(inst, "preempt_delay"),
			  "preempt-delay-ignored", NULL, "preempt_delay has no effect with %s",
			  because);
		model->preempt_delay_ns = 0;
	}
}

static void
settle_accept(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	if (inst->strict != 1 || inst->model.priority == 255)
		return;
	inst->model.accept = false;
	conf_diag(c->diags, CONF_WARNING,
		  was_set(inst, "strict_mode") ? place_of(inst, "strict_mode") : inst->place,
		  "accept-strict", NULL,
		  "strict mode drops packets to the addresses of %s (no_accept); that is not "
		  "supported yet, they are accepted",
		  inst->model.name);
}

static void
inherit(int8_t *value, bool fallback)
{
	if (*value == DRAFT_UNSET)
		*value = fallback ? 1 : 0;
}

static int64_t
otherwise(int64_t value, int64_t fallback)
{
	return value != DRAFT_UNSET ? value : fallback;
}

static void
settle_garp(const struct global_draft *global, struct vrrp_instance_draft *inst)
{
	struct garp_draft *own = &inst->garp;
	const struct garp_draft *all = &global->garp;

	own->master_delay_ms = otherwise(own->master_delay_ms, all->master_delay_ms);
	own->master_repeat = otherwise(own->master_repeat, all->master_repeat);
	own->master_refresh_ms = otherwise(own->master_refresh_ms, all->master_refresh_ms);
	own->master_refresh_repeat =
		otherwise(own->master_refresh_repeat, all->master_refresh_repeat);
	own->lower_prio_delay_ms = otherwise(own->lower_prio_delay_ms, all->lower_prio_delay_ms);
	own->lower_prio_repeat = otherwise(own->lower_prio_repeat, all->lower_prio_repeat);
	if (inst->strict == 1) {
		own->lower_prio_delay_ms = 0;
		own->lower_prio_repeat = 0;
	}
	inst->model.garp.interval_us =
		inst->model.family == AF_INET ? global->garp_interval_us : global->gna_interval_us;
}

static void
settle_switches(const struct global_draft *global, struct vrrp_instance_draft *inst)
{
	if (inst->model.down_timer_adverts == 0)
		inst->model.down_timer_adverts = global->down_timer_adverts;
	if (inst->strict == 1) {
		inst->model.down_timer_adverts = 3;
		inst->lower_prio_no_advert = 1;
		inst->higher_prio_send_advert = 0;
	}
	inherit(&inst->lower_prio_no_advert, global->lower_prio_no_advert);
	inherit(&inst->higher_prio_send_advert, global->higher_prio_send_advert);
}

static void
settle_tracked(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	size_t kept = 0;

	for (size_t i = 0; i < inst->n_tracked; i++) {
		if (strcmp(inst->tracked[i].name, inst->model.ifname) != 0)
			inst->tracked[kept++] = inst->tracked[i];
		else
			conf_diag(c->diags, CONF_WARNING, inst->tracked[i].place, "track-own", NULL,
				  "%s tracks its own interface in any case; ignored",
				  inst->model.name);
	}
	inst->n_tracked = kept;
}

static void
settle_scripts(struct conf_completion *c, const struct notify_draft *from,
	       struct vrrp_notify_model *to)
{
	script_resolve(c, "notify_master", &from->master, &to->master);
	script_resolve(c, "notify_backup", &from->backup, &to->backup);
	script_resolve(c, "notify_fault", &from->fault, &to->fault);
	script_resolve(c, "notify_stop", &from->stop, &to->stop);
	script_resolve(c, "notify_deleted", &from->deleted, &to->deleted);
	script_resolve(c, "notify", &from->any, &to->any);
	script_resolve(c, "notify_master_rx_lower_pri", &from->master_rx_lower_pri,
		       &to->master_rx_lower_pri);
}

static void
complete_instance(struct conf_completion *c, struct vrrp_instance_draft *inst)
{
	const struct global_draft *global = &c->draft->global;

	inherit(&inst->strict, global->vrrp_strict);
	require_identity(c, inst);
	settle_family(c, inst);
	settle_version(c, inst);
	settle_priority(c, inst);
	settle_advert_int(c, inst);
	drop_other_family(c, inst);
	settle_unicast(c, inst);
	settle_addresses(c, inst);
	settle_devices(inst, &inst->addresses);
	settle_devices(inst, &inst->excluded);
	settle_preempt(c, inst);
	settle_accept(c, inst);
	settle_switches(global, inst);
	settle_garp(global, inst);
	settle_tracked(c, inst);
	settle_scripts(c, &inst->notify, &inst->model.notify);
}

void
vrrp_complete(struct conf_completion *c)
{
	struct conf_draft *draft = c->draft;

	for (size_t i = 0; i < draft->n_instances; i++)
		complete_instance(c, draft->instances[i]);
	for (size_t i = 0; i < draft->n_groups; i++)
		settle_scripts(c, &draft->groups[i]->notify, &draft->groups[i]->model.notify);
	vrrp_group_complete(c);
	for (size_t i = 0; i < draft->n_instances; i++)
		inherit(&draft->instances[i]->notify_priority_changes,
			draft->global.notify_priority_changes);
}

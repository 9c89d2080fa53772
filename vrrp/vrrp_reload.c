/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a new model means for a running virtual router: timers move by the difference, the state
 * stays, and only what changed is said and done. Which instance gets which model is
 * vrrp_router.c's matter.
 */
#include <string.h>

#include "vrrp/vrrp_step.h"

static bool
same_address(const struct vrrp_address_model *a, const struct vrrp_address_model *b)
{
	return hf_addr_equal(&a->prefix.addr, &b->prefix.addr) && strcmp(a->ifname, b->ifname) == 0;
}

static bool
equal_address(const struct vrrp_address_model *a, const struct vrrp_address_model *b)
{
	return same_address(a, b) && a->prefix.len == b->prefix.len &&
	       hf_addr_equal(&a->peer, &b->peer) && hf_addr_equal(&a->broadcast, &b->broadcast) &&
	       strcmp(a->label, b->label) == 0 && a->scope == b->scope;
}

static bool
equal_lists(const struct vrrp_address_model *a, size_t n_a, const struct vrrp_address_model *b,
	    size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++) {
		if (!equal_address(&a[i], &b[i]))
			return false;
	}
	return true;
}

static bool
among(const struct vrrp_address_model *addr, const struct vrrp_address_model *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (same_address(addr, &list[i]))
			return true;
	}
	return false;
}

/* Has the model an address that the neighbours have not heard of? */
static bool
adds_address(const struct vrrp_instance_model *model, const struct vrrp_instance_model *old)
{
	for (size_t i = 0; i < model->n_addresses + model->n_excluded; i++) {
		const struct vrrp_address_model *addr =
			i < model->n_addresses ? &model->addresses[i]
					       : &model->excluded[i - model->n_addresses];

		if (!among(addr, old->addresses, old->n_addresses) &&
		    !among(addr, old->excluded, old->n_excluded))
			return true;
	}
	return false;
}

static void
reload_active(struct vrrp_instance *inst, const struct vrrp_instance_model *old, hf_time now,
	      struct vrrp_actions *out)
{
	const struct vrrp_instance_model *model = inst->model;
	bool advertised =
		equal_lists(model->addresses, model->n_addresses, old->addresses, old->n_addresses);
	bool excluded =
		equal_lists(model->excluded, model->n_excluded, old->excluded, old->n_excluded);

	inst->active_adver_cs = model->advert_cs;
	inst->active_priority = inst->effective_priority;
	if (!advertised || model->priority != old->priority || model->advert_cs != old->advert_cs ||
	    model->version != old->version)
		vrrp_step_advertise(inst, now, out);
	if (advertised && excluded)
		return;
	vrrp_actions_add(out, inst, VRRP_DO_TAKE);
	if (adds_address(model, old))
		vrrp_step_announce(inst, model->garp.master_repeat, out);
}

void
vrrp_step_reload(struct vrrp_instance *inst, const struct vrrp_instance_model *model, hf_time now,
		 struct vrrp_actions *out)
{
	const struct vrrp_instance_model *old = inst->model;
	int64_t old_ns = vrrp_active_down_interval_ns(inst);
	bool learned =
		model->version == 3 && old->version == 3 && hf_addr_is_set(&inst->active_addr);

	inst->model = model;
	inst->effective_priority = model->priority;
	if (inst->state == VRRP_ACTIVE) {
		if (!inst->leaving)
			reload_active(inst, old, now, out);
		return;
	}
	if (!learned)
		inst->active_adver_cs = model->advert_cs;
	if (inst->state == VRRP_BACKUP) {
		hf_time due = hf_after(inst->active_down_due,
				       vrrp_active_down_interval_ns(inst) - old_ns);

		inst->active_down_due = due.ns > now.ns ? due : now;
	}
}

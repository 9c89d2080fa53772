/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vrrp room's model: reading it from plain text, comparing instances, giving it back. */
#include "config/vrrp_model.h"

#include <string.h>

#include "config/checker_model.h"
#include "config/draft.h"

struct vrrp_model *
vrrp_model_read(const char *text, size_t len, char why[512])
{
	struct conf_draft *draft;
	struct conf_arena *arena = conf_read_plain(text, len, &draft, why);
	struct vrrp_model *model = arena ? vrrp_assemble(draft, arena) : NULL;

	if (model)
		model->arena = arena;
	return model;
}

void
vrrp_model_free(struct vrrp_model *model)
{
	/* The model itself lives in its arena; a part of struct conf has none of its own. */
	if (model && model->arena)
		conf_arena_free(model->arena);
}

static bool
addresses_equal(const struct vrrp_address_model *a, size_t n_a, const struct vrrp_address_model *b,
		size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++) {
		if (!hf_addr_equal(&a[i].prefix.addr, &b[i].prefix.addr) ||
		    a[i].prefix.len != b[i].prefix.len || !hf_addr_equal(&a[i].peer, &b[i].peer) ||
		    !hf_addr_equal(&a[i].broadcast, &b[i].broadcast) ||
		    strcmp(a[i].ifname, b[i].ifname) != 0 || strcmp(a[i].label, b[i].label) != 0 ||
		    a[i].scope != b[i].scope || a[i].track_interface != b[i].track_interface)
			return false;
	}
	return true;
}

static bool
notify_equal(const struct vrrp_notify_model *a, const struct vrrp_notify_model *b)
{
	return script_model_equal(&a->master, &b->master) &&
	       script_model_equal(&a->backup, &b->backup) &&
	       script_model_equal(&a->fault, &b->fault) && script_model_equal(&a->stop, &b->stop) &&
	       script_model_equal(&a->deleted, &b->deleted) &&
	       script_model_equal(&a->any, &b->any) &&
	       script_model_equal(&a->master_rx_lower_pri, &b->master_rx_lower_pri);
}

static bool
garp_equal(const struct vrrp_garp_model *a, const struct vrrp_garp_model *b)
{
	return a->master_delay_ms == b->master_delay_ms && a->master_repeat == b->master_repeat &&
	       a->master_refresh_ms == b->master_refresh_ms &&
	       a->master_refresh_repeat == b->master_refresh_repeat &&
	       a->lower_prio_delay_ms == b->lower_prio_delay_ms &&
	       a->lower_prio_repeat == b->lower_prio_repeat && a->interval_us == b->interval_us;
}

static bool
election_equal(const struct vrrp_instance_model *a, const struct vrrp_instance_model *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->ifname, b->ifname) == 0 &&
	       a->family == b->family && a->version == b->version && a->vrid == b->vrid &&
	       a->priority == b->priority && a->start_as_active == b->start_as_active &&
	       a->preempt == b->preempt && a->advert_cs == b->advert_cs &&
	       a->down_timer_adverts == b->down_timer_adverts &&
	       a->preempt_delay_ns == b->preempt_delay_ns;
}

static bool
switches_equal(const struct vrrp_instance_model *a, const struct vrrp_instance_model *b)
{
	return a->strict == b->strict && a->accept == b->accept &&
	       a->dont_track_primary == b->dont_track_primary &&
	       a->lower_prio_no_advert == b->lower_prio_no_advert &&
	       a->higher_prio_send_advert == b->higher_prio_send_advert &&
	       a->notify_priority_changes == b->notify_priority_changes;
}

static bool
peers_equal(const struct vrrp_instance_model *a, const struct vrrp_instance_model *b)
{
	if (!hf_addr_equal(&a->source, &b->source) || !hf_addr_equal(&a->group, &b->group) ||
	    a->n_peers != b->n_peers)
		return false;
	for (size_t i = 0; i < a->n_peers; i++) {
		if (!hf_addr_equal(&a->peers[i], &b->peers[i]))
			return false;
	}
	return true;
}

static bool
tracked_equal(const struct vrrp_instance_model *a, const struct vrrp_instance_model *b)
{
	if (a->n_track_interfaces != b->n_track_interfaces)
		return false;
	for (size_t i = 0; i < a->n_track_interfaces; i++) {
		if (strcmp(a->track_interfaces[i], b->track_interfaces[i]) != 0)
			return false;
	}
	return true;
}

bool
vrrp_instance_model_equal(const struct vrrp_instance_model *a, const struct vrrp_instance_model *b)
{
	return election_equal(a, b) && switches_equal(a, b) && peers_equal(a, b) &&
	       tracked_equal(a, b) &&
	       addresses_equal(a->addresses, a->n_addresses, b->addresses, b->n_addresses) &&
	       addresses_equal(a->excluded, a->n_excluded, b->excluded, b->n_excluded) &&
	       garp_equal(&a->garp, &b->garp) && notify_equal(&a->notify, &b->notify) &&
	       a->group_index == b->group_index;
}

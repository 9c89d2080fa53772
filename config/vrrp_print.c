/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vrrp room's model as plain text, every value spelled out. */
#include <string.h>

#include "config/draft.h"
#include "config/print.h"

#define IN "\t"

static void
print_address(FILE *out, const struct vrrp_address_model *address)
{
	char text[HF_ADDR_TEXT_MAX];

	fprintf(out, "\t\t%s/%u dev ", hf_addr_text(&address->prefix.addr, text),
		(unsigned int)address->prefix.len);
	conf_print_word(out, address->ifname);
	if (hf_addr_is_set(&address->peer))
		fprintf(out, " peer %s/%u", hf_addr_text(&address->peer, text),
			(unsigned int)address->prefix.len);
	if (hf_addr_is_set(&address->broadcast))
		fprintf(out, " brd %s", hf_addr_text(&address->broadcast, text));
	if (address->scope)
		fprintf(out, " scope %u", (unsigned int)address->scope);
	if (address->label[0]) {
		fputs(" label ", out);
		conf_print_word(out, address->label);
	}
	fputs(address->track_interface ? "\n" : " no_track\n", out);
}

static void
print_addresses(FILE *out, const char *keyword, const struct vrrp_address_model *addresses,
		size_t n)
{
	if (n == 0)
		return;
	fprintf(out, IN "%s {\n", keyword);
	for (size_t i = 0; i < n; i++)
		print_address(out, &addresses[i]);
	fputs(IN "}\n", out);
}

static void
print_garp(FILE *out, const struct vrrp_garp_model *garp)
{
	conf_print_number(out, IN, "garp_master_delay", garp->master_delay_ms / 1000);
	conf_print_number(out, IN, "garp_master_repeat", garp->master_repeat);
	conf_print_number(out, IN, "garp_master_refresh", garp->master_refresh_ms / 1000);
	conf_print_number(out, IN, "garp_master_refresh_repeat", garp->master_refresh_repeat);
	conf_print_number(out, IN, "garp_lower_prio_delay", garp->lower_prio_delay_ms / 1000);
	conf_print_number(out, IN, "garp_lower_prio_repeat", garp->lower_prio_repeat);
	conf_print_number(out, IN, "garp_interval_us", garp->interval_us);
}

static void
print_notify(FILE *out, const struct vrrp_notify_model *notify)
{
	script_exec_print(out, IN, "notify_master", &notify->master);
	script_exec_print(out, IN, "notify_backup", &notify->backup);
	script_exec_print(out, IN, "notify_fault", &notify->fault);
	script_exec_print(out, IN, "notify_stop", &notify->stop);
	script_exec_print(out, IN, "notify_deleted", &notify->deleted);
	script_exec_print(out, IN, "notify", &notify->any);
	script_exec_print(out, IN, "notify_master_rx_lower_pri", &notify->master_rx_lower_pri);
}

static void
print_switches(FILE *out, const struct vrrp_instance_model *inst)
{
	conf_print_switch(out, IN, "start_as_active", inst->start_as_active);
	fputs(inst->preempt ? IN "preempt\n" : IN "nopreempt\n", out);
	conf_print_switch(out, IN, "strict_mode", inst->strict);
	conf_print_switch(out, IN, "accepting", inst->accept);
	if (inst->dont_track_primary)
		fputs(IN "dont_track_primary\n", out);
	conf_print_switch(out, IN, "lower_prio_no_advert", inst->lower_prio_no_advert);
	conf_print_switch(out, IN, "higher_prio_send_advert", inst->higher_prio_send_advert);
	conf_print_switch(out, IN, "notify_priority_changes", inst->notify_priority_changes);
}

static void
print_lists(FILE *out, const struct vrrp_instance_model *inst)
{
	char text[HF_ADDR_TEXT_MAX];

	if (inst->n_peers > 0) {
		fputs(IN "unicast_peer {\n", out);
		for (size_t i = 0; i < inst->n_peers; i++)
			fprintf(out, "\t\t%s\n", hf_addr_text(&inst->peers[i], text));
		fputs(IN "}\n", out);
	}
	print_addresses(out, "virtual_ipaddress", inst->addresses, inst->n_addresses);
	print_addresses(out, "virtual_ipaddress_excluded", inst->excluded, inst->n_excluded);
	if (inst->n_track_interfaces > 0) {
		fputs(IN "track_interface {\n", out);
		for (size_t i = 0; i < inst->n_track_interfaces; i++)
			conf_print_text(out, "\t", "", inst->track_interfaces[i]);
		fputs(IN "}\n", out);
	}
}

static void
print_instance(FILE *out, const struct vrrp_instance_model *inst)
{
	fputs("vrrp_instance ", out);
	conf_print_word(out, inst->name);
	fputs(" {\n", out);
	conf_print_text(out, IN, "interface", inst->ifname);
	conf_print_number(out, IN, "family", inst->family);
	conf_print_number(out, IN, "version", inst->version);
	conf_print_number(out, IN, "virtual_router_id", inst->vrid);
	conf_print_number(out, IN, "priority", inst->priority);
	conf_print_number(out, IN, "advert_cs", inst->advert_cs);
	conf_print_number(out, IN, "down_timer_adverts", inst->down_timer_adverts);
	conf_print_seconds(out, IN, "preempt_delay", inst->preempt_delay_ns);
	conf_print_addr(out, IN, "unicast_src_ip", &inst->source);
	conf_print_addr(out, IN, "mcast_dst_ip", &inst->group);
	print_switches(out, inst);
	print_lists(out, inst);
	print_garp(out, &inst->garp);
	print_notify(out, &inst->notify);
	fputs("}\n", out);
}

static void
print_group(FILE *out, const struct vrrp_model *model, const struct vrrp_group_model *group)
{
	fputs("vrrp_sync_group ", out);
	conf_print_word(out, group->name);
	fputs(" {\n" IN "group {\n", out);
	for (size_t i = 0; i < group->n_members; i++)
		conf_print_text(out, "\t", "", model->instances[group->members[i]].name);
	fputs(IN "}\n", out);
	print_notify(out, &group->notify);
	fputs("}\n", out);
}

void
vrrp_model_print(const struct vrrp_model *model, FILE *out)
{
	fputs("global_defs {\n", out);
	if (model->router_id[0])
		conf_print_text(out, IN, "router_id", model->router_id);
	if (model->startup_delay_ns)
		conf_print_seconds(out, IN, "vrrp_startup_delay", model->startup_delay_ns);
	if (model->fifo)
		fputs(IN "vrrp_fifo\n", out);
	fputs("}\n", out);
	for (size_t i = 0; i < model->n_instances; i++)
		print_instance(out, &model->instances[i]);
	for (size_t i = 0; i < model->n_groups; i++)
		print_group(out, model, &model->groups[i]);
}

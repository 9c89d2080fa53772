/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What USR1 and USR2 write, in keepalived's words: exporters in the field parse these lines.
 * Elsewhere: the JSON form (vrrp_dump_json.c), our own status (vrrp_status.c).
 */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <time.h>

#include "vrrp/vrrp_shell.h"

#define US_PER_SECOND 1000000

static void
print_when(FILE *out, const char *what, int64_t us)
{
	time_t seconds = (time_t)(us / US_PER_SECOND);
	struct tm tm = { 0 };
	char text[64] = "";

	if (localtime_r(&seconds, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%a %b %e %H:%M:%S", &tm);
	fprintf(out, "   %s = %lld.%06lld (%s.%06lld %d)\n", what, (long long)seconds,
		(long long)(us % US_PER_SECOND), text, (long long)(us % US_PER_SECOND),
		tm.tm_year + 1900);
}

static const char *
scope_word(uint8_t scope)
{
	switch (scope) {
	case RT_SCOPE_UNIVERSE:
		return "global";
	case RT_SCOPE_SITE:
		return "site";
	case RT_SCOPE_LINK:
		return "link";
	case RT_SCOPE_HOST:
		return "host";
	case RT_SCOPE_NOWHERE:
		return "nowhere";
	default: /* a number of the administrator's own */
		return "other";
	}
}

void
vrrp_dump_address(FILE *out, const struct vrrp_address_model *address)
{
	char text[HF_ADDR_TEXT_MAX];

	fprintf(out, "%s/%u", hf_addr_text(&address->prefix.addr, text), address->prefix.len);
	if (hf_addr_is_set(&address->peer))
		fprintf(out, " peer %s", hf_addr_text(&address->peer, text));
	if (hf_addr_is_set(&address->broadcast))
		fprintf(out, " brd %s", hf_addr_text(&address->broadcast, text));
	fprintf(out, " dev %s scope %s", address->ifname, scope_word(address->scope));
	if (address->label[0] != '\0')
		fprintf(out, " label %s", address->label);
}

static void
print_addresses(FILE *out, const char *what, const struct vrrp_address_model *list, size_t n,
		const struct vrrp_local *local)
{
	if (n == 0)
		return;
	fprintf(out, "   %s (%zu):\n", what, n);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "     ");
		vrrp_dump_address(out, &list[i]);
		fprintf(out, "%s\n", local->holding ? " set" : "");
	}
}

static void
print_script(FILE *out, const char *what, const struct script_model *script)
{
	if (script->argc == 0)
		return;
	fprintf(out, "   %s = '", what);
	for (size_t i = 0; i < script->argc; i++)
		fprintf(out, "%s%s", i > 0 ? " " : "", script->argv[i]);
	fprintf(out, "', uid:gid %u:%u\n", script->uid, script->gid);
}

static void
print_scripts(FILE *out, const struct vrrp_notify_model *notify)
{
	print_script(out, "Backup state transition script", &notify->backup);
	print_script(out, "Master state transition script", &notify->master);
	print_script(out, "Fault state transition script", &notify->fault);
	print_script(out, "Stop state transition script", &notify->stop);
	print_script(out, "Deleted state transition script", &notify->deleted);
	print_script(out, "Generic state transition script", &notify->any);
	print_script(out, "Master rx lower pri script", &notify->master_rx_lower_pri);
}

static void
print_transport(FILE *out, const struct vrrp_instance *inst)
{
	const struct vrrp_instance_model *model = inst->model;
	char text[HF_ADDR_TEXT_MAX];

	if (hf_addr_is_set(&inst->source))
		fprintf(out, "   Using src_ip = %s%s\n", hf_addr_text(&inst->source, text),
			hf_addr_is_set(&model->source) ? " (from configuration)" : "");
	if (model->n_peers == 0)
		fprintf(out, "   Multicast address %s\n", hf_addr_text(&model->group, text));
	else
		fprintf(out, "   Unicast Peer :\n");
	for (size_t i = 0; i < model->n_peers; i++)
		fprintf(out, "     %s\n", hf_addr_text(&model->peers[i], text));
}

static void
print_garp(FILE *out, const struct vrrp_garp_model *garp)
{
	fprintf(out, "   Gratuitous ARP delay = %u\n", garp->master_delay_ms / 1000);
	fprintf(out, "   Gratuitous ARP repeat = %u\n", garp->master_repeat);
	fprintf(out, "   Gratuitous ARP refresh = %u\n", garp->master_refresh_ms / 1000);
	fprintf(out, "   Gratuitous ARP refresh repeat = %u\n", garp->master_refresh_repeat);
	fprintf(out, "   Gratuitous ARP lower priority delay = %u\n",
		garp->lower_prio_delay_ms / 1000);
	fprintf(out, "   Gratuitous ARP lower priority repeat = %u\n", garp->lower_prio_repeat);
}

static void
print_instance(FILE *out, const struct vrrp_instance *inst)
{
	const struct vrrp_instance_model *model = inst->model;
	const struct vrrp_local *local = vrrp_local_of(inst);
	char text[HF_ADDR_TEXT_MAX];

	fprintf(out, " VRRP Instance = %s\n", model->name);
	fprintf(out, "   VRRP Version = %u\n", model->version);
	fprintf(out, "   State = %s\n", vrrp_state_word(inst->state));
	if (inst->state == VRRP_BACKUP) {
		fprintf(out, "   Master router = %s\n",
			hf_addr_is_set(&inst->active_addr) ? hf_addr_text(&inst->active_addr, text)
							   : "0.0.0.0");
		fprintf(out, "   Master priority = %u\n", inst->active_priority);
		if (model->version == 3)
			fprintf(out, "   Master advert interval = %u milli-sec\n",
				inst->active_adver_cs * 10);
	}
	fprintf(out, "   Flags: none\n");
	fprintf(out, "   Wantstate = %s\n", model->start_as_active ? "MASTER" : "BACKUP");
	fprintf(out, "   Number of interface and track script faults = %d\n",
		__builtin_popcount(inst->unmet));
	print_when(out, "Last transition", local->since_wall_us);
	fprintf(out, "   Interface = %s\n", model->ifname);
	print_transport(out, inst);
	print_garp(out, &model->garp);
	fprintf(out, "   Down timer adverts = %u\n", model->down_timer_adverts);
	fprintf(out, "   Send advert after receive lower priority advert = %s\n",
		model->lower_prio_no_advert ? "false" : "true");
	fprintf(out, "   Send advert after receive higher priority advert = %s\n",
		model->higher_prio_send_advert ? "true" : "false");
	fprintf(out, "   Virtual Router ID = %u\n", model->vrid);
	fprintf(out, "   Priority = %u\n", model->priority);
	fprintf(out, "   Effective priority = %u\n", inst->effective_priority);
	fprintf(out, "   Total priority = %u\n", inst->effective_priority);
	if (model->version == 2)
		fprintf(out, "   Advert interval = %u sec\n", model->advert_cs / 100);
	else
		fprintf(out, "   Advert interval = %u milli-sec\n", model->advert_cs * 10);
	fprintf(out, "   Accept = %s\n", model->accept ? "enabled" : "disabled");
	fprintf(out, "   Preempt = %s\n", model->preempt ? "enabled" : "disabled");
	if (model->preempt_delay_ns > 0)
		fprintf(out, "   Preempt delay = %.6f secs\n",
			(double)model->preempt_delay_ns / 1e9);
	fprintf(out, "   Promote_secondaries = disabled\n");
	fprintf(out, "   Authentication type = none\n");
	print_addresses(out, "Virtual IP", model->addresses, model->n_addresses, local);
	print_addresses(out, "Virtual IP Excluded", model->excluded, model->n_excluded, local);
	for (size_t i = 0; i < model->n_track_interfaces; i++)
		fprintf(out, "   Tracked interface = %s\n", model->track_interfaces[i]);
	print_scripts(out, &model->notify);
	if (inst->group != NULL)
		fprintf(out, "   VRRP sync group = %s\n", inst->group->model->name);
	fprintf(out, "   Using smtp notification = no\n");
	fprintf(out, "   Notify deleted = %s\n",
		model->notify.deleted.argc > 0 ? "Deleted" : "Fault");
	fprintf(out, "   Notify priority changes = %s\n",
		model->notify_priority_changes ? "true" : "false");
}

static void
print_groups(FILE *out, const struct vrrp_router *router)
{
	fprintf(out, "------< VRRP Sync groups >------\n");
	for (size_t i = 0; i < router->n_groups; i++) {
		const struct vrrp_group *group = &router->groups[i];

		fprintf(out, " VRRP Sync Group = %s, %s\n", group->model->name,
			vrrp_state_word(group->state));
		fprintf(out,
			"   Number of track scripts init = 0\n   VRRP member instances = %zu\n",
			group->n_members);
		for (size_t k = 0; k < group->n_members; k++)
			fprintf(out, "     %s\n", group->members[k]->model->name);
	}
}

static void
print_data(FILE *out, const struct vrrp_generation *current)
{
	fprintf(out, "------< VRRP Topology >------\n");
	for (size_t i = 0; i < current->router.n_instances; i++)
		print_instance(out, current->router.instances[i]);
	if (current->router.n_groups > 0)
		print_groups(out, &current->router);
}

static void
print_stats(FILE *out, const struct vrrp_instance *inst)
{
	const struct vrrp_counters *c = &inst->counters;
	const uint64_t *drops = c->drops;

	fprintf(out, "VRRP Instance: %s\n", inst->model->name);
	fprintf(out, "  Advertisements:\n    Received: %ju\n    Sent: %ju\n",
		(uintmax_t)c->advert_rcvd, (uintmax_t)c->advert_sent);
	fprintf(out, "  Became master: %ju\n  Released master: %ju\n", (uintmax_t)c->become_master,
		(uintmax_t)c->release_master);
	fprintf(out, "  Packet Errors:\n    Length: %ju\n    TTL: %ju\n    Invalid Type: %ju\n",
		(uintmax_t)drops[VRRP_DROP_TRUNCATED], (uintmax_t)drops[VRRP_DROP_TTL],
		(uintmax_t)drops[VRRP_DROP_TYPE]);
	fprintf(out, "    Advertisement Interval: %ju\n    Address List: %ju\n",
		(uintmax_t)drops[VRRP_DROP_INTERVAL],
		(uintmax_t)(drops[VRRP_DROP_COUNT] + drops[VRRP_DROP_DESTINATION]));
	fprintf(out,
		"  Authentication Errors:\n    Invalid Type: 0\n    Type Mismatch: %ju\n"
		"    Failure: %ju\n",
		(uintmax_t)drops[VRRP_DROP_AUTH_TYPE], (uintmax_t)drops[VRRP_DROP_AUTH_FAILED]);
	fprintf(out, "  Priority Zero:\n    Received: %ju\n    Sent: %ju\n",
		(uintmax_t)c->pri_zero_rcvd, (uintmax_t)c->pri_zero_sent);
}

static void
print_all_stats(FILE *out, struct vrrp_router *router, bool clear)
{
	for (size_t i = 0; i < router->n_instances; i++) {
		print_stats(out, router->instances[i]);
		if (clear)
			memset(&router->instances[i]->counters, 0,
			       sizeof(router->instances[i]->counters));
	}
}

void
vrrp_shell_dump(void *state, enum hf_room_dump_kind kind, FILE *out)
{
	struct vrrp_shell *shell = state;

	if (shell->current == NULL)
		return;
	switch (kind) {
	case HF_ROOM_DUMP_DATA:
		print_data(out, shell->current);
		break;
	case HF_ROOM_DUMP_STATS:
		print_all_stats(out, &shell->current->router, false);
		break;
	case HF_ROOM_DUMP_STATS_CLEAR:
		print_all_stats(out, &shell->current->router, true);
		break;
	case HF_ROOM_DUMP_JSON:
		vrrp_dump_json(&shell->current->router, out);
		break;
	}
}

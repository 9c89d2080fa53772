/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keepalived.json: keys, order and types as its readers know them (json_version 1). */
#include <jansson.h>
#include <stdlib.h>

#include "lib/hf_log.h"
#include "vrrp/vrrp_shell.h"

#define US_PER_SECOND 1000000

/* keepalived's numbers: 0 init, 1 backup, 2 master, 3 fault. */
static int
state_number(enum vrrp_state state)
{
	switch (state) {
	case VRRP_INITIALIZE:
		return 0;
	case VRRP_BACKUP:
		return 1;
	case VRRP_ACTIVE:
		return 2;
	case VRRP_FAULT:
		return 3;
	}
	return 0;
}

static void
put_int(json_t *object, const char *key, json_int_t value)
{
	json_object_set_new(object, key, json_integer(value));
}

static void
put_addresses(json_t *object, const char *key, const struct vrrp_address_model *list, size_t n)
{
	json_t *array;

	if (n == 0)
		return;
	array = json_array();
	for (size_t i = 0; i < n; i++) {
		char *text = NULL;
		size_t len;
		FILE *memory = open_memstream(&text, &len);

		if (memory == NULL)
			break;
		vrrp_dump_address(memory, &list[i]);
		fclose(memory);
		json_array_append_new(array, json_string(text));
		free(text);
	}
	json_object_set_new(object, key, array);
}

static void
put_script(json_t *object, const char *key, const struct script_model *script)
{
	char *text = NULL;
	size_t len;
	FILE *memory;

	if (script->argc == 0)
		return;
	memory = open_memstream(&text, &len);
	if (memory == NULL)
		return;
	for (size_t i = 0; i < script->argc; i++)
		fprintf(memory, "%s%s", i > 0 ? " " : "", script->argv[i]);
	fclose(memory);
	json_object_set_new(object, key, json_string(text));
	free(text);
}

static void
put_garp(json_t *data, const struct vrrp_instance_model *model)
{
	const struct vrrp_garp_model *garp = &model->garp;

	put_int(data, "garp_delay", garp->master_delay_ms / 1000);
	put_int(data, "garp_refresh", garp->master_refresh_ms / 1000);
	put_int(data, "garp_rep", garp->master_repeat);
	put_int(data, "garp_refresh_rep", garp->master_refresh_repeat);
	put_int(data, "garp_lower_prio_delay", garp->lower_prio_delay_ms / 1000);
	put_int(data, "garp_lower_prio_rep", garp->lower_prio_repeat);
	put_int(data, "lower_prio_no_advert", model->lower_prio_no_advert);
	put_int(data, "higher_prio_send_advert", model->higher_prio_send_advert);
}

static void
put_scripts(json_t *data, const struct vrrp_notify_model *notify)
{
	json_object_set_new(data, "smtp_alert", json_false());
	json_object_set_new(data, "notify_deleted", json_boolean(notify->deleted.argc > 0));
	put_script(data, "script_backup", &notify->backup);
	put_script(data, "script_master", &notify->master);
	put_script(data, "script_fault", &notify->fault);
	put_script(data, "script_stop", &notify->stop);
	put_script(data, "script_deleted", &notify->deleted);
	put_script(data, "script", &notify->any);
	put_script(data, "script_master_rx_lower_pri", &notify->master_rx_lower_pri);
}

static void
put_tracked(json_t *data, const struct vrrp_instance_model *model)
{
	json_t *array;

	if (model->n_track_interfaces == 0)
		return;
	array = json_array();
	for (size_t i = 0; i < model->n_track_interfaces; i++)
		json_array_append_new(array, json_string(model->track_interfaces[i]));
	json_object_set_new(data, "track_ifp", array);
}

static json_t *
data_of(const struct vrrp_instance *inst)
{
	const struct vrrp_instance_model *model = inst->model;
	const struct vrrp_local *local = vrrp_local_of(inst);
	json_t *data = json_object();

	json_object_set_new(data, "iname", json_string(model->name));
	put_int(data, "dont_track_primary", model->dont_track_primary);
	put_int(data, "skip_check_adv_addr", 0);
	put_int(data, "strict_mode", model->strict);
	json_object_set_new(data, "vmac_ifname", json_string(""));
	if (model->ifname[0] != '\0')
		json_object_set_new(data, "ifp_ifname", json_string(model->ifname));
	put_int(data, "master_priority", inst->active_priority);
	json_object_set_new(data, "last_transition",
			    json_real((double)local->since_wall_us / US_PER_SECOND));
	put_garp(data, model);
	put_int(data, "vrid", model->vrid);
	put_int(data, "base_priority", model->priority);
	put_int(data, "effective_priority", inst->effective_priority);
	json_object_set_new(data, "vipset", json_boolean(local->holding));
	json_object_set_new(data, "promote_secondaries", json_false());
	json_object_set_new(data, "adver_int", json_real(model->advert_cs / 100.0));
	json_object_set_new(data, "master_adver_int", json_real(inst->active_adver_cs / 100.0));
	put_int(data, "accept", model->accept);
	json_object_set_new(data, "nopreempt", json_boolean(!model->preempt));
	json_object_set_new(data, "preempt_delay",
			    json_real((double)model->preempt_delay_ns / 1e9));
	put_int(data, "state", state_number(inst->state));
	put_int(data, "wantstate", model->start_as_active ? 2 : 1);
	put_int(data, "version", model->version);
	put_scripts(data, &model->notify);
	put_addresses(data, "vips", model->addresses, model->n_addresses);
	put_addresses(data, "evips", model->excluded, model->n_excluded);
	put_tracked(data, model);
	put_int(data, "auth_type", 0);
	return data;
}

static json_t *
stats_of(const struct vrrp_instance *inst)
{
	static const char *const never[] = { "auth_ext_missing",     "auth_ext_malformed",
					     "auth_ext_unknown_key", "auth_ext_invalid_hmac",
					     "auth_ext_stale",       "auth_ext_replay" };
	const struct vrrp_counters *c = &inst->counters;
	json_t *stats = json_object();

	put_int(stats, "advert_rcvd", (json_int_t)c->advert_rcvd);
	put_int(stats, "advert_sent", (json_int_t)c->advert_sent);
	put_int(stats, "become_master", (json_int_t)c->become_master);
	put_int(stats, "release_master", (json_int_t)c->release_master);
	put_int(stats, "packet_len_err", (json_int_t)c->drops[VRRP_DROP_TRUNCATED]);
	put_int(stats, "advert_interval_err", (json_int_t)c->drops[VRRP_DROP_INTERVAL]);
	put_int(stats, "ip_ttl_err", (json_int_t)c->drops[VRRP_DROP_TTL]);
	put_int(stats, "invalid_type_rcvd", (json_int_t)c->drops[VRRP_DROP_TYPE]);
	put_int(stats, "addr_list_err",
		(json_int_t)c->drops[VRRP_DROP_COUNT] +
			(json_int_t)c->drops[VRRP_DROP_DESTINATION]);
	put_int(stats, "invalid_authtype", 0);
	put_int(stats, "authtype_mismatch", (json_int_t)c->drops[VRRP_DROP_AUTH_TYPE]);
	put_int(stats, "auth_failure", (json_int_t)c->drops[VRRP_DROP_AUTH_FAILED]);
	for (size_t i = 0; i < HF_COUNT_OF(never); i++)
		put_int(stats, never[i], 0);
	put_int(stats, "pri_zero_rcvd", (json_int_t)c->pri_zero_rcvd);
	put_int(stats, "pri_zero_sent", (json_int_t)c->pri_zero_sent);
	return stats;
}

void
vrrp_dump_json(const struct vrrp_router *router, FILE *out)
{
	json_t *list;

	if (router->n_instances == 0)
		return;
	list = json_array();
	for (size_t i = 0; i < router->n_instances; i++)
		json_array_append_new(list,
				      json_pack("{s:o, s:o}", "data", data_of(router->instances[i]),
						"stats", stats_of(router->instances[i])));
	if (json_dumpf(list, out, JSON_COMPACT) != 0)
		hf_log(HF_WARNING, NULL, "the JSON dump could not be written");
	json_decref(list);
}

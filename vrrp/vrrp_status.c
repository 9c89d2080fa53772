/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The room's part of `holdfast status --json`: an array of instances. */
#include <jansson.h>

#include "lib/hf_log.h"
#include "vrrp/vrrp_shell.h"

static json_t *
text_of(const struct hf_addr *addr)
{
	char text[HF_ADDR_TEXT_MAX];

	return hf_addr_is_set(addr) ? json_string(hf_addr_text(addr, text)) : json_null();
}

static json_t *
addresses(const struct vrrp_instance_model *model)
{
	json_t *list = json_array();

	for (size_t i = 0; i < model->n_addresses + model->n_excluded; i++) {
		const struct vrrp_address_model *one =
			i < model->n_addresses ? &model->addresses[i]
					       : &model->excluded[i - model->n_addresses];
		char text[HF_ADDR_TEXT_MAX];

		hf_addr_text(&one->prefix.addr, text);
		json_array_append_new(list, json_sprintf("%s/%u", text, one->prefix.len));
	}
	return list;
}

/* By name; a rejected packet is counted under its reason code. */
static json_t *
counters(const struct vrrp_counters *from)
{
	json_t *all = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "advert_rcvd",
		(json_int_t)from->advert_rcvd, "advert_sent", (json_int_t)from->advert_sent,
		"become_master", (json_int_t)from->become_master, "release_master",
		(json_int_t)from->release_master, "pri_zero_rcvd", (json_int_t)from->pri_zero_rcvd,
		"pri_zero_sent", (json_int_t)from->pri_zero_sent, "two_active",
		(json_int_t)from->two_active, "paused", (json_int_t)from->paused);

	for (int drop = VRRP_DROP_NONE + 1; drop < VRRP_DROP_KINDS; drop++)
		json_object_set_new(all, vrrp_drop_code((enum vrrp_drop)drop),
				    json_integer((json_int_t)from->drops[drop]));
	return all;
}

static json_t *
unmet(uint32_t set)
{
	json_t *list = json_array();

	for (uint32_t bit = 0; bit < VRRP_UNMET_KINDS; bit++) {
		if ((set & 1u << bit) != 0)
			json_array_append_new(
				list, json_string(vrrp_unmet_word((enum vrrp_unmet)(1u << bit))));
	}
	return list;
}

static json_t *
wall(int64_t us)
{
	char text[HF_WALL_TEXT_MAX];

	return us == 0 ? json_null() : json_string(hf_wall_text(us, text));
}

static json_t *
instance(const struct vrrp_instance *inst)
{
	const struct vrrp_instance_model *model = inst->model;
	const struct vrrp_local *local = vrrp_local_of(inst);
	bool started = inst->state != VRRP_INITIALIZE || inst->transitions > 0;
	json_t *one = json_object();

	json_object_set_new(one, "name", json_string(model->name));
	json_object_set_new(one, "state",
			    json_string(started ? vrrp_state_word(inst->state) : "INIT"));
	json_object_set_new(one, "interface", json_string(model->ifname));
	json_object_set_new(one, "vrid", json_integer(model->vrid));
	json_object_set_new(one, "version", json_integer(model->version));
	json_object_set_new(one, "family", json_string(model->family == AF_INET ? "ipv4" : "ipv6"));
	json_object_set_new(one, "priority", json_integer(model->priority));
	json_object_set_new(one, "effective_priority", json_integer(inst->effective_priority));
	json_object_set_new(one, "source_address", text_of(&inst->source));
	json_object_set_new(one, "master_address", text_of(&inst->active_addr));
	json_object_set_new(one, "master_priority", json_integer(inst->active_priority));
	json_object_set_new(one, "addresses", addresses(model));
	json_object_set_new(one, "since", wall(local->since_wall_us));
	json_object_set_new(one, "reason",
			    started ? json_string(vrrp_why_code(inst->why)) : json_null());
	json_object_set_new(one, "transitions", json_integer((json_int_t)inst->transitions));
	json_object_set_new(one, "leaving", json_boolean(inst->leaving));
	json_object_set_new(one, "unmet", unmet(inst->unmet));
	json_object_set_new(one, "group",
			    inst->group ? json_string(inst->group->model->name) : json_null());
	json_object_set_new(one, "counters", counters(&inst->counters));
	return one;
}

void
vrrp_shell_status(void *state, FILE *out)
{
	const struct vrrp_shell *shell = state;
	json_t *list = json_array();

	for (size_t i = 0; shell->current != NULL && i < shell->current->router.n_instances; i++)
		json_array_append_new(list, instance(shell->current->router.instances[i]));
	if (json_dumpf(list, out, JSON_COMPACT) != 0)
		hf_log(HF_WARNING, NULL, "the status could not be written");
	json_decref(list);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody else changed our part of the kernel's table: it is noticed, put back and said. The
 * kernel sends no notice of it, so the table is read again and again, in slices.
 * Elsewhere: the steps that put it back (ipvs_plan.c, ipvs_apply.c).
 */
#include <errno.h>
#include <linux/ip_vs.h>
#include <stdio.h>
#include <string.h>

#include "ipvs/ipvs_state.h"

#define WORD_MAX 24 /* as in struct hf_change */

void
ipvs_drift_cancel(struct ipvs_state *st)
{
	ipvs_table_free(st->scan.found);
	st->scan = (struct ipvs_scan){ 0 };
}

static const char *
dest_word(const struct ipvs_dest *dest, const struct ipvs_dest *other, char buf[WORD_MAX])
{
	if (dest->weight != other->weight || ipvs_dest_same(dest, other))
		snprintf(buf, WORD_MAX, "weight %d", dest->weight);
	else if (dest->fwd_method != other->fwd_method)
		snprintf(buf, WORD_MAX, "%s", ipvs_forwarding_word(dest->fwd_method));
	else if (dest->u_threshold != other->u_threshold || dest->l_threshold != other->l_threshold)
		snprintf(buf, WORD_MAX, "thresholds %u %u", dest->u_threshold, dest->l_threshold);
	else
		snprintf(buf, WORD_MAX, "tunnel %u %u %u", dest->tun_type, dest->tun_port,
			 dest->tun_flags);
	return buf;
}

static const char *
service_word(const struct ipvs_service *service, const struct ipvs_service *other,
	     char buf[WORD_MAX])
{
	uint32_t differing = service->flags ^ other->flags;

	if (strcmp(service->sched, other->sched) != 0)
		snprintf(buf, WORD_MAX, "%s", service->sched);
	else if (strcmp(service->pe, other->pe) != 0)
		snprintf(buf, WORD_MAX, "pe %s", service->pe[0] != '\0' ? service->pe : "none");
	else if ((differing & ~(uint32_t)(IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_HASHED)) != 0)
		snprintf(buf, WORD_MAX, "flags %#x", service->flags & ~IP_VS_SVC_F_HASHED);
	else if (!(service->flags & IP_VS_SVC_F_PERSISTENT))
		snprintf(buf, WORD_MAX, "not persistent");
	else
		snprintf(buf, WORD_MAX, "persistent %u", service->timeout_s);
	return buf;
}

static void
say(struct ipvs_state *st, const struct ipvs_step *step)
{
	const struct ipvs_table_service *service = ipvs_table_find(st->desired, &step->service.key);
	const struct ipvs_table_dest *dest = NULL;
	char key[IPVS_KEY_TEXT_MAX], from[WORD_MAX] = "absent", to[WORD_MAX] = "absent";
	const char *label = service != NULL ? service->label : NULL;

	if (service != NULL && step->type >= IPVS_ADD_DEST)
		dest = ipvs_table_find_dest(service, &step->dest.key);
	if (label == NULL || label[0] == '\0')
		label = ipvs_service_key_text(&step->service.key, key);

	switch (step->type) {
	case IPVS_ADD_SERVICE:
		snprintf(to, sizeof(to), "%s", step->service.sched);
		break;
	case IPVS_EDIT_SERVICE:
		service_word(&step->service_was, &step->service, from);
		service_word(&step->service, &step->service_was, to);
		break;
	case IPVS_ADD_DEST:
		dest_word(&step->dest, &step->dest, to);
		break;
	case IPVS_EDIT_DEST:
		dest_word(&step->dest_was, &step->dest, from);
		dest_word(&step->dest, &step->dest_was, to);
		break;
	case IPVS_DEL_DEST:
		dest_word(&step->dest, &step->dest, from);
		break;
	case IPVS_DEL_SERVICE:
		snprintf(from, sizeof(from), "%s", step->service.sched);
		break;
	}

	if (step->type == IPVS_ADD_DEST || step->type == IPVS_EDIT_DEST ||
	    step->type == IPVS_DEL_DEST) {
		char dest_key[IPVS_KEY_TEXT_MAX];

		ipvs_dest_key_text(&step->dest.key, dest_key);
		hf_room_change(st->room, HF_WARNING, 0,
			       dest != NULL && dest->label[0] != '\0' ? dest->label : dest_key,
			       from, to, "drift", "service=\"%s\"", label);
		return;
	}
	hf_room_change(st->room, HF_WARNING, 0, label, from, to, "drift", NULL);
}

static void
on_put_back(struct ipvs_state *st, const struct ipvs_step *step)
{
	st->counts.drift_put_back++;
	if (st->scan.said++ < IPVS_DRIFT_EVENTS_MAX)
		say(st, step);
}

/* Leaves out services that we changed ourselves while the scan was under way. */
static void
forget_touched(struct ipvs_state *st)
{
	size_t kept = 0;

	for (size_t i = 0; i < st->plan.n; i++) {
		const struct ipvs_table_service *service =
			ipvs_table_find(st->desired, &st->plan.steps[i].service.key);

		if (service == NULL || service->stamp <= st->scan.stamp)
			st->plan.steps[kept++] = st->plan.steps[i];
	}
	st->plan.n = kept;
}

static void
judge(struct ipvs_state *st)
{
	ipvs_plan_clear(&st->plan);
	if (ipvs_plan_difference(st->scan.found, st->desired, st->owned, IPVS_STRANGERS_STAY,
				 &st->plan) != 0)
		return;
	forget_touched(st);
	if (st->plan.n == 0)
		return;
	st->counts.drift_found += st->plan.n;
	ipvs_state_run_plan(st, on_put_back);
	if (st->scan.said > IPVS_DRIFT_EVENTS_MAX)
		hf_room_change(st->room, HF_WARNING, 0, "ipvs", "drifted", "put-back", "drift",
			       "and %llu more",
			       (unsigned long long)(st->scan.said - IPVS_DRIFT_EVENTS_MAX));
}

static void
finish(struct ipvs_state *st)
{
	bool large = st->scan.found->n_services > IPVS_SCAN_LARGE;
	int64_t pause_ns = large ? st->scan.cost_ns * (IPVS_SCAN_SHARE - 1) : 0;

	judge(st);
	if (pause_ns < IPVS_SCAN_INTERVAL_NS)
		pause_ns = IPVS_SCAN_INTERVAL_NS;
	if (pause_ns > IPVS_SCAN_INTERVAL_MAX_NS)
		pause_ns = IPVS_SCAN_INTERVAL_MAX_NS;
	st->scan_interval_ns = pause_ns;
	st->counts.scans++;
	ipvs_drift_cancel(st);
	hf_timer_set(st->scan_timer, hf_after(hf_time_now(), pause_ns));
	if (!st->actual_known)
		hf_timer_set(st->apply_timer, hf_time_now());
}

/* Dests of other people's services do not matter. Returns 0 or a negative errno. */
static int
look_at_slice(struct ipvs_state *st)
{
	struct ipvs_table_service *service = st->scan.next;

	for (int n = 0; service != NULL && n < IPVS_SCAN_SLICE;
	     service = TAILQ_NEXT(service, link)) {
		int err = 0;

		if (ipvs_table_find(st->desired, &service->service.key) != NULL) {
			err = ipvs_socket_dump_dests(st->sock, st->scan.found, service);
			n++;
		}
		if (err && err != -ESRCH && err != -ENOENT)
			return err;
	}
	st->scan.next = service;
	return 0;
}

void
ipvs_drift_turn(struct ipvs_state *st)
{
	hf_time started = hf_time_now();
	int err = 0;

	if (st->sock == NULL || !st->complete) {
		hf_timer_set(st->scan_timer, hf_after(started, IPVS_SCAN_INTERVAL_NS));
		return;
	}
	if (st->scan.found == NULL) {
		st->scan.found = ipvs_table_new();
		st->scan.stamp = st->stamp;
		if (st->scan.found != NULL)
			err = ipvs_socket_dump_services(st->sock, st->scan.found);
		if (st->scan.found != NULL && !err)
			st->scan.next = TAILQ_FIRST(&st->scan.found->services);
	}
	if (st->scan.found != NULL && !err)
		err = look_at_slice(st);
	if (st->scan.found == NULL || err) {
		hf_log(HF_WARNING, NULL, "the kernel's IPVS table cannot be read: %s",
		       strerror(err ? -err : ENOMEM));
		ipvs_drift_cancel(st);
		hf_timer_set(st->scan_timer, hf_after(started, IPVS_RETRY_NS));
		return;
	}
	st->scan.cost_ns += hf_between(started, hf_time_now());
	if (st->scan.next != NULL)
		hf_timer_set(st->scan_timer, hf_time_now());
	else
		finish(st);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the desired table to the kernel: the difference is carried out, refusals are said once and
 * tried again, and what is ours is remembered beyond this process.
 * Elsewhere: orders (ipvs_main.c), looking for drift (ipvs_drift.c).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipvs/ipvs_state.h"

/* What one run of a plan is about. */
struct run {
	struct ipvs_state *st;
	void (*done)(struct ipvs_state *st, const struct ipvs_step *step);
	bool surprised; /* the kernel's table is not what we thought */
};

bool
ipvs_state_connect(struct ipvs_state *st, bool load_module)
{
	int err;

	if (st->sock != NULL)
		return true;
	err = ipvs_socket_open(load_module, &st->sock);
	if (!err) {
		st->actual_known = false;
		return true;
	}
	if (!st->missing_said) {
		snprintf(st->last_error, sizeof(st->last_error), "%s",
			 err == -EPROTONOSUPPORT
				 ? "this kernel has no IPVS (module ip_vs): nothing is balanced"
				 : strerror(-err));
		hf_log(HF_ERROR, NULL, "%s", st->last_error);
		st->missing_said = true;
	}
	hf_timer_set(st->retry_timer, hf_after(hf_time_now(), IPVS_RETRY_NS));
	return false;
}

static const char *
memory_key(const struct ipvs_service_key *key, char text[HF_ROOM_KEY_MAX])
{
	const uint8_t *bytes = (const uint8_t *)key;
	size_t at = (size_t)snprintf(text, HF_ROOM_KEY_MAX, "service:");

	for (size_t i = 0; i < sizeof(*key); i++)
		at += (size_t)snprintf(text + at, HF_ROOM_KEY_MAX - at, "%02x", bytes[i]);
	return text;
}

static void
own(struct ipvs_state *st, const struct ipvs_service *service)
{
	char text[HF_ROOM_KEY_MAX];

	if (ipvs_table_find(st->owned, &service->key) != NULL ||
	    ipvs_table_put(st->owned, service, NULL) == NULL)
		return;
	hf_room_remember(st->room, memory_key(&service->key, text), &service->key,
			 sizeof(service->key));
}

static void
disown(struct ipvs_state *st, const struct ipvs_service_key *key)
{
	struct ipvs_table_service *entry = ipvs_table_find(st->owned, key);
	char text[HF_ROOM_KEY_MAX];

	if (entry == NULL)
		return;
	ipvs_table_remove(st->owned, entry);
	hf_room_remember(st->room, memory_key(key, text), NULL, 0);
}

static bool
is_removal(const struct ipvs_step *step)
{
	return step->type == IPVS_DEL_DEST || step->type == IPVS_DEL_SERVICE;
}

/* Does the answer mean that the kernel's table is not what we planned from? */
static bool
is_surprise(const struct ipvs_step *step, int err)
{
	switch (step->type) {
	case IPVS_ADD_SERVICE:
		return err == -EEXIST;
	case IPVS_EDIT_SERVICE:
		return err == -ESRCH;
	case IPVS_ADD_DEST:
	case IPVS_EDIT_DEST:
		return err == -EEXIST || err == -ENOENT || err == -ESRCH;
	case IPVS_DEL_DEST:
	case IPVS_DEL_SERVICE:
		return false;
	}
	return false;
}

static void
refused(struct ipvs_state *st, const struct ipvs_step *step, int err)
{
	struct ipvs_table_service *service = ipvs_table_find(st->desired, &step->service.key);
	struct ipvs_table_dest *dest = NULL;
	char what[IPVS_STEP_TEXT_MAX], why[IPVS_REFUSAL_MAX], before[sizeof(st->last_error)];
	const char *label = service != NULL ? service->label : NULL;

	if (service != NULL && step->type >= IPVS_ADD_DEST)
		dest = ipvs_table_find_dest(service, &step->dest.key);
	if (dest != NULL)
		dest->held = true;
	else if (service != NULL)
		service->held = true;
	hf_timer_set(st->retry_timer, hf_after(hf_time_now(), IPVS_RETRY_NS));

	memcpy(before, st->last_error, sizeof(before));
	snprintf(st->last_error, sizeof(st->last_error), "%s: %s", ipvs_step_text(step, what),
		 ipvs_refusal_text(step, err, why));
	/* Tried again every few seconds: said again only when something else came between. */
	if (strcmp(before, st->last_error) != 0)
		hf_log(HF_ERROR, label, "%s", st->last_error);
}

static void
succeeded(struct run *run, const struct ipvs_step *step)
{
	struct ipvs_state *st = run->st;
	struct ipvs_table_service *service = ipvs_table_find(st->desired, &step->service.key);
	char text[IPVS_STEP_TEXT_MAX];

	if (ipvs_table_step(st->actual, step) != 0)
		st->actual_known = false;
	if (service != NULL)
		service->stamp = st->stamp;
	if (step->type == IPVS_ADD_SERVICE || step->type == IPVS_EDIT_SERVICE)
		own(st, &step->service);
	if (step->type == IPVS_DEL_SERVICE)
		disown(st, &step->service.key);
	st->counts.steps++;
	hf_log(HF_DEBUG, service != NULL ? service->label : NULL, "%s", ipvs_step_text(step, text));
	if (run->done != NULL)
		run->done(st, step);
}

static void
on_result(void *arg, const struct ipvs_step *step, int err)
{
	struct run *run = arg;
	const struct ipvs_table_service *service =
		ipvs_table_find(run->st->desired, &step->service.key);

	if (is_removal(step) && (err == -ENOENT || err == -ESRCH))
		err = 0;
	if (err == 0) {
		succeeded(run, step);
		return;
	}
	/* A service that was refused has been said: its dests say nothing more. */
	if (service != NULL && service->held && step->type >= IPVS_ADD_DEST)
		return;
	if (is_surprise(step, err))
		run->surprised = true;
	else
		refused(run->st, step, err);
}

/* An answer that never came, or an overrun: the kernel's table has to be read again. */
static void
lost_track(struct ipvs_state *st, int err)
{
	snprintf(st->last_error, sizeof(st->last_error), "netlink: %s", strerror(-err));
	hf_log(HF_ERROR, NULL, "the kernel's IPVS table cannot be reached: %s", strerror(-err));
	ipvs_socket_close(st->sock);
	st->sock = NULL;
	st->actual_known = false;
	ipvs_drift_cancel(st);
	hf_timer_set(st->retry_timer, hf_after(hf_time_now(), IPVS_RETRY_NS));
}

void
ipvs_state_run_plan(struct ipvs_state *st,
		    void (*done)(struct ipvs_state *st, const struct ipvs_step *step))
{
	struct run run = { .st = st, .done = done };
	int err;

	st->stamp++;
	err = ipvs_socket_apply(st->sock, st->plan.steps, st->plan.n, on_result, &run);
	if (err)
		lost_track(st, err);
	else if (run.surprised)
		st->actual_known = false;
}

/* Reads the kernel's whole table. */
static bool
refresh(struct ipvs_state *st)
{
	struct ipvs_table_service *service;
	int err;

	ipvs_table_clear(st->actual);
	err = ipvs_socket_dump_services(st->sock, st->actual);
	if (err) {
		lost_track(st, err);
		return false;
	}
	TAILQ_FOREACH (service, &st->actual->services, link) {
		err = ipvs_socket_dump_dests(st->sock, st->actual, service);
		/* Somebody may have removed the service in between. */
		if (err && err != -ESRCH && err != -ENOENT) {
			lost_track(st, err);
			return false;
		}
	}
	st->actual_known = true;
	return true;
}

/* Everything that is wanted and there is ours from now on, also what was found in place. */
static void
own_what_is_there(struct ipvs_state *st)
{
	const struct ipvs_table_service *service;

	TAILQ_FOREACH (service, &st->desired->services, link) {
		if (ipvs_table_find(st->actual, &service->service.key) != NULL)
			own(st, &service->service);
	}
}

static void
apply_all(struct ipvs_state *st)
{
	enum ipvs_strangers strangers = st->flush_foreign ? IPVS_STRANGERS_GO : IPVS_STRANGERS_STAY;

	if (ipvs_plan_difference(st->actual, st->desired, st->owned, strangers, &st->plan) != 0) {
		hf_log(HF_ERROR, NULL, "no memory to compare the tables");
		return;
	}
	own_what_is_there(st);
	ipvs_state_run_plan(st, NULL);
	st->apply_all = st->flush_foreign = false;
	if (!st->announce)
		return;
	st->announce = false;
	hf_log(HF_INFO, NULL, "table in place: %zu services, %zu dests, after %zu steps",
	       st->desired->n_services, st->desired->n_dests, st->plan.n);
}

static void
apply_dirty(struct ipvs_state *st)
{
	if (ipvs_plan_some(st->dirty, st->actual, st->desired, st->owned, &st->plan) != 0) {
		hf_log(HF_ERROR, NULL, "no memory to compare the tables");
		return;
	}
	ipvs_state_run_plan(st, NULL);
}

void
ipvs_state_apply(struct ipvs_state *st)
{
	/* Twice at most: a second surprise in a row is left to the next look for drift. */
	for (int attempt = 0; attempt < 2; attempt++) {
		if (!st->complete || !ipvs_state_connect(st, false))
			return;
		if (!st->actual_known) {
			if (!refresh(st))
				return;
			st->apply_all = true;
		}
		ipvs_plan_clear(&st->plan);
		if (st->apply_all)
			apply_all(st);
		else
			apply_dirty(st);
		ipvs_table_clear(st->dirty);
		if (st->actual_known)
			return;
	}
}

void
ipvs_state_remove_all(struct ipvs_state *st)
{
	int err;

	ipvs_drift_cancel(st);
	if (!ipvs_state_connect(st, false))
		return;
	if (st->flags & IPVS_ORDER_FLUSH_ON_STOP) {
		err = ipvs_socket_flush(st->sock);
		if (err)
			hf_log(HF_ERROR, NULL, "the table cannot be flushed: %s", strerror(-err));
		return;
	}
	if (!st->actual_known && !refresh(st))
		return;
	ipvs_table_clear(st->desired);
	ipvs_plan_clear(&st->plan);
	if (ipvs_plan_difference(st->actual, st->desired, st->owned, IPVS_STRANGERS_STAY,
				 &st->plan) == 0)
		ipvs_state_run_plan(st, NULL);
}

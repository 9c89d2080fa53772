/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration comes into force: everything that can fail is made first; from the moment the
 * router is built nothing fails any more. Elsewhere: which instance continues which
 * (vrrp_router_build.c), what an instance does with a new model (vrrp_reload.c).
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hf_log.h"
#include "vrrp/vrrp_shell.h"

#define EXIT_REFUSED 2 /* keepalived's exit code for a configuration that cannot run */

/* What is made before the point of no return; what is left over is freed. */
struct preparation {
	size_t n;
	struct vrrp_ties *ties;
	struct vrrp_local **spare; /* one for each instance that may be new */
	struct vrrp_generation *generation;
};

static void
preparation_free(struct vrrp_shell *shell, struct preparation *prep)
{
	for (size_t i = 0; i < prep->n; i++) {
		vrrp_ties_free(shell, &prep->ties[i]);
		free(prep->spare[i]);
	}
	free(prep->ties);
	free(prep->spare);
	free(prep->generation);
}

/* Instances of all configurations in use, and of this one. */
static size_t
count_instances(const struct vrrp_shell *shell, const struct vrrp_model *model)
{
	const struct vrrp_generation *generation;
	size_t n = model->n_instances;

	if (shell->current != NULL)
		n += shell->current->router.n_instances;
	TAILQ_FOREACH (generation, &shell->retired, next)
		n += generation->router.n_instances;
	return n;
}

static size_t
count_addresses(const struct vrrp_router *router)
{
	size_t n = 0;

	for (size_t i = 0; i < router->n_instances; i++)
		n += vrrp_local_of(router->instances[i])->ties.n_addresses;
	return n;
}

/* Room for the steps of the worst single turn: everything taken and everything released. */
static int
reserve(struct vrrp_shell *shell, const struct vrrp_model *model)
{
	const struct vrrp_generation *generation;
	size_t n = 1;

	for (size_t i = 0; i < model->n_instances; i++)
		n += model->instances[i].n_addresses + model->instances[i].n_excluded;
	if (shell->current != NULL)
		n += count_addresses(&shell->current->router);
	TAILQ_FOREACH (generation, &shell->retired, next)
		n += count_addresses(&generation->router);
	int err = address_plan_reserve(&shell->plan, 2 * n);

	return err != 0 ? err : vrrp_timers_reserve(&shell->timers, count_instances(shell, model));
}

static int
prepare(struct vrrp_shell *shell, const struct vrrp_model *model, struct preparation *prep)
{
	size_t n = model->n_instances;
	int err = reserve(shell, model);

	prep->ties = calloc(n > 0 ? n : 1, sizeof(*prep->ties));
	prep->spare = calloc(n > 0 ? n : 1, sizeof(struct vrrp_local *));
	prep->generation = calloc(1, sizeof(*prep->generation));
	if (err != 0 || prep->ties == NULL || prep->spare == NULL || prep->generation == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		prep->n = i + 1;
		prep->spare[i] = calloc(1, sizeof(struct vrrp_local));
		if (prep->spare[i] == NULL)
			return -ENOMEM;
		err = vrrp_ties_make(shell, &model->instances[i], &prep->ties[i]);
		if (err != 0)
			return err;
	}
	return 0;
}

static bool
names_equal(const char *a, const char *b)
{
	return strncmp(a, b, VRRP_NAME_MAX) == 0;
}

/*
 * May the instance go on as active after a crash of the room? Only while no peer can have lost
 * patience: the last advert was at most one interval before the end.
 */
static bool
may_resume(struct vrrp_local *local, hf_time now)
{
	const struct hf_room_hello *hello = hf_room_hello(local->shell->room);
	const struct vrrp_instance_model *model = local->inst->model;
	enum vrrp_state state = vrrp_memory_take_state(local->shell, model->name);

	if (!hello->restarted || state != VRRP_ACTIVE || hello->predecessor_end_ns == 0)
		return false;
	int64_t silence_ns = now.ns - hello->predecessor_end_ns + vrrp_advert_ns(model->advert_cs);

	return silence_ns < vrrp_resume_limit_ns(model);
}

static void
start_instance(struct vrrp_local *local, hf_time now)
{
	struct vrrp_event ev = { .type = VRRP_EV_STARTUP };

	vrrp_local_recheck(local, now); /* opens its socket */
	ev.unmet = vrrp_local_unmet(local);
	ev.source = vrrp_local_source(local);
	ev.resume_active = may_resume(local, now);
	if (!ev.resume_active || ev.unmet != 0)
		vrrp_local_strip(local);
	local->started = true;
	vrrp_shell_step(local, &ev, now);
}

void
vrrp_shell_start_instances(struct vrrp_shell *shell, hf_time now)
{
	struct vrrp_router *router = &shell->current->router;

	for (size_t i = 0; i < router->n_instances; i++) {
		struct vrrp_local *local = vrrp_local_of(router->instances[i]);

		if (!local->started)
			start_instance(local, now);
	}
	address_netlink_apply(shell->netlink, &shell->plan);
	vrrp_shell_carry_out(shell, now);
}

/* Those that a reload no longer has: they leave, still following their old model. */
static void
send_away(struct vrrp_shell *shell, struct vrrp_generation *old, hf_time now)
{
	for (size_t i = 0; i < old->router.n_instances; i++) {
		struct vrrp_event ev = { .type = VRRP_EV_SHUTDOWN, .why = VRRP_WHY_DELETED };

		struct vrrp_local *local = vrrp_local_of(old->router.instances[i]);

		vrrp_local_await_successor(local);
		vrrp_shell_step(local, &ev, now);
	}
	vrrp_shell_carry_out(shell, now);
}

static void
adopt(struct vrrp_shell *shell, struct vrrp_generation *next, struct preparation *prep, size_t i,
      hf_time now)
{
	struct vrrp_instance *inst = next->router.instances[i];
	struct vrrp_local *local = vrrp_local_of(inst);

	if (local == NULL) {
		local = prep->spare[i];
		assert(local != NULL);
		prep->spare[i] = NULL;
		local->shell = shell;
		local->inst = inst;
		inst->shell = local;
		local->generation = next;
		vrrp_local_attach(local, &prep->ties[i]);
		return;
	}
	struct vrrp_event ev = { .type = VRRP_EV_MODEL, .model = &next->model->instances[i] };

	local->generation = next;
	vrrp_local_attach(local, &prep->ties[i]);
	if (local->started)
		vrrp_shell_step(local, &ev, now);
	else /* still waiting for its start: nothing has begun */
		inst->model = ev.model;
	vrrp_local_recheck(local, now);
}

static void
retire(struct vrrp_shell *shell, struct vrrp_generation *old, hf_time now)
{
	if (old == NULL)
		return;
	TAILQ_INSERT_TAIL(&shell->retired, old, next);
	send_away(shell, old, now);
	vrrp_shell_retire_done(shell);
}

static void
start_or_wait(struct vrrp_shell *shell, const struct hf_room_config *how, hf_time now)
{
	int64_t delay_ns = shell->current->model->startup_delay_ns;

	if (how->first && delay_ns > 0 && !hf_room_hello(shell->room)->restarted) {
		hf_log(HF_INFO, NULL, "waiting %.3f s before VRRP starts", (double)delay_ns / 1e9);
		hf_timer_set(shell->start_delay, hf_after(now, delay_ns));
		shell->waiting_to_start = true;
	} else if (!shell->waiting_to_start) {
		vrrp_shell_start_instances(shell, now);
	}
}

int
vrrp_shell_apply(struct vrrp_shell *shell, struct vrrp_model *model,
		 const struct hf_room_config *how, char why[512])
{
	struct preparation prep = { 0 };
	struct vrrp_generation *old = shell->current;
	struct vrrp_generation *one;
	size_t n_retired = 0;
	hf_time now = hf_time_now();

	TAILQ_FOREACH (one, &shell->retired, next)
		n_retired++;
	if (n_retired >= VRRP_GENERATIONS_MAX) {
		snprintf(why, 512, "instances removed by %zu earlier reloads are still leaving",
			 n_retired);
		vrrp_model_free(model);
		return EXIT_REFUSED;
	}
	if (prepare(shell, model, &prep) != 0 ||
	    vrrp_router_build(&prep.generation->router, model, old ? &old->router : NULL) != 0) {
		snprintf(why, 512, "not enough memory for %zu VRRP instances", model->n_instances);
		preparation_free(shell, &prep);
		vrrp_model_free(model);
		return EXIT_REFUSED;
	}
	struct vrrp_generation *next = prep.generation;

	prep.generation = NULL;
	next->model = model;
	next->cause = how->cause;
	shell->current = next;
	for (size_t i = 0; i < next->router.n_instances; i++)
		adopt(shell, next, &prep, i, now);
	preparation_free(shell, &prep);
	vrrp_shell_carry_out(shell, now);
	retire(shell, old, now);
	start_or_wait(shell, how, now);
	vrrp_memory_sweep(shell);
	for (size_t i = 0; i < next->router.n_instances; i++)
		vrrp_memory_keep_addresses(vrrp_local_of(next->router.instances[i]));
	return 0;
}

/* Freeing */

static bool
is_configured(const struct vrrp_shell *shell, const char *name)
{
	const struct vrrp_model *model = shell->current->model;

	for (size_t i = 0; i < model->n_instances; i++) {
		if (names_equal(model->instances[i].name, name))
			return true;
	}
	return false;
}

/* Frees the instances of a replaced configuration that are done. */
static void
drop_done(struct vrrp_shell *shell, struct vrrp_generation *generation)
{
	struct vrrp_router *router = &generation->router;
	size_t i = 0;

	while (i < router->n_instances) {
		struct vrrp_instance *inst = router->instances[i];
		struct vrrp_local *local = vrrp_local_of(inst);

		if (!local->done) {
			i++;
			continue;
		}
		vrrp_notify_end(shell->notify, inst, true, local->last_change,
				generation->model->fifo);
		if (!is_configured(shell, inst->model->name))
			vrrp_memory_forget_state(shell, inst->model->name);
		vrrp_local_free(local);
		vrrp_router_drop(router, inst);
	}
}

void
vrrp_shell_retire_done(struct vrrp_shell *shell)
{
	struct vrrp_generation *generation = TAILQ_FIRST(&shell->retired);

	while (generation != NULL) {
		struct vrrp_generation *next = TAILQ_NEXT(generation, next);

		drop_done(shell, generation);
		if (generation->router.n_instances == 0) {
			TAILQ_REMOVE(&shell->retired, generation, next);
			vrrp_generation_free(shell, generation);
		}
		generation = next;
	}
}

void
vrrp_generation_free(struct vrrp_shell *shell, struct vrrp_generation *generation)
{
	if (generation == NULL)
		return;
	for (size_t i = 0; i < generation->router.n_instances; i++)
		vrrp_local_free(vrrp_local_of(generation->router.instances[i]));
	vrrp_router_free(&generation->router);
	vrrp_model_free(generation->model);
	free(generation);
}

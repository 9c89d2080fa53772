/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion of global_defs: the host's name, the FIFOs, start and stop scripts, garp defaults. */
#include <string.h>
#include <unistd.h>

#include "config/draft.h"
#include "config/script_resolve.h"

static int64_t
otherwise(int64_t value, int64_t fallback)
{
	return value != DRAFT_UNSET ? value : fallback;
}

static void
complete_garp(struct global_draft *global)
{
	struct garp_draft *garp = &global->garp;

	garp->master_delay_ms = otherwise(garp->master_delay_ms, global->min_garp ? 0 : 5000);
	garp->master_repeat = otherwise(garp->master_repeat, global->min_garp ? 1 : 5);
	garp->master_refresh_ms = otherwise(garp->master_refresh_ms, 0);
	garp->master_refresh_repeat = otherwise(garp->master_refresh_repeat, 1);
	garp->lower_prio_delay_ms = otherwise(garp->lower_prio_delay_ms, garp->master_delay_ms);
	garp->lower_prio_repeat = otherwise(garp->lower_prio_repeat, garp->master_repeat);
}

static void
complete_router_id(struct conf_completion *c, struct global_draft *global)
{
	char name[256] = "localhost";

	if (!global->router_id) {
		if (c->check_system && gethostname(name, sizeof(name)) != 0)
			strcpy(name, "localhost");
		name[sizeof(name) - 1] = '\0';
		global->router_id = conf_arena_str(c->arena, name);
	}
	global->model.router_id = global->router_id;
}

static void
complete_fifo(struct conf_completion *c, enum fifo_kind kind)
{
	static const char *const names[FIFO_KINDS] = { "notify_fifo", "vrrp_notify_fifo",
						       "lvs_notify_fifo" };
	struct fifo_draft *fifo = &c->draft->global.fifos[kind];
	const char *keyword = conf_arena_printf(c->arena, "%s_script", names[kind]);

	if (fifo->path.command && fifo->path.command[0] != '/')
		conf_diag(c->diags, CONF_ERROR, fifo->path.place, "fifo-path",
			  "expected an absolute path", "%s \"%s\" is not an absolute path",
			  names[kind], fifo->path.command);
	if (fifo->path.command &&
	    script_resolve_owner(c, names[kind], &fifo->path, &fifo->exact.uid, &fifo->exact.gid))
		fifo->exact.path = fifo->path.command;
	if (fifo->script.command && !fifo->path.command)
		conf_diag(c->diags, CONF_WARNING, fifo->script.place, "fifo-script-alone", NULL,
			  "%s has no effect without %s", keyword, names[kind]);
	else
		script_resolve(c, keyword, &fifo->script, &fifo->exact.script);
}

void
global_complete(struct conf_completion *c)
{
	struct global_draft *global = &c->draft->global;

	complete_router_id(c, global);
	complete_garp(global);
	c->scripts = script_resolver_new(c);
	script_resolve(c, "startup_script", &global->startup_script, &global->model.startup_script);
	script_resolve(c, "shutdown_script", &global->shutdown_script,
		       &global->model.shutdown_script);
	global->model.startup_script_line = global->startup_script.command;
	for (enum fifo_kind kind = FIFO_ALL; kind < FIFO_KINDS; kind++)
		complete_fifo(c, kind);
	bool all = global->fifos[FIFO_ALL].exact.path != NULL;

	global->vrrp_fifo = all || global->fifos[FIFO_VRRP].exact.path;
	global->lvs_fifo = all || global->fifos[FIFO_LVS].exact.path;
}

struct global_model *
global_assemble(struct conf_draft *draft, struct conf_arena *arena)
{
	struct global_model *model = conf_arena_alloc(arena, sizeof(*model));

	*model = draft->global.model;
	return model;
}

struct runner_model *
runner_assemble(struct conf_draft *draft, struct conf_arena *arena)
{
	struct runner_model *model = conf_arena_alloc(arena, sizeof(*model));

	for (enum fifo_kind kind = FIFO_ALL; kind < FIFO_KINDS; kind++)
		model->fifos[kind] = draft->global.fifos[kind].exact;
	model->allowed = draft->global.allowed;
	model->n_allowed = draft->global.n_allowed;
	return model;
}

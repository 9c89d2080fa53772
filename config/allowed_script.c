/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scripts that the runner may run: collected from the models of the rooms that ask for them,
 * in the order in which they are looked up, and as lines of the runner's plain text. Elsewhere:
 * whether a job is one of them (runner/runner_allow.c).
 */
#include <stdlib.h>
#include <string.h>

#include "config/draft.h"
#include "config/print.h"

static const char *const asker_names[SCRIPT_ASKERS] = { "vrrp", "vrrp_words", "checker" };

int
allowed_script_compare(const struct allowed_script *a, const struct allowed_script *b)
{
	const struct script_model *x = &a->script, *y = &b->script;
	int order = 0;

	if (a->asker != b->asker)
		return a->asker < b->asker ? -1 : 1;
	if (x->argc != y->argc)
		return x->argc < y->argc ? -1 : 1;
	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	for (size_t i = 0; i < x->argc && order == 0; i++)
		order = strcmp(x->argv[i], y->argv[i]);
	return order;
}

static int
compare_items(const void *a, const void *b)
{
	return allowed_script_compare(a, b);
}

/* --- from the rooms' models --- */

struct collection {
	struct conf_arena *arena;
	struct allowed_script *items;
	size_t n;
};

static void
add(struct collection *all, enum script_asker asker, const struct script_model *script)
{
	if (script->argc == 0)
		return;
	all->items = conf_arena_grow(all->arena, all->items, all->n, sizeof(*all->items));
	all->items[all->n++] = (struct allowed_script){ asker, *script };
}

static void
add_notify(struct collection *all, const struct vrrp_notify_model *notify)
{
	add(all, SCRIPT_OF_VRRP, &notify->master);
	add(all, SCRIPT_OF_VRRP, &notify->backup);
	add(all, SCRIPT_OF_VRRP, &notify->fault);
	add(all, SCRIPT_OF_VRRP, &notify->stop);
	add(all, SCRIPT_OF_VRRP, &notify->deleted);
	add(all, SCRIPT_OF_VRRP, &notify->master_rx_lower_pri);
	add(all, SCRIPT_OF_VRRP_WORDS, &notify->any);
}

static void
add_virtual(struct collection *all, const struct virtual_server_model *vs)
{
	add(all, SCRIPT_OF_CHECKER, &vs->quorum_up);
	add(all, SCRIPT_OF_CHECKER, &vs->quorum_down);
	for (size_t i = 0; i < vs->n_real; i++) {
		add(all, SCRIPT_OF_CHECKER, &vs->real[i].notify_up);
		add(all, SCRIPT_OF_CHECKER, &vs->real[i].notify_down);
	}
}

/* Sorts, and leaves out what is there twice. Returns how many remain. */
static size_t
sort_once(struct allowed_script *items, size_t n)
{
	size_t kept = 0;

	if (n == 0)
		return 0;
	qsort(items, n, sizeof(*items), compare_items);
	for (size_t i = 1; i < n; i++) {
		if (allowed_script_compare(&items[kept], &items[i]) != 0)
			items[++kept] = items[i];
	}
	return kept + 1;
}

void
runner_allow_scripts(struct runner_model *model, const struct vrrp_model *vrrp,
		     const struct checker_model *checker, struct conf_arena *arena)
{
	struct collection all = { .arena = arena };

	for (size_t i = 0; i < vrrp->n_instances; i++)
		add_notify(&all, &vrrp->instances[i].notify);
	for (size_t i = 0; i < vrrp->n_groups; i++)
		add_notify(&all, &vrrp->groups[i].notify);
	for (size_t i = 0; i < checker->n_virtual; i++)
		add_virtual(&all, &checker->virtual_servers[i]);
	model->n_allowed = sort_once(all.items, all.n);
	model->allowed = all.items;
}

/* --- as plain text --- */

void
allowed_script_read(struct conf_walk *walk, const struct conf_node *node, void *target)
{
	struct global_draft *global = target;
	struct allowed_script read = { .script.argc = 0 };
	struct script_slot slots[SCRIPT_ASKERS];

	for (unsigned int i = 0; i < SCRIPT_ASKERS; i++) {
		slots[i] = (struct script_slot){ asker_names[i],
						 offsetof(struct allowed_script, script) };
		if (strcmp(node->words[1].text, asker_names[i]) == 0)
			read.asker = (enum script_asker)i;
	}
	script_exec_read(walk, node, &read, slots, SCRIPT_ASKERS);
	if (read.script.argc == 0)
		return; /* said already */
	const struct allowed_script *last =
		global->n_allowed > 0 ? &global->allowed[global->n_allowed - 1] : NULL;

	if (last != NULL && allowed_script_compare(last, &read) >= 0) {
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "value-unknown", NULL,
			  "allow of %s is out of order", read.script.argv[0]);
		return;
	}
	global->allowed = conf_arena_grow(walk->arena, global->allowed, global->n_allowed,
					  sizeof(*global->allowed));
	global->allowed[global->n_allowed++] = read;
}

void
allowed_script_print(FILE *out, const char *indent, const struct allowed_script *allowed)
{
	fprintf(out, "%sallow %s %u %u", indent, asker_names[allowed->asker],
		(unsigned int)allowed->script.uid, (unsigned int)allowed->script.gid);
	for (size_t i = 0; i < allowed->script.argc; i++) {
		fputc(' ', out);
		conf_print_word(out, allowed->script.argv[i]);
	}
	fputc('\n', out);
}

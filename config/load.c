/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From text to models: reading, walking the tables, completing, assembling. The same tables read
 * what the printers wrote for the rooms; that text is complete, so no rule is applied to it.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/draft.h"

struct conf *
conf_load(const struct conf_options *options, struct conf_diags *diags)
{
	const struct conf_read_options read = {
		.path = options->path,
		.text = options->text,
		.text_len = options->text_len,
		.config_id = options->config_id,
		.strict_include = options->strict_include,
	};
	struct conf_arena *arena = conf_arena_new();
	struct conf_draft *draft = conf_arena_alloc(arena, sizeof(*draft));
	struct conf_completion completion = {
		.draft = draft,
		.diags = diags,
		.arena = arena,
		.scratch = conf_arena_new(),
		.check_system = options->check_system,
	};
	struct conf *conf = conf_arena_alloc(arena, sizeof(*conf));

	conf_draft_init(draft);
	struct conf_walk *walk = conf_walk_new(diags, arena, &completion, &conf_root_block, draft);
	bool whole = conf_read(&read, diags, conf_walk_root, walk);

	conf_walk_end(walk);
	conf_arena_free(completion.scratch);
	/* What is not all there would only be blamed for what it lacks. */
	if (whole) {
		global_complete(&completion);
		vrrp_complete(&completion);
		checker_complete(&completion);
		vrrp_check(&completion);
	}
	if (!whole || conf_diags_worst(diags) >= CONF_ERROR) {
		conf_arena_free(arena);
		return NULL;
	}
	conf->global = global_assemble(draft, arena);
	conf->vrrp = vrrp_assemble(draft, arena);
	conf->checker = checker_assemble(draft, arena);
	conf->runner = runner_assemble(draft, arena);
	runner_allow_scripts(conf->runner, conf->vrrp, conf->checker, arena);
	conf->arena = arena;
	return conf;
}

void
conf_free(struct conf *conf)
{
	if (conf)
		conf_arena_free(conf->arena);
}

/* The first error as one line, for a room that cannot say more than "this is not acceptable". */
static void
tell_why(struct conf_diags *diags, char why[512])
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		snprintf(why, 512, "no memory");
		return;
	}
	conf_diags_print(diags, out, false);
	if (fclose(out) == 0 && text)
		snprintf(why, 512, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
}

struct conf_arena *
conf_read_plain(const char *text, size_t len, struct conf_draft **draft, char why[512])
{
	const struct conf_read_options read = {
		.path = "model",
		.text = text,
		.text_len = len,
		.plain = true,
	};
	struct conf_diags *diags = conf_diags_new();
	struct conf_arena *arena = conf_arena_new();
	struct conf_completion completion = {
		.diags = diags,
		.arena = arena,
		.scratch = conf_arena_new(),
		.plain = true,
	};

	*draft = conf_arena_alloc(arena, sizeof(**draft));
	completion.draft = *draft;
	conf_draft_init(*draft);
	struct conf_walk *walk = conf_walk_new(diags, arena, &completion, &conf_root_block, *draft);

	walk->plain = true;
	bool whole = conf_read(&read, diags, conf_walk_root, walk);

	conf_walk_end(walk);
	conf_arena_free(completion.scratch);
	if (whole)
		vrrp_group_complete(&completion);
	if (!whole || conf_diags_worst(diags) >= CONF_ERROR) {
		tell_why(diags, why);
		conf_arena_free(arena);
		arena = NULL;
	}
	conf_diags_free(diags);
	return arena;
}

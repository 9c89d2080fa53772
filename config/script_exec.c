/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts in the plain text that rooms receive: "exec KEYWORD UID GID WORD...", because
 * keepalived's own form names users, which a room need not be able to look up, and does not carry
 * every word.
 */
#include <string.h>

#include "config/draft.h"

void
script_exec_read(struct conf_walk *walk, const struct conf_node *node, void *target,
		 const struct script_slot *slots, size_t n_slots)
{
	uint64_t uid, gid;
	size_t at = 0;

	while (at < n_slots && strcmp(slots[at].keyword, node->words[1].text) != 0)
		at++;
	if (at == n_slots || node->n_words - 4 > SCRIPT_ARGS_MAX) {
		conf_diag(walk->diags, CONF_ERROR, conf_node_place(node, 1), "value-unknown", NULL,
			  "exec of %s with %zu words is not possible here", node->words[1].text,
			  node->n_words - 4);
		return;
	}
	if (!conf_word_uint(walk, node, 2, "uid", 0, UINT32_MAX, &uid) ||
	    !conf_word_uint(walk, node, 3, "gid", 0, UINT32_MAX, &gid))
		return;
	struct script_model *script = (void *)((char *)target + slots[at].offset);
	size_t argc = node->n_words - 4;
	const char **argv = conf_arena_alloc(walk->arena, (argc + 1) * sizeof(*argv));

	for (size_t i = 0; i < argc; i++)
		argv[i] = conf_arena_str(walk->arena, node->words[i + 4].text);
	*script = (struct script_model){
		.argc = argc,
		.argv = argv,
		.uid = (uid_t)uid,
		.gid = (gid_t)gid,
	};
}

void
script_exec_print(FILE *out, const char *indent, const char *keyword,
		  const struct script_model *script)
{
	if (script->argc == 0)
		return;
	fprintf(out, "%sexec %s %u %u", indent, keyword, (unsigned int)script->uid,
		(unsigned int)script->gid);
	for (size_t i = 0; i < script->argc; i++) {
		fputc(' ', out);
		conf_print_word(out, script->argv[i]);
	}
	fputc('\n', out);
}

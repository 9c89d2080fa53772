/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runner's model as plain text and back: FIFOs, and the scripts that it may run. */
#include "config/draft.h"
#include "config/print.h"

struct runner_model *
runner_model_read(const char *text, size_t len, char why[512])
{
	struct conf_draft *draft;
	struct conf_arena *arena = conf_read_plain(text, len, &draft, why);
	struct runner_model *model = arena ? runner_assemble(draft, arena) : NULL;

	if (model)
		model->arena = arena;
	return model;
}

void
runner_model_free(struct runner_model *model)
{
	if (model && model->arena)
		conf_arena_free(model->arena);
}

void
runner_model_print(const struct runner_model *model, FILE *out)
{
	static const char *const scripts[FIFO_KINDS] = { "notify_fifo_script",
							 "vrrp_notify_fifo_script",
							 "lvs_notify_fifo_script" };

	fputs("global_defs {\n", out);
	for (unsigned int kind = 0; kind < FIFO_KINDS; kind++) {
		const struct fifo_model *fifo = &model->fifos[kind];

		if (fifo->path) {
			fprintf(out, "\tfifo %u %u %u ", kind, (unsigned int)fifo->uid,
				(unsigned int)fifo->gid);
			conf_print_word(out, fifo->path);
			fputc('\n', out);
		}
		script_exec_print(out, "\t", scripts[kind], &fifo->script);
	}
	for (size_t i = 0; i < model->n_allowed; i++)
		allowed_script_print(out, "\t", &model->allowed[i]);
	fputs("}\n", out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checker room's model: reading it from plain text, comparing checks, giving it back. */
#include "config/checker_model.h"

#include <string.h>

#include "config/draft.h"
#include "config/model_equal.h"

struct checker_model *
checker_model_read(const char *text, size_t len, char why[512])
{
	struct conf_draft *draft;
	struct conf_arena *arena = conf_read_plain(text, len, &draft, why);
	struct checker_model *model = arena ? checker_assemble(draft, arena) : NULL;

	if (model)
		model->arena = arena;
	return model;
}

void
checker_model_free(struct checker_model *model)
{
	/* The model itself lives in its arena; a part of struct conf has none of its own. */
	if (model && model->arena)
		conf_arena_free(model->arena);
}

static bool
urls_equal(const struct check_model *a, const struct check_model *b)
{
	if (a->n_urls != b->n_urls)
		return false;
	for (size_t i = 0; i < a->n_urls; i++) {
		const struct check_url *x = &a->urls[i], *y = &b->urls[i];

		if (!text_equal(x->path, y->path) || !text_equal(x->virtualhost, y->virtualhost) ||
		    x->has_digest != y->has_digest ||
		    (x->has_digest && memcmp(x->digest, y->digest, sizeof(x->digest)) != 0) ||
		    memcmp(&x->status, &y->status, sizeof(x->status)) != 0)
			return false;
	}
	return true;
}

static bool
target_equal(const struct check_model *a, const struct check_model *b)
{
	return hf_addr_equal(&a->connect_addr, &b->connect_addr) &&
	       a->connect_port == b->connect_port && hf_addr_equal(&a->bind_addr, &b->bind_addr) &&
	       a->bind_port == b->bind_port && strcmp(a->bind_if, b->bind_if) == 0 &&
	       a->fwmark == b->fwmark;
}

bool
check_model_equal(const struct check_model *a, const struct check_model *b)
{
	return a->type == b->type && target_equal(a, b) &&
	       a->connect_timeout_ns == b->connect_timeout_ns &&
	       a->delay_loop_ns == b->delay_loop_ns &&
	       a->delay_before_retry_ns == b->delay_before_retry_ns &&
	       a->warmup_ns == b->warmup_ns && a->retry == b->retry && a->alpha == b->alpha &&
	       a->http_version == b->http_version && a->http_close == b->http_close &&
	       a->fast_recovery == b->fast_recovery && urls_equal(a, b);
}

bool
script_model_equal(const struct script_model *a, const struct script_model *b)
{
	if (a->argc != b->argc)
		return false;
	if (a->argc == 0)
		return true; /* no script: nobody runs it as anybody */
	for (size_t i = 0; i < a->argc; i++) {
		if (strcmp(a->argv[i], b->argv[i]) != 0)
			return false;
	}
	return a->uid == b->uid && a->gid == b->gid;
}

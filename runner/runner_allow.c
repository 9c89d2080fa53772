/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs and FIFO lines held against the configuration. Elsewhere: refusing them (runner_main.c). */
#include "runner/runner_allow.h"

#include <stdlib.h>
#include <string.h>

#include "runner/runner_fifo.h"

#define NAME_BYTES_MAX 63 /* of an instance's or group's name */
#define WORD_BYTES_MAX 63 /* of a state or reason */
#define PRIORITY_MAX   255

static const char upper_case[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
static const char word_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/* At least min and at most max bytes, all of them of the set? */
static bool
is_made_of(const char *text, const char *set, size_t min, size_t max)
{
	size_t len = strlen(text);

	return len >= min && len <= max && strspn(text, set) == len;
}

static bool
is_name(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return len > 0 && len <= NAME_BYTES_MAX;
}

static bool
are_notify_words(const char *const words[RUNNER_NOTIFY_WORDS])
{
	return (strcmp(words[0], "INSTANCE") == 0 || strcmp(words[0], "GROUP") == 0) &&
	       is_name(words[1]) && is_made_of(words[2], upper_case, 1, WORD_BYTES_MAX) &&
	       is_made_of(words[3], "0123456789", 1, 3) &&
	       strtoul(words[3], NULL, 10) <= PRIORITY_MAX;
}

static int
compare_items(const void *a, const void *b)
{
	return allowed_script_compare(a, b);
}

/* The first argc words of the job are a script of that kind? */
static bool
is_configured(const struct runner_model *model, enum script_asker asker,
	      const struct runner_job *job, size_t argc)
{
	const struct allowed_script wanted = {
		.asker = asker,
		.script = { .argc = argc, .argv = job->argv, .uid = job->uid, .gid = job->gid },
	};

	return model->n_allowed > 0 && bsearch(&wanted, model->allowed, model->n_allowed,
					       sizeof(wanted), compare_items) != NULL;
}

bool
runner_allow_job(const struct runner_model *model, enum hf_room_kind from,
		 const struct runner_job *job)
{
	if (!is_made_of(job->prev_state, word_bytes, 0, WORD_BYTES_MAX) ||
	    !is_made_of(job->reason, word_bytes, 0, WORD_BYTES_MAX))
		return false;
	if (from == HF_ROOM_CHECKER)
		return is_configured(model, SCRIPT_OF_CHECKER, job, job->argc);
	if (from != HF_ROOM_VRRP)
		return false;
	if (is_configured(model, SCRIPT_OF_VRRP, job, job->argc))
		return true;
	if (job->argc <= RUNNER_NOTIFY_WORDS)
		return false;
	size_t own = job->argc - RUNNER_NOTIFY_WORDS;

	return are_notify_words(job->argv + own) &&
	       is_configured(model, SCRIPT_OF_VRRP_WORDS, job, own);
}

static bool
starts_with(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len > n && memcmp(line, word, n) == 0;
}

bool
runner_allow_line(enum hf_room_kind from, const char *line, size_t len)
{
	if (len == 0 || len > RUNNER_FIFO_LINE_MAX || memchr(line, '\n', len) != line + len - 1 ||
	    memchr(line, '\0', len) != NULL)
		return false;
	if (from == HF_ROOM_CHECKER)
		return starts_with(line, len, "VS ") || starts_with(line, len, "RS ");
	return from == HF_ROOM_VRRP &&
	       (starts_with(line, len, "INSTANCE ") || starts_with(line, len, "GROUP "));
}

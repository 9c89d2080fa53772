/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of trace.h: what nodes did, as lines that a test compares. */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace.h"

__attribute__((format(printf, 2, 3))) static void
say(struct trace *t, const char *format, ...)
{
	va_list args;

	if (t->silent)
		return;
	va_start(args, format);
	if (t->echo) {
		vprintf(format, args);
		va_end(args);
		return;
	}

	int n = vsnprintf(t->text + t->text_len, TRACE_TEXT_MAX - t->text_len, format, args);

	va_end(args);
	assert_true(n >= 0 && (size_t)n < TRACE_TEXT_MAX - t->text_len);
	t->text_len += (size_t)n;
}

static const char *
note_word(enum vrrp_note note)
{
	switch (note) {
	case VRRP_NOTE_RX_LOWER_PRIORITY:
		return "heard lower";
	case VRRP_NOTE_INTERVAL_DIFFERS:
		return "interval differs";
	case VRRP_NOTE_ADDRESSES_DIFFER:
		return "addresses differ";
	case VRRP_NOTE_SAME_ADDRESS:
		return "same address";
	case VRRP_NOTE_TWO_ACTIVE_BEGIN:
		return "two active";
	case VRRP_NOTE_TWO_ACTIVE_END:
		return "one active";
	}
	abort();
}

static void
say_action(struct trace *t, const struct vrrp_action *a)
{
	switch (a->type) {
	case VRRP_DO_ADVERT:
		say(t, "advert %u", a->priority);
		break;
	case VRRP_DO_TAKE:
		say(t, "take");
		break;
	case VRRP_DO_RELEASE:
		say(t, "release");
		break;
	case VRRP_DO_ANNOUNCE:
		say(t, "announce %u", a->repeat);
		break;
	case VRRP_DO_CHANGE:
		say(t, "%s -> %s (%s)", vrrp_state_word(a->from), vrrp_state_word(a->to),
		    vrrp_why_code(a->why));
		break;
	case VRRP_DO_NOTE:
		say(t, "%s", note_word(a->note));
		break;
	case VRRP_DO_DONE:
		say(t, "done");
		break;
	}
}

static void
say_subject(struct trace *t, size_t node, const struct vrrp_instance *inst)
{
	int64_t us = hf_between(t->zero, t->now) / 1000;

	say(t, "[%lld.%06lld] %c", (long long)(us / 1000000), (long long)(us % 1000000),
	    (char)('A' + node));
	if (t->nodes[node].models[t->nodes[node].generation].n_instances > 1)
		say(t, "%zu", trace_index_of(&t->nodes[node], inst) + 1);
	say(t, ":");
}

void
trace_say_step(struct trace *t, size_t node, bool regular)
{
	const struct vrrp_actions *out = &t->actions;

	if (out->n == 0 || (regular && out->n == 1 && out->list[0].type == VRRP_DO_ADVERT))
		return;
	for (size_t i = 0; i < out->n; i++) {
		bool same = i > 0 && out->list[i].inst == out->list[i - 1].inst;

		if (!same) {
			say(t, "%s", i > 0 ? "\n" : "");
			say_subject(t, node, out->list[i].inst);
		}
		say(t, same ? ", " : " ");
		say_action(t, &out->list[i]);
	}
	say(t, "\n");
}

void
trace_say_groups(struct trace *t, size_t node)
{
	struct vrrp_group *groups[2];
	enum vrrp_state from[2];
	size_t n = vrrp_router_groups_changed(&t->nodes[node].router, groups, from, 2);

	for (size_t i = 0; i < n; i++)
		say(t, "           group %s -> %s\n", vrrp_state_word(from[i]),
		    vrrp_state_word(groups[i]->state));
}

void
trace_forget(struct trace *t)
{
	t->text_len = 0;
	t->text[0] = '\0';
}

void
trace_compare(struct trace *t, const char *expected, const char *file, int line)
{
	if (strcmp(t->text, expected) != 0) {
		print_error("expected:\n%sgot:\n%s", expected, t->text);
		_fail(file, line);
	}
	trace_forget(t);
}

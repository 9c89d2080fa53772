/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small configuration built in C, a virtual clock, and what the engine did as text. One virtual
 * server "V", real servers "a", "b", ..., sorry server "S"; each test changes the models before
 * bench_start(). Include this once in a test program: it stands in for the two functions of config/
 * that checker_table.c needs.
 */
#ifndef CHECKER_BENCH_H
#define CHECKER_BENCH_H

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checker/checker_table.h"

#define BENCH_REALS  4
#define BENCH_CHECKS 2
#define BENCH_URLS   3

struct bench_config {
	struct checker_model model;
	struct virtual_server_model vs;
	struct real_server_model reals[BENCH_REALS];
	struct check_model checks[BENCH_REALS][BENCH_CHECKS];
	struct check_url urls[BENCH_URLS];
};

struct bench {
	struct bench_config config; /* of the table in force */
	struct bench_config next;   /* for bench_reload() */
	struct checker_table table;
	struct checker_actions actions;
	hf_time now;
	char trace[4096];
};

void
checker_model_free(struct checker_model *model)
{
}

bool
check_model_equal(const struct check_model *a, const struct check_model *b)
{
	return a->type == b->type && a->connect_port == b->connect_port && a->retry == b->retry &&
	       a->delay_loop_ns == b->delay_loop_ns && a->alpha == b->alpha &&
	       a->n_urls == b->n_urls;
}

static struct hf_addr
bench_addr(uint8_t last)
{
	return (struct hf_addr){ .family = AF_INET, .bytes = { 192, 0, 2, last } };
}

/* Pointers inside the configuration, made anew after it was copied. */
static void
bench_tie(struct bench_config *c)
{
	for (size_t i = 0; i < BENCH_REALS; i++) {
		c->reals[i].checks = c->checks[i];
		for (size_t k = 0; k < BENCH_CHECKS; k++)
			c->checks[i][k].urls = c->urls;
	}
	c->vs.real = c->reals;
	c->model.virtual_servers = &c->vs;
}

/* n real servers of weight 1 with a TCP check each: every 10 s, 2 retries 3 s apart. */
static void
bench_init(struct bench *b, size_t n)
{
	struct bench_config *c = &b->config;

	memset(b, 0, sizeof(*b));
	b->now = (hf_time){ HF_SECONDS(100) };
	c->model.n_virtual = 1;
	c->vs = (struct virtual_server_model){ .name = "V",
					       .family = AF_INET,
					       .protocol = 6,
					       .addr = bench_addr(100),
					       .port = 80,
					       .scheduler = "rr",
					       .quorum = 1,
					       .n_real = n };
	for (size_t i = 0; i < BENCH_REALS; i++) {
		struct real_server_model *real = &c->reals[i];

		snprintf(real->name, sizeof(real->name), "%c", (char)('a' + i));
		real->addr = bench_addr((uint8_t)(i + 1));
		real->port = 80;
		real->weight = 1;
		real->n_checks = 1;
		for (uint16_t k = 0; k < BENCH_CHECKS; k++)
			c->checks[i][k] = (struct check_model){
				.connect_port = (uint16_t)(80 + k),
				.delay_loop_ns = HF_SECONDS(10),
				.delay_before_retry_ns = HF_SECONDS(3),
				.retry = 2,
			};
	}
	snprintf(c->vs.sorry.name, sizeof(c->vs.sorry.name), "S");
	c->vs.sorry.addr = bench_addr(99);
	c->vs.sorry.port = 80;
	c->vs.sorry.weight = 1;
	bench_tie(c);
}

static void
bench_say(struct bench *b, const char *fmt, ...)
{
	size_t len = strlen(b->trace);
	va_list args;

	va_start(args, fmt);
	vsnprintf(b->trace + len, sizeof(b->trace) - len, fmt, args);
	va_end(args);
}

static void
bench_print(struct bench *b, const struct checker_action *a)
{
	const char *from = checker_verdict_word(a->from), *to = checker_verdict_word(a->to);
	const char *real = a->real ? a->real->model->name : "";

	switch (a->type) {
	case CHECKER_DO_RETRYING:
		bench_say(b, "retry %s %u; ", real, a->check->failures);
		break;
	case CHECKER_DO_CHECK_CHANGE:
		break; /* said by what follows */
	case CHECKER_DO_REAL_CHANGE:
		bench_say(b, "%s %s->%s; ", real, from, to);
		break;
	case CHECKER_DO_REAL_HOOKS:
		bench_say(b, "notify %s %s; ", real, to);
		break;
	case CHECKER_DO_QUORUM_CHANGE:
		bench_say(b, "quorum %s->%s; ", from, to);
		break;
	case CHECKER_DO_QUORUM_HOOKS:
		bench_say(b, "quorum notify %s; ", to);
		break;
	case CHECKER_DO_SERVICE:
		bench_say(b, "service; ");
		break;
	case CHECKER_DO_SERVICE_GONE:
		bench_say(b, "service gone; ");
		break;
	case CHECKER_DO_DEST:
		bench_say(b, "put %s %d; ", a->dest->name, a->weight);
		break;
	case CHECKER_DO_DEST_GONE:
		bench_say(b, "take %s; ", a->dest->name);
		break;
	}
}

/* The trace since the last call, compared and emptied. */
static HF_UNUSED void
bench_expect(struct bench *b, const char *want)
{
	size_t len = strlen(b->trace);

	while (len > 0 && b->trace[len - 1] == ' ')
		b->trace[--len] = '\0';
	assert_string_equal(b->trace, want);
	b->trace[0] = '\0';
}

static void
bench_drain(struct bench *b)
{
	for (size_t i = 0; i < b->actions.n; i++)
		bench_print(b, &b->actions.list[i]);
	b->actions.n = 0;
}

static void
bench_begin(struct bench *b, struct checker_virtual *old)
{
	assert_int_equal(checker_actions_reserve(&b->actions, (size_t)2 * BENCH_REALS), 0);
	checker_virtual_begin(&b->table.virtuals[0], old, b->config.model.rs_init_notifies,
			      &b->actions);
	bench_drain(b);
}

static void
bench_start(struct bench *b)
{
	assert_int_equal(checker_table_build(&b->table, &b->config.model), 0);
	bench_begin(b, NULL);
}

/* To be called before the next configuration is edited. */
static HF_UNUSED struct bench_config *
bench_edit(struct bench *b)
{
	b->next = b->config;
	bench_tie(&b->next);
	return &b->next;
}

static HF_UNUSED void
bench_reload(struct bench *b)
{
	static struct bench_config before; /* the old table's models, until it is freed */
	struct checker_table next, old = b->table;

	before = b->config;
	bench_tie(&before);
	for (size_t i = 0; i < old.n_reals; i++) {
		old.reals[i].model = &before.reals[i];
		for (size_t k = 0; k < before.reals[i].n_checks; k++)
			old.reals[i].checks[k].model = &before.checks[i][k];
	}
	old.virtuals[0].model = &before.vs;
	old.model = &before.model;
	b->config = b->next;
	bench_tie(&b->config);
	assert_int_equal(checker_table_build(&next, &b->config.model), 0);
	checker_table_carry_over(&next, &old);
	b->table = next;
	if (!old.virtuals[0].moved) {
		checker_virtual_end(&old.virtuals[0], &b->actions);
		bench_drain(b);
	}
	bench_begin(b, next.olds[0]);
	checker_table_free(&old);
}

static HF_UNUSED void
bench_end(struct bench *b)
{
	checker_table_free(&b->table);
	checker_actions_free(&b->actions);
}

/* A check of the real server (by its letter) ends now. Returns the wait for its next run. */
static int64_t
bench_result(struct bench *b, char real, size_t check, enum checker_result result)
{
	struct checker_check *c = &b->table.virtuals[0].reals[real - 'a'].checks[check];
	struct checker_report report = { .result = result, .latency_ns = HF_MILLIS(1) };
	hf_time due = checker_handle_result(c, &report, b->now, &b->actions);
	int64_t wait_ns = hf_between(b->now, due);

	bench_drain(b);
	b->now = hf_after(b->now, HF_MILLIS(1));
	return wait_ns;
}

#define bench_good(b, real) bench_result(b, real, 0, CHECKER_RESULT_CONNECTED)
#define bench_bad(b, real)  bench_result(b, real, 0, CHECKER_RESULT_REFUSED)

#endif

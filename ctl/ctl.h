/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's command: what its subcommands share. */
#ifndef CTL_H
#define CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/hf_base.h"

#define CTL_LINE_MAX   (256u << 20) /* bytes of one answer */
#define CTL_ANSWER_S   60           /* how long an answer may take */
#define CTL_TIME_MAX   40
#define CTL_CAUSES_MAX 64 /* length of a chain of causes */

enum ctl_exit {
	CTL_DONE = 0,
	CTL_FAILED = 1,
	CTL_USAGE = 2,
	CTL_UNREACHABLE = 5, /* the daemon does not run, or this user may not talk to it */
};

struct ctl {
	const char *run_dir;
	bool colour; /* stdout is a terminal and NO_COLOR is not set */
};

/* One subcommand; argv[0] is its name. Returns an exit status. */
int ctl_status(const struct ctl *ctl, int argc, char *argv[]);
int ctl_events(const struct ctl *ctl, int argc, char *argv[]);
int ctl_why(const struct ctl *ctl, int argc, char *argv[]);
int ctl_check(const struct ctl *ctl, int argc, char *argv[]);
int ctl_reload(const struct ctl *ctl, int argc, char *argv[]);

/* "expected ...": says how the command is used. Returns CTL_USAGE. */
int ctl_usage(const char *text);

/* The conversation with the daemon. */
struct ctl_client;

/* Connects and sends one request (taken over). NULL: unreachable, already said on stderr. */
struct ctl_client *ctl_ask(const struct ctl *ctl, json_t *request);
void ctl_client_free(struct ctl_client *client); /* NULL is fine */

/*
 * The next answer, an object without "error" (new reference). wait_for_ever: events may take long.
 * NULL: the end, or said on stderr; *status is then the exit status.
 */
json_t *ctl_answer(struct ctl_client *client, bool wait_for_ever, int *status);

/* As both together, for commands with one answer. */
json_t *ctl_ask_once(const struct ctl *ctl, json_t *request, int *status);

/* Escape sequences, or "" without colour. */
enum ctl_colour { CTL_PLAIN, CTL_BOLD, CTL_GREEN, CTL_YELLOW, CTL_RED, CTL_DIM };
const char *ctl_colour(bool colour, enum ctl_colour which);

/*
 * Microseconds since 1970 of a point in time in JSON, "2026-11-20T12:00:00.123456Z", as
 * hf_wall_text() writes it. -1: none.
 */
int64_t ctl_time_of(const json_t *value);

/* Local time "2026-11-20 13:00:00.123"; "-" for none. Returns buf. */
const char *ctl_time_text(int64_t wall_us, char buf[CTL_TIME_MAX]);

/* "12s", "3m 5s", "2h 10m", "4d 2h"; "-" for a negative one. Returns buf. */
const char *ctl_span_text(int64_t span_us, char buf[CTL_TIME_MAX]);

/* A member's text; "" when there is none. */
const char *ctl_text(const json_t *object, const char *key);

/* Prints a whole status for people; now_us is the wall clock. */
void ctl_print_status(const json_t *status, bool colour, int64_t now_us, FILE *out);

/* Prints one event as a line. */
void ctl_print_event(const json_t *event, bool colour, FILE *out);

/*
 * Prints the last event about the subject and what led to it, the first cause first. events is an
 * array. Returns false when nothing is known about the subject.
 */
bool ctl_print_why(const json_t *events, const char *subject, bool colour, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines: level, room, subject, text. Levels say whose move it is: error (we failed, act now),
 * warning (someone should look), notice (a state changed), info, debug. A line repeated without
 * another between is counted and said once with the count. The log options are the one process-wide
 * mutable state of this program.
 */
#ifndef HF_LOG_H
#define HF_LOG_H

#include <stdbool.h>

#include "lib/hf_base.h"

enum hf_log_level { HF_ERROR, HF_WARNING, HF_NOTICE, HF_INFO, HF_DEBUG };

struct hf_log_options {
	char room[16];          /* "daemon", "vrrp", ... */
	char suffix[64];        /* instance or namespace, added to the syslog ident; may be "" */
	int facility;           /* syslog facility, LOG_DAEMON by default */
	bool console;           /* to stderr (keepalived's -l with -n) */
	bool syslog;            /* to syslog or the journal */
	enum hf_log_level most; /* the least important level that is logged: HF_INFO; -D HF_DEBUG */
};

/* Longest line; what is longer is cut and ends in "...". */
#define HF_LOG_LINE_MAX 1024

void hf_log_setup(const struct hf_log_options *options);
const struct hf_log_options *hf_log_current(void);

/* Is this level logged now? For callers that would build an expensive text. */
bool hf_log_wants(enum hf_log_level level);

/* subject: the instance or server that the line is about, or NULL. */
void hf_log(enum hf_log_level level, const char *subject, const char *fmt, ...) HF_PRINTF(3, 4);

const char *hf_log_level_name(enum hf_log_level level);

#endif

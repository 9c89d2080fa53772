/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A script as the configuration names it: words to execute and the identity to do so. */
#ifndef SCRIPT_MODEL_H
#define SCRIPT_MODEL_H

#include <stddef.h>
#include <sys/types.h>

#define SCRIPT_ARGS_MAX 64

struct script_model {
	size_t argc; /* 0: no script */
	const char *const *argv;
	uid_t uid;
	gid_t gid;
};

#endif

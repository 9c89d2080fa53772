/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving up what a room does not need. */
#ifndef HF_PRIVILEGE_H
#define HF_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/hf_base.h"

/* The account that rooms without privileges run as when it exists; else "nobody". */
#define HF_PRIVILEGE_USER "holdfast"

/*
 * Keeps the n capabilities (CAP_*, linux/capability.h) in the effective and permitted sets, clears
 * all others and the bounding set, and forbids new ones for good. unprivileged: also become
 * HF_PRIVILEGE_USER (or nobody). Where the process does not have a capability to begin with, it is
 * left out quietly. Returns 0, or -EPERM with one line logged.
 */
int hf_privilege_keep(const int *caps, size_t n, bool unprivileged) HF_MUST_CHECK;

#endif

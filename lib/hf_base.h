/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few macros that every room uses. */
#ifndef HF_BASE_H
#define HF_BASE_H

#include <stddef.h>

#define HF_MUST_CHECK        __attribute__((warn_unused_result))
#define HF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define HF_NORETURN          __attribute__((noreturn))
#define HF_UNUSED            __attribute__((unused))
#define HF_COUNT_OF(array)   (sizeof(array) / sizeof((array)[0]))

/* The room names that stand in logs, on the wire between rooms and in status. */
#define HF_STRINGIFY_(x) #x
#define HF_STRINGIFY(x)  HF_STRINGIFY_(x)

#endif

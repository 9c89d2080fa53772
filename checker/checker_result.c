/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The codes of check results. What follows from them is in checker_verdict.c. */
#include "checker/checker_result.h"

#include <assert.h>
#include <errno.h>

static const struct {
	const char *code, *text;
} results[] = {
#define CHECKER_RESULT_ROW(name, code, text) { code, text },
	CHECKER_RESULTS(CHECKER_RESULT_ROW)
#undef CHECKER_RESULT_ROW
};

const char *
checker_result_code(enum checker_result result)
{
	assert(result < CHECKER_RESULT_KINDS);
	return results[result].code;
}

const char *
checker_result_text(enum checker_result result)
{
	assert(result < CHECKER_RESULT_KINDS);
	return results[result].text;
}

bool
checker_result_good(enum checker_result result)
{
	return result == CHECKER_RESULT_CONNECTED || result == CHECKER_RESULT_ANSWERED;
}

bool
checker_result_counts(enum checker_result result)
{
	return result != CHECKER_RESULT_NONE && result != CHECKER_RESULT_SOCKET_FAILED &&
	       result != CHECKER_RESULT_BIND_FAILED;
}

enum checker_result
checker_result_of_errno(int err)
{
	switch (err) {
	case ECONNREFUSED:
		return CHECKER_RESULT_REFUSED;
	case ETIMEDOUT:
		return CHECKER_RESULT_TIMEOUT;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		return CHECKER_RESULT_UNREACHABLE;
	case ECONNRESET:
	case EPIPE:
		return CHECKER_RESULT_RESET;
	default:
		return CHECKER_RESULT_FAILED;
	}
}

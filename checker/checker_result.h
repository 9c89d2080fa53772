/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a check ended. One list feeds the enum, the log, the status and the manual. */
#ifndef CHECKER_RESULT_H
#define CHECKER_RESULT_H

#include <stdbool.h>

/* Name, code, meaning. */
#define CHECKER_RESULTS(X)                                                                         \
	X(NONE, "none", "the check has not ended yet")                                             \
	X(CONNECTED, "connected", "the connection was accepted")                                   \
	X(ANSWERED, "answered", "the answer is as configured")                                     \
	X(REFUSED, "refused", "the server refused the connection")                                 \
	X(TIMEOUT, "timeout", "nothing came within connect_timeout")                               \
	X(TOO_SLOW, "too-slow", "the whole answer took longer than a check may take")              \
	X(UNREACHABLE, "unreachable", "the network has no way to the server")                      \
	X(RESET, "reset", "the server broke the connection off")                                   \
	X(FAILED, "connection-failed", "the connection failed in another way")                     \
	X(NO_DATA, "no-data", "the server closed without an answer")                               \
	X(BAD_ANSWER, "bad-answer", "the answer is not HTTP")                                      \
	X(HEADERS_TOO_LONG, "headers-too-long", "the answer's header is above 4095 bytes")         \
	X(BODY_TOO_LONG, "body-too-long", "the answer's body is above what a check reads")         \
	X(BAD_STATUS, "bad-status", "the status is not among the configured ones")                 \
	X(DIGEST_DIFFERS, "digest-differs", "the MD5 digest of the body is another one")           \
	X(SOCKET_FAILED, "socket-failed", "this machine could not make the socket; not counted")   \
	X(BIND_FAILED, "bind-failed", "the configured source could not be used; not counted")

enum checker_result {
#define CHECKER_RESULT_ENUM(name, code, text) CHECKER_RESULT_##name,
	CHECKER_RESULTS(CHECKER_RESULT_ENUM)
#undef CHECKER_RESULT_ENUM
		CHECKER_RESULT_KINDS
};

const char *checker_result_code(enum checker_result result);
const char *checker_result_text(enum checker_result result);

/* The server is as it should be. */
bool checker_result_good(enum checker_result result);

/* The result says something about the server; what failed on this machine alone does not. */
bool checker_result_counts(enum checker_result result);

/* What the errno of a connection means. */
enum checker_result checker_result_of_errno(int err);

#endif

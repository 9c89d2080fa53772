# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LIBRARIES += libchecker.a
libchecker_a_SOURCES = \
	checker/check_http.c \
	checker/check_tcp.c \
	checker/checker.h \
	checker/checker_carry.c \
	checker/checker_hooks.c checker/checker_hooks.h \
	checker/checker_main.c \
	checker/checker_memory.c checker/checker_memory.h \
	checker/checker_order.c checker/checker_order.h \
	checker/checker_probe.c checker/checker_probe.h \
	checker/checker_result.c checker/checker_result.h \
	checker/checker_spread.c checker/checker_spread.h \
	checker/checker_state.h \
	checker/checker_status.c \
	checker/checker_table.c checker/checker_table.h \
	checker/checker_verdict.c checker/checker_verdict.h \
	checker/http_packet.c checker/http_packet.h

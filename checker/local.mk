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

if UNIT_TESTS
check_PROGRAMS += \
	tests/unit/checker/test_checker_probe \
	tests/unit/checker/test_checker_spread \
	tests/unit/checker/test_checker_table \
	tests/unit/checker/test_checker_verdict \
	tests/unit/checker/test_http_packet
tests_unit_checker_test_checker_probe_LDADD = \
	libchecker.a libhf.a $(CRYPTO_LIBS) $(EVENT_LIBS) $(CMOCKA_LIBS)
tests_unit_checker_test_checker_spread_LDADD = libchecker.a libhf.a $(CMOCKA_LIBS)
tests_unit_checker_test_checker_table_SOURCES = \
	tests/unit/checker/test_checker_table.c tests/unit/checker/checker_bench.h
tests_unit_checker_test_checker_table_LDADD = libchecker.a libhf.a $(CMOCKA_LIBS)
tests_unit_checker_test_checker_verdict_SOURCES = \
	tests/unit/checker/test_checker_verdict.c tests/unit/checker/checker_bench.h
tests_unit_checker_test_checker_verdict_LDADD = libchecker.a libhf.a $(CMOCKA_LIBS)
tests_unit_checker_test_http_packet_LDADD = libchecker.a libhf.a $(CMOCKA_LIBS)
endif

if FUZZERS
noinst_PROGRAMS += tests/fuzz/fuzz_http
tests_fuzz_fuzz_http_LDADD = libchecker.a libhf.a
tests_fuzz_fuzz_http_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif

EXTRA_DIST += tests/fuzz/corpus-http

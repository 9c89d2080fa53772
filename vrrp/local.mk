# SPDX-License-Identifier: GPL-2.0-or-later
# The election, pure: what the simulator and the fuzzers link.
noinst_LIBRARIES += libvrrp_core.a
libvrrp_core_a_SOURCES = \
	vrrp/vrrp_actions.c \
	vrrp/vrrp_engine.c vrrp/vrrp_engine.h \
	vrrp/vrrp_packet.c vrrp/vrrp_packet.h \
	vrrp/vrrp_reload.c \
	vrrp/vrrp_router.c vrrp/vrrp_router.h \
	vrrp/vrrp_router_build.c \
	vrrp/vrrp_step.c vrrp/vrrp_step.h \
	vrrp/vrrp_timing.c \
	vrrp/vrrp_words.c

if UNIT_TESTS
check_PROGRAMS += \
	tests/unit/vrrp/test_vrrp_engine \
	tests/unit/vrrp/test_vrrp_packet \
	tests/unit/vrrp/test_vrrp_router \
	tests/unit/vrrp/test_vrrp_sim
tests_unit_vrrp_test_vrrp_engine_SOURCES = tests/unit/vrrp/test_vrrp_engine.c \
	tests/unit/vrrp/trace.c tests/unit/vrrp/trace.h
tests_unit_vrrp_test_vrrp_engine_LDADD = libvrrp_core.a libhf.a $(CMOCKA_LIBS)
tests_unit_vrrp_test_vrrp_packet_LDADD = libvrrp_core.a libhf.a $(CMOCKA_LIBS)
tests_unit_vrrp_test_vrrp_router_SOURCES = tests/unit/vrrp/test_vrrp_router.c \
	tests/unit/vrrp/trace.c tests/unit/vrrp/trace.h
tests_unit_vrrp_test_vrrp_router_LDADD = libvrrp_core.a libhf.a $(CMOCKA_LIBS)
tests_unit_vrrp_test_vrrp_sim_SOURCES = tests/unit/vrrp/test_vrrp_sim.c \
	tests/unit/vrrp/trace.c tests/unit/vrrp/trace.h
tests_unit_vrrp_test_vrrp_sim_LDADD = libvrrp_core.a libhf.a $(CMOCKA_LIBS)
endif

if FUZZERS
noinst_PROGRAMS += tests/fuzz/fuzz_vrrp_packet
tests_fuzz_fuzz_vrrp_packet_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_vrrp_packet_LDADD = libvrrp_core.a libhf.a
endif
EXTRA_DIST += tests/fuzz/corpus-vrrp_packet

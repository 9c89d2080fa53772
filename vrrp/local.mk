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

# The room: sockets, kernel tables, scripts.
noinst_LIBRARIES += libvrrp.a
libvrrp_a_SOURCES = \
	vrrp/net/address_netlink.c vrrp/net/address_netlink.h \
	vrrp/net/address_plan.c vrrp/net/address_plan.h \
	vrrp/net/announce.c vrrp/net/announce.h \
	vrrp/net/announce_packet.c vrrp/net/announce_packet.h \
	vrrp/net/conflict.c vrrp/net/conflict.h \
	vrrp/net/conflict_packet.c vrrp/net/conflict_packet.h \
	vrrp/net/arp_watch.c vrrp/net/arp_watch.h \
	vrrp/net/link_monitor.c vrrp/net/link_monitor.h \
	vrrp/net/net_table.c vrrp/net/net_table.h \
	vrrp/vrrp.h \
	vrrp/vrrp_act.c \
	vrrp/vrrp_apply.c \
	vrrp/vrrp_conditions.c \
	vrrp/vrrp_conflict.c \
	vrrp/vrrp_dump.c \
	vrrp/vrrp_dump_json.c \
	vrrp/vrrp_ear.c vrrp/vrrp_ear.h \
	vrrp/vrrp_filter.c vrrp/vrrp_filter.h \
	vrrp/vrrp_main.c \
	vrrp/vrrp_memory.c \
	vrrp/vrrp_notify.c vrrp/vrrp_notify.h \
	vrrp/vrrp_others.c \
	vrrp/vrrp_shell.h \
	vrrp/vrrp_socket.c vrrp/vrrp_socket.h \
	vrrp/vrrp_socket_open.c vrrp/vrrp_socket_open.h \
	vrrp/vrrp_status.c \
	vrrp/vrrp_ties.c \
	vrrp/vrrp_timers.c vrrp/vrrp_timers.h

if UNIT_TESTS
vrrp_trace = tests/unit/vrrp/trace.c tests/unit/vrrp/trace.h tests/unit/vrrp/trace_text.c
check_PROGRAMS += \
	tests/unit/vrrp/test_vrrp_engine \
	tests/unit/vrrp/test_vrrp_life \
	tests/unit/vrrp/test_vrrp_packet \
	tests/unit/vrrp/test_vrrp_router \
	tests/unit/vrrp/test_vrrp_sim
tests_unit_vrrp_test_vrrp_engine_SOURCES = tests/unit/vrrp/test_vrrp_engine.c $(vrrp_trace)
tests_unit_vrrp_test_vrrp_engine_LDADD = libvrrp_core.a libhf.a $(CMOCKA_LIBS)
tests_unit_vrrp_test_vrrp_life_SOURCES = tests/unit/vrrp/test_vrrp_life.c $(vrrp_trace)
tests_unit_vrrp_test_vrrp_life_LDADD = libvrrp_core.a libhf.a $(CMOCKA_LIBS)
tests_unit_vrrp_test_vrrp_packet_LDADD = libvrrp_core.a libhf.a $(CMOCKA_LIBS)
tests_unit_vrrp_test_vrrp_router_SOURCES = tests/unit/vrrp/test_vrrp_router.c $(vrrp_trace)
tests_unit_vrrp_test_vrrp_router_LDADD = libvrrp_core.a libhf.a $(CMOCKA_LIBS)
tests_unit_vrrp_test_vrrp_sim_SOURCES = tests/unit/vrrp/test_vrrp_sim.c $(vrrp_trace)
tests_unit_vrrp_test_vrrp_sim_LDADD = libvrrp_core.a libhf.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/vrrp/test_vrrp_net tests/unit/vrrp/test_vrrp_notify tests/unit/vrrp/test_vrrp_wire
tests_unit_vrrp_test_vrrp_notify_SOURCES = \
	tests/unit/vrrp/test_vrrp_notify.c runner/runner_packet.c vrrp/vrrp_notify.c
tests_unit_vrrp_test_vrrp_notify_LDADD = libvrrp_core.a libhf.a $(CMOCKA_LIBS)
tests_unit_vrrp_test_vrrp_net_LDADD = libvrrp.a libhf.a $(CMOCKA_LIBS)
tests_unit_vrrp_test_vrrp_wire_LDADD = libvrrp.a libhf.a $(CMOCKA_LIBS)
endif

if FUZZERS
noinst_PROGRAMS += tests/fuzz/fuzz_vrrp_packet
tests_fuzz_fuzz_vrrp_packet_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_vrrp_packet_LDADD = libvrrp_core.a libhf.a
endif
EXTRA_DIST += tests/fuzz/corpus-vrrp_packet

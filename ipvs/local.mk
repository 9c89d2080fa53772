# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LIBRARIES += libipvs.a
libipvs_a_SOURCES = \
	ipvs/ipvs.h \
	ipvs/ipvs_apply.c ipvs/ipvs_state.h \
	ipvs/ipvs_drift.c \
	ipvs/ipvs_main.c \
	ipvs/ipvs_netlink.c ipvs/ipvs_netlink.h \
	ipvs/ipvs_packet.c ipvs/ipvs_packet.h \
	ipvs/ipvs_plan.c ipvs/ipvs_plan.h \
	ipvs/ipvs_table.c ipvs/ipvs_table.h

if UNIT_TESTS
check_PROGRAMS += \
	tests/unit/ipvs/test_ipvs_packet \
	tests/unit/ipvs/test_ipvs_plan \
	tests/unit/ipvs/test_ipvs_table

tests_unit_ipvs_test_ipvs_packet_SOURCES = \
	tests/unit/ipvs/ipvs_example.h tests/unit/ipvs/test_ipvs_packet.c
tests_unit_ipvs_test_ipvs_plan_SOURCES = \
	tests/unit/ipvs/ipvs_example.h tests/unit/ipvs/test_ipvs_plan.c
tests_unit_ipvs_test_ipvs_table_SOURCES = \
	tests/unit/ipvs/ipvs_example.h tests/unit/ipvs/test_ipvs_table.c
tests_unit_ipvs_test_ipvs_packet_LDADD = libipvs.a libhf.a $(NL_LIBS) $(CMOCKA_LIBS)
tests_unit_ipvs_test_ipvs_plan_LDADD = libipvs.a libhf.a $(CMOCKA_LIBS)
tests_unit_ipvs_test_ipvs_table_LDADD = libipvs.a libhf.a $(CMOCKA_LIBS)
endif

# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = \
	ctl/client.c \
	ctl/cmd_check.c \
	ctl/cmd_events.c \
	ctl/cmd_reload.c \
	ctl/cmd_status.c \
	ctl/ctl.h \
	ctl/print_event.c \
	ctl/print_status.c \
	ctl/text.c

bin_PROGRAMS += holdfast
holdfast_SOURCES = ctl/holdfast.c
holdfast_LDADD = libctl.a libconfig.a libhf.a $(CRYPTO_LIBS) $(JANSSON_LIBS)

if UNIT_TESTS
check_PROGRAMS += tests/unit/ctl/test_print
tests_unit_ctl_test_print_LDADD = libctl.a libhf.a $(JANSSON_LIBS) $(CMOCKA_LIBS)
endif

dist_man_MANS += doc/holdfast.1

# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LIBRARIES += libdaemon.a
libdaemon_a_SOURCES = \
	daemon/backoff.c daemon/backoff.h \
	daemon/control.c daemon/control.h \
	daemon/daemon_run.c daemon/daemon_run.h \
	daemon/dump.c daemon/dump.h \
	daemon/event_json.c daemon/event_json.h \
	daemon/journal.c daemon/journal.h \
	daemon/memory.c daemon/memory.h \
	daemon/options.c daemon/options.h \
	daemon/options_help.c daemon/options_help.h \
	daemon/parts.c daemon/parts.h \
	daemon/paths.c daemon/paths.h \
	daemon/pidfile.c daemon/pidfile.h \
	daemon/process.c daemon/process.h \
	daemon/reload.c daemon/reload.h \
	daemon/room.c daemon/room.h \
	daemon/sd_notify.c daemon/sd_notify.h \
	daemon/spawn.c daemon/spawn.h \
	daemon/status.c daemon/status.h \
	daemon/supervisor.c daemon/supervisor.h \
	daemon/supervisor_stop.c daemon/supervisor_stop.h

sbin_PROGRAMS += holdfastd
holdfastd_SOURCES = daemon/main.c
holdfastd_LDADD = libdaemon.a libvrrp.a libvrrp_core.a libchecker.a libipvs.a librunner.a libconfig.a \
	libhf.a $(EVENT_LIBS) $(NL_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS) $(CAPNG_LIBS)

if UNIT_TESTS
daemon_tests = \
	tests/unit/daemon/test_backoff \
	tests/unit/daemon/test_control \
	tests/unit/daemon/test_journal \
	tests/unit/daemon/test_memory \
	tests/unit/daemon/test_options \
	tests/unit/daemon/test_paths \
	tests/unit/daemon/test_pidfile \
	tests/unit/daemon/test_sd_notify \
	tests/unit/daemon/test_supervisor
check_PROGRAMS += $(daemon_tests)
tests_unit_daemon_test_backoff_LDADD = libdaemon.a libhf.a $(CMOCKA_LIBS)
tests_unit_daemon_test_control_LDADD = \
	libdaemon.a libconfig.a libhf.a $(EVENT_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_test_journal_LDADD = libdaemon.a libhf.a $(JANSSON_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_test_memory_LDADD = libdaemon.a libhf.a $(CMOCKA_LIBS)
tests_unit_daemon_test_options_LDADD = libdaemon.a libhf.a $(EVENT_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_test_paths_LDADD = libdaemon.a libhf.a $(CMOCKA_LIBS)
tests_unit_daemon_test_pidfile_LDADD = libdaemon.a libhf.a $(CMOCKA_LIBS)
tests_unit_daemon_test_sd_notify_LDADD = libdaemon.a libhf.a $(CMOCKA_LIBS)
tests_unit_daemon_test_supervisor_LDADD = \
	libdaemon.a libhf.a $(EVENT_LIBS) $(JANSSON_LIBS) $(CMOCKA_LIBS)
endif

dist_man_MANS += doc/holdfastd.8
EXTRA_DIST += daemon/holdfast.service.in
if SYSTEMD
systemdsystemunitdir = $(prefix)/lib/systemd/system
systemdsystemunit_DATA = daemon/holdfast.service
CLEANFILES += daemon/holdfast.service
daemon/holdfast.service: daemon/holdfast.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) daemon && $(SED) -e 's|@sbindir[@]|$(sbindir)|' -e 's|@bindir[@]|$(bindir)|' \
		$(srcdir)/daemon/holdfast.service.in >$@
endif

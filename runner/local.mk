# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LIBRARIES += librunner.a
librunner_a_SOURCES = \
	runner/runner.h \
	runner/runner_allow.c runner/runner_allow.h \
	runner/runner_channel.c runner/runner_channel.h \
	runner/runner_fifo.c runner/runner_fifo.h \
	runner/runner_main.c \
	runner/runner_orphan.c runner/runner_orphan.h \
	runner/runner_packet.c \
	runner/runner_process.c runner/runner_process.h \
	runner/runner_queue.c runner/runner_queue.h \
	runner/runner_spawn.c runner/runner_spawn.h

if UNIT_TESTS
check_PROGRAMS += \
	tests/unit/runner/test_runner_allow \
	tests/unit/runner/test_runner_fifo \
	tests/unit/runner/test_runner_main \
	tests/unit/runner/test_runner_packet \
	tests/unit/runner/test_runner_process \
	tests/unit/runner/test_runner_queue

tests_unit_runner_test_runner_allow_LDADD = librunner.a libconfig.a libhf.a $(CMOCKA_LIBS)
tests_unit_runner_test_runner_fifo_LDADD = librunner.a libhf.a $(EVENT_LIBS) $(CMOCKA_LIBS)
tests_unit_runner_test_runner_main_LDADD = librunner.a libconfig.a libhf.a $(EVENT_LIBS) $(JANSSON_LIBS) \
	$(CMOCKA_LIBS)
tests_unit_runner_test_runner_packet_LDADD = librunner.a libhf.a $(EVENT_LIBS) $(CMOCKA_LIBS)
tests_unit_runner_test_runner_process_LDADD = librunner.a libhf.a $(EVENT_LIBS) $(CMOCKA_LIBS)
tests_unit_runner_test_runner_queue_LDADD = librunner.a libhf.a $(EVENT_LIBS) $(CMOCKA_LIBS)
endif

# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LIBRARIES += libhf.a
libhf_a_SOURCES = \
	lib/hf_addr.c lib/hf_addr.h \
	lib/hf_base.h \
	lib/hf_buf.c lib/hf_buf.h \
	lib/hf_change.c lib/hf_change.h \
	lib/hf_crc32c.c lib/hf_crc32c.h \
	lib/hf_ipc.c lib/hf_ipc.h \
	lib/hf_log.c lib/hf_log.h \
	lib/hf_loop.c lib/hf_loop.h \
	lib/hf_privilege.c lib/hf_privilege.h \
	lib/hf_room.c lib/hf_room.h \
	lib/hf_time.c lib/hf_time.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/lib/test_hf_addr tests/unit/lib/test_hf_buf tests/unit/lib/test_hf_crc32c \
	tests/unit/lib/test_hf_ipc
tests_unit_lib_test_hf_addr_LDADD = libhf.a $(CMOCKA_LIBS)
tests_unit_lib_test_hf_buf_LDADD = libhf.a $(CMOCKA_LIBS)
tests_unit_lib_test_hf_crc32c_LDADD = libhf.a $(CMOCKA_LIBS)
tests_unit_lib_test_hf_ipc_LDADD = libhf.a $(EVENT_LIBS) $(CMOCKA_LIBS)
endif

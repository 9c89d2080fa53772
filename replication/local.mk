# SPDX-License-Identifier: GPL-2.0-or-later

# --- front: how reads and writes come in. The core is pure: what the fuzzer links.
noinst_LIBRARIES += libfront_core.a
libfront_core_a_SOURCES = \
	replication/front/front.c replication/front/front.h \
	replication/front/front_pool.c replication/front/front_pool.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/replication/test_front
tests_unit_replication_test_front_LDADD = libfront_core.a libhf.a $(CMOCKA_LIBS)
endif

# --- volume core: one replica as a state machine, pure: what the simulator links.
noinst_LIBRARIES += libvolume_core.a
libvolume_core_a_SOURCES = \
	replication/link/link_msg.h \
	replication/volume/volume_dirty.c replication/volume/volume_dirty.h \
	replication/volume/volume_engine.h \
	replication/volume/volume_meta_model.h \
	replication/volume/volume_rejoin.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/replication/test_volume_dirty
tests_unit_replication_test_volume_dirty_LDADD = libvolume_core.a libhf.a $(CMOCKA_LIBS)
endif

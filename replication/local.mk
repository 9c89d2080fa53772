# SPDX-License-Identifier: GPL-2.0-or-later

# --- front: how reads and writes come in. The core is pure: what the fuzzer links.
noinst_LIBRARIES += libfront_core.a
libfront_core_a_SOURCES = \
	replication/front/front.c replication/front/front.h \
	replication/front/front_pool.c replication/front/front_pool.h \
	replication/front/nbd_engine.c replication/front/nbd_engine.h \
	replication/front/nbd_inside.h \
	replication/front/nbd_options.c \
	replication/front/nbd_packet.c replication/front/nbd_packet.h \
	replication/front/nbd_reply.c

noinst_LIBRARIES += libfront.a
libfront_a_SOURCES = \
	replication/front/front_name.c replication/front/front_name.h \
	replication/front/front_nbd.c replication/front/front_nbd.h \
	replication/front/front_ublk.c replication/front/front_ublk.h \
	replication/front/nbd_conn.c replication/front/nbd_conn.h \
	replication/front/nbd_netlink.c replication/front/nbd_netlink.h \
	replication/front/nbd_server.c replication/front/nbd_server.h \
	replication/front/ublk_control.c replication/front/ublk_control.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/replication/test_front
tests_unit_replication_test_front_LDADD = libfront_core.a libhf.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/replication/test_nbd_engine
tests_unit_replication_test_nbd_engine_SOURCES = tests/unit/replication/test_nbd_engine.c \
	tests/unit/replication/nbd_client.c tests/unit/replication/nbd_client.h
tests_unit_replication_test_nbd_engine_LDADD = libfront_core.a libhf.a $(CMOCKA_LIBS)
endif

if FUZZERS
noinst_PROGRAMS += tests/fuzz/fuzz_nbd
tests_fuzz_fuzz_nbd_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_nbd_LDADD = libfront_core.a libhf.a
endif
EXTRA_DIST += tests/fuzz/corpus-nbd

# --- volume core: one replica as a state machine, pure: what the simulator links.
noinst_LIBRARIES += libvolume_core.a
volume_core = \
	replication/link/link_msg.h \
	replication/volume/volume_dirty.c replication/volume/volume_dirty.h \
	replication/volume/volume_engine.c replication/volume/volume_engine.h \
	replication/volume/volume_extent.c \
	replication/volume/volume_follow.c \
	replication/volume/volume_meta_model.h \
	replication/volume/volume_promote.c \
	replication/volume/volume_record.c \
	replication/volume/volume_rejoin.c replication/volume/volume_rejoin.h \
	replication/volume/volume_resync.c \
	replication/volume/volume_session.c \
	replication/volume/volume_stable.c \
	replication/volume/volume_step.h \
	replication/volume/volume_write.c
libvolume_core_a_SOURCES = $(volume_core)

# The simulator builds the core again, with faults planted that it can switch on.
check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = $(volume_core) tests/sim/sim.c tests/sim/sim.h tests/sim/sim_client.c \
	tests/sim/sim_net.c tests/sim/sim_store.c tests/sim/sim_world.c
tests_sim_sim_CPPFLAGS = $(AM_CPPFLAGS) -DVOLUME_FAULTS
SEEDS = 20000
FIRST_SEED = 1
sim: tests/sim/sim
	tests/sim/sim -n $(SEEDS) -f $(FIRST_SEED)
	tests/sim/sim -p
.PHONY: sim

if UNIT_TESTS
check_PROGRAMS += tests/unit/replication/test_volume_dirty tests/unit/replication/test_volume_rejoin
tests_unit_replication_test_volume_dirty_LDADD = libvolume_core.a libhf.a $(CMOCKA_LIBS)
tests_unit_replication_test_volume_rejoin_LDADD = libvolume_core.a libhf.a $(CMOCKA_LIBS)
endif

# --- volume disk: reading and writing stores.
noinst_LIBRARIES += libvolume_disk.a
libvolume_disk_a_SOURCES = \
	replication/volume/volume_actlog.c replication/volume/volume_actlog.h \
	replication/volume/volume_io.c replication/volume/volume_io.h \
	replication/volume/volume_io_engine.h \
	replication/volume/volume_io_fault.c replication/volume/volume_io_fault.h \
	replication/volume/volume_io_file.c replication/volume/volume_io_file.h \
	replication/volume/volume_io_step.c replication/volume/volume_io_step.h \
	replication/volume/volume_io_threads.c \
	replication/volume/volume_io_uring.c \
	replication/volume/volume_meta.c replication/volume/volume_meta.h \
	replication/volume/volume_meta_create.c \
	replication/volume/volume_meta_inspect.c \
	replication/volume/volume_meta_live.c replication/volume/volume_meta_live.h \
	replication/volume/volume_meta_store.c replication/volume/volume_meta_store.h
volume_disk_libs = libvolume_disk.a libvolume_core.a libhf.a $(URING_LIBS) $(BLKID_LIBS) $(EVENT_LIBS)

if UNIT_TESTS
check_PROGRAMS += tests/unit/replication/test_volume_actlog
tests_unit_replication_test_volume_actlog_LDADD = $(volume_disk_libs) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/replication/test_volume_io
tests_unit_replication_test_volume_io_LDADD = $(volume_disk_libs) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/replication/test_volume_meta
tests_unit_replication_test_volume_meta_LDADD = $(volume_disk_libs) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/replication/test_volume_meta_store
tests_unit_replication_test_volume_meta_store_LDADD = $(volume_disk_libs) $(CMOCKA_LIBS)
endif

if FUZZERS
noinst_PROGRAMS += tests/fuzz/fuzz_volume_meta
tests_fuzz_fuzz_volume_meta_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_volume_meta_LDADD = $(volume_disk_libs)
endif
EXTRA_DIST += tests/fuzz/corpus-volume_meta

# --- link: the conversation with one peer. The core is pure: what the fuzzer links.
noinst_LIBRARIES += liblink_core.a
liblink_core_a_SOURCES = \
	replication/link/link_auth.c replication/link/link_auth.h \
	replication/link/link_compress.c replication/link/link_compress.h \
	replication/link/link_engine.c replication/link/link_engine.h \
	replication/link/link_packet.c replication/link/link_packet.h \
	replication/link/link_queue.c replication/link/link_queue.h

noinst_LIBRARIES += liblink.a
liblink_a_SOURCES = \
	replication/link/link_conn.c replication/link/link_conn.h \
	replication/link/link_socket.c replication/link/link_socket.h \
	replication/link/link_tls.c replication/link/link_tls.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/replication/test_link_engine tests/unit/replication/test_link_packet
tests_unit_replication_test_link_engine_LDADD = liblink_core.a libhf.a $(CRYPTO_LIBS) $(CMOCKA_LIBS)
tests_unit_replication_test_link_packet_LDADD = liblink_core.a libhf.a $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/replication/test_link_queue tests/unit/replication/test_link_socket
tests_unit_replication_test_link_queue_LDADD = liblink_core.a libhf.a $(LZ4_LIBS) $(ZSTD_LIBS) $(CMOCKA_LIBS)
tests_unit_replication_test_link_socket_LDADD = liblink.a liblink_core.a libhf.a $(EVENT_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS) $(LZ4_LIBS) $(ZSTD_LIBS) $(CMOCKA_LIBS)
endif

if FUZZERS
noinst_PROGRAMS += tests/fuzz/fuzz_link
tests_fuzz_fuzz_link_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_link_LDADD = liblink_core.a libhf.a $(CRYPTO_LIBS)
endif
EXTRA_DIST += tests/fuzz/corpus-link doc/replication-protocol.md

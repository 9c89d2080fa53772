# SPDX-License-Identifier: GPL-2.0-or-later
# What the lab and the benchmarks run: not installed, not built by "make"; "make lab-programs" builds them.
# Static, because a dynamic program takes three times as long to start in the lab's guest.
lab_binaries = tests/lab/server tests/lab/fetch tests/lab/probe tests/lab/vrrp_send tests/lab/nlcount tests/lab/ipvs_driver \
	tests/lab/nbd_file
bench_binaries = tests/bench/capture tests/bench/volume_io_driver
EXTRA_PROGRAMS = $(lab_binaries) $(bench_binaries)
CLEANFILES += $(EXTRA_PROGRAMS)

lab_cflags = -std=gnu17 -Wall -Wextra -Wshadow -O2
tests_lab_server_SOURCES = tests/lab/server.c
tests_lab_server_CFLAGS = $(lab_cflags)
tests_lab_server_LDFLAGS = -static
tests_lab_fetch_SOURCES = tests/lab/fetch.c tests/lab/address.h
tests_lab_fetch_CFLAGS = $(lab_cflags)
tests_lab_fetch_LDFLAGS = -static
tests_lab_probe_SOURCES = tests/lab/probe.c tests/lab/address.h
tests_lab_probe_CFLAGS = $(lab_cflags)
tests_lab_probe_LDFLAGS = -static
tests_lab_vrrp_send_SOURCES = tests/lab/vrrp_send.c
tests_lab_vrrp_send_CFLAGS = $(lab_cflags)
tests_lab_vrrp_send_LDFLAGS = -static
tests_lab_nlcount_SOURCES = tests/lab/nlcount.c
tests_lab_nlcount_CFLAGS = $(lab_cflags)
tests_lab_nlcount_LDFLAGS = -static
# Runs a room of the daemon, so it is built as the daemon is.
tests_lab_ipvs_driver_SOURCES = tests/lab/ipvs_driver.c
tests_lab_ipvs_driver_LDADD = libipvs.a libhf.a $(EVENT_LIBS) $(NL_LIBS) $(JANSSON_LIBS) $(CAPNG_LIBS)
tests_lab_nbd_file_SOURCES = tests/lab/nbd_file.c
tests_lab_nbd_file_LDADD = libfront.a libfront_core.a libvolume_disk.a libhf.a $(EVENT_LIBS) $(NL_LIBS) $(URING_LIBS)
tests_bench_capture_SOURCES = tests/bench/capture.c
tests_bench_capture_CFLAGS = $(lab_cflags)
tests_bench_capture_LDFLAGS = -static
# Drives the daemon's disk engine, so it is built as the daemon is.
tests_bench_volume_io_driver_SOURCES = tests/bench/volume_io_driver.c
tests_bench_volume_io_driver_LDADD = $(volume_disk_libs)

lab-programs: $(lab_binaries)
bench-programs: $(bench_binaries)
.PHONY: lab-programs bench-programs

EXTRA_DIST += .clang-format .clang-tidy .shellcheckrc .editorconfig packages.list tests/all tests/lab tests/bench

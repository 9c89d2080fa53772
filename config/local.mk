# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LIBRARIES += libconfig.a
libconfig_a_SOURCES = \
	config/allowed_script.c \
	config/arena.c config/arena.h \
	config/check_complete.c \
	config/check_keywords.c \
	config/checker_assemble.c \
	config/checker_complete.c \
	config/checker_keywords.c \
	config/checker_model.c config/checker_model.h \
	config/checker_print.c \
	config/config.h \
	config/convert.c \
	config/define.c config/define.h \
	config/diag.c config/diag.h \
	config/diag_print.c \
	config/diag_store.h \
	config/draft.h \
	config/expand.c \
	config/global_complete.c \
	config/global_keywords.c \
	config/global_model.h \
	config/include.c config/include.h \
	config/keyword.c config/keyword.h \
	config/known.c config/known.h \
	config/known_table.c \
	config/lex.c config/lex.h \
	config/load.c \
	config/loop.c config/loop.h \
	config/model_equal.h \
	config/name_index.c config/name_index.h \
	config/manual.c config/manual.h \
	config/print.c config/print.h \
	config/read.c \
	config/read_line.c config/read_state.h \
	config/runner_model.c \
	config/script_check.c config/script_check.h \
	config/script_exec.c \
	config/script_model.h \
	config/script_resolve.c config/script_resolve.h \
	config/shell_words.c config/shell_words.h \
	config/suggest.c config/suggest.h \
	config/tree.c config/tree.h \
	config/tree_build.h \
	config/value.c config/value.h \
	config/vrrp_address.c \
	config/vrrp_assemble.c \
	config/vrrp_check.c \
	config/vrrp_complete.c \
	config/vrrp_group_complete.c \
	config/vrrp_keywords.c \
	config/vrrp_model.c config/vrrp_model.h \
	config/vrrp_print.c

if UNIT_TESTS
check_PROGRAMS += \
	tests/unit/config/test_diag \
	tests/unit/config/test_golden \
	tests/unit/config/test_include \
	tests/unit/config/test_keyword \
	tests/unit/config/test_load \
	tests/unit/config/test_round_trip \
	tests/unit/config/test_script_check \
	tests/unit/config/test_tree \
	tests/unit/config/test_words
config_test_libs = libconfig.a libhf.a $(CMOCKA_LIBS)
tests_unit_config_test_diag_LDADD = $(config_test_libs)
tests_unit_config_test_golden_LDADD = $(config_test_libs)
tests_unit_config_test_include_SOURCES = tests/unit/config/test_include.c tests/unit/config/render.h
tests_unit_config_test_include_LDADD = $(config_test_libs)
tests_unit_config_test_keyword_SOURCES = tests/unit/config/test_keyword.c tests/unit/config/render.h
tests_unit_config_test_keyword_LDADD = $(config_test_libs)
tests_unit_config_test_load_SOURCES = tests/unit/config/test_load.c tests/unit/config/render.h
tests_unit_config_test_load_LDADD = $(config_test_libs)
tests_unit_config_test_round_trip_LDADD = $(config_test_libs)
tests_unit_config_test_script_check_LDADD = $(config_test_libs)
tests_unit_config_test_tree_SOURCES = tests/unit/config/test_tree.c tests/unit/config/render.h
tests_unit_config_test_tree_LDADD = $(config_test_libs)
tests_unit_config_test_words_LDADD = $(config_test_libs)
endif

if FUZZERS
noinst_PROGRAMS += tests/fuzz/fuzz_config
tests_fuzz_fuzz_config_LDADD = libconfig.a libhf.a
tests_fuzz_fuzz_config_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif

# What the configuration's fuzzer starts from, too.
EXTRA_DIST += tests/golden/config

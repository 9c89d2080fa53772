# SPDX-License-Identifier: GPL-2.0-or-later
noinst_LIBRARIES += libconfig.a
libconfig_a_SOURCES = \
	config/arena.c config/arena.h \
	config/checker_model.h \
	config/config.h \
	config/define.c config/define.h \
	config/diag.c config/diag.h \
	config/diag_print.c config/diag_store.h \
	config/expand.c \
	config/global_model.h \
	config/include.c config/include.h \
	config/keyword.c config/keyword.h \
	config/known.c config/known.h \
	config/known_table.c \
	config/lex.c config/lex.h \
	config/loop.c config/loop.h \
	config/read.c \
	config/script_model.h \
	config/shell_words.c config/shell_words.h \
	config/suggest.c config/suggest.h \
	config/tree.c config/tree.h \
	config/tree_build.h \
	config/value.c config/value.h \
	config/vrrp_model.h

if UNIT_TESTS
check_PROGRAMS += tests/unit/config/test_keyword tests/unit/config/test_tree
config_test_libs = libconfig.a libhf.a $(CMOCKA_LIBS)
tests_unit_config_test_keyword_SOURCES = tests/unit/config/test_keyword.c tests/unit/config/render.h
tests_unit_config_test_keyword_LDADD = $(config_test_libs)
tests_unit_config_test_tree_SOURCES = tests/unit/config/test_tree.c tests/unit/config/render.h
tests_unit_config_test_tree_LDADD = $(config_test_libs)
endif

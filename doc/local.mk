# SPDX-License-Identifier: GPL-2.0-or-later

# The list of options in holdfast.conf(5) is written from the keyword rows.
noinst_PROGRAMS += config/manual_main
config_manual_main_SOURCES = config/manual_main.c
config_manual_main_LDADD = libconfig.a libhf.a
nodist_man_MANS = doc/holdfast.conf.5
CLEANFILES += doc/holdfast.conf.5
EXTRA_DIST += doc/holdfast.conf.5.in doc/volume-format.md
doc/holdfast.conf.5: $(srcdir)/doc/holdfast.conf.5.in config/manual_main$(EXEEXT)
	$(AM_V_at)$(MKDIR_P) doc
	$(AM_V_GEN)config/manual_main$(EXEEXT) $(srcdir)/doc/holdfast.conf.5.in >$@.tmp && mv $@.tmp $@

examplesdir = $(docdir)/keepalived.conf.d
dist_examples_DATA = \
	keepalived.conf.d/cloud-unicast.conf \
	keepalived.conf.d/direct-routing.conf \
	keepalived.conf.d/ipv6.conf \
	keepalived.conf.d/sync-group.conf \
	keepalived.conf.d/web-nat.conf

# SPDX-License-Identifier: GPL-2.0-or-later
# The election, pure: what the simulator and the fuzzers link.
noinst_LIBRARIES += libvrrp_core.a
libvrrp_core_a_SOURCES = \
	vrrp/vrrp_actions.c \
	vrrp/vrrp_engine.c vrrp/vrrp_engine.h \
	vrrp/vrrp_packet.c vrrp/vrrp_packet.h \
	vrrp/vrrp_reload.c \
	vrrp/vrrp_router.c vrrp/vrrp_router.h \
	vrrp/vrrp_router_build.c \
	vrrp/vrrp_step.c vrrp/vrrp_step.h \
	vrrp/vrrp_timing.c \
	vrrp/vrrp_words.c

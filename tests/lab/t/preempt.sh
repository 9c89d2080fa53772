#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: with preemption a better router takes over when it appears, with nopreempt it does not, and preempt_delay is
# waited for.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

pair
vrrp_conf d2 100
start_director d2 "$LAB_TMP/d2.conf" -P
wait_for 5 "d2 is master alone" holds d2 "$vip"
vrrp_conf d1 150 nopreempt
start_director d1 "$LAB_TMP/d1.conf" -P
hold_for 2 "d1 leaves the address where it is" lacks d1 "$vip"
stop d1
vrrp_conf d1 150 "preempt_delay 2"
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 8 "d1 takes over" holds d1 "$vip"
between "ms until it did (preempt_delay 2)" "$waited_ms" 1700 4500
wait_for 2 "d2 steps back" lacks d2 "$vip"
stop d1
wait_for 3 "d2 again" holds d2 "$vip"
vrrp_conf d1 150
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 3 "d1 takes over at once" holds d1 "$vip"
wait_for 2 "d2 steps back" lacks d2 "$vip"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a master that was stopped (SIGSTOP, a paused machine) and goes on later never leaves two masters for longer
# than the protocol's own time.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

one_master() {
    if holds d1 "$vip"; then lacks d2 "$vip"; else holds d2 "$vip"; fi
}
pair
vrrp_conf d1 150 nopreempt
vrrp_conf d2 100 nopreempt
start_pair
freeze d1
wait_for 3 "d2 takes the address" holds d2 "$vip"
pause 1
thaw d1
wait_for 3 "one master again" one_master
hold_for 1 "one master" one_master
assert "the client reaches the address" on c1 "$lab_bin/probe" -n 3 "$vip"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: keepalived's signals and files: USR1 writes the data, USR2 the statistics; pid files hold the processes while
# they run and are gone afterwards; INT stops as TERM does.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

pair
vrrp_conf d1 150
export TMPDIR=$LAB_TMP/dump
mkdir -m 777 "$TMPDIR"
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 6 "d1 is master" holds d1 "$vip"
expect "main pid file" "$(cat "$LAB_TMP/d1.run/main.pid")" "$(pid_of d1)"
assert "vrrp pid file names a process of it" grep -qx "$(cat "$LAB_TMP/d1.run/vrrp.pid")" "$LAB_CGROUP/d1/cgroup.procs"
dumped() { # dumped FILE PATTERN: where Holdfast writes, or /tmp where keepalived does
    grep -q "$2" "$TMPDIR/$1" || grep -q "$2" "/tmp/$1"
}
kill -USR1 "$(pid_of d1)"
wait_for 4 "the data is written" dumped keepalived.data "VI_1"
kill -USR2 "$(pid_of d1)"
wait_for 4 "the statistics are written" dumped keepalived.stats "Advertisements"
assert "it goes on" holds d1 "$vip"
kill -INT "$(pid_of d1)"
wait_for 8 "INT stops it" ended d1
assert "the address is gone" lacks d1 "$vip"
expect "pid files left" "$(find "$LAB_TMP/d1.run" -name '*.pid')" ""

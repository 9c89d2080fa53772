#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a planned stop (TERM) loses nothing: 20 stops under one probe a millisecond, the successor Holdfast and, for
# the last five, Debian's keepalived.
# limit: 150
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
pair
vrrp_conf d1 150
vrrp_conf d2 100
for ((round = 1; round <= 20; round++)); do
    if ((round > 15)); then
        start_keepalived d2 "$LAB_TMP/d2.conf" -P
    else
        start_director d2 "$LAB_TMP/d2.conf" -P
    fi
    start_director d1 "$LAB_TMP/d1.conf" -P
    wait_for 8 "d1 is master" holds d1 "$vip"
    wait_for 8 "d2 stands by" lacks d2 "$vip"
    spawn c1 "$lab_bin/probe" -n 5000 -w 300 "$vip" >"$LAB_TMP/probe.out"
    pause 0.3
    stop d1
    wait_for 3 "d2 is master" holds d2 "$vip"
    assert "d1 let go" lacks d1 "$vip"
    pause 0.3
    kill "$spawned"
    wait "$spawned" || fail "round $round: $(cat "$LAB_TMP/probe.out")"
    grep -qE '^sent [0-9]{3,} lost 0 ' "$LAB_TMP/probe.out" || fail "round $round: $(cat "$LAB_TMP/probe.out")"
    stop d2
done

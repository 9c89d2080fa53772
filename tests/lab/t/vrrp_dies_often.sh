#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a vrrp room that keeps dying never leaves its address beside a successor's for longer than about a second,
# and one that hangs or is dead when the daemon stops leaves no address behind either.
# limit: 120
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
pair
vrrp_conf d1 150
vrrp_conf d2 100
start_director d1 "$LAB_TMP/d1.conf" -P
start_director d2 "$LAB_TMP/d2.conf" -P
wait_for 12 "d1 is master" status_is d1 '.vrrp[0].state' MASTER
both_hold() { holds d1 "$vip" && holds d2 "$vip"; }
two=0
for ((i = 0; i < 8; i++)); do
    wait_for 4 "the room runs" room_pid d1 vrrp
    pid=$(room_pid d1 vrrp)
    kill -KILL "$pid"
    from=$(now_ms)
    while both_hold && (($(now_ms) - from < 10000)); do pause 0.02; done
    both=$(($(now_ms) - from))
    ((both < two)) || two=$both
    wait_for 4 "a successor" room_differs d1 vrrp "$pid"
done
between "ms with two owners" "$two" 0 1700
wait_for 12 "d1 is master again" holds d1 "$vip"
wait_for 4 "d2 stands by" lacks d2 "$vip"

kill -STOP "$(room_pid d1 vrrp)"
kill -TERM "$(pid_of d1)"
pause 1
kill -KILL "$(room_pid d1 vrrp)"
wait_for 12 "d1 has stopped" ended d1
assert "nothing is left on d1" lacks d1 "$vip"
wait_for 5 "d2 has it" holds d2 "$vip"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: vrrp_startup_delay: until it is over nothing is sent, heard or taken, then the protocol begins; a room that is
# started again after a crash does not wait once more.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
lan lan0
host d1 lan0 192.0.2.1/24
vrrp_conf d1 100 "global:vrrp_startup_delay 1.5"
from=$(now_ms)
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 1 "the delay is told" grep -q 'waiting 1.500 s before VRRP starts' "$LAB_TMP/d1.log"
expect "not even backup" "$(status_of d1 '.vrrp[0] | "\(.state) \(.transitions)"')" "INIT 0"
wait_for 5 "d1 is master" holds d1 "$vip"
between "ms until then" $(($(now_ms) - from)) 1800 4000

pid=$(room_pid d1 vrrp)
from=$(now_ms)
kill -KILL "$pid"
wait_for 5 "the room is back" room_differs d1 vrrp "$pid"
wait_for 5 "d1 is master again" status_is d1 '.vrrp[0].state' MASTER
between "ms without it" $(($(now_ms) - from)) 0 1400

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a room that dies by SIGKILL is started again and what the others own stays: killing checker, ipvs or runner
# moves no address and empties no table; killing vrrp brings no two masters; when the supervisor dies, all leave in order.
# needs: ipvs
# limit: 120
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
nat_world
host d2 out 192.0.2.2/24
ip -n d1 address del "$vip/24" dev eth0
service_conf
cp "$LAB_TMP/d1.conf" "$LAB_TMP/service.conf"
vrrp_conf d2 100
vrrp_conf d1 150
cat "$LAB_TMP/service.conf" >>"$LAB_TMP/d1.conf"
start_director d2 "$LAB_TMP/d2.conf" -P
start_director d1 "$LAB_TMP/d1.conf"
wait_for 10 "d1 is master" holds d1 "$vip"
wait_for 5 "d2 stands by" lacks d2 "$vip"
wait_for 12 "both real servers" both_serve
all_stays() { holds d1 "$vip" && lacks d2 "$vip" && both_serve; }
for room in checker ipvs runner; do
    pid=$(room_pid d1 "$room") || fail "no room $room"
    kill -KILL "$pid"
    hold_for 1 "address and table stay while $room is dead" all_stays
    wait_for 5 "$room runs again" room_differs d1 "$room" "$pid"
    hold_for 1 "address and table stay when $room is back" all_stays
done
crash r2
wait_for 8 "the new checker and the new ipvs room still work" ipvs_lacks d1 '-r 10.0.0.12:80'
real_server r2
wait_for 5 "and put a server back" both_serve

pid=$(room_pid d1 vrrp)
kill -KILL "$pid"
wait_for 5 "vrrp runs again" room_differs d1 vrrp "$pid"
one_master() {
    if holds d1 "$vip"; then lacks d2 "$vip"; else holds d2 "$vip"; fi
}
wait_for 5 "one master" one_master
wait_for 5 "d1 is master again" holds d1 "$vip"
wait_for 2 "d2 stands by" lacks d2 "$vip"
assert "the table stayed" both_serve

kill -KILL "$(pid_of d1)"
wait_for 12 "all rooms left" ended d1
wait_for 2 "the address was given up" lacks d1 "$vip"
wait_for 3 "d2 took it" holds d2 "$vip"
expect "the table is empty" "$(ipvs d1)" ""

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a table of 500 services and 2000 dests is put in place, edited and removed in batches, drift of all of it is put
# back with a handful of events, and looking for drift takes a small part of the time only.
# needs: ipvs
. "$(dirname "$0")/../topology.sh"

host d1
mkfifo "$LAB_TMP/orders"
exec {orders}<>"$LAB_TMP/orders"
(
    exec {lab_pause}<&-
    trap - EXIT ERR
    exec nsenter --net=/run/netns/d1 -- "$lab_bin/ipvs_driver" quiet <"$LAB_TMP/orders" >>"$LAB_TMP/says.log" 2>>"$LAB_TMP/room.log"
) &

tell() {
    printf '%s\n' "$@" >&"$orders"
}

entries_are() { # entries_are N
    [[ $(ipvs d1 | wc -l) == "$1" ]]
}

edited() {
    [[ $(ipvs d1) == *"10.1.1.4:80 -r 10.2.0.1:80 -m -w 7"* ]]
}

tell begin 'many 500' end
wait_for 20 "the table is in place" grep -q 'table in place' "$LAB_TMP/room.log"
echo "500 services, 2000 dests in place after $waited_ms ms"
expect "entries" "$(ipvs d1 | wc -l)" 2500

pause 2 # looks for drift are under way
tell 'dest tcp 10.1.1.4 80 10.2.0.1 80 masq 7'
wait_for 5 "an edit" edited
tell status
echo "edit after $waited_ms ms"
wait_for 5 "a status" grep -q ^status "$LAB_TMP/says.log"
sed -n 's/^status //p' "$LAB_TMP/says.log" | jq -c .
expect "requests" "$(sed -n 's/^status //p' "$LAB_TMP/says.log" | jq .netlink.requests)" 2501

on d1 ipvsadm -C
wait_for 15 "all is put back" entries_are 2500
echo "put back after $waited_ms ms"
wait_for 20 "the events are capped" grep -q 'and 2480 more' "$LAB_TMP/says.log"
expect "events" "$(grep -c '^change' "$LAB_TMP/says.log")" 21

tell stop
wait_for 10 "the room has left" grep -q '^left 0' "$LAB_TMP/says.log"
echo "removed after $waited_ms ms"
expect "left behind" "$(ipvs d1)" ""

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a reload that changes only label, scope or peer of an address rewrites it; a master that a reload removes is
# said to be Deleted, reason "deleted"; addresses that a dead room held and the next configuration no longer has go away.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
lan lan0
host d1 lan0 192.0.2.1/24
conf() { # conf ADDRESS-LINE [with-two]
    {
        printf '%s\n' "vrrp_instance VI_1 {" "version 3" "interface eth0" "virtual_router_id 51" "priority 100" \
            "advert_int 0.1" "virtual_ipaddress {" "$1" "}" "}"
        [[ ! ${2:-} ]] || printf '%s\n' "vrrp_instance VI_2 {" "version 3" "interface eth0" "virtual_router_id 52" \
            "priority 100" "advert_int 0.1" "virtual_ipaddress {" "192.0.2.200/24" "}" "}"
    } >"$LAB_TMP/d1.conf"
}
address_is() { # address_is PATTERN: how the kernel has 192.0.2.100
    ip -n d1 -o address show | grep -F " 192.0.2.100" | grep -E -e "$1" >/dev/null
}
conf "192.0.2.100/32" with-two
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 5 "d1 is master" holds d1 192.0.2.100
wait_for 5 "of both" holds d1 192.0.2.200
conf "192.0.2.100/32 label eth0:vip" with-two
reload d1
wait_for 5 "the label" address_is 'eth0:vip'
conf "192.0.2.100/32 scope link" with-two
reload d1
wait_for 5 "the scope" address_is 'scope link'
conf "192.0.2.100 peer 192.0.2.150/32" with-two
reload d1
wait_for 5 "the peer" address_is '192.0.2.100 peer 192.0.2.150/32'
conf "192.0.2.100/32" with-two
reload d1
wait_for 5 "neither" address_is '192.0.2.100/32.* eth0'
expect "written once" "$(ip -n d1 -o address show | grep -cF " 192.0.2.100")" 1

conf "192.0.2.100/32"
reload d1
wait_for 5 "the removed instance let go" lacks d1 192.0.2.200
wait_for 2 "its event" event_seen d1 'VI_2: MASTER -> .* reason=deleted'
assert "its line in the log" grep -q '(VI_2) Deleted' "$LAB_TMP/d1.log"

conf "192.0.2.100/32" with-two
reload d1
wait_for 5 "d1 holds both again" holds d1 192.0.2.200
supervisor=$(pid_of d1)
pid=$(room_pid d1 vrrp)
kill -STOP "$supervisor" # until the file has changed, nobody starts the room again
kill -KILL "$pid"
conf "192.0.2.100/32"
kill -HUP "$supervisor"
kill -CONT "$supervisor"
wait_for 10 "the room is back" room_differs d1 vrrp "$pid"
wait_for 10 "the address that nobody has any more is gone" lacks d1 192.0.2.200
wait_for 5 "the other one is there" holds d1 192.0.2.100
stop d1
assert "nothing is left" lacks d1 192.0.2.100

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: an interface that is deleted, renamed or without its address is a FAULT with its reason, which ends by
# itself when the interface is back; nothing that it carried meanwhile stays behind.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
pair
vrrp_conf d1 150
vrrp_conf d2 100

unmet() { # unmet REASON: is that what d1 lacks
    [[ $(status_of d1 '.vrrp[0].unmet[]') == *"$1"* ]] && status_is d1 '.vrrp[0].state' FAULT
}

start_pair

ip -n d1 address del 192.0.2.1/24 dev eth0
wait_for 3 "d1 has no address to send from" unmet source-address-missing
wait_for 5 "d2 follows" holds d2 "$vip"
ip -n d1 address add 192.0.2.1/24 dev eth0
wait_for 5 "d1 takes the address back" holds d1 "$vip"

ip -n d1 link set eth0 name wan0 # allowed while it is up; the virtual address is still on it
wait_for 3 "d1 misses its interface" unmet interface-missing
ip -n d1 link set wan0 down
ip -n d1 link set wan0 name eth0
ip -n d1 link set eth0 up
wait_for 3 "what was left on it is gone" lacks d1 "$vip"
wait_for 5 "d1 takes the address again" holds d1 "$vip"

ip -n d1 link del eth0
wait_for 3 "d1 misses the deleted interface" unmet interface-missing
wait_for 5 "d2 takes over" holds d2 "$vip"
lab_links[d1]=0
link d1 lan0 192.0.2.1/24
wait_for 5 "d1 uses the new interface" holds d1 "$vip"
wait_for 5 "d2 steps back" lacks d2 "$vip"

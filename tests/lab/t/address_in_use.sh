#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: another machine that answers for a virtual address without VRRP is named once by an event with its MAC, at
# the start of the master and while it runs; an orderly failover says nothing of it.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
mac_of() { ip -n "$1" -json link show eth0 | jq -r '.[0].address'; }
in_use() { events_of "$1" | grep -c -E "reason=address-in-use .*address=$vip dev=eth0 mac=$2" || true; }
in_use_is() { [[ $(in_use "$1" "$2") == "$3" ]]; }

pair
host thief lan0 192.0.2.66/24 "$vip/32"
vrrp_conf d1 150
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 8 "d1 is master" holds d1 "$vip"
wait_for 5 "the owner at the start is named" in_use_is d1 "$(mac_of thief)" 1
hold_for 2 "it is named once" in_use_is d1 "$(mac_of thief)" 1
assert "d1 stays master" status_is d1 '.vrrp[0].state' MASTER
stop d1
ip -n thief address del "$vip/32" dev eth0

vrrp_conf d2 100
start_pair
hold_for 2 "nobody is accused in peace" in_use_is d1 . 0
stop d1
wait_for 5 "d2 follows" holds d2 "$vip"
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 8 "d1 takes over" holds d1 "$vip"
hold_for 2 "d1 accuses nobody" in_use_is d1 . 0
assert "d2 accuses nobody" in_use_is d2 . 0
ip -n thief address add "$vip/32" dev eth0
on thief ping -c 1 -W 1 -I "$vip" 192.0.2.9 >/dev/null || true
wait_for 5 "a later owner is named" in_use_is d1 "$(mac_of thief)" 1

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: priority 255 with the virtual address as the interface's only one: the owner is master at once, sends from that
# address, never adds it and leaves it at the stop, also after the room was killed; taken away by somebody it is a FAULT
# that ends when it is back.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

holdfast_only
vip=192.0.2.1
lan lan0
host d1 lan0 "$vip/24"
host d2 lan0 192.0.2.2/24
state=MASTER vrrp_conf d1 255
vrrp_conf d2 100
start_director d2 "$LAB_TMP/d2.conf" -P
wait_for 5 "d2 stands in for the owner" holds d2 "$vip"
before=$(kernel_state d1)
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 5 "the owner is master" status_is d1 '.vrrp[0].state' MASTER
wait_for 5 "d2 gives way" lacks d2 "$vip"
expect "it sends from its own address" "$(status_of d2 '.vrrp[0].master_address')" "$vip"
expect "nothing was added" "$(kernel_state d1)" "$before"

pid=$(room_pid d1 vrrp)
kill -KILL "$pid"
wait_for 5 "the room is back" room_differs d1 vrrp "$pid"
wait_for 5 "as master" status_is d1 '.vrrp[0].state' MASTER
expect "the address stayed" "$(kernel_state d1)" "$before"

ip -n d1 address del "$vip/24" dev eth0
wait_for 5 "the owner has nothing to send from" status_is d1 '.vrrp[0].state' FAULT
wait_for 5 "d2 takes over" holds d2 "$vip"
ip -n d1 address add "$vip/24" dev eth0
wait_for 5 "the owner is master again" status_is d1 '.vrrp[0].state' MASTER
wait_for 5 "d2 gives way again" lacks d2 "$vip"

stop d1
expect "the address is the machine's" "$(kernel_state d1)" "$before"
wait_for 5 "d2 takes over after the stop" holds d2 "$vip"

# Written without a length it is the same address, not a second one.
sed -i "s,$vip/24,$vip," "$LAB_TMP/d1.conf"
start_director d1 "$LAB_TMP/d1.conf" -P
wait_for 5 "the owner is master with /32" status_is d1 '.vrrp[0].state' MASTER

expect "nothing at all" "$(kernel_state d1)" "$before"
stop d1
expect "nothing was removed" "$(kernel_state d1)" "$before"

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Protects: a master whose link goes down gives the address to the backup, says FAULT, and takes it back afterwards.
. "$(dirname "$0")/../topology.sh"
. "$(dirname "$0")/../worlds.sh"

pair
vrrp_conf d1 150
vrrp_conf d2 100
start_pair
on d1 ip link set eth0 down
wait_for 3 "d2 takes the address" holds d2 "$vip"
wait_for 3 "d1 gives it up" lacks d1 "$vip"
on d1 ip link set eth0 up
wait_for 6 "d1 takes the address back" holds d1 "$vip"
wait_for 3 "d2 gives it up" lacks d2 "$vip"
